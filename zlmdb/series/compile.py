"""Functions made for the columns of a table: what each batch and each closed chunk costs, without loops over columns.

Of tables of more than :data:`MOST` columns the text would be long, and the columns are looked at in loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zlmdb.series.definition import ColumnDefinition
from zlmdb.series.statistics import PACKERS, SAFE, describe
from zlmdb.series.times import FIRST
from zlmdb.values.source import Source

__all__ = ["described", "taken"]

Array = np.ndarray[Any, Any]
Columns = tuple[ColumnDefinition, ...]

MOST = 64
_FLOAT64, _INT64, _UINT64 = np.dtype("<f8"), np.dtype("<i8"), np.dtype("<u8")


def taken(columns: Columns) -> Callable[[Any, dict[str, Any]], list[Any] | None]:
    """A function that takes the times (an array of datetime64[ns]) and columns of a batch.

    It gives them as arrays that bytes can be joined with, if they are just as they are stored, each time later than the
    one before; None if there is anything to be done about them.

    Args:
        columns: of the table.
    """
    if any(column.hidden for column in columns) or len(columns) > MOST:
        return lambda times, given: None
    source = Source("series batch")
    source.scope |= {"array": np.ndarray, "int64": _INT64, "FIRST": FIRST, "some": np.count_nonzero}
    source.line(0, "def take(times, given):")
    source.line(1, "shape = times.shape")
    source.line(1, "try:")
    for at, column in enumerate(columns):
        source.line(2, f"c{at} = given[{column.name!r}]")
    source.line(1, "except KeyError:")
    source.line(2, "return None")
    unfit = [f"len(given) != {len(columns)}", "len(shape) != 1", "not shape[0]", "not times.flags.c_contiguous"]
    source.line(1, f"if {' or '.join(unfit)}:")
    source.line(2, "return None")
    for at, column in enumerate(columns):
        dtype = source.name(np.dtype(column.dtype.str), f"d{at}")
        source.line(1, f"if c{at}.__class__ is not array or c{at}.shape != shape or not c{at}.flags.c_contiguous:")
        source.line(2, "return None")
        source.line(1, f"if c{at}.dtype is not {dtype} and c{at}.dtype != {dtype}:")
        source.line(2, "return None")
    source.line(1, "ns = times.view(int64)")
    # NaT is the smallest of all, so it would be the first.
    source.line(1, "if some(ns[1:] <= ns[:-1]) or ns.item(0) < FIRST:")
    source.line(2, "return None")
    # Arrays of times have no buffer that bytes could be joined with.
    arrays = ["ns", *(f"c{at}.view(int64)" if c.dtype.kind in "mM" else f"c{at}" for at, c in enumerate(columns))]
    source.line(1, f"return [{', '.join(arrays)}]")
    return source.function("take")


def described(columns: Columns) -> Callable[[list[Array]], bytes]:
    """A function that makes the statistics of all columns of a chunk, from their values.

    Floats, and integers whose sum is exact in any case, are done in line; others, and everything if there is a NaN or a
    float so large that sums may overflow, by :func:`zlmdb.series.statistics.describe`.

    Args:
        columns: of the table.
    """

    def each(values: list[Array]) -> bytes:
        return b"".join([describe(column) for column in values])

    if len(columns) > MOST:
        return each
    source = Source("series statistics")
    source.scope |= {
        "least": np.minimum.reduce,
        "most": np.maximum.reduce,
        "add": np.add.reduce,
        "SAFE": SAFE,
        "inf": np.inf,
    }
    source.scope |= {"f8": _FLOAT64, "i8": _INT64, "u8": _UINT64, "each": each, "describe": describe}
    source.line(0, "def described(columns):")
    source.line(1, f"{''.join(f'c{at}, ' for at in range(len(columns)))}= columns")
    source.line(1, "n = len(c0)")
    parts = []
    for at, column in enumerate(columns):
        kind, size = column.dtype.kind, column.dtype.itemsize
        if kind not in "iuf" or (kind != "f" and size == 8):
            parts.append(f"describe(c{at})")
            continue
        source.line(1, f"a{at} = least(c{at})")
        source.line(1, f"b{at} = most(c{at})")
        if kind == "f":
            # Also if they are NaN. Sums of short floats cannot overflow.
            bound = "SAFE" if size == 8 else "inf"
            source.line(1, f"if not (a{at} > -{bound} and b{at} < {bound}):")
            source.line(2, "return each(columns)")
            source.line(1, f"s{at} = add(c{at})" if size == 8 else f"s{at} = add(c{at}, 0, f8)")
        else:
            source.line(1, f"s{at} = int(add(c{at}, 0, {kind}8))")
        pack = source.name(PACKERS[kind].pack, f"pack_{kind}")
        parts.append(f"{pack}(n, a{at}, b{at}, c{at}.item(0), c{at}.item(-1), s{at}, s{at})")
    source.line(1, f"return {' + '.join(parts)}")
    return source.function("described")
