"""Byte strings of one length, as they are.

.. code-block:: text

    Bytes16 Bytes20 Bytes32     the bytes
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_value
from zlmdb.keys.text import raw_bytes

__all__ = ["Bytes16", "Bytes20", "Bytes32"]


class _FixedBytes(KeyCodec[bytes]):
    """Bytes of exactly `width`."""

    width: int  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody sets it
    _unpack: Callable[[Buffer], tuple[Any, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # "20s" checks the length and copies out of a memoryview in one step.
        cls._unpack = staticmethod(struct.Struct(f"{cls.width}s").unpack)

    def encode(self, value: bytes) -> bytes:
        data = raw_bytes(self, value)
        if len(data) != self.width:
            raise wrong_value(self, value, f"it has {len(data)} bytes")
        return data

    def decode(self, data: Buffer) -> bytes:
        if len(data) != self.width:
            raise wrong_bytes(self, data, f"a key has {self.width} bytes")
        return bytes(data)

    def partial(self, start: Any) -> bytes:
        data = raw_bytes(self, start)
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
