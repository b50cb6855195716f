"""The class that series tables derive from, and what its instances do."""

from __future__ import annotations

import struct
from collections import namedtuple
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, ClassVar, Generic, Literal, get_args
from uuid import UUID

import numpy as np

from zlmdb import errors
from zlmdb._typing import K
from zlmdb.engine import EngineError, translate
from zlmdb.keys import Composite, Int64, Uint16, for_type
from zlmdb.keys.base import KeyCodec
from zlmdb.series import aggregate, change, read, store
from zlmdb.series.compress import check_method
from zlmdb.series.definition import (
    Column,
    Duplicates,
    SeriesDefinition,
    check_policy,
    chunk_rows,
    define_column,
    settle,
)
from zlmdb.series.input import columns_of, unknown_column
from zlmdb.series.layout import CHUNK, ENTRY, HEAD_END, Layout
from zlmdb.series.slices import Slice
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
from zlmdb.tables.definition import key_codec
from zlmdb.tables.hooks import HookedTable

__all__ = ["Series"]

BOUNDS = ("[)", "[]", "(]", "()")
Bounds = Literal["[)", "[]", "(]", "()"]
#: How many encoded series keys are remembered, and of which types: of others, equal keys may have other bytes.
MOST_KEYS = 4096
_REMEMBERED = frozenset((str, UUID, bytes))
#: Struct codes of columns of which a value can be packed by itself.
_CODES = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
}
_FAULTS = (struct.error, KeyError, TypeError, OverflowError)


