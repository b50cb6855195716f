"""The ticks of all series of a table, one series after the other, as columns: batch by batch, chunk by chunk.

Where reading goes on is found anew for each batch: by the key of the series, the time of the last tick handed on, and
how many of that time there were. So a batch takes no more memory than its own ticks, no transaction of the engine stays
open between two, and a transaction that writes meanwhile disturbs nothing: what it adds behind the place that was
reached is seen, what it adds before is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.arrays import arrow_array, arrow_type
from zlmdb.columns.keys import KeyColumns
from zlmdb.columns.kind import Kind
from zlmdb.columns.output import BATCH_ROWS
from zlmdb.columns.pieces import filtered
from zlmdb.columns.pushdown import Condition, key_range
from zlmdb.columns.timekinds import DATETIME64
from zlmdb.series import read
from zlmdb.series.records import HEAD_END
from zlmdb.series.times import FIRST, LAST
from zlmdb.tables import bounds

if TYPE_CHECKING:
    from zlmdb.series.reading import Reading

__all__ = ["Scan", "key_names"]

Array = np.ndarray[Any, Any]
TIME = "time"
#: Place of the times among the columns.
_TIMES = -1
#: How many keys are looked at, where only they tell what they are.
_FIRST_KEYS = 1024


def key_names(s: Reading[Any]) -> list[str]:
    """The names of the key's columns: key, or key_0, key_1 and so on; with underlines behind, if columns have these."""
    names = [f"key_{at}" for at in range(s._arity)] if s._arity else ["key"]
    while set(names) & set(s._names):
        names = [f"{name}_" for name in names]
    return names


@dataclass
class _Reached:
    """Where reading goes on.

    Attributes:
        seek: where the next series is sought.
        span: number of the span of keys that it lies in.
        prefix: slot and key of the series that is being read; None: the next one is to be sought.
        time: of the last tick that was handed on, or the beginning of the range.
        given: how many ticks of that time were handed on.
    """

    seek: bytes = b""
    span: int = 0
    prefix: bytes | None = None
    time: int = FIRST
    given: int = 0


@dataclass(frozen=True)
class _Batch:
    """Ticks: how many of which series (slot and key), and the columns by their places."""

    runs: list[tuple[bytes, int]]
    columns: dict[int, Array]


