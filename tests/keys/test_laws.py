"""The laws that every key codec keeps, for values near all edges and for composites of any shape."""

from __future__ import annotations

import enum
import math
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zlmdb import keys
from zlmdb.errors import KeyTypeError, KeyValueError
from zlmdb.keys import KeyCodec, upstream


class Names:
    """The constants of one generated function, as the table compiler keeps them."""

    def __init__(self) -> None:
        self.objects: dict[str, object] = {}

    def add(self, value: object, hint: str) -> str:
        for name, known in self.objects.items():
            if known is value:
                return name
        name = f"{hint}_{len(self.objects)}"
        self.objects[name] = value
        return name

    def function(self, parameters: str, expr: str) -> Callable[..., Any]:
        return eval(f"lambda {parameters}: {expr}", self.objects)  # the names are the function's globals


class Colour(enum.Enum):
    RED = "red"
    DARK_RED = "red\0"
    NONE = ""


class Level(enum.IntEnum):
    LOW = -5
    HIGH = 2**40


def same(value: Any) -> Any:
    return value


def outcome(function: Callable[[Any], Any], argument: Any) -> Any:
    """What the function gives, or the exception that it raises."""
    try:
        return function(argument)
    except Exception as error:
        return error


def total_order(value: float) -> int:
    """Where a float stands in IEEE 754's total order, by sign and magnitude."""
    bits: int = struct.unpack(">Q", struct.pack(">d", value))[0]
    magnitude = bits % (1 << 63)
    return magnitude if bits < (1 << 63) else -magnitude - 1


@dataclass(frozen=True)
class Case:
    """A codec, its values, and what they are compared by: equal and ordered exactly as the values are."""

    codec: KeyCodec[Any]
    values: st.SearchStrategy[Any]
    by: Callable[[Any], Any] = same

    def __repr__(self) -> str:
        return f"{type(self.codec).__name__} {self.codec.name}"


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    edges = {
        low,
        low + 1,
        high - 1,
        high,
        *(e for e in (-257, -256, -1, 0, 1, 255, 256, 2**32) if low <= e <= high),
    }
    return st.one_of(st.sampled_from(sorted(edges)), st.integers(low, high))


NULS_AND_ENDS = [
    "",
    "\0",
    "\0\0",
    "\x01",
    "\0\x01",
    "\0\xff",
    "a",
    "a\0",
    "a\0\x01",
    "a\x01",
    "ab",
    "ÿ",
    "\U0010ffff",
]
TEXTS = st.one_of(st.sampled_from(NULS_AND_ENDS), st.text("\0\x01aÿ\U0010ffff", max_size=5), st.text(max_size=20))
EDGES = [b"", b"\0", b"\0\0", b"\0\1", b"\0\xff", b"\xff", b"\xff\xff", b"\1", b"\xff\0", b"a", b"a\0"]
SMALL_BYTES = st.lists(st.sampled_from([0, 1, 97, 254, 255]), max_size=5).map(bytes)
BYTES = st.one_of(st.sampled_from(EDGES), SMALL_BYTES, st.binary(max_size=20))


def fixed(width: int) -> st.SearchStrategy[bytes]:
    return st.one_of(BYTES.map(lambda data: (data + bytes(width))[:width]), st.binary(min_size=width, max_size=width))


UUIDS = st.one_of(
    st.sampled_from([0, 1, 2**64 - 1, 2**64, 2**127, 2**128 - 1]).map(lambda number: UUID(int=number)),
    st.uuids(),
)
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, -math.nan, 5e-324, -5e-324, 1.7976931348623157e308]),
    st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack(">d", bits.to_bytes(8, "big"))[0]),
)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATETIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.one_of(st.just(UTC), ZONES))
TIMESTAMPS = integers(0, 2**63 - 1).map(lambda number: np.datetime64(number, "ns"))


def nanoseconds(value: np.datetime64) -> int:
    assert value.dtype == np.dtype("datetime64[ns]")
    return int(value)


