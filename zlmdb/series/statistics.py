"""Statistics of a column: of a whole chunk, to be stored, and of the parts between given places.

Missing values (NaN, NaT) are left out, as pandas does. Of integers the sum is exact modulo 2**64, and there is a sum
in float64 beside it; of datetime64 and timedelta64 everything is that of their int64.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

__all__ = ["EMPTY", "PACKERS", "SAFE", "STATISTICS", "WIDE", "describe", "partials", "valid"]

Array = np.ndarray[Any, Any]

NAT = -(2**63)
#: By kind of dtype: in what type smallest, largest, first, last and sum are kept. None for kinds that have no order.
WIDE = {"f": "<f8", "i": "<i8", "u": "<u8", "b": "<u8", "m": "<i8", "M": "<i8", "c": None, "S": None, "U": None}


def _record(kind: str | None) -> np.dtype[Any]:
    wide = kind or "<u8"
    five = [(name, wide) for name in ("min", "max", "first", "last", "sum")]
    return np.dtype([("count", "<u8"), *five, ("fsum", "<f8"), ("zero", "<u8")])


#: By kind of dtype: the record of a column's statistics in a chunk.
STATISTICS = {kind: _record(wide) for kind, wide in WIDE.items()}
#: By kind of dtype: what makes that record.
PACKERS = {
    kind: struct.Struct(f"<Q5{'Q' if wide is None else {'<f8': 'd', '<i8': 'q', '<u8': 'Q'}[wide]}d8x")
    for kind, wide in WIDE.items()
}
#: By kind: smallest, largest, first and last where there is no value at all.
EMPTY: dict[str, Any] = {"f": float("nan"), "m": NAT, "M": NAT}
#: Below it sums of a chunk do not overflow.
SAFE = 1e290
_FLOAT64, _INT64, _UINT64 = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.uint64)
_add = np.add.reduce


def valid(column: Array) -> Array | None:
    """Where a column has a value; None if it has one everywhere."""
    kind = column.dtype.kind
    if kind == "f":
        missing = np.isnan(column)
    elif kind in "mM":
        missing = np.isnat(column)
    else:
        return None
    return ~missing if missing.any() else None


def plain(column: Array) -> Array:
    """The column as numbers: times as int64, bool as uint8, small floats as they are."""
    kind = column.dtype.kind
    if kind in "mM":
        return column.view("<i8")
    return column.view(np.uint8) if kind == "b" else column


def describe(column: Array) -> bytes:
    """The statistics of a whole column, as they stand in a chunk.

    Args:
        column: contiguous values, at least one.
    """
    kind = column.dtype.kind
    pack = PACKERS[kind].pack
    if WIDE[kind] is None:
        return pack(len(column), 0, 0, 0, 0, 0, 0.0)
    if kind == "f":
        # The place of the smallest value is found in a third of the time that the value takes by reducing; that of a
        # NaN, if there is one.
        low = column.item(column.argmin())
        if low != low:
            return _describe_some(column, kind)
        high = column.item(column.argmax())
        if low > -SAFE and high < SAFE:
            fsum = _add(column) if column.dtype is _FLOAT64 else _add(column, 0, _FLOAT64)
        else:
            with np.errstate(invalid="ignore", over="ignore"):
                fsum = _add(column, 0, _FLOAT64)
        return pack(len(column), low, high, column.item(0), column.item(-1), fsum, fsum)
    x = plain(column) if kind in "mMb" else column
    least = x.item(x.argmin())
    if least == NAT and kind in "mM":
        return _describe_some(column, kind)
    most = x.item(x.argmax())
    total, rounded = _integer_sum(x, least, most)
    return pack(len(x), least, most, x.item(0), x.item(-1), total, rounded)


def _describe_some(column: Array, kind: str) -> bytes:
    there = column[~(np.isnan(column) if kind == "f" else np.isnat(column))]
    if len(there):
        return describe(there)
    nothing = EMPTY[kind]
    zero = 0.0 if kind == "f" else 0
    return PACKERS[kind].pack(0, nothing, nothing, nothing, nothing, zero, 0.0)


def _integer_sum(x: Array, low: int, most: int) -> tuple[int, float]:
    """The sum modulo 2**64, and in float64: from the exact one where that is possible."""
    total = int(_add(x, 0, _INT64 if x.dtype.kind == "i" else _UINT64))
    if (most if most > -low else -low) * len(x) < 2**63:
        return total, total
    return total, float(_add(x, 0, _FLOAT64))


def partials(column: Array, starts: Array, lengths: Array, wanted: frozenset[str]) -> dict[str, Array]:
    """Statistics of the parts of a column that begin at given places, each to the next one or the end.

    Args:
        column: values, at least one.
        starts: places, ascending, the first 0.
        lengths: of the parts, at least 1 each.
        wanted: names of fields of :data:`STATISTICS`, and "m2", the sum of squared differences from the mean;
            "count" always comes with them.

    Returns:
        An array for each of them. Where a part has no values, smallest to last are NaN or NaT.
    """
    kind = column.dtype.kind
    wide: Any = WIDE[kind]
    if wide is None:
        return _partials_without_order(column, starts, lengths, wanted)
    there = valid(column)
    if there is not None:
        return _partials_of_some(column, there, starts, lengths, wanted)
    x = plain(column)
    found: dict[str, Array] = {"count": lengths}
    if "min" in wanted:
        found["min"] = np.minimum.reduceat(x, starts).astype(wide)
    if "max" in wanted:
        found["max"] = np.maximum.reduceat(x, starts).astype(wide)
    if "first" in wanted:
        found["first"] = x[starts].astype(wide)
    if "last" in wanted:
        found["last"] = x[starts + lengths - 1].astype(wide)
    if wanted & {"sum", "fsum", "m2"}:
        with np.errstate(invalid="ignore", over="ignore"):
            total = np.add.reduceat(x, starts, dtype=wide)
            exact = kind == "f" or x.dtype.itemsize < 8
            fsum = total.astype(np.float64) if exact else np.add.reduceat(x, starts, dtype=np.float64)
            found |= {"sum": total, "fsum": fsum}
            if "m2" in wanted:
                d = x - np.repeat(fsum / lengths, lengths)
                found["m2"] = np.add.reduceat(d * d, starts, dtype=np.float64)
    return found


def _partials_without_order(column: Array, starts: Array, lengths: Array, wanted: frozenset[str]) -> dict[str, Array]:
    found = {"count": lengths}
    if "first" in wanted:
        found["first"] = column[starts]
    if "last" in wanted:
        found["last"] = column[starts + lengths - 1]
    return found


def _partials_of_some(
    column: Array, there: Array, starts: Array, lengths: Array, wanted: frozenset[str]
) -> dict[str, Array]:
    """The same where values are missing: those that are there, with the places moved; empty parts are filled in."""
    kind = column.dtype.kind
    wide: Any = WIDE[kind]
    before = np.concatenate(([0], np.cumsum(there)))
    counts = before[starts + lengths] - before[starts]
    some = counts > 0
    inner = partials(column[there], before[starts[some]], counts[some], wanted) if some.any() else {}
    found: dict[str, Array] = {"count": counts}
    for name in ("min", "max", "first", "last"):
        if name in wanted:
            found[name] = np.full(len(starts), EMPTY[kind], wide)
    if wanted & {"sum", "fsum", "m2"}:
        found |= {"sum": np.zeros(len(starts), wide), "fsum": np.zeros(len(starts)), "m2": np.zeros(len(starts))}
    for name in found.keys() & inner.keys() - {"count"}:
        found[name][some] = inner[name]
    return found
