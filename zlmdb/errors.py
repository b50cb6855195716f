"""The errors that zlmdb raises, one tree under :class:`ZlmdbError`.

.. code-block:: text

    ZlmdbError
    ├── SchemaError                a declaration that cannot be compiled or does not fit the file
    │   ├── SchemaTextError        a schema's text (.fbs) that breaks a rule of its language (also ValueError)
    │   ├── TableMismatch          the file holds this table with another key, value or primary key
    │   └── TableNotAttached       the database does not know this table class (also LookupError)
    ├── DataError                  a key or value that cannot be stored or read
    │   ├── KeyTypeError           a key of the wrong type, or a tuple of the wrong length (also TypeError)
    │   ├── KeyValueError          a key of the right type outside the range of its codec (also ValueError)
    │   │   └── KeyTooLong         a key longer than the engine can hold
    │   ├── ValueTypeError         a value, or a field of it, of the wrong type (also TypeError)
    │   ├── EncodeError            a value that its codec cannot write (also ValueError)
    │   ├── DecodeError            stored bytes that their codec cannot read (also ValueError)
    │   └── PickleNotAllowed       reading pickles was not asked for
    ├── MissingExtra               an optional package that is not installed (also ImportError)
    ├── QueryError                 a query in SQL that cannot be answered (also ValueError)
    ├── ConstraintError            a write that a declared constraint forbids
    │   ├── DuplicateKey           add() of a primary key that exists
    │   ├── NullValueConstraint    None in an index that is not nullable (also RuntimeError)
    │   └── UniqueViolation        a second row under one key of a unique index
    ├── TransactionError           a transaction used in a way it does not allow
    │   ├── TransactionClosed      it has ended, or its process has forked
    │   ├── ReadOnlyTransaction    a write in a read transaction
    │   └── ViewExpired            memory of an ended transaction was touched (also ValueError)
    └── DatabaseError              the file, or this process's handle of it
        ├── DatabaseNotFound       nothing there, and create=False (also FileNotFoundError)
        ├── DatabaseClosed         the handle is not open
        ├── AlreadyOpen            the file is open in this process in a way that excludes this one (also RuntimeError)
        ├── ReadOnlyDatabase       a write to a database opened read-only
        ├── DatabaseFull           the map has reached its cap (also the engine's own error)
        ├── DiskFull               the disk has no room, or the file may not become longer
        ├── ReadersFull            more simultaneous read transactions than the reader table has slots
        └── CatalogError           a record of the catalog that cannot be understood
    OldReaderWarning               a warning: a read transaction that makes the file grow (also UserWarning)

Every error says what was expected, what came, where, and what to do. What a program may want to look at is
an attribute: ``table``, ``key``, ``index``, ``field``, ``expected``, ``found``; None where it does not apply.

>>> error = KeyTypeError("expected uuid.UUID, found str 'abc'", expected="uuid.UUID", found="str")
>>> str(error.located(table="Users"))
"table Users: expected uuid.UUID, found str 'abc'"
>>> error.located(table="Users").table
'Users'
"""

from __future__ import annotations

import reprlib
from typing import Any, Self

__all__ = [
    "AlreadyOpen",
    "CatalogError",
    "ConstraintError",
    "DataError",
    "DatabaseClosed",
    "DatabaseError",
    "DatabaseFull",
    "DatabaseNotFound",
    "DecodeError",
    "DiskFull",
    "DuplicateKey",
    "EncodeError",
    "KeyTooLong",
    "KeyTypeError",
    "KeyValueError",
    "MissingExtra",
    "NullValueConstraint",
    "OldReaderWarning",
    "PickleNotAllowed",
    "QueryError",
    "ReadOnlyDatabase",
    "ReadOnlyTransaction",
    "ReadersFull",
    "SchemaError",
    "SchemaTextError",
    "TableMismatch",
    "TableNotAttached",
    "TransactionClosed",
    "TransactionError",
    "UniqueViolation",
    "ValueTypeError",
    "ViewExpired",
    "ZlmdbError",
]


def short(value: object) -> str:
    """A bounded ``repr`` of a value, for messages: a giant or broken value must not make a giant or broken message."""
    try:
        return _repr.repr(value)
    except Exception:  # a user's __repr__ may raise anything; the message must still come
        return f"<{type(value).__name__}>"


_repr = reprlib.Repr()
_repr.maxstring = 80
_repr.maxother = 80
_repr.maxlong = 60


class ZlmdbError(Exception):
    """The base of every error that zlmdb raises.

    Args:
        message: the whole sentence for a person.
        table: name of the table concerned, or None.
        key: the key concerned, or None.
        index: name of the index concerned, or None.
        field: path of the field concerned (``"address.city"``), or None.
        expected: what was expected, in words, or None.
        found: what came, in words, or None.

    >>> import zlmdb
    >>> try:
    ...     zlmdb.Uint16().encode(65_536)
    ... except zlmdb.ZlmdbError as error:
    ...     type(error).__name__, str(error)
    ('KeyValueError', 'expected int as key, found 65536: the range of uint16 is 0 to 65535')
    """

    table: str | None = None
    key: Any = None
    index: str | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    def __init__(
        self,
        message: str = "",
        /,
        *,
        table: str | None = None,
        key: Any = None,
        index: str | None = None,
        field: str | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        super().__init__(message)
        for name, value in (
            ("table", table),
            ("key", key),
            ("index", index),
            ("field", field),
            ("expected", expected),
            ("found", found),
        ):
            if value is not None:
                setattr(self, name, value)

    @property
    def message(self) -> str:
        """The sentence given to the constructor."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        # KeyError and OSError print their arguments in ways of their own; a message is a sentence.
        return self.message

    def located(self, *, table: str, key: Any = None) -> Self:
        """The same error, saying where: a codec knows what is wrong, only the table knows where.

        Args:
            table: name of the table, put before the message.
            key: the record's key, put before the message when given and not None.
        """
        where = f"table {table}" if key is None else f"table {table}, key {short(key)}"
        error = type(self)(f"{where}: {self.message}")
        error.__dict__.update(self.__dict__)
        error.table = table
        if key is not None:
            error.key = key
        return error


class SchemaError(ZlmdbError):
    """A declaration cannot be compiled, or does not fit what the file holds."""


class SchemaTextError(SchemaError, ValueError):
    """A schema's text that breaks a rule of its language; the message begins with ``file:line:column``.

    Attributes:
        path: name of the file, or ``<text>``.
        line: number of the line, from 1.
        column: number of the character in the line, from 1.
        source_line: the line itself, without its end; shortened if it is very long.
    """

    path: str = "<text>"
    line: int = 1
    column: int = 1
    source_line: str = ""


class TableMismatch(SchemaError):
    """The file holds a table of this identity with another key type, value type or primary key."""


class TableNotAttached(SchemaError, LookupError):
    """The database has no table of this class: attach it, or open the database with a schema that names it."""


class DataError(ZlmdbError):
    """A key or a value that cannot be stored, or stored bytes that cannot be read."""


class KeyTypeError(DataError, TypeError):
    """A key, or a part of a composite key, has the wrong type; or the tuple has the wrong length."""


class KeyValueError(DataError, ValueError):
    """A key has the right type, but a value that its codec cannot hold."""


class KeyTooLong(KeyValueError):
    """The encoded key is longer than the engine's limit (511 bytes; 1978 in files of the LMDB 1.0 format)."""


class ValueTypeError(DataError, TypeError):
    """A value, or a field of a record, has another type than declared."""


class EncodeError(DataError, ValueError):
    """A value that its codec cannot write: too deep, too large, or of a kind that the format does not know."""


class DecodeError(DataError, ValueError):
    """Stored bytes that their codec cannot read; other rows of the table stay readable."""


class PickleNotAllowed(DataError):
    """Reading a pickle can run any code, so it must be asked for with ``allow_pickle=True``."""


class ConstraintError(ZlmdbError):
    """A write that a declared constraint forbids. Nothing was written; the transaction goes on."""


class DuplicateKey(ConstraintError):
    """``add()`` found a row under this primary key; ``put()`` replaces."""


class NullValueConstraint(ConstraintError, RuntimeError):
    """None in the key of an index that is not declared nullable."""


class UniqueViolation(ConstraintError):
    """Another row stands under this key of a unique index."""


class MissingExtra(ZlmdbError, ImportError):
    """Something was asked for that needs an optional package which is not installed; the message says what to run."""


class QueryError(ZlmdbError, ValueError):
    """A query that cannot be answered: not one SELECT statement, or not understood; says what the SQL engine says."""


class TransactionError(ZlmdbError):
    """A transaction was used in a way that it does not allow."""


class TransactionClosed(TransactionError):
    """The transaction has ended (committed, aborted, its database closed, or its process forked)."""


class ReadOnlyTransaction(TransactionError):
    """A write was tried in a transaction begun without ``write=True``."""


class ViewExpired(TransactionError, ValueError):
    """An array or buffer over the memory map was used after its transaction ended."""


class DatabaseError(ZlmdbError):
    """Trouble with the database file, or with this process's handle of it."""


class DatabaseNotFound(DatabaseError, FileNotFoundError):
    """There is no database at this path, and it was not to be created."""


class DatabaseClosed(DatabaseError):
    """The handle is closed, or was never opened."""


class AlreadyOpen(DatabaseError, RuntimeError):
    """The same file is open in a way that excludes opening it like this."""


class ReadOnlyDatabase(DatabaseError):
    """A write was asked of a database that is open read-only."""


class DatabaseFull(DatabaseError):
    """The map has reached its size; nothing of this transaction is stored."""


class DiskFull(DatabaseError):
    """The disk has no room, or the file may not become longer; nothing of this transaction is stored."""


class ReadersFull(DatabaseError):
    """Every slot of the reader table is taken by a live read transaction."""


class CatalogError(DatabaseError):
    """A record of the catalog cannot be understood; the message names its slot."""


class OldReaderWarning(UserWarning):
    """A read transaction has been open for so many commits that the file grows for its sake."""
