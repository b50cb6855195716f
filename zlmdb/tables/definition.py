"""What a table is, as plain data: no handle, no file, printable and comparable.

A :class:`TableDefinition` is made from a map class once (by ``@zlmdb.table`` or on first use) and read by everything
else: the compiler, the catalog, the type checks at attach, the command line.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from zlmdb import errors, keys, values
from zlmdb._data import Data
from zlmdb.keys.base import KeyCodec
from zlmdb.values.base import ValueCodec

try:
    # As hashlib gives it where it has no OpenSSL: loading that takes longer than opening a database.
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha1

__all__ = [
    "NIL",
    "IndexDefinition",
    "Later",
    "TableDefinition",
    "format_of",
    "key_codec",
    "oid_of_index",
    "value_codec",
]


#: Stands for the identity of what has none.
NIL = uuid.UUID(int=0)


def oid_of_index(table: uuid.UUID, name: str) -> uuid.UUID:
    """Identity of an index: the UUID of version 5 of its name in the namespace of its table's identity.

    >>> table = uuid.UUID("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01")
    >>> oid_of_index(table, "by_city") == uuid.uuid5(table, "by_city")
    True
    """
    return uuid.UUID(bytes=sha1(table.bytes + name.encode()).digest()[:16], version=5)


class Later:
    """A codec in a declaration that is looked up, or made, when a table is declared, and its module loaded then.

    Args:
        make: gives the codec, or its class.
    """

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    @staticmethod
    def settled(declared: Any) -> Any:
        """What a declaration says, whether it was said to be given later or not."""
        return declared.make() if isinstance(declared, Later) else declared


class IndexDefinition(Data, apart=("oid",)):
    """An index: which rows it lists under which key.

    Attributes:
        name: its name, unique within the table.
        fields: names of the row's fields that make its key; empty if `function` does.
        function: row -> key, a tuple for a composite key; None if `fields` do.
        key: codec of its key.
        unique: at most one row under a key.
        nullable: rows whose key is None, or has a None in it, are left out; otherwise they are refused.
        where: row -> bool: only rows for which it is true are listed; None lists all.
        version: to be raised when `function` or `where` change their meaning: the index is rebuilt then.
        oid: identity, under which the catalog knows its slot: :func:`oid_of_index`; the nil UUID if its table has none.
    """

    name: str
    fields: tuple[str, ...]
    function: Callable[[Any], Any] | None
    key: KeyCodec[Any]
    unique: bool = False
    nullable: bool = False
    where: Callable[[Any], bool] | None = None
    version: int = 0
    oid: uuid.UUID = NIL

    def describe(self) -> dict[str, Any]:
        """What the file must remember of it: if this changes, the index is built anew."""
        return {
            "fields": list(self.fields),
            "function": self.function is not None,
            "key": self.key.name,
            "unique": self.unique,
            "nullable": self.nullable,
            "where": self.where is not None,
            "version": self.version,
        }


class TableDefinition(Data, apart=("options",)):
    """A table: identity, key and value codecs, primary key and indexes.

    Attributes:
        name: the class's name; may change, the identity is `oid`.
        oid: identity; None for a map used without a catalog.
        description: the class's docstring, or None.
        key: codec of the primary key.
        value: codec of the values.
        pk: names of the row's fields that hold the primary key; empty if rows do not know their key.
        indexes: the declared indexes.
        earlier: declared wholly in the style of earlier releases: nothing beside the catalog record is stored for it.
        earlier_key: codec of the key bytes that earlier releases wrote for this map, if they differ from `key`'s.
    """

    name: str
    key: KeyCodec[Any]
    value: ValueCodec[Any]
    oid: uuid.UUID | None = None
    description: str | None = None
    pk: tuple[str, ...] = ()
    indexes: tuple[IndexDefinition, ...] = ()
    earlier: bool = False
    earlier_key: KeyCodec[Any] | None = None
    options: Mapping[str, Any] = MappingProxyType({})

    def identity(self) -> dict[str, Any]:
        """What the file must remember of the table's types, and compares on the next attach."""
        return {"key": self.key.name, "value": self.value.name, "pk": list(self.pk)}

    def with_key(self, key: KeyCodec[Any]) -> TableDefinition:
        """The same table with another key layout."""
        return self.but(key=key)


