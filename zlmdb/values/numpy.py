"""Values as numpy arrays: a header that says type and shape, then the elements in C order.

.. code-block:: text

    offset  size
         0     4  magic 89 5A 4E 41 ("\\x89ZNA")
         4     1  version, 1
         5     1  n, the number of dimensions, 0 to 64
         6     2  zero
         8     4  start of the elements, a multiple of 16        uint32 big-endian
        12     4  length of the type's description               uint32 big-endian
        16   8*n  shape                                          uint64 big-endian each
    16+8*n        description of the type, UTF-8
                  zeros up to the start of the elements
     start        the elements, C order, to the end of the value

The description of a simple type is its name in numpy's array protocol (``<f8``, ``<M8[ns]``, ``|S5``,
``>i4``). That of a structured type is JSON: ``{"names": [...], "formats": [...], "offsets": [...],
"itemsize": n}`` and, where they are there, ``"titles"`` and ``"align": true``; a format is a name, such an
object, or ``[format, [shape]]`` for a subarray.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from zlmdb._typing import Buffer
from zlmdb.errors import EncodeError, ValueTypeError, short
from zlmdb.values.base import Lease, ValueCodec, undecodable, wrong_type
from zlmdb.values.views import lease_view

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Numpy"]

MAGIC = b"\x89ZNA"
VERSION = 1
_FIXED = 16
_ALIGN = 16
_MAX_DIMENSIONS = 64
#: No element is that large; it keeps sizes that only a broken header names away from numpy's arithmetic.
_MAX_ITEM = 1 << 31
#: Elements without a size take no room in the value, so nothing else bounds their number.
_MAX_EMPTY = 1 << 24
_SIMPLE = (
    r"[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[SUV][0-9]{1,10}"
    r"|[mM]8(?:\[[0-9]{0,9}[A-Za-z]{1,2}\])?)"
)


class Numpy(ValueCodec["np.ndarray[Any, Any]"]):
    """A codec for numpy arrays of any type but object, and of any shape.

    Args:
        record: not looked at; arrays carry their type and shape themselves.

    Arrays come back as independent, writable copies in C order. From a memoryview they come back as read-only
    arrays over it, without a copy. Scalars of numpy are stored as arrays of no dimension.

    >>> import numpy as np
    >>> codec = Numpy()
    >>> codec.decode(codec.encode(np.arange(3, dtype="<i4")))
    array([0, 1, 2], dtype=int32)
    """

    name = "numpy"
    zero_copy = True

    def encode(self, value: np.ndarray[Any, Any]) -> bytes:
        """Header and elements of an array; see :meth:`ValueCodec.encode`.

        Args:
            value: a numpy array in any order, or a numpy scalar. A masked array is refused: its mask would be
                lost.

        Raises:
            ValueTypeError: if it is none of these, or its elements are Python objects.
            EncodeError: if its type cannot be described (types of extension packages).
        """
        import numpy as np

        if not isinstance(value, (np.ndarray, np.generic)):
            raise wrong_type("numpy.ndarray", value)
        if isinstance(value, np.ma.MaskedArray):
            raise wrong_type("numpy.ndarray without a mask", value)
        description = _description(value.dtype)
        shape = value.shape
        start = _FIXED + 8 * len(shape) + len(description)
        padding = -start % _ALIGN
        if value.dtype.itemsize == 0 and value.size > _MAX_EMPTY:
            raise EncodeError(f"expected at most {_MAX_EMPTY} elements without a size, found {value.size}")
        return b"".join(
            (
                MAGIC,
                bytes((VERSION, len(shape), 0, 0)),
                (start + padding).to_bytes(4, "big"),
                len(description).to_bytes(4, "big"),
                *[n.to_bytes(8, "big") for n in shape],
                description,
                bytes(padding),
                value.tobytes(),  # always C order
            )
        )

    def decode(self, data: Buffer) -> np.ndarray[Any, Any]:
        """The array of some bytes; see :meth:`ValueCodec.decode`.

        Args:
            data: bytes give a copy; a memoryview gives a read-only array that keeps the memoryview exported,
                so that ``data.release()`` raises BufferError as long as the array, or any array made over it,
                lives.
        """
        if not isinstance(data, memoryview):
            return _array(data).copy()
        array = _array(data)
        array.flags.writeable = False
        return array

    def decode_leased(self, data: memoryview, lease: Lease) -> np.ndarray[Any, Any]:
        """A read-only array over `data` that raises ViewExpired when it is used after the lease has ended."""
        return lease_view(self.decode(data), lease)


def _array(data: Buffer) -> np.ndarray[Any, Any]:
    """An array over the elements; the header is believed in nothing."""
    from pickle import PickleBuffer

    import numpy as np

    size = len(data)
    if size < _FIXED or bytes(data[:4]) != MAGIC:
        raise undecodable("a numpy array", data, "the header is missing")
    if data[4] != VERSION:
        raise undecodable("a numpy array", data, f"its layout has version {data[4]}; this release reads {VERSION}")
    n = data[5]
    start = int.from_bytes(data[8:12], "big")
    text = _FIXED + 8 * n
    end = text + int.from_bytes(data[12:16], "big")
    if n > _MAX_DIMENSIONS or not text <= end <= start <= size or start % _ALIGN:
        raise undecodable("a numpy array", data, "the header goes beyond the value")
    shape = tuple([int.from_bytes(data[at : at + 8], "big") for at in range(_FIXED, text, 8)])
    try:
        dtype = _dtype(bytes(data[text:end]))
        count = 1
        for length in shape:
            count *= length
        if count * dtype.itemsize != size - start:
            raise ValueError(f"{dtype} of shape {shape} does not take {size - start} bytes")
        if dtype.itemsize == 0 and count > _MAX_EMPTY:
            raise ValueError(f"{count} elements without a size")
        # numpy takes a new memoryview of what it is given, which does not hinder the release of the first
        # one. The pickle buffer between them does: it keeps `data` itself exported for as long as any array
        # over it lives.
        buffer: Any = PickleBuffer(data)
        return np.ndarray(shape, dtype, np.frombuffer(buffer, np.uint8), start)
    except Exception as error:
        raise undecodable("a numpy array", data, error) from error


def _description(dtype: np.dtype[Any]) -> bytes:
    if dtype.hasobject:
        expected, found = "an array of numbers, times, bytes or text", f"an array of {str(dtype)[:80]}"
        raise ValueTypeError(
            f"expected {expected}, found {found}: Python objects have no bytes of their own",
            expected=expected,
            found=found,
        )
    return _describe(dtype) if dtype.names is None else _describe_any(dtype)


@functools.lru_cache(maxsize=256)
def _describe(dtype: np.dtype[Any]) -> bytes:
    return _describe_any(dtype)


def _describe_any(dtype: np.dtype[Any]) -> bytes:
    import json

    spec = _spec(dtype)
    text = spec if isinstance(spec, str) else json.dumps(spec, separators=(",", ":"), ensure_ascii=False)
    description = text.encode()
    try:
        same = _build(spec) == dtype
    except Exception:  # whatever numpy says of a description it does not know
        same = False
    if not same:
        # Types that extension packages register have names that mean something else without the package.
        raise EncodeError(f"expected a type that numpy itself can describe, found {short(dtype)}")
    return description


def _spec(dtype: np.dtype[Any]) -> Any:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [_spec(base), list(shape)]
    if dtype.names is None:
        return dtype.str
    fields: Any = dtype.fields
    parts = [fields[name] for name in dtype.names]
    spec: dict[str, Any] = {
        "names": list(dtype.names),
        "formats": [_spec(part[0]) for part in parts],
        "offsets": [part[1] for part in parts],
        "itemsize": dtype.itemsize,
    }
    if any(len(part) > 2 for part in parts):
        spec["titles"] = [part[2] if len(part) > 2 else None for part in parts]
    if dtype.isalignedstruct:
        spec["align"] = True
    return spec


@functools.lru_cache(maxsize=256)
def _dtype(description: bytes) -> np.dtype[Any]:
    import json

    text = str(description, "utf-8")
    return _build(json.loads(text) if text.startswith("{") else text)


def _build(spec: Any) -> np.dtype[Any]:
    """The type of a description. Raises any Exception for one that :func:`_spec` does not make."""
    import re

    import numpy as np

    dtype: np.dtype[Any]
    if isinstance(spec, str):
        # numpy's own parser understands far more than the names of simple types, at times with great effort.
        if re.fullmatch(_SIMPLE, spec) is None:
            raise ValueError(f"unknown type {spec[:40]!r}")
        dtype = np.dtype(spec)
    elif isinstance(spec, list):
        base, shape = _build(spec[0]), tuple(spec[1])
        size = base.itemsize
        for length in shape:
            size *= _natural(length)
        if size >= _MAX_ITEM:
            raise ValueError(f"a subarray of {size} bytes")
        dtype = np.dtype((base, shape))
    else:
        fields = {
            "names": spec["names"],
            "formats": [_build(part) for part in spec["formats"]],
            "offsets": [_natural(offset) for offset in spec["offsets"]],
            "itemsize": _natural(spec["itemsize"]),
        }
        if "titles" in spec:
            fields["titles"] = spec["titles"]
        dtype = np.dtype(fields, align=spec.get("align") is True)  # type: ignore[call-overload]
    if dtype.itemsize >= _MAX_ITEM:
        raise ValueError(f"elements of {dtype.itemsize} bytes")
    return dtype


def _natural(number: Any) -> int:
    if type(number) is not int or not 0 <= number < _MAX_ITEM:
        raise ValueError(f"expected a size, found {short(number)}")
    return number
