"""Columns in from further sources, and that what Python or a time in nanoseconds cannot hold is never cut to fit."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Annotated, Any

import attrs
import duckdb
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from zlmdb import errors
from zlmdb.columns.kind import Misfit
from zlmdb.columns.timekinds import DATETIME64


@attrs.define
class Row:
    id: int
    number: int | None = None
    size: float | None = None
    day: dt.date | None = None
    clock: dt.time | None = None
    span: dt.timedelta | None = None
    moment: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    when: np.datetime64 | None = None
    raw: bytes | None = None
    any: Any = None


@zlmdb.table("c01a0000-0000-4000-8000-000000000032", pk="id")
class Held(zlmdb.Map[int, Row], key=zlmdb.Int64, value=zlmdb.Cbor):
    """Rows with something of everything."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000033")
class Ticks(zlmdb.Series[str]):
    """Ticks that come from files."""

    price = zlmdb.column("f8")


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_tables([Held, Ticks])
    with db.begin(write=True) as txn:
        yield txn


def loaded(txn: Any, source: Any, column: str) -> list[Any]:
    """What a column of a source is as values."""
    txn[Held].clear()
    txn[Held].load(source)
    return [getattr(row, column) for row in txn[Held].values()]


# -- times as text


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01", 0),
        ("1970-02", 31 * 86_400 * 10**9),
        ("1970-01-01T01", 3600 * 10**9),
        ("1970-01-01 00:01", 60 * 10**9),
        ("1969-12-31T23:59:59.5", -(10**9) // 2),
        ("1970-01-01T00:00:00.000000001", 1),
        ("1970-01-01T00:00:00.0000000010", 1),
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T22:30:00-0130", 0),
        ("2262-04-11T23:47:16.854775807", 2**63 - 1),
        ("1677-09-21T00:12:43.145224193", -(2**63) + 1),
        ("NaT", -(2**63)),
    ],
)
def test_a_time_as_text_is_taken_exactly(txn: Any, tmp_path: Path, text: str, ns: int) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"id,when\n1,{text}\n")
    (found,) = loaded(txn, path, "when")
    assert found.dtype == "M8[ns]"
    assert int(found.astype(np.int64)) == ns
    if text != "NaT":
        (tmp_path / "t.csv").write_text(f"key,time,price\na,{text},1\n")
        txn[Ticks].load(tmp_path / "t.csv")
        assert txn[Ticks].range("a").time.astype(np.int64).tolist() == [ns]


@pytest.mark.parametrize(
    "text",
    [
        *("3000-01-01", "1500-01-01", "2262-04-11T23:47:16.854775808", "1677-09-21T00:12:43.145224192"),
        *("2020-01-01T00:00:00.1234567891", "2020-02-30", "2020-01-01T24:00:00", "2020-01-01T23:59:60"),
        *("now", "today", "2020", "5", "-5", "9999-12-31T23:59:59-10:00", "2020-01-01T00:00:00+25", "٢٠٢٠-٠١-٠١"),
    ],
)
def test_a_time_as_text_that_nanoseconds_cannot_hold_is_refused(txn: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"id,when\n1,1970-01-01\n2,{text}\n")
    with pytest.raises(errors.ValueTypeError, match=r"r\.csv, row 2, column when: expected a time such as"):
        txn[Held].load(path)
    (tmp_path / "t.csv").write_text(f"key,time,price\na,1970-01-01,1\na,{text},1\n")
    with pytest.raises(errors.ValueTypeError, match=r"t\.csv, row 2, column time: expected a time such as"):
        txn[Ticks].load(tmp_path / "t.csv")
    assert len(txn[Held]) == 0
    assert list(txn[Ticks]) == []


@given(
    st.lists(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-(10**12), 10**12), max_size=5),
    st.sampled_from(["", "Z"]),
    st.booleans(),
)
def test_times_as_text_are_those_of_numpy(numbers: list[int], zone: str, odd: bool) -> None:
    texts = [str(np.datetime64(number, "ns")) + zone for number in numbers]
    if odd:
        texts.append("1970-01")
        numbers = [*numbers, 0]
    found = DATETIME64.from_arrow(pa.array(texts, pa.string()))
    assert [int(value.astype(np.int64)) for value in found] == numbers
    with pytest.raises(Misfit) as wrong:
        DATETIME64.from_arrow(pa.array([*texts, "3000-01-01"]))
    assert wrong.value.at == len(texts)


