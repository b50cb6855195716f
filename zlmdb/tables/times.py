"""Maps whose keys hold a time, read as time series: the rows of a series between two times, its last ones, and the one
that held at a time.

The time is the first part of the key that is a Timestamp or a Datetime. The parts before it say which series a row
belongs to, and are given one by one or as a tuple; a map whose key begins with the time is one series.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zlmdb import errors, keys
from zlmdb.keys.base import KeyCodec
from zlmdb.keys.composite import Composite
from zlmdb.tables import bounds, scan
from zlmdb.tables.handle import select
from zlmdb.tables.outlet import Rows

__all__ = ["SeriesRows", "Times"]


def _time_bytes(codec: KeyCodec[Any], ns: int) -> bytes:
    """The bytes where keys of at least this time begin."""
    if isinstance(codec, keys.Timestamp):
        if ns < 0:
            return b""
        return ns.to_bytes(8) if ns < 1 << 63 else b"\xff" * 9
    unsigned = -(-ns // 1000) + (1 << 63)  # microseconds, upwards
    if unsigned < 0:
        return b""
    return unsigned.to_bytes(8) if unsigned < 1 << 64 else b"\xff" * 9


class SeriesRows(Rows):
    """The rows of one series in a layout where rows of others may lie between them.

    Args:
        length: of the series' keys, in bytes; that of others, which begin with more text, is greater.
        table, txn, start, stop, reverse, limit: as for :class:`Rows`.
    """

    def __init__(
        self, length: int, table: Any, txn: Any, start: bytes, stop: bytes, reverse: bool, limit: int | None
    ) -> None:
        super().__init__(table, txn, start, stop, reverse=reverse)
        self._length = length
        self._most = limit

    def chunks(self, size: int, values: bool) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """See :class:`zlmdb.columns.Source`."""
        left = self._most
        for encoded, data in super().chunks(size, values):
            kept = [at for at, raw in enumerate(encoded) if len(raw) == self._length][:left]
            if kept:
                yield [encoded[at] for at in kept], [data[at] for at in kept] if values else []
            if left is not None:
                left -= len(kept)
                if left <= 0:
                    return


class Times:
    """The methods of the map of a transaction that know about times."""

    _txn: Any
    _definition: Any
    _p: bytes

    def range(self, *series_and_times: Any, t0: Any = None, t1: Any = None, reverse: bool = False) -> Any:
        """The rows of a series between two times: ``range(key, t0, t1)``, in the order of time.

        Args:
            series_and_times: the parts of the key before the time (as many arguments, or one tuple), then the two
                times, which may be given by name instead. A map whose key begins with the time takes just the times.
            t0: the first time, inclusive; None for the beginning. A numpy.datetime64 of any unit, a timezone-aware
                datetime, or an int (nanoseconds since 1970).
            t1: the end, exclusive; None for no end.
            reverse: True gives the last rows first.

        Returns:
            A selection of pairs (key, row), with ``columns()``, ``to_arrow()`` and so on.

        Raises:
            SchemaError: if no part of the key is a time, or the file keeps it in a layout that does not sort by time.
            KeyTypeError, KeyValueError: if a part of the key or a time is not one.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de0c3")
        ... class Prices(zlmdb.MapStringTimestampCbor[float]):
        ...     "Prices by symbol and time."
        >>> with zlmdb.open(":memory:", [Prices]) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     for day in (1, 2, 3):
        ...         prices["ETH", np.datetime64(f"2026-01-0{day}", "ns")] = day / 2
        ...     list(prices.range("ETH", np.datetime64("2026-01-02")).columns("value")["value"])
        ...     prices.as_of("ETH", np.datetime64("2026-01-02T12"))[1]
        ...     [row for key, row in prices.last("ETH", 2)]
        [np.float64(1.0), np.float64(1.5)]
        1.0
        [1.0, 1.5]
        """
        prefix, times = self._series(series_and_times, "range", 2)
        given = [*times, *[None] * (2 - len(times))]
        for at, (name, value) in enumerate((("t0", t0), ("t1", t1))):
            if value is not None:
                if given[at] is not None:
                    raise TypeError(f"range(): {name} is given twice")
                given[at] = value
        return self._rows(prefix, *self._between(prefix, *given), reverse, None)

    def last(self, *series: Any, n: int | None = None) -> Any:
        """The last row of the map, or of a series; or its last `n` rows: ``last(key, n)``.

        Args:
            series: nothing for the whole map; otherwise the parts of the key before the time, as for :meth:`range`,
                and then, if you like, `n`.
            n: how many rows; None for the last one alone.

        Returns:
            The pair (key, row), or None if there is none; with `n`, a selection of at most so many pairs, in the order
            of time.

        Raises:
            SchemaError, KeyTypeError, KeyValueError: as :meth:`range`, if a series or `n` is given.
            ValueError: if `n` is negative or no whole number.
        """
        if not series and n is None:
            return next(iter(select(self, self._txn, self._p, bounds.after_slot(self._p), True, True, True, 1)), None)
        try:
            prefix, given = self._series(series, "last", 1)
        except errors.SchemaError as error:
            if series:
                raise
            raise errors.SchemaError(
                f"{error}; the last rows of every map are select(reverse=True, limit={n})",
                table=self._definition.name,
            ) from None
        if given:
            if n is not None:
                raise TypeError("last(): n is given twice")
            n = given[0]
        start, stop = self._between(prefix, None, None)
        if n is None:
            return next(iter(self._rows(prefix, start, stop, True, 1)), None)
        scan.check_limit(n)
        return self._rows(prefix, self._start_of_last(prefix, start, stop, n), stop, False, n)

    def as_of(self, *series_and_time: Any) -> Any:
        """The last row at or before a time: ``as_of(key, t)``; as a pair (key, row), None if there is none.

        Args:
            series_and_time: the parts of the key before the time, as for :meth:`range`, then the time.

        Raises: as :meth:`range`.
        """
        prefix, times = self._series(series_and_time, "as_of", 1)
        if not times:
            raise TypeError("as_of(): expected a time, found none")
        moment = self._nanoseconds(times[0])
        start, stop = self._between(prefix, None, None if moment is None else moment + 1)
        return next(iter(self._rows(prefix, start, stop, True, 1)), None)

    def span(self, *series: Any) -> tuple[Any, Any] | None:
        """The times of the first and the last row of a series, or None if it has none.

        Args:
            series: the parts of the key before the time, as for :meth:`range`.

        Raises: as :meth:`range`.
        """
        prefix, _ = self._series(series, "span", 0)
        start, stop = self._between(prefix, None, None)
        at = self._time_part()
        ends = []
        for reverse in (False, True):
            found = next(iter(self._rows(prefix, start, stop, reverse, 1)), None)
            if found is None:
                return None
            ends.append(found[0][at] if isinstance(self._definition.key, Composite) else found[0])
        return ends[0], ends[1]

    # -- where the rows of a series lie

    def _time_part(self) -> int:
        """The number of the part of the key that is the time."""
        key = self._definition.key
        parts = key.parts if isinstance(key, Composite) else (key,)
        for at, part in enumerate(parts):
            if isinstance(part, (keys.Timestamp, keys.Datetime)):
                return at
            if isinstance(getattr(part, "forward", None), keys.Timestamp):
                raise errors.SchemaError(
                    f"table {self._definition.name}: this file keeps the times of its keys in a layout of earlier "
                    "releases, which does not sort by time; db.migrate() rewrites it",
                    table=self._definition.name,
                )
        raise errors.SchemaError(
            f"table {self._definition.name}: expected a key with a time in it (zlmdb.Timestamp or zlmdb.Datetime), "
            f"found {key.name}",
            table=self._definition.name,
        )

    def _series(self, given: tuple[Any, ...], method: str, most: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The parts of the key before the time, and what else is given."""
        at = self._time_part()
        if at and given and isinstance(given[0], (tuple, list)):
            prefix, rest = tuple(given[0]), given[1:]
        else:
            prefix, rest = given[:at], given[at:]
        if len(prefix) != at or len(rest) > most:
            names = self._definition.pk[:at] or tuple(
                part.name for part in getattr(self._definition.key, "parts", ())[:at]
            )
            raise errors.KeyTypeError(
                f"table {self._definition.name}: {method}() takes {at} leading parts of the key "
                f"({', '.join(names) or 'none'}) and at most {most} more, found {len(given)} arguments",
                table=self._definition.name,
            )
        return prefix, rest

    def _nanoseconds(self, time: Any) -> int | None:
        if time is None:
            return None
        from zlmdb.keys.times import nanoseconds

        try:
            return nanoseconds(time)
        except errors.DataError as error:
            raise error.located(table=self._definition.name) from None

    def _between(self, prefix: tuple[Any, ...], t0: Any, t1: Any) -> tuple[bytes, bytes]:
        """Start and stop of the rows of a series between two times."""
        key = self._definition.key
        codec = key
        base = self._p
        if isinstance(key, Composite):
            codec = key.parts[len(prefix)]
            try:
                base += key.prefix(prefix)
            except errors.DataError as error:
                raise error.located(table=self._definition.name) from None
        low, high = self._nanoseconds(t0), self._nanoseconds(t1)
        # The times of all keys have eight bytes, and none of them is all FF.
        end = bounds.after_slot(self._p) if len(base) == 2 else base + b"\xff" * 9
        start = base if low is None else base + _time_bytes(codec, low)
        return start, end if high is None else min(end, base + _time_bytes(codec, high))

    def _mixed(self, prefix: tuple[Any, ...]) -> int | None:
        """The length of a series' keys, if rows of other series may lie between its own; None if they cannot."""
        key = self._definition.key
        # In the layouts of earlier releases nothing ends a text before a number.
        return len(key.prefix(prefix)) + 8 if prefix and hasattr(key, "greatest") else None

    def _rows(self, prefix: tuple[Any, ...], start: bytes, stop: bytes, reverse: bool, limit: int | None) -> Any:
        """The rows of a series between two encoded bounds."""
        length = self._mixed(prefix)
        if length is None:
            return select(self, self._txn, start, stop, True, True, reverse, limit)
        found = select(self, self._txn, start, stop, True, True, reverse, None)
        return scan.Selection(
            lambda: (pair for pair in found if pair[0][: len(prefix)] == prefix),
            (),
            limit,
            SeriesRows,
            (length, self, self._txn, start, stop, reverse, limit),
        )

    def _start_of_last(self, prefix: tuple[Any, ...], start: bytes, stop: bytes, n: int) -> bytes:
        """The key of the n-th last record of a range; the start, if there are fewer."""
        if n == 0:
            return stop
        length = self._mixed(prefix)
        try:
            cursor = self._txn._cursor()
            if not (cursor.prev() if cursor.set_range(stop) else cursor.last()):
                return start
            for k in map(bytes, cursor.iterprev(True, False)):
                if k < start:
                    break
                n -= length is None or len(k) == length + 2
                if n == 0:
                    return k
        except Exception as error:
            raise self._scan_error(self._txn, None, None, error) from error  # type: ignore[attr-defined]
        return start
