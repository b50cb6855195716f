"""Programs that declare schemas, with what a type checker is to say of their lines.

``#: TYPE`` ends a line with ``reveal_type``; ``#!`` ends one that must be refused. Types are written as mypy and
pyright both write them once module names and quotes are taken away.
"""

TYPED = '''\
from __future__ import annotations

import uuid
from typing import TypeVar, reveal_type

import attrs
import zlmdb

K = TypeVar("K")
V = TypeVar("V")


@attrs.define
class User:
    oid: uuid.UUID
    name: str
    email: str
    city: str | None = None


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", pk="oid")
class Users(zlmdb.MapUuidCbor[User]):
    """People who may log in."""

    by_email = zlmdb.index("email", unique=True)
    by_city = zlmdb.index("city", nullable=True)
    by_lower = zlmdb.index(lambda row: row.name.lower(), key=zlmdb.String, where=lambda row: row.city is not None)


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a02")
class Rain(zlmdb.Map[tuple[str, int], float], key=(zlmdb.String, zlmdb.Int64), value=zlmdb.Json):
    """Millimetres of rain, by station and day."""


class AddressBook(zlmdb.Schema):
    users: Users


class Counted(AddressBook):
    rows: int

    @classmethod
    def attach(cls, db: zlmdb.Database) -> Counted:
        schema = super().attach(db)
        schema.rows = len(schema.db.begin()[Users])
        return schema


def size(txn: zlmdb.Transaction, table: type[zlmdb.PersistentMap]) -> int:
    return len(txn[table])


def rows(txn: zlmdb.Transaction, table: type[zlmdb.Map[K, V]]) -> list[tuple[K, V]]:
    return list(txn[table].select())


def main(key: uuid.UUID, user: User) -> None:
    with zlmdb.open("book.zdb", AddressBook) as db:
        reveal_type(db)  #: Database
        reveal_type(AddressBook.attach(db))  #: AddressBook
        reveal_type(AddressBook.attach(db=db).users)  #: Users
        reveal_type(Counted.attach(db))  #: Counted
        for handle in (db.attach_table(Users), db.attach_table(Rain)):
            reveal_type(handle.indexes())  #: list[str]
        with db.begin(write=True) as txn:
            reveal_type(txn)  #: Transaction
            for table in (Users, Rain):
                reveal_type(len(txn[table]))  #: int
                reveal_type(txn[table].count())  #: int
                reveal_type(size(txn, table))  #: int
            reveal_type(rows(txn, Rain))  #: list[tuple[tuple[str, int], float]]
            users = txn[Users]
            reveal_type(users)  #: Users
            reveal_type(users[key])  #: User
            reveal_type(users.get(key))  #: User | None
            reveal_type(users.get(key, user))  #: User
            reveal_type(users.get(key, 5))  #: User | int
            reveal_type(users.pop(key, None))  #: User | None
            reveal_type(users.add(user))  #: UUID
            reveal_type(users.put(user))  #: UUID
            reveal_type(users.put(key, user))  #: UUID
            reveal_type(users.pop(key))  #: User
            reveal_type(users.delete(key))  #: bool
            reveal_type(key in users)  #: bool
            reveal_type(len(users))  #: int
            reveal_type(users.count())  #: int
            reveal_type(users.count(prefix=key))  #: int
            reveal_type(users.count_range(key, None))  #: int
            reveal_type(users.first())  #: tuple[UUID, User] | None
            reveal_type(users.last())  #: tuple[UUID, User] | None
            reveal_type(users.popitem())  #: tuple[UUID, User]
            reveal_type(users.get_many([key]))  #: list[User | None]
            reveal_type(users.put_many([user]))  #: int
            reveal_type(users.load({key: user}, sorted=True))  #: int
            reveal_type(users.load("users.csv", progress=True))  #: int
            reveal_type(users.load(users.select(), ignore=["age"]))  #: int
            reveal_type(users.range(1, 2))  #: Selection[tuple[UUID, User]]
            reveal_type(users.as_of(1))  #: tuple[UUID, User] | None
            reveal_type(users.last(n=5))  #: Selection[tuple[UUID, User]]
            reveal_type(users.columns("name"))  #: dict[str, Any]
            reveal_type(users.by_city.select("Bonn").to_numpy())  #: dict[str, Any]
            reveal_type(txn.sql("select 1", [1]).fetchall())  #: list[tuple[Any, ...]]
            reveal_type(db.sql("select 1"))  #: Result
            reveal_type(users.truncate())  #: int
            reveal_type(users.check())  #: list[str]
            reveal_type(users.rebuild_index("by_email"))  #: tuple[int, int]
            reveal_type(list(users))  #: list[UUID]
            reveal_type(list(users.values()))  #: list[User]
            reveal_type(list(users.items()))  #: list[tuple[UUID, User]]
            reveal_type(users.by_email)  #: UniqueIndex[UUID, User]
            reveal_type(users.by_email["ann@example.com"])  #: User
            reveal_type(users.by_email.get("ann@example.com"))  #: User | None
            reveal_type(users.by_email.get("ann@example.com", None))  #: User | None
            reveal_type(users.by_email.get("ann@example.com", user))  #: User
            reveal_type(users.by_city)  #: Index[UUID, User]
            reveal_type(users.by_lower)  #: Index[UUID, User]
            reveal_type(users.by_city.count("Bonn"))  #: int
            reveal_type(users.by_city.first("Bonn"))  #: User | None
            for row in users.by_city.select("Bonn", reverse=True):
                reveal_type(row)  #: User
            for oid in users.by_city.keys("Bonn"):
                reveal_type(oid)  #: UUID
            for pair in users.by_city.select("Bonn", return_keys=True):
                reveal_type(pair)  #: tuple[UUID, User]
            for oid in users.by_city.select("Bonn", return_keys=True, return_values=False):
                reveal_type(oid)  #: UUID
            for oid, row in users.select(key, None, reverse=True, limit=10, bounds="[]"):
                reveal_type(oid)  #: UUID
                reveal_type(row)  #: User
            for oid in users.select(return_values=False):
                reveal_type(oid)  #: UUID
            for row in users.select(return_keys=False):
                reveal_type(row)  #: User
            with txn.savepoint() as inner:
                reveal_type(inner)  #: Transaction
            rain = txn[Rain]
            reveal_type(rain["Bonn", 1])  #: float
            reveal_type(rain.first())  #: tuple[tuple[str, int], float] | None
            rain["Bonn", 1] = 4.5
            users[key] = user
            del users[key]
        reveal_type(db.write(lambda txn: txn[Users].count()))  #: int


def wrong(db: zlmdb.Database, txn: zlmdb.Transaction, key: uuid.UUID, user: User) -> None:
    users = txn[Users]
    users["x"]  #!
    users.add(5)  #!
    users.put("x", user)  #!
    users[key] = "text"  #!
    users.get(5)  #!
    txn[Rain].pop("Bonn")  #!
    AddressBook.attach("book.zdb")  #!
    AddressBook.attach(db).nobody  #!
    users.by_nothing  #!
    users.by_city["Bonn"]  #!
    users.select(bounds="[[")  #!
    users.select(lo=key, limit="2")  #!
    users.load([user], order=True)  #!
    txn[int]  #!
    txn[User]  #!
    txn[Rain]["Bonn"]  #!
    txn[Rain]["Bonn", "1"]  #!
    txn[Rain]["Bonn", 1] = "much"  #!
    row: int = users[key]  #!
    name: str = users[key].city  #!
    users.by_email["x"].nam  #!
    zlmdb.open("book.zdb", AddressBook, maxsize="1 GB")  #!
    zlmdb.index("city", uniqe=True)  #!
    zlmdb.nothing  #!
'''

