"""Growth: without a cap a database takes what it is given; with one it refuses cleanly."""

import os
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, User, Users, declare, everything, run_python, user

import zlmdb
from tests.engine.growing import DEFAULT, MB, assert_texts, size, texts

# -- without a cap


def test_a_database_takes_more_than_a_hundred_megabytes(path: str) -> None:
    with zlmdb.open(path, [Notes], durability="unsafe") as db:
        assert db.maxsize == db.stats()["max_size"] == DEFAULT
        texts(db, 0, 12)
        assert 12 * MB < size(path) < 14 * MB
        texts(db, 12, 110)
        assert_texts(db, 110)
        assert db.maxsize == db.stats()["max_size"] == DEFAULT
        assert db.stats()["free"] == 0
        assert db.stats()["current_size"] == size(path) > 110 * MB
    assert size(path) < 112 * MB
    with zlmdb.open(path, [Notes], readonly=True) as db:
        assert_texts(db, 110)


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_new_file_is_as_small_as_its_data(path: str, lib_version: str) -> None:
    with zlmdb.open(path, lib_version=lib_version) as db:
        assert size(path) <= 8192
        assert db.stats()["current_size"] == size(path)
        with db.begin(write=True) as txn:
            txn.put(b"\xff\xf0key", b"value")
    assert size(path) <= 16384


def test_a_database_without_a_cap_stays_so_when_opened_again(path: str) -> None:
    for turn in range(3):
        with zlmdb.open(path, [Notes], durability="unsafe") as db:
            texts(db, 8 * turn, 8 * turn + 8)
            assert db.maxsize == DEFAULT
    with zlmdb.open(path, [Notes]) as db:
        assert_texts(db, 24)


# -- a writable map, which must grow


def test_a_fresh_writable_map_is_as_long_as_what_is_reported(path: str) -> None:
    with zlmdb.Database(path, writemap=True) as db:
        assert db.is_writemap
        assert size(path) == db.maxsize == db.stats()["max_size"] == DEFAULT


def test_a_writable_map_with_a_cap_is_as_long_as_the_cap(path: str) -> None:
    with zlmdb.Database(path, writemap=True, maxsize=3 * MB) as db:
        assert size(path) == db.maxsize == db.stats()["max_size"] == 3 * MB


def test_a_writable_map_grows_ahead_of_need(path: str) -> None:
    with zlmdb.open(path, [Notes], writemap=True, lib_version="0.9", durability="unsafe") as db:
        for number in range(40):
            texts(db, number, number + 1)
        assert_texts(db, 40)
        assert db.maxsize == db.stats()["max_size"] == DEFAULT
    with zlmdb.open(path, [Notes], writemap=True, lib_version="0.9", durability="unsafe") as db:
        texts(db, 40, 44)
        assert_texts(db, 44)


WRITEMAP = """
    import random, sys, zlmdb
    from dbsupport import Notes
    with zlmdb.open(sys.argv[1], [Notes], writemap=True, lib_version=sys.argv[2], durability="unsafe") as db:
        txn = db.begin(write=True)
        with txn:
            txn.abort()
        with db.begin(write=True) as txn:
            txn[Notes][1] = "x"
            del txn[Notes][1]
        rng = random.Random(1)
        model, committed = {}, {}
        for turn in range(300):
            txn = db.begin(write=True)
            with txn:
                for _ in range(rng.randrange(6)):
                    key = rng.randrange(8)
                    if rng.random() < 0.5:
                        txn[Notes][key] = model[key] = "x" * rng.randrange(3000)
                    else:
                        txn[Notes].delete(key)
                        model.pop(key, None)
                if rng.random() < 0.5:
                    txn.abort()
                    model = dict(committed)
            committed = dict(model)
            with db.begin() as txn:
                assert dict(txn[Notes].items()) == committed
        print("sound", db.verify())
"""


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_writable_map_stands_aborted_transactions(path: str, tmp_path: Path, lib_version: str) -> None:
    """In a process of its own: an engine that loses count of its pages ends the process it is in."""
    assert run_python(WRITEMAP, tmp_path, path, lib_version) == "sound []\n"
    assert zlmdb.lmdb.verify.verify(path) == []


EMPTYING = """
    import sys, zlmdb
    from dbsupport import Notes
    rows = range(3000)
    with zlmdb.open(sys.argv[1], [Notes], writemap=True, lib_version=sys.argv[2], durability="unsafe") as db:
        with db.begin(write=True) as txn:
            for number in rows:
                txn[Notes][number] = "x" * 50
            if sys.argv[3] == "in one transaction":
                for number in rows:
                    del txn[Notes][number]
        if sys.argv[3] == "row by row":
            with db.begin(write=True) as txn:
                for number in rows:
                    del txn[Notes][number]
        if sys.argv[3] == "at once":
            with db.begin(write=True) as txn:
                txn[Notes].clear()
        with db.begin(write=True) as txn:
            txn[Notes][1] = "after"
        with db.begin() as txn:
            print(dict(txn[Notes].items()))
"""


