"""What goes wrong is said in errors of this package, and leaves a series as it was."""

from __future__ import annotations

import contextlib
import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

import zlmdb
from tests.series.declared import declare
from zlmdb.series.records import HEAD, HEAD_END, HEAD_SIZE

COLUMNS = {
    "d": zlmdb.column("f8"),
    "s": zlmdb.column("S3", default=b""),
    "m": zlmdb.column("M8[s]", default=np.datetime64(0, "s")),
}
OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de63"
Plain = declare(COLUMNS, OID + "1", chunk=100)
Packed = declare(COLUMNS, OID + "2", chunk=100, compress="delta-zlib")
BATCH = {"d": np.ones(100), "s": np.full(100, b"a", "S3"), "m": np.zeros(100, "M8[s]")}
READS = {
    "range": lambda t: t.range("x"),
    "part": lambda t: t.range("x", 50, 250),
    "last": lambda t: t.last("x", 200),
    "first": lambda t: t.first("x", 200),
    "as_of": lambda t: t.as_of("x", 150),
}
USES = READS | {
    "span": lambda t: t.span("x"),
    "count": lambda t: t.count("x", 3, 200),
    "count all": lambda t: t.count(None, 3, 200),
    "aggregate": lambda t: t.aggregate("x", d=["mean", "var"], m="max"),
    "resample": lambda t: t.resample("x", "70ns", d="ohlc", s="first"),
    "resample all": lambda t: list(t.resample_all("70ns", d="ohlc")),
    "one": lambda t: t.append("x", 1000, d=1.0),
    "packed": lambda t: t.append("x", 1000, d=1.0, s=b"a", m=np.datetime64(1, "s")),
    "batch": lambda t: t.append("x", np.arange(2000, 2100).view("M8[ns]"), **BATCH),
    "late": lambda t: t.append("x", 50, d=2.0),
    "delete range": lambda t: t.delete_range("x", 20, 120),
    "delete": lambda t: t.delete("x"),
    "retain": lambda t: t.retain(older_than="1ns", now=170),
    "check": lambda t: t.check(),
}


@pytest.mark.parametrize("table", [Plain, Packed])
def test_damaged_bytes_are_named_whatever_is_done(table: Any) -> None:
    rng = random.Random(3)
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].append("x", np.arange(330), d=np.arange(330.0))
            txn[table].append("x", 400, d=1.0)
        with db.begin() as txn:
            records = [(key, data) for key, data in txn.cursor().iternext(True, True) if key.startswith(b"\0\1x")]
        assert len(records) >= 4
        for _ in range(120):
            key, data = rng.choice(records)
            broken = bytearray(data)
            if rng.random() < 0.3:
                broken = broken[: rng.randrange(len(broken) + 1)]
            for _ in range(rng.choice([1, 1, 3]) if broken else 0):
                broken[rng.randrange(min(len(broken), rng.choice([40, 120, 10**6])))] = rng.choice([0, 255, 128, 7])
            with db.begin(write=True) as txn:
                txn.put(key, bytes(broken))
            for buffers in (True, False):
                for use in (READS if buffers else USES).values():
                    with db.begin(write=not buffers, buffers=buffers) as txn, np.errstate(all="ignore"):
                        try:
                            use(txn[table])
                        except zlmdb.DecodeError as error:
                            message = str(error)
                        except zlmdb.TableMismatch as error:  # it may have columns of another program
                            message = str(error).replace("table Ticks: ", "table Ticks, key 'x': ")
                        else:
                            message = ""
                        assert not message or message.startswith("table Ticks, key 'x': expected "), message
                        txn.abort()
            with db.begin(write=True) as txn:
                txn.put(key, data)
        assert db.verify() == []


def head_of(txn: Any, key: str = "x") -> tuple[bytes, list[int], bytes]:
    """Key, numbers and rows of a head."""
    place = txn[Plain]._prefix(key) + HEAD_END
    data = txn.get(place)
    return place, list(HEAD.unpack_from(data)), data[HEAD_SIZE:]


@contextlib.contextmanager
def unchanged(txn: Any, match: str) -> Any:
    """Something that is refused with an error about what is stored, and changes nothing."""
    before = list(txn.cursor().iternext(True, True))
    with pytest.raises(zlmdb.DecodeError, match=match) as caught:
        yield
    assert "key 'x'" in str(caught.value)
    assert list(txn.cursor().iternext(True, True)) == before


@pytest.mark.parametrize("by", [-1, 1])
def test_nothing_is_added_to_a_head_that_has_other_rows_than_it_names(by: int) -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        for at in range(3):
            txn[Plain].append("x", at, d=float(at))
        place, numbers, rows = head_of(txn)
        numbers[3] += by
        txn.put(place, HEAD.pack(*numbers) + rows)
        for use in (
            lambda: txn[Plain].append("x", 9, d=1.0),
            lambda: txn[Plain].append("x", 9, d=1.0, s=b"a", m=np.datetime64(1, "s")),
            lambda: txn[Plain].append("x", [7, 8], d=1.0),
            lambda: txn[Plain].append("x", 1, d=1.0),
            lambda: txn[Plain].range("x"),
        ):
            with unchanged(txn, "has not the length of one with"):
                use()
        assert "has not the length" in txn[Plain].check()[0]


