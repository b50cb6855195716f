"""One open environment: what py-lmdb opens, plus growth of the map and the transactions that live in it.

The map. Without a cap a large stretch of address space is reserved (the file stays as small as its data), so the map
never has to grow. Where that is impossible (a writable map, a limit on address space, 32 bits, Windows) the map starts
small and grows ahead of need when a write transaction begins, as long as no other transaction of this process is open,
because LMDB cannot move the map under a living transaction.

Readers of files of the LMDB 1.0 format. A reader first writes down the number of the last commit, which keeps the pages
of that commit and all later ones from being used again, and then copies where the trees begin. If it is put to sleep
between the two while others commit, it gets the trees of a later commit: a sound snapshot under a number too low. But
py-lmdb 3.0.0 takes pages that are newer than that number for damage (a check that it adds to LMDB 1.0, against forged
files), so that everything the reader asks is answered with CorruptedError. Seen with four processes that read beside
one that writes, every few million transactions. Every commit makes a new root, so the first page that such a reader
looks at tells: if that cannot be read, nobody has read anything yet, and it is begun again. (That is asked when the
engine first reports damage, so a reader that meets real damage after it has read other pages is begun again, too, and
may see a later commit from then on; the damage is reported all the same, unless that commit has replaced the page.)
"""

from __future__ import annotations

import errno
import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import lmdb
import lmdb._envid  # by itself it would be loaded when the first file is opened

from zlmdb import errors
from zlmdb.engine import space
from zlmdb.engine.faults import translate
from zlmdb.engine.files import data_file, missing, size_and_format, young
from zlmdb.engine.options import LIB_VERSIONS, Options
from zlmdb.engine.readers import CHECK_EVERY, FREE_EVERY, warn_of_old
from zlmdb.engine.snapshots import Snapshots
from zlmdb.engine.space import DEFAULT_MAXSIZE
from zlmdb.engine.watch import FileWatch
from zlmdb.engine.writer import Writer

__all__ = ["DEFAULT_MAXSIZE", "Environment", "Options"]

#: A growing map is enlarged when less than this fraction of it is unused.
HEADROOM = 0.5
#: How many times as large as the file a map becomes that others have written beyond.
AHEAD = 2
MAX_READERS = 1024
#: The key that a reader looks for to see whether it can read: where the catalog begins. It need not be there.
PROBE = b"\0\0"
#: How often a reader is begun until the file is held to be damaged.
PROBES = 100
#: Every transaction clears room for so many; from some fifty on that takes longer than all else that begins it.
MAX_NAMED = 32