def test_times_of_day_are_not_cut(txn: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("id,clock\n1,10:00:00.1234560\n")
    assert loaded(txn, path, "clock") == [dt.time(10, 0, 0, 123456)]
    path.write_text("id,clock\n1,10:00:00.1234567\n")
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column clock: expected datetime.time or None, found str"):
        txn[Held].load(path)


@pytest.mark.parametrize(
    ("column", "array"),
    [
        ("moment", pa.array([0, 2**60], pa.timestamp("s", "UTC"))),
        ("when", pa.array([0, 2**60], pa.timestamp("s"))),
        ("day", pa.array([0, 2**60], pa.timestamp("s"))),
        ("day", pa.array([0, 2**30], pa.int32()).cast(pa.date32())),
        ("span", pa.array([0, 2**60], pa.duration("s"))),
        ("clock", pa.array([0, 86_400_000_000]).view(pa.time64("us"))),
        ("any", pa.array([0, 2**60], pa.timestamp("s"))),
        ("any", pa.array([0, 2**60], pa.duration("s"))),
        ("any", pa.array([0, 2**30], pa.int32()).cast(pa.date32())),
        ("any", pa.array([0, 10_000_000_001]).view(pa.time64("ns"))),
    ],
)
def test_times_that_python_has_not_are_named(txn: Any, column: str, array: Any) -> None:
    with pytest.raises(errors.ValueTypeError, match=rf"row 2, column {column}: expected .* found .*\d{{10}}"):
        txn[Held].load(pa.table({"id": [1, 2], column: array}))


def test_a_time_inside_of_what_is_not_declared_is_named(txn: Any) -> None:
    nested = pa.array([[2**60]], pa.list_(pa.timestamp("s")))
    with pytest.raises(errors.ValueTypeError, match="column any: expected values that Python's datetime can hold"):
        txn[Held].load(pa.table({"id": [1], "any": nested}))


def test_a_directory_is_no_file(txn: Any, tmp_path: Path) -> None:
    for name in ("parts", "parts.parquet"):
        (tmp_path / name).mkdir()
        with pytest.raises(ValueError, match=r"expected a file, found a directory; hand over pyarrow.dataset.dataset"):
            txn[Held].load(tmp_path / name)


# -- CSV


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"id,number\n1,1\n2\n", "row 2: expected 2 columns, found 1: '2'"),
        (b"id,number\n1,1\n2,2,2\n", "row 2: expected 2 columns, found 3: '2,2,2'"),
        (b"id,when\n1,\n2,\xe9\n", "row 2, column when: expected text in UTF-8"),
    ],
)
def test_a_bad_line_is_counted_as_values_are(txn: Any, tmp_path: Path, text: bytes, match: str) -> None:
    (tmp_path / "r.csv").write_bytes(text)
    with pytest.raises(errors.ValueTypeError, match=match):
        txn[Held].load(tmp_path / "r.csv")


# -- other programs


def test_answers_of_duckdb_are_loaded(txn: Any) -> None:
    con = duckdb.connect()
    query = "select 1 as id, sum(x) as number, interval 3 hours as span, date '2020-01-01' as day from range(5) t(x)"
    assert txn[Held].load(con.sql(query)) == 1
    assert txn[Held][1] == Row(1, number=10, span=dt.timedelta(hours=3), day=dt.date(2020, 1, 1))
    ticks = con.sql(
        "select 'a' as key, timestamp '2020-01-01' + to_seconds(x) as time, x::double as price from range(3) t(x)"
    )
    assert txn[Ticks].load(ticks) == 3
    assert txn[Ticks].range("a").price.tolist() == [0, 1, 2]
    with pytest.raises(
        errors.ValueTypeError, match=r"column span: expected datetime.timedelta or None, found .*months"
    ):
        txn[Held].load(con.sql("select 2 as id, interval 3 months as span"))
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column number: expected int or None, found Decimal"):
        txn[Held].load(con.sql("select 2 as id, 1.5::decimal(5, 2) as number"))
    con.close()


