"""Processes killed at any moment: what they committed is there, nothing else is, and nobody waits for the dead."""

import os
import random
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, User, Users, child, everything, user

import zlmdb

VERSIONS = ["0.9", "1.0"]


def assert_sound(path: str) -> None:
    """The file is sound as LMDB sees it, page by page, and as we see it, row by row."""
    assert zlmdb.lmdb.verify.verify(path) == []
    with zlmdb.open(path, [Users, Notes]) as db:
        assert db.verify() == []


# Each commit inserts a row, changes one and deletes one, and is reported when it has come back.
WRITER = """
    import sys, zlmdb
    from dbsupport import Notes, User, Users, user
    with zlmdb.open(sys.argv[1], [Users, Notes]) as db:
        number = int(sys.argv[2])
        while True:
            with db.begin(write=True) as txn:
                users = txn[Users]
                users.put(user(number))
                if number > 1:
                    users.put(user(number - 1, city="changed", name="x" * (number * 37 % 400)))
                    users.delete(number - 2)
                txn[Notes][0] = str(number)
            print(number, flush=True)
            number += 1
"""


def assert_state_after(path: str, reported: int) -> int:
    """The state is that after some commit, the last reported one or the one that was under way: its number."""
    with zlmdb.open(path, [Users, Notes]) as db, db.begin() as txn:
        number = int(txn[Notes][0])
        assert reported <= number <= reported + 1
        users = txn[Users]
        assert list(users) == [number - 1, number]
        assert users[number] == user(number)
        assert users[number - 1] == user(number - 1, city="changed", name="x" * (number * 37 % 400))
        assert users.by_city.count("changed") == 1
    return number


@pytest.mark.parametrize("lib_version", VERSIONS)
def test_a_writer_killed_in_its_commit_loop(path: str, tmp_path: Path, lib_version: str) -> None:
    zlmdb.open(path, [Users, Notes], lib_version=lib_version).close()
    rng = random.Random(lib_version)
    number = 1
    for _ in range(5):
        commits = rng.choice([2, 3, 7, 20, 61])
        with child(WRITER, tmp_path, path, number) as writer:
            reported = 0
            for _ in range(commits):
                reported = int(writer.hears())
            writer.kill()
            assert writer.process.stdout is not None
        # What it still reported before the signal came was lost with its pipe, so the state may be further.
        with zlmdb.open(path, [Users, Notes]) as db, db.begin() as txn:
            last = int(txn[Notes][0])
        assert last >= reported
        number = assert_state_after(path, last) + 1
        assert_sound(path)


MIDWAY = """
    import sys, zlmdb
    from dbsupport import Notes, User, Users, user
    with zlmdb.open(sys.argv[1], [Users, Notes]) as db, db.begin(write=True) as txn:
        users = txn[Users]
        what = sys.argv[2]
        if what == "inserted":
            users.load(user(number) for number in range(100, 3000))
        elif what == "deleted":
            users.clear()
        elif what == "changed":
            for number in range(10):
                users.put(user(number, email=f"new {number}", city="new"))
        elif what == "in a savepoint":
            with txn.savepoint():
                users.clear()
                print("ready", flush=True)
                sys.stdin.readline()
        elif what == "rebuilt":
            users.rebuild_indexes()
        elif what == "spilled":
            for number in range(40):
                txn[Notes][number] = "x" * 1_000_000
        print("ready", flush=True)
        sys.stdin.readline()
"""


@pytest.mark.parametrize("what", ["inserted", "deleted", "changed", "in a savepoint", "rebuilt", "spilled"])
@pytest.mark.parametrize("lib_version", VERSIONS)
def test_a_writer_killed_within_its_transaction(path: str, tmp_path: Path, what: str, lib_version: str) -> None:
    with zlmdb.open(path, [Users, Notes], lib_version=lib_version) as db:
        with db.begin(write=True) as txn:
            txn[Users].load(user(number) for number in range(10))
            txn[Notes][0] = "kept"
        before = everything(db)
        with child(MIDWAY, tmp_path, path, what) as writer:
            assert writer.hears() == "ready"
            writer.kill()
        assert everything(db) == before
        with db.begin(write=True) as txn:  # whoever comes next gets the dead one's lock
            txn[Users].add(user(50))
        assert db.verify() == []
    assert_sound(path)


