"""How a column of a full chunk is compressed: a transformation that makes its bytes regular, then zlib or zstd.

.. code-block:: text

    encoding   1 byte    method (0 none, 1 zlib, 2 zstd) | 10 delta | 20 shuffle | 40 decimal
    exponent   1 byte    with "decimal": the values are whole numbers of 10**-exponent

    decimal    floats become the whole numbers that give exactly the same floats when divided by 10**exponent
    delta      each value becomes its difference to the one before, modulo 2**(8 * size); the first one stays.
               Differences d of whole numbers and times are written as 2d, or -2d - 1 where d is negative
    shuffle    the first bytes of all values stand first, then all second bytes, and so on

In that order. Transformations lose nothing, bit by bit, or are not used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from zlmdb._typing import Buffer
from zlmdb.errors import SchemaError
from zlmdb.values.compression import compressed

__all__ = ["METHODS", "check_method", "expand", "shrink"]

METHODS = ("zlib", "zstd", "delta-zlib", "delta-zstd")
_CODES = {"zlib": 1, "zstd": 2}
_NAMES = {code: name for name, code in _CODES.items()}
DELTA, SHUFFLE, DECIMAL = 0x10, 0x20, 0x40
#: How many values are tried before the whole column is made decimal.
_SAMPLE = 64
_LARGEST = float(1 << 52)

Array = np.ndarray[Any, Any]


def check_method(method: Any, where: str) -> None:
    """Refuse a compression that there is not, or whose package is not installed.

    Raises:
        SchemaError: says which there are, or what to install.
    """
    if method is None:
        return
    if method not in METHODS:
        raise SchemaError(f"{where}: expected compress to be None or one of {', '.join(METHODS)}, found {method!r}")
    try:
        _functions(method.removeprefix("delta-"))
    except SchemaError as error:
        raise SchemaError(f"{where}: {error.message}") from None


@cache
def _functions(name: str) -> tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]]:
    from zlmdb.values import Bytes

    codec: Any = compressed(Bytes(), name)
    functions: tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]] = codec._both()
    return functions


def shrink(column: Array, method: str) -> tuple[int, int, bytes]:
    """Encoding, exponent and bytes of a column; encoding 0 if compressing it gains nothing.

    Args:
        column: contiguous values of a fixed size.
        method: one of :data:`METHODS`.
    """
    name = method.removeprefix("delta-")
    code = _CODES[name]
    exponent = 0
    size = column.dtype.itemsize
    work: Array = column
    if column.dtype.kind == "f" and size == 8:
        whole = _decimal(column)
        if whole is not None:
            exponent, work = whole
            code |= DECIMAL | DELTA  # whole numbers: their differences are small, whatever was asked for
    if method != name or code & DELTA:
        if size in (1, 2, 4, 8):
            code |= DELTA
            bits = work.view(f"<u{size}")
            work = np.empty_like(bits)
            work[0] = bits[0]
            np.subtract(bits[1:], bits[:-1], out=work[1:])
            if code & DECIMAL or column.dtype.kind in "iuMm":
                work = _zigzag(work, size)
        else:
            code &= ~DELTA
    data = work.view(np.uint8)
    if size > 1:
        code |= SHUFFLE
        data = np.ascontiguousarray(data.reshape(-1, size).T)
    packed = _functions(name)[0](data.tobytes())
    return (0, 0, column.tobytes()) if len(packed) >= column.nbytes else (code, exponent, packed)


def _zigzag(differences: Array, size: int) -> Array:
    """Small numbers of either sign as small unsigned ones, so that their high bytes are zero."""
    signed = differences.view(f"<i{size}")
    result: Array = ((signed << 1) ^ (signed >> (8 * size - 1))).view(f"<u{size}")
    return result


def _unzigzag(numbers: Array, size: int) -> Array:
    one = numbers.dtype.type(1)
    result: Array = (numbers >> one) ^ (~(numbers & one) + one)
    return result


def _decimal(column: Array) -> tuple[int, Array] | None:
    """Exponent and whole numbers, if the floats are decimal fractions of few digits."""
    sample = column[:: max(1, len(column) // _SAMPLE)]
    with np.errstate(all="ignore"):
        for exponent in range(9):
            scale = 10.0**exponent
            scaled = np.rint(sample * scale)
            if not np.array_equal((scaled / scale).view(np.uint64), sample.view(np.uint64)):
                continue
            scaled = np.rint(column * scale)
            if not (np.abs(scaled) < _LARGEST).all():
                return None
            whole = scaled.astype("<i8")
            if np.array_equal((whole / scale).view(np.uint64), column.view(np.uint64)):
                return exponent, whole
    return None


def expand(data: Buffer, encoding: int, exponent: int, dtype: np.dtype[Any], n: int, stop: int | None = None) -> Array:
    """The column that :func:`shrink` took.

    Args:
        data: its bytes.
        encoding: its encoding.
        exponent: its exponent.
        dtype: type of its values.
        n: how many there are.
        stop: how many of them are wanted, from the first on; None: all.

    Raises:
        ValueError: if the bytes are not those of `n` values.
    """
    size = dtype.itemsize
    if encoding:
        name = _NAMES.get(encoding & 0x0F)
        if name is None:
            raise ValueError(f"unknown compression {encoding & 0x0F}")
        try:
            plain: Buffer = _functions(name)[1](data, n * size)
        except SchemaError:
            raise
        except Exception as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
    else:
        plain = data
    if len(plain) != n * size:
        raise ValueError(f"it has {len(plain)} bytes instead of {n * size}")
    work: Array = np.frombuffer(plain, np.uint8)
    if encoding & SHUFFLE:
        work = np.ascontiguousarray(work.reshape(size, n)[:, :stop].T).reshape(-1)
    elif stop is not None:
        work = work[: stop * size]
    if encoding & DELTA:
        bits = work.view(f"<u{size}")
        if encoding & DECIMAL or dtype.kind in "iuMm":
            bits = _unzigzag(bits, size)
        work = np.cumsum(bits, dtype=f"<u{size}")
    if encoding & DECIMAL:
        return work.view("<i8") / 10.0**exponent
    return work.view(dtype)
