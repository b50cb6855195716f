"""Days and times.

.. code-block:: text

    Date         days since 1970-01-01, as Int32
    Datetime     microseconds since 1970-01-01T00:00Z, as Int64
    Timestamp    nanoseconds since 1970-01-01T00:00Z, as Uint64 that stops at 2**63 - 1 (in the year 2262)

Timestamp is numpy.datetime64, and numpy is imported when the first one is encoded or decoded, not before.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Date", "Datetime", "Timestamp"]

_to_bytes = int.to_bytes
_unpack_uint32 = struct.Struct(">I").unpack
_unpack_uint64 = struct.Struct(">Q").unpack

# From the proleptic Gregorian ordinal to the unsigned number that is written.
_DAYS = (1 << 31) - date(1970, 1, 1).toordinal()
_fromordinal = date.fromordinal


class Date(KeyCodec[date]):
    """A :class:`datetime.date`, as 4 bytes. A datetime is refused: its time of day would be lost.

    >>> Date().encode(date(1970, 1, 2)).hex()
    '80000001'
    """

    name = "date"
    width = 4
    expects = "datetime.date"

    def encode(self, value: date) -> bytes:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise wrong_type(self, value)
        return (value.toordinal() + _DAYS).to_bytes(4)

    def decode(self, data: Buffer) -> date:
        if len(data) != 4:
            raise wrong_bytes(self, data, "a key has 4 bytes")
        try:
            return _fromordinal(int.from_bytes(data) - _DAYS)
        except (ValueError, OverflowError):
            raise wrong_bytes(self, data, "the day is not in the years 1 to 9999") from None

    def encode_expr(self, var: str, names: Names) -> str:
        pack, encode = names.add(_to_bytes, "int_to_bytes"), names.add(self.encode, "encode_date")
        return (
            f"({pack}({var}.toordinal() + {_DAYS}, 4) if {var}.__class__ is {names.add(date, 'date')} "
            f"else {encode}({var}))"
        )

    def decode_expr(self, data: str, names: Names) -> str:
        unpack = names.add(_unpack_uint32, "unpack_uint32")
        return f"{names.add(_fromordinal, 'fromordinal')}({unpack}({data})[0] - {_DAYS})"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_INT64 = 1 << 63


class Datetime(KeyCodec[datetime]):
    """A timezone-aware :class:`datetime.datetime`, as 8 bytes; decoded in UTC.

    The key is the moment: the same moment in two zones is one key. Without a timezone there is no moment, and
    the value is refused, as is one that UTC puts outside the years 1 to 9999.

    >>> Datetime().encode(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)).hex()
    '80000000000f4240'
    """

    name = "datetime"
    width = 8
    expects = "a timezone-aware datetime.datetime"

    def _microseconds(self, value: datetime) -> int:
        if not isinstance(value, datetime):
            raise wrong_type(self, value)
        if value.__class__ is not datetime:
            # pandas has a subclass with nanoseconds, and a not-a-time that is an instance, too.
            if value != value:
                raise wrong_value(self, value, "it is no time")
            if getattr(value, "nanosecond", 0):
                raise wrong_value(self, value, "it is finer than a microsecond")
        try:
            return (value - _EPOCH) // _MICROSECOND
        except TypeError:
            raise wrong_value(self, value, "it has no timezone; give it one, such as datetime.UTC") from None

    def encode(self, value: datetime) -> bytes:
        number = self._microseconds(value)
        if not _FIRST <= number <= _LAST:
            raise wrong_value(self, value, "in UTC it is outside the years 1 to 9999")
        return (number + _INT64).to_bytes(8)

    def decode(self, data: Buffer) -> datetime:
        if len(data) != 8:
            raise wrong_bytes(self, data, "a key has 8 bytes")
        try:
            return _EPOCH + timedelta(microseconds=int.from_bytes(data) - _INT64)
        except OverflowError:
            raise wrong_bytes(self, data, "the moment is outside the years 1 to 9999") from None

    def encode_bound(self, value: datetime) -> bytes:
        return (self._microseconds(value) + _INT64).to_bytes(8)


# numpy.datetime64 and its dtype of nanoseconds, once numpy is needed. None is the class of no object, so that
# the quick path below is simply not taken before that.
_datetime64: Any = None
_NANOSECONDS: Any = None
_LIMIT = (1 << 63) - 1

_UNITS = {
    "W": 7 * 86400 * 10**9,
    "D": 86400 * 10**9,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
_FINE_UNITS = {"ps": 10**3, "fs": 10**6, "as": 10**9}


def _load() -> Any:
    """Import numpy; gives numpy.datetime64."""
    global _datetime64, _NANOSECONDS
    import numpy as np

    _NANOSECONDS = np.dtype("datetime64[ns]")
    _datetime64 = np.datetime64
    return np.datetime64


def _timestamp_from_bytes(data: Buffer) -> Any:
    """The time of 8 bytes; raises struct.error or OverflowError for bytes of no time."""
    number = _unpack_uint64(data)[0]
    # Beyond the int64 range the constructor raises; it would take a negative number for a time before 1970,
    # or for NaT.
    if _datetime64 is None:
        return _load()(number, "ns")
    return _datetime64(number, "ns")


class Timestamp(KeyCodec["np.datetime64"]):
    """A numpy.datetime64 from 1970 on, as 8 bytes; decoded in the unit ns.

    Every unit is converted exactly. Refused are times before 1970, after 2**63 - 1 ns
    (2262-04-11T23:47:16.854775807), NaT, times of a unit finer than ns that are no whole ns, and the generic
    datetime64 without unit.

    >>> import numpy as np
    >>> Timestamp().encode(np.datetime64(1, "s")).hex()
    '000000003b9aca00'
    >>> Timestamp().decode(bytes(8))
    np.datetime64('1970-01-01T00:00:00.000000000')
    """

    name = "timestamp"
    width = 8
    expects = "numpy.datetime64"

    def _nanoseconds(self, value: Any) -> int:
        """The exact time; negative before 1970, and of any size."""
        import numpy as np

        if not isinstance(value, np.datetime64):
            raise wrong_type(self, value)
        if value != value:
            raise wrong_value(self, value, "not a time")
        unit, count = np.datetime_data(value.dtype)
        number = int(value.view("int64")) * count
        if unit in _UNITS:
            return number * _UNITS[unit]
        if unit in _FINE_UNITS:
            whole, rest = divmod(number, _FINE_UNITS[unit])
            if rest:
                raise wrong_value(self, value, f"it is not a whole number of nanoseconds, but of {unit}")
            return whole
        if unit in ("Y", "M"):
            years, months = divmod(number * 12 if unit == "Y" else number, 12)
            # Beyond the calendar it is beyond the range as well; which side is all that matters.
            year = min(max(1970 + years, 1), 9999)
            return (date(year, months + 1, 1) - date(1970, 1, 1)).days * _UNITS["D"]
        raise wrong_type(self, value)

    def encode(self, value: np.datetime64) -> bytes:
        if value.__class__ is _datetime64 and value.dtype == _NANOSECONDS:
            try:
                return int(value).to_bytes(8)
            except (OverflowError, TypeError):
                pass  # before 1970, or NaT
        elif _datetime64 is None:
            _load()
        number = self._nanoseconds(value)
        if number < 0:
            raise wrong_value(self, value, "it is before 1970")
        if number > _LIMIT:
            raise wrong_value(self, value, "it is after 2262-04-11T23:47:16.854775807")
        return number.to_bytes(8)

    def decode(self, data: Buffer) -> np.datetime64:
        if len(data) != 8:
            raise wrong_bytes(self, data, "a key has 8 bytes")
        if data[0] > 0x7F:
            raise wrong_bytes(self, data, "the first byte is at most 7f; a time before 1970 is no key")
        time: np.datetime64 = _timestamp_from_bytes(data)
        return time

    def decode_many(self, data: Sequence[Buffer]) -> list[np.datetime64]:
        import numpy as np

        if all(len(item) == 8 for item in data):
            numbers = np.frombuffer(b"".join(data), ">u8")
            if not len(numbers) or numbers.max() <= _LIMIT:
                return list(numbers.astype("int64").view("datetime64[ns]"))
        return [self.decode(item) for item in data]

    def encode_bound(self, value: np.datetime64) -> bytes:
        number = self._nanoseconds(value)
        if number < 0:
            return b""
        return number.to_bytes(8) if number <= _LIMIT else b"\xff" * 9

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(_timestamp_from_bytes, 'timestamp_from_bytes')}({data})"
