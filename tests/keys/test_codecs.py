"""Each codec's own rules: what it takes, what it refuses, and in which words."""

from __future__ import annotations

import copy
import enum
import pickle
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, SafeUUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zlmdb import keys
from zlmdb.errors import KeyTypeError, KeyValueError, SchemaError
from zlmdb.keys import KeyCodec

NS = 10**9
LAST = 2**63 - 1


def refused(codec: KeyCodec[Any], value: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        codec.encode(value)


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (keys.Int64(), "5"),
        (keys.Uint8(), 1.0),
        (keys.Oid(), None),
        (keys.Float64(), "1.0"),
        (keys.Float64(), Decimal(1)),
        (keys.Bool(), 1),
        (keys.Uuid(), b"0123456789abcdef"),
        (keys.String(), b"ab"),
        (keys.Bytes(), "ab"),
        (keys.Bytes20(), [1, 2]),
        (keys.Date(), datetime(2024, 1, 1)),
        (keys.Datetime(), date(2024, 1, 1)),
        (keys.Timestamp(), 5),
        (keys.Timestamp(), datetime(2024, 1, 1, tzinfo=UTC)),
        (keys.Timestamp(), np.timedelta64(5, "ns")),
    ],
)
def test_a_wrong_type_is_named(codec: KeyCodec[Any], value: Any) -> None:
    found = f"{type(value).__name__} {value!r}"
    refused(codec, value, KeyTypeError, f"expected {codec.expects} as key, found {found}")


@pytest.mark.parametrize(
    ("codec", "value", "why"),
    [
        (keys.Int8(), 128, "the range of int8 is -128 to 127"),
        (keys.Int8(), -129, "the range of int8 is -128 to 127"),
        (keys.Uint16(), -1, "the range of uint16 is 0 to 65535"),
        (keys.Oid(), 2**53 + 1, "the range of oid is 0 to 9007199254740992"),
        (keys.Oid(), -1, "the range of oid is 0 to 9007199254740992"),
        (keys.Float64(), 2**53 + 1, "a float cannot hold it exactly"),
        (keys.Float64(), Fraction(1, 3), "a float cannot hold it exactly"),
        (keys.String(), "a\ud800", "a lone surrogate at position 1 is not text"),
        (keys.Bytes16(), bytes(2), "it has 2 bytes"),
        (keys.Datetime(), datetime(2024, 1, 1), "it has no timezone; give it one, such as datetime.UTC"),
        (keys.Timestamp(), np.datetime64(-1, "ns"), "it is before 1970"),
        (keys.Timestamp(), np.datetime64(1, "ps"), "it is not a whole number of nanoseconds, but of ps"),
        (keys.Timestamp(), np.datetime64(300, "Y"), "it is after 2262-04-11T23:47:16.854775807"),
        (keys.Timestamp(), np.datetime64("NaT", "s"), "not a time"),
        (keys.Timestamp(), np.datetime64("NaT", "ns"), "not a time"),
    ],
)
def test_a_value_out_of_range_is_named(codec: KeyCodec[Any], value: Any, why: str) -> None:
    refused(codec, value, KeyValueError, f"expected {codec.expects} as key, found {value!r}: {why}")


@pytest.mark.parametrize(
    ("codec", "data", "why"),
    [
        (keys.Uint16(), b"\1", "1 bytes '01': a key has 2 bytes"),
        (keys.Oid(), b"\1" + bytes(7), f"8 bytes '0100000000000000': the number {2**56} is above {2**53}"),
        (keys.Float64(), b"", "0 bytes '': a key has 8 bytes"),
        (keys.Bool(), b"\2", "1 bytes '02': it is one byte, 00 or 01"),
        (keys.Uuid(), bytes(40), f"40 bytes '{'00' * 32}...': a key has 16 bytes"),
        (keys.String(), b"a\xff", "2 bytes '61ff': not UTF-8 at position 1"),
        (keys.Date(), bytes(4), "4 bytes '00000000': the day is not in the years 1 to 9999"),
        (keys.Datetime(), bytes(8), "8 bytes '0000000000000000': the moment is outside the years 1 to 9999"),
        (
            keys.Timestamp(),
            b"\x80" + bytes(7),
            "8 bytes '8000000000000000': the first byte is at most 7f; a time before 1970 is no key",
        ),
    ],
)
def test_wrong_bytes_are_named(codec: KeyCodec[Any], data: bytes, why: str) -> None:
    message = f"expected the bytes of a key of type {codec.name}, found {why}"
    for buffer in (data, memoryview(data)):
        with pytest.raises(KeyValueError, match=f"^{re.escape(message)}$") as caught:
            codec.decode(buffer)
        assert caught.value.expected == f"bytes of {codec.name}"
    with pytest.raises(KeyValueError, match=f"^{re.escape(message)}$"):
        codec.decode_many([data])


