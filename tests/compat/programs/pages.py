"""How many pages the catalog and ten thousand rows take, in both formats."""

import random

from _show import show

import zlmdb


def declare(number, base, **more):
    cls = type(f"Table{number:02d}", (base,), {"__doc__": f"Table number {number:02d} of many."})
    return zlmdb.table(f"85858585-0000-4000-8000-{number:012d}", **more)(cls)


CATALOG = [declare(number, zlmdb.MapUuidString) for number in range(25)]
ROWS = declare(99, zlmdb.MapOidCbor, marshal=dict, parse=dict)


def sizes(db):
    stats = db.stats()
    return [stats[name] for name in ("pages", "depth", "branch_pages", "leaf_pages", "overflow_pages", "used")]


for version in ("0.9", "1.0"):
    with zlmdb.Database(f"catalog-{version}", lib_version=version) as db:
        for cls in CATALOG:
            db.attach_table(cls)
            show(f"{version} tables {len(db._get_slots())}", sizes(db))
    with zlmdb.Database(f"rows-{version}", maxsize=2**26, lib_version=version) as db:
        rows = db.attach_table(ROWS)
        with db.begin(write=True) as txn:
            for number in range(10_000):
                rows[txn, number] = {
                    "oid": number,
                    "name": f"name {number}",
                    "tags": ["a", "b"],
                    "text": "x" * (number % 90),
                }
        show(f"{version} in order", sizes(db))
    with zlmdb.Database(f"shuffled-{version}", maxsize=2**26, lib_version=version) as db:
        rows = db.attach_table(ROWS)
        for start in range(0, 10_000, 1000):
            with db.begin(write=True) as txn:
                for number in random.Random(7).sample(range(10_000), 10_000)[start : start + 1000]:
                    rows[txn, number] = {"oid": number, "name": f"name {number}", "tags": ["a", "b"]}
        show(f"{version} shuffled", sizes(db))
