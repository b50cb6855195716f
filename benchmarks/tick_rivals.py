"""The other contestants of the series benchmark: DuckDB, Parquet, SQLite and ArcticDB.

Each is used the way its documentation says for this work. Packages are imported by :meth:`open`, so that one that is
not installed only leaves its contestant out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tick_stores import Store
from benchmarks.ticks import MINUTE, SYMBOLS, Batch

Array = np.ndarray[Any, Any]


def _names(batch: Batch) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(batch.symbol), pa.array(SYMBOLS))


def _table(batch: Batch) -> Any:
    """A batch as an Arrow table, without copying the numbers."""
    import pyarrow as pa

    whole = batch.whole
    return pa.table(
        {
            "symbol": _names(batch),
            "time": pa.array(whole.time),
            "price": pa.array(whole.price),
            "size": pa.array(whole.size),
            "side": pa.array(whole.side),
        }
    )


class Duck(Store):
    """DuckDB: one table, filled from Arrow batches, a transaction each."""

    name = "duckdb"

    def open(self, path: str) -> None:
        import duckdb
        import pyarrow  # noqa: F401  # batches come through it

        self.db = duckdb.connect(os.path.join(path, "ticks.duckdb"))
        self.db.execute(
            "create table ticks (symbol varchar, time timestamp_ns, price double, size uinteger, side utinyint)"
        )

    def close(self) -> None:
        self.db.close()

    def append(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            table = _table(batch)
            self.db.register("batch", table)
            self.db.execute("insert into ticks select symbol::varchar, time, price, size, side from batch")

    def filled(self) -> None:
        self.db.execute("checkpoint")

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        for symbol, time, price, size, side in ticks:
            moment = np.datetime64(time, "ns").astype("M8[us]").item()
            self.db.execute("insert into ticks values (?, ?, ?, ?, ?)", [symbol, moment, price, size, side])

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        found = self.db.execute(
            "select time, price, size, side from ticks where symbol = ? and time >= make_timestamp_ns(?) "
            "and time < make_timestamp_ns(?) order by time",
            [symbol, lo, hi],
        ).fetchnumpy()
        return found["time"], found["price"], found["size"], found["side"]

    def means(self) -> list[float]:
        rows = self.db.execute("select avg(price) from ticks group by symbol order by symbol").fetchall()
        return [row[0] for row in rows]

    def candles(self) -> dict[str, tuple[Array, ...]]:
        found = self.db.execute(
            "select symbol, epoch_ns(time) // 60000000000 as minute, arg_min(price, time) as open, max(price) as high, "
            "min(price) as low, arg_max(price, time) as close, sum(size)::ubigint as volume "
            "from ticks group by symbol, minute order by symbol, minute"
        ).fetchnumpy()
        return _by_symbol(found, found["minute"])

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        sql = "select price from ticks where symbol = ? and time <= make_timestamp_ns(?) order by time desc limit 1"
        return [self.db.execute(sql, [symbol, moment]).fetchone()[0] for moment in moments]


def _by_symbol(found: dict[str, Any], minute: Array) -> dict[str, tuple[Array, ...]]:
    symbols = np.asarray(found["symbol"])
    result = {}
    for name in SYMBOLS:
        mine = symbols == name
        columns = [np.asarray(found[column])[mine] for column in ("open", "high", "low", "close", "volume")]
        result[name] = ((minute[mine].astype(np.int64) * MINUTE).view("M8[ns]"), *columns)
    return result


class Parquet(Store):
    """Parquet through pyarrow: one file, a row group for each batch; it cannot be appended to when it is closed."""

    name = "parquet"
    skips = frozenset(("single",))

    def open(self, path: str) -> None:
        import pyarrow.parquet

        self.path = os.path.join(path, "ticks.parquet")
        self.parquet: Any = pyarrow.parquet

    def close(self) -> None:
        pass

    def append(self, batches: Sequence[Batch]) -> None:
        tables = map(_table, batches)
        first = next(tables)
        with self.parquet.ParquetWriter(self.path, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)

    def _read(self, columns: list[str], filters: Any = None) -> Any:
        return self.parquet.read_table(self.path, columns=columns, filters=filters)

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        low, high = np.datetime64(lo, "ns"), np.datetime64(hi, "ns")
        filters = [("symbol", "=", symbol), ("time", ">=", low), ("time", "<", high)]
        found = self._read(["time", "price", "size", "side"], filters)
        time, price, size, side = (found[name].to_numpy() for name in ("time", "price", "size", "side"))
        return time, price, size, side

    def means(self) -> list[float]:
        found = self._read(["symbol", "price"]).group_by("symbol").aggregate([("price", "mean")])
        means = dict(zip(found["symbol"].to_pylist(), found["price_mean"].to_pylist(), strict=True))
        return [means[symbol] for symbol in SYMBOLS]

    def candles(self) -> dict[str, tuple[Array, ...]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._read(["symbol", "time", "price", "size"])
        minute = pc.divide(table["time"].cast(pa.int64()), MINUTE)
        table = table.append_column("minute", minute)
        wanted = [("price", "first"), ("price", "max"), ("price", "min"), ("price", "last"), ("size", "sum")]
        found = table.group_by(["symbol", "minute"], use_threads=False).aggregate(wanted)
        names = {"open": "price_first", "high": "price_max", "low": "price_min", "close": "price_last"}
        columns = {name: found[column].to_numpy() for name, column in names.items()}
        columns |= {"volume": found["size_sum"].to_numpy(), "symbol": np.array(found["symbol"].to_pylist())}
        return _by_symbol(columns, found["minute"].to_numpy())

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        found = self._read(["time", "price"], [("symbol", "=", symbol)])
        time, price = found["time"].to_numpy().view(np.int64), found["price"].to_numpy()
        return [float(price[time.searchsorted(moment, "right") - 1]) for moment in moments]


class Sqlite(Store):
    """The standard library's SQLite: a table without rowid whose key is symbol and time, a write-ahead log."""

    name = "sqlite"

    def open(self, path: str) -> None:
        import sqlite3

        self.path = path
        self.db = sqlite3.connect(os.path.join(path, "ticks.sqlite"), isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=full")
        self.db.execute(
            "create table ticks (symbol text, time integer, price real, size integer, side integer, "
            "primary key (symbol, time)) without rowid"
        )

    def close(self) -> None:
        self.db.close()

    def append(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self.db.execute("begin")
            for part in batch.parts:
                times = part.time.view(np.int64).tolist()
                rows = zip(
                    [part.symbol] * len(times),
                    times,
                    part.price.tolist(),
                    part.size.tolist(),
                    part.side.tolist(),
                    strict=True,
                )
                self.db.executemany("insert into ticks values (?, ?, ?, ?, ?)", rows)
            self.db.execute("commit")

    def filled(self) -> None:
        self.db.execute("pragma wal_checkpoint(truncate)")

    def single(self, ticks: Sequence[tuple[str, int, float, int, int]]) -> None:
        for tick in ticks:
            self.db.execute("insert into ticks values (?, ?, ?, ?, ?)", tick)

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        rows = self.db.execute(
            "select time, price, size, side from ticks where symbol = ? and time >= ? and time < ? order by time",
            (symbol, lo, hi),
        ).fetchall()
        time, price, size, side = zip(*rows, strict=True)
        return np.array(time).view("M8[ns]"), np.array(price), np.array(size, "u4"), np.array(side, "u1")

    def means(self) -> list[float]:
        return [row[0] for row in self.db.execute("select avg(price) from ticks group by symbol order by symbol")]

    def candles(self) -> dict[str, tuple[Array, ...]]:
        # A bare column beside min() or max() is that of the row that has it, so two passes give open and close.
        sql = "select symbol, time / 60000000000 as minute, {} from ticks group by symbol, minute order by 1, 2"
        opens = self.db.execute(sql.format("min(time), price, max(price), min(price), sum(size)")).fetchall()
        closes = self.db.execute(sql.format("max(time), price")).fetchall()
        opens = self._exact(opens)
        found = {
            "symbol": np.array([row[0] for row in opens]),
            "open": np.array([row[3] for row in opens]),
            "high": np.array([row[4] for row in opens]),
            "low": np.array([row[5] for row in opens]),
            "close": np.array([row[3] for row in closes]),
            "volume": np.array([row[6] for row in opens]),
        }
        return _by_symbol(found, np.array([row[1] for row in opens]))

    def _exact(self, opens: list[Any]) -> list[Any]:
        """With several of min() and max() the bare column is any row's: the price at each first time is looked up."""
        sql = "select price from ticks where symbol = ? and time = ?"
        return [
            (symbol, minute, first, self.db.execute(sql, (symbol, first)).fetchone()[0], high, low, volume)
            for symbol, minute, first, _, high, low, volume in opens
        ]

    def as_of(self, symbol: str, moments: Sequence[int]) -> list[float]:
        sql = "select price from ticks where symbol = ? and time <= ? order by time desc limit 1"
        return [self.db.execute(sql, (symbol, moment)).fetchone()[0] for moment in moments]


class Arctic(Store):
    """ArcticDB on its LMDB backend: a symbol of its for each of ours, data frames appended without pruning."""

    name = "arcticdb"
    #: Each call of these reads a frame; a thousand of them take minutes.
    skips = frozenset(("single", "as_of"))

    def open(self, path: str) -> None:
        import arcticdb
        import pandas

        self.pandas: Any = pandas
        Path(path, "arctic").mkdir()
        self.arctic: Any = arcticdb
        self.store = arcticdb.Arctic(f"lmdb://{path}/arctic?map_size=8GB")
        self.library = self.store.create_library("ticks")

    def close(self) -> None:
        del self.library, self.store

    def append(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            for part in batch.parts:
                index = self.pandas.DatetimeIndex(part.time)
                columns = {"price": part.price, "size": part.size, "side": part.side}
                self.library.append(part.symbol, self.pandas.DataFrame(columns, index), prune_previous_versions=True)

    def range(self, symbol: str, lo: int, hi: int) -> tuple[Array, Array, Array, Array]:
        between = (self.pandas.Timestamp(lo), self.pandas.Timestamp(hi - 1))
        frame = self.library.read(symbol, date_range=between).data
        return frame.index.values, frame["price"].values, frame["size"].values, frame["side"].values

    def means(self) -> list[float]:
        return [float(self.library.read(symbol, columns=["price"]).data["price"].mean()) for symbol in SYMBOLS]

    def candles(self) -> dict[str, tuple[Array, ...]]:
        wanted = {
            "open": ("price", "first"),
            "high": ("price", "max"),
            "low": ("price", "min"),
            "close": ("price", "last"),
            "volume": ("size", "sum"),
        }
        found = {}
        for symbol in SYMBOLS:
            query = self.arctic.QueryBuilder().resample("1min").agg(wanted)
            frame = self.library.read(symbol, query_builder=query).data.dropna()
            columns = [frame[name].values for name in ("open", "high", "low", "close", "volume")]
            found[symbol] = (frame.index.values, *columns)
        return found
