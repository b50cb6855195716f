"""Transactions: a snapshot to read, and changes that become visible all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, overload

from zlmdb import errors
from zlmdb.database import generation
from zlmdb.database.life import Life
from zlmdb.engine import EngineError, translate

if TYPE_CHECKING:
    from zlmdb.columns.result import Result
    from zlmdb.series.table import Series
    from zlmdb.tables.hooks import HookedTable
    from zlmdb.tables.map import Map

    T = TypeVar("T")
    M = TypeVar("M", bound=Map[Any, Any])
    S = TypeVar("S", bound=Series[Any])
    H = TypeVar("H", bound=HookedTable)

__all__ = ["Transaction"]


class Transaction(Life):
    """A transaction of a database, made by ``db.begin()`` and used in a ``with`` block.

    The block's end commits it, an exception aborts it. ``txn[Users]`` is the map of a table in it; the map, and
    everything read lazily from it, is valid until the end. After the end the same object may be entered again, and then
    is a new transaction.

    A transaction that writes belongs to the thread that entered it: maps, savepoints and the end are refused to others.

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

    __slots__ = ()

    def __repr__(self) -> str:
        state = "open" if self._raw is not None else "not begun" if self._get is self._db._refusals.unbegun else "ended"
        return f"<{'write' if self._write else 'read'} transaction of {self._db.dbpath}, {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be pickled or copied: it belongs to this process")

    # -- tables

    # One for each kind of table, as in a loop over two classes mypy takes `table` for the bound of the type variable.
    @overload
    def __getitem__(self, table: type[M]) -> M: ...
    @overload
    def __getitem__(self, table: type[S]) -> S: ...
    @overload
    def __getitem__(self, table: type[H]) -> H: ...
    def __getitem__(self, table: type[T]) -> T:
        """The map of a table in this transaction.

        Args:
            table: the table class, attached to the database (by its schema, or ``db.attach_table``).

        Raises:
            TableNotAttached: if it is not attached.
            TransactionClosed: if the transaction has not begun, or has ended.
            TransactionError: if it writes, and another thread began it.
        """
        known: T
        if table is self._table and table is not None:
            known = self._map
            return known
        maps = self._maps
        if maps is not None and table in maps:
            known = maps[table]
            return known
        if self._raw is None:
            self._ended()
        if self._write:
            self._require_thread()
        try:
            handle = self._db._tables[table]
        except (KeyError, TypeError):
            raise self._not_attached(table) from None
        live: T = handle._bind(self)
        if self._table is None:
            self._table = table
            self._map = live
            if handle._reusable:
                self._kept = table
            else:
                self._idle = None
        elif maps is None:
            self._maps = {table: live}
        else:
            maps[table] = live
        return live

    def _not_attached(self, table: Any) -> errors.TableNotAttached:
        where = f"{self._db.dbpath}: expected a table class as in txn[Users], found"
        if isinstance(table, type):
            return errors.TableNotAttached(
                f"table {table.__name__} is not attached to {self._db.dbpath}: open the database with a schema that "
                "names it, or call db.attach_table() before the transaction"
            )
        definition = getattr(table, "_definition", None)
        if definition is not None:
            return errors.TableNotAttached(f"{where} {table!r}; give the class: txn[{definition.name}]")
        return errors.TableNotAttached(f"{where} {type(table).__name__} {errors.short(table)}")

    def _map_of(self, table: Any) -> Any:
        """The map of a table, if it was taken before; None if not."""
        return self._map if table is self._table else (self._maps or {}).get(table)

    def _check_declared(self, table: Any, index: str) -> None:
        """Refuse to read through an index that was declared otherwise since its map was attached."""
        generation.check(self._env, self._sound(), table, index)

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
        number: int = self._sound().id()
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
            self._require_open()
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
            self._require_open()
            raise translate(error, path=self._db.dbpath) from error
        return removed

    @property
    def _txn(self) -> Any:
        """The engine's transaction, under the name that programs of earlier releases use."""
        return self._raw

    def cursor(self) -> Any:
        """A py-lmdb cursor over the raw records of all tables, in this transaction.

        In a transaction begun with ``buffers=True`` it gives memory of the map, which must not be touched after the
        end: what py-lmdb gives has no guard.

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

        It ends before the block of the transaction does: that raises TransactionError otherwise, and stores nothing.
        What it gives is the transaction itself, whose :meth:`abort` and :meth:`commit` end all of it; the savepoint
        alone is taken back by an exception.

        Raises:
            TransactionError: in a read transaction; in another thread than the one that began it; or with
                ``writemap=True`` on a file of the 0.9 format, where the engine has no nested ones.

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
        self._require_thread()
        spoiled = self._db._refusals.spoiled
        if self._put is spoiled:
            spoiled()
        outer, outers = self._raw, self._nested
        inner: Any = None
        # Whether the changes are a part of those around; None as long as that is not certain.
        kept: bool | None = False
        try:
            try:
                inner = self._env.begin_raw(None, outer, True, False)
            except EngineError as error:
                raise translate(error, path=self._db.dbpath) from error
            self._nested = (*outers, outer)
            self._changes += 1
            self._raw = inner
            self._use(inner)
            yield self
            if self._put is spoiled:
                spoiled()
            # Ended inside, by commit(), abort() or the closing of the database, it stays ended.
            if self._raw is inner:
                kept = None
                try:
                    inner.commit()
                except EngineError as error:
                    kept = False
                    raise translate(error, path=self._db.dbpath) from error
            kept = True
        finally:
            try:
                self._go_back(inner, outer, outers, kept)
            except BaseException:
                # Broken off by an exception from outside: nobody else would do it, and half done it loses the lock.
                self._go_back(inner, outer, outers, kept)
                raise

    def _go_back(self, inner: Any, outer: Any, outers: tuple[Any, ...], kept: bool | None) -> None:
        """Go on behind a savepoint with what it is nested in. It may be done twice.

        Args:
            inner: the engine's transaction of the savepoint; None if it has none.
            outer: that which it is nested in.
            outers: those which `outer` is nested in.
            kept: whether the savepoint was committed; None if an exception from outside came meanwhile.
        """
        self._changes += 1
        self._seen = None
        if self._raw is not inner and self._raw is not outer:
            return
        if inner is not None:
            inner.abort()  # which does nothing if it has been committed
        if kept is False:
            self._undo_deeper(len(outers))
        outside = len(outers)
        self._undo = tuple((min(depth, outside), function) for depth, function in self._undo)
        self._raw = outer
        self._nested = outers
        self._use(outer)
        if kept is None:
            self._spoil()

    def _when_aborted(self, function: Callable[[], None]) -> None:
        """Have something done if this transaction, or the innermost open savepoint, is aborted."""
        self._undo = (*self._undo, (len(self._nested), function))

    def _undo_deeper(self, level: int) -> None:
        """Do what is to be done when the savepoints beyond so many are aborted."""
        for depth, function in reversed(self._undo):
            if depth > level:
                function()
        self._undo = tuple(entry for entry in self._undo if entry[0] <= level)

    def _guarded(self, *, spoils: bool = False) -> Any:
        """A savepoint where the engine has them; nothing, or a block that spoils the transaction, where it has not.

        Args:
            spoils: whether an exception from outside leaves something behind that is neither whole nor harmless.
        """
        if self._raw is None:
            self._ended()
        if not self._write:
            self._put()  # raises
        if not self._env.writemap:
            return self.savepoint()
        return self._spoiling() if spoils else nullcontext()

    @contextmanager
    def _spoiling(self) -> Iterator[None]:
        """A block of several changes, after part of which the transaction must not go on."""
        changes = self._changes
        try:
            yield
        except BaseException as error:
            if self._changes != changes and not isinstance(error, (errors.ZlmdbError, EngineError)):
                self._spoil()
            raise
