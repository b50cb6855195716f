"""Reading FlatBuffers that may hold anything: nothing is believed, and nothing outside the buffer is read.

Positions are numbers from the start of the buffer. Offsets point forward, so whatever they say, following them ends. A
function here raises Malformed, or what ``struct``, numpy or a decoder of text raise, for bytes that make no sense.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.values.base import Lease

__all__ = ["Malformed", "Opener", "follow", "open_table", "text_at", "vector_at"]

U16 = struct.Struct("<H").unpack_from
U32 = struct.Struct("<I").unpack_from
I32 = struct.Struct("<i").unpack_from

#: Makes the object of a table: (buffer, position, lease).
Opener = Callable[[Buffer, int, Lease | None], Any]


class Malformed(Exception):
    """What makes bytes no FlatBuffer of the schema, in words."""


def open_table(data: Buffer, at: int) -> tuple[int, int]:
    """Position and length of the vtable of a table."""
    vtable: int = at - I32(data, at)[0]
    if vtable < 0:
        raise Malformed(f"a table at {at} whose vtable would lie before the buffer")
    length: int = U16(data, vtable)[0]
    if length < 4 or length & 1 or vtable + length > len(data):
        raise Malformed(f"a vtable at {vtable} of {length} bytes")
    size: int = U16(data, vtable + 2)[0]
    if size < 4 or at + size > len(data):
        raise Malformed(f"a table at {at} of {size} bytes")
    return vtable, length


def follow(data: Buffer, at: int) -> int:
    """Where the offset at a position points to."""
    target: int = at + U32(data, at)[0]
    if target > len(data) - 4:
        raise Malformed(f"an offset at {at} that points to {target}")
    return target


def vector_at(data: Buffer, at: int, size: int) -> tuple[int, int]:
    """Start and number of the elements of a vector, to which the offset at a position points.

    Args:
        data: the buffer.
        at: position of the offset.
        size: bytes of an element.
    """
    start = follow(data, at)
    count: int = U32(data, start)[0]
    start += 4
    if count * size > len(data) - start:
        raise Malformed(f"a vector of {count} elements at {start}")
    return start, count


def text_at(data: Buffer, at: int) -> str:
    """The text that the offset at a position points to."""
    start, count = vector_at(data, at, 1)
    return str(data[start : start + count], "utf-8")


def bytes_at(data: Buffer, at: int) -> bytes:
    """The bytes that the offset at a position points to."""
    start, count = vector_at(data, at, 1)
    return bytes(data[start : start + count])


def texts_at(data: Buffer, at: int) -> list[str]:
    """The texts of a vector.

    Raises:
        Malformed: if they overlap, so that they could become far more than the buffer.
    """
    start, count = vector_at(data, at, 4)
    known: dict[int, str] = {}
    total, result = 0, []
    for slot in range(start, start + 4 * count, 4):
        place = slot + U32(data, slot)[0]
        text = known.get(place)
        if text is None:
            text = known[place] = text_at(data, slot)
            total += len(text)
            if total > len(data):
                raise Malformed(f"a vector of texts at {start} that overlap")
        result.append(text)
    return result


def array_at(data: Buffer, start: int, count: int, dtype: Any, lease: Lease | None) -> Any:
    """A read-only numpy array over part of the buffer, guarded if there is a lease."""
    import numpy as np

    if count == 0:
        array = np.empty(0, dtype)
        array.flags.writeable = False
        return array
    if lease is None:
        array = np.frombuffer(data, dtype, count, start)
        array.flags.writeable = False
        return array
    from pickle import PickleBuffer

    from zlmdb.values.views import lease_view

    # The buffer between keeps the memoryview exported for as long as any array over it lives; see zlmdb.values.numpy.
    buffer: Any = PickleBuffer(data)
    array = np.frombuffer(buffer, np.uint8)[start : start + count * dtype.itemsize].view(dtype)
    array.flags.writeable = False
    return lease_view(array, lease)
