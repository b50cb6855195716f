"""Ticks that come late, and ticks that go: chunks in the middle of a series are written anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zlmdb.series.layout import Chunk
from zlmdb.series.records import HEAD_END, HEAD_MAGIC, MOST_NAMED, NONE, VERSION, Head, of_position, position
from zlmdb.series.store import (
    Records,
    Ticks,
    add,
    chunks_at,
    close,
    cut,
    joined,
    merged,
    new_head,
    pieces,
    read,
    replace_records,
    write_head,
)
from zlmdb.series.times import FIRST, LAST, left

if TYPE_CHECKING:
    import numpy as np

    from zlmdb.series.base import SeriesBase

__all__ = ["delete_range", "insert", "remove"]


def insert(s: SeriesBase[Any], prefix: bytes, head: Head, data: bytes, new: Ticks) -> None:
    """Put ticks where they belong, some of which are not later than all chunks.

    All is worked out before anything is written, so that a duplicate that is refused changes nothing.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        head: as it is stored.
        data: its bytes.
        new: sorted ticks.
    """
    layout, definition = s._layout, s._definition
    fresh = new.times
    rows: bytes = b""
    waiting: tuple[int, ...] = ()
    if head[3]:
        held = Ticks(*layout.head_rows(data, head))
        if new.times[-1] >= held.times[0]:
            new = merged(definition, held, new, fresh)
        else:
            rows, waiting = layout.rows(held.times, held.columns), (head[3], head[5])
    chunks, closed, start, number = head[4], head[6], head[7], head[9]
    # Ticks of the time of the last one belong to the last chunk, be it full.
    split = start if chunks else closed + 1 if closed != NONE else FIRST
    at = left(new.times, split)
    early, late = new.part(0, at), new.part(at, len(new))
    also = _into_chunks(s, prefix, early, start if chunks else None, fresh)
    if not len(late):
        replace_records(s, *also)
        if not chunks:
            closed = max(closed, int(early.times[-1]))
        last = max(head[5], int(new.times[-1]))
        kept = waiting[0] if waiting else 0
        write_head(s, prefix, new_head(kept, chunks, last, closed, start, head[8], number, head[10]), rows)
        return
    if not chunks:
        if waiting:  # they are later than all that is new
            close(s, prefix, [], late, rows, waiting, also)
        else:
            add(s, prefix, new_head(0, 0, 0, closed, 0, 0, 0, 0), late, also)
        return
    open_ones = chunks_at(s, prefix, position(start, number))
    if len(open_ones) != chunks or open_ones[0][0] != prefix + position(start, number):
        raise layout.broken("a head", data, f"there are not {chunks} open chunks from where it says")
    late = merged(definition, joined([read(chunk) for _, chunk in open_ones]), late, fresh)
    close(s, prefix, [key for key, _ in open_ones], late, rows, waiting, also)


def _into_chunks(
    s: SeriesBase[Any], prefix: bytes, new: Ticks, before: int | None, fresh: np.ndarray[Any, Any]
) -> Records:
    """Keys to be removed and records to be written, for ticks that belong to full chunks.

    Args:
        s: of a write transaction.
        prefix: slot and series key.
        new: sorted ticks.
        before: time of the first open chunk, or None if there is none.
        fresh: times that are being appended.
    """
    layout = s._layout
    cursor = s._txn._cursor()
    old: list[bytes] = []
    written: list[tuple[bytes, bytes]] = []
    while len(new):
        key, data, following = _chunk_of(cursor, prefix, int(new.times[0]))
        if before is not None and (key is None or of_position(key[-10:])[0] >= before):
            key, following = None, before  # all full chunks are gone: these come to stand before the open ones
        end = len(new) if following is None else left(new.times, following)
        if not end:
            raise layout.broken("chunks", data, "they, or the ticks in the head, are not in order")
        part, new = new.part(0, end), new.part(end, len(new))
        number = 0
        if key is not None:
            chunk = Chunk(layout, data)
            layout.check_columns(chunk.m)
            start, its_number = of_position(key[-10:])
            if int(part.times[0]) >= start or chunk.last != following:
                old.append(key)
                part = merged(s._definition, read(chunk), part, fresh)
                number = its_number if int(part.times[0]) == start else 0
            # Otherwise it is the first of several chunks of one later time, and stays as it is.
        ends = cut(layout, part.times, even=True)
        written += pieces(s, prefix, part, ends, number, len(ends))
    return old, written


def _chunk_of(cursor: Any, prefix: bytes, time: int) -> tuple[bytes | None, bytes, int | None]:
    """Key and bytes of the chunk that a tick belongs to, and the start of the next one.

    That is the last chunk that begins at its time or before, or else the first one. None where there is none.
    """
    end = prefix + HEAD_END
    found = cursor.set_range(prefix + (position(time + 1) if time < LAST else HEAD_END))
    key = bytes(cursor.key()) if found else b""
    following = of_position(key[-10:])[0] if found and key.startswith(prefix) and key < end else None
    if cursor.prev() if found else cursor.last():
        key = bytes(cursor.key())
        if key.startswith(prefix):
            return key, cursor.value(), following
    if following is None or not cursor.set_range(prefix):
        return None, b"", None
    key, data = bytes(cursor.key()), cursor.value()
    if cursor.next():
        behind = bytes(cursor.key())
        if behind.startswith(prefix) and behind < end:
            return key, data, of_position(behind[-10:])[0]
    return key, data, None


def delete_range(s: SeriesBase[Any], prefix: bytes, lo: int, hi: int) -> int:
    """Remove the ticks from `lo` (inclusive) to `hi` (exclusive): their number."""
    layout, txn = s._layout, s._txn
    data = txn.get(prefix + HEAD_END)
    if data is None:
        return 0
    head = layout.head(data)
    layout.check_columns(head[2])
    if hi <= lo:
        return 0
    removed = 0
    held = Ticks(*layout.head_rows(data, head))
    if len(held):
        a, b = left(held.times, lo), left(held.times, hi)
        removed = b - a
        held = joined([held.part(0, a), held.part(b, len(held))])
    chunks, start, ticks, number = head[4], head[7], head[8], head[9]
    old: list[bytes] = []
    written: list[tuple[bytes, bytes]] = []
    for key, chunk in _overlapping(s, prefix, lo, hi):
        is_open = chunks > 0 and of_position(key[-10:]) >= (start, number)
        a, b = _between(chunk, lo, hi)
        gone = b - a
        if gone == 0:
            continue
        removed += gone
        old.append(key)
        if is_open:
            ticks -= gone
        if gone == chunk.n:
            head = (*head[:4], head[4] - is_open, *head[5:])
            continue
        whole = read(chunk)
        rest = joined([whole.part(0, a), whole.part(b, chunk.n)])
        its_number = of_position(key[-10:])[1] if rest.times[0] == chunk.first else 0
        written += pieces(s, prefix, rest, [len(rest)], its_number, 0 if is_open else 1)
    if not removed:
        return 0
    # What is broken is to be found before anything is written.
    if ticks < 0 or head[4] < 0:
        raise layout.broken("a head", data, "there are other open chunks than it names")
    final = _final(s, prefix, old, written)
    replace_records(s, old, written)
    if head[4]:
        start, number = _first_from(s, prefix, position(start, number)) or (0, 0)
    else:
        start, ticks, number = 0, 0, 0
    _end_anew(s, prefix, (*head[:7], start, ticks, number, 0), held, final)
    return removed


def _final(s: SeriesBase[Any], prefix: bytes, old: list[bytes], written: list[tuple[bytes, bytes]]) -> Chunk | None:
    """The chunk that will be the last one when some records are gone and others are written; None if there is none."""
    cursor = s._txn._cursor()
    gone = {*old, *[key for key, _ in written]}
    key, data = written[-1] if written else (b"", b"")
    if cursor.set_range(prefix + HEAD_END):
        while cursor.prev() and bytes(cursor.key()).startswith(prefix):
            if bytes(cursor.key()) not in gone:
                if bytes(cursor.key()) > key:
                    key, data = bytes(cursor.key()), cursor.value()
                break
    return Chunk(s._layout, data) if key else None


def _end_anew(s: SeriesBase[Any], prefix: bytes, head: Head, held: Ticks, final: Chunk | None) -> None:
    """Write a head after ticks have gone: without any tick, it goes, too."""
    layout = s._layout
    closed, tail = NONE, 0
    if final is not None:
        closed = final.last
        if head[4]:
            tail = min(final.n, MOST_NAMED)
    last = int(held.times[-1]) if len(held) else closed
    if last == NONE:
        s._txn._changes += 1
        s._txn._delete(prefix + HEAD_END)
        return
    rows = layout.rows(held.times, held.columns)
    write_head(s, prefix, (HEAD_MAGIC, VERSION, 0, len(held), head[4], last, closed, *head[7:10], tail), rows)


def _first_from(s: SeriesBase[Any], prefix: bytes, start: bytes) -> tuple[int, int] | None:
    """Time and number of the first chunk from a position on."""
    cursor = s._txn._cursor()
    if cursor.set_range(prefix + start):
        key = bytes(cursor.key())
        if key.startswith(prefix) and key < prefix + HEAD_END:
            return of_position(key[-10:])
    return None


def _between(chunk: Chunk, lo: int, hi: int) -> tuple[int, int]:
    """From which place to which the ticks of a chunk lie between two times."""
    if lo <= chunk.first and chunk.last < hi:
        return 0, chunk.n
    times = chunk.times()
    return left(times, lo), left(times, hi)


def _overlapping(s: SeriesBase[Any], prefix: bytes, lo: int, hi: int) -> Iterator[tuple[bytes, Chunk]]:
    """Keys and chunks that may have ticks between two times."""
    layout = s._layout
    stop = prefix + (position(hi) if hi <= LAST else HEAD_END)
    cursor = s._txn._cursor()
    begin = prefix + position(max(lo, FIRST))
    if not cursor.set_range(begin):
        return
    if cursor.prev() and not bytes(cursor.key()).startswith(prefix):
        cursor.next()
    elif not cursor.key():
        cursor.set_range(begin)
    for key, data in cursor.iternext(True, True):
        key = bytes(key)
        if key >= stop:
            break
        chunk = Chunk(layout, data)
        layout.check_columns(chunk.m)
        yield key, chunk


def remove(s: SeriesBase[Any], prefix: bytes) -> int:
    """Remove a whole series: the number of its ticks."""
    return delete_range(s, prefix, FIRST, LAST + 1)
