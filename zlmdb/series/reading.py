"""The methods of series that read ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic

import numpy as np

from zlmdb import errors
from zlmdb._typing import K
from zlmdb.engine import EngineError
from zlmdb.series import gather, read
from zlmdb.series.base import Bounds, SeriesBase
from zlmdb.series.records import HEAD_END
from zlmdb.series.slices import Slice
from zlmdb.series.store import Ticks
from zlmdb.series.times import Moment

__all__ = ["Reading"]


class Reading(SeriesBase[K], Generic[K]):
    """Ranges, ends, single ticks, and what series there are."""

    def range(
        self,
        key: K,
        t0: Moment | None = None,
        t1: Moment | None = None,
        *,
        columns: Sequence[str] | None = None,
        bounds: Bounds = "[)",
    ) -> Slice:
        """The ticks of a series between two times, in order.

        Args:
            key: the series; one that is not there has no ticks.
            t0: from which time on; None: from the beginning.
            t1: up to which time; None: to the end.
            columns: names of the columns that are wanted; None: all.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".

        Returns:
            A slice. In a transaction begun with ``buffers=True``, if all lies in one chunk that is not compressed, its
            arrays are read-only views of the file, which raise ViewExpired after the transaction; otherwise they are
            the program's own.

        Raises:
            ValueTypeError: if there is no such column.
            KeyTypeError, KeyValueError: if the key or a time is none.
            ValueError: if `bounds` is none of the four.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000006")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.range("ETH", hours[1], hours[3]).price.tolist(), len(prices.range("ETH"))
        ([2.0, 3.0], 6)
        """
        self._require()
        prefix = self._prefix(key)
        lo, hi = self._range(t0, t1, bounds)
        names = self._columns(columns)
        with read.source(self, prefix) as raw:
            if self._txn._buffers:  # what lies in one chunk is not copied
                return read.collect(self, key, list(read.found_in(self, raw, prefix, lo, hi)), names)
            return gather.range_of(self, raw, key, prefix, lo, hi, names)

    def last(self, key: K, n: int = 1, *, columns: Sequence[str] | None = None) -> Slice:
        """The last ticks of a series, in order of time.

        Args:
            key: the series.
            n: how many; fewer come if there are fewer.
            columns: names of the columns that are wanted; None: all.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000007")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.last("ETH", 2).price.tolist()
        [5.0, 6.0]
        """
        return self._ends(key, n, columns, read.last)

    def first(self, key: K, n: int = 1, *, columns: Sequence[str] | None = None) -> Slice:
        """The first ticks of a series; as :meth:`last`.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000008")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.first("ETH", 2).price.tolist()
        [1.0, 2.0]
        """
        return self._ends(key, n, columns, read.first)

    def _ends(self, key: Any, n: int, columns: Sequence[str] | None, which: Any) -> Slice:
        self._require()
        if isinstance(n, (bool, np.bool_, np.timedelta64)) or not isinstance(n, (int, np.integer)) or n < 0:
            raise ValueError(f"n: expected a number of ticks of at least 0, found {errors.short(n)}")
        prefix = self._prefix(key)
        names = self._columns(columns)
        with read.source(self, prefix) as raw:
            return read.collect(self, key, which(self, raw, prefix, int(n)), names)

    def as_of(self, key: K, time: Moment) -> Any:
        """The last tick at a time or before it.

        Args:
            key: the series.
            time: the moment.

        Returns:
            A named tuple of the time (np.datetime64) and each column's value, as NumPy scalars; None if there is none.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000009")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     before = np.datetime64("2026-01-01T23:59")
        ...     float(prices.as_of("ETH", np.datetime64("2026-01-02T02:59")).price), prices.as_of("ETH", before)
        (3.0, None)
        """
        self._require()
        prefix = self._prefix(key)
        moment = self._moment(time, "time")
        with read.source(self, prefix) as raw:
            found = read.as_of(self, raw, prefix, moment)
            if found is None:
                return None
            part, at, moment = found
            if isinstance(part, Ticks):
                values = [part.columns[place][at] for place in self._definition.by_name.values()]
            else:
                values = [part.value(place, at) for place in self._definition.by_name.values()]
            return self._tick(np.datetime64(moment, "ns"), *values)

    def keys(self) -> Iterator[K]:
        """The series keys, in order, one by one; those that are added or removed behind the place reached are seen.

        Raises:
            TransactionClosed: if the transaction ends before the iteration does.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c000000000a")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     list(prices.keys())
        ['ETH']
        """
        for prefix in self._series():
            yield self._key_of(prefix)

    __iter__ = keys

    def __len__(self) -> int:
        """How many series there are."""
        return sum(1 for _ in self._series())

    def __bool__(self) -> bool:
        return next(self._series(), None) is not None

    def __contains__(self, key: object) -> bool:
        txn, prefix = self._require(), self._prefix(key)
        try:
            return txn.get(prefix + HEAD_END) is not None
        except EngineError as error:
            raise self._fault(error) from error

    def span(self, key: K) -> tuple[np.datetime64, np.datetime64] | None:
        """The times of the first and of the last tick of a series; None if there is none.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c000000000b")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     [str(time)[:13] for time in prices.span("ETH")], prices.span("BTC")
        (['2026-01-02T00', '2026-01-02T05'], None)
        """
        self._require()
        prefix = self._prefix(key)
        with read.source(self, prefix) as raw:
            found = read.span(self, raw, prefix)
        return None if found is None else (np.datetime64(found[0], "ns"), np.datetime64(found[1], "ns"))

    def count(
        self, key: K | None = None, t0: Moment | None = None, t1: Moment | None = None, *, bounds: Bounds = "[)"
    ) -> int:
        """How many ticks a series has between two times; without a key, those of all series are counted.

        Args: as for :meth:`range`.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c000000000c")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.count("ETH"), prices.count("ETH", hours[4]), prices.count()
        (6, 2, 6)
        """
        self._require()
        lo, hi = self._range(t0, t1, bounds)
        prefixes = self._series() if key is None else (self._prefix(key),)
        number = 0
        for prefix in prefixes:
            with read.source(self, prefix) as raw:
                number += read.count(self, raw, prefix, lo, hi)
        return number
