"""Moving rows from a key layout of earlier releases to the ordered one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zlmdb.database.catalog import Remembered
from zlmdb.tables import maintain
from zlmdb.tables.bounds import after_slot
from zlmdb.tables.map import definition_of
from zlmdb.tables.outdated import outdated_error

if TYPE_CHECKING:
    from zlmdb.database.database import Database
    from zlmdb.database.transaction import Transaction

__all__ = ["migrate"]


def migrate(db: Database) -> int:
    """See :meth:`Database.migrate`."""
    env = db._environment()
    attached = {handle._definition.oid for handle in db._tables.values()}
    # Every map of the process on such a table, whichever handle of the file it is of: they must change together.
    with env.attaching:  # other threads add theirs meanwhile
        handles = tuple(env.handles)
    old = [(handle, handle._definition) for handle in handles if _is_old(handle)]
    old = [(handle, definition) for handle, definition in old if definition.oid in attached]
    if not old:
        return 0

    def rewrite(txn: Transaction) -> int:
        moved = 0
        done: set[Any] = set()
        for handle, definition in old:
            if handle._outdated is not None:
                raise outdated_error(handle, handle._outdated)
            handle._redefine(definition)  # done again, when the map was full
        remembered = Remembered(env.raw, txn._raw, write=True)
        for handle, definition in old:
            ordered = _ordered(handle, definition)
            if definition.oid not in done:
                done.add(definition.oid)
                moved += _move(txn, handle, ordered.key)
                record = remembered.get(definition.oid) or {"indexes": {}}
                record.pop("format", None)
                remembered.put(definition.oid, {**record, **ordered.identity(), "layout": "ordered"})
            handle._redefine(ordered)
        for handle, _ in old:
            for i in range(len(handle._compiled.plans)):
                maintain.rebuild(handle, txn, i)
        return moved

    try:
        moved = db.write(rewrite)
    except BaseException:
        for handle, definition in old:
            handle._redefine(definition)
        # An exception from outside may have come when all was committed.
        with db.begin() as txn:
            remembered = Remembered(env.raw, txn._raw, write=False)
            for handle, definition in old:
                record = remembered.get(definition.oid) or {}
                if handle._outdated is None and record.get("layout") == "ordered":
                    _settle(env, handle, definition)
        raise
    for handle, definition in old:
        _settle(env, handle, definition)
    return moved


def _ordered(handle: Any, definition: Any) -> Any:
    return definition.with_key(definition_of(handle._compiled.table).key)


def _settle(env: Any, handle: Any, definition: Any) -> None:
    """Read and write a table by the ordered layout from now on."""
    handle._redefine(_ordered(handle, definition))
    env.identities[definition.oid] = handle._definition.identity()


def _is_old(handle: Any) -> bool:
    return bool(handle._definition.key != definition_of(handle._compiled.table).key)


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
