"""The layouts of existing files: the bytes that earlier releases wrote, and where they do not sort."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from zlmdb.errors import KeyTypeError, KeyValueError
from zlmdb.keys import (
    Bytes16,
    Bytes20,
    Bytes32,
    Composite,
    Oid,
    String,
    Timestamp,
    Uint8,
    Uint16,
    Uint64,
    Uuid,
    upstream,
)

U = UUID(int=0x0102030405060708090A0B0C0D0E0F10)
T = np.datetime64(1, "ns")
U_HEX, T_HEX, X20, Y20, X32 = U.hex, "0000000000000001", "78" * 20, "79" * 20, "78" * 32


@pytest.mark.parametrize(
    ("codec", "value", "data"),
    [
        (upstream.OidTimestampLE(), (1, T), "00000000000000010100000000000000"),
        (upstream.OidTimestampLE(), (2**53, np.datetime64(2**40, "ns")), "00200000000000000000000000010000"),
        (upstream.OidTimestampStringLE(), (1, T, "ab"), "000000000000000101000000000000006162"),
        (upstream.OidTimestampStringLE(), (1, T, ""), "00000000000000010100000000000000"),
        (upstream.Uint16UuidTimestamp(), (1, U, T), "0100" + U_HEX + T_HEX),
        (upstream.Uint16UuidTimestamp(), (None, None, None), "00" * 26),
        (upstream.Uint16UuidTimestamp(), (513, U, None), "0102" + U_HEX + "00" * 8),
        (upstream.StringOid(), ("ab", 1), "61620000000000000001"),
        (upstream.StringOid(), ("", 1), "0000000000000001"),
        (upstream.StringOid(), ("a" * 20, 3), "61" * 20 + "0000000000000003"),
        (upstream.StringTimestamp(), ("ab", T), "61620000000000000001"),
        (upstream.StringTimestamp(), ("ab", None), "61620000000000000000"),
        (upstream.StringTimestamp(), (None, None), "00" * 8),
        (upstream.StringString(), ("ab", "cd"), "6162006364"),
        (upstream.StringString(), ("", ""), "00"),
        (upstream.StringString(), ("a", "b\0c"), "6100620063"),
        (upstream.StringStringString(), ("ab", "cd", "ef"), "6162006364006566"),
        (upstream.StringStringString(), ("", "", ""), "0000"),
        (Composite((Uint16, Uuid)), (513, U), "0201" + U_HEX),
        (Composite((Uuid, String), True), (U, "x"), U_HEX + "78"),
        (Composite((Uuid, String), True), (None, None), "00" * 16),
        (Composite((Uuid, Timestamp, Uuid), True), (U, T, U), U_HEX + T_HEX + U_HEX),
        (Composite((Uuid, Timestamp, Uuid), True), (None, None, None), "00" * 40),
        (Composite((Uint64, Timestamp), True), (2**64 - 1, T), "ff" * 8 + T_HEX),
        (Composite((Timestamp, Uuid), True), (T, U), T_HEX + U_HEX),
        (Composite((Timestamp, String), True), (T, "x"), T_HEX + "78"),
        (Composite((Timestamp, String), True), (None, None), "00" * 8),
        (Composite((Timestamp, Uuid, String), True), (T, U, "x"), T_HEX + U_HEX + "78"),
        (Composite((Timestamp, Bytes32), True), (T, b"x" * 32), T_HEX + X32),
        (Composite((Uuid, Bytes20, Uint8), True), (U, b"x" * 20, 5), U_HEX + X20 + "05"),
        (Composite((Uuid, Bytes20, Uint8), True), (None, None, None), "00" * 37),
        (Composite((Uuid, Bytes20, Uint8, Uuid), True), (U, b"x" * 20, 5, U), U_HEX + X20 + "05" + U_HEX),
        (
            Composite((Uuid, Bytes20, Bytes20, Uint8, Uuid)),
            (U, b"x" * 20, b"y" * 20, 5, U),
            U_HEX + X20 + Y20 + "05" + U_HEX,
        ),
        (Composite((Bytes32, Uuid)), (b"x" * 32, U), X32 + U_HEX),
        (Composite((Bytes32, String)), (b"x" * 32, "s"), X32 + "73"),
        (Composite((Bytes20, Timestamp)), (b"x" * 20, T), X20 + T_HEX),
        (Composite((Bytes16, Timestamp, Uuid)), (b"x" * 16, T, U), "78" * 16 + T_HEX + U_HEX),
        (Composite((Oid, Oid, Oid)), (1, 2, 3), "000000000000000100000000000000020000000000000003"),
        (Composite((Oid, String)), (1, "x"), "000000000000000178"),
        (Composite((Uuid, Uuid, String)), (U, U, "x"), U_HEX * 2 + "78"),
    ],
)
def test_the_bytes_that_earlier_releases_wrote(codec: Composite, value: Any, data: str) -> None:
    assert codec.encode(value).hex() == data
    read = codec.decode(bytes.fromhex(data))
    assert read == tuple(
        item if item is not None else part.decode(part.null()) for part, item in zip(codec.parts, value, strict=True)
    )


@pytest.mark.parametrize(
    ("codec", "value", "component"),
    [
        (upstream.StringString(), ("a\0b", "c"), 1),
        (upstream.StringStringString(), ("a", "\0", "c"), 2),
    ],
)
def test_a_nul_that_cannot_be_read_back_is_refused(codec: Composite, value: Any, component: int) -> None:
    message = (
        f"component {component} (string): expected text without NUL, found {value[component - 1]!r}: "
        "in this layout a NUL ends the component; a table declared with key=(String, String) takes any text"
    )
    for call in (codec.encode, codec.encode_bound, codec.prefix):
        with pytest.raises(KeyValueError, match=f"^{re.escape(message)}$") as caught:
            call(value)
        assert (caught.value.expected, caught.value.found) == ("text without NUL", "text with NUL")
    with pytest.raises(KeyValueError, match="expected text without NUL"):
        codec.text_prefix(value[: component - 1], value[component - 1])


@pytest.mark.parametrize(
    ("codec", "data", "why"),
    [
        (upstream.StringString(), b"ab", "expected 1 bytes 00 between 2 texts"),
        (upstream.StringStringString(), b"a\0b", "expected 2 bytes 00 between 3 texts"),
        (upstream.StringOid(), b"1234567", "a key has at least 8 bytes"),
        (upstream.StringOid(), b"ab\xff\xff\xff\xff\xff\xff\xff\xff", "component 2 (oid): "),
        (upstream.StringTimestamp(), b"\xff" + bytes(8), "component 1 (string): "),
        (upstream.Uint16UuidTimestamp(), bytes(25), "component 3 (timestamp): "),
    ],
)
def test_wrong_bytes_are_named(codec: Composite, data: bytes, why: str) -> None:
    with pytest.raises(KeyValueError, match=re.escape(why)):
        codec.decode(data)


def test_layouts_that_do_not_sort_say_so() -> None:
    unordered = {name for name in upstream.__all__ if not getattr(upstream, name)().ordered}
    assert unordered == set(upstream.__all__) - {"StringString", "StringStringString"}
    little = upstream.OidTimestampLE()
    early, late = (1, np.datetime64(255, "ns")), (1, np.datetime64(256, "ns"))
    assert early < late
    assert little.encode(early) > little.encode(late)
    text = upstream.StringOid()
    assert text.encode(("a", 1)) > text.encode(("a\0", 0))
    time = upstream.StringTimestamp()
    assert time.encode(("a", np.datetime64("2024-01-01", "ns"))) > time.encode(("a\x01", T))
    assert time.encode(("a", np.datetime64("2043-01-25T23", "ns"))) < time.encode(("a ", T))
    assert time.encode(("a", np.datetime64("2043-01-26", "ns"))) > time.encode(("a ", T))


def test_names_tell_layouts_apart() -> None:
    plain = [Composite(getattr(upstream, name)().parts).name for name in upstream.__all__]
    names = [getattr(upstream, name)().name for name in upstream.__all__]
    assert names == [
        "(oid,timestamp-le)",
        "(oid,timestamp-le,string)",
        "string-oid",
        "string-00-string",
        "string-00-string-00-string",
        "string-timestamp",
        "(uint16-le,uuid,timestamp)",
    ]
    assert len({*names, *plain[2:6]}) == 11


def test_bounds_beyond_the_range() -> None:
    codec = upstream.StringOid()
    bound = codec.encode_bound(("ab", 2**53 + 1))
    assert bound == b"ab\0\x20\0\0\0\0\0\1"
    assert codec.encode(("ab", 2**53)) < bound < codec.encode(("ac", 0))
    assert codec.encode_bound(("ab", 2**64)) == b"ac"
    assert codec.encode_bound(("ab",)) == b"ab"
    assert upstream.StringString().encode_bound(("ab",)) == b"ab\0"


def test_prefixes() -> None:
    assert upstream.StringString().prefix(("ab",)) == b"ab\0"
    assert upstream.StringString().text_prefix(("ab",), "c\0") == b"ab\0c\0"
    assert upstream.StringString().partial("a") == b"a"
    assert upstream.StringOid().partial("a") == b"a"


def test_none_may_be_refused() -> None:
    with pytest.raises(KeyTypeError, match=r"component 2 \(oid\): expected int as key, found NoneType None"):
        upstream.StringOid(none_as_zeros=False).encode(("ab", None))
    assert upstream.StringOid().encode(("ab", None)) == b"ab" + bytes(8)
