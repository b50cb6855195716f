"""Every map: put, get, contains, bytes, scan in all shapes, count, delete, truncate."""

import samples
from _show import show

import zlmdb

#: Maps that the earlier release cannot scan, or whose keys it stores in an order of its own: by key only.
NO_SCAN = {
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampOid",
    "MapOidTimestampStringOid",
    "MapStringOidOid",
    "MapStringStringStringUuid",
    "MapStringStringUuid",
    "MapUint16UuidTimestampFlatBuffers",
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Uint8FlatBuffers",
    "MapUuidBytes20Uint8UuidFlatBuffers",
    "MapUuidTimestampUuidFlatBuffers",
}
OTHER_BYTES = {
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampOid",
    "MapOidTimestampStringOid",
    "MapUint16UuidTimestampFlatBuffers",
}
#: Cannot be written, or cannot be read, by the earlier release. Pickle has a program of its own.
LEFT_OUT = {"MapUuidBytes32FlatBuffers", "MapOidOidSet", "MapUuidUuidSet"}


def run(db, number, name):
    parts, value_type = samples.MAPS[name]
    oid = f"c3c3c3c3-0000-4000-8000-{number:012d}"
    cls = zlmdb.table(oid, **samples.codec_arguments(value_type))(type(f"T{name}", (getattr(zlmdb, name),), {}))
    table = db.attach_table(cls)
    rows = list(zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True))
    print(f"--- {name} {table._slot}")
    with db.begin(write=True) as txn:
        for key, value in reversed(rows):
            table[txn, key] = value
    with db.begin() as txn:
        show("gets", [table[txn, key] for key, _ in rows])
        show("contains", [(txn, key) in table for key, _ in rows])
        show("count", table.count(txn))
        for key, _ in rows:
            body = table._serialize_key(key)
            if name not in OTHER_BYTES:
                data = txn.get(table._slot.to_bytes(2, "big") + body)
                show("bytes", (body, data))
            show("key again", table._deserialize_key(body)) if name not in NO_SCAN else None
        if name not in NO_SCAN:
            middle = sorted(key for key, _ in rows)[1]
            show("select", list(table.select(txn)))
            show("reverse keys", list(table.select(txn, return_values=False, reverse=True)))
            show("values", list(table.select(txn, return_keys=False)))
            show("from", list(table.select(txn, from_key=middle, return_values=False)))
            show("to", list(table.select(txn, to_key=middle, return_values=False)))
            show("limit", list(table.select(txn, limit=1, return_values=False)))
            show("range", list(table.select(txn, middle, rows[2][0], True, False, True, 2)))
            show("count_range", table.count_range(txn, middle, rows[2][0]))
            show("count_range", table.count_range(txn, rows[0][0], rows[2][0]))
            show("prefix", table.count(txn, prefix=middle))
    with db.begin(write=True) as txn:
        del table[txn, rows[1][0]]
        show("after delete", [(txn, key) in table for key, _ in rows])
        table[txn, rows[1][0]] = rows[1][1]
        table[txn, rows[0][0]] = rows[2][1]
        show("replaced", [table[txn, key] for key, _ in rows])
    return name, table


with zlmdb.Database("db", maxsize=2**26) as db:
    names = [name for name in samples.MAPS if name not in LEFT_OUT and "Pickle" not in name]
    made = [run(db, number, name) for number, name in enumerate(names)]
    show("slots", [table._slot for _, table in made])
    with db.begin() as txn:
        show("untouched by the others", [table.count(txn) for _, table in made])
    for name, table in reversed(made):
        with db.begin(write=True) as txn:
            show(name, (table.truncate(txn), table.count(txn), table.truncate(txn)))
