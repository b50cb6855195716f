"""Appending: how ticks come into heads, open chunks and full chunks.

A few ticks are rows of the series' head, which is rewritten with every append. When it is full, its rows go to the
*open* chunks, the last ones, as does every batch that is longer than a head: a short open chunk grows by short batches,
otherwise a new one is begun. When they have seven eighths of the ticks that a chunk may have, they become one that is
closed: it gets its statistics, and is compressed if the table is. That happens while a program writes, in its
transaction; nothing is kept in memory between two calls, so that aborted transactions and savepoints need no care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.series.definition import SeriesDefinition
from zlmdb.series.extend import last_open
from zlmdb.series.layout import Chunk, Layout
from zlmdb.series.records import (
    HEAD,
    HEAD_END,
    HEAD_MAGIC,
    HEAD_SIZE,
    LAST_NUMBER,
    MOST_NAMED,
    NONE,
    VERSION,
    Head,
    of_position,
    position,
)

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = ["Ticks", "append_many", "append_one", "chunks_at", "cut", "merged", "write_head"]

Array = np.ndarray[Any, Any]

EMPTY_HEAD: Head = (HEAD_MAGIC, VERSION, 0, 0, 0, NONE, NONE, 0, 0, 0, 0)


@dataclass
class Ticks:
    """Sorted ticks: int64 times, and columns in the order of the file."""

    times: Array
    columns: list[Array]

    def __len__(self) -> int:
        return len(self.times)

    def part(self, start: int, stop: int) -> Ticks:
        """Some of them, without copying."""
        return Ticks(self.times[start:stop], [column[start:stop] for column in self.columns])

    def chosen(self, which: Array) -> Ticks:
        """Those of an index array or a mask."""
        return Ticks(self.times[which], [column[which] for column in self.columns])


def joined(parts: list[Ticks]) -> Ticks:
    """Ticks one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = [np.concatenate(found) for found in zip(*[part.columns for part in parts], strict=True)]
    return Ticks(np.concatenate([part.times for part in parts]), columns)


def merged(definition: SeriesDefinition, older: Ticks, newer: Ticks, fresh: Array) -> Ticks:
    """Two lots of ticks in order of time; of equal times, the older ones first, as the policy for duplicates says.

    Args:
        definition: of the table.
        older: sorted.
        newer: sorted.
        fresh: times that are being appended, sorted. Other equal times are left alone: a program that keeps duplicates
            may have stored them since this one attached the table.

    Raises:
        DuplicateKey: if there are equal times, and they are refused.
    """
    if not len(older):
        return newer
    both = joined([older, newer])
    if older.times[-1] < newer.times[0]:
        return both
    both = both.chosen(np.argsort(both.times, kind="stable"))
    return both if definition.duplicates == "keep" else single(definition, both, fresh)


def single(definition: SeriesDefinition, ticks: Ticks, fresh: Array | None = None) -> Ticks:
    """Sorted ticks with one for each time: the last, or an error if there are more.

    Args:
        definition: of the table.
        ticks: sorted.
        fresh: the times that this is to be done for, sorted; None: all.

    Raises:
        DuplicateKey: naming the time, if duplicates are refused.
    """
    times = ticks.times
    again = times[1:] == times[:-1]
    if not again.any():
        return ticks
    if fresh is not None:
        at = fresh.searchsorted(times[1:])
        again &= fresh[np.minimum(at, len(fresh) - 1)] == times[1:]
        if not again.any():
            return ticks
    if definition.duplicates == "refuse":
        taken = np.datetime64(int(times[int(again.argmax())]), "ns")
        raise errors.DuplicateKey(
            f"table {definition.name}: there is a tick at {taken} already, and duplicates are refused; nothing was "
            'written. Declare the class with duplicates="replace" or "keep" if that is not wanted',
            table=definition.name,
            key=taken,
        )
    return ticks.chosen(np.append(~again, True))


