"""A web application whose sessions live in a database: they survive a restart, and all worker processes see them.

    python examples/sessions.py [port]       # serves http://127.0.0.1:8000/ until Ctrl+C

Only the standard library serves here; with a framework, ``Sessions`` stays as it is.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import zlmdb

LIFETIME = timedelta(hours=1)
COOKIE = "session"


@dataclass
class Session:
    """What the application knows of a visitor."""

    token: str
    expires: datetime
    user: str | None = None
    visits: int = 0
    cart: list[str] = field(default_factory=list)


@zlmdb.table("0a7f3c52-8d9b-4f55-b0d5-6b1f9d1b7a01", pk="token")
class SessionTable(zlmdb.MapStringJson[Session]):
    """Sessions by token."""

    by_expiry = zlmdb.index("expires", key=zlmdb.Datetime)  # so that those that are over are found without a scan
    by_user = zlmdb.index("user", key=zlmdb.String, nullable=True)


class Sessions:
    """Sessions in a database. One object may serve all threads of a process.

    Args:
        db: a database with the table of sessions.
        lifetime: how long a session lasts after it was last used.
    """

    def __init__(self, db: zlmdb.Database, lifetime: timedelta = LIFETIME) -> None:
        self.db = db
        self.lifetime = lifetime

    def get(self, token: str | None, now: datetime) -> Session | None:
        """The session of a token, or None if there is none or it is over. Waits for no writer."""
        if not token:
            return None
        with self.db.begin() as txn:
            session = txn[SessionTable].get(token)
        return None if session is None or session.expires <= now else session

    def change(self, token: str | None, now: datetime, **changes: object) -> Session:
        """The session of a token with some fields changed; a new one if there is none.

        It is read and written in one write transaction, so that no change of another request is lost.
        """
        with self.db.begin(write=True) as txn:
            sessions = txn[SessionTable]
            session = sessions.get(token) if token else None
            if session is None or session.expires <= now:
                # Never take over a token that the visitor made up.
                session = Session(secrets.token_urlsafe(32), now)
            for name, value in changes.items():
                setattr(session, name, value(session) if callable(value) else value)
            session.expires = now + self.lifetime
            sessions.put(session)
        return session

    def end(self, token: str | None) -> bool:
        """Remove a session: True if there was one."""
        if not token:
            return False
        with self.db.begin(write=True) as txn:
            return txn[SessionTable].delete(token)

    def sweep(self, now: datetime) -> int:
        """Remove the sessions that are over: how many there were."""
        with self.db.begin(write=True) as txn:
            sessions = txn[SessionTable]
            over = list(sessions.by_expiry.select(hi=now, bounds="[]", return_keys=True, return_values=False))
            for token in over:
                sessions.delete(token)
        return len(over)


class Handler(BaseHTTPRequestHandler):
    """The application: greets, logs in and out, and keeps a cart."""

    sessions: Sessions

    def _token(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        return cookie[COOKIE].value if COOKIE in cookie else None

    def _form(self) -> dict[str, str]:
        length = int(self.headers.get("Content-Length") or 0)
        return {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}

    def _answer(self, status: int, text: str, session: Session | None = None, end: bool = False) -> None:
        self.send_response(status)
        if session is not None:
            age = int(self.sessions.lifetime.total_seconds())
            self.send_header("Set-Cookie", f"{COOKIE}={session.token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={age}")
        if end:
            self.send_header("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0")
        body = text.encode()
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Say how often the visitor has come, and what is in the cart."""
        if self.path != "/":
            self._answer(404, "there is only /")
            return
        session = self.sessions.change(self._token(), datetime.now(UTC), visits=lambda session: session.visits + 1)
        cart = ", ".join(session.cart) or "nothing"
        self._answer(200, f"Hello {session.user or 'stranger'}, visit {session.visits}; in your cart: {cart}", session)

    def do_POST(self) -> None:
        """Log in, log out, or put something into the cart."""
        now, form = datetime.now(UTC), self._form()
        if self.path == "/login":
            if not hmac.compare_digest(form.get("password", ""), "open sesame"):
                self._answer(403, "wrong password")
                return
            # A new token for a new right: one that was seen before the login must be worth nothing after it.
            old = self.sessions.get(self._token(), now)
            self.sessions.end(self._token())
            kept = {"visits": old.visits, "cart": old.cart} if old else {}
            session = self.sessions.change(None, now, user=form.get("user", "somebody"), **kept)
            self._answer(200, f"Welcome {session.user}", session)
        elif self.path == "/cart":
            thing = form.get("thing", "")
            session = self.sessions.change(self._token(), now, cart=lambda session: [*session.cart, thing])
            self._answer(200, ", ".join(session.cart), session)
        elif self.path == "/logout":
            self.sessions.end(self._token())
            self._answer(200, "Bye", end=True)
        else:
            self._answer(404, "no such page")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: this is an example."""


def server(db: zlmdb.Database, port: int = 0) -> ThreadingHTTPServer:
    """A server on a port of this machine, 0 for a free one; a thread answers each request."""
    handler = type("BoundHandler", (Handler,), {"sessions": Sessions(db)})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(port: int = 8000) -> None:
    """Serve until Ctrl+C."""
    with (
        tempfile.TemporaryDirectory() as folder,
        zlmdb.open(Path(folder) / "sessions.zdb", SessionTable) as db,
        server(db, port) as http,
    ):
        address = f"http://127.0.0.1:{http.server_port}"
        print(f"{address}/ counts your visits; Ctrl+C ends it. From another terminal:")
        jar = "-b jar.txt -c jar.txt"  # where curl keeps the cookie
        print(f"  curl {jar} {address}/")
        print(f"  curl {jar} -d thing=tea {address}/cart")
        print(f"  curl {jar} -d user=ann -d 'password=open sesame' {address}/login", flush=True)
        try:
            http.serve_forever()
        except KeyboardInterrupt:
            print("ended")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
