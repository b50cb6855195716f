"""Aggregates equal those of pandas, whatever chunks, heads, gaps and missing values the ticks lie in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare
from zlmdb.series.check import recomputed, same
from zlmdb.series.layout import Chunk

COLUMNS = {
    "f8": zlmdb.column("f8"),
    "f4": zlmdb.column("f4"),
    "i8": zlmdb.column("i8"),
    "u1": zlmdb.column("u1"),
    "b": zlmdb.column("?"),
    "m": zlmdb.column("m8[ms]"),
    "t": zlmdb.column("M8[s]"),
    "s": zlmdb.column("S3"),
}
Mixed = declare(COLUMNS, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de301", chunk=20)
SECOND = 10**9
ALL = ["count", "min", "max", "first", "last", "sum", "mean", "var", "std"]


def ticks(seed: int, n: int, missing: float, spread: int) -> tuple[Any, dict[str, Any]]:
    """Random ticks, some of whose values are missing."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(-spread, spread, n)) * SECOND // 7
    columns: dict[str, Any] = {
        "f8": rng.normal(50_000, 0.01, n),
        "f4": rng.normal(0, 100, n).astype("f4"),
        "i8": rng.integers(-(2**40), 2**40, n),
        "u1": rng.integers(0, 256, n).astype("u1"),
        "b": rng.random(n) < 0.5,
        "m": rng.integers(-1000, 1000, n).astype("m8[ms]"),
        "t": rng.integers(0, 10**9, n).astype("M8[s]"),
        "s": np.array([b"a", b"bc", b"def"])[rng.integers(0, 3, n)],
    }
    for name in ("f8", "f4", "m", "t"):
        columns[name][rng.random(n) < missing] = np.array("NaT" if name in "mt" else np.nan, columns[name].dtype)
    return times, columns


def stored(txn: Any, times: Any, columns: dict[str, Any], seed: int) -> Any:
    """The series, filled in parts that make closed chunks, an open one and a head."""
    series = txn[Mixed]
    at = 0
    rng = np.random.default_rng(seed)
    while at < len(times):
        end = at + int(rng.choice([1, 3, 25, 80]))
        series.append("k", times[at:end], **{name: values[at:end] for name, values in columns.items()})
        at = end
    return series


PROGRAMS = st.tuples(
    st.integers(0, 2**32), st.integers(1, 300), st.sampled_from([0.0, 0.1, 0.95]), st.sampled_from([5, 100, 5000])
)


