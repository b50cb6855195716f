"""zlib: the same bytes, tables and indexes beside it, a table read back after reopening."""

import uuid
import zlib

import samples
from _show import show

import zlmdb

ZLIB = zlmdb.PersistentMap.COMPRESS_ZLIB
NAMES = [
    "MapUuidCbor",
    "MapUuidJson",
    "MapUuidString",
    "MapOidFlatBuffers",
    "MapUuidUuid",
    "MapStringCbor",
    "MapOidString",
    "MapUuidTimestampBytes32",
]


def declare(number, name):
    oid = f"0d0d0d0d-0000-4000-8000-{number:012d}"
    arguments = samples.codec_arguments(samples.MAPS[name][1])
    return zlmdb.table(oid, compress=ZLIB, **arguments)(type(f"Z{name}", (getattr(zlmdb, name),), {}))


CLASSES = [declare(number, name) for number, name in enumerate(NAMES)]


@zlmdb.table("0d0d0d0d-0000-4000-8000-0000000000ff", marshal=samples.same, parse=samples.same, compress=ZLIB)
class Long(zlmdb.MapUuidJson):
    """Long values."""


@zlmdb.table("0d0d0d0d-0000-4000-8000-0000000000fe")
class LongByName(zlmdb.MapStringUuid):
    """By name, not compressed."""


for run in (1, 2):
    with zlmdb.Database("db") as db:
        for name, cls in zip(NAMES, CLASSES, strict=True):
            parts, value_type = samples.MAPS[name]
            rows = list(zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True))
            table = db.attach_table(cls)
            if run == 1:
                with db.begin(write=True) as txn:
                    for key, value in rows:
                        table[txn, key] = value
            with db.begin() as txn:
                show(name, [table[txn, key] == value for key, value in rows])
                show("select", sorted(table.select(txn), key=repr) == sorted(rows, key=repr))
                for key, _ in rows:
                    data = txn.get(table._slot.to_bytes(2, "big") + table._serialize_key(key))
                    show("inside", zlib.decompress(data))
        table, by_name = db.attach_table(Long), db.attach_table(LongByName)
        table.attach_index("name", by_name, lambda row: row["name"])
        value = {"name": f"n{run}", "text": "word " * 1000}
        with db.begin(write=True) as txn:
            table[txn, uuid.UUID(int=run)] = value
        with db.begin() as txn:
            stored = txn.get(table._slot.to_bytes(2, "big") + uuid.UUID(int=run).bytes)
            show("shorter", (len(stored) < 300, table[txn, by_name[txn, f"n{run}"]] == value))
