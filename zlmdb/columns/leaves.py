"""Arrow arrays of objects that have no parts.

pyarrow takes the type of an array from its first objects, and fits others to it where it can: it cuts the time of day
off a time among dates, drops zones and nanoseconds, and takes a number for a time. Values are looked at before, so that
none of this happens unseen.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from typing import Any

from zlmdb.columns import extras, kinds, timekinds
from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit

__all__ = ["leaves"]

#: Of which sort the objects of a class are; those of other classes pyarrow takes, or not, as it likes.
_SORTS: tuple[tuple[type, str], ...] = (
    (bool, "a bool"),
    (decimal.Decimal, "a number"),
    (float, "a number"),
    (int, "a number"),
    (str, "text"),
    (bytes, "bytes"),
    (bytearray, "bytes"),
    (dt.datetime, "a time"),
    (dt.date, "a date"),
    (dt.time, "a time of day"),
    (dt.timedelta, "a duration"),
)
_DIGITS = 76  # of the largest decimals that Arrow has


def leaves(values: list[Any], kind: Kind | None) -> Any:
    """The Arrow array of some objects without parts.

    Args:
        values: the objects; None where there is none.
        kind: what is declared; None if nothing is.

    Raises:
        Misfit: at a value that is of another sort than those before it, or than its column.
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: if the values are of several types.
    """
    pa = pyarrow()
    if not values and kind is not None and kind.settled:
        return kind.to_arrow([])
    classes = {cls: _sort(cls) for cls in set(map(type, values))}
    sorts = set(classes.values()) - {""}
    if {"a date", "a time"} == sorts and isinstance(kind, type(timekinds.DATE)):
        # A time at midnight is a date; the kind finds out whether it is.
        values = [v if v is None or isinstance(v, dt.datetime) else dt.datetime.combine(v, dt.time()) for v in values]
        classes, sorts = {cls: _sort(cls) for cls in set(map(type, values))}, {"a time"}
    if len(sorts) > 1:
        _refuse_others(values, classes, kind)
    if "a time" in sorts:
        _refuse_zones(values, kind)
    if "a time of day" in sorts:
        for at, value in enumerate(values):
            if getattr(value, "tzinfo", None) is not None:
                raise Misfit("a datetime.time without a timezone", value, at)
    exact = _exactly(values, sorts, kind, pa)
    return _inferred(values, kind, pa) if exact is None else exact


def _sort(cls: type) -> str:
    if cls.__module__ == "numpy":
        bases = {base.__name__ for base in cls.__mro__}
        return next((word for name, word in (("bool", "a bool"), ("number", "a number")) if name in bases), "")
    return next((word for base, word in _SORTS if issubclass(cls, base)), "")


def _refuse_others(values: Sequence[Any], classes: dict[type, str], kind: Kind | None) -> None:
    """Raise Misfit at the first value that is of another sort than the first one, or than those that are declared."""
    first = ""
    for at, value in enumerate(values):
        sort = classes[type(value)]
        if sort and kind is not None and kind.settled and not _may_be(value, sort, kind):
            raise Misfit(kind.expects, value, at)
        if sort and first and sort != first:
            raise Misfit(kind.expects if kind is not None and kind.settled else f"{first}, as before", value, at)
        first = first or sort


def _may_be(value: Any, sort: str, kind: Kind) -> bool:
    """False if a value is surely none of a kind; numbers are looked at later."""
    try:
        kind.clean([value])
    except (Misfit, OverflowError):
        if sort == "a time":
            return isinstance(kind, type(timekinds.DATETIME64))
        return sort == "a number" and isinstance(kind, (type(kinds.INT), type(kinds.FLOAT), type(kinds.DECIMAL)))
    return True


def _refuse_zones(values: Sequence[Any], kind: Kind | None) -> None:
    """Raise Misfit at the first time that has a zone where others have none, or the other way round."""
    wanted = getattr(kind, "has_zone", None)
    if wanted is None:
        wanted = next(v.tzinfo is not None for v in values if isinstance(v, dt.datetime))
    held = [isinstance(v, dt.datetime) and v.tzinfo is not None for v in values]
    if any(held):
        for at, (value, zone) in enumerate(zip(values, held, strict=True)):
            if isinstance(value, dt.datetime) and zone is not wanted:
                expected = timekinds.AWARE.expects if wanted else timekinds.NAIVE.expects
                raise Misfit(expected if kind is None or not hasattr(kind, "has_zone") else kind.expects, value, at)


def _exactly(values: Sequence[Any], sorts: set[str], kind: Kind | None, pa: Any) -> Any:
    """The array, where pyarrow would lose nanoseconds, or a decimal's digits; None where it would not."""
    if isinstance(kind, type(kinds.DECIMAL)) and sorts == {"a number"}:
        digits = [decimal.Decimal(v) if isinstance(v, int) else v for v in values]
        if all(v is None or isinstance(v, decimal.Decimal) for v in digits):
            return kind.to_arrow(digits)
    # The classes of pandas, which are also those of the standard library.
    if "a time" in sorts and any(getattr(v, "nanosecond", 0) for v in values):
        zone = next(v.tzinfo for v in values if isinstance(v, dt.datetime))
        return _nanoseconds(values, "Timestamp", pa.timestamp("ns", None if zone is None else "UTC"), pa)
    if "a duration" in sorts and any(getattr(v, "nanoseconds", 0) for v in values):
        return _nanoseconds(values, "Timedelta", pa.duration("ns"), pa)
    return None


def _nanoseconds(values: Sequence[Any], name: str, wanted: Any, pa: Any) -> Any:
    cls: Callable[[Any], Any] = getattr(extras.need("pandas", "load()"), name)
    done: list[int | None] = []
    for at, value in enumerate(values):
        try:
            done.append(None if value is None else cls(value).as_unit("ns").value)
        except (ValueError, OverflowError):
            raise Misfit("values that fit in nanoseconds, as others of the column need them", value, at) from None
    return pa.array(done, pa.int64()).cast(wanted)


def _inferred(values: list[Any], kind: Kind | None, pa: Any) -> Any:
    """The array of the type that pyarrow sees in the values, or else of the one that is declared."""
    known = kind if kind is not None and kind.settled else None
    try:
        return pa.array(values)
    except OverflowError:
        if known is None or isinstance(known, type(kinds.INT)):
            return _integers(values, known, pa)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        if known is None:
            raise
    try:
        return pa.array(values, type=known.arrow_type())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return known.to_arrow(values)


def _integers(values: Sequence[Any], kind: Kind | None, pa: Any) -> Any:
    """The array of integers of which some need more than an int64."""
    try:
        return pa.array(values, pa.uint64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    most = 2**64 if kind is None else 10**_DIGITS
    for at, value in enumerate(values):
        if isinstance(value, int) and not -most < value < most:
            raise Misfit("an integer of at most 64 bits" if kind is None else kind.expects, value, at)
    if kind is None:
        raise Misfit("integers that all fit in int64, or in uint64", next(v for v in values if v is not None))
    return pa.array([v if v is None else decimal.Decimal(v) for v in values], pa.decimal256(_DIGITS, 0))