class Series(HookedTable, Generic[K]):
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

    _zlmdb_key: ClassVar[Any] = None
    _zlmdb_duplicates: ClassVar[str] = "keep"
    _zlmdb_compress: ClassVar[str | None] = None
    _zlmdb_chunk: ClassVar[int | None] = None

    _definition: SeriesDefinition
    _layout: Layout
    _codec: Composite
    _arity: int
    _keeps: bool
    _names: tuple[str, ...]
    _prefixes: dict[Any, bytes]
    _pack: Any
    _single: Any
    _tick: Any

    def __init_subclass__(
        cls,
        *,
        key: Any = None,
        duplicates: Duplicates | None = None,
        compress: str | None = None,
        chunk: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        for name, given in (("key", key), ("duplicates", duplicates), ("compress", compress), ("chunk", chunk)):
            if given is not None:
                setattr(cls, f"_zlmdb_{name}", given)

    # -- declaring and attaching: see zlmdb.tables.hooks

    @classmethod
    def _zlmdb_define(cls) -> SeriesDefinition:
        name = cls.__name__
        where = f"table {name}"
        declared: dict[str, Column] = {}
        for base in reversed(cls.__mro__):
            for attribute, value in vars(base).items():
                if isinstance(value, Column):
                    if hasattr(Series, attribute) or hasattr(Slice, attribute) or attribute.startswith("_"):
                        raise errors.SchemaError(
                            f"{where}: a column cannot be called {attribute!r}, because series have a method of that "
                            "name, or it begins with _"
                        )
                    if attribute in ("origin", "every", "into", "columns", "bounds", "times", "t0", "t1", "n"):
                        raise errors.SchemaError(
                            f"{where}: a column cannot be called {attribute!r}, because methods have an argument of "
                            "that name"
                        )
                    declared[attribute] = value
                else:
                    declared.pop(attribute, None)
        if not declared:
            raise errors.SchemaError(f'{where}: expected at least one column, such as price = zlmdb.column("f8")')
        check_policy(cls._zlmdb_duplicates, where)
        check_method(cls._zlmdb_compress, where)
        chunk = cls._zlmdb_chunk
        if chunk is not None and (not isinstance(chunk, int) or not 2 <= chunk <= 1 << 20):
            raise errors.SchemaError(f"{where}: expected chunk to be a number from 2 to {1 << 20}, found {chunk!r}")
        columns = tuple(
            define_column(column, cls._zlmdb_compress, f"{where}, column {attribute}")
            for attribute, column in declared.items()
        )
        header = CHUNK.size + (64 + ENTRY.size) * len(columns) + 16 * (len(columns) + 2)
        return SeriesDefinition(
            name=name,
            key=_key_of_class(cls, where),
            columns=columns,
            oid=cls._zlmdb_oid,
            description=cls.__doc__.strip() if cls.__doc__ and "__doc__" in cls.__dict__ else None,
            duplicates=cls._zlmdb_duplicates,
            compress=cls._zlmdb_compress,
            chunk=chunk_rows(columns, chunk, header),
        )

    @classmethod
    def _zlmdb_settle(
        cls, definition: SeriesDefinition, record: dict[str, Any] | None, path: str
    ) -> tuple[SeriesDefinition, dict[str, Any] | None]:
        return settle(definition, record, path)

    def _placed(self) -> None:
        definition = self._definition
        key = definition.key
        parts = key.parts if isinstance(key, Composite) else (key,)
        self._arity = len(parts) if isinstance(key, Composite) else 0
        self._codec = Composite((*parts, Int64(), Uint16()))
        self._layout = Layout(definition)
        self._keeps = definition.duplicates == "keep"
        self._names = tuple(definition.by_name)
        self._prefixes = {}
        self._tick = namedtuple(f"{definition.name}Tick", ("time", *self._names))  # of any columns
        codes = [_CODES.get(column.dtype.str[1:]) for column in definition.columns if not column.hidden]
        self._pack = None
        if None not in codes and len(codes) == len(definition.columns):
            self._pack = struct.Struct(f"<q{''.join(code or '' for code in codes)}").pack
        names = self._names
        self._single = itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)

    def _zlmdb_check(self, txn: Any) -> list[str]:
        from zlmdb.series.check import check

        return check(self, txn)

    # -- keys and transactions

    def _require(self) -> Any:
        """The transaction, which has not ended."""
        txn = self._txn
        if txn is None:
            raise errors.TransactionError(
                f"table {self._definition.name}: this is the attached table; its series are read and written in a "
                f"transaction: txn[{self._definition.name}]"
            )
        txn._require_open()
        return txn

    def _prefix(self, key: Any) -> bytes:
        """Slot and series key.

        Raises:
            KeyTypeError, KeyValueError: naming the table.
        """
        remembered = key.__class__ in _REMEMBERED
        if remembered:
            found = self._prefixes.get(key)
            if found is not None:
                return found
        try:
            if self._arity:
                self._definition.key.encode(key)  # all parts must be there
                prefix = self._p + self._codec.prefix(tuple(key))
            else:
                self._definition.key.encode(key)  # says what is wrong without speaking of components
                prefix = self._p + self._codec.prefix((key,))
        except errors.DataError as error:
            raise error.located(table=self._definition.name) from None
        if remembered:
            if len(self._prefixes) >= MOST_KEYS:
                self._prefixes.clear()
            self._prefixes[key] = prefix
        return prefix

    def _key_of(self, prefix: bytes) -> Any:
        """The series key of slot and encoded key."""
        parts = self._codec.decode(prefix[2:] + HEAD_END)
        return parts[:-2] if self._arity else parts[0]

    def _check_limit(self, key: bytes) -> None:
        if len(key) > self._limit:
            most = self._limit - len(HEAD_END) - len(self._p)
            raise errors.KeyTooLong(
                f"table {self._definition.name}: expected a series key of at most {most} bytes when encoded, found "
                f"{len(key) - len(HEAD_END) - len(self._p)}; shorten it, or store a digest of it",
                table=self._definition.name,
            )

    def _moment(self, value: Any, name: str) -> int:
        try:
            return moment_ns(value)
        except errors.DataError as error:
            raise self._located(error, name) from None

    def _located(self, error: errors.DataError, name: str) -> errors.DataError:
        found = type(error)(f"table {self._definition.name}, {name}: {error.message}")
        found.__dict__.update({**error.__dict__, "table": self._definition.name, "field": name})
        return found

    def _range(self, t0: Any, t1: Any, bounds: str = "[)") -> tuple[int, int]:
        """From (inclusive) and to (exclusive), in nanoseconds."""
        if bounds not in BOUNDS:
            raise ValueError(f"bounds: expected one of {', '.join(BOUNDS)}, found {bounds!r}")
        lo = FIRST if t0 is None else self._moment(t0, "t0") + (bounds[0] == "(")
        hi = LAST + 1 if t1 is None else self._moment(t1, "t1") + (bounds[1] == "]")
        return lo, hi

    def _columns(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        if columns is None:
            return self._names
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        for name in names:
            if name not in self._definition.by_name:
                raise unknown_column(self._definition, name)
        return names

    def _fault(self, error: Exception) -> Exception:
        return translate(error, path=self._txn._db.dbpath)

    # -- writing

    def append(self, key: K, times: Any, **columns: Any) -> None:
        """Add ticks to a series: one, or many.

        Ticks may come in any order; what to do with a time that is taken, the class says (``duplicates``). Ticks that
        are later than all that are there cost least. Everything is checked before anything is written.

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
            TransactionError: in a read transaction, or after the transaction has ended.
        """
        txn = self._txn
        if txn is None:
            self._require()
        prefix = self._prefix(key)
        try:
            if self._pack is not None and scalar_moment(times):
                try:
                    row = self._pack(moment_ns(times), *self._single(columns))
                except _FAULTS:
                    row = b""  # the long way says what is wrong, or finds that nothing is
                if row and len(columns) == len(self._names):
                    time = int.from_bytes(row[:8], "little", signed=True)
                    if store.append_one(self, prefix, time, row):
                        return
            ticks = self._ticks(times, columns)
            txn._require_write(self._definition.name)
            if len(ticks):
                store.append_many(self, prefix, ticks)
        except EngineError as error:
            raise self._fault(error) from error

    def _ticks(self, times: Any, columns: dict[str, Any]) -> Ticks:
        """What is to be appended, checked and sorted."""
        definition = self._definition
        single = scalar_moment(times)
        try:
            ns = np.array([moment_ns(times)]) if single else moments_ns(times)
        except errors.DataError as error:
            raise self._located(error, "times") from None
        ticks = Ticks(ns, columns_of(definition, columns, len(ns), single=single))
        if len(ns) > 1:
            steps = ns[1:] < ns[:-1] if self._keeps else ns[1:] <= ns[:-1]
            if steps.any():
                ticks = ticks.chosen(np.argsort(ns, kind="stable"))
                if not self._keeps:
                    ticks = store.single(definition, ticks)
        return ticks

    def delete(self, key: K) -> int:
        """Remove a series: how many ticks it had."""
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
        """
        if t0 is None and t1 is None:
            raise ValueError("delete_range(): expected a bound; delete(key) removes the whole series")
        return self._delete(self._prefix(key), *self._range(t0, t1, bounds))

    def _delete(self, prefix: bytes, lo: int, hi: int) -> int:
        self._require()._require_write(self._definition.name)
        try:
            return change.delete_range(self, prefix, lo, hi)
        except EngineError as error:
            raise self._fault(error) from error

    def retain(self, *, older_than: Duration, now: Moment | None = None) -> int:
        """Remove the ticks of all series that are older than a duration: their number.

        Args:
            older_than: text such as "90d", a timedelta, or an np.timedelta64.
            now: the moment to count back from; None: the present.

        Ticks that are exactly as old stay. Chunks of which every tick goes are removed as a whole.
        """
        self._require()._require_write(self._definition.name)
        moment = now_ns() if now is None else self._moment(now, "now")
        hi = moment - duration_ns(older_than)
        if hi <= FIRST:
            return 0
        return sum(self._delete(prefix, FIRST, hi) for prefix in list(change.prefixes(self._txn._cursor(), self._p)))

    # -- reading

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
        """
        txn = self._require()
        prefix = self._prefix(key)
        lo, hi = self._range(t0, t1, bounds)
        names = self._columns(columns)
        with read.source(txn) as raw:
            return read.collect(self, key, read.found_in(self, raw, prefix, lo, hi), names)

    def last(self, key: K, n: int = 1, *, columns: Sequence[str] | None = None) -> Slice:
        """The last ticks of a series, in order of time.

        Args:
            key: the series.
            n: how many; fewer come if there are fewer.
            columns: names of the columns that are wanted; None: all.
        """
        return self._ends(key, n, columns, read.last)

    def first(self, key: K, n: int = 1, *, columns: Sequence[str] | None = None) -> Slice:
        """The first ticks of a series; as :meth:`last`."""
        return self._ends(key, n, columns, read.first)

    def _ends(self, key: Any, n: int, columns: Sequence[str] | None, which: Any) -> Slice:
        txn = self._require()
        if not isinstance(n, int) or n < 0:
            raise ValueError(f"n: expected a number of ticks of at least 0, found {errors.short(n)}")
        prefix = self._prefix(key)
        names = self._columns(columns)
        with read.source(txn) as raw:
            return read.collect(self, key, which(self, raw, prefix, n), names)

    def as_of(self, key: K, time: Moment) -> Any:
        """The last tick at a time or before it.

        Args:
            key: the series.
            time: the moment.

        Returns:
            A named tuple of the time (np.datetime64) and each column's value, as NumPy scalars; None if there is none.
        """
        txn = self._require()
        prefix = self._prefix(key)
        moment = self._moment(time, "time")
        with read.source(txn) as raw:
            found = read.as_of(self, raw, prefix, moment)
            if found is None:
                return None
            part, at = found
            if isinstance(part, Ticks):
                values = [part.columns[place][at] for place in self._definition.by_name.values()]
                return self._tick(np.datetime64(int(part.times[at]), "ns"), *values)
            values = [part.value(place, at) for place in self._definition.by_name.values()]
            return self._tick(np.datetime64(part.time(at), "ns"), *values)

    def keys(self) -> Iterator[K]:
        """The series keys, in order, one by one."""
        txn = self._require()
        for prefix in change.prefixes(txn._cursor(), self._p):
            yield self._key_of(prefix)

    __iter__ = keys

    def __len__(self) -> int:
        """How many series there are."""
        return sum(1 for _ in change.prefixes(self._require()._cursor(), self._p))

    def __bool__(self) -> bool:
        return next(change.prefixes(self._require()._cursor(), self._p), None) is not None

    def __contains__(self, key: object) -> bool:
        return self._require().get(self._prefix(key) + HEAD_END) is not None

    def span(self, key: K) -> tuple[np.datetime64, np.datetime64] | None:
        """The times of the first and of the last tick of a series; None if there is none."""
        txn = self._require()
        prefix = self._prefix(key)
        with read.source(txn) as raw:
            found = read.span(self, raw, prefix)
        return None if found is None else (np.datetime64(found[0], "ns"), np.datetime64(found[1], "ns"))

    def count(
        self, key: K | None = None, t0: Moment | None = None, t1: Moment | None = None, *, bounds: Bounds = "[)"
    ) -> int:
        """How many ticks a series has between two times; without a key, those of all series are counted.

        Args: as for :meth:`range`.
        """
        txn = self._require()
        lo, hi = self._range(t0, t1, bounds)
        with read.source(txn) as raw:
            if key is not None:
                return read.count(self, raw, self._prefix(key), lo, hi)
            return sum(read.count(self, raw, prefix, lo, hi) for prefix in change.prefixes(raw.cursor(), self._p))

    # -- aggregates

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
        txn = self._require()
        prefix = self._prefix(key)
        lo, hi = self._range(t0, t1, bounds)
        wanted = aggregate.outputs(self._definition, how)
        with read.source(txn) as raw:
            found = read.found_in(self, raw, prefix, lo, hi)
            if not found:
                return {output.name: 0 if output.function == "count" else None for output in wanted}
            _, columns = aggregate.bucketed(self, found, wanted, None, 0)
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
            A slice whose times are the starts of the buckets. Counts are int64; sums float64, int64 or uint64; mean,
            var and std float64; the others have the column's type.

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
        txn = self._require()
        prefix = self._prefix(key)
        arguments = self._resampling(every, t0, t1, origin, bounds, how)
        with read.source(txn) as raw:
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
        """Key and aggregates of each series that has ticks in the range, in order of keys; as :meth:`resample`."""
        txn = self._require()
        arguments = self._resampling(every, t0, t1, origin, bounds, how)
        for prefix in change.prefixes(txn._cursor(), self._p):
            key = self._key_of(prefix)
            with read.source(txn) as raw:
                found = self._resample(raw, key, prefix, *arguments)
            if len(found):
                yield key, found

    def _resampling(
        self, every: Any, t0: Any, t1: Any, origin: Any, bounds: str, how: dict[str, Any]
    ) -> tuple[int, int, int, int, list[aggregate.Output]]:
        lo, hi = self._range(t0, t1, bounds)
        begin = 0 if origin is None else self._moment(origin, "origin")
        length = duration_ns(every)
        return length, begin % length, lo, hi, aggregate.outputs(self._definition, how)

    def _resample(
        self, raw: Any, key: Any, prefix: bytes, every: int, origin: int, lo: int, hi: int, wanted: Any
    ) -> Slice:
        found = read.found_in(self, raw, prefix, lo, hi)
        if not found:
            starts, columns = np.empty(0, np.int64), aggregate.nothing(self._definition, wanted)
        else:
            starts, columns = aggregate.bucketed(self, found, wanted, every, origin)
        return Slice(key, starts.view("M8[ns]"), columns)

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

        What that table has in these buckets is replaced, so the same may be done again.

        Args:
            into: a series table that is attached, with a column for each result.
            every: length of a bucket.
            t0: from which time on; None: from the beginning. To be complete, a bucket must lie in the range as a whole.
            t1: up to which time; None: to the end.
            origin: a moment at which a bucket begins; None: 1970-01-01T00:00Z.
            how: as for :meth:`resample`; the names of the results are the columns of `into`.

        Raises:
            Whatever :meth:`resample` and :meth:`append` raise.
            TableNotAttached: if `into` is not attached.
        """
        txn = self._require()
        txn._require_write(self._definition.name)
        target = txn[into]
        if target is self:
            raise errors.SchemaError(f"table {self._definition.name}: downsample() needs another table to write to")
        length = duration_ns(every)
        written = 0
        # Read as a whole before anything is written: an iterator of the engine would run over what comes in.
        for key in list(self.keys()):
            found = self.resample(key, every, t0, t1, origin=origin, **how)
            if len(found):
                first, final = int(found.time[0].astype(np.int64)), int(found.time[-1].astype(np.int64))
                target._delete(target._prefix(key), first, final + length)
                target.append(key, found.time, **{name: found[name] for name in found if name != "time"})
                written += len(found)
        return written

    def check(self) -> list[str]:
        """What is wrong with the stored chunks, a sentence each; an empty list if all is well. Everything is read."""
        return self._zlmdb_check(self._require())

    def __repr__(self) -> str:
        where = f"in slot {self._slot}" if self._txn is None else f"of transaction {self._txn!r}"
        return f"<series {self._definition.name} {where}>"


def _key_of_class(cls: type[Any], where: str) -> KeyCodec[Any]:
    """The codec of the series keys: as the class says, or that of its type parameter."""
    if cls._zlmdb_key is not None:
        return key_codec(cls._zlmdb_key, where=where)
    for base in cls.__mro__:
        for generic in base.__dict__.get("__orig_bases__", ()):
            origin = getattr(generic, "__origin__", None)
            if isinstance(origin, type) and issubclass(origin, Series):
                codec = for_type(get_args(generic)[0])
                if codec is not None:
                    return codec
    raise errors.SchemaError(
        f"{where}: expected the type of its keys, such as zlmdb.Series[str], or a codec: "
        "class Ticks(zlmdb.Series[str], key=zlmdb.String)"
    )
