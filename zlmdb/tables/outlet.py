"""The rows of a range, or under an index, as what :mod:`zlmdb.columns` reads: encoded, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from zlmdb import errors
from zlmdb.engine import EngineError

__all__ = ["Chain", "IndexRows", "Rows", "at_most"]

#: How many records are read first, at most at a time, and how many bytes of values: so that a short range does not
#: read far beyond its end.
FIRST_READ = 16
MOST_READ = 4096
MOST_BYTES = 1 << 20


class _Walk:
    """Reads records between two bounds, some at a time; goes on from its key after the transaction wrote.

    Args:
        txn: the transaction.
        start: first key.
        stop: end, exclusive.
        reverse: from the end.
        values: whether values are read.
    """

    def __init__(self, txn: Any, start: bytes, stop: bytes, reverse: bool, values: bool) -> None:
        self.txn = txn
        self.start = start
        self.stop = stop
        self.reverse = reverse
        self.values = values
        self.iterator: Iterator[Any] = iter(())
        self.last: bytes | None = None
        self.done = start >= stop
        self.changes: int | None = None
        #: The engine's transaction: another one, in a transaction object that is used again, is not ours.
        self.raw = txn._sound()

    def read(self, count: int) -> tuple[list[bytes], list[bytes]]:
        """The next keys and values, `count` at most; none at the end, and no values unless they are wanted.

        Raises:
            TransactionClosed: if the transaction has ended.
        """
        txn = self.txn
        if txn._raw is None:
            txn._ended()
        if txn._raw is not self.raw and not txn._write:
            raise errors.TransactionClosed(
                f"{txn._db.dbpath}: the transaction of these rows has ended, and another one was begun since"
            )
        if self.done:
            return [], []
        if self.changes != txn._changes:
            self._seat()
        part: list[Any] = list(islice(self.iterator, count))
        keys: list[bytes] = [k for k, _ in part] if self.values else part
        data: list[bytes] = [v for _, v in part] if self.values else []
        if txn._buffers:
            keys, data = list(map(bytes, keys)), list(map(bytes, data))
        self.done = self.done or len(keys) < count
        while keys and (keys[-1] < self.start if self.reverse else keys[-1] >= self.stop):
            keys.pop()
            self.done = True
        if keys:
            self.last = keys[-1]
        return keys, data[: len(keys)]

    def _seat(self) -> None:
        """Put a cursor on the record behind the last one that was read."""
        cursor = self.txn._cursor()
        self.changes = self.txn._changes
        if self.reverse:
            edge = self.stop if self.last is None else self.last
            there = cursor.prev() if cursor.set_range(edge) else cursor.last()
        else:
            there = cursor.set_range(self.start if self.last is None else self.last + b"\0")
        if not there:
            self.done = True
            self.iterator = iter(())
        elif self.reverse:
            self.iterator = cursor.iterprev(True, self.values)
        else:
            self.iterator = cursor.iternext(True, self.values)


class Rows:
    """The rows of a map between two encoded bounds.

    Args:
        table: the map of the transaction, or the attached one.
        txn: the transaction.
        start: first key, slot included.
        stop: end, exclusive.
        keys: whether keys are wanted as columns.
        values: whether values are.
        reverse: the last rows first.
        limit: at most so many rows; None for all.
    """

    def __init__(
        self,
        table: Any,
        txn: Any,
        start: bytes,
        stop: bytes,
        keys: bool = True,
        values: bool = True,
        reverse: bool = False,
        limit: int | None = None,
    ) -> None:
        definition = table._definition
        self.table: str = definition.name
        self.key = definition.key
        self.value = definition.value
        self.pk: tuple[str, ...] = definition.pk
        self.keys = keys
        self.values = values
        self._map = table
        self._txn = txn
        self._bounds = start, stop
        self._reverse = reverse
        self._limit = limit

    def between(self, start: bytes, stop: bytes) -> Rows:
        """The same rows, less those with keys outside of encoded bounds, without slot."""
        p = self._map._p
        low, high = max(p + start, self._bounds[0]), min(p + stop, self._bounds[1])
        return Rows(self._map, self._txn, low, high, self.keys, self.values, self._reverse, self._limit)

    def unreadable(self, key: bytes, data: bytes | None, error: Exception) -> Exception:
        """See :class:`zlmdb.columns.Source`."""
        found: Exception = self._map._scan_error(self._txn, self._map._p + key, data, error)
        return found

    def chunks(self, size: int, values: bool) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """See :class:`zlmdb.columns.Source`. Rows written behind the place that was reached are seen."""
        walk = _Walk(self._txn, *self._bounds, self._reverse, values)
        left, step = self._limit, FIRST_READ
        while left is None or left > 0:
            wanted = size if left is None else min(size, left)
            encoded: list[bytes] = []
            data: list[bytes] = []
            while len(encoded) < wanted:
                keys, read = self._read(walk, min(step, wanted - len(encoded)))
                if not keys:
                    break
                encoded += [k[2:] for k in keys]
                data += read
                mean = sum(map(len, read)) // len(keys)
                step = max(1, min(step * 4, MOST_READ, MOST_BYTES // (mean or 1)))
            if not encoded:
                return
            if left is not None:
                left -= len(encoded)
            yield encoded, data

    def _read(self, walk: _Walk, count: int) -> tuple[list[bytes], list[bytes]]:
        try:
            return walk.read(count)
        except EngineError as error:
            if self._txn._raw is not walk.raw:
                self._txn._require_open()
            raise self._map._fault(self._txn, error) from error


class IndexRows(Rows):
    """The rows that an index lists between two encoded bounds of it."""

    def __init__(
        self,
        index: Any,
        start: bytes,
        stop: bytes,
        keys: bool = True,
        values: bool = True,
        reverse: bool = False,
        limit: int | None = None,
    ) -> None:
        super().__init__(index._map, index._txn, start, stop, keys, values, reverse, limit)
        self._index = index

    def between(self, start: bytes, stop: bytes) -> Rows:
        """The rows in the order of the index have no range of keys."""
        raise NotImplementedError("rows of an index are not sorted by key")

    def chunks(self, size: int, values: bool) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """See :class:`zlmdb.columns.Source`."""
        txn, p = self._txn, self._map._p
        for _, entries in super().chunks(size, True):  # what an entry holds is the primary key
            if not values:
                yield entries, []
                continue
            get = txn._get  # of now: a savepoint, begun or ended since, has its own
            try:
                rows = [get(p + pk) for pk in entries]
            except EngineError as error:
                raise self._map._fault(txn, error) from error
            if None in rows:
                raise self._index._dangling(None, entries[rows.index(None)])
            yield entries, list(map(bytes, rows)) if self._txn._buffers else rows


class Chain:
    """The rows of several ranges of one map, one after the other.

    Args:
        parts: the ranges, at least one, which have no row in common.
    """

    def __init__(self, parts: Sequence[Rows]) -> None:
        first = parts[0]
        self.table, self.key, self.value, self.pk = first.table, first.key, first.value, first.pk
        self.keys, self.values = first.keys, first.values
        self.unreadable = first.unreadable
        self._parts = parts

    def chunks(self, size: int, values: bool) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """See :class:`zlmdb.columns.Source`. Short ranges are put together."""
        keys: list[bytes] = []
        data: list[bytes] = []
        for part in self._parts:
            for more, held in part.chunks(size, values):
                if len(keys) + len(more) > size:
                    yield keys, data
                    keys, data = [], []
                keys += more
                data += held
        if keys:
            yield keys, data


def at_most(txn: Any, spans: Sequence[tuple[bytes, bytes]], count: int) -> bool:
    """True if there are no more records in some ranges together."""
    for start, stop in spans:
        found, _ = _Walk(txn, start, stop, False, False).read(count + 1)
        count -= len(found)
        if count < 0:
            return False
    return True
