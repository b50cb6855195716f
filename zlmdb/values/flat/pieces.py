"""What lies behind offsets, written piece by piece.

Every function here has one form: ``put(value, end, out, seen, depth) -> (position, end)``. It appends to `out` the
bytes that lie from `end` on, and tells where the thing that an offset points to begins, and where it ends, at a
multiple of 4.
`seen` holds the positions of vtables, `depth` counts tables within tables. Whatever is not of the common kind raises
some Exception; the caller then looks closer.
"""

from __future__ import annotations

import sys
import uuid
from array import array
from collections.abc import Callable
from math import inf
from typing import Any

from zlmdb.values.flat.kinds import Kind
from zlmdb.values.flat.model import SCALARS

__all__ = ["LENGTHS", "PADS", "TAILS", "Put", "packer", "put_bytes", "put_text", "scalar_reader"]

Put = Callable[[Any, int, "list[bytes]", Any, int], tuple[int, int]]

#: The lengths that stand before strings and vectors.
LENGTHS = [n.to_bytes(4, "little") for n in range(256)]
#: What follows a string of a length, by its remainder: a zero, and padding.
TAILS = [bytes(4), bytes(3), bytes(2), bytes(1)]
#: Padding of a vector of bytes.
PADS = [b"", bytes(3), bytes(2), bytes(1)]

_SWAP = sys.byteorder == "big"
#: Typecodes of ``array``; all platforms give int 4 bytes.
_CODES = {name: code for name, (_, code, _) in SCALARS.items() if name != "bool"}


def put_text(value: str, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
    """A string."""
    data = str.encode(value)
    n = len(data)
    out += (n.to_bytes(4, "little"), data, TAILS[n & 3])
    return end, end + (n & -4) + 8


def put_bytes(value: bytes, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
    """A vector of bytes."""
    if type(value) is not bytes:
        raise TypeError
    n = len(value)
    out += (n.to_bytes(4, "little"), value, PADS[n & 3])
    return end, end + 4 + n + (-n & 3)


def put_block(data: bytes, count: int, align: int, end: int, out: list[bytes]) -> tuple[int, int]:
    """A vector of things in place, whose first lies at a multiple of `align`."""
    gap = -(end + 4) % align
    n = len(data)
    out += (bytes(gap) + count.to_bytes(4, "little"), data, PADS[n & 3])
    end += gap
    return end, end + 4 + n + (-n & 3)


def packer(kind: Kind, pack_struct: Callable[[Any], bytes] | None) -> Callable[[Any], bytes]:
    """A function that gives the bytes of a list of things in place.

    Args:
        kind: of the elements.
        pack_struct: gives the bytes of one, if they are structs.
    """
    if kind.name == "uuid":
        allowed = {uuid.UUID}

        def uuids(values: Any) -> bytes:
            if not allowed.issuperset(map(type, values)):
                raise TypeError
            return b"".join([value.int.to_bytes(16, "big") for value in values])

        return uuids
    if pack_struct is not None:
        return lambda values: b"".join(map(pack_struct, values))
    if kind.name == "bool":

        def bools(values: Any) -> bytes:
            if not _BOOL.issuperset(map(type, values)):
                raise TypeError
            return bytes(values)

        return bools
    code, norm = _CODES[kind.scalar], kind.norm
    if kind.name in ("int", "float"):
        exact = {int if kind.name == "int" else float}

        def numbers(values: Any) -> bytes:
            if not exact.issuperset(map(type, values)):
                raise TypeError
            return _native(array(code, values))

        if code == "f":

            def rounded(values: Any) -> bytes:
                if not exact.issuperset(map(type, values)):
                    raise TypeError
                found = array(code, values)
                # What 32 bits cannot hold becomes an infinity here, without a word.
                if (inf in found or -inf in found) and any(
                    abs(small) == inf != abs(value) for small, value in zip(found, values, strict=True)
                ):
                    raise OverflowError
                return _native(found)

            return rounded

        return numbers
    return lambda values: _native(array(code, map(norm, values)))  # type: ignore[arg-type]


_BOOL = {bool}


def _native(values: array[Any]) -> bytes:
    if _SWAP:
        values.byteswap()
    return values.tobytes()


def scalar_reader(scalar: str) -> Callable[[Any], list[Any]]:
    """A function that gives the numbers of bytes whose length is a multiple of theirs."""
    if scalar == "bool":
        return lambda data: [byte != 0 for byte in data]
    code = _CODES[scalar]

    def read(data: Any) -> list[Any]:
        values: array[Any] = array(code)
        values.frombytes(data)
        if _SWAP:
            values.byteswap()
        return values.tolist()

    return read


def put_list(container: type[Any], pack: Callable[[Any], bytes], align: int) -> Put:
    """A vector of things in place."""

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
        if value.__class__ is not container:
            raise TypeError
        return put_block(pack(value), len(value), align, end, out)

    return put


def put_array(dtype: str) -> Put:
    """A vector of numbers from a numpy array."""
    import numpy as np

    wanted = np.dtype(dtype)

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
        if type(value) is not np.ndarray or value.dtype != wanted or value.ndim != 1:
            raise TypeError
        return put_block(value.tobytes(), len(value), max(wanted.itemsize, 4), end, out)

    return put


def put_offsets(container: type[Any], put_one: Put) -> Put:
    """A vector of strings or tables."""

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
        if value.__class__ is not container:
            raise TypeError
        offsets = array("I")
        append = offsets.append
        start, at, slot = end, len(out), end + 4
        out.append(b"")
        end = slot + 4 * len(value)
        for one in value:
            position, end = put_one(one, end, out, seen, depth)
            append(position - slot)
            slot += 4
        out[at] = len(value).to_bytes(4, "little") + _native(offsets)
        return start, end

    return put


def put_union(members: dict[type, tuple[int, Put]]) -> Callable[..., tuple[int, int, int]]:
    """One of several things: (number of the member, position, end)."""

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int, int]:
        number, put_member = members[value.__class__]
        position, end = put_member(value, end, out, seen, depth)
        return number, position, end

    return put


def put_unions(container: type[Any], members: dict[type, tuple[int, Put]]) -> Callable[..., tuple[int, int, int]]:
    """Vectors of the numbers and of the offsets: (position of the first, position of the second, end)."""

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int, int]:
        if value.__class__ is not container:
            raise TypeError
        numbers = bytes([members[one.__class__][0] for one in value])
        first, end = put_bytes(numbers, end, out, seen, depth)
        second, end = put_offsets(container, lambda one, *rest: members[one.__class__][1](one, *rest))(
            value, end, out, seen, depth
        )
        return first, second, end

    return put


def put_struct(pack: Callable[[Any], bytes], align: int) -> Put:
    """A struct behind an offset, as a member of a union."""

    def put(value: Any, end: int, out: list[bytes], seen: Any, depth: int) -> tuple[int, int]:
        data = pack(value)
        gap = -end % align
        out.append(bytes(gap) + data + bytes(-(gap + len(data)) % 4))
        end += gap
        return end, end + len(data) + -(gap + len(data)) % 4

    return put
