"""Work on a whole table: emptying it, building and checking its indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import compress, cycle, islice
from operator import itemgetter
from typing import Any

from zlmdb import errors
from zlmdb.engine import EngineError, translate
from zlmdb.tables import bounds, scan
from zlmdb.tables.plan import IndexPlan

__all__ = ["check", "is_empty", "plan_number", "rebuild", "remove_range", "truncate"]

#: How many index entries are sorted and written together when an index is built.
BATCH = 50_000
#: By what records are sorted: their keys alone are compared once where pairs are compared twice.
BY_KEY = itemgetter(0)

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
    removed = 0
    try:
        cursor = txn._cursor()
        if not cursor.set_range(start):
            return 0
        while cursor.key() and cursor.key() < stop:
            cursor.delete()
            removed += 1
    except EngineError as error:
        raise translate(error, path=txn._db.dbpath) from error
    except SystemError as error:
        # So the engine's binding ends when what it has just read is damaged.
        raise errors.DatabaseError(f"{txn._db.dbpath} is damaged: {error}; restore it from a backup") from error
    txn._changes += 1
    txn._count_deletes(removed)
    return removed


def is_empty(txn: Any, prefix: bytes) -> bool:
    """True if nothing lies under a slot's prefix."""
    return scan.first_key(txn, prefix, bounds.after_slot(prefix)) is None


def truncate(table: Any, txn: Any, *, with_indexes: bool) -> int:
    """Remove all rows of a table, and of its indexes if wanted: the number of records removed."""
    txn._require_write(table._definition.name)
    prefixes = (table._p, *table._xs) if with_indexes else (table._p,)
    try:
        return sum(remove_range(txn, prefix, bounds.after_slot(prefix)) for prefix in prefixes)
    except EngineError as error:
        raise table._fault(txn, error) from error
    except errors.ZlmdbError:
        raise
    except BaseException:
        txn._spoil()  # entries of rows that are gone may be there
        raise


