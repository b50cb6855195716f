"""Downsampling changes the buckets that it writes, all of them or none, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare

OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de60"
Ticks = declare({"x": zlmdb.column("f8")}, OID + "1", chunk=50)
Hours = declare({"x": zlmdb.column("f8"), "n": zlmdb.column("u4", default=0)}, OID + "2", chunk=50)
Narrow = declare({"x": zlmdb.column("f4")}, OID + "3")
HOUR = 3600 * 10**9
WISH: dict[str, Any] = {"x": "mean", "n": ("x", "count")}


@pytest.fixture
def txn() -> Any:
    with zlmdb.open(":memory:", [Ticks, Hours, Narrow]) as db, db.begin(write=True) as txn:
        yield txn
        assert [problem for table in (Ticks, Hours, Narrow) for problem in txn[table].check()] == []


def counts(txn: Any, key: str = "a") -> dict[int, int]:
    found = txn[Hours].range(key)
    return dict(zip((found.time.astype(int) // HOUR).tolist(), found.n.tolist(), strict=True))


def test_buckets_that_the_source_has_no_ticks_of_stay(txn: Any) -> None:
    txn[Ticks].append("a", np.arange(0, 240 * HOUR, HOUR // 2), x=1.0)
    assert txn[Ticks].downsample(Hours, "1h", **WISH) == 240
    txn[Ticks].retain(older_than="48h", now=240 * HOUR)
    txn[Ticks].append("a", -1000 * HOUR, x=9.0)  # from a clock that was wrong
    assert txn[Ticks].downsample(Hours, "1h", **WISH) == 49
    assert counts(txn) == {-1000: 1} | dict.fromkeys(range(240), 2)


def test_what_is_refused_changes_nothing(txn: Any) -> None:
    for table in (Hours, Narrow):
        txn[table].append("b", np.arange(3) * HOUR, x=5.0)
    txn[Ticks].append("a", 0, x=0.5)
    txn[Ticks].append("b", np.arange(3) * HOUR, x=[1.0, 2.0, 0.1])
    with pytest.raises(zlmdb.EncodeError, match="table Ticks, column x: expected values that float32 can hold"):
        txn[Ticks].downsample(Narrow, "1h", x="mean")
    with pytest.raises(zlmdb.ValueTypeError, match="expected columns of x, found 'y'"):
        txn[Ticks].downsample(Narrow, "1h", x="mean", y=("x", "mean"))
    with pytest.raises(zlmdb.ValueTypeError, match="column x, which has no default"):
        txn[Ticks].downsample(Hours, "1h", n=("x", "count"))
    for table in (Hours, Narrow):
        assert list(txn[table]) == ["b"]
        assert txn[table].range("b").x.tolist() == [5, 5, 5]


def test_buckets_that_the_range_cuts_are_left_out(txn: Any) -> None:
    txn[Ticks].append("a", np.arange(0, 10 * HOUR, HOUR // 2), x=1.0)
    txn[Hours].append("a", np.arange(10) * HOUR, x=0.0, n=99)
    cut = HOUR // 2 + 7
    assert txn[Ticks].downsample(Hours, "1h", 2 * HOUR + cut, 6 * HOUR + cut, **WISH) == 3
    assert counts(txn) == dict.fromkeys(range(10), 99) | {3: 2, 4: 2, 5: 2}
    assert txn[Ticks].downsample(Hours, "1h", cut, cut + 1, **WISH) == 0
    assert txn[Ticks].downsample(Hours, "1h", HOUR, 2 * HOUR, **WISH) == 1


def test_a_bucket_of_which_ticks_were_removed_stays_whole(txn: Any) -> None:
    txn[Ticks].append("a", np.arange(0, 4 * HOUR, HOUR // 4), x=1.0)
    assert txn[Ticks].downsample(Hours, "1h", **WISH) == 4
    txn[Ticks].retain(older_than=np.timedelta64(HOUR * 5 // 2, "ns"), now=4 * HOUR)  # to the middle of an hour
    txn[Ticks].append("a", 2 * HOUR + 1, x=1.0)
    assert txn[Ticks].downsample(Hours, "1h", **WISH) == 2
    assert counts(txn) == {0: 4, 1: 4, 2: 5, 3: 4}


def test_the_only_bucket_grows_while_its_time_lasts(txn: Any) -> None:
    for number in range(1, 4):
        txn[Ticks].append("a", HOUR // 2 + number, x=1.0)
        assert txn[Ticks].downsample(Hours, "1h", **WISH) == 1
        assert counts(txn) == {0: number}


def test_another_class_of_the_same_identity_is_the_same_table() -> None:
    other = declare({"x": zlmdb.column("f8")}, OID + "1")
    with zlmdb.open(":memory:", [Ticks]) as db:
        db.attach_table(other)
        with db.begin(write=True) as txn:
            txn[Ticks].append("a", np.arange(100), x=1.0)
            with pytest.raises(zlmdb.SchemaError, match="expected another table"):
                txn[Ticks].downsample(other, "10ns", x="sum")
            assert txn[Ticks].range("a").x.tolist() == [1.0] * 100


@given(
    st.sets(st.integers(-40, 80)),
    st.sets(st.integers(-40, 80)),
    st.integers(1, 9),
    st.integers(-20, 20),
    st.none() | st.integers(-40, 80),
    st.none() | st.integers(-40, 80),
)
def test_downsampling_is_that_of_a_model(
    source: set[int], there: set[int], every: int, origin: int, t0: int | None, t1: int | None
) -> None:
    def start(time: int) -> int:
        return (time - origin) // every * every + origin

    with zlmdb.open(":memory:", [Ticks, Hours]) as db, db.begin(write=True) as txn:
        if source:
            txn[Ticks].append("a", sorted(source), x=1.0)
        if there:
            txn[Hours].append("a", sorted(there), x=0.0, n=99)
        written = {
            bucket
            for bucket in map(start, source)
            if (t0 is None or bucket >= t0) and (t1 is None or bucket + every <= t1)
        }
        first = start(min(source)) if source else 0
        mates = {time for time in there if start(time) == first}
        if first in written and first < min(source) and mates and mates != there:
            written.remove(first)
        expected = {time: 99 for time in there if start(time) not in written}
        expected |= {bucket: sum(start(time) == bucket for time in source) for bucket in written}
        length = np.timedelta64(every, "ns")
        assert txn[Ticks].downsample(Hours, length, t0, t1, origin=origin, **WISH) == len(written)
        found = txn[Hours].range("a")
        assert dict(zip(found.time.astype(int).tolist(), found.n.tolist(), strict=True)) == expected
