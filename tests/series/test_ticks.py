"""What goes into a series comes out of it: types, times, refusals, and how arrays of the map behave."""

from __future__ import annotations

import contextlib
import gc
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.series.declared import declare
from zlmdb.series.times import duration_ns, moment_ns, moments_ns

DTYPES = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "?", "M8[ns]", "M8[s]", "M8[D]", "m8[us]"]
DTYPES += ["S5", "U3", "c8", "c16"]


def samples(dtype: str, n: int) -> Any:
    """Random values of a type, with the odd ones among them."""
    rng = np.random.default_rng(n)
    kind = np.dtype(dtype).kind
    if kind in "SU":
        return np.array([b"", b"a", b"abc"] if kind == "S" else ["", "a", "äöü"], dtype)[rng.integers(0, 3, n)]
    bits = rng.integers(0, 256, n * np.dtype(dtype).itemsize, dtype="u1")
    if kind == "b":
        return bits % 2 == 1
    found = bits.view(dtype)
    if kind in "fcmM":
        found = rng.integers(-9, 9, n).astype("i8").astype(dtype) if kind != "f" else (rng.random(n) * 99).astype(dtype)
        found[::5] = np.nan if kind in "fc" else np.array("NaT", dtype)
    return found


EACH = {f"c{number}": zlmdb.column(dtype) for number, dtype in enumerate(DTYPES)}
All = declare(EACH, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de201", chunk=100)
Packed = declare(EACH, "0f7a3c52-1111-4c7e-9a55-0c8f0a1de202", chunk=100, compress="delta-zstd")


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de203")
class Ticks(zlmdb.Series[str]):
    price = zlmdb.column("f8")
    size = zlmdb.column("u4", default=1)
    flag = zlmdb.column("?", default=False)
    seen = zlmdb.column("M8[us]", default=np.datetime64(0, "us"))
    small = zlmdb.column("f4", default=0.1)


@pytest.fixture
def tables() -> list[Any]:
    return [All, Packed, Ticks]


@pytest.fixture
def txn(tables: list[Any]) -> Any:
    with zlmdb.open(":memory:", tables) as db, db.begin(write=True) as txn:
        yield txn
        for table in tables:
            assert txn[table].check() == []


@pytest.mark.parametrize("table", [All, Packed])
@pytest.mark.parametrize("n", [1, 50, 99, 100, 250])
def test_every_type_comes_back_bit_by_bit(txn: Any, table: Any, n: int) -> None:
    columns = {f"c{number}": samples(dtype, n) for number, dtype in enumerate(DTYPES)}
    txn[table].append("a", np.arange(n), **columns)
    for at in range(3):  # and one by one, behind them
        txn[table].append("a", 1000 + at, **{name: values[at % n] for name, values in columns.items()})
    found = txn[table].range("a")
    for name, values in columns.items():
        expected = np.concatenate((values, [values[at % n] for at in range(3)])).astype(values.dtype)
        assert found[name].dtype == np.dtype(DTYPES[int(name[1:])]).newbyteorder("<")
        assert found[name].tobytes() == expected.tobytes(), name


MOMENTS: list[tuple[Any, int]] = [
    (0, 0),
    (np.int64(5), 5),
    (np.datetime64("1970-01-02"), 86400 * 10**9),
    (np.datetime64(7, "us"), 7000),
    (np.datetime64(3000, "ps"), 3),
    (datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), 1_000_005_000),
    (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
    (np.array("1969-12-31T23:59:59", "M8[s]"), -(10**9)),
    (-(2**63) + 1, -(2**63) + 1),
]


@pytest.mark.parametrize(("moment", "ns"), MOMENTS)
def test_moments_are_exact(txn: Any, moment: Any, ns: int) -> None:
    assert moment_ns(moment) == ns
    assert moments_ns([moment[()] if isinstance(moment, np.ndarray) else moment]).tolist() == [ns]
    txn[Ticks].append("a", moment, price=1.0)
    assert txn[Ticks].span("a") == (np.datetime64(ns, "ns"),) * 2
    assert txn[Ticks].as_of("a", moment).time == np.datetime64(ns, "ns")


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("2026-01-01", "found str"),
        (1.5, "found float"),
        (True, "found bool"),
        (None, "found NoneType"),
        (np.timedelta64(1, "ns"), "found timedelta64"),
        (date(2026, 1, 1), "a date has no time of day"),
        (datetime(2026, 1, 1), "it has no timezone"),
        (np.datetime64("NaT", "s"), "NaT is no time"),
        (np.datetime64(1, "ps"), "finer than a nanosecond"),
        (np.datetime64("3000-01-01"), "outside 1677 to 2262"),
        (2**63, "outside 1677 to 2262"),
        (-(2**63), "outside 1677 to 2262|NaT is no time"),
    ],
)
def test_what_is_no_moment_is_refused(txn: Any, moment: Any, message: str) -> None:
    for use in (
        lambda: txn[Ticks].append("a", moment, price=1.0),
        lambda: txn[Ticks].append("a", [1, moment], price=1.0),
        lambda: txn[Ticks].as_of("a", moment),
    ):
        with pytest.raises(zlmdb.DataError, match=message) as caught:
            use()
        assert "table Ticks" in str(caught.value)
    if moment is not None:
        with pytest.raises(zlmdb.DataError, match=message):
            txn[Ticks].range("a", moment)
    assert list(txn[Ticks]) == []


