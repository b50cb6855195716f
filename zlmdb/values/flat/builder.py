"""The quick way from an object to its FlatBuffer: a generated function that knows where every field goes.

See :mod:`zlmdb.values.flat.layout` for the bytes.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from zlmdb.values.flat import pieces
from zlmdb.values.flat.kinds import Declared, Item, Kind, Record
from zlmdb.values.flat.layout import MAX_DEPTH, RootLayout, Slot, TableLayout
from zlmdb.values.flat.moments import EPOCH, FIRST, FIRST_DAY, LAST
from zlmdb.values.source import Source

__all__ = ["builder"]

#: Offsets are signed numbers of 32 bits where they point back.
MAX_SIZE = 2**31 - 1


Encode = Callable[[Any], bytes]


def builder(declared: Declared, slow: Encode) -> tuple[Encode, Encode, str]:
    """The functions that build buffers of a record, and their source.

    Args:
        declared: the record.
        slow: takes what the quick way does not know.

    Returns:
        A function that goes over to `slow`; one that raises some Exception instead; and the text of both.
    """
    source = Source(f"FlatBuffers builder of {declared.root.info.name}")
    source.scope.update(
        join=b"".join,
        LENGTHS=pieces.LENGTHS,
        TAILS=pieces.TAILS,
        PADS=pieces.PADS,
        UUID=uuid.UUID,
        encode_text=str.encode,
        datetime=dt.datetime,
        date=dt.date,
        timedelta=dt.timedelta,
        EPOCH=EPOCH,
    )
    writer = _Writer(source, declared)
    for record in declared.records.values():
        if record.struct:
            writer.pack_struct(record)
    for record in declared.tables():
        if record is not declared.root or record.name in declared.nested():
            writer.put_table(record)
    writer.root(declared.root)
    source.line(0, "def encode(o):")
    source.line(1, "try:")
    source.line(2, "return build(o)")
    source.line(1, "except Exception:")
    source.line(2, "pass")
    source.line(1, "return slow(o)")
    source.scope["slow"] = slow
    return source.function("encode"), source.scope["build"], source.text


#: Sets of absent fields whose bytes are kept.
MOST_HEADS = 4096


class _Heads(dict[int, bytes]):
    """What lies before a table, by the bits of its absent fields; made when first needed."""

    def __init__(self, make: Callable[[list[Item]], bytes], optional: list[Item]) -> None:
        super().__init__()
        self.make = make
        self.optional = optional

    def __missing__(self, mask: int) -> bytes:
        head = self.make([item for bit, item in enumerate(self.optional) if mask >> bit & 1])
        if len(self) < MOST_HEADS:
            self[mask] = head
        return head


class _Writer:
    """Writes the functions; there is one for each struct and table."""

    def __init__(self, source: Source, declared: Declared) -> None:
        self.source = source
        self.names = {name: f"{name.rpartition('.')[2]}_{at}" for at, name in enumerate(declared.records)}

    # -- structs

    def pack_struct(self, record: Record) -> None:
        """``pack_X(o)``: the bytes of a struct."""
        import struct

        line, name = self.source.line, self.names[record.name]
        code, at, arguments, checks = "<", 0, [], [self.is_not("o", record)]
        lines: list[str] = []
        for position, (item, offset) in enumerate(zip(record.items, record.offsets, strict=True)):
            kind, v = item.kind, f"v{position}"
            code += f"{offset - at}x" if offset > at else ""
            lines.append(f"{v} = o.{item.name}")
            check, argument, field_code = self.in_place(kind, v)
            checks += [check] if check else []
            code += field_code
            at = offset + kind.size
            arguments.append(argument)
        code += f"{record.size - at}x" if record.size > at else ""
        self.source.scope[f"PACK_{name}"] = struct.Struct(code).pack
        line(0, f"def pack_{name}(o):")
        line(1, f"if {checks[0]}:")
        line(2, "raise TypeError")
        for text in lines:
            line(1, text)
        if checks[1:]:
            line(1, f"if {' or '.join(checks[1:])}:")
            line(2, "raise TypeError")
        line(1, f"return PACK_{name}({', '.join(arguments)})")

    def is_not(self, var: str, record: Record) -> str:
        return f"{var}.__class__ is not {self.source.name(_class(record), f'C_{_class(record).__name__}')}"

    def in_place(self, kind: Kind, v: str) -> tuple[str, str, str]:
        """When to give up ("" for never), the argument for ``pack``, and its format, of a value in place."""
        from zlmdb.values.flat.layout import slot_code

        if kind.length is not None:
            return self.array(kind, v)
        code = slot_code(kind)
        if kind.name in ("int", "float", "bool"):
            return f"type({v}) is not {kind.name}", v, code
        if kind.name == "uuid":
            return f"type({v}) is not UUID", f'{v}.int.to_bytes(16, "big")', code
        if kind.name == "struct":
            return "", f"pack_{self.names[kind.of().name]}({v})", code
        if kind.name == "enum":
            return f"type({v}) is not {self.source.name(kind.cls, f'C_{kind.cls.__name__}')}", f"{v}._value_", code
        if kind.name == "datetime64":
            import numpy as np

            cls = self.source.name(kind.cls, "datetime64")
            nanoseconds = self.source.name(np.dtype("<M8[ns]"), "NANOSECONDS")
            return f"type({v}) is not {cls} or {v}.dtype != {nanoseconds}", f"{v}.tobytes()", code
        if kind.name == "date":
            return f"type({v}) is not date", f"{v}.toordinal() - {FIRST_DAY}", code
        if kind.name == "datetime":
            return f"type({v}) is not datetime", f"{self.source.name(_microseconds, 'microseconds')}({v} - EPOCH)", code
        return (
            f"type({v}) is not timedelta",
            f"{v}.days * 86400000000 + {v}.seconds * 1000000 + {v}.microseconds",
            code,
        )

    def array(self, kind: Kind, v: str) -> tuple[str, str, str]:
        """The same of an array of fixed length."""
        code = f"{kind.size}s"
        if kind.name == "bytes":
            return f"type({v}) is not bytes or len({v}) != {kind.length}", v, code
        if kind.name == "ndarray":
            import numpy as np

            dtype = self.source.name(np.dtype(kind.cls), "DTYPE")
            shape = f"{v}.__class__ is not {self.source.name(np.ndarray, 'ndarray')} or {v}.shape != ({kind.length},)"
            return f"{shape} or {v}.dtype != {dtype}", f"{v}.tobytes()", code
        pack = self.source.name(self.packer(kind.inner()), f"pack_{kind.inner().name}s")
        return f"type({v}) is not {kind.cls.__name__} or len({v}) != {kind.length}", f"{pack}({v})", code

    # -- what lies behind offsets

    def late(self, name: str) -> Callable[..., Any]:
        """A function of the generated text, which may not be there yet."""
        scope = self.source.scope

        def call(*arguments: Any) -> Any:
            return scope[name](*arguments)

        return call

    def packer(self, kind: Kind) -> Callable[[Any], bytes]:
        """What gives the bytes of a list of things in place."""
        pack = self.late(f"pack_{self.names[kind.of().name]}") if kind.name == "struct" else None
        return pieces.packer(kind, pack)

    def put(self, kind: Kind) -> Any:
        """The function that writes what lies behind an offset."""
        if kind.name == "str":
            return pieces.put_text
        if kind.name == "bytes":
            return pieces.put_bytes
        if kind.name == "table":
            return self.late(f"put_{self.names[kind.of().name]}")
        if kind.name == "struct":
            return pieces.put_struct(self.packer_of_one(kind), max(4, kind.align))
        if kind.name == "ndarray":
            return pieces.put_array(kind.cls)
        if kind.name == "union":
            return pieces.put_union(self.members(kind))
        element = kind.inner()
        if element.in_place:
            return pieces.put_list(kind.cls, self.packer(element), max(4, element.align))
        if element.name == "union":
            return pieces.put_unions(kind.cls, self.members(element))
        return pieces.put_offsets(kind.cls, self.put(element))

    def packer_of_one(self, kind: Kind) -> Callable[[Any], bytes]:
        return self.late(f"pack_{self.names[kind.of().name]}")

    def members(self, kind: Kind) -> dict[type, tuple[int, pieces.Put]]:
        """What writes the members of a union, by their classes."""
        return {
            str if member.record is None else _class(member.record): (number, self.put(member))
            for number, member in kind.members
        }

    # -- tables

    def root(self, record: Record) -> None:
        """``build(o)``: the whole buffer."""
        layout = TableLayout(record)
        root = RootLayout(layout, record.identifier)
        line = self.source.line
        optional = [item for item in record.items if item.optional]
        self.source.scope["HEADS"] = _Heads(root.head, optional)
        line(0, "def build(o):")
        line(1, f"end = {root.table + layout.size}")
        body = _Body(self, record, layout, lambda slot: str(root.table + slot.at))
        if body.nested:
            # Keyed by the bytes of a vtable: where it lies.
            line(1, "seen = {}")
        line(1, "depth = 1")
        body.fields()
        head = "HEADS[mask]" if optional else repr(root.head())
        items = [head, body.packed(str(root.table - root.vtable)), *body.items]
        if body.nested or len(items) > 2:
            line(1, f"if end > {MAX_SIZE}:")
            line(2, "raise OverflowError")
        line(1, f"return join(({', '.join(items)}))")

    def put_table(self, record: Record) -> None:
        """``put_X(o, end, out, seen, depth)``: a nested table."""
        layout = TableLayout(record)
        name, line = self.names[record.name], self.source.line
        optional = [item for item in record.items if item.optional]
        self.source.scope[f"VTABLES_{name}"] = _Heads(layout.vtable, optional)
        line(0, f"def put_{name}(o, end, out, seen, depth):")
        line(1, f"if {self.is_not('o', record)} or depth >= {MAX_DEPTH}:")
        line(2, "raise TypeError")
        line(1, "depth += 1")
        body = _Body(self, record, layout, lambda slot: f"(table + {slot.at})", checked=True)
        body.values()
        line(1, f"vtable = VTABLES_{name}[{'mask' if optional else 0}]")
        line(1, "at = seen.get(vtable)")
        line(1, "if at is None:")
        line(2, "seen[vtable] = at = end")
        line(2, f"table = end + {layout.length}")
        line(2, f"table += (-4 - table) % {layout.align}")
        line(2, f"head = vtable + bytes(table - end - {layout.length})")
        line(1, "else:")
        line(2, f"table = end + (-4 - end) % {layout.align}")
        line(2, "head = bytes(table - end)")
        line(1, f"end = table + {layout.size}")
        body.behind()
        items = ["head", body.packed("table - at"), *body.items]
        line(1, f"out += ({', '.join(items)})")
        line(1, "return table, end")


def _class(record: Record) -> Any:
    from typing import get_origin

    return get_origin(record.info.type) or record.info.type


class _Body:
    """The statements that prepare the fields of a table, and the bytes that they become."""

    def __init__(
        self, writer: _Writer, record: Record, layout: TableLayout, place: Callable[[Slot], str], checked: bool = False
    ) -> None:
        self.writer = writer
        self.source = writer.source
        self.record = record
        self.layout = layout
        self.place = place
        self.checked = checked
        self.items: list[str] = []
        self.arguments: dict[tuple[int, bool], str] = {}
        self.optional = [item for item in record.items if item.optional]
        self.late: list[tuple[int, Item]] = []
        self.nested = any(not item.kind.in_place and item.kind.name not in ("str", "bytes") for item in record.items)

    def fields(self) -> None:
        """All of it."""
        self.values()
        self.behind()

    def values(self) -> None:
        """Statements that read and check the fields, and note which are absent."""
        line = self.source.line
        checks = [] if self.checked else [self.writer.is_not("o", self.record)]
        if self.optional:
            line(1, "mask = 0")
        for at, item in enumerate(self.record.items):
            kind, v = item.kind, f"v{at}"
            line(1, f"{v} = o.{item.name}")
            depth = 1
            bit = 1 << self.optional.index(item) if item.optional else 0
            if not kind.in_place:
                self.late.append((at, item))
                if item.optional:
                    line(1, f"if {v} is None:")
                    line(2, f"mask |= {bit}")
                continue
            check, argument, code = self.writer.in_place(kind, v)
            slot = self.slot(item)
            if not item.optional:
                if check:
                    checks.append(check)
                self.arguments[slot.id, True] = argument
                continue
            line(depth, f"if {v} is None:")
            line(depth + 1, f"mask |= {bit}")
            line(depth + 1, f"{v} = {'b' + chr(34) * 2 if code.endswith('s') else 0}")
            if check:
                line(depth, f"elif {check}:")
                line(depth + 1, "raise TypeError")
            if argument != v:
                line(depth, "else:")
                line(depth + 1, f"{v} = {argument}")
            self.arguments[slot.id, True] = v
        if checks:
            line(1, f"if {' or '.join(checks)}:")
            line(2, "raise TypeError")

    def slot(self, item: Item) -> Slot:
        return next(slot for slot in self.layout.slots if slot.item is item and slot.kind is not None)

    def behind(self) -> None:
        """Statements that write what lies behind offsets, in the order of the fields."""
        for at, item in self.late:
            self.one_behind(at, item)

    def one_behind(self, at: int, item: Item) -> None:
        line, kind, v, slot = self.source.line, item.kind, f"v{at}", self.slot(item)
        offset, place = f"x{at}", self.place(slot)
        self.arguments[slot.id, True] = offset
        depth = 1
        simple = kind.name in ("str", "bytes")
        names = [f"n{at}", f"d{at}", f"p{at}"] if simple else [f"p{at}"]
        kind_offset = ""
        if kind.type_slot:
            kind_offset = f"t{at}"
            self.arguments[slot.id - 1, False] = kind_offset
        if item.optional:
            line(1, f"if {v} is None:")
            line(2, f"{offset} = {f'{kind_offset} = ' if kind_offset else ''}0")
            line(2, f"{' = '.join(names)} = {'b' + chr(34) * 2 if simple else '()'}")
            line(1, "else:")
            depth = 2
        if simple:
            if kind.name == "str":
                line(depth, f"d{at} = encode_text({v})")
            else:
                line(depth, f"if type({v}) is not bytes:")
                line(depth + 1, "raise TypeError")
                line(depth, f"d{at} = {v}")
            line(depth, f"n = len(d{at})")
            line(depth, f"n{at} = LENGTHS[n] if n < 256 else n.to_bytes(4, 'little')")
            line(depth, f"p{at} = {'TAILS' if kind.name == 'str' else 'PADS'}[n & 3]")
            line(depth, f"{offset} = end - {place}")
            line(depth, "end += (n & -4) + 8" if kind.name == "str" else "end += (n + 7) & -4")
            self.items += names
            return
        put = self.source.name(self.writer.put(kind), f"put_{at}_{self.writer.names[self.record.name]}")
        if kind.name == "table":
            put = f"put_{self.writer.names[kind.of().name]}"
        line(depth, f"p{at} = []")
        call = f"{put}({v}, end, p{at}, seen, depth)"
        if kind.name == "union":
            line(depth, f"{kind_offset}, at_, end = {call}")
        elif kind.type_slot:
            line(depth, f"{kind_offset}, at_, end = {call}")
            types = next(slot for slot in self.layout.slots if slot.item is item and slot.kind is None)
            line(depth, f"{kind_offset} -= {self.place(types)}")
        else:
            line(depth, f"at_, end = {call}")
        line(depth, f"{offset} = at_ - {place}")
        self.items.append(f"*p{at}")

    def packed(self, distance: str) -> str:
        """The call that packs the table."""
        import struct

        pack = self.source.name(struct.Struct(self.layout.code).pack, f"PACK_{self.writer.names[self.record.name]}")
        arguments = [self.arguments[slot.id, slot.kind is not None] for slot in self.layout.slots]
        return f"{pack}({', '.join([distance, *arguments])})"


def _microseconds(span: dt.timedelta) -> int:
    number = span.days * 86400000000 + span.seconds * 1000000 + span.microseconds
    if not FIRST <= number <= LAST:
        raise OverflowError
    return number