def cut(layout: Layout, times: Array, *, even: bool = False) -> list[int]:
    """Where sorted times are parted into chunks: the end of each that is to be closed.

    Equal times stay together, unless they alone are more than a chunk.

    Args:
        layout: of the table.
        times: sorted.
        even: part all of them into chunks of about one length; otherwise what is less than half a chunk is left over.
    """
    n, size = len(times), layout.chunk
    if even:
        number = -(-n // size)
        size = -(-n // number)
    least = 1 if even else layout.fill
    ends = []
    start = 0
    while n - start >= least:
        end = start + size if n - start >= size else start + (n - start if even else layout.fitting(n - start))
        if end < n and times[end] == times[end - 1]:
            begins = int(np.searchsorted(times, times[end - 1], "left"))
            if begins > start:
                end = begins
        ends.append(end)
        start = end
    return ends


# -- reading what is there, in a transaction that writes


def read(chunk: Chunk) -> Ticks:
    """All of a chunk."""
    return Ticks(chunk.times(), [chunk.column(at) for at in range(len(chunk.layout.columns))])


def chunks_at(s: SeriesBase[Any], prefix: bytes, start: bytes) -> list[tuple[bytes, Chunk]]:
    """Keys and chunks from a position to the end of the series."""
    found = []
    layout = s._layout
    stop = prefix + HEAD_END
    cursor = s._txn._cursor()
    if cursor.set_range(prefix + start):
        for key, data in cursor.iternext(True, True):
            key = bytes(key)
            if key >= stop:
                break
            chunk = Chunk(layout, data)
            layout.check_columns(chunk.m)
            found.append((key, chunk))
    return found


def last_chunk(s: SeriesBase[Any], prefix: bytes) -> Chunk | None:
    """The last chunk of a series that has a head; None if there is none."""
    cursor = s._txn._cursor()
    if cursor.set_range(prefix + HEAD_END) and cursor.prev() and bytes(cursor.key()).startswith(prefix):
        return Chunk(s._layout, cursor.value())
    return None


def check_end(s: SeriesBase[Any], prefix: bytes, head: Head, data: bytes) -> None:
    """Refuse a head that is wrong about where the chunks end: late ticks would come to stand in wrong places.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        head: as it is stored.
        data: its bytes.

    Raises:
        DecodeError: if it is.
    """
    chunk = last_chunk(s, prefix)
    if head[6] != (NONE if chunk is None else chunk.last) or (not head[3] and head[5] != head[6]):
        raise s._layout.broken("a head", data, "the chunks do not end at the time that it names")


# -- writing


def write_head(s: SeriesBase[Any], prefix: bytes, head: Head, rows: bytes) -> None:
    """Store a head; `head` says how many rows there are."""
    txn = s._txn
    txn._changes += 1
    txn._put(prefix + HEAD_END, HEAD.pack(head[0], head[1], s._layout.m, *head[3:]) + rows)


def new_head(rows: int, chunks: int, last: int, closed: int, start: int, ticks: int, number: int, tail: int) -> Head:
    """The numbers of a head, see :meth:`Layout.head`."""
    return (HEAD_MAGIC, VERSION, 0, rows, chunks, last, closed, start, ticks, number, min(tail, MOST_NAMED))


def append_one(s: SeriesBase[Any], prefix: bytes, time: int, row: bytes) -> bool:
    """Append a tick to a head, if it is the latest and there is room; False (and nothing is done) otherwise."""
    txn = s._txn
    key = prefix + HEAD_END
    data = txn.get(key)
    if data is None:
        s._check_limit(key)
        txn._changes += 1
        txn._put(key, HEAD.pack(HEAD_MAGIC, VERSION, s._layout.m, 1, 0, time, NONE, 0, 0, 0, 0) + row)
        return True
    _, _, m, rows, chunks, last, closed, start, ticks, number, tail = s._layout.head(data)
    if m != s._layout.m or rows >= s._layout.head_most or time < last or (time == last and not s._keeps):
        return False
    size = len(row)
    if len(data) != HEAD_SIZE + rows * size or (rows and data[8:16] != data[-size : 8 - size]):
        s._layout.check_rows(data, rows, size)
    txn._changes += 1
    made = HEAD.pack(HEAD_MAGIC, VERSION, m, rows + 1, chunks, time, closed, start, ticks, number, tail)
    txn._put(key, b"".join((made, data[HEAD_SIZE:], row)))
    return True


def append_many(s: SeriesBase[Any], prefix: bytes, new: Ticks) -> None:
    """Append ticks, in order or not.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        new: at least one, sorted; at most one for each time, unless duplicates are kept.

    Raises:
        DuplicateKey: if a time is taken, and duplicates are refused. Nothing is written then.
    """
    from zlmdb.series.change import insert

    layout = s._layout
    key = prefix + HEAD_END
    data = s._txn.get(key)
    if data is None:
        s._check_limit(key)
        head, data = EMPTY_HEAD, b""
    else:
        head = layout.head(data)
        layout.check_columns(head[2])
    rows, closed = head[3], head[6]
    first = int(new.times[0])
    if first <= head[5] or (not rows and closed != head[5]):
        check_end(s, prefix, head, data)
    if rows + len(new) <= layout.head_most and (first > closed or (first == closed and s._keeps)):
        _append_rows(s, prefix, head, data, new)
        return
    if rows == 0 or first > head[5]:
        together = joined([Ticks(*layout.head_rows(data, head)), new]) if rows else new
        if together.times[0] > closed:
            add(s, prefix, head, together)
            return
    insert(s, prefix, head, data, new)


def _append_rows(s: SeriesBase[Any], prefix: bytes, head: Head, data: bytes, new: Ticks) -> None:
    """Put some ticks into a head that has room for them."""
    layout, rows = s._layout, head[3]
    if rows and (head[2] != layout.m or new.times[0] <= head[5]):
        ticks = merged(s._definition, Ticks(*layout.head_rows(data, head)), new, new.times)
        body = layout.rows(ticks.times, ticks.columns)
        rows, last = len(ticks), int(ticks.times[-1])
    else:
        if rows:
            layout.check_rows(data, rows, layout.row_size)
        body = (bytes(data[HEAD_SIZE:]) if rows else b"") + layout.rows(new.times, new.columns)
        rows, last = rows + len(new), int(new.times[-1])
    write_head(s, prefix, (*head[:3], rows, head[4], last, *head[6:]), body)


#: Keys to be removed, and records to be written.
Records = tuple[list[bytes], list[tuple[bytes, bytes]]]
NO_RECORDS: Records = ([], [])


def add(s: SeriesBase[Any], prefix: bytes, head: Head, new: Ticks, also: Records = NO_RECORDS) -> None:
    """Put ticks behind all chunks; the head has no rows, or they are among the new ticks.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        head: as it was.
        new: sorted, all later than every chunk.
        also: what is to be done before, when it is certain that all can be done.
    """
    layout, txn = s._layout, s._txn
    open_chunks, start, held, number = head[4], head[7], head[8], head[9]
    tail = head[10] or held
    total = held + len(new)
    if total >= layout.fill:
        old = chunks_at(s, prefix, position(start, number)) if held else []
        new = joined([*(read(chunk) for _, chunk in old), new])
        close(s, prefix, [key for key, _ in old], new, b"", (), also)
        return
    replace_records(s, *also)
    last = int(new.times[-1])
    txn._changes += 1
    if held and len(new) < layout.grown and tail < layout.grown:
        key = last_open(txn, prefix, open_chunks, start, number)
        chunk = Chunk(layout, txn.get(key))
        layout.check_columns(chunk.m)
        if chunk.last != head[6]:
            raise layout.broken("a chunk", chunk.data, "it does not end at the time that the head names")
        grown = joined([read(chunk), new])
        txn._put(key, layout.pack(grown.times, grown.columns, False))
        tail = len(grown)
    else:
        if not held:
            start, number = int(new.times[0]), 0
        tail = len(new)
        open_chunks += 1
        txn._put(prefix + position(int(new.times[0])), layout.pack(new.times, new.columns, False))
    write_head(s, prefix, new_head(0, open_chunks, last, last, start, total, number, tail), b"")


def close(
    s: SeriesBase[Any],
    prefix: bytes,
    old: list[bytes],
    ticks: Ticks,
    rows: bytes,
    waiting: tuple[int, ...],
    also: Records = NO_RECORDS,
) -> None:
    """Write the end of a series anew: closed chunks, and an open one of what is left.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        old: keys of the chunks that held the ticks.
        ticks: later than every other chunk's, or of the time of the last one.
        rows: of the head, which stay.
        waiting: their number and last time; empty if there are none.
        also: other keys to be removed and records to be written.
    """
    ends = cut(s._layout, ticks.times)
    done = ends[-1] if ends else 0
    number = of_position(old[0][-10:])[1] if old and of_position(old[0][-10:])[0] == int(ticks.times[0]) else 0
    written = pieces(s, prefix, ticks, [*ends, len(ticks)] if done < len(ticks) else ends, number, len(ends))
    replace_records(s, [*also[0], *old], [*also[1], *written])
    last = int(ticks.times[-1])
    if done < len(ticks):
        start, number = of_position(written[-1][0][-10:])
        head = new_head(0, 1, last, last, start, len(ticks) - done, number, len(ticks) - done)
    else:
        head = new_head(0, 0, last, last, 0, 0, 0, 0)
    if waiting:
        head = (*head[:3], waiting[0], head[4], waiting[1], *head[6:])
    write_head(s, prefix, head, rows)


def pieces(
    s: SeriesBase[Any], prefix: bytes, ticks: Ticks, ends: list[int], number: int, closed: int
) -> list[tuple[bytes, bytes]]:
    """Keys and bytes of the chunks that some ticks make.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        ticks: sorted.
        ends: of the chunks.
        number: of the first one.
        closed: how many of them are closed; the others are open.

    Raises:
        EncodeError: if there are more chunks of one time than can be numbered.
    """
    layout: Layout = s._layout
    found = []
    begin, before = 0, None
    for at, end in enumerate(ends):
        part = ticks.part(begin, end)
        start = int(part.times[0])
        if before is not None:
            number = number + 1 if start == before else 0
        if number > LAST_NUMBER:
            raise errors.EncodeError(
                f"table {s._definition.name}: expected at most {LAST_NUMBER * layout.chunk} ticks of one time, found "
                f"more at {np.datetime64(start, 'ns')}",
                table=s._definition.name,
            )
        found.append((prefix + position(start, number), layout.pack(part.times, part.columns, at < closed)))
        begin, before = end, start
    return found


def replace_records(s: SeriesBase[Any], old: list[bytes], new: list[tuple[bytes, bytes]]) -> None:
    """Remove some records and write others, which may have their keys."""
    txn = s._txn
    txn._changes += 1
    kept = {key for key, _ in new}
    for key in old:
        if key not in kept:
            txn._delete(key)
    for key, data in new:
        txn._put(key, data)