#: Number of a head, what is added to it, and appends that would come to stand in wrong places.
WRONG_HEADS = [
    (4, 1, lambda t: t.append("x", [60, 160], d=1.0)),
    (4, -1, lambda t: t.append("x", np.arange(500, 510), d=1.0)),
    (5, -50, lambda t: t.append("x", 150, d=1.0)),
    (5, -50, lambda t: t.append("x", [150, 151], d=1.0)),
    (5, -100, lambda t: t.append("x", np.arange(100, 200).view("M8[ns]"), **BATCH)),
    (6, -100, lambda t: t.append("x", 120, d=1.0)),
    (6, -100, lambda t: t.append("x", [20, 120], d=1.0)),
    (7, -50, lambda t: t.append("x", [60, 160], d=1.0)),
    (8, -50, lambda t: t.delete_range("x", 100)),
]


@pytest.mark.parametrize(("which", "by", "use"), WRONG_HEADS)
def test_a_head_that_is_wrong_about_chunks_puts_no_ticks_in_wrong_places(which: int, by: int, use: Any) -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        ticks = txn[Plain]
        ticks.append("x", np.arange(100), d=1.0)
        ticks.append("x", np.arange(100, 170), d=1.0)
        ticks.append("x", np.arange(170, 181), d=1.0)
        place, numbers, rows = head_of(txn)
        numbers[which] += by
        txn.put(place, HEAD.pack(*numbers) + rows)
        before = list(txn.cursor().iternext(True, True))
        try:
            use(ticks)
        except zlmdb.DecodeError:
            assert list(txn.cursor().iternext(True, True)) == before
        else:
            times = ticks.range("x").time.astype(int)
            assert (times[1:] >= times[:-1]).all()
            assert set(times.tolist()) >= set(range(170))


def test_removing_beside_a_damaged_chunk_changes_nothing() -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        for at in range(3):
            txn[Plain].append("x", np.arange(100) + 100 * at, d=1.0)
        chunks = txn[Plain]._prefix("x") + b"\x80"
        *_, last = [key for key, _ in txn.cursor().iternext(True, True) if key.startswith(chunks)]
        txn.put(last, b"?" + txn.get(last)[1:])
        for use in (lambda: txn[Plain].delete_range("x", 20, 120), lambda: txn[Plain].delete_range("x", 20, 50)):
            with unchanged(txn, "expected a chunk"):
                use()


def test_scans_name_the_series_that_is_damaged() -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        for key in "wxy":
            txn[Plain].append(key, 1, d=1.0)
        place, numbers, rows = head_of(txn)
        txn.put(place, HEAD.pack(*numbers) + rows[:-1])
        for use in (txn[Plain].to_numpy, lambda: list(txn[Plain].to_arrow())):
            with unchanged(txn, "expected a head"):
                use()


@pytest.mark.parametrize("how", [{"d": ["mean", "sum"]}, {"d": "mean"}, {"m": "max"}])
def test_statistics_that_cannot_be_are_refused(how: dict[str, Any]) -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        txn[Plain].append("x", np.arange(100), d=1.0)
        (place, data), *_ = [
            found for found in txn.cursor().iternext(True, True) if found[0].startswith(txn[Plain]._prefix("x"))
        ]
        for at in (0, 1, 2):
            data = data[: 39 + 64 * at] + b"\x80" + data[40 + 64 * at :]
        txn.put(place, data)
        for use in (lambda: txn[Plain].aggregate("x", **how), lambda: txn[Plain].resample("x", "1s", **how)):
            with unchanged(txn, "they count more values than a chunk has"):
                use()


@pytest.mark.parametrize("compress", [None, "zlib"])
def test_columns_that_are_not_stored_are_not_made_for_billions_of_ticks(compress: str | None) -> None:
    given = {"x": zlmdb.column("f8")}
    narrow = declare(given, OID + "6", chunk=100, compress=compress)
    wide = declare(given | {"y": zlmdb.column("S4000", default=b"")}, OID + "6", chunk=100, compress=compress)
    with zlmdb.open(":memory:", [narrow]) as db:
        with db.begin(write=True) as txn:
            txn[narrow].append("x", np.arange(100), x=1.0)
            (place, data), *_ = [
                found for found in txn.cursor().iternext(True, True) if found[0].startswith(txn[narrow]._prefix("x"))
            ]
            txn.put(place, data[:4] + (2**32 - 1).to_bytes(4, "little") + data[8:])
        db.attach_table(wide)
        for buffers in (False, True):
            with db.begin(buffers=buffers) as txn:
                for use in (
                    lambda: txn[wide].aggregate("x", y="count"),
                    lambda: txn[wide].last("x", 2, columns=["y"]),
                    lambda: txn[wide].range("x", columns=["y"]),
                    lambda: txn[wide].as_of("x", 1000),
                ):
                    with pytest.raises(zlmdb.DecodeError, match="key 'x'"):
                        use()


