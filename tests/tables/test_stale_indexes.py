"""Tables that a program changed which knows nothing of their indexes: what the entries left behind do to others."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import zlmdb

OID = uuid.UUID("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7d01")


@zlmdb.table(OID)
class Plain(zlmdb.MapOidJson):
    """The table as a program has it that knows of no index."""


@zlmdb.table(OID)
class People(zlmdb.MapOidJson):
    """The table with an index."""

    by_email = zlmdb.index("email", key=zlmdb.String, unique=True)


@pytest.fixture
def people(path: str) -> Any:
    with zlmdb.open(path, [People]) as db:
        with db.begin(write=True) as txn:
            txn[People].update({1: {"email": "ann"}, 2: {"email": "bob"}})
        yield db
        assert db.verify() == []


def behind_its_back(db: Any, key: int, value: Any) -> None:
    """Write as a program does that does not know the index."""
    handle = Plain(db._get_slots()[OID].slot)
    with db.begin(write=True) as txn:
        if value is None:
            del handle[txn, key]
        else:
            handle[txn, key] = value


@pytest.mark.parametrize("value", [None, {"email": "zoe"}], ids=["removed", "changed"])
def test_an_entry_left_behind_is_not_called_another_row(people: Any, value: Any) -> None:
    behind_its_back(people, 1, value)
    assert people.verify()
    new = {"email": "ann"}
    with people.begin(write=True) as txn:
        table = txn[People]
        for write in (
            lambda: table.__setitem__(3, new),
            lambda: table.__setitem__(2, new),
            lambda: table.put_many({3: new}),
            lambda: table.load({3: new}),
        ):
            with pytest.raises(
                zlmdb.DatabaseError, match=r"index by_email: the entry of 'ann' .* rebuild_index"
            ) as found:
                write()
            assert (found.value.table, found.value.index, found.value.key) == ("People", "by_email", "ann")
        assert dict(table.items()) == {2: {"email": "bob"}, **({} if value is None else {1: value})}
        table.rebuild_index("by_email")
        table[3] = new
        assert table.by_email["ann"] == new


def test_an_entry_of_a_row_that_cannot_be_read_keeps_its_place(people: Any) -> None:
    raw = people._get_slots()[OID].key()[2:] + (1).to_bytes(8, "big")
    with people.begin(write=True) as txn:
        before = txn.get(raw)
        txn.put(raw, b"{broken")
        with pytest.raises(zlmdb.UniqueViolation, match="there is a row under 'ann' already"):
            txn[People][3] = {"email": "ann"}
        txn.put(raw, before)


def test_an_index_table_attached_by_hand_is_looked_at_too(path: str) -> None:
    texts = zlmdb.table(uuid.uuid4())(type("Texts", (zlmdb.MapStringOid,), {}))
    with zlmdb.open(path, [Plain, texts]) as db:
        plain, index = db.attach_table(Plain), db.attach_table(texts)
        plain.attach_index("i", index, lambda row: row["email"])
        with db.begin(write=True) as txn:
            plain[txn, 1] = {"email": "ann"}
        behind_its_back(db, 1, None)
        with db.begin(write=True) as txn:
            with pytest.raises(zlmdb.DatabaseError, match="the entry of 'ann' points to the row with primary key 1"):
                plain[txn, 2] = {"email": "ann"}
            plain.rebuild_index(txn, "i")
            plain[txn, 2] = {"email": "ann"}
            with pytest.raises(zlmdb.UniqueViolation):
                plain[txn, 3] = {"email": "ann"}
        assert db.verify() == []
