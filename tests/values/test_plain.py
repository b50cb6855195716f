"""Json, Cbor and Pickle of plain values, with and without marshal and parse."""

from __future__ import annotations

import json
import math
import pickle
import resource
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zlmdb.errors import DecodeError, EncodeError, PickleNotAllowed, ValueTypeError
from zlmdb.values import Cbor, Json, Pickle

text = st.text(st.characters(codec="utf-8"), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)
cbor_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text | st.binary(max_size=20) | st.uuids(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text | st.integers(), inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def cyclic() -> Any:
    value: list[Any] = []
    value.append({"again": value})
    return value


@given(json_values)
def test_json_writes_what_the_json_module_writes(value: Any) -> None:
    data = Json().encode(value)
    assert data == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    assert repr(Json().decode(data)) == repr(value)
    assert repr(Json().decode(memoryview(data))) == repr(value)


@given(cbor_values)
def test_cbor_writes_what_cbor2_writes(value: Any) -> None:
    data = Cbor().encode(value)
    assert data == cbor2.dumps(value)
    assert repr(Cbor().decode(data)) == repr(value)
    assert repr(Cbor().decode(memoryview(data))) == repr(value)


@given(cbor_values)
def test_pickle_writes_protocol_2(value: Any) -> None:
    data = Pickle().encode(value)
    assert data == pickle.dumps(value, protocol=2)
    assert repr(Pickle(allow_pickle=True).decode(data)) == repr(value)
    assert repr(Pickle(allow_pickle=True).decode(memoryview(data))) == repr(value)


def test_json_text_is_compact_and_not_escaped() -> None:
    assert Json().encode({"name": "Zoë", "n": [1, 2]}) == '{"name":"Zoë","n":[1,2]}'.encode()
    assert Json().encode(None) == b"null"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "[1e999]", '["\\ud800"]', '{"a":NaN}'])
def test_json_reads_what_the_json_module_reads(number: str) -> None:
    assert repr(Json().decode(number.encode())) == repr(json.loads(number))


def test_plain_json_keeps_nan() -> None:
    assert math.isnan(Json().decode(Json().encode(math.nan)))


@pytest.mark.parametrize("codec", [Json, Cbor])
def test_marshal_and_parse_stand_around_the_format(codec: Callable[..., Any]) -> None:
    subject = codec(marshal=lambda value: {"hex": value.hex}, parse=lambda plain: uuid.UUID(plain["hex"]))
    value = uuid.UUID(int=77)
    data = subject.encode(value)
    assert data == codec().encode({"hex": value.hex})
    assert subject.decode(data) == value
    with pytest.raises(DecodeError, match=r"parse\(\) refused the stored value: KeyError: 'hex'"):
        subject.decode(codec().encode({}))


def test_marshal_and_parse_of_pickle() -> None:
    subject = Pickle(marshal=str, parse=int, allow_pickle=True)
    assert subject.decode(subject.encode(5)) == 5
    with pytest.raises(DecodeError, match=r"parse\(\) refused"):
        subject.decode(Pickle().encode("x"))


def test_what_a_marshal_function_raises_is_its_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        Cbor(marshal=lambda value: 1 / value).encode(0)


@pytest.mark.parametrize(
    ("codec", "value"),
    [(Json(), uuid.UUID(int=1)), (Json(), b"x"), (Json(), {"a": {1}}), (Cbor(), object()), (Cbor(), {"a": [object()]})],
)
def test_values_that_the_format_does_not_know(codec: Any, value: Any) -> None:
    with pytest.raises(ValueTypeError, match=r"expected a value that (JSON|CBOR) can hold.*codec") as caught:
        codec.encode(value)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("codec", [Json(), Cbor()])
@pytest.mark.parametrize(
    "value", [nested(401), nested(100_000), cyclic(), "\ud800"], ids=["401", "many", "cyclic", "text"]
)
def test_values_that_are_refused(codec: Any, value: Any) -> None:
    with pytest.raises(EncodeError, match="expected"):
        codec.encode(value)


@pytest.mark.parametrize("codec", [Json(), Cbor()])
def test_the_deepest_value_comes_back(codec: Any) -> None:
    assert codec.decode(codec.encode(nested(400))) == nested(400)


