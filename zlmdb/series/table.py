"""The class that series tables derive from."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, Generic

import numpy as np

from zlmdb import errors
from zlmdb._typing import K
from zlmdb.series import change, store
from zlmdb.series.aggregating import Aggregating
from zlmdb.series.base import Bounds
from zlmdb.series.buckets import downsample
from zlmdb.series.columnar import Columnar
from zlmdb.series.extend import extend
from zlmdb.series.input import columns_of
from zlmdb.series.store import Ticks
from zlmdb.series.times import (
    FIRST,
    LAST,
    Duration,
    Moment,
    duration_ns,
    moment_ns,
    moments_ns,
    now_ns,
    scalar_moment,
)

__all__ = ["Series"]

_FAULTS = (struct.error, KeyError, TypeError, OverflowError)


class Series(Columnar[K], Aggregating[K], Generic[K]):
    """A table of time series: to each key belong ticks, in order of time, with columns of numbers.

    Derive a class from it, with columns in its body, and decorate it with ``@zlmdb.table(oid)``. ``txn[Ticks]`` is the
    table in a transaction; it holds nothing in memory, and is valid until the transaction ends.

    Args:
        key: class keyword: codec of the series keys, or a tuple of codecs for keys that are tuples; not given: found
            from the type parameter.
        duplicates: class keyword: what happens to a tick whose time is taken in its series: "keep" (the default) keeps
            all, in the order in which they came; "replace" keeps the one that came last; "refuse" raises DuplicateKey.
        compress: class keyword: compression of full chunks, for the times and the columns that name none of their
            own: "zlib", "zstd", "delta-zlib", "delta-zstd"; None (the default): none.
        chunk: class keyword: ticks in a full chunk; None (the default): about 4096, fewer for many columns.

    Type parameter: the type of the series keys.

    >>> import zlmdb, numpy as np
    >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de010")
    ... class Ticks(zlmdb.Series[str]):
    ...     "Trades by symbol."
    ...     price = zlmdb.column("f8")
    ...     size = zlmdb.column("u4", default=1)
    >>> with zlmdb.open(":memory:", [Ticks]) as db, db.begin(write=True) as txn:
    ...     ticks = txn[Ticks]
    ...     ticks.append("EUR", np.datetime64("2026-01-02T10:00"), price=1.5)
    ...     ticks.append("EUR", np.arange("2026-01-02T11", "2026-01-02T14", dtype="M8[h]"), price=[1.6, 1.7, 1.8])
    ...     found = ticks.range("EUR", np.datetime64("2026-01-02T11"), columns=["price"])
    ...     found.price.tolist(), ticks.as_of("EUR", np.datetime64("2026-01-02T12:30")).price
    ([1.6, 1.7, 1.8], np.float64(1.7))
    """

    def append(self, key: K, times: Any, **columns: Any) -> None:
        """Add ticks to a series: one, or many.

        Ticks may come in any order; what to do with a time that is taken, the class says (``duplicates``). Ticks that
        are later than all that are there cost least; late ones have the chunk written anew that they belong to, so pass
        them together. Everything is checked before anything is written; if an exception from outside, such as
        KeyboardInterrupt, comes between two records, the transaction (or savepoint) can only be aborted.

        Args:
            key: the series.
            times: a moment (np.datetime64 of any unit, timezone-aware datetime, or int nanoseconds since 1970), or an
                array or list of moments, in any order.
            columns: for each column a value, or as many as there are times; a single value stands for all. Columns
                with a default may be left out.

        Raises:
            KeyTypeError, KeyValueError: if the key or a time is of the wrong type, NaT, out of range or finer than ns.
            KeyTooLong: if the encoded key is longer than the engine's limit.
            ValueTypeError: if a column is unknown or missing, has another length, or values of another type.
            EncodeError: if a value does not fit the column's type without loss.
            DuplicateKey: if a time is taken, and the class refuses duplicates. Nothing is written then.
            DecodeError: if what is stored of the series is damaged. Nothing is written then.
            TransactionError: in a read transaction, or after the transaction has ended.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000001")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.append("BTC", np.datetime64("2026-01-02T10:00"), price=95_000.0)
        ...     prices.count("ETH"), prices.count("BTC")
        (6, 1)
        """
        arrays = self._layout.take(times, columns) if times.__class__ is np.ndarray else None
        if arrays is not None:
            txn = self._require()
            prefix = self._prefix(key)
            changes = txn._changes
            try:  # as _changing() does, with a call less
                if extend(self, prefix, arrays):
                    return
            except BaseException as error:
                self._raise(prefix, error, changes)
            txn._require_write(self._definition.name)
            ticks = Ticks(arrays[0], [columns[name] for name, _ in self._exact])
            self._changing(prefix, store.append_many, ticks)
            return
        txn = self._require()
        prefix = self._prefix(key)
        single = scalar_moment(times)
        if single and self._pack is not None:
            try:
                values = self._single(columns)
                classes = tuple(map(type, values))
                fits = classes in self._fitting or self._fit(classes)
                row = self._pack(moment_ns(times), *values) if fits else b""
            except _FAULTS:
                row = b""  # the long way says what is wrong, or finds that nothing is
            if row and len(columns) == len(self._names):
                time = int.from_bytes(row[:8], "little", signed=True)
                try:
                    if store.append_one(self, prefix, time, row):
                        return
                except Exception as error:
                    self._raise(prefix, error, txn._changes)
        ticks = self._ticks(times, columns, single)
        txn._require_write(self._definition.name)
        if len(ticks):
            self._changing(prefix, store.append_many, ticks)

    def load(
        self,
        given: Any,
        *,
        progress: Callable[[int], None] | bool | None = None,
        ignore: Iterable[str] = (),
    ) -> int:
        """Append ticks that come as columns, of as many series as there are keys in them.

        Args:
            given: anything with ``__arrow_c_stream__`` (tables and readers of pyarrow, frames of Polars), a
                pandas.DataFrame, a dict of NumPy arrays, a structured array, or the path of a file that ends in
                ``.parquet``, ``.csv``, ``.tsv`` or ``.arrow``;
                with columns as :meth:`to_arrow` names them, in any order of rows. Columns with a default may be
                missing. A time is a timestamp, which is UTC if it has no zone, or an integer: nanoseconds since 1970.
            progress: called with the number of ticks done so far, after each batch; True shows a bar on standard error;
                None for nobody.
            ignore: names of columns that have no place in the table and are left out. Any other such column is an
                error.

        Returns:
            How many ticks there were.

        It raises what :meth:`append` raises, and what is below. None of the ticks is then written (through a writable
        map: those that were appended before are; after an exception from outside the transaction can only be aborted).

        Raises:
            ValueTypeError: also if a value cannot be converted without loss; names the file, the row and the column.
            SchemaError: if a column has no place in the table, or one is missing.
            MissingExtra: if pyarrow is not installed.

        >>> import pyarrow as pa, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c00000000f1")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = pa.array([0, 3600, 0], pa.timestamp("s"))
        >>> ticks = pa.table({"key": ["ETH", "ETH", "BTC"], "time": hours, "price": [1.0, 2.0, 3.0]})
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     txn[Prices].load(ticks), txn[Prices].count("ETH")
        (3, 2)
        """
        from zlmdb.columns.progress import reporter
        from zlmdb.series.loading import Loading

        txn = self._require()
        txn._require_write(self._definition.name)
        if isinstance(given, Series) and given._p == self._p and given._txn is txn:
            raise errors.SchemaError(f"table {self._definition.name}: load() needs another table to read from")
        loading = Loading(self, given, ignore)
        done = 0
        with reporter(progress, self._definition.name, loading.total) as report, txn._guarded(spoils=True):
            for count, series in loading.batches():
                for key, times, columns in series:
                    self.append(key, times, **columns)
                done += count
                if report is not None:
                    report(done)
        return done

    def _ticks(self, times: Any, columns: dict[str, Any], single: bool) -> Ticks:
        """What is to be appended, checked and sorted."""
        definition = self._definition
        try:
            ns = np.array([moment_ns(times)]) if single else moments_ns(times)
        except errors.DataError as error:
            raise self._located(error, "times") from None
        ticks = Ticks(ns, columns_of(definition, columns, len(ns), single=single))
        if len(ns) > 1:
            steps = ns[1:] < ns[:-1] if self._keeps else ns[1:] <= ns[:-1]
            if np.count_nonzero(steps):
                ticks = ticks.chosen(np.argsort(ns, kind="stable"))
                if not self._keeps:
                    ticks = store.single(definition, ticks)
        return ticks

    def delete(self, key: K) -> int:
        """Remove a series: how many ticks it had.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000002")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.delete("ETH"), prices.delete("ETH")
        (6, 0)
        """
        return self._delete(self._prefix(key), FIRST, LAST + 1)

    def delete_range(self, key: K, t0: Moment | None = None, t1: Moment | None = None, *, bounds: Bounds = "[)") -> int:
        """Remove the ticks of a series between two times: their number.

        Args:
            key: the series; nothing happens if there is none.
            t0: from which time on; None: from the beginning.
            t1: up to which time; None: to the end. One of the two must be given; :meth:`delete` removes everything.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".

        Raises:
            ValueError: if neither bound is given, or `bounds` is none of the four.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000003")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.delete_range("ETH", hours[1], hours[3]), prices.count("ETH")
        (2, 4)
        """
        if t0 is None and t1 is None:
            raise ValueError("delete_range(): expected a bound; delete(key) removes the whole series")
        return self._delete(self._prefix(key), *self._range(t0, t1, bounds))

    def _delete(self, prefix: bytes, lo: int, hi: int) -> int:
        self._require()._require_write(self._definition.name)
        return self._changing(prefix, change.delete_range, lo, hi)

    def retain(self, *, older_than: Duration, now: Moment | None = None) -> int:
        """Remove the ticks of all series that are older than a duration: their number.

        Args:
            older_than: text such as "90d", a timedelta, or an np.timedelta64.
            now: the moment to count back from; None: the present.

        Ticks that are exactly as old stay. Chunks of which every tick goes are removed as a whole.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000004")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.retain(older_than="2h", now=hours[5]), prices.count("ETH")
        (3, 3)
        """
        self._require()._require_write(self._definition.name)
        moment = now_ns() if now is None else self._moment(now, "now")
        hi = moment - duration_ns(older_than)
        if hi <= FIRST:
            return 0
        with self._txn._guarded(spoils=True):
            return sum(self._delete(prefix, FIRST, hi) for prefix in list(self._series()))

    def downsample(
        self,
        into: type[Series[K]],
        every: Duration,
        t0: Moment | None = None,
        t1: Moment | None = None,
        *,
        origin: Moment | None = None,
        **how: Any,
    ) -> int:
        """Write the aggregates of all series into another series table, under the same keys: how many buckets.

        What that table has in the buckets that are written is replaced, so the same may be done again; its other ticks
        stay, between these buckets, too. Nothing is written if anything is refused (on a file of the 0.9 format opened
        with ``writemap=True``, which has no savepoints, what was written of the series before that stays).

        A bucket that `t0` or `t1` cuts is left out. So is the bucket in which a series begins later than the bucket
        does, if the target has it, and other buckets of that series, too: ticks may have been removed from its
        beginning (by :meth:`retain`) that the target still counts. Remove it from the target to have it written anew.

        Args:
            into: a series table that is attached, with a column for each result.
            every: length of a bucket.
            t0: from which time on; None: from the beginning.
            t1: up to which time, exclusive; None: to the end, the bucket that is not over yet included.
            origin: a moment at which a bucket begins; None: 1970-01-01T00:00Z.
            how: as for :meth:`resample`; the names of the results are the columns of `into`.

        It raises what :meth:`resample` and :meth:`append` raise, and:

        Raises:
            SchemaError: if `into` is this table, or no series table.
            TableNotAttached: if `into` is not attached.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c00000000f2")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c00000000f3")
        ... class Days(zlmdb.Series[str], duplicates="replace"):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-04T00", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", [Prices, Days]) as db, db.begin(write=True) as txn:
        ...     txn[Prices].append("ETH", hours, price=np.arange(48.0))
        ...     txn[Prices].downsample(Days, "1d", price="mean"), txn[Days].range("ETH").price.tolist()
        (2, [11.5, 35.5])
        """
        txn = self._require()
        txn._require_write(self._definition.name)
        length, begin, lo, hi, wanted = self._resampling(every, t0, t1, origin, "[)", how)
        return downsample(self, txn[into], length, begin, lo, hi, wanted)

    def check(self) -> list[str]:
        """What is wrong with the stored chunks, a sentence each; an empty list if all is well. Everything is read.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c0000000005")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     prices.check()
        []
        """
        return self._zlmdb_check(self._require())
