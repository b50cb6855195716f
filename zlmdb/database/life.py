"""The life of a transaction: beginning, ending, and what holds it in between.

A transaction keeps the engine's own methods in slots, so that table code calls them without anything in between. When
it ends (or its process forks, or its database closes), the slots are filled with functions that raise: that is how use
after the end is noticed, at no cost before it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from zlmdb import errors
from zlmdb.database import generation
from zlmdb.database.lending import Lending
from zlmdb.database.stats import TransactionStats, counted
from zlmdb.engine import BROKEN, EngineError, translate
from zlmdb.engine.environment import PROBE
from zlmdb.engine.faults import WriteInReadTransaction

if TYPE_CHECKING:
    from zlmdb.database.database import Database
    from zlmdb.engine import Environment

__all__ = ["Life"]


# Names of the module are quicker to reach than attributes of a module.
weak = weakref.ref


class Life(Lending):
    """What a transaction is between its beginning and its end; see :class:`zlmdb.Transaction`."""

    # Slots, and nothing of the same name in the class: only then does the interpreter read them without looking around.
    __slots__ = (
        "__weakref__",
        "_buffers",
        "_changes",
        "_claim",
        "_db",
        "_delete",
        "_env",
        "_get",
        "_idle",
        "_kept",
        "_map",
        "_maps",
        "_nested",
        "_pop",
        "_put",
        "_raw",
        "_seen",
        "_stats",
        "_table",
        "_undo",
        "_unsure",
        "_write",
    )

    #: The database; what stands in for it as long as this has ended and may be used again.
    _db: Any
    #: The engine's methods; what says why they cannot be called, in their place.
    _get: Callable[..., Any]
    _put: Callable[..., Any]
    _delete: Callable[..., Any]
    _pop: Callable[..., Any]
    #: The engine's transaction; None if this has not begun, or has ended.
    _raw: Any
    _env: Any
    #: True as long as a reader may be a stale one, see zlmdb.engine.environment.
    _unsure: bool
    #: The first table whose map was taken, that map, and the maps of other tables, as long as there are any.
    _table: Any
    _map: Any
    _maps: dict[Any, Any] | None
    #: The table whose map is kept when the transaction ends, for its next life; None for none.
    _kept: Any
    #: Where the transaction waits for that; None for one that has one life.
    _idle: Any
    #: A second weak reference to the transaction, which says that it must not be used again; mostly not set.
    _claim: Any
    #: Key, bytes and index fields of the row that was last read, for the case that it is written next.
    _seen: Any
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
        self._env = self._raw = None
        self._table = self._map = self._maps = self._kept = self._lent = self._lease_token = None
        self._unsure = False
        self._changes = 0
        self._get = refuse = db._refusals.unbegun
        if write:
            self._put = self._delete = self._pop = refuse
            self._idle = self._seen = None
            self._nested = self._undo = ()
        else:
            # For good: it is told before, in and after the transaction.
            self._put = self._delete = self._pop = db._refusals.read_only
            self._idle = None if buffers or stats is not None else db._idle

    # -- beginning and ending

    def __enter__(self) -> Self:
        env = self._db._env
        if self._idle is None or self._raw is not None or env is None:
            if self._write:
                self._begin_writing(self._ready() if self._raw is not None or env is None or env.inherited else env)
                return self
            env, raw = self._begin()
        else:
            # The usual reader, with as little to do as can be. What the engine does not do at once, the slow way does.
            try:
                raw = env.begin_read()
                self._unsure = env.probes
            except EngineError:
                env, raw = self._begin()
        if self._env is not env:
            # It is taken out again when this object is gone, not before: that costs nothing here.
            env.live.add(weak(self, env.forget))
            self._env = env
            self._kept = None  # it may lie elsewhere in this file
        kept = self._table = self._kept
        if kept is not None:
            self._map._txn = self
        self._get = raw.get
        self._raw = raw
        return self

    def _ready(self) -> Environment:
        """The environment to begin in.

        Raises:
            TransactionError: if this has begun already.
            DatabaseClosed: if the database is closed, or the program has dropped it.
        """
        if self._raw is not None:
            raise errors.TransactionError(f"{self._db.dbpath}: this transaction has begun already; begin another one")
        env: Environment | None = self._db._env
        if env is None or env.inherited:
            # Closed, forked, or left by this transaction's end. Its tables are to be those of now, also if it cannot
            # begin now.
            self._map = self._kept = None
            db = self._db = self._db._rejoin(self)
            fresh: Environment = db._environment()
            if self._idle is not None:
                self._idle = db._idle
            return fresh
        return env

    def _begin(self) -> tuple[Environment, Any]:
        """Begin to read, whatever there is to be done before: the environment, and the engine's transaction."""
        env = self._ready()
        if env.pinned:
            env.release_pins()
        try:
            raw = env.begin_raw(None, None, False, self._buffers)
            self._unsure = env.probes
        except EngineError:
            raw = env.begin(self._buffers)
        return env, raw

    def _begin_writing(self, env: Environment) -> None:
        raw = env.begin_write()
        writer: Any = env.writer
        try:
            generation.follow(env, raw)
            self._use(raw)
            self._env = env
            self._raw = raw
            # If it is dropped without having ended, the lock must not stay taken.
            env.live.add(weak(self, writer.left))
        except BaseException:
            self._forget(self._db._refusals.aborted)
            writer.abort()
            raise

    def _use(self, raw: Any) -> None:
        """Take the engine's writing methods in."""
        self._get = raw.get
        if self._stats is None:
            self._put = raw.put
            self._delete = raw.delete
            self._pop = raw.pop
        else:
            self._put, self._delete, self._pop = counted(raw, self._stats)

    def _cursor(self) -> Any:
        return self._sound().cursor()

    def _sound(self) -> Any:
        """The engine's transaction, which answers: a stale reader is begun again, as nobody has read anything by it."""
        raw = self._raw
        if raw is None:
            self._ended()
        if self._unsure:
            self._unsure = False
            try:
                raw.get(PROBE)
            except EngineError:
                fresh = self._env.begin(self._buffers)
                raw.abort()
                self._raw = raw = fresh
                self._get = raw.get
        return raw

    def _stale(self, error: Exception) -> bool:
        """True if an error of the engine may be that of a stale reader: then what was tried is to be tried again."""
        return self._unsure and isinstance(error, BROKEN)

    def get(self, key: bytes, default: Any = None) -> Any:
        """The value of a raw record.

        Args:
            key: the whole key: slot and key bytes.
            default: what a missing record gives.

        Returns:
            The value's bytes; a memoryview in a transaction begun with ``buffers=True``, valid until its end. Who keeps
            it longer keeps the snapshot of the transaction, too.

        Raises:
            TransactionClosed: if the transaction has not begun, or has ended.
            DatabaseError: if the file is damaged.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db, db.begin() as txn:
        ...     txn.get(b"key", b"nothing")
        b'nothing'
        """
        try:
            found = self._get(key, default)
            if self._buffers and found is not default and found.__class__ is memoryview:
                return self._lent_raw(found)
            return found
        except EngineError as error:
            if not self._stale(error):
                raise translate(error, path=self._db.dbpath) from error
        self._sound()
        return self.get(key, default)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raw = self._raw
        idle = self._idle
        if idle is None or raw is None:
            self._exit(exc_type is None)
            return
        # The usual end of a reader, see __enter__.
        end = idle.committed if exc_type is None else idle.aborted
        self._get = end._get
        live = self._map  # another thread that closes the database takes it away
        if live is not None:
            live._txn = end
        self._raw = self._table = self._maps = None
        raw.abort()
        self._db = idle
        idle.append(self)

    def _exit(self, well: bool) -> None:
        """End, if it has not ended yet; `well` if the block has come to its end."""
        if self._raw is None:
            if well and self._write and self._get in self._db._refusals.lost:
                self._ended()  # its changes are lost, which must not pass in silence
            return
        try:
            if well:
                if self._write and self._nested and self._put is not self._db._refusals.spoiled:
                    self._refuse_open_savepoint()
                self.commit()
            else:
                self.abort()
        except BaseException:
            if self._write and self._raw is not None and self._env.writer.is_here():
                self._give_up(self._db._refusals.aborted)
            raise

    def _refuse_open_savepoint(self) -> NoReturn:
        """Refuse to commit at the end of a block within a savepoint: nobody knows what is to become of its changes."""
        self._require_thread()
        self._give_up(self._db._refusals.aborted)
        raise errors.TransactionError(
            f"{self._db.dbpath}: the block of this transaction ended within a savepoint, and nothing of the "
            "transaction is stored. Let a savepoint end before, by a with block of its own; if it had one, an "
            "exception from outside broke off its end"
        )

    def _let_go(self, whole: Any) -> None:
        """Give the lock back when an exception from outside broke off the end: nobody else would.

        Transaction and maps hold each other, and the exception may be kept, so that the lock would stay taken.

        Args:
            whole: the engine's transaction, of nested ones the outermost; this does nothing if it has been committed.
        """
        self._forget(self._db._refusals.aborted)
        self._env.writer.over()
        whole.abort()

    def commit(self) -> None:
        """End the transaction and make its changes durable and visible. Called by the end of the ``with`` block.

        Raises:
            DatabaseFull: if the map is full; nothing of the transaction is stored then.
            TransactionClosed: if it has ended already.
            TransactionError: in another thread than the one that began it, if it writes; it stays open. Or if an
                exception from outside, such as KeyboardInterrupt, broke off a write of several records in it; it is
                aborted.

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
        self._require_thread()
        if self._put is self._db._refusals.spoiled:
            self._give_up(self._db._refusals.aborted)
            self._db._refusals.spoiled()
        raw, outers, undo = self._raw, list(self._nested), self._undo
        whole = outers[0] if outers else raw
        try:
            self._forget(self._db._refusals.committed)
            self._env.writer.over()
            raw.commit()
            while outers:
                outers.pop().commit()
        except EngineError as error:
            whole.abort()
            for _, function in reversed(undo):
                function()
            raise translate(error, path=self._db.dbpath) from error
        except BaseException:
            self._let_go(whole)
            raise

    def abort(self) -> None:
        """End the transaction and forget its changes.

        Raises:
            TransactionClosed: if it has ended already.
            TransactionError: as for :meth:`commit`.

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     with db.begin(write=True) as txn:
        ...         _ = txn.put(b"key", b"value")
        ...         txn.abort()
        ...     with db.begin() as txn:
        ...         print(txn.get(b"key"))
        None
        """
        if self._write:
            self._require_thread()
        self._give_up(self._db._refusals.aborted)

    def _give_up(self, refuse: Callable[..., NoReturn]) -> None:
        if not self._write:
            self._leave(self._finish(refuse))
            return
        outers, undo = self._nested, self._undo
        whole = outers[0] if outers else self._raw
        try:
            raw = self._finish(refuse)
            for _, function in reversed(undo):
                function()
            self._env.writer.over()
            raw.abort()
            for outer in reversed(outers):
                outer.abort()
        except BaseException:
            if whole is not None:
                self._let_go(whole)
            raise

    def _spoil(self) -> None:
        """Refuse everything but an abort: of some change there is a part, which must not become visible.

        The engine sees to that itself where it reports an error; exceptions from outside (Ctrl-C, an alarm, a lack of
        memory) it does not know of. What is nested is aborted alone, and the transaction around it goes on.
        """
        self._get = self._put = self._delete = self._pop = self._db._refusals.spoiled

    def _finish(self, refuse: Callable[..., NoReturn]) -> Any:
        raw = self._raw
        if raw is None:
            self._ended()
        self._forget(refuse)
        return raw

    def _forget(self, refuse: Callable[..., NoReturn]) -> None:
        """Become a transaction that has ended."""
        token = self._lease_token
        if token is not None:
            token.alive = False
            self._lease_token = None
        self._get = refuse
        self._raw = self._table = self._map = self._maps = self._kept = None
        if self._write:
            self._put = self._delete = self._pop = refuse
            self._seen = None
            self._nested = self._undo = ()

    def _as_ended(self, db: Any, refuse: Callable[..., NoReturn]) -> Self:
        """Become a transaction that has ended, without having begun."""
        self._db = db
        self._idle = None
        self._put = self._delete = self._pop = refuse
        self._forget(refuse)
        return self

    def _end_with_database(self) -> None:
        """Called when the database is closed under it, or left behind by a program that ends."""
        held = [self._raw]  # with no name of its own: the references to it are counted
        if held[0] is None:
            return
        if not self._write:
            lent = self._take_lent()
            self._forget(self._db._refusals.closed)
            self._env.part(held, lent)
        elif self._owner() is None:  # otherwise its thread ends it, and the environment stays open for so long
            self._give_up(self._db._refusals.closed)

    def _end_with_thread(self) -> None:
        """Called when the thread ends that began it and left it open."""
        if self._raw is not None:
            self._give_up(self._db._refusals.orphaned)

    def _end_with_fork(self) -> None:
        """Called in a child process: the transaction is the parent's, so it is left alone."""
        if self._raw is not None:
            self._forget(self._db._refusals.forked)
            self._take_lent()

    def _ended(self) -> NoReturn:
        refuse: Callable[..., NoReturn] = self._get
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

    def _require_thread(self) -> None:
        """Refuse to go on with a write transaction in another thread than its own.

        The engine's lock is one of a thread: given back by another one it would stay taken, and every later writer wait
        for ever.
        """
        if self._raw is None:
            self._ended()
        writer = self._env.writer
        if writer.ident == get_ident() and writer.raw is not None:
            return
        owner = self._owner()
        if owner is not None:
            raise errors.TransactionError(
                f"{self._db.dbpath}: a write transaction is used and ended by the thread that began it, {owner!r}; "
                f"this is {threading.current_thread().name!r}. It is still open: end it there"
            )
        self._end_with_thread()
        self._ended()

    def _owner(self) -> str | None:
        """The name of another thread that this write transaction belongs to; None if it is this one, or has ended."""
        owner: str | None = self._env.writer.elsewhere()
        return owner

    def _count_puts(self, number: int) -> None:
        if self._stats is not None:
            self._stats.puts += number

    def _count_deletes(self, number: int) -> None:
        if self._stats is not None:
            self._stats.dels += number
