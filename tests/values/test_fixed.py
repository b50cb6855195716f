"""Values of one fixed kind, sets, FlatBuffers, compression."""

from __future__ import annotations

import sys
import threading
import uuid
import zlib
from fractions import Fraction
from typing import Any

import flatbuffers
import numpy as np
import pytest
import snappy
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from zlmdb.errors import DecodeError, EncodeError, SchemaError, ValueTypeError
from zlmdb.values import (
    COMPRESS_SNAPPY,
    COMPRESS_ZLIB,
    Bytes,
    Bytes16,
    Bytes20,
    Bytes20Timestamp,
    Bytes32,
    Cbor,
    FlatBuffers,
    Json,
    Numpy,
    Oid,
    OidSet,
    String,
    StringSet,
    Timestamp,
    Uuid,
    UuidSet,
    ValueCodec,
    compressed,
)
from zlmdb.values.times import datetime64_to_ns

text = st.text(st.characters(codec="utf-8"), max_size=30)
oids = st.integers(0, 2**53)
ns = st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: np.datetime64(n, "ns"))
ALL: list[tuple[ValueCodec[Any], st.SearchStrategy[Any]]] = [
    (String(), text),
    (Bytes(), st.binary(max_size=50)),
    (Oid(), oids),
    (Uuid(), st.uuids()),
    (Timestamp(), ns),
    (Bytes16(), st.binary(min_size=16, max_size=16)),
    (Bytes20(), st.binary(min_size=20, max_size=20)),
    (Bytes32(), st.binary(min_size=32, max_size=32)),
    (Bytes20Timestamp(), st.tuples(st.binary(min_size=20, max_size=20), ns)),
    (OidSet(), st.sets(oids, max_size=5)),
    (UuidSet(), st.sets(st.uuids(), max_size=5)),
    (StringSet(), st.sets(text, max_size=5)),
]
every = pytest.mark.parametrize(("codec", "values"), ALL, ids=lambda case: getattr(case, "name", ""))


