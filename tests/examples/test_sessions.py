"""examples/sessions.py, asked over HTTP as a browser would ask it."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

import zlmdb
from examples import sessions


class Visitor:
    """A browser that keeps its cookie."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie: str | None = None

    def ask(self, method: str, path: str, **form: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = urlencode(form) if method == "POST" else None
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        given = answer.getheader("Set-Cookie")
        if given is not None:
            self.cookie = given.partition(";")[0]
        connection.close()
        return answer.status, text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.zdb"


@pytest.fixture
def db(path: Path) -> Iterator[zlmdb.Database]:
    with zlmdb.open(path, sessions.SessionTable) as opened:
        yield opened
        assert opened.verify() == []


@pytest.fixture
def port(db: zlmdb.Database) -> Iterator[int]:
    with sessions.server(db) as http_server:
        thread = threading.Thread(target=http_server.serve_forever)
        thread.start()
        yield http_server.server_port
        http_server.shutdown()
        thread.join()


def test_a_visitor_is_known_again_and_others_are_others(port: int) -> None:
    ann, bob = Visitor(port), Visitor(port)
    assert ann.ask("GET", "/") == (200, "Hello stranger, visit 1; in your cart: nothing")
    assert ann.ask("POST", "/cart", thing="tea") == (200, "tea")
    assert ann.ask("GET", "/") == (200, "Hello stranger, visit 2; in your cart: tea")
    assert bob.ask("GET", "/") == (200, "Hello stranger, visit 1; in your cart: nothing")


def test_a_login_gives_a_new_token_and_keeps_the_cart(port: int) -> None:
    ann = Visitor(port)
    ann.ask("POST", "/cart", thing="tea")
    before = ann.cookie
    assert ann.ask("POST", "/login", user="ann", password="guess") == (403, "wrong password")
    assert ann.ask("POST", "/login", user="ann", password="open sesame") == (200, "Welcome ann")
    assert ann.cookie != before
    assert ann.ask("GET", "/")[1] == "Hello ann, visit 1; in your cart: tea"
    thief = Visitor(port)
    thief.cookie = before
    assert thief.ask("GET", "/")[1].startswith("Hello stranger, visit 1; in your cart: nothing")
    assert ann.ask("POST", "/logout") == (200, "Bye")
    assert ann.ask("GET", "/")[1].startswith("Hello stranger, visit 1")


def test_a_made_up_token_is_not_taken_over(port: int) -> None:
    visitor = Visitor(port)
    visitor.cookie = f"{sessions.COOKIE}=made-up"
    visitor.ask("GET", "/")
    assert visitor.cookie != f"{sessions.COOKIE}=made-up"
    assert visitor.ask("GET", "/nowhere")[0] == 404
    assert visitor.ask("POST", "/nowhere")[0] == 404


def test_no_request_of_many_at_once_is_lost(port: int) -> None:
    ann = Visitor(port)
    ann.ask("GET", "/")

    def again(_: int) -> None:
        same = Visitor(port)
        same.cookie = ann.cookie
        same.ask("GET", "/")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(again, range(40)))
    assert ann.ask("GET", "/")[1].startswith("Hello stranger, visit 42;")


def test_sessions_survive_a_restart(path: Path) -> None:
    now = datetime.now(UTC)
    with zlmdb.open(path, sessions.SessionTable) as db:
        token = sessions.Sessions(db).change(None, now, user="ann").token
    with zlmdb.open(path, sessions.SessionTable) as db:
        found = sessions.Sessions(db).get(token, now)
        assert found is not None
        assert found.user == "ann"


def test_sessions_that_are_over_are_gone(db: zlmdb.Database) -> None:
    kept = sessions.Sessions(db, timedelta(minutes=1))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    token = kept.change(None, now).token
    later = kept.change(None, now + timedelta(seconds=90)).token
    assert kept.get(token, now + timedelta(seconds=59)) is not None
    assert kept.get(token, now + timedelta(seconds=60)) is None
    assert kept.get("", now) is None
    assert kept.get(None, now) is None
    assert kept.sweep(now + timedelta(seconds=60)) == 1
    with db.begin() as txn:
        assert list(txn[sessions.SessionTable]) == [later]
    assert (kept.end(later), kept.end(later), kept.end(None)) == (True, False, False)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent otherwise there")
def test_it_runs_as_a_program_until_it_is_interrupted(tmp_path: Path) -> None:
    program = Path(sessions.__file__)
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(program), "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job would ignore Ctrl+C
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split("/")[2]
        assert Visitor(int(address.partition(":")[2])).ask("GET", "/")[1].startswith("Hello stranger, visit 1")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().splitlines()[-1] == "ended"
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []
