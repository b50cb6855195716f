"""A schema: the tables that belong together, as an annotated class."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, get_args, get_type_hints

from zlmdb import errors
from zlmdb.tables.hooks import is_table_class

if TYPE_CHECKING:
    from types import FrameType

    from zlmdb.database.database import Database

    S = TypeVar("S", bound="Schema")
    S_co = TypeVar("S_co", covariant=True)

    class _Attaching(Protocol[S_co]):
        def __call__(self, db: Database) -> S_co: ...

    class _Attach:
        def __get__(self, schema: object, cls: type[S], /) -> _Attaching[S]: ...


__all__ = ["Schema", "tables_of"]


class Schema:
    """Base class of schemas: each annotation that names a table class becomes an attached map.

    >>> import zlmdb
    >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de002")
    ... class Words(zlmdb.MapStringOid):
    ...     "How often a word was seen."
    >>> class Dictionary(zlmdb.Schema):
    ...     words: Words
    >>> with zlmdb.open(":memory:", Dictionary) as db:
    ...     with db.begin(write=True) as txn:
    ...         txn[Words]["zebra"] = 1
    ...     with db.begin() as txn:
    ...         db.schema.words[txn, "zebra"]
    1
    """

    if TYPE_CHECKING:
        #: The database that the tables are attached to.
        db: Database

    @classmethod
    def tables(cls) -> dict[str, type[Any]]:
        """The table classes by the names of their annotations, those of base classes first.

        Raises:
            SchemaError: if an annotation cannot be resolved.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000007")
        ... class Words(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> class Book(zlmdb.Schema):
        ...     words: Words
        >>> list(Book.tables())
        ['words']
        """
        try:
            hints = get_type_hints(cls, localns=_frame_locals(cls))
        except (NameError, TypeError) as error:
            raise errors.SchemaError(
                f"schema {cls.__name__}: an annotation cannot be resolved: {error}; import the table class where the "
                "schema is defined"
            ) from error
        for name, hint in hints.items():
            if any(is_table_class(part) for part in get_args(hint)):
                raise errors.SchemaError(
                    f"schema {cls.__name__}: expected a table class as annotation of {name}, found {hint!r}"
                )
        return {name: hint for name, hint in hints.items() if is_table_class(hint)}

    if TYPE_CHECKING:
        # Not declared as the class method that it is: programs replace it by a static attach(db), which type checkers
        # refuse for a class method. As a variable whose type is inferred it may be replaced by anything.
        attach = _Attach()
    else:

        @classmethod
        def attach(cls, db: Database) -> Self:
            """The schema with all its tables attached, in one transaction.

            Args:
                db: an open database.

            Raises:
                SchemaError, TableMismatch, CatalogError, ReadOnlyDatabase, ConstraintError: as ``db.attach_table``
                    does.

            >>> import zlmdb
            >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000006")
            ... class Words(zlmdb.MapStringOid):
            ...     "How often a word was seen."
            >>> class Book(zlmdb.Schema):
            ...     words: Words
            >>> with zlmdb.open(":memory:") as db:
            ...     book = Book.attach(db)
            ...     with db.begin() as txn:
            ...         book.words.count(txn)
            0
            """
            return _attached(cls, db)


def _attached(cls: type[S], db: Database) -> S:
    """A schema whose tables are attached."""
    tables = cls.tables()
    schema = cls()
    schema.db = db
    for name, handle in zip(tables, db.attach_tables(tables.values()), strict=True):
        setattr(schema, name, handle)
    return schema


def _frame_locals(cls: type[Any]) -> dict[str, Any]:
    """Names that a schema defined inside a function may use in its annotations: those of the calling frames."""
    names: dict[str, Any] = {}
    if "<locals>" not in cls.__qualname__:
        return names
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__:
            for name, value in frame.f_locals.items():
                names.setdefault(name, value)
        frame = frame.f_back
    return names


def tables_of(schema: Any) -> list[type[Any]]:
    """The table classes of a list, or of one class.

    Raises:
        SchemaError: if `schema` is neither a table class nor an iterable of such.
    """
    if is_table_class(schema):
        return [schema]
    if isinstance(schema, Iterable) and not isinstance(schema, (str, bytes)):
        return list(schema)
    raise errors.SchemaError(
        "schema: expected a class derived from zlmdb.Schema, a class with a static attach(db), a table class, or a "
        f"list of table classes, found {schema!r}"
    )
