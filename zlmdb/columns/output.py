"""The methods by which rows become columns, for everything that has rows: maps, selections, indexes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from zlmdb.columns.frame import Frame, Source

__all__ = ["BATCH_ROWS", "Columns", "Output", "is_columns", "named_arrays"]

#: How many rows are read, decoded and handed on together unless something else is asked for.
BATCH_ROWS = 65_536


class Columns(Protocol):
    """What gives its columns through Arrow's C interface: tables of pyarrow, frames of pandas and Polars, our maps.

    >>> import pyarrow as pa
    >>> given: Columns = pa.table({"a": [1]})
    >>> given.__arrow_c_stream__().__class__.__name__
    'PyCapsule'
    """

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A capsule with the stream."""
        ...


def _frame(source: Source, *arguments: Any) -> Frame:
    from zlmdb.columns.frame import Frame  # not before it is needed: most programs never make columns

    return Frame(source, *arguments)


class Output:
    """What gives its rows as columns too.

    The columns are the fields of the declared record, and the parts of the key where the record does not hold them:
    ``key``, or ``key_0``, ``key_1`` and so on. Values that are no records are the column ``value``. Of rows whose type
    is not declared, the first ones tell the columns.

    >>> import zlmdb
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5d0000000001")
    ... class Words(zlmdb.MapStringOid):
    ...     "How often a word was seen."
    >>> with zlmdb.open(":memory:", Words) as db, db.begin(write=True) as txn:
    ...     txn[Words].update({"bee": 3, "beer": 2})
    ...     isinstance(txn[Words], Output), txn[Words].to_numpy()["value"].tolist()
    (True, [3, 2])
    """

    __slots__ = ()

    def _source(self) -> Source:
        raise NotImplementedError

    def to_arrow(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        schema: Any = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Any:
        """The rows as a pyarrow.RecordBatchReader, which reads them from the transaction as batches are taken from it.

        Args:
            columns: names of the wanted columns, in the wanted order; None for all. Others are not decoded.
            where: a function of the row (of key and row, if the rows do not hold their key) that says whether it is
                wanted; or an expression over columns such as ``pyarrow.compute.field("age") > 30``; None for all rows.
            schema: types for columns that are to have others than the declared ones, or that are not declared: a
                mapping of names to types of pyarrow or Python, or a pyarrow.Schema; None for nothing.
            batch_rows: how many rows a batch has at most, and how many are in memory at a time.

        Raises:
            MissingExtra: if pyarrow is not installed.
            SchemaError: if there is no such column.
            ValueTypeError: if a value does not fit its column, naming key and column; also while batches are read.
            DecodeError: if a row cannot be decoded; also while batches are read.
            TransactionClosed: while batches are read, if the transaction has ended.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de0c1")
        ... class Seen(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", [Seen]) as db, db.begin(write=True) as txn:
        ...     txn[Seen].update({"a": 3, "b": 1})
        ...     txn[Seen].to_arrow().read_all().to_pydict()
        {'key': ['a', 'b'], 'value': [3, 1]}
        """
        return _frame(self._source(), columns, where, schema, batch_rows).reader()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The rows as an Arrow stream, for every program that speaks Arrow's C interface."""
        return _frame(self._source()).reader().__arrow_c_stream__(requested_schema)

    def to_numpy(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        schema: Any = None,
        batch_rows: int = BATCH_ROWS,
    ) -> dict[str, Any]:
        """The rows as a dict of NumPy arrays, one for each column.

        Whole columns that may hold None are masked arrays if they hold integers or bools; None is NaN among floats,
        NaT among times, and itself among objects (text, bytes, UUIDs, ...).

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once.

        >>> import zlmdb
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de0c2")
        ... class Seen(zlmdb.MapStringOid):
        ...     "How often a word was seen."
        >>> with zlmdb.open(":memory:", [Seen]) as db, db.begin(write=True) as txn:
        ...     txn[Seen].update({"a": 3, "b": 1})
        ...     txn[Seen].to_numpy(["value"])
        {'value': array([3, 1])}
        """
        return _frame(self._source(), columns, where, schema, batch_rows).numpy()

    def columns(self, *names: str) -> dict[str, Any]:
        """The named columns, or all, as :meth:`to_numpy` gives them."""
        return self.to_numpy(names or None)

    def to_pandas(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        schema: Any = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Any:
        """The rows as a pandas.DataFrame, which holds all of them and stays valid.

        Integers and bools that may be None have pandas' nullable types; UUIDs, days, decimals are objects.

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once; MissingExtra also without pandas.
        """
        from zlmdb.columns.arrays import pandas_of
        from zlmdb.columns.extras import pandas

        pandas("to_pandas()")
        return pandas_of(self.to_arrow(columns, where=where, schema=schema, batch_rows=batch_rows).read_all())

    def to_polars(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        schema: Any = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Any:
        """The rows as a polars.DataFrame, which holds all of them and stays valid. UUIDs are columns of 16 bytes.

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once; MissingExtra also without polars.
        """
        from zlmdb.columns.arrays import polars_of
        from zlmdb.columns.extras import polars

        polars("to_polars()")
        return polars_of(self.to_arrow(columns, where=where, schema=schema, batch_rows=batch_rows).read_all())


def named_arrays(given: Any) -> Mapping[str, Any] | None:
    """The NumPy arrays of a mapping, as to_numpy() gives them, or the fields of a structured array; None if it is
    something else.
    """
    if isinstance(given, Mapping):
        found = bool(given) and all(map(_is_array, given.values()))
        return given if found else None
    names = getattr(getattr(given, "dtype", None), "names", None)
    if names is None or not _is_array(given) or given.ndim != 1:
        return None
    return {name: given[name] for name in names}


def _is_array(given: Any) -> bool:
    return type(given).__name__ in ("ndarray", "MaskedArray", "recarray") and hasattr(given, "dtype")


def is_columns(given: Any) -> bool:
    """True if something holds columns: a path, an Arrow object, a frame of pandas or Polars, NumPy arrays by name.

    >>> import numpy as np
    >>> is_columns({"a": np.arange(3)}), is_columns("days.parquet"), is_columns([1, 2])
    (True, True, False)
    """
    if isinstance(given, (str, os.PathLike)):
        return True
    if isinstance(given, Output):
        return False
    if isinstance(given, Mapping) or _is_array(given):
        return named_arrays(given) is not None  # columns, or rows that are arrays: the table's key tells
    package = type(given).__module__.partition(".")[0]
    return (
        hasattr(given, "__arrow_c_stream__")
        or hasattr(given, "__arrow_c_array__")
        or package in ("pandas", "pyarrow", "polars")
    )