@pytest.mark.parametrize("how", ["in one transaction", "row by row", "at once"])
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_writable_map_stands_emptied_tables(path: str, tmp_path: Path, lib_version: str, how: str) -> None:
    assert run_python(EMPTYING, tmp_path, path, lib_version, how) == "{1: 'after'}\n"
    assert zlmdb.lmdb.verify.verify(path) == []


def test_write_grows_the_map_and_repeats_the_function(path: str) -> None:
    calls = []

    def fill(txn: Any) -> str:
        calls.append(len(txn[Notes]))
        for number in range(50):
            txn[Notes][number] = chr(97 + number % 26) * MB
        return "done"

    with zlmdb.open(path, [Notes], writemap=True, lib_version="0.9", durability="unsafe") as db:
        assert db.write(fill) == "done"
        assert_texts(db, 50)
    assert len(calls) >= 2
    assert set(calls) == {0}  # each call found what was committed, and nothing of the calls before


def test_a_block_that_outgrows_the_map_says_what_helps(path: str) -> None:
    with zlmdb.open(path, [Notes], writemap=True, lib_version="0.9", durability="unsafe") as db:
        texts(db, 0, 2)
        with pytest.raises(zlmdb.DatabaseFull, match=r"Database\.write\(\)") as caught:
            texts(db, 2, 60)
        assert path in str(caught.value)
        assert_texts(db, 2)
        texts(db, 2, 5)
        assert_texts(db, 5)


class PlainUsers(zlmdb.Map[int, User], key=zlmdb.Oid, value=zlmdb.Json):
    """The rows of Users, without indexes."""


@pytest.mark.parametrize("how", ["declared", "by hand"])
def test_an_index_is_built_that_needs_more_than_a_small_map_has(path: str, how: str) -> None:
    plain = zlmdb.table(Users._zlmdb_oid, pk="oid")(PlainUsers)
    options: dict[str, Any] = {"writemap": True, "lib_version": "0.9", "durability": "unsafe"}
    city, count = ("x" * 440, 7000) if how == "declared" else ("x", 20_000)

    def load(txn: Any) -> None:
        txn[plain].load(user(number, city=city) for number in range(count))

    with zlmdb.open(path, [plain], **options) as db:
        db.write(load)
        assert size(path) <= DEFAULT
        if how == "by hand":
            index = db.attach_table(declare(zlmdb.MapStringOid))
            users = db.attach_table(plain)
            users.attach_index("i", index, lambda row: f"{row.email:480}")
            with db.begin() as txn:
                assert index.count(txn) == count
                assert index[txn, f"{'17@example.com':480}"] == 17
    if how == "declared":
        with zlmdb.open(path, [Users], **options) as db:
            assert db.verify() == []
            with db.begin() as txn:
                assert txn[Users].by_city.count(city) == count
    assert size(path) > DEFAULT


def test_write_does_not_grow_under_another_transaction(path: str) -> None:
    def fill(txn: Any) -> None:
        for number in range(2, 50):
            txn[Notes][number] = "x" * MB

    with zlmdb.open(path, [Notes], writemap=True, lib_version="0.9", durability="unsafe") as db:
        texts(db, 0, 2)
        with db.begin() as reader:
            with pytest.raises(zlmdb.DatabaseFull, match="transactions"):
                db.write(fill)
            assert len(reader[Notes][1]) == MB
        assert_texts(db, 2)
        db.write(fill)
        with db.begin() as txn:
            assert len(txn[Notes]) == 50


def test_write_passes_on_what_the_function_raises(path: str) -> None:
    calls = []

    def fail(txn: Any) -> None:
        calls.append(1)
        txn[Notes][1] = "lost"
        raise ValueError("mine")

    with zlmdb.open(path, [Notes]) as db:
        with pytest.raises(ValueError, match="mine"):
            db.write(fail)
        assert calls == [1]
        assert_texts(db, 0)


# -- with a cap


def writers(number: int, length: int) -> dict[str, Any]:
    text = "x" * length
    return {
        "map of a transaction": lambda db, txn: [txn[Notes].put(n, text) for n in range(1, number)],
        "attached map": lambda db, txn: [db._tables[Notes].__setitem__((txn, n), text) for n in range(1, number)],
        "raw": lambda db, txn: [txn.put(b"\xff\xf0%d" % n, text.encode()) for n in range(number)],
        "put_many": lambda db, txn: txn[Notes].put_many((n, text) for n in range(1, number)),
        "load": lambda db, txn: txn[Notes].load((n, text) for n in range(1, number)),
        "add with indexes": lambda db, txn: [txn[Users].add(user(n, name=text)) for n in range(1, number)],
        "put over rows with indexes": lambda db, txn: [txn[Users].put(user(0, name=text * n)) for n in range(1, 9)],
        "load with indexes": lambda db, txn: txn[Users].load(user(n, name=text) for n in range(1, number)),
        "inside a savepoint": lambda db, txn: within_savepoint(txn, number, text),
    }


