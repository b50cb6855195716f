"""Hypothesis strategies for keys, biased to where encodings go wrong: 00, FF, empty, the ends of ranges, -0.0, NaN.

>>> from zlmdb import keys
>>> from zlmdb.testing import strategies
>>> strategies.values(keys.Composite((keys.Uint8, keys.String))).validate()
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from zlmdb import keys
from zlmdb.keys import KeyCodec, upstream
from zlmdb.testing._laws import st

__all__ = [
    "byte_strings",
    "composites",
    "floats",
    "integers",
    "key_codecs",
    "moments",
    "order_of",
    "register",
    "sample_codecs",
    "texts",
    "timestamps",
    "uuids",
    "values",
]

C = TypeVar("C", bound=KeyCodec[Any])

_NULS_AND_ENDS = ["", "\0", "\0\0", "\x01", "\0\x01", "\0\xff", "a", "a\0", "a\0\x01", "ab", "\xff", "\U0010ffff"]
_EDGES = [b"", b"\0", b"\0\0", b"\0\1", b"\0\xff", b"\xff", b"\xff\xff", b"\1", b"\xff\0", b"a", b"a\0"]


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers from `low` to `high`, both inclusive, often near the ends, 0 and powers of 256."""
    near = (low, low + 1, high - 1, high, -257, -256, -1, 0, 1, 255, 256, 2**32)
    return st.one_of(st.sampled_from(sorted({n for n in near if low <= n <= high})), st.integers(low, high))


def texts(max_size: int = 20) -> st.SearchStrategy[str]:
    """Texts of at most `max_size` characters, often empty, with NULs, or next to each other in order."""
    return st.one_of(
        st.sampled_from([text for text in _NULS_AND_ENDS if len(text) <= max_size]),
        st.text("\0\x01a\xff\U0010ffff", max_size=min(5, max_size)),
        st.text(max_size=max_size),
    )


def byte_strings(max_size: int = 20) -> st.SearchStrategy[bytes]:
    """Byte strings of at most `max_size` bytes, often empty, with 00 and FF."""
    some = st.lists(st.sampled_from([0, 1, 97, 254, 255]), max_size=min(5, max_size)).map(bytes)
    edges = st.sampled_from([data for data in _EDGES if len(data) <= max_size])
    return st.one_of(edges, some, st.binary(max_size=max_size))


def _fixed(width: int) -> st.SearchStrategy[bytes]:
    padded = byte_strings().map(lambda data: (data + bytes(width))[:width])
    return st.one_of(padded, st.just(b"\xff" * width), st.binary(min_size=width, max_size=width))


def uuids() -> st.SearchStrategy[UUID]:
    """UUIDs of any version and of none, the first and the last among them."""
    edges = st.sampled_from([0, 1, 2**64 - 1, 2**64, 2**127, 2**128 - 1])
    return st.one_of(edges.map(lambda number: UUID(int=number)), st.uuids())


def floats() -> st.SearchStrategy[float]:
    """Floats of every bit pattern: zeros, infinities, subnormals and NaNs of both signs."""
    edges = [0.0, -0.0, math.inf, -math.inf, math.nan, -math.nan, 5e-324, -5e-324, 1.7976931348623157e308]
    bits = st.integers(0, 2**64 - 1).map(lambda number: struct.unpack(">d", number.to_bytes(8, "big"))[0])
    return st.one_of(st.sampled_from(edges), bits)


def timestamps() -> st.SearchStrategy[np.datetime64]:
    """Times as ``numpy.datetime64[ns]``, from 1970 to the last one there is."""
    return integers(0, 2**63 - 1).map(lambda number: np.datetime64(number, "ns"))


def moments() -> st.SearchStrategy[datetime]:
    """Timezone-aware datetimes that lie in the years 1 to 9999 in UTC as well."""
    zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.one_of(st.just(UTC), zones))


def _total_order(value: float) -> int:
    bits: int = struct.unpack(">Q", struct.pack(">d", value))[0]
    magnitude = bits % (1 << 63)
    return magnitude if bits < (1 << 63) else -magnitude - 1


def _nanoseconds(value: np.datetime64) -> int:
    return int(value.astype("datetime64[ns]").astype(np.int64))


def _same(value: Any) -> Any:
    return value


_Rule = tuple[Callable[[Any], st.SearchStrategy[Any]], Callable[[Any], Any]]
_without_nul = texts().map(lambda text: text.replace("\0", "\x01"))