def test_what_lost_nothing_on_the_way_is_taken(txn: Any) -> None:
    big = [decimal.Decimal(10) ** 30, None]
    assert loaded(txn, pa.table({"id": [1, 2], "number": big}), "number") == [10**30, None]
    days = pa.array([dt.date(1970, 1, 2), None])
    assert loaded(txn, pa.table({"id": [1, 2], "when": days}), "when") == [np.datetime64("1970-01-02", "ns"), None]
    spans = pa.array([pa.MonthDayNano([0, -1, 1000]), None], pa.month_day_nano_interval())
    assert loaded(txn, pa.table({"id": [1, 2], "span": spans}), "span") == [dt.timedelta(-1, 0, 1), None]
    for wrong in ([0, 0, 1], [0, 2**31 - 1, 0]):
        spans = pa.array([pa.MonthDayNano(wrong)], pa.month_day_nano_interval())
        with pytest.raises(errors.ValueTypeError, match="row 1, column span"):
            txn[Held].load(pa.table({"id": [3], "span": spans}))


def test_objects_in_frames_of_polars_are_values_not_addresses(txn: Any) -> None:
    frame = pl.DataFrame({"id": [1, 2], "raw": pl.Series([b"x", None], dtype=pl.Object), "number": [3, 4]})
    txn[Held].load(frame)
    assert list(txn[Held].values()) == [Row(1, number=3, raw=b"x"), Row(2, number=4)]
    with pytest.raises(errors.ValueTypeError, match="row 1, column raw: expected bytes or None, found object"):
        txn[Held].load(pl.DataFrame({"id": [3], "raw": pl.Series([object()], dtype=pl.Object)}))


def test_a_column_alone_is_no_table(txn: Any) -> None:
    with pytest.raises(TypeError, match="found Series; hand over a DataFrame"):
        txn[Held].load(pd.Series([1], name="id"))


# -- arrays of NumPy


@pytest.mark.parametrize("dtype", [">i8", ">f8", ">f4", "f2", ">u2"])
def test_arrays_of_every_byte_order_are_taken(txn: Any, dtype: str) -> None:
    arrays = {"id": np.arange(2, dtype=">i4"), "size": np.array([1, 2], dtype)}
    assert loaded(txn, arrays, "size") == [1.0, 2.0]
    masked = {"id": np.arange(2), "size": np.ma.array([1, 2], dtype=dtype, mask=[True, False])}
    assert loaded(txn, masked, "size") == [None, 2.0]


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "2h"])
def test_arrays_of_times_of_every_unit_are_taken(txn: Any, unit: str) -> None:
    times = np.array([1, "NaT", -5], f"m8[{unit}]") + np.datetime64(0, unit.lstrip("2"))
    want = times.astype("M8[ns]").tolist()
    found = loaded(txn, {"id": np.arange(3), "when": times}, "when")
    assert [None if value is None else int(value.astype(np.int64)) for value in found] == want
    if unit not in ("Y", "M", "ns"):
        spans = np.array([1, "NaT", -5], f"m8[{unit}]")
        assert loaded(txn, {"id": np.arange(3), "span": spans}, "span") == spans.astype("m8[us]").tolist()


def test_times_that_have_no_place_are_refused(txn: Any) -> None:
    for column, dtype in [("when", "M8[ps]"), ("span", "m8[M]"), ("number", "m8[ps]")]:
        with pytest.raises(errors.ValueTypeError, match=f"column {column}: expected .*, found "):
            txn[Held].load({"id": np.arange(1), column: np.zeros(1, dtype)})
    with pytest.raises(errors.ValueTypeError, match="column day: expected times that Arrow can hold, found "):
        txn[Held].load({"id": np.arange(1), "day": np.array([2**62], "i8").view("M8[W]")})


def test_a_structured_array_is_columns(txn: Any) -> None:
    rows = np.array([(1, 2), (2, 3)], [("id", "i8"), ("number", ">i4")])
    want = [Row(1, number=2), Row(2, number=3)]
    for given_ in (rows, rows.view(np.recarray), rows[:0]):
        txn[Held].clear()
        assert txn[Held].load(given_) == len(given_)
        assert list(txn[Held].values()) == want[: len(given_)]
    txn[Held].clear()
    txn[Held].load(np.ma.array(rows, mask=[(False, True), (False, False)]))
    assert list(txn[Held].values()) == [Row(1), Row(2, number=3)]
    ticks = np.array([("a", 5, 1.5), ("b", 6, 2.5)], [("key", "U3"), ("time", "M8[s]"), ("price", "f4")])
    assert txn[Ticks].load(ticks) == 2
    assert txn[Ticks].range("b").time.tolist() == [6 * 10**9]
    with pytest.raises(errors.SchemaError, match="no place for column other"):
        txn[Held].load(np.zeros(1, [("id", "i8"), ("other", "i8")]))
