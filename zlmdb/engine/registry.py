"""The environments that this process has open: one per file, counted, and forgotten by a forked child.

LMDB must not open a file twice in one process: its locks belong to the process, and closing one would release the
other's. So every handle on a file shares one environment. A file is known by device and inode of its data file, however
its path is spelled.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from zlmdb import errors
from zlmdb.engine.environment import Environment, Options
from zlmdb.engine.files import data_file
from zlmdb.engine.snapshots import begin_otherwise

__all__ = ["acquire", "environments", "release"]

_lock = threading.RLock()
_open: dict[tuple[Any, ...], Environment] = {}
#: Environments that nobody has open any more, and that are not closed yet: arrays still read their memory, or other
#: threads do.
_lingering: list[Environment] = []


def file_key(path: str) -> tuple[Any, ...] | None:
    """Identity of a database's data file, or None if there is none yet."""
    try:
        status = os.stat(data_file(path))
    except OSError:
        return None
    if status.st_ino:
        return ("inode", status.st_dev, status.st_ino)
    return ("path", os.path.normcase(os.path.realpath(path)))


def acquire(path: str, options: Options, *, share: bool) -> Environment:
    """The environment of a file, opened or shared, with one reference more.

    Args:
        path: absolute path of the database.
        options: how it is to be opened. When it is open already: must not conflict with how it was opened.
        share: False insists on being the first and only opener.

    Raises:
        AlreadyOpen: if the file is open and `share` is False, or the options conflict.
        DatabaseNotFound, DatabaseError: as opening raises them.
    """
    with _lock:
        key = file_key(path)
        environment = _open.get(key) if key is not None else None
        if environment is not None:
            _check_shared(environment, path, options, share)
            environment.references += 1
            return environment
        environment = _revived(key, path, options) or Environment(path, options)
        environment.opened_at = _call_site()
        environment.key = file_key(path) or ("path", path)
        environment.references = 1
        _open[environment.key] = environment
        return environment


def _revived(key: tuple[Any, ...] | None, path: str, options: Options) -> Environment | None:
    """A closed environment of the file that could not be unmapped yet; those that can be meanwhile, are."""
    _sweep()
    for environment in _lingering:
        if environment.key == key:
            _check_shared(environment, path, options, share=True)
            _lingering.remove(environment)
            return environment
    return None


def release(environment: Environment) -> None:
    """Give one reference back; the last one closes the environment and ends the transactions left in it."""
    if environment.inherited:
        return  # inherited through a fork: the parent's, and not to be touched
    with _lock:
        environment.references -= 1
        if environment.references > 0:
            environment.release_parted()  # those of handles that were closed before
            return
        # It is one of these until it is closed, also if an exception from outside comes in between.
        _lingering.append(environment)
        if _open.get(environment.key) is environment:
            del _open[environment.key]
        for transaction in environment.live_transactions():
            transaction._end_with_database()
        if environment.close():
            _sweep()


def _sweep() -> None:
    """Close the environments whose last users have gone meanwhile."""
    for environment in _lingering.copy():
        if environment.close() and environment in _lingering:
            _lingering.remove(environment)


def environments() -> list[Environment]:
    """The open environments of this process."""
    with _lock:
        return list(_open.values())


def _check_shared(environment: Environment, path: str, options: Options, share: bool) -> None:
    if not share:
        raise errors.AlreadyOpen(
            f'tried to open "{path}" twice within same process: it is open as {environment.describe()}. '
            "zlmdb.open() and Database.open() share an open database; the constructor Database(path) does not"
        )
    have = environment.options
    if have.readonly and not options.readonly:
        conflict = "readonly"
    elif options.maxsize is not None and have.maxsize is not None and options.maxsize != have.maxsize:
        conflict = "maxsize"
    else:
        # A laxer wish is served by what is open; only durability may not silently be less than asked for.
        conflict = next((name for name in ("sync", "metasync") if getattr(options, name) > getattr(have, name)), "")
    if conflict:
        raise errors.AlreadyOpen(
            f"{path} is open in this process as {environment.describe()} with {conflict}={getattr(have, conflict)!r}, "
            f"and cannot be shared by {_call_site()}, which asks for {conflict}={getattr(options, conflict)!r}"
        )


def _call_site() -> str:
    frame = sys._getframe(1)
    package = __name__.partition(".")[0]
    while str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
        if frame.f_back is None:
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _forget_parent() -> None:
    """In a forked child: the parent's environments are neither ours to use nor ours to close.

    Closing one here, or ending a transaction in it, would free the parent's reader slots or its write lock, because
    they lie in memory shared with it. So every inherited object is kept alive for good, its transactions are ended on
    our side only, and py-lmdb's guard against opening a file twice is told that this is another process now.
    """
    global _lock
    _lock = threading.RLock()
    inherited = [*_open.values(), *_lingering]
    if not inherited:
        return
    _open.clear()
    _lingering.clear()
    import ctypes

    import lmdb._envid as guard

    living = {environment: environment.live_transactions() for environment in inherited}
    if any(living.values()):
        _end_scans()
    for environment, transactions in living.items():
        for transaction in transactions:
            transaction._end_with_fork()
        environment.live.clear()
        environment.writer = None
        environment.inherited = True
        environment.begin_read = begin_otherwise
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(environment.raw))
    keys_of_parent: Any = guard.env_keys
    pid = os.getpid()

    def env_keys(path: Any, subdir: bool) -> tuple[Any, ...]:
        return tuple((*key, pid) for key in keys_of_parent(path, subdir))

    guard.env_keys = env_keys


def _end_scans() -> None:
    """Close the cursors of scans that are under way, so that they raise instead of reading what the parent writes over.

    A scan does not look at its transaction for each row, and nobody knows the scans of a transaction, so they are
    looked for among all generators; that is for the rare fork in the midst of reading. Closing a cursor frees memory of
    this process alone.
    """
    import gc
    from types import GeneratorType

    import lmdb

    package = os.path.dirname(os.path.dirname(__file__))
    for found in gc.get_objects():
        if type(found) is not GeneratorType or found.gi_frame is None:
            continue
        cursor = found.gi_frame.f_locals.get("cursor")
        if isinstance(cursor, lmdb.Cursor) and found.gi_code.co_filename.startswith(("<zlmdb ", package)):
            cursor.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