class Environment(Snapshots):
    """An open LMDB environment, shared by all handles of this process on one file.

    Args:
        path: absolute path of the directory (or of the data file, if it is one).
        options: how to open it.

    Raises:
        DatabaseNotFound: if there is nothing at `path`, or only an empty file, and `options.create` is False or
            `options.readonly` is True.
        AlreadyOpen: if a program outside zlmdb has the file open in this process.
        DatabaseError: if the file is damaged, no database, or not accessible.
    """

    def __init__(self, path: str, options: Options) -> None:
        super().__init__()
        self.path = path
        self.options = options
        self.pid = os.getpid()
        self.key: tuple[Any, ...] = ()
        self.references = 0
        self.opened_at = ""
        self.capped = options.maxsize is not None
        #: Weak references to the live transactions: closing and forking end them.
        self.live: set[weakref.ref[Any]] = set()
        self.forget = self.live.discard
        #: The attached maps of this process.
        self.handles: weakref.WeakSet[Any] = weakref.WeakSet()
        #: True in a process forked from the one that opened it: it is not to be touched.
        self.inherited = False
        #: The last write transaction of this process; LMDB would wait for itself if its thread began a second one.
        self.writer: Writer | None = None
        #: Key and value types of the tables attached by this process, by identity: a table is read in one way only.
        self.identities: dict[Any, dict[str, Any]] = {}
        #: The catalog as it was last read, with the number of the commit that it was read from; kept by who reads it.
        self.catalog: Any = None
        #: The generation of the file's declarations that the attached maps were last compared with.
        self.generation = 0
        #: True if one of the attached maps is declared otherwise in the file.
        self.outdated = False
        #: Held while the attached maps are compared, or one is added.
        self.attaching = threading.RLock()
        self._lock = threading.Lock()
        #: How many write transactions were begun, and the old readers that were warned of.
        self._begun = 0
        #: Looks whether the file is where it was.
        self.watch = FileWatch(path)
        self._warned: set[tuple[int, int]] = set()
        #: True if the map is small and is to be enlarged as the data grow.
        self.grows = False
        #: True if the engine writes through a writable map.
        self.writemap = False
        self.raw = self._open()
        self._check_namespace()
        self._check_length()
        if not options.readonly and options.lock:
            self.raw.reader_check()
        self.max_key_size: int = self.raw.max_key_size()
        self.begin_raw: Callable[..., Any] = self.raw.begin
        self.begin_read = self.raw.begin
        #: True if a reader is to look whether it can read, see above.
        self.probes = self.lib_version == "1.0"

    def _open(self) -> Any:
        """Open the file; again, if another process was just making it, or making it longer than the map."""
        room = 1
        for pause in (0.01, 0.04, 0.16, 0.64):
            try:
                return self._open_once(room)
            except errors.DatabaseError as error:
                half_made = isinstance(error.__cause__, (lmdb.VersionMismatchError, lmdb.InvalidError))
                if isinstance(error.__cause__, lmdb.MapResizedError):
                    room = AHEAD
                elif not half_made or not young(data_file(self.path)):
                    raise
                time.sleep(pause)
        return self._open_once(room)

    def _open_once(self, room: int) -> Any:
        options = self.options
        file = data_file(self.path)
        try:
            size, found = size_and_format(file)
            # What was broken off before it wrote anything, such as the copy of a database, leaves an empty file.
            exists, empty = size > 0, size == 0
        except FileNotFoundError:
            size, found, exists, empty = 0, None, False, False
        except OSError as error:
            raise self._system_error(error) from error
        if not exists and (options.readonly or not options.create):
            raise errors.DatabaseNotFound(
                f"there is no database at {self.path}"
                + (", only an empty file" if empty else "")
                + ("; a read-only handle does not create one" if options.readonly else " and create=False was given")
            )
        # An existing file has its own format, and the engine finds it.
        version: dict[str, Any] = {} if found else {"lib_version": LIB_VERSIONS[options.lib_version]}
        # LMDB 1.0 (up to 1.0.2 at least) aborts the process when pages are freed under a writable map. What is promised
        # of it is kept by an ordinary map: the data, and the length of a fresh file.
        self.writemap = options.writemap and (found or options.lib_version) == "0.9"
        problem: Exception | None = None
        for mapsize in space.sizes(options.maxsize, size * room, writemap=self.writemap):
            try:
                raw = lmdb.open(
                    self.path,
                    map_size=mapsize,
                    subdir=file != self.path,
                    readonly=options.readonly,
                    create=options.create,
                    lock=options.lock,
                    sync=options.sync,
                    metasync=options.metasync,
                    writemap=self.writemap,
                    max_readers=MAX_READERS,
                    max_dbs=MAX_NAMED,
                    # The engine's own transaction is kept, too, with its place in the reader table. py-lmdb advises
                    # against that where programs fork; but a child does not touch what it inherits.
                    max_spare_txns=1,
                    **version,
                )
            except (lmdb.MemoryError, lmdb.InvalidParameterError, OverflowError) as error:
                problem = error  # the system does not give that much address space, or does not know so much: try less
                continue
            except lmdb.Error as error:
                raise self._open_error(error) from error
            except FileNotFoundError as error:
                raise errors.DatabaseNotFound(
                    f"{self.path}: its parent directory does not exist, and is not made; make it first"
                ) from error
            except OSError as error:
                raise self._system_error(error) from error
            self.grows = options.maxsize is None and space.is_small(mapsize)
            if options.writemap and not self.writemap and not exists:
                os.truncate(file, options.maxsize or DEFAULT_MAXSIZE)
            return raw
        if isinstance(problem, lmdb.InvalidParameterError):
            raise self._open_error(problem) from problem
        raise errors.DatabaseError(f"{self.path}: the system gives no address space for its map") from problem

    def _system_error(self, error: OSError) -> errors.DatabaseError:
        hint = "; ask for the permission, or take another path" if isinstance(error, PermissionError) else ""
        return errors.DatabaseError(f"{self.path} cannot be opened: {error.strerror}{hint}")

    def _open_error(self, error: lmdb.Error) -> Exception:
        text = str(error)
        if "already open in this process" in text:
            return errors.AlreadyOpen(
                f"tried to open {self.path} twice within same process: it is open outside of zlmdb, through py-lmdb, "
                "or it was replaced by another file while it was open here: close what is open"
            )
        if os.strerror(errno.EAGAIN) in text:
            return self._namespace_error()
        if isinstance(error, lmdb.InvalidError) or "MDB_INVALID" in text:
            return errors.DatabaseError(f"{self.path} is not a database of LMDB (or a damaged one): {text}")
        if isinstance(error, lmdb.VersionMismatchError):
            return errors.DatabaseError(f"{self.path} was made by an LMDB whose format is not known here: {text}")
        if isinstance(error, (lmdb.CorruptedError, lmdb.PageNotFoundError)):
            return errors.DatabaseError(f"{self.path} is damaged: {text}; restore it from a backup")
        if os.strerror(errno.EACCES) in text and self.options.readonly and self.options.lock:
            return errors.DatabaseError(
                f"{self.path} cannot be opened: {text}. A reader takes its place in the lock file, which cannot be "
                "written here; with lock=False it reads without, which is safe as long as nobody writes"
            )
        if os.strerror(errno.EACCES) in text and not self.options.readonly:
            return errors.DatabaseError(
                f"{self.path} cannot be opened: {text}; to write, its directory and files must be writable; to read "
                "only, open it with readonly=True"
            )
        if "No such file" in text:
            return errors.DatabaseNotFound(f"{self.path}: its directory does not exist and could not be made: {text}")
        return errors.DatabaseError(f"{self.path} cannot be opened: {text}")

    def _check_namespace(self) -> None:
        """Take this process's place in the lock file, which no other process with our PID may hold.

        LMDB tells processes apart by PID, and each locks the byte of its PID in the lock file when it first reads. If
        that byte is taken, a process of another PID namespace (another container) has our number; going on would let
        each take the other's readers for its own, and free pages in use.
        """
        try:
            self.raw.begin().abort()
        except (lmdb.ReadersFullError, lmdb.MapResizedError):
            pass  # met when a transaction is really wanted, by freeing slots of dead processes and by a larger map
        except lmdb.Error as error:
            self.raw.close()
            if os.strerror(errno.EACCES) in str(error):
                raise self._namespace_error() from error
            raise self._open_error(error) from error

    def _check_length(self) -> None:
        """Refuse a file that was cut short: touching memory behind the end of a file kills the process.

        A file may be shorter than the number of its pages says, if the last ones were given back before they were ever
        written. So a short file is walked, and refused if it misses a page that is in use.
        """
        path = data_file(self.path)
        expected = (self.raw.info()["last_pgno"] + 1) * self.raw.stat()["psize"]
        if os.path.getsize(path) >= expected:
            return
        try:
            reader = self.raw.begin()
        except lmdb.Error:
            reader = None  # as in _check_namespace()
        try:
            while True:
                size = os.path.getsize(path)
                problem = missing(path)
                if problem is None:
                    return
                if os.path.getsize(path) == size:  # otherwise another process writes to it
                    break
        finally:
            if reader is not None:
                reader.abort()
        self.raw.close()
        raise errors.DatabaseError(f"{self.path} is damaged: it was cut short ({problem}); restore it from a backup")

    def _namespace_error(self) -> errors.AlreadyOpen:
        return errors.AlreadyOpen(
            f"{self.path} is open in another PID namespace (container) by a process with the same PID {self.pid}; LMDB "
            "cannot tell the two apart. Give the containers one PID namespace, or other PIDs"
        )

    @property
    def lib_version(self) -> str:
        """Format of the file: "0.9" or "1.0"."""
        return "1.0" if self.raw.lib_version()[0] >= 1 else "0.9"

    @property
    def maxsize(self) -> int:
        """The cap in bytes, or the size reported when there is none."""
        return self.options.maxsize if self.options.maxsize is not None else DEFAULT_MAXSIZE

    # -- transactions

    def begin(self, buffers: bool) -> Any:
        """A raw read transaction of the engine, after adopting the map where that is due.

        Raises:
            ReadersFull: if the reader table is full even after slots of dead processes were freed.
        """
        if self.pinned:
            self.release_pins()
        problem: lmdb.Error = lmdb.CorruptedError(self.path)
        for _ in range(PROBES):
            try:
                raw = self.begin_raw(None, None, False, buffers)
            except lmdb.Error as error:
                raw = self._begin_again(error, False, buffers)
            try:
                if self.probes:
                    raw.get(PROBE)
                return raw
            except lmdb.CorruptedError as error:
                raw.abort()
                problem = error
        raise translate(problem, path=self.path) from problem

    def begin_write(self) -> Any:
        """A raw write transaction, after growing or adopting the map where that is due; `writer` tells whose it is.

        Raises:
            TransactionError: if this thread holds the write transaction already.
            ReadOnlyDatabase: if the environment is read-only.
        """
        if self.pinned:
            self.release_pins()
        if self.options.readonly:
            raise errors.ReadOnlyDatabase(f"{self.path} is open read-only; a write transaction needs a writable handle")
        writer = self.writer
        if writer is not None and writer.raw is not None:
            self._before_next(writer)
        self._begun += 1
        if not self._begun % FREE_EVERY and self.options.lock:
            self.raw.reader_check()
        if not self._begun % CHECK_EVERY:
            warn_of_old(self.raw, self.path, self._warned)
        if time.monotonic() >= self.watch.due:
            self.watch.check(self.key, self.raw)
        if self.grows and self.grows_now():
            self.grow()
        try:
            raw = self.begin_raw(None, None, True, False)
        except lmdb.Error as error:
            raw = self._begin_again(error, True, False)
        try:
            Writer(self, raw)
            return raw
        except BaseException:
            raw.abort()  # nobody else knows of it yet
            raise

    def _before_next(self, writer: Writer) -> None:
        """Refuse to wait for a writer that this thread is itself, or that nobody will end; end one that is left."""
        owner = writer.elsewhere()
        if owner is None:
            if self.writing() is not None:
                # It may be garbage, as transaction and maps hold each other: then it ends. An exception at the entry of
                # __exit__ leaves one behind.
                gc.collect()
            if self.writing() is not None and writer.is_here():
                raise errors.TransactionError(
                    f"{self.path}: this thread has a write transaction already, and would wait for itself; "
                    "use that transaction, or its savepoint()"
                )
            self.thread_ends(writer)
        elif writer.abandoned:
            raise errors.TransactionError(
                f"{self.path}: thread {owner!r} began a write transaction that nobody ended and nobody holds any more, "
                "and only that thread can give the lock back: it does so when it begins another one, or ends. End "
                "transactions in the thread that begins them"
            )

    def writing(self) -> Any:
        """The open write transaction of this process; None if there is none."""
        return next((txn for txn in self.live_transactions() if txn._write), None)

    def writes_here(self) -> bool:
        """True if this thread has the write transaction open."""
        writer = self.writer
        return writer is not None and writer.is_here()

    def thread_ends(self, writer: Writer) -> None:
        """End a writer that its thread leaves open."""
        transaction = self.writing()
        if transaction is not None and self.writer is writer:
            transaction._end_with_thread()
        writer.abort()

    def _begin_again(self, error: lmdb.Error, write: bool, buffers: bool) -> Any:
        if isinstance(error, lmdb.ReadersFullError) and self.raw.reader_check():
            return self.begin_raw(None, None, write, buffers)
        while isinstance(error, lmdb.MapResizedError):
            self._follow(error)
            try:
                return self.begin_raw(None, None, write, buffers)
            except lmdb.Error as again:
                error = again
        raise translate(error, path=self.path) from error

    def live_transactions(self) -> list[Any]:
        """The transactions of this process that have not ended."""
        # Copied at once: whatever goes through the set may be interrupted by one that is collected.
        return [txn for ref in self.live.copy() if (txn := ref()) is not None and txn._raw is not None]

    # -- growth

    def grows_now(self) -> bool:
        """True if the map may grow, and less than half of it is unused."""
        if self.capped or not self.grows:
            return False
        info = self.raw.info()
        used = (info["last_pgno"] + 1) * self.raw.stat()["psize"]
        return bool(used > info["map_size"] * HEADROOM)

    def grow(self) -> bool:
        """Double the map; False if that cannot be done: a cap, open transactions of this process, no address space."""
        with self._lock:
            self.release_pins()
            self.release_parted()
            if self.capped or self.live_transactions() or self.pinned or self.parted:
                return False
            size = self.raw.info()["map_size"]
            if not space.gives(size):
                return False
            self._resize(size * 2)
            return True

    def _resize(self, size: int) -> None:
        try:
            self.raw.set_mapsize(size)
        except lmdb.Error as error:
            raise translate(error, path=self.path) from error

    def _follow(self, error: lmdb.Error) -> None:
        """Enlarge the map beyond what another process has written behind its end."""
        with self._lock:
            info = self.raw.info()
            used = (info["last_pgno"] + 1) * self.raw.stat()["psize"]
            if used <= info["map_size"]:
                return  # another thread was quicker
            self.release_pins()
            self.release_parted()
            if self.live_transactions() or self.pinned or self.parted:
                raise errors.DatabaseError(
                    f"{self.path}: another process has grown the map, and this process cannot follow while it has "
                    "transactions open, or arrays that read the map; end them and begin again"
                ) from error
            # Not as large as that of the other process, which may have more address space than is to be had here.
            for size in (AHEAD * used, used):
                if space.gives(size - info["map_size"]):
                    self._resize(size)
                    self.grows = not self.capped
                    return
        raise errors.DatabaseError(
            f"{self.path}: another process has grown the map to {used} bytes, and the system gives this one no address "
            "space to follow; raise its limit (ulimit -v), or open the database with less else in memory"
        ) from error

    def close(self) -> bool:
        """Close the environment, if nobody needs it: no array over its map, no thread that is reading or writing."""
        for lent in tuple(self.lending.values()):
            lent.dropped()
        self.release_parted()
        self.release_pins()
        writer = self.writer
        if writer is not None and writer.raw is not None and writer.elsewhere() is None:
            self.thread_ends(writer)
        if self.parted or self.pinned or (writer is not None and writer.raw is not None):
            return False
        self.raw.close()
        return True

    def describe(self) -> str:
        """Path and process, for messages."""
        return f"{self.path} (PID {self.pid}, opened at {self.opened_at or 'an unknown place'})"