def rebuild(table: Any, txn: Any, i: int, progress: Progress | None = None) -> tuple[int, int]:
    """Make one index anew from the rows, or leave it as it was and raise.

    Through a writable map it cannot be left as it was: the transaction can only be aborted then.

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
            while batch := sorted(islice(entries, BATCH), key=BY_KEY):
                written += _write(table, txn, i, batch)
            return removed, written
    except BaseException as error:
        if txn._env.writemap:
            txn._spoil()  # there are no savepoints: a part of the index is gone, or there
        if isinstance(error, EngineError):
            raise table._fault(txn, error) from error
        raise


def _entries(table: Any, txn: Any, i: int, progress: Progress | None) -> Iterator[tuple[bytes, bytes]]:
    """Entry and pointer of every row that an index lists, in the order of the rows."""
    plan: IndexPlan = table._compiled.plans[i]
    prefix, name = table._xs[i], table._definition.name
    for done, (pk, row) in enumerate(_rows(table, txn), 1):
        body = plan.entry(pk, row, table=name)
        if body is not None:
            if len(body) + 2 > table._limit:
                raise errors.KeyTooLong(
                    f"table {name}, index {plan.name}: expected an index key of at most {table._limit - 2} bytes when "
                    f"encoded, found {len(body)}; the index was left as it was",
                    table=name,
                    index=plan.name,
                )
            yield prefix + body, _pointer(table, plan, pk)
        if progress is not None and done % 1000 == 0:
            progress(done)


def _write(table: Any, txn: Any, i: int, batch: list[tuple[bytes, bytes]]) -> int:
    plan: IndexPlan = table._compiled.plans[i]
    refuse = plan.unique
    stored = put_sorted(txn, batch, overwrite=not refuse)
    if refuse and not stored:
        for entry, pointer in batch:
            if not table._pointer_matches(txn, entry, pointer):
                key = table._pointed(plan, pointer)
                raise table._violation(txn, i, entry, key)
    return len(batch)


#: Which records of a sorted batch are written first, before the others; for records of up to so many bytes. Records
#: that come strictly in order leave every page half empty, because the engine splits a full page in the middle when
#: anything lies behind it; the others fill it. What fits best depends on how many records fit into a page; larger ones
#: the engine splits by size itself.
FIRST = ((250, (1, 0, 1, 0, 1)), (330, (1, 0, 1)), (530, (1, 1, 0, 1)))
#: How many records are written first and filled up at a time: those pages are in the processor's cache the second time.
AT_ONCE = 1000


def put_sorted(txn: Any, batch: list[tuple[bytes, bytes]], *, overwrite: bool) -> bool:
    """Write records that are sorted by key, so that pages become full: True if all of them were stored.

    Args:
        txn: a write transaction.
        batch: the records.
        overwrite: False leaves records that exist as they are.
    """
    putmulti = txn._cursor().putmulti
    txn._changes += 1
    sample = batch[:: len(batch) // 100 + 1]
    size = sum(len(k) + len(data) for k, data in sample) / max(len(sample), 1)
    first = next((chosen for most, chosen in FIRST if size <= most), None)
    if first is None:
        added = putmulti(batch, True, overwrite)[1]
    else:
        rest = tuple(not chosen for chosen in first)
        added = 0
        for at in range(0, len(batch), AT_ONCE):
            some = batch[at : at + AT_ONCE]
            for chosen in (first, rest):
                added += putmulti(compress(some, cycle(chosen)), True, overwrite)[1]
    txn._count_puts(added)
    return bool(added == len(batch))


def check(table: Any, txn: Any) -> list[str]:
    """What is wrong with the indexes of a table: a sentence for each entry that is missing, wrong or left over.

    Every row is read, and its entries are looked up.
    """
    txn._require_open()
    plans = table._compiled.plans
    if not plans:
        return []
    problems: list[str] = []
    expected = [0] * len(plans)
    try:
        for pk, row in _rows(table, txn):
            for i, entry in enumerate(table._entry_keys(pk, row)):
                if entry is not None:
                    expected[i] += 1
                    problems += _compare(table, txn, i, entry, pk)
        for i, number in enumerate(expected):
            # As many as there should be, and each found in its place: then there is none too many.
            if problems or scan.count(txn, table._xs[i], bounds.after_slot(table._xs[i])) != number:
                problems.extend(_left_over(table, txn, i))
    except errors.ZlmdbError as error:
        problems.append(str(error))
    except EngineError as error:
        problems.append(f"table {table._definition.name}: {table._fault(txn, error)}")
    return problems


def _rows(table: Any, txn: Any) -> Iterator[tuple[bytes, Any]]:
    """Encoded key and row of every row."""
    cursor = txn._cursor()
    end = bounds.after_slot(table._p)
    if not cursor.set_range(table._p):
        return
    decode = table._definition.value.decode
    for k, data in cursor.iternext(True, True):
        k = bytes(k)
        if k >= end:
            return
        try:
            row = decode(data)
        except Exception as error:
            raise table._scan_error(txn, k, data, error) from error
        yield k[2:], row


def _pointer(table: Any, plan: IndexPlan, pk: bytes) -> bytes:
    """What an index entry of a row holds."""
    return pk if plan.pointer is None else plan.pointer.encode(table._definition.key.decode(pk))


def _compare(table: Any, txn: Any, i: int, entry: bytes, pk: bytes) -> Iterator[str]:
    """A sentence if the entry of a row is not there, or points elsewhere and no later row may have taken it over."""
    plan: IndexPlan = table._compiled.plans[i]
    held = txn.get(entry)
    if held is None:
        yield f"table {table._definition.name}, index {plan.name}: entry {entry.hex()} of row {pk.hex()} is missing"
    elif bytes(held) != _pointer(table, plan, pk) and (plan.unique or not plan.attached):
        yield (
            f"table {table._definition.name}, index {plan.name}: entry {entry.hex()} points to {bytes(held).hex()} "
            f"instead of {pk.hex()}"
        )


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
        data = txn.get(table._p + pk)
        if data is None:
            yield f"{where}: entry {entry.hex()} points to row {pk.hex()}, which is not there"
            continue
        body = plan.entry(pk, definition.value.decode(bytes(data)), table=definition.name, strict=False)
        if body is None or prefix + body != entry:
            yield f"{where}: entry {entry.hex()} is not that of the row {pk.hex()} that it points to"