def test_one_wrong_key_among_many_is_named() -> None:
    good = UUID(int=1).bytes
    with pytest.raises(KeyValueError, match="found 3 bytes '616263': a key has 16 bytes"):
        keys.Uuid().decode_many([good] * 100 + [b"abc"])
    with pytest.raises(KeyValueError, match="'61ff'"):
        keys.String().decode_many([b"a", b"a\xff"])
    # The lengths add up to those of whole keys.
    with pytest.raises(KeyValueError, match="found 7 bytes"):
        keys.Uint64().decode_many([bytes(7), bytes(9)])
    with pytest.raises(KeyValueError, match="found 7 bytes"):
        keys.Timestamp().decode_many([bytes(7), bytes(9)])


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_numpy_integers_are_integers(kind: Any) -> None:
    for codec in (keys.Int8(), keys.Int64(), keys.Uint8(), keys.Uint64(), keys.Oid()):
        assert codec.encode(kind(100)) == codec.encode(100)
    assert keys.Int16().encode(np.int8(-1)) == b"\x7f\xff"


def test_floats_stand_in_total_order() -> None:
    codec = keys.Float64()
    nan, negative_nan = float("nan"), -float("nan")
    ordered = [
        negative_nan,
        float("-inf"),
        -1e308,
        -1.0,
        -5e-324,
        -0.0,
        0.0,
        5e-324,
        1.0,
        1e308,
        float("inf"),
        nan,
    ]
    encoded = [codec.encode(value) for value in ordered]
    assert encoded == sorted(encoded)
    assert len(set(encoded)) == len(encoded)


@pytest.mark.parametrize("value", [3, True, np.float32(0.1), np.float64(0.1), np.int8(-3), Fraction(1, 4)])
def test_other_numbers_that_a_float_holds_are_floats(value: Any) -> None:
    assert keys.Float64().encode(value) == keys.Float64().encode(float(value))


def test_a_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(KeyValueError, match="it is too large for a float"):
        keys.Float64().encode(10**400)


def test_numpy_bools_are_bools() -> None:
    assert [keys.Bool().encode(np.bool_(value)) for value in (False, True)] == [b"\0", b"\1"]


def test_a_uuid_made_from_bytes_is_like_any_other() -> None:
    original = UUID("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01")
    for made in (keys.uuid_from_bytes(original.bytes), *keys.Uuid().decode_many([original.bytes] * 100)):
        assert type(made) is UUID
        assert made == original
        assert not made < original
        assert hash(made) == hash(original)
        assert {original: "found"}[made] == "found"
        assert (str(made), repr(made), made.bytes, made.version, made.fields) == (
            str(original), repr(original), original.bytes, 4, original.fields,
        )  # fmt: skip
        assert made.is_safe is SafeUUID.unknown
        assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == copy.deepcopy(made) == original
        with pytest.raises(TypeError, match="immutable"):
            made.int = 5  # type: ignore[misc]


def test_a_subclass_of_uuid_is_a_uuid() -> None:
    class Special(UUID):
        pass

    assert keys.Uuid().encode(Special(int=5)) == UUID(int=5).bytes


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))[::1]])
def test_byte_keys_take_any_bytes(kind: Any) -> None:
    for codec, data in (
        (keys.Bytes(), b"a\0"),
        (keys.Bytes16(), bytes(range(16))),
        (keys.Bytes20(), b"x" * 20),
    ):
        encoded = codec.encode(kind(data))
        assert encoded == data
        assert type(encoded) is bytes