EARLIER = '''\
from __future__ import annotations

import uuid
from typing import reveal_type

import zlmdb


class User:
    def __init__(self, oid: uuid.UUID, name: str) -> None:
        self.oid = oid
        self.name = name

    def marshal(self) -> dict[str, str]:
        return {"oid": str(self.oid), "name": self.name}

    @staticmethod
    def parse(data: dict[str, str]) -> User:
        return User(uuid.UUID(data["oid"]), data["name"])


@zlmdb.table(uuid.UUID("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01"), marshal=lambda user: user.marshal(), parse=User.parse)
class Users(zlmdb.MapUuidCbor[User]):
    """People who may log in."""


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a02", compress=zlmdb.PersistentMap.COMPRESS_ZLIB)
class UsersByName(zlmdb.MapStringUuid):
    """An index."""


class Schema:
    users: Users
    by_name: UsersByName

    @staticmethod
    def attach(db: zlmdb.Database) -> Schema:
        schema = Schema()
        schema.users = db.attach_table(Users)
        schema.by_name = db.attach_table(UsersByName)
        schema.users.attach_index("idx1", schema.by_name, lambda user: user.name, nullable=False, unique=True)
        return schema


class Derived(zlmdb.Schema):
    users: Users

    @staticmethod
    def attach(db: zlmdb.Database) -> Derived:
        schema = Derived()
        schema.users = db.attach_table(Users)
        return schema


def main(key: uuid.UUID, user: User) -> None:
    stats = zlmdb.TransactionStats()
    with zlmdb.Database("path", maxsize=2**30, sync=True) as db:
        schema = Schema.attach(db)
        reveal_type(Derived.attach(db))  #: Derived
        users = db.attach_table(Users)
        reveal_type(users)  #: Users
        with db.begin(write=True, stats=stats) as txn:
            reveal_type(users[txn, key])  #: User | None
            reveal_type(schema.by_name[txn, "Ann"])  #: UUID | None
            users[txn, key] = user
            del users[txn, key]
            reveal_type((txn, key) in users)  #: bool
            reveal_type((txn, "Ann") in schema.by_name)  #: bool
            reveal_type(users.get((txn, key)))  #: User | None
            reveal_type(users.get((txn, key), user))  #: User
            reveal_type(users.pop((txn, key)))  #: User | None
            reveal_type(users.pop((txn, key), None))  #: User | None
            reveal_type(users.count(txn))  #: int
            reveal_type(users.count_range(txn, from_key=key, to_key=key))  #: int
            reveal_type(users.truncate(txn))  #: int
            reveal_type(users.rebuild_index(txn, "idx1"))  #: tuple[int, int]
            reveal_type(users.indexes())  #: list[str]
            reveal_type(users.is_index())  #: bool
            reveal_type(Users.new_key())  #: UUID
            for found, row in users.select(txn, from_key=key, reverse=True, limit=5):
                reveal_type(found)  #: UUID
                reveal_type(row)  #: User
            for found in users.select(txn, return_values=False):
                reveal_type(found)  #: UUID
            for row in users.select(txn, return_keys=False):
                reveal_type(row)  #: User
            reveal_type(txn[Users])  #: Users
            reveal_type(txn[Users][key])  #: User
            reveal_type(txn.id())  #: int
        reveal_type(stats.puts)  #: int
        reveal_type(db.dbpath)  #: str
        bare = zlmdb.MapUuidCbor[User](5, marshal=User.marshal, unmarshal=User.parse)
        reveal_type(bare)  #: MapUuidCbor[User]
    zlmdb.Database.scratch("path")


def wrong(db: zlmdb.Database, txn: zlmdb.Transaction, key: uuid.UUID, user: User) -> None:
    users = db.attach_table(Users)
    users[txn, "x"] = user  #!
    users[txn, key] = 5  #!
    users.get((txn, "x"))  #!
    row: User = users[txn, key]  #!
    users.attach_index("idx1", "by_name", lambda user: user.name)  #!
    users.select(txn, from_kee=key)  #!
    db.attach_table(User)  #!
    db.begin(wirte=True)  #!
    zlmdb.Database("path", maxsize="1 GB")  #!
    zlmdb.table("oid", marshall=len)  #!
'''

