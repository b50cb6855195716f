"""Transactions: a snapshot to read, and changes that become visible all at once.

A transaction keeps the engine's own methods in slots, so that table code calls them without anything in between. When
it ends (or its process forks, or its database closes), the slots are filled with functions that raise: that is how use
after the end is noticed, at no cost before it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from zlmdb import errors
from zlmdb.engine import EngineError, translate

if TYPE_CHECKING:
    from zlmdb.database.database import Database
    from zlmdb.database.stats import TransactionStats
    from zlmdb.tables.map import Map

    M = TypeVar("M", bound=Map[Any, Any])

__all__ = ["Lease", "Transaction"]


class Lease:
    """What arrays over the map hold on to: tells whether their transaction is still alive."""

    __slots__ = ("__weakref__", "alive")

    def __init__(self) -> None:
        self.alive = True


class Transaction:
    """A transaction of a database, made by ``db.begin()`` and used in a ``with`` block.

    The block's end commits it, an exception aborts it. ``txn[Users]`` is the map of a table in it; the map, and
    everything read lazily from it, is valid until the end. After the end the same object may be entered again, and then
    is a new transaction.

    A transaction belongs to the thread that entered it, if it writes.
    """

    PUT = 1
    DEL = 2

    __slots__ = (
        "__weakref__",
        "_bound",
        "_buffers",
        "_cursor",
        "_db",
        "_delete",
        "_env",
        "_get",
        "_lease_token",
        "_lent",
        "_nested",
        "_pop",
        "_put",
        "_raw",
        "_ref",
        "_seen",
        "_stats",
        "_why",
        "_write",
        "get",
    )

    if TYPE_CHECKING:
        #: (key, default=None) -> value: the value of a raw key (slot and key bytes), or `default`.
        get: Callable[..., Any]

    def __init__(
        self, db: Database, write: bool = False, buffers: bool = False, stats: TransactionStats | None = None
    ) -> None:
        self._db = db
        self._write = write
        # A write transaction moves its pages while it runs, so it hands out copies.
        self._buffers = buffers and not write
        self._stats = stats
        self._raw: Any = None
        #: The engine's transactions that those of open savepoints are nested in, outermost first.
        self._nested: list[Any] = []
        self._why = "has not begun: use it in a with block"
        self._close_slots()

    # -- beginning and ending

    def __enter__(self) -> Self:
        if self._raw is not None:
            raise errors.TransactionError(f"{self._db.dbpath}: this transaction has begun already; begin another one")
        env = self._env = self._db._environment()
        write = self._write
        raw = env.begin(write, self._buffers)
        self._raw = raw
        self._ref = ref = weakref.ref(self, env.live.discard)
        env.live.add(ref)
        self._bound: dict[Any, Any] = {}
        self._seen: Any = None
        self._nested = []
        self._lent: list[Any] = []
        self._lease_token: Lease | None = None
        self._use(raw)
        return self

    def _use(self, raw: Any) -> None:
        """Take the engine's methods into the slots."""
        self._get = self.get = raw.get
        self._cursor = raw.cursor
        if not self._write:
            self._put = self._delete = self._pop = self._read_only
        elif self._stats is None:
            self._put = raw.put
            self._delete = raw.delete
            self._pop = raw.pop
        else:
            self._put, self._delete, self._pop = _counted(raw, self._stats)

    def _close_slots(self) -> None:
        self._get = self._put = self._delete = self._pop = self._cursor = self._ended
        self.get = self._ended

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._raw is None:
            return
        if exc_type is None:
            self.commit()
        else:
            self.abort()

    def commit(self) -> None:
        """End the transaction and make its changes durable and visible. Called by the end of the ``with`` block.

        Raises:
            DatabaseFull: if the map is full; nothing of the transaction is stored then.
            TransactionClosed: if it has ended already.
        """
        inner = self._nested
        raw = self._finish("has ended: it was committed")
        if not self._write:
            self._leave(raw)
            return
        try:
            raw.commit()
            while inner:
                inner.pop().commit()
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        finally:
            self._env.writer = None

    def abort(self) -> None:
        """End the transaction and forget its changes.

        Raises:
            TransactionClosed: if it has ended already.
        """
        inner = self._nested
        raw = self._finish("has ended: it was aborted")
        if self._write:
            try:
                raw.abort()
                while inner:
                    inner.pop().abort()
            finally:
                self._env.writer = None
        else:
            self._leave(raw)

    def _finish(self, why: str) -> Any:
        raw = self._raw
        if raw is None:
            self._ended()
        self._raw = None
        self._why = why
        self._env.live.discard(self._ref)
        self._bound = {}
        self._seen = None
        if self._lease_token is not None:
            self._lease_token.alive = False
        self._close_slots()
        return raw

    def _leave(self, raw: Any) -> None:
        """End a read transaction, or keep its snapshot while arrays over its memory are in use."""
        lent = [view for ref in self._lent if (view := ref()) is not None]
        self._lent = []
        if lent:
            self._env.release_pins()
            held = [view for view in lent if not _released(view)]
            if held:
                self._env.pin(raw, held)
                return
        raw.abort()

    def _end_with_database(self) -> None:
        """Called when the database is closed under it."""
        if self._raw is not None:
            raw = self._finish("has ended: its database was closed")
            if self._write:
                if self._env.writer == threading.get_ident():
                    self._env.writer = None
                raw.abort()
                while self._nested:
                    self._nested.pop().abort()
            else:
                self._leave(raw)

    def _end_with_fork(self) -> None:
        """Called in a child process: the transaction is the parent's, so it is left alone."""
        if self._raw is not None:
            self._raw = None
            self._why = "belongs to the parent process, from which this one was forked: begin one here"
            self._bound = {}
            self._seen = None
            self._close_slots()

    def _ended(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise errors.TransactionClosed(f"{self._db.dbpath}: this transaction {self._why}")

    def _read_only(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WRITE_IN_READ_TRANSACTION(
            f"{self._db.dbpath}: a write was tried in a read transaction; begin it with db.begin(write=True)"
        )

    def _require_open(self) -> None:
        if self._raw is None:
            self._ended()

    def _require_write(self, table: str) -> None:
        self._require_open()
        if not self._write:
            raise WRITE_IN_READ_TRANSACTION(
                f"table {table}: a write was tried in a read transaction; begin it with db.begin(write=True)"
            )

    def __repr__(self) -> str:
        state = "open" if self._raw is not None else "ended" if "ended" in self._why else "not begun"
        return f"<{'write' if self._write else 'read'} transaction of {self._db.dbpath}, {state}>"

    # -- tables

    def __getitem__(self, table: type[M]) -> M:
        """The map of a table in this transaction.

        Args:
            table: the table class, attached to the database (by its schema, or ``db.attach_table``).

        Raises:
            TableNotAttached: if it is not attached.
            TransactionClosed: if the transaction has not begun, or has ended.
        """
        try:
            return self._bound[table]  # type: ignore[no-any-return]
        except (KeyError, AttributeError):
            if self._raw is None:
                self._ended()
        handle = self._db._tables.get(table)
        if handle is None:
            raise errors.TableNotAttached(
                f"table {getattr(table, '__name__', table)} is not attached to {self._db.dbpath}: open the database "
                "with a schema that names it, or call db.attach_table() before the transaction"
            )
        bound: M = handle._bind(self)
        self._bound[table] = bound
        return bound

    # -- raw records

    def id(self) -> int:
        """Number of the transaction: a writer's own, or that of the last commit that a reader sees."""
        if self._raw is None:
            self._ended()
        number: int = self._raw.id()
        return number

    def put(self, key: bytes, data: bytes, overwrite: bool = True) -> bool:
        """Store a raw record.

        Args:
            key: the whole key: slot and key bytes.
            data: the value's bytes.
            overwrite: False leaves an existing record as it is.

        Returns:
            True if the record was stored.
        """
        try:
            stored: bool = self._put(key, data, True, overwrite)
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        return stored

    def delete(self, key: bytes) -> bool:
        """Remove the record of a raw key; False if there was none."""
        try:
            removed: bool = self._delete(key)
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        return removed

    @property
    def _txn(self) -> Any:
        """The engine's transaction, under the name that programs of earlier releases use."""
        return self._raw

    def cursor(self) -> Any:
        """A py-lmdb cursor over the raw records of all tables, in this transaction."""
        return self._cursor()

    # -- nested

    @contextmanager
    def savepoint(self) -> Iterator[Self]:
        """A block whose changes are taken back if it raises, while the transaction goes on.

        Raises:
            TransactionError: in a read transaction, or with ``writemap=True``, where the engine has no nested ones.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin(write=True) as txn:
        ...     try:
        ...         with txn.savepoint():
        ...             _ = txn.put(b"key", b"value")
        ...             raise ValueError
        ...     except ValueError:
        ...         print(txn.get(b"key"))
        None
        """
        if self._raw is None:
            self._ended()
        if not self._write or self._env.options.writemap:
            kind = "a read transaction" if not self._write else "a database opened with writemap=True"
            raise errors.TransactionError(f"{self._db.dbpath}: savepoint() is not possible in {kind}")
        outer = self._raw
        try:
            inner = self._env.begin_raw(None, outer, True, False)
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        self._nested.append(outer)
        self._raw = inner
        self._use(inner)
        try:
            yield self
        except BaseException:
            if self._raw is inner:
                inner.abort()
            raise
        else:
            if self._raw is inner:
                try:
                    inner.commit()
                except EngineError as error:
                    raise translate(error, path=self._db.dbpath) from error
        finally:
            # Ended inside, by commit(), abort() or the closing of the database, it stays ended.
            self._seen = None
            if self._raw is inner:
                self._nested.pop()
                self._raw = outer
                self._use(outer)

    def _guarded(self) -> Any:
        """A savepoint where the engine has them; nothing where it has not."""
        if self._raw is None:
            self._ended()
        if not self._write:
            self._read_only()
        return nullcontext() if self._env.options.writemap else self.savepoint()

    def _count_puts(self, number: int) -> None:
        if self._stats is not None:
            self._stats.puts += number

    def _count_deletes(self, number: int) -> None:
        if self._stats is not None:
            self._stats.dels += number

    # -- memory lent to arrays

    def _lease(self, decode: Callable[[memoryview, Any], Any], data: memoryview) -> Any:
        """Decode a value that goes on reading the map, and remember the memory that it reads."""
        if self._lease_token is None:
            self._lease_token = Lease()
        lent = self._lent
        if len(lent) > 1000:
            lent[:] = [ref for ref in lent if ref() is not None]
        lent.append(weakref.ref(data))
        return decode(data, self._lease_token)


def _released(view: memoryview) -> bool:
    from zlmdb.engine.environment import released

    return released(view)


def _counted(raw: Any, stats: TransactionStats) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The engine's writing methods, counting."""
    raw_put, raw_delete, raw_pop = raw.put, raw.delete, raw.pop

    def put(key: bytes, data: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
        stored: bool = raw_put(key, data, dupdata, overwrite)
        stats.puts += stored
        return stored

    def delete(key: bytes) -> bool:
        found: bool = raw_delete(key)
        stats.dels += found
        return found

    def pop(key: bytes) -> Any:
        found = raw_pop(key)
        stats.dels += found is not None
        return found

    return put, delete, pop


def _write_in_read_transaction() -> type[Exception]:
    from zlmdb.engine.faults import WriteInReadTransaction

    return WriteInReadTransaction


WRITE_IN_READ_TRANSACTION = _write_in_read_transaction()
