"""The law of columns: they say what the rows say, and rows made of them are the rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import zlmdb
from tests.columns.records import (
    Every,
    EveryCbor,
    EveryJson,
    EveryPacked,
    Movie,
    Movies,
    Order,
    Orders,
    Place,
    Point,
    Points,
    Trade,
    Trades,
    plain,
    rows,
)

TABLES = [EveryJson, EveryCbor, EveryPacked]
many = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
)


@pytest.fixture
def filled(db: Any) -> Any:
    """Empties the tables between examples."""
    db.attach_tables([*TABLES, Points, Trades, Orders, Movies])

    def fill(table: Any, found: Any) -> Any:
        with db.begin(write=True) as txn:
            txn[table].clear()
            txn[table].load(found)
        return db

    return fill


def columns_of(found: list[Every]) -> dict[str, list[Any]]:
    names = [name for name in Every.__annotations__ if name != "when" and name != "maybe_when"]
    return {name: [plain(getattr(row, name)) for row in found] for name in names}


@pytest.mark.parametrize("table", TABLES)
@many
@given(rows)
def test_the_columns_say_what_the_rows_say(filled: Any, table: Any, found: list[Every]) -> None:
    with filled(table, found).begin() as txn:
        held = list(txn[table].values())
        got = txn[table].to_arrow().read_all()
    assert got.column_names == list(Every.__annotations__)
    columns = got.to_pydict()
    for name, values in columns_of(held).items():
        if name == "names":
            assert list(map(set, columns[name])) == list(map(set, values))
        elif name == "pair":
            assert columns[name] == [{"0": a, "1": b} for a, b in values]
        elif name == "row":
            assert columns[name] == [list(value) for value in values]
        else:
            assert columns[name] == values, name
    for name in ("when", "maybe_when"):
        numbers = got.column(name).cast(pa.int64()).to_pylist()
        assert numbers == [None if (t := getattr(row, name)) is None else int(t.astype("i8")) for row in held]


@pytest.mark.parametrize("table", TABLES)
@many
@given(rows, st.data())
def test_a_column_alone_is_the_column_among_all(filled: Any, table: Any, found: list[Every], data: Any) -> None:
    names = data.draw(st.lists(st.sampled_from(list(Every.__annotations__)), min_size=1, max_size=4, unique=True))
    size = data.draw(st.integers(1, 4))
    with filled(table, found).begin() as txn:
        whole = txn[table].to_arrow().read_all()
        got = txn[table].to_arrow(names, batch_rows=size)
        batches = list(got)
    assert all(0 < batch.num_rows <= size for batch in batches)
    assert pa.Table.from_batches(batches, got.schema).equals(whole.select(names))


@pytest.mark.parametrize("table", TABLES)
@many
@given(rows)
def test_rows_loaded_from_columns_are_the_rows(filled: Any, table: Any, found: list[Every]) -> None:
    db = filled(table, found)
    with db.begin() as txn:
        want = dict(txn[table].items())
        columns = txn[table].to_arrow().read_all()
    with db.begin(write=True) as txn:
        txn[table].clear()
        assert txn[table].load(columns) == len(found)
        assert dict(txn[table].items()) == want


@many
@given(rows)
def test_numpy_columns_say_what_the_rows_say(filled: Any, found: list[Every]) -> None:
    with filled(EveryCbor, found).begin() as txn:
        held = list(txn[EveryCbor].values())
        got = txn[EveryCbor].to_numpy()
        json = filled(EveryJson, found).begin()
        with json as other:
            twin = other[EveryJson].to_numpy()
    for name, values in got.items():
        want = [getattr(row, name) for row in held]
        assert len(values) == len(want)
        assert [repr(v) for v in twin[name].tolist()] == [repr(v) for v in values.tolist()] or name == "names"
        if name in ("moment", "wall"):
            assert values.dtype == "M8[us]"
            assert values.tolist() == [value.replace(tzinfo=None) for value in want]
        elif name in ("when", "maybe_when"):
            assert values.dtype == "M8[ns]"
            assert [None if np.isnat(v) else v for v in values] == want
        elif name == "maybe_ratio":
            assert [None if np.isnan(v) else v for v in values.tolist()] == want
        else:
            assert values.tolist() == want, name
    assert got["flag"].dtype == bool
    assert got["number"].dtype == "i8"
    assert got["ratio"].dtype == "f8"
    assert got["day"].dtype == "M8[D]"
    assert got["span"].dtype == "m8[us]"
    assert isinstance(got["maybe_number"], np.ma.MaskedArray)
    assert isinstance(got["maybe_flag"], np.ma.MaskedArray)


@pytest.mark.parametrize("method", ["to_pandas", "to_polars"])
def test_pandas_and_polars_bring_the_rows_back(filled: Any, method: str) -> None:
    found = [every(number) for number in range(50)]
    found[7] = every(7, maybe_place=Place("p"), maybe_tags=["t"], maybe_text="x", maybe_when=np.datetime64(9, "ns"))
    found[8] = every(8, maybe_flag=True, maybe_ratio=0.5, maybe_data=b"", maybe_day=dt.date(1, 1, 1), tags=[])
    db = filled(EveryCbor, found)
    with db.begin(write=True) as txn:
        want = dict(txn[EveryCbor].items())
        frame = getattr(txn[EveryCbor], method)()
        assert len(frame) == len(found)
        assert list(frame.columns) == list(Every.__annotations__)
        txn[EveryCbor].clear()
        txn[EveryCbor].load(frame)
        got = dict(txn[EveryCbor].items())
        for key, row in want.items():
            assert got[key] == row


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_files_bring_the_rows_back(filled: Any, tmp_path: Path, ending: str) -> None:
    found = [every(number) for number in range(100)]
    db = filled(EveryJson, found)
    path = tmp_path / f"rows.{ending}"
    with db.begin() as txn:
        want = dict(txn[EveryJson].items())
        table = txn[EveryJson].to_arrow().read_all()
    if ending == "parquet":
        pyarrow.parquet.write_table(table, path)
    else:
        pyarrow.feather.write_feather(table, str(path), compression="uncompressed")
    with db.begin(write=True) as txn:
        txn[EveryJson].clear()
        assert txn[EveryJson].load(path) == 100
        assert dict(txn[EveryJson].items()) == want


def every(at: int, **changes: Any) -> Every:
    """A row."""
    import uuid
    from decimal import Decimal

    from tests.columns.records import Level, Side

    values: dict[str, Any] = {
        "oid": uuid.UUID(int=at),
        "flag": bool(at % 2),
        "number": at,
        "ratio": at / 4,
        "text": f"text {at}",
        "data": bytes([at % 256]),
        "other": uuid.UUID(int=at * 7),
        "moment": dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=at),
        "wall": dt.datetime(2020, 1, 1) + dt.timedelta(hours=at),
        "when": np.datetime64(at, "ns"),
        "day": dt.date(2020, 1, 1) + dt.timedelta(days=at),
        "clock": dt.time(at % 24, 5),
        "span": dt.timedelta(seconds=at),
        "price": Decimal(at) / 4,
        "side": list(Side)[at % 2],
        "level": list(Level)[at % 2],
        "word": "ab"[at % 2],
        "place": Place("street", at),
        "tags": ["a"] * (at % 3),
        "places": [Place("x")] * (at % 2),
        "pair": (at, "x"),
        "row": (1.5,) * (at % 4),
        "names": {str(at)},
        "counts": {"a": at},
        "homes": {"h": Place("y", 2)},
        "spots": [None, uuid.UUID(int=5)],
        "maybe_number": at if at % 2 else None,
    }
    return Every(**{**values, **changes})


@pytest.mark.parametrize(
    ("table", "found", "names"),
    [
        (Points, {("a", 1): Point(1, 2.5), ("b\0", -(2**31)): Point(-5)}, ["key_0", "key_1", "x", "y"]),
        (Trades, [Trade("A", 1.5, 3), Trade("B", 0.0, 2**64 - 1)], ["symbol", "price", "size"]),
        (Orders, [Order(1, ["a"], "note"), Order(-2)], ["order_id", "line_items", "note"]),
        (Movies, {1: Movie(title="a", year=1999), 2: Movie(title="b")}, ["key", "title", "year"]),
    ],
)
def test_records_of_every_kind_go_out_and_in(filled: Any, table: Any, found: Any, names: list[str]) -> None:
    db = filled(table, found)
    with db.begin(write=True) as txn:
        want = dict(txn[table].items())
        assert len(want) == 2
        columns = txn[table].to_arrow()
        assert columns.schema.names == names
        columns = columns.read_all()
        for name in names:
            assert txn[table].to_arrow([name]).read_all().equals(columns.select([name]))
        txn[table].clear()
        assert txn[table].load(columns) == 2
        assert dict(txn[table].items()) == want


def test_maps_of_plain_values_go_out_and_in(path: str) -> None:
    import uuid

    samples: dict[str, Any] = {"Oid": 5, "Uuid": uuid.UUID(int=9), "String": "x", "Timestamp": np.datetime64(3, "ns")}
    samples |= {"Bytes16": b"a" * 16, "Bytes20": b"b" * 20, "Bytes32": b"c" * 32, "Uint8": 200, "Uint16": 7}
    samples |= {"Uint64": 2**64 - 1, "Slot": 4, "OidSet": {1, 2}, "UuidSet": {uuid.UUID(int=1)}, "StringSet": {"q"}}
    import re

    tested = 0
    maps = [getattr(zlmdb, name) for name in zlmdb.__all__ if name.startswith("Map") and name != "Map"]
    with zlmdb.open(path) as db:
        for number, base in enumerate(maps):
            words = re.findall(r"[A-Z][a-z]+\d*", base.__name__[3:].replace("Oid3", "OidOidOid"))
            if words[-1] == "Set":
                words[-2:] = [words[-2] + "Set"]
            if set(words) - set(samples):
                continue
            table = zlmdb.table(uuid.UUID(int=number + 1))(type(f"T{number}", (base,), {}))
            key = tuple(samples[word] for word in words[:-1])
            value = samples[words[-1]]
            if base is zlmdb.MapBytes20Bytes20Timestamp:
                key, value = key[:1], (key[1], value)
            db.attach_table(table)
            with db.begin(write=True) as txn:
                bound = txn[table]
                bound[key if len(key) > 1 else key[0]] = value
                want = dict(bound.items())
                columns = bound.to_arrow().read_all()
                numpy = bound.to_numpy()
                assert list(numpy) == columns.column_names
                bound.clear()
                assert bound.load(columns) == 1
                assert dict(bound.items()) == want, base.__name__
                tested += 1
    assert tested > 30


@attrs.define
class Named:
    key: str
    key_0: int
    value: float


@zlmdb.table("c01a0000-0000-4000-8000-0000000000f1")
class NamedAlike(zlmdb.Map[tuple[str, int], Named], key=(zlmdb.String, zlmdb.Int8), value=zlmdb.Json):
    """Rows with fields of the names that the key's columns would have."""


@zlmdb.table("c01a0000-0000-4000-8000-0000000000f2")
class LooseAlike(zlmdb.Map[tuple[str, int], Any], key=(zlmdb.String, zlmdb.Int8), value=zlmdb.Json):
    """The same, of no declared type."""


@pytest.mark.parametrize("method", ["to_arrow", "to_numpy", "to_pandas", "to_polars"])
def test_fields_may_have_the_names_of_key_columns(db: Any, method: str) -> None:
    db.attach_tables([NamedAlike, LooseAlike])
    with db.begin(write=True) as txn:
        row = {"key": "k", "key_0": 5, "value": 1.5}
        for table, value in ((NamedAlike, Named(**row)), (LooseAlike, row)):
            txn[table]["a", 1] = value
            given = getattr(txn[table], method)()
            if method == "to_arrow":
                given = given.read_all()
            txn[table].clear()
            assert txn[table].load(given) == 1
            assert list(txn[table].items()) == [(("a", 1), value)]
