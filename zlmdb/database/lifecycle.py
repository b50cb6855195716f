"""The life of a handle on a database: options, opening and closing, and what it tells of itself."""

from __future__ import annotations

import atexit  # noqa: F401  # weakref.finalize would import it when the first database is opened
import os
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from zlmdb import errors
from zlmdb.database import generation
from zlmdb.database.place import check_path, place_of
from zlmdb.database.refusals import Refusals
from zlmdb.engine import DEFAULT_MAXSIZE, Environment, Options, acquire, release
from zlmdb.engine.files import remove_directory, remove_files, temporary_directory

if TYPE_CHECKING:
    from zlmdb.database.idle import Idle

__all__ = ["Lifecycle", "PathLike"]

PathLike = str | bytes | os.PathLike[Any]


class Lifecycle:
    """What a database is before and after it is worked with; see :class:`zlmdb.Database`."""

    def __init__(
        self,
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
        _share: bool = False,
    ) -> None:
        if dbpath is not None and not isinstance(dbpath, (str, bytes, os.PathLike)):
            raise errors.DatabaseError(f"dbpath: expected a path, or None for a temporary database, found {dbpath!r}")
        self.log = log
        if dbpath is not None and not os.fspath(dbpath):
            raise errors.DatabaseError("dbpath: expected a path, or None for a temporary database, found an empty one")
        if dbpath is not None:
            check_path(os.fsdecode(dbpath))
        self._is_temp = dbpath is None
        self._context = context
        self._options = Options(
            readonly=readonly,
            lock=lock,
            sync=sync,
            metasync=metasync,
            writemap=writemap,
            maxsize=None if maxsize == 0 else maxsize,
            create=create,
            lib_version=lib_version or "1.0",
        )
        # Made only now, when the options are known to be right.
        self._dbpath = temporary_directory() if dbpath is None else os.fsdecode(dbpath)
        #: Where the file lies, whatever the working directory becomes.
        self._place = place_of(self._dbpath)
        if self._is_temp:
            weakref.finalize(self, remove_directory, self._place, ignore_errors=True)
        self._open_now = open_now
        self._share = _share
        self._allow_pickle = allow_pickle
        self._env: Environment | None = None
        self._refusals = Refusals(self._dbpath)
        self._lib_version: str | None = None
        self._finalizer: Any = None
        #: All attached maps, as long as the program holds them.
        self._handles: weakref.WeakSet[Any] = weakref.WeakSet()
        #: Attached maps by table class: what ``txn[Table]`` looks up.
        self._tables: dict[type[Any], Any] = {}
        #: Read transactions that may be used again.
        self._idle: Idle | None = None
        #: What ``schema.attach()`` gave, for a database opened with a schema.
        self.schema: Any = None
        if open_now:
            try:
                self._open()
            except BaseException:
                if self._is_temp:
                    remove_directory(self._place, ignore_errors=True)
                raise

    # -- opening and closing

    @staticmethod
    def scratch(dbpath: PathLike) -> None:
        """Remove a database's directory with all that is in it, or its file; silent if there is nothing.

        Of a symbolic link, only the link is removed. Close the database first: a program that has it open goes on with
        files that have no name any more, and what it commits is lost when it closes them.

        >>> import os, zlmdb
        >>> zlmdb.open("old.zdb").close()
        >>> zlmdb.Database.scratch("old.zdb")
        >>> os.path.exists("old.zdb")
        False
        """
        path = os.fsdecode(dbpath)
        if os.path.islink(path):
            os.unlink(path)
        elif os.path.isdir(path):
            remove_directory(path)
        elif os.path.exists(path):
            remove_files(path)

    def _open(self) -> None:
        path = self._place
        if self._is_temp and not os.path.isdir(path):
            os.mkdir(path)
        env = acquire(path, self._options, share=self._share)
        if self._is_temp:
            env.watch.transient = True
        self._finalizer = weakref.finalize(self, _give_back, env, path if self._is_temp else None)
        try:
            self._env = env
            self._renew()
            # Opened again, or in a forked child: the file may have been declared otherwise meanwhile.
            for handle in tuple(self._handles):
                generation.watch(env, handle, 0)
            self._lib_version = env.lib_version
        except BaseException:
            self._env = None
            self._finalizer()
            raise

    def _renew(self) -> None:
        """Use no transaction again that has ended, or will end, because its map may be that of other tables."""
        raise NotImplementedError

    def _rejoin(self, transaction: Any) -> Self:
        """The database of a transaction that begins; :class:`zlmdb.database.idle.Idle` may stand in its place."""
        return self

    def _environment(self) -> Environment:
        """The open environment; in a forked child, opened anew.

        Raises:
            DatabaseClosed: if the handle is closed.
        """
        env = self._env
        if env is None:
            raise errors.DatabaseClosed(
                f"{self._dbpath}: this handle is {'closed' if self._finalizer else 'not open'}; "
                "use it in a with block, or open the database again"
            )
        if env.inherited:
            self._share = True
            self._open()
            return self._environment()
        return env

    def close(self) -> None:
        """Close the handle, and end its transactions; the last one of this process closes the file.

        A temporary database is removed. Closing twice does nothing. A scan that another thread is in the midst of goes
        on to its end.

        Raises:
            TransactionError: if another thread is in a write transaction of this handle: only that thread can end it.

        >>> import zlmdb
        >>> db = zlmdb.open(":memory:")
        >>> db.close()
        >>> db.is_open
        False
        """
        if self._env is not None:
            ours = [transaction for transaction in self._env.live_transactions() if transaction._db is self]
            for transaction in ours:
                if transaction._write and (owner := transaction._owner()) is not None:
                    raise errors.TransactionError(
                        f"{self._dbpath}: cannot be closed while thread {owner!r} is in a write transaction of this "
                        "handle, because only that thread can end it: wait for it"
                    )
            for transaction in ours:
                transaction._end_with_database()
            self._env = None
            self._renew()
            self._finalizer()

    def __enter__(self) -> Self:
        if self._env is None:
            self._open()
            if self.schema is not None or self._tables:
                self._reattach()
        return self

    def _reattach(self) -> None:
        """Place the attached maps of a database that was closed in the file as it is now."""
        raise NotImplementedError

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<database {self._dbpath}, {'open' if self.is_open else 'closed'}>"

    def __reduce__(self) -> Any:
        options = self._options
        arguments = {
            "maxsize": options.maxsize,
            "readonly": options.readonly,
            "lock": options.lock,
            "sync": options.sync,
            "metasync": options.metasync,
            "writemap": options.writemap,
            "create": options.create,
            "lib_version": options.lib_version,
            "allow_pickle": self._allow_pickle,
            "context": self._context,
        }
        if self._is_temp:
            raise TypeError("a temporary database cannot be pickled: it is removed when this process closes it")
        schema = type(self.schema) if self.schema is not None else None
        from zlmdb.database.opening import unpickle

        return unpickle, (self._place, arguments, schema, list(self._tables))

    # -- properties

    @property
    def context(self) -> Any:
        """The object given by the program."""
        return self._context

    @property
    def dbpath(self) -> str:
        """The path, as it was given; of the temporary directory, for a temporary database."""
        return self._dbpath

    @property
    def maxsize(self) -> int:
        """The cap in bytes; 10485760 if none was given."""
        return self._options.maxsize or DEFAULT_MAXSIZE

    @property
    def is_sync(self) -> bool:
        """True if commits are flushed to the disk."""
        return self._options.sync

    @property
    def is_readonly(self) -> bool:
        """True if opened for reading only."""
        return self._options.readonly

    @property
    def is_writemap(self) -> bool:
        """True if written through a writable map."""
        return self._options.writemap

    @property
    def is_open(self) -> bool:
        """True between opening and closing."""
        return self._env is not None

    @property
    def lib_version(self) -> str | None:
        """Format of the file, "0.9" or "1.0"; None before it was first opened."""
        return self._lib_version

    def config(self) -> dict[str, Any]:
        """How the handle was configured: is_temp, dbpath, maxsize, readonly, lock, sync, create, open_now, writemap and
        context (as text, or None).

        >>> import zlmdb
        >>> with zlmdb.open(":memory:") as db:
        ...     db.config()["is_temp"], db.config()["readonly"]
        (True, False)
        """
        options = self._options
        return {
            "is_temp": self._is_temp,
            "dbpath": self._dbpath,
            "maxsize": self.maxsize,
            "readonly": options.readonly,
            "lock": options.lock,
            "sync": options.sync,
            "create": options.create,
            "open_now": self._open_now,
            "writemap": options.writemap,
            "context": None if self._context is None else str(self._context),
        }


def _give_back(env: Environment, temporary: str | None) -> None:
    """Close a handle: also run when it is dropped without closing."""
    release(env)
    if temporary is not None and not env.inherited:
        remove_directory(temporary, ignore_errors=True)
