"""Strategies for keys: they draw what codecs take, of every kind, and what they are ordered by is a total order."""

from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from zlmdb import keys
from zlmdb.testing import strategies


@given(data=st.data())
def test_any_codec_takes_what_is_drawn_for_it(data: st.DataObject) -> None:
    codec = data.draw(strategies.key_codecs())
    one, other = data.draw(strategies.values(codec)), data.draw(strategies.values(codec))
    order = strategies.order_of(codec)
    a, b = codec.encode(one), codec.encode(other)
    assert (a < b) == (order(one) < order(other))
    assert order(codec.decode(a)) == order(one)


EDGES: dict[str, tuple[Any, list[Any]]] = {
    "uint8": (keys.Uint8, [0, 255]),
    "int64": (keys.Int64, [-(2**63), -1, 0, 2**63 - 1]),
    "oid": (keys.Oid, [0, 2**53]),
    "string": (keys.String, ["", "\0", "a\0", "\U0010ffff"]),
    "bytes": (keys.Bytes, [b"", b"\0", b"\xff", b"\0\xff"]),
    "bytes20": (keys.Bytes20, [bytes(20), b"\xff" * 20]),
    "bool": (keys.Bool, [True, False]),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_are_drawn(name: str) -> None:
    codec, edges = EDGES[name]
    for edge in edges:
        found = find(
            strategies.values(codec), lambda value, edge=edge: value == edge, settings=settings(max_examples=5000)
        )
        assert found == edge


def test_floats_of_every_kind_are_drawn() -> None:
    for holds in (lambda x: x != x, lambda x: str(x) == "-0.0", lambda x: x == float("-inf"), lambda x: 0 < x < 1e-320):
        found = find(strategies.floats(), holds, settings=settings(max_examples=5000))
        assert holds(found)


@given(data=st.data(), low=st.integers(-(2**70), 2**70), width=st.integers(0, 1000))
def test_integers_keep_their_bounds(data: st.DataObject, low: int, width: int) -> None:
    assert low <= data.draw(strategies.integers(low, low + width)) <= low + width


@given(data=st.data(), size=st.integers(0, 4))
def test_texts_and_bytes_keep_their_size(data: st.DataObject, size: int) -> None:
    assert len(data.draw(strategies.texts(size))) <= size
    assert len(data.draw(strategies.byte_strings(size))) <= size


def test_classes_and_types_are_codecs_too() -> None:
    for spec in (keys.Oid, keys.Oid(), int, (str, keys.Oid)):
        strategies.values(spec).validate()
        assert callable(strategies.order_of(spec))
