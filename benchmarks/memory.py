"""How much memory a scan of all rows adds to a process: run by an interpreter of its own."""

from __future__ import annotations

import json

import zlmdb
from benchmarks.ours import CborPeople


def anonymous() -> int:
    """Bytes of this process's own memory: the pages of the mapped file are not among them.

    Raises:
        RuntimeError: if the system does not tell.
    """
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("expected RssAnon in /proc/self/status")


def main(path: str) -> None:
    """Scan a database of people, and print the number of rows and the bytes that were added at most."""
    rows = 0
    with zlmdb.open(path, [CborPeople]) as db, db.begin() as txn:
        people = txn[CborPeople]
        for _, row in people.select(limit=1000):
            del row
        before = most = anonymous()
        for _, row in people.select():
            del row
            rows += 1
            if rows % 1000 == 0:
                most = max(most, anonymous())
    print(json.dumps({"scanned": rows, "grown": most - before}))