def test_damaged_text_and_numbers_are_no_errors_of_others() -> None:
    table = declare({"u": zlmdb.column("U1"), "f": zlmdb.column("f2", default=1)}, OID + "5", chunk=100)
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        txn[table].append("x", np.arange(100), u="a")
        (place, data), *_ = [
            found for found in txn.cursor().iternext(True, True) if found[0].startswith(txn[table]._prefix("x"))
        ]
        begin = 32 + 64 * 2
        data = bytearray(data)
        data[begin - 48 : begin - 40] = np.float64(1e300).tobytes()  # the largest, which no float16 is
        data[-600:] = b"\xff" * 600
        txn.put(place, bytes(data))
        assert txn[table].resample("x", "1s", f="max").f.tolist() == [np.inf]
        with unchanged(txn, "damaged ones"):
            txn[table].as_of("x", 50)


def test_a_full_map_is_told_of_as_that() -> None:
    with zlmdb.open(":memory:", [Plain], maxsize=1 << 20) as db:
        with db.begin(write=True) as txn:
            txn[Plain].append("x", np.arange(1000), d=0.0)
        with db.begin(write=True) as txn:
            ticks = txn[Plain]
            with pytest.raises(zlmdb.DatabaseFull):
                ticks.append("x", np.arange(90_000) + 5, d=1.0)
            for use in (*USES.values(), lambda t: list(t), len, bool, lambda t: "x" in t):
                with pytest.raises(zlmdb.TransactionError, match="an earlier error has made this transaction unusable"):
                    use(ticks)
            txn.abort()
        with db.begin() as txn:
            assert txn[Plain].count("x") == 1000


def test_iteration_goes_on_after_changes_and_savepoints() -> None:
    with zlmdb.open(":memory:", [Plain]) as db, db.begin(write=True) as txn:
        ticks = txn[Plain]
        for key in "bdfhj":
            ticks.append(key, np.arange(100), d=1.0)
        seen = []
        steps = ticks.keys()
        seen.append(next(steps))
        with txn.savepoint():
            ticks.append("c", 1, d=1.0)
            seen.append(next(steps))
            ticks.delete("d")
        seen.append(next(steps))
        with contextlib.suppress(KeyError), txn.savepoint():
            ticks.delete("f")
            seen.append(next(steps))
            raise KeyError
        assert [*seen, *steps] == ["b", "c", "f", "h", "j"]
        for key, found in ticks.resample_all("50ns", d="count"):
            assert found.d.sum() in (100, 1)
            with txn.savepoint():
                ticks.append(key + "x" if len(key) == 1 else key, np.arange(200, 300), d=1.0)
        assert len(ticks) == 10


def test_iteration_ends_with_its_transaction() -> None:
    with zlmdb.open(":memory:", [Plain]) as db:
        with db.begin(write=True) as txn:
            for key in "abc":
                txn[Plain].append(key, np.arange(10), d=1.0)
        with (txn := db.begin()):
            begun = [txn[Plain].keys(), txn[Plain].resample_all("1s", d="sum")]
            for iterator in begun:
                next(iterator)
        with pytest.raises(zlmdb.TransactionClosed):
            next(begun[0])
        with txn, pytest.raises(zlmdb.TransactionClosed, match="has ended"):
            next(begun[1])


def test_what_cannot_be_numbered_changes_nothing() -> None:
    small = declare({"x": zlmdb.column("u1")}, OID + "3", chunk=2)
    with zlmdb.open(":memory:", [small]) as db, db.begin(write=True) as txn:
        ticks = txn[small]
        ticks.append("a", np.arange(10, 20), x=1)
        times = np.full(140_000, 30)
        times[0] = 3
        with pytest.raises(zlmdb.EncodeError, match="ticks of one time"):
            ticks.append("a", times, x=2)
        assert ticks.range("a").x.tolist() == [1] * 10
        assert ticks.check() == []


def test_aggregates_hold_one_chunk_at_a_time() -> None:
    wide = declare({"x": zlmdb.column("S500"), "n": zlmdb.column("i4")}, OID + "4", chunk=500)
    with zlmdb.open(":memory:", [wide]) as db:
        with db.begin(write=True) as txn:
            txn[wide].append("a", np.arange(20_000), x=b"", n=1)
        with db.begin() as beside, db.begin(write=True) as txn:
            txn[wide].append("b", 1, x=b"", n=1)
            for reader in (txn, beside):
                tracemalloc.start()
                assert reader[wide].aggregate("a", n=["sum", "var"])["n_sum"] == 20_000
                assert reader[wide].count("a") == 20_000
                assert len(reader[wide].resample("a", "1us", n="mean")) == 20
                most = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                assert most < 3_000_000, most  # of ten million
