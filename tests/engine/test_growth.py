"""Growth: without a cap a database takes what it is given; with one it refuses cleanly; others' growth is followed."""

import os
import sys
from pathlib import Path
from typing import Any

import lmdb
import pytest
from dbsupport import Notes, User, Users, child, declare, everything, run_python, user

import zlmdb

MB = 2**20
DEFAULT = 10485760


def size(path: str) -> int:
    return os.path.getsize(f"{path}/data.mdb")


def texts(db: Any, first: int, last: int, length: int = MB) -> None:
    with db.begin(write=True) as txn:
        for number in range(first, last):
            txn[Notes][number] = chr(97 + number % 26) * length


def assert_texts(db: Any, count: int, length: int = MB) -> None:
    with db.begin() as txn:
        found = [(key, len(text), text[:1]) for key, text in txn[Notes].select()]
    assert found == [(number, length, chr(97 + number % 26)) for number in range(count)]


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


# -- little address space

LIMITED = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    limit = 1200 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        for start in range(0, 32, 2):
            with db.begin(write=True) as txn:
                for number in range(start, start + 2):
                    txn[Notes][number] = chr(97 + number % 26) * 2**20
        print(db.maxsize, db.stats()["max_size"])
        def fill(txn):
            for number in range(32, 64):
                txn[Notes][number] = chr(97 + number % 26) * 2**20
        db.write(fill)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
def test_a_process_with_little_address_space_opens_and_grows(path: str, tmp_path: Path) -> None:
    assert run_python(LIMITED, tmp_path, path).split() == [str(DEFAULT)] * 2
    with zlmdb.open(path, [Notes]) as db:
        assert_texts(db, 64)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
def test_a_process_with_little_address_space_opens_a_large_file(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, [Notes], durability="unsafe") as db:
        texts(db, 0, 30)
    code = """
        import resource, sys
        from dbsupport import Notes
        import zlmdb
        resource.setrlimit(resource.RLIMIT_AS, (1200 * 2**20, 1200 * 2**20))
        with zlmdb.open(sys.argv[1], [Notes], readonly=len(sys.argv) > 2) as db, db.begin() as txn:
            print([len(txn[Notes][number]) for number in range(30)] == [2**20] * 30)
    """
    assert run_python(code, tmp_path, path) == run_python(code, tmp_path, path, "readonly") == "True\n"