def test_released_memory_is_no_key() -> None:
    view = memoryview(bytes(16))
    view.release()
    with pytest.raises(KeyValueError, match="released memoryview"):
        keys.Bytes16().encode(view)


def test_a_part_of_bytes_is_a_beginning() -> None:
    assert keys.Bytes16().partial(b"ab") == b"ab"
    assert keys.Bytes().partial(memoryview(b"ab")) == b"ab"
    assert keys.String().partial("é") == "é".encode()
    with pytest.raises(KeyValueError, match="17 bytes cannot be their beginning"):
        keys.Bytes16().partial(bytes(17))
    with pytest.raises(KeyTypeError, match=r"^keys of type uuid cannot be sought by a beginning, found 'ab': give all"):
        keys.Uuid().partial("ab")


def test_the_same_moment_in_two_zones_is_one_key() -> None:
    codec = keys.Datetime()
    utc = datetime(2024, 2, 29, 23, 30, 0, 1, tzinfo=UTC)
    kolkata = utc.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert kolkata.day == 1
    assert codec.encode(utc) == codec.encode(kolkata)
    decoded = codec.decode(codec.encode(kolkata))
    assert decoded == utc
    assert decoded.tzinfo is UTC


def test_datetimes_reach_to_both_ends_of_the_calendar() -> None:
    codec = keys.Datetime()
    for value in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert codec.decode(codec.encode(value)) == value
    east = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
    west = datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))
    for value in (east, west):
        with pytest.raises(KeyValueError, match="in UTC it is outside the years 1 to 9999"):
            codec.encode(value)
    # As bounds they stand outside all keys.
    assert codec.encode_bound(east) < codec.encode(datetime.min.replace(tzinfo=UTC))
    assert codec.encode_bound(west) > codec.encode(datetime.max.replace(tzinfo=UTC))


