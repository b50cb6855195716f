"""Scans: from a range of bytes to an iterator, in the shape that was asked for; and counting without Python per row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from operator import indexOf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zlmdb.columns.output import Output
from zlmdb.engine import EngineError, translate
from zlmdb.errors import KeyValueError
from zlmdb.keys.base import KeyCodec

if TYPE_CHECKING:
    from zlmdb.columns.frame import Source

__all__ = ["Selection", "blind", "check_limit", "count", "first_key", "keys_in_bulk", "last_key", "shape"]

#: How many keys are read ahead at most when they are decoded together, in a transaction that does not write.
READ_AHEAD = 1024


def count(txn: Any, start: bytes, stop: bytes) -> int:
    """How many records lie between `start` (inclusive) and `stop` (exclusive).

    The keys are walked by the engine's iterator and compared in C with the first key behind the range.
    """
    if start >= stop:
        return 0
    try:
        end = txn._cursor()
        open_end = not end.set_range(stop)
        if open_end and not end.last():
            return 0
        last = bytes(end.key())
        if last < start:
            return 0
        cursor = txn._cursor()
        if not cursor.set_range(start):
            return 0
        if not open_end and bytes(cursor.key()) == last:
            return 0
        return indexOf(cursor.iternext(True, False), last) + open_end
    except EngineError as error:
        raise translate(error, path=txn._db.dbpath) from error


def first_key(txn: Any, start: bytes, stop: bytes) -> bytes | None:
    """The first key in a range, whole, or None."""
    try:
        cursor = txn._cursor()
        if not cursor.set_range(start):
            return None
        key = bytes(cursor.key())
    except EngineError as error:
        raise translate(error, path=txn._db.dbpath) from error
    return key if key < stop else None


def last_key(txn: Any, start: bytes, stop: bytes) -> bytes | None:
    """The last key in a range, whole, or None."""
    try:
        cursor = txn._cursor()
        if not (cursor.prev() if cursor.set_range(stop) else cursor.last()):
            return None
        key = bytes(cursor.key())
    except EngineError as error:
        raise translate(error, path=txn._db.dbpath) from error
    return key if key >= start else None


def keys_in_bulk(
    txn: Any, start: bytes, stop: bytes, codec: KeyCodec[Any], error: Callable[..., Exception]
) -> Iterator[Any]:
    """The keys of a range, forwards, decoded many at a time: only right where nobody writes meanwhile."""
    size = 16
    try:
        cursor = txn._cursor()
        if not cursor.set_range(start):
            return
        found = takewhile(stop.__gt__, cursor.iternext(True, False))
        while chunk := list(islice(found, size)):
            try:
                decoded = codec.decode_many([k[2:] for k in chunk])
            except KeyValueError:
                yield from _one_by_one(txn, chunk, codec, error)  # raises at the key that cannot be decoded
            else:
                yield from decoded
            size = min(size * 4, READ_AHEAD)
    except EngineError as problem:
        raise error(txn, None, None, problem) from problem


def _one_by_one(txn: Any, chunk: list[bytes], codec: KeyCodec[Any], error: Callable[..., Exception]) -> Iterator[Any]:
    for k in chunk:
        try:
            key = codec.decode(k[2:])
        except KeyValueError as problem:
            raise error(txn, k, None, problem) from problem
        yield key


def check_limit(limit: int | None) -> None:
    """Refuse a wrong limit when it is given, and not when the first row is asked for.

    Raises:
        ValueError: if `limit` is negative or no whole number.
    """
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise ValueError(f"limit: expected a number of rows of at least 0, or None for all, found {limit!r}")


#: Names of the generated scans, by (keys, values, reverse, mode).
SHAPES = {
    (keys, values, reverse, mode): f"_scan_{what}{'_reverse' if reverse else ''}_{mode}"
    for what, keys, values in (("items", True, True), ("keys", True, False), ("values", False, True))
    for reverse in (False, True)
    for mode in ("", "buffers", "writing")
}


def shape(txn: Any, keys: bool, values: bool, reverse: bool) -> str:
    """Name of the generated scan for a transaction."""
    mode = "writing" if txn._write else "buffers" if txn._buffers else ""
    name = SHAPES.get((keys, values, reverse, mode))
    return SHAPES[bool(keys), bool(values), bool(reverse), mode] if name is None else name


def blind(keys: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[None]]:
    """The scan that gives None for each row, from one that gives its key."""
    return lambda txn, start, stop: (None for _ in keys(txn, start, stop))


T = TypeVar("T")


class Selection(Output, Generic[T]):
    """The rows of a select(): iterate over it, as often as you like, within its transaction; each time from the start.

    ``next()`` works on it, too, and goes on where the last ``next()`` stopped. ``to_arrow()`` and its like give the
    selected keys, values, or both as columns.

    >>> import zlmdb
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000008")
    ... class Words(zlmdb.MapStringOid):
    ...     "How often a word was seen."
    >>> with zlmdb.open(":memory:", Words) as db, db.begin(write=True) as txn:
    ...     txn[Words].update({"bee": 3, "beer": 2, "bread": 7})
    ...     found = txn[Words].select(prefix="bee")
    ...     list(found), list(found)
    ([('bee', 3), ('beer', 2)], [('bee', 3), ('beer', 2)])
    """

    __slots__ = ("_arguments", "_current", "_details", "_limit", "_make", "_rows")

    def __init__(
        self,
        rows: Callable[..., Iterator[T]],
        arguments: tuple[Any, ...],
        limit: int | None,
        make: Callable[..., Source],
        details: tuple[Any, ...],
    ) -> None:
        # What gives the rows, and what makes a source of columns, each with its arguments: a short select takes the
        # time of few rows, so nothing is put together here that may not be used.
        self._rows = rows
        self._arguments = arguments
        self._limit = limit
        self._make = make
        self._details = details
        self._current: Iterator[T] | None = None

    def _source(self) -> Source:
        return self._make(*self._details)

    def __iter__(self) -> Iterator[T]:
        rows = self._rows(*self._arguments)
        return rows if self._limit is None else islice(rows, self._limit)

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows."""
        from zlmdb.tables import show

        return show.selection(self)

    def __next__(self) -> T:
        if self._current is None:
            self._current = iter(self)
        return next(self._current)
