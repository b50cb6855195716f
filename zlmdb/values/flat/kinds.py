"""A record class as its compilers see it: each field with its Python type and its FlatBuffers type together."""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from zlmdb.errors import EncodeError
from zlmdb.values.faults import MISSING, Fault
from zlmdb.values.flat import model
from zlmdb.values.records import RecordInfo
from zlmdb.values.shapes import SCALARS

__all__ = ["Declared", "Item", "Kind", "Record", "bool_kind", "field_at", "float_kind", "int_kind", "integer_range"]


@dataclass(slots=True, eq=False)
class Kind:
    """How values of one type are stored.

    Attributes:
        name: ``"int"``, ``"float"``, ``"bool"``, ``"enum"``, ``"datetime64"``, ``"datetime"``, ``"date"`` and
            ``"timedelta"`` are stored as scalars; ``"uuid"`` and ``"struct"`` in place; ``"str"``, ``"bytes"``,
            ``"ndarray"``, ``"list"``, ``"table"`` and ``"union"`` behind an offset. In structs ``"bytes"``, ``"list"``
            and ``"ndarray"`` with a length lie in place.
        type: its FlatBuffers type.
        expected: its Python type, in words.
        scalar: canonical name of the scalar; of an ``"ndarray"``: that of its elements; "" for what is none.
        cls: the enum, the container (list or tuple), or the dtype of an ``"ndarray"`` in numpy's words.
        element: of a ``"list"``.
        record: of a ``"struct"`` or ``"table"``.
        members: of a ``"union"``: number and kind of each member.
        length: of what lies in place in a struct.
        norm: of what is stored as a scalar: value to number; raises a Fault for what is no such value.
        build: of what is stored as a scalar: number to value; raises some Exception for what is no such number.
        table: of an ``"enum"``: its members by number.
    """

    name: str
    type: model.Type
    expected: str
    scalar: str = ""
    cls: Any = None
    element: Kind | None = None
    record: Record | None = None
    members: tuple[tuple[int, Kind], ...] = ()
    length: int | None = None
    norm: Callable[[Any], Any] | None = None
    build: Callable[[Any], Any] | None = None
    table: dict[int, Any] | None = None

    @property
    def scalar_value(self) -> bool:
        """True if a value is stored as one scalar."""
        return self.norm is not None

    @property
    def sized(self) -> bool:
        """True for texts and vectors, but those of tables, which are counted one by one."""
        many = self.element is not None and self.element.name not in ("table", "union")
        return self.name in ("str", "bytes", "ndarray") or many

    @property
    def type_slot(self) -> bool:
        """True if a field takes two slots, the first of them for the type."""
        return self.name == "union" or (self.element is not None and self.element.name == "union")

    def number(self, value: Any) -> Any:
        """The number that a value is stored as. Raises a Fault if it is no value of this kind."""
        if self.norm is None:
            raise TypeError(f"{self.name} is not stored as a number")
        return self.norm(value)

    def value(self, number: Any) -> Any:
        """The value of a number. Raises some Exception if there is none."""
        if self.build is None:
            raise TypeError(f"{self.name} is not stored as a number")
        return self.build(number)

    def zero(self) -> Any:
        """The value of zero; the lowest member of an enumeration that has no zero."""
        if self.table is not None and 0 not in self.table and not issubclass(self.cls, enum.Flag):
            return self.table[min(self.table)]
        return self.value(0)

    @property
    def in_place(self) -> bool:
        """True if its bytes lie in the table itself, rather than an offset to them."""
        return self.scalar_value or self.name in ("uuid", "struct") or self.length is not None

    def inner(self) -> Kind:
        """The element of a list, as itself; any other kind as it is. For lists that are never absent."""
        if self.element is None:
            raise TypeError(f"{self.name} has no elements")
        return self.element

    def of(self) -> Record:
        """The record of a struct or table."""
        if self.record is None:
            raise TypeError(f"{self.name} is no record")
        return self.record

    @property
    def size(self) -> int:
        """Bytes that a field takes in its table or struct."""
        if self.length is not None:
            return self.length * (self.element.size if self.element else model.SCALARS[self.scalar or "uint8"][0])
        if self.name == "uuid":
            return 16
        if self.name == "struct":
            return self.of().size
        return model.SCALARS[self.scalar][0] if self.in_place else 4

    @property
    def align(self) -> int:
        """What the position of a field is a multiple of."""
        if self.length is not None:
            return self.element.align if self.element else model.SCALARS[self.scalar or "uint8"][0]
        if self.name == "uuid":
            return 1
        if self.name == "struct":
            return self.of().align
        return model.SCALARS[self.scalar][0] if self.in_place else 4


