"""Chunks that are open and chunks that are closed, as appends make them: what is stored is what was appended."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import zlmdb
from tests.series.declared import declare
from tests.series.test_ticks import DTYPES, EACH, samples
from zlmdb.series.compile import described
from zlmdb.series.records import CHUNK_KIND, HAS_STATISTICS, HEAD, HEAD_END, READ
from zlmdb.series.statistics import STATISTICS, describe

OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de71"
FUNCTIONS = ["count", "min", "max", "first", "last", "sum", "mean"]
Long = declare({"x": zlmdb.column("f8"), "n": zlmdb.column("u4")}, OID + "1", chunk=1500)
Packed = declare({"x": zlmdb.column("f8"), "n": zlmdb.column("u4")}, OID + "2", chunk=1500, compress="delta-zlib")
Small = declare({"x": zlmdb.column("f8"), "n": zlmdb.column("u4")}, OID + "3", chunk=400)


def batch(start: int, size: int) -> tuple[Any, dict[str, Any]]:
    """Ticks in the form in which they are stored: the quick way."""
    numbers = np.arange(start, start + size)
    return (numbers * 10).view("M8[ns]"), {"x": numbers / 4, "n": (numbers % 1000).astype("u4")}


def flags(txn: Any, table: Any, key: str = "a") -> list[tuple[int, bool]]:
    """Ticks of each chunk, and if it is closed."""
    prefix = txn[table]._prefix(key)
    found = []
    for at, data in txn.cursor().iternext(True, True):
        if at.startswith(prefix) and READ(data)[0] == CHUNK_KIND:
            found.append((READ(data)[2], bool(READ(data)[5] & HAS_STATISTICS)))
    return found


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), st.sampled_from([65, 100, 186, 187, 300, 625, 1000, 1499, 1501, 3200])),
        st.tuples(st.just("single"), st.integers(1, 70)),
        st.tuples(st.just("late"), st.integers(0, 5000)),
        st.tuples(st.just("delete"), st.integers(0, 5000)),
        st.tuples(st.just("savepoint"), st.sampled_from([65, 700, 1600])),
        st.tuples(st.just("abort"), st.sampled_from([65, 700, 1600])),
    ),
    max_size=9,
)


@pytest.mark.parametrize("table", [Long, Packed, Small])
@given(program=STEPS, lo=st.integers(0, 40_000), width=st.integers(0, 60_000))
def test_aggregates_of_open_and_closed_chunks_are_those_of_the_ticks(
    table: Any, program: list[Any], lo: int, width: int
) -> None:
    rows: list[tuple[int, float, int]] = []
    number = 0
    with zlmdb.open(":memory:", [table]) as db:
        for what, size in program:
            with db.begin(write=True) as txn:
                series = txn[table]
                times, columns = batch(number, size)
                new = list(zip(times.astype(int).tolist(), columns["x"].tolist(), columns["n"].tolist(), strict=True))
                if what == "batch":
                    series.append("a", times, **columns)
                    rows, number = rows + new, number + size
                elif what == "single":
                    for time, x, n in new:
                        series.append("a", time, x=x, n=n)
                    rows, number = rows + new, number + size
                elif what == "late":
                    series.append("a", size * 10 + 5, x=0.5, n=7)
                    rows = sorted([*rows, (size * 10 + 5, 0.5, 7)], key=lambda row: row[0])
                    number = max(number, size + 1)
                elif what == "delete":
                    series.delete_range("a", size * 10, size * 10 + 4000)
                    rows = [row for row in rows if not size * 10 <= row[0] < size * 10 + 4000]
                elif what == "savepoint":
                    with contextlib.suppress(KeyError), txn.savepoint():
                        series.append("a", times, **columns)
                        raise KeyError
                else:
                    series.append("a", times, **columns)
                    txn.abort()
                    continue
                assert series.check() == []
        with db.begin() as txn:
            series = txn[table]
            assert series.check() == []
            for t0, t1 in ((None, None), (lo, lo + width)):
                inside = [row for row in rows if t0 is None or t0 <= row[0] < t1]
                found = series.range("a", t0, t1)
                got = list(zip(found.time.astype(int).tolist(), found.x.tolist(), found.n.tolist(), strict=True))
                assert got == inside
                assert found.x.flags.writeable
                assert series.range("a", t0, t1, columns=["n"]).n.tolist() == [row[2] for row in inside]
                whole = series.aggregate("a", t0, t1, x=FUNCTIONS, n=FUNCTIONS)
                if not inside:
                    assert whole["x_count"] == 0
                    continue
                for at, name in ((1, "x"), (2, "n")):
                    values = [row[at] for row in inside]
                    exact = {"min": min(values), "max": max(values), "first": values[0], "last": values[-1]}
                    exact |= {"count": len(values), "sum": sum(values)}
                    for function, value in exact.items():
                        assert whole[f"{name}_{function}"] == value, function
                    assert whole[f"{name}_mean"] == pytest.approx(sum(values) / len(values))
                for name in ("x", "n"):  # one word has its plan remembered, a list has not
                    assert series.aggregate("a", t0, t1, **{name: "mean"})[name] == whole[f"{name}_mean"]


@pytest.mark.parametrize("size", [270, 300, 320])
def test_batches_become_open_chunks_which_become_one_that_fills_its_pages(size: int) -> None:
    with zlmdb.open(":memory:", [Long]) as db, db.begin(write=True) as txn:
        series = txn[Long]
        for at in range(5):
            series.append("a", batch(size * at, size)[0], **batch(size * at, size)[1])
            if at < 4:
                assert flags(txn, Long) == [(size, False)] * (at + 1)
        (first, closed), (rest, also) = flags(txn, Long)
        assert (first + rest, closed, also) == (5 * size, True, False)
        prefix = series._prefix("a")
        sizes = [len(data) + 24 for key, data in txn.cursor().iternext(True, True) if key.startswith(prefix)]
        assert sizes[0] % 4096 > 4096 - 120  # of a page, and what LMDB has of it
        # A short open chunk grows, a longer one has another one behind it.
        series.append("a", batch(5 * size, 100)[0], **batch(5 * size, 100)[1])
        expected = [(first, True), (rest + 100, False)] if rest < 187 else [(first, True), (rest, False), (100, False)]
        assert flags(txn, Long) == expected
        assert series.check() == []


def test_series_whose_head_does_not_name_the_last_open_chunk_go_on() -> None:
    with zlmdb.open(":memory:", [Long]) as db, db.begin(write=True) as txn:
        series = txn[Long]
        key = series._prefix("a") + HEAD_END
        for at in range(14):
            series.append("a", batch(100 * at, 100)[0], **batch(100 * at, 100)[1])
            head = HEAD.unpack(txn.get(key))
            if head[4] == 1:
                txn.put(key, HEAD.pack(*head[:-1], 0))
            assert series.check() == []
        assert series.range("a").x.tolist() == [number / 4 for number in range(1400)]
        series.append("a", 14_000, x=1.0, n=1)
        assert series.delete_range("a", 0, 13_000) == 1300
        assert series.check() == []


def test_a_wrong_number_of_ticks_in_the_last_open_chunk_is_found() -> None:
    with zlmdb.open(":memory:", [Long]) as db, db.begin(write=True) as txn:
        series = txn[Long]
        series.append("a", batch(0, 100)[0], **batch(0, 100)[1])
        key = series._prefix("a") + HEAD_END
        txn.put(key, HEAD.pack(*HEAD.unpack(txn.get(key))[:-1], 99))
        assert series.check() == [
            "table Ticks, series 'a': the head names 99 ticks in the last open chunk, found 100",
        ]


def test_a_chunk_that_is_too_short_for_its_ticks_is_named() -> None:
    with zlmdb.open(":memory:", [Long]) as db:
        with db.begin(write=True) as txn:
            txn[Long].append("a", batch(0, 100)[0], **batch(0, 100)[1])
            key, data = next(txn.cursor().iternext(True, True))
            prefix = txn[Long]._prefix("a")
            for key, data in list(txn.cursor().iternext(True, True)):
                if key.startswith(prefix) and READ(data)[0] == CHUNK_KIND:
                    txn.put(key, data[:4] + (101).to_bytes(4, "little") + data[8:])
        with db.begin() as txn, pytest.raises(zlmdb.DecodeError, match="too short for 101 ticks"):
            txn[Long].range("a")


@pytest.mark.parametrize("size", [-1, 1])
def test_an_open_chunk_of_another_length_is_not_closed_as_it_is(size: int) -> None:
    """Appending that closes it goes the long way: it says what is wrong, or finds all ticks."""
    with zlmdb.open(":memory:", [Long]) as db:
        with db.begin(write=True) as txn:
            series = txn[Long]
            series.append("a", batch(0, 900)[0], **batch(0, 900)[1])
            prefix = series._prefix("a")
            (key, data), *_ = [
                found for found in txn.cursor().iternext(True, True) if found[0].startswith(prefix + b"\x80")
            ]
            assert (READ(data)[2], READ(data)[5]) == (900, 0)
            txn.put(key, data[:size] if size < 0 else data + bytes(size))
            before = list(txn.cursor().iternext(True, True))
        with db.begin(write=True) as txn:
            times, columns = batch(900, 500)
            if size < 0:
                with pytest.raises(zlmdb.DecodeError, match="of a series"):
                    txn[Long].append("a", times, **columns)
                assert list(txn.cursor().iternext(True, True)) == before
            else:
                txn[Long].append("a", times, **columns)
                assert txn[Long].count("a") == 1400
                assert txn[Long].check() == []


WIDE = {f"c{number}": zlmdb.column(("f4", "i2", "M8[s]")[number % 3]) for number in range(70)}
Wide = declare(WIDE, OID + "4", chunk=100)


def test_tables_of_many_columns_do_without_functions_of_their_own() -> None:
    columns = {f"c{number}": np.arange(250).astype(("f4", "i2", "M8[s]")[number % 3]) for number in range(70)}
    with zlmdb.open(":memory:", [Wide]) as db, db.begin(write=True) as txn:
        txn[Wide].append("a", np.arange(250).view("M8[ns]"), **columns)
        assert txn[Wide].check() == []
        found = txn[Wide].range("a")
        assert all(found[name].tolist() == values.tolist() for name, values in columns.items())
        assert txn[Wide].aggregate("a", c0="mean", c1="sum") == {"c0": 124.5, "c1": 31125}


KINDS = ["f8", "f4", "f2", "i1", "i4", "i8", "u1", "u2", "u4", "u8", "?", "M8[s]", "m8[ms]", "c8", "S3"]


@given(st.data())
def test_statistics_of_all_columns_are_those_of_each(data: Any) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    n = data.draw(st.integers(1, 40))
    columns = [np.ascontiguousarray(data.draw(hnp.arrays(np.dtype(kind).newbyteorder("<"), n))) for kind in kinds]
    table = declare({f"c{at}": zlmdb.column(kind) for at, kind in enumerate(kinds)}, OID + "5")
    with zlmdb.open(":memory:", [table]) as db, db.begin() as txn, np.errstate(all="ignore"):
        function = described(txn[table]._definition.columns)
        assert function(columns) == b"".join([describe(column) for column in columns])


@pytest.mark.parametrize("kind", ["u1", "i1", "?"])
@pytest.mark.parametrize("values", [[0, 1, 1], [0], [1, 0, 2], [2, 255], [-1, 1, 0]])
def test_sums_of_flags_are_counted_right(kind: str, values: list[int]) -> None:
    column = np.array(values * 300).astype(kind)
    table = declare({"c": zlmdb.column(kind)}, OID + "7")
    with zlmdb.open(":memory:", [table]) as db, db.begin() as txn:
        found = np.frombuffer(described(txn[table]._definition.columns)([column]), STATISTICS[column.dtype.kind])[0]
    assert int(found["sum"]) == found["fsum"] == int(column.sum(dtype=np.int64))
    assert (found["min"], found["max"]) == (column.min(), column.max())


@pytest.mark.parametrize("method", ["zlib", "delta-zlib", "delta-zstd"])
def test_single_ticks_of_compressed_chunks_are_those_of_ranges(method: str) -> None:
    table = declare(EACH, OID + "6", chunk=100, compress=method)
    columns = {f"c{number}": samples(dtype, 100) for number, dtype in enumerate(DTYPES)}
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        txn[table].append("a", np.arange(100) * 10, **columns)
        whole = txn[table].range("a")
        for at in (0, 1, 50, 98, 99):
            tick = txn[table].as_of("a", at * 10 + 5)
            assert tick.time == whole.time[at]
            for name in columns:
                assert getattr(tick, name).tobytes() == whole[name][at].tobytes(), name
