"""The table that most of these tests use: people with a unique, a many-rows and a composite index."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import attrs

import zlmdb


@attrs.define
class User:
    oid: uuid.UUID
    name: str
    email: str
    city: str | None = None


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", pk="oid")
class Users(zlmdb.MapUuidJson[User]):
    """People who may log in."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)


def oid(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def user(number: int, city: str | None = "Bonn", email: str | None = None) -> User:
    return User(oid(number), f"name {number}", email or f"{number}@example.com", city)


def raw(db: Any) -> list[tuple[bytes, bytes]]:
    """Every record of the file, outside of named databases."""
    with db.begin() as txn:
        return [(bytes(key), bytes(value)) for key, value in txn.cursor() if key[:2] != b"\xff\xff"]


def raw_in(txn: Any) -> list[tuple[bytes, bytes]]:
    """The same as a transaction sees it."""
    return [(bytes(key), bytes(value)) for key, value in txn.cursor() if key[:2] != b"\xff\xff"]


def slot(db: Any, name: str) -> bytes:
    """The key prefix of a table or index ("Users", "Users.by_email")."""
    slots = {entry["name"]: entry["slot"] for entry in db.stats(include_slots=True)["slots"]}
    return int(slots[name]).to_bytes(2, "big")


def rows_after(path: Path, table: Any) -> dict[Any, Any]:
    """The rows that a fresh handle finds, after a full check."""
    with zlmdb.open(path, [table]) as db:
        assert db.verify() == []
        with db.begin() as txn:
            return dict(txn[table].items())
