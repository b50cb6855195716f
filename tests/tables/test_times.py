"""Maps with a time in their key, read as time series: always what a sorted list of the rows says."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zlmdb
from zlmdb import errors

DAY = 86_400_000_000_000


@zlmdb.table("71300000-0000-4000-8000-000000000001")
class ByUuid(zlmdb.MapUuidTimestampCbor[dict]):
    """A series for each UUID."""


@zlmdb.table("71300000-0000-4000-8000-000000000002")
class First(zlmdb.MapTimestampUuidCbor[dict]):
    """The time comes first."""


@zlmdb.table("71300000-0000-4000-8000-000000000003")
class Alone(zlmdb.MapTimestampJson):
    """The time alone."""


@zlmdb.table("71300000-0000-4000-8000-000000000004")
class Between(zlmdb.Map[Any, Any], key=(zlmdb.String, zlmdb.Oid, zlmdb.Timestamp, zlmdb.String), value=zlmdb.Json):
    """The time stands between other parts."""


@zlmdb.table("71300000-0000-4000-8000-000000000005")
class Moments(zlmdb.Map[Any, Any], key=(zlmdb.String, zlmdb.Datetime), value=zlmdb.Json):
    """Datetimes."""


@zlmdb.table("71300000-0000-4000-8000-000000000006")
class Texts(zlmdb.MapStringTimestampCbor[dict]):
    """The layout of earlier releases, in which nothing ends the text."""


def ns(number: int) -> np.datetime64:
    return np.datetime64(number, "ns")


def moment(number: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=number)


#: Table -> (series, key of a series and a small number, nanoseconds of the number)
LAYOUTS: dict[Any, tuple[list[tuple[Any, ...]], Any]] = {
    ByUuid: ([(uuid.UUID(int=1),), (uuid.UUID(int=2**128 - 1),)], lambda s, n: (*s, ns(n))),
    First: ([()], lambda s, n: (ns(n), uuid.UUID(int=n * 17 % 5))),
    Alone: ([()], lambda s, n: ns(n)),
    Between: ([("a", 1), ("a\0", 1), ("", 2**53)], lambda s, n: (*s, ns(n), "x" * (n % 3))),
    Moments: ([("a",), ("ab",)], lambda s, n: (*s, moment(n // 1000))),
    Texts: ([("a",), ("ab",), ("",)], lambda s, n: (*s, ns(n))),
}
NUMBERS = st.integers(0, 30).map(lambda n: n * 1000) | st.sampled_from([0, 2**63 - 1 - (2**63 - 1) % 1000])
BOUNDS = st.none() | st.integers(-2000, 33_000) | st.sampled_from([-(2**70), 2**70, 2**63 - 1, 2**63])


@pytest.mark.parametrize("table", LAYOUTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.data())
def test_ranges_are_those_of_a_sorted_list(db: Any, table: Any, data: Any) -> None:
    series, make = LAYOUTS[table]
    db.attach_table(table)
    held = data.draw(st.dictionaries(st.tuples(st.sampled_from(series), NUMBERS), st.integers(0, 9), max_size=15))
    with db.begin(write=True) as txn:
        bound = txn[table]
        bound.clear()
        for (name, number), value in held.items():
            bound[make(name, number)] = {"v": value}
        for name in [*series, *([("other",) * len(series[0])] if series[0] and isinstance(series[0][0], str) else [])][
            :3
        ]:
            if len(name) == 2:
                name = (name[0], 1)
            mine = sorted(number for held_name, number in held if held_name == name)
            want = [(make(name, n), {"v": held[name, n]}) for n in mine]
            t0, t1, t, n = data.draw(BOUNDS), data.draw(BOUNDS), data.draw(BOUNDS), data.draw(st.integers(0, 5))
            inside = [
                pair
                for at, pair in zip(mine, want, strict=True)
                if (t0 is None or at >= t0) and (t1 is None or at < t1)
            ]
            assert list(bound.range(*name, t0, t1)) == inside
            assert list(bound.range(*name, t1=t1, t0=t0, reverse=True)) == inside[::-1]
            if inside:
                assert bound.range(*name, t0, t1).columns("v")["v"].tolist() == [row["v"] for _, row in inside]
            assert list(bound.last(*name, n)) == want[len(want) - min(n, len(want)) :]
            assert list(bound.last(*name, n=n)) == want[len(want) - min(n, len(want)) :]
            if name:
                assert bound.last(*name) == (want[-1] if want else None)
            before = [pair for at, pair in zip(mine, want, strict=True) if t is not None and at <= t]
            if t is not None:
                assert bound.as_of(*name, t) == (before[-1] if before else None)
            assert (bound.span(*name) is None) is (not want)
        assert bound.last() == next(iter(bound.select(reverse=True, limit=1)), None)
        bound.clear()


def test_times_are_taken_in_every_form(db: Any) -> None:
    db.attach_table(ByUuid)
    key = uuid.UUID(int=1)
    with db.begin(write=True) as txn:
        bound = txn[ByUuid]
        for day in range(5):
            bound[key, ns(day * DAY)] = {"day": day}
        for t0, t1 in (
            (np.datetime64("1970-01-02"), np.datetime64("1970-01-04T00", "h")),
            (np.datetime64(1, "D"), np.datetime64(3 * 86_400, "s")),
            (
                dt.datetime(1970, 1, 2, tzinfo=dt.UTC),
                dt.datetime(1970, 1, 4, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            ),
            (DAY, 3 * DAY),
            (np.int64(DAY), np.int64(3 * DAY)),
            (pd.Timestamp("1970-01-02", tz="UTC"), pd.Timestamp("1970-01-04", tz="UTC")),
        ):
            assert bound.range(key, t0, t1).columns("day")["day"].tolist() == [1, 2], t0
            assert bound.as_of(key, t1)[1] == {"day": 3}
        assert bound.as_of(key, 3 * DAY - 1)[1] == {"day": 2}
        assert bound.as_of(key, pd.Timestamp(3 * DAY - 1, tz="UTC"))[1] == {"day": 2}
        assert bound.span(key) == (ns(0), ns(4 * DAY))
        got = bound.range(key, DAY).to_arrow().read_all()
        assert got.column_names == ["key_0", "key_1", "day"]
        assert bound.range(key, np.datetime64("3000-01-01")).columns("key_1")["key_1"].tolist() == []
        bound.clear()


def test_a_series_of_several_parts_may_be_a_tuple(db: Any) -> None:
    db.attach_table(Between)
    with db.begin(write=True) as txn:
        bound = txn[Between]
        bound["a", 1, ns(5), "x"] = 1
        assert [row for _, row in bound.range(("a", 1), 0, 6)] == [1]
        assert bound.last(("a", 1))[1] == bound.as_of(("a", 1), 9)[1] == 1
        assert list(bound.last(("a", 1), 0)) == []


def test_a_series_of_one_part_may_be_a_tuple_too(db: Any) -> None:
    db.attach_table(Moments)
    with db.begin(write=True) as txn:
        bound = txn[Moments]
        bound["a", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)] = 1
        assert [row for _, row in bound.range(("a",), None, None)] == [1]
        assert bound.last(("a",))[1] == bound.as_of(["a"], dt.datetime(2021, 1, 1, tzinfo=dt.UTC))[1] == 1
        assert bound.span(("a",)) == bound.span("a")


def test_what_is_no_time_is_refused(db: Any) -> None:
    db.attach_tables([ByUuid, Between])
    with db.begin() as txn:
        bound, key = txn[ByUuid], uuid.UUID(int=1)
        for wrong in ("2020-01-01", 1.5, dt.date(2020, 1, 1), True):
            with pytest.raises(errors.KeyTypeError, match="table ByUuid: expected a time as"):
                bound.range(key, wrong)
        for wrong in (np.datetime64("NaT", "ns"), dt.datetime(2020, 1, 1), np.datetime64(5, "ps"), pd.NaT):
            with pytest.raises(errors.KeyValueError):
                bound.as_of(key, wrong)
        with pytest.raises(errors.KeyTypeError, match=r"component 1 \(uuid\)"):
            bound.range("key", 1, 2)
        with pytest.raises(errors.KeyTypeError, match=r"range\(\) takes 1 leading parts of the key \(uuid\)"):
            bound.range()
        with pytest.raises(errors.KeyTypeError, match="at most 2 more, found 4"):
            bound.range(key, 1, 2, 3)
        with pytest.raises(errors.KeyTypeError, match="takes 2 leading parts"):
            txn[Between].last(("a",))
        with pytest.raises(TypeError, match="t0 is given twice"):
            bound.range(key, 1, t0=2)
        with pytest.raises(TypeError, match="n is given twice"):
            bound.last(key, 1, n=2)
        with pytest.raises(ValueError, match="limit"):
            bound.last(key, -1)
        with pytest.raises(TypeError, match="expected a time, found none"):
            bound.as_of(key)


def test_maps_without_a_time_have_no_series(db: Any) -> None:
    @zlmdb.table("71300000-0000-4000-8000-000000000009")
    class Plain(zlmdb.MapOidJson):
        """No time."""

    db.attach_table(Plain)
    with db.begin() as txn:
        assert txn[Plain].last() is None
        for call in (lambda t: t.range(), lambda t: t.last(1), lambda t: t.as_of(1), lambda t: t.span()):
            with pytest.raises(errors.SchemaError, match="expected a key with a time in it"):
                call(txn[Plain])
        with pytest.raises(errors.SchemaError, match=r"select\(reverse=True, limit=2\)"):
            txn[Plain].last(n=2)


def test_an_ended_transaction_is_noticed(db: Any) -> None:
    db.attach_table(Alone)
    with db.begin() as txn:
        bound = txn[Alone]
        rows = bound.range(1, 2)
    for use in (lambda: list(rows), lambda: rows.columns(), lambda: bound.last(2), lambda: bound.as_of(1)):
        with pytest.raises(errors.TransactionClosed):
            use()


def test_a_layout_that_does_not_sort_by_time_is_refused() -> None:
    from zlmdb.keys import upstream
    from zlmdb.tables.times import Times

    class Held(Times):
        class _definition:  # noqa: N801  # stands for a definition
            name = "Old"
            key = upstream.OidTimestampLE()
            pk = ()

    with pytest.raises(errors.SchemaError, match=r"db.migrate\(\)"):
        Held().range(1)
