"""Columns of NumPy arrays: numbers as such, arrays as lists, structured ones as structs."""

from __future__ import annotations

from typing import Any

from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit, objects

__all__ = ["Arrays"]


class Arrays(Kind):
    """NumPy arrays, all of one type and number of dimensions: those of the first one.

    Args:
        dtype: the type; None until the first one has told.
        dimensions: their number.
    """

    expects = "numpy.ndarray"

    def __init__(self, dtype: Any = None, dimensions: int = 0) -> None:
        self.dtype = dtype
        self.dimensions = dimensions
        if dtype is not None:
            self.expects = f"an array of {dtype} with {dimensions} dimensions, as the rows before"

    @property
    def settled(self) -> bool:
        return self.dtype is not None

    def settle(self, values: Any) -> Kind:
        import numpy as np

        first = next((value for value in values if value is not None), None)
        if first is None:
            return Arrays(np.dtype("f8"), 1)
        return Arrays(first.dtype.newbyteorder("="), first.ndim)

    def clean(self, values: Any) -> Any:
        for at, value in enumerate(values):
            if value.dtype.newbyteorder("=") != self.dtype or value.ndim != self.dimensions:
                raise Misfit(self.expects, f"\0an array of {value.dtype} with {value.ndim} dimensions", at)
        return values

    def arrow_type(self) -> Any:
        found = _type_of(self.dtype)
        for _ in range(self.dimensions):
            found = pyarrow().list_(found)
        return found

    def to_arrow(self, values: Any) -> Any:
        import numpy as np

        pa = pyarrow()
        values = self.clean(values)
        if self.dimensions != 1 or self.dtype.names is not None or self.dtype.subdtype is not None:
            return pa.array([_plain(value) for value in values], self.arrow_type())
        if not values:
            return pa.array([], self.arrow_type())
        items = pa.array(_native(np.concatenate([np.asarray(value) for value in values])), _type_of(self.dtype))
        offsets = np.zeros(len(values) + 1, np.int32)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        return pa.ListArray.from_arrays(pa.array(offsets), items)

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        values = self.clean(values)
        if len({value.shape for value in values}) == 1:
            return np.stack([np.asarray(value) for value in values])
        return objects([np.array(value) for value in values])

    def from_arrow(self, array: Any) -> list[Any]:
        import numpy as np

        if array.null_count:
            raise Misfit("numpy.ndarray", None, array.is_null().to_pylist().index(True))
        return [np.asarray(value.values.to_numpy(zero_copy_only=False)) for value in array]


def _native(array: Any) -> Any:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _plain(value: Any) -> Any:
    import numpy as np

    found = np.asarray(value)
    if found.dtype.names is None:
        return found.tolist() if found.dtype.kind not in "mM" else _native(found).tolist()
    if found.ndim:
        return [_plain(item) for item in found]
    return {name: _plain(found[name]) for name in found.dtype.names}


def _type_of(dtype: Any) -> Any:
    pa = pyarrow()
    if dtype.names is not None:
        return pa.struct([(name, _type_of(dtype.fields[name][0])) for name in dtype.names])
    if dtype.subdtype is not None:
        found = _type_of(dtype.subdtype[0])
        for _ in dtype.subdtype[1]:
            found = pa.list_(found)
        return found
    if dtype.kind == "U":
        return pa.string()
    if dtype.kind in "SV":
        return pa.binary()
    try:
        return pa.from_numpy_dtype(dtype.newbyteorder("="))
    except pa.ArrowNotImplementedError:
        raise Misfit("an array of a type that Arrow has", f"\0an array of {dtype}") from None
