"""FlatBuffers written and read with nothing but the ``flatbuffers`` runtime, led by a schema: ours is held against it.

Values are plain here: a table is a dict of its fields without those that are absent, a struct a list, an enum or a time
its number, a member of a union a pair of its number and value, a vector a list.
"""

from __future__ import annotations

import struct
from typing import Any

import flatbuffers
from flatbuffers import number_types as types
from flatbuffers.table import Table

from zlmdb.values.flat import model

FLAGS = {
    "bool": types.BoolFlags,
    **{
        f"{sign}int{bits}": getattr(types, f"{sign.title()}{'i' if sign else 'I'}nt{bits}Flags")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    "float32": types.Float32Flags,
    "float64": types.Float64Flags,
}


class Runtime:
    """Writes and reads buffers of a schema."""

    def __init__(self, schema: model.Schema) -> None:
        self.schema = schema
        self.root: Any = schema.declarations[schema.root or ""]

    def find(self, tp: Any) -> Any:
        return self.schema.declarations[tp.name] if isinstance(tp, model.Ref) else tp

    def scalar(self, tp: Any) -> str | None:
        found = self.find(tp)
        if isinstance(found, model.Enum):
            return found.base.name
        return found.name if isinstance(found, model.Scalar) else None

    def members(self, union: model.Union) -> dict[int, Any]:
        return dict(zip(union.values or range(1, 256), (tp for _, tp in union.members), strict=False))

    # -- structs

    def measure(self, tp: Any) -> tuple[int, int]:
        """Size and alignment of something in place."""
        found, scalar = self.find(tp), self.scalar(tp)
        if scalar is not None:
            return model.SCALARS[scalar][0], model.SCALARS[scalar][0]
        if isinstance(found, model.Array):
            size, align = self.measure(found.element)
            return size * found.length, align
        at, most = 0, found.force_align or 1
        for field in found.fields:
            size, align = self.measure(field.type)
            at += -at % align + size
            most = max(most, align)
        return at + -at % most, most

    def in_place(self, data: bytes, at: int, tp: Any) -> Any:
        found, scalar = self.find(tp), self.scalar(tp)
        if scalar is not None:
            return struct.unpack_from("<" + model.SCALARS[scalar][1], data, at)[0]
        if isinstance(found, model.Array):
            size = self.measure(found.element)[0]
            return [self.in_place(data, at + n * size, found.element) for n in range(found.length)]
        values, place = [], 0
        for field in found.fields:
            size, align = self.measure(field.type)
            place += -place % align
            values.append(self.in_place(data, at + place, field.type))
            place += size
        return values

    def bytes_of(self, value: Any, tp: Any) -> bytes:
        found, scalar = self.find(tp), self.scalar(tp)
        if scalar is not None:
            return struct.pack("<" + model.SCALARS[scalar][1], value)
        if isinstance(found, model.Array):
            return b"".join(self.bytes_of(one, found.element) for one in value)
        data = b""
        for field, one in zip(found.fields, value, strict=True):
            data += bytes(-len(data) % self.measure(field.type)[1]) + self.bytes_of(one, field.type)
        return data + bytes(-len(data) % self.measure(tp)[1])

    # -- reading

    def read(self, data: bytes) -> dict[str, Any]:
        """The plain value of a buffer."""
        buffer = bytearray(data)
        root = flatbuffers.encode.Get(flatbuffers.packer.uoffset, buffer, 0)
        return self.table(Table(buffer, root), self.root)

    def table(self, table: Table, declared: model.Table) -> dict[str, Any]:
        found = {}
        for field in declared.fields:
            place = table.Offset(4 + 2 * field.id)
            if place == 0 or field.deprecated:
                continue
            assert (table.Pos + place) % self.alignment(field.type) == 0
            tp = self.find(field.type)
            if isinstance(tp, model.Union):
                number = table.Get(types.Uint8Flags, table.Pos + table.Offset(2 + 2 * field.id))
                found[field.name] = self.member(table, table.Pos + place, number, tp)
            elif isinstance(tp, model.Vector) and isinstance(self.find(tp.element), model.Union):
                kinds = table.Offset(2 + 2 * field.id)
                numbers = [table.Get(types.Uint8Flags, table.Vector(kinds) + n) for n in range(table.VectorLen(kinds))]
                assert table.VectorLen(place) == len(numbers)
                start, union = table.Vector(place), self.find(tp.element)
                found[field.name] = [self.member(table, start + 4 * n, kind, union) for n, kind in enumerate(numbers)]
            else:
                found[field.name] = self.value(table, table.Pos + place, field.type)
        return found

    def alignment(self, tp: Any) -> int:
        found = self.find(tp)
        return self.measure(tp)[1] if self.scalar(tp) or isinstance(found, model.Struct) else 4

    def member(self, table: Table, place: int, number: int, union: model.Union) -> Any:
        tp = self.members(union)[number]
        if isinstance(self.find(tp), model.Struct):
            at = table.Indirect(place)
            assert at % self.measure(tp)[1] == 0
            return number, self.in_place(bytes(table.Bytes), at, tp)
        return number, self.value(table, place, tp)

    def value(self, table: Table, place: int, tp: Any) -> Any:
        found, scalar = self.find(tp), self.scalar(tp)
        if scalar is not None:
            return table.Get(FLAGS[scalar], place)
        if isinstance(found, model.Struct):
            return self.in_place(bytes(table.Bytes), place, tp)
        if isinstance(found, model.String):
            return table.String(place).decode()
        if isinstance(found, model.Table):
            return self.table(Table(table.Bytes, table.Indirect(place)), found)
        start, count = table.Vector(place - table.Pos), table.VectorLen(place - table.Pos)
        element = self.find(found.element)
        flat = self.scalar(element) is not None or isinstance(element, model.Struct)
        size, align = self.measure(element) if flat else (4, 4)
        assert start % align == 0
        return [self.value(table, start + n * size, found.element) for n in range(count)]

    # -- writing

    def write(self, value: dict[str, Any]) -> bytes:
        """The buffer of a plain value."""
        builder = flatbuffers.Builder(0)
        identifier = self.schema.file_identifier
        builder.Finish(self.put_table(builder, value, self.root), identifier.encode() if identifier else None)
        return bytes(builder.Output())

    def put_table(self, builder: Any, value: dict[str, Any], declared: model.Table) -> int:
        offsets: dict[str, int] = {}
        kinds: dict[str, int] = {}
        for field in declared.fields:
            if field.name not in value:
                continue
            tp, one = self.find(field.type), value[field.name]
            if isinstance(tp, model.Union):
                kinds[field.name] = one[0]
                offsets[field.name] = self.put(builder, one[1], self.members(tp)[one[0]])
            elif isinstance(tp, model.Vector) and isinstance(self.find(tp.element), model.Union):
                members = self.members(self.find(tp.element))
                ends = [self.put(builder, part, members[number]) for number, part in one]
                kinds[field.name] = self.vector(builder, [number for number, _ in one], model.Scalar("uint8"))
                offsets[field.name] = self.offsets(builder, ends)
            elif self.scalar(tp) is None and not isinstance(tp, model.Struct):
                offsets[field.name] = self.put(builder, one, tp)
        builder.StartObject(1 + max((field.id for field in declared.fields), default=-1))
        for field in declared.fields:
            if field.name not in value:
                continue
            tp, scalar = self.find(field.type), self.scalar(field.type)
            if isinstance(tp, model.Struct):
                at = self.put_struct(builder, value[field.name], tp)
                builder.PrependStructSlot(field.id, at, 0)
            elif scalar is not None:
                # A default of None is never equal: the field is written, whatever its value.
                getattr(builder, f"Prepend{scalar.title()}")(value[field.name])
                builder.Slot(field.id)
            else:
                if field.name in kinds and isinstance(tp, model.Union):
                    builder.PrependUint8Slot(field.id - 1, kinds[field.name], 0)
                elif field.name in kinds:
                    builder.PrependUOffsetTRelativeSlot(field.id - 1, kinds[field.name], 0)
                builder.PrependUOffsetTRelativeSlot(field.id, offsets[field.name], 0)
        return builder.EndObject()

    def put_struct(self, builder: Any, value: Any, declared: model.Struct) -> int:
        size, align = self.measure(declared)
        builder.Prep(align, size)
        for byte in reversed(self.bytes_of(value, declared)):
            builder.PrependByte(byte)
        return builder.Offset()

    def put(self, builder: Any, value: Any, tp: Any) -> int:
        found = self.find(tp)
        if isinstance(found, model.String):
            return builder.CreateString(value)
        if isinstance(found, model.Table):
            return self.put_table(builder, value, found)
        if isinstance(found, model.Struct):
            return self.put_struct(builder, value, found)
        element = self.find(found.element)
        if self.scalar(element) is not None or isinstance(element, model.Struct):
            return self.vector(builder, value, found.element)
        return self.offsets(builder, [self.put(builder, one, found.element) for one in value])

    def vector(self, builder: Any, values: Any, tp: Any) -> int:
        size, align = self.measure(tp)
        builder.StartVector(size, len(values), align)
        for byte in reversed(b"".join(self.bytes_of(one, tp) for one in values)):
            builder.PrependByte(byte)
        return builder.EndVector()

    def offsets(self, builder: Any, ends: list[int]) -> int:
        builder.StartVector(4, len(ends), 4)
        for end in reversed(ends):
            builder.PrependUOffsetTRelative(end)
        return builder.EndVector()
