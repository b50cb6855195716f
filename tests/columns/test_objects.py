"""Objects of several classes in one column: nothing of them is lost unseen."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import attrs
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

import zlmdb
from zlmdb import errors


@attrs.define
class Row:
    key: int
    day: dt.date | None = None
    clock: dt.time | None = None
    wall: Annotated[dt.datetime, msgspec.Meta(tz=False)] | None = None
    moment: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    when: np.datetime64 | None = None
    span: dt.timedelta | None = None
    number: int | None = None
    ratio: float | None = None
    price: Decimal | None = None
    data: bytes | None = None
    spans: list[dt.timedelta] | None = None
    other: Any = None


@zlmdb.table("c01a0000-0000-4000-8000-0000000000e1", pk="key")
class Rows(zlmdb.Map[int, Row], key=zlmdb.Int64, value=zlmdb.Cbor):
    """Rows with a column of each sort of objects."""


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_tables([Rows])
    with db.begin(write=True) as txn:
        yield txn


def objects(values: list[Any]) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def of_pandas(name: str, values: list[Any]) -> Any:
    return pd.DataFrame({"key": range(len(values)), name: pd.Series(values, dtype=object)})


def of_numpy(name: str, values: list[Any]) -> Any:
    return {"key": np.arange(len(values)), name: objects(values)}


def of_polars(name: str, values: list[Any]) -> Any:
    return pl.DataFrame({"key": range(len(values)), name: pl.Series(values, dtype=pl.Object)})


SOURCES = pytest.mark.parametrize("source", [of_pandas, of_numpy, of_polars])
Source = Callable[[str, list[Any]], Any]
DAY, NOON = dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, 12)
EAST = dt.timezone(dt.timedelta(hours=3))


@SOURCES
@pytest.mark.parametrize(
    ("name", "values", "match"),
    [
        ("day", [DAY, NOON], "row 2, column day: expected datetime.date or None, found datetime"),
        ("day", [NOON, DAY], "row 1, column day: expected datetime.date or None, found datetime"),
        ("day", [DAY, 1], "row 2, column day: expected datetime.date or None, found int 1"),
        ("wall", [NOON, DAY], "row 2, column wall: expected a datetime without a timezone or None, found date"),
        ("wall", [NOON, NOON.replace(tzinfo=EAST)], "row 2, column wall: expected a datetime without a timezone"),
        ("wall", [NOON, 1], "row 2, column wall: .* found int 1"),
        ("wall", [NOON, pd.Timestamp(1)], "row 2, column wall: .* found Timestamp"),
        ("moment", [NOON.replace(tzinfo=EAST), NOON], "row 2, column moment: expected a timezone-aware datetime"),
        ("when", [NOON, NOON.replace(tzinfo=EAST)], "row 2, column when: expected a datetime without a timezone,"),
        ("when", [NOON, 1], "row 2, column when: expected numpy.datetime64 or None, found int 1"),
        ("when", [pd.Timestamp(1), dt.datetime(9000, 1, 1)], "row 2, column when: .* fit in nanoseconds"),
        ("clock", [None, dt.time(1, tzinfo=EAST)], "row 2, column clock: expected a datetime.time without a timezone"),
        ("clock", [dt.time(1), 1], "row 2, column clock: expected datetime.time or None, found int 1"),
        ("span", [dt.timedelta(1), 1], "row 2, column span: expected datetime.timedelta or None, found int 1"),
        ("span", [dt.timedelta(1), pd.Timedelta(1, "ns")], "row 2, column span: .* found Timedelta"),
        ("spans", [[dt.timedelta(1)], [1]], "row 2, column spans: expected datetime.timedelta, found int 1"),
        ("number", [1, np.True_], "row 2, column number: expected int or None, found bool"),
        ("number", [1, 10**80], "row 2, column number: expected int or None, found int 10+"),
        ("ratio", [1.5, True], "row 2, column ratio: expected float or None, found bool True"),
        ("price", [Decimal(1), 1.5], "row 2, column price: expected decimal.Decimal or None, found float 1.5"),
        ("data", [b"a", "b"], "row 2, column data: expected bytes or None, found str 'b'"),
        ("other", [DAY, NOON], "row 2, column other: expected a date, as before, found datetime"),
        ("other", ["a", b"b"], "row 2, column other: expected text, as before, found bytes"),
        ("other", [1.5, True], "row 2, column other: expected a number, as before, found bool True"),
        ("other", [2**64, 1], "row 1, column other: expected an integer of at most 64 bits"),
        ("other", [2**63, -1], "column other: expected integers that all fit in int64, or in uint64"),
    ],
)
def test_what_would_lose_something_is_refused(
    txn: Any, source: Source, name: str, values: list[Any], match: str
) -> None:
    with pytest.raises(errors.ValueTypeError, match=match):
        txn[Rows].load(source(name, values))
    assert len(txn[Rows]) == 0


@SOURCES
@pytest.mark.parametrize(
    ("name", "values", "want"),
    [
        ("day", [dt.datetime(2020, 1, 2), None, DAY], [dt.date(2020, 1, 2), None, DAY]),
        ("when", [NOON, pd.Timestamp(1)], [np.datetime64(NOON, "ns"), np.datetime64(1, "ns")]),
        ("moment", [NOON.replace(tzinfo=dt.UTC), NOON.replace(tzinfo=EAST)], None),
        ("number", [2**63, 1], None),
        ("number", [2**63, -1, None], None),
        ("number", [2**100, 1], None),
        ("number", [Decimal(5), 6], None),
        ("ratio", [2**70, 1.5], None),
        ("other", [2**63, 1, None], None),
    ],
)
def test_what_loses_nothing_is_taken(txn: Any, source: Source, name: str, values: list[Any], want: Any) -> None:
    txn[Rows].load(source(name, values))
    assert [getattr(row, name) for row in txn[Rows].values()] == (want or values)


@SOURCES
def test_decimals_keep_their_digits(txn: Any, source: Source) -> None:
    values = [Decimal("1.10"), Decimal("2.123"), Decimal("-0.0"), Decimal("1E+5"), None, 5]
    txn[Rows].load(source("price", values))
    assert [str(row.price) for row in txn[Rows].values()] == [str(value) for value in values]


def test_a_name_that_comes_twice_in_a_frame_is_refused(txn: Any) -> None:
    for frame in (
        pd.DataFrame([[1, 2]], columns=["key", "key"]),
        pd.DataFrame({"key": [1]}, index=pd.Index([2], name="key")),
        pd.DataFrame([[1, 2, 3]], columns=["key", "number", "number"]),
    ):
        with pytest.raises(errors.SchemaError, match=r"found (key|number) twice"):
            txn[Rows].load(frame)
    assert len(txn[Rows]) == 0


def test_indexes_and_sparse_columns_of_frames_are_columns(txn: Any) -> None:
    sparse = pd.arrays.SparseArray([1.0, np.nan])
    txn[Rows].load(pd.DataFrame({"key": [1, 2], "ratio": sparse}))
    assert [row.ratio for row in txn[Rows].values()] == [1.0, None]
    txn[Rows].clear()
    txn[Rows].load(pd.DataFrame({"key": [1, 2]}, index=pd.Index(sparse, name="ratio")))
    assert [row.ratio for row in txn[Rows].values()] == [1.0, None]
    pairs = pd.MultiIndex.from_tuples([(3, uuid.UUID(int=1)), (4, None)], names=["key", None])
    assert txn[Rows].load(pd.DataFrame({"number": [1, 2]}, index=pairs), ignore=["level_1"]) == 2
    with pytest.raises(errors.ValueTypeError, match="column key: expected an array, found one value"):
        txn[Rows].load({"key": np.array(1)})
