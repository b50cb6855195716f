"""Moving rows from a key layout of earlier releases to the ordered one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zlmdb.database.catalog import Remembered
from zlmdb.tables import maintain
from zlmdb.tables.bounds import after_slot
from zlmdb.tables.map import compiled, definition_of

if TYPE_CHECKING:
    from zlmdb.database.database import Database

__all__ = ["migrate"]


def migrate(db: Database) -> int:
    """See :meth:`Database.migrate`."""
    old = [(cls, handle) for cls, handle in db._tables.items() if handle._definition.key != definition_of(cls).key]
    if not old:
        return 0
    moved = 0
    with db.begin(write=True) as txn:
        remembered = Remembered(txn._env.raw, txn._raw, write=True)
        for cls, handle in old:
            moved += _move(txn, handle, definition_of(cls).key)
            definition = definition_of(cls)
            oid = definition.oid
            if oid is not None:
                record = remembered.get(oid) or {**definition.identity(), "indexes": {}}
                record.pop("format", None)
                remembered.put(oid, {**record, **definition.identity(), "layout": "ordered"})
    for cls, handle in old:
        handle._use(compiled(cls))
        db._environment().identities[definition_of(cls).oid] = definition_of(cls).identity()
    return moved


def _move(txn: Any, handle: Any, key: Any) -> int:
    """Rewrite the rows of one slot. All are taken out before any is put back: layouts must not meet."""
    prefix = handle._p
    cursor = txn._cursor()
    rows: list[tuple[bytes, bytes]] = []
    if cursor.set_range(prefix):
        for k, data in cursor.iternext(True, True):
            if k[:2] != prefix:
                break
            rows.append((prefix + key.encode(handle._definition.key.decode(k[2:])), data))
    maintain.remove_range(txn, prefix, after_slot(prefix))
    rows.sort()
    maintain.put_sorted(txn, rows, overwrite=True)
    return len(rows)
