"""What a database tells about itself: statistics, readers, and whether all is well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zlmdb.database import catalog
from zlmdb.engine.environment import data_file
from zlmdb.tables import maintain, scan
from zlmdb.tables.bounds import after_slot

if TYPE_CHECKING:
    from zlmdb.database.database import Database

__all__ = ["readers", "statistics", "verify"]


def statistics(db: Database, include_slots: bool) -> dict[str, Any]:
    """See :meth:`Database.stats`."""
    env = db._environment()
    with db.begin() as txn:
        stat = txn._raw.stat()
        slots = catalog.read_slots(txn._raw)
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        used = pages * stat["psize"]
        result: dict[str, Any] = {
            "num_slots": len(slots),
            "current_size": os.path.getsize(data_file(env.path)),
            "max_size": db.maxsize,
            "page_size": stat["psize"],
            "pages": pages,
            "used": used,
            # Without a cap the data may exceed the size that is reported for compatibility.
            "free": max(0.0, 1.0 - used / db.maxsize),
            "read_only": db.is_readonly,
            "sync_enabled": db.is_sync,
            "lib_version": env.lib_version,
            "lmdb_version": ".".join(map(str, env.raw.lib_version())),
            **stat,
            **env.raw.info(),
        }
        if include_slots:
            result["slots"] = [
                {
                    "oid": str(slot.oid),
                    "slot": slot.slot,
                    "name": slot.name,
                    "description": slot.description,
                    "records": _records(txn, slot.slot),
                }
                for slot in slots
            ]
    return result


def _records(txn: Any, slot: int) -> int:
    prefix = slot.to_bytes(2, "big")
    return scan.count(txn, prefix, after_slot(prefix))


def readers(text: str) -> list[dict[str, int]]:
    """The reader table that LMDB prints, as numbers."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0].isdigit():
            found.append(
                {
                    "pid": int(words[0]),
                    "thread": int(words[1], 16),
                    "txnid": int(words[2]) if words[2].isdigit() else -1,
                }
            )
    return found


def verify(db: Database) -> list[str]:
    """See :meth:`Database.verify`."""
    problems = []
    with db.begin() as txn:
        for slot in catalog.read_slots(txn._raw):
            if slot.problem is not None:
                problems.append(f"catalog: the record of slot {slot.slot} cannot be understood: {slot.problem}")
        for handle in db._tables.values():
            problems += maintain.check(handle, txn)
    return problems
