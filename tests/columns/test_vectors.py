"""Fields of FlatBuffers that are vectors of numbers, as columns and back; times in lists keep their nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import zlmdb
from zlmdb import errors, fbs


@fbs.struct
@dataclass
class Box:
    corner: Annotated[npt.NDArray[np.int16], fbs.Length(2)]


@dataclass
class Layer:
    name: str
    weights: npt.NDArray[np.float64] | None = None


@dataclass
class Item:
    oid: int
    features: npt.NDArray[np.float32] | None
    seen: npt.NDArray[np.datetime64]
    flags: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.uint64]
    box: Box
    layers: list[Layer] = field(default_factory=list)


@zlmdb.table("c01a0000-0000-4000-8000-000000000070", pk="oid")
class Items(zlmdb.Map[int, Item], key=zlmdb.Oid, value=zlmdb.FlatBuffers):
    """Items with vectors."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000071")
class Arrays(zlmdb.MapOidNumpy):
    """Arrays."""


@pytest.fixture
def txn(db: Any) -> Iterator[Any]:
    db.attach_tables([Items, Arrays])
    with db.begin(write=True) as txn:
        yield txn


def item(number: int) -> Item:
    return Item(
        number,
        None if number % 3 == 0 else np.arange(number, dtype=np.float32) / 4,
        np.array([1, "NaT", 2**62 + number], "M8[ns]"),
        np.array([True, False]),
        np.array([2**64 - 1, number], np.uint64),
        Box(np.array([number, -1], np.int16)),
        [Layer("a"), Layer("b", np.array([0.1, np.nan]))][:number],
    )


def held(txn: Any) -> list[str]:
    return [repr(row.detach()) for row in txn[Items].values()]


def test_vectors_are_lists_in_arrow_and_arrays_in_numpy(txn: Any) -> None:
    txn[Items].load(map(item, range(4)))
    found = txn[Items].to_arrow(["features", "counts"]).read_all()
    found.validate(full=True)
    assert found.schema.field("features") == pa.field("features", pa.list_(pa.float32()))
    assert found.schema.field("counts") == pa.field("counts", pa.list_(pa.uint64()), nullable=False)
    assert found.column("features").to_pylist() == [None, [0.0], [0.0, 0.25], None]
    arrays = txn[Items].to_numpy(["features", "counts", "seen"])
    assert arrays["counts"].shape == (4, 2)
    assert arrays["counts"].dtype == np.uint64
    assert arrays["seen"].dtype == "M8[ns]"
    assert [None if row is None else row.tolist() for row in arrays["features"]] == [None, [0.0], [0.0, 0.25], None]
    assert txn[Items].to_arrow(["layers"]).read_all().column("layers").to_pylist()[1] == [
        {"name": "a", "weights": None}
    ]


@pytest.mark.parametrize("way", ["to_arrow", "to_pandas", "to_polars", "to_numpy"])
@pytest.mark.parametrize("count", [1, 4])
def test_vectors_come_back(txn: Any, way: str, count: int) -> None:
    items = txn[Items]
    items.load(map(item, range(count)))
    before = held(txn)
    columns = getattr(items, way)()
    columns = columns.read_all() if way == "to_arrow" else columns
    items.clear()
    assert items.load(columns) == count
    assert held(txn) == before


def test_a_table_without_rows_has_the_same_columns(txn: Any) -> None:
    items = txn[Items]
    empty = items.to_arrow().read_all()
    items.add(item(1))
    assert empty.schema == items.to_arrow().read_all().schema
    assert items.to_numpy(["features"])["features"].shape == (1, 1)


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("features", pa.array([[0.5, 2.0]]), [0.5, 2.0]),
        ("features", pa.array([[1, 2]]), [1.0, 2.0]),
        ("features", pa.array([[float("nan")]], pa.list_(pa.float64())), [np.nan]),
        ("features", pa.array([[]], pa.list_(pa.null())), []),
        ("features", pa.array([[1.5, 2.5]], pa.list_(pa.float64(), 2)), [1.5, 2.5]),
        ("counts", pa.array([[1.0, 2.0]]), [1, 2]),
        ("seen", pa.array([[5]], pa.list_(pa.timestamp("s"))), [np.datetime64(5, "s")]),
    ],
)
def test_elements_are_converted_where_nothing_is_lost(txn: Any, field: str, given: Any, kept: list[Any]) -> None:
    row = item(1)
    txn[Items].add(row)
    columns = txn[Items].to_arrow().read_all()
    txn[Items].clear()
    columns = columns.set_column(columns.schema.get_field_index(field), field, given)
    txn[Items].load(columns)
    found = getattr(txn[Items][1].detach(), field)
    assert found.dtype == getattr(row, field).dtype
    np.testing.assert_array_equal(found, np.array(kept, found.dtype))


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("features", [[0.5], [0.1]], "row 2, column features: expected an array of float32 .*, found float 0.1"),
        ("features", [[2**24 + 1], []], "row 1, column features: .*, found int 16777217"),
        ("counts", [[], [3, -1]], "row 2, column counts: expected an array of uint64 .*, found int -1"),
        ("counts", [[1.5], []], "row 1, column counts: .*, found float 1.5"),
        ("counts", [[2.0**64], []], "row 1, column counts: .*, found float 1.8446744073709552e"),
        ("counts", [[float("nan")], []], "row 1, column counts: .*, found float nan"),
        ("counts", [[1], None], "row 2, column counts: expected an array of uint64 .*, found None"),
        ("counts", [[1, None], []], "column counts: expected an array without nulls"),
        ("counts", [["1"], []], "column counts: expected an array of uint64 .*, found elements of string"),
        ("counts", [1, 2], "column counts: expected an array of uint64 .*, found a column of int64"),
        ("flags", [[1], [0]], "column flags: expected an array of bool .*, found elements of int64"),
        ("seen", [[1], [0]], "column seen: expected an array of datetime64.*, found elements of int64"),
    ],
)
def test_what_would_change_is_refused(txn: Any, field: str, given: Any, message: str) -> None:
    txn[Items].load(map(item, range(2)))
    columns = txn[Items].to_arrow().read_all()
    txn[Items].clear()
    columns = columns.set_column(columns.schema.get_field_index(field), field, pa.array(given))
    with pytest.raises(errors.ValueTypeError, match=message):
        txn[Items].load(columns)
    assert len(txn[Items]) == 0


