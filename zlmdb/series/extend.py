"""Batches behind a series: the usual case of appending, with as few calls as can be.

A batch becomes an open chunk of its own, so that nothing is copied but the batch; if it is short, and the open chunk
before it, too, that one grows instead. When there are enough ticks for a chunk, the open ones are joined, column by
column, in one piece of memory, and what does not fill its pages begins the next open one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb.series.records import HEAD, HEAD_END, HEAD_MAGIC, MOST_NAMED, READ, VERSION, position

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = ["extend", "last_open"]

Array = np.ndarray[Any, Any]


def extend(s: SeriesBase[Any], prefix: bytes, arrays: list[Array]) -> bool:
    """Append a batch to the open chunks, if that is all there is to do; False (and nothing is done) otherwise.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        arrays: from :meth:`Layout.joinable`: each tick later than the one before.

    That is so if the batch is later than all that is there, longer than a head, and makes at most one full chunk.
    """
    txn, layout = s._txn, s._layout
    key = prefix + HEAD_END
    data = txn.get(key)
    if data is None:
        return False
    magic, version, m, rows, chunks, last, closed, start, held, number, tail = HEAD.unpack_from(data)
    times = arrays[0]
    n, first = len(times), times.item(0)
    if rows or m != layout.m or n <= layout.head_most or first <= last or magic != HEAD_MAGIC or version != VERSION:
        return False
    if last != closed:
        return False  # it is broken; who goes the long way says so
    total = held + n
    if total >= layout.fill:
        return _close(s, prefix, chunks, start, number, total, arrays)
    last = times.item(n - 1)
    made: Any
    if chunks and n < layout.grown and (tail or held) < layout.grown:
        place = last_open(txn, prefix, chunks, start, number)
        made = layout.united([txn.get(place)], arrays, False)
        tail = (tail or held) + n
        if made is None or READ(made)[2] != tail:
            return False  # as below
    else:
        place, made, tail = prefix + position(first), layout.opened(arrays), n
        chunks += 1
        if chunks == 1:
            start, number = first, 0
    if tail > MOST_NAMED:
        tail = MOST_NAMED
    txn._changes += 1
    txn._put(place, made)
    txn._put(key, HEAD.pack(HEAD_MAGIC, VERSION, m, 0, chunks, last, last, start, total, number, tail))
    return True


def _close(
    s: SeriesBase[Any], prefix: bytes, chunks: int, start: int, number: int, total: int, arrays: list[Array]
) -> bool:
    """Close the open chunks with ticks that fill them, and keep those that do not fit.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        chunks: how many are open.
        start: of the first of them.
        number: its number.
        total: ticks in them and in the batch.
        arrays: the batch, as above.
    """
    layout, txn = s._layout, s._txn
    times = arrays[0]
    n = len(times)
    rest = total - layout.fitting(total)
    if rest >= n or rest >= layout.fill:
        return False
    size = n - rest
    found = _open_ones(txn, prefix, chunks, start, number) if chunks else []
    if len(found) != chunks:
        return False  # it is broken; who goes the long way says so
    made = layout.united([data for _, data in found], [array[:size] for array in arrays] if rest else arrays, True)
    if made is None or READ(made)[2] != total - rest:
        return False  # the head is wrong about the chunks that are open: who looks at what is there comes through
    txn._changes += 1
    if chunks > 1:
        cursor = txn._cursor()
        cursor.set_range(found[1][0])
        for _ in range(chunks - 1):
            cursor.delete()
    txn._put(found[0][0] if found else prefix + position(times.item(0)), made)
    last = closed = times.item(n - 1)
    start = 0
    if rest:
        start = times.item(size)
        txn._put(prefix + position(start), layout.opened([array[size:] for array in arrays]))
    tail = min(rest, MOST_NAMED)
    head = HEAD.pack(HEAD_MAGIC, VERSION, layout.m, 0, rest > 0, last, closed, start, rest, 0, tail)
    txn._put(prefix + HEAD_END, head)
    return True


def _open_ones(txn: Any, prefix: bytes, chunks: int, start: int, number: int) -> list[tuple[bytes, bytes]]:
    """Keys and bytes of the open chunks; fewer than `chunks` if they are not there.

    Args: as for :func:`last_open`.
    """
    cursor = txn._cursor()
    if not cursor.set_range(prefix + position(start, number)):
        return []
    # The head stands behind them, so this does not reach another series unless a head is wrong.
    found = list(islice(cursor.iternext(True, True), chunks))
    return [one for one in found if one[0].startswith(prefix) and one[0] < prefix + HEAD_END]


def last_open(txn: Any, prefix: bytes, chunks: int, start: int, number: int) -> bytes:
    """The key of the last open chunk.

    Args:
        txn: a transaction that writes.
        prefix: slot and series key.
        chunks: how many there are, at least one.
        start: of the first.
        number: its number.
    """
    if chunks == 1:
        return prefix + position(start, number)
    cursor = txn._cursor()
    cursor.set_range(prefix + HEAD_END)
    cursor.prev()
    return bytes(cursor.key())