def test_a_datetime_finer_than_microseconds_is_refused() -> None:
    class Fine(datetime):
        nanosecond = 1

    class Never(datetime):
        def __ne__(self, other: object) -> bool:
            return True

    with pytest.raises(KeyValueError, match="it is finer than a microsecond"):
        keys.Datetime().encode(Fine(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(KeyValueError, match="it is no time"):
        keys.Datetime().encode(Never(2024, 1, 1, tzinfo=UTC))


PER_UNIT = {
    "W": Fraction(7 * 86400 * NS),
    "D": Fraction(86400 * NS),
    "h": Fraction(3600 * NS),
    "m": Fraction(60 * NS),
    "s": Fraction(NS),
    "ms": Fraction(10**6),
    "us": Fraction(1000),
    "ns": Fraction(1),
    "ps": Fraction(1, 10**3),
    "fs": Fraction(1, 10**6),
    "as": Fraction(1, 10**9),
}


@given(
    unit=st.sampled_from(sorted(PER_UNIT)),
    count=st.sampled_from([1, 2, 25]),
    number=st.one_of(
        st.integers(-(2**63) + 1, LAST),
        st.integers(-3, 200_000),
        st.integers(0, 10**6).map(lambda n: n * 10**9),
        st.sampled_from([LAST // 10**3, LAST // 10**6, LAST // NS, LAST // NS + 1, LAST // (86400 * NS)]),
    ),
)
def test_times_of_every_unit_are_converted_exactly_or_refused(unit: str, count: int, number: int) -> None:
    value = np.datetime64(number, (unit, count))
    exact = number * count * PER_UNIT[unit]
    codec = keys.Timestamp()
    if exact.denominator == 1 and 0 <= exact <= LAST:
        assert codec.encode(value) == int(exact).to_bytes(8, "big")
        assert codec.encode_bound(value) == int(exact).to_bytes(8, "big")
        return
    with pytest.raises(KeyValueError) as caught:
        codec.encode(value)
    if exact.denominator != 1:
        assert "not a whole number" in caught.value.message
    else:
        assert ("before 1970" if exact < 0 else "after 2262") in caught.value.message
        assert codec.encode_bound(value) == (b"" if exact < 0 else b"\xff" * 9)


@given(unit=st.sampled_from("YM"), number=st.one_of(st.integers(-40, 4000), st.integers(-(2**63) + 1, LAST)))
def test_years_and_months_are_the_first_moment_of_them(unit: str, number: int) -> None:
    codec, months = keys.Timestamp(), number * (12 if unit == "Y" else 1)
    if 0 <= months <= 292 * 12 + 3:  # up to April 2262
        first = date(1970 + months // 12, months % 12 + 1, 1)
        expected = (first - date(1970, 1, 1)).days * 86400 * NS
        assert codec.encode(np.datetime64(number, unit)) == expected.to_bytes(8, "big")
    else:
        with pytest.raises(KeyValueError, match="before 1970" if months < 0 else "after 2262"):
            codec.encode(np.datetime64(number, unit))


def test_a_time_without_a_unit_is_refused() -> None:
    generic = np.zeros(1, "datetime64")[0]
    assert np.datetime_data(generic.dtype)[0] == "generic"
    with pytest.raises((KeyTypeError, KeyValueError)):
        keys.Timestamp().encode(generic)


def test_arrays_are_no_times() -> None:
    for value in (np.array(5, "datetime64[ns]"), np.array([5], "datetime64[ns]")):
        with pytest.raises(KeyTypeError, match=r"expected numpy\.datetime64 as key, found ndarray"):
            keys.Timestamp().encode(value)


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"


class Lenient(enum.Enum):
    KNOWN = "known"
    DEFAULT = "default"

    @classmethod
    def _missing_(cls, value: object) -> Lenient:
        return cls.DEFAULT


class Mixed(enum.Enum):
    A = 1
    B = "b"


class Permission(enum.IntFlag):
    READ = 1
    WRITE = 2


def test_members_of_an_enumeration_are_written_as_their_values() -> None:
    codec = keys.EnumKey(Side)
    assert (codec.name, codec.width) == ("string", None)
    assert codec.encode(Side.BUY) == b"buy"
    assert codec.decode(memoryview(b"sell")) is Side.SELL
    assert codec.partial("b") == b"b"
    flags = keys.EnumKey(Permission)
    assert (flags.name, flags.width) == ("int64", 8)
    both = Permission.READ | Permission.WRITE
    assert flags.decode(flags.encode(both)) == both


def test_what_is_no_member_is_refused() -> None:
    refused(keys.EnumKey(Side), "buy", KeyTypeError, "expected a member of Side as key, found str 'buy'")
    with pytest.raises(KeyValueError, match="Side has no member of value 'hold'"):
        keys.EnumKey(Side).decode(b"hold")
    with pytest.raises(KeyValueError, match="Lenient has no member of value 'hold'"):
        keys.EnumKey(Lenient).decode(b"hold")
    with pytest.raises(SchemaError, match="expected an enumeration whose values are all str or all int, found Mixed"):
        keys.EnumKey(Mixed)


def test_numpy_is_imported_by_the_first_timestamp_only() -> None:
    program = """
import sys
import zlmdb.keys as keys
from zlmdb._typing import Names

class Any:
    def add(self, value, hint): return hint

codec = keys.Composite((keys.Timestamp, keys.Uuid))
codec.encode_parts(["a", "b"], Any())
codec.decode_source("d", 2, Any())
assert keys.for_type(tuple[str, int]).name == "(string,int64)"
assert not {"numpy", "msgspec", "lmdb", "cbor2"} & set(sys.modules)
print(codec.decode(bytes(24)))
assert "numpy" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert "1970-01-01T00:00:00.000000000" in done.stdout


def test_the_first_timestamp_may_be_one_that_is_written() -> None:
    program = """
import numpy as np
import zlmdb.keys as keys

class Names(dict):
    def add(self, value, hint): self[hint] = value; return hint

for order in (0, 1):
    names = Names()
    encode = eval("lambda x: " + keys.Timestamp().encode_expr("x", names), names)
    print(encode(np.datetime64(1, "s")).hex())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("000000003b9aca00\n" * 2, "")


def test_every_public_name_is_there() -> None:
    assert len(set(keys.__all__)) == len(keys.__all__)
    for name in keys.__all__:
        assert getattr(keys, name).__doc__, name
