"""The kinds of days and times."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit, Scalar, cast, decoded, value_of

__all__ = ["AWARE", "DATE", "DATETIME", "DATETIME64", "NAIVE", "TIME", "TIMEDELTA", "Aware", "Naive", "python_values"]

_TIMESTAMP = ("timestamp",)


class Naive(Scalar):
    """Times without a zone."""

    def convert(self, value: Any) -> Any:
        # Of pandas' subclass, what is finer than a microsecond must not be lost.
        if isinstance(value, dt.datetime) and not getattr(value, "nanosecond", 0):
            return dt.datetime.combine(value.date(), value.timetz())
        raise Misfit(self.expects, value)

    def clean(self, values: Any) -> Any:
        values = super().clean(values)
        if isinstance(values, list):
            for at, value in enumerate(values):
                if value is not None and (value.tzinfo is None) is self.has_zone:
                    raise Misfit(self.expects, value, at)
        return values

    #: Whether there must be a zone.
    has_zone = False

    def back(self, array: Any) -> list[Any]:
        if (array.type.tz is not None) is not self.has_zone:
            raise Misfit(self.expects, f"\0a column of {array.type}")
        return super().back(array)


class Aware(Naive):
    """Times with a zone: moments, in UTC."""

    has_zone = True

    def to_numpy(self, values: Any) -> Any:
        if isinstance(values, list):
            values = [v if v is None else v.astimezone(dt.UTC).replace(tzinfo=None) for v in self.clean(values)]
            import numpy as np

            return np.array(values, self.dtype)
        return values

    def to_arrow(self, values: Any) -> Any:
        if isinstance(values, list):
            return super().to_arrow(values)
        pa = pyarrow()
        return pa.array(values).cast(pa.timestamp("us")).cast(self.arrow_type())

    def back(self, array: Any) -> list[Any]:
        found = super().back(array)
        return [v if v is None else v.replace(tzinfo=dt.UTC) for v in found]  # the zone as Python has it


NAIVE = Naive("a datetime without a timezone", (dt.datetime,), ("timestamp", "us"), _TIMESTAMP, "M8[us]", True)
AWARE = Aware("a timezone-aware datetime", (dt.datetime,), ("timestamp", "us", "UTC"), _TIMESTAMP, "M8[us]", True)


#: More digits than Python's times have, which it would cut off.
_TOO_FINE = re.compile(r"[.,]\d{6}0*[1-9]")


def _exactly(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A function that makes a time of text, and raises ValueError where a part of it would be lost."""

    def exact(text: str) -> Any:
        if _TOO_FINE.search(text):
            raise ValueError(text)
        return parse(text)

    return exact


class _Datetime(Kind):
    """Times of which it is not declared whether they have a zone: the first one tells."""

    expects = "datetime.datetime"
    types = frozenset((dt.datetime,))
    plain = True

    @property
    def settled(self) -> bool:
        return False

    def settle(self, values: Any) -> Kind:
        naive = next((v.tzinfo is None for v in values if isinstance(v, dt.datetime)), False)
        kind: Kind = NAIVE if naive else AWARE
        return kind.with_none() if self.optional else kind

    def from_arrow(self, array: Any) -> list[Any]:
        array = decoded(array)
        tests = pyarrow().types
        if tests.is_string(array.type) or tests.is_large_string(array.type):
            self.refuse_none(array)
            return TEXT_TIME.parse(array.to_pylist())
        zone = getattr(array.type, "tz", None)
        kind: Kind = AWARE if zone is not None else NAIVE
        return (kind.with_none() if self.optional else kind).from_arrow(array)


TEXT_TIME = Scalar(
    "datetime.datetime", (dt.datetime,), ("string",), ("string",), text=_exactly(dt.datetime.fromisoformat)
)


class _Datetime64(Kind):
    expects = "numpy.datetime64"
    types = frozenset((int,))
    plain = True

    @property
    def nullable(self) -> bool:
        return True  # NaT is null

    def arrow_type(self) -> Any:
        return pyarrow().timestamp("ns")

    def convert(self, value: Any) -> Any:
        from zlmdb.values.times import datetime64_to_ns

        try:
            return datetime64_to_ns(value)
        except (TypeError, ValueError):
            raise Misfit(self.expects, value) from None

    def to_arrow(self, values: Any) -> Any:
        return pyarrow().array(self.to_numpy(values), self.arrow_type())  # NaT becomes null

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        if not isinstance(values, list):
            return values
        nat = -(2**63)
        return np.array([nat if v is None else v for v in self.clean(values)], np.int64).view("M8[ns]")

    def from_arrow(self, array: Any) -> list[Any]:
        import numpy as np

        array = decoded(array)
        pa = pyarrow()
        if pa.types.is_null(array.type):
            self.refuse_none(array)
            return [None] * len(array)
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            self.refuse_none(array)
            return self._parse(array)
        if pa.types.is_date(array.type):
            array = array.cast(pa.timestamp("s"))
        if not pa.types.is_timestamp(array.type):
            raise Misfit(self.expects, f"\0a column of {array.type}")
        numbers = cast(array, pa.timestamp("ns", array.type.tz), self.expects).cast(pa.int64())
        if self.optional:
            return [None if n is None else np.datetime64(n, "ns") for n in numbers.to_pylist()]
        return list(numbers.fill_null(-(2**63)).to_numpy().view("M8[ns]"))

    def _parse(self, array: Any) -> list[Any]:
        import numpy as np

        found = _quickly(array)
        if found is not None:
            return list(found)
        done = []
        for at, value in enumerate(array.to_pylist()):
            try:
                done.append(None if value is None else np.datetime64(_nanoseconds(value), "ns"))
            except ValueError:
                raise Misfit("a time such as 2026-01-05T09:00:00.5", value, at) from None
        return done


