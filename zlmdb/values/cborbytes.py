"""The bytes of small CBOR items, ready made: what generated encoders put together.

.. code-block:: text

    first byte = major type << 5 | length or value, below 24; 24, 25, 26, 27: it follows in 1, 2, 4, 8 bytes
    major types: 0 unsigned, 1 negative, 2 bytes, 3 text, 4 array, 5 map, 6 tag, 7 simple and float
"""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["BYTES", "INT", "TEXT", "float_item", "head", "int_item", "text_item"]

_u8 = struct.Struct(">BB").pack
_u16 = struct.Struct(">BH").pack
_u32 = struct.Struct(">BI").pack
_u64 = struct.Struct(">BQ").pack
_float = struct.Struct(">Bd").pack


def head(major: int, number: int) -> bytes:
    """The shortest head of an item.

    Args:
        major: the major type, 0 to 7.
        number: length or value, 0 to 2**64 - 1.
    """
    if number < 24:
        return bytes((major << 5 | number,))
    if number < 0x100:
        return _u8(major << 5 | 24, number)
    if number < 0x10000:
        return _u16(major << 5 | 25, number)
    if number < 0x100000000:
        return _u32(major << 5 | 26, number)
    return _u64(major << 5 | 27, number)


#: Heads of byte strings and texts by length, and whole unsigned integers, below 256.
BYTES = tuple(head(2, n) for n in range(256))
TEXT = tuple(head(3, n) for n in range(256))
INT = tuple(head(0, n) for n in range(256))


def int_item(value: int) -> bytes:
    """An integer of 64 bits or less; struct.error for larger ones."""
    if value >= 0:
        if value < 0x10000:
            return _u16(0x19, value) if value > 0xFF else INT[value]
        return _u32(0x1A, value) if value < 0x100000000 else _u64(0x1B, value)
    return head(1, -1 - value)


def float_item(value: float) -> bytes:
    """A float, in 8 bytes; NaN and the infinities in 2, as cbor2 writes them."""
    if value - value == 0.0:
        return _float(0xFB, value)
    if value != value:
        return b"\xf9\x7e\x00"
    return b"\xf9\x7c\x00" if value > 0 else b"\xf9\xfc\x00"


def text_item(value: Any) -> bytes:
    """A text."""
    data: bytes = value.encode()
    return head(3, len(data)) + data
