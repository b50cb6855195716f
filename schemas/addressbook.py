"""People and how to reach them: one table with a unique index and two that list many rows under one key."""

from __future__ import annotations

import uuid

import attrs

import zlmdb

__all__ = ["AddressBook", "User", "Users"]


@attrs.define
class User:
    """A person who may log in."""

    oid: uuid.UUID
    name: str
    email: str
    city: str | None = None


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", pk="oid")  # the UUID is the identity: names may change
class Users(zlmdb.MapUuidCbor[User]):
    """People who may log in."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)  # many rows per key; users without a city are not listed
    by_city_name = zlmdb.index("city", "name", nullable=True)  # composite: within a city, ordered by name


class AddressBook(zlmdb.Schema):
    """Users, and whatever else belongs to them later."""

    users: Users
