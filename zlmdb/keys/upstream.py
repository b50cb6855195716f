"""Key layouts of files that earlier releases of zlmdb wrote, where they are not those of :class:`Composite`.

.. code-block:: text

    StringString             text | 00 | text                                 (String, String)
    StringStringString       text | 00 | text | 00 | text                     (String, String, String)
    StringOid                text | uint64 big-endian                         (String, Oid)
    StringTimestamp          text | uint64 big-endian                         (String, Timestamp)
    OidTimestampLE           uint64 big-endian | uint64 little-endian         (Oid, Timestamp)
    OidTimestampStringLE     uint64 big-endian | uint64 little-endian | text  (Oid, Timestamp, String)
    Uint16UuidTimestamp      uint16 little-endian | 16 bytes | uint64 big-endian

Only the named maps that existing files use take these; everything declared with ``key=(String, Oid)`` and the
like takes the layout of :class:`Composite`. All other composite keys of earlier releases are plain
concatenations, which is what :class:`Composite` writes for them.

The first two keep the order of the tuples for every key that they accept. StringOid and StringTimestamp keep
it as long as no text contains a character below that of the number's first byte (a NUL for an OID; for a
time, those below U+0020 until January 2043). The little-endian ones do not keep it at all: a range of them is
one of bytes.
"""

from __future__ import annotations

from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import KeyValueError
from zlmdb.keys.base import KeyCodec, wrong_bytes
from zlmdb.keys.composite import Composite
from zlmdb.keys.scalars import Oid, Uint16
from zlmdb.keys.text import String
from zlmdb.keys.timestamps import Timestamp
from zlmdb.keys.uuids import Uuid

__all__ = [
    "OidTimestampLE",
    "OidTimestampStringLE",
    "StringOid",
    "StringString",
    "StringStringString",
    "StringTimestamp",
    "Uint16UuidTimestamp",
]


class _Reversed(KeyCodec[Any]):
    """Another codec of fixed length with its bytes in reverse: big-endian made little-endian."""

    ordered = False

    def __init__(self, forward: KeyCodec[Any]) -> None:
        self.forward = forward
        self.name = f"{forward.name}-le"
        self.width = forward.width
        self.expects = forward.expects

    def encode(self, value: Any) -> bytes:
        return self.forward.encode(value)[::-1]

    def decode(self, data: Buffer) -> Any:
        return self.forward.decode(bytes(data)[::-1])

    def encode_expr(self, var: str, names: Names) -> str:
        return f"{self.forward.encode_expr(var, names)}[::-1]"

    def decode_expr(self, data: str, names: Names) -> str:
        # A memoryview read backwards is not contiguous, which unpack() refuses.
        return self.forward.decode_expr(f"{names.add(bytes, 'bytes')}({data})[::-1]", names)


def _without_nul(data: bytes) -> bytes:
    if b"\0" in data:
        raise KeyValueError(
            f"expected text without NUL, found {data.decode()!r}: in this layout a NUL ends the component; "
            "a table declared with key=(String, String) takes any text",
            expected="text without NUL",
            found="text with NUL",
        )
    return data


class StringString(Composite):
    """Two texts joined by one 00. The second may contain NUL, the first may not; both may be empty.

    Args:
        none_as_zeros: True, the default, writes None as empty text.

    >>> StringString().encode(("ab", "cd"))
    b'ab\\x00cd'
    >>> StringString().encode(("a\\0b", "cd"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    zlmdb.errors.KeyValueError: component 1 (string): expected text without NUL, found 'a\\x00b': ...
    """

    count = 2

    def __init__(self, none_as_zeros: bool = True) -> None:
        super().__init__((String,) * self.count, none_as_zeros)
        self.name = "-00-".join(["string"] * self.count)

    def _write(self, index: int, data: bytes) -> bytes:
        return data if index == self.count - 1 else _without_nul(data) + b"\0"

    def _write_expr(self, index: int, expr: str, names: Names) -> str:
        return expr if index == self.count - 1 else rf"{names.add(_without_nul, 'without_nul')}({expr}) + b'\x00'"

    def _write_start(self, data: bytes) -> bytes:
        return _without_nul(data)

    def _split(self, data: Buffer) -> list[Buffer]:
        pieces: list[Buffer] = list(bytes(data).split(b"\0", self.count - 1))
        if len(pieces) != self.count:
            raise wrong_bytes(self, data, f"expected {self.count - 1} bytes 00 between {self.count} texts")
        return pieces


