"""Reading: which chunks a range meets, and how their columns come into arrays."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.engine import EngineError
from zlmdb.series.layout import Chunk
from zlmdb.series.records import HAS_TABLE, HEAD_END, position
from zlmdb.series.slices import Slice
from zlmdb.series.store import Ticks
from zlmdb.series.times import FIRST, LAST, left
from zlmdb.values.views import lease_view

if TYPE_CHECKING:
    from zlmdb.series.base import SeriesBase

__all__ = [
    "Piece",
    "as_of",
    "collect",
    "count",
    "ends",
    "explained",
    "first",
    "found_in",
    "last",
    "part",
    "source",
    "span",
]

Array = np.ndarray[Any, Any]
_INT64 = np.dtype("<i8")
#: A chunk, or the ticks of a head, and which of its ticks are meant: from, to.
Piece = tuple[Chunk | Ticks, int, int]


class source:  # noqa: N801  # used as a function
    """The engine's transaction to read from, for a ``with`` block: one that gives memory without copying, if possible.

    A second read transaction sees the same as the first if both have the same number. It ends with the block; but the
    first one keeps the memory in place until it ends itself.

    Errors in the block are explained as by :func:`explained`.

    Args:
        s: of a transaction.
        prefix: slot and key of the series that is read.
    """

    __slots__ = ("_own", "_prefix", "_raw", "_s")

    def __init__(self, s: SeriesBase[Any], prefix: bytes | None = None) -> None:
        txn = s._txn
        self._s, self._prefix = s, prefix
        self._own: Any = None
        raw = txn._sound()
        if txn._write or txn._buffers:
            self._raw = raw
            return
        try:
            other: Any = txn._env.begin(True)
        except errors.DatabaseError:  # no reader's place is free: it goes with copies
            self._raw = raw
            return
        if other.id() == raw.id():
            self._raw = self._own = other
        else:
            other.abort()
            self._raw = raw

    def __enter__(self) -> Any:
        return self._raw

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._own is not None:
            self._own.abort()
        if isinstance(error, Exception):
            found = explained(self._s, self._prefix, error)
            if found is not error:
                raise found from error


#: What reading of damaged bytes may come to.
#: SystemError is what Python says to text whose code points are none.
_DAMAGE = (struct.error, ValueError, IndexError, TypeError, OverflowError, SystemError)


def explained(s: SeriesBase[Any], prefix: bytes | None, error: Exception) -> Exception:
    """The error to be seen for one that came while stored bytes were read: the same, or one that says where.

    Args:
        s: of a transaction.
        prefix: slot and key of the series; None: of several.
        error: what was raised.
    """
    if isinstance(error, EngineError):
        return s._fault(error)
    if isinstance(error, errors.DecodeError):
        found = error
    elif isinstance(error, errors.ZlmdbError) or not isinstance(error, _DAMAGE):
        return error
    else:
        found = errors.DecodeError(f"expected records of a series, found damaged ones: {error}")
    if found.key is not None:
        return found
    try:
        key = None if prefix is None else s._key_of(prefix)
    except errors.DataError:
        key = None
    return found.located(table=s._definition.name, key=key)


def found_in(s: SeriesBase[Any], raw: Any, prefix: bytes, lo: int, hi: int) -> Iterator[Piece]:
    """Where the ticks from `lo` (inclusive) to `hi` (exclusive) are, in order, one by one.

    Who does not keep them holds one chunk at a time, also where the engine copies them.

    Args:
        s: the table.
        raw: from :class:`source`.
        prefix: slot and series key.
        lo: nanoseconds.
        hi: nanoseconds.
    """
    layout = s._layout
    data = raw.get(prefix + HEAD_END)
    if data is None or lo >= hi:
        return
    head = layout.head(data)
    rows, final, closed = head[3], head[5], head[6]
    if lo > final:
        return
    if lo <= closed:
        yield from chunks(s, raw, prefix, lo, hi)
    if rows and hi > closed:
        ticks = Ticks(*layout.head_rows(data, head))
        a, b = left(ticks.times, lo), left(ticks.times, hi)
        if a < b:
            yield ticks, a, b


def begun(raw: Any, prefix: bytes, lo: int) -> Iterator[Any]:
    """The values of a series that has a head, from the last chunk on that begins at a time or before."""
    cursor = raw.cursor()
    if lo > FIRST:
        begin = prefix + position(lo)
        if cursor.set_range(begin) and cursor.prev() and bytes(cursor.key()).startswith(prefix):
            return cursor.iternext(False, True)  # type: ignore[no-any-return]
        cursor.set_range(begin)
    else:
        cursor.set_range(prefix)
    return cursor.iternext(False, True)  # type: ignore[no-any-return]


def chunks(s: SeriesBase[Any], raw: Any, prefix: bytes, lo: int, hi: int) -> Iterator[Piece]:
    """The chunks that have ticks between two times."""
    layout = s._layout
    stop = prefix + (position(hi) if hi <= LAST else HEAD_END)
    cursor = raw.cursor()
    begin = prefix + position(max(lo, FIRST))
    if not cursor.set_range(begin):
        return
    if lo > FIRST and (not cursor.prev() or not bytes(cursor.key()).startswith(prefix)):
        cursor.set_range(begin)
    for key, data in cursor.iternext(True, True):
        if bytes(key) >= stop:
            break
        chunk = Chunk(layout, data)
        if lo <= chunk.first and chunk.last < hi:
            yield chunk, 0, chunk.n
        elif chunk.last >= lo:
            times = chunk.times()
            a = 0 if lo <= chunk.first else left(times, lo)
            b = chunk.n if chunk.last < hi else left(times, hi)
            if a < b:
                yield chunk, a, b


def collect(s: SeriesBase[Any], key: Any, found: list[Piece], names: Sequence[str]) -> Slice:
    """The ticks of some pieces, as arrays.

    Args:
        s: of a transaction.
        key: the series key, for the slice.
        found: those of :func:`found_in`, in order.
        names: of the columns.
    """
    layout = s._layout
    places = [s._definition.by_name[name] for name in names]
    if len(found) == 1:
        return _one(s, key, found[0], names, places)
    if not found:
        empty = [np.empty(0, layout.columns[at].dtype) for at in places]
        return Slice(key, np.empty(0, "M8[ns]"), dict(zip(names, empty, strict=True)))
    times: list[Array] = []
    wanted: list[tuple[int, np.dtype[Any], int, list[Array]]] = []
    for at in places:
        dtype = layout.columns[at].dtype
        wanted.append((at, dtype, dtype.itemsize, []))
    frombuffer, offsets_of = np.frombuffer, layout.offsets
    m = layout.m if layout.stored == layout.m else -1
    for piece, a, b in found:
        if isinstance(piece, Chunk) and not piece.flags & HAS_TABLE and piece.m == m:
            data, n = piece.data, b - a
            offsets = offsets_of(m, piece.n, piece.flags)
            times.append(frombuffer(data, _INT64, n, offsets[0] + 8 * a))
            for at, dtype, size, parts in wanted:
                parts.append(frombuffer(data, dtype, n, offsets[at + 1] + size * a))
        else:
            times.append(_times(piece)[a:b])
            for at, _, _, parts in wanted:
                parts.append(_column(piece, at)[a:b])
    columns = [np.concatenate(parts) for _, _, _, parts in wanted]
    return Slice(key, np.concatenate(times).view("M8[ns]"), dict(zip(names, columns, strict=True)))


def _one(s: SeriesBase[Any], key: Any, piece: Piece, names: Sequence[str], places: list[int]) -> Slice:
    part, a, b = piece
    txn = s._txn
    if txn._buffers and isinstance(part, Chunk) and isinstance(part.data, memoryview):
        times, columns = txn._lease(_viewed(part, a, b, places), part.data)
        return Slice(key, times, dict(zip(names, columns, strict=True)))
    times = np.array(_times(part)[a:b])
    columns = [np.array(_column(part, at)[a:b]) for at in places]
    return Slice(key, times.view("M8[ns]"), dict(zip(names, columns, strict=True)))


def _viewed(chunk: Chunk, a: int, b: int, places: list[int]) -> Any:
    """What makes guarded arrays over a chunk, for :meth:`Transaction._lease`; of what is compressed, arrays."""

    def decode(data: memoryview, lease: Any) -> tuple[Array, list[Array]]:
        from pickle import PickleBuffer

        # The pickle buffer keeps `data` exported, and so its transaction's snapshot, while an array over it lives.
        buffer: Any = PickleBuffer(data)
        base = np.frombuffer(buffer, np.uint8)
        offsets = chunk.layout.offsets(chunk.m, chunk.n, chunk.flags)

        def view(at: int, dtype: np.dtype[Any]) -> Array:
            array = np.ndarray(b - a, dtype, base, offsets[at] + a * dtype.itemsize)
            array.flags.writeable = False
            return lease_view(array, lease)

        columns = []
        for at in places:
            dtype = chunk.layout.columns[at].dtype
            columns.append(view(at + 1, dtype) if chunk.is_stored(at) else np.array(chunk.column(at)[a:b]))
        if chunk.flags & HAS_TABLE:
            return np.array(chunk.times()[a:b]).view("M8[ns]"), columns
        return view(0, np.dtype("M8[ns]")), columns

    return decode


def part(piece: Chunk | Ticks, a: int, b: int) -> Ticks:
    """Some ticks of a piece, with all columns in the order of the file."""
    if isinstance(piece, Chunk):
        return Ticks(piece.times()[a:b], [piece.column(at)[a:b] for at in range(len(piece.layout.columns))])
    return piece.part(a, b)


def _times(piece: Chunk | Ticks) -> Array:
    return piece.times() if isinstance(piece, Chunk) else piece.times


def _column(piece: Chunk | Ticks, at: int) -> Array:
    return piece.column(at) if isinstance(piece, Chunk) else piece.columns[at]


def ends(s: SeriesBase[Any], raw: Any, prefix: bytes, n: int, backwards: bool) -> list[Piece]:
    """Where the first (or last) `n` ticks of a series are, in order of time."""
    layout = s._layout
    data = raw.get(prefix + HEAD_END)
    if data is None or n == 0:
        return []
    head = layout.head(data)
    ticks = Ticks(*layout.head_rows(data, head)) if head[3] else None
    found: list[Piece] = []
    if backwards and ticks is not None:
        found.append((ticks, max(0, len(ticks) - n), len(ticks)))
        n -= min(n, len(ticks))
    cursor = raw.cursor()
    if n and cursor.set_range(prefix + HEAD_END if backwards else prefix):
        if backwards:
            steps = cursor.iterprev(True, True) if cursor.prev() else iter(())
        else:
            steps = cursor.iternext(True, True)
        stop = prefix + HEAD_END
        for key, value in steps:
            key = bytes(key)
            if not key.startswith(prefix) or key >= stop:
                break
            chunk = Chunk(layout, value)
            taken = min(n, chunk.n)
            found.append((chunk, chunk.n - taken, chunk.n) if backwards else (chunk, 0, taken))
            n -= taken
            if not n:
                break
    if backwards:
        return found[::-1]
    if n and ticks is not None:
        found.append((ticks, 0, min(n, len(ticks))))
    return found


def last(s: SeriesBase[Any], raw: Any, prefix: bytes, n: int) -> list[Piece]:
    """Where the last `n` ticks are."""
    return ends(s, raw, prefix, n, True)


def first(s: SeriesBase[Any], raw: Any, prefix: bytes, n: int) -> list[Piece]:
    """Where the first `n` ticks are."""
    return ends(s, raw, prefix, n, False)


def as_of(s: SeriesBase[Any], raw: Any, prefix: bytes, time: int) -> tuple[Chunk | Ticks, int, int] | None:
    """Where the last tick at a time or before it is, and its time; None if there is none."""
    layout = s._layout
    data = raw.get(prefix + HEAD_END)
    if data is None:
        return None
    head = layout.head(data)
    if head[3] and time >= head[6]:
        ticks = Ticks(*layout.head_rows(data, head))
        at = int(ticks.times.searchsorted(time, "right"))
        if at:
            return ticks, at - 1, int(ticks.times[at - 1])
    cursor = raw.cursor()
    if not cursor.set_range(prefix + (position(time + 1) if time < LAST else HEAD_END)) or not cursor.prev():
        return None
    if not bytes(cursor.key()).startswith(prefix):
        return None
    chunk = Chunk(layout, cursor.value())
    if chunk.last <= time:
        return chunk, chunk.n - 1, int(chunk.last)
    times = chunk.times()
    at = int(times.searchsorted(time, "right")) - 1
    if at < 0:
        raise layout.broken("a chunk", chunk.data, "its times are not those of its key")
    return chunk, at, int(times[at])


def count(s: SeriesBase[Any], raw: Any, prefix: bytes, lo: int, hi: int) -> int:
    """How many ticks lie between two times."""
    return sum(b - a for _, a, b in found_in(s, raw, prefix, lo, hi))


def span(s: SeriesBase[Any], raw: Any, prefix: bytes) -> tuple[int, int] | None:
    """The first and the last time of a series; None if it is empty."""
    data = raw.get(prefix + HEAD_END)
    if data is None:
        return None
    head = s._layout.head(data)
    cursor = raw.cursor()
    if cursor.set_range(prefix):
        key = bytes(cursor.key())
        if key < prefix + HEAD_END:
            return Chunk(s._layout, cursor.value()).first, head[5]
    times, _ = s._layout.head_rows(data, head)
    return int(times[0]), head[5]
