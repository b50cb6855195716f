"""Days and times.

.. code-block:: text

    Date         days since 1970-01-01, as Int32
    Datetime     microseconds since 1970-01-01T00:00Z, as Int64

Times as numpy has them are in :mod:`zlmdb.keys.timestamps`.
"""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import KeyTypeError, KeyValueError, short
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value
from zlmdb.keys.timestamps import Timestamp

__all__ = ["Date", "Datetime", "nanoseconds"]

_to_bytes = int.to_bytes
_unpack_uint32 = struct.Struct(">I").unpack

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


def nanoseconds(time: Any) -> int:
    """Nanoseconds since 1970 of a time, exactly; negative before.

    Args:
        time: a numpy.datetime64 of any unit, a timezone-aware datetime, or an int, which is nanoseconds already.

    Raises:
        KeyTypeError: if it is something else.
        KeyValueError: if it is NaT, finer than a nanosecond, or a datetime without a timezone.

    >>> from datetime import UTC
    >>> nanoseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000000
    """
    if isinstance(time, datetime):
        if time != time:  # pandas' not-a-time is an instance, too
            raise KeyValueError("expected a time, found one that is no time", expected="a time", found="NaT")
        if time.utcoffset() is None:
            raise KeyValueError(
                f"expected a time with a timezone, found {short(time)}; give it one, such as datetime.UTC",
                expected="a timezone-aware datetime",
                found="a datetime without a timezone",
            )
        return (time - _EPOCH) // _MICROSECOND * 1000 + int(getattr(time, "nanosecond", 0))
    if isinstance(time, int) and not isinstance(time, bool):
        return int(time)
    if (
        type(time).__module__ == "numpy"
        and hasattr(time, "__index__")
        and type(time).__name__.startswith(("int", "ui"))
    ):
        return int(time)
    try:
        return Timestamp()._nanoseconds(time)
    except KeyTypeError:
        raise KeyTypeError(
            "expected a time as numpy.datetime64, timezone-aware datetime or int (nanoseconds since 1970), found "
            f"{type(time).__name__} {short(time)}",
            expected="a time",
            found=type(time).__name__,
        ) from None
