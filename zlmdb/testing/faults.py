"""Faults on demand: the n-th write that a database makes to its engine fails, for one n, or for each in turn.

What counts as a write: every record put or deleted, those of bulk calls one by one, and every commit of a write
transaction or savepoint. After the failure the transaction refuses everything but ``abort()``, as LMDB's own
transactions do after a failed write; a failed commit has ended it.

>>> import zlmdb
>>> from zlmdb.testing import faults
>>> with zlmdb.open(":memory:") as db:
...     def insert():
...         with db.begin(write=True) as txn:
...             txn.put(b"one", b"1")
...             txn.put(b"two", b"2")
...     for failure in faults.failures(db, insert):
...         with db.begin() as txn:
...             print(failure, txn.get(b"one"), txn.get(b"two"))
write 1 (put) failed: injected fault None None
write 2 (put) failed: injected fault None None
write 3 (commit) failed: injected fault None None
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from zlmdb.database import Database
from zlmdb.engine import EngineError

__all__ = ["Failure", "InjectedFault", "Plan", "failing", "failures"]


class InjectedFault(EngineError):
    """The error of an injected fault: an error of the engine that no code expects in particular."""


@dataclass
class Plan:
    """Which write is to fail, and what has happened so far.

    Attributes:
        at: number of the write that fails, from 1; 0 fails none, and only counts.
        error: gives the exception to raise.
        tried: the kinds of the writes that were tried, in order.
        failed: the kind of the write that failed ("put", "delete" or "commit"), or None.
    """

    at: int
    error: Callable[[], Exception] = lambda: InjectedFault("injected fault")
    tried: list[str] = field(default_factory=list)
    failed: str | None = None

    @property
    def writes(self) -> int:
        """How many writes were tried."""
        return len(self.tried)

    def count(self, kind: str) -> None:
        """Called before each write; raises if it is the one to fail."""
        self.tried.append(kind)
        if self.writes == self.at:
            self.failed = kind
            raise self.error()


@dataclass(frozen=True)
class Failure:
    """A run in which a write failed.

    Attributes:
        write: number of the write, from 1.
        kind: "put", "delete" or "commit".
        error: what the action raised.
    """

    write: int
    kind: str
    error: BaseException

    def __str__(self) -> str:
        return f"write {self.write} ({self.kind}) failed: {self.error}"


@contextmanager
def failing(db: Database, at: int, error: Callable[[], Exception] | None = None) -> Iterator[Plan]:
    """A block in which the write of number `at` fails; others before and behind it work.

    Args:
        db: an open database. All handles of this process on its file are concerned.
        at: number of the write, counted from 1 at the beginning of the block; 0 for none.
        error: gives the exception to raise; None for :class:`InjectedFault`. A full map is
            ``lambda: zlmdb.lmdb.MapFullError("injected")``.

    Transactions must begin within the block to be concerned.
    """
    env = db._environment()
    plan = Plan(at) if error is None else Plan(at, error)
    whole, begin = env.raw, env.begin_raw
    env.raw = faulty = _Environment(whole, plan)
    env.begin_raw = faulty.begin
    try:
        yield plan
    finally:
        env.raw, env.begin_raw = whole, begin


def failures(
    db: Database, action: Callable[[], Any], error: Callable[[], Exception] | None = None
) -> Iterator[Failure]:
    """Each way in which a write of an action can fail: the first, the second, ... until it gets through.

    The body of the loop checks what is left after each failure. When the loop has ended the action has been done, once.

    Args:
        db: an open database.
        action: begins and ends transactions of its own. It is called anew for each failure, so a failed call must not
            leave anything behind.
        error: as for :func:`failing`.

    Raises:
        AssertionError: if the action returns as if nothing had happened although a write has failed.
    """
    number = 0
    while True:
        number += 1
        with failing(db, number, error) as plan:
            try:
                action()
            except Exception as raised:  # of whatever kind: the caller judges
                if plan.failed is None:
                    raise
                failure = Failure(number, plan.failed, raised)
            else:
                if plan.failed is None:
                    return
                raise AssertionError(f"write {number} ({plan.failed}) failed, and the action did not say so")
        yield failure


class _Environment:
    """An environment whose transactions fail as planned."""

    def __init__(self, raw: Any, plan: Plan) -> None:
        self._raw = raw
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def begin(self, db: Any = None, parent: Any = None, write: bool = False, buffers: bool = False) -> Any:
        raw = self._raw.begin(db, _whole(parent), write, buffers)
        return _Transaction(raw, self._plan) if write else raw

    def open_db(self, key: Any = None, txn: Any = None, *arguments: Any, **options: Any) -> Any:
        return self._raw.open_db(key, _whole(txn), *arguments, **options)


def _whole(txn: Any) -> Any:
    return txn._raw if isinstance(txn, _Transaction) else txn


class _Transaction:
    """A write transaction that fails as planned, and then refuses all but abort()."""

    def __init__(self, raw: Any, plan: Plan) -> None:
        self._raw = raw
        self._plan = plan
        self._broken = False

    def __getattr__(self, name: str) -> Any:
        if self._broken:
            raise InjectedFault(f"{name}(): an injected fault has broken this transaction")
        return getattr(self._raw, name)

    def _write(self, kind: str) -> None:
        if self._broken:
            raise InjectedFault(f"{kind}: an injected fault has broken this transaction")
        try:
            self._plan.count(kind)
        except BaseException:
            self._broken = True
            raise

    def get(self, *arguments: Any, **options: Any) -> Any:
        if self._broken:
            raise InjectedFault("get: an injected fault has broken this transaction")
        return self._raw.get(*arguments, **options)

    def put(self, *arguments: Any, **options: Any) -> Any:
        self._write("put")
        return self._raw.put(*arguments, **options)

    def replace(self, *arguments: Any, **options: Any) -> Any:
        self._write("put")
        return self._raw.replace(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> Any:
        self._write("delete")
        return self._raw.delete(*arguments, **options)

    def pop(self, *arguments: Any, **options: Any) -> Any:
        self._write("delete")
        return self._raw.pop(*arguments, **options)

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        if self._broken:
            raise InjectedFault("cursor: an injected fault has broken this transaction")
        return _Cursor(self._raw.cursor(*arguments, **options), self)

    def commit(self) -> None:
        try:
            self._write("commit")
        except BaseException:
            self._raw.abort()  # a commit that fails ends the transaction
            raise
        self._raw.commit()

    def abort(self) -> None:
        self._raw.abort()


class _Cursor:
    """A cursor of such a transaction."""

    def __init__(self, raw: Any, txn: _Transaction) -> None:
        self._raw = raw
        self._txn = txn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def put(self, *arguments: Any, **options: Any) -> Any:
        self._txn._write("put")
        return self._raw.put(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> Any:
        self._txn._write("delete")
        return self._raw.delete(*arguments, **options)

    def putmulti(self, items: Iterable[tuple[bytes, bytes]], *arguments: Any, **options: Any) -> Any:
        def counted() -> Iterator[tuple[bytes, bytes]]:
            for item in items:
                self._txn._write("put")
                yield item

        return self._raw.putmulti(counted(), *arguments, **options)
