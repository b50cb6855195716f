"""SQLite by the standard library's module: the same fields as columns, the same indexes, the same durability.

The journal is a write-ahead log, flushed at every commit (``synchronous=FULL``); the page cache has 64 MB.
"""

# ruff: noqa: B007 - the last row of a loop is the answer
from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from benchmarks.contestant import Contestant
from benchmarks.people import Person
from benchmarks.raw import HUNDRED, UNKNOWN, from_bytes, new_object, set_int, set_safe

INSERT = "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)"
SELECT = "SELECT oid, name, email, city, age, active FROM people"


def row_of(columns: Any) -> Person:
    """The record of a row."""
    data, name, email, city, age, active = columns
    oid = new_object(UUID)
    set_int(oid, from_bytes(data))
    set_safe(oid, UNKNOWN)
    return Person(oid, name, email, city, age, active != 0)


def columns_of(row: Person) -> tuple[Any, ...]:
    """The row of a record."""
    return (row.oid.bytes, row.name, row.email, row.city, row.age, row.active)


class Sqlite(Contestant):
    """The sqlite3 module."""

    name = "sqlite"

    def open(self, path: str, indexed: bool) -> None:
        os.makedirs(path, exist_ok=True)
        self.connection = sqlite3.connect(os.path.join(path, "people.sqlite"), isolation_level=None)
        execute = self.execute = self.connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        execute("PRAGMA cache_size=-65536")
        execute(
            "CREATE TABLE IF NOT EXISTS people (oid BLOB PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, "
            "city TEXT, age INTEGER NOT NULL, active INTEGER NOT NULL) WITHOUT ROWID"
        )
        if indexed:
            execute("CREATE UNIQUE INDEX IF NOT EXISTS by_email ON people (email)")
            execute("CREATE INDEX IF NOT EXISTS by_city ON people (city)")
            execute("CREATE INDEX IF NOT EXISTS by_city_name ON people (city, name)")

    def close(self) -> None:
        self.connection.close()

    # -- writing

    def begin(self) -> None:
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.execute("COMMIT")

    def insert(self, rows: Sequence[Any]) -> None:
        execute = self.execute
        for row in rows:
            execute(INSERT, (row.oid.bytes, row.name, row.email, row.city, row.age, row.active))

    def load(self, rows: Sequence[Any]) -> None:
        self.connection.executemany(INSERT, sorted([columns_of(row) for row in rows], key=lambda c: c[0]))

    def insert_durably(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self.execute(INSERT, columns_of(row))

    def move(self, oids: Sequence[UUID], city: str) -> None:
        execute = self.execute
        execute("BEGIN IMMEDIATE")
        for oid in oids:
            row = row_of(execute(f"{SELECT} WHERE oid = ?", (oid.bytes,)).fetchone())
            row.city = city
            execute("UPDATE people SET city = ? WHERE oid = ?", (row.city, row.oid.bytes))
        execute("COMMIT")

    def delete(self, oids: Sequence[UUID]) -> None:
        execute = self.execute
        execute("BEGIN IMMEDIATE")
        for oid in oids:
            execute("DELETE FROM people WHERE oid = ?", (oid.bytes,))
        execute("COMMIT")

    # -- reading

    def get(self, oids: Sequence[UUID]) -> Any:
        execute = self.execute
        row = None
        execute("BEGIN")
        for oid in oids:
            row = row_of(execute(f"{SELECT} WHERE oid = ?", (oid.bytes,)).fetchone())
        execute("COMMIT")
        return row

    def get_each(self, oids: Sequence[UUID]) -> Any:
        execute = self.execute
        row = None
        for oid in oids:
            row = row_of(execute(f"{SELECT} WHERE oid = ?", (oid.bytes,)).fetchone())
        return row

    def get_many(self, oids: Sequence[UUID]) -> Any:
        query = f"{SELECT} WHERE oid IN ({', '.join('?' * HUNDRED)})"
        rows: list[Any] = []
        self.execute("BEGIN")
        for start in range(0, len(oids), HUNDRED):
            some = oids[start : start + HUNDRED]
            wanted = [oid.bytes for oid in some]
            wanted += [None] * (HUNDRED - len(wanted))
            found = {row.oid: row for row in map(row_of, self.execute(query, wanted))}
            rows = [found.get(oid) for oid in some]
        self.execute("COMMIT")
        return rows[-1]

    def scan(self) -> tuple[int, Any]:
        number, row = 0, None
        for row in map(row_of, self.execute(f"{SELECT} ORDER BY oid")):
            number += 1
        return number, row

    def keys(self, low: UUID, high: UUID) -> tuple[int, UUID]:
        number, oid = 0, low
        query = "SELECT oid FROM people WHERE oid >= ? AND oid < ? ORDER BY oid"
        for (data,) in self.execute(query, (low.bytes, high.bytes)):
            oid = new_object(UUID)
            set_int(oid, from_bytes(data))
            set_safe(oid, UNKNOWN)
            number += 1
        return number, oid

    def count(self, low: UUID, high: UUID) -> int:
        query = "SELECT count(*) FROM people WHERE oid >= ? AND oid < ?"
        number: int = self.execute(query, (low.bytes, high.bytes)).fetchone()[0]
        return number

    def lookup(self, emails: Sequence[str]) -> Any:
        execute = self.execute
        row = None
        execute("BEGIN")
        for email in emails:
            row = row_of(execute(f"{SELECT} WHERE email = ?", (email,)).fetchone())
        execute("COMMIT")
        return row

    def in_cities(self, names: Sequence[str]) -> tuple[int, Any]:
        number, row = 0, None
        self.execute("BEGIN")
        for city in names:
            for row in map(row_of, self.execute(f"{SELECT} WHERE city = ? ORDER BY oid", (city,))):
                number += 1
        self.execute("COMMIT")
        return number, row

    def in_cities_by_name(self, names: Sequence[str]) -> tuple[int, Any]:
        number, row = 0, None
        query = f"{SELECT} WHERE city = ? AND name >= 'D' AND name < 'H' ORDER BY name, oid"
        self.execute("BEGIN")
        for city in names:
            for row in map(row_of, self.execute(query, (city,))):
                number += 1
        self.execute("COMMIT")
        return number, row