SCALARS = [
    *(
        Case(codec, integers(codec.low, codec.high))
        for codec in (
            keys.Int8(), keys.Int16(), keys.Int32(), keys.Int64(),
            keys.Uint8(), keys.Uint16(), keys.Uint32(), keys.Uint64(), keys.Oid(),
        )
    ),
    Case(keys.Float64(), FLOATS, total_order),
    Case(keys.Bool(), st.booleans()),
    Case(keys.Uuid(), UUIDS),
    Case(keys.String(), TEXTS),
    Case(keys.Bytes(), BYTES),
    Case(keys.Bytes16(), fixed(16)),
    Case(keys.Bytes20(), fixed(20)),
    Case(keys.Bytes32(), fixed(32)),
    Case(keys.Date(), st.one_of(st.sampled_from([date.min, date.max, date(1970, 1, 1)]), st.dates())),
    Case(keys.Datetime(), DATETIMES),
    Case(keys.Timestamp(), TIMESTAMPS, nanoseconds),
    Case(keys.EnumKey(Colour), st.sampled_from(Colour), lambda member: member.value),
    Case(keys.EnumKey(Level), st.sampled_from(Level)),
]  # fmt: skip


def composite(parts: list[Case]) -> Case:
    return Case(
        keys.Composite([part.codec for part in parts]),
        st.tuples(*(part.values for part in parts)),
        lambda value: tuple(part.by(item) for part, item in zip(parts, value, strict=True)),
    )


