"""Opening a database with its schema: the function :func:`zlmdb.open`."""

from __future__ import annotations

import os
from typing import Any

from zlmdb import errors
from zlmdb.database.database import Database, PathLike
from zlmdb.engine.files import remove_directory, temporary_directory

__all__ = ["open", "unpickle"]

#: Durability: what a crash of the machine may cost. A crash of the program costs nothing that was committed.
DURABILITY = {
    "durable": {"sync": True, "metasync": True},
    "fast": {"sync": True, "metasync": False},
    "unsafe": {"sync": False, "metasync": False},
}
MEMORY = ":memory:"


def open(
    path: PathLike,
    schema: Any = None,
    *,
    maxsize: int | None = None,
    readonly: bool = False,
    create: bool = True,
    durability: str = "durable",
    writemap: bool = False,
    lock: bool = True,
    lib_version: str | None = None,
    allow_pickle: bool = False,
    context: Any = None,
) -> Database:
    """An open database, its schema's tables attached; shared with the other handles of this process on the file.

    Args:
        path: directory of the database, made if it does not exist; or ":memory:" for one that is gone when closed.
        schema: a class derived from ``zlmdb.Schema``, or any class with a static ``attach(db)``; or a table class, or a
            list of table classes; None attaches nothing.
        maxsize: cap of the file's size in bytes; None for no cap.
        readonly: True opens for reading only; the file must exist.
        create: False refuses to make a new file.
        durability: "durable": a commit survives a crash of the machine. "fast": the last commits may be undone by one,
            the file stays sound. "unsafe": nothing is flushed; a crash of the machine may ruin the file.
        writemap: True writes through a writable map, in files of the 0.9 format; see :class:`Database`.
        lock: False leaves locking between processes to the caller.
        lib_version: "1.0" (the default) or "0.9": the LMDB format of a new file.
        allow_pickle: True allows all tables to read pickles.
        context: any object, kept for the program.

    Raises:
        AlreadyOpen: if the file is open in this process with options that conflict; names both places.
        DatabaseNotFound: if it does not exist, and is not to be made.
        DatabaseError: if it cannot be opened; says why.
        SchemaError, TableMismatch, CatalogError, ConstraintError: if the schema does not fit the file.

    >>> import zlmdb
    >>> with zlmdb.open(":memory:") as db:
    ...     db.is_open
    True
    """
    if durability not in DURABILITY:
        raise errors.DatabaseError(f"durability: expected one of {', '.join(DURABILITY)}, found {durability!r}")
    level = DURABILITY[durability]
    in_memory = isinstance(path, str) and path == MEMORY
    if in_memory:
        level = DURABILITY["unsafe"]
    place = _memory_directory() if in_memory else path
    try:
        db = Database(
            place,
            maxsize,
            readonly,
            lock,
            level["sync"],
            create,
            open_now=False,
            writemap=writemap,
            context=context,
            lib_version=lib_version,
            allow_pickle=allow_pickle,
            metasync=level["metasync"],
            _share=True,
        )
        db._is_temp = in_memory
        db._open()
    except BaseException:
        if in_memory:
            remove_directory(os.fsdecode(place), ignore_errors=True)
        raise
    try:
        db._attach_schema(schema)
    except BaseException:
        db.close()
        raise
    return db


def _memory_directory() -> str:
    """A fresh directory in memory, where the system has such; a temporary one elsewhere."""
    shared = "/dev/shm"
    return temporary_directory(shared if os.path.isdir(shared) and os.access(shared, os.W_OK) else None)


def unpickle(path: str, arguments: dict[str, Any], schema: Any, tables: list[type[Any]]) -> Database:
    """The database of a pickled handle: opened, or shared, in the process that reads it."""
    db = Database.open(path, **arguments)
    if schema is not None:
        db._attach_schema(schema)
    else:
        db._attach_schema(tables)
    return db
