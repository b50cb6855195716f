"""Columns in: every source, what is refused and how it is said, and that a load that is refused leaves nothing."""

from __future__ import annotations

import datetime as dt
import gzip
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import attrs
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import zlmdb
from tests.columns.records import Level, Loose, Movies, Point, Points, Side
from zlmdb import errors


@attrs.define
class Item:
    oid: uuid.UUID
    name: str
    size: int
    price: Decimal
    ratio: float
    day: dt.date
    side: Side
    level: Level
    moment: dt.datetime
    when: np.datetime64
    clock: dt.time
    flag: bool
    note: str | None = None
    count: int | None = None


@zlmdb.table("c01a0000-0000-4000-8000-000000000030", pk="oid")
class Items(zlmdb.MapUuidCbor[Item]):
    """Rows that CSV can hold."""

    by_name = zlmdb.index("name", unique=True)


def item(at: int) -> Item:
    return Item(
        uuid.UUID(int=at),
        f'name "{at}", it\'s\nnew',
        -at,
        Decimal("1.250") * at,
        at / 3,
        dt.date(2020, 1, 1) + dt.timedelta(days=at),
        list(Side)[at % 2],
        list(Level)[at % 2],
        dt.datetime(2020, 1, 1, 12, at % 60, tzinfo=dt.UTC),
        np.datetime64(10**18 + at, "ns"),
        dt.time(at % 24, 1, 2),
        bool(at % 2),
        None if at % 3 else "note",
        at if at % 2 else None,
    )


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_tables([Items, Points, Loose, Movies])
    with db.begin(write=True) as txn:
        yield txn


def test_every_source_gives_the_rows(txn: Any, tmp_path: Path) -> None:
    rows = [item(at) for at in range(300)]
    txn[Items].load(rows)
    want = dict(txn[Items].items())
    table = txn[Items].to_arrow().read_all()
    frame = txn[Items].to_pandas()
    csv = tmp_path / "items.csv"
    frame.to_csv(csv, index=False)
    tsv = tmp_path / "items.tsv.gz"
    with gzip.open(tsv, "wt") as out:
        frame.to_csv(out, index=False, sep="\t")
    ds.write_dataset(table, tmp_path / "set", format="parquet")
    dataset = ds.dataset(tmp_path / "set")
    for source in (
        table,
        table.to_reader(max_chunksize=7),
        table.to_batches()[0],
        frame,
        frame.set_index("oid"),
        pl.from_arrow(table.drop_columns("oid")).with_columns(oid=pl.Series([row.oid.bytes for row in want.values()])),
        csv,
        str(csv),
        tsv,
        dataset,
        dataset.scanner(),
        list(want.values()),
        (row for row in want.values()),
    ):
        txn[Items].clear()
        assert txn[Items].load(source) == 300
        assert dict(txn[Items].items()) == want, type(source)


def test_a_map_and_a_selection_are_rows_as_before(txn: Any) -> None:
    txn[Points].load({("a", at): Point(at) for at in range(5)})
    txn[Loose].load({"k": 1})
    kept = dict(txn[Points].items())
    pairs = list(txn[Points].select())
    txn[Points].clear()
    txn[Points].load(pairs)
    assert dict(txn[Points].items()) == kept
    txn[Points].clear()
    assert txn[Points].load(kept) == 5


COLUMNS: dict[str, Any] = {"key_0": ["a", "b"], "key_1": [1, 2], "x": [1, 2], "y": [0.5, 1.5]}


