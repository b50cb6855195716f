"""The columns of the keys: decoded part by part, and all rows at once where the parts have fixed places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from zlmdb import keys
from zlmdb.columns import kinds, timekinds
from zlmdb.columns.kind import Kind
from zlmdb.columns.kinds import FixedBytes
from zlmdb.columns.lookup import kind_of
from zlmdb.keys.base import KeyCodec

__all__ = ["KeyColumns", "key_kind"]

_KINDS: dict[type, Kind] = {
    keys.Bool: kinds.BOOL,
    keys.Float64: kinds.FLOAT,
    keys.String: kinds.STR,
    keys.Bytes: kinds.BYTES,
    keys.Date: timekinds.DATE,
    keys.Datetime: timekinds.AWARE,
    keys.Timestamp: timekinds.DATETIME64,
    keys.Uuid: kinds.UUID,
    keys.Uint64: kinds.UINT64,
    **dict.fromkeys((keys.Int8, keys.Int16, keys.Int32, keys.Int64, keys.Oid), kinds.INT),
    **dict.fromkeys((keys.Uint8, keys.Uint16, keys.Uint32), kinds.INT),
}
_FIXED = (keys.Bytes16, keys.Bytes20, keys.Bytes32)


def key_kind(codec: KeyCodec[Any]) -> Kind:
    """The kind of the keys of a codec that is not composite."""
    found = _KINDS.get(type(codec))
    if found is not None:
        return found
    if isinstance(codec, _FIXED):
        return FixedBytes(codec.width or 0)
    enumeration = getattr(codec, "kind", None)
    if enumeration is not None:
        return kind_of(enumeration)
    forward = getattr(codec, "forward", None)
    return kind_of(object) if forward is None else key_kind(forward)


def _numbers(dtype: str, low: int, wanted: str) -> Callable[[Any, int], Any]:
    """A decoder of big-endian numbers with the lowest written as zeros."""

    def decode(raw: Any, count: int) -> Any:
        import numpy as np

        found = raw.view(dtype).reshape(count)
        if not low:
            return found.astype(wanted)
        bits = found.dtype.itemsize * 8
        return (
            (found.astype(f"u{bits // 8}") ^ np.array(1 << (bits - 1), f"u{bits // 8}"))
            .view(f"i{bits // 8}")
            .astype(wanted)
        )

    return decode


def _times(raw: Any, count: int) -> Any:
    found = raw.view(">u8").reshape(count)
    if count and found.max() > (1 << 63) - 1:
        raise ValueError("a time beyond the range")
    return found.astype("i8").view("M8[ns]")


def _dates(raw: Any, count: int) -> Any:
    from datetime import date

    found = _numbers(">u4", 1, "i8")(raw, count)
    _within(found, (date.min - date(1970, 1, 1)).days, (date.max - date(1970, 1, 1)).days)
    return found.view("M8[D]")


def _moments(raw: Any, count: int) -> Any:
    from zlmdb.keys import times

    found = _numbers(">u8", 1, "i8")(raw, count)
    _within(found, times._FIRST, times._LAST)
    return found.view("M8[us]")


def _within(found: Any, low: int, high: int) -> None:
    if len(found) and (found.min() < low or found.max() > high):
        raise ValueError("a time beyond the range")


def _oids(raw: Any, count: int) -> Any:
    found = raw.view(">u8").reshape(count)
    if count and found.max() > 2**53:
        raise ValueError("an object number beyond the range")
    return found.astype("i8")


#: Decoders of many keys of fixed length, from an array of bytes (rows, width). They raise for what is no key.
_VECTORS: dict[type, Callable[[Any, int], Any]] = {
    keys.Uint8: _numbers(">u1", 0, "i8"),
    keys.Uint16: _numbers(">u2", 0, "i8"),
    keys.Uint32: _numbers(">u4", 0, "i8"),
    keys.Uint64: _numbers(">u8", 0, "u8"),
    keys.Int8: _numbers(">u1", 1, "i8"),
    keys.Int16: _numbers(">u2", 1, "i8"),
    keys.Int32: _numbers(">u4", 1, "i8"),
    keys.Int64: _numbers(">u8", 1, "i8"),
    keys.Oid: _oids,
    keys.Timestamp: _times,
    keys.Date: _dates,
    keys.Datetime: _moments,
    keys.Uuid: lambda raw, count: raw.view("V16").reshape(count),
    keys.Bytes16: lambda raw, count: raw.view("V16").reshape(count),
    keys.Bytes20: lambda raw, count: raw.view("V20").reshape(count),
    keys.Bytes32: lambda raw, count: raw.view("V32").reshape(count),
}


class KeyColumns:
    """Decodes the keys of a batch into columns.

    Args:
        codec: the codec of the keys.
    """

    def __init__(self, codec: KeyCodec[Any]) -> None:
        self.codec = codec
        composite = isinstance(codec, keys.Composite)
        self.parts: tuple[KeyCodec[Any], ...] = codec.parts if isinstance(codec, keys.Composite) else (codec,)
        self.composite = composite
        slices = getattr(codec, "_slices", None) if composite else [(0, None)]
        self.places: list[tuple[int, int]] | None = None
        if codec.width is not None and slices is not None:
            self.places = [(start, codec.width if stop is None else stop) for start, stop in slices]

    def kinds(self) -> list[Kind]:
        """The kinds of the parts."""
        return [key_kind(part) for part in self.parts]

    def decode(self, encoded: Sequence[bytes], wanted: Sequence[int], objects: bool = False) -> list[Any]:
        """The columns of some parts.

        Args:
            encoded: the keys' bytes, without slot.
            wanted: the numbers of the parts.
            objects: True gives lists of Python objects, never arrays.

        Raises:
            KeyValueError: if a key cannot be decoded. It is for the caller to find out which.
        """
        if not wanted:
            return []
        if not objects and self.places is not None and all(type(self.parts[at]) in _VECTORS for at in wanted):
            found = self._at_once(encoded, wanted)
            if found is not None:
                return found
        decoded = self.codec.decode_many(encoded)
        if not self.composite:
            return [decoded]
        return [list(map(itemgetter(at), decoded)) for at in wanted]

    def _at_once(self, encoded: Sequence[bytes], wanted: Sequence[int]) -> list[Any] | None:
        """The columns, made by NumPy; None if a key is not what its codec writes."""
        import numpy as np

        width, count = self.codec.width, len(encoded)
        data = b"".join(encoded)
        if width is None or self.places is None or len(data) != width * count or set(map(len, encoded)) - {width}:
            return None
        table = np.frombuffer(data, np.uint8).reshape(count, width)
        columns = []
        try:
            for at in wanted:
                start, stop = self.places[at]
                columns.append(_VECTORS[type(self.parts[at])](np.ascontiguousarray(table[:, start:stop]), count))
        except ValueError:
            return None
        return columns
