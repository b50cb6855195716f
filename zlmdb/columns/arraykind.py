"""Columns of NumPy arrays: numbers as such, arrays as lists, structured ones as structs.

They come back with their number of dimensions and the type of their elements, in the machine's byte order; text and
bytes as wide as the longest of the array. The sizes of dimensions inside of one of size 0 are not kept.

Fields of FlatBuffers that are vectors of numbers declare the type of their elements, and may be None.
"""

from __future__ import annotations

import math
from typing import Any

from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit, decoded, objects

__all__ = ["Arrays", "Vectors", "is_array"]


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

    @property
    def nullable(self) -> bool:
        return self.optional or (self.dimensions == 0 and self.dtype.kind in "mM")  # NaT is null

    def settle(self, values: Any) -> Kind:
        import numpy as np

        first = next((value for value in values if value is not None), None)
        if first is None:
            return Arrays(np.dtype("f8"), 1)
        return Arrays(first.dtype.newbyteorder("="), first.ndim)

    def clean(self, values: Any) -> Any:
        for at, value in enumerate(values):
            if value is None:
                if not self.optional:
                    raise Misfit(self.expects, None, at)
                continue
            if not is_array(value):
                raise Misfit(self.expects, value, at)
            alike = value.dtype.newbyteorder("=") == self.dtype or value.dtype.kind == self.dtype.kind in "US"
            if not alike or value.ndim != self.dimensions:
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
        empty = np.empty((0,) * self.dimensions, self.dtype)
        arrays = [empty if value is None else np.asarray(value) for value in values]
        flat = np.concatenate([array.reshape(-1) for array in arrays]) if arrays else np.empty(0, self.dtype)
        found = _leaves(flat, pa)
        for level in reversed(range(self.dimensions)):
            sizes = [np.full(math.prod(array.shape[:level]), array.shape[level], np.int64) for array in arrays]
            offsets = np.cumsum(np.concatenate([np.zeros(1, np.int64), *sizes]))
            if offsets[-1] >= 2**31:
                raise Misfit("fewer than 2**31 elements in a batch; give a smaller batch_rows", f"\0{offsets[-1]}")
            missing = np.array([value is None for value in values], bool) if level == 0 else None
            mask = None if missing is None or not missing.any() else pa.array(missing)
            found = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), found, mask=mask)
        return found

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        values = self.clean(values)
        shapes = {None if value is None else value.shape for value in values}
        if len(shapes) == 1 and None not in shapes:
            return np.stack([np.asarray(value) for value in values])
        return objects([None if value is None else np.array(value) for value in values])

    def from_arrow(self, array: Any) -> list[Any]:
        pa = pyarrow()
        found = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        levels: list[Any] = []
        while _is_list(found.type, pa):
            if found.null_count:
                at = array.is_null().to_pylist().index(True) if not levels else None
                raise Misfit("numpy.ndarray", None, at)
            levels.append(pa.compute.list_value_length(found).to_numpy(zero_copy_only=False))
            found = found.flatten()
        read = _reader(found, pa)
        done: list[Any] = []
        starts, start = [0] * len(levels), 0
        for at in range(len(array)):
            shape: list[int] = []
            count = 1
            for level, lengths in enumerate(levels):
                part = lengths[starts[level] : starts[level] + count]
                starts[level] += count
                size = int(part[0]) if count else 0
                if (part != size).any():
                    raise Misfit("lists of one length for an array", "\0lists of several lengths", at)
                shape.append(size)
                count *= size
            done.append(read(start, start + count).reshape(shape))
            start += count
        return done


