"""A FlatBuffers schema as plain data: what a ``.fbs`` file says, and what a record class declares.

Everything that makes, prints, compares or compiles schemas meets here. Nothing in it knows classes or buffers.

Source of the rules: the FlatBuffers documentation, "Schema" and "FlatBuffer Internals".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "SCALARS",
    "Array",
    "Declaration",
    "Enum",
    "Field",
    "Member",
    "Ref",
    "Scalar",
    "Schema",
    "String",
    "Struct",
    "Table",
    "Type",
    "Union",
    "Vector",
]

#: The scalar types by their canonical names: (size in bytes, format character of ``struct``, NumPy dtype).
SCALARS: dict[str, tuple[int, str, str]] = {
    "bool": (1, "?", "?"),
    "int8": (1, "b", "i1"),
    "uint8": (1, "B", "u1"),
    "int16": (2, "h", "<i2"),
    "uint16": (2, "H", "<u2"),
    "int32": (4, "i", "<i4"),
    "uint32": (4, "I", "<u4"),
    "int64": (8, "q", "<i8"),
    "uint64": (8, "Q", "<u8"),
    "float32": (4, "f", "<f4"),
    "float64": (8, "d", "<f8"),
}


@dataclass(frozen=True)
class Scalar:
    """A number or a truth value, by its canonical name: ``int32``, never ``int``."""

    name: str


@dataclass(frozen=True)
class String:
    """UTF-8 text."""


@dataclass(frozen=True)
class Ref:
    """A declared table, struct, enum or union, by its full name ``namespace.Name``."""

    name: str


@dataclass(frozen=True)
class Vector:
    """``[T]``: any number of elements."""

    element: Type


@dataclass(frozen=True)
class Array:
    """``[T:N]``: `length` elements, in place; a struct's field only."""

    element: Scalar | Ref
    length: int


Type = Scalar | String | Ref | Vector | Array


@dataclass(frozen=True)
class Field:
    """A field of a table or struct.

    Attributes:
        name: its name.
        type: its type.
        id: number of its slot in the vtable, from 0; a field whose type is a union (or a vector of unions) takes the
            slot before it, too, for the type. Of a struct's field: its position.
        default: of a scalar (also of an enum: its number) or string in a table; None for an optional scalar
            (``= null``) and for everything that has no default.
        required: the buffer is not valid without it; of non-scalars.
        deprecated: it keeps its slot, and is neither written nor read.
        key: tables in a vector are sorted by it.
        attributes: other attributes, as they stand in the text, in order.
        doc: lines of its documentation.
    """

    name: str
    type: Type
    id: int
    default: int | float | bool | str | None = None
    required: bool = False
    deprecated: bool = False
    key: bool = False
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table: fields in the order of their declaration, whose ids say where they are found."""

    name: str
    fields: tuple[Field, ...]
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Struct:
    """A struct: scalars, enums, arrays and structs in place, aligned; it never changes.

    Attributes:
        force_align: alignment in bytes, if it is more than that of the fields; None otherwise.
    """

    name: str
    fields: tuple[Field, ...]
    force_align: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """A value of an enum: its name and number."""

    name: str
    value: int
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Enum:
    """Named integers.

    Attributes:
        base: the scalar they are stored as, an integer type.
        bit_flags: the members' values are bits (``1 << n`` of what stands in the text), and may be combined.
    """

    name: str
    base: Scalar
    members: tuple[Member, ...]
    bit_flags: bool = False
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Union:
    """One of several tables (also structs or strings); its type is a uint8 that counts from 1, 0 is NONE.

    Attributes:
        members: (name of the member, its type), in the order of their numbers, without NONE.
        values: the numbers of the members, if they are given; None for 1, 2, 3, ...
    """

    name: str
    members: tuple[tuple[str, Ref | String], ...]
    values: tuple[int, ...] | None = None
    attributes: dict[str, Any] = field(default_factory=dict, hash=False)
    doc: tuple[str, ...] = ()


Declaration = Table | Struct | Enum | Union


@dataclass(frozen=True)
class Schema:
    """All declarations, by full name, in the order of their declaration.

    Attributes:
        root: full name of the root table; None if none is named.
        file_identifier: four characters that stand in a buffer of the root; None for none.
        file_extension: of files that hold such buffers; None for none.
        attributes: names of attributes that the text declares for its own use.
    """

    declarations: dict[str, Declaration] = field(default_factory=dict, hash=False)
    root: str | None = None
    file_identifier: str | None = None
    file_extension: str | None = None
    attributes: tuple[str, ...] = ()