def table_of(**changed: Any) -> pa.Table:
    return pa.table({name: values for name, values in {**COLUMNS, **changed}.items() if values is not None})


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"z": [1, 2]}, errors.SchemaError, r"no place for column z: expected key_0, key_1, x, y; ignore=\['z'\]"),
        ({"x": None}, errors.SchemaError, "expected a column x, found key_0, key_1, y"),
        ({"key_1": None}, errors.SchemaError, "expected a column key_1"),
        ({"x": [1, None]}, errors.ValueTypeError, "row 2, column x: expected int, found None"),
        ({"x": [1.0, 2.5]}, errors.ValueTypeError, "row 2, column x: expected int, found float 2.5"),
        ({"x": ["1", "2"]}, errors.ValueTypeError, "column x: expected int, found a column of string"),
        ({"x": [True, False]}, errors.ValueTypeError, "column x: expected int, found a column of bool"),
        ({"y": [1, 2**53 + 1]}, errors.ValueTypeError, "row 2, column y: expected float, found int 9007199254740993"),
        ({"key_0": [b"a", b"b"]}, errors.ValueTypeError, "column key_0: expected str, found a column of binary"),
        ({"key_1": [1, 2**31]}, errors.KeyValueError, "the range of int32"),
        ({"key_0": ["a", "a"], "key_1": [1, 1]}, errors.DuplicateKey, "primary key"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(txn: Any, changed: Any, error: Any, match: str) -> None:
    txn[Points]["there", 1] = Point(1)
    with pytest.raises(error, match=match):
        txn[Points].load(table_of(**changed))
    assert dict(txn[Points].items()) == {("there", 1): Point(1)}
    assert txn[Points].load(table_of()) == 2


def test_what_loses_nothing_is_converted(txn: Any) -> None:
    given = table_of(
        x=pa.array([1.0, 2.0]), y=pa.array([1, 2], pa.int8()), key_0=pa.array(["a", "b"]).dictionary_encode()
    )
    assert txn[Points].load(given) == 2
    assert dict(txn[Points].items()) == {("a", 1): Point(1, 1.0), ("b", 2): Point(2, 2.0)}
    txn[Points].clear()
    txn[Points].load(table_of(y=None, extra=[1, 2]), ignore=["extra"])  # y has a default
    assert txn[Points]["a", 1] == Point(1, 0.5)
    frame = pd.DataFrame({"key": [1, 2], "title": ["a", "b"], "year": [1999, None]})  # pandas makes floats of them
    txn[Movies].load(frame)
    assert dict(txn[Movies].items()) == {1: {"title": "a", "year": 1999}, 2: {"title": "b"}}


def test_undeclared_rows_take_any_columns(txn: Any) -> None:
    txn[Loose].load(pa.table({"key": ["a", "b"], "n": [1, None], "t": ["x", "y"]}))
    assert dict(txn[Loose].items()) == {"a": {"n": 1, "t": "x"}, "b": {"n": None, "t": "y"}}
    txn[Loose].clear()
    txn[Loose].load(pa.table({"key": ["a"], "value": [[1, 2]]}))
    assert dict(txn[Loose].items()) == {"a": [1, 2]}
    txn[Loose].clear()
    txn[Loose]["a"] = {"key": 5, "n": 1}
    columns = txn[Loose].to_arrow().read_all()
    assert columns.column_names == ["key_", "key", "n"]
    txn[Loose].clear()
    txn[Loose].load(columns)
    assert dict(txn[Loose].items()) == {"a": {"key": 5, "n": 1}}
    with pytest.raises(errors.SchemaError, match="expected a column key with the key, found n"):
        txn[Loose].load(pa.table({"n": [1]}))


HEADER = "key_0,key_1,x,y\n"


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (HEADER + "a,1,1,1\nb,2,two,1\n", errors.ValueTypeError, r"file .*/p.csv, row 2, column x: .*'two'"),
        (HEADER + "a,1,1,1\nb,2,,1\n", errors.ValueTypeError, "row 2, column x: expected int, found None"),
        (HEADER + "a,1,1,1\nb,2\n", errors.ValueTypeError, r"p.csv, row 2: expected 4 columns, found 2"),
        ("key_0,key_1,x,z\na,1,1,1\n", errors.SchemaError, r"p.csv: there is no place for column z"),
        (
            "key_0,key_1,x,x\na,1,1,1\n",
            errors.SchemaError,
            r"p.csv: expected columns of different names, found x twice",
        ),
        ("", errors.DecodeError, "an empty file"),
        (b"\xff\xfe\n", errors.DecodeError, "UTF-8"),
    ],
)
def test_a_fault_in_a_csv_file_is_named(txn: Any, tmp_path: Path, text: Any, error: Any, match: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(error, match=match):
        txn[Points].load(path)
    assert len(txn[Points]) == 0


def test_files_that_are_not_what_they_seem(txn: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file .*missing.csv"):
        txn[Points].load(tmp_path / "missing.csv")
    other = tmp_path / "rows.xyz"
    other.write_text("x")
    with pytest.raises(ValueError, match=r"expected the ending .parquet"):
        txn[Points].load(other)
    for name in ("rows.parquet",):
        broken = tmp_path / name
        broken.write_text("no")
        with pytest.raises(errors.DecodeError, match="expected a Parquet file"):
            txn[Points].load(broken)


def test_a_fault_late_in_a_file_takes_everything_back(db: Any, tmp_path: Path) -> None:
    db.attach_tables([Points])
    path = tmp_path / "p.csv"
    good = "".join(f"a,{at},1,1\n" for at in range(30_000))
    path.write_text(HEADER + good + "a,30000,x,1\n")
    with db.begin(write=True) as txn:
        with pytest.raises(errors.ValueTypeError, match="row 30001, column x"):
            txn[Points].load(path)
        assert len(txn[Points]) == 0
        path.write_text(HEADER + good)
        assert txn[Points].load(path, sorted=False) == 30_000


def test_progress_is_told_and_shown(txn: Any, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    told: list[int] = []
    rows = {("a", at): Point(at) for at in range(50_000)}
    txn[Points].load(rows, progress=told.append)
    assert told == [20_000, 40_000, 50_000]
    txn[Points].clear()
    assert capsys.readouterr() == ("", "")
    txn[Points].load(rows, progress=True)
    out, shown = capsys.readouterr()
    assert out == ""
    assert "50000/50000" in shown
    txn[Points].clear()
    import sys

    for name in ("rich.console", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)
    txn[Points].load(table_of(), progress=True)
    assert capsys.readouterr().err == "\rPoints: 2 of 2 rows\n"
    with pytest.raises(TypeError, match="progress"):
        txn[Points].load({}, progress="yes")


def test_values_of_other_types_are_refused(txn: Any) -> None:
    with pytest.raises(errors.ValueTypeError, match=r"column when: expected numpy.datetime64, found a column of int64"):
        txn[Items].load(_items(when=[1]))
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column day: expected datetime.date"):
        txn[Items].load(_items(day=[dt.datetime(2020, 1, 1, 12)]))
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column side: expected a value of Side, found str 'hold'"):
        txn[Items].load(_items(side=["hold"]))
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column oid: expected uuid.UUID, found bytes"):
        txn[Items].load(_items(oid=[b"short"]))
    assert txn[Items].load(_items(day=[dt.datetime(2020, 1, 1)], oid=[str(uuid.UUID(int=1))])) == 1


def _items(**changed: Any) -> pa.Table:
    values = {name: [getattr(item(1), name)] for name in Item.__annotations__}
    values |= {"side": ["buy"], "level": [1], "oid": [uuid.UUID(int=1).bytes], "price": ["1.5"]}
    values["when"] = pa.array([1], pa.timestamp("ns"))
    return pa.table({**values, **changed})


@attrs.define
class Blob:
    k: int
    s: str
    raw: bytes | None = None
    at: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None


@zlmdb.table("c01a0000-0000-4000-8000-000000000031", pk="k")
class Blobs(zlmdb.Map[int, Blob], key=zlmdb.Int64, value=zlmdb.Cbor):
    """What CSV is hard on."""


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("k,s", []),
        ("k,s\n", []),
        ("k,s\r\n\r\n", []),
        ("\n\nk,s\n1,a\n", [Blob(1, "a")]),
        ("\r\nk,s\r\n\r\n1,a", [Blob(1, "a")]),
        ("\ufeffk,s\n1,a\n", [Blob(1, "a")]),
        ("k,s,raw\n1,a,\n2,b,x\n", [Blob(1, "a"), Blob(2, "b", b"x")]),
        ("k,s,raw\n0,x,\n1," + "x" * (3 << 20) + ",\n2,b,\n", [Blob(0, "x"), Blob(1, "x" * (3 << 20)), Blob(2, "b")]),
        (
            "k,s\n" + "".join(f"{at},{'y' * 1000}\n" for at in range(3000)) + "3000," + "x" * (3 << 20) + "\n",
            [*[Blob(at, "y" * 1000) for at in range(3000)], Blob(3000, "x" * (3 << 20))],
        ),
    ],
    ids=range(9),
)
def test_csv_of_every_shape_is_read(db: Any, tmp_path: Path, text: str, want: list[Blob]) -> None:
    db.attach_table(Blobs)
    (tmp_path / "b.csv").write_bytes(text.encode())
    with gzip.open(tmp_path / "b.csv.gz", "wb") as out:
        out.write(text.encode())
    with db.begin(write=True) as txn:
        for name in ("b.csv", "b.csv.gz"):
            txn[Blobs].clear()
            assert txn[Blobs].load(tmp_path / name) == len(want)
            assert list(txn[Blobs].values()) == want


def test_what_no_file_and_no_frame_is(db: Any, tmp_path: Path) -> None:
    db.attach_table(Blobs)
    for name, form in [("a.arrow", "an Arrow file"), ("a.csv.gz", "a CSV file"), ("a.parquet", "a Parquet file")]:
        (tmp_path / name).write_bytes(b"garbage")
        with db.begin(write=True) as txn, pytest.raises(errors.DecodeError, match=f"{name}: expected {form}"):
            txn[Blobs].load(tmp_path / name)
    path = tmp_path / "b.csv"
    path.write_text("k,s,at\n1,a,2020-01-01 00:00:00\n")
    with db.begin(write=True) as txn:
        with pytest.raises(
            errors.ValueTypeError, match="row 1, column at: expected a time with a timezone, found '2020"
        ):
            txn[Blobs].load(path)
        with pytest.raises(TypeError, match=r"found LazyFrame; hand over collect\(\)"):
            txn[Blobs].load(pl.LazyFrame({"k": [1]}))
        for alone in (pl.Series("k", [1]), pa.array([1])):
            with pytest.raises(TypeError, match="expected columns with names"):
                txn[Blobs].load(alone)
        assert len(txn[Blobs]) == 0


def test_a_quote_that_stays_open_is_refused(db: Any, tmp_path: Path) -> None:
    db.attach_table(Blobs)
    path = tmp_path / "b.csv"
    with db.begin(write=True) as txn:
        path.write_text('k,s\n1,"a\n2,b\n')
        with pytest.raises(errors.DecodeError, match="row 1: expected a quote that is closed"):
            txn[Blobs].load(path)
        assert len(txn[Blobs]) == 0
        path.write_text('k,s\n1,5" disk\n2,"b\nc"\n')
        assert txn[Blobs].load(path) == 2
        assert [row.s for row in txn[Blobs].values()] == ['5" disk', "b\nc"]