class Vectors(Arrays):
    """NumPy arrays of one dimension, whose elements are of a declared type.

    Args:
        dtype: the type of the elements.
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__(dtype, 1)
        self.expects = f"an array of {dtype} with 1 dimension"

    def settle(self, values: Any) -> Kind:
        return self

    def from_arrow(self, array: Any) -> list[Any]:
        pa = pyarrow()
        found = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        self.refuse_none(found)
        if pa.types.is_null(found.type):
            return [None] * len(found)
        if not _is_list(found.type, pa):
            raise Misfit(self.expects, f"\0a column of {found.type}")
        sizes = pa.compute.list_value_length(found).to_pylist()
        flat = self._exactly(found.flatten(), sizes, pa)
        done: list[Any] = []
        start = 0
        for size in sizes:
            done.append(None if size is None else flat[start : start + size].copy())
            start += size or 0
        return done

    def _exactly(self, found: Any, sizes: list[int | None], pa: Any) -> Any:
        """The elements of all arrays in the declared type.

        Raises:
            Misfit: at the first array of which an element would change.
        """
        import numpy as np

        if not len(found):
            return np.empty(0, self.dtype)
        flat = _elements(found, pa)
        if flat.dtype == self.dtype:
            return flat
        if flat.dtype.kind + self.dtype.kind not in _ALIKE:
            raise Misfit(self.expects, f"\0elements of {found.type}")
        with np.errstate(all="ignore"):
            made = flat.astype(self.dtype)
            kept = (made.astype(flat.dtype) == flat) & _within(flat, made)
        if self.dtype.kind in "fM":
            kept |= flat != flat  # NaN and NaT
        if not kept.all():
            wrong = int(np.argmin(kept))
            ends = np.cumsum([size or 0 for size in sizes])
            raise Misfit(self.expects, flat[wrong].item(), int(np.searchsorted(ends, wrong, side="right")))
        return made


#: The letters of the types of which one is converted to another, where that loses nothing.
_ALIKE = {*(one + other for one in "iuf" for other in "iuf"), "bb", "MM"}


def _within(flat: Any, made: Any) -> Any:
    """Where numbers are in the range of the type that they were converted to; beyond it, NumPy wraps around."""
    import numpy as np

    if flat.dtype.kind == "f" and made.dtype.kind in "iu":
        bounds = np.iinfo(made.dtype)
        return (flat >= float(bounds.min)) & (flat < float(bounds.max) + 1)
    if flat.dtype.kind in "iu" and made.dtype.kind == "f":
        return made < float(np.iinfo(flat.dtype).max) + 1  # 2**63 comes back as the largest int64 on some machines
    return (made < made.dtype.type(0)) == (flat < flat.dtype.type(0)) if flat.dtype.kind in "iu" else True


def is_array(given: Any) -> bool:
    """True for arrays of NumPy, which is not imported for that."""
    return any(cls.__name__ == "ndarray" and cls.__module__ == "numpy" for cls in type(given).__mro__)


def _is_list(found: Any, pa: Any) -> bool:
    tests = pa.types
    return bool(tests.is_list(found) or tests.is_large_list(found) or tests.is_fixed_size_list(found))


def _native(array: Any) -> Any:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _leaves(flat: Any, pa: Any) -> Any:
    """The Arrow array of the elements of an array of one dimension."""
    import numpy as np

    dtype = flat.dtype
    if dtype.names is not None:
        fields = list(_type_of(dtype))
        parts = []
        for field, name in zip(fields, dtype.names, strict=True):
            part = _leaves(np.ascontiguousarray(flat[name]).reshape(-1), pa)
            for at in reversed(range(1, flat[name].ndim)):
                part = pa.FixedSizeListArray.from_arrays(part, flat[name].shape[at])
            parts.append(part if part.type == field.type else part.cast(field.type))
        return pa.StructArray.from_arrays(parts, fields=fields)
    if dtype.kind in "USV":
        return pa.array(flat.tolist(), _type_of(dtype))
    return pa.array(_native(np.ascontiguousarray(flat)), _type_of(dtype))


def _reader(found: Any, pa: Any) -> Any:
    """A function that gives the elements between two places as an array of one dimension, which is a copy."""
    import numpy as np

    found = decoded(found)
    if pa.types.is_string(found.type) or pa.types.is_large_string(found.type):
        text = _without_null(found).to_pylist()
        return lambda start, stop: np.array(text[start:stop], np.str_)  # as wide as the longest
    if pa.types.is_binary(found.type) or pa.types.is_large_binary(found.type):
        raw = _without_null(found).to_pylist()
        return lambda start, stop: np.array(raw[start:stop], np.bytes_)
    flat = _elements(found, pa)
    return lambda start, stop: flat[start:stop].copy()


def _without_null(found: Any) -> Any:
    if found.null_count:
        raise Misfit("an array without nulls", None)
    return found


def _elements(found: Any, pa: Any) -> Any:
    """The NumPy array of elements of one size."""
    import numpy as np

    found = decoded(found)
    if pa.types.is_struct(found.type) and len(found.type):
        _without_null(found)
        parts = {field.name: _elements(found.field(at), pa) for at, field in enumerate(found.type)}
        types = [(name, part.dtype, part.shape[1:]) for name, part in parts.items()]
        made = np.empty(len(found), np.dtype(types))
        for name, part in parts.items():
            made[name] = part
        return made
    if pa.types.is_fixed_size_list(found.type):
        size = found.type.list_size
        inner = _elements(_without_null(found).flatten(), pa)
        return inner.reshape(len(found), size, *inner.shape[1:])
    if pa.types.is_string(found.type):
        return np.array(_without_null(found).to_pylist(), np.str_)
    if pa.types.is_binary(found.type):
        return np.array(_without_null(found).to_pylist(), np.bytes_)
    if pa.types.is_fixed_size_binary(found.type):
        return np.array(_without_null(found).to_pylist(), f"V{found.type.byte_width}")
    if pa.types.is_timestamp(found.type) or pa.types.is_date32(found.type) or pa.types.is_duration(found.type):
        held: Any = found.to_numpy(zero_copy_only=False)  # null is NaT
        return held
    if not (pa.types.is_integer(found.type) or pa.types.is_floating(found.type) or pa.types.is_boolean(found.type)):
        raise Misfit("numpy.ndarray", f"\0elements of {found.type}")
    return _without_null(found).to_numpy(zero_copy_only=False)


def _type_of(dtype: Any) -> Any:
    pa = pyarrow()
    if dtype.names is not None:
        return pa.struct([(name, _type_of(dtype.fields[name][0])) for name in dtype.names])
    if dtype.subdtype is not None:
        found = _type_of(dtype.subdtype[0])
        for size in reversed(dtype.subdtype[1]):
            found = pa.list_(found, size)
        return found
    if dtype.kind == "U":
        return pa.string()
    if dtype.kind == "S":
        return pa.binary()
    if dtype.kind == "V":
        return pa.binary(dtype.itemsize)
    try:
        return pa.from_numpy_dtype(dtype.newbyteorder("="))
    except (pa.ArrowNotImplementedError, ValueError):
        raise Misfit("an array of a type that Arrow has", f"\0an array of {dtype}") from None
