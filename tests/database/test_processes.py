"""Several processes at one file: new tables get slots of their own, and rows of all are there in the end."""

import uuid
from pathlib import Path
from typing import Any

from dbsupport import Child, Counters, Notes, Users, everything, run_python

import zlmdb

ATTACHER = """
    import sys, uuid, zlmdb
    path, mine = sys.argv[1], int(sys.argv[2])
    classes = []
    for number in range(50):
        body = {"by_length": zlmdb.index(lambda text: len(text), key=zlmdb.Uint32)} if number % 2 else {}
        base = type("T", (zlmdb.MapOidString,), body)
        classes.append(zlmdb.table(uuid.UUID(int=mine * 1000 + number))(base))
    print("ready", flush=True)
    sys.stdin.readline()
    slots = []
    with zlmdb.open(path, durability="unsafe") as db:
        for number, cls in enumerate(classes):
            slots.append(db.attach_table(cls)._slot)
            with db.begin(write=True) as txn:
                txn[cls][mine] = f"row {mine} {number}"
    print(*slots)
"""


def run_together(code: str, tmp_path: Path, path: str, numbers: Any) -> list[list[int]]:
    """What several processes print that begin at the same time."""
    children = [Child(code, tmp_path, path, number) for number in numbers]
    try:
        assert [child.hears() for child in children] == ["ready"] * len(children)
        for child in children:
            child.tell()
        return [[int(word) for word in child.finish().split()] for child in children]
    finally:
        for child in children:
            if child.process.poll() is None:
                child.kill()


def test_eight_processes_attach_fifty_tables_each(path: str, tmp_path: Path) -> None:
    zlmdb.open(path).close()
    found = run_together(ATTACHER, tmp_path, path, range(1, 9))
    slots = [slot for mine in found for slot in mine]
    assert len(set(slots)) == 400
    with zlmdb.open(path) as db:
        by_oid = db._get_slots()
        # 400 tables, and an index of every second one; no number twice, none left out
        assert sorted(slot.slot for slot in by_oid.values()) == list(range(1, 601))
        for mine, theirs in enumerate(found, 1):
            assert [by_oid[uuid.UUID(int=mine * 1000 + number)].slot for number in range(50)] == theirs
        with db.begin() as txn:
            for mine, theirs in enumerate(found, 1):
                for number, slot in enumerate(theirs):
                    assert list(zlmdb.MapOidString(slot).select(txn)) == [(mine, f"row {mine} {number}")]
    again = run_together(ATTACHER, tmp_path, path, [1, 5])
    assert again == [found[0], found[4]]


SAME = ATTACHER.replace("int=mine * 1000 + number", "int=number + 1")


def test_processes_that_attach_the_same_tables_get_the_same_slots(path: str, tmp_path: Path) -> None:
    zlmdb.open(path).close()
    found = run_together(SAME, tmp_path, path, range(1, 5))
    assert found == [found[0]] * 4
    with zlmdb.open(path) as db:
        assert sorted(slot.slot for slot in db._get_slots().values()) == list(range(1, 76))
        with db.begin() as txn:
            for number, slot in enumerate(found[0]):
                rows = list(zlmdb.MapOidString(slot).select(txn))
                assert rows == [(mine, f"row {mine} {number}") for mine in range(1, 5)]


CREATOR = """
    import sys, zlmdb
    from dbsupport import Notes
    print("ready", flush=True)
    sys.stdin.readline()
    with zlmdb.open(sys.argv[1], [Notes]) as db, db.begin(write=True) as txn:
        txn[Notes][int(sys.argv[2])] = "made"
"""


def test_processes_that_make_the_same_file_at_once(path: str, tmp_path: Path) -> None:
    run_together(CREATOR, tmp_path, path, range(6))
    with zlmdb.open(path, [Notes]) as db:
        assert db.stats()["num_slots"] == 1
        with db.begin() as txn:
            assert dict(txn[Notes].items()) == dict.fromkeys(range(6), "made")


COUNTER = """
    import sys, zlmdb
    from dbsupport import Counters, Users, user
    print("ready", flush=True)
    sys.stdin.readline()
    mine = int(sys.argv[2])
    with zlmdb.open(sys.argv[1], [Counters, Users], durability="unsafe") as db:
        for number in range(100):
            with db.begin(write=True) as txn:
                txn[Counters]["all"] = txn[Counters].get("all", 0) + 1
                txn[Users].add(user(mine * 1000 + number))
            with db.begin() as txn:
                assert txn[Counters]["all"] == len(txn[Users])
"""


def test_writers_of_many_processes_lose_nothing(path: str, tmp_path: Path) -> None:
    zlmdb.open(path, [Counters, Users]).close()
    run_together(COUNTER, tmp_path, path, range(1, 5))
    with zlmdb.open(path, [Counters, Users]) as db:
        with db.begin() as txn:
            assert dict(txn[Counters].items()) == {"all": 400}
            assert len(txn[Users]) == 400
        assert db.verify() == []


def test_a_table_attached_by_another_process_is_found_without_reopening(path: str, tmp_path: Path) -> None:
    code = """
        import sys, zlmdb
        from dbsupport import Counters, Users, user
        with zlmdb.open(sys.argv[1], [Counters, Users]) as db, db.begin(write=True) as txn:
            txn[Counters]["other"] = 1
            txn[Users].add(user(1))
    """
    with zlmdb.open(path, [Notes]) as db:
        run_python(code, tmp_path, path)
        number = db.stats()["last_txnid"]
        db.attach_tables([Users, Counters])  # with the named database of another process
        assert db.stats()["last_txnid"] == number
        with db.begin() as txn:
            assert txn[Counters]["other"] == 1
            assert txn[Users].by_email["1@example.com"].oid == 1
        assert db.verify() == []
        assert len(everything(db)) == 13  # with the record of the named database, and the generation
