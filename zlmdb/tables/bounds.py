"""From bounds in keys to bounds in bytes: where a scan starts (inclusive) and stops (exclusive)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb import errors
from zlmdb.keys.base import KeyCodec, successor
from zlmdb.keys.composite import Composite

__all__ = ["BOUNDS", "after_slot", "prefix_range", "span"]

#: Which ends belong to a range, as intervals are written.
BOUNDS = ("[)", "[]", "(]", "()")


_NEXT = [bytes([last + 1]) for last in range(255)]


def after_slot(prefix: bytes) -> bytes:
    """The first key behind everything that begins with a slot's prefix (or with any bytes that do not end in FF)."""
    last = prefix[-1]
    if last != 255:
        return prefix[:-1] + _NEXT[last]
    end = successor(prefix)
    return b"\xff\xff\xff" if end is None else end


def _bound(codec: KeyCodec[Any], value: Any) -> bytes:
    if isinstance(codec, Composite) and value.__class__ is tuple and len(value) < len(codec.parts):
        return codec.encode_bound(value)
    try:
        return codec.encode(value)
    except errors.DataError:
        return codec.encode_bound(value)


def _beyond(prefix: bytes, codec: KeyCodec[Any], value: Any, encoded: bytes) -> bytes:
    """The first bytes after a key, and, for a tuple of fewer parts, after all keys that begin with it."""
    encode: Callable[[Any], bytes] = codec.encode
    if isinstance(codec, Composite) and isinstance(value, (tuple, list)) and len(value) < len(codec.parts):
        try:
            end = codec.span(tuple(value))[1]
        except errors.DataError:
            return prefix + encoded  # outside the range of a part: the bytes are those of the nearest place
        return after_slot(prefix) if end is None else prefix + end
    try:
        return prefix + encode(value) + b"\0"
    except errors.DataError:
        return prefix + encoded


def span(
    prefix: bytes, codec: KeyCodec[Any], lo: Any, hi: Any, bounds: str = "[)", *, table: str
) -> tuple[bytes, bytes]:
    """Start (inclusive) and stop (exclusive) of the records between two keys.

    Args:
        prefix: the bytes that all records of the scan begin with.
        codec: codec of what follows the prefix.
        lo: the lower bound, or None for the beginning. May lie outside the codec's range, or be a shorter tuple.
        hi: the upper bound, or None for the end.
        bounds: which ends belong to the range: "[)", "[]", "(]" or "()".
        table: name, for errors.

    Raises:
        KeyTypeError, KeyValueError: if a bound cannot be a key.
        ValueError: if `bounds` is none of the four.
    """
    if bounds not in BOUNDS:
        raise ValueError(f"bounds: expected one of {', '.join(BOUNDS)}, found {bounds!r}")
    try:
        if lo is None:
            start = prefix
        else:
            encoded = _bound(codec, lo)
            start = prefix + encoded if bounds[0] == "[" else _beyond(prefix, codec, lo, encoded)
        if hi is None:
            stop = after_slot(prefix)
        else:
            encoded = _bound(codec, hi)
            stop = prefix + encoded if bounds[1] == ")" else _beyond(prefix, codec, hi, encoded)
    except errors.DataError as error:
        raise error.located(table=table) from None
    # A bound beyond every key of the table must not reach into the next slot.
    return start, min(stop, after_slot(prefix))


def prefix_range(prefix: bytes, codec: KeyCodec[Any], value: Any, *, table: str) -> tuple[bytes, bytes]:
    """Start and stop of the records whose key begins with `value`.

    Args:
        prefix: the bytes that all records of the scan begin with.
        codec: codec of what follows.
        value: for text and byte string keys, their beginning; for composite keys, a tuple of the leading parts, or the
            beginning of the first part if that is text.
        table: name, for errors.

    Raises:
        KeyTypeError, KeyValueError: if no key can begin so.
    """
    try:
        if isinstance(codec, Composite) and isinstance(value, (tuple, list)):
            first, end = codec.span(tuple(value))
            return prefix + first, after_slot(prefix) if end is None else prefix + end
        else:
            start = prefix + codec.partial(value)
    except errors.DataError as error:
        raise error.located(table=table) from None
    return start, after_slot(start)
