"""Hand-written py-lmdb: the limit. Straight-line code for one class, without checks of types or any generality.

The records are those that zlmdb stores, byte for byte: ``slot | oid`` to the encoded person in slot 1, and three
indexes in the slots 2 to 4: email to oid; city, oid to oid; city, name, oid to oid. Text that is not the last part of
a key is ended by 00 01, and a 00 within it is written 00 FF.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from operator import indexOf
from typing import Any, ClassVar
from uuid import UUID, SafeUUID

import lmdb
import msgspec
from cbor2 import dumps, loads

from benchmarks.contestant import Contestant
from benchmarks.people import Fields, Person

PEOPLE, BY_EMAIL, BY_CITY, BY_CITY_NAME, END = (slot.to_bytes(2, "big") for slot in (1, 2, 3, 4, 5))
HUNDRED = 100

TEXT = [dumps("x" * size)[:-size] if size else b"\x60" for size in range(256)]
INT = [dumps(number) for number in range(256)]

new_object = object.__new__
set_int = UUID.__dict__["int"].__set__  # type: ignore[attr-defined]
set_safe = UUID.__dict__["is_safe"].__set__  # type: ignore[attr-defined]
UNKNOWN = SafeUUID.unknown
from_bytes = int.from_bytes
join = b"".join


def encode(person: Person) -> bytes:
    """The CBOR map of a person."""
    name = person.name.encode()
    n = len(name)
    email = person.email.encode()
    e = len(email)
    city = person.city
    if city is None:
        c, town = b"\xf6", b""
    else:
        town = city.encode()
        c = TEXT[len(town)] if len(town) < 256 else dumps(city)[: -len(town)]
    age = person.age
    return join(
        (
            b"\xa6\x63oid\x50",
            person.oid.int.to_bytes(16, "big"),
            b"\x64name",
            TEXT[n] if n < 256 else dumps(person.name)[:-n],
            name,
            b"\x65email",
            TEXT[e] if e < 256 else dumps(person.email)[:-e],
            email,
            b"\x64city",
            c,
            town,
            b"\x63age",
            INT[age] if 0 <= age < 256 else dumps(age),
            b"\x66active\xf5" if person.active else b"\x66active\xf4",
        )
    )


def decode(data: bytes) -> Person:
    """The person of a CBOR map."""
    d = loads(data)
    oid = new_object(UUID)
    set_int(oid, from_bytes(d["oid"]))
    set_safe(oid, UNKNOWN)
    return Person(oid, d["name"], d["email"], d["city"], d["age"], d["active"])


def index_fields(data: bytes) -> tuple[str, str | None, str]:
    """What the indexes need of a stored row that is to go; no object is made."""
    d = loads(data)
    return d["email"], d["city"], d["name"]


class Raw(Contestant):
    """py-lmdb and CBOR."""

    name = "raw"
    encode: ClassVar[Callable[[Any], bytes]] = staticmethod(encode)
    decode: ClassVar[Callable[[bytes], Any]] = staticmethod(decode)
    index_fields: ClassVar[Callable[[bytes], tuple[str, str | None, str]]] = staticmethod(index_fields)

    def open(self, path: str, indexed: bool) -> None:
        # One reader is kept, as zlmdb does; only programs that do not fork may do so by hand.
        self.env = lmdb.open(path, map_size=1 << 40, lib_version=1, max_spare_txns=1)
        self.with_indexes = indexed

    def close(self) -> None:
        self.env.close()

    def digest(self) -> str:
        with self.env.begin() as txn:
            return digest(txn.cursor())

    # -- writing

    def begin(self) -> None:
        self.txn = self.env.begin(write=True)

    def commit(self) -> None:
        self.txn.commit()

    def insert(self, rows: Sequence[Any]) -> None:
        if self.with_indexes:
            self.insert_indexed(rows)
            return
        put = self.txn.put
        encode = self.encode
        for row in rows:
            put(PEOPLE + row.oid.int.to_bytes(16, "big"), encode(row))

    def insert_indexed(self, rows: Sequence[Any]) -> None:
        put = self.txn.put
        encode = self.encode
        for row in rows:
            kb = row.oid.int.to_bytes(16, "big")
            if not put(PEOPLE + kb, encode(row), True, False):
                raise KeyError(row.oid)
            if not put(BY_EMAIL + row.email.encode(), kb, True, False):
                raise ValueError(row.email)
            city = row.city
            if city is not None:
                town = city.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                put(BY_CITY + town + kb, kb)
                put(BY_CITY_NAME + town + row.name.encode().replace(b"\0", b"\0\xff") + b"\0\1" + kb, kb)

    def load(self, rows: Sequence[Any]) -> None:
        encode = self.encode
        putmulti = self.txn.cursor().putmulti
        pairs = [(PEOPLE + row.oid.int.to_bytes(16, "big"), encode(row)) for row in rows]
        pairs.sort()
        consumed, added = putmulti(pairs, True, False)
        if added < consumed:
            raise KeyError("duplicate")
        if not self.with_indexes:
            return
        emails = [(BY_EMAIL + row.email.encode(), row.oid.int.to_bytes(16, "big")) for row in rows]
        emails.sort()
        consumed, added = putmulti(emails, True, False)
        if added < consumed:
            raise ValueError("duplicate")
        by_city, by_name = [], []
        for row in rows:
            city = row.city
            if city is not None:
                kb = row.oid.int.to_bytes(16, "big")
                town = city.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                by_city.append((BY_CITY + town + kb, kb))
                by_name.append((BY_CITY_NAME + town + row.name.encode().replace(b"\0", b"\0\xff") + b"\0\1" + kb, kb))
        by_city.sort()
        putmulti(by_city)
        by_name.sort()
        putmulti(by_name)

    def insert_durably(self, rows: Sequence[Any]) -> None:
        for row in rows:
            with self.env.begin(write=True) as self.txn:
                self.insert_indexed((row,))

    def move(self, oids: Sequence[UUID], city: str) -> None:
        encode = self.encode
        decode = self.decode
        with self.env.begin(write=True) as txn:
            get, put, delete = txn.get, txn.put, txn.delete
            for oid in oids:
                kb = oid.int.to_bytes(16, "big")
                k = PEOPLE + kb
                row = decode(get(k))
                old, row.city = row.city, city
                put(k, encode(row))
                if old != city:
                    tail = row.name.encode().replace(b"\0", b"\0\xff") + b"\0\1" + kb
                    if old is not None:
                        town = old.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                        delete(BY_CITY + town + kb)
                        delete(BY_CITY_NAME + town + tail)
                    if city is not None:
                        town = city.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                        put(BY_CITY + town + kb, kb)
                        put(BY_CITY_NAME + town + tail, kb)

    def delete(self, oids: Sequence[UUID]) -> None:
        index_fields = self.index_fields
        with self.env.begin(write=True) as txn:
            pop, delete = txn.pop, txn.delete
            for oid in oids:
                kb = oid.int.to_bytes(16, "big")
                email, city, name = index_fields(pop(PEOPLE + kb))
                delete(BY_EMAIL + email.encode())
                if city is not None:
                    town = city.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                    delete(BY_CITY + town + kb)
                    delete(BY_CITY_NAME + town + name.encode().replace(b"\0", b"\0\xff") + b"\0\1" + kb)

    # -- reading

    def get(self, oids: Sequence[UUID]) -> Any:
        decode = self.decode
        row = None
        with self.env.begin() as txn:
            get = txn.get
            for oid in oids:
                data = get(PEOPLE + oid.int.to_bytes(16, "big"))
                if data is None:
                    raise KeyError(oid)
                row = decode(data)
        return row

    def get_each(self, oids: Sequence[UUID]) -> Any:
        begin = self.env.begin
        decode = self.decode
        row = None
        for oid in oids:
            with begin() as txn:
                data = txn.get(PEOPLE + oid.int.to_bytes(16, "big"))
                if data is None:
                    raise KeyError(oid)
                row = decode(data)
        return row

    def get_many(self, oids: Sequence[UUID]) -> Any:
        decode = self.decode
        found: list[Any] = []
        with self.env.begin() as txn:
            get = txn.get
            for start in range(0, len(oids), HUNDRED):
                found = []
                for oid in oids[start : start + HUNDRED]:
                    data = get(PEOPLE + oid.int.to_bytes(16, "big"))
                    found.append(None if data is None else decode(data))
        return found[-1]

    def scan(self) -> tuple[int, Any]:
        decode = self.decode
        number, row = 0, None
        with self.env.begin() as txn:
            cursor = txn.cursor()
            if cursor.set_range(PEOPLE):
                for k, v in cursor.iternext():
                    if k >= BY_EMAIL:
                        break
                    oid = new_object(UUID)
                    set_int(oid, from_bytes(k[2:]))
                    set_safe(oid, UNKNOWN)
                    row = decode(v)
                    number += 1
        return number, row

    def keys(self, low: UUID, high: UUID) -> tuple[int, UUID]:
        number, oid = 0, low
        stop = PEOPLE + high.bytes
        with self.env.begin() as txn:
            cursor = txn.cursor()
            if cursor.set_range(PEOPLE + low.bytes):
                for k in cursor.iternext(True, False):
                    if k >= stop:
                        break
                    oid = new_object(UUID)
                    set_int(oid, from_bytes(k[2:]))
                    set_safe(oid, UNKNOWN)
                    number += 1
        return number, oid

    def count(self, low: UUID, high: UUID) -> int:
        with self.env.begin() as txn:
            cursor = txn.cursor()
            if cursor.set_range(PEOPLE + high.bytes):
                stop = cursor.key()
                cursor.set_range(PEOPLE + low.bytes)
                return indexOf(cursor.iternext(True, False), stop)
            cursor.set_range(PEOPLE + low.bytes)
            return sum(1 for _ in cursor.iternext(True, False))

    def lookup(self, emails: Sequence[str]) -> Any:
        decode = self.decode
        row = None
        with self.env.begin() as txn:
            get = txn.get
            for email in emails:
                kb = get(BY_EMAIL + email.encode())
                if kb is None:
                    raise KeyError(email)
                row = decode(get(PEOPLE + kb))
        return row

    def in_cities(self, names: Sequence[str]) -> tuple[int, Any]:
        decode = self.decode
        number, row = 0, None
        with self.env.begin() as txn:
            get = txn.get
            cursor = txn.cursor()
            for city in names:
                start = BY_CITY + city.encode().replace(b"\0", b"\0\xff")
                stop = start + b"\0\2"
                if cursor.set_range(start + b"\0\1"):
                    for k, kb in cursor.iternext():
                        if k >= stop:
                            break
                        row = decode(get(PEOPLE + kb))
                        number += 1
        return number, row

    def in_cities_by_name(self, names: Sequence[str]) -> tuple[int, Any]:
        decode = self.decode
        number, row = 0, None
        with self.env.begin() as txn:
            get = txn.get
            cursor = txn.cursor()
            for city in names:
                town = BY_CITY_NAME + city.encode().replace(b"\0", b"\0\xff") + b"\0\1"
                stop = town + b"H\0\1"
                if cursor.set_range(town + b"D\0\1"):
                    for k, kb in cursor.iternext():
                        if k >= stop:
                            break
                        row = decode(get(PEOPLE + kb))
                        number += 1
        return number, row


class PersonStruct(msgspec.Struct):
    """The record, as a Struct."""

    oid: UUID
    name: str
    email: str
    city: str | None
    age: int
    active: bool


class IndexedFields(msgspec.Struct):
    """The fields of a person that the indexes need: what a row that is to go is read as."""

    email: str
    city: str | None
    name: str


_decode_index_fields = msgspec.json.Decoder(IndexedFields).decode


def json_index_fields(data: bytes) -> tuple[str, str | None, str]:
    """What the indexes need of a stored row that is to go."""
    row = _decode_index_fields(data)
    return row.email, row.city, row.name


class RawJson(Raw):
    """py-lmdb and JSON by msgspec, to and from a Struct."""

    name = "raw-msgspec"
    encode = staticmethod(msgspec.json.Encoder().encode)
    decode = staticmethod(msgspec.json.Decoder(PersonStruct).decode)
    index_fields = staticmethod(json_index_fields)

    def make(self, fields: Fields) -> Any:
        return PersonStruct(*fields)


class RawDicts(Contestant):
    """py-lmdb and plain dicts through cbor2: no class at all, no indexes."""

    name = "raw-dicts"
    many = False
    indexed = False
    open, close, digest, begin, commit = Raw.open, Raw.close, Raw.digest, Raw.begin, Raw.commit

    def make(self, fields: Fields) -> Any:
        oid, name, email, city, age, active = fields
        return {"oid": oid.bytes, "name": name, "email": email, "city": city, "age": age, "active": active}

    def take(self, row: Any) -> Fields:
        return (UUID(bytes=row["oid"]), row["name"], row["email"], row["city"], row["age"], row["active"])

    def insert(self, rows: Sequence[Any]) -> None:
        put = self.txn.put
        for row in rows:
            put(PEOPLE + row["oid"], dumps(row))

    def load(self, rows: Sequence[Any]) -> None:
        self.txn.cursor().putmulti(sorted([(PEOPLE + row["oid"], dumps(row)) for row in rows]), True, False)

    def get(self, oids: Sequence[UUID]) -> Any:
        row = None
        with self.env.begin() as txn:
            get = txn.get
            for oid in oids:
                row = loads(get(PEOPLE + oid.int.to_bytes(16, "big")))
        return row

    def get_each(self, oids: Sequence[UUID]) -> Any:
        begin = self.env.begin
        row = None
        for oid in oids:
            with begin() as txn:
                row = loads(txn.get(PEOPLE + oid.int.to_bytes(16, "big")))
        return row

    def scan(self) -> tuple[int, Any]:
        number, row = 0, None
        with self.env.begin() as txn:
            cursor = txn.cursor()
            if cursor.set_range(PEOPLE):
                for k, v in cursor.iternext():
                    if k >= BY_EMAIL:
                        break
                    row = loads(v)
                    number += 1
        return number, row


def digest(cursor: Any) -> str:
    """Digest of all records in the slots 1 to 4."""
    found = hashlib.sha256()
    cursor.set_range(PEOPLE)
    for k, v in cursor.iternext():
        if k >= END:
            break
        found.update(len(k).to_bytes(4, "big") + k + v)
    return found.hexdigest()