class StringStringString(StringString):
    """Three texts joined by one 00 each; only the last may contain NUL.

    >>> StringStringString().encode(("ab", "", "cd"))
    b'ab\\x00\\x00cd'
    """

    count = 3


class _StringNumber(Composite):
    """Text, not ended by anything, then a part of 8 bytes: taken apart from the right."""

    number: type[KeyCodec[Any]]
    #: The greatest bytes of the number.
    greatest: bytes

    def __init__(self, none_as_zeros: bool = True) -> None:
        super().__init__((String, self.number), none_as_zeros)
        self.name = f"string-{self.number.name}"
        self.ordered = False

    def _write(self, index: int, data: bytes) -> bytes:
        return data

    def _write_expr(self, index: int, expr: str, names: Names) -> str:
        return expr

    def _write_start(self, data: bytes) -> bytes:
        return data

    def span(self, values: tuple[Any, ...]) -> tuple[bytes, bytes | None]:
        # Nothing ends the text, so the keys of a longer one lie behind the greatest number of this one.
        if len(values) != 1:
            return super().span(values)
        start = self.prefix(values)
        return start, start + self.greatest + b"\0"

    def _split(self, data: Buffer) -> list[Buffer]:
        if len(data) < 8:
            raise wrong_bytes(self, data, "a key has at least 8 bytes")
        return [data[:-8], data[-8:]]


class StringOid(_StringNumber):
    """Text, then an object number of 8 bytes.

    Keys sort like tuples unless a text contains NUL. ``prefix(("ab",))`` begins the keys of "abc" as well.

    Args:
        none_as_zeros: True, the default, writes None as empty text, or zero.

    >>> StringOid().encode(("ab", 1))
    b'ab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'
    >>> StringOid().decode(b"ab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01")
    ('ab', 1)
    """

    number = Oid
    greatest = (2**53).to_bytes(8, "big")


class StringTimestamp(_StringNumber):
    """Text, then a time of 8 bytes.

    Keys sort like tuples unless a text contains a character below the first byte of a time: one below U+0020,
    for times up to January 2043.

    Args:
        none_as_zeros: True, the default, writes None as empty text, or 1970.
    """

    number = Timestamp
    greatest = (2**63 - 1).to_bytes(8, "big")


class OidTimestampLE(Composite):
    """An object number, then a time of 8 bytes in little-endian order: found by key, not sorted by time.

    Args:
        none_as_zeros: True, the default, writes None as zero.
    """

    def __init__(self, none_as_zeros: bool = True) -> None:
        super().__init__((Oid(), _Reversed(Timestamp())), none_as_zeros)


class OidTimestampStringLE(Composite):
    """An object number, a time with its 8 bytes in little-endian order, then text.

    Args:
        none_as_zeros: True, the default, writes None as zero, or empty text.
    """

    def __init__(self, none_as_zeros: bool = True) -> None:
        super().__init__((Oid(), _Reversed(Timestamp()), String()), none_as_zeros)


class Uint16UuidTimestamp(Composite):
    """A number of 2 bytes in little-endian order, a UUID, a time: found by key, not sorted by number.

    Args:
        none_as_zeros: True, the default, writes None as zeros.

    >>> import numpy as np, uuid
    >>> Uint16UuidTimestamp().encode((1, uuid.UUID(int=0), np.datetime64(1, "ns"))).hex()
    '0100000000000000000000000000000000000000000000000001'
    """

    def __init__(self, none_as_zeros: bool = True) -> None:
        super().__init__((_Reversed(Uint16()), Uuid(), Timestamp()), none_as_zeros)