@given(PROGRAMS, st.sampled_from(["1s", "7s", "1m", "1h", "3d"]), st.integers(-50, 50), st.integers(0, 100))
def test_resample_is_that_of_pandas(program: Any, every: str, lo: int, width: int) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed: install it to compare aggregates with it")
    times, columns = ticks(*program)
    t0, t1 = (None, None) if width == 0 else (lo * SECOND, (lo + width) * SECOND)
    how = {name: ALL if name in ("f8", "f4", "i8", "u1") else ["count", "first", "last"] for name in columns}
    how["b"] = ["count", "min", "max", "first", "last", "sum", "mean"]
    how["m"] = ["count", "min", "max", "first", "last", "sum"]
    how["t"] = ["count", "min", "max", "first", "last"]
    frame = pd.DataFrame({name: values for name, values in columns.items() if name != "s"})
    frame["s"] = [value.decode() for value in columns["s"]]
    frame.index = pd.DatetimeIndex(times.view("M8[ns]"))
    inside = np.ones(len(times), bool) if t0 is None else (times >= t0) & (times < t1)
    frame = frame[inside]
    with zlmdb.open(":memory:", [Mixed]) as db, db.begin(write=True) as txn:
        series = stored(txn, times, columns, program[0])
        found = series.resample("k", every, t0, t1, **how)
        whole = series.aggregate("k", t0, t1, **how)
        assert series.check() == []
    if not len(frame):
        assert len(found) == 0
        return
    groups = frame.groupby(frame.index.floor(every.replace("m", "min").replace("d", "D")))
    assert found.time.tolist() == pd.DatetimeIndex(list(groups.groups)).sort_values().values.astype("M8[ns]").tolist()
    for name, functions in how.items():
        for function in functions:
            mine, theirs = found[f"{name}_{function}"], getattr(groups[name], function)()
            if name == "s" and function != "count":
                assert [value.decode() for value in mine] == theirs.tolist()
            elif function in ("mean", "var", "std") or (function == "sum" and name in ("f8", "f4")):
                # pandas sums float32 in float32, and so less exactly.
                places = {"rtol": 2e-4, "atol": 1e-2} if name == "f4" else {"rtol": 1e-7, "atol": 1e-12}
                np.testing.assert_allclose(mine, theirs.to_numpy(float), **places)
            elif name in ("m", "t") and function != "count":
                np.testing.assert_array_equal(mine, theirs.to_numpy().astype(mine.dtype))
            else:
                np.testing.assert_array_equal(mine, theirs.to_numpy())
            one, all_of_them = whole[f"{name}_{function}"], frame[name].dropna()
            if function == "count":
                assert one == len(all_of_them)
            elif function == "sum" and name == "i8":
                assert one == sum(all_of_them.tolist())
            elif function == "var" and len(all_of_them) > 1:
                np.testing.assert_allclose(one, all_of_them.astype(float).var(), rtol=1e-6)


@given(PROGRAMS)
def test_statistics_of_chunks_are_those_of_their_values(program: Any) -> None:
    times, columns = ticks(*program)
    with zlmdb.open(":memory:", [Mixed]) as db, db.begin(write=True) as txn:
        series = stored(txn, times, columns, program[0])
        closed = 0
        for _, data in txn.cursor().iternext(True, True):
            if data[:2] == b"C\1" and data[24] & 1:
                chunk = Chunk(series._layout, data)
                closed += 1
                for at in range(len(COLUMNS)):
                    values = chunk.column(at)
                    assert same(chunk.statistics(at)[0], recomputed(values), values.dtype.kind)
        assert closed > 0 or len(times) < 300


def test_whole_chunks_are_not_read_for_aggregates() -> None:
    table = declare({"x": zlmdb.column("f8"), "n": zlmdb.column("i4")}, chunk=100)
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].append("k", np.arange(1000) * SECOND, x=np.arange(1000.0), n=np.arange(1000, dtype="i4"))
            prefix = txn[table]._prefix("k")
            for key, data in list(txn.cursor().iternext(True, True)):
                if bytes(key).startswith(prefix) and data[:1] == b"C" and data[24] & 1:
                    broken = data[: 32 + 2 * 64] + b"\xff" * (len(data) - 32 - 2 * 64)
                    txn.put(bytes(key), broken)  # every value of it is nonsense now
        with db.begin() as txn:
            got = txn[table].aggregate("k", x=["mean", "min", "max", "first", "last"], n="sum")
            assert got == {"x_mean": 499.5, "x_min": 0, "x_max": 999, "x_first": 0, "x_last": 999, "n": 499500}
            days = txn[table].resample("k", "1d", x="ohlc", n="sum")
            assert (days.open, days.high, days.low, days.close, days.n) == (0, 999, 0, 999, 499500)


def test_sums_of_large_integers() -> None:
    table = declare({"u": zlmdb.column("u8"), "i": zlmdb.column("i8")}, chunk=10)
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        txn[table].append("k", np.arange(30), u=np.full(30, 2**64 - 1, "u8"), i=np.full(30, -(2**63)))
        got = txn[table].aggregate("k", u=["sum", "mean", "max"], i=["sum", "mean", "min"])
        assert got["u_sum"] == 2**64 - 30  # modulo 2**64, as NumPy's
        assert got["u_mean"] == pytest.approx(2.0**64)
        assert got["i_mean"] == pytest.approx(-(2.0**63))
        assert (got["u_max"], got["i_min"]) == (2**64 - 1, -(2**63))