# The class of a codec -> the strategy of its values, and what they are ordered by.
_RULES: dict[type[KeyCodec[Any]], _Rule] = {
    keys.Float64: (lambda _: floats(), _total_order),
    keys.Bool: (lambda _: st.booleans(), _same),
    keys.Uuid: (lambda _: uuids(), _same),
    keys.String: (lambda _: texts(), _same),
    keys.Bytes: (lambda _: byte_strings(), _same),
    keys.Date: (
        lambda _: st.one_of(st.sampled_from([date.min, date.max, date(1970, 1, 1)]), st.dates()),
        _same,
    ),
    keys.Datetime: (lambda _: moments(), _same),
    keys.Timestamp: (lambda _: timestamps(), _nanoseconds),
    keys.EnumKey: (lambda codec: st.sampled_from(list(codec.kind)), lambda member: member.value),
    upstream.StringString: (lambda _: st.tuples(_without_nul, texts()), _same),
    upstream.StringStringString: (lambda _: st.tuples(_without_nul, _without_nul, texts()), _same),
    **{
        kind: (lambda codec: integers(codec.low, codec.high), _same)
        for kind in (
            keys.Int8, keys.Int16, keys.Int32, keys.Int64,
            keys.Uint8, keys.Uint16, keys.Uint32, keys.Uint64, keys.Oid,
        )
    },
    **{kind: (lambda codec: _fixed(codec.width), _same) for kind in (keys.Bytes16, keys.Bytes20, keys.Bytes32)},
}  # fmt: skip


def register(
    codec: type[C], strategy: Callable[[C], st.SearchStrategy[Any]], order: Callable[[Any], Any] = _same
) -> None:
    """Make the keys of a codec class of your own known, alone and within composites.

    Args:
        codec: the class.
        strategy: a function of the codec, giving the strategy of its keys.
        order: a function of a key, giving what keys are equal and ordered by; the key itself, unless given.
    """
    _RULES[codec] = (strategy, order)


def _rule(codec: KeyCodec[Any]) -> _Rule | None:
    for kind in type(codec).__mro__:
        if kind in _RULES:
            return _RULES[kind]
    return None


def values(codec: KeyCodec[Any] | type[KeyCodec[Any]]) -> st.SearchStrategy[Any]:
    """Keys that a codec takes, of the very type that it gives back.

    Args:
        codec: one of ours, of any composition, or one that was registered.

    Raises:
        LookupError: if nothing is known of the codec.
    """
    codec = keys.as_codec(codec)
    rule = _rule(codec)
    if rule is not None:
        return rule[0](codec)
    if isinstance(codec, keys.Composite):
        return st.tuples(*(values(part) for part in codec.parts))
    forward = getattr(codec, "forward", None)  # the little-endian parts of some earlier layouts
    if isinstance(forward, KeyCodec):
        return values(forward)
    raise LookupError(
        f"no strategy is known for keys of {codec!r}; make one known with zlmdb.testing.strategies.register()"
    )


def order_of(codec: KeyCodec[Any] | type[KeyCodec[Any]]) -> Callable[[Any], Any]:
    """The function that gives what keys of a codec are equal and ordered by: NaN and -0.0 have a place there.

    Args:
        codec: one of ours, of any composition, or one that was registered.
    """
    codec = keys.as_codec(codec)
    rule = _rule(codec)
    if rule is not None:
        return rule[1]
    if isinstance(codec, keys.Composite):
        orders = [order_of(part) for part in codec.parts]
        return lambda key: tuple(order(part) for order, part in zip(orders, key, strict=True))
    forward = getattr(codec, "forward", None)
    return order_of(forward) if isinstance(forward, KeyCodec) else _same


def sample_codecs() -> list[KeyCodec[Any]]:
    """One codec of every class that needs no arguments, those of earlier layouts included."""
    ours = [kind() for kind in _RULES if kind.__module__.startswith("zlmdb.keys") and kind is not keys.EnumKey]
    earlier = [
        upstream.StringOid(),
        upstream.StringTimestamp(),
        upstream.OidTimestampLE(),
        upstream.OidTimestampStringLE(),
        upstream.Uint16UuidTimestamp(),
    ]
    return [*ours, *earlier]


def composites(parts: st.SearchStrategy[KeyCodec[Any]], max_size: int = 4) -> st.SearchStrategy[KeyCodec[Any]]:
    """Composite codecs of one to `max_size` parts."""
    return st.lists(parts, min_size=1, max_size=max_size).map(keys.Composite)


def key_codecs(max_leaves: int = 8) -> st.SearchStrategy[KeyCodec[Any]]:
    """Key codecs of every kind whose bytes sort like their values, composites within composites among them.

    Args:
        max_leaves: how many parts that are no composites there are at most.
    """
    simple = [codec for codec in sample_codecs() if codec.ordered and not isinstance(codec, keys.Composite)]
    return st.recursive(st.sampled_from(simple), composites, max_leaves=max_leaves)
