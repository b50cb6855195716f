"""snappy, where python-snappy is installed: the same bytes, read back after reopening."""

import samples
import snappy
from _show import show

import zlmdb

NAMES = [
    "MapUuidCbor",
    "MapUuidJson",
    "MapUuidString",
    "MapOidFlatBuffers",
    "MapUuidUuid",
    "MapStringCbor",
    "MapOidString",
]
CLASSES = []
for number, name in enumerate(NAMES):
    arguments = samples.codec_arguments(samples.MAPS[name][1])
    decorate = zlmdb.table(
        f"1e1e1e1e-0000-4000-8000-{number:012d}", compress=zlmdb.PersistentMap.COMPRESS_SNAPPY, **arguments
    )
    CLASSES.append(decorate(type(f"S{name}", (getattr(zlmdb, name),), {})))

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
                    show("inside", snappy.uncompress(data))