def composites(cases: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return st.lists(cases, min_size=1, max_size=4).map(composite)


ANY_CASE = st.recursive(st.sampled_from(SCALARS), composites, max_leaves=8)
COMPOSITES = composites(ANY_CASE)
# Where text, bytes and their escapes meet; the random shapes above seldom put them side by side.
VARIABLE = composites(
    st.recursive(
        st.sampled_from([case for case in SCALARS if case.codec.name in ("string", "bytes", "uint8")]),
        composites,
        max_leaves=6,
    )
)

NO_NUL = TEXTS.map(lambda text: text.replace("\0", "\x01"))
PRINTABLE = TEXTS.map(lambda text: "".join(char for char in text if char >= " "))
OIDS = integers(0, 2**53)
BY_TIME = {
    2: lambda value: (value[0], nanoseconds(value[1]), *value[2:]),
    3: lambda value: (*value[:2], nanoseconds(value[2])),
}
EARLIER = [
    Case(upstream.StringString(), st.tuples(NO_NUL, TEXTS)),
    Case(upstream.StringStringString(), st.tuples(NO_NUL, NO_NUL, TEXTS)),
    Case(upstream.StringOid(), st.tuples(TEXTS, OIDS)),
    Case(upstream.StringTimestamp(), st.tuples(TEXTS, TIMESTAMPS), BY_TIME[2]),
    Case(upstream.OidTimestampLE(), st.tuples(OIDS, TIMESTAMPS), BY_TIME[2]),
    Case(upstream.OidTimestampStringLE(), st.tuples(OIDS, TIMESTAMPS, TEXTS), BY_TIME[2]),
    Case(upstream.Uint16UuidTimestamp(), st.tuples(integers(0, 65535), UUIDS, TIMESTAMPS), BY_TIME[3]),
]
ORDERED = [
    *SCALARS,
    *EARLIER[:2],
    Case(upstream.StringOid(), st.tuples(NO_NUL, OIDS)),
    Case(
        upstream.StringTimestamp(),
        st.tuples(PRINTABLE, integers(0, (0x20 << 56) - 1).map(lambda n: np.datetime64(n, "ns"))),
        BY_TIME[2],
    ),
]
ALL = [*SCALARS, *EARLIER]


def check_round_trip(case: Case, value: Any) -> None:
    codec = case.codec
    data = codec.encode(value)
    assert type(data) is bytes
    assert codec.width in (None, len(data))
    for buffer in (data, memoryview(data), memoryview(bytearray(data))):
        decoded = codec.decode(buffer)
        assert type(decoded) is type(value)
        assert case.by(decoded) == case.by(value)
        assert codec.encode(decoded) == data


def check_order(case: Case, one: Any, other: Any) -> None:
    a, b = case.codec.encode(one), case.codec.encode(other)
    assert (a < b) == (case.by(one) < case.by(other))
    assert (a == b) == (case.by(one) == case.by(other))


def check_expressions(case: Case, value: Any) -> None:
    codec, names = case.codec, Names()
    data = codec.encode(value)
    # As the compiler writes them: after a prefix, in a sum, in a tuple, over bytes and over memory.
    encode = names.function("x", f"b'<' + {codec.encode_expr('x', names)} + b'>'")
    decode = names.function("d", f"({codec.decode_expr('d[2:]', names)}, d)")
    source = names.function("d", codec.decode_source("d", 2, names))
    assert encode(value) == b"<" + data + b">"
    for buffer in (b"\xff\xff" + data, memoryview(b"\xff\xff" + data)):
        assert case.by(decode(buffer)[0]) == case.by(value)
        assert case.by(source(buffer)) == case.by(value)
        assert type(source(buffer)) is type(value)
    if isinstance(codec, keys.Composite):
        variables = [f"v{index}" for index in range(len(codec.parts))]
        parts = names.function(", ".join(variables), f"b''.join(({', '.join(codec.encode_parts(variables, names))},))")
        assert parts(*value) == data


def check_many(case: Case, values: list[Any]) -> None:
    encoded = [case.codec.encode(value) for value in values]
    expected = [case.by(value) for value in values]
    assert [case.by(value) for value in case.codec.decode_many(encoded)] == expected
    views = [memoryview(data) for data in encoded]
    assert [case.by(value) for value in case.codec.decode_many(views)] == expected


def check_bytes(case: Case, data: bytes) -> None:
    """Any bytes are refused, or are the bytes of the key that they are read as."""
    codec, names = case.codec, Names()
    decode = names.function("d", codec.decode_source("d", 2, names))
    value, inline = outcome(codec.decode, data), outcome(decode, b"\xff\xff" + data)
    if isinstance(value, Exception):
        assert isinstance(value, KeyValueError)
        assert "found" in value.message
        assert isinstance(outcome(codec.decode, memoryview(data)), KeyValueError)
        assert isinstance(outcome(codec.decode_many, [data]), KeyValueError)
        assert isinstance(inline, Exception)  # of any kind; it makes the compiler call decode()
    else:
        assert codec.encode(value) == data
        assert codec.encode(inline) == data


@pytest.mark.parametrize("case", ALL, ids=repr)
@given(data=st.data())
def test_a_key_comes_back_as_it_was(case: Case, data: st.DataObject) -> None:
    check_round_trip(case, data.draw(case.values))


@pytest.mark.parametrize("case", ORDERED, ids=repr)
@given(data=st.data())
def test_bytes_sort_like_values(case: Case, data: st.DataObject) -> None:
    check_order(case, data.draw(case.values), data.draw(case.values))


@pytest.mark.parametrize("case", ALL, ids=repr)
@given(data=st.data())
def test_expressions_do_what_the_functions_do(case: Case, data: st.DataObject) -> None:
    check_expressions(case, data.draw(case.values))


@pytest.mark.parametrize("case", ALL, ids=repr)
@given(data=st.data())
def test_many_keys_are_read_like_each(case: Case, data: st.DataObject) -> None:
    values = data.draw(st.lists(case.values, max_size=5))
    check_many(case, values)
    check_many(case, values * 20)  # above the length from which codecs take another way


@pytest.mark.parametrize("case", ALL, ids=repr)
@given(data=st.data())
def test_wrong_bytes_are_refused(case: Case, data: st.DataObject) -> None:
    width = case.codec.width or 12
    near = st.binary(min_size=max(width - 1, 0), max_size=width + 1)
    changed = case.values.map(case.codec.encode).flatmap(
        lambda good: st.sampled_from([good[:-1], good + b"\0", good[1:], b"\xff" + good[1:], good[:-1] + b"\xff"])
    )
    check_bytes(case, data.draw(st.one_of(BYTES, near, changed)))


@pytest.mark.parametrize("shapes", [COMPOSITES, VARIABLE], ids=["any", "variable"])
@given(data=st.data())
def test_composites_keep_all_laws(shapes: st.SearchStrategy[Case], data: st.DataObject) -> None:
    case = data.draw(shapes)
    one, other = data.draw(case.values), data.draw(case.values)
    check_round_trip(case, one)
    check_order(case, one, other)
    # A neighbour that differs in one component only: independent draws seldom share a beginning.
    index = data.draw(st.integers(0, len(one) - 1))
    check_order(case, one, (*one[:index], other[index], *one[index + 1 :]))
    check_expressions(case, one)
    check_many(case, [one, other])
    good = case.codec.encode(one)
    cut = data.draw(st.integers(0, len(good)))
    check_bytes(case, good[:cut])
    check_bytes(case, good[:cut] + data.draw(BYTES) + good[cut:])


@given(data=st.data())
def test_a_prefix_finds_exactly_the_keys_that_begin_so(data: st.DataObject) -> None:
    case = data.draw(VARIABLE)
    one, other = data.draw(case.values), data.draw(case.values)
    count = data.draw(st.integers(0, len(one)))
    shared = data.draw(st.sampled_from([other, (*one[:count], *other[count:])]))
    prefix = case.codec.prefix(one[:count])
    assert case.codec.encode(one).startswith(prefix)
    if count < len(one):
        assert case.codec.encode(shared).startswith(prefix) == (shared[:count] == one[:count])


@given(before=TEXTS, text=TEXTS, after=st.integers(0, 255), start=TEXTS, last=st.booleans())
def test_a_text_prefix_finds_exactly_the_texts_that_begin_so(
    before: str, text: str, after: int, start: str, last: bool
) -> None:
    parts = [keys.String, keys.String] if last else [keys.String, keys.String, keys.Uint8]
    codec = keys.Composite(parts)
    key = codec.encode((before, text) if last else (before, text, after))
    assert key.startswith(codec.text_prefix((before,), start)) == text.startswith(start)
    assert key.startswith(codec.partial(start)) == before.startswith(start)


@given(prefix=BYTES, other=BYTES)
def test_the_successor_ends_a_prefix_scan(prefix: bytes, other: bytes) -> None:
    end = keys.successor(prefix)
    for key in (prefix, other, prefix + other, prefix + b"\xff" * 3):
        assert key.startswith(prefix) == (prefix <= key and (end is None or key < end))


INTEGERS = [case for case in SCALARS if hasattr(case.codec, "low")]
TEXT = [case for case in SCALARS if case.codec in (keys.String(), keys.Bytes())]


@pytest.mark.parametrize("case", INTEGERS, ids=repr)
@given(data=st.data())
def test_integer_bounds_beyond_the_range_part_the_keys_as_the_numbers_do(case: Case, data: st.DataObject) -> None:
    key = data.draw(case.values)
    bound = data.draw(st.one_of(integers(-(2**70), 2**70), integers(2**53 - 2, 2**53 + 2), case.values))
    assert (case.codec.encode(key) >= case.codec.encode_bound(bound)) == (key >= bound)


@given(data=st.data())
def test_composite_bounds_part_the_keys_as_the_tuples_do(data: st.DataObject) -> None:
    parts = [
        *data.draw(st.lists(st.sampled_from(INTEGERS + SCALARS[12:14]), min_size=1, max_size=3)),
        *INTEGERS[-1:],
    ]
    case = composite(parts)
    key, bound = data.draw(case.values), list(data.draw(case.values))
    shared = data.draw(st.integers(0, len(parts)))
    bound[:shared] = key[:shared]
    for index, part in enumerate(parts):
        if part in INTEGERS and data.draw(st.booleans()):
            bound[index] = data.draw(st.sampled_from([-(2**70), -129, -1, 256, 2**16, 2**32, 2**53 + 1, 2**64, 2**70]))
    del bound[data.draw(st.integers(0, len(parts))) :]
    assert (case.codec.encode(key) >= case.codec.encode_bound(tuple(bound))) == (key >= tuple(bound))


class Other:
    """An object that has what codecs look for, and is nothing that they take."""

    int = 5
    value = "red"
    dtype = np.dtype("datetime64[ns]")

    def encode(self) -> bytes:
        return b"wrong"

    def to_bytes(self, *_: Any) -> bytes:
        return b"wrong"

    def toordinal(self) -> int:
        return 5

    def __len__(self) -> int:
        return 16


NOTHING_OF_THE_KIND = [
    None,
    1j,
    Decimal(1),
    timedelta(1),
    Other(),
    object(),
    [],
    (),
    {},
    set(),
    int,
    str,
    UUID,
]
NUMBERS = [
    *(True, False, 0, 1, -1, 255, 256, 2**53, 2**53 + 1, 2**64, -(2**63), 2**200, Level.LOW),
    *(0.0, 1.5, math.nan, math.inf, Fraction(1, 2), Fraction(1, 3)),
    *(np.int8(5), np.uint8(200), np.int64(-5), np.uint64(2**64 - 1), np.float32(0.5), np.float64(0.1)),
    *(np.bool_(True), np.array(5), np.array([5, 6])),
]
STRINGS = [
    *("", "a", "\ud800", "red", "0" * 16, Colour.RED, b"", b"a", UUID(int=7)),
    *(bytes(16), bytearray(20), memoryview(bytes(32)), np.str_("a"), np.bytes_(b"a")),
]
MOMENTS = [
    *(
        date(2020, 1, 1),
        datetime(2020, 1, 1),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    *(np.datetime64(1, "ns"), np.datetime64(-1, "ns"), np.datetime64("NaT", "s"), np.datetime64("NaT", "ns")),
    *(np.datetime64(5, "ps"), np.datetime64(5000, "ps"), np.datetime64(2000, "Y"), np.timedelta64(5, "ns")),
    np.array(5, "datetime64[ns]"),
]
TUPLES = [("a", 1), ["a", "b"], ("a", None), (1, np.datetime64(1, "ns")), ("a",), "ab", {"a": 1, "b": 2}]
ANYTHING = [*NOTHING_OF_THE_KIND, *NUMBERS, *STRINGS, *MOMENTS, *TUPLES]


@pytest.mark.parametrize("case", ALL, ids=repr)
def test_an_expression_never_writes_what_the_function_would_not(case: Case) -> None:
    names = Names()
    expression = names.function("x", case.codec.encode_expr("x", names))
    taken = 0
    for value in ANYTHING:
        expected, found = outcome(case.codec.encode, value), outcome(expression, value)
        if isinstance(expected, Exception):
            assert isinstance(expected, KeyTypeError | KeyValueError), value
            assert expected.expected, value
            assert expected.found, value
            assert isinstance(found, Exception), value
        else:
            taken += 1
            # If the expression raises, encode() is called, and has given the bytes.
            assert found == expected or isinstance(found, Exception), value
    assert taken or isinstance(case.codec, keys.Composite)


@pytest.mark.parametrize("case", ALL, ids=repr)
def test_a_bound_is_a_key_unless_it_is_out_of_range(case: Case) -> None:
    for value in ANYTHING:
        expected, found = outcome(case.codec.encode, value), outcome(case.codec.encode_bound, value)
        if not isinstance(expected, Exception):
            assert found == expected, value
        elif isinstance(expected, KeyTypeError) and not isinstance(value, tuple | list):
            assert isinstance(found, KeyTypeError), value
        else:
            assert isinstance(found, bytes | KeyTypeError | KeyValueError), value


@pytest.mark.parametrize("case", ALL, ids=repr)
def test_codecs_are_values(case: Case) -> None:
    codec = case.codec
    copy = pickle.loads(pickle.dumps(codec))  # as tables travel to other processes
    assert copy == codec
    assert hash(copy) == hash(codec)
    assert copy.name == codec.name
    assert [other for other in ALL if other.codec == codec] == [case]
    assert codec.name in repr(codec)
