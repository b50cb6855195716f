"""Maps made by hand on a slot, without a catalog, and keys that a map makes."""

import uuid

import numpy as np
from _show import refused, show

import zlmdb


def u(n):
    return uuid.UUID(int=n)


def same(value):
    return value


MAPS = [
    (zlmdb.MapUuidCbor(100, marshal=same, unmarshal=same), u(1), {"a": [1, None]}),
    (zlmdb.MapUuidJson(slot=101, marshal=same, unmarshal=same), u(2), {"b": "zü€"}),
    (zlmdb.MapStringUuid(102), "key", u(3)),
    (zlmdb.MapOidString(slot=103, compress=zlmdb.PersistentMap.COMPRESS_ZLIB), 7, "text " * 50),
    (zlmdb.MapOidOid(65534), 2**53, 2**53),
    (zlmdb.MapTimestampStringCbor(105, marshal=same, unmarshal=same), (np.datetime64(5, "ns"), "t"), [1]),
    (zlmdb.MapSlotUuidUuid(106), (3, u(4)), u(5)),
]

with zlmdb.Database("db") as db:
    with db.begin(write=True) as txn:
        for table, key, value in MAPS:
            table[txn, key] = value
    with db.begin() as txn:
        for table, key, value in MAPS:
            show(
                "kept",
                (table[txn, key] == value, list(table.select(txn)) == [(key, value)], table.count(txn)),
            )
            body = table._serialize_key(key)
            show("raw", (body, txn.get(table._slot.to_bytes(2, "big") + body)))
            show("PersistentMap(slot)", zlmdb.PersistentMap(table._slot).count(txn))
        show("an empty slot", zlmdb.PersistentMap(50).count(txn))
    show("not in the catalog", db.stats()["num_slots"])
for slot in ("a", 1.5):
    refused(f"slot {slot!r}", zlmdb.MapOidString, slot)
refused("no such compression", zlmdb.MapOidString, 5, compress=9)

key = zlmdb.MapUuidString.new_key()
show("UUID", (type(key).__name__, key.version))
key = zlmdb.MapStringUuid.new_key()
show("text", (len(key), [len(group) for group in key.split("-")], key == key.upper()))
for size, cls in ((16, zlmdb.MapBytes16FlatBuffers), (20, zlmdb.MapBytes20Uuid), (32, zlmdb.MapBytes32Uuid)):
    show("bytes", (type(cls.new_key()).__name__, len(cls.new_key()) == size, cls.new_key() != cls.new_key()))
key = zlmdb.MapTimestampFlatBuffers.new_key()
show("time", key.dtype.name)
key = zlmdb.MapTimestampUuidCbor.new_key()
show("composite", [type(part).__name__ for part in key])
key = zlmdb.MapUuidTimestampBytes32.new_key()
show("composite", [type(part).__name__ for part in key])
