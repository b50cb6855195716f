"""Times, days and durations as numbers, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from zlmdb.errors import EncodeError
from zlmdb.values.faults import Fault
from zlmdb.values.flat import model
from zlmdb.values.flat.kinds import Kind
from zlmdb.values.shapes import datetime64_shape
from zlmdb.values.times import datetime64_from_ns

__all__ = ["MOMENTS", "date_from_days", "datetime_from_us", "timedelta_from_us"]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FIRST_DAY = dt.date(1970, 1, 1).toordinal()
MICROSECOND = dt.timedelta(microseconds=1)
FIRST = (dt.datetime.min.replace(tzinfo=dt.UTC) - EPOCH) // MICROSECOND
LAST = (dt.datetime.max.replace(tzinfo=dt.UTC) - EPOCH) // MICROSECOND


def datetime_from_us(number: int) -> dt.datetime:
    """The moment so many microseconds after 1970, in UTC. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + dt.timedelta(microseconds=number)


def date_from_days(number: int) -> dt.date:
    """The day so many days after 1970-01-01. Raises ValueError or OverflowError outside the years 1 to 9999."""
    return dt.date.fromordinal(number + FIRST_DAY)


def timedelta_from_us(number: int) -> dt.timedelta:
    """A duration of so many microseconds. Raises OverflowError if it is out of range."""
    return dt.timedelta(microseconds=number)


def _datetime(value: Any) -> int:
    if not isinstance(value, dt.datetime):
        raise Fault("a timezone-aware datetime.datetime", value)
    if value.utcoffset() is None:
        raise Fault("a timezone-aware datetime.datetime (such as one in datetime.UTC)", value)
    if type(value) is not dt.datetime and getattr(value, "nanosecond", False):
        raise Fault("datetime.datetime (with microseconds at the finest)", value, EncodeError)
    number = (value - EPOCH) // MICROSECOND
    if not FIRST <= number <= LAST:
        raise Fault("a datetime.datetime that is in the years 1 to 9999 in UTC", value, EncodeError)
    return number


def _date(value: Any) -> int:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise Fault("datetime.date", value)
    return value.toordinal() - FIRST_DAY


def _timedelta(value: Any) -> int:
    if not isinstance(value, dt.timedelta):
        raise Fault("datetime.timedelta", value)
    number = value // MICROSECOND
    if not -(2**63) <= number < 2**63:
        raise Fault("datetime.timedelta of less than 292 thousand years", value, EncodeError)
    return number


def _kind(
    name: str, scalar: str, cls: Any, expected: str, norm: Callable[[Any], int], build: Callable[[int], Any]
) -> Kind:
    return Kind(name, model.Scalar(scalar), expected, scalar, cls, norm=norm, build=build)


def _datetime64_kind() -> Kind:
    import numpy as np

    norm = datetime64_shape(np.datetime64, False).norm
    return _kind("datetime64", "int64", np.datetime64, "numpy.datetime64", norm, datetime64_from_ns)


#: For each type what makes its kind; np.datetime64, whose class is not imported here, under its name.
MOMENTS: dict[Any, Callable[[], Kind]] = {
    dt.datetime: lambda: _kind(
        "datetime", "int64", dt.datetime, "a timezone-aware datetime.datetime", _datetime, datetime_from_us
    ),
    dt.date: lambda: _kind("date", "int32", dt.date, "datetime.date", _date, date_from_days),
    dt.timedelta: lambda: _kind(
        "timedelta", "int64", dt.timedelta, "datetime.timedelta", _timedelta, timedelta_from_us
    ),
    "datetime64": _datetime64_kind,
}
