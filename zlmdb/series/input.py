"""What programs append: checked, and brought into the form in which it is stored. Nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np

from zlmdb.errors import EncodeError, ValueTypeError, short
from zlmdb.series.definition import ColumnDefinition, SeriesDefinition

__all__ = ["columns_of", "scalar_bytes", "unknown_column"]

Array = np.ndarray[Any, Any]


def unknown_column(definition: SeriesDefinition, name: Any) -> ValueTypeError:
    """The error for a column that there is not."""
    known = ", ".join(definition.by_name)
    return ValueTypeError(
        f"table {definition.name}: expected columns of {known}, found {short(name)}",
        table=definition.name,
        field=str(name),
        expected=known,
        found=str(name),
    )


def columns_of(definition: SeriesDefinition, given: dict[str, Any], n: int, *, single: bool) -> list[Array]:
    """The columns to be stored, in the order of the file.

    Args:
        definition: of the table.
        given: arrays (or values, which stand for each tick) by name.
        n: how many ticks there are.
        single: one tick was given, by values instead of arrays.

    Raises:
        ValueTypeError: if a column is unknown, missing, of the wrong length, or its values are of another type.
        EncodeError: if a value does not fit the column's type without loss.
    """
    found: list[Array] = []
    used = 0
    for column in definition.columns:
        if column.hidden:
            found.append(column.filled(n))
        elif column.name in given:
            value = given[column.name]
            used += 1
            # What is as it should be, in one dimension and contiguous, is taken as it is.
            if value.__class__ is np.ndarray and value.dtype == column.dtype and value.shape == (n,):
                found.append(value if value.flags.c_contiguous else value.copy())
            else:
                found.append(_column(definition, column, value, n, single))
        elif column.default is not None:
            found.append(column.defaults(n))
        else:
            unknown = next((name for name in given if name not in definition.by_name), None)
            if unknown is not None:  # perhaps this one, with a slip in its name
                raise unknown_column(definition, unknown)
            raise ValueTypeError(
                f"table {definition.name}: expected a value for column {column.name}, which has no default, found none",
                table=definition.name,
                field=column.name,
                expected=str(column.dtype),
                found="nothing",
            )
    if used < len(given):
        raise unknown_column(definition, next(name for name in given if name not in definition.by_name))
    return found


def _column(definition: SeriesDefinition, column: ColumnDefinition, value: Any, n: int, single: bool) -> Array:
    dtype = column.dtype
    where = f"table {definition.name}, column {column.name}"
    try:
        array = _as(value, dtype)
    except EncodeError as error:
        raise EncodeError(f"{where}: {error.message}", table=definition.name, field=column.name) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueTypeError(
            f"{where}: expected {dtype}, found {type(value).__name__} {short(value)}: {error}",
            table=definition.name,
            field=column.name,
            expected=str(dtype),
            found=type(value).__name__,
        ) from None
    if array.ndim == 0:
        return np.full(n, array, dtype)
    if array.shape != (n,):
        wanted = "one value" if single else f"{n} values, one for each time"
        raise ValueTypeError(
            f"{where}: expected {wanted}, found an array of shape {array.shape}",
            table=definition.name,
            field=column.name,
            expected=wanted,
            found=f"shape {array.shape}",
        )
    return np.ascontiguousarray(array)


def _as(value: Any, dtype: np.dtype[Any]) -> Array:
    """An array of the column's type, if that loses nothing.

    Raises:
        TypeError, ValueError, OverflowError: if the type is wrong.
        EncodeError: if a value does not fit.
    """
    weak = not isinstance(value, (np.ndarray, np.generic)) and not hasattr(value, "dtype")
    array = value.view(np.ndarray) if isinstance(value, np.ndarray) else np.asarray(value)
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise TypeError("masked values would be lost; fill them first")
    if array.size == 0 and weak:
        return array.astype(dtype)
    source = array.dtype
    if source.kind == dtype.kind and dtype.kind in "SU" and isinstance(value, (list, tuple)) and array.ndim == 1:
        _check_texts(value, dtype)
    if weak and source.kind in "fc" and array.ndim and dtype.kind in "iufc":
        # Integers among floats: NumPy has made floats of them, of which from here on not each is the same integer.
        with np.errstate(all="ignore"):
            if np.count_nonzero(np.abs(array) >= _exact_to(dtype)):
                array = np.array(value, object)
                source = array.dtype
    if source == dtype:
        return array
    if source.kind == "O":
        array = _from_objects(array, dtype)
        source = array.dtype
        if source == dtype:
            return array
        weak = True
    if not _related(source, dtype):
        raise TypeError(_why_unrelated(source, dtype))
    if dtype.kind == "m" and _calendar(source) is not _calendar(dtype) and not np.isnat(array).all():
        raise TypeError("months have no fixed length")  # NumPy takes a twelfth of a mean year
    if np.can_cast(source, dtype, "safe") and source.kind not in "mM" and not _rounds(source, dtype):
        return array.astype(dtype)
    if weak and source.kind == "f" and dtype.kind == "f":
        # A Python float stands for the nearest value of the column's type.
        with np.errstate(over="ignore"):
            made = array.astype(dtype)
        lost = np.isinf(made) & ~np.isinf(array)
    else:
        with np.errstate(all="ignore"):
            made = array.astype(dtype)
            lost = _lost(array, made)
    if lost.any():
        at = int(np.flatnonzero(np.atleast_1d(lost))[0])
        raise _changed(np.atleast_1d(array)[at], at if array.ndim else None, str(source), dtype)
    return made


def _changed(value: Any, at: int | None, source: str, dtype: np.dtype[Any]) -> EncodeError:
    """The error for a value that does not fit; `at` is its place among many."""
    place = "" if at is None else f" at position {at}"
    rounded = f"; .astype({str(dtype)!r}) rounds" if dtype.kind == "f" and source.startswith("float") else ""
    return EncodeError(
        f"expected values that {dtype} can hold, found {value!s}{place} ({source}): it would be changed{rounded}",
        expected=str(dtype),
        found=source,
    )


def _exact_to(dtype: np.dtype[Any]) -> int:
    """Up to which integer each is a float of its own: in the column's type, or in the one that NumPy mixes them to."""
    return 1 << (np.finfo(dtype).nmant + 1 if dtype.kind in "fc" else 53)


