"""The contestants of the series benchmark over LMDB: zlmdb, and what can be written by hand over py-lmdb.

Each method is one workload's inner loop, as its programmer would write it; the methods are timed as they stand.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from benchmarks.ticks import MINUTE, ROW, SYMBOLS, Batch

Array = np.ndarray[Any, Any]
Range = tuple[int, float, int, int]
Candles = tuple[int, float, float, float, float, int]


class Store:
    """A way to store ticks.

    Attributes:
        name: how the report calls it.
        skips: workloads it does not take part in, or would take minutes for.
        sparse: True if it takes part in the work on many series of few ticks each.
    """

    name: ClassVar[str]
    skips: ClassVar[frozenset[str]] = frozenset()
    sparse: ClassVar[bool] = False

    def open(self, path: str) -> None:
        """Open an empty store in a directory that exists."""
        raise NotImplementedError

    def close(self) -> None:
        """Close it."""
        raise NotImplementedError

    def append(self, batches: Sequence[Batch]) -> None:
        """Store all batches, a durable transaction each (or the nearest to it)."""
        raise NotImplementedError

    def filled(self) -> None:
        """Called when all is appended, not timed."""

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        """Store ticks, a durable transaction each."""
        raise NotImplementedError

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        """Times, prices, sizes and sides between two times, as arrays of the program's own."""
        raise NotImplementedError

    def means(self) -> list[float]:
        """The mean price of each symbol."""
        raise NotImplementedError

    def candles(self) -> dict[str, tuple[Array, ...]]:
        """Minute, open, high, low, close and volume, of each minute that has ticks, by symbol."""
        raise NotImplementedError

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        """The price at each moment: that of the last tick at it or before it, which exists."""
        raise NotImplementedError

    def one_each(self, symbols: Sequence[str], time: int, prices: Sequence[float]) -> None:
        """Store a tick of each of many series, of one time, in one durable transaction."""
        raise NotImplementedError

    def last(self, symbol: str) -> tuple[int, float]:
        """Time and price of the last tick of a series."""
        raise NotImplementedError