class Names:
    """The namespace of a generated function."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}

    def add(self, value: object, hint: str) -> str:
        self.scope[hint] = value
        return hint


@every
@given(data=st.data())
def test_values_come_back(codec: ValueCodec[Any], values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    value = data.draw(values)
    for subject in (codec, compressed(codec, "zlib"), compressed(codec, "zstd"), compressed(codec, "snappy")):
        written = subject.encode(value)
        assert type(written) is bytes
        for buffer in (written, memoryview(written)):
            found = subject.decode(buffer)
            assert type(found) is type(value)
            assert found == value
        names = Names()
        encode, decode = subject.encode_expr("v", names), subject.decode_expr("b", names)
        assert eval(encode, names.scope | {"v": value}) == written
        assert eval(decode, names.scope | {"b": memoryview(written)}) == value


@every
@given(data=st.binary(max_size=50))
def test_any_bytes_do_no_harm(codec: ValueCodec[Any], values: Any, data: bytes) -> None:
    for subject in (codec, compressed(codec, "zlib"), compressed(codec, "zstd"), compressed(codec, "snappy")):
        try:
            value = subject.decode(data)
        except DecodeError as error:
            assert str(error).startswith("expected ")  # noqa: PT017 that nothing else is raised is the point
        else:
            assert subject is not codec or codec.decode(codec.encode(value)) == value or value != value


ONE = uuid.UUID("12345678-1234-5678-1234-567812345678")
TWO = uuid.UUID("02345678-1234-5678-1234-567812345678")
BYTES: list[tuple[ValueCodec[Any], Any, str]] = [
    (String(), "aé", "61c3a9"),
    (String(), None, ""),
    (String(), "", ""),
    (Oid(), 5, "0000000000000005"),
    (Oid(), 2**53, "0020000000000000"),
    (Oid(), np.int64(5), "0000000000000005"),
    (Uuid(), ONE, "12345678123456781234567812345678"),
    (Uuid(), None, "00" * 16),
    (Timestamp(), np.datetime64(1234567890123456789, "ns"), "112210f47de98115"),
    (Timestamp(), np.datetime64("2020-01-01"), "15e59a35b98a0000"),
    (Timestamp(), np.datetime64(-1, "ns"), "ff" * 8),
    (Timestamp(), None, "00" * 8),
    (Bytes16(), None, "00" * 16),
    (Bytes20(), bytearray(b"x" * 20), "78" * 20),
    (Bytes32(), memoryview(b"x" * 32), "78" * 32),
    (Bytes20Timestamp(), (b"x" * 20, np.datetime64(5, "ns")), "78" * 20 + "0000000000000005"),
    (Bytes20Timestamp(), (None, None), "00" * 28),
    (Bytes20Timestamp(), None, "00" * 28),
    (OidSet(), {3, 1, 2}, "000000000000000100000000000000020000000000000003"),
    (OidSet(), set(), ""),
    (UuidSet(), {ONE, TWO}, "0234567812345678123456781234567812345678123456781234567812345678"),
    (StringSet(), {"b", "", "aé"}, "000000000000000361c3a90000000162"),
]


@pytest.mark.parametrize(
    ("codec", "value", "expected"), BYTES, ids=[f"{case[0].name}-{n}" for n, case in enumerate(BYTES)]
)
def test_bytes(codec: ValueCodec[Any], value: Any, expected: str) -> None:
    assert codec.encode(value).hex() == expected


def test_none_reads_back_as_what_its_bytes_say() -> None:
    assert String().decode(String().encode(None)) == ""
    assert Uuid().decode(Uuid().encode(None)) == uuid.UUID(int=0)
    assert Timestamp().decode(Timestamp().encode(None)) == np.datetime64(0, "ns")
    assert Bytes20().decode(Bytes20().encode(None)) == bytes(20)


def test_nat_is_kept() -> None:
    assert np.isnat(Timestamp().decode(Timestamp().encode(np.datetime64("NaT", "s"))))


def test_sets_are_read_in_any_order() -> None:
    assert UuidSet().decode(ONE.bytes + TWO.bytes + ONE.bytes) == {ONE, TWO}
    assert type(OidSet().decode(OidSet().encode(frozenset({1})))) is set


WRONG: list[tuple[ValueCodec[Any], Any, type[Exception], str]] = [
    (String(), 5, ValueTypeError, "expected str, found int 5"),
    (String(), b"x", ValueTypeError, "expected str, found bytes"),
    (String(), "\ud800", EncodeError, "expected text that UTF-8 can hold"),
    (Bytes(), "x", ValueTypeError, "expected bytes, found str 'x'"),
    (Bytes(), None, ValueTypeError, "expected bytes, found NoneType"),
    (Oid(), "1", ValueTypeError, "expected int, found str '1'"),
    (Oid(), True, ValueTypeError, "expected int, found bool"),
    (Oid(), None, ValueTypeError, "expected int, found NoneType"),
    (Oid(), -1, EncodeError, r"expected an OID from 0 to 2\*\*53, found -1"),
    (Oid(), 2**53 + 1, EncodeError, r"from 0 to 2\*\*53"),
    (Uuid(), str(ONE), ValueTypeError, "expected uuid.UUID, found str"),
    (Uuid(), ONE.bytes, ValueTypeError, "expected uuid.UUID, found bytes"),
    (Timestamp(), 5, ValueTypeError, "expected numpy.datetime64, found int 5"),
    (Timestamp(), np.datetime64("3000-01-01"), EncodeError, "between 1678 and 2262, found 3000-01-01"),
    (Timestamp(), np.datetime64(1, "ps"), EncodeError, "whole nanoseconds"),
    (Timestamp(), np.datetime64(2**62, "s"), EncodeError, "between 1678 and 2262"),
    (Bytes16(), b"x", ValueTypeError, "expected 16 bytes, found 1"),
    (Bytes32(), "x" * 32, ValueTypeError, "expected 32 bytes, found str"),
    (Bytes20Timestamp(), [bytes(20), None], ValueTypeError, "expected a tuple of 20 bytes and a"),
    (Bytes20Timestamp(), (b"", None), ValueTypeError, "expected 20 bytes, found 0"),
    (OidSet(), [1], ValueTypeError, "expected a set of int, found list"),
    (OidSet(), {"a"}, ValueTypeError, "expected a set of int; of a member: expected int, found str 'a'"),
    (UuidSet(), None, ValueTypeError, "expected a set of uuid.UUID, found NoneType"),
    (UuidSet(), {None}, ValueTypeError, "expected a set of uuid.UUID; of a member"),
    (StringSet(), {1}, ValueTypeError, "expected a set of str; of a member: expected str, found int 1"),
]


@pytest.mark.parametrize(("codec", "value", "error", "message"), WRONG, ids=lambda case: str(case)[:30])
def test_refusals(codec: ValueCodec[Any], value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        codec.encode(value)
    names = Names()
    expression = codec.encode_expr("v", names)
    with pytest.raises(Exception):  # noqa: B017 an expression may raise anything, but must not give bytes
        eval(expression, names.scope | {"v": value})


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        (String(), b"\xff"),
        (Oid(), b"x"),
        (Oid(), b"\xff" * 8),
        (Uuid(), b"x"),
        (Timestamp(), b"123456789"),
        (Bytes16(), b""),
        (Bytes20Timestamp(), bytes(27)),
        (OidSet(), bytes(9)),
        (OidSet(), b"\xff" * 8),
        (UuidSet(), bytes(15)),
        (StringSet(), b"\0\0\0"),
        (StringSet(), b"\0\0\0\x05abc"),
        (StringSet(), b"\xff\xff\xff\xffabc"),
        (StringSet(), b"\0\0\0\x01\xff"),
    ],
    ids=lambda case: str(case)[:40],
)
def test_malformed_bytes(codec: ValueCodec[Any], data: bytes) -> None:
    for buffer in (data, memoryview(data)):
        with pytest.raises(DecodeError, match=rf"expected .*, found {len(data)} bytes"):
            codec.decode(buffer)


# --- FlatBuffers ---


def build(value: str, builder: flatbuffers.Builder) -> int:
    name = builder.CreateString(value)
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    return int(builder.EndObject())


class Name:
    def __init__(self, data: bytes | memoryview) -> None:
        offset = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
        self.table = flatbuffers.table.Table(data, offset)

    def name(self) -> str:
        offset = self.table.Offset(4)
        return str(bytes(self.table.String(offset + self.table.Pos)), "utf-8")


def test_flatbuffers_are_built_and_cast() -> None:
    codec: FlatBuffers[Any] = FlatBuffers(build=build, cast=Name)
    data = codec.encode("x" * 1000)
    builder = flatbuffers.Builder(0)
    builder.Finish(build("x" * 1000, builder))
    assert data == bytes(builder.Output())
    assert codec.decode(data).name() == "x" * 1000
    view = memoryview(data)
    found = codec.decode_leased(view, Lease())
    assert found.name() == "x" * 1000
    view.release()
    with pytest.raises(ValueError, match="released memoryview"):
        found.name()


class Lease:
    alive = True


def test_flatbuffers_refusals() -> None:
    with pytest.raises(SchemaError, match=r"cannot be written without build="):
        FlatBuffers(cast=Name).encode("x")
    with pytest.raises(SchemaError, match=r"cannot be read without cast="):
        FlatBuffers(build=build).decode(b"x")
    codec: FlatBuffers[Any] = FlatBuffers(build=build, cast=Name)
    with pytest.raises(ValueTypeError, match=r"expected an object that build\(\) understands, found int 5"):
        codec.encode(5)
    with pytest.raises(EncodeError, match=r"build\(\) could not write the value: ZeroDivisionError"):
        FlatBuffers(build=lambda value, builder: 1 // 0).encode(5)
    with pytest.raises(DecodeError, match="expected a FlatBuffer"):
        codec.decode(b"")


# --- compression ---


def test_compressed_bytes() -> None:
    value = {"a": "b" * 100}
    plain = Json().encode(value)
    assert compressed(Json(), "zlib").encode(value) == zlib.compress(plain)
    assert compressed(Json(), COMPRESS_ZLIB).encode(value).hex() == "789cab564a54b2524aa20350aa050078dd2864"
    assert snappy.uncompress(compressed(Json(), COMPRESS_SNAPPY).encode(value)) == plain
    assert zstandard.decompress(compressed(Json(), "zstd").encode(value)) == plain
    assert compressed(Json(), None).name == "json"


def test_a_compressed_codec_says_what_it_is() -> None:
    codec = compressed(Numpy(), "zlib")
    assert (codec.name, codec.zero_copy, codec.record) == ("numpy+zlib", False, None)
    found = codec.decode_leased(memoryview(codec.encode(np.arange(3))), Lease())
    assert type(found) is np.ndarray
    assert found.flags.writeable


@pytest.mark.parametrize("method", ["zlib", "zstd", "snappy"])
def test_a_bomb_is_refused(method: str) -> None:
    codec = compressed(Bytes(), method)
    bomb = codec.encode(bytes(200_000))
    small = compressed(Bytes(), method, limit=199_999)
    with pytest.raises(DecodeError, match=r"expands to .*limit of 199999"):
        small.decode(bomb)
    assert compressed(Bytes(), method, limit=200_000).decode(bomb) == bytes(200_000)


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("zlib", b""),
        ("zlib", b"garbage"),
        ("zlib", zlib.compress(b"x" * 1000)[:-6]),
        ("zstd", b""),
        ("zstd", b"garbage"),
        ("zstd", zstandard.compress(b"x" * 1000)[:-2]),
        ("zstd", bytes.fromhex("28b52ffde0000000300000000001000000")),
        ("zstd", zstandard.ZstdCompressor(write_content_size=False).compress(b"x")),
        ("snappy", b""),
        ("snappy", b"\xff\xff\xff\xff\x0f"),
        ("snappy", b"\xff\xff\xff\x03x"),
        ("snappy", b"\x05x"),
    ],
)
def test_broken_compression(method: str, data: bytes) -> None:
    with pytest.raises(DecodeError, match=f"expected a value compressed with {method}"):
        compressed(Bytes(), method).decode(data)
    with pytest.raises(DecodeError, match=f"expected a value compressed with {method}"):
        compressed(Bytes(), method, limit=100).decode(data)


def test_what_is_inside_is_checked_too() -> None:
    with pytest.raises(DecodeError, match="expected CBOR"):
        compressed(Cbor(), "zlib").decode(zlib.compress(b"\xff"))


def test_unknown_and_missing_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaError, match=r"expected compression 'zlib', 'zstd' or 'snappy'.*found 'lz4'"):
        compressed(Json(), "lz4")
    for module, method in (("zstandard", "zstd"), ("snappy", "snappy")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(SchemaError, match=rf"pip install 'zlmdb\[{method}\]'"):
            compressed(Json(), method)


def test_threads_share_a_compressed_codec() -> None:
    codec = compressed(Bytes(), "zstd")
    values = [bytes([n]) * 50_000 for n in range(4)]
    wrong: list[int] = []

    def work(n: int) -> None:
        for _ in range(20):
            if codec.decode(codec.encode(values[n])) != values[n]:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(
    st.sampled_from(["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s", "3D", "7ps"]),
    st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-107_000, 107_000),
)
def test_times_of_every_unit_are_reckoned_exactly(unit: str, number: int) -> None:
    value = np.datetime64(number, unit)
    nanoseconds = {"W": 604_800 * 10**9, "D": 86_400 * 10**9, "h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9}
    nanoseconds |= {"ms": 10**6, "us": 1000, "ns": 1, "25s": 25 * 10**9, "3D": 3 * 86_400 * 10**9}
    exact: Any
    if unit in ("Y", "M"):
        if abs(number) > 10_000:
            return
        exact = int(value.astype("M8[D]").astype("i8")) * nanoseconds["D"]
    elif unit in nanoseconds:
        exact = number * nanoseconds[unit]
    else:
        exact = Fraction(number * (7 if unit == "7ps" else 1), {"ps": 10**3, "fs": 10**6, "as": 10**9}[unit[-2:]])
    if exact == int(exact) and -(2**63) < exact < 2**63:
        assert datetime64_to_ns(value) == exact
    else:
        with pytest.raises(ValueError, match="whole nanoseconds"):
            datetime64_to_ns(value)


def test_the_first_and_the_last_day_of_the_range_are_times() -> None:
    for day in ("1677-09-22", "2262-04-11"):
        value = np.datetime64(day)
        assert np.datetime64(datetime64_to_ns(value), "ns") == value.astype("M8[s]")
    assert datetime64_to_ns(np.datetime64("NaT", "D")) == datetime64_to_ns(np.datetime64("NaT", "as")) == -(2**63)