SERIES = '''\
from __future__ import annotations

from datetime import UTC, datetime
from typing import reveal_type

import numpy as np
import zlmdb


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a03")
class Ticks(zlmdb.Series[str], duplicates="replace", compress="delta-zstd"):
    """Trades by symbol."""

    price = zlmdb.column("f8")
    size = zlmdb.column("u4", default=0)


@zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a04")
class Readings(zlmdb.Series[tuple[str, int]]):
    celsius = zlmdb.column(np.float32)


class Market(zlmdb.Schema):
    ticks: Ticks
    readings: Readings


def main() -> None:
    with zlmdb.open("market.zdb", Market) as db:
        reveal_type(db.attach_table(Ticks))  #: Ticks
        with db.begin(write=True) as txn:
            for table in (Ticks, Readings):
                reveal_type(txn[table].check())  #: list[str]
            ticks = txn[Ticks]
            reveal_type(ticks)  #: Ticks
            ticks.append("ETHUSD", datetime.now(UTC), price=1.5, size=3)
            ticks.append("ETHUSD", np.arange(3).astype("M8[s]"), price=[1.0, 2.0, 3.0])
            found = ticks.range("ETHUSD", np.datetime64("2026-01-01"), columns=["price"], bounds="[]")
            reveal_type(found)  #: Slice
            reveal_type(len(found))  #: int
            reveal_type(found.price.mean())  #: Any
            reveal_type(ticks.count("ETHUSD", 0))  #: int
            reveal_type(ticks.delete_range("ETHUSD", 0, 10))  #: int
            reveal_type(ticks.retain(older_than="90d"))  #: int
            reveal_type(ticks.aggregate("ETHUSD", price="mean"))  #: dict[str, Any]
            reveal_type(ticks.resample("ETHUSD", "1m", price="ohlc"))  #: Slice
            reveal_type("ETHUSD" in ticks)  #: bool
            for key in ticks:
                reveal_type(key)  #: str
            for station, means in txn[Readings].resample_all("1h", celsius="mean"):
                reveal_type(station)  #: tuple[str, int]
                reveal_type(means)  #: Slice


def wrong(txn: zlmdb.Transaction) -> None:
    txn[Ticks].append(5, 1, price=1.0)  #!
    txn[Ticks].range("ETHUSD", "2026-01-01")  #!
    txn[Ticks].range("ETHUSD", bounds="[[")  #!
    txn[Ticks].last("ETHUSD", "5")  #!
    txn[Ticks].retain("90d")  #!
    txn[Readings].range("north")  #!
    txn[Ticks].nothing  #!
    zlmdb.column("f8", defalt=1)  #!
'''

PROGRAMS = {"typed": TYPED, "earlier": EARLIER, "series": SERIES}
