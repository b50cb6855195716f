"""Values of one fixed kind, stored bare.

- String: UTF-8; None is written as empty text
- Bytes: as they are
- Oid: uint64 big-endian, 0 to 2**53
- Uuid: 16 bytes; None is written as zeros
- Timestamp: np.datetime64 as signed nanoseconds since 1970, int64 big-endian; None is written as zeros
- Bytes16, Bytes20, Bytes32: exactly so many bytes; None is written as zeros
- Bytes20Timestamp: a pair, 20 bytes and 8; None for either, or for the pair, is written as zeros

None is not distinguished on read: it comes back as the empty text, the nil UUID, the time 0, bytes of zeros.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import EncodeError, ValueTypeError
from zlmdb.values.base import ValueCodec, undecodable, wrong_type
from zlmdb.values.times import datetime64_from_ns, datetime64_to_ns

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Bytes", "Bytes16", "Bytes20", "Bytes20Timestamp", "Bytes32", "Oid", "String", "Timestamp", "Uuid"]

MAX_OID = 2**53

_new = object.__new__
_set_int = uuid.UUID.__dict__["int"].__set__
_set_safe = uuid.UUID.__dict__["is_safe"].__set__
_UNKNOWN = uuid.SafeUUID.unknown


def uuid_from_bytes(data: Buffer) -> uuid.UUID:
    """The UUID of 16 bytes, made by setting the two slots of a bare object: less than half the cost of
    ``UUID()``.

    Raises:
        ValueError: if there are not 16 bytes.
    """
    if len(data) != 16:
        raise ValueError(f"expected 16 bytes, found {len(data)}")
    result = _new(uuid.UUID)
    _set_int(result, int.from_bytes(data, "big"))
    _set_safe(result, _UNKNOWN)
    return result


class String(ValueCodec[str]):
    """A codec for text.

    >>> String().encode("Zoë")
    b'Zo\\xc3\\xab'
    >>> String().decode(b"")
    ''
    """

    name = "string"

    def encode(self, value: str | None) -> bytes:
        """The UTF-8 bytes of a text; none for None."""
        if value is None:
            return b""
        if not isinstance(value, str):
            raise wrong_type("str", value)
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise EncodeError(f"expected text that UTF-8 can hold: {error}") from error

    def decode(self, data: Buffer) -> str:
        """The text of some UTF-8 bytes."""
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError as error:
            raise undecodable("UTF-8 text", data, error) from error

    def encode_expr(self, var: str, names: Names) -> str:
        return f"{var}.encode()"


class Bytes(ValueCodec[bytes]):
    """A codec for bytes of any length; accepts bytearray and memoryview, too.

    >>> Bytes().decode(Bytes().encode(bytearray(b"ab")))
    b'ab'
    """

    name = "bytes"

    def encode(self, value: bytes | bytearray | memoryview) -> bytes:
        """The bytes themselves."""
        if type(value) is bytes:
            return value
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        raise wrong_type("bytes", value)

    def decode(self, data: Buffer) -> bytes:
        """The bytes themselves, never a view."""
        return bytes(data)

    def decode_expr(self, var: str, names: Names) -> str:
        return f"{names.add(bytes, 'bytes')}({var})"


class Oid(ValueCodec[int]):
    """A codec for object numbers, 0 to 2**53 (both inclusive).

    >>> Oid().encode(258).hex()
    '0000000000000102'
    """

    name = "oid"

    def encode(self, value: int) -> bytes:
        """8 bytes, big-endian."""
        if not hasattr(value, "__index__") or isinstance(value, bool):
            raise wrong_type("int", value)
        number = value.__index__()
        if not 0 <= number <= MAX_OID:
            raise EncodeError(f"expected an OID from 0 to 2**53, found {number}")
        return number.to_bytes(8, "big")

    def decode(self, data: Buffer) -> int:
        """The number of 8 bytes."""
        if len(data) != 8 or (number := int.from_bytes(data, "big")) > MAX_OID:
            raise undecodable("an OID", data, "an OID has 8 bytes and goes to 2**53")
        return number


class Uuid(ValueCodec[uuid.UUID]):
    """A codec for UUIDs.

    >>> Uuid().decode(bytes(16))
    UUID('00000000-0000-0000-0000-000000000000')
    """

    name = "uuid"

    def encode(self, value: uuid.UUID | None) -> bytes:
        """The 16 bytes of a UUID; zeros for None."""
        if value is None:
            return bytes(16)
        if not isinstance(value, uuid.UUID):
            raise wrong_type("uuid.UUID", value)
        return value.bytes

    def decode(self, data: Buffer) -> uuid.UUID:
        """The UUID of 16 bytes."""
        try:
            return uuid_from_bytes(data)
        except ValueError as error:
            raise undecodable("a UUID", data, error) from error

    def encode_expr(self, var: str, names: Names) -> str:
        return f'{var}.int.to_bytes(16, "big")'


class Timestamp(ValueCodec["np.datetime64"]):
    """A codec for points in time, as np.datetime64 in nanoseconds.

    Other units are converted, if that is exact and the time lies within 1678 to 2262.

    >>> import numpy as np
    >>> Timestamp().encode(np.datetime64("1970-01-01T00:00:01")).hex()
    '000000003b9aca00'
    """

    name = "timestamp"

    def encode(self, value: np.datetime64 | None) -> bytes:
        """8 bytes, big-endian; zeros for None."""
        if value is None:
            return bytes(8)
        try:
            return datetime64_to_ns(value).to_bytes(8, "big", signed=True)
        except TypeError:
            raise wrong_type("numpy.datetime64", value) from None
        except ValueError as error:
            raise EncodeError(str(error)) from error

    def decode(self, data: Buffer) -> np.datetime64:
        """The np.datetime64[ns] of 8 bytes."""
        if len(data) != 8:
            raise undecodable("a timestamp", data, "a timestamp has 8 bytes")
        return datetime64_from_ns(int.from_bytes(data, "big", signed=True))


class _Fixed(ValueCodec[bytes]):
    width: int

    def encode(self, value: bytes | bytearray | memoryview | None) -> bytes:
        """The bytes themselves; zeros for None."""
        if value is None:
            return bytes(self.width)
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise wrong_type(f"{self.width} bytes", value)
        data = bytes(value)
        if len(data) != self.width:
            raise ValueTypeError(
                f"expected {self.width} bytes, found {len(data)}",
                expected=f"{self.width} bytes",
                found=f"{len(data)} bytes",
            )
        return data

    def decode(self, data: Buffer) -> bytes:
        """The bytes themselves, never a view."""
        if len(data) != self.width:
            raise undecodable(f"{self.width} bytes", data, f"{len(data)} is another length")
        return bytes(data)


class Bytes16(_Fixed):
    """A codec for exactly 16 bytes.

    >>> Bytes16().encode(None) == bytes(16)
    True
    """

    name = "bytes16"
    width = 16


class Bytes20(_Fixed):
    """A codec for exactly 20 bytes.

    >>> Bytes20().encode(None) == bytes(20)
    True
    """

    name = "bytes20"
    width = 20


class Bytes32(_Fixed):
    """A codec for exactly 32 bytes.

    >>> Bytes32().encode(None) == bytes(32)
    True
    """

    name = "bytes32"
    width = 32


class Bytes20Timestamp(ValueCodec[tuple[bytes, "np.datetime64"]]):
    """A codec for pairs of 20 bytes and a point in time.

    >>> Bytes20Timestamp().encode((bytes(20), None)) == bytes(28)
    True
    """

    name = "bytes20_timestamp"

    def __init__(self, record: Any = None) -> None:
        super().__init__(record)
        self._address = Bytes20()
        self._time = Timestamp()

    def encode(self, value: tuple[bytes | None, np.datetime64 | None] | None) -> bytes:
        """28 bytes; zeros for None."""
        if value is None:
            return bytes(28)
        if not isinstance(value, tuple) or len(value) != 2:
            raise wrong_type("a tuple of 20 bytes and a numpy.datetime64", value)
        return self._address.encode(value[0]) + self._time.encode(value[1])

    def decode(self, data: Buffer) -> tuple[bytes, np.datetime64]:
        """The pair of 28 bytes."""
        if len(data) != 28:
            raise undecodable("20 bytes and a timestamp", data, "the pair has 28 bytes")
        return bytes(data[:20]), self._time.decode(data[20:])
