"""No value is changed in silence: what a batch refuses, a single append refuses, too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare

NAMES = ("f8", "f4", "f2", "i8", "i4", "i1", "u8", "u2")
OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de62"
Tables = {name: declare({"x": zlmdb.column(name)}, f"{OID}{at}") for at, name in enumerate(NAMES)}
WHOLE = [0, 1, 255, 256, 2**11 + 1, 2**24, 2**24 + 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1, 2**64]
VALUES: list[Any] = [*WHOLE, *[-n for n in WHOLE], 10**400, True, False, None, "1", b"1", 1j, Decimal("0.1")]
VALUES += [0.5, 0.1, 1.0, 65504.0, 65520.0, 1e39, 1e300, 2.0**53, 2.0**63, -(2.0**63), 2.0**64, float("inf")]
VALUES += [np.float64(0.1), np.float32(0.1), np.float16(0.1), np.float64(0.5), np.int64(5), np.int64(2**53 + 1)]
VALUES += [np.uint8(200), np.uint64(2**63), np.bool_(True)]


@pytest.fixture(scope="module")
def db() -> Any:
    with zlmdb.open(":memory:", list(Tables.values())) as db:
        yield db


def outcome(db: Any, name: str, times: Any, value: Any) -> Any:
    """The values that are there after an append, or False if it was refused."""
    with db.begin(write=True) as txn:
        try:
            txn[Tables[name]].append("a", times, x=value)
            return txn[Tables[name]].range("a").x.tolist()
        except zlmdb.DataError as error:
            if "table Ticks, column x: expected" not in str(error):
                raise
            return False
        finally:
            txn.abort()


@pytest.mark.parametrize("name", NAMES)
def test_one_is_refused_as_many_are(db: Any, name: str) -> None:
    for value in VALUES:
        one = outcome(db, name, 0, value)
        many = outcome(db, name, [0, 1], np.array([value] * 2) if isinstance(value, np.generic) else [value] * 2)
        assert (one and one * 2) == many, (name, value)
        if isinstance(value, int) and one:
            assert one == [value]
            assert not isinstance(value, bool)


numbers = st.integers(-(2**65), 2**65) | st.sampled_from(WHOLE) | st.floats(width=16) | st.floats()


@given(st.sampled_from(NAMES), st.lists(numbers, min_size=1, max_size=4))
def test_a_list_of_mixed_numbers_is_taken_one_by_one(db: Any, name: str, values: list[Any]) -> None:
    each = [outcome(db, name, 0, value) for value in values]
    found = outcome(db, name, list(range(len(values))), values)
    if all(each):
        np.testing.assert_equal(found, [one[0] for one in each])
    else:
        assert found is False


def test_the_first_value_that_is_lost_is_named(db: Any) -> None:
    with db.begin(write=True) as txn:
        for name, values, message in (
            ("u8", [1, 2**64], "can hold, found 18446744073709551616 at position 1"),
            ("i8", [1.0, 2**53 + 1, 2.5], r"found 2\.5 at position 2"),
            ("f8", [2**53 + 1, 0.5], "found 9007199254740993 at position 0"),
            ("f4", [16777217, 0.5], "found 16777217 at position 0"),
            ("i8", np.array([1, 1.5], object), r"found 1\.5 at position 1"),
        ):
            with pytest.raises(zlmdb.EncodeError, match=message):
                txn[Tables[name]].append("a", np.arange(len(values)), x=values)
        txn[Tables["u8"]].append("a", [1, 2], x=[1, 2**63 + 1])
        txn[Tables["i8"]].append("a", [1, 2], x=[2**53 + 1, 1.0])
        assert txn[Tables["u8"]].range("a").x.tolist() == [1, 2**63 + 1]
        assert txn[Tables["i8"]].range("a").x.tolist() == [2**53 + 1, 1]
        txn.abort()


def test_masked_times_are_refused(db: Any) -> None:
    with db.begin(write=True) as txn:
        ticks = txn[Tables["f8"]]
        for times in (np.array([10, 20]), np.array([10, 20], "M8[ns]")):
            with pytest.raises(zlmdb.DataError, match="position 1: what is masked is no time"):
                ticks.append("a", np.ma.array(times, mask=[False, True]), x=1.0)
        ticks.append("a", np.ma.array([10, 20]), x=1.0)
        assert len(ticks.range("a")) == 2
        txn.abort()


def test_the_first_and_the_last_day_of_the_range_are_times(db: Any) -> None:
    days = np.array(["1677-09-22", "2262-04-11"], "M8[D]")
    with db.begin(write=True) as txn:
        ticks = txn[Tables["f8"]]
        ticks.append("days", days, x=[1.0, 2.0])
        assert (ticks.range("days").time == days.astype("M8[s]")).all()
        for outside in ("1677-09-21", "2262-04-12"):
            with pytest.raises(zlmdb.DataError, match="at position 1: it is outside 1677 to 2262"):
                ticks.append("other", np.array(["2000-01-01", outside], "M8[D]"), x=[1.0, 2.0])
        assert len(ticks.last("other")) == 0
        txn.abort()


def test_times_of_pandas_beyond_nanoseconds_are_refused(db: Any) -> None:
    pandas = pytest.importorskip("pandas")
    with db.begin(write=True) as txn:
        ticks = txn[Tables["f8"]]
        for unit in ("s", "us"):
            far = pandas.DatetimeIndex(["2026-01-01", "3000-01-01"], dtype=f"datetime64[{unit}, UTC]")
            for times in (far, pandas.Series(far), far.tz_convert("Asia/Tokyo")):
                with pytest.raises(zlmdb.DataError, match="at position 1: it is outside 1677 to 2262"):
                    ticks.append("a", times, x=1.0)
            near = far[:1].tz_convert("Asia/Tokyo")
            ticks.append(unit, near, x=1.0)
            assert ticks.as_of(unit, datetime(2026, 1, 1, tzinfo=UTC)).x == 1
        txn.abort()


Spans = declare(
    {
        "micros": zlmdb.column("m8[us]", default=timedelta(1)),
        "nanos": zlmdb.column("m8[ns]", default=np.timedelta64("NaT", "ns")),
        "months": zlmdb.column("m8[M]", default=np.timedelta64(0, "M")),
        "z": zlmdb.column("c16", default=0),
        "small": zlmdb.column("c8", default=1.5),
    },
    f"{OID}9",
)


@pytest.fixture
def spans() -> Any:
    with zlmdb.open(":memory:", [Spans]) as db, db.begin(write=True) as txn:
        yield txn[Spans]


def test_durations_of_python_and_pandas_are_taken_exactly(spans: Any) -> None:
    spans.append("a", [0, 1, 2], micros=[timedelta(1, 2, 3), None, timedelta(-1)], nanos=timedelta(0, 1))
    assert spans.range("a").micros.tolist() == [timedelta(1, 2, 3), None, timedelta(-1)]
    assert spans.range("a").nanos.tolist() == [10**9] * 3
    spans.append("b", 0, nanos=pd.Timedelta(7, "ns"))
    spans.append("b", [1, 2], nanos=[pd.Timedelta(-7, "ns"), pd.NaT])
    assert spans.range("b").nanos.tolist() == [7, -7, None]
    assert spans.range("b").micros.tolist() == [timedelta(1)] * 3
    for name, value in [
        ("micros", pd.Timedelta(7, "ns")),
        ("nanos", timedelta(999_999_999)),
        ("micros", [timedelta(1), 5]),
    ]:
        with pytest.raises(zlmdb.DataError, match=f"column {name}"):
            spans.append("c", 0, **{name: value})


def test_months_do_not_become_days(spans: Any) -> None:
    spans.append("a", 0, months=np.timedelta64(2, "Y"), micros=np.timedelta64("NaT", "M"))
    assert spans.range("a").months.tolist() == [24]
    for name, value in [("micros", np.timedelta64(1, "M")), ("months", np.timedelta64(31, "D"))]:
        with pytest.raises(zlmdb.ValueTypeError, match=f"column {name}.*months have no fixed length"):
            spans.append("b", 0, **{name: value})


def test_whole_and_real_numbers_are_complex_ones_without_a_warning(spans: Any) -> None:
    spans.append("a", [0, 1], z=np.array([1, 2**53]), small=np.array([0.5, np.nan]))
    assert spans.range("a").z.tolist() == [1, 2**53]
    assert spans.range("a").small[0] == 0.5
    assert np.isnan(spans.range("a").small[1])
    for name, values in [("z", [2**53 + 1]), ("small", [2**24 + 1]), ("small", [0.1])]:
        with pytest.raises(zlmdb.EncodeError, match=f"column {name}"):
            spans.append("b", [0], **{name: np.array(values)})


Texts = declare({"s": zlmdb.column("S8", default=b""), "u": zlmdb.column("U8", default="")}, f"{OID}a")


def test_what_is_no_text_does_not_become_one() -> None:
    with zlmdb.open(":memory:", [Texts]) as db, db.begin(write=True) as txn:
        ticks = txn[Texts]
        for name, one, others in (
            ("s", b"ab", [0.5, float("nan"), "ab", None]),
            ("u", "ab", [0.5, float("nan"), b"ab"]),
        ):
            for other in others:
                mixed = np.array([one, other], object)
                for values in ([one, other], (other, one), mixed, pd.Series(mixed, dtype=object)):
                    with pytest.raises(zlmdb.ValueTypeError, match=f"column {name}: expected"):
                        ticks.append("a", [0, 1], **{name: values})
            for values in ([one, one], (one, np.array(one)), np.array([one, one], object), pd.Series([one, one])):
                ticks.append(name, [0, 1], **{name: values})
            assert ticks.range(name)[name].tolist() == [one] * 8
        assert list(ticks) == ["s", "u"]


@pytest.mark.parametrize("name", ["f8", "f4", "i8", "u8"])
@pytest.mark.parametrize("other", [np.datetime64(1, "ns"), np.timedelta64(1, "ps"), np.timedelta64(5, "M")])
def test_times_among_objects_are_no_numbers(db: Any, name: str, other: Any) -> None:
    with db.begin(write=True) as txn:
        for values in (np.array([other, other], object), np.array([1, other], object), [0.5, other]):
            with pytest.raises(zlmdb.DataError, match="column x"):
                txn[Tables[name]].append("a", [0, 1], x=values)
        assert "a" not in txn[Tables[name]]
        txn.abort()
