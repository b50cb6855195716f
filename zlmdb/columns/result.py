"""The answer to a query: complete, and independent of the database."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras, timekinds
from zlmdb.columns.arrays import pandas_of, polars_of
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.columns.lookup import Undeclared
from zlmdb.columns.nested import Listed, Mapped, Record
from zlmdb.values.records import FieldInfo, RecordInfo

__all__ = ["Result", "as_declared"]


class Result:
    """The rows that a query gave. They are in memory, and stay valid when the transaction and the database are gone.

    Iterating gives tuples of Python values: UUIDs as uuid.UUID, times with a zone in UTC, those finer than a
    microsecond as numpy.datetime64, intervals as datetime.timedelta (those of months as pyarrow.MonthDayNano), structs
    and maps as dicts. It raises QueryError at what Python has no value for, as an infinite date.

    >>> import zlmdb
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5d0000000002")
    ... class Words(zlmdb.MapStringOid):
    ...     "How often a word was seen."
    >>> with zlmdb.open(":memory:", Words) as db:
    ...     found = db.sql("select count(*) as words from words")
    >>> found.names, found.fetchall()
    (['words'], [(0,)])
    """

    def __init__(self, table: Any) -> None:
        self._table = table

    def __repr__(self) -> str:
        return f"<result of {len(self)} rows: {', '.join(self.names)}>"

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self._table.column_names)

    def __len__(self) -> int:
        rows: int = self._table.num_rows
        return rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        done = 0
        for batch in self._table.to_batches(max_chunksize=4096):
            columns = [_python(held, name, done) for held, name in zip(batch.columns, self.names, strict=True)]
            yield from zip(*columns, strict=True)
            done += batch.num_rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows, as tuples."""
        return list(self)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None if there is none."""
        return next(iter(self), None)

    def to_arrow(self) -> Any:
        """The rows as a pyarrow.Table."""
        return self._table

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """The rows as a pandas.DataFrame.

        Raises:
            MissingExtra: if pandas is not installed.
        """
        return pandas_of(self._table)

    def to_polars(self) -> Any:
        """The rows as a polars.DataFrame.

        Raises:
            MissingExtra: if polars is not installed.
        """
        return polars_of(self._table)


class _Leaf(Undeclared):
    """Values that pyarrow makes objects of, where Python has such objects."""

    def from_arrow(self, array: Any) -> list[Any]:
        pa = extras.pyarrow()
        found = timekinds.python_values(array)
        if pa.types.is_timestamp(array.type) and array.type.tz is not None:
            return [value if value is None else value.astimezone(dt.UTC) for value in found]
        return found


def _kind(found: Any, pa: Any) -> Kind:
    """What the objects of an Arrow type are."""
    kind: Kind
    if pa.types.is_list(found) or pa.types.is_large_list(found) or pa.types.is_fixed_size_list(found):
        kind = Listed(list, _kind(found.value_type, pa))
    elif pa.types.is_map(found):
        kind = Mapped(_kind(found.key_type, pa), _kind(found.item_type, pa))
    elif pa.types.is_struct(found) and len(found):
        fields = {field.name: FieldInfo(field.name, Any, True, False) for field in found}
        kind = Record(RecordInfo(dict, "typeddict", fields), [_kind(field.type, pa) for field in found])
    elif pa.types.is_timestamp(found) and found.unit == "ns" and found.tz is None:
        kind = timekinds.DATETIME64
    else:
        kind = _Leaf()
    return kind.with_none()


def _python(column: Any, name: str, before: int) -> list[Any]:
    pa = extras.pyarrow()
    try:
        return _kind(column.type, pa).from_arrow(column)
    except Misfit as wrong:
        row = "" if wrong.at is None else f", row {before + wrong.at + 1}"
        raise errors.QueryError(
            f"column {name}{row}: expected {wrong.expected}, found {wrong.found}; to_arrow() gives it as it is",
            field=name,
            expected=wrong.expected,
            found=wrong.found,
        ) from None


def as_declared(table: Any, types: list[Any]) -> Any:
    """The table that DuckDB made, with UUIDs, durations and large integers as such again, also inside of others.

    DuckDB gives them as text, as intervals and as decimals.

    Args:
        table: a pyarrow.Table.
        types: DuckDB's types of the columns.

    Raises:
        QueryError: if a column is of a type of which Arrow would lose a part.
    """
    columns = []
    for name, column, kind in zip(table.column_names, table.columns, types, strict=True):
        unknown = _unknown(kind)
        if unknown is not None:
            raise errors.QueryError(f"column {name}: {unknown}; ask for it as text, with ::varchar", field=name)
        columns.append(_restored(column, kind) if _changes(kind) else column)
    pa = extras.pyarrow()
    return pa.Table.from_arrays(columns, names=table.column_names)


#: Types of which Arrow has a part only, or nothing but DuckDB's own bytes.
_UNKNOWN = {
    "time with time zone": "a time of day with a zone loses the zone in Arrow",
    "bit": "Arrow has no type for a string of bits",
    "bignum": "Arrow has no type for an integer of any size",
}


def _unknown(kind: Any) -> str | None:
    """What cannot be had of a type, or of one inside of it; None if all of it can."""
    if kind.id in ("list", "array", "struct", "map", "union"):
        found = [_unknown(part) for name, part in kind.children if not isinstance(part, int)]
        return next((text for text in found if text is not None), None)
    return _UNKNOWN.get(kind.id)


_CHANGED = ("uuid", "hugeint", "uhugeint", "interval")


def _changes(kind: Any) -> bool:
    if kind.id in ("list", "array", "struct", "map"):
        return any(_changes(part) for name, part in kind.children if name != "size")
    return kind.id in _CHANGED


def _restored(column: Any, kind: Any) -> Any:
    """The column, as one chunk, because all of it has one type."""
    whole = column.combine_chunks()
    pa = extras.pyarrow()
    if isinstance(whole, pa.ChunkedArray):
        if whole.num_chunks > 1:
            return column  # text that is too long for one: left as DuckDB gave it
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
    return pa.chunked_array([_array(whole, kind, pa)])


def _array(array: Any, kind: Any, pa: Any) -> Any:
    if not _changes(kind):
        return array
    mask = array.is_null() if array.null_count else None
    if kind.id == "uuid":
        raw = [None if text is None else bytes.fromhex(text.replace("-", "")) for text in array.to_pylist()]
        return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(raw, pa.binary(16)))
    if kind.id == "list":
        return type(array).from_arrays(array.offsets, _array(array.values, kind.child, pa), mask=mask)
    if kind.id == "array":
        size = array.type.list_size
        return pa.FixedSizeListArray.from_arrays(_array(array.values, kind.children[0][1], pa), size, mask=mask)
    if kind.id == "struct":
        parts = [_array(array.field(at), part, pa) for at, (_, part) in enumerate(kind.children)]
        return pa.StructArray.from_arrays(parts, [name for name, _ in kind.children], mask=mask)
    if kind.id == "map":
        keys, items = [
            _array(held, part, pa) for held, (_, part) in zip((array.keys, array.items), kind.children, strict=True)
        ]
        # Like this the places of nulls need no room, whatever the offsets say.
        starts = array.offsets.to_pylist()
        gone = array.is_null().to_pylist()
        return pa.MapArray.from_arrays(
            pa.array([None if n < len(gone) and gone[n] else start for n, start in enumerate(starts)], pa.int32()),
            keys,
            items,
        )
    if kind.id == "interval":
        return _durations(array, pa)
    return _integers(array, kind.id, pa)


def _durations(array: Any, pa: Any) -> Any:
    """Intervals as durations; as they are, if there is one of months, which have no one length."""
    found = array.to_pylist()
    if any(value is not None and value.months for value in found):
        return array
    micros = [None if v is None else v.days * 86_400_000_000 + v.nanoseconds // 1000 for v in found]
    try:
        return pa.array(micros, pa.int64()).cast(pa.duration("us"))
    except (OverflowError, pa.ArrowInvalid):
        return array


def _integers(array: Any, name: str, pa: Any) -> Any:
    if name == "uhugeint" and any(value is not None and value < 0 for value in array.to_pylist()):
        # The upper half of the range is not there in a decimal of 128 bits.
        held = [value if value is None or value >= 0 else value + 2**128 for value in map(_whole, array.to_pylist())]
        return pa.array([None if value is None else decimal.Decimal(value) for value in held], pa.decimal256(39, 0))
    try:
        return array.cast(pa.int64())
    except pa.ArrowInvalid:
        return array  # a sum that an int64 cannot hold stays decimal


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
