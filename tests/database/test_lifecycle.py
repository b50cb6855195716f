"""Handles: opening, closing and opening again, temporary databases, and what a database tells of itself."""

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, People, Users, child, everything, user

import zlmdb
from zlmdb.engine.readers import FREE_EVERY, parse

KEY = b"\xff\xf0key"


def test_a_handle_opens_and_closes_and_opens_again(path: str) -> None:
    db = zlmdb.Database(path, open_now=False)
    assert (db.is_open, db.lib_version, os.path.exists(path)) == (False, None, False)
    with pytest.raises(zlmdb.DatabaseClosed, match="not open"):
        db.begin()
    for turn in range(3):
        with db as entered:
            assert entered is db
            assert (db.is_open, db.lib_version) == (True, "1.0")
            with db.begin(write=True) as txn:
                txn.put(KEY, str(turn).encode())
        assert (db.is_open, db.lib_version) == (False, "1.0")
    with zlmdb.Database(path) as other:
        assert everything(other) == [(KEY, b"2")]


def test_a_handle_that_is_open_already_is_entered(path: str) -> None:
    db = zlmdb.Database(path)
    assert db.is_open
    with db as entered:
        assert entered is db
    assert not db.is_open


CLOSED_USES = {
    "begin": lambda db: db.begin().__enter__(),
    "begin write": lambda db: db.begin(write=True),
    "write": lambda db: db.write(lambda txn: None),
    "stats": lambda db: db.stats(),
    "sync": lambda db: db.sync(),
    "slots": lambda db: db._get_slots(),
    "readers": lambda db: db.readers(),
    "attach": lambda db: db.attach_table(Notes),
    "verify": lambda db: db.verify(),
}


@pytest.mark.parametrize("use", CLOSED_USES)
def test_a_closed_handle_says_so(path: str, use: str) -> None:
    db = zlmdb.open(path)
    db.close()
    with pytest.raises(zlmdb.DatabaseClosed, match="this handle is closed") as caught:
        CLOSED_USES[use](db)
    assert path in str(caught.value)


def test_a_closed_handle_still_tells_what_it_was(path: str) -> None:
    db = zlmdb.Database(path, maxsize=2**22, context="mine")
    config = db.config()
    db.close()
    assert db.config() == config
    assert (db.dbpath, db.maxsize, db.context, db.lib_version) == (path, 2**22, "mine", "1.0")
    assert (db.is_open, db.is_sync, db.is_readonly, db.is_writemap) == (False, True, False, False)


def test_tables_are_attached_anew_when_a_handle_is_opened_again(path: str) -> None:
    db = zlmdb.open(path, People)
    with db.begin(write=True) as txn:
        txn[Users].add(user(1))
    db.close()
    with db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(2))
            assert db.schema.users[txn, 2] == user(2)
        assert db.verify() == []


def test_closing_ends_what_is_open(path: str) -> None:
    db = zlmdb.open(path, [Notes])
    with db.begin(write=True) as txn:
        txn[Notes][1] = "kept"
    reader, writer = db.begin(), db.begin(write=True)
    reader.__enter__()
    writer.__enter__()
    writer[Notes][2] = "lost"
    rows = iter(reader[Notes].items())
    db.close()
    for txn in (reader, writer):
        with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
            txn.get(KEY)
    reader.__exit__(None, None, None)
    with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
        writer.__exit__(None, None, None)  # what it wrote is lost, and that is said
    with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
        list(rows)
    with zlmdb.Database(path) as again:
        notes = again.attach_table(Notes)
        with again.begin(write=True) as txn:
            assert list(notes.select(txn)) == [(1, "kept")]


# -- temporary ones


def test_a_temporary_database_is_gone_when_it_is_closed() -> None:
    with zlmdb.Database() as db:
        place = Path(db.dbpath)
        assert db.config()["is_temp"] is True
        with db.begin(write=True) as txn:
            txn.put(KEY, b"value")
        assert (place / "data.mdb").is_file()
    assert not place.exists()


def test_a_temporary_database_is_gone_when_it_is_dropped() -> None:
    for made in (zlmdb.Database, lambda: zlmdb.open(":memory:")):
        db = made()
        place = Path(db.dbpath)
        assert place.is_dir()
        del db
        gc.collect()
        assert not place.exists()


def test_a_temporary_database_that_is_opened_again_is_empty() -> None:
    db = zlmdb.Database()
    with db, db.begin(write=True) as txn:
        txn.put(KEY, b"value")
    with db:
        assert everything(db) == []
    assert not Path(db.dbpath).exists()