def test_sets_and_tags_that_take_two_levels_are_counted_as_they_are_read() -> None:
    value: Any = frozenset({1})
    for depth in range(2, 400):
        value = frozenset({value})
        try:
            data = Cbor().encode(value)
        except EncodeError:
            assert depth > 150
            return
        Cbor().decode(data)
    pytest.fail("expected the encoder to refuse sets before they are 400 deep")


HOSTILE = {
    "arrays": b"\x81" * 100_000,
    "maps": b"\xa1\x00" * 100_000,
    "tags": b"\xd8\x20" * 100_000,
    "indefinite": b"\x9f" * 100_000,
    "many items": b"\x9b" + b"\xff" * 8,
    "4G items": b"\x9b\0\0\0\0\xff\xff\xff\xff",
    "many pairs": b"\xbb" + b"\xff" * 8,
    "long bytes": b"\x5b\0\0\0\0\xff\xff\xff\xff",
    "long text": b"\x7b\x7f" + b"\xff" * 7,
    "long number": b"\xc2\x5b\0\0\0\0\xff\xff\xff\xff",
    "break": b"\xff",
    "nothing": b"",
    "date": b"\xc0\x60",
    "fraction": b"\xd8\x1e\x82\x01\x00",
    "pattern": b"\xd8\x23\x64((((",
    "decimal": b"\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("codec", [Cbor(), Cbor(dict[str, int]), Cbor(parse=lambda plain: plain)])
def test_hostile_cbor(codec: Any, data: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DecodeError, match=r"expected .*CBOR, found \d+ bytes"):
        codec.decode(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10, "KiB of memory taken"


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b"", b"[1", b"\xff", b"1" * 10_000, b"nul", b'"\x01"', b"[1]x"],
    ids=lambda data: str(data[:6]),
)
@pytest.mark.parametrize("codec", [Json(), Json(dict[str, int]), Json(parse=lambda plain: plain)])
def test_hostile_json(codec: Any, data: bytes) -> None:
    with pytest.raises(DecodeError, match=r"expected .*JSON.*, found \d+ bytes"):
        codec.decode(data)


@pytest.mark.parametrize("codec", [Json(), Cbor(), Pickle(allow_pickle=True)], ids=lambda codec: codec.name)
@given(data=st.binary(max_size=60))
def test_any_bytes_do_no_harm(codec: Any, data: bytes) -> None:
    if codec.name == "pickle" and data[:1] not in (b"\x80", b""):
        data = b"\x80\x02" + data.translate(None, b"cRio")  # whatever calls nothing
    try:
        codec.decode(data)
    except DecodeError as error:
        assert str(error).startswith("expected ")  # noqa: PT017 that nothing else is raised is the point


def test_reading_pickles_must_be_asked_for() -> None:
    data = Pickle().encode({1, 2})
    with pytest.raises(PickleNotAllowed, match=r"@zlmdb\.table\(\.\.\., allow_pickle=True\).*zlmdb\.open"):
        Pickle().decode(data)
    assert Pickle().allowing().decode(data) == {1, 2}
    assert Pickle(marshal=str, parse=int).allowing().decode(Pickle().encode("5")) == 5


def test_pickle_refusals() -> None:
    with pytest.raises(ValueTypeError, match="expected an object that can be pickled, found function"):
        Pickle().encode(lambda: None)
    with pytest.raises(EncodeError, match="nested too deep"):
        Pickle().encode(nested(100_000))
    with pytest.raises(ValueTypeError, match="expected dict, found list"):
        Pickle(dict).encode([])
    with pytest.raises(DecodeError, match="expected a pickle"):
        Pickle(allow_pickle=True).decode(b"\x80\x02cno_such_module\nname\n.")


LAZY = """
import sys
import zlmdb.values
from zlmdb.values import *
names = ("numpy", "msgspec", "cbor2", "flatbuffers", "zstandard", "snappy", "attrs")
before = [name for name in names if name in sys.modules]
class User:
    pass
Json(User), Cbor(User), Numpy(), FlatBuffers(), Timestamp(), Pickle(), compressed(Json(), "zstd")
after = [name for name in names if name in sys.modules]
print(before, after, sorted(set(zlmdb.values.__all__) - set(dir(zlmdb.values))))
"""


def test_importing_and_declaring_imports_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[] [] []"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import zlmdb.values

    with pytest.raises(AttributeError, match=r"zlmdb\.values.*'Nope'"):
        zlmdb.values.Nope  # noqa: B018
