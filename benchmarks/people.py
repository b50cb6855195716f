"""The rows that every contestant stores: people, made from their number, so that nothing has to be kept or sent.

A row is a tuple of six fields. The same number gives the same row in every process and on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

#: (oid, name, email, city, age, active)
Fields = tuple[UUID, str, str, str | None, int, bool]

FIRST = ("Ada", "Bela", "Chloé", "Dmitri", "Emil", "Fatima", "Gustav", "Hana", "Ines", "Jörg", "Kaya", "Lin")
LAST = ("Abel", "Borg", "Costa", "Dahl", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kovač")
CITY = ("Aachen", "Bergen", "Cádiz", "Delft", "Essen", "Florence", "Ghent", "Haarlem", "Innsbruck", "Jena")

#: Rows that share a city, on average.
ROWS_PER_CITY = 20
#: One row of so many has no city, and so no entry in the two indexes of cities.
WITHOUT_CITY = 50


def oid_of(number: int) -> UUID:
    """The primary key of a row: random bits, as of a version 4 UUID."""
    return UUID(bytes=hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest())


def city_name(number: int) -> str:
    """A city."""
    return f"{CITY[number % len(CITY)]} {number}"


def cities(rows: int) -> int:
    """How many cities there are, for so many rows."""
    return max(1, rows // ROWS_PER_CITY)


def email_of(number: int) -> str:
    """A unique address."""
    return f"{FIRST[number % 12].lower()}.{LAST[number % 11].lower()}.{number}@example.org"


def fields(number: int, rows: int) -> Fields:
    """The row of a number."""
    oid = oid_of(number)
    bits = oid.int
    city = None if number % WITHOUT_CITY == 7 else city_name(bits % cities(rows))
    return (oid, f"{FIRST[number % 12]} {LAST[number % 11]}", email_of(number), city, bits % 90, number % 3 > 0)


def chunks(rows: int, size: int) -> Iterator[list[Fields]]:
    """All rows, so many at a time."""
    for start in range(0, rows, size):
        yield [fields(number, rows) for number in range(start, min(start + size, rows))]


@dataclass(slots=True)
class Person:
    """The record, as a dataclass."""

    oid: UUID
    name: str
    email: str
    city: str | None
    age: int
    active: bool


def marshal(person: Person) -> dict[str, Any]:
    """The plain value of a record, as programs of earlier releases write it."""
    return {
        "oid": person.oid.bytes,
        "name": person.name,
        "email": person.email,
        "city": person.city,
        "age": person.age,
        "active": person.active,
    }


def parse(data: dict[str, Any]) -> Person:
    """The record of a plain value."""
    return Person(
        oid=UUID(bytes=data["oid"]),
        name=data["name"],
        email=data["email"],
        city=data["city"],
        age=data["age"],
        active=data["active"],
    )
