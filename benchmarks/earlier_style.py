"""Programs in the style of earlier releases: ``people[txn, key]``, marshal and parse, index tables attached by hand.

The same text runs on zlmdb as it is now and, by another interpreter, on the earlier release. Indexes with many rows to
a key are tables with a composite key that ends with the primary key; there is no map from (text, UUID), so that is
written as text.
"""

# ruff: noqa: B007 - the last row of a loop is the answer
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import zlmdb
from benchmarks.contestant import Contestant
from benchmarks.people import marshal, parse


@zlmdb.table("c0de0002-0000-4000-8000-000000000001", marshal=marshal, parse=parse)
class People(zlmdb.MapUuidCbor):  # type: ignore[type-arg]
    """People."""


@zlmdb.table("c0de0002-0000-4000-8000-000000000002")
class ByEmail(zlmdb.MapStringUuid):
    """Unique."""


@zlmdb.table("c0de0002-0000-4000-8000-000000000003")
class ByCity(zlmdb.MapStringStringUuid):
    """City, primary key."""


@zlmdb.table("c0de0002-0000-4000-8000-000000000004")
class ByCityName(zlmdb.MapStringStringStringUuid):
    """City, name, primary key."""


class EarlierStyle(Contestant):
    """zlmdb, with the program's own marshal and parse."""

    name = "zlmdb-marshal"
    bulk = False
    many = False

    def open(self, path: str, indexed: bool) -> None:
        self.db = zlmdb.Database(path, maxsize=1 << 33, writemap=False)
        self.db.__enter__()
        self.people = self.db.attach_table(People)
        if indexed:
            self.by_email = self.db.attach_table(ByEmail)
            self.by_city = self.db.attach_table(ByCity)
            self.by_city_name = self.db.attach_table(ByCityName)
            attach = self.people.attach_index
            attach("email", self.by_email, lambda p: p.email)
            attach("city", self.by_city, lambda p: p.city and (p.city, p.oid.hex), nullable=True)
            attach("city_name", self.by_city_name, lambda p: p.city and (p.city, p.name, p.oid.hex), nullable=True)

    def close(self) -> None:
        self.db.__exit__(None, None, None)

    # -- writing

    def begin(self) -> None:
        self.txn = self.db.begin(write=True)
        self.txn.__enter__()

    def commit(self) -> None:
        self.txn.__exit__(None, None, None)

    def insert(self, rows: Sequence[Any]) -> None:
        txn, people = self.txn, self.people
        for row in rows:
            people[txn, row.oid] = row

    def insert_durably(self, rows: Sequence[Any]) -> None:
        for row in rows:
            with self.db.begin(write=True) as txn:
                self.people[txn, row.oid] = row

    def move(self, oids: Sequence[UUID], city: str) -> None:
        people = self.people
        with self.db.begin(write=True) as txn:
            for oid in oids:
                row = people[txn, oid]
                row.city = city
                people[txn, oid] = row

    def delete(self, oids: Sequence[UUID]) -> None:
        people = self.people
        with self.db.begin(write=True) as txn:
            for oid in oids:
                del people[txn, oid]

    # -- reading

    def get(self, oids: Sequence[UUID]) -> Any:
        people = self.people
        row = None
        with self.db.begin() as txn:
            for oid in oids:
                row = people[txn, oid]
        return row

    def get_each(self, oids: Sequence[UUID]) -> Any:
        people = self.people
        row = None
        for oid in oids:
            with self.db.begin() as txn:
                row = people[txn, oid]
        return row

    def scan(self) -> tuple[int, Any]:
        number, row = 0, None
        with self.db.begin() as txn:
            for _, row in self.people.select(txn):
                number += 1
        return number, row

    def keys(self, low: UUID, high: UUID) -> tuple[int, UUID]:
        number, oid = 0, low
        with self.db.begin() as txn:
            for oid in self.people.select(txn, from_key=low, to_key=high, return_values=False):
                number += 1
        return number, oid

    def count(self, low: UUID, high: UUID) -> int:
        with self.db.begin() as txn:
            number: int = self.people.count_range(txn, from_key=low, to_key=high)
            return number

    def lookup(self, emails: Sequence[str]) -> Any:
        people, by_email = self.people, self.by_email
        row = None
        with self.db.begin() as txn:
            for email in emails:
                row = people[txn, by_email[txn, email]]
        return row

    def in_cities(self, names: Sequence[str]) -> tuple[int, Any]:
        people = self.people
        number, row = 0, None
        with self.db.begin() as txn:
            for city in names:
                for oid in self.by_city.select(txn, from_key=(city, ""), to_key=(city, "g"), return_keys=False):
                    row = people[txn, oid]
                    number += 1
        return number, row

    def in_cities_by_name(self, names: Sequence[str]) -> tuple[int, Any]:
        people = self.people
        number, row = 0, None
        with self.db.begin() as txn:
            for city in names:
                for oid in self.by_city_name.select(
                    txn, from_key=(city, "D", ""), to_key=(city, "H", ""), return_keys=False
                ):
                    row = people[txn, oid]
                    number += 1
        return number, row
