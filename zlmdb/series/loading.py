"""Columns as ticks: Arrow, pandas, Polars, Parquet and CSV, sorted by their keys and appended series by series.

A batch is brought into arrays as a whole; only keys become objects, each of them once. Types are converted where
nothing is lost, and an error names the file, the row (counted from 1) where that is known, and the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.arrays import arrow_type
from zlmdb.columns.intake import csv_type
from zlmdb.columns.keys import KeyColumns
from zlmdb.columns.kind import Kind, Misfit, cast, decoded
from zlmdb.columns.readers import Batches, open_columns
from zlmdb.columns.timekinds import DATETIME64
from zlmdb.series.scan import TIME, key_names

if TYPE_CHECKING:
    from zlmdb.series.reading import Reading

__all__ = ["Loading"]

Array = np.ndarray[Any, Any]


class Loading:
    """Ticks made of columns.

    Args:
        s: the table, of a transaction.
        given: what :func:`zlmdb.columns.is_columns` is true for.
        ignore: names of columns that are not wanted.

    Raises:
        MissingExtra: if a package is needed that is not installed.
        ValueError, TypeError: if it is nothing that holds columns, or a file of a type that is not known.
    """

    def __init__(self, s: Reading[Any], given: Any, ignore: Iterable[str] = ()) -> None:
        self._s = s
        self._table = s._definition.name
        self._keys = key_names(s)
        self._kinds = dict(zip(self._keys, KeyColumns(s._definition.key).kinds(), strict=True))
        self._columns = {name: s._definition.columns[at] for name, at in s._definition.by_name.items()}
        self._ignore = frozenset((ignore,) if isinstance(ignore, str) else ignore)
        if isinstance(given, (list, tuple, Iterator)) and not hasattr(given, "__arrow_c_stream__"):
            raise TypeError(
                f"table {self._table}: load() takes columns (of Arrow, pandas, Polars, or NumPy arrays by name) or a "
                f"path, found {type(given).__name__}; single ticks are appended: append(key, time, ...)"
            )
        self._given: Batches = open_columns(given, self._text_types, self._declared)
        self.title = f"table {self._table}" if self._given.path is None else f"file {self._given.path}"
        #: How many ticks there are; None if that is not known.
        self.total = self._given.total

    def _text_types(self, names: list[str]) -> dict[str, Any]:
        """The types to read the columns of a CSV file as."""
        pa = extras.pyarrow("load()")
        found = {}
        for name in names:
            if name in self._kinds:
                found[name] = csv_type(self._kinds[name], pa)
            elif name == TIME:
                found[name] = pa.string()
            elif name in self._columns:
                kind = arrow_type(self._columns[name].dtype)
                if pa.types.is_struct(kind):
                    raise errors.SchemaError(
                        f"table {self._table}: column {name} holds complex numbers, which CSV cannot; "
                        "load it from Arrow or Parquet",
                        table=self._table,
                        field=name,
                    )
                found[name] = pa.float32() if kind == pa.float16() else kind
        return {name: kind for name, kind in found.items() if kind is not None}

    def _declared(self, name: str) -> Kind | None:
        kind = DATETIME64 if name == TIME else self._kinds.get(name)
        return kind if kind is not None and kind.settled else None

    def batches(self) -> Iterator[tuple[int, list[tuple[Any, Array, dict[str, Array]]]]]:
        """For each batch, how many rows it has; and for each series in it the key, the times and the columns.

        Raises:
            SchemaError: if the columns are not those of the table.
            ValueTypeError: at a value that does not fit.
        """
        done = 0
        if self._given.names is not None:  # before the first row, as there may be none
            self._check([name for name in self._given.names if name not in self._ignore])
        for batch in self._given.batches:
            names = [name for name in batch.schema.names if name not in self._ignore]
            held = {name: decoded(batch.column(batch.schema.names.index(name))) for name in names}
            if batch.num_rows:
                keys, which = self._series(held, done)
                times = self._located(TIME, done, self._times, held[TIME])
                columns = {
                    name: self._located(name, done, lambda array, name=name: self._values(name, array), held[name])
                    for name in names
                    if name in self._columns
                }
                yield batch.num_rows, list(_parted(keys, which, times, columns))
            done += batch.num_rows

    def _check(self, names: list[str]) -> None:
        """Refuse columns that have no place, required ones that are missing, and names that come twice."""
        known = [*self._keys, TIME, *self._columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise self._wrong(f"expected columns of different names, found {twice} twice", twice)
        for name in names:
            if name not in known:
                raise self._wrong(
                    f"there is no place for column {name}: expected {', '.join(known)}; "
                    f"ignore=[{name!r}] leaves it out",
                    name,
                )
        for name in known:
            if name not in names and (name not in self._columns or self._columns[name].default is None):
                raise self._wrong(f"expected a column {name}, found {', '.join(names) or 'none'}", name)

    def _wrong(self, what: str, field: str) -> errors.SchemaError:
        return errors.SchemaError(f"{self.title}: {what}", table=self._table, field=field)

    def _located(self, name: str, before: int, convert: Any, array: Any) -> Any:
        """What a column is converted to; if that fails, the error says where."""
        try:
            return convert(array)
        except Misfit as wrong:
            row = "" if wrong.at is None else f", row {before + wrong.at + 1}"
            raise errors.ValueTypeError(
                f"{self.title}{row}, column {name}: expected {wrong.expected}, found {wrong.found}",
                table=self._table,
                field=name,
                expected=wrong.expected,
                found=wrong.found,
            ) from None

    # -- keys

    def _series(self, held: dict[str, Any], before: int) -> tuple[list[Any], Array]:
        """The series keys of a batch, and which of them each row has."""
        parts = [self._located(name, before, self._distinct(name), held[name]) for name in self._keys]
        if not self._s._arity:
            return parts[0]  # type: ignore[no-any-return]
        # Few series have many ticks, so the rows are told apart by numbers, and tuples are made of those that differ.
        which = parts[0][1].astype(np.int64)
        kept: list[tuple[Any, ...]] = [(value,) for value in parts[0][0]]
        for values, codes in parts[1:]:
            pairs, which = np.unique(which * len(values) + codes, return_inverse=True)
            kept = [(*kept[pair // len(values)], values[pair % len(values)]) for pair in pairs.tolist()]
        return kept, which

    def _distinct(self, name: str) -> Any:
        """A function that gives the different values of a column, and which of them each row has."""
        kind = self._kinds[name]

        def convert(array: Any) -> tuple[list[Any], Array]:
            if array.null_count:
                at = array.is_null().to_pylist().index(True)
                raise Misfit(kind.expects, None, at)
            encoded = array.dictionary_encode()
            try:
                return kind.from_arrow(encoded.dictionary), encoded.indices.to_numpy()
            except Misfit:
                kind.from_arrow(array)  # says in which row
                raise

        return convert

    # -- values

    def _times(self, array: Any) -> Array:
        pa = extras.pyarrow("load()")
        if array.null_count:
            raise Misfit("a time", None, array.is_null().to_pylist().index(True))
        if pa.types.is_integer(array.type):
            return _numbers(cast(array, pa.int64(), "nanoseconds since 1970")).view("M8[ns]")
        if pa.types.is_date(array.type):
            array = array.cast(pa.timestamp("s"))
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            for at, text in enumerate(array.to_pylist()):
                if "-" not in text[1:]:  # NumPy takes a number for a year
                    raise Misfit("a time such as 2026-01-05T09:00:00.5", text, at)
            return np.array(DATETIME64.from_arrow(array), "M8[ns]")
        if not pa.types.is_timestamp(array.type):
            raise Misfit("times", f"\0a column of {array.type}")
        zone = array.type.tz
        return _numbers(cast(array, pa.timestamp("ns", zone), "a time in nanoseconds").cast(pa.int64())).view("M8[ns]")

    def _values(self, name: str, array: Any) -> Array:
        """A column as an array; :meth:`zlmdb.Series.append` looks at the type."""
        pa = extras.pyarrow("load()")
        dtype = self._columns[name].dtype
        if array.null_count and dtype.kind not in "fcmM":
            raise Misfit(f"a value of {dtype}", None, array.is_null().to_pylist().index(True))
        if dtype.kind in "SU" or pa.types.is_null(array.type):
            values = array.to_pylist()
            fits, nul = _is_text(dtype), b"\0" if dtype.kind == "S" else "\0"
            for at, value in enumerate(values):
                if fits(value) and value.endswith(nul):  # which NumPy cuts off
                    raise Misfit(f"a value of {dtype}, which does not end in NUL", value, at)
            if pa.types.is_null(array.type):
                return np.full(len(values), "NaT" if dtype.kind in "mM" else np.nan, dtype)
            return np.array(values, dtype.kind) if all(map(_is_text(dtype), values)) else np.array(values, object)
        if pa.types.is_struct(array.type) and dtype.kind == "c":
            real, imag = (_numbers(array.field(part)) for part in ("real", "imag"))
            made = real.astype("c16") if real.dtype.itemsize == 8 else real.astype("c8")
            made.imag = imag
            made[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
            return made
        if pa.types.is_integer(array.type) and dtype.kind in "mM":
            found = _numbers(array.cast(pa.int64()).fill_null(-(2**63)))
            return found.view(dtype.newbyteorder("="))
        if self._given.text and dtype == np.dtype("f2"):
            return _numbers(array).astype(dtype)  # text stands for the nearest value
        return _numbers(array)


def _is_text(dtype: np.dtype[Any]) -> Any:
    wanted = bytes if dtype.kind == "S" else str
    return lambda value: isinstance(value, wanted)


def _numbers(array: Any) -> Array:
    found: Array = array.to_numpy(zero_copy_only=False)
    return found


def _parted(
    keys: list[Any], which: Array, times: Array, columns: dict[str, Array]
) -> Iterator[tuple[Any, Array, dict[str, Array]]]:
    """The ticks of each series, in the order in which they came."""
    if len(keys) == 1:
        yield keys[0], times, columns
        return
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(keys))).tolist()
    start = 0
    for key, end in zip(keys, ends, strict=True):
        rows = order[start:end]
        yield key, times[rows], {name: values[rows] for name, values in columns.items()}
        start = end
