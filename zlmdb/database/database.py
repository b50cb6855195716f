"""The database: a handle on a file, shared or exclusive, and everything that a program asks of the file as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from sys import getrefcount
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import getweakrefcount

from zlmdb import errors
from zlmdb.database import catalog
from zlmdb.database.attach import attach
from zlmdb.database.idle import COUNTED, Idle
from zlmdb.database.lifecycle import Lifecycle, PathLike
from zlmdb.database.schema import tables_of
from zlmdb.database.transaction import Transaction
from zlmdb.engine import EngineError, translate
from zlmdb.engine.readers import parse as parse_readers

if TYPE_CHECKING:
    import uuid

    from zlmdb.columns.result import Result
    from zlmdb.database.catalog import Slot
    from zlmdb.database.stats import TransactionStats
    from zlmdb.series.table import Series
    from zlmdb.tables.hooks import HookedTable
    from zlmdb.tables.map import Map

    T = TypeVar("T")
    M = TypeVar("M", bound=Map[Any, Any])
    S = TypeVar("S", bound=Series[Any])
    H = TypeVar("H", bound=HookedTable)

__all__ = ["Database", "PathLike"]

R = TypeVar("R")


class Database(Lifecycle):
    """A handle on a database file, which must not be open in this process yet; ``zlmdb.open()`` shares an open one.

    Args:
        dbpath: directory of the database (or an existing data file); made if it does not exist, but not its parents.
            None for a temporary database, which is removed when it is closed.
        maxsize: cap of the file's size in bytes; not given: no cap (the file grows with its data; the attribute then
            reports 10485760).
        readonly: True opens for reading only; the file must exist.
        lock: False leaves locking between processes to the caller.
        sync: False does not flush to the disk on commit.
        create: False refuses to make a new file.
        open_now: False leaves opening to ``with``.
        writemap: True writes through a writable map, in files of the 0.9 format; savepoints are not possible then.
            In files of the 1.0 format LMDB cannot do so safely, and only the length of a new file is as asked for.
        context: any object, kept for the program.
        log: accepted for programs of earlier releases; not used.
        lib_version: "1.0" or "0.9": the LMDB format of a new file, "1.0" unless given. The format of a file that
            exists is its own.
        allow_pickle: True allows all tables to read pickles.
        metasync: False flushes the data on commit, but not the record of the commit: a crash of the machine may undo
            the last one.

    Raises:
        AlreadyOpen: if the file is open in this process.
        DatabaseNotFound: if it does not exist, and is not to be made.
        DatabaseError: if it cannot be opened; says why.

    >>> import zlmdb
    >>> with zlmdb.Database() as db:
    ...     with db.begin(write=True) as txn:
    ...         _ = txn.put(b"raw key", b"raw value")
    """

    @staticmethod
    def open(
        dbpath: PathLike | None = None,
        maxsize: int | None = None,
        readonly: bool = False,
        lock: bool = True,
        sync: bool = True,
        create: bool = True,
        open_now: bool = True,
        writemap: bool = False,
        context: Any = None,
        log: Any = None,
        lib_version: str | None = None,
        *,
        allow_pickle: bool = False,
        metasync: bool = True,
    ) -> Database:
        """A handle on a database, sharing it with the other handles of this process; each is closed by itself.

        Args: as for the constructor. The options must not contradict those that the file is open with already.

        Raises:
            AlreadyOpen: if the options conflict; names both places.
            DatabaseNotFound, DatabaseError: as the constructor.

        >>> import zlmdb
        >>> with zlmdb.Database.open("book.zdb") as one, zlmdb.Database.open("book.zdb") as other:
        ...     one.close()
        ...     other.is_open
        True
        """
        return Database(
            dbpath,
            maxsize,
            readonly,
            lock,
            sync,
            create,
            open_now,
            writemap,
            context,
            log,
            lib_version,
            allow_pickle=allow_pickle,
            metasync=metasync,
            _share=True,
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the tables, and how many records each has."""
        from zlmdb.database import shown

        return shown.html(self)

    def _reattach(self) -> None:
        """Place the attached maps of a database that was closed in the file as it is now."""
        classes = list(self._tables)
        for known, found in zip(self._tables.values(), attach(self, classes), strict=True):
            known._replace_by(found)

    def _renew(self) -> None:
        before = self._idle
        self._idle = Idle(self, Transaction(self), Transaction(self)) if COUNTED else None
        if before is not None:
            before.clear()
        # Those that have been handed out, and not entered yet, take the maps of then.
        for ref in self._env.live.copy() if self._env is not None else ():
            transaction = ref()
            if transaction is not None and transaction._raw is None:
                transaction._kept = None

    # -- transactions

    def begin(self, write: bool = False, buffers: bool = False, stats: TransactionStats | None = None) -> Transaction:
        """A transaction, which begins when its ``with`` block is entered.

        Args:
            write: True for one that may write; there is one at a time in all processes, and others wait for it.
            buffers: True reads arrays (and FlatBuffers, and raw records) as views of the map, without copying; they are
                valid until the transaction ends. Only for reading; a transaction that writes gives copies.
            stats: counts what is written; None counts nothing.

        Raises:
            DatabaseClosed: if the handle is closed.
            ReadOnlyDatabase: if `write`, and the database is read-only.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...     with db.begin() as txn:
        ...         txn.get(b"key")
        b'value'
        """
        if not write and not buffers and stats is None and (idle := self._idle):
            try:
                txn: Transaction = idle.popleft()
            except IndexError:
                pass  # another thread was quicker
            else:
                # The variable counts, and the argument; the registry of the environment has the one weak reference.
                if getrefcount(txn) == 2 and getweakrefcount(txn) == 1:
                    live = txn._map
                    if live is not None and (getrefcount(live) != 3 or live.__dict__):
                        txn._map = txn._kept = None
                    txn._get = self._refusals.unbegun
                    txn._db = self
                    return txn
                idle.put_back(txn)
        env = self._env
        if env is None or write:
            if env is None or env.inherited:
                self._environment()
            if write and self._options.readonly:
                raise errors.ReadOnlyDatabase(
                    f"database is read-only: {self._dbpath} was opened with readonly=True, and cannot be written to"
                )
        return Transaction(self, write, buffers, stats)

    def _own_write_transaction(self) -> Transaction | None:
        """The write transaction that this thread has open, or None."""
        env = self._environment()
        return env.writing() if env.writes_here() else None

    def write(self, function: Callable[[Transaction], R]) -> R:
        """What `function` returns, run in a write transaction; if the map is full, it grows and runs it again.

        Args:
            function: takes the transaction; may be called several times, so it should not do what cannot be repeated.

        Raises:
            DatabaseFull: if the map cannot grow: a cap was given, this process has transactions open, or the system
                gives it no more address space.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     db.write(lambda txn: txn.put(b"key", b"value"))
        True
        """
        while True:
            try:
                with self.begin(write=True) as txn:
                    return function(txn)
            except errors.DatabaseFull:
                if not self._environment().grow():
                    raise
            except EngineError as error:
                clear = translate(error, path=self._dbpath)
                if not isinstance(clear, errors.DatabaseFull) or not self._environment().grow():
                    raise clear from error

    def sql(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
        """The answer to a query in SQL over the attached tables, in a read transaction of its own.

        All tables are seen as of one moment. Arguments and errors: see :meth:`Transaction.sql`, which sees the changes
        of its transaction too.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de0c5")
        ... class Seen(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", [Seen]) as db:
        ...     db.sql("select count(*) from seen").fetchone()
        (0,)
        """
        with self.begin() as txn:
            return txn.sql(query, params)

    def sync(self, force: bool = False) -> None:
        """Flush committed data to the disk.

        Args:
            force: True waits for the disk even if the database was opened with ``sync=False``.

        Raises:
            DatabaseClosed: if the handle is closed.
            ReadOnlyDatabase: if the file is open read-only.

        >>> import zlmdb
        >>> with zlmdb.open("fast.zdb", durability="unsafe") as db:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...     db.sync(force=True)
        """
        env = self._environment()
        if env.options.readonly:
            raise errors.ReadOnlyDatabase(
                f"database is read-only: {self._dbpath} was opened with readonly=True, and has nothing to flush"
            )
        try:
            env.raw.sync(force)
        except EngineError as error:
            raise translate(error, path=self._dbpath) from error

    def readers(self) -> list[dict[str, int]]:
        """The read transactions of all processes: pid, thread and txnid (-1 while idle) of each.

        Each process keeps the place of one that has ended; "thread" is the one that first had a place.

        Slots of processes that have died are freed first.

        >>> import os, zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin():
        ...     [reader["pid"] == os.getpid() for reader in db.readers()]
        [True]
        """
        raw = self._environment().raw
        if not self._options.readonly:
            raw.reader_check()
        return parse_readers(raw.readers())

    # -- tables

    # One for each kind of table: see Transaction.__getitem__.
    @overload
    def attach_table(self, table: type[M]) -> M: ...
    @overload
    def attach_table(self, table: type[S]) -> S: ...
    @overload
    def attach_table(self, table: type[H]) -> H: ...
    def attach_table(self, table: type[T]) -> T:
        """The attached map of a table: made in the file if it is not there yet.

        Args:
            table: a class decorated with ``@zlmdb.table``.

        Raises:
            SchemaError (also TypeError): if it is no such class.
            TableMismatch: if the file holds the table with another key or value type.
            CatalogError: if its record in the file cannot be understood.
            ReadOnlyDatabase: if it is not in the file, and the database is read-only.
            TransactionError: if it is not in the file, and this thread has a write transaction open.
            UniqueViolation, NullValueConstraint: if the rows there do not fit an index that was declared since.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000001")
        ... class Words(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:") as db:
        ...     words = db.attach_table(Words)
        ...     with db.begin(write=True) as txn:
        ...         words[txn, "zebra"] = 1
        ...         words[txn, "zebra"], txn[Words]["zebra"]
        (1, 1)
        """
        handle: T = self.attach_tables([table])[0]
        return handle

    def attach_tables(
        self, tables: Iterable[type[Any]], progress: Callable[[str, int], None] | None = None
    ) -> list[Any]:
        """Attached maps of several tables, in one transaction; see :meth:`attach_table`.

        Args:
            tables: classes decorated with ``@zlmdb.table``.
            progress: called with the name of an index ("Users.by_email") and the number of rows done, while indexes
                that were declared since are built; None for nobody.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000002")
        ... class Words(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:") as db:
        ...     [words] = db.attach_tables([Words])
        ...     with db.begin() as txn:
        ...         words.count(txn)
        0
        """
        classes = list(tables)
        handles = attach(self, classes, progress)
        for table, handle in zip(classes, handles, strict=True):
            known = self._tables.get(table)
            # A map that keeps indexes attached by hand stays that of transactions, so that they are kept through these.
            if known is None or known._outdated is not None or not known._index_maps:
                self._tables[table] = handle
        self._renew()
        return handles

    def _attach_schema(self, schema: Any) -> None:
        if schema is None:
            return
        if isinstance(schema, type) and hasattr(schema, "attach"):
            self.schema = schema.attach(self)
        else:
            self.attach_tables(tables_of(schema))

    def _get_slots(self, cached: bool = True) -> dict[uuid.UUID, Slot]:
        """The catalog: what tables the file holds, by identity."""
        raw = self._environment().begin(False)
        try:
            return {slot.oid: slot for slot in catalog.read_slots(raw)}
        finally:
            raw.abort()

    def stats(self, include_slots: bool = False) -> dict[str, Any]:
        """Sizes and counts of the file.

        Args:
            include_slots: True adds "slots": identity, number, name, description and number of records of each table,
                which are counted one by one.

        Returns:
            num_slots, current_size (of the file, bytes), max_size, page_size, pages (of the tables), used (pages in
            bytes), free (share of max_size that is not used, 0 at least), read_only, sync_enabled, lib_version,
            lmdb_version, and what LMDB itself reports.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     stats = db.stats()
        >>> stats["num_slots"], stats["page_size"], stats["lib_version"]
        (0, 4096, '1.0')
        """
        from zlmdb.database import report

        return report.statistics(self, include_slots)

    def migrate(self) -> int:
        """Rewrite attached tables whose keys are in a layout of earlier releases that does not sort, in one that does.

        Only the maps with a time behind an OID, and those with a uint16 in front, have such a layout, and only in slots
        that an earlier release made and filled; it cannot read the keys afterwards. All in one transaction.

        Returns:
            The number of rows rewritten.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000003")
        ... class Words(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", Words) as db:
        ...     db.migrate()
        0
        """
        from zlmdb.database.migrate import migrate

        return migrate(self)

    def verify(self) -> list[str]:
        """What is wrong in the attached tables and the catalog, a sentence each; an empty list if all is well.

        Every row of a table with indexes is read, and every index entry compared with it.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000004")
        ... class Words(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", Words) as db:
        ...     db.verify()
        []
        """
        from zlmdb.database import report

        return report.verify(self)
