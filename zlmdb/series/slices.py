"""What is read of a series: times and columns, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zlmdb.errors import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Slice"]


class Slice:
    """Ticks in the order of their times: :attr:`time`, and the columns as attributes or by name.

    Attributes:
        key: the series key; None where the ticks are of none.
        time: datetime64[ns] array.

    Columns are NumPy arrays as long as :attr:`time`. In a transaction begun with ``buffers=True`` they may be read-only
    views of the file, valid until the transaction ends; then they raise ViewExpired. Otherwise they are the program's
    own.

    >>> import zlmdb, numpy as np
    >>> ticks = zlmdb.Slice("EUR", np.array([1, 2], "M8[s]").astype("M8[ns]"), {"price": np.array([1.5, 2.5])})
    >>> len(ticks), ticks.price, ticks["price"].mean()
    (2, array([1.5, 2.5]), np.float64(2.0))
    >>> ticks.to_numpy()["price"]
    array([1.5, 2.5])
    """

    __slots__ = ("_columns", "key", "time")

    def __init__(self, key: Any, time: NDArray[np.datetime64], columns: Mapping[str, NDArray[Any]]) -> None:
        self.key = key
        self.time = time
        self._columns = dict(columns)

    def __len__(self) -> int:
        return len(self.time)

    def __getattr__(self, name: str) -> NDArray[Any]:
        try:
            return self._columns[name]
        except KeyError:
            raise AttributeError(f"this slice has no column {name!r}; it has {', '.join(self._columns)}") from None

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column by its name; "time" gives the times.

        Raises:
            KeyError: if there is no such column.
        """
        if isinstance(name, str):
            if name == "time":
                return self.time
            if name in self._columns:
                return self._columns[name]
        raise KeyError(
            f"this slice has no column {short(name)}; it has time, {', '.join(self._columns)}; "
            "to_numpy() gives ticks by their places, and arrays take masks"
        )

    def __iter__(self) -> Iterator[str]:
        """The names: "time", then the columns."""
        yield "time"
        yield from self._columns

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._columns]

    def __repr__(self) -> str:
        between = f" from {self.time[0]} to {self.time[-1]}" if len(self.time) else ""
        return f"<slice of {self.key!r}: {len(self)} ticks{between}, columns {', '.join(self._columns)}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first ticks."""
        from zlmdb.series import shown

        return shown.ticks(self)

    def __reduce__(self) -> Any:
        return Slice, (self.key, np.array(self.time), {name: np.array(c) for name, c in self._columns.items()})

    def columns(self) -> dict[str, NDArray[Any]]:
        """Times and columns by name, "time" first; the same arrays, as data frames take them.

        >>> import zlmdb, numpy as np
        >>> list(zlmdb.Slice("EUR", np.empty(0, "M8[ns]"), {"price": np.empty(0)}).columns())
        ['time', 'price']
        """
        return {"time": self.time, **self._columns}

    def to_numpy(self) -> NDArray[Any]:
        """A structured array of the ticks, with the fields of :meth:`columns`; a copy.

        >>> import zlmdb, numpy as np
        >>> ticks = zlmdb.Slice("EUR", np.array([1, 2], "M8[ns]"), {"price": np.array([1.5, 2.5])})
        >>> ticks.to_numpy()["price"].tolist()
        [1.5, 2.5]
        """
        arrays = self.columns()
        found = np.empty(len(self), np.dtype([(name, array.dtype) for name, array in arrays.items()]))
        for name, array in arrays.items():
            found[name] = array
        return found

    def to_arrow(self) -> Any:
        """A pyarrow.Table of times and columns. It stays valid, and shares the memory of arrays that are the program's.

        Views of the file (``buffers=True``) are copied. NaT is null.

        Raises:
            MissingExtra: if pyarrow is not installed.
            ViewExpired: if the arrays are views of the file, and their transaction has ended.

        >>> import zlmdb, numpy as np
        >>> ticks = zlmdb.Slice("EUR", np.array([1, 2], "M8[ns]"), {"price": np.array([1.5, 2.5])})
        >>> ticks.to_arrow().column("price").to_pylist()
        [1.5, 2.5]
        """
        from zlmdb.columns.arrays import arrow_table

        return arrow_table(self._lasting())

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Times and columns as an Arrow stream, for every program that speaks Arrow's C interface."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame of times and columns; a copy.

        Raises:
            MissingExtra: if pandas is not installed. ViewExpired: as :meth:`to_arrow`.
        """
        from zlmdb.columns.arrays import pandas_frame

        return pandas_frame(self._lasting())

    def to_polars(self) -> Any:
        """A polars.DataFrame of times and columns, which stays valid.

        Raises:
            MissingExtra: if polars or pyarrow is not installed. ViewExpired: as :meth:`to_arrow`.
        """
        from zlmdb.columns.arrays import polars_frame

        return polars_frame(self._lasting())

    def _lasting(self) -> dict[str, NDArray[Any]]:
        """Times and columns in plain arrays that do not end with the transaction."""
        arrays = self.columns()
        return {name: a if type(a) is np.ndarray else a.copy() for name, a in arrays.items()}

    def detach(self) -> Slice:
        """The same ticks in arrays of their own, which stay when the transaction ends.

        >>> import zlmdb, numpy as np
        >>> ticks = zlmdb.Slice("EUR", np.array([1, 2], "M8[ns]"), {"price": np.array([1.5, 2.5])})
        >>> ticks.detach().price.tolist()
        [1.5, 2.5]
        """
        own = {name: np.array(array, subok=False) for name, array in self._columns.items()}
        return Slice(self.key, np.array(self.time, subok=False), own)
