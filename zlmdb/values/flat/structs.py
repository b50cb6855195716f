"""Making objects of record classes, and reading structs, which are small and so are read whole."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, get_origin

from zlmdb._typing import Buffer
from zlmdb.values.flat.kinds import Declared, Kind, Record
from zlmdb.values.flat.model import SCALARS
from zlmdb.values.flat.pieces import scalar_reader
from zlmdb.values.scalars import uuid_from_bytes
from zlmdb.values.source import Source

__all__ = ["StructReader", "class_of", "construction"]

_new = object.__new__
_set = object.__setattr__  # frozen classes refuse the ordinary way


def class_of(record: Record) -> Any:
    """The class of a record; of a generic one without its parameters."""
    return get_origin(record.info.type) or record.info.type


def construction(source: Source, record: Record, depth: int) -> None:
    """Statements that return an object of a record class whose fields are in ``v0``, ``v1``, ..."""
    cls = source.name(class_of(record), "Record")
    fields = record.info.fields
    given = [(fields[item.name], f"v{at}") for at, item in enumerate(record.items)]
    if record.info.constructor:
        by_place = [(field, v) for field, v in given if field.argument is not None]
        # Deprecated fields are left out, so that what comes after them goes by name.
        arguments = ", ".join(f"{field.argument}={v}" for field, v in by_place)
        if not record.dead:
            by_place.sort(key=lambda pair: pair[0].keyword)
            arguments = ", ".join(f"{field.argument}={v}" if field.keyword else v for field, v in by_place)
        made = f"{cls}({arguments})"
        rest = [(field, v) for field, v in given if field.argument is None]
        if not rest:
            source.line(depth, f"return {made}")
            return
        source.line(depth, f"o = {made}")
    else:
        source.line(depth, f"o = {source.name(_new, 'new')}({cls})")
        rest = given
        for at, item in enumerate(record.dead):
            default = source.name(fields[item.name].make_default, f"dead_{at}")
            source.line(depth, f"{source.name(_set, 'set_field')}(o, {item.name!r}, {default}())")
    for field, v in rest:
        source.line(depth, f"{source.name(_set, 'set_field')}(o, {field.name!r}, {v})")
    source.line(depth, "return o")


class StructReader:
    """The functions that read structs: (buffer, position) -> object."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self._functions: dict[str, Callable[[Buffer, int], Any]] = {}

    def read(self, record: Record) -> Callable[[Buffer, int], Any]:
        """The function of a struct; it raises some Exception beyond the end of the buffer."""
        known = self._functions.get(record.name)
        if known is None:
            known = self._functions[record.name] = self._write(record)
        return known

    def _write(self, record: Record) -> Callable[[Buffer, int], Any]:
        source = Source(f"FlatBuffers reader of {record.info.name}")
        code, at = "<", 0
        for item, offset in zip(record.items, record.offsets, strict=True):
            code += f"{offset - at}x" if offset > at else ""
            code += SCALARS[item.kind.scalar][1] if item.kind.scalar_value else f"{item.kind.size}s"
            at = offset + item.kind.size
        names = ", ".join(f"v{position}" for position in range(len(record.items)))
        source.line(0, "def read(b, p):")
        source.line(1, f"{names}, = {source.name(struct.Struct(code).unpack_from, 'unpack')}(b, p)")
        for position, item in enumerate(record.items):
            convert = self.converter(item.kind)
            if convert is not None:
                source.line(1, f"v{position} = {source.name(convert, f'convert_{position}')}(v{position})")
        construction(source, record, 1)
        return source.function("read")

    def converter(self, kind: Kind) -> Callable[[Any], Any] | None:
        """What makes the value of what ``struct`` unpacks; None if that is the value."""
        if kind.length is not None:
            return self._array(kind)
        if kind.name in ("int", "float", "bool"):
            return None
        if kind.scalar_value:
            return kind.value
        if kind.name == "uuid":
            return uuid_from_bytes
        read = self.read(kind.of())
        return lambda data: read(data, 0)

    def _array(self, kind: Kind) -> Callable[[Any], Any] | None:
        if kind.name == "bytes":
            return None
        if kind.name == "ndarray":

            def array(data: bytes) -> Any:
                import numpy as np

                return np.frombuffer(data, kind.cls).copy()

            return array
        read = self.elements(kind.inner())
        return lambda data: kind.cls(read(data))

    def elements(self, kind: Kind) -> Callable[[Any], list[Any]]:
        """What makes a list of the bytes of things that lie in place, one after the other."""
        if kind.scalar_value:
            numbers = scalar_reader(kind.scalar)
            if kind.name in ("int", "float", "bool"):
                return numbers
            build = kind.value
            return lambda data: [build(number) for number in numbers(data)]
        size = kind.size
        if kind.name == "uuid":
            return lambda data: [uuid_from_bytes(data[at : at + 16]) for at in range(0, len(data), 16)]
        read = self.read(kind.of())
        return lambda data: [read(data, at) for at in range(0, len(data), size)]