class Zlmdb(Store):
    """A declared series."""

    name = "zlmdb"
    sparse = True
    oid = "c0de0005-0000-4000-8000-000000000001"
    keywords: ClassVar[dict[str, Any]] = {}

    def open(self, path: str) -> None:
        import types

        import zlmdb

        body = {"price": zlmdb.column("f8"), "size": zlmdb.column("u4"), "side": zlmdb.column("u1")}
        kind: Any = zlmdb.Series
        made = types.new_class("Ticks", (kind[str],), dict(self.keywords), lambda names: names.update(body))
        self.table: Any = zlmdb.table(self.oid)(made)
        self.db = zlmdb.open(path, [self.table])

    def close(self) -> None:
        self.db.close()

    def append(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            with self.db.begin(write=True) as txn:
                ticks = txn[self.table]
                for part in batch.parts:
                    ticks.append(part.symbol, part.time, price=part.price, size=part.size, side=part.side)

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        for symbol, time, price, size, side in ticks:
            with self.db.begin(write=True) as txn:
                txn[self.table].append(symbol, time, price=price, size=size, side=side)

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        with self.db.begin() as txn:
            found = txn[self.table].range(symbol, lo, hi)
        return found.time, found.price, found.size, found.side

    def means(self) -> list[float]:
        with self.db.begin() as txn:
            ticks = txn[self.table]
            return [ticks.aggregate(symbol, price="mean")["price"] for symbol in SYMBOLS]

    def candles(self) -> dict[str, tuple[Array, ...]]:
        with self.db.begin() as txn:
            found = txn[self.table].resample_all("1m", price="ohlc", size="sum")
            return {key: (c.time, c.open, c.high, c.low, c.close, c.size) for key, c in found}

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        with self.db.begin() as txn:
            ticks = txn[self.table]
            return [ticks.as_of(symbol, moment).price for moment in moments]

    def one_each(self, symbols: Sequence[str], time: int, prices: Sequence[float]) -> None:
        with self.db.begin(write=True) as txn:
            append = txn[self.table].append
            for symbol, price in zip(symbols, prices, strict=True):
                append(symbol, time, price=price, size=1, side=0)

    def last(self, symbol: str) -> tuple[int, float]:
        with self.db.begin() as txn:
            found = txn[self.table].last(symbol)
        return int(found.time.view(np.int64)[0]), float(found.price[0])


class ZlmdbCompressed(Zlmdb):
    """The same, compressed."""

    name = "zlmdb-zstd"
    sparse = False
    keywords: ClassVar[dict[str, Any]] = {"compress": "delta-zstd"}


class RawChunk(Store):
    """NumPy columns over py-lmdb by hand: a value is up to 4096 ticks, column after column, and the key its first time.

    A tail of fewer than 2048 ticks is filled by the next batch. Nothing is checked.
    """

    name = "raw-chunk"
    most, fill = 4096, 2048

    def open(self, path: str) -> None:
        import lmdb

        self.env = lmdb.open(path, map_size=1 << 36, lib_version=1)

    def close(self) -> None:
        self.env.close()

    @staticmethod
    def prefix(symbol: str) -> bytes:
        return b"\0\1" + symbol.encode() + b"\0"

    def append(self, batches: Sequence[Batch]) -> None:
        most, fill = self.most, self.fill
        for batch in batches:
            with self.env.begin(write=True) as txn:
                cursor = txn.cursor()
                for part in batch.parts:
                    self._append(cursor, part, most, fill)

    def _append(self, cursor: Any, part: Any, most: int, fill: int) -> None:
        prefix = self.prefix(part.symbol)
        time, price, size, side = part.time.view(np.int64), part.price, part.size, part.side
        n, at = len(time), 0
        there = cursor.prev() if cursor.set_range(prefix + b"\xff" * 8) else cursor.last()
        if there and cursor.key().startswith(prefix):
            old = cursor.value()
            m = len(old) // ROW
            if m < fill:
                at = min(n, most - m)
                view = memoryview(old)
                columns = (
                    view[: 8 * m],
                    time[:at],
                    view[8 * m : 16 * m],
                    price[:at],
                    view[16 * m : 20 * m],
                    size[:at],
                    view[20 * m :],
                    side[:at],
                )
                cursor.put(cursor.key(), b"".join(columns))
        while at < n:
            end = min(n, at + most)
            key = prefix + int(time[at]).to_bytes(8, "big")
            cursor.put(key, b"".join((time[at:end], price[at:end], size[at:end], side[at:end])))
            at = end

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        from benchmarks.ticks import Part

        for symbol, time, price, size, side in ticks:
            part = Part(
                symbol,
                np.array([time], "M8[ns]"),
                np.array([price]),
                np.array([size], "u4"),
                np.array([side], "u1"),
            )
            with self.env.begin(write=True) as txn:
                self._append(txn.cursor(), part, self.most, self.fill)

    @staticmethod
    def _columns(value: Any) -> tuple[Array, Array, Array, Array]:
        m = len(value) // ROW
        return (
            np.frombuffer(value, np.int64, m),
            np.frombuffer(value, np.float64, m, 8 * m),
            np.frombuffer(value, np.uint32, m, 16 * m),
            np.frombuffer(value, np.uint8, m, 20 * m),
        )

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        prefix = self.prefix(symbol)
        times, prices, sizes, sides = [], [], [], []
        start, stop = prefix + lo.to_bytes(8, "big"), prefix + hi.to_bytes(8, "big")
        with self.env.begin(buffers=True) as txn:
            cursor = txn.cursor()
            if not cursor.set_range(start):
                cursor.last()
            elif bytes(cursor.key()) != start and (not cursor.prev() or bytes(cursor.key())[: len(prefix)] != prefix):
                cursor.set_range(start)
            for key, value in cursor.iternext():
                if bytes(key) >= stop:
                    break
                time, price, size, side = self._columns(value)
                i, j = 0, len(time)
                if time[0] < lo:
                    i = int(time.searchsorted(lo))
                if time[-1] >= hi:
                    j = int(time.searchsorted(hi))
                times.append(time[i:j])
                prices.append(price[i:j])
                sizes.append(size[i:j])
                sides.append(side[i:j])
            found = tuple(map(np.concatenate, (times, prices, sizes, sides)))
        return found[0].view("M8[ns]"), found[1], found[2], found[3]

    def _chunks(self, txn: Any, symbol: str) -> Any:
        prefix = self.prefix(symbol)
        cursor = txn.cursor()
        cursor.set_range(prefix)
        for key, value in cursor.iternext():
            if bytes(key[: len(prefix)]) != prefix:
                return
            yield value

    def means(self) -> list[float]:
        found = []
        with self.env.begin(buffers=True) as txn:
            for symbol in SYMBOLS:
                total, number = 0.0, 0
                for value in self._chunks(txn, symbol):
                    m = len(value) // ROW
                    total += np.frombuffer(value, np.float64, m, 8 * m).sum()
                    number += m
                found.append(total / number)
        return found

    def candles(self) -> dict[str, tuple[Array, ...]]:
        found = {}
        with self.env.begin(buffers=True) as txn:
            for symbol in SYMBOLS:
                columns = [self._columns(value)[:3] for value in self._chunks(txn, symbol)]
                time, price, size = (np.concatenate(parts) for parts in zip(*columns, strict=True))
                minute = time // MINUTE
                starts = np.flatnonzero(np.append(True, minute[1:] != minute[:-1]))
                ends = np.append(starts[1:], len(time)) - 1
                found[symbol] = (
                    (minute[starts] * MINUTE).view("M8[ns]"),
                    price[starts],
                    np.maximum.reduceat(price, starts),
                    np.minimum.reduceat(price, starts),
                    price[ends],
                    np.add.reduceat(size, starts, dtype=np.uint64),
                )
        return found

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        prefix = self.prefix(symbol)
        found = []
        with self.env.begin(buffers=True) as txn:
            cursor = txn.cursor()
            for moment in moments:
                there = cursor.set_range(prefix + (moment + 1).to_bytes(8, "big"))
                _ = cursor.prev() if there else cursor.last()
                time, price, _, _ = self._columns(cursor.value())
                found.append(float(price[time.searchsorted(moment, "right") - 1]))
        return found


class RawRows(Store):
    """py-lmdb with a record for each tick."""

    name = "raw-rows"
    sparse = True
    skips = frozenset(("candles",))
    row = struct.Struct("<dIB")

    def open(self, path: str) -> None:
        import lmdb

        self.env = lmdb.open(path, map_size=1 << 36, lib_version=1)

    def close(self) -> None:
        self.env.close()

    def append(self, batches: Sequence[Batch]) -> None:
        pack = self.row.pack
        for batch in batches:
            with self.env.begin(write=True) as txn:
                cursor = txn.cursor()
                for part in batch.parts:
                    prefix = RawChunk.prefix(part.symbol)
                    times = part.time.view(np.int64).tolist()
                    values = zip(times, part.price.tolist(), part.size.tolist(), part.side.tolist(), strict=True)
                    cursor.putmulti([(prefix + t.to_bytes(8, "big"), pack(p, z, q)) for t, p, z, q in values])

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        pack = self.row.pack
        for symbol, time, price, size, side in ticks:
            with self.env.begin(write=True) as txn:
                txn.put(RawChunk.prefix(symbol) + time.to_bytes(8, "big"), pack(price, size, side))

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        prefix = RawChunk.prefix(symbol)
        start, stop = prefix + lo.to_bytes(8, "big"), prefix + hi.to_bytes(8, "big")
        keys, values = [], []
        with self.env.begin() as txn:
            cursor = txn.cursor()
            cursor.set_range(start)
            for key, value in cursor.iternext():
                if key >= stop:
                    break
                keys.append(key[-8:])
                values.append(value)
        times = np.frombuffer(b"".join(keys), ">i8").astype("<i8").view("M8[ns]")
        rows = np.frombuffer(b"".join(values), np.dtype([("p", "<f8"), ("z", "<u4"), ("q", "u1")]))
        return times, rows["p"].copy(), rows["z"].copy(), rows["q"].copy()

    def means(self) -> list[float]:
        found = []
        with self.env.begin() as txn:
            for symbol in SYMBOLS:
                prefix = RawChunk.prefix(symbol)
                cursor = txn.cursor()
                cursor.set_range(prefix)
                prices = []
                for key, value in cursor.iternext():
                    if not key.startswith(prefix):
                        break
                    prices.append(value[:8])
                found.append(float(np.frombuffer(b"".join(prices), np.float64).mean()))
        return found

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        prefix = RawChunk.prefix(symbol)
        found = []
        with self.env.begin() as txn:
            cursor = txn.cursor()
            for moment in moments:
                there = cursor.set_range(prefix + (moment + 1).to_bytes(8, "big"))
                _ = cursor.prev() if there else cursor.last()
                found.append(self.row.unpack(cursor.value())[0])
        return found

    def one_each(self, symbols: Sequence[str], time: int, prices: Sequence[float]) -> None:
        pack, end = self.row.pack, time.to_bytes(8, "big")
        with self.env.begin(write=True) as txn:
            put = txn.put
            for symbol, price in zip(symbols, prices, strict=True):
                put(RawChunk.prefix(symbol) + end, pack(price, 1, 0))

    def last(self, symbol: str) -> tuple[int, float]:
        prefix = RawChunk.prefix(symbol)
        with self.env.begin() as txn:
            cursor = txn.cursor()
            _ = cursor.prev() if cursor.set_range(prefix + b"\xff" * 8) else cursor.last()
            return int.from_bytes(cursor.key()[-8:], "big"), self.row.unpack(cursor.value())[0]


def size_of(path: str) -> int:
    """Bytes of all files below a directory; of lock files, nothing."""
    total = 0
    for folder, _, files in os.walk(path):
        total += sum(os.path.getsize(os.path.join(folder, file)) for file in files if "lock" not in file)
    return total
