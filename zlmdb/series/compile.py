"""Functions made for the columns of a table: what each batch and each closed chunk costs, without loops over columns.

Of tables of more than :data:`MOST` columns the text would be long, and the columns are looked at in loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zlmdb.series.definition import ColumnDefinition
from zlmdb.series.records import CHUNK, CHUNK_KIND, PADS, READ
from zlmdb.series.statistics import PACKERS, SAFE, describe
from zlmdb.series.times import FIRST
from zlmdb.values.source import Source

__all__ = ["described", "taken", "united"]

Array = np.ndarray[Any, Any]
Columns = tuple[ColumnDefinition, ...]

MOST = 64
_FLOAT64, _INT64, _UINT64 = np.dtype("<f8"), np.dtype("<i8"), np.dtype("<u8")


def taken(columns: Columns) -> Callable[[Any, dict[str, Any]], list[Any] | None]:
    """A function that takes the times (an array) and columns of a batch.

    It gives them as arrays that bytes can be joined with, if they are just as they are stored, times datetime64[ns] and
    each later than the one before; None if there is anything to be done about them.

    Args:
        columns: of the table.
    """
    if any(column.hidden for column in columns) or len(columns) > MOST:
        return lambda times, given: None
    source = Source("series batch")
    source.scope |= {"array": np.ndarray, "int64": _INT64, "FIRST": FIRST}
    source.scope |= {"moments": np.dtype("<M8[ns]"), "known": None}
    source.line(0, "def take(times, given):")
    source.line(1, "global known")
    # There is no one dtype of moments, but batches that are cut from an array share it, and are told by its identity.
    source.line(1, "if times.dtype is not known:")
    source.line(2, "if times.dtype != moments:")
    source.line(3, "return None")
    source.line(2, "known = times.dtype")
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
    source.line(1, "if 1 in (ns[1:] <= ns[:-1]).tobytes() or ns.item(0) < FIRST:")
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
    source.scope |= {"add": np.add.reduce, "ones": np.count_nonzero, "SAFE": SAFE, "inf": np.inf}
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
        source.line(1, f"v{at} = c{at}.item")
        source.line(1, f"a{at} = v{at}(c{at}.argmin())")
        source.line(1, f"b{at} = v{at}(c{at}.argmax())")
        if kind == "f":
            # Also if they are NaN. Sums of short floats cannot overflow.
            bound = "SAFE" if size == 8 else "inf"
            source.line(1, f"if not (a{at} > -{bound} and b{at} < {bound}):")
            source.line(2, "return each(columns)")
            source.line(1, f"s{at} = add(c{at})" if size == 8 else f"s{at} = add(c{at}, 0, f8)")
        elif size == 1:
            # Flags and sides are often 0 and 1, which are counted in a tenth of the time that summing takes.
            flags = f"b{at} <= 1" if kind == "u" else f"a{at} >= 0 and b{at} <= 1"
            source.line(1, f"s{at} = ones(c{at}) if {flags} else int(add(c{at}, 0, {kind}8))")
        else:
            source.line(1, f"s{at} = int(add(c{at}, 0, {kind}8))")
        pack = source.name(PACKERS[kind].pack, f"pack_{kind}")
        parts.append(f"{pack}(n, a{at}, b{at}, v{at}(0), v{at}(-1), s{at}, s{at})")
    source.line(1, f"return {' + '.join(parts)}")
    return source.function("described")


def united(columns: Columns) -> Callable[[list[bytes], list[Array]], tuple[int, list[Any]] | None]:
    """A function that takes open chunks apart, and puts their columns together.

    It gives the number of ticks and a list of buffers to be joined: two empty places for what stands before the times,
    then the times, and column after column, each behind its padding; None if a chunk is not just of these columns, in
    place. Its arguments are the bytes of the chunks, in order, and arrays (see :meth:`Layout.joinable`) of later ticks.

    Args:
        columns: of the table, at most :data:`MOST`.
    """
    source = Source("series chunks")
    source.scope |= {"read": READ, "PADS": PADS}
    sizes = [8, *(column.dtype.itemsize for column in columns)]
    every = range(len(sizes))
    source.line(0, "def united(chunks, arrays):")
    source.line(1, "n = len(arrays[0])")
    for at in every:
        source.line(1, f"p{at} = []")
    source.line(1, "for data in chunks:")
    source.line(2, "kind, m, rows, first, last, flags = read(data)")
    source.line(2, f"if kind != {CHUNK_KIND} or m != {len(columns)} or flags:")
    source.line(3, "return None")
    source.line(2, "n += rows")
    source.line(2, "data = memoryview(data)")
    for at, size in enumerate(sizes):
        source.line(2, f"start = {'end + 15 & -16' if at else CHUNK.size}")
        source.line(2, f"end = start + {size} * rows")
        source.line(2, f"p{at}.append(data[start:end])")
    source.line(2, "if len(data) != end:")
    source.line(3, "return None")
    parts = [
        f"{f'PADS[{-size} * n & 15], ' if at else ''}*p{at}, arrays[{at}]" for at, size in enumerate([0, *sizes[:-1]])
    ]
    source.line(1, f'return n, [b"", b"", {", ".join(parts)}]')
    return source.function("united")