@pytest.mark.parametrize(
    "times",
    [
        np.array(["2026-01-01", "2026-01-02"], "M8[D]"),
        np.array([1767225600, 1767312000], "M8[s]"),
        [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)],
        (np.datetime64("2026-01-01"), datetime(2026, 1, 2, tzinfo=UTC)),
        np.array([1767225600, 1767312000], "u8") * 10**9,
        np.array([0, 1767225600, 1, 1767312000], ">i8")[1::2] * 10**9,
        [1767225600 * 10**9, np.int64(1767312000 * 10**9)],
    ],
)
def test_many_moments_are_exact(txn: Any, times: Any) -> None:
    txn[Ticks].append("a", times, price=[1, 2])
    assert txn[Ticks].range("a").time.tolist() == np.array(["2026-01-01", "2026-01-02"], "M8[ns]").tolist()


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.array(["2026-01-01", "NaT"], "M8[D]"), "at position 1: NaT is no time"),
        (np.array([1, -(2**63)]), "at position 1: NaT is no time"),
        (np.array(["2026-01-01", "3000-01-01"], "M8[D]"), "at position 1: it is outside 1677 to 2262"),
        (np.array([2**63], "u8"), "at position 0: it is outside 1677 to 2262"),
        (np.array([[1, 2]]), "in one dimension"),
        (np.array([1.0]), "expected a time"),
        (np.array(["a"]), "expected a time"),
        ([2**64], "outside 1677 to 2262"),
    ],
)
def test_wrong_moments_among_many_are_named(txn: Any, times: Any, message: str) -> None:
    with pytest.raises(zlmdb.DataError, match=message):
        txn[Ticks].append("a", times, price=1.0)
    assert "a" not in txn[Ticks]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({}, zlmdb.ValueTypeError, "expected a value for column price, which has no default"),
        ({"price": 1.0, "prize": 1.0}, zlmdb.ValueTypeError, "expected columns of price, size.*found 'prize'"),
        ({"price": [1.0]}, zlmdb.ValueTypeError, "column price: expected 2 values, one for each time"),
        ({"price": [[1.0, 2.0]]}, zlmdb.ValueTypeError, "column price: expected 2 values"),
        ({"price": "a"}, zlmdb.ValueTypeError, "column price: expected float64, found str"),
        ({"price": None}, zlmdb.ValueTypeError, "column price: expected float64, found NoneType"),
        ({"price": [1.0, None]}, zlmdb.ValueTypeError, "column price"),
        ({"price": np.array([2**53 + 1, 1])}, zlmdb.EncodeError, "9007199254740993 at position 0.*it would be changed"),
        ({"price": 1.0, "size": [1, -1]}, zlmdb.EncodeError, "column size: .*uint32 can hold, found -1 at position 1"),
        ({"price": 1.0, "size": 1.5}, zlmdb.EncodeError, "column size.*found 1.5"),
        ({"price": 1.0, "size": 2**32}, zlmdb.EncodeError, "column size"),
        ({"price": 1.0, "size": 2**70}, zlmdb.DataError, "column size"),
        ({"price": 1.0, "size": float("nan")}, zlmdb.EncodeError, "column size"),
        ({"price": 1.0, "size": True}, zlmdb.ValueTypeError, "column size: expected uint32, found bool"),
        ({"price": 1.0, "flag": 1}, zlmdb.ValueTypeError, "column flag: expected bool, found int"),
        ({"price": 1.0, "small": np.array([0.1, 0.2])}, zlmdb.EncodeError, "column small"),
        ({"price": 1.0, "small": 1e300}, zlmdb.EncodeError, "column small"),
        ({"price": 1.0, "seen": np.datetime64(1, "ns")}, zlmdb.EncodeError, "column seen"),
        ({"price": 1.0, "seen": datetime(2026, 1, 1)}, zlmdb.ValueTypeError, "no timezone"),
        ({"price": 1.0, "seen": 5}, zlmdb.ValueTypeError, "column seen"),
        ({"price": np.ma.masked_array([1.0, 2.0], [True, False])}, zlmdb.ValueTypeError, "masked"),
    ],
)
def test_wrong_columns_are_refused(txn: Any, columns: Any, error: type[Exception], message: str) -> None:
    for times in ([1, 2], np.array([1, 2], "M8[ns]")):
        with pytest.raises(error, match=message):
            txn[Ticks].append("a", times, **columns)
    if not any(isinstance(value, (list, np.ndarray)) for value in columns.values()):
        with pytest.raises(error, match=message.replace(" at position 1", "")):
            txn[Ticks].append("a", 1, **columns)
    assert "a" not in txn[Ticks]


