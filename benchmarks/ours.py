"""zlmdb with declared records, used as ``txn[People]``."""

# ruff: noqa: B007 - the last row of a loop is the answer
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import attrs

import zlmdb
from benchmarks.contestant import Contestant
from benchmarks.people import Fields, Person
from benchmarks.raw import HUNDRED, PersonStruct, digest


@attrs.define
class PersonAttrs:
    """The record, as an attrs class."""

    oid: UUID
    name: str
    email: str
    city: str | None
    age: int
    active: bool


@zlmdb.table("c0de0001-0000-4000-8000-000000000001", pk="oid")
class CborPeople(zlmdb.MapUuidCbor[Person]):
    """Dataclasses as CBOR."""


@zlmdb.table("c0de0001-0000-4000-8000-000000000002", pk="oid")
class CborIndexed(zlmdb.MapUuidCbor[Person]):
    """Dataclasses as CBOR, with indexes."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)


@zlmdb.table("c0de0001-0000-4000-8000-000000000003", pk="oid")
class JsonPeople(zlmdb.MapUuidJson[PersonStruct]):
    """Structs as JSON."""


@zlmdb.table("c0de0001-0000-4000-8000-000000000004", pk="oid")
class JsonIndexed(zlmdb.MapUuidJson[PersonStruct]):
    """Structs as JSON, with indexes."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)


@zlmdb.table("c0de0001-0000-4000-8000-000000000005", pk="oid")
class AttrsPeople(zlmdb.MapUuidJson[PersonAttrs]):
    """attrs objects as JSON."""


@zlmdb.table("c0de0001-0000-4000-8000-000000000006", pk="oid")
class AttrsIndexed(zlmdb.MapUuidJson[PersonAttrs]):
    """attrs objects as JSON, with indexes."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)


class Ours(Contestant):
    """zlmdb with a declared dataclass and CBOR."""

    name = "zlmdb"
    plain: ClassVar[type[Any]] = CborPeople
    with_indexes: ClassVar[type[Any]] = CborIndexed

    def open(self, path: str, indexed: bool) -> None:
        self.table = self.with_indexes if indexed else self.plain
        self.db = zlmdb.open(path, [self.table])

    def close(self) -> None:
        self.db.close()

    def digest(self) -> str:
        with self.db.begin() as txn:
            return digest(txn.cursor())

    # -- writing

    def begin(self) -> None:
        self.txn = self.db.begin(write=True)
        self.txn.__enter__()
        self.people = self.txn[self.table]

    def commit(self) -> None:
        self.txn.commit()

    def insert(self, rows: Sequence[Any]) -> None:
        put = self.people.put
        for row in rows:
            put(row)

    def assign(self, rows: Sequence[Any]) -> None:
        people = self.people
        for row in rows:
            people[row.oid] = row

    def load(self, rows: Sequence[Any]) -> None:
        self.people.load(rows)

    def insert_durably(self, rows: Sequence[Any]) -> None:
        for row in rows:
            with self.db.begin(write=True) as txn:
                txn[self.table].put(row)

    def move(self, oids: Sequence[UUID], city: str) -> None:
        with self.db.begin(write=True) as txn:
            people = txn[self.table]
            for oid in oids:
                row = people[oid]
                row.city = city
                people.put(row)

    def delete(self, oids: Sequence[UUID]) -> None:
        with self.db.begin(write=True) as txn:
            people = txn[self.table]
            for oid in oids:
                del people[oid]

    # -- reading

    def get(self, oids: Sequence[UUID]) -> Any:
        row = None
        with self.db.begin() as txn:
            people = txn[self.table]
            for oid in oids:
                row = people[oid]
        return row

    def get_each(self, oids: Sequence[UUID]) -> Any:
        db, table = self.db, self.table
        row = None
        for oid in oids:
            with db.begin() as txn:
                row = txn[table][oid]
        return row

    def get_many(self, oids: Sequence[UUID]) -> Any:
        found: list[Any] = []
        with self.db.begin() as txn:
            people = txn[self.table]
            for start in range(0, len(oids), HUNDRED):
                found = people.get_many(oids[start : start + HUNDRED])
        return found[-1]

    def scan(self) -> tuple[int, Any]:
        number, row = 0, None
        with self.db.begin() as txn:
            for _, row in txn[self.table].select():
                number += 1
        return number, row

    def keys(self, low: UUID, high: UUID) -> tuple[int, UUID]:
        number, oid = 0, low
        with self.db.begin() as txn:
            for oid in txn[self.table].select(low, high, return_values=False):
                number += 1
        return number, oid

    def count(self, low: UUID, high: UUID) -> int:
        with self.db.begin() as txn:
            number: int = txn[self.table].count_range(low, high)
            return number

    def lookup(self, emails: Sequence[str]) -> Any:
        row = None
        with self.db.begin() as txn:
            people = txn[self.table]
            for email in emails:
                row = people.by_email[email]
        return row

    def in_cities(self, names: Sequence[str]) -> tuple[int, Any]:
        number, row = 0, None
        with self.db.begin() as txn:
            people = txn[self.table]
            for city in names:
                for row in people.by_city.select(city):
                    number += 1
        return number, row

    def in_cities_by_name(self, names: Sequence[str]) -> tuple[int, Any]:
        number, row = 0, None
        with self.db.begin() as txn:
            people = txn[self.table]
            for city in names:
                for row in people.by_city_name.select(city, lo="D", hi="H"):
                    number += 1
        return number, row


class OursStruct(Ours):
    """zlmdb with a declared Struct and JSON."""

    name = "zlmdb-struct-json"
    plain = JsonPeople
    with_indexes = JsonIndexed

    def make(self, fields: Fields) -> Any:
        return PersonStruct(*fields)


class OursAttrs(Ours):
    """zlmdb with a declared attrs class and JSON."""

    name = "zlmdb-attrs-json"
    plain = AttrsPeople
    with_indexes = AttrsIndexed

    def make(self, fields: Fields) -> Any:
        return PersonAttrs(*fields)
