"""Aggregates over ranges and over buckets of time; a chunk that lies in one bucket is not read if its statistics do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb._typing import Buffer
from zlmdb.errors import ValueTypeError, short
from zlmdb.series.definition import SeriesDefinition
from zlmdb.series.input import unknown_column
from zlmdb.series.layout import Chunk, Layout
from zlmdb.series.read import Piece
from zlmdb.series.records import CHUNK, HAS_STATISTICS, HAS_TABLE
from zlmdb.series.statistics import EMPTY, NAT, STATISTICS, WIDE, partials
from zlmdb.series.times import FIRST, LAST

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = ["FUNCTIONS", "Output", "bucketed", "nothing", "numbers", "outputs", "read_records"]

Array = np.ndarray[Any, Any]

#: Which statistics each function needs.
FUNCTIONS: dict[str, frozenset[str]] = {
    "count": frozenset(("count",)),
    "min": frozenset(("min",)),
    "max": frozenset(("max",)),
    "first": frozenset(("first",)),
    "last": frozenset(("last",)),
    "sum": frozenset(("sum",)),
    "mean": frozenset(("fsum",)),
    "var": frozenset(("fsum", "m2")),
    "std": frozenset(("fsum", "m2")),
}
OHLC = (("open", "first"), ("high", "max"), ("low", "min"), ("close", "last"))
_ORDERLESS = ("count", "first", "last")


@dataclass(frozen=True)
class Output:
    """A column of a result: its name, place of the column that it comes from, and function."""

    name: str
    at: int
    function: str


def outputs(definition: SeriesDefinition, how: dict[str, Any]) -> list[Output]:
    """The columns of a result, from the keywords of a call.

    Args:
        definition: of the table.
        how: see :meth:`Series.resample`.

    Raises:
        ValueTypeError: if a column or function is unknown, does not go with the column's type, or names clash.
    """
    made: list[Output] = []
    for word, wish in how.items():
        if isinstance(wish, tuple):
            if len(wish) != 2 or not all(isinstance(part, str) for part in wish):
                raise _wrong(definition, word, wish)
            made += _of_one(definition, wish[0], wish[1], word, f"{word}_")
        elif isinstance(wish, list):
            for function in wish:
                made += _of_one(definition, word, function, f"{word}_{function}", f"{word}_")
        else:
            made += _of_one(definition, word, wish, word, "")
    if not made:
        raise ValueTypeError(
            f'table {definition.name}: expected what to do with which column, such as price="mean", found nothing',
            table=definition.name,
        )
    names = [output.name for output in made]
    for name in names:
        if names.count(name) > 1 or name == "time":
            raise ValueTypeError(
                f"table {definition.name}: expected one result by the name of {name!r}, found {names.count(name)}; "
                'give others a name: name=("column", "function")',
                table=definition.name,
                field=name,
            )
    return made


def _of_one(definition: SeriesDefinition, column: str, function: Any, name: str, before: str) -> list[Output]:
    at = definition.by_name.get(column)
    if at is None:
        raise unknown_column(definition, column)
    if function == "ohlc":
        found = [Output(before + word, at, part) for word, part in OHLC]
    elif isinstance(function, str) and function in FUNCTIONS:
        found = [Output(name, at, function)]
    else:
        raise _wrong(definition, column, function)
    dtype = definition.columns[at].dtype
    for output in found:
        orderless = WIDE[dtype.kind] is None and output.function not in _ORDERLESS
        if orderless or (dtype.kind == "M" and output.function in ("sum", "var", "std")):
            raise ValueTypeError(
                f"table {definition.name}, column {column}: values of {dtype} have no {output.function}",
                table=definition.name,
                field=column,
            )
    return found


def _wrong(definition: SeriesDefinition, word: str, wish: Any) -> ValueTypeError:
    known = f"{', '.join(FUNCTIONS)} or ohlc"
    return ValueTypeError(
        f"table {definition.name}: expected {word}= to be one of {known}, a list of them, or a pair (column, one of "
        f"them), found {short(wish)}",
        table=definition.name,
        field=word,
        expected=known,
        found=short(wish),
    )


def nothing(definition: SeriesDefinition, wanted: list[Output]) -> dict[str, Array]:
    """The columns of a result without buckets."""
    empty = np.empty(0, np.int64)
    found = {}
    for output in wanted:
        dtype = definition.columns[output.at].dtype
        wide: Any = WIDE[dtype.kind] or dtype
        total = {"count": empty, "fsum": np.empty(0), "m2": np.empty(0)}
        total |= {name: np.empty(0, wide) for name in ("min", "max", "first", "last", "sum")}
        found[output.name] = _finish(total, output.function, dtype)
    return found


def bucketed(
    s: SeriesBase[Any], found: Iterable[Piece], wanted: list[Output], every: int | None, origin: int
) -> tuple[Array, dict[str, Array]] | None:
    """Aggregates of the ticks of some pieces.

    Args:
        s: the table.
        found: in order of time; none of them is kept.
        wanted: the columns of the result.
        every: length of a bucket in nanoseconds; None puts all ticks in one.
        origin: a moment at which a bucket begins, from 0 to less than `every`.

    Returns:
        The starts of the buckets that have ticks, as int64 (one 0 if there is but one bucket), and the columns. A
        bucket that begins before the first moment is said to begin there. None if there are no ticks.
    """
    needs: dict[int, frozenset[str]] = {}
    for output in wanted:
        needs[output.at] = needs.get(output.at, frozenset()) | FUNCTIONS[output.function]
    columns = s._definition.columns
    # Spread is not among the statistics of chunks, and what has no order has none.
    quick = all(WIDE[columns[at].dtype.kind] is not None and "m2" not in needs[at] for at in needs)
    ids: list[Array] = []
    sums: dict[int, list[dict[str, Array]]] = {at: [] for at in needs}
    known = _Known(needs, s._layout, ids, sums)
    for part, a, b in found:
        if isinstance(part, Chunk) and b - a == part.n and quick:
            bucket = 0 if every is None else (part.first - origin) // every
            if (every is None or (part.last - origin) // every == bucket) and known.take(part, bucket):
                continue
        known.flush()
        if every is None:
            starts, buckets = np.zeros(1, np.int64), np.zeros(1, np.int64)
        else:
            times = part.times()[a:b] if isinstance(part, Chunk) else part.times[a:b]
            starts, buckets = _buckets(times, every, origin)
        lengths = np.diff(starts, append=b - a)
        ids.append(buckets)
        for at, fields in needs.items():
            values = (part.column(at) if isinstance(part, Chunk) else part.columns[at])[a:b]
            sums[at].append(partials(values, starts, lengths, fields))
    known.flush()
    if not ids:
        return None
    identity = np.concatenate(ids)
    groups = np.flatnonzero(np.append(True, identity[1:] != identity[:-1]))
    totals = {at: _total(parts, needs[at], groups, columns[at].dtype) for at, parts in sums.items()}
    result = {o.name: _finish(totals[o.at], o.function, columns[o.at].dtype) for o in wanted}
    if every is None:
        return identity[groups], result
    starts = identity[groups] * every + origin
    # The first bucket may begin before the first moment there is.
    if int(identity[0]) * every + origin < FIRST:
        starts[0] = FIRST
    return starts, result


def read_records(records: list[Buffer], dtype: np.dtype[Any], layout: Layout) -> Array:
    """Stored statistics of a column of some chunks, as an array.

    Args:
        records: one for each chunk.
        dtype: theirs, of :data:`STATISTICS`.
        layout: of the table.

    Raises:
        DecodeError: if one counts more values than a chunk may have ticks.
    """
    data = b"".join(records)
    rows = np.frombuffer(data, dtype)
    if len(rows) and rows["count"].max() >> 32:
        raise layout.broken("statistics", data, "they count more values than a chunk has")
    return rows


class _Known:
    """Collects the statistics of chunks that follow each other, to look at them together."""

    def __init__(
        self,
        needs: dict[int, frozenset[str]],
        layout: Layout,
        ids: list[Array],
        sums: dict[int, list[dict[str, Array]]],
    ) -> None:
        kinds = [column.dtype.kind for column in layout.columns]
        self._needs = [(at, STATISTICS[kinds[at]], (*fields, "count")) for at, fields in needs.items()]
        self._layout = layout
        self._least = max(needs)
        self._ids, self._sums = ids, sums
        self._buckets: list[int] = []
        self._records: list[list[Buffer]] = [[] for _ in needs]
        self._takers = [(64 * at, records.append) for at, records in zip(needs, self._records, strict=True)]

    def take(self, chunk: Chunk, bucket: int) -> bool:
        """Take the statistics of a chunk; False if it has none of these columns."""
        flags = chunk.flags
        if not flags & HAS_STATISTICS or self._least >= chunk.m or self._least >= chunk.layout.stored:
            return False
        begin = chunk.statistics_at if flags & HAS_TABLE else CHUNK.size
        data = chunk.data
        if len(data) < begin + 64 * chunk.m:
            return False  # it is broken; who reads it says so
        self._buckets.append(bucket)
        for place, add in self._takers:
            start = begin + place
            add(data[start : start + 64])
        return True

    def flush(self) -> None:
        """Hand over what was taken, before something else is added."""
        if not self._buckets:
            return
        self._ids.append(np.array(self._buckets))
        for (at, dtype, names), records in zip(self._needs, self._records, strict=True):
            rows = read_records(records, dtype, self._layout)
            self._sums[at].append({name: rows[name] for name in names})
            records.clear()
        self._buckets.clear()


def _buckets(times: Array, every: int, origin: int) -> tuple[Array, Array]:
    """Where the ticks of each bucket begin, and the numbers of the buckets."""
    low, high = (int(times[0]) - origin) // every, (int(times[-1]) - origin) // every
    if low == high:
        return np.zeros(1, np.int64), np.array([low])
    if high - low < len(times) >> 3:
        # Counted from 0 on, since one more than the last number may lie beyond int64.
        found = np.arange(high - low + 1) + low
        places = np.concatenate(([0], times.searchsorted(found[1:] * every + origin)))
        # An empty bucket begins where the next one begins.
        some = np.append(places[1:] != places[:-1], places[-1] < len(times))
        return places[some], found[some]
    of_each = numbers(times, every, origin)
    starts = np.flatnonzero(np.append(True, of_each[1:] != of_each[:-1]))
    return starts, of_each[starts]


def numbers(times: Array, every: int, origin: int) -> Array:
    """The numbers of the buckets of some times.

    Args:
        times: int64.
        every: length of a bucket.
        origin: where the bucket of number 0 begins, from 0 to less than `every`.
    """
    # The difference to the origin may lie beyond int64.
    found: Array = times // every
    return found - (times % every < origin) if origin else found


def _total(
    parts: list[dict[str, Array]], fields: frozenset[str], groups: Array, dtype: np.dtype[Any]
) -> dict[str, Array]:
    """Partial statistics, one after the other, put together by groups."""
    names = fields | {"count"}
    rows = {name: np.concatenate([part[name] for part in parts]) for name in names}
    count = rows["count"] = rows["count"].astype(np.int64)
    if len(groups) == len(count):
        return rows
    counts = np.add.reduceat(count, groups)
    if (count == 0).any():
        return _total_of_some(rows, fields, groups, counts, dtype)
    found = {"count": counts}
    ends = np.append(groups[1:], len(count)) - 1
    with np.errstate(invalid="ignore", over="ignore"):
        for name in fields:
            values = rows[name]
            if name == "min":
                found[name] = np.minimum.reduceat(values, groups)
            elif name == "max":
                found[name] = np.maximum.reduceat(values, groups)
            elif name == "first":
                found[name] = values[groups]
            elif name == "last":
                found[name] = values[ends]
            elif name in ("sum", "fsum"):
                found[name] = np.add.reduceat(values, groups)
        if "m2" in fields:
            means = np.repeat(found["fsum"] / counts, ends - groups + 1)
            apart = rows["m2"] + count * (rows["fsum"] / count - means) ** 2
            found["m2"] = np.add.reduceat(apart, groups)
    return found


def _total_of_some(
    rows: dict[str, Array], fields: frozenset[str], groups: Array, counts: Array, dtype: np.dtype[Any]
) -> dict[str, Array]:
    """The same where parts have no values: they are left out, and groups of such only are filled in."""
    there = rows["count"] > 0
    group_of = np.zeros(len(there), np.int64)
    group_of[groups[1:]] = 1
    group_of = np.cumsum(group_of)[there]
    kind = dtype.kind
    some = counts > 0
    inner: dict[str, Array] = {}
    if there.any():
        starts = np.flatnonzero(np.append(True, group_of[1:] != group_of[:-1]))
        inner = _total([{name: values[there] for name, values in rows.items()}], fields, starts, dtype)
    found: dict[str, Array] = {"count": counts}
    for name in fields:
        wide: Any = np.float64 if name in ("m2", "fsum") else WIDE[kind]
        found[name] = np.full(len(groups), 0 if name in ("sum", "fsum", "m2", "count") else EMPTY[kind], wide)
        if name in inner and name != "count":
            found[name][some] = inner[name]
    found["count"] = counts
    return found


def _finish(total: dict[str, Array], function: str, dtype: np.dtype[Any]) -> Array:
    """The values of a function, in the type that they have for the user."""
    count = total["count"]
    if function == "count":
        return count
    if function in ("min", "max", "first", "last"):
        values = total[function]
        if dtype.kind in "mM":
            return values.view(dtype)
        with np.errstate(over="ignore"):  # of statistics that are damaged
            return values.astype(dtype)
    if function == "sum":
        return total["sum"].view(dtype) if dtype.kind == "m" else total["sum"]
    with np.errstate(invalid="ignore", divide="ignore"):
        if function == "mean":
            mean = total["fsum"] / count
            if dtype.kind not in "mM":
                return mean
            return _whole(mean, FIRST, LAST).view(dtype)
        var = np.where(count > 1, total["m2"] / (count - 1), np.nan)
    if function == "std":
        var = np.sqrt(var)
    return _spread_of_durations(var, function, dtype) if dtype.kind == "m" else var


def _spread_of_durations(values: Array, function: str, dtype: np.dtype[Any]) -> Array:
    """The standard deviation of durations is a duration; their variance is a number, in units squared.

    NaT stands for a deviation that is no duration, because it lies beyond int64.
    """
    return values if function == "var" else _whole(values, NAT, NAT).view(dtype)


def _whole(values: Array, below: int, beyond: int) -> Array:
    """The nearest int64 of floats, NaT for NaN.

    Args:
        values: floats.
        below: what stands for those that int64 does not reach down to.
        beyond: what stands for those that it does not reach up to.
    """
    rounded = np.rint(values)
    small, large = rounded <= -(2.0**63), rounded >= 2.0**63
    whole: Array = np.where(small | large | np.isnan(rounded), 0, rounded).astype(np.int64)
    whole[small], whole[large], whole[np.isnan(rounded)] = below, beyond, NAT
    return whole