def test_values_of_other_types_are_taken_if_nothing_is_lost(txn: Any) -> None:
    ticks = txn[Ticks]
    ticks.append(
        "a", 1, price=np.float32(1.5), size=np.int64(7), flag=np.True_, small=0.1, seen=datetime(2026, 1, 1, tzinfo=UTC)
    )
    ticks.append("a", [2, 3], price=[1, 2], size=np.array([1.0, 2.0]), flag=[True, False], small=np.array([0.5, 1]))
    ticks.append(
        "a", np.array([4, 5], "M8[ns]"), price=np.arange(4.0)[::2], size=np.array([8, 9], ">i2"), small=[0.1, 0.2]
    )
    ticks.append("a", [], price=[])
    found = ticks.range("a")
    assert found.price.tolist() == [1.5, 1, 2, 0, 2]
    assert found.size.tolist() == [7, 1, 2, 8, 9]
    assert found.flag.tolist() == [True, True, False, False, False]
    assert found.small.tolist() == np.array([0.1, 0.5, 1, 0.1, 0.2], "f4").tolist()
    assert found.seen[0] == np.datetime64("2026-01-01")


def test_a_batch_is_sorted_and_copied(txn: Any) -> None:
    times, prices = np.array([3, 1, 2]), np.array([30.0, 10.0, 20.0])
    txn[Ticks].append("a", times, price=prices)
    assert times.tolist() == [3, 1, 2]
    prices[:] = 0
    assert txn[Ticks].range("a").price.tolist() == [10, 20, 30]


