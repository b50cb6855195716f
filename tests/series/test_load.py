"""Columns in: what came out of series goes in again, from every source; and a load that is refused leaves nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare
from tests.series.test_columns import EVERY, Quotes, Ticks, Wide, rows
from zlmdb import errors


def written(table: Any, path: Path) -> Path:
    """A file with the ticks of a table, in the format that its name says."""
    if path.suffix == ".parquet":
        pa.parquet.write_table(table.to_arrow().read_all(), path)
    elif path.suffix == ".arrow":
        pa.feather.write_feather(table.to_arrow().read_all(), str(path), compression="uncompressed")
    else:
        pa.csv.write_csv(table.to_arrow().read_all(), path)
    return path


SOURCES: dict[str, Callable[[Any, Path], Any]] = {
    "table": lambda table, path: table.to_arrow().read_all(),
    "batch": lambda table, path: table.to_arrow().read_all().combine_chunks().to_batches()[0],
    "reader": lambda table, path: table.to_arrow(batch_rows=7),
    "series": lambda table, path: table,
    "pandas": lambda table, path: table.to_pandas(),
    "polars": lambda table, path: table.to_polars(),
    "parquet": lambda table, path: written(table, path / "ticks.parquet"),
    "arrow": lambda table, path: str(written(table, path / "ticks.arrow")),
    "csv": lambda table, path: written(table, path / "ticks.csv"),
    "shuffled": lambda table, path: table.to_polars().sample(fraction=1, shuffle=True, seed=7),
    "categories": lambda table, path: table.to_pandas().astype({table.to_arrow().schema.names[0]: "category"}),
    "integers": lambda table, path: table.to_polars().with_columns(pl.col("time").to_physical()),
    "zone": lambda table, path: table.to_polars().with_columns(pl.col("time").dt.replace_time_zone("UTC")),
}


@pytest.mark.parametrize("source", SOURCES)
def test_what_came_out_goes_in(source: str, tmp_path: Path) -> None:
    with zlmdb.open(":memory:", [Ticks, Quotes]) as one, zlmdb.open(":memory:", [Ticks, Quotes]) as two:
        with one.begin(write=True) as txn:
            for at, key in enumerate(("EUR", 'a"b,c', "ÿ")):
                times = np.arange(150) * 333_333_333 + at
                txn[Ticks].append(key, times, price=times / 7, size=np.arange(150))
                txn[Quotes].append((key, at), times, key_1=-times, bid=np.float32(0.1))
                txn[Quotes].append((key, 7), times[:3], key_1=times[:3], bid=np.nan)
        with one.begin() as old, two.begin(write=True) as new:
            for table, names in ((Ticks, ["price", "size"]), (Quotes, ["key_1", "bid"])):
                seen: list[int] = []
                assert (
                    new[table].load(SOURCES[source](old[table], tmp_path), progress=seen.append) == old[table].count()
                )
                assert seen[-1] == old[table].count()
                assert repr(rows(new[table], names)) == repr(rows(old[table], names))
                assert new[table].check() == []


@pytest.mark.parametrize("source", ["table", "parquet", "arrow"])
def test_every_type_comes_back(source: str, tmp_path: Path) -> None:
    key, rng = uuid.UUID(int=7), np.random.default_rng(7)
    values = {f"c{at}": rng.integers(0, 2, 120).astype(dtype) for at, dtype in enumerate(EVERY)}
    for held in values.values():
        if held.dtype.kind in "mMfc":
            held[5] = np.array("NaT" if held.dtype.kind in "mM" else np.nan, held.dtype)
    with zlmdb.open(":memory:", [Wide]) as one, zlmdb.open(":memory:", [Wide]) as two:
        with one.begin(write=True) as txn:
            txn[Wide].append(key, np.arange(120), **values)
        with one.begin() as old, two.begin(write=True) as new:
            new[Wide].load(SOURCES[source](old[Wide], tmp_path))
            for name, held in values.items():
                np.testing.assert_array_equal(new[Wide].range(key)[name], held)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.integers(-50, 50), st.integers(0, 9)), max_size=200
    ),
    st.integers(1, 50),
)
def test_rows_in_any_order(held: list[tuple[str, int, int, int]], size: int) -> None:
    columns = list(zip(*held, strict=True)) or [[], [], [], []]
    types = [pa.string(), pa.int64(), pa.timestamp("ns"), pa.int64()]
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, types, strict=True)]
    table = pa.table([*arrays, arrays[3].cast(pa.float32())], ["key_0_", "key_1_", "time", "key_1", "bid"])
    with zlmdb.open(":memory:", [Quotes]) as db, db.begin(write=True) as txn:
        assert txn[Quotes].load(table.to_reader(max_chunksize=size)) == len(held)
        model = sorted(held, key=lambda row: row[:3])
        assert rows(txn[Quotes], ["key_1", "bid"]) == [(*row, float(row[3])) for row in model]


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"key": ["a"], "time": [1]}, errors.SchemaError, "expected a column price, found key, time"),
    ({"key": ["a"], "price": [1.0]}, errors.SchemaError, "expected a column time"),
    ({"time": [1], "price": [1.0]}, errors.SchemaError, "expected a column key"),
    (
        {"key": ["a"], "time": [1], "price": [1.0], "x": [1]},
        errors.SchemaError,
        r"no place for column x.*ignore=\['x'\]",
    ),
    ({"key": ["a", None], "time": [1, 2], "price": [1.0, 2]}, errors.ValueTypeError, "row 2, column key: expected str"),
    ({"key": [1], "time": [1], "price": [1.0]}, errors.ValueTypeError, "column key: expected str.*int64"),
    (
        {"key": ["a", "b"], "time": [1, None], "price": [1.0, 2]},
        errors.ValueTypeError,
        "row 2, column time: expected a time",
    ),
    ({"key": ["a"], "time": [1.5], "price": [1.0]}, errors.ValueTypeError, "column time: expected times.*double"),
    (
        {"key": ["a"], "time": ["2026"], "price": [1.0]},
        errors.ValueTypeError,
        "row 1, column time: expected a time such as",
    ),
    ({"key": ["a"], "time": ["x-y"], "price": [1.0]}, errors.ValueTypeError, "row 1, column time"),
    ({"key": ["a"], "time": [1], "price": ["x"]}, errors.ValueTypeError, "column price: expected float64"),
    ({"key": ["a"], "time": [1], "price": [1.0], "size": [-1]}, errors.EncodeError, "column size: .*uint32.*-1"),
    (
        {"key": ["a"], "time": [1], "price": [1.0], "size": [None]},
        errors.ValueTypeError,
        "row 1, column size: expected a value",
    ),
    ({"key": ["a"], "time": [1], "price": [1.0], "size": [1.5]}, errors.EncodeError, "column size"),
]


@pytest.mark.parametrize(("columns", "error", "said"), REFUSED)
def test_what_is_refused(columns: dict[str, Any], error: type[Exception], said: str) -> None:
    good = pa.table({"key": ["z"] * 3, "time": [1, 2, 3], "price": [1.0, 2.0, 3.0]})
    with zlmdb.open(":memory:", [Ticks]) as db, db.begin(write=True) as txn:
        txn[Ticks].append("z", 0, price=0)
        with pytest.raises(error, match=said):
            txn[Ticks].load(pa.table(columns))
        assert txn[Ticks].load(good, ignore="x") == 3
        assert txn[Ticks].range("z").size.tolist() == [1] * 4


def test_columns_are_checked_though_there_are_no_ticks() -> None:
    with zlmdb.open(":memory:", [Ticks]) as db, db.begin(write=True) as txn:
        for given in (pa.table({"zz": pa.array([], pa.int64())}), pa.table({}), pd.DataFrame()):
            with pytest.raises(errors.SchemaError, match=r"no place for column zz|expected a column key"):
                txn[Ticks].load(given)
        assert txn[Ticks].load(txn[Ticks].to_arrow()) == 0


@pytest.mark.parametrize(("dtype", "value"), [("U4", "a\0"), ("S4", b"a\0")])
def test_a_nul_at_the_end_is_not_cut_off(dtype: str, value: Any) -> None:
    table = declare({"code": zlmdb.column(dtype)})
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        columns = {"key": ["a", "a"], "time": [1, 2], "code": [value[1:] + value[:1], value]}
        with pytest.raises(errors.ValueTypeError, match=r"row 2, column code: expected a value of .*4, which does not"):
            txn[table].load(pa.table(columns))
        assert txn[table].load(pa.table(columns).slice(0, 1)) == 1
        assert txn[table].range("a").code[0] == value[1:] + value[:1]


def test_all_or_nothing(tmp_path: Path) -> None:
    refusing = declare({"price": zlmdb.column("f8")}, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de811", duplicates="refuse")
    frame = pd.DataFrame({"key": ["a", "b", "a"], "time": pd.to_datetime([1, 2, 1]), "price": [1.0, 2.0, 3.0]})
    with zlmdb.open(":memory:", [refusing]) as db:
        with db.begin(write=True) as txn:
            table = txn[refusing]
            table.append("a", 7, price=7)
            with pytest.raises(errors.DuplicateKey):
                table.load(frame)
            batches = pa.Table.from_pandas(frame, preserve_index=False).to_batches(max_chunksize=1)
            with pytest.raises(errors.DuplicateKey):
                table.load(pa.RecordBatchReader.from_batches(batches[0].schema, batches))
            assert rows(table, ["price"]) == [("a", 7, 7.0)]
            (tmp_path / "ticks.csv").write_text("key,time,price\na,2026-01-05T09:00:00.5Z,1\nb,2026-01-05,\n")
            assert table.load(tmp_path / "ticks.csv") == 2
            assert str(table.last("a").time[0]) == "2026-01-05T09:00:00.500000000"
            assert np.isnan(table.last("b").price[0])
            (tmp_path / "ticks.csv").write_text("key,time,price\na,2026-01-06,1\nb,2026-01-06,x\n")
            with pytest.raises(
                errors.ValueTypeError, match=r"ticks.csv, row 2, column price: expected double, found 'x'"
            ):
                table.load(tmp_path / "ticks.csv")
            assert table.count() == 3
            with pytest.raises(errors.SchemaError, match="needs another table"):
                table.load(table)
            with pytest.raises(TypeError, match="expected rows, columns or a path"):
                table.load(7)
            with pytest.raises(FileNotFoundError):
                table.load("none.parquet")
        with db.begin() as txn, pytest.raises(errors.TransactionError):
            txn[refusing].load(frame)
