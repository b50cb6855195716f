"""Reading what lies behind offsets: vectors, nested tables, unions.

Every function has the form ``read(buffer, place, lease) -> value``, where `place` is the position of the offset; those
of unions and vectors of unions have the position of their type before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.values.base import Lease
from zlmdb.values.flat.access import (
    U32,
    Malformed,
    Opener,
    array_at,
    bytes_at,
    follow,
    text_at,
    texts_at,
    vector_at,
)
from zlmdb.values.flat.kinds import Kind, Record
from zlmdb.values.flat.structs import StructReader

__all__ = ["VectorReader"]


class VectorReader:
    """The functions for the types of fields.

    Args:
        structs: what reads structs.
        opener: gives for a table the function that makes its lazy objects.
    """

    def __init__(self, structs: StructReader, opener: Callable[[Record], Opener]) -> None:
        self.structs = structs
        self.opener = opener

    def at(self, kind: Kind) -> Callable[..., Any]:
        """The function for a type that lies behind an offset."""
        if kind.name == "bytes":
            return lambda data, place, lease: bytes_at(data, place)
        if kind.name == "str":
            return lambda data, place, lease: text_at(data, place)
        if kind.name == "table":
            return self._table(kind)
        if kind.name == "struct":
            read = self.structs.read(kind.of())
            return lambda data, place, lease: read(data, follow(data, place))
        if kind.name == "ndarray":
            return _array(kind)
        if kind.name == "union":
            return self._union(kind)
        return self._list(kind)

    def _table(self, kind: Kind) -> Callable[..., Any]:
        # Looked up on the first access: tables may contain themselves.
        opener, record = self.opener, kind.of()
        return lambda data, place, lease: opener(record)(data, follow(data, place), lease)

    def _union(self, kind: Kind) -> Callable[..., Any]:
        members = {number: self.at(member) for number, member in kind.members}

        def union(data: Buffer, types: int, place: int, lease: Lease | None) -> Any:
            number = data[types]
            if number == 0:
                return None
            if number not in members:
                raise Malformed(f"a member {number} of a union that has {', '.join(map(str, members))}")
            return members[number](data, place, lease)

        return union

    def _list(self, kind: Kind) -> Callable[..., Any]:
        element, container = kind.inner(), kind.cls
        if element.in_place:
            read, size = self.structs.elements(element), element.size

            def in_place(data: Buffer, place: int, lease: Lease | None) -> Any:
                start, count = vector_at(data, place, size)
                found = read(data[start : start + count * size])
                return found if container is list else container(found)

            return in_place
        if element.name == "str":
            return lambda data, place, lease: container(texts_at(data, place))
        if element.name == "union":
            return self._unions(element, container)
        opener, record = self.opener, element.of()

        def tables(data: Buffer, place: int, lease: Lease | None) -> Any:
            start, count = vector_at(data, place, 4)
            open_one = opener(record)
            return container(
                [open_one(data, slot + U32(data, slot)[0], lease) for slot in range(start, start + 4 * count, 4)]
            )

        return tables

    def _unions(self, element: Kind, container: type) -> Callable[..., Any]:
        read = self._union(element)
        number_of_text = next((number for number, member in element.members if member.name == "str"), 0)

        def unions(data: Buffer, types: int, place: int, lease: Lease | None) -> Any:
            first, kinds = vector_at(data, types, 1)
            start, count = vector_at(data, place, 4)
            if kinds != count:
                raise Malformed(f"{kinds} types for {count} members of a union")
            found: list[Any] = []
            texts: dict[int, str] = {}
            left = len(data)
            for at in range(count):
                slot = start + 4 * at
                # A text that is named twice is one text, and texts that overlap could be far more than the buffer.
                one = texts.get(slot + U32(data, slot)[0]) if texts else None
                if one is None or number_of_text != data[first + at]:
                    one = read(data, first + at, slot, lease)
                    if one is None:
                        raise Malformed("a member of a vector of unions that is none")
                    if type(one) is str:
                        texts[slot + U32(data, slot)[0]] = one
                        left -= len(one)
                        if left < 0:
                            raise Malformed(f"a vector of unions at {start} with texts that overlap")
                found.append(one)
            return container(found)

        return unions


def _array(kind: Kind) -> Callable[..., Any]:
    import numpy as np

    dtype = np.dtype(kind.cls)

    def array(data: Buffer, place: int, lease: Lease | None) -> Any:
        start, count = vector_at(data, place, dtype.itemsize)
        return array_at(data, start, count, dtype, lease)

    return array
