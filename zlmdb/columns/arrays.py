"""Named NumPy arrays as Arrow, pandas and Polars; and Arrow tables as pandas and Polars.

What has a time and named arrays of one length (a slice of a series, a result) comes out through these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.kind import objects
from zlmdb.columns.lookup import kind_of_values

__all__ = [
    "arrow_array",
    "arrow_reader",
    "arrow_table",
    "arrow_type",
    "pandas_frame",
    "pandas_of",
    "polars_frame",
    "polars_of",
]


def arrow_array(values: Any) -> Any:
    """The Arrow array of a NumPy array; of numbers without a copy, where it is contiguous."""
    import numpy as np

    pa = extras.pyarrow("to_arrow()")
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"expected arrays of one dimension, found one of {array.ndim}")
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(array, mask=np.ma.getmaskarray(values))
    if array.dtype.kind == "O":
        held = array.tolist()
        return kind_of_values(held).to_arrow(held)
    if array.dtype.kind == "V" and array.dtype.names is not None:
        return pa.StructArray.from_arrays(
            [arrow_array(array[name]) for name in array.dtype.names], list(array.dtype.names)
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "c":
        return pa.StructArray.from_arrays([pa.array(np.real(array)), pa.array(np.imag(array))], ["real", "imag"])
    if array.dtype.kind in "mM":
        return _times(array, pa)
    return pa.array(array)


#: Units of NumPy's times that Arrow has none of, and those that hold them without loss.
_UNITS = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s"}


def _times(array: Any, pa: Any) -> Any:
    """Times and durations: in a unit that Arrow has, if that loses nothing; as numbers of their own unit otherwise."""
    import numpy as np

    letter = array.dtype.kind
    unit, count = np.datetime_data(array.dtype)
    wanted = _UNITS.get(unit, unit)
    if letter == "m" and wanted == "D":
        wanted = "s"  # Arrow has no durations of days
    if unit in ("ps", "fs", "as", "generic") or (letter == "m" and unit in ("Y", "M")):
        return pa.array(array.astype(np.int64), mask=np.isnat(array))
    if wanted == unit and count == 1:
        return pa.array(array)
    there = ~np.isnat(array)
    try:
        found = array.astype(f"{letter}8[{wanted}]")
        lost = array[(found.astype(array.dtype) != array) & there]
        if not len(lost):
            return pa.array(found)
    except OverflowError:  # from NumPy 2.5 on; before, times out of range are wrapped around, which is seen above
        numbers = array.astype(np.int64)
        lost = array[there][[np.argmax(np.abs(numbers[there]))]]
    raise ValueError(f"expected times that Arrow can hold in units of {wanted}, found {lost[0]!r}")


def arrow_type(dtype: Any) -> Any:
    """The type of the Arrow column of an array.

    >>> import numpy as np
    >>> arrow_type(np.dtype("M8[ns]")), arrow_type(np.dtype("u4"))
    (TimestampType(timestamp[ns]), DataType(uint32))
    """
    import numpy as np

    return arrow_array(np.empty(0, dtype)).type


def arrow_table(arrays: Mapping[str, Any]) -> Any:
    """A pyarrow.Table of named arrays.

    Args:
        arrays: arrays of one dimension and the same length, by name; masked ones give nulls, and NaT does. Numbers are
            not copied, so the table is valid as long as their memory is.

    Raises:
        MissingExtra: if pyarrow is not installed.
        ValueError: if an array has several dimensions, or another length.

    >>> import numpy as np
    >>> arrow_table({"price": np.array([1.5, 2.5])}).column("price").to_pylist()
    [1.5, 2.5]
    """
    pa = extras.pyarrow("to_arrow()")
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"expected arrays of one length, found {lengths}")
    return pa.table({name: arrow_array(values) for name, values in arrays.items()})


def arrow_reader(arrays: Mapping[str, Any], batch_rows: int = 65_536) -> Any:
    """A pyarrow.RecordBatchReader of named arrays; see :func:`arrow_table`.

    >>> import numpy as np
    >>> arrow_reader({"a": np.arange(5)}, batch_rows=2).read_all().num_rows
    5
    """
    return arrow_table(arrays).to_reader(max_chunksize=batch_rows)


def pandas_frame(arrays: Mapping[str, Any]) -> Any:
    """A pandas.DataFrame of named arrays, as :func:`arrow_table` takes them; the data is copied.

    >>> import numpy as np
    >>> pandas_frame({"a": np.arange(3)})["a"].sum().item()
    3
    """
    pd = extras.pandas("to_pandas()")
    import numpy as np

    columns = {}
    for name, values in arrays.items():
        if isinstance(values, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(values)
            array = pd.arrays.BooleanArray if values.dtype.kind == "b" else pd.arrays.IntegerArray
            columns[name] = pd.Series(array(np.ma.getdata(values).copy(), mask.copy()))
        else:
            columns[name] = pd.Series(np.array(values))
    return pd.DataFrame(columns)


def polars_frame(arrays: Mapping[str, Any]) -> Any:
    """A polars.DataFrame of named arrays, as :func:`arrow_table` takes them.

    >>> import numpy as np
    >>> polars_frame({"a": np.arange(3)})["a"].sum()
    3
    """
    extras.polars("to_polars()")
    return polars_of(arrow_table(arrays))


def pandas_of(table: Any) -> Any:
    """The pandas.DataFrame of a pyarrow.Table: nullable columns of integers and bools get pandas' nullable types, UUIDs
    become objects of uuid.UUID, maps dicts, and what NumPy has no type for objects of Python.
    """
    pd = extras.pandas("to_pandas()")
    pa = extras.pyarrow("to_pandas()")
    nullable = {
        pa.int64(): pd.Int64Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int8(): pd.Int8Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if field.type == pa.uuid() or pa.types.is_nested(field.type):
            columns.append(pd.Series(objects(column.to_pylist(maps_as_pydicts="strict")), dtype=object))
        elif field.nullable and field.type in nullable:
            columns.append(column.to_pandas(types_mapper=nullable.get))
        else:
            columns.append(column.to_pandas())
    frame = pd.concat(columns, axis=1, ignore_index=True) if columns else pd.DataFrame(index=range(table.num_rows))
    frame.columns = pd.Index(table.column_names, dtype=object) if columns else frame.columns
    return frame


def polars_of(table: Any) -> Any:
    """The polars.DataFrame of a pyarrow.Table; UUIDs are columns of 16 bytes."""
    pl = extras.polars("to_polars()")
    pa = extras.pyarrow("to_polars()")
    twice = next((name for name in table.column_names if table.column_names.count(name) > 1), None)
    if twice is not None:
        raise errors.ValueTypeError(
            f"Polars has no two columns of one name, and there are several {twice}: name them apart (in SQL with AS)",
            field=twice,
        )
    for field in table.schema:
        if pa.types.is_interval(field.type) or pa.types.is_decimal256(field.type) or pa.types.is_union(field.type):
            raise errors.ValueTypeError(
                f"column {field.name}: Polars has no type for {field.type}; take it with to_arrow()", field=field.name
            )
    plain = [
        column.cast(pa.binary(16)).cast(pa.binary()) if field.type == pa.uuid() else column
        for field, column in zip(table.schema, table.columns, strict=True)
    ]
    return pl.from_arrow(pa.table(plain, names=table.column_names))
