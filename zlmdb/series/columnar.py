"""The methods of series that hand out whole tables as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic

from zlmdb._typing import K
from zlmdb.columns.output import BATCH_ROWS
from zlmdb.series.base import Bounds
from zlmdb.series.reading import Reading
from zlmdb.series.times import Moment

if TYPE_CHECKING:
    from zlmdb.series.scan import Scan

__all__ = ["Columnar"]


class Columnar(Reading[K], Generic[K]):
    """All ticks of all series, as Arrow, NumPy, pandas and Polars have them.

    The columns are the key (``key``; ``key_0``, ``key_1`` and so on, if it is a tuple), ``time``, and those declared.
    """

    def _scan(
        self, columns: Sequence[str] | None, where: Any, t0: Any, t1: Any, bounds: str, batch_rows: int = BATCH_ROWS
    ) -> Scan:
        from zlmdb.series.scan import Scan  # not before it is needed: most programs never make columns

        self._require()
        return Scan(self, columns, where, *self._range(t0, t1, bounds), batch_rows)

    def to_arrow(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        t0: Moment | None = None,
        t1: Moment | None = None,
        bounds: Bounds = "[)",
        batch_rows: int = BATCH_ROWS,
    ) -> Any:
        """The ticks of all series as a pyarrow.RecordBatchReader, which reads them as batches are taken from it.

        They come series by series, in order of keys, and in each in order of time. The batches are the program's own:
        they stay valid after the transaction. :meth:`range` gives one series.

        Args:
            columns: names of the wanted columns, in the wanted order; None for all. Others are not read.
            where: an expression over columns such as ``pyarrow.compute.field("price") > 1``; None for all ticks.
            t0: from which time on; None: from the beginning. Chunks outside of the range are not read.
            t1: up to which time; None: to the end.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".
            batch_rows: how many ticks a batch has at most, and how many are in memory at a time.

        Raises:
            MissingExtra: if pyarrow is not installed.
            SchemaError: if there is no such column.
            ValueError: if `bounds` is none of the four, or `batch_rows` is not a positive number.
            TransactionClosed: while batches are read, if the transaction has ended.

        >>> import zlmdb, numpy as np
        >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de013")
        ... class Rain(zlmdb.Series[str]):
        ...     mm = zlmdb.column("f8")
        >>> with zlmdb.open(":memory:", [Rain]) as db, db.begin(write=True) as txn:
        ...     txn[Rain].append("Bonn", np.arange(2), mm=[0.5, 1.5])
        ...     txn[Rain].append("Ulm", 7, mm=2.5)
        ...     txn[Rain].to_arrow(["key", "mm"]).read_all().to_pydict()
        {'key': ['Bonn', 'Bonn', 'Ulm'], 'mm': [0.5, 1.5, 2.5]}
        """
        return self._scan(columns, where, t0, t1, bounds, batch_rows).reader()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The ticks of all series as an Arrow stream, for every program that speaks Arrow's C interface."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_numpy(
        self,
        columns: Sequence[str] | None = None,
        *,
        t0: Moment | None = None,
        t1: Moment | None = None,
        bounds: Bounds = "[)",
    ) -> dict[str, Any]:
        """The ticks of all series as a dict of NumPy arrays, one for each column; the program's own.

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once; but pyarrow is not needed.

        >>> import numpy as np, zlmdb
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5c000000000e")
        ... class Prices(zlmdb.Series[str]):
        ...     price = zlmdb.column("f8")
        >>> hours = np.arange("2026-01-02T00", "2026-01-02T06", dtype="M8[h]")
        >>> with zlmdb.open(":memory:", Prices) as db, db.begin(write=True) as txn:
        ...     prices = txn[Prices]
        ...     prices.append("ETH", hours, price=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        ...     sorted(prices.to_numpy(["key", "price"]))
        ['key', 'price']
        """
        return self._scan(columns, None, t0, t1, bounds).numpy()

    def to_pandas(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        t0: Moment | None = None,
        t1: Moment | None = None,
        bounds: Bounds = "[)",
    ) -> Any:
        """The ticks of all series as a pandas.DataFrame, which holds all of them and stays valid.

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once; MissingExtra also without pandas.
        """
        from zlmdb.columns.arrays import pandas_of
        from zlmdb.columns.extras import pandas

        pandas("to_pandas()")
        return pandas_of(self.to_arrow(columns, where=where, t0=t0, t1=t1, bounds=bounds).read_all())

    def to_polars(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Any = None,
        t0: Moment | None = None,
        t1: Moment | None = None,
        bounds: Bounds = "[)",
    ) -> Any:
        """The ticks of all series as a polars.DataFrame, which holds all of them and stays valid.

        Args: as for :meth:`to_arrow`.

        Raises: what :meth:`to_arrow` does, at once; MissingExtra also without polars.
        """
        from zlmdb.columns.arrays import polars_of
        from zlmdb.columns.extras import polars

        polars("to_polars()")
        return polars_of(self.to_arrow(columns, where=where, t0=t0, t1=t1, bounds=bounds).read_all())

    def _zlmdb_scan(self, batch_rows: int) -> Scan:
        from zlmdb.series.scan import Scan

        return Scan(self, batch_rows=batch_rows, plain=True)
