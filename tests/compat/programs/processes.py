"""Two processes on one database: what one commits, the other sees."""

import subprocess
import sys

from _show import show

import zlmdb


@zlmdb.table("41414141-0000-4000-8000-000000000001", marshal=dict, parse=dict)
class Rows(zlmdb.MapStringJson):
    """Rows."""


@zlmdb.table("41414141-0000-4000-8000-000000000002")
class Later(zlmdb.MapStringOid):
    """Attached by the second process."""


def child():
    with zlmdb.Database("db") as db:
        rows, later = db.attach_table(Rows), db.attach_table(Later)
        with db.begin() as txn:
            show("child reads", rows[txn, "parent"])
        with db.begin(write=True) as txn:
            rows[txn, "child"] = {"n": 2}
            later[txn, "x"] = 1
            show("child slots", (rows._slot, later._slot))


def parent():
    with zlmdb.Database("db") as db:
        rows = db.attach_table(Rows)
        with db.begin(write=True) as txn:
            rows[txn, "parent"] = {"n": 1}
        done = subprocess.run(
            [sys.executable, __file__, "child"], capture_output=True, text=True, timeout=60, check=False
        )
        print(done.stdout, end="")
        show("exit", done.returncode)
        with db.begin() as txn:
            show("parent reads", list(rows.select(txn)))
            show("raw", txn.get(b"\x00\x02x"))
    with zlmdb.Database("db", readonly=True) as db:
        later = db.attach_table(Later)
        with db.begin() as txn:
            show("a table of the other process", list(later.select(txn)))
            show("slots", sorted((slot.slot, slot.name) for slot in db._get_slots().values()))


if len(sys.argv) > 1:
    child()
else:
    parent()
