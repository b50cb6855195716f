"""Times as numpy has them.

.. code-block:: text

    Timestamp    nanoseconds since 1970-01-01T00:00Z, as Uint64 that stops at 2**63 - 1 (in the year 2262)

Timestamp is numpy.datetime64, and numpy is imported when the first one is encoded or decoded, not before.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type, wrong_value

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Timestamp"]

_unpack_uint64 = struct.Struct(">Q").unpack

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
            from datetime import date

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