def within_savepoint(txn: Any, number: int, text: str) -> None:
    with txn.savepoint():
        for n in range(1, number):
            txn[Notes][n] = text


@pytest.mark.parametrize("writer", list(writers(0, 0)))
def test_a_cap_is_kept_and_nothing_is_half_written(path: str, writer: str) -> None:
    length = 400 if "index" in writer else 40_000
    number = 6000 if "index" in writer else 60
    if writer == "put over rows with indexes":
        length = 1000
    tables = [Notes, Users]
    with zlmdb.open(path, tables, maxsize=MB) as db:
        assert db.maxsize == db.stats()["max_size"] == MB
        with db.begin(write=True) as txn:
            txn[Notes][0] = "kept"
            txn[Users].add(user(0))
        before = everything(db)
        for caught_as in (zlmdb.DatabaseFull, zlmdb.lmdb.MapFullError):
            if writer == "put over rows with indexes":
                break
            with pytest.raises(caught_as, match="is full") as caught, db.begin(write=True) as txn:
                writers(number, length)[writer](db, txn)
            assert path in str(caught.value)
            assert "maxsize" in str(caught.value)
            assert everything(db) == before
            assert db.verify() == []
        with db.begin(write=True) as txn:
            txn[Notes][9999] = "fits"
    assert size(path) <= MB
    with zlmdb.open(path, tables) as db:
        with db.begin(write=True) as txn:
            writers(number, length)[writer](db, txn)
        assert size(path) > (0 if writer == "put over rows with indexes" else MB)
        assert db.verify() == []
        with db.begin() as txn:
            assert (txn[Users][0].email, txn[Notes][0]) == ("0@example.com", "kept")


def test_a_full_map_that_is_caught_cannot_be_committed(path: str) -> None:
    with zlmdb.open(path, [Notes], maxsize=MB) as db:
        with db.begin(write=True) as txn:
            txn[Notes][0] = "kept"
        before = everything(db)
        with pytest.raises(zlmdb.ZlmdbError) as caught, db.begin(write=True) as txn:  # noqa: PT012 the block as a whole is what raises
            try:
                for number in range(1, 100):
                    txn[Notes][number] = "x" * 40_000
            except zlmdb.DatabaseFull:
                pass
            with pytest.raises(zlmdb.ZlmdbError, match=r"unusable|is full"):
                txn[Notes][0]
        assert isinstance(caught.value, zlmdb.TransactionError | zlmdb.DatabaseFull)
        assert everything(db) == before


def test_write_gives_up_at_the_cap(path: str) -> None:
    calls = []

    def fill(txn: Any) -> None:
        calls.append(1)
        for number in range(100):
            txn[Notes][number] = "x" * 40_000

    with zlmdb.open(path, [Notes], maxsize=MB) as db:
        with pytest.raises(zlmdb.DatabaseFull, match="maxsize"):
            db.write(fill)
        assert calls == [1]
        assert_texts(db, 0)


@pytest.mark.parametrize("maxsize", [-1, 100, "10", 1.5, True], ids=repr)
def test_what_is_no_size_is_refused(path: str, maxsize: Any) -> None:
    with pytest.raises(zlmdb.ZlmdbError, match=r"maxsize: expected a number of bytes") as caught:
        zlmdb.open(path, maxsize=maxsize)
    assert repr(maxsize) in str(caught.value)
    assert not os.path.exists(path)


def test_an_odd_size_is_reported_as_it_was_given(path: str) -> None:
    with zlmdb.Database(path, maxsize=12345678) as db:
        assert (db.maxsize, db.config()["maxsize"], db.stats()["max_size"]) == (12345678,) * 3
        assert db.stats()["free"] == 1.0


def test_free_is_the_share_that_is_not_used(path: str) -> None:
    with zlmdb.open(path, [Notes], maxsize=4 * MB) as db:
        texts(db, 0, 2)
        stats = db.stats()
        assert stats["free"] == 1 - stats["used"] / (4 * MB)
        assert 0.45 < stats["free"] < 0.5
        assert stats["used"] == stats["pages"] * stats["page_size"]


def test_a_cap_smaller_than_the_file_still_opens_it(path: str) -> None:
    with zlmdb.open(path, [Notes]) as db:
        texts(db, 0, 4)
    with zlmdb.open(path, [Notes], maxsize=MB) as db:
        assert_texts(db, 4)
        with pytest.raises(zlmdb.DatabaseFull):
            texts(db, 4, 12)
        assert_texts(db, 4)
