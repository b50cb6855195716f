"""The parameters of a query, as DuckDB takes them."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.lookup import kind_of
from zlmdb.values.times import COARSER, FINER, datetime64_to_ns

__all__ = ["values_of"]

_PLAIN = (
    *(bool, int, float, str, bytes, bytearray, memoryview, uuid.UUID, decimal.Decimal),
    *(dt.date, dt.datetime, dt.time, dt.timedelta),
)

#: Days from 1970 that are outside of Python's times; NumPy reckons wrongly with times that its units cannot hold.
_MOST_DAYS = 4_000_000


def values_of(params: Any) -> Any:
    """The parameters, each as a value that DuckDB knows; None if there are none.

    Args:
        params: a list, or a mapping of names to values.

    Raises:
        QueryError: if it is something else, or holds a value that SQL has no type for.
    """
    if params is None:
        return None
    if isinstance(params, Mapping):
        return {name: _value(value, f"parameter {name}") for name, value in params.items()}
    if isinstance(params, (str, bytes)) or not isinstance(params, Sequence):
        raise errors.QueryError(f"params: expected a list or a mapping, found {errors.short(params)}")
    return [_value(value, f"parameter {at}") for at, value in enumerate(params, 1)]


def _value(value: Any, name: str) -> Any:
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        kind: Any = kind_of(type(value))  # as its column has it, which is by name where values are of several types
        return _value(kind.plains.get(value, value.value), name)
    cls = type(value)
    package = cls.__module__.partition(".")[0]
    if package == "numpy":
        if cls.__name__ == "ndarray":
            return [_value(item, name) for item in value]
        if cls.__name__ == "datetime64":
            return _moment(value, name)
        if cls.__name__ == "timedelta64":
            return _duration(value, name)
        return (
            _value(value.item(), name)
            if hasattr(value, "item") and value.item() is not value
            else _refused(value, name)
        )
    if package == "pandas":
        if cls.__name__ in ("NaTType", "NAType"):
            return None
        if cls.__name__ == "Timedelta" and value.nanoseconds:
            return _refused(value, name)
        if cls.__name__ == "Timestamp" and value.nanosecond:
            return _moment(value.tz_localize(None).to_datetime64(), name) if value.tz is None else _refused(value, name)
    if isinstance(value, int) and not -(2**127) <= value < 2**128:
        raise errors.QueryError(f"{name}: expected an integer of at most 128 bits, found {errors.short(value)}")
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return _decimal(value, name)
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(item, name) for item in value]
    if isinstance(value, Mapping):
        return {key: _value(item, name) for key, item in value.items()}
    return _refused(value, name)


def _refused(value: Any, name: str) -> Any:
    raise errors.QueryError(
        f"{name}: expected a value that SQL has a type for (None, a number, text, bytes, a UUID, a time, an enum's "
        f"member; lists and dicts of them), found {type(value).__name__} {errors.short(value)}",
        found=value,
    )


def _text(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise errors.QueryError(f"{name}: expected text that UTF-8 can hold, found {errors.short(value)}") from error
    return str.__str__(value)


def _decimal(value: decimal.Decimal, name: str) -> decimal.Decimal:
    """A decimal that SQL has: of more digits DuckDB would make a double."""
    _, digits, exponent = value.as_tuple()
    after = max(0, -int(exponent))
    if max(len(digits) + int(exponent), 0) + after > 38:
        raise errors.QueryError(f"{name}: expected a decimal of at most 38 digits, found {errors.short(value)}")
    return value


def _duration(value: Any, name: str) -> Any:
    """A duration: null for NaT; those of months, and what is finer than a microsecond, SQL has not."""
    import numpy as np

    if np.isnat(value):
        return None
    unit, count = np.datetime_data(value.dtype)
    # Reckoned in Python's integers, as NumPy wraps around, or rounds.
    micros, rest = divmod(int(value.astype("i8")) * count * COARSER.get(unit, 1), 1000)
    try:
        return _refused(value, name) if rest or unit not in COARSER else dt.timedelta(microseconds=micros)
    except OverflowError:
        return _refused(value, name)


def _moment(value: Any, name: str) -> Any:
    """A time: null for NaT; in microseconds where that is exact, as such can be compared with times of every kind."""
    import numpy as np

    if np.isnat(value):
        return None
    try:
        found = datetime64_to_ns(value)
    except ValueError:
        days = 0 if np.datetime_data(value.dtype)[0] in FINER else int(value.astype("M8[D]").astype("i8"))
        exact = value.astype("M8[us]").item() if 0 < abs(days) < _MOST_DAYS else None
        if isinstance(exact, dt.datetime) and np.datetime64(exact, "us") == value:
            return exact
        return _refused(value, name)
    if found % 1000 == 0:
        return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=found // 1000)
    text = str(np.datetime64(found, "ns")).replace("T", " ")
    return extras.duckdb("sql()").TimestampNanosecondValue(text)