Ticks = declare({"x": zlmdb.column("f8"), "s": zlmdb.column("S2", default=b"")}, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de302")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "expected what to do with which column"),
        ({"y": "mean"}, "expected columns of x, s, found 'y'"),
        ({"x": "median"}, "expected x= to be one of count, min"),
        ({"x": 5}, "expected x= to be one of count, min"),
        ({"x": ("x", "mean", "y")}, "expected x= to be one of"),
        ({"x": ["mean", "mean"]}, "expected one result by the name of 'x_mean', found 2"),
        ({"x": "ohlc", "open": ("x", "first")}, "expected one result by the name of 'open'"),
        ({"time": ("x", "first")}, "'time'"),
        ({"s": "mean"}, "values of .S2 have no mean"),
        ({"s": "min"}, "values of .S2 have no min"),
    ],
)
def test_wrong_wishes_are_refused(how: dict[str, Any], message: str) -> None:
    with zlmdb.open(":memory:", [Ticks]) as db, db.begin(write=True) as txn:
        txn[Ticks].append("k", 1, x=1.0)
        for use in (txn[Ticks].aggregate, lambda key, **how: txn[Ticks].resample(key, "1m", **how)):
            with pytest.raises(zlmdb.ValueTypeError, match=message):
                use("k", **how)


def test_results_are_named_as_asked() -> None:
    with zlmdb.open(":memory:", [Ticks]) as db, db.begin(write=True) as txn:
        txn[Ticks].append("k", [0, 1, 70 * SECOND], x=[1.0, 2.0, 5.0])
        found = txn[Ticks].resample("k", "1m", x="ohlc", n=("x", "count"), bid=("x", "ohlc"))
        names = ["open", "high", "low", "close"]
        assert list(found) == ["time", *names, "n", *[f"bid_{name}" for name in names]]
        assert found.n.tolist() == [2, 1]
        assert found.time.astype("M8[s]").astype(int).tolist() == [0, 60]
        moved = txn[Ticks].resample("k", "1m", origin=30 * SECOND, x="count")
        assert moved.time.astype("M8[s]").astype(int).tolist() == [-30, 30]
        assert {key: len(found) for key, found in txn[Ticks].resample_all("1m", x="mean")} == {"k": 2}


CANDLES = {name: zlmdb.column("f8") for name in ("open", "high", "low", "close")} | {"volume": zlmdb.column("i8")}
Candles = declare(CANDLES, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de303")


def test_downsampling_twice_is_as_once() -> None:
    with zlmdb.open(":memory:", [Ticks, Candles]) as db, db.begin(write=True) as txn:
        series, candles = txn[Ticks], txn[Candles]
        for key in ("a", "b"):
            series.append(key, np.arange(10_000) * SECOND, x=np.arange(10_000.0))
        for _ in range(2):
            assert series.downsample(Candles, "1h", x="ohlc", volume=("x", "count")) == 6
            found = candles.range("b")
            assert found.volume.tolist() == [3600, 3600, 2800]
            assert found.high.tolist() == [3599, 7199, 9999]
        series.append("a", 10_000 * SECOND, x=-1.0)
        assert series.downsample(Candles, "1h", np.datetime64(7200, "s"), x="ohlc", volume=("x", "count")) == 2
        assert candles.range("a").low.tolist() == [0, 3600, -1]
        assert candles.range("a").volume.tolist() == [3600, 3600, 2801]
        with pytest.raises(zlmdb.SchemaError, match="expected another table"):
            series.downsample(Ticks, "1h", x="mean")
        with pytest.raises(zlmdb.ValueTypeError, match="has no default"):
            series.downsample(Candles, "1h", x="ohlc")
        assert txn[Candles].check() == txn[Ticks].check() == []
