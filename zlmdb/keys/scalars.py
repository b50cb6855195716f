"""Numbers and truth values.

.. code-block:: text

    Uint8 Uint16 Uint32 Uint64    big-endian
    Int8  Int16  Int32  Int64     big-endian, sign bit flipped: (value + 2**(bits-1)) as unsigned
    Oid                           Uint64 that stops at 2**53, the largest integer that JSON programs keep
    exactly Float64                       IEEE 754 binary64 big-endian; sign bit flipped, or all bits flipped
    if it was set Bool                          00 or 01

Integers accept whatever Python itself takes for an integer (``operator.index``): bool and numpy integers,
too.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Sequence
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value

__all__ = ["Bool", "Float64", "Int8", "Int16", "Int32", "Int64", "Oid", "Uint8", "Uint16", "Uint32", "Uint64"]

_FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}
# Unbound, because it refuses everything that is not an int; an object with a to_bytes() of its own would get
# through.
_to_bytes = int.to_bytes


class _Integer(KeyCodec[int]):
    """An integer of `width` bytes, from `low` to `high`, both inclusive."""

    width: int  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody sets it
    low: int
    high: int
    #: Added to a value to make it unsigned.
    shift: int = 0
    expects = "int"
    _unpack: Callable[[Buffer], tuple[Any, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # unpack() checks the length, which int.from_bytes() does not; it is as quick.
        cls._unpack = staticmethod(struct.Struct(">" + _FORMATS[cls.width]).unpack)

    def _number(self, value: int) -> int:
        try:
            return operator.index(value)
        except TypeError:
            raise wrong_type(self, value) from None

    def encode(self, value: int) -> bytes:
        number = self._number(value)
        if not self.low <= number <= self.high:
            raise wrong_value(self, value, f"the range of {self.name} is {self.low} to {self.high}")
        return (number + self.shift).to_bytes(self.width)

    def decode(self, data: Buffer) -> int:
        if len(data) != self.width:
            raise wrong_bytes(self, data, f"a key has {self.width} bytes")
        number = int.from_bytes(data) - self.shift
        if number > self.high:
            raise wrong_bytes(self, data, f"the number {number} is above {self.high}")
        return number

    def decode_many(self, data: Sequence[Buffer]) -> list[int]:
        width, shift = self.width, self.shift
        if all(len(item) == width for item in data):
            numbers = struct.unpack(f">{len(data)}{_FORMATS[width]}", b"".join(data))
            if not shift and (not numbers or max(numbers) <= self.high):
                return list(numbers)
            if shift:
                return [number - shift for number in numbers]
        return [self.decode(item) for item in data]

    def encode_bound(self, value: int) -> bytes:
        unsigned = self._number(value) + self.shift
        if unsigned < 0:
            return b""
        if unsigned >= 1 << 8 * self.width:
            return b"\xff" * (self.width + 1)
        return unsigned.to_bytes(self.width)

    def encode_expr(self, var: str, names: Names) -> str:
        pack = names.add(_to_bytes, "int_to_bytes")
        return f"{pack}({var} + {self.shift}, {self.width})" if self.shift else f"{pack}({var}, {self.width})"

    def decode_expr(self, data: str, names: Names) -> str:
        number = f"{names.add(type(self)._unpack, f'unpack_uint{self.width * 8}')}({data})[0]"
        return f"({number} - {self.shift})" if self.shift else number


class Uint8(_Integer):
    """An integer from 0 to 255, as one byte.

    >>> Uint8().encode(255)
    b'\\xff'
    """

    name, width, low, high = "uint8", 1, 0, 2**8 - 1


class Uint16(_Integer):
    """An integer from 0 to 65535, as 2 bytes, big-endian.

    >>> Uint16().encode(513)
    b'\\x02\\x01'
    """

    name, width, low, high = "uint16", 2, 0, 2**16 - 1


class Uint32(_Integer):
    """An integer from 0 to 2**32 - 1, as 4 bytes, big-endian.

    >>> Uint32().encode(1)
    b'\\x00\\x00\\x00\\x01'
    """

    name, width, low, high = "uint32", 4, 0, 2**32 - 1


class Uint64(_Integer):
    """An integer from 0 to 2**64 - 1, as 8 bytes, big-endian.

    >>> Uint64().encode(2**64 - 1).hex()
    'ffffffffffffffff'
    """

    name, width, low, high = "uint64", 8, 0, 2**64 - 1


class Int8(_Integer):
    """An integer from -128 to 127, as one byte, the sign bit flipped.

    >>> Int8().encode(-1)
    b'\\x7f'
    """

    name, width, low, high, shift = "int8", 1, -(2**7), 2**7 - 1, 2**7


class Int16(_Integer):
    """An integer from -32768 to 32767, as 2 bytes, big-endian, the sign bit flipped.

    >>> Int16().encode(-1).hex()
    '7fff'
    """

    name, width, low, high, shift = "int16", 2, -(2**15), 2**15 - 1, 2**15


class Int32(_Integer):
    """An integer from -2**31 to 2**31 - 1, as 4 bytes, big-endian, the sign bit flipped.

    >>> Int32().encode(0).hex()
    '80000000'
    """

    name, width, low, high, shift = "int32", 4, -(2**31), 2**31 - 1, 2**31


class Int64(_Integer):
    """An integer from -2**63 to 2**63 - 1, as 8 bytes, big-endian, the sign bit flipped.

    >>> Int64().encode(-1).hex()
    '7fffffffffffffff'
    """

    name, width, low, high, shift = "int64", 8, -(2**63), 2**63 - 1, 2**63


class Oid(_Integer):
    """An object number from 0 to 2**53, both inclusive, as 8 bytes, big-endian.

    >>> Oid().encode(1)
    b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'
    >>> Oid().encode(2**53 + 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    zlmdb.errors.KeyValueError: expected int as key, found 9007199254740993: the range of oid is ...
    """

    name, width, low, high = "oid", 8, 0, 2**53

    def encode_expr(self, var: str, names: Names) -> str:
        refuse = names.add(self.encode, "encode_oid")
        # A negative number makes to_bytes() raise by itself.
        return f"{names.add(_to_bytes, 'int_to_bytes')}({var} if {var} <= {self.high} else {refuse}({var}), 8)"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(_oid_from_bytes, 'oid_from_bytes')}({data})"


def _oid_from_bytes(data: Buffer) -> int:
    """The number of 8 bytes; raises struct.error or ValueError for bytes of no number."""
    number: int = Oid._unpack(data)[0]
    if number > Oid.high:
        raise ValueError(number)
    return number


_SIGN = 1 << 63
_ALL = (1 << 64) - 1
_pack_double = struct.Struct(">d").pack
_unpack_double = struct.Struct(">d").unpack


class Float64(KeyCodec[float]):
    """A float, as 8 bytes in the total order of IEEE 754.

    The order is: NaNs with the sign bit, -inf, ..., -0.0, 0.0, ..., inf, NaNs without it. So -0.0 and 0.0 are
    two keys, and each NaN is a key that comes back with the same bits. Other real numbers (int,
    numpy.float32, Fraction) are accepted if a float holds them exactly.

    >>> Float64().encode(1.0).hex(), Float64().encode(-1.0).hex()
    ('bff0000000000000', '400fffffffffffff')
    """

    name = "float64"
    width = 8
    expects = "float"

    def _convert(self, value: Any) -> float:
        from numbers import Real

        if not isinstance(value, Real):
            raise wrong_type(self, value)
        try:
            number = float(value)
        except OverflowError:
            raise wrong_value(self, value, "it is too large for a float") from None
        if number != value and value == value:
            raise wrong_value(self, value, "a float cannot hold it exactly")
        return number

    def encode(self, value: float) -> bytes:
        if value.__class__ is not float:
            value = self._convert(value)
        bits = int.from_bytes(_pack_double(value))
        return (bits ^ (_ALL if bits & _SIGN else _SIGN)).to_bytes(8)

    def decode(self, data: Buffer) -> float:
        if len(data) != 8:
            raise wrong_bytes(self, data, "a key has 8 bytes")
        bits = int.from_bytes(data)
        number: float = _unpack_double((bits ^ (_SIGN if bits & _SIGN else _ALL)).to_bytes(8))[0]
        return number


_unpack_byte = struct.Struct("B").unpack


class Bool(KeyCodec[bool]):
    """False or True, as the byte 00 or 01. Nothing else is accepted but numpy's own bool.

    >>> Bool().encode(True)
    b'\\x01'
    """

    name = "bool"
    width = 1
    expects = "bool"

    def encode(self, value: bool) -> bytes:
        kind = type(value)
        if kind is bool or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")):
            return b"\1" if value else b"\0"
        raise wrong_type(self, value)

    def decode(self, data: Buffer) -> bool:
        if data == b"\0":
            return False
        if data == b"\1":
            return True
        raise wrong_bytes(self, data, "it is one byte, 00 or 01")

    def encode_expr(self, var: str, names: Names) -> str:
        encode = names.add(self.encode, "encode_bool")
        return f"(b'\\x01' if {var} is True else b'\\x00' if {var} is False else {encode}({var}))"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"(False, True)[{names.add(_unpack_byte, 'unpack_byte')}({data})[0]]"
