"""None as a value and as a part of a key, where the earlier release takes it."""

import json
from pathlib import Path

import samples
from _show import show

import zlmdb

VECTORS = json.loads(Path(samples.__file__).with_name("vectors.json").read_text(encoding="utf-8"))
#: Maps whose key bytes differ in slots that are made new.
OTHER_BYTES = {"MapUint16UuidTimestampFlatBuffers"}

with zlmdb.Database("db", maxsize=2**26) as db:
    for number, (name, entry) in enumerate(VECTORS["maps"].items()):
        taken = [
            row for row in entry["nulls"] if "error" not in row and "Pickle" not in name and name not in OTHER_BYTES
        ]
        if not taken:
            continue
        oid = f"d4d4d4d4-0000-4000-8000-{number:012d}"
        cls = zlmdb.table(oid, **samples.codec_arguments(entry["value"]))(type(f"T{name}", (getattr(zlmdb, name),), {}))
        table = db.attach_table(cls)
        with db.begin(write=True) as txn:
            for row in taken:
                key, value = samples.from_json(row["key"]), samples.from_json(row["value"])
                table[txn, key] = value
                body = table._serialize_key(key)
                show(name, (key, body, txn.get(table._slot.to_bytes(2, "big") + body), (txn, key) in table))
                if entry["value"] != "String":
                    show("read", table[txn, key])
                del table[txn, key]
                show("gone", table.count(txn))
