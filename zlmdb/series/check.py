"""Verification: what is stored of each series, compared with what the layout promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.database.catalog import Remembered
from zlmdb.series.definition import duplicates_of
from zlmdb.series.layout import Chunk
from zlmdb.series.read import explained
from zlmdb.series.records import HAS_STATISTICS, HEAD_END, MOST_NAMED, NONE, of_position
from zlmdb.series.statistics import STATISTICS, WIDE, describe

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = ["check"]


def check(s: SeriesBase[Any], txn: Any) -> list[str]:
    """What is wrong in a series table, a sentence each; everything is read."""
    problems: list[str] = []
    name = s._definition.name
    try:
        found = list(s._series())
    except errors.DecodeError as error:
        return [error.message]
    try:
        unique = _unique(s, txn)
    except errors.CatalogError as error:
        unique = False
        problems.append(error.message)
    for prefix in found:
        try:
            key = repr(s._key_of(prefix))
        except errors.DataError as error:
            key = prefix.hex()
            problems.append(f"table {name}: the key {key} cannot be decoded: {error.message}")
        where = f"table {name}, series {key}"
        problems += [f"{where}: {problem}" for problem in _series(s, txn, prefix, unique)]
    return problems


def _unique(s: SeriesBase[Any], txn: Any) -> bool:
    """True if no two ticks may have one time: as the file says, which another program may have changed."""
    oid = s._definition.oid
    record = None if oid is None else Remembered(txn._env.raw, txn._sound(), write=False).get(oid)
    policy = s._definition.duplicates if record is None else duplicates_of(record, f"table {s._definition.name}")
    return bool(policy != "keep")


def _series(s: SeriesBase[Any], txn: Any, prefix: bytes, unique: bool) -> list[str]:
    layout = s._layout
    problems: list[str] = []
    last, alike = NONE, False
    open_chunks = open_ticks = tail = 0
    first_open: tuple[int, int] | None = None
    data = txn.get(prefix + HEAD_END)
    if data is None:
        return ["it has chunks, but no head"]
    try:
        head = layout.head(data)
        cursor = txn._cursor()
        cursor.set_range(prefix)
        for key, value in cursor.iternext(True, True):
            key = bytes(key)
            if key >= prefix + HEAD_END:
                break
            place = of_position(key[-10:])
            chunk = Chunk(layout, value)
            at = f"chunk {np.datetime64(place[0], 'ns')} number {place[1]}"
            times = chunk.times()
            problems += [f"{at}: {problem}" for problem in _chunk(chunk, times, place, unique)]
            if chunk.first < last or (chunk.first == last and (unique or not alike)):
                problems.append(f"{at}: it begins before the chunk before it ends")
            if (place[1] > 0) != (chunk.first == last):
                problems.append(f"{at}: its number does not fit the chunk before it")
            last, alike = chunk.last, chunk.first == chunk.last
            if head[4] and place >= (head[7], head[9]):
                open_chunks, open_ticks, tail = open_chunks + 1, open_ticks + chunk.n, chunk.n
                first_open = first_open or place
            elif not chunk.flags & HAS_STATISTICS:
                problems.append(f"{at}: it is no open chunk, but has no statistics")
        if last != head[6]:
            problems.append("the head names another time as the last one in a chunk")
        if (open_chunks, open_ticks) != (head[4], head[8]) or (first_open or (0, 0)) != (head[7], head[9]):
            problems.append(
                f"the head names {head[4]} open chunks with {head[8]} ticks, found {open_chunks} with {open_ticks}"
            )
        if head[10] != min(tail, MOST_NAMED) and (head[10] or head[4] != 1):
            problems.append(f"the head names {head[10]} ticks in the last open chunk, found {tail}")
        problems += _rows(layout.head_rows(data, head)[0], head[5], last, unique)
    except Exception as error:
        found = explained(s, None, error)
        if not isinstance(found, errors.DecodeError):
            raise
        problems.append(found.message)
    return problems


def _rows(times: Any, final: int, last: int, unique: bool) -> list[str]:
    problems = []
    if (times[1:] < times[:-1]).any() or (unique and (times[1:] == times[:-1]).any()):
        problems.append("the ticks in the head are out of order")
    if len(times) and (times[0] < last or (unique and times[0] == last)):
        problems.append("the head has ticks that are older than those in chunks")
    if final != (int(times[-1]) if len(times) else last):
        problems.append("the head names another time as the last one")
    return problems


def _chunk(chunk: Chunk, times: Any, place: tuple[int, int], unique: bool) -> list[str]:
    problems = []
    if (times[1:] < times[:-1]).any() or (unique and (times[1:] == times[:-1]).any()):
        problems.append("its ticks are out of order")
    if place[0] != chunk.first or times[0] != chunk.first or times[-1] != chunk.last:
        problems.append("its key and header do not name its first and last time")
    for at, column in enumerate(chunk.layout.columns):
        values = chunk.column(at)
        stored = chunk.statistics(at)
        if stored is not None and not same(stored[0], recomputed(values), values.dtype.kind):
            problems.append(f"column {column.name}: its statistics are not those of its values")
    return problems


def recomputed(column: Any) -> Any:
    """The statistics of a column, as a record."""
    return np.frombuffer(describe(np.ascontiguousarray(column)), STATISTICS[column.dtype.kind])[0]


def same(a: Any, b: Any, kind: str) -> bool:
    """True if two records of statistics agree: exactly, but for what rounding may change in sums of floats."""
    exact = ["count"] if WIDE[kind] is None else ["count", "min", "max", "first", "last"]
    if kind not in "f" and WIDE[kind] is not None:
        exact.append("sum")
    if not all(a[name] == b[name] or (a[name] != a[name] and b[name] != b[name]) for name in exact):
        return False
    if WIDE[kind] is None:
        return True
    size = max(1.0, float(a["count"]))
    with np.errstate(all="ignore"):
        largest = max(abs(float(a["min"])), abs(float(a["max"])))
        room = 1e-12 * size * largest
        close = [(a["fsum"], b["fsum"], room)]
        if kind == "f":
            close.append((a["sum"], b["sum"], room))
        return all(x == y or (x != x and y != y) or not np.isfinite(x - y) or abs(x - y) <= r for x, y, r in close)
