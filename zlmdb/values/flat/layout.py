"""Where our own builder puts the fields of a table: the same place in every buffer.

.. code-block:: text

    0            offset of the root table                                    uint32
    4            file identifier, if there is one                            4 bytes
    ...          vtable: its size, the table's size, a uint16 per slot       0 for an absent field
    ...          padding, until all fields of the table are aligned
    T            distance back to the vtable                                 int32
    T+4          the fields, those of the largest alignment first
    ...          what lies behind offsets: strings, vectors, tables; each aligned, padded to 4 bytes

Every field has its room in the table, whether it is there or not, so there is one table layout and one vtable for each
set of absent fields. T leaves the remainder -4 when divided by the table's alignment, so that the fields are aligned
without a gap. A nested table uses the vtable of an earlier one that is equal. Scalars are written even if they have
their default.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from zlmdb.values.flat.kinds import Item, Kind, Record
from zlmdb.values.flat.model import SCALARS

__all__ = ["MAX_DEPTH", "Slot", "TableLayout"]

#: Tables within tables; verifiers of other implementations accept as many.
MAX_DEPTH = 64


@dataclass(frozen=True)
class Slot:
    """A place in a table.

    Attributes:
        item: the field.
        id: number of the slot.
        kind: of the field; None for the type of a union, a uint8 (or an offset to a vector of them).
        at: offset from the start of the table.
        code: format character(s) of ``struct``.
    """

    item: Item
    id: int
    kind: Kind | None
    at: int
    code: str


class TableLayout:
    """The layout of one table.

    Attributes:
        slots: in the order in which they lie.
        size: of the table, a multiple of 4.
        align: a power of two; the fields start at a multiple of it.
        length: of the vtable.
    """

    def __init__(self, record: Record) -> None:
        wanted: list[tuple[int, int, str, Item, int, Kind | None]] = []
        for item in record.items:
            kind, number = item.kind, item.field.id
            if kind.type_slot:
                size, code = (1, "B") if kind.name == "union" else (4, "I")
                wanted.append((size, size, code, item, number - 1, None))
            code = slot_code(kind)
            wanted.append((kind.align, kind.size, code, item, number, kind))
        wanted.sort(key=lambda entry: (-entry[0], entry[4]))
        self.align = max([4, *(entry[0] for entry in wanted)])
        at, slots = 4, []
        for align, size, code, item, number, part in wanted:
            # From the first field on, positions are those relative to a multiple of the alignment.
            at += -(at - 4) % align
            slots.append(Slot(item, number, part, at, code))
            at += size
        self.end = at
        self.slots = tuple(slots)
        self.size = at + -at % 4
        self.length = 4 + 2 * (1 + max((slot.id for slot in slots), default=-1))

    @cached_property
    def code(self) -> str:
        """Format of the whole table, from the distance to the vtable on."""
        text, at = "<i", 4
        for slot in self.slots:
            text += f"{slot.at - at}x" if slot.at > at else ""
            text += slot.code
            at = slot.at + struct.calcsize(f"<{slot.code}")
        return text + (f"{self.size - at}x" if self.size > at else "")

    def vtable(self, absent: Iterable[Item] = ()) -> bytes:
        """The vtable of tables without some fields."""
        gone = {id(item) for item in absent}
        places = [0] * ((self.length - 4) // 2)
        for slot in self.slots:
            if id(slot.item) not in gone:
                places[slot.id] = slot.at
        return struct.pack(f"<HH{len(places)}H", self.length, self.end, *places)

    def at(self, item: Item) -> int:
        """Offset of a field from the start of the table."""
        return next(slot.at for slot in self.slots if slot.id == item.field.id)


class RootLayout:
    """Where the root table lies in a buffer.

    Attributes:
        vtable: position of its vtable.
        table: position of the table.
    """

    def __init__(self, layout: TableLayout, identifier: str | None) -> None:
        self.layout = layout
        self.identifier = identifier.encode("ascii") if identifier else b""
        self.vtable = 4 + len(self.identifier)
        self.table = self.vtable + layout.length
        self.table += (-4 - self.table) % layout.align

    def head(self, absent: Iterable[Item] = ()) -> bytes:
        """What lies before the root table."""
        start = struct.pack("<I", self.table) + self.identifier + self.layout.vtable(absent)
        return start + bytes(self.table - len(start))


def slot_code(kind: Kind) -> str:
    """Format of a field in place, or of the offset to it."""
    if kind.name == "datetime64" and kind.length is None:
        return "8s"  # numpy gives the bytes sooner than the number
    if kind.scalar_value:
        return SCALARS[kind.scalar][1]
    return f"{kind.size}s" if kind.in_place else "I"
