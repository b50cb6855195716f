"""The usual schema idiom: a plain class with a static attach(db), kept tables and indexes as attributes."""

import uuid

import numpy as np
from _show import show

import zlmdb


class Realm:
    """A realm."""

    def __init__(self, oid=None, name=None, created=None):
        self.oid, self.name, self.created = oid, name, created

    @staticmethod
    def parse(data):
        return Realm(uuid.UUID(data["oid"]), data["name"], np.datetime64(data["created"], "ns"))

    def marshal(self):
        return {"oid": str(self.oid), "name": self.name, "created": int(self.created.astype("int64"))}


@zlmdb.table("ebebebeb-0000-4000-8000-000000000001", marshal=lambda realm: realm.marshal(), parse=Realm.parse)
class Realms(zlmdb.MapUuidCbor):
    # Written out, because Python 3.13 takes the indentation out of docstrings.
    __doc__ = "Realms by object ID.\n\n    The main table."


@zlmdb.table(uuid.UUID("ebebebeb-0000-4000-8000-000000000002"))
class IndexRealmByName(zlmdb.MapStringUuid):
    """Index of realms by name."""


@zlmdb.table("ebebebeb-0000-4000-8000-000000000003")
class IndexRealmByCreated(zlmdb.MapBytes20TimestampUuid):
    """Index of realms by some hash and time."""


@zlmdb.table("ebebebeb-0000-4000-8000-000000000004")
class Tokens(zlmdb.MapUuidTimestampBytes32):
    """Tokens of a realm over time."""


class RealmSchema:
    """All of it."""

    realms: Realms
    idx_realms_by_name: IndexRealmByName
    idx_realms_by_created: IndexRealmByCreated
    tokens: Tokens

    def __init__(self, db):
        self.db = db

    @staticmethod
    def attach(db):
        schema = RealmSchema(db)
        schema.realms = db.attach_table(Realms)
        schema.idx_realms_by_name = db.attach_table(IndexRealmByName)
        schema.realms.attach_index("idx1", schema.idx_realms_by_name, lambda realm: realm.name)
        schema.idx_realms_by_created = db.attach_table(IndexRealmByCreated)
        schema.realms.attach_index(
            "idx2", schema.idx_realms_by_created, lambda realm: (realm.oid.bytes + b"hash", realm.created)
        )
        schema.tokens = db.attach_table(Tokens)
        return schema


def u(n):
    return uuid.UUID(int=n)


for run in (1, 2):
    with zlmdb.Database("db", context="schema program") as db:
        schema = RealmSchema.attach(db)
        show("indexes", schema.realms.indexes())
        with db.begin(write=True) as txn:
            for n in range(run * 10, run * 10 + 3):
                schema.realms[txn, u(n)] = Realm(u(n), f"realm {n}", np.datetime64(10**18 + n, "ns"))
                schema.tokens[txn, (u(n), np.datetime64(n, "ns"))] = bytes([n]) * 32
        with db.begin() as txn:
            show(
                "realms",
                [(realm.oid, realm.name, realm.created) for realm in schema.realms.select(txn, return_keys=False)],
            )
            show("by name", list(schema.idx_realms_by_name.select(txn)))
            show("by created", list(schema.idx_realms_by_created.select(txn)))
            show("tokens", list(schema.tokens.select(txn)))
        slots = db._get_slots()
        show("slots", sorted((slot.slot, str(oid), slot.name, slot.description) for oid, slot in slots.items()))

        other = RealmSchema.attach(db)
        with db.begin(write=True) as txn:
            other.realms[txn, u(99)] = Realm(u(99), "ninety-nine", np.datetime64(99, "ns"))
            show(
                "two schema objects",
                (schema.realms[txn, u(99)].name, schema.idx_realms_by_name[txn, "ninety-nine"]),
            )
            del schema.realms[txn, u(99)]
            show("gone from both", (other.realms[txn, u(99)], other.idx_realms_by_name[txn, "ninety-nine"]))
