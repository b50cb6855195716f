"""Transactions: a snapshot to read, and changes that become visible all at once.

A transaction keeps the engine's own methods in slots, so that table code calls them without anything in between. When
it ends (or its process forks, or its database closes), the slots are filled with functions that raise: that is how use
after the end is noticed, at no cost before it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from zlmdb import errors
from zlmdb.database import generation
from zlmdb.database.stats import TransactionStats, counted
from zlmdb.engine import EngineError, translate
from zlmdb.engine.environment import PROBE, released
from zlmdb.engine.faults import WriteInReadTransaction

if TYPE_CHECKING:
    from zlmdb.columns.result import Result
    from zlmdb.database.database import Database
    from zlmdb.tables.hooks import HookedTable
    from zlmdb.tables.map import Map

    M = TypeVar("M", bound=Map[Any, Any] | HookedTable)

__all__ = ["Lease", "Transaction"]


#: How many arrays that were lent memory may be remembered before the dead ones are dropped.
PRUNE_AT = 1000


# Names of the module are quicker to reach than attributes of a module.
weak = weakref.ref


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

    >>> import zlmdb
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000005")
    ... class Words(zlmdb.MapStringOid):
    ...     "How often a word was seen."
    >>> with zlmdb.open(":memory:", Words) as db:
    ...     with db.begin(write=True) as txn:
    ...         txn[Words]["zebra"] = 1
    ...     with db.begin() as txn:
    ...         txn[Words]["zebra"]
    1
    """

    PUT = 1
    DEL = 2

    # Slots, and nothing of the same name in the class: only then does the interpreter read them without looking around.
    __slots__ = (
        "__weakref__",
        "_bound",
        "_buffers",
        "_changes",
        "_db",
        "_delete",
        "_env",
        "_lease_token",
        "_lent",
        "_nested",
        "_pop",
        "_prune_at",
        "_put",
        "_raw",
        "_ref",
        "_seen",
        "_stats",
        "_undo",
        "_write",
        "get",
    )

    #: (key, default=None) -> value: the value of a raw key (slot and key bytes), or `default`.
    get: Callable[..., Any]
    #: The engine's methods; what says why they cannot be called, in their place.
    _put: Callable[..., Any]
    _delete: Callable[..., Any]
    _pop: Callable[..., Any]
    #: The engine's transaction; None if this has not begun, or has ended.
    _raw: Any
    _env: Any
    _ref: Any
    #: Maps of this transaction, by table class; None as long as there is none.
    _bound: dict[Any, Any] | None
    #: Key, bytes and index fields of the row that was last read, for the case that it is written next.
    _seen: Any
    #: Weak references to the memory that was lent to arrays, and what tells them that it is over.
    _lent: list[Any] | None
    _lease_token: Lease | None
    #: The engine's transactions that those of open savepoints are nested in, outermost first.
    _nested: tuple[Any, ...]
    #: What is to be done if this is aborted: (number of savepoints open when it was said, function).
    _undo: tuple[tuple[int, Callable[[], None]], ...]
    #: How often something was written: a scan that sees another number goes on from its key.
    _changes: int

    def __init__(
        self, db: Database, write: bool = False, buffers: bool = False, stats: TransactionStats | None = None
    ) -> None:
        self._db = db
        self._write = write
        # A write transaction moves its pages while it runs, so it hands out copies.
        self._buffers = buffers and not write
        self._stats = stats
        self._raw = self._bound = self._lent = self._lease_token = None
        self.get = self._put = self._delete = self._pop = db._refusals.unbegun
        self._changes = 0
        if write:
            self._seen = None
            self._nested = self._undo = ()

    # -- beginning and ending

    def __enter__(self) -> Self:
        if self._raw is not None:
            raise errors.TransactionError(f"{self._db.dbpath}: this transaction has begun already; begin another one")
        env = self._db._env
        if env is None or env.inherited:
            env = self._db._environment()
        if self._write:
            raw = env.begin(True, False)
            try:
                generation.follow(env, raw)
            except BaseException:
                env.writer = None
                raw.abort()
                raise
            self._use(raw)
        else:
            try:
                if env.pinned:
                    env.release_pins()
                begin = env.begin_raw
                raw = begin(None, None, False, self._buffers)
                self.get = get = raw.get
                if env.probes:
                    get(PROBE)
            except EngineError:
                raw = env.begin(False, self._buffers)
                self.get = raw.get
            self._put = self._delete = self._pop = self._db._refusals.read_only
        self._env = env
        self._raw = raw
        self._ref = ref = weak(self, env.forget)
        env.live.add(ref)
        return self

    def _use(self, raw: Any) -> None:
        """Take the engine's writing methods in."""
        self.get = raw.get
        if self._stats is None:
            self._put = raw.put
            self._delete = raw.delete
            self._pop = raw.pop
        else:
            self._put, self._delete, self._pop = counted(raw, self._stats)

    def _cursor(self) -> Any:
        raw = self._raw
        if raw is None:
            self._ended()
        return raw.cursor()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raw = self._raw
        if raw is None:
            if exc_type is None and self._write and self.get is self._db._refusals.closed:
                self._ended()  # its changes are lost, which must not pass in silence
            return
        if not self._write and self._lent is None:
            # The usual end of a reader, with as little to do as can be.
            self._env.live.discard(self._ref)
            refusals = self._db._refusals
            self.get = self._put = self._delete = self._pop = (
                refusals.committed if exc_type is None else refusals.aborted
            )
            self._raw = self._bound = None
            raw.abort()
        elif exc_type is None:
            self.commit()
        else:
            self.abort()

    def commit(self) -> None:
        """End the transaction and make its changes durable and visible. Called by the end of the ``with`` block.

        Raises:
            DatabaseFull: if the map is full; nothing of the transaction is stored then.
            TransactionClosed: if it has ended already.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...         txn.commit()
        ...     with db.begin() as txn:
        ...         txn.get(b"key")
        b'value'
        """
        if not self._write:
            self._leave(self._finish(self._db._refusals.committed))
            return
        nested = self._nested
        raw = self._finish(self._db._refusals.committed)
        # Before the engine lets the next writer in, who sets it to its own.
        self._env.writer = None
        outers = list(nested)
        try:
            raw.commit()
            while outers:
                outers.pop().commit()
        except EngineError as error:
            while outers:
                outers.pop().abort()
            raise translate(error, path=self._db.dbpath) from error

    def abort(self) -> None:
        """End the transaction and forget its changes.

        Raises:
            TransactionClosed: if it has ended already.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...         txn.abort()
        ...     with db.begin() as txn:
        ...         print(txn.get(b"key"))
        None
        """
        self._give_up(self._db._refusals.aborted, ours=True)

    def _give_up(self, refuse: Callable[..., NoReturn], *, ours: bool) -> None:
        if not self._write:
            self._leave(self._finish(refuse))
            return
        nested, undo = self._nested, self._undo
        raw = self._finish(refuse)
        for _, function in reversed(undo):
            function()
        if ours:
            self._env.writer = None
        raw.abort()
        for outer in reversed(nested):
            outer.abort()

    def _finish(self, refuse: Callable[..., NoReturn]) -> Any:
        raw = self._raw
        if raw is None:
            self._ended()
        self._forget(refuse)
        return raw

    def _forget(self, refuse: Callable[..., NoReturn]) -> None:
        """Become a transaction that has ended."""
        self._env.forget(self._ref)
        token = self._lease_token
        if token is not None:
            token.alive = False
            self._lease_token = None
        self.get = self._put = self._delete = self._pop = refuse
        self._raw = self._bound = None
        if self._write:
            self._seen = None
            self._nested = self._undo = ()

    def _leave(self, raw: Any) -> None:
        """End a read transaction, or keep its snapshot while arrays over its memory are in use."""
        lent = [view for ref in self._lent or () if (view := ref()) is not None]
        self._lent = None
        if lent:
            self._env.release_pins()
            held = [view for view in lent if not released(view)]
            if held:
                self._env.pin(raw, held)
                return
        raw.abort()

    def _end_with_database(self) -> None:
        """Called when the database is closed under it."""
        if self._raw is not None:
            self._give_up(self._db._refusals.closed, ours=self._env.writer == threading.get_ident())

    def _end_with_fork(self) -> None:
        """Called in a child process: the transaction is the parent's, so it is left alone."""
        if self._raw is not None:
            self._forget(self._db._refusals.forked)
            self._lent = None

    def _ended(self) -> NoReturn:
        refuse: Callable[..., NoReturn] = self.get
        refuse()

    def _require_open(self) -> None:
        if self._raw is None:
            self._ended()

    def _require_write(self, table: str) -> None:
        self._require_open()
        if not self._write:
            raise WriteInReadTransaction(
                f"table {table}: a write was tried in a read transaction; begin it with db.begin(write=True)"
            )

    def __repr__(self) -> str:
        state = "open" if self._raw is not None else "not begun" if self.get is self._db._refusals.unbegun else "ended"
        return f"<{'write' if self._write else 'read'} transaction of {self._db.dbpath}, {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be pickled or copied: it belongs to this process")

    # -- tables

    def __getitem__(self, table: type[M]) -> M:
        """The map of a table in this transaction.

        Args:
            table: the table class, attached to the database (by its schema, or ``db.attach_table``).

        Raises:
            TableNotAttached: if it is not attached.
            TransactionClosed: if the transaction has not begun, or has ended.
        """
        bound = self._bound
        if bound is None:
            if self._raw is None:
                self._ended()
            bound = self._bound = {}
        elif table in bound:
            known: M = bound[table]
            return known
        handle = self._db._tables.get(table)
        if handle is None:
            raise errors.TableNotAttached(
                f"table {getattr(table, '__name__', table)} is not attached to {self._db.dbpath}: open the database "
                "with a schema that names it, or call db.attach_table() before the transaction"
            )
        live: M = handle._bind(self)
        bound[table] = live
        return live

    def _check_declared(self, table: Any, index: str) -> None:
        """Refuse to read through an index that was declared otherwise since its map was attached."""
        self._require_open()
        generation.check(self._env, self._raw, table, index)

    def sql(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
        """The answer to a query in SQL over the attached tables, as this transaction sees them.

        Tables are named as their classes, or as the attributes of the schema, in any case; their columns as
        ``to_arrow()`` names them. DuckDB answers; only the columns that the query needs are decoded, and only the range
        of keys that its conditions allow is read.

        Args:
            query: one SELECT statement.
            params: values for ``?`` (a list) or ``$name`` (a mapping) in the query; None for none.

        Returns:
            The rows: complete, and valid after the transaction.

        Raises:
            MissingExtra: if duckdb is not installed.
            TableNotAttached: if it names a table that is not attached.
            QueryError: if it is not one SELECT statement, or DuckDB refuses it.
            DecodeError, ValueTypeError: if a row that it reads cannot be decoded, or does not fit its column.
            TransactionClosed: if the transaction has ended.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de0c4")
        ... class Seen(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", [Seen]) as db, db.begin(write=True) as txn:
        ...     txn[Seen].update({"ant": 3, "bee": 1, "cow": 2})
        ...     txn.sql("select key, value from seen where value >= ? order by value", [2]).fetchall()
        [('cow', 2), ('ant', 3)]
        """
        from zlmdb.database.sql import query as answer

        return answer(self, query, params)

    # -- raw records

    def id(self) -> int:
        """Number of the transaction: a writer's own, or that of the last commit that a reader sees.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin() as before:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...     with db.begin() as after:
        ...         after.id() - before.id()
        1
        """
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

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin(write=True) as txn:
        ...     txn.put(b"key", b"value"), txn.put(b"key", b"other", overwrite=False)
        (True, False)
        """
        self._changes += 1
        try:
            stored: bool = self._put(key, data, True, overwrite)
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        return stored

    def delete(self, key: bytes) -> bool:
        """Remove the record of a raw key; False if there was none.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin(write=True) as txn:
        ...     txn.put(b"key", b"value"), txn.delete(b"key"), txn.delete(b"key")
        (True, True, False)
        """
        self._changes += 1
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
        """A py-lmdb cursor over the raw records of all tables, in this transaction.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin(write=True) as txn:
        ...     _ = txn.put(b"key", b"value")
        ...     txn.cursor().first()
        True
        """
        return self._cursor()

    # -- nested

    @contextmanager
    def savepoint(self) -> Iterator[Self]:
        """A block whose changes are taken back if it raises, while the transaction goes on.

        Raises:
            TransactionError: in a read transaction; or with ``writemap=True`` on a file of the 0.9 format, where the
                engine has no nested ones.

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
        if not self._write or self._env.writemap:
            kind = "a read transaction" if not self._write else "a file of the 0.9 format opened with writemap=True"
            raise errors.TransactionError(f"{self._db.dbpath}: savepoint() is not possible in {kind}")
        outer = self._raw
        try:
            inner = self._env.begin_raw(None, outer, True, False)
        except EngineError as error:
            raise translate(error, path=self._db.dbpath) from error
        self._nested = (*self._nested, outer)
        self._changes += 1
        self._raw = inner
        self._use(inner)
        try:
            yield self
        except BaseException:
            if self._raw is inner:
                inner.abort()
                level = len(self._nested)
                for depth, function in reversed(self._undo):
                    if depth >= level:
                        function()
                self._undo = tuple(entry for entry in self._undo if entry[0] < level)
            raise
        else:
            if self._raw is inner:
                try:
                    inner.commit()
                except EngineError as error:
                    raise translate(error, path=self._db.dbpath) from error
        finally:
            # Ended inside, by commit(), abort() or the closing of the database, it stays ended.
            self._changes += 1
            self._seen = None
            if self._raw is inner:
                self._nested = self._nested[:-1]
                outside = len(self._nested)
                self._undo = tuple((min(depth, outside), function) for depth, function in self._undo)
                self._raw = outer
                self._use(outer)

    def _when_aborted(self, function: Callable[[], None]) -> None:
        """Have something done if this transaction, or the innermost open savepoint, is aborted."""
        self._undo = (*self._undo, (len(self._nested), function))

    def _guarded(self) -> Any:
        """A savepoint where the engine has them; nothing where it has not."""
        if self._raw is None:
            self._ended()
        if not self._write:
            self._put()  # raises
        return nullcontext() if self._env.writemap else self.savepoint()

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
        if lent is None:
            lent = self._lent = []
            self._prune_at = PRUNE_AT
        if len(lent) >= self._prune_at:
            lent[:] = [ref for ref in lent if ref() is not None]
            self._prune_at = max(PRUNE_AT, 2 * len(lent))
        lent.append(weakref.ref(data))
        return decode(data, self._lease_token)