def test_times_and_columns_of_pandas(txn: Any) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed: install it to append its columns")
    frame = pd.DataFrame({"price": [1.0, 2.0], "size": [3, 4]}, pd.DatetimeIndex(["2026-01-01", "2026-01-02"]))
    txn[Ticks].append("a", frame.index, price=frame["price"], size=frame["size"])
    txn[Ticks].append("a", frame.index.tz_localize("Europe/Berlin"), price=frame["price"])
    txn[Ticks].append("a", pd.Series(frame.index), price=frame["price"])
    txn[Ticks].append("a", pd.Timestamp("2026-01-03T00:00:00.000000001Z"), price=5.0)
    found = txn[Ticks].range("a")
    berlin = np.array(["2025-12-31T23", "2026-01-01T23"], "M8[ns]")
    assert list(found.time) == sorted([*np.repeat(frame.index.values.astype("M8[ns]"), 2), *berlin, found.time[-1]])
    assert found.time[-1] == np.datetime64("2026-01-03T00:00:00.000000001")
    assert found.size.tolist() == [1, 3, 1, 1, 4, 1, 1]
    with pytest.raises(zlmdb.KeyValueError, match="NaT is no time"):
        txn[Ticks].append("a", pd.NaT, price=1.0)


DURATIONS: list[tuple[Any, int]] = [
    ("5ns", 5),
    ("1us", 10**3),
    (" 250 ms", 250 * 10**6),
    ("1s", 10**9),
    ("1m", 60 * 10**9),
    ("1min", 60 * 10**9),
    ("2h", 7200 * 10**9),
    ("90d", 90 * 86400 * 10**9),
    ("1w", 7 * 86400 * 10**9),
    (timedelta(seconds=1.5), 1_500_000_000),
    (np.timedelta64(3, "m"), 180 * 10**9),
]


@pytest.mark.parametrize(("duration", "ns"), DURATIONS)
def test_durations(duration: Any, ns: int) -> None:
    assert duration_ns(duration) == ns


NO_DURATIONS = [
    "",
    "5",
    "1 month",
    "-1s",
    "0s",
    "1.5s",
    "999999999999999999w",
    timedelta(0),
    timedelta(days=-1),
    5,
    None,
]
NO_DURATIONS += [np.timedelta64(1, "M"), np.timedelta64(10**18, "D"), np.timedelta64("NaT", "s")]


@pytest.mark.parametrize("duration", NO_DURATIONS)
def test_what_is_no_duration_is_refused(duration: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="expected a duration"):
        duration_ns(duration)


def test_wrong_questions_are_refused(txn: Any) -> None:
    ticks = txn[Ticks]
    ticks.append("a", 1, price=1.0)
    for use in (
        lambda: ticks.range("a", bounds="(("),
        lambda: ticks.last("a", -1),
        lambda: ticks.last("a", np.timedelta64(1, "D")),
        lambda: ticks.last("a", 1.5),
        lambda: ticks.last("a", True),
        lambda: ticks.delete_range("a"),
        lambda: ticks.delete_range("a", 1, bounds="["),
    ):
        with pytest.raises(ValueError, match="expected"):
            use()
    with pytest.raises(zlmdb.ValueTypeError, match="expected columns of price"):
        ticks.range("a", columns=["price", "prize"])
    with pytest.raises(AttributeError, match="no column 'prize'"):
        _ = ticks.range("a").prize
    assert ticks.range("a", columns="price").columns().keys() == {"time", "price"}
    assert len(ticks.last("a", np.int64(5))) == 1