@dataclass(slots=True, eq=False)
class Item:
    """A field of a record.

    Attributes:
        name: the attribute.
        kind: its type, without None.
        field: as the schema has it.
        optional: None is among the values.
        default: what the attribute is when the field is absent; MISSING if that cannot be, or `factory` makes it.
        factory: makes that default; None if it needs none.
        given: the number that the class gives it; None if it leaves that open.
    """

    name: str
    kind: Kind
    field: model.Field
    optional: bool
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    given: int | None = None


@dataclass(slots=True, eq=False)
class Record:
    """A record class that is stored as a table or struct.

    Attributes:
        info: the class.
        name: full name in the schema.
        struct: True for a struct.
        items: its fields, in the order of the class, without those that are deprecated.
        dead: deprecated fields.
        size, align, offsets: of a struct, and where its fields lie.
        identifier: four characters that stand in a buffer of which it is the root, or None.
    """

    info: RecordInfo
    name: str
    struct: bool
    items: list[Item] = field(default_factory=list)
    dead: list[Item] = field(default_factory=list)
    size: int = 0
    align: int = 1
    offsets: tuple[int, ...] = ()
    identifier: str | None = None


@dataclass(slots=True, eq=False)
class Declared:
    """What a record class declares, with everything that it refers to.

    Attributes:
        schema: as data.
        root: the class itself.
        records: all tables and structs by their full names.
        former: full name of a table -> name of a field -> the name that it had before.
    """

    schema: model.Schema
    root: Record
    records: dict[str, Record]
    former: dict[str, dict[str, str]]

    def nested(self) -> set[str]:
        """Names of the records that are fields of others, or of themselves."""
        names: set[str] = set()
        for record in self.records.values():
            for item in record.items:
                kind = item.kind.element or item.kind
                for part in (kind, *(member for _, member in kind.members)):
                    if part.record is not None:
                        names.add(part.record.name)
        return names

    def tables(self) -> Iterator[Record]:
        """The tables, in the order in which they were met."""
        return (record for record in self.records.values() if not record.struct)


def field_at(record: Record, path: str) -> Item | None:
    """A field, also one that is deprecated; None if there is none. Dots go into fields of fields."""
    name, _, rest = path.partition(".")
    item = next((item for item in (*record.items, *record.dead) if item.name == name), None)
    if item is None or not rest or item.field.deprecated:
        return item
    return None if item.kind.record is None else field_at(item.kind.record, rest)


def integer_range(scalar: str) -> range:
    """The integers that a scalar type holds.

    >>> integer_range("int8")
    range(-128, 128)
    """
    bits = 8 * model.SCALARS[scalar][0]
    return range(2**bits) if scalar.startswith("u") else range(-(2 ** (bits - 1)), 2 ** (bits - 1))


def int_kind(scalar: str) -> Kind:
    """How integers of a width are stored."""
    allowed = integer_range(scalar)
    check = SCALARS[int](False).norm

    def norm(value: Any) -> int:
        number: int = check(value)
        if number not in allowed:
            raise Fault(f"an int from {allowed[0]} to {allowed[-1]} ({scalar})", value, EncodeError)
        return number

    return Kind("int", model.Scalar(scalar), "int", scalar, int, norm=norm, build=int)


def float_kind(scalar: str) -> Kind:
    """How floats of a width are stored; one of 32 bits is rounded."""
    check = SCALARS[float](False).norm

    def norm(value: Any) -> float:
        number: float = check(value)
        if scalar == "float32":
            try:
                struct.pack("<f", number)
            except OverflowError:
                raise Fault("a float that 32 bits can hold", value, EncodeError) from None
        return number

    return Kind("float", model.Scalar(scalar), "float", scalar, float, norm=norm, build=float)


def bool_kind() -> Kind:
    """How truth values are stored."""
    return Kind("bool", model.Scalar("bool"), "bool", "bool", bool, norm=SCALARS[bool](False).norm, build=bool)