def test_an_integer_at_the_end_of_its_range_is_no_float(txn: Any) -> None:
    columns = pa.table({"name": ["a"], "weights": pa.array([[2**63 - 1]])})
    txn[Items].add(item(1))
    all_ = txn[Items].to_arrow().read_all()
    layers = pa.array([columns.to_pylist()])
    with pytest.raises(errors.ValueTypeError, match=r"column layers: .*9223372036854775807"):
        txn[Items].load(all_.set_column(all_.schema.get_field_index("layers"), "layers", layers))


def test_frames_hold_lists_or_nothing_in_place_of_arrays(txn: Any) -> None:
    for make in (pd.DataFrame, pl.DataFrame):
        txn[Items].clear()
        txn[Items].add(item(1))
        rows = {name: list(column) for name, column in txn[Items].to_pandas().items()}
        rows["features"] = [[0.25, 1.0]]
        rows["layers"] = [[]]
        if make is pl.DataFrame:
            rows = {name: pl.Series(name, column, strict=False) for name, column in rows.items()}
        frame = make(rows)
        txn[Items].clear()
        txn[Items].load(frame)
        assert txn[Items][1].features.tolist() == [0.25, 1.0]
    frame = txn[Items].to_pandas()
    frame["counts"] = pd.Series(["text"], dtype=object)
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column counts: .*, found str 'text'"):
        txn[Items].load(frame)


def test_csv_has_no_vectors(txn: Any, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("oid,features\n1,0.5\n")
    with pytest.raises(errors.SchemaError, match=r"column features holds an array of float32 .*, which CSV cannot"):
        txn[Items].load(path)


def test_sql_sees_vectors_as_lists(db: Any) -> None:
    db.attach_tables([Items])
    with db.begin(write=True) as txn:
        txn[Items].load(map(item, range(3)))
    found = db.sql("select sum(len(features)), sum(counts[2]), max(list_sum(features)) from items").fetchone()
    assert found == (3, 3, 0.25)


@pytest.mark.parametrize(
    "arrays",
    [
        [np.array([1, 2], "M8[ns]"), np.array([3], "M8[ns]")],
        [np.array([[1, 2], [3, 4]], "M8[ns]"), np.array([[5, 6]], "M8[ns]")],
        [np.array([1, 2], "m8[ns]")],
        [np.arange(6).reshape(2, 3), np.arange(2).reshape(1, 2)],
    ],
)
def test_nanoseconds_of_arrays_survive_a_frame(txn: Any, arrays: list[Any]) -> None:
    table = txn[Arrays]
    for way in (table.to_pandas, table.to_polars):
        table.clear()
        table.update(dict(enumerate(arrays)))
        frame = way()
        table.clear()
        table.load(frame)
        for found, want in zip(table.values(), arrays, strict=True):
            assert found.dtype == want.dtype
            np.testing.assert_array_equal(found, want)


@dataclass
class Large:
    oid: int
    number: fbs.uint64
    optional: fbs.uint64 | None
    many: list[fbs.uint64]


@zlmdb.table("c01a0000-0000-4000-8000-000000000079", pk="oid")
class Larges(zlmdb.Map[int, Large], key=zlmdb.Oid, value=zlmdb.FlatBuffers):
    """Numbers beyond int64."""


def test_unsigned_fields_of_64_bits_hold_the_larger_half_too() -> None:
    rows = [Large(1, 2**64 - 1, None, [2**63]), Large(2, 0, 2**63, [])]
    with zlmdb.open(":memory:", [Larges]) as db:
        with db.begin(write=True) as txn:
            table = txn[Larges]
            table.put_many(rows)
            out = table.to_arrow().read_all()
            assert [out.schema.field(name).type for name in ("number", "optional")] == [pa.uint64()] * 2
            assert out.schema.field("many").type.value_type == pa.uint64()
            for columns in (out, table.to_pandas(), table.to_polars(), table.to_numpy()):
                table.clear()
                assert table.load(columns) == 2
                assert [row.detach() for row in table.values()] == rows
        assert db.sql("select oid from Larges where number > 9223372036854775808").fetchall() == [(1,)]
