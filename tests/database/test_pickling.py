"""Pickles: a database travels as its path, options and schema; a table as its class."""

import pickle
from typing import Any

import pytest
from dbsupport import Child, Counters, Notes, People, Users, child, everything, user

import zlmdb


def travel(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


def test_a_database_shares_its_file_with_its_copy(path: str) -> None:
    with zlmdb.open(path, People, maxsize=2**24, context="mine") as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
        with travel(db) as copy:
            assert (copy.dbpath, copy.maxsize, copy.context, copy.lib_version) == (path, 2**24, "mine", "1.0")
            assert (copy.is_open, copy.is_readonly, copy.is_sync) == (True, False, True)
            assert type(copy.schema) is People
            with copy.begin(write=True) as txn:
                txn[Users].add(user(2))
                txn[Notes][1] = "copy"
        with db.begin() as txn:
            assert list(txn[Users]) == [1, 2]
            assert db.schema.notes[txn, 1] == "copy"


@pytest.mark.parametrize(
    ("made", "is_as"),
    [
        ({"readonly": True}, {"is_readonly": True}),
        ({"durability": "unsafe"}, {"is_sync": False}),
        ({"writemap": True}, {"is_writemap": True}),
        ({"maxsize": 2**22}, {"maxsize": 2**22}),
    ],
    ids=str,
)
def test_options_travel_along(path: str, made: dict[str, Any], is_as: dict[str, Any]) -> None:
    with zlmdb.open(path, [Notes]):
        pass
    db = zlmdb.open(path, [Notes], **made)
    data = pickle.dumps(db)
    db.close()
    with pickle.loads(data) as copy:
        assert {name: getattr(copy, name) for name in is_as} == is_as
        with copy.begin() as txn:
            assert dict(txn[Notes].items()) == {}


def test_tables_attached_one_by_one_travel_along(path: str) -> None:
    with zlmdb.open(path) as db:
        db.attach_table(Users)
        db.attach_table(Counters)
        with travel(db) as copy, copy.begin(write=True) as txn:
            txn[Users].add(user(1))
            txn[Counters]["one"] = 1
        with db.begin() as txn:
            assert (txn[Users][1], txn[Counters]["one"]) == (user(1), 1)


def test_a_relative_path_travels_as_an_absolute_one(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with zlmdb.open("db", [Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "one"
        monkeypatch.chdir(tmp_path / "elsewhere")
        with travel(db) as copy, copy.begin() as txn:
            assert txn[Notes][1] == "one"


def test_a_temporary_database_does_not_travel() -> None:
    with zlmdb.Database() as db, pytest.raises(TypeError, match="a temporary database cannot be pickled"):
        pickle.dumps(db)
    with zlmdb.open(":memory:") as db, pytest.raises(TypeError, match="a temporary database cannot be pickled"):
        pickle.dumps(db)


def test_a_transaction_does_not_travel(db: Any) -> None:
    with db.begin() as txn, pytest.raises(TypeError):
        pickle.dumps(txn)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_table_classes_and_schemas_are_pickled_by_name(protocol: int) -> None:
    for cls in (Users, Notes, Counters, People):
        assert pickle.loads(pickle.dumps(cls, protocol)) is cls


WORKER = """
    import pickle, sys
    from dbsupport import Users, user
    with pickle.loads(bytes.fromhex(sys.stdin.readline())) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(2))
            print(len(txn[Users]), type(db.schema).__name__)
"""


def test_a_database_travels_to_another_process(path: str, tmp_path: Any) -> None:
    with zlmdb.open(path, People) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
        worker: Child
        with child(WORKER, tmp_path) as worker:
            worker.tell(pickle.dumps(db).hex())
            assert worker.finish() == "2 People\n"
        with db.begin() as txn:
            assert list(txn[Users]) == [1, 2]
        assert db.verify() == []
        assert len(everything(db)) > 8
