"""What the catalog holds: the records of attached tables, byte for byte, and the slots they get."""

import cbor2
from _show import raised, refused, show

import zlmdb


def declare(number, name, doc, base=zlmdb.MapUuidString, **more):
    cls = type(name, (base,), {"__doc__": doc})
    return zlmdb.table(f"fcfcfcfc-0000-4000-8000-{number:012d}", **more)(cls)


LONG = "First line.\n\n    Second paragraph, indented.\n      more\n    "
CLASSES = [
    declare(1, "Plain", None),
    declare(2, "Documented", "One line."),
    declare(3, "Long", LONG),
    declare(4, "Ümlaut", "zü€ 𝄞"),
    declare(5, "Empty", ""),
    declare(6, "Records", "With arguments.", zlmdb.MapOidCbor, marshal=dict, parse=dict),
    declare(7, "Compressed", "zlib", compress=1),
]

with zlmdb.Database("db") as db:
    show("nothing yet", db.stats()["num_slots"])
    for cls in CLASSES:
        show(cls.__name__, db.attach_table(cls)._slot)
    with db.begin() as txn:
        for number in range(1, len(CLASSES) + 1):
            record = txn.get(b"\x00\x00" + number.to_bytes(2, "big"))
            show("record", record)
            show("decoded", cbor2.loads(record))
        show("no more", txn.get(b"\x00\x00\x00\x08"))
    slots = db._get_slots()
    show("slots", sorted((slot.slot, str(oid), slot.name, slot.description) for oid, slot in slots.items()))
    again = [db.attach_table(cls)._slot for cls in reversed(CLASSES)]
    show("again", again)
    with db.begin() as txn:
        show("known table inside a read transaction", db.attach_table(CLASSES[0])._slot)
    with db.begin(write=True) as txn:
        show("known table inside a write transaction", db.attach_table(CLASSES[1])._slot)
    show("stats", (db.stats()["num_slots"], len(db.stats(include_slots=True)["slots"])))

with zlmdb.Database("db") as db:
    more = declare(8, "More", "Another.")
    show("highest + 1", db.attach_table(more)._slot)
    show("kept", [db.attach_table(cls)._slot for cls in CLASSES])
    with db.begin(write=True) as txn:
        db.attach_table(CLASSES[0])[txn, zlmdb.MapUuidString.new_key()] = "x"
    found = db.stats(include_slots=True)["slots"]
    show("stats slots", sorted((s["slot"], s["oid"], s["name"], s["description"], s["records"]) for s in found))

    class Undecorated(zlmdb.MapUuidString):
        """No oid."""

    raised("undecorated", TypeError, db.attach_table, Undecorated)
    raised("not a class", TypeError, db.attach_table, 5)
    raised("not a map", TypeError, db.attach_table, int)
    raised("an instance", TypeError, db.attach_table, db.attach_table(more))

with zlmdb.Database("db", readonly=True) as db:
    show("known, read-only", db.attach_table(more)._slot)
    refused("unknown, read-only", db.attach_table, declare(9, "Unknown", None), words="read-only")
    show("slots", len(db._get_slots()))

refused("bad oid", zlmdb.table, "no uuid at all")
same = CLASSES[0]
zlmdb.table(same._zlmdb_oid)(same)
show("decorated again", zlmdb.TABLES_BY_UUID[same._zlmdb_oid] is same)
refused("other arguments under the same oid", lambda: zlmdb.table(same._zlmdb_oid, compress=1)(same))
