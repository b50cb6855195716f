"""What the tests of engine, database, crashes and faults share; child processes import it, too."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import zlmdb

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_numbers = count(1)


@dataclass
class User:
    """A row with a field for every kind of index."""

    oid: int
    name: str
    email: str
    city: str | None = None


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0001", pk="oid")
class Users(zlmdb.Map[int, User], key=zlmdb.Oid, value=zlmdb.Json):
    """People."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0002")
class Notes(zlmdb.MapOidString):
    """Texts by number."""


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0003")
class Counters(zlmdb.MapStringOid):
    """Numbers by name."""


class People(zlmdb.Schema):
    """Two tables."""

    users: Users
    notes: Notes


def user(number: int, **changes: Any) -> User:
    """A row; number decides every field that is not given."""
    fields = {
        "name": f"name {number % 7}",
        "email": f"{number}@example.com",
        "city": None if number % 5 == 0 else f"city {number % 3}",
    }
    return User(oid=number, **{**fields, **changes})


def add_user(db: Any, number: int) -> int:
    """Add a row, in whatever process this is: the number of rows there are then."""
    with db.begin(write=True) as txn:
        txn[Users].add(user(number))
        return len(txn[Users])


def u(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def declare(base: Any = zlmdb.MapOidString, name: str = "Table", **arguments: Any) -> Any:
    """A table class over `base`, with an identity of its own."""
    oid = uuid.uuid5(uuid.NAMESPACE_OID, f"database tests {next(_numbers)}")
    return zlmdb.table(oid, **arguments)(type(name, (base,), {}))


def everything(db: Any) -> list[tuple[bytes, bytes]]:
    """All records of the main database as they are committed: catalog, rows, index entries, named databases."""
    with db.begin() as txn:
        cursor = txn.cursor()
        return [(bytes(k), bytes(v)) for k, v in cursor.iternext(True, True)] if cursor.first() else []


def last_txnid(db: Any) -> int:
    """Number of the last transaction that changed the file."""
    found: int = db.stats()["last_txnid"]
    return found


def environment() -> dict[str, str]:
    """Environment variables for a child process that imports zlmdb and this module."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}


def command(code: str, *arguments: Any, options: tuple[str, ...] = ()) -> list[str]:
    return [sys.executable, *options, "-c", textwrap.dedent(code), *map(str, arguments)]


def run_python(code: str, folder: Path, *arguments: Any, timeout: float = 100) -> str:
    """What some code prints in another interpreter that works in `folder`; it must end well."""
    done = subprocess.run(
        command(code, *arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Child:
    """Another interpreter, spoken with line by line."""

    def __init__(self, code: str, folder: Path, *arguments: Any) -> None:
        self.process = subprocess.Popen(
            command(code, *arguments),
            cwd=folder,
            env=environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def hears(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, text: str = "go") -> None:
        """Give it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.communicate(timeout=60)

    def finish(self) -> str:
        """What else it prints; it must end well."""
        out, _ = self.process.communicate(timeout=100)
        assert self.process.returncode == 0
        return out


@contextlib.contextmanager
def child(code: str, folder: Path, *arguments: Any) -> Iterator[Child]:
    """Another interpreter that runs `code`, killed at the end of the block if it lives still."""
    started = Child(code, folder, *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()
        for stream in (started.process.stdin, started.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


def in_fork(action: Any) -> str:
    """What a function returns in a forked child, as text; an exception comes as "Name: message"."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(ours)
            try:
                found = str(action())
            except BaseException as error:  # the parent is told of anything
                found = f"{type(error).__name__}: {error}"
            os.write(theirs, found.encode()[:60000])
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        text = stream.read().decode()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return text