ATTACHER = """
    import os, signal, sys, zlmdb
    from dbsupport import Users
    def progress(name, done):
        print(name, done, flush=True)
        sys.stdin.readline()
    with zlmdb.open(sys.argv[1]) as db:
        db.attach_tables([Users], progress=progress)
"""


def test_a_process_killed_while_it_builds_an_index(path: str, tmp_path: Path) -> None:
    plain = zlmdb.table(Users._zlmdb_oid, pk="oid")(PlainUsers)
    with zlmdb.open(path, [plain]) as db, db.begin(write=True) as txn:
        txn[plain].load(user(number) for number in range(3000))
    with zlmdb.open(path) as db:
        before = everything(db)
        for told in range(1, 5):
            with child(ATTACHER, tmp_path, path) as attacher:
                for _ in range(told):
                    assert attacher.hears().startswith("Users.by_")
                    attacher.tell()
                attacher.kill()
            assert everything(db) == before
    with zlmdb.open(path, [Users]) as db:
        assert db.verify() == []
        with db.begin() as txn:
            assert txn[Users].by_email["2999@example.com"] == user(2999)


class PlainUsers(zlmdb.Map[int, User], key=zlmdb.Oid, value=zlmdb.Json):
    """The rows of Users, without indexes."""


FIRST = """
    import os, sys, zlmdb
    from dbsupport import Notes, Users
    print("ready", flush=True)
    with zlmdb.open(sys.argv[1], [Users, Notes]) as db:
        print("open", flush=True)
        sys.stdin.readline()
"""


@pytest.mark.parametrize("after", ["ready", "open"])
def test_a_process_killed_while_it_makes_the_file(path: str, tmp_path: Path, after: str) -> None:
    for _ in range(3):
        with child(FIRST, tmp_path, path) as maker:
            assert maker.hears() == "ready"
            if after == "open":
                assert maker.hears() == "open"
            maker.kill()
        with zlmdb.open(path, [Users, Notes]) as db:
            with db.begin(write=True) as txn:
                txn[Users].put(user(1))
            assert db.verify() == []


# -- readers

READER = """
    import sys, zlmdb
    with zlmdb.open(sys.argv[1]) as db, db.begin() as txn:
        txn.get(b"key")
        print("reading", flush=True)
        sys.stdin.readline()
"""


@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_killed_reader_pins_no_pages(path: str, tmp_path: Path, opened: str) -> None:
    """Whether the database is opened after its death, or was open all the time."""

    def overwrite(db: Any, turns: int) -> None:
        for turn in range(turns):
            with db.begin(write=True) as txn:
                txn[Notes][0] = chr(97 + turn % 26) * 200_000

    db = zlmdb.open(path, [Notes])
    overwrite(db, 5)
    with child(READER, tmp_path, path) as reader:
        assert reader.hears() == "reading"
        assert reader.pid in [found["pid"] for found in db.readers()]
        reader.kill()
    if opened == "after":
        db.close()
        db = zlmdb.open(path, [Notes])
    else:
        assert reader.pid not in [found["pid"] for found in db.readers()]
    with db:
        overwrite(db, 60)
        assert os.path.getsize(f"{path}/data.mdb") < 8 * 200_000
        with db.begin() as txn:
            assert txn[Notes][0] == chr(97 + 59 % 26) * 200_000


HOARDER = """
    import sys, zlmdb
    with zlmdb.open(sys.argv[1]) as db:
        held = []
        try:
            while True:
                held.append(db.begin().__enter__())
        except zlmdb.ReadersFull:
            print(len(held), flush=True)
        sys.stdin.readline()
"""


def test_slots_of_a_killed_process_are_free_for_others(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, [Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "one"
        with child(HOARDER, tmp_path, path) as hoarder:
            assert int(hoarder.hears()) > 1000
            hoarder.kill()
        with db.begin() as one, db.begin() as two, db.begin() as three:
            assert [txn[Notes][1] for txn in (one, two, three)] == ["one"] * 3
        assert len(db.readers()) < 20
