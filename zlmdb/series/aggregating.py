"""The methods of series that aggregate ticks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic

import numpy as np

from zlmdb._typing import K
from zlmdb.series import aggregate, gather, read
from zlmdb.series.aggregate import Output
from zlmdb.series.base import Bounds, SeriesBase
from zlmdb.series.slices import Slice
from zlmdb.series.times import Duration, Moment, duration_ns

__all__ = ["Aggregating"]


class Aggregating(SeriesBase[K], Generic[K]):
    """Aggregates over a range, and over buckets of time."""

    def aggregate(
        self, key: K, t0: Moment | None = None, t1: Moment | None = None, *, bounds: Bounds = "[)", **how: Any
    ) -> dict[str, Any]:
        """Aggregates of the ticks of a series between two times; chunks as a whole are not read for it.

        Args:
            key: the series.
            t0: from which time on; None: from the beginning.
            t1: up to which time; None: to the end.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".
            how: as for :meth:`resample`.

        Returns:
            The results by name, as NumPy scalars; None for each, but 0 for counts, if there is no tick.

        >>> import zlmdb, numpy as np
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de011")
        ... class Heat(zlmdb.Series[str]):
        ...     celsius = zlmdb.column("f4")
        >>> with zlmdb.open(":memory:", [Heat]) as db, db.begin(write=True) as txn:
        ...     txn[Heat].append("roof", np.arange(4) * 10**9, celsius=[20, 21, 23, 24])
        ...     txn[Heat].aggregate("roof", celsius="mean", n=("celsius", "count"))
        {'celsius': np.float64(22.0), 'n': np.int64(4)}
        """
        self._require()
        prefix = self._prefix(key)
        lo, hi = self._range(t0, t1, bounds)
        plan = gather.plan(self, how)
        wanted = plan.wanted
        with read.source(self, prefix) as raw:
            summary = gather.summary(self, raw, prefix, lo, hi, plan)
            if summary is not None:
                return summary
            found = aggregate.bucketed(self, read.found_in(self, raw, prefix, lo, hi), wanted, None, 0)
        if found is None:
            return {output.name: 0 if output.function == "count" else None for output in wanted}
        _, columns = found
        return {name: values[0] for name, values in columns.items()}

    def resample(
        self,
        key: K,
        every: Duration,
        t0: Moment | None = None,
        t1: Moment | None = None,
        *,
        origin: Moment | None = None,
        bounds: Bounds = "[)",
        **how: Any,
    ) -> Slice:
        """Aggregates of a series for each bucket of time that has ticks.

        Args:
            key: the series.
            every: length of a bucket: text such as "1m", "250ms", "1d", a timedelta, or an np.timedelta64.
            t0: from which time on; None: from the beginning. Ticks outside the range count in no bucket.
            t1: up to which time; None: to the end.
            origin: a moment at which a bucket begins; None: 1970-01-01T00:00Z.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".
            how: what to do with which column: ``price="mean"`` (the result has the column's name),
                ``price=["min", "max"]`` (price_min, price_max), or ``high=("price", "max")``. Functions are count, min,
                max, first, last, sum, mean, var and std (of a sample), and ohlc, which gives open, high, low and close
                (``bid=("price", "ohlc")`` gives bid_open, bid_high, ...). NaN and NaT are left out.

        Returns:
            A slice whose times are the starts of the buckets; a bucket that begins before the first moment there is
            (in 1677) is said to begin there. Counts are int64; sums float64, int64 or uint64, those of integers modulo
            2**64; mean, var and std float64; the others have the column's type.

        Raises:
            ValueTypeError: if a column or function is unknown, or they do not go together.
            TypeError, ValueError: if `every` is no duration.

        >>> import zlmdb, numpy as np
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de012")
        ... class Trades(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> with zlmdb.open(":memory:", [Trades]) as db, db.begin(write=True) as txn:
        ...     txn[Trades].append("EUR", np.arange(4) * 45 * 10**9, price=[1, 3, 2, 5])
        ...     candles = txn[Trades].resample("EUR", "1m", price="ohlc")
        ...     candles.open.tolist(), candles.high.tolist()
        ([1.0, 2.0, 5.0], [3.0, 2.0, 5.0])
        """
        self._require()
        prefix = self._prefix(key)
        arguments = self._resampling(every, t0, t1, origin, bounds, how)
        with read.source(self, prefix) as raw:
            return self._resample(raw, key, prefix, *arguments)

    def resample_all(
        self,
        every: Duration,
        t0: Moment | None = None,
        t1: Moment | None = None,
        *,
        origin: Moment | None = None,
        bounds: Bounds = "[)",
        **how: Any,
    ) -> Iterator[tuple[K, Slice]]:
        """Key and aggregates of each series that has ticks in the range, in order of keys; as :meth:`resample`.

        Raises:
            TransactionClosed: if the transaction ends before the iteration does.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c000000000d")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     [(key, found.price.tolist()) for key, found in prices.resample_all("3h", price="max")]
        [('ETH', [3.0, 6.0])]
        """
        self._require()
        arguments = self._resampling(every, t0, t1, origin, bounds, how)
        for prefix in self._series():
            key = self._key_of(prefix)
            with read.source(self, prefix) as raw:
                found = self._resample(raw, key, prefix, *arguments)
            if len(found):
                yield key, found

    def _resampling(
        self, every: Any, t0: Any, t1: Any, origin: Any, bounds: str, how: dict[str, Any]
    ) -> tuple[int, int, int, int, list[Output]]:
        lo, hi = self._range(t0, t1, bounds)
        begin = 0 if origin is None else self._moment(origin, "origin")
        length = duration_ns(every)
        return length, begin % length, lo, hi, aggregate.outputs(self._definition, how)

    def _resample(
        self, raw: Any, key: Any, prefix: bytes, every: int, origin: int, lo: int, hi: int, wanted: Any
    ) -> Slice:
        found = aggregate.bucketed(self, read.found_in(self, raw, prefix, lo, hi), wanted, every, origin)
        starts, columns = found or (np.empty(0, np.int64), aggregate.nothing(self._definition, wanted))
        return Slice(key, starts.view("M8[ns]"), columns)