def test_series_that_are_not_there_are_empty(txn: Any) -> None:
    ticks = txn[Ticks]
    assert (len(ticks.range("x")), len(ticks.last("x")), ticks.as_of("x", 1), ticks.span("x")) == (0, 0, None, None)
    assert (ticks.count("x"), ticks.count(), ticks.delete("x"), ticks.delete_range("x", 1)) == (0, 0, 0, 0)
    assert ticks.aggregate("x", price=["mean", "count"]) == {"price_mean": None, "price_count": 0}
    assert ticks.range("x").price.dtype == np.float64
    assert not ticks
    assert list(ticks.resample_all("1m", price="mean")) == []
    found = ticks.resample("x", "1m", price="ohlc", size=["sum", "mean"])
    assert [found[name].dtype.str for name in found] == ["<M8[ns]", "<f8", "<f8", "<f8", "<f8", "<u8", "<f8"]


def test_a_read_transaction_does_not_write(tables: list[Any]) -> None:
    with zlmdb.open(":memory:", tables) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("a", 1, price=1.0)
        with db.begin() as txn:
            ticks = txn[Ticks]
            for use in (
                lambda: ticks.append("a", 2, price=1.0),
                lambda: ticks.append("a", [2, 3], price=1.0),
                lambda: ticks.append("a", np.arange(100).view("M8[ns]"), price=1.0),
                lambda: ticks.delete("a"),
                lambda: ticks.retain(older_than="1s"),
                lambda: ticks.downsample(All, "1s", price="mean"),
            ):
                with pytest.raises(zlmdb.ReadOnlyTransaction):
                    use()
            assert ticks.range("a").price.tolist() == [1.0]
        for use in (
            lambda: ticks.range("a"),
            lambda: ticks.append("a", 1, price=1.0),
            lambda: list(ticks),
            lambda: "a" in ticks,
        ):
            with pytest.raises(zlmdb.TransactionClosed):
                use()


# -- memory


def test_a_range_in_one_chunk_is_read_in_place(path: str) -> None:
    table = Ticks
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].append("a", np.arange(9000), price=np.arange(9000.0))
        with db.begin(buffers=True) as txn:
            inside = txn[table].range("a", 100, 2000)
            assert inside.price.tolist() == list(range(100, 2000))
            assert not inside.price.flags.writeable
            assert not inside.time.flags.writeable
            assert inside.price.__array_interface__["data"][0] % 8 == 0
            with pytest.raises(ValueError, match="read-only"):
                inside.price[0] = 1
            kept, plain = inside.detach(), inside.to_numpy()
            across = txn[table].range("a", 100, 8000)
            assert across.price.flags.writeable
            part = inside.price[5:10]
        with pytest.raises(zlmdb.ViewExpired):
            inside.price[0]
        with pytest.raises(zlmdb.ViewExpired):
            inside.time.max()
        with pytest.raises(zlmdb.ViewExpired):
            part.sum()
        with pytest.raises(zlmdb.ViewExpired):
            len(inside)
        assert kept.price.tolist() == plain["price"].tolist() == list(range(100, 2000))
        assert across.price[-1] == 7999
        del inside, part
        gc.collect()
        with db.begin() as txn:
            own = txn[table].range("a", 100, 200)
            own.price[0] = -1
        assert own.price.tolist() == [-1.0, *range(101, 200)]


def test_reading_sees_one_snapshot_while_others_write(path: str) -> None:
    """Memory without copying is read through a second transaction, which must see the same as the first."""
    with zlmdb.open(path, [Ticks]) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("a", np.arange(5000), price=np.zeros(5000))
        with db.begin() as reader:
            with db.begin(write=True) as txn:
                txn[Ticks].append("a", [10, 9000], price=1.0)
            assert len(reader[Ticks].range("a")) == 5000
            assert reader[Ticks].last("a").time[0] == np.datetime64(4999, "ns")
            assert reader[Ticks].as_of("a", 9000).price == 0
            assert reader[Ticks].aggregate("a", price=["sum", "count"]) == {"price_sum": 0, "price_count": 5000}
        with db.begin() as reader:
            assert len(reader[Ticks].range("a")) == 5002


