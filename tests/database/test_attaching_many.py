"""Attaching table after table: what the file says is read anew only where others have changed it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Counters, Notes, add_user, child, declare

import zlmdb
from zlmdb.database import catalog, generation
from zlmdb.tables.map import definition_of


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0101")
class Things(zlmdb.MapStringJson):
    """Rows with a name each."""


def with_index(unique: bool = False) -> Any:
    body = {"by_name": zlmdb.index(lambda row: row["name"], key=zlmdb.String, unique=unique)}
    return zlmdb.table(definition_of(Things).oid or "")(type("Things", (zlmdb.MapStringJson,), body))


def indexed(number: int) -> Any:
    body = {"by_name": zlmdb.index(lambda row: row["name"], key=zlmdb.String)}
    return zlmdb.table(uuid.uuid5(uuid.NAMESPACE_OID, f"indexed {number}"))(
        type(f"Indexed{number}", (zlmdb.MapStringJson,), body)
    )


def slots(db: Any) -> dict[str, int]:
    return {slot.name: slot.slot for slot in db._get_slots().values()}


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the catalog records that are decoded."""
    found: list[int] = []
    decode = catalog.Slot.decode.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, slot: int, data: bytes) -> Any:
        found.append(slot)
        return decode(cls, slot, data)

    monkeypatch.setattr(catalog.Slot, "decode", classmethod(counted))
    return found


def test_one_table_after_the_other_takes_as_much_as_all_together(
    path: str, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [indexed(number) for number in range(20)]
    compared: list[Any] = []
    difference = generation._difference

    def counted(table: Any, *rest: Any) -> Any:
        compared.append(table)
        return difference(table, *rest)

    monkeypatch.setattr(generation, "_difference", counted)
    with zlmdb.open(path) as db:
        for _ in range(2):
            for table in tables:
                db.attach_table(table)
        assert decoded == []
        assert len(compared) <= 20
        del compared[:]
        with db.begin(write=True) as txn:
            txn[tables[0]]["a"] = {"name": "Ann"}
        assert compared == []
        db.attach_tables(tables)
        assert decoded == []
        assert db.verify() == []
    del decoded[:]
    with zlmdb.open(path, tables):
        assert sorted(decoded) == list(range(1, 41))


def test_what_others_attach_in_between_is_seen(path: str, tmp_path: Path, decoded: list[int]) -> None:
    code = """
        import sys, zlmdb
        from dbsupport import Counters, Users
        with zlmdb.open(sys.argv[1], [Counters]) as db:
            print("there", flush=True)
            sys.stdin.readline()
            db.attach_table(Users)
    """
    with zlmdb.open(path, [Notes]) as db:
        with child(code, tmp_path, path) as other:
            assert other.hears() == "there"
            table = declare(name="Ours")
            db.attach_table(table)
            other.tell()
            other.finish()
        assert decoded == [2]
        db.attach_table(declare(name="Last"))
        found = slots(db)
        assert list(found) == ["Notes", "Counters", "Ours", *(f"Users{x}" for x in USERS), "Last"]
        assert list(found.values()) == list(range(1, 9))
        db.attach_table(Counters)
        assert slots(db) == found


USERS = ("", ".by_email", ".by_city", ".by_city_name")


def test_an_attach_that_fails_leaves_nothing_behind_that_is_believed(path: str) -> None:
    unique = with_index(unique=True)
    with zlmdb.open(path, [Things]) as db:
        with db.begin(write=True) as txn:
            txn[Things].update({"a": {"name": "Ann"}, "b": {"name": "Ann"}})
        before = slots(db)
        for _ in range(2):
            with pytest.raises(zlmdb.UniqueViolation):
                db.attach_tables([Notes, unique])
            assert slots(db) == before
        with pytest.raises(zlmdb.TableNotAttached), db.begin() as txn:
            txn[Notes]
        db.attach_table(Counters)
        many = with_index()
        db.attach_tables([many, Notes])
        assert slots(db) == {"Things": 1, "Counters": 2, "Things.by_name": 3, "Notes": 4}
        with db.begin(write=True) as txn:
            txn[many]["c"] = {"name": "Zoe"}
            assert [row["name"] for row in txn[many].by_name] == ["Ann", "Ann", "Zoe"]
        with db.begin(write=True) as txn, pytest.raises(zlmdb.TableMismatch):
            txn[Things]["d"] = {"name": "Dan"}
        assert db.verify() == []


def test_a_record_that_the_program_removes_itself_is_not_believed_any_more(path: str) -> None:
    with zlmdb.open(path, [Notes, Counters]) as db:
        with db.begin(write=True) as txn:
            txn.delete(b"\0\0\0\x02")
        db.attach_table(Things)
        assert slots(db) == {"Notes": 1, "Things": 2}


def test_a_catalog_of_a_file_of_the_same_name_is_another(path: str) -> None:
    for table in (Notes, Counters):
        with zlmdb.open(path, [table]) as db:
            assert slots(db) == {table.__name__: 1}
        zlmdb.Database.scratch(path)


def test_without_a_commit_nothing_is_taken_for_committed(path: str) -> None:
    from dbsupport import Users

    with zlmdb.open(path, [Users]) as db:
        for number in range(3):
            with db.begin(write=True):
                pass
            table = declare(name=f"Table{number}")
            db.attach_table(table)
            with db.begin(write=True) as txn:
                txn[table][1] = "text"
                txn.abort()
            add_user(db, number)
            db.attach_table(table)
        assert slots(db) == {**{f"Users{x}": n for n, x in enumerate(USERS, 1)}, "Table0": 5, "Table1": 6, "Table2": 7}
