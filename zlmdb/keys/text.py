"""Text and byte strings.

.. code-block:: text

    String                      UTF-8; sorts by code point, as Python compares str
    Bytes                       as they are, of any length
    Bytes16 Bytes20 Bytes32     as they are, of exactly this length

String and Bytes are of variable length: in a composite key they are escaped and ended unless they come last.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value

__all__ = ["Bytes", "Bytes16", "Bytes20", "Bytes32", "String"]

# Unbound, because it refuses everything that is not a str; many objects have an encode() of their own.
_encode = str.encode


class String(KeyCodec[str]):
    """Text of any length, as UTF-8. Lone surrogates cannot be written and are refused.

    >>> String().encode("é")
    b'\\xc3\\xa9'
    """

    name = "string"
    expects = "str"

    def encode(self, value: str) -> bytes:
        if not isinstance(value, str):
            raise wrong_type(self, value)
        try:
            return _encode(value)
        except UnicodeEncodeError as error:
            raise wrong_value(self, value, f"a lone surrogate at position {error.start} is not text") from None

    def decode(self, data: Buffer) -> str:
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError as error:
            raise wrong_bytes(self, data, f"not UTF-8 at position {error.start}") from None

    def decode_many(self, data: Sequence[Buffer]) -> list[str]:
        try:
            return [str(item, "utf-8") for item in data]
        except UnicodeDecodeError:
            return [self.decode(item) for item in data]

    def partial(self, start: Any) -> bytes:
        return self.encode(start)

    def encode_expr(self, var: str, names: Names) -> str:
        return f"{names.add(_encode, 'str_encode')}({var})"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(str, 'str')}({data}, 'utf-8')"


def _raw(codec: KeyCodec[Any], value: Any) -> bytes:
    """The bytes of any object that a bytes key accepts."""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise wrong_type(codec, value)
    try:
        return bytes(value)
    except ValueError as error:  # a memoryview whose memory was released
        raise wrong_value(codec, value, str(error)) from None


class Bytes(KeyCodec[bytes]):
    """Bytes of any length, as they are. bytes, bytearray and memoryview are accepted; decoded to bytes.

    >>> Bytes().encode(bytearray(b"ab"))
    b'ab'
    """

    name = "bytes"
    expects = "bytes"

    def encode(self, value: bytes) -> bytes:
        return _raw(self, value)

    def decode(self, data: Buffer) -> bytes:
        return bytes(data)

    def partial(self, start: Any) -> bytes:
        return _raw(self, start)

    def encode_expr(self, var: str, names: Names) -> str:
        encode = names.add(self.encode, "encode_bytes")
        return f"({var} if {var}.__class__ is {names.add(bytes, 'bytes')} else {encode}({var}))"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(bytes, 'bytes')}({data})"


class _FixedBytes(KeyCodec[bytes]):
    """Bytes of exactly `width`."""

    width: int  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody sets it
    _unpack: Callable[[Buffer], tuple[Any, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # "20s" checks the length and copies out of a memoryview in one step.
        cls._unpack = staticmethod(struct.Struct(f"{cls.width}s").unpack)

    def encode(self, value: bytes) -> bytes:
        data = _raw(self, value)
        if len(data) != self.width:
            raise wrong_value(self, value, f"it has {len(data)} bytes")
        return data

    def decode(self, data: Buffer) -> bytes:
        if len(data) != self.width:
            raise wrong_bytes(self, data, f"a key has {self.width} bytes")
        return bytes(data)

    def partial(self, start: Any) -> bytes:
        data = _raw(self, start)
        if len(data) > self.width:
            raise wrong_value(self, start, f"{len(data)} bytes cannot be their beginning")
        return data

    def encode_expr(self, var: str, names: Names) -> str:
        encode = names.add(self.encode, f"encode_{self.name}")
        kind, length = names.add(bytes, "bytes"), names.add(len, "len")
        return f"({var} if {var}.__class__ is {kind} and {length}({var}) == {self.width} else {encode}({var}))"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(type(self)._unpack, f'unpack_{self.name}')}({data})[0]"


class Bytes16(_FixedBytes):
    """Exactly 16 bytes, as they are.

    >>> Bytes16().decode(memoryview(bytes(16)))
    b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'
    """

    name, width, expects = "bytes16", 16, "16 bytes"


class Bytes20(_FixedBytes):
    """Exactly 20 bytes, as they are: addresses and SHA-1 digests.

    >>> Bytes20().encode(b"short")
    Traceback (most recent call last):
        ...
    zlmdb.errors.KeyValueError: expected 20 bytes as key, found b'short': it has 5 bytes
    """

    name, width, expects = "bytes20", 20, "20 bytes"


class Bytes32(_FixedBytes):
    """Exactly 32 bytes, as they are: SHA-256 digests and public keys.

    >>> Bytes32().encode(bytes(32)) == bytes(32)
    True
    """

    name, width, expects = "bytes32", 32, "32 bytes"
