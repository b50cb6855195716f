"""A series table is, for each key, a sorted NumPy array of ticks: under everything that programs do to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

import zlmdb
from tests.stateful.machine import TableMachine

KEYS = ["", "a", "a\0b", "b"]
#: Few distinct times, so that they meet; and some at the ends of what there is.
TIMES = st.one_of(
    st.integers(0, 60),
    st.integers(-40, 400),
    st.sampled_from([-(2**63) + 1, -1, 0, 2**63 - 1]),
)
#: Batches around the sizes at which heads and chunks end.
SIZES = st.one_of(st.integers(0, 9), st.sampled_from([15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 130, 200]))

Row = tuple[int, float, int]


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de001")
class Before(zlmdb.MapOidOid):
    """The neighbour in the slot before."""


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de002")
class Keep(zlmdb.Series[str], chunk=32):
    x = zlmdb.column("f8")
    n = zlmdb.column("u4", default=7)


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de003")
class Replace(zlmdb.Series[str], chunk=32, duplicates="replace", compress="delta-zlib"):
    x = zlmdb.column("f8")
    n = zlmdb.column("u4", default=7, compress="zlib")


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de004")
class Refuse(zlmdb.Series[str], chunk=7, duplicates="refuse"):
    x = zlmdb.column("f8")
    n = zlmdb.column("u4", default=7)


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de006")
class Long(zlmdb.Series[str], chunk=1500):
    """Of chunks with several pages, which batches fill."""

    x = zlmdb.column("f8")
    n = zlmdb.column("u4", default=7)


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de005")
class After(zlmdb.MapOidOid):
    """The neighbour in the slot behind."""


def machine(table: Any, policy: str) -> Any:
    behind = st.sampled_from([70, 120, 190, 300, 420, 700, 1700]) if table is Long else SIZES

    class SeriesMachine(TableMachine[dict[str, list[Row]]]):
        tables = (Before, table, After)

        def __init__(self) -> None:
            self.number = 0
            super().__init__()

        def empty(self) -> dict[str, list[Row]]:
            return {}

        def begun(self) -> None:
            self.series = self.txn[table]
            for neighbour in (Before, After):
                self.txn[neighbour].update({0: 7, 2**53: 9})

        def compare(self) -> None:
            assert list(self.series) == sorted(self.model)
            assert len(self.series) == len(self.model)
            for key, rows in self.model.items():
                found = self.series.range(key)
                assert (
                    list(zip(found.time.astype("i8").tolist(), found.x.tolist(), found.n.tolist(), strict=True)) == rows
                )

        def rows(self, times: list[int]) -> list[Row]:
            self.number += len(times)
            return [(time, float(self.number + at), at) for at, time in enumerate(times)]

        def added(self, key: str, rows: list[Row]) -> list[Row] | None:
            """The model's ticks with more of them; None if a duplicate is refused."""
            both = sorted([*self.model.get(key, []), *rows], key=lambda row: row[0])
            if policy == "keep":
                return both
            times = [row[0] for row in both]
            if policy == "refuse" and len(set(times)) < len(times):
                return None
            return list({row[0]: row for row in both}.values())

        def append(self, key: str, rows: list[Row], call: Any) -> None:
            expected = self.added(key, rows)
            if expected is None:
                with pytest.raises(zlmdb.DuplicateKey):
                    call()
            else:
                call()
                if expected:
                    self.model[key] = expected

        @rule(key=st.sampled_from(KEYS), time=TIMES)
        def append_one(self, key: str, time: int) -> None:
            rows = self.rows([time])
            self.append(key, rows, lambda: self.series.append(key, time, x=rows[0][1], n=rows[0][2]))

        @rule(key=st.sampled_from(KEYS), size=SIZES, seed=st.integers(0, 2**32), spread=st.sampled_from([1, 10, 300]))
        def append_batch(self, key: str, size: int, seed: int, spread: int) -> None:
            """Of random times, in any order, many of them equal."""
            times = np.random.default_rng(seed).integers(0, spread, size)
            rows = self.rows(times.tolist())
            x, n = np.array([row[1] for row in rows]), np.array([row[2] for row in rows], "u4")
            self.append(key, rows, lambda: self.series.append(key, times, x=x, n=n))

        @rule(key=st.sampled_from(KEYS), size=behind, step=st.integers(0, 2))
        def append_behind(self, key: str, size: int, step: int) -> None:
            """In order, from the last time on."""
            last = self.model[key][-1][0] if key in self.model else 0
            last = min(last, 2**63 - 1000)
            times = last + 1 + step * np.arange(size)
            rows = self.rows(times.tolist())
            x, n = np.array([row[1] for row in rows]), np.array([row[2] for row in rows], "u4")
            self.append(key, rows, lambda: self.series.append(key, times.view("M8[ns]"), x=x, n=n))

        @rule(key=st.sampled_from(KEYS), count=st.integers(1, 80))
        def append_one_by_one(self, key: str, count: int) -> None:
            for _ in range(count):
                last = self.model[key][-1][0] if key in self.model else 0
                if last < 2**62:
                    self.append_one(key, last + 1)

        @rule(key=st.sampled_from(KEYS), time=TIMES, size=st.integers(0, 3))
        def a_refused_append_changes_nothing(self, key: str, time: int, size: int) -> None:
            times = [time] * size
            for wrong in ({"x": [1.0] * (size + 1)}, {"x": 1.0, "m": 1}, {"n": 1}, {"x": "a"}, {"x": 1.0, "n": -1}):
                if size:
                    with pytest.raises(zlmdb.DataError):
                        self.series.append(key, times, **wrong)
            with pytest.raises(zlmdb.DataError):
                self.series.append(key, [*times, np.datetime64("NaT", "us")], x=1.0)

        @rule(key=st.sampled_from(KEYS), lo=TIMES, hi=TIMES, bounds=st.sampled_from(["[)", "[]", "(]", "()"]))
        def delete_range(self, key: str, lo: int, hi: int, bounds: str) -> None:
            before = self.model.get(key, [])
            left = [row for row in before if not self.inside(row[0], lo, hi, bounds)]
            assert self.series.delete_range(key, lo, hi, bounds=bounds) == len(before) - len(left)
            self.keep(key, left)

        @rule(key=st.sampled_from(KEYS))
        def delete(self, key: str) -> None:
            assert self.series.delete(key) == len(self.model.pop(key, []))

        @rule(now=st.integers(0, 100), older=st.integers(1, 60))
        def retain(self, now: int, older: int) -> None:
            removed = 0
            for key, rows in list(self.model.items()):
                left = [row for row in rows if row[0] >= now - older]
                removed += len(rows) - len(left)
                self.keep(key, left)
            assert self.series.retain(older_than=np.timedelta64(older, "ns"), now=now) == removed

        def keep(self, key: str, rows: list[Row]) -> None:
            if rows:
                self.model[key] = rows
            else:
                self.model.pop(key, None)

        @staticmethod
        def inside(time: int, lo: int, hi: int, bounds: str) -> bool:
            return (lo <= time if bounds[0] == "[" else lo < time) and (time <= hi if bounds[1] == "]" else time < hi)

        @rule(key=st.sampled_from(KEYS), lo=TIMES, hi=TIMES, bounds=st.sampled_from(["[)", "[]", "(]", "()"]))
        def read_a_range(self, key: str, lo: int, hi: int, bounds: str) -> None:
            expected = [row for row in self.model.get(key, []) if self.inside(row[0], lo, hi, bounds)]
            found = self.series.range(key, lo, hi, columns=["n"], bounds=bounds)
            assert found.time.astype("i8").tolist() == [row[0] for row in expected]
            assert found.n.tolist() == [row[2] for row in expected]
            assert self.series.count(key, lo, hi, bounds=bounds) == len(expected)
            got = self.series.aggregate(key, lo, hi, bounds=bounds, x=["min", "max", "first", "last", "sum", "count"])
            if expected:
                x = [row[1] for row in expected]
                assert list(got.values()) == [min(x), max(x), x[0], x[-1], pytest.approx(sum(x)), len(x)]
            else:
                assert got["x_count"] == 0

        @rule(key=st.sampled_from(KEYS), time=TIMES, n=st.integers(0, 90))
        def read_ends(self, key: str, time: int, n: int) -> None:
            rows = self.model.get(key, [])
            for found, expected in (
                (self.series.last(key, n), rows[len(rows) - min(n, len(rows)) :]),
                (self.series.first(key, n), rows[:n]),
            ):
                assert found.time.astype("i8").tolist() == [row[0] for row in expected]
                assert found.x.tolist() == [row[1] for row in expected]
            before = [row for row in rows if row[0] <= time]
            tick = self.series.as_of(key, time)
            if before:
                assert (int(tick.time.astype("i8")), tick.x, tick.n) == before[-1]
            else:
                assert tick is None
            span = self.series.span(key)
            assert (span is None) is (not rows)
            if rows:
                assert [int(end.astype("i8")) for end in span] == [rows[0][0], rows[-1][0]]
            assert (key in self.series) is bool(rows)
            assert self.series.count() == sum(map(len, self.model.values()))

        @rule()
        def all_is_sound(self) -> None:
            assert self.series.check() == []

        @precondition(lambda self: self.committed is not None)
        @rule(buffers=st.booleans())
        def a_reader_sees_the_last_commit(self, buffers: bool) -> None:
            with self.db.begin(buffers=buffers) as txn:
                series = txn[table]
                assert {key: series.range(key).x.tolist() for key in series} == {
                    key: [row[1] for row in rows] for key, rows in self.committed.items()
                }

    return SeriesMachine


@pytest.mark.parametrize(
    ("table", "policy"), [(Keep, "keep"), (Replace, "replace"), (Refuse, "refuse"), (Long, "keep")]
)
def test_a_series_is_a_sorted_array(table: Any, policy: str) -> None:
    run_state_machine_as_test(machine(table, policy), settings=settings(stateful_step_count=30))
