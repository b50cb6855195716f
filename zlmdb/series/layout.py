"""How the ticks of a table are written and read; the bytes are those of :mod:`zlmdb.series.records`."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from zlmdb._typing import Buffer
from zlmdb.errors import DecodeError, TableMismatch
from zlmdb.series.compile import described, taken, united
from zlmdb.series.compress import expand, shrink
from zlmdb.series.definition import MOST_CHUNK, PAGE, PAGE_HEAD, ColumnDefinition, SeriesDefinition
from zlmdb.series.records import (
    CHUNK,
    CHUNK_KIND,
    CHUNK_MAGIC,
    ENTRY,
    HAS_STATISTICS,
    HAS_TABLE,
    HEAD,
    HEAD_MAGIC,
    HEAD_SIZE,
    MOST_NAMED,
    PADS,
    READ,
    VERSION,
    Head,
)
from zlmdb.series.statistics import STATISTICS

__all__ = ["Chunk", "Layout"]

Array = np.ndarray[Any, Any]

#: How many ticks a head holds. A single append rewrites half a head on average, and every so many of them the open
#: chunk: these costs meet here.
HEAD_ROWS = 64
#: Of wide rows it holds fewer, about as many as make so many bytes.
HEAD_BYTES = 1 << 16
LEAST_HEAD_ROWS = 16
#: From how many pages on a chunk is made to fill them.
_MANY_PAGES = 4


class Chunk:
    """A chunk as it lies in the file: its header is read, its columns are read when they are asked for."""

    __slots__ = ("data", "first", "flags", "last", "layout", "m", "n")

    def __init__(self, layout: Layout, data: Buffer) -> None:
        try:
            kind, self.m, self.n, self.first, self.last, self.flags = READ(data)
        except struct.error:
            raise layout.broken("a chunk", data, "it is too short") from None
        if kind != CHUNK_KIND or not self.n:
            raise layout.broken("a chunk", data, "its header is none of a chunk of this release")
        self.layout = layout
        self.data = data

    def times(self) -> Array:
        """The times, int64."""
        return self._column(0, _INT64)

    def column(self, at: int) -> Array:
        """A column, by its place in the definition."""
        column = self.layout.columns[at]
        if at >= self.m or at >= self.layout.stored:
            # Nothing is read that would be too short for a wrong number of ticks, which may be billions.
            if self.n > (MOST_CHUNK if self.flags & HAS_TABLE else len(self.data) >> 3):
                raise self.layout.broken("a chunk", self.data, f"it is too short for {self.n} ticks")
            return column.filled(self.n)
        return self._column(at + 1, column.dtype)

    def value(self, at: int, i: int) -> Any:
        """A value of a column, as a scalar of numpy."""
        if self.is_stored(at):
            dtype = self.layout.columns[at].dtype
            start = self.layout.offsets(self.m, self.n, self.flags)[at + 1] + i * dtype.itemsize
            return np.frombuffer(self.data, dtype, 1, start)[0]
        if at >= self.m or at >= self.layout.stored:
            return self.layout.columns[at].filled(1)[0]
        return self._column(at + 1, self.layout.columns[at].dtype, i + 1)[i]

    def is_stored(self, at: int) -> bool:
        """True if the values of a column can be read in place."""
        return at < self.m and at < self.layout.stored and not self.flags & HAS_TABLE

    def _column(self, at: int, dtype: np.dtype[Any], stop: int | None = None) -> Array:
        """Times or a column; of what is compressed, `stop` values are enough."""
        data, n = self.data, self.n
        try:
            if not self.flags & HAS_TABLE:
                start = self.layout.offsets(self.m, n, self.flags)[at]
                return np.frombuffer(data, dtype, n, start)
            start, length, encoding, exponent = ENTRY.unpack_from(data, CHUNK.size + 16 * at)
            if not encoding:
                return np.frombuffer(data, dtype, n, start)
            return expand(memoryview(data)[start : start + length], encoding, exponent, dtype, n, stop)
        except (ValueError, struct.error) as error:
            raise self.layout.broken("a chunk", data, f"column {at}: {error}") from None

    @property
    def statistics_at(self) -> int:
        """Where the statistics begin, if there are any."""
        return CHUNK.size + (16 * (self.m + 1) if self.flags & HAS_TABLE else 0)

    def statistics(self, at: int) -> Any:
        """Statistics of a column, an array of one record of :data:`STATISTICS`; None if the chunk has none."""
        if not self.flags & HAS_STATISTICS or at >= self.m or at >= self.layout.stored:
            return None
        start = self.statistics_at + 64 * at
        try:
            return np.frombuffer(self.data, STATISTICS[self.layout.columns[at].dtype.kind], 1, start)
        except ValueError as error:
            raise self.layout.broken("a chunk", self.data, f"statistics of column {at}: {error}") from None


_INT64 = np.dtype("<i8")


class Layout:
    """How the ticks of a table are written and read; made of its definition."""

    def __init__(self, definition: SeriesDefinition) -> None:
        self.definition = definition
        self.columns: tuple[ColumnDefinition, ...] = definition.columns
        self.m = len(self.columns)
        #: How many of them may be read from records: what follows there can be columns of another program.
        self.stored = self.m if definition.stored is None else definition.stored
        self.row = self._row(self.m)
        self.row_size = self.row.itemsize
        #: How many ticks a head holds.
        self.head_most = max(LEAST_HEAD_ROWS, min(HEAD_ROWS, HEAD_BYTES // self.row_size))
        self.chunk = definition.chunk
        self._types = [c.dtype for c in self.columns]
        self.sizes = [8, *(c.dtype.itemsize for c in self.columns)]
        #: From how many ticks on the open chunks become a closed one.
        self.fill = max(1, self.chunk * 7 // 8)
        #: An open chunk of fewer ticks grows by fewer ticks; otherwise another one is begun.
        self.grown = min(self.chunk // 8, MOST_NAMED)
        self.compresses = definition.compress is not None or any(c.compress for c in self.columns)
        #: Bytes that a closed chunk needs at most beside its ticks, and LMDB for it.
        self.most = PAGE_HEAD + CHUNK.size + 64 * self.m + 16 * (self.m + 1)
        self.offsets = lru_cache(maxsize=256)(self._offsets)
        #: Where statistics will stand.
        self._room = bytes(64 * self.m)
        self.cuts = lru_cache(maxsize=1024)(self._cuts)
        # Arrays of times have no buffer that bytes could be joined with.
        self._timely = [at for at, c in enumerate(self.columns) if c.dtype.kind in "mM"]
        # A chunk of n ticks as parts to be joined: header, then what stands before each column, and the column.
        self._frames = [self._frame(n) for n in range(16)]

    @cached_property
    def take(self) -> Callable[[Any, dict[str, Any]], list[Any] | None]:
        """See :func:`zlmdb.series.compile.taken`; made when it is first needed."""
        return taken(self.columns)

    @cached_property
    def described(self) -> Callable[[list[Array]], bytes]:
        """See :func:`zlmdb.series.compile.described`; made when it is first needed."""
        return described(self.columns)

    @cached_property
    def _united(self) -> Callable[[list[bytes], list[Array]], tuple[int, list[Any]] | None]:
        """See :func:`zlmdb.series.compile.united`; made when it is first needed."""
        return united(self.columns)

    def _row(self, m: int) -> np.dtype[Any]:
        """A tick as it stands in a head that has `m` columns."""
        return np.dtype([("", "<i8"), *(("", c.dtype) for c in self.columns[:m])])

    def _offsets(self, m: int, n: int, flags: int) -> list[int]:
        """Where times and columns begin in a chunk without a table."""
        at = CHUNK.size + (64 * m if flags & HAS_STATISTICS else 0)
        found = []
        for size in self.sizes if m == self.m else self.sizes[: m + 1]:
            at = (at + 15) & -16
            found.append(at)
            at += n * size
        return found

    def _cuts(self, n: int, flags: int, places: tuple[int, ...]) -> tuple[int, list[slice], list[int]]:
        """Where a chunk without a table ends that has all columns, where its times and some columns lie, their sizes.

        Args:
            n: ticks in it.
            flags: its flags.
            places: of the columns.
        """
        offsets, sizes = self._offsets(self.m, n, flags), self.sizes
        wanted = [0, *[at + 1 for at in places]]
        found = [slice(offsets[at], offsets[at] + n * sizes[at]) for at in wanted]
        return offsets[-1] + n * sizes[-1], found, [sizes[at] for at in wanted]

    def _frame(self, n: int) -> list[Any]:
        """The parts of a chunk, of which those between the columns depend on `n` modulo 16 only."""
        parts: list[Any] = [b"", b"", b""]
        for size in self.sizes[:-1]:
            parts += (PADS[-n * size & 15], b"")
        return parts

    def joinable(self, times: Array, columns: list[Array]) -> list[Array]:
        """Times and columns in one list, as arrays that bytes can be joined with."""
        arrays = [times, *columns]
        for at in self._timely:
            arrays[at + 1] = arrays[at + 1].view(np.int64)
        return arrays

    def broken(self, what: str, data: Buffer, why: str) -> DecodeError:
        """The error for stored bytes that are not as they should be; who knows the series says where."""
        return DecodeError(
            f"expected {what} of a series, found {len(data)} bytes {bytes(data[:16]).hex()!r}: {why}",
            table=self.definition.name,
        )

    def check_columns(self, m: int) -> None:
        """Refuse to change a record that has columns which this program does not know.

        Raises:
            TableMismatch: another program has added columns since this one attached the table.
        """
        if m > self.m:
            name = self.definition.name
            raise TableMismatch(
                f"table {name}: expected records of {self.m} columns, found one of {m}: another program has added "
                "columns since this one attached the table; attach it again",
                table=name,
                expected=f"{self.m} columns",
                found=f"{m} columns",
            )

    # -- heads

    def head(self, data: Buffer) -> Head:
        """The numbers of a head: magic, version, m, rows, open chunks, last, last in chunks, start of the first open
        chunk, ticks in open chunks, its number.
        """
        try:
            found: Any = HEAD.unpack_from(data)
        except struct.error:
            raise self.broken("a head", data, "it is too short") from None
        if found[0] != HEAD_MAGIC or found[1] != VERSION:
            raise self.broken("a head", data, "its header is none of a head of this release")
        return found  # type: ignore[no-any-return]

    def head_rows(self, data: Buffer, head: Head) -> tuple[Array, list[Array]]:
        """Times and columns of the ticks in a head."""
        m, n = head[2], head[3]
        known = min(m, self.stored)
        try:
            if m <= self.stored:
                row = self.row if m == self.m else self._row(m)
                self.check_rows(data, n, row.itemsize)
                rows = np.frombuffer(data, row, n, HEAD_SIZE)
            else:
                rows = self._longer_rows(data, n)
        except ValueError as error:
            raise self.broken("a head", data, str(error)) from None
        columns = [np.ascontiguousarray(rows[f"f{at + 1}"]) for at in range(known)]
        columns += [c.filled(n) for c in self.columns[known:]]
        return np.ascontiguousarray(rows["f0"]), columns

    def check_rows(self, data: Buffer, n: int, size: int) -> None:
        """Refuse a head that does not have just the rows that it names: others would come to stand in wrong places.

        So they would if the last of them were of another time than the head names.

        Args:
            data: its bytes.
            n: how many rows it names.
            size: bytes of a row.
        """
        if len(data) != HEAD_SIZE + n * size:
            raise self.broken("a head", data, f"it has not the length of one with {n} rows of {size} bytes")
        if n and data[8:16] != data[len(data) - size :][:8]:
            raise self.broken("a head", data, "the last of its rows is not of the time that it names as the last one")

    def _longer_rows(self, data: Buffer, n: int) -> Array:
        """Rows of a head with more columns than are known here: their size follows from their number."""
        least = self._row(self.stored)
        size = (len(data) - HEAD_SIZE) // n if n else least.itemsize
        names = [f"f{at}" for at in range(self.stored + 1)]
        formats = [least.fields[name][0] for name in names]  # type: ignore[index]
        offsets = [least.fields[name][1] for name in names]  # type: ignore[index]
        wide = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": max(size, least.itemsize)})
        return np.frombuffer(data, wide, n, HEAD_SIZE)

    def rows(self, times: Array, columns: list[Array]) -> bytes:
        """Ticks as rows of a head."""
        rows = np.empty(len(times), self.row)
        rows["f0"] = times
        for at, column in enumerate(columns, 1):
            rows[f"f{at}"] = column
        return rows.tobytes()

    # -- chunks

    def fitting(self, n: int) -> int:
        """How many of `n` ticks make a closed chunk: what fills its pages, or all that may be if that gains little."""
        most = min(n, self.chunk)
        if self.compresses or self.row_size > PAGE // 8:
            return most
        pages = (self.most + most * self.row_size) // PAGE
        if pages < _MANY_PAGES:
            return most
        found = (pages * PAGE - self.most) // self.row_size
        # The engine keeps short values among the keys, whose pages are to stay few.
        if found < n and (n - found) * self.row_size < PAGE // 2:
            found = ((pages - 1) * PAGE - self.most) // self.row_size
        return found

    def opened(self, arrays: list[Array]) -> bytes:
        """An open chunk of some ticks.

        Args:
            arrays: from :meth:`joinable`: sorted, contiguous, at least one tick.
        """
        times = arrays[0]
        n = len(times)
        parts = self._frames[n & 15].copy()
        parts[0] = CHUNK.pack(CHUNK_MAGIC, VERSION, self.m, n, times.item(0), times.item(n - 1), 0)
        parts[2::2] = arrays
        return b"".join(parts)

    def united(self, chunks: list[bytes], arrays: list[Array], closed: bool) -> bytes | bytearray | None:
        """A chunk of the ticks of open chunks and others; None if one of them has not just these columns, in place.

        Args:
            chunks: one after the other.
            arrays: from :meth:`joinable`: later ticks, at least one.
            closed: as `full` of :meth:`pack`.
        """
        found = self._united(chunks, arrays)
        if found is None:
            return None
        n, parts = found
        times = arrays[0]
        first = READ(chunks[0])[3] if chunks else times.item(0)
        flags = HAS_STATISTICS if closed else 0
        parts[0] = CHUNK.pack(CHUNK_MAGIC, VERSION, self.m, n, first, times.item(-1), flags)
        if not closed:
            return b"".join(parts)
        parts[1] = self._room
        made = bytearray().join(parts)
        offsets = self.offsets(self.m, n, HAS_STATISTICS)
        columns = [np.frombuffer(made, dtype, n, at) for dtype, at in zip(self._types, offsets[1:], strict=True)]
        if self.compresses:
            return self.pack(np.frombuffer(made, _INT64, n, offsets[0]), columns, True)
        made[CHUNK.size : CHUNK.size + len(self._room)] = self.described(columns)
        return made

    def pack(self, times: Array, columns: list[Array], full: bool) -> bytes:
        """A chunk of some ticks.

        Args:
            times: int64, sorted, contiguous, at least one.
            columns: as many values of each column, contiguous.
            full: with statistics, and compressed if the table is; an open chunk will be written again soon.
        """
        if not full:
            return self.opened(self.joinable(times, columns))
        n = len(times)
        statistics = self.described(columns)
        if self.compresses:
            return self._pack_small(times, columns, statistics)
        parts = self._frames[n & 15].copy()
        parts[0] = CHUNK.pack(CHUNK_MAGIC, VERSION, self.m, n, int(times[0]), int(times[-1]), HAS_STATISTICS)
        parts[1] = statistics
        parts[2::2] = self.joinable(times, columns)
        return b"".join(parts)

    def _pack_small(self, times: Array, columns: list[Array], statistics: bytes) -> bytes:
        methods = [self.definition.compress, *(c.compress for c in self.columns)]
        at = CHUNK.size + 16 * (self.m + 1) + len(statistics)
        entries: list[bytes] = []
        parts: list[bytes] = []
        for array, method in zip([times, *columns], methods, strict=True):
            encoding, exponent, data = (0, 0, array.tobytes()) if method is None else shrink(array, method)
            pad = -at % 16
            entries.append(ENTRY.pack(at + pad, len(data), encoding, exponent))
            parts += (PADS[pad], data)
            at += pad + len(data)
        head = CHUNK.pack(
            CHUNK_MAGIC,
            VERSION,
            self.m,
            len(times),
            int(times[0]),
            int(times[-1]),
            HAS_STATISTICS | HAS_TABLE,
        )
        return b"".join([head, *entries, statistics, *parts])