def refusing(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """A system that does not know of maps over a size, and says so as emulators and checkers of memory do."""
    original, tried = lmdb.open, []

    def opened(path: str, map_size: int, **options: Any) -> Any:
        tried.append(map_size)
        if map_size > most:
            raise lmdb.InvalidParameterError(f"{path}: Invalid argument")
        return original(path, map_size=map_size, **options)

    monkeypatch.setattr(lmdb, "open", opened)
    return tried


def test_a_system_that_finds_large_maps_invalid_gets_a_smaller_one(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = refusing(monkeypatch, 64 * MB)
    with zlmdb.open(path, [Notes], durability="unsafe") as db:
        texts(db, 0, 4)
        assert tried == sorted(tried, reverse=True)
        assert len(tried) > 1
        assert tried[-1] <= 64 * MB
        assert_texts(db, 4)


def test_what_is_invalid_in_any_size_is_said(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 0)
    with pytest.raises(zlmdb.DatabaseError, match="Invalid argument"):
        zlmdb.open(path, [Notes])
    with pytest.raises(zlmdb.DatabaseError, match="Invalid argument"):
        zlmdb.open(path, [Notes], maxsize=MB)


# -- others grow the file

GROWER = """
    import sys
    from dbsupport import Notes
    import zlmdb
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        for line in sys.stdin:
            first, last = map(int, line.split())
            with db.begin(write=True) as txn:
                for number in range(first, last):
                    txn[Notes][number] = chr(97 + number % 26) * 2**20
            print("done", flush=True)
"""


@pytest.mark.parametrize("options", [{"writemap": True, "lib_version": "0.9"}, {"maxsize": 4 * MB}, {}], ids=str)
def test_what_another_process_adds_is_followed(path: str, tmp_path: Path, options: dict[str, Any]) -> None:
    with zlmdb.open(path, [Notes], **options) as db, child(GROWER, tmp_path, path) as grower:
        texts(db, 0, 1)
        for last in (20, 40):
            grower.tell(f"1 {last}")
            assert grower.hears() == "done"
            assert_texts(db, last)
        if "maxsize" not in options:
            texts(db, 40, 42)
            assert_texts(db, 42)
        with db.begin(write=True) as txn:
            del txn[Notes][0]
        with db.begin() as txn:
            assert txn[Notes].first()[0] == 1


def test_growth_is_followed_when_no_transaction_is_open_any_more(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, [Notes], maxsize=4 * MB) as db, child(GROWER, tmp_path, path) as grower:
        texts(db, 0, 1)
        with db.begin() as old:
            grower.tell("1 20")
            assert grower.hears() == "done"
            with pytest.raises(zlmdb.DatabaseError, match="another process has grown the map") as caught, db.begin():
                pass
            assert path in str(caught.value)
            assert list(old[Notes]) == [0]
            assert len(old[Notes][0]) == MB
        assert_texts(db, 20)


ARRAYS = """
    import sys, numpy as np, zlmdb
    @zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0009")
    class Arrays(zlmdb.Map[int, np.ndarray], key=zlmdb.Oid, value=zlmdb.Numpy("<i8")):
        pass
    with zlmdb.open(sys.argv[1], [Arrays], maxsize=2**20) as db:
        with db.begin(write=True) as txn:
            txn[Arrays][1] = np.arange(5000)
        with db.begin(buffers=True) as txn:
            kept = np.asarray(txn[Arrays][1])
        print("ready", flush=True)
        sys.stdin.readline()
        for write in (False, True):
            try:
                with db.begin(write=write):
                    pass
            except zlmdb.DatabaseError as error:
                print("arrays that read the map" in str(error), kept.sum())
        del kept
        with db.begin(write=True) as txn:
            print(txn[Arrays][1].sum(), flush=True)
"""


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_growth_is_followed_when_no_array_reads_the_map_any_more(path: str, tmp_path: Path, lib_version: str) -> None:
    total = sum(range(5000))
    zlmdb.open(path, lib_version=lib_version).close()
    with child(ARRAYS, tmp_path, path) as reader:
        assert reader.hears() == "ready"
        with zlmdb.open(path, [Notes]) as db:
            texts(db, 0, 8)
        reader.tell()
        assert [reader.hears() for _ in range(3)] == [f"True {total}", f"True {total}", str(total)]


FOLLOWER = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    resource.setrlimit(resource.RLIMIT_AS, (1200 * 2**20, 1200 * 2**20))
    with zlmdb.open(sys.argv[1], [Notes], maxsize=int(sys.argv[2]) or None, durability="unsafe") as db:
        print("ready", flush=True)
        for line in sys.stdin:
            with db.begin() as txn:
                print([len(text) for text in txn[Notes].values()] == [2**20] * int(line))
            with db.begin(write=True) as txn:
                txn[Notes][0] = "x" * 2**20
            print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
@pytest.mark.parametrize("maxsize", [0, 4 * MB])
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_process_with_little_address_space_follows_one_with_much(
    path: str, tmp_path: Path, lib_version: str, maxsize: int
) -> None:
    with zlmdb.open(path, [Notes], durability="unsafe", lib_version=lib_version) as db:
        texts(db, 0, 1)
        with child(FOLLOWER, tmp_path, path, maxsize) as follower:
            assert follower.hears() == "ready"
            for last in (20, 100):
                texts(db, 0, last)
                follower.tell(str(last))
                assert (follower.hears(), follower.hears()) == ("True", "done")


CROWDED = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    def limit(more):
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + more, unlimited[1]))
    def refusal(error, function, *arguments):
        try:
            function(*arguments)
        except error as refused:
            return "address space" in str(refused)
    limit(2**32)
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        def fill(first, last):
            for number in range(first, last):
                def put(txn):
                    txn[Notes][number] = chr(97 + number % 26) * 2**18
                db.write(put)
        fill(0, 4)
        limit(2**23)
        print(refusal(zlmdb.DatabaseFull, fill, 4, 80))
        with db.begin() as txn:
            print(len(txn[Notes]), flush=True)
        sys.stdin.readline()
        print(refusal(zlmdb.DatabaseError, db.begin().__enter__))
        print(refusal(zlmdb.DatabaseError, db.begin(write=True).__enter__))
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
        fill(80, 120)
        print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_map_that_cannot_grow_for_lack_of_address_space_stays_as_it_is(
    path: str, tmp_path: Path, lib_version: str
) -> None:
    zlmdb.open(path, [Notes], lib_version=lib_version).close()
    with child(CROWDED, tmp_path, path) as crowded:
        assert crowded.hears() == "True"
        fitted = int(crowded.hears())
        with zlmdb.open(path, [Notes], durability="unsafe") as db:
            assert_texts(db, fitted, MB // 4)
            texts(db, fitted, 80, MB // 4)
            crowded.tell()
            assert [crowded.hears() for _ in range(3)] == ["True", "True", "done"]
            assert_texts(db, 120, MB // 4)


@pytest.mark.parametrize("options", [{"maxsize": MB}, {"writemap": True}], ids=str)
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
@pytest.mark.parametrize("moment", ["before", "behind"])
def test_a_file_that_is_growing_is_opened(
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    lib_version: str,
    options: dict[str, Any],
) -> None:
    """It grows between looking how long it is, opening it, and reading it for the first time."""
    zlmdb.open(path, [Notes], lib_version=lib_version).close()
    original = lmdb.open
    with child(GROWER, tmp_path, path) as grower:
        grower.tell("0 1")
        assert grower.hears() == "done"
        calls = []

        def grow() -> None:
            grower.tell("1 20")
            assert grower.hears() == "done"

        def opened(*arguments: Any, **given: Any) -> Any:
            calls.append(given["map_size"])
            if len(calls) > 1:
                return original(*arguments, **given)
            if moment == "before":
                grow()
                raise lmdb.MapResizedError("mdb_txn_begin")
            raw = original(*arguments, **given)
            grow()
            return raw

        monkeypatch.setattr(lmdb, "open", opened)
        with zlmdb.open(path, [Notes], **options) as db:
            assert_texts(db, 20)
            with db.begin(write=True) as txn:
                txn[Notes][0] = "a" * MB
            assert_texts(db, 20)
        assert len(calls) == (2 if moment == "before" else 1)
