"""Series as columns: what Arrow, pandas, Polars, NumPy and SQL see equals what the ranges give, and no more is read."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare
from zlmdb import errors
from zlmdb.series.layout import Chunk

SECOND = 10**9
Ticks = declare(
    {"price": zlmdb.column("f8"), "size": zlmdb.column("u4", default=1)},
    "0f7a3c52-1111-4c7e-9a55-0c8f0a1de801",
    chunk=20,
)


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de802")
class Quotes(zlmdb.Series[Any], key=(zlmdb.String, zlmdb.Uint16), compress="zlib", chunk=10):
    """Keys of two parts, compressed chunks, and a column that is called as a part of the key would be."""

    key_1 = zlmdb.column("i8")
    bid = zlmdb.column("f4")


@attrs.define
class Listing:
    symbol: str
    country: str


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de803", pk="symbol")
class Listings(zlmdb.MapStringCbor[Listing]):
    """What series are joined with."""


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The chunks that were looked at: their first and last times."""
    found: list[tuple[int, int]] = []
    init = Chunk.__init__

    def watched(self: Chunk, *arguments: Any) -> None:
        init(self, *arguments)
        found.append((self.first, self.last))

    monkeypatch.setattr(Chunk, "__init__", watched)
    return found


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The places of the columns of chunks that were read; 0 is that of the times."""
    found: set[int] = set()
    read = Chunk._column

    def watched(self: Chunk, at: int, dtype: Any) -> Any:
        found.add(at)
        return read(self, at, dtype)

    monkeypatch.setattr(Chunk, "_column", watched)
    return found


@pytest.fixture
def txn() -> Iterator[Any]:
    """Three series of 200 ticks, a second apart; a map of two of them."""
    with zlmdb.open(":memory:", [Ticks, Quotes, Listings]) as db, db.begin(write=True) as txn:
        for at, key in enumerate(("EUR", "GBP", "USD")):
            txn[Ticks].append(key, np.arange(200) * SECOND, price=np.arange(200) + at / 4, size=np.arange(200))
        txn[Listings].put_many([Listing("EUR", "DE"), Listing("USD", "US")])
        yield txn


def rows(table: Any, names: list[str], t0: int | None = None, t1: int | None = None) -> list[tuple[Any, ...]]:
    """Key, time and some columns, as the ranges give them."""
    found = []
    for key in table:
        ticks = table.range(key, t0, t1)
        arrays = [ticks.time.view("i8").tolist(), *[ticks[name].tolist() for name in names]]
        found += [(*(key if isinstance(key, tuple) else (key,)), *row) for row in zip(*arrays, strict=True)]
    return found


def listed(table: Any) -> list[tuple[Any, ...]]:
    """The rows of an Arrow table, times as nanoseconds."""
    arrays = [(c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist() for c in table.columns]
    return list(zip(*arrays, strict=True))


appends = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "a\0", "b", "ÿ"]),
        st.integers(0, 3),
        st.lists(st.integers(-40, 40), min_size=1, max_size=150),
    ),
    max_size=6,
)


@settings(max_examples=40)
@given(appends, st.integers(1, 60), st.none() | st.integers(-41, 41), st.none() | st.integers(-41, 41))
def test_batches_equal_ranges(held: Any, batch_rows: int, t0: int | None, t1: int | None) -> None:
    """Many ticks of one time too, over the bounds of chunks and batches."""
    with zlmdb.open(":memory:", [Ticks, Quotes]) as db, db.begin(write=True) as txn:
        for name, number, times in held:
            values = np.arange(len(times))
            txn[Ticks].append(name, times, price=values * 0.5, size=values)
            txn[Quotes].append((name, number), times, key_1=-values, bid=values)
        for table, names in ((txn[Ticks], ["price", "size"]), (txn[Quotes], ["key_1", "bid"])):
            expected = rows(table, names, t0, t1)
            reader = table.to_arrow(batch_rows=batch_rows, t0=t0, t1=t1)
            batches = list(reader)
            assert listed(pa.Table.from_batches(batches, reader.schema)) == expected
            assert all(batch.num_rows == batch_rows for batch in batches[:-1])
            arrays = table.to_numpy(t0=t0, t1=t1)
            arrays["time"] = arrays["time"].view("i8")
            assert list(zip(*[array.tolist() for array in arrays.values()], strict=True)) == expected
        query = "select key, epoch_ns(time), price, size from ticks"
        bounds = [(">=", t0), ("<", t1)]
        said = [f"time {mark} make_timestamp_ns({at})" for mark, at in bounds if at is not None]
        query += f" where {' and '.join(said)}" if said else ""
        assert sorted(txn.sql(query)) == sorted(rows(txn[Ticks], ["price", "size"], t0, t1))
        assert sorted(
            txn.sql("select key_0_, key_1_, epoch_ns(time), key_1, bid from quotes where key_0_ = $1", ["a\0"])
        ) == sorted(row for row in rows(txn[Quotes], ["key_1", "bid"]) if row[0] == "a\0")


def test_what_is_wanted(txn: Any, columns: set[int]) -> None:
    table = txn[Ticks]
    assert table.to_arrow(["size", "key"]).read_all().column_names == ["size", "key"]
    assert columns == {2}
    columns.clear()
    assert table.to_arrow(["key"]).read_all().num_rows == 600
    assert table.to_arrow([]).read_next_batch().num_rows == 600
    assert not columns
    found = table.to_arrow(["key", "price"], where=pc.field("size") > 197).read_all()
    assert found.to_pydict() == {
        "key": ["EUR", "EUR", "GBP", "GBP", "USD", "USD"],
        "price": [198.0, 199.0, 198.25, 199.25, 198.5, 199.5],
    }
    for wrong, error, said in [
        ({"columns": ["colour"]}, errors.SchemaError, "there is no column 'colour'; there are key, time, price, size"),
        ({"columns": "price"}, ValueError, "expected a list of names"),
        ({"batch_rows": 0}, ValueError, "batch_rows: expected"),
        ({"where": "price > 1"}, TypeError, "where: expected an expression"),
        ({"bounds": "["}, ValueError, "bounds: expected"),
    ]:
        with pytest.raises(error, match=said):
            table.to_arrow(**wrong)


def test_frames(txn: Any) -> None:
    table, ticks = txn[Ticks], txn[Ticks].range("GBP", 3 * SECOND)
    frame = table.to_pandas()
    assert list(frame.columns) == ["key", "time", "price", "size"]
    assert str(frame.time.dtype) == "datetime64[ns]"
    assert str(frame["size"].dtype) == "uint32"
    pd.testing.assert_frame_equal(
        ticks.to_pandas(),
        frame[(frame.key == "GBP") & (frame.index >= 203)].drop(columns="key").reset_index(drop=True),
        check_column_type=False,
    )
    assert table.to_polars(["time", "price"], t0=198 * SECOND).equals(
        pl.from_pandas(frame)[["time", "price"]].filter(pl.col("time") >= pl.lit(198 * SECOND).cast(pl.Datetime("ns")))
    )
    assert ticks.to_polars().equals(pl.DataFrame(ticks))
    assert pa.table(table).num_rows == pl.DataFrame(table).height == 600
    candles = table.resample("EUR", "1m", price="ohlc")
    assert candles.to_arrow().column("high").to_pylist() == [59, 119, 179, 199]
    empty = table.range("none")
    assert len(empty.to_pandas()) == len(empty.to_polars()) == empty.to_arrow().num_rows == 0


def test_a_slice_in_a_notebook(txn: Any) -> None:
    shown = txn[Ticks].range("EUR")._repr_html_()
    assert "200 ticks" in shown
    assert "the first 10 ticks" in shown
    assert shown.count("<tr>") == 11
    assert "0 ticks" in txn[Ticks].range("<b>")._repr_html_()
    assert "<b>" not in txn[Ticks].range("<b>")._repr_html_()


def test_lifetime() -> None:
    with zlmdb.open(":memory:", [Ticks]) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("EUR", np.arange(200) * SECOND, price=np.arange(200))
        with db.begin(buffers=True) as txn:
            view = txn[Ticks].range("EUR", 2 * SECOND, 9 * SECOND)
            assert type(view.price) is not np.ndarray
            early, whole = view.to_arrow(), txn[Ticks].to_numpy()
            reader = txn[Ticks].to_arrow(batch_rows=50)
            first = reader.read_next_batch()
        assert early.column("price").to_pylist() == list(range(2, 9))
        assert whole["price"].tolist() == list(range(200))
        assert first.column("size").to_pylist() == [1] * 50
        for method in (view.to_arrow, view.to_pandas, view.to_polars, view.to_numpy, view.__arrow_c_stream__):
            with pytest.raises(errors.ViewExpired):
                method()
        assert "its transaction has ended" in view._repr_html_()
        with pytest.raises(errors.TransactionClosed):
            reader.read_next_batch()
        own = np.arange(3.0)
        slice = zlmdb.Slice(None, np.arange(3).view("M8[ns]"), {"price": own})
        assert slice.to_arrow().column("price").chunk(0).buffers()[1].address == own.ctypes.data


def test_batches_beside_a_writer(txn: Any) -> None:
    """What is written behind the place that was reached is seen, and nothing is seen twice."""
    table = txn[Ticks]
    reader = table.to_arrow(["key", "time", "price"], batch_rows=30)
    first = reader.read_next_batch()
    table.append("EUR", np.arange(0, 200, 2) * SECOND + 1, price=np.arange(100))
    table.append("AUD", 0, price=0)
    table.delete("GBP")
    table.append("ZAR", [1, 2], price=[1, 2])
    found = listed(pa.Table.from_batches([first, *reader]))
    assert found[:30] == [("EUR", at * SECOND, at) for at in range(30)]
    assert found[30:] == [row for row in rows(table, ["price"]) if row[:2] > ("EUR", 29 * SECOND)]


def test_queries_read_what_they_need(txn: Any, chunks: list[tuple[int, int]], columns: set[int]) -> None:
    assert txn.sql("select count(*) from ticks").fetchone() == (600,)
    assert not columns
    chunks.clear()
    assert txn.sql("select sum(size) from ticks where key = 'GBP'").fetchone() == (19900,)
    ranged = len(chunks)
    assert columns == {2}
    assert 0 < ranged <= 10
    chunks.clear()
    query = "select time, price from ticks where key=? and time >= '1970-01-01 00:01' and time < '1970-01-01 00:01:10'"
    found = txn.sql(query, ["USD"]).fetchall()
    assert found == [(np.datetime64(at, "s").astype("M8[ns]"), at + 0.5) for at in range(60, 70)]
    assert len(chunks) <= 3
    assert all(first <= 70 * SECOND and last >= 40 * SECOND for first, last in chunks)
    chunks.clear()
    query = "select key, avg(price) from ticks where time between ? and ? group by all order by all"
    at = np.datetime64(100, "s")
    assert txn.sql(query, [at, at]).fetchall() == [("EUR", 100.0), ("GBP", 100.25), ("USD", 100.5)]
    assert len(chunks) <= 6
    assert txn.sql("select * from ticks where time > '2020-01-01'").fetchall() == []
    chunks.clear()
    assert txn.sql("select count(*) from ticks where key in ('EUR', 'USD', 'x') and size < 10").fetchone() == (20,)
    assert 0 < len(chunks) <= 2 * ranged
    query = """
        select count(*) from ticks where (key = 'EUR' and time < '1970-01-01 00:00:05')
        or (key = 'USD' and time > '1970-01-01 00:03') or (key = 'ABC' and size = 0)
    """
    assert txn.sql(query).fetchone() == (24,)
    assert txn.sql("select count(*) from ticks where key in ('EUR', 'USD') and key > 'F'").fetchone() == (200,)
    assert txn.sql("select count(*) from ticks where key in ('A', 'B')").fetchone() == (0,)
    many = ", ".join(f"'K{at}'" for at in range(40))
    assert txn.sql(f"select count(*) from ticks where key in ('GBP', {many})").fetchone() == (200,)
    assert txn.sql("select count(*) from ticks where key > 'EUR' and key <= 'GBP'").fetchone() == (200,)
    assert txn.sql("select count(*) from ticks where key = 'EUR' or time < '1970-01-01 00:00:05'").fetchone() == (210,)


def test_joins(txn: Any) -> None:
    query = """
        select country, max(price) from ticks join listings on key = symbol
        where time < '1970-01-01 00:00:10' group by all order by all
    """
    assert txn.sql(query).fetchall() == [("DE", 9.0), ("US", 9.5)]
    query = """
        select max(b.price - a.price) from (from ticks where key = 'EUR') a
        asof join (from ticks where key = 'USD') b on a.time >= b.time
    """
    assert txn.sql(query).fetchone() == (0.5,)


EVERY = [
    "f2",
    "f4",
    "i1",
    "u8",
    "?",
    "c8",
    "c16",
    "S3",
    "U2",
    *[f"M8[{u}]" for u in ("Y", "W", "D", "h", "10ms", "us", "ns", "ps")],
]
EVERY += [f"m8[{u}]" for u in ("M", "W", "h", "ms", "fs")]
Wide = declare({f"c{at}": zlmdb.column(dtype) for at, dtype in enumerate(EVERY)}, kind=uuid.UUID, chunk=8)


def test_every_type() -> None:
    key = uuid.UUID(int=7)
    with zlmdb.open(":memory:", [Wide]) as db, db.begin(write=True) as txn:
        values = {f"c{at}": np.array([1, 0, 1] * 40).astype(dtype) for at, dtype in enumerate(EVERY)}
        values["c9"][1] = np.datetime64("NaT", "ns")
        txn[Wide].append(key, np.arange(120), **values)
        table = txn[Wide].to_arrow(batch_rows=17).read_all()
        assert table.column("key").to_pylist() == [key] * 120
        assert table.drop_columns("key").equals(txn[Wide].range(key).to_arrow().cast(table.drop_columns("key").schema))
        found = {name: table.column(name)[0].as_py() for name in table.column_names}
        assert found["c5"] == {"real": 1.0, "imag": 0.0}
        assert found["c7"] == b"1"
        assert found["c8"] == "1"
        assert table.column("c9").null_count == 1
        assert str(found["c9"]) == "1971-01-01"
        assert table.schema.field("c12").type == pa.timestamp("s")
        assert found["c12"].hour == 1
        assert found["c13"].microsecond == 10_000
        assert found["c16"] == 1
        assert found["c17"] == 1
        assert found["c18"].days == 7
        assert found["c19"].seconds == 3600
        names = [name for name in table.column_names if name != "c4"]
        assert txn[Wide].to_pandas().shape == txn[Wide].to_polars().shape == (120, len(EVERY) + 2)
        assert len(txn.sql(f"select {', '.join(names)} from ticks where key = '{key}'")) == 120
        txn[Wide].append(
            key, 1000, **{name: held[0] for name, held in values.items()} | {"c12": np.datetime64(2**62, "h")}
        )
        with pytest.raises(errors.EncodeError, match=r"table Ticks, column c12: expected times that Arrow can hold"):
            txn[Wide].to_arrow().read_all()