def _from_objects(array: Array, dtype: np.dtype[Any]) -> Array:
    """From an array of Python objects: integers beyond int64, times with a timezone."""
    if dtype.kind == "M":
        from zlmdb.series.times import moment_ns

        flat = [NAT if item is None or item != item else moment_ns(item) for item in array.ravel().tolist()]
        return np.array(flat, np.int64).view("<M8[ns]").reshape(array.shape)
    items = array.ravel().tolist()
    if dtype.kind == "m" and all(item is None or isinstance(item, timedelta) or item != item for item in items):
        return _spans(items).reshape(array.shape)
    if any(not isinstance(item, (int, float, complex, bytes, str, np.generic)) for item in items):
        if any(item is None for item in items):
            raise TypeError("None is no value of a column" + ("; NaN is one of floats" if dtype.kind in "fc" else ""))
        raise TypeError("Python objects cannot be stored")
    if dtype.kind in "SU":
        _check_texts(items, dtype)
    if dtype.kind not in "iufc":
        return np.array(array.tolist())
    made = np.empty(len(items), dtype)
    for at, item in enumerate(items):
        value = item.item() if isinstance(item, np.generic) else item
        # Of times and durations it would be a number in any unit.
        if (
            isinstance(item, (np.datetime64, np.timedelta64))
            or isinstance(value, bool)
            or not isinstance(value, _NUMBERS[dtype.kind])
        ):
            raise TypeError(f"{type(item).__name__} is none of {dtype}")
        try:
            # A whole number must stay the same; a float stands for the nearest value of a column of floats.
            whole = isinstance(value, int)
            with np.errstate(over="ignore"):
                made[at] = int(value) if dtype.kind in "iu" else value
            kept = made[at].item()
            fits = kept == value if whole or dtype.kind in "iu" else np.isfinite(kept) or not np.isfinite(value)
        except (OverflowError, ValueError):  # beyond the type, or infinity or NaN as a whole number
            fits = False
        if not fits:
            raise _changed(item, at if array.ndim else None, type(item).__name__, dtype)
    return made.reshape(array.shape)


