"""The shapes of times and decimal numbers of the standard library; how they are written: :mod:`zlmdb.values.shapes`."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

from zlmdb.errors import EncodeError
from zlmdb.values.faults import Fault
from zlmdb.values.shapes import Shape, exact_shape

__all__ = ["SHAPES"]


def _datetime(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            raise Fault("datetime.datetime", value)
        if type(value) is not dt.datetime:
            base = dt.datetime.combine(value.date(), value.timetz())
            if base != value:  # such as pandas.Timestamp with nanoseconds
                raise Fault("datetime.datetime (with microseconds at the finest)", value, EncodeError)
            value = base
        offset = value.utcoffset()
        if offset is None:
            return value.replace(tzinfo=None) if json else value.isoformat()
        if offset.microseconds or (json and offset.seconds % 60):
            # The texts have room for whole seconds, or minutes; the same moment in UTC always fits.
            value = value.astimezone(dt.UTC)
        return value

    def build(plain: Any) -> dt.datetime:
        if type(plain) is dt.datetime:
            return plain
        if type(plain) is str:
            try:
                return dt.datetime.fromisoformat(plain)
            except ValueError:
                pass
        raise Fault("datetime.datetime", plain)

    return Shape("datetime", "datetime.datetime", norm, build, dt.datetime)


def _date(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise Fault("datetime.date", value)
        return value if type(value) is dt.date else dt.date(value.year, value.month, value.day)

    shape = exact_shape(dt.date, "datetime.date")
    shape.norm = norm
    return shape


def _time(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if not isinstance(value, dt.time):
            raise Fault("datetime.time", value)
        return value if json else value.isoformat()

    def build(plain: Any) -> dt.time:
        if type(plain) is str:
            try:
                return dt.time.fromisoformat(plain)
            except ValueError:
                pass
        raise Fault("datetime.time", plain)

    return Shape("time", "datetime.time", norm, build, dt.time)


def _timedelta(json: bool) -> Shape:
    micro = dt.timedelta(microseconds=1)

    def norm(value: Any) -> Any:
        if not isinstance(value, dt.timedelta):
            raise Fault("datetime.timedelta", value)
        return value if json else value // micro

    def build(plain: Any) -> dt.timedelta:
        if type(plain) is int:
            try:
                return dt.timedelta(microseconds=plain)
            except OverflowError:
                pass
        raise Fault("datetime.timedelta", plain)

    return Shape("timedelta", "datetime.timedelta", norm, build, dt.timedelta)


def _decimal(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if not isinstance(value, decimal.Decimal):
            raise Fault("decimal.Decimal", value)
        if json:
            return value if type(value) is decimal.Decimal else decimal.Decimal(value)
        if not value.is_finite() or (value.is_zero() and value.is_signed()):
            return str(value)  # CBOR's decimal fractions have no such numbers
        return decimal.Decimal(value)

    def build(plain: Any) -> decimal.Decimal:
        if type(plain) is decimal.Decimal:
            return plain
        if type(plain) is str:
            try:
                return decimal.Decimal(plain)
            except decimal.InvalidOperation:
                pass
        raise Fault("decimal.Decimal", plain)

    return Shape("decimal", "decimal.Decimal", norm, build, decimal.Decimal)


SHAPES: dict[Any, Callable[[bool], Shape]] = {
    dt.datetime: _datetime,
    dt.date: _date,
    dt.time: _time,
    dt.timedelta: _timedelta,
    decimal.Decimal: _decimal,
}
