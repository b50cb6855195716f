"""What a database tells about itself: statistics, readers, and whether all is well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.database import catalog, generation
from zlmdb.engine import EngineError, translate
from zlmdb.engine.files import data_file
from zlmdb.tables import maintain, scan
from zlmdb.tables.bounds import after_slot
from zlmdb.tables.hooks import HookedTable

if TYPE_CHECKING:
    from zlmdb.database.database import Database

__all__ = ["statistics", "verify"]


def statistics(db: Database, include_slots: bool) -> dict[str, Any]:
    """See :meth:`Database.stats`."""
    env = db._environment()
    try:
        size = os.path.getsize(data_file(env.path))
    except OSError as error:
        raise errors.DatabaseError(
            f"{env.path}: its file was moved or removed while it is open here ({error.strerror}); what is written now "
            "is lost when the last process closes it"
        ) from error
    with db.begin() as txn:
        try:
            return _statistics(db, env, txn, size, include_slots)
        except EngineError as error:
            raise translate(error, path=db.dbpath) from error


def _statistics(db: Database, env: Any, txn: Any, size: int, include_slots: bool) -> dict[str, Any]:
    stat = txn._sound().stat()
    slots = catalog.read_slots(txn._raw)
    pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
    used = pages * stat["psize"]
    result: dict[str, Any] = {
        "num_slots": len(slots),
        "current_size": size,
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


def verify(db: Database) -> list[str]:
    """See :meth:`Database.verify`."""
    problems: list[str] = []
    with db.begin() as txn:
        try:
            broken = [slot for slot in catalog.read_slots(txn._sound()) if slot.problem is not None]
        except EngineError as error:
            return [f"catalog: {translate(error, path=db.dbpath)}"]
    problems += [f"catalog: the record of slot {slot.slot} cannot be understood: {slot.problem}" for slot in broken]
    outdated: dict[Any, str] = {}
    checked = set()
    for handle in tuple(db._tables.values()):
        definition = handle._definition
        # Each in a transaction of its own: one that has met a damaged page can read nothing more.
        with db.begin() as txn:
            try:
                if isinstance(handle, HookedTable):
                    problems += handle._zlmdb_check(txn)
                    continue
                problem = generation.difference(db._environment(), txn._sound(), handle)
                if problem is None:
                    problems += maintain.check(handle, txn)
                    checked.add(definition.oid)
                else:
                    outdated[definition.oid] = f"table {definition.name}: {problem}"
            except errors.DatabaseError as error:
                problems.append(f"table {definition.name}: {error}")
            except EngineError as error:
                problems.append(f"table {definition.name}: {translate(error, path=db.dbpath)}")
    # Of a table that is attached a second time, as the file has it, all is said.
    problems += [f"{text}; attach it again to have it checked" for oid, text in outdated.items() if oid not in checked]
    return problems