def _check_texts(items: Iterable[Any], dtype: np.dtype[Any]) -> None:
    """Refuse what is no text among texts: NumPy would write it down, NaN as "nan".

    Raises:
        TypeError: naming it.
    """
    wanted = bytes if dtype.kind == "S" else str
    for item in items:
        if not isinstance(item, (wanted, np.ndarray)):
            raise TypeError(f"{type(item).__name__} {short(item)} is none of {dtype}")


def _spans(items: list[Any]) -> Array:
    """Durations of Python, and of pandas, which has them in nanoseconds; exactly."""
    fine = any(getattr(item, "nanoseconds", 0) for item in items)
    found = []
    for item in items:
        if not isinstance(item, timedelta):
            found.append(NAT)
            continue
        micros = (item.days * 86_400 + item.seconds) * 10**6 + item.microseconds
        found.append(micros * 1000 + getattr(item, "nanoseconds", 0) if fine else micros)
    return np.array(found, np.int64).view("m8[ns]" if fine else "m8[us]")


NAT = -(2**63)
_NUMBERS: dict[str, Any] = {"i": (int, float), "u": (int, float), "f": (int, float), "c": (int, float, complex)}
#: From which kinds values may come into a column of a kind, if none of them changes.
_FROM = {"b": "b", "i": "iuf", "u": "iuf", "f": "iuf", "c": "iufc", "M": "M", "m": "m", "S": "S", "U": "U"}


def _calendar(dtype: np.dtype[Any]) -> bool:
    """True for durations of months and years."""
    return np.datetime_data(dtype)[0] in ("Y", "M")


def _why_unrelated(source: np.dtype[Any], dtype: np.dtype[Any]) -> str:
    if source.kind == "U" and dtype.kind == "S":
        return "the column holds bytes: encode text first"
    if source.kind == "S" and dtype.kind == "U":
        return "the column holds text: decode bytes first"
    return f"values of {source} are none of {dtype}"


def _related(source: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    return source.kind in _FROM[dtype.kind]


def _rounds(source: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    """True for 64-bit integers that become floats, which numpy takes for safe."""
    return source.kind in "iu" and source.itemsize == 8 and dtype.kind in "fc"


def _lost(array: Array, made: Array) -> Array:
    """Where a value is not the same after the change of type."""
    kind = array.dtype.kind
    back = (made.real if made.dtype.kind == "c" and kind != "c" else made).astype(array.dtype)
    if kind in "fc" or made.dtype.kind in "fc":
        lost = (back != array) & ~((array != array) & (back != back))
        if kind in "iu":
            lost |= np.abs(made) >= float(np.iinfo(array.dtype).max)  # the way back is not defined there
        if made.dtype.kind in "iu" and kind == "f":
            # What is beyond the integers is clipped, and may be rounded to the same float on the way back.
            info = np.iinfo(made.dtype)
            lost |= ~(array >= float(info.min)) | ~(array < float(info.max) + (1 if made.dtype.itemsize < 8 else 0))
        return np.asarray(lost)
    if kind in "mM":
        return np.asarray((back != array) & ~np.isnat(array))
    if kind in "iu" and made.dtype.kind in "iu":
        return np.asarray((back != array) | ((array < 0) != (made < 0)))
    return np.asarray(back != array)


def scalar_bytes(value: Any, dtype: np.dtype[Any]) -> bytes:
    """The bytes of one value in a column's type.

    Raises:
        TypeError, ValueError, OverflowError, DataError: if it does not fit.
    """
    array = _as(value, dtype)
    if array.ndim:
        raise TypeError("expected one value")
    return array.tobytes()
