"""schemas/addressbook.py declares what its comments say."""

from __future__ import annotations

import uuid

import pytest

import zlmdb
from schemas.addressbook import AddressBook, User, Users

PEOPLE = [
    User(uuid.UUID(int=4), "Ann", "ann@example.com", "Bonn"),
    User(uuid.UUID(int=3), "Zoë", "zoe@example.com", "Bonn"),
    User(uuid.UUID(int=2), "Bob", "bob@example.com", "Bonn"),
    User(uuid.UUID(int=1), "Cyd", "cyd@example.com", None),
]


def test_people_are_found_by_key_email_city_and_name() -> None:
    with zlmdb.open(":memory:", AddressBook) as db:
        with db.begin(write=True) as txn:
            assert [txn[Users].add(user) for user in PEOPLE] == [user.oid for user in PEOPLE]
            with pytest.raises(zlmdb.UniqueViolation):
                txn[Users].add(User(uuid.UUID(int=5), "Eve", "ann@example.com"))
        with db.begin() as txn:
            users = txn[Users]
            assert list(users.values()) == PEOPLE[::-1]
            assert [users.by_email[user.email] for user in PEOPLE] == PEOPLE
            assert [user.name for user in users.by_city.select("Bonn")] == ["Bob", "Zoë", "Ann"]
            assert [user.name for user in users.by_city_name.select("Bonn")] == ["Ann", "Bob", "Zoë"]
            assert [len(users.by_city), len(users.by_city_name)] == [3, 3]
        assert db.verify() == []
