"""Composite keys: their bytes, their bounds, and errors that say which component is wrong."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from zlmdb.errors import KeyTypeError, KeyValueError, SchemaError
from zlmdb.keys import Bytes, Bytes20, Composite, Int8, KeyCodec, Oid, String, Timestamp, Uint8, Uint64, Uuid

ONE = UUID(int=1)
TIME = np.datetime64(5, "ns")
TRADE = Composite((Uuid, Timestamp, Uuid))


def test_a_composite_tells_its_shape() -> None:
    assert TRADE.name == "(uuid,timestamp,uuid)"
    assert TRADE.width == 40
    assert TRADE.parts == (Uuid(), Timestamp(), Uuid())
    assert Composite((Uuid, String)).width is None
    assert Composite([Composite((Uint8, Uint8)), Uint8()]).name == "((uint8,uint8),uint8)"
    assert repr(TRADE) == "<key codec (uuid,timestamp,uuid)>"
    assert TRADE.expects == "a tuple (uuid.UUID, numpy.datetime64, uuid.UUID)"


def test_composites_of_the_same_parts_are_equal() -> None:
    assert Composite([Uuid(), Timestamp(), Uuid()]) == TRADE
    assert hash(TRADE) == hash(Composite([Uuid(), Timestamp(), Uuid()]))
    assert Composite((Uuid, Timestamp)) != TRADE
    assert Composite((Uuid, Timestamp, Uuid), none_as_zeros=True) != TRADE


@pytest.mark.parametrize(
    ("parts", "value", "data"),
    [
        ((String, String), ("", ""), "0001"),
        ((String, String), ("a\0b", "c\0d"), "6100ff62000163" + "0064"),
        ((String, Uint8), ("\0", 1), "00ff000101"),
        ((Uint8, String), (1, "\0"), "0100"),
        ((Bytes, Bytes, Bytes), (b"\xff", b"", b"\0\1"), "ff0001" + "0001" + "0001"),
        ((Composite((String, String)), Uint8), (("a", "b"), 1), "6100ff0162" + "0001" + "01"),
        ((Uint8, Composite((String, String))), (1, ("a", "b")), "01" + "610001" + "62"),
        ((Uuid,), (ONE,), ONE.hex),
    ],
)
def test_bytes_of_composites(parts: Any, value: Any, data: str) -> None:
    codec = Composite(parts)
    assert codec.encode(value).hex() == data
    assert codec.decode(bytes.fromhex(data)) == value


def test_a_list_is_accepted_and_read_as_a_tuple() -> None:
    codec = Composite((String, Uint8))
    assert codec.encode(["ab", 1]) == codec.encode(("ab", 1))  # type: ignore[arg-type]
    assert codec.decode(codec.encode(["ab", 1])) == ("ab", 1)  # type: ignore[arg-type]


def test_any_number_of_components() -> None:
    codec = Composite([String] * 300)
    value = tuple(str(number) for number in range(300))
    assert codec.decode(codec.encode(value)) == value
    wide = Composite([Uint8] * 600)
    assert wide.width == 600
    assert wide.decode_many([bytes(600)]) == [(0,) * 600]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((ONE, 5, ONE), "component 2 (timestamp): expected numpy.datetime64 as key, found int 5"),
        ((ONE, TIME, None), "component 3 (uuid): expected uuid.UUID as key, found NoneType None"),
        ((ONE, TIME), "expected 3 components (uuid,timestamp,uuid) as key, found 2: "),
        ((ONE, TIME, ONE, ONE), "expected 3 components (uuid,timestamp,uuid) as key, found 4: "),
        ((), "expected 3 components (uuid,timestamp,uuid) as key, found 0: ()"),
        ("abc", "expected a tuple (uuid.UUID, numpy.datetime64, uuid.UUID) as key, found str 'abc'"),
        ({1: 2}, "expected a tuple (uuid.UUID, numpy.datetime64, uuid.UUID) as key, found dict {1: 2}"),
        (ONE, "expected a tuple (uuid.UUID, numpy.datetime64, uuid.UUID) as key, found UUID "),
    ],
)
def test_errors_say_which_component_is_wrong(value: Any, message: str) -> None:
    with pytest.raises(KeyTypeError, match=f"^{re.escape(message)}") as caught:
        TRADE.encode(value)
    assert caught.value.expected
    assert caught.value.found


def test_values_out_of_range_are_value_errors() -> None:
    with pytest.raises(KeyValueError, match=r"^component 2 \(timestamp\): .* as key, found .*NaT.*: not a time$"):
        TRADE.encode((ONE, np.datetime64("NaT", "s"), ONE))


def test_errors_inside_nested_composites_say_the_way() -> None:
    codec = Composite((Composite((String, Uint8)), Uint8))
    with pytest.raises(
        KeyTypeError, match=re.escape("component 1 ((string,uint8)): component 2 (uint8): expected int")
    ):
        codec.encode((("a", "b"), 1))


@pytest.mark.parametrize(
    ("parts", "data", "why"),
    [
        ((String, Uint8), b"ab\1", "component 1 (string) has no end 00 01"),
        ((String, Uint8), b"a\0b\0\1\1", "component 1 (string) has a 00 that is not 00 ff"),
        (
            (String, Uint8),
            b"a\0\1",
            "component 2 (uint8): expected the bytes of a key of type uint8, found 0 bytes ''",
        ),
        (
            (String, Uint8),
            b"a\0\1ab",
            "component 2 (uint8): expected the bytes of a key of type uint8, found 2 bytes",
        ),
        (
            (Uint8, Uint8),
            b"a",
            "component 2 (uint8): expected the bytes of a key of type uint8, found 0 bytes ''",
        ),
        (
            (Bytes, String),
            b"\0\1\xff",
            "component 2 (string): expected the bytes of a key of type string, found 1",
        ),
    ],
)
def test_wrong_bytes_say_which_component(parts: Any, data: bytes, why: str) -> None:
    codec = Composite(parts)
    with pytest.raises(KeyValueError, match=re.escape(why)):
        codec.decode(data)
    with pytest.raises(KeyValueError, match=re.escape(why)):
        codec.decode_many([data])


def test_none_may_stand_for_zeros() -> None:
    codec = Composite((Uuid, Timestamp, Oid, Bytes20, String, String), none_as_zeros=True)
    zeros = (UUID(int=0), np.datetime64(0, "ns"), 0, bytes(20), "", "")
    data = codec.encode((None,) * 6)
    assert data == bytes(52) + b"\0\1"
    assert codec.decode(data) == zeros
    assert codec.encode_bound((None, None)) == bytes(24)
    assert codec.encode((ONE, None, 5, None, "a", None)) == codec.encode((ONE, zeros[1], 5, zeros[3], "a", ""))
    assert codec.null() == data
    with pytest.raises(KeyTypeError, match=r"component 1 \(uuid\): expected uuid\.UUID as key, found NoneType None"):
        Composite(codec.parts).encode((None,) * 6)


def test_a_nested_composite_of_none_is_whole() -> None:
    pair = Composite((String, String))
    codec = Composite((pair, Uint8), none_as_zeros=True)
    assert codec.decode(codec.encode((None, None))) == (("", ""), 0)


@pytest.mark.parametrize(
    ("bound", "data"),
    [
        ((), b""),
        ((5,), b"\x05"),
        ((5, "a"), b"\x05a\0\1"),
        ((5, "a", 7), b"\x05a\0\1\x07"),
        ((256,), b"\xff" * 256),
        ((-1, "a", 7), b""),
        ((5, "a", -1), b"\x05a\0\1"),
        ((5, "a", 256), b"\x05a\0\2"),
    ],
)
def test_bounds(bound: Any, data: bytes) -> None:
    assert Composite((Uint8, String, Uint8)).encode_bound(bound) == data


def test_a_bound_above_the_range_stands_behind_its_neighbours() -> None:
    codec = Composite((Uint8, Uint64, Bytes))
    bound = codec.encode_bound((255, 2**64))
    assert bound > codec.encode((255, 2**64 - 1, b"\xff" * 200))
    assert codec.encode((5, 2**64 - 1, b"\xff" * 600)) < codec.encode_bound((5, 2**64)) <= codec.encode((6, 0, b""))


def test_bounds_say_what_is_wrong() -> None:
    codec = Composite((Uint8, String, Int8))
    with pytest.raises(KeyTypeError, match=r"component 2 \(string\): expected str as key, found int 5"):
        codec.encode_bound((1, 5))
    with pytest.raises(KeyTypeError, match=r"component 3 \(int8\): expected int as key, found str 'x'"):
        codec.encode_bound((1, "a", "x"))
    with pytest.raises(KeyTypeError, match=r"expected at most 3 components \(uint8,string,int8\) as key, found 4"):
        codec.encode_bound((1, "a", 1, 1))
    with pytest.raises(KeyTypeError, match=r"expected a tuple .* as key, found int 5"):
        codec.encode_bound(5)  # type: ignore[arg-type]


def test_prefixes() -> None:
    codec = Composite((Uint8, String, Bytes20, String))
    assert codec.prefix(()) == b""
    assert codec.prefix((1, "a")) == b"\1a\0\1"
    assert codec.text_prefix((1,), "") == b"\1"
    assert codec.text_prefix((1,), "a\0") == b"\1a\0\xff"
    assert codec.text_prefix((1, "a"), b"xy") == b"\1a\0\1xy"
    assert codec.text_prefix((1, "", bytes(20)), "a\0") == b"\1\0\1" + bytes(20) + b"a\0"
    assert Composite((String, Uint8)).partial("a") == b"a"


def test_prefixes_say_what_is_wrong() -> None:
    codec = Composite((Uint8, String))
    with pytest.raises(KeyTypeError, match="expected at most 2 components"):
        codec.prefix((1, "a", "b"))
    with pytest.raises(KeyValueError, match=r"component 1 \(uint8\): .* the range of uint8 is 0 to 255"):
        codec.prefix((256,))
    with pytest.raises(KeyTypeError, match=r"expected fewer than 2 leading components of \(uint8,string\), found 2"):
        codec.text_prefix((1, "a"), "b")
    with pytest.raises(
        KeyTypeError, match=r"component 1 \(uint8\): keys of type uint8 cannot be sought by a beginning"
    ):
        codec.partial("a")
    with pytest.raises(KeyTypeError, match=r"component 2 \(string\): expected str as key, found bytes b'a'"):
        codec.text_prefix((1,), b"a")


class Unfinished(KeyCodec[int]):
    """A codec that cannot be made without being told something."""

    name = "unfinished"

    def __init__(self, what: str) -> None:
        self.what = what


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "expected at least one component of a composite key, found none"),
        ((str,), "expected a key codec such as zlmdb.Uuid, found <class 'str'>"),
        ((Uuid, 5), "expected a key codec such as zlmdb.Uuid, found 5"),
        (
            (Unfinished,),
            "expected a key codec, found the class Unfinished, which needs arguments: give an instance",
        ),
    ],
)
def test_wrong_parts_are_schema_errors(parts: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=f"^{re.escape(message)}$"):
        Composite(parts)


def test_a_codec_may_offer_the_functions_only() -> None:
    codec: KeyCodec[int] = Unfinished("x")
    with pytest.raises(NotImplementedError):
        codec.encode(5)
    with pytest.raises(NotImplementedError):
        codec.decode(b"")
    assert codec.null() == b""
