"""Walking over a database as an export tool does: slots, tables by UUID, keys and bytes of every record."""

import uuid

import samples
from _show import show

import zlmdb

KEPT = zlmdb.TABLES_BY_UUID
zlmdb.TABLES_BY_UUID = {}
NAMES = [
    "MapUuidCbor",
    "MapStringUuid",
    "MapOidOid",
    "MapUuidStringUuid",
    "MapUuidFlatBuffers",
    "MapTimestampUuidCbor",
]
for number, name in enumerate(NAMES):
    arguments = samples.codec_arguments(samples.MAPS[name][1])
    zlmdb.table(f"63636363-0000-4000-8000-{number:012d}", **arguments)(
        type(f"E{name}", (getattr(zlmdb, name),), {"__doc__": name})
    )
declared, zlmdb.TABLES_BY_UUID = dict(zlmdb.TABLES_BY_UUID), KEPT

with zlmdb.Database("db") as db:
    for cls in declared.values():
        parts, value_type = samples.MAPS[cls.__name__[1:]]
        table = db.attach_table(cls)
        with db.begin(write=True) as txn:
            for key, value in zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True):
                table[txn, key] = value

with zlmdb.Database("db", readonly=True) as db:
    for oid, slot in sorted(db._get_slots().items(), key=lambda item: item[1].slot):
        cls = declared[oid]
        show("slot", (type(oid) is uuid.UUID, str(oid), slot.slot, slot.name, slot.description, cls.__name__))
        table = db.attach_table(cls)
        with db.begin() as txn:
            show("records", zlmdb.PersistentMap(slot.slot).count(txn))
            for key, value in table.select(txn):
                body = table._serialize_key(key)
                raw = txn.get(slot.slot.to_bytes(2, "big") + body)
                show("record", (key, body, raw, table._deserialize_key(body) == key, value == table[txn, key]))
