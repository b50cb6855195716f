"""Times at the ends of what int64 can hold are times like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare
from zlmdb.series.times import FIRST, LAST

OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de61"
Keeping = declare({"x": zlmdb.column("i8")}, OID + "1", chunk=16)
Replacing = declare({"x": zlmdb.column("i8")}, OID + "2", chunk=16, duplicates="replace")
near = st.integers(0, 1200).map(lambda n: LAST - n) | st.integers(0, 1200).map(lambda n: FIRST + n)
batches = st.lists(near, min_size=1, max_size=130)
steps = st.lists(st.tuples(st.just("append"), batches) | st.tuples(st.just("delete"), near, near), max_size=6)


@pytest.mark.parametrize("table", [Keeping, Replacing])
@given(program=steps, lo=near, hi=near, every=st.integers(1, 2**63 - 1), origin=near)
def test_programs_near_the_ends_do_what_a_model_does(
    table: Any, program: list[Any], lo: int, hi: int, every: int, origin: int
) -> None:
    rows: list[tuple[int, int]] = []
    number = 0
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        series = txn[table]
        for what, *more in program:
            if what == "append":
                new = [(time, number + at) for at, time in enumerate(more[0])]
                number += len(new)
                series.append("a", [time for time, _ in new], x=[x for _, x in new])
                rows = sorted(rows + new, key=lambda row: row[0])
                if table is Replacing:
                    rows = list({time: (time, x) for time, x in rows}.values())
            else:
                left = [row for row in rows if not min(more) <= row[0] <= max(more)]
                assert series.delete_range("a", min(more), max(more), bounds="[]") == len(rows) - len(left)
                rows = left
            assert series.check() == []
        found = series.range("a")
        assert list(zip(found.time.astype(int).tolist(), found.x.tolist(), strict=True)) == rows
        part = [row for row in rows if lo <= row[0] <= hi]
        assert series.range("a", lo, hi, bounds="[]").x.tolist() == [x for _, x in part]
        before = [row for row in rows if row[0] <= lo]
        tick = series.as_of("a", lo)
        assert (tick is not None and int(tick.x)) == (bool(before) and before[-1][1])
        buckets: dict[int, int] = {}
        begin = origin % every
        for time, _ in rows:
            start = max((time - begin) // every * every + begin, FIRST)
            buckets[start] = buckets.get(start, 0) + 1
        sums = series.resample("a", np.timedelta64(every, "ns"), origin=origin, x="count")
        assert dict(zip(sums.time.astype(int).tolist(), sums.x.tolist(), strict=True)) == buckets


def test_a_late_tick_at_the_last_moment() -> None:
    with zlmdb.open(":memory:", [Keeping]) as db, db.begin(write=True) as txn:
        series = txn[Keeping]
        series.append("a", np.array([5] + [LAST - 100] * 40 + [LAST] * 40), x=1)
        series.append("a", np.array([6, LAST - 50]), x=2)
        series.append("a", [7, LAST], x=3)
        assert series.check() == []
        assert series.delete_range("a", LAST - 100) == 82
        assert series.range("a").x.tolist() == [1, 2, 3]


def test_buckets_are_written_at_the_ends_of_time() -> None:
    with zlmdb.open(":memory:", [Keeping, Replacing]) as db, db.begin(write=True) as txn:
        txn[Keeping].append("a", [FIRST, FIRST + 5, LAST - 1, LAST], x=1)
        for _ in range(2):
            assert txn[Keeping].downsample(Replacing, "1h", x="count") == 2
            assert txn[Replacing].range("a").x.tolist() == [2, 2]
            assert txn[Replacing].range("a").time[0].astype(int) == FIRST


@pytest.mark.parametrize("n", [1, 20])  # many ticks of few buckets are counted in another way
def test_the_last_bucket_ends_with_time(n: int) -> None:
    with zlmdb.open(":memory:", [Keeping]) as db, db.begin(write=True) as txn:
        txn[Keeping].append("a", [LAST - 1] * n + [LAST] * n, x=1)
        for origin in (None, 3, LAST):
            found = txn[Keeping].resample("a", np.timedelta64(1, "ns"), origin=origin, x="count")
            assert (found.time.astype(int).tolist(), found.x.tolist()) == ([LAST - 1, LAST], [n, n])


def test_means_and_deviations_at_the_ends_of_what_int64_holds() -> None:
    table = declare({"x": zlmdb.column("m8[ns]"), "y": zlmdb.column("M8[ns]")}, OID + "3", chunk=2)
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        for key, values in (("high", [LAST] * 3), ("low", [FIRST] * 3), ("wide", [FIRST, LAST]), ("none", [FIRST - 1])):
            array = np.array(values)
            txn[table].append(key, np.arange(len(values)), x=array.view("m8[ns]"), y=array.view("M8[ns]"))
        expected = {"high": (LAST, 0, LAST), "low": (FIRST, 0, FIRST), "wide": (0, FIRST - 1, 0)}
        for key, numbers in (expected | {"none": (FIRST - 1,) * 3}).items():
            found = txn[table].aggregate(key, x=["mean", "std"], y="mean")
            assert tuple(int(value.astype(int)) for value in found.values()) == numbers, key