#: Text that is a time in nanoseconds whatever its digits are, as long as there is such a day.
_PLAIN = (
    r"(?:1(?:67[89]|6[89]\d|[7-9]\d\d)|2(?:[01]\d\d|2(?:[0-5]\d|6[01])))-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?)?"
)
_TIME = re.compile(
    r"(\d{4}-\d\d)(-\d\d)?(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?",
    re.ASCII,
)
_EPOCH = dt.datetime(1970, 1, 1)


def _quickly(array: Any) -> Any:
    """The times of an array of text; None if one of them needs a closer look."""
    pa = pyarrow()
    compute = pa.compute
    if array.null_count or not compute.all(compute.match_substring_regex(array, f"^{_PLAIN}Z?$")).as_py():
        return None
    try:
        return compute.cast(compute.utf8_rtrim(array, "Z"), pa.timestamp("ns")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None


def _nanoseconds(text: str) -> int:
    """Nanoseconds since 1970 of a time as text: a month or more, with UTC's offset or without one; or NaT.

    Raises:
        ValueError: if it is none, or if nanoseconds cannot hold it.
    """
    if text == "NaT":
        return -(2**63)
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    month, day, hour, minute, second, fraction = (found[at] for at in range(1, 7))
    moment = dt.datetime.fromisoformat(f"{month}{day or '-01'}T{hour or '00'}:{minute or '00'}:{second or '00'}")
    seconds = (moment - _EPOCH) // dt.timedelta(seconds=1)
    if found["sign"]:
        seconds -= int(found["sign"] + "1") * (int(found["hours"]) * 3600 + int(found["minutes"]) * 60)
    digits = (fraction or "").rstrip("0")
    number = seconds * 10**9 + int(digits.ljust(9, "0"))
    if len(digits) > 9 or not -(2**63) < number < 2**63:
        raise ValueError(text)
    return number


class _Date(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return dt.date(value.year, value.month, value.day)
        raise Misfit(self.expects, value)

    def back(self, array: Any) -> list[Any]:
        if not pyarrow().types.is_timestamp(array.type):
            return super().back(array)
        if array.type.tz is not None:
            raise Misfit(self.expects, f"\0a column of {array.type}")
        days = array.cast(pyarrow().date32(), safe=False)  # which cuts the time of day off
        for at, (day, time) in enumerate(zip(days.cast(array.type, safe=False), array, strict=True)):
            if day != time:
                raise Misfit(self.expects, value_of(array, at, self.expects), at)
        return super().back(days)


class _Time(Scalar):
    def to_arrow(self, values: Any) -> Any:
        for at, value in enumerate(values):
            if getattr(value, "tzinfo", None) is not None:  # Arrow's times of day have no zones
                raise Misfit("a datetime.time without a timezone", value, at)
        return super().to_arrow(values)

    def back(self, array: Any) -> list[Any]:
        return python_values(array, self.expects)


#: How many units of Arrow's times of day a day has.
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def python_values(array: Any, expects: str = "a value that Python's datetime can hold") -> list[Any]:
    """The objects of an array without parts.

    Args:
        array: of any type. Of times of day pyarrow would cut nanoseconds off, and take 24:00 for 0:00.
        expects: what would fit, for messages.

    Raises:
        Misfit: at the first value that Python has no object for.
    """
    pa = pyarrow()
    found: list[Any]
    if pa.types.is_time(array.type):
        wide = array.type.bit_width == 64
        numbers = array.cast(pa.int64() if wide else pa.int32()).to_pylist()
        day = _DAY[array.type.unit]
        cut = 1000 if array.type.unit == "ns" else 1
        for at, number in enumerate(numbers):
            if number is not None and (number % cut or not 0 <= number < day):
                raise Misfit(expects, f"\0{array.type} {number}", at)
        found = array.to_pylist()
        return found
    try:
        found = array.to_pylist()
        return found
    except (OverflowError, ValueError):
        if pa.types.is_temporal(array.type):
            for at in range(len(array)):
                value_of(array, at, expects)
        raise


class _Duration(Scalar):
    def back(self, array: Any) -> list[Any]:
        if not pyarrow().types.is_interval(array.type):
            return super().back(array)
        done: list[Any] = []
        for at, value in enumerate(array.to_pylist()):  # as DuckDB has durations
            if value is not None and (value.months or value.nanoseconds % 1000):
                raise Misfit(self.expects, value, at)
            try:
                done.append(value and dt.timedelta(value.days, microseconds=value.nanoseconds // 1000))
            except OverflowError:
                raise Misfit(self.expects, value, at) from None
        return done


DATETIME: Kind = _Datetime()
DATETIME64: Kind = _Datetime64()
DATE = _Date("datetime.date", (dt.date,), ("date32",), ("date", "timestamp"), "M8[D]", True, dt.date.fromisoformat)
TIME = _Time("datetime.time", (dt.time,), ("time64", "us"), ("time",), None, False, _exactly(dt.time.fromisoformat))
TIMEDELTA = _Duration("datetime.timedelta", (dt.timedelta,), ("duration", "us"), ("duration", "interval"), "m8[us]")
