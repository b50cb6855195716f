"""The answer to a query: complete, and independent of the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zlmdb.columns import extras, timekinds
from zlmdb.columns.arrays import pandas_of, polars_of

__all__ = ["Result", "as_declared"]


class Result:
    """The rows that a query gave. They are in memory, and stay valid when the transaction and the database are gone.

    Iterating gives tuples of Python values: UUIDs as uuid.UUID, times with a zone in UTC, those finer than a
    microsecond as numpy.datetime64.
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
        for batch in self._table.to_batches(max_chunksize=4096):
            yield from zip(*map(_python, batch.columns), strict=True)

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


def _python(column: Any) -> list[Any]:
    pa = extras.pyarrow()
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            return timekinds.AWARE.with_none().from_arrow(column)
        if column.type.unit == "ns":
            return timekinds.DATETIME64.with_none().from_arrow(column)
    found: list[Any] = column.to_pylist()
    return found


def as_declared(table: Any, types: list[str]) -> Any:
    """The table that DuckDB made, with UUIDs and large integers as such again, which it gives as text and decimals.

    Args:
        table: a pyarrow.Table.
        types: DuckDB's names of the columns' types.
    """
    pa = extras.pyarrow()
    columns = []
    for column, kind in zip(table.columns, types, strict=True):
        if kind == "UUID":
            column = _uuids(column, pa)
        elif kind in ("HUGEINT", "UHUGEINT"):
            try:
                column = column.cast(pa.int64())
            except pa.ArrowInvalid:
                pass  # a sum that an int64 cannot hold stays decimal
        columns.append(column)
    return pa.Table.from_arrays(columns, names=table.column_names)


def _uuids(column: Any, pa: Any) -> Any:
    chunks = []
    for chunk in column.chunks:
        raw = [None if text is None else bytes.fromhex(text.replace("-", "")) for text in chunk.to_pylist()]
        chunks.append(pa.ExtensionArray.from_storage(pa.uuid(), pa.array(raw, pa.binary(16))))
    return pa.chunked_array(chunks, pa.uuid())
