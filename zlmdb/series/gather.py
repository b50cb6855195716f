"""Ranges, and aggregates of them, with as few steps for each chunk as can be.

Chunks are gone through by their values alone: each names its first time, and behind the last one stands the head. Of a
chunk that is stored in place, columns are cut out of the record, and all that is cut is joined in one copy; for an
aggregate, the statistics are cut out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from zlmdb.series.aggregate import Output, outputs, read_records
from zlmdb.series.layout import Chunk
from zlmdb.series.read import begun
from zlmdb.series.records import CHUNK, CHUNK_KIND, HAS_STATISTICS, HAS_TABLE, HEAD_END, HEAD_KIND, READ
from zlmdb.series.slices import Slice
from zlmdb.series.statistics import PACKERS, STATISTICS, describe
from zlmdb.series.store import Ticks
from zlmdb.series.times import left

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = ["Plan", "plan", "range_of", "summary"]

Array = np.ndarray[Any, Any]

_TIME = np.dtype("<M8[ns]")
_INT64, _FLOAT64 = np.dtype("<i8"), np.dtype("<f8")
_add, _minimum, _maximum = np.add.reduce, np.minimum.reduce, np.maximum.reduce


def _inside(times: Array, lo: int, hi: int) -> tuple[int, int]:
    """From which place to which the times lie between two."""
    return left(times, lo), left(times, hi)


def _of_head(s: SeriesBase[Any], data: Any, head: Any, lo: int, hi: int) -> Ticks | None:
    """The ticks of a head between two times; None if there are none."""
    if not head[3] or hi <= head[6]:
        return None
    ticks = Ticks(*s._layout.head_rows(data, head))
    a, b = _inside(ticks.times, lo, hi)
    return ticks.part(a, b) if a < b else None


def range_of(s: SeriesBase[Any], raw: Any, key: Any, prefix: bytes, lo: int, hi: int, names: Sequence[str]) -> Slice:
    """The ticks of a range, in arrays of their own.

    Args:
        s: of a transaction.
        raw: from :class:`zlmdb.series.read.source`.
        key: the series key, for the slice.
        prefix: slot and series key.
        lo: from which time on.
        hi: up to which time, exclusive.
        names: of the columns.
    """
    layout, by_name = s._layout, s._definition.by_name
    places = tuple([by_name[name] for name in names])
    types = [_TIME, *[layout.columns[at].dtype for at in places]]
    rows: list[Any] = []
    data = raw.get(prefix + HEAD_END)
    if data is not None and lo < hi:
        head = layout.head(data)
        if lo <= head[6]:
            _cut(s, raw, prefix, lo, hi, places, rows)
        held = _of_head(s, data, head, lo, hi)
        if held is not None:
            rows.append([_joinable(array) for array in (held.times, *[held.columns[at] for at in places])])
    arrays: list[Any]
    if rows:
        columns = zip(zip(*rows, strict=True), types, strict=True)
        arrays = [np.frombuffer(bytearray().join(parts), dtype) for parts, dtype in columns]
    else:
        arrays = [np.empty(0, dtype) for dtype in types]
    return Slice(key, arrays[0], dict(zip(names, arrays[1:], strict=True)))


def _joinable(array: Array) -> Array:
    """Values as an array that bytes can be joined with: arrays of times have no buffer."""
    return np.ascontiguousarray(array.view(_INT64) if array.dtype.kind in "mM" else array)


def _cut(
    s: SeriesBase[Any], raw: Any, prefix: bytes, lo: int, hi: int, places: tuple[int, ...], rows: list[Any]
) -> None:
    """Add times and columns of each chunk that has ticks in a range, as what bytes can be joined of."""
    layout = s._layout
    cuts, known = layout.cuts, layout.m if layout.stored == layout.m else -1
    for value in begun(raw, prefix, lo):
        kind, m, n, first, last, flags = READ(value)
        if kind != CHUNK_KIND:
            if kind == HEAD_KIND:
                return
            Chunk(layout, value)  # raises
        if first >= hi:
            return
        if last < lo:
            continue
        if m != known or flags & HAS_TABLE:
            chunk = Chunk(layout, value)
            times = chunk.times()
            a, b = _inside(times, lo, hi)
            if a < b:
                rows.append([_joinable(array[a:b]) for array in (times, *map(chunk.column, places))])
            continue
        view = value if value.__class__ is memoryview else memoryview(value)
        end, where, sizes = cuts(n, flags, places)
        if len(view) < end or not n:
            raise layout.broken("a chunk", value, f"it is too short for {n} ticks")
        if lo > first or last >= hi:
            a, b = _inside(np.frombuffer(value, _INT64, n, where[0].start), lo, hi)
            if a == b:
                continue
            where = [slice(w.start + a * size, w.start + b * size) for w, size in zip(where, sizes, strict=True)]
        rows.append(list(map(view.__getitem__, where)))


class Plan:
    """What an aggregate over a range consists of: results, and the columns whose statistics they come from."""

    __slots__ = ("needs", "wanted")

    #: Functions that statistics suffice for, and the field of them that each is made of.
    fields: ClassVar = {"count": "count", "mean": "fsum", **{n: n for n in ("min", "max", "first", "last", "sum")}}

    def __init__(self, s: SeriesBase[Any], wanted: list[Output]) -> None:
        self.wanted = wanted
        #: Place of each column, and if sums are all that is wanted of it; None if statistics do not suffice.
        self.needs: list[tuple[int, bool]] | None = []
        for at in dict.fromkeys(output.at for output in wanted):
            functions = {output.function for output in wanted if output.at == at}
            kind = s._layout.columns[at].dtype.kind
            if kind not in "iufb" or not functions <= self.fields.keys():
                self.needs = None
                return
            self.needs.append((at, kind == "f" and functions <= {"sum", "mean", "count"}))


#: How many plans a table remembers.
_MOST_PLANS = 256


def plan(s: SeriesBase[Any], how: dict[str, Any]) -> Plan:
    """The plan of an aggregate; those of the same words are made once.

    Args:
        s: the table.
        how: see :meth:`Series.resample`.

    Raises:
        ValueTypeError: as :func:`zlmdb.series.aggregate.outputs` does.
    """
    plans = s._plans
    try:
        words = tuple(how.items())
        known = plans.get(words)
    except TypeError:  # lists
        return Plan(s, outputs(s._definition, how))
    if known is None:
        known = Plan(s, outputs(s._definition, how))
        if len(plans) >= _MOST_PLANS:
            plans.clear()
        plans[words] = known
    return known


def summary(s: SeriesBase[Any], raw: Any, prefix: bytes, lo: int, hi: int, plan: Plan) -> dict[str, Any] | None:
    """The results of an aggregate over a range; None if it is to be found in another way.

    Statistics stand for chunks that lie in the range as a whole, and are made of the ticks of others.

    Args:
        s: of a transaction.
        raw: from :class:`zlmdb.series.read.source`.
        prefix: slot and series key.
        lo: from which time on.
        hi: up to which time, exclusive.
        plan: from :func:`plan`.
    """
    layout = s._layout
    data = raw.get(prefix + HEAD_END)
    if plan.needs is None or data is None or lo >= hi:
        return None
    head = layout.head(data)
    records: list[list[Any]] = [[] for _ in plan.needs]
    with np.errstate(invalid="ignore", over="ignore"):
        if lo <= head[6]:
            _statistics(s, raw, prefix, lo, hi, plan.needs, records)
        held = _of_head(s, data, head, lo, hi)
        if held is not None:
            for (at, sums), found in zip(plan.needs, records, strict=True):
                found.append(_record(held.columns[at], sums))
        rows = {}
        for (at, _), found in zip(plan.needs, records, strict=True):
            made = read_records(found, STATISTICS[layout.columns[at].dtype.kind], layout)
            if not len(made) or not made["count"].all():
                return None
            rows[at] = made
        return {o.name: _result(rows[o.at], o.function, layout.columns[o.at].dtype) for o in plan.wanted}


def _statistics(
    s: SeriesBase[Any],
    raw: Any,
    prefix: bytes,
    lo: int,
    hi: int,
    needs: list[tuple[int, bool]],
    records: list[list[Any]],
) -> None:
    """Add the statistics of what each chunk has in a range."""
    layout = s._layout
    most = max(at for at, _ in needs)
    takers = [(64 * at, found.append) for (at, _), found in zip(needs, records, strict=True)]
    for value in begun(raw, prefix, lo):
        kind, m, n, first, last, flags = READ(value)
        if kind != CHUNK_KIND:
            if kind == HEAD_KIND:
                return
            Chunk(layout, value)  # raises
        if first >= hi:
            return
        if lo <= first and last < hi and flags & HAS_STATISTICS and most < m and most < layout.stored:
            begin = CHUNK.size + (16 * (m + 1) if flags & HAS_TABLE else 0)
            if len(value) < begin + 64 * m:
                raise layout.broken("a chunk", value, "it is too short for its statistics")
            for place, add in takers:
                start = begin + place
                add(value[start : start + 64])
        elif last >= lo:
            chunk = Chunk(layout, value)
            a, b = (0, n) if lo <= first and last < hi else _inside(chunk.times(), lo, hi)
            if a < b:
                for (at, sums), found in zip(needs, records, strict=True):
                    found.append(_record(chunk.column(at)[a:b], sums))


def _record(column: Array, sums: bool) -> bytes:
    """The statistics of some values; if only sums are wanted, the others are none."""
    if sums:
        total = _add(column, 0, _FLOAT64)
        if isfinite(total):  # so none of the values is NaN or infinite
            return PACKERS["f"].pack(len(column), 0, 0, 0, 0, total, total)
    return describe(np.ascontiguousarray(column))


def _result(rows: Array, function: str, dtype: np.dtype[Any]) -> Any:
    """What a function makes of statistics, in the order of their times."""
    values = rows[Plan.fields[function]]
    if function == "mean":
        return _add(values) / _add(rows["count"])
    if function == "sum":
        return _add(values)
    if function == "count":
        return _add(values).astype(np.int64)
    if function == "min":
        return _minimum(values).astype(dtype)
    if function == "max":
        return _maximum(values).astype(dtype)
    return values[0 if function == "first" else -1].astype(dtype)
