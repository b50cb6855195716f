"""Moments and durations: from what programs pass to whole nanoseconds, exactly or not at all.

A moment is an ``np.datetime64`` of any unit, a timezone-aware ``datetime``, or an int of nanoseconds since
1970-01-01T00:00Z. All are kept as int64 nanoseconds, which reach from 1677 to 2262; the smallest int64 is NaT, and no
moment.
"""

from __future__ import annotations

import operator
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from zlmdb.errors import KeyTypeError, KeyValueError, short
from zlmdb.values.times import datetime64_to_ns

__all__ = [
    "FIRST",
    "LAST",
    "Duration",
    "Moment",
    "duration_ns",
    "left",
    "moment_ns",
    "moments_ns",
    "now_ns",
    "scalar_moment",
]

#: The types a moment may have.
Moment = np.datetime64 | datetime | int
#: The types a duration may have.
Duration = str | timedelta | np.timedelta64

FIRST, LAST = -(2**63) + 1, 2**63 - 1
NAT = -(2**63)
EXPECTED = "a time: np.datetime64, a timezone-aware datetime, or int nanoseconds since 1970"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NANOSECONDS = np.dtype("<M8[ns]")
_datetime64, _integer = np.datetime64, np.integer


def _wrong(value: object, why: str = "") -> KeyTypeError:
    found = type(value).__name__
    return KeyTypeError(
        f"expected {EXPECTED}, found {found} {short(value)}{why}",
        expected=EXPECTED,
        found=found,
    )


def _outside(value: object, why: str) -> KeyValueError:
    return KeyValueError(f"expected {EXPECTED}, found {short(value)}: {why}", expected=EXPECTED, found=short(value))


def scalar_moment(value: Any) -> bool:
    """True if `value` is one moment (right or wrong), and not many."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return value is None or isinstance(value, (int, float, str, bytes, np.generic, date))


def moment_ns(value: Any) -> int:
    """Nanoseconds since 1970 of a moment.

    Args:
        value: see the module.

    Raises:
        KeyTypeError: if it is no moment, or a datetime without timezone.
        KeyValueError: if it is NaT, outside 1677 to 2262, or finer than a nanosecond.

    >>> moment_ns(np.datetime64("1970-01-01T00:01"))
    60000000000
    """
    if value.__class__ is int:
        ns = value
    elif isinstance(value, _datetime64):
        try:
            ns = datetime64_to_ns(value)
        except ValueError:
            raise _outside(value, "it is outside 1677 to 2262, or finer than a nanosecond") from None
        if ns == NAT:
            raise _outside(value, "NaT is no time")
    elif isinstance(value, datetime):
        ns = _datetime_ns(value)
    elif isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "Miu":
        return moment_ns(value[()])
    elif isinstance(value, (_integer, int)) and not isinstance(value, (bool, np.timedelta64)):  # NumPy's is an integer
        ns = operator.index(value)
    else:
        raise _wrong(value, "; a date has no time of day" if isinstance(value, date) else "")
    if not FIRST <= ns <= LAST:
        raise _outside(value, "it is outside 1677 to 2262")
    return int(ns)


def _datetime_ns(value: datetime) -> int:
    if value != value:  # pandas' not-a-time is an instance, too
        raise _outside(value, "NaT is no time")
    try:
        micros = (value - _EPOCH) // _MICROSECOND
    except TypeError:
        raise _outside(value, "it has no timezone; give it one, such as datetime.UTC") from None
    # pandas has a subclass with nanoseconds.
    return micros * 1000 + int(getattr(value, "nanosecond", 0))


def moments_ns(values: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Nanoseconds since 1970 of many moments, as a contiguous int64 array; a view of `values` where possible.

    Args:
        values: an array or list of moments, or anything that numpy makes a datetime64 or int64 array of.

    Raises:
        KeyTypeError: if they are no moments, or not in one dimension.
        KeyValueError: if one is NaT, out of range or finer than a nanosecond; names its place.
    """
    array = values if type(values) is np.ndarray else _as_array(values)
    if array.ndim != 1:
        raise KeyTypeError(
            f"expected times in one dimension, found an array of shape {array.shape}",
            expected="one dimension",
            found=f"shape {array.shape}",
        )
    kind = array.dtype.kind
    if kind == "M":
        ns = _from_datetime64(array)
    elif kind in "iu":
        ns = array.astype(np.int64)
        if kind == "u" and len(array) and array.max() > LAST:
            raise _at(array, int(array.argmax()), "it is outside 1677 to 2262")
    elif kind == "O" or array.size == 0:
        return np.fromiter((moment_ns(value) for value in array.tolist()), np.int64, len(array))
    else:
        raise _wrong(values)
    ns = np.ascontiguousarray(ns)
    if np.count_nonzero(ns == NAT):
        raise _at(array, int(ns.argmin()), "NaT is no time")
    return ns


