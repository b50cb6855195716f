"""Sets, stored as their members one after the other, in ascending order of their bytes.

.. code-block:: text

    OidSet     8 bytes, big-endian | 8 bytes | ...
    UuidSet    16 bytes | 16 bytes | ...
    StringSet  length in bytes, uint32 big-endian | UTF-8 | length | UTF-8 | ...

The order makes equal sets equal bytes. On read any order will do. The empty set is no bytes at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Set
from typing import Any, TypeVar

from zlmdb._typing import Buffer
from zlmdb.errors import ZlmdbError
from zlmdb.values.base import ValueCodec, undecodable, wrong_type
from zlmdb.values.scalars import Oid, String, Uuid, uuid_from_bytes

__all__ = ["OidSet", "StringSet", "UuidSet"]

M = TypeVar("M")


class _SetCodec(ValueCodec[set[M]]):
    expects: str
    member: ValueCodec[Any]

    def _members(self, value: Any) -> list[bytes]:
        if not isinstance(value, Set):
            raise wrong_type(self.expects, value)
        encode = self.member.encode
        try:
            return sorted([encode(self._present(item)) for item in value])
        except ZlmdbError as error:
            error.args = (f"expected {self.expects}; of a member: {error.message}",)
            raise

    def _present(self, item: Any) -> Any:
        if item is None:  # the codec of single values writes it as zeros, which would read back as a member
            raise wrong_type("a member", item)
        return item


class OidSet(_SetCodec[int]):
    """A codec for sets of object numbers.

    >>> OidSet().encode({2, 1}).hex()
    '00000000000000010000000000000002'
    """

    name = "oid_set"
    expects = "a set of int"
    member = Oid()

    def encode(self, value: Set[int]) -> bytes:
        """The members in ascending order, 8 bytes each."""
        return b"".join(self._members(value))

    def decode(self, data: Buffer) -> set[int]:
        """The set of the members."""
        decode = self.member.decode
        return {decode(part) for part in _parts(data, 8, self.expects)}


class UuidSet(_SetCodec[uuid.UUID]):
    """A codec for sets of UUIDs.

    >>> UuidSet().decode(bytes(16))
    {UUID('00000000-0000-0000-0000-000000000000')}
    """

    name = "uuid_set"
    expects = "a set of uuid.UUID"
    member = Uuid()

    def encode(self, value: Set[uuid.UUID]) -> bytes:
        """The members in ascending order, 16 bytes each."""
        return b"".join(self._members(value))

    def decode(self, data: Buffer) -> set[uuid.UUID]:
        """The set of the members."""
        return {uuid_from_bytes(part) for part in _parts(data, 16, self.expects)}


class StringSet(_SetCodec[str]):
    """A codec for sets of text.

    >>> StringSet().encode({"b", ""})
    b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01b'
    """

    name = "string_set"
    expects = "a set of str"
    member = String()

    def encode(self, value: Set[str]) -> bytes:
        """The members in ascending order of their UTF-8 bytes, each with its length before it."""
        return b"".join([len(item).to_bytes(4, "big") + item for item in self._members(value)])

    def decode(self, data: Buffer) -> set[str]:
        """The set of the members."""
        result = set()
        at = 0
        while at < len(data):
            start = at + 4
            at = start + int.from_bytes(data[start - 4 : start], "big")
            if start > len(data) or at > len(data):
                raise undecodable(self.expects, data, "a member ends beyond the value")
            try:
                result.add(str(data[start:at], "utf-8"))
            except UnicodeDecodeError as error:
                raise undecodable(self.expects, data, error) from error
        return result


def _parts(data: Buffer, width: int, what: str) -> Iterable[Buffer]:
    if len(data) % width:
        raise undecodable(what, data, f"the members have {width} bytes each")
    return (data[at : at + width] for at in range(0, len(data), width))