def test_many_small_series_stay_compact() -> None:
    with zlmdb.open(":memory:", [Ticks]) as db:
        with db.begin(write=True) as txn:
            ticks = txn[Ticks]
            for number in range(20_000):
                ticks.append(f"{number:05d}", number, price=1.0)
                ticks.append(f"{number:05d}", [number + 1, number + 2], price=2.0)
        with db.begin() as txn:
            assert len(txn[Ticks]) == 20_000
            assert txn[Ticks].count() == 60_000
        # A tick has 33 bytes here; a series needs one record, with a head of 40 bytes and a key of 19.
        assert db.stats()["used"] < 20_000 * 2 * (3 * 33 + 40 + 19 + 8)


def test_a_slice_is_a_record_of_arrays() -> None:
    import pickle

    one = zlmdb.Slice("k", np.array([1, 2], "M8[ns]"), {"a": np.array([1, 2]), "b": np.array([0.5, 1.5])})
    assert list(one) == ["time", "a", "b"]
    assert one["a"] is one.a
    assert list(one.columns()) == ["time", "a", "b"]
    assert one.to_numpy().dtype.names == ("time", "a", "b")
    assert "a" in dir(one)
    assert repr(one).startswith("<slice of 'k': 2 ticks from 1970-01-01")
    again = pickle.loads(pickle.dumps(one))
    assert (again.key, again.a.tolist(), again.time.tolist()) == ("k", [1, 2], [1, 2])


@given(
    st.lists(st.floats(width=64, allow_nan=True), max_size=80),
    st.sampled_from(["zlib", "zstd", "delta-zlib", "delta-zstd"]),
    st.integers(0, 8),
)
def test_compression_loses_no_bit(values: list[float], method: str, digits: int) -> None:
    from zlmdb.series.compress import expand, shrink

    rounded = [round(value, digits) if abs(value) < 1e9 else value for value in values]
    with np.errstate(over="ignore"):
        small = np.array([*rounded, 1.0]).astype("f4")
    for column in (np.array([*values, 0.0, -0.0]), np.array([*rounded, 0.0]), small):
        encoding, exponent, data = shrink(column, method)
        assert expand(data, encoding, exponent, column.dtype, len(column)).tobytes() == column.tobytes()
    whole = np.array(values * 3).view("u1")
    for dtype in ("u1", "i2", "u4", "i8", "S3", "M8[s]"):
        column = whole.view(dtype)
        if len(column):
            encoding, exponent, data = shrink(column, method)
            assert expand(data, encoding, exponent, column.dtype, len(column)).tobytes() == column.tobytes()


def test_broken_chunks_are_named_and_other_series_stay_readable(path: str) -> None:
    with zlmdb.open(path, [Packed, Ticks]) as db:
        with db.begin(write=True) as txn:
            for key in ("a", "b"):
                columns = {f"c{number}": samples(dtype, 300) for number, dtype in enumerate(DTYPES)}
                txn[Packed].append(key, np.arange(300), **columns)
            records = [key for key in _keys(txn) if key.startswith(b"\0\1a\0\1")]
        for key in records:
            for damage in (b"", b"C", b"\0" * 200, 0, 5, 40, 60, 70, 250, -1):
                with db.begin(write=True) as txn:
                    data = bytearray(txn.get(key))
                    if isinstance(damage, bytes):
                        data[:] = damage
                    else:
                        data[damage % len(data)] ^= 0xFF
                    txn.put(key, bytes(data))
                    with contextlib.suppress(zlmdb.DecodeError):
                        txn[Packed].range("a")
                    problems = txn[Packed].check()
                    assert all("series 'a'" in problem for problem in problems), problems
                    # Not every byte says something: some fill up, and values may be any.
                    assert problems or damage not in (b"", b"C", b"\0" * 200, 0, 5)
                    assert len(txn[Packed].range("b")) == 300
                    txn.abort()


def _keys(txn: Any) -> list[bytes]:
    return [bytes(key) for key in txn.cursor().iternext(True, False)]
