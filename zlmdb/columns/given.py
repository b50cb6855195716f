"""Arrow arrays of Python objects, as data frames and arrays of objects hold them.

The declared kind says what lists, dicts and records are; what is inside of them gets the type that pyarrow sees in it,
and is checked against what is declared when values are made of the array.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from zlmdb.columns.arraykind import Arrays, Vectors, is_array
from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.columns.leaves import leaves
from zlmdb.columns.nested import Listed, Mapped, Record, Tupled, offsets_of

__all__ = ["array_of", "filled"]


def filled(values: Sequence[Any], nan: bool) -> list[Any]:
    """The values with None for what pandas takes for missing.

    Args:
        values: objects.
        nan: whether NaN is a value, not something missing.
    """
    pd = sys.modules.get("pandas")
    missing = () if pd is None else (pd.NA, pd.NaT)
    return [
        None if any(v is m for m in missing) or (not nan and isinstance(v, float) and v != v) else v for v in values
    ]


def array_of(values: list[Any], kind: Kind | None) -> Any:
    """The Arrow array of some objects.

    Args:
        values: the objects; None where there is none.
        kind: what is declared; None if nothing is.

    Raises:
        Misfit: at the first value that is nothing of the kind.
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: if the values are of several types.
    """
    if isinstance(kind, Mapped):
        return _maps(values, kind)
    if isinstance(kind, Listed):
        return _lists(values, kind)
    if isinstance(kind, (Record, Tupled)):
        return _structs(values, kind)
    if isinstance(kind, Arrays) or (kind is None and any(isinstance(v, (list, tuple)) or is_array(v) for v in values)):
        return _arrays(values, kind)
    return leaves(filled(values, True), kind)


def _inside(offsets: list[int | None], values: list[Any], kind: Kind | None) -> Any:
    try:
        return array_of(values, kind)
    except Misfit as wrong:
        if wrong.at is not None:
            wrong.at = max(at for at, start in enumerate(offsets[:-1]) if start is not None and start <= wrong.at)
        raise


def _lists(values: list[Any], kind: Listed) -> Any:
    pa = pyarrow()
    for at, value in enumerate(values):
        if value is not None and not isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "dtype"):
            raise Misfit(kind.expects, value, at)
    offsets = offsets_of(values)
    items = _inside(offsets, [item for value in values if value is not None for item in value], kind.parts[0])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items)


def _arrays(values: list[Any], kind: Arrays | None) -> Any:
    """The Arrow array of arrays, or of lists in their place; those of several dimensions come as arrays of arrays.

    By itself, pyarrow cuts nanoseconds off times that are in arrays or lists.
    """
    pa = pyarrow()
    letters = {_letter(value) for value in values if value is not None}
    if letters and letters <= (set("biufmM") if isinstance(kind, Vectors) else {"m", "M"}):
        return Arrays().settle(values).with_none().to_arrow(values)
    if isinstance(kind, Vectors) or letters <= {"list", "O"}:
        for at, value in enumerate(values):
            if _letter(value) == "other":
                raise Misfit((kind or Arrays()).expects, value, at)
        offsets = offsets_of(values)
        items = _inside(offsets, [item for value in values if value is not None for item in value], None)
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items)
    return leaves(filled(values, True), kind)


def _letter(value: Any) -> str:
    """The letter that NumPy has for the type of an array's elements; a word for what is no array."""
    if is_array(value):
        return str(value.dtype.kind) if value.ndim else "0"
    return "list" if value is None or isinstance(value, (list, tuple)) else "other"


def _maps(values: list[Any], kind: Mapped) -> Any:
    pa = pyarrow()
    pairs: list[Any] = []
    for at, value in enumerate(values):
        if value is None:
            pairs.append(None)
        elif isinstance(value, Mapping):
            pairs.append(list(value.items()))
        elif isinstance(value, list) and all(isinstance(item, (tuple, list)) and len(item) == 2 for item in value):
            pairs.append(value)  # as pyarrow gives maps
        else:
            raise Misfit(kind.expects, value, at)
    offsets = offsets_of(pairs)
    parts = [
        _inside(offsets, [pair[side] for held in pairs if held is not None for pair in held], part)
        for side, part in enumerate(kind.parts)
    ]
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), *parts)


def _structs(values: list[Any], kind: Record | Tupled) -> Any:
    pa = pyarrow()
    rows: list[Any] = []
    for at, value in enumerate(values):
        if value is None or isinstance(value, Mapping):
            rows.append(value)
            continue
        try:
            rows.append(dict(zip(kind.names, (held[0] for held in kind.columns(kind.clean([value]))), strict=True)))
        except Misfit as wrong:
            raise Misfit(wrong.expected, value, at) from None
    names = list(dict.fromkeys(name for row in rows if row is not None for name in row)) or list(kind.names)
    known = dict(zip(kind.names, kind.parts, strict=True))
    columns = [array_of([None if row is None else row.get(name) for row in rows], known.get(name)) for name in names]
    mask = pa.array([row is None for row in rows], pa.bool_())
    if not names:
        return pa.array([None if row is None else {} for row in rows], pa.struct([]))
    return pa.StructArray.from_arrays(columns, [str(name) for name in names], mask=mask)
