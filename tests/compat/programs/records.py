"""Objects of one's own kept through marshal and parse, and every way to read, write and delete one."""

import uuid
from collections.abc import MutableMapping

from _show import get, put, refused, remove, show

import zlmdb


class Person:
    """Somebody."""

    def __init__(self, oid, name, tags=None, born=None):
        self.oid, self.name, self.tags, self.born = oid, name, tags or [], born

    def __eq__(self, other):
        return isinstance(other, Person) and vars(self) == vars(other)

    def __repr__(self):
        return f"Person({self.oid!r}, {self.name!r}, {self.tags!r}, {self.born!r})"

    def marshal(self):
        return {"oid": self.oid, "name": self.name, "tags": self.tags, "born": self.born}

    @staticmethod
    def parse(data):
        return Person(data["oid"], data["name"], data["tags"], data["born"])


def marshal(person):
    return person.marshal()


def marshal_uuid(person):
    return {**person.marshal(), "oid": str(person.oid)}


def parse_uuid(data):
    return Person.parse({**data, "oid": uuid.UUID(data["oid"])})


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0001", marshal=marshal, parse=Person.parse)
class ByOidJson(zlmdb.MapOidJson):
    """People by number, JSON."""


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0002", marshal=marshal, parse=Person.parse)
class ByOidCbor(zlmdb.MapOidCbor):
    """People by number, CBOR."""


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0003", marshal=marshal, parse=Person.parse)
class ByNameJson(zlmdb.MapStringJson):
    """People by name, JSON."""


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0004", marshal=marshal, parse=Person.parse)
class ByNameCbor(zlmdb.MapStringCbor):
    """People by name, CBOR."""


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0005", marshal=marshal_uuid, parse=parse_uuid)
class ByUuidJson(zlmdb.MapUuidJson):
    """People by UUID, JSON."""


@zlmdb.table("b2a4c1f0-77d2-4d9c-8f10-0c5bb7cf0006", marshal=marshal_uuid, parse=parse_uuid)
class ByUuidCbor(zlmdb.MapUuidCbor):
    """People by UUID, CBOR."""


def number(n):
    return n


def name(n):
    return f"person {n:03d} zü€"


def identity(n):
    return uuid.UUID(int=n * 2**64 + n)


TABLES = [
    (ByOidJson, number),
    (ByOidCbor, number),
    (ByNameJson, name),
    (ByNameCbor, name),
    (ByUuidJson, identity),
    (ByUuidCbor, identity),
]

with zlmdb.Database("db") as db:
    for cls, key_of in TABLES:
        table = db.attach_table(cls)
        print(
            cls.__name__,
            isinstance(table, cls),
            isinstance(table, MutableMapping),
            isinstance(table, zlmdb.PersistentMap),
        )
        people = [
            Person(key_of(n) if key_of is identity else n, name(n), [f"t{n}"], 1900 + n if n % 2 else None)
            for n in range(5)
        ]
        with db.begin(write=True) as txn:
            for n, person in enumerate(people):
                table[txn, key_of(n)] = person
            show("read in the same transaction", table[txn, key_of(3)] == people[3])
        with db.begin() as txn:
            print(repr(table[txn, key_of(1)]))
            show("equal", [table[txn, key_of(n)] == person for n, person in enumerate(people)])
            show("missing", table[txn, key_of(77)])
            show("in", ((txn, key_of(1)) in table, (txn, key_of(77)) in table))
            show("get", (table.get((txn, key_of(2))) == people[2], table.get((txn, key_of(77)))))
            prefix = table._slot.to_bytes(2, "big")
            show(
                "bytes",
                (
                    table._slot,
                    table._serialize_key(key_of(1)),
                    txn.get(prefix + table._serialize_key(key_of(1))),
                ),
            )
            show("key again", table._deserialize_key(table._serialize_key(key_of(1))))
            refused("write in a read transaction", put, table, txn, key_of(1), people[1])
            refused("delete in a read transaction", remove, table, txn, key_of(1))
        with db.begin(write=True) as txn:
            table[txn, key_of(1)] = people[2]
            show("replaced", table[txn, key_of(1)] == people[2])
            del table[txn, key_of(0)]
            del table[txn, key_of(0)]
            del table[txn, key_of(77)]
            show("deleted", (table[txn, key_of(0)], table.count(txn)))
            show("pop", (table.pop((txn, key_of(4))) == people[4], table.count(txn)))
            table.update({(txn, key_of(4)): people[4], (txn, key_of(0)): people[0]})
            table.update([((txn, key_of(1)), people[1])])
            show("setdefault", table.setdefault((txn, key_of(1)), people[3]) == people[1])
            show("all back", [table[txn, key_of(n)] == person for n, person in enumerate(people)])
            for wrong in (None, 1.5, b"\x00", (1, 2), []):
                refused(f"key {wrong!r}", put, table, txn, wrong, people[0])
            refused("no transaction", get, table, None, key_of(1))
            refused("no pair", table.__getitem__, key_of(1))
            show("count", table.count(txn))
        try:
            with db.begin(write=True) as txn:
                del table[txn, key_of(1)]
                table[txn, key_of(2)] = people[0]
                raise RuntimeError("undo")
        except RuntimeError as error:
            print(error)
        with db.begin() as txn:
            show("undone", [table[txn, key_of(n)] == person for n, person in enumerate(people)])
        refused("finished transaction", get, table, txn, key_of(1))
        refused("finished transaction, select", lambda table=table: list(table.select(txn)))