class Scan:
    """The ticks of all series.

    Args:
        s: of a transaction.
        columns: names of the wanted columns, in the wanted order; None for all.
        where: an expression of pyarrow over the columns, or None for all ticks.
        lo: from which time on, nanoseconds.
        hi: up to which, exclusive.
        batch_rows: how many ticks are read together.
        plain: True leaves out the types that not every reader of Arrow knows: dictionaries and float16.

    Raises:
        ValueError, TypeError: if an argument is none.
        SchemaError: if there is no such column.
    """

    def __init__(
        self,
        s: Reading[Any],
        columns: Sequence[str] | None = None,
        where: Any = None,
        lo: int = FIRST,
        hi: int = LAST + 1,
        batch_rows: int = BATCH_ROWS,
        plain: bool = False,
    ) -> None:
        if not isinstance(batch_rows, int) or isinstance(batch_rows, bool) or batch_rows < 1:
            raise ValueError(f"batch_rows: expected a number of rows of at least 1, found {batch_rows!r}")
        if isinstance(columns, str):
            raise ValueError(f"columns: expected a list of names, found the text {columns!r}; write [{columns!r}]")
        self._s = s
        self._lo, self._hi = lo, hi
        self._rows = batch_rows
        self._plain = plain
        #: Where the keys lie that are read, in order.
        self._spans = [(s._p, bounds.after_slot(s._p))]
        keys = key_names(s)
        #: Names of the columns that there are, and those among them that are read without reading ticks.
        self.names = [*keys, TIME, *s._names]
        self.keys = frozenset(keys)
        self._parts = {name: at for at, name in enumerate(keys)}
        self._places = {TIME: _TIMES, **s._definition.by_name}
        self._kinds = self._settled(KeyColumns(s._definition.key).kinds())
        self.wanted = self.names if columns is None else list(columns)
        for name in self.wanted:
            if name not in self._parts and name not in self._places:
                raise errors.SchemaError(
                    f"table {s._definition.name}: there is no column {name!r}; there are {', '.join(self.names)}",
                    table=s._definition.name,
                    field=name,
                )
        self._where = where
        self._mentioned: list[str] = []
        if where is not None:
            if not isinstance(where, extras.pyarrow("where=").compute.Expression):
                raise TypeError(
                    "where: expected an expression of pyarrow such as "
                    f'pyarrow.compute.field("price") > 1, found {errors.short(where)}'
                )
            text = str(where)
            self._mentioned = [name for name in self.names if name in text and name not in self.wanted]

    def _settled(self, kinds: list[Kind]) -> list[Kind]:
        if not all(kind.settled for kind in kinds):
            keys = [key for key, _ in zip(self._s.keys(), range(_FIRST_KEYS), strict=False)]
            columns = list(zip(*keys, strict=True)) if self._s._arity else [tuple(keys)]
            kinds = [kind.settle(list(held)) for kind, held in zip(kinds, columns or [()] * len(kinds), strict=True)]
        if not self._plain:
            return kinds
        found = []
        for kind in kinds:
            if getattr(kind, "dictionary", False):
                text: Any = copy(kind)
                text.dictionary = False
                kind = text
            found.append(kind)
        return found

    # -- as the database's queries use it: see zlmdb.tables.hooks

    def narrow(self, scans: Sequence[Sequence[Condition]]) -> None:
        """Read only what at least one scan needs.

        Args:
            scans: for each, the conditions that its ticks must meet.
        """
        if not scans:
            return
        self._spans = []
        for start, stop in sorted(span for found in scans for span in self._key_spans(found)):
            if self._spans and start <= self._spans[-1][1]:
                self._spans[-1] = self._spans[-1][0], max(self._spans[-1][1], stop)
            else:
                self._spans.append((start, stop))
        times = [self._time_span(found) for found in scans]
        self._lo, self._hi = min(time[0] for time in times), max(time[1] for time in times)

    def _key_spans(self, found: Sequence[Condition]) -> list[tuple[bytes, bytes]]:
        """Where the keys lie that meet conditions: one span, or one for each of several values of the first part."""
        first = next(iter(self._parts))
        values = next((text for name, _, text in found if name == first and isinstance(text, tuple)), None)
        if values is None:
            return [self._key_span(found)]
        return [self._key_span([*found, (first, "=", value)]) for value in values]

    def _key_span(self, found: Sequence[Condition]) -> tuple[bytes, bytes]:
        everything = self._s._p, bounds.after_slot(self._s._p)
        if not self._s._definition.key.ordered:
            return everything
        kinds = KeyColumns(self._s._definition.key).kinds()
        lows, highs = key_range([(name, kinds[at]) for name, at in self._parts.items()], found)
        try:
            return bounds.span(
                self._s._p, self._s._codec, lows or None, highs or None, "[]", table=self._s._definition.name
            )
        except errors.DataError:
            return everything  # such a bound is no key: the conditions are checked on the ticks

    def _time_span(self, found: Sequence[Condition]) -> tuple[int, int]:
        lows, highs = key_range([(TIME, DATETIME64)], found)
        low = max(FIRST, int(lows[0].astype(np.int64))) if lows else FIRST
        high = int(highs[0].astype(np.int64)) + 1 if highs else LAST + 1
        return low, high

    # -- reading

    def _batches(self, names: Sequence[str]) -> Iterator[_Batch]:
        """Ticks with some of the columns."""
        s = self._s
        places = list(dict.fromkeys(self._places[name] for name in names if name in self._places))
        reached = _Reached(time=self._lo)
        while True:
            s._require()
            with read.source(s) as raw:
                batch = self._read(raw, reached, places)
            if not batch.runs:
                return
            yield batch

    def _read(self, raw: Any, reached: _Reached, places: list[int]) -> _Batch:
        left = self._rows
        runs: list[tuple[bytes, int]] = []
        parts: dict[int, list[Array]] = {at: [] for at in places}
        cursor = raw.cursor()
        while left:
            if reached.prefix is None:
                if reached.span == len(self._spans):
                    break
                start, stop = self._spans[reached.span]
                found = bytes(cursor.key()) if cursor.set_range(max(start, reached.seek)) else stop
                if found >= stop:
                    reached.span += 1
                    continue
                reached.prefix = found[: -len(HEAD_END)]
                reached.seek = reached.prefix + HEAD_END + b"\0"
                reached.time, reached.given = self._lo, 0
            prefix = reached.prefix
            try:
                count = self._series(raw, reached, prefix, left, parts)
            except Exception as error:
                seen = read.explained(self._s, prefix, error)
                if seen is error:
                    raise
                raise seen from error
            if count:
                runs.append((prefix, count))
                left -= count
        # Joined, the values are the program's own, and no longer the file's.
        columns = {at: np.concatenate(held) for at, held in parts.items() if held}
        if _TIMES in columns:
            columns[_TIMES] = columns[_TIMES].view("M8[ns]")
        return _Batch(runs, columns)

    def _series(self, raw: Any, reached: _Reached, prefix: bytes, most: int, parts: dict[int, list[Array]]) -> int:
        """Read on in a series: how many ticks were read."""
        skip, count = reached.given, 0
        taken: list[read.Piece] = []
        for piece, a, b in read.found_in(self._s, raw, prefix, reached.time, self._hi):
            if skip:
                same = int(read._times(piece)[a:b].searchsorted(reached.time, "right"))
                passed = min(skip, same)
                skip = skip - passed if same == b - a else 0
                a += passed
                if a == b:
                    continue
            b = min(b, a + most - count)
            for at, held in parts.items():
                held.append(read._times(piece)[a:b] if at == _TIMES else read._column(piece, at)[a:b])
            count += b - a
            taken.append((piece, a, b))
            if count == most:
                self._mark(reached, taken)
                return count
        reached.prefix = None
        return count

    @staticmethod
    def _mark(reached: _Reached, taken: list[read.Piece]) -> None:
        """Remember the last tick that was read."""
        piece, _, b = taken[-1]
        time, given = int(read._times(piece)[b - 1]), 0
        for piece, a, b in reversed(taken):
            same = b - a - int(read._times(piece)[a:b].searchsorted(time))
            given += same
            if same < b - a:
                break
        else:
            given += reached.given if reached.time == time else 0
        reached.time, reached.given = time, given

    # -- as arrays

    def numpy(self) -> dict[str, Any]:
        """The wanted columns, whole."""
        batches = list(self._batches(self.wanted))
        counts = [count for batch in batches for _, count in batch.runs]
        keys = self._keys([prefix for batch in batches for prefix, _ in batch.runs])
        found: dict[str, Any] = {}
        for name in self.wanted:
            if name in self._parts:
                at = self._parts[name]
                found[name] = np.repeat(self._kinds[at].to_numpy(keys[at]), counts)
            elif batches:
                found[name] = np.concatenate([batch.columns[self._places[name]] for batch in batches])
            else:
                found[name] = np.empty(0, self._dtype(name))
        return found

    def _keys(self, prefixes: Sequence[bytes]) -> list[list[Any]]:
        """The parts of the keys of some series, part by part."""
        keys = [self._s._key_of(prefix) for prefix in prefixes]
        if not self._s._arity:
            return [keys]
        return [[key[at] for key in keys] for at in range(self._s._arity)]

    def _dtype(self, name: str) -> np.dtype[Any]:
        at = self._places[name]
        return np.dtype("M8[ns]") if at == _TIMES else self._s._definition.columns[at].dtype

    def _stored(self, name: str) -> np.dtype[Any]:
        """The type of a column on its way to Arrow."""
        dtype = self._dtype(name)
        return np.dtype("f4") if self._plain and dtype == np.dtype("f2") else dtype

    # -- as Arrow

    def schema(self, names: Sequence[str]) -> Any:
        """The Arrow schema of some columns."""
        pa = extras.pyarrow("to_arrow()")
        fields = []
        for name in names:
            if name in self._parts:
                kind = self._kinds[self._parts[name]]
                fields.append(pa.field(name, kind.arrow_type(), False))
            else:
                dtype = self._stored(name)
                fields.append(pa.field(name, arrow_type(dtype), name != TIME and dtype.kind in "mM"))
        return pa.schema(fields)

    def batches(self, names: Sequence[str]) -> Iterator[Any]:
        """The record batches of some columns."""
        pa = extras.pyarrow("to_arrow()")
        schema = self.schema(names)
        for batch in self._batches(names):
            keys = self._keys([prefix for prefix, _ in batch.runs]) if self.keys.intersection(names) else []
            counts = [count for _, count in batch.runs]
            which = pa.array(np.repeat(np.arange(len(counts), dtype=np.int32), counts)) if keys else None
            arrays = []
            for name in names:
                if name in self._parts:
                    at = self._parts[name]
                    arrays.append(self._kinds[at].to_arrow(keys[at]).take(which))
                else:
                    arrays.append(self._arrow(name, batch.columns[self._places[name]]))
            if names:
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            else:
                yield pa.RecordBatch.from_struct_array(pa.array([{}] * sum(counts), pa.struct([])))

    def _arrow(self, name: str, values: Array) -> Any:
        try:
            return arrow_array(values.astype(self._stored(name), copy=False))
        except ValueError as error:
            table = self._s._definition.name
            raise errors.EncodeError(f"table {table}, column {name}: {error}", table=table, field=name) from error

    def reader(self) -> Any:
        """A pyarrow.RecordBatchReader of the wanted columns, which reads on as batches are taken from it."""
        pa = extras.pyarrow("to_arrow()")
        schema = self.schema(self.wanted)
        if self._where is None:
            return pa.RecordBatchReader.from_batches(schema, self.batches(self.wanted))
        return pa.RecordBatchReader.from_batches(schema, self._filtered(schema, pa))

    def _filtered(self, schema: Any, pa: Any) -> Iterator[Any]:
        for batch in self.batches([*self.wanted, *self._mentioned]):
            for part in filtered(batch, self._where, pa):
                yield pa.RecordBatch.from_arrays(part.columns[: len(self.wanted)], schema=schema)