def test_two_in_memory_databases_are_two() -> None:
    with zlmdb.open(":memory:", [Notes]) as one, zlmdb.open(":memory:", [Notes]) as two:
        assert one.dbpath != two.dbpath
        with one.begin(write=True) as txn:
            txn[Notes][1] = "one"
        with two.begin() as txn:
            assert list(txn[Notes]) == []
        places = [Path(one.dbpath), Path(two.dbpath)]
    assert [place.exists() for place in places] == [False, False]


@pytest.mark.parametrize("wrong", [{"readonly": True}, {"create": False}, {"schema": 5}, {"maxsize": 5}], ids=str)
def test_an_in_memory_database_that_cannot_be_opened_leaves_nothing(
    wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    places, make = [], tempfile.mkdtemp
    monkeypatch.setattr(
        tempfile, "mkdtemp", lambda *args, **options: places.append(make(*args, **options)) or places[-1]
    )
    with pytest.raises(zlmdb.ZlmdbError):
        zlmdb.open(":memory:", **wrong)
    options = {name: value for name, value in wrong.items() if name != "schema"}
    if options:
        with pytest.raises(zlmdb.ZlmdbError):
            zlmdb.Database(**options)
    gc.collect()
    left = [place for place in places if os.path.exists(place)]
    for place in left:
        zlmdb.Database.scratch(place)
    assert left == []


def test_scratch_removes_a_database(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path):
        pass
    zlmdb.Database.scratch(path)
    assert not os.path.exists(path)
    zlmdb.Database.scratch(path)
    single = tmp_path / "single.mdb"
    zlmdb.lmdb.open(str(single), subdir=False).close()
    zlmdb.Database.scratch(single)
    assert os.listdir(tmp_path) == []


def test_scratch_of_a_link_removes_the_link_and_nothing_else(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path):
        pass
    Path(path, "other").write_text("kept")
    link = tmp_path / "link"
    link.symlink_to(path)
    zlmdb.Database.scratch(link)
    assert not link.is_symlink()
    assert sorted(os.listdir(path)) == ["data.mdb", "lock.mdb", "other"]
    with zlmdb.open(path, create=False):
        pass


# -- options


def test_durability_is_one_of_three(path: str) -> None:
    for durability, synced in (("durable", True), ("fast", True), ("unsafe", False)):
        with zlmdb.open(path, [Notes], durability=durability) as db:
            assert db.is_sync is synced
            assert db.stats()["sync_enabled"] is synced
            with db.begin(write=True) as txn:
                txn[Notes][1] = durability
            db.sync()
            db.sync(True)
            db.sync(force=True)
        with zlmdb.open(path, [Notes]) as db, db.begin() as txn:
            assert txn[Notes][1] == durability
    with pytest.raises(zlmdb.DatabaseError, match="durability: expected one of durable, fast, unsafe, found 'slow'"):
        zlmdb.open(path, durability="slow")


def test_a_read_only_database_has_nothing_to_flush(path: str) -> None:
    zlmdb.open(path).close()
    with zlmdb.open(path, readonly=True) as db:
        with pytest.raises(zlmdb.ReadOnlyDatabase, match=r"opened with readonly=True, and has nothing to flush"):
            db.sync()
        with db.begin() as txn:
            assert txn.get(b"key") is None


def test_a_lower_durability_is_not_had_by_sharing(path: str) -> None:
    with zlmdb.open(path, durability="unsafe"):
        for better in ("durable", "fast"):
            with pytest.raises(zlmdb.AlreadyOpen, match="sync="):
                zlmdb.open(path, durability=better)
    with zlmdb.open(path) as db, zlmdb.open(path, durability="unsafe") as other:
        assert db.is_sync
        assert other.is_open


def test_the_constructors_arguments_have_their_order(path: str) -> None:
    db = zlmdb.Database(path, 2**22, False, True, False, True, True, False, {"a": 1}, None, "0.9")
    with db:
        assert db.config() == {
            "is_temp": False,
            "dbpath": path,
            "maxsize": 2**22,
            "readonly": False,
            "lock": True,
            "sync": False,
            "create": True,
            "open_now": True,
            "writemap": False,
            "context": "{'a': 1}",
        }
        assert list(db.config()) == [
            "is_temp", "dbpath", "maxsize", "readonly", "lock", "sync", "create", "open_now", "writemap", "context",
        ]  # fmt: skip
        assert (db.context, db.lib_version) == ({"a": 1}, "0.9")


def test_no_lock_is_possible(path: str) -> None:
    with zlmdb.Database(path, lock=False) as db:
        with db.begin(write=True) as txn:
            txn.put(KEY, b"value")
        with db.begin() as one, db.begin() as two:
            assert one.get(KEY) == two.get(KEY) == b"value"
    assert "lock.mdb" not in os.listdir(path)


STATS = [
    "num_slots", "current_size", "max_size", "page_size", "pages", "used", "free", "read_only", "sync_enabled",
    "lib_version", "lmdb_version", "psize", "depth", "branch_pages", "leaf_pages", "overflow_pages", "entries",
    "map_addr", "map_size", "last_pgno", "last_txnid", "max_readers", "num_readers",
]  # fmt: skip


def test_statistics_have_their_names(path: str) -> None:
    with zlmdb.Database(path) as db:
        assert list(db.stats()) == STATS
        assert list(db.stats(include_slots=True)) == [*STATS, "slots"]
        fresh = db.stats(include_slots=True)
        assert (fresh["num_slots"], fresh["pages"], fresh["used"], fresh["free"], fresh["slots"]) == (0, 0, 0, 1.0, [])
        notes = db.attach_table(Notes)
        with db.begin(write=True) as txn:
            notes[txn, 1] = "one"
        stats = db.stats(include_slots=True)
    assert {name: stats[name] for name in ("num_slots", "pages", "used", "entries", "last_txnid")} == {
        "num_slots": 1, "pages": 1, "used": 4096, "entries": 2, "last_txnid": 2,
    }  # fmt: skip
    assert stats["current_size"] == os.path.getsize(f"{path}/data.mdb")
    assert stats["free"] == 1 - 4096 / 10485760
    assert (stats["read_only"], stats["sync_enabled"], stats["lib_version"]) == (False, True, "1.0")
    assert stats["slots"] == [
        {"oid": str(Notes._zlmdb_oid), "slot": 1, "name": "Notes", "description": "Texts by number.", "records": 1}
    ]


def test_a_database_tells_what_it_is(path: str) -> None:
    db = zlmdb.open(path)
    assert repr(db) == f"<database {path}, open>"
    db.close()
    assert repr(db) == f"<database {path}, closed>"


READER = """
    import sys, zlmdb
    with zlmdb.open(sys.argv[1]) as db, db.begin() as txn:
        print(txn.id(), flush=True)
        sys.stdin.readline()
"""


def test_readers_of_all_processes_are_listed(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path) as db:
        assert [found for found in db.readers() if found["txnid"] >= 0] == []
        with db.begin(write=True) as txn:
            txn.put(KEY, b"value")
        with child(READER, tmp_path, path) as reader:
            number = int(reader.hears())
            listed = {found["pid"]: found for found in db.readers()}
            assert listed[reader.pid]["txnid"] == number == 1
            assert set(listed[reader.pid]) == {"pid", "thread", "txnid"}
            with db.begin() as txn:
                mine = [found for found in db.readers() if found["pid"] == os.getpid() and found["txnid"] >= 0]
                assert [found["txnid"] for found in mine] == [1]
            reader.tell()
            reader.finish()
        assert reader.pid not in [found["pid"] for found in db.readers()]


def test_a_reader_that_makes_the_file_grow_is_warned_of_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zlmdb.engine.readers.OLD", 30)
    monkeypatch.setattr("zlmdb.engine.environment.CHECK_EVERY", 10)

    def commit(number: int) -> None:
        for n in range(number):
            with db.begin(write=True) as txn:
                txn.put(KEY, b"%d" % n)

    with zlmdb.open(path, durability="unsafe") as db:
        with db.begin():
            commit(29)
            with pytest.warns(zlmdb.OldReaderWarning, match=rf"process {os.getpid()} is open since 3\d commits"):
                commit(20)
            commit(20)  # a second warning would be an error
        commit(50)


def test_the_place_of_a_reader_that_was_killed_is_freed_by_who_goes_on_writing(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, durability="unsafe") as db:
        for n in range(100):
            with db.begin(write=True) as txn:
                txn.put(KEY + b"%d" % n, bytes(1000))
        with child(READER, tmp_path, path) as reader:
            reader.hears()
            reader.kill()
        raw = db._environment().raw
        assert [found["pid"] for found in parse(raw.readers()) if found["txnid"] >= 0] == [reader.pid]
        sizes = []
        for n in range(4 * FREE_EVERY):
            with db.begin(write=True) as txn:
                txn.put(KEY + b"%d" % (n % 100), bytes(1000))
            sizes.append(os.path.getsize(os.path.join(path, "data.mdb")))
        assert reader.pid not in [found["pid"] for found in parse(raw.readers())]
        assert sizes[-1] == sizes[2 * FREE_EVERY]


def test_a_database_is_opened_and_closed_a_thousand_times(path: str) -> None:
    """No descriptor, map or reader slot may stay behind."""
    with zlmdb.open(path, [Notes]):
        pass
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for number in range(1000):
        with zlmdb.open(path, [Notes], durability="unsafe") as db, db.begin(write=True) as txn:
            txn[Notes][0] = str(number)
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors
    with zlmdb.open(path, [Notes]) as db, db.begin() as txn:
        assert txn[Notes][0] == "999"
