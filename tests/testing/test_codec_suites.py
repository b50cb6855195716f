"""The suites of codecs: every codec of ours passes, and a codec that breaks a law does not."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from zlmdb import keys, values
from zlmdb.errors import KeyTypeError, KeyValueError, ValueTypeError
from zlmdb.testing import KeyCodecSuite, ValueCodecSuite, strategies


class Colour(enum.Enum):
    RED = "red"
    DARK = "dark red"


REJECTS = {
    "uint8": (-1, 256, "1", 1.5),
    "oid": (-1, 2**53 + 1, "1", 1.5),
    "uuid": ("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", 5, b"0" * 16),
    "string": (b"bytes", 5, "\ud800"),
    "bytes": ("text", 5),
    "bool": (0, 1, "yes"),
    "date": (datetime(2020, 1, 1), "2020-01-01", 5),
    "datetime": (datetime(2020, 1, 1), "2020-01-01", 5),
    "timestamp": (5, np.datetime64("NaT", "s"), np.datetime64(-1, "ns"), np.timedelta64(1, "ns")),
    "float64": ("1.5",),
}


def key_suite(codec: Any, rejects: Any = ()) -> Any:
    return type("Suite", (KeyCodecSuite,), {"codec": codec, "rejects": rejects})


# One codec of every kind: that each of them keeps the laws, the tests of keys say.
CODECS = [
    keys.Int16(), keys.Oid(), keys.Float64(), keys.Bool(), keys.Uuid(), keys.String(), keys.Bytes(), keys.Bytes20(),
    keys.Date(), keys.Timestamp(), keys.EnumKey(Colour), keys.upstream.StringString(), keys.upstream.OidTimestampLE(),
    keys.Composite((keys.Composite((keys.String, keys.Uint8)), keys.Bytes)),
]  # fmt: skip
LAWS = [name for name in dir(KeyCodecSuite) if name.startswith("test_")]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: f"{type(codec).__name__} {codec.name}")
def test_our_key_codecs_keep_the_laws(codec: Any, law: str) -> None:
    getattr(key_suite(codec, REJECTS.get(codec.name, ()))(), law)()


def test_all_codecs_have_a_strategy() -> None:
    ours = {kind for kind in vars(keys).values() if isinstance(kind, type) and issubclass(kind, keys.KeyCodec)}
    known = {type(codec) for codec in strategies.sample_codecs()}
    assert ours - known == {keys.KeyCodec, keys.EnumKey, keys.Composite}
    for codec in [*strategies.sample_codecs(), *CODECS]:
        strategies.values(codec).validate()


class Port(keys.KeyCodec[int]):
    """A codec as a user writes it."""

    name = "port"
    width = 2
    expects = "a port number"

    def encode(self, value: int) -> bytes:
        if type(value) is not int:
            raise KeyTypeError(f"expected a port number, found {value!r}")
        if not 0 <= value < 65536:
            raise KeyValueError(f"expected a port number, found {value!r}")
        return value.to_bytes(2, "big")

    def decode(self, data: Any) -> int:
        if len(data) != 2:
            raise KeyValueError(f"expected 2 bytes, found {bytes(data)!r}")
        return int.from_bytes(data, "big")


class TestUsersOwnKeyCodec(KeyCodecSuite):
    codec = Port()
    rejects = (-1, 65536, "80", True)

    def values(self) -> Any:
        return st.integers(0, 65535)


def test_a_registered_codec_has_a_strategy_within_composites() -> None:
    class Registered(Port):
        name = "registered port"

    with pytest.raises(LookupError, match="register"):
        strategies.values(Registered())
    strategies.register(Registered, lambda codec: st.integers(0, 65535))
    suite = key_suite(keys.Composite((keys.String, Registered)))()
    suite.test_a_key_comes_back_as_it_was()
    suite.test_bytes_sort_like_keys()


class BrokenKeys:
    """Ways in which a key codec may be wrong."""

    class LittleEndian(Port):
        def encode(self, value: int) -> bytes:
            return super().encode(value)[::-1]

        def decode(self, data: Any) -> int:
            return super().decode(bytes(data)[::-1])

    class Lossy(Port):
        def decode(self, data: Any) -> int:
            return super().decode(data) & ~1

    class OtherType(Port):
        def decode(self, data: Any) -> Any:
            return float(super().decode(data))

    class WrongWidth(Port):
        width = 3

    class TakesAnyBytes(Port):
        def decode(self, data: Any) -> int:
            return int.from_bytes(bytes(data)[:2].ljust(2, b"\0"), "big")

    class TakesAnything(Port):
        def encode(self, value: Any) -> bytes:
            return super().encode(value) if type(value) is int else b"\0\0"

    class RaisesAnything(Port):
        def encode(self, value: Any) -> bytes:
            return int(value).to_bytes(2, "big")

    class WrongExpression(Port):
        def encode_expr(self, var: str, names: Any) -> str:
            return f"bytes([{var} & 255, {var} & 255])"

    class WrongMany(Port):
        def decode_many(self, data: Any) -> Any:
            return super().decode_many(data)[::-1]

    class WrongBound(Port):
        def encode_bound(self, value: int) -> bytes:
            return self.encode(max(value, 1))

    class NeedsBytes(Port):
        def decode(self, data: Any) -> int:
            return super().decode(data + b"")

    class Unpicklable(Port):
        def __init__(self) -> None:
            self.function = lambda: None

    class Changing(Port):
        calls = 0

        def encode(self, value: int) -> bytes:
            type(self).calls += 1
            return super().encode(value ^ (self.calls % 2))


def broken(place: Any) -> list[str]:
    return [name for name in vars(place) if not name.startswith("_")]


def failures_of(suite: Any) -> list[str]:
    failed = []
    for name in dir(suite):
        if name.startswith("test_"):
            try:
                getattr(suite(), name)()
            except Exception:
                failed.append(name)
    return failed


@pytest.mark.usefixtures("no_shrinking")
@pytest.mark.parametrize("name", broken(BrokenKeys))
def test_a_broken_key_codec_is_noticed(name: str) -> None:
    codec = getattr(BrokenKeys, name)()
    suite = type("Suite", (KeyCodecSuite,), {"codec": codec, "values": lambda self: st.integers(0, 65535)})
    assert failures_of(suite) != []


def test_a_failure_is_a_sentence() -> None:
    suite = key_suite(BrokenKeys.LittleEndian())
    suite.values = lambda self: st.integers(0, 65535)
    with pytest.raises(AssertionError, match=r"\d+ and \d+: their bytes .* sort otherwise"):
        suite().test_bytes_sort_like_keys()


# -- values


@dataclass
class Row:
    oid: int
    name: str
    tags: list[str]
    score: float | None = None


UUIDS = strategies.uuids()
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.builds(
    Row,
    oid=st.integers(0, 2**53),
    name=strategies.texts(),
    tags=st.lists(strategies.texts(5), max_size=3),
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
VALUES: dict[str, tuple[Any, Any, Any, Any]] = {
    "String": (values.String(), strategies.texts(), (1, b"bytes"), (b"\xff",)),
    "Oid": (values.Oid(), strategies.integers(0, 2**53), (-1, "1", 1.5), (b"", b"\0" * 7, b"\0" * 9)),
    "Bytes20": (values.Bytes20(), st.binary(min_size=20, max_size=20), (b"short", "text"), (b"short",)),
    "OidSet": (values.OidSet(), st.sets(strategies.integers(0, 2**53), max_size=5), (1, {"a"}, {None}), (b"\0",)),
    "StringSet": (values.StringSet(), st.sets(strategies.texts(), max_size=5), (1, {1}), (b"\0",)),
    "Json": (values.Json(), PLAIN, (object(), {1, 2}, b"bytes"), (b"", b"{", b"\xff")),
    "Cbor": (values.Cbor(), PLAIN, (object(),), (b"", b"\xff", b"\x61")),
    "Json, parsed": (values.Json(marshal=list, parse=set), st.sets(st.integers(0, 9)), (), (b"", b"{")),
    "Cbor, parsed": (values.Cbor(marshal=list, parse=set), st.sets(st.integers(0, 9)), (), (b"", b"\xff")),
    "Json of a record": (values.Json(Row), ROWS, (None, {"oid": 1}, Row(1, 5, [])), (b"", b"{}", b"[]")),  # type: ignore[arg-type]
    "Cbor of a record": (values.Cbor(Row), ROWS, (None, {"oid": 1}, Row("1", "a", [])), (b"", b"\xa0", b"\x80")),  # type: ignore[arg-type]
    "Json of moments": (
        values.Json(list[datetime]),
        st.lists(strategies.moments().map(lambda moment: moment.astimezone(UTC)), max_size=3),
        (5,),
        (b"{",),
    ),
    "compressed": (values.compressed(values.Json(Row), "zlib"), ROWS, (None,), (b"", b"x\x9c")),
}


def value_suite(name: str) -> Any:
    codec, drawn, rejects, garbage = VALUES[name]
    body = {"codec": codec, "rejects": rejects, "garbage": garbage, "values": lambda self: drawn}
    return type("Suite", (ValueCodecSuite,), body)


@pytest.mark.parametrize("law", [name for name in dir(ValueCodecSuite) if name.startswith("test_")])
@pytest.mark.parametrize("name", VALUES)
def test_our_value_codecs_keep_the_laws(name: str, law: str) -> None:
    getattr(value_suite(name)(), law)()


class TestArrays(ValueCodecSuite):
    """Values that do not compare with ``==``, and read the memory they were decoded from."""

    codec = values.Numpy()
    rejects = (5, "text", [1, 2])
    garbage = (b"", b"\0" * 5)

    def values(self) -> Any:
        shapes = st.sampled_from([(), (0,), (3,), (2, 3)])
        kinds = st.sampled_from(["int64", "float32", "uint8", "datetime64[ns]", "bool"])
        return st.builds(lambda shape, kind: np.arange(np.prod(shape)).reshape(shape).astype(kind), shapes, kinds)

    def same(self, one: Any, other: Any) -> bool:
        return (
            isinstance(other, np.ndarray)  # or a view of it that watches its transaction
            and (one.dtype, one.shape) == (other.dtype, other.shape)
            and bool(np.array_equal(one, other))
        )


class BrokenValues:
    """Ways in which a value codec may be wrong."""

    class Lossy(values.String):
        def decode(self, data: Any) -> str:
            return super().decode(data).rstrip("\0")

    class OtherType(values.String):
        def decode(self, data: Any) -> Any:
            return type("Text", (str,), {})(super().decode(data))

    class KeepsMemory(values.ValueCodec[Any]):
        name = "keeps"

        def encode(self, value: Any) -> bytes:
            return bytes(str(value), "utf-8")

        def decode(self, data: Any) -> Any:
            return Late(data)

    class RaisesAnything(values.String):
        def decode(self, data: Any) -> str:
            return str(data, "utf-8")

    class TakesAnything(values.String):
        def encode(self, value: Any) -> bytes:
            return str(value).encode("utf-8")

    class WrongExpression(values.String):
        def encode_expr(self, var: str, names: Any) -> str:
            return f"{var}.encode('utf-16')"

    class NeedsBytes(values.String):
        def decode(self, data: Any) -> str:
            if not isinstance(data, bytes):
                raise ValueTypeError("expected bytes")
            return super().decode(data)


class Late:
    """Text that is decoded when it is looked at."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(bytes(self.data), "utf-8", "replace")


@pytest.mark.usefixtures("no_shrinking")
@pytest.mark.parametrize("name", broken(BrokenValues))
def test_a_broken_value_codec_is_noticed(name: str) -> None:
    body = {
        "codec": getattr(BrokenValues, name)(),
        "values": lambda self: strategies.texts(),
        "rejects": (5, b"bytes"),
        "garbage": (b"\xff",),
        "same": lambda self, one, other: (name == "KeepsMemory" or type(one) is type(other)) and one == other,
    }
    assert failures_of(type("Suite", (ValueCodecSuite,), body)) != []


def test_the_suite_says_what_a_subclass_must_define() -> None:
    with pytest.raises(NotImplementedError, match=r"define values\(\)"):
        ValueCodecSuite().values()
