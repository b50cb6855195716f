"""The words with which a record class says more about its FlatBuffers form than its types do.

Types of fields: ``int8`` to ``uint64``, ``float32``, ``float64`` stand for ``int`` and ``float`` of that width.
Details of a field go beside its type, ``Annotated[str, Field(id=3)]``; details of a class into a decorator.
Nothing in here is needed for a plain class: every word has a default.

>>> from typing import Annotated
>>> import dataclasses
>>> @struct
... @dataclasses.dataclass
... class Point:
...     x: float32
...     y: float32
>>> @table(name="Body", namespace="game")
... @dataclasses.dataclass
... class Monster:
...     name: Annotated[str, Field(id=1)]
...     hp: Annotated[int16, Field(id=0, was="health")] = 100
...     at: Point | None = None
>>> mark_of(Monster).name, mark_of(Point).kind
('Body', 'struct')
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar, overload

from zlmdb.errors import SchemaError
from zlmdb.values.faults import MISSING
from zlmdb.values.flat.model import Scalar

__all__ = [
    "Field",
    "Length",
    "Mark",
    "UnionOf",
    "enum",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "mark_of",
    "struct",
    "table",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

int8 = Annotated[int, Scalar("int8")]
int16 = Annotated[int, Scalar("int16")]
int32 = Annotated[int, Scalar("int32")]
int64 = Annotated[int, Scalar("int64")]
uint8 = Annotated[int, Scalar("uint8")]
uint16 = Annotated[int, Scalar("uint16")]
uint32 = Annotated[int, Scalar("uint32")]
uint64 = Annotated[int, Scalar("uint64")]
float32 = Annotated[float, Scalar("float32")]
float64 = Annotated[float, Scalar("float64")]

C = TypeVar("C", bound=type[Any])


@dataclass(frozen=True)
class Field:
    """Details of a field, beside its type in ``Annotated``.

    Args:
        id: its number among the fields of the table, from 0; None: the next free one, in the order of the class. A
            union takes the number before it, too.
        deprecated: True keeps its slot, but neither writes nor reads it: it always reads as its default.
        was: the name it had before; rows written under that name are read under the new one.
        required: True refuses buffers without it; None: if it is neither a scalar nor optional, and has no default.
        default: what a scalar reads as in buffers without it, and what its text form says; MISSING: the default of
            the class, or else 0 (None for an optional one).
        key: True marks the field by which tables in a vector are to be sorted, for programs that search in them.
        name: its name in the schema; None: that of the attribute.
        attributes: more attributes for its text form.
        doc: lines of its documentation.

    >>> import dataclasses
    >>> from typing import Annotated
    >>> from zlmdb import fbs
    >>> @dataclasses.dataclass
    ... class Asset:
    ...     symbol: Annotated[str, fbs.Field(key=True)]
    >>> "symbol: string (key);" in fbs.export(Asset)
    True
    """

    id: int | None = None
    deprecated: bool = False
    was: str | None = None
    required: bool | None = None
    default: Any = MISSING
    key: bool = False
    name: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Length:
    """Number of elements of a struct's array: ``Annotated[list[int32], Length(4)]``, or of its bytes.

    >>> import dataclasses
    >>> from typing import Annotated
    >>> from zlmdb import fbs
    >>> @fbs.struct
    ... @dataclasses.dataclass
    ... class Matrix:
    ...     cells: Annotated[list[fbs.float32], fbs.Length(4)]
    >>> "cells: [float32:4];" in fbs.export(Matrix)
    True
    """

    length: int


@dataclass(frozen=True)
class UnionOf:
    """Names of a union and its members, beside its type: ``Annotated[Cat | Dog, UnionOf("Pet")]``.

    Args:
        name: of the union, without namespace.
        namespace: with dots; None: that of the table that names it first.
        members: names of the members, in their order; None: names of their classes.
        values: numbers of the members; None: 1, 2, 3, ...
        attributes: attributes for its text form.
        doc: lines of its documentation.

    >>> import dataclasses
    >>> from typing import Annotated
    >>> from zlmdb import fbs
    >>> @dataclasses.dataclass
    ... class Cat:
    ...     lives: int
    >>> @dataclasses.dataclass
    ... class Dog:
    ...     name: str
    >>> @dataclasses.dataclass
    ... class House:
    ...     pet: Annotated[Cat | Dog, fbs.UnionOf("Pet")]
    >>> "union Pet { Cat, Dog }" in " ".join(fbs.export(House).split()).replace(", }", " }")
    True
    """

    name: str
    namespace: str | None = None
    members: tuple[str, ...] | None = None
    values: tuple[int, ...] | None = None
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """What a decorator of this file left on a class, as its attribute ``__fbs__``.

    Attributes:
        kind: ``"table"``, ``"struct"`` or ``"enum"``.
        name: its name in the schema; None: that of the class.
        namespace: with dots; None: that of the table that names it first; none, if it is itself the root.
        force_align: of a struct: alignment in bytes, a power of two; None: that of its fields.
        base: of an enum: name of the integer type; None: int32 if that holds all its values.
        bit_flags: of an enum: values are single bits; None: if it is an ``enum.Flag``.
        file_identifier: of a table that is a root: four characters that stand in each buffer; None for none.
        file_extension: of a table that is a root: of files of such buffers; None for none.
        attributes: attributes for its text form.
        doc: lines of its documentation; None: those of the class.
    """

    kind: Literal["table", "struct", "enum"]
    name: str | None = None
    namespace: str | None = None
    force_align: int | None = None
    base: str | None = None
    bit_flags: bool | None = None
    file_identifier: str | None = None
    file_extension: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] | None = None


def mark_of(cls: Any) -> Mark | None:
    """What a decorator of this file left on a class; None for nothing. Marks are not inherited."""
    found = getattr(cls, "__dict__", {}).get("__fbs__")
    return found if isinstance(found, Mark) else None


def _marked(cls: C, mark: Mark) -> C:
    cls.__fbs__ = mark
    return cls


@overload
def struct(cls: C, /) -> C: ...
@overload
def struct(
    *,
    name: str | None = None,
    namespace: str | None = None,
    force_align: int | None = None,
    attributes: dict[str, Any] | None = None,
    doc: tuple[str, ...] | None = None,
) -> Callable[[C], C]: ...
def struct(
    cls: Any = None,
    /,
    *,
    name: str | None = None,
    namespace: str | None = None,
    force_align: int | None = None,
    attributes: dict[str, Any] | None = None,
    doc: tuple[str, ...] | None = None,
) -> Any:
    """A class decorator: records of the class are structs, whose fields lie in place and never change.

    Args:
        name: its name in the schema; None: that of the class.
        namespace: with dots; None: that of the table that names it first.
        force_align: alignment in bytes, a power of two from 1 to 32; None: that of its fields.
        attributes: attributes for its text form.
        doc: lines of its documentation; None: those of the class.

    Raises:
        SchemaError: if `force_align` is no such number.

    >>> import dataclasses
    >>> from zlmdb import fbs
    >>> @fbs.struct
    ... @dataclasses.dataclass
    ... class Point:
    ...     x: fbs.float32
    >>> "struct Point" in fbs.export(Point)
    True
    """
    if force_align is not None and force_align not in (1, 2, 4, 8, 16, 32):
        raise SchemaError(f"struct(): expected force_align to be 1, 2, 4, 8, 16 or 32, found {force_align!r}")
    mark = Mark("struct", name, namespace, force_align, attributes=attributes or {}, doc=doc)
    return (lambda found: _marked(found, mark)) if cls is None else _marked(cls, mark)


def table(
    *,
    name: str | None = None,
    namespace: str | None = None,
    file_identifier: str | None = None,
    file_extension: str | None = None,
    attributes: dict[str, Any] | None = None,
    doc: tuple[str, ...] | None = None,
) -> Callable[[C], C]:
    """A class decorator that names the table of a record class. Not to be confused with ``zlmdb.table``.

    Args:
        name: its name in the schema; None: that of the class.
        namespace: with dots; None: that of the table that names it first; none, if it is itself the root.
        file_identifier: four characters that stand in each buffer of which it is the root; None for none.
        file_extension: of files of such buffers; None for none.
        attributes: attributes for its text form.
        doc: lines of its documentation; None: those of the class.

    Raises:
        SchemaError: if `file_identifier` is not four ASCII characters.

    >>> import dataclasses
    >>> from zlmdb import fbs
    >>> @fbs.table(namespace="shop")
    ... @dataclasses.dataclass
    ... class Shirt:
    ...     name: str
    >>> "namespace shop;" in fbs.export(Shirt)
    True
    """
    if file_identifier is not None and not (len(file_identifier) == 4 and file_identifier.isascii()):
        raise SchemaError(f"table(): expected a file_identifier of four ASCII characters, found {file_identifier!r}")
    mark = Mark(
        "table",
        name,
        namespace,
        file_identifier=file_identifier,
        file_extension=file_extension,
        attributes=attributes or {},
        doc=doc,
    )
    return lambda cls: _marked(cls, mark)


def enum(
    *,
    base: Any = None,
    name: str | None = None,
    namespace: str | None = None,
    bit_flags: bool | None = None,
    attributes: dict[str, Any] | None = None,
    doc: tuple[str, ...] | None = None,
) -> Callable[[C], C]:
    """A class decorator that says how an enumeration of integers is stored.

    Args:
        base: an integer type of this file, or its name (``uint8``, ``"uint8"``); None: int32 if that holds all its
            values, or else int64 or uint64; for flags uint32 or uint64.
        name: its name in the schema; None: that of the class.
        namespace: with dots; None: that of the table that names it first.
        bit_flags: True: its values are single bits, which may be combined; None: if it is an ``enum.Flag``.
        attributes: attributes for its text form.
        doc: lines of its documentation; None: those of the class.

    Raises:
        SchemaError: if `base` is no integer type.

    >>> import enum
    >>> from zlmdb import fbs
    >>> @fbs.enum(base=fbs.uint8)
    ... class Side(enum.IntEnum):
    ...     BUY = 0
    ...     SELL = 1
    >>> "enum Side: uint8" in fbs.export(Side)
    True
    """
    text = base
    if base is not None and not isinstance(base, str):
        marks = [mark.name for mark in getattr(base, "__metadata__", ()) if isinstance(mark, Scalar)]
        text = marks[0] if marks else repr(base)
    if text is not None and text not in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        raise SchemaError(f"enum(): expected an integer type such as uint8 as base, found {text}")
    mark = Mark("enum", name, namespace, base=text, bit_flags=bit_flags, attributes=attributes or {}, doc=doc)
    return lambda cls: _marked(cls, mark)
