"""Text and byte strings of any length.

.. code-block:: text

    String    UTF-8; sorts by code point, as Python compares str
    Bytes     as they are

Both are of variable length: in a composite key they are escaped and ended unless they come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value

__all__ = ["Bytes", "String", "raw_bytes"]

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


def raw_bytes(codec: KeyCodec[Any], value: Any) -> bytes:
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
        return raw_bytes(self, value)

    def decode(self, data: Buffer) -> bytes:
        return bytes(data)

    def partial(self, start: Any) -> bytes:
        return raw_bytes(self, start)

    def encode_expr(self, var: str, names: Names) -> str:
        encode = names.add(self.encode, "encode_bytes")
        return f"({var} if {var}.__class__ is {names.add(bytes, 'bytes')} else {encode}({var}))"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(bytes, 'bytes')}({data})"
