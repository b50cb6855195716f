"""Work on a whole table: emptying it, building and checking its indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from zlmdb import errors
from zlmdb.engine import EngineError
from zlmdb.tables import bounds
from zlmdb.tables.plan import IndexPlan

__all__ = ["check", "is_empty", "plan_number", "rebuild", "remove_range", "truncate"]

#: How many index entries are sorted and written together when an index is built.
BATCH = 50_000

Progress = Callable[[int], None]


def plan_number(table: Any, name: str) -> int:
    """Position of an index among the table's.

    Raises:
        SchemaError: if there is none of that name.
    """
    for i, plan in enumerate(table._compiled.plans):
        if plan.name == name:
            return i
    raise errors.SchemaError(
        f'table {table._definition.name}: no index "{name}" attached; it has {", ".join(table.indexes()) or "none"}'
    )


def remove_range(txn: Any, start: bytes, stop: bytes) -> int:
    """Remove all records between two keys: their number."""
    cursor = txn._cursor()
    removed = 0
    if not cursor.set_range(start):
        return 0
    while cursor.key() and cursor.key() < stop:
        cursor.delete()
        removed += 1
    txn._count_deletes(removed)
    return removed


def is_empty(txn: Any, prefix: bytes) -> bool:
    """True if nothing lies under a slot's prefix."""
    cursor = txn._cursor()
    return not (cursor.set_range(prefix) and bytes(cursor.key())[: len(prefix)] == prefix)


def truncate(table: Any, txn: Any, *, with_indexes: bool) -> int:
    """Remove all rows of a table, and of its indexes if wanted: the number of records removed."""
    txn._require_write(table._definition.name)
    prefixes = (table._p, *table._xs) if with_indexes else (table._p,)
    try:
        return sum(remove_range(txn, prefix, bounds.after_slot(prefix)) for prefix in prefixes)
    except EngineError as error:
        raise table._fault(txn, error) from error


def rebuild(table: Any, txn: Any, i: int, progress: Progress | None = None) -> tuple[int, int]:
    """Make one index anew from the rows, or leave it as it was and raise.

    Args:
        table: an attached map, or the map of a transaction.
        txn: a write transaction.
        i: position of the index.
        progress: called with the number of rows done so far; None for nobody.

    Returns:
        Entries removed, and entries written.

    Raises:
        UniqueViolation: if two rows have one key in a unique index.
        NullValueConstraint: if a row has no key and the index is not nullable.
        DecodeError: if a row cannot be read.
    """
    txn._require_write(table._definition.name)
    prefix = table._xs[i]
    try:
        with txn._guarded():
            removed = remove_range(txn, prefix, bounds.after_slot(prefix))
            written = 0
            entries = _entries(table, txn, i, progress)
            while batch := sorted(islice(entries, BATCH)):
                written += _write(table, txn, i, batch)
            return removed, written
    except EngineError as error:
        raise table._fault(txn, error) from error


def _entries(table: Any, txn: Any, i: int, progress: Progress | None) -> Iterator[tuple[bytes, bytes]]:
    """Entry and pointer of every row that an index lists, in the order of the rows."""
    plan: IndexPlan = table._compiled.plans[i]
    prefix, name = table._xs[i], table._definition.name
    cursor = txn._cursor()
    end = bounds.after_slot(table._p)
    if not cursor.set_range(table._p):
        return
    for done, (k, data) in enumerate(cursor.iternext(True, True), 1):
        if k >= end:
            return
        pk = bytes(k[2:])
        try:
            row = table._definition.value.decode(data)
        except Exception as error:
            raise table._scan_error(txn, k, data, error) from error
        body = plan.entry(pk, row, table=name)
        if body is not None:
            if len(body) + 2 > table._limit:
                raise errors.KeyTooLong(
                    f"table {name}, index {plan.name}: expected an index key of at most {table._limit - 2} bytes when "
                    f"encoded, found {len(body)}; the index was left as it was",
                    table=name,
                    index=plan.name,
                )
            pointer = pk if plan.pointer is None else plan.pointer.encode(table._definition.key.decode(pk))
            yield prefix + body, pointer
        if progress is not None and done % 1000 == 0:
            progress(done)


def _write(table: Any, txn: Any, i: int, batch: list[tuple[bytes, bytes]]) -> int:
    plan: IndexPlan = table._compiled.plans[i]
    refuse = plan.unique
    consumed, added = txn._cursor().putmulti(batch, True, not refuse)
    txn._count_puts(added)
    if refuse and added < consumed:
        for entry, pointer in batch:
            if not table._pointer_matches(txn, entry, pointer):
                key = table._pointed(plan, pointer)
                raise table._violation(txn, i, entry, key)
    return len(batch)


def check(table: Any, txn: Any) -> list[str]:
    """What is wrong with the indexes of a table: a sentence for each entry that is missing, wrong or left over.

    Every row and every entry is read and looked up, so this takes longer than reading the whole table.
    """
    txn._require_open()
    problems: list[str] = []
    for i in range(len(table._compiled.plans)):
        try:
            problems += _missing(table, txn, i)
            problems += _left_over(table, txn, i)
        except errors.ZlmdbError as error:
            problems.append(str(error))
    return problems


def _missing(table: Any, txn: Any, i: int) -> Iterator[str]:
    """Rows whose entry is not there, or points elsewhere (which it may where a later row takes an entry over)."""
    plan: IndexPlan = table._compiled.plans[i]
    where = f"table {table._definition.name}, index {plan.name}"
    for entry, pointer in _entries(table, txn, i, None):
        held = txn._get(entry)
        if held is None:
            yield f"{where}: entry {entry.hex()} of row {pointer.hex()} is missing"
        elif bytes(held) != pointer and (plan.unique or not plan.attached):
            yield f"{where}: entry {entry.hex()} points to {bytes(held).hex()} instead of {pointer.hex()}"


def _left_over(table: Any, txn: Any, i: int) -> Iterator[str]:
    """Entries that no row has."""
    plan: IndexPlan = table._compiled.plans[i]
    definition = table._definition
    where = f"table {definition.name}, index {plan.name}"
    prefix = table._xs[i]
    cursor = txn._cursor()
    if not cursor.set_range(prefix):
        return
    for k, pointer in cursor.iternext(True, True):
        entry = bytes(k)
        if entry[:2] != prefix:
            return
        pk = bytes(pointer) if plan.pointer is None else definition.key.encode(plan.pointer.decode(bytes(pointer)))
        data = txn._get(table._p + pk)
        if data is None:
            yield f"{where}: entry {entry.hex()} points to row {pk.hex()}, which is not there"
            continue
        body = plan.entry(pk, definition.value.decode(bytes(data)), table=definition.name, strict=False)
        if body is None or prefix + body != entry:
            yield f"{where}: entry {entry.hex()} is not that of the row {pk.hex()} that it points to"