def _as_array(values: Any) -> np.ndarray[Any, Any]:
    if isinstance(values, (list, tuple)):
        if all(value.__class__ is int for value in values):
            try:
                return np.array(values, np.int64)
            except OverflowError:
                return np.array(values, object)
        # Of datetimes numpy would make datetime64 without looking at their timezones.
        made = np.empty(len(values), object)
        made[:] = values
        return made
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise _at(values, int(np.ma.getmaskarray(values).argmax()), "what is masked is no time")
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "tz", None) is not None:
        # pandas gives UTC; of another unit than its own it would give what wraps around.
        return np.asarray(values, f"M8[{getattr(dtype, 'unit', 'ns')}]")
    array = np.asarray(values)
    return array.view(np.ndarray)


def _from_datetime64(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == _NANOSECONDS:
        return array.view(np.int64) if array.flags.c_contiguous else np.ascontiguousarray(array).view(np.int64)
    # numpy wraps around or truncates in silence, or (from 2.5 on) raises. The way back tells, except near the ends of
    # the range, where it errs itself: so what it doubts is reckoned exactly.
    try:
        ns = array.astype("<M8[ns]")
        doubtful = (ns.astype(array.dtype) != array) & ~np.isnat(array)
    except OverflowError:
        ns, doubtful = np.empty(len(array), "<M8[ns]"), np.ones(len(array), bool)
    numbers = ns.view(np.int64)
    for at in np.flatnonzero(doubtful).tolist():
        try:
            numbers[at] = datetime64_to_ns(array[at])
        except ValueError:
            raise _at(array, at, "it is outside 1677 to 2262, or finer than a nanosecond") from None
    return numbers


def _at(array: np.ndarray[Any, Any], at: int, why: str) -> KeyValueError:
    return KeyValueError(
        f"expected {EXPECTED}, found {short(array[at])} at position {at}: {why}",
        expected=EXPECTED,
        found=short(array[at]),
    )


_UNITS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
    "w": 7 * 86400 * 10**9,
}
DURATION = 'a duration: text such as "1m", "250ms", "90d", a timedelta, or an np.timedelta64'


def duration_ns(value: Any) -> int:
    """Nanoseconds of a duration, at least 1.

    Args:
        value: a whole number and one of ns, us, ms, s, m (or min: minutes), h, d, w; a timedelta; an np.timedelta64.

    Raises:
        TypeError: if it is none of these.
        ValueError: if it is not positive, is of no fixed length (months), or too long.

    >>> duration_ns("1m"), duration_ns("2h") // duration_ns("1m")
    (60000000000, 120)
    """
    ns: int
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]{1,18})\s*([a-z]+)\s*", value)
        unit = None if match is None else _UNITS.get(match[2])
        if match is None or unit is None:
            raise ValueError(f"expected {DURATION}, found {short(value)}; units are {', '.join(_UNITS)}")
        ns = int(match[1]) * unit
    elif isinstance(value, timedelta):
        ns = value // _MICROSECOND * 1000 + int(getattr(value, "nanoseconds", 0))
    elif isinstance(value, np.timedelta64):
        try:
            exact = value.astype("m8[ns]", casting="same_kind")
        except (TypeError, OverflowError):
            raise ValueError(f"expected {DURATION}, found {short(value)}: months have no fixed length") from None
        ns = int(exact.astype(np.int64)) if exact.astype(value.dtype) == value else -1
    else:
        raise TypeError(f"expected {DURATION}, found {type(value).__name__} {short(value)}")
    if not 0 < ns <= LAST:
        raise ValueError(f"expected {DURATION}, found {short(value)}: it must be more than 0, and less than 292 years")
    return ns


def now_ns() -> int:
    """The present moment in nanoseconds since 1970."""
    import time

    return time.time_ns()


def left(times: np.ndarray[Any, Any], bound: int) -> int:
    """How many of some sorted times are earlier than `bound`, which may lie beyond int64: NumPy would compare floats.

    >>> left(np.array([LAST - 1, LAST]), LAST), left(np.array([LAST]), LAST + 1)
    (1, 1)
    """
    return int(times.searchsorted(np.int64(bound))) if NAT <= bound <= LAST else 0 if bound < 0 else len(times)
