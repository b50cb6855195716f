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

__all__ = ["values_of"]

_PLAIN = (
    *(bool, int, float, str, bytes, bytearray, memoryview, uuid.UUID, decimal.Decimal),
    *(dt.date, dt.datetime, dt.time, dt.timedelta),
)


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
        return (
            _value(value.item(), name)
            if hasattr(value, "item") and value.item() is not value
            else _refused(value, name)
        )
    if package == "pandas":
        if cls.__name__ in ("NaTType", "NAType"):
            return None
        if cls.__name__ == "Timestamp" and value.nanosecond:
            return _moment(value.tz_localize(None).to_datetime64(), name) if value.tz is None else _refused(value, name)
    if isinstance(value, int) and not -(2**127) <= value < 2**128:
        raise errors.QueryError(f"{name}: expected an integer of at most 128 bits, found {errors.short(value)}")
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


def _moment(value: Any, name: str) -> Any:
    """A time: null for NaT; in microseconds where that is exact, as such can be compared with times of every kind."""
    import numpy as np

    if np.isnat(value):
        return None
    exact = value.astype("M8[us]")
    if exact == value and isinstance(exact.item(), dt.datetime):
        return exact.item()
    found = value.astype("M8[ns]")
    if found != value:
        return _refused(value, name)
    return extras.duckdb("sql()").TimestampNanosecondValue(str(found).replace("T", " "))