def key_codec(declared: Any, *, where: str) -> KeyCodec[Any]:
    """A key codec from what a declaration says: a codec, a codec class, or a tuple of them.

    Raises:
        SchemaError: if `declared` is something else; `where` says where it stands.
    """
    if isinstance(declared, KeyCodec):
        return declared
    if isinstance(declared, type) and issubclass(declared, KeyCodec):
        return declared()
    if isinstance(declared, tuple) and declared:
        parts = tuple(key_codec(part, where=where) for part in declared)
        return parts[0] if len(parts) == 1 else keys.Composite(parts)
    raise errors.SchemaError(
        f"{where}: expected a key codec such as zlmdb.Uuid, or a tuple of them, found {errors.short(declared)}"
    )


def value_codec(declared: Any, record: Any, options: dict[str, Any], *, where: str) -> ValueCodec[Any]:
    """A value codec from what a declaration says.

    Args:
        declared: a value codec, its class, or the class of a key codec whose bytes are to be stored as values.
        record: type of the values, or None.
        options: marshal, parse, build, cast, compress, allow_pickle; those that are None are ignored.
        where: what to name in an error.

    Raises:
        SchemaError: if `declared` is no codec, or an option does not fit it.
    """
    codec = _plain_codec(declared, record, options, where)
    compress = options.get("compress")
    if compress is not None:
        return values.compressed(codec, compress)
    return codec


def format_of(declared: Any) -> str:
    """The name of the format of values that a codec class stands for; "" if it is no class of this package.

    Told by where the class is from, because a format that is not loaded cannot be the one, and need not be.
    """
    return declared.__name__ if isinstance(declared, type) and declared.__module__.startswith("zlmdb.values.") else ""


_CONVERTERS = ("marshal", "parse")
_BUILDERS = ("build", "cast")


def _plain_codec(declared: Any, record: Any, options: dict[str, Any], where: str) -> ValueCodec[Any]:
    if isinstance(declared, ValueCodec):
        return declared
    if isinstance(declared, type) and issubclass(declared, KeyCodec):
        twin = getattr(values, declared.__name__, None)
        if twin is None:
            raise errors.SchemaError(f"{where}: {declared.__name__} is a key codec, and cannot store values")
        declared = twin
    if not (isinstance(declared, type) and issubclass(declared, ValueCodec)):
        raise errors.SchemaError(f"{where}: expected a value codec such as zlmdb.Cbor, found {errors.short(declared)}")
    given = {name: option for name, option in options.items() if option is not None and name != "compress"}
    allowed: tuple[str, ...] = ()
    form = format_of(declared)
    if form in ("Json", "Cbor"):
        allowed = _CONVERTERS
    elif form == "Pickle":
        allowed = (*_CONVERTERS, "allow_pickle")
    elif form == "FlatBuffers":
        allowed = _BUILDERS
    if form not in ("Json", "Cbor", "FlatBuffers", "Numpy", "Pickle"):
        record = None  # the type parameter of a map of plain values only serves the type checker
    unfit = [name for name in given if name not in allowed and name != "allow_pickle"]
    if unfit:
        raise errors.SchemaError(
            f"{where}: {', '.join(unfit)} cannot be given for values of {declared.__name__}; "
            "marshal and parse go with Json, Cbor and Pickle, build and cast with FlatBuffers"
        )
    if record is not None and given.keys() & {*_CONVERTERS, *_BUILDERS}:
        record = None  # explicit converters win over the type parameter
    codec: ValueCodec[Any] = declared(record, **{name: given[name] for name in given if name in allowed})
    return codec
