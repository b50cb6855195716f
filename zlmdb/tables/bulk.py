"""Loading many new rows: encoded, held until they fill a batch, and written in the order of their keys."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from zlmdb import errors
from zlmdb.engine import EngineError
from zlmdb.tables import maintain

__all__ = ["load"]

#: How many rows are taken from the program and encoded at a time.
STEP = 250
#: After how many rows the program is told how far loading is; a multiple of STEP.
TOLD = 20_000
#: How many bytes of encoded records are held before they are written. A larger batch touches each page of a large tree
#: less often; this one holds some 100,000 rows of a hundred bytes.
HELD = 32 << 20
#: What a record costs in memory besides its bytes: a pair, and two objects.
RECORD = 140

Pairs = list[tuple[bytes, bytes]]


class _Taken(Exception):
    """A batch could not be written, because a key of it exists; raised through the savepoint that takes all back."""

    def __init__(self, pairs: Pairs, earlier: array[int]) -> None:
        self.pairs = pairs
        self.earlier = earlier


def load(
    table: Any, rows: Iterator[Any], *, holding: bool, in_order: bool, progress: Callable[[int], None] | None
) -> int:
    """Insert new rows: how many that were. What it raises is that of :meth:`zlmdb.tables.bound.BoundMap.load`.

    Args:
        table: the map of a write transaction.
        rows: rows, or pairs (key, row).
        holding: whether rows hold their key.
        in_order: whether they come in the order of their keys.
        progress: called with the number of rows done so far; None for nobody.
    """
    txn = table._txn
    try:
        with txn._guarded():
            if txn._env.writemap:
                return _one_by_one(table, rows, holding, progress)
            return _in_batches(_Batch(table, holding, in_order), rows, progress)
    except _Taken as taken:
        raise _duplicate(table, taken) from None
    except EngineError as error:
        raise table._fault(txn, error) from error


def _one_by_one(table: Any, rows: Iterator[Any], holding: bool, progress: Callable[[int], None] | None) -> int:
    """Through a writable map nothing can be taken back, so that each row is looked at before it is written."""
    done = 0
    encode = table._pairs_of_rows if holding else table._pairs
    for row in rows:
        ((k, _),) = encode([row])
        if table._txn.get(k) is not None:
            key = table._definition.key.decode(k[2:])
            raise table._duplicate(key, f"Through a writable map, the {done} rows before it were written")
        table.put(*([row] if holding else row))
        done += 1
        if progress is not None and done % TOLD == 0:
            progress(done)
    if progress is not None and done % TOLD:
        progress(done)
    return done


def _in_batches(batch: _Batch, rows: Iterator[Any], progress: Callable[[int], None] | None) -> int:
    done = 0
    while step := list(islice(rows, STEP)):
        if batch.weight >= HELD:
            batch.write(last=False)
        batch.add(step)
        done += len(step)
        if progress is not None and done % TOLD == 0:
            progress(done)
    batch.write(last=True)
    if progress is not None and done % TOLD:
        progress(done)
    return done


class _Batch:
    """Encoded rows, and their index entries, that wait to be written."""

    def __init__(self, table: Any, holding: bool, in_order: bool) -> None:
        self.table = table
        self.holding = holding
        self.in_order = in_order
        #: Hashes of the keys of batches that are written. A savepoint for each batch would tell, too, which of its keys
        #: was there before, but costs a copy of every page that the batch touches.
        self.earlier = array("q")
        self.plans = table._compiled.plans
        self.clear()

    def clear(self) -> None:
        self.pairs: Pairs = []
        self.entries: list[Pairs] = [[] for _ in self.plans]
        #: About how many bytes of memory they take.
        self.weight = 0

    def add(self, rows: list[Any]) -> None:
        """Encode some more rows."""
        table = self.table
        pairs: Pairs = table._pairs_of_rows(rows) if self.holding else table._pairs(rows)
        # Ten rows are weighed by the first of them: what is held is no exact limit.
        self.weight += sum(RECORD + len(k) + len(data) for k, data in pairs[::10]) * 10
        self.pairs += pairs
        plans = self.plans
        if not plans:
            return
        values = rows if self.holding else [row for _, row in rows]
        if table._compiled.source.stored_keys:
            values = [table._as_stored(None, data) for _, data in pairs]
        before = [len(found) for found in self.entries]
        for (k, _), row in zip(pairs, values, strict=True):
            kb = k[2:]
            for found, entry, plan in zip(self.entries, table._entry_keys(kb, row), plans, strict=True):
                if entry is not None:
                    found.append((entry, kb if plan.pointer is None else maintain._pointer(table, plan, kb)))
        for found, number in zip(self.entries, before, strict=True):
            self.weight += sum(RECORD + len(k) + len(pk) for k, pk in found[number::10]) * 10

    def write(self, *, last: bool) -> None:
        """Write what waits.

        Raises:
            _Taken: if a key exists.
        """
        table = self.table
        if not self.in_order:
            self.pairs.sort(key=maintain.BY_KEY)
        if not maintain.put_sorted(table._txn, self.pairs, overwrite=False):
            raise _Taken(self.pairs, self.earlier)
        for i, found in enumerate(self.entries):
            found.sort(key=maintain.BY_KEY)
            maintain._write(table, table._txn, i, found)
        if not last:
            self.earlier.extend(map(hash, map(maintain.BY_KEY, self.pairs)))
        self.clear()


def _duplicate(table: Any, taken: _Taken) -> errors.DuplicateKey:
    """The error for a batch of which a key exists, or comes twice; all batches have been taken back."""
    seen: set[bytes] = set()
    earlier = set(taken.earlier)
    found = taken.pairs[0][0]
    for k, _ in taken.pairs:
        if k in seen or hash(k) in earlier or table._txn.get(k) is not None:
            found = k
            break
        seen.add(k)
    duplicate: errors.DuplicateKey = table._duplicate(table._definition.key.decode(found[2:]))
    return duplicate
