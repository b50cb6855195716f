"""Aggregates of one series table written into another: only the buckets that are written change there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.series import aggregate, change, read, store
from zlmdb.series.slices import Slice
from zlmdb.series.times import FIRST, LAST

if TYPE_CHECKING:
    from zlmdb.series.aggregate import Output
    from zlmdb.series.table import Series

__all__ = ["downsample"]

Array = np.ndarray[Any, Any]


def downsample(
    source: Series[Any], target: Series[Any], every: int, origin: int, lo: int, hi: int, wanted: list[Output]
) -> int:
    """Write the aggregates of all series into another table: how many buckets.

    Args:
        source: of a write transaction.
        target: of the same.
        every: length of a bucket in nanoseconds.
        origin: a moment at which a bucket begins, from 0 to less than `every`.
        lo: from which time on; a bucket that it cuts is left out.
        hi: up to which time; a bucket that it cuts is left out.
        wanted: the columns of the result.

    Raises:
        SchemaError: if both are the same table, or the target is no series table.
        ValueTypeError: if the results are no columns of the target.
    """
    if not hasattr(target, "_ticks"):
        raise errors.SchemaError(
            f"table {source._definition.name}: expected a series table to write the aggregates to, found {target!r}"
        )
    if target._slot == source._slot:
        raise errors.SchemaError(
            f"table {source._definition.name}: expected another table to write the aggregates to, found the same one"
        )
    nothing = aggregate.nothing(source._definition, wanted)
    target._ticks(np.empty(0, np.int64), nothing, False)  # names and types, before anything is written
    if lo > FIRST:
        lo = -(-(lo - origin) // every) * every + origin
    if hi <= LAST:
        hi = (hi - origin) // every * every + origin
    written = 0
    with source._txn._guarded(spoils=True):
        # Read as a whole before anything is written: an iterator of the engine would run over what comes in.
        for prefix in list(source._series()):
            key = source._key_of(prefix)
            with read.source(source, prefix) as raw:
                found = source._resample(raw, key, prefix, every, origin, lo, hi, wanted)
                begins = read.span(source, raw, prefix)
            if len(found) and begins is not None:
                written += _written(target, key, found, every, origin, begins[0])
    return written


def _written(target: Series[Any], key: Any, found: Slice, every: int, origin: int, begins: int) -> int:
    """Write the buckets of a series: how many.

    Args:
        target: the table that takes them.
        key: the series.
        found: the buckets, at least one.
        every: as above.
        origin: as above.
        begins: time of the first tick of the source.
    """
    times = found.time.view(np.int64)
    columns = {name: found[name] for name in found if name != "time"}
    ticks = target._ticks(times, columns, False)
    prefix = target._prefix(key)
    numbers = aggregate.numbers(times, every, origin)
    first, final = int(numbers[0]) * every + origin, int(numbers[-1]) * every + origin
    lo, hi = max(first, FIRST), final + every
    with read.source(target, prefix) as raw:
        if lo < begins and _is_among_others(target, raw, prefix, lo, first + every):
            # What came before may have been removed from the source: the bucket that is there is not less than ours.
            ticks, numbers = ticks.part(1, len(ticks)), numbers[1:]
            lo = first + every
            if not len(ticks):
                return 0
        there = [read.part(piece, a, b) for piece, a, b in read.found_in(target, raw, prefix, lo, hi)]
    if there:
        old = store.joined(there)
        stay = old.chosen(~np.isin(aggregate.numbers(old.times, every, origin), numbers))
        new = store.merged(target._definition, stay, ticks, ticks.times)
        target._changing(prefix, change.delete_range, lo, hi)
    else:
        new = ticks
    target._changing(prefix, store.append_many, new)
    return len(ticks)


def _is_among_others(target: Series[Any], raw: Any, prefix: bytes, lo: int, hi: int) -> bool:
    """True if a series has ticks in a bucket, and others outside of it."""
    reach = read.span(target, raw, prefix)
    if reach is None or (lo <= reach[0] and reach[1] < hi):
        return False
    return read.count(target, raw, prefix, lo, hi) > 0
