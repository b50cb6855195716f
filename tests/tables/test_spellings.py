"""Both spellings in one program: the map of a transaction, and the attached map that takes one in each call."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.tables.people import User, Users, oid, user


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c61", marshal=lambda row: row.__dict__, parse=lambda row: Note(**row))
class Notes(zlmdb.MapOidCbor):
    """Notes, declared as programs of earlier releases do."""


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c62")
class NotesByAuthor(zlmdb.Map[tuple[uuid.UUID, int], int], key=(zlmdb.Uuid, zlmdb.Oid), value=zlmdb.Oid):
    """An index table attached by hand."""


class Note:
    def __init__(self, number: int, author: str, text: str) -> None:
        self.number, self.author, self.text = number, author, text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Note) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Book(zlmdb.Schema):
    users: Users


class EarlierBook:
    """A schema in the earlier idiom: a class with a static ``attach``."""

    users: Users
    notes: Notes
    by_author: NotesByAuthor

    @staticmethod
    def attach(db: zlmdb.Database) -> EarlierBook:
        book = EarlierBook()
        book.users = db.attach_table(Users)
        book.notes = db.attach_table(Notes)
        book.by_author = db.attach_table(NotesByAuthor)
        book.notes.attach_index("author", book.by_author, lambda note: (uuid.UUID(note.author), note.number))
        return book


def test_one_program_uses_both(tmp_db_path: Path) -> None:
    with zlmdb.open(tmp_db_path, EarlierBook) as db:
        book = db.schema
        with db.begin(write=True) as txn:
            ann = txn[Users].add(user(1))
            book.users[txn, oid(2)] = user(2, "Ulm")
            for number in (1, 2):
                book.notes[txn, number] = Note(number, str(ann), "n")
            txn[Notes][3] = Note(3, str(oid(2)), "m")
            assert book.users[txn, ann] == txn[Users][ann] == user(1)
            assert book.users[txn, oid(9)] is None
            assert txn[Users].get(oid(9)) is None
            with pytest.raises(KeyError):
                txn[Users][oid(9)]
            assert ((txn, ann) in book.users, ann in txn[Users]) == (True, True)
            del book.users[txn, oid(9)]  # silent
            with pytest.raises(KeyError):
                del txn[Users][oid(9)]
        with db.begin() as txn:
            assert list(book.users.select(txn)) == list(txn[Users].items())
            assert list(book.by_author.select(txn, from_key=(ann, 0), return_keys=False)) == [1, 2, 3]
            assert list(txn[NotesByAuthor].select(prefix=(ann,))) == [((ann, 1), 1), ((ann, 2), 2)]
            assert book.users.count(txn) == len(txn[Users]) == 2
            assert txn[Users].by_city["Ulm"] if False else list(txn[Users].by_city.select("Ulm")) == [user(2, "Ulm")]
            assert txn[Notes].check() == txn[Users].check() == []
    with zlmdb.open(tmp_db_path, Book) as db, db.begin() as txn:
        assert dict(txn[Users]) == {oid(1): user(1), oid(2): user(2, "Ulm")}
        assert db.schema.users[txn, oid(1)] == user(1)


def test_both_maps_are_instances_of_the_table() -> None:
    with zlmdb.open(":memory:", [Users]) as db, db.begin() as txn:
        handle = db.attach_table(Users)
        assert isinstance(handle, Users)
        assert isinstance(txn[Users], Users)
        assert isinstance(txn[Users], zlmdb.PersistentMap)
        assert txn[Users] is txn[Users]
        assert (handle.indexes(), handle.is_index()) == (["by_city", "by_city_name", "by_email"], False)
        assert txn[Users].indexes() == handle.indexes()
        assert "Users" in repr(handle)
        assert "Users" in repr(txn[Users])
        assert "by_email" in repr(txn[Users].by_email)


def test_the_map_of_a_transaction_is_a_mutable_mapping() -> None:
    from collections.abc import MutableMapping

    @zlmdb.table(uuid.uuid4())
    class Ages(zlmdb.Map[str, int], key=zlmdb.String, value=zlmdb.Json):
        pass

    with zlmdb.open(":memory:", [Ages]) as db, db.begin(write=True) as txn:
        ages = txn[Ages]
        assert isinstance(ages, MutableMapping)
        ages.update(b=2, a=1)
        assert ages == {"a": 1, "b": 2}
        assert ages != {"a": 1}
        assert (list(ages.keys()), list(ages.values()), list(ages.items())) == (
            ["a", "b"],
            [1, 2],
            [("a", 1), ("b", 2)],
        )
        assert (list(reversed(ages.keys())), list(reversed(ages.values()))) == (["b", "a"], [2, 1])
        assert ages.keys() & {"a", "c"} == {"a"}
        assert ("a", 1) in ages.items()
        assert 2 in ages.values()
        assert (len(ages), bool(ages), len(ages.keys())) == (2, True, 2)
        assert {**ages} == {"a": 1, "b": 2}
        assert (ages.pop("a"), ages.pop("a", None), ages.setdefault("c", 3), ages.popitem()) == (1, None, 3, ("c", 3))
        ages.clear()
        assert not ages


def attached(unique: bool) -> tuple[Any, Any]:
    rows = zlmdb.table(uuid.uuid4())(type("Rows", (zlmdb.MapOidJson,), {}))
    index = zlmdb.table(uuid.uuid4())(type("Names", (zlmdb.MapStringOid,), {}))
    return rows, index


def test_attaching_an_index_that_does_not_fit_is_refused(tmp_db_path: Path) -> None:
    rows, names = attached(True)
    with zlmdb.open(tmp_db_path, [rows, names]) as db:
        people, by_name = db.attach_table(rows), db.attach_table(names)
        people.attach_index("name", by_name, lambda row: row["name"])
        with pytest.raises(zlmdb.SchemaError, match='table Rows: index with name "name" already exists'):
            people.attach_index("name", by_name, lambda row: row["name"])
        with pytest.raises(zlmdb.SchemaError, match=r"Rows, index again: .*Names.* is an index already; detach it"):
            people.attach_index("again", by_name, lambda row: row["name"])
        with pytest.raises(zlmdb.SchemaError, match="Rows, index self: expected another attached map"):
            people.attach_index("self", people, lambda row: row["name"])
        with pytest.raises(
            zlmdb.SchemaError, match="Rows, index x: expected another attached map to hold it, found None"
        ):
            people.attach_index("x", None, lambda row: row["name"])
        people.detach_index("nobody")  # silent
        people.detach_index("name")
        with pytest.raises(zlmdb.SchemaError, match=r"Rows, index name: expected a function .* found 'name'"):
            people.attach_index("name", by_name, "name")
        people.attach_index("name", by_name, lambda row: row["name"])
        assert (people.indexes(), by_name.is_index()) == (["name"], True)


def test_an_entry_that_another_row_took_over_is_no_fault(tmp_db_path: Path) -> None:
    rows, names = attached(False)
    with zlmdb.open(tmp_db_path, [rows, names]) as db:
        people, by_name = db.attach_table(rows), db.attach_table(names)
        people.attach_index("name", by_name, lambda row: row["name"], unique=False)
        with db.begin(write=True) as txn:
            people[txn, 1] = people[txn, 2] = {"name": "a"}
            assert by_name[txn, "a"] == 2
            del people[txn, 1]
            assert by_name[txn, "a"] == 2
            people[txn, 1] = {"name": "a"}
            assert txn[rows].check() == []
        assert db.verify() == []


def test_an_index_attached_while_a_transaction_is_open_is_kept_by_it(tmp_db_path: Path) -> None:
    rows, names = attached(True)
    with zlmdb.open(tmp_db_path, [rows, names]) as db:
        people, by_name = db.attach_table(rows), db.attach_table(names)
        with db.begin(write=True) as txn:
            assert len(txn[rows]) == 0
            people.attach_index("name", by_name, lambda row: row["name"])
            txn[rows][1] = {"name": "a"}
            people[txn, 2] = {"name": "b"}
        with db.begin() as txn:
            assert dict(txn[names]) == {"a": 1, "b": 2}
            assert txn[rows].check() == []


def test_a_row_type_may_be_changed_by_new_optional_fields(tmp_db_path: Path) -> None:
    import attrs

    with zlmdb.open(tmp_db_path, [Users]) as db, db.begin(write=True) as txn:
        txn[Users].add(user(1))

    @attrs.define
    class Later(User):
        phone: str | None = None

    with zlmdb.open(tmp_db_path) as db:
        later = zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", pk="oid")(
            __import__("types").new_class("Users", (zlmdb.MapUuidJson[Later],))
        )
        db.attach_table(later)
        with db.begin() as txn:
            assert txn[later][oid(1)] == Later(oid(1), "name 1", "1@example.com", "Bonn", None)
