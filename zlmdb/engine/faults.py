"""py-lmdb's errors, translated: which error of ours a program sees for which error of the engine.

The classes here are also subclasses of py-lmdb's own, so that a program that catches ``lmdb.MapFullError`` goes on
working.
"""

from __future__ import annotations

import errno
import os

import lmdb

from zlmdb import errors
from zlmdb.engine.files import data_file

__all__ = ["BROKEN", "EngineError", "translate"]

#: The base class of every error that the engine raises.
EngineError = lmdb.Error
#: What it raises for a page that cannot be right, and for whatever is asked of the transaction after that.
BROKEN = (lmdb.CorruptedError, lmdb.BadTxnError)


class MapFull(errors.DatabaseFull, lmdb.MapFullError):
    """DatabaseFull, catchable as ``lmdb.MapFullError``."""


class ReaderTableFull(errors.ReadersFull, lmdb.ReadersFullError):
    """ReadersFull, catchable as ``lmdb.ReadersFullError``."""


class WriteInReadTransaction(errors.ReadOnlyTransaction, lmdb.ReadonlyError):
    """ReadOnlyTransaction, catchable as ``lmdb.ReadonlyError``."""


class NoRoom(errors.DiskFull, lmdb.DiskError):
    """DiskFull, catchable as ``lmdb.DiskError``."""


class Trouble(errors.DatabaseError, lmdb.Error):
    """DatabaseError, catchable as ``lmdb.Error``."""


class UnfitKey(errors.KeyTooLong, lmdb.BadValsizeError):
    """KeyTooLong, catchable as ``lmdb.BadValsizeError``."""


#: How the engine says that the file cannot become longer.
NO_ROOM = ("MDB_SHORT_WRITE", *(os.strerror(number) for number in (errno.ENOSPC, errno.EFBIG)))
if hasattr(errno, "EDQUOT"):
    NO_ROOM += (os.strerror(errno.EDQUOT),)


#: What the engine says in files of the 0.9 format if the system took only a part of what was to be written.
SHORT = os.strerror(errno.EIO)
#: A disk with less room than this is held to be full.
ROOM = 1 << 16


def _fell_short(error: Exception, path: str) -> bool:
    """True for a write that ended at the end of what room there is; False for another error of the disk."""
    if SHORT not in str(error):
        return False
    try:
        file = data_file(path)
        disk = os.statvfs(file)
        if disk.f_bavail * disk.f_frsize < ROOM:
            return True
        import resource  # as statvfs(), not on every system

        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        return limit != resource.RLIM_INFINITY and os.path.getsize(file) > limit - ROOM
    except (OSError, AttributeError, ImportError):
        return False


def translate(error: Exception, *, path: str = "the database") -> Exception:
    """Our error for an error of the engine; the same error if it is not the engine's.

    Args:
        error: what the engine raised; becomes the ``__cause__`` where the caller raises ``... from error``.
        path: the database's path, for the message.
    """
    if isinstance(error, errors.ZlmdbError):
        return error
    if isinstance(error, lmdb.MapFullError):
        return MapFull(
            f"{path} is full: its map has reached the size given as maxsize, or could not be grown while transactions "
            "were open, or without more address space; this transaction cannot be committed. Reopen with a larger "
            "maxsize, leave maxsize out, or do the write through Database.write(), which grows the map and repeats"
        )
    if isinstance(error, lmdb.ReadersFullError):
        return ReaderTableFull(
            f"{path}: every slot of the reader table is taken. End read transactions sooner, or look at "
            "Database.readers() for processes that hold them"
        )
    if isinstance(error, lmdb.ReadonlyError):
        return WriteInReadTransaction(f"{path}: a write in a read transaction; begin it with write=True")
    if isinstance(error, lmdb.BadValsizeError):
        return UnfitKey(
            f"{path}: expected a key of 1 to 511 bytes (1978 in a file of the LMDB 1.0 format), slot included; "
            "found one that is empty or longer"
        )
    if isinstance(error, lmdb.BadTxnError):
        return errors.TransactionError(
            f"{path}: an earlier error has made this transaction unusable; it can only be aborted"
        )
    if isinstance(error, lmdb.Error) and "closed/deleted/dropped" in str(error):
        return errors.TransactionClosed(
            f"{path}: this transaction has ended; begin a new one, and read what you need before its with block ends"
        )
    if isinstance(error, (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.InvalidError)):
        return Trouble(f"{path} is damaged or not a database of LMDB: {error}; restore it from a backup")
    if type(error).__module__.partition(".")[0] != lmdb.__name__:
        return error  # of a class that a program derives, such as that of injected faults: it says what it means
    if isinstance(error, lmdb.DiskError) or any(text in str(error) for text in NO_ROOM) or _fell_short(error, path):
        return NoRoom(
            f"{path} cannot grow: the disk is full, or the file has reached a limit of this process or user "
            f"({error}); nothing of this transaction is stored. Make room, and repeat it"
        )
    if isinstance(error, lmdb.PanicError):
        return Trouble(f"{path}: an earlier error of the disk ended all work on it ({error}); close and open it again")
    return Trouble(f"{path}: {error}")
