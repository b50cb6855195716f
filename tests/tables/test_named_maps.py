"""Every named map: what is written is read back, equal in value and type, and in the order of the keys."""

from __future__ import annotations

import functools
import importlib
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zlmdb
from zlmdb import maps
from zlmdb.keys import Composite, upstream
from zlmdb.tables.map import definition_of

UUIDS = st.one_of(st.sampled_from([uuid.UUID(int=n) for n in (0, 1, 2**128 - 1)]), st.uuids())
TIMES = st.one_of(st.sampled_from([0, 1, 255, 2**62]), st.integers(0, 2**63 - 1)).map(lambda n: np.datetime64(n, "ns"))
OIDS = st.one_of(st.sampled_from([0, 1, 255, 256, 2**53]), st.integers(0, 2**53))
TEXTS = st.one_of(st.sampled_from(["", "a", "aa", "a\0", "\0", "é", "\U0010ffff"]), st.text(max_size=8))
#: Text in a layout that ends it with a NUL, or that does not end it at all: characters of numbers are not in it.
LETTERS = st.text(st.characters(min_codepoint=128, exclude_categories=["Cs"]), max_size=4)


def octets(width: int) -> st.SearchStrategy[bytes]:
    edges = st.sampled_from([b"\0" * width, b"\xff" * width, b"\0" * (width - 1) + b"\xff"])
    return st.one_of(edges, st.binary(min_size=width, max_size=width))


#: name of a key codec -> keys, and what they are ordered by
KEYS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], Any]]] = {
    "uuid": (UUIDS, lambda key: key.int),
    "string": (TEXTS, lambda key: key.encode()),
    "oid": (OIDS, int),
    "timestamp": (TIMES, lambda key: int(key.astype("int64"))),
    "bytes16": (octets(16), bytes),
    "bytes20": (octets(20), bytes),
    "bytes32": (octets(32), bytes),
    "uint8": (st.integers(0, 255), int),
    "uint16": (st.integers(0, 2**16 - 1), int),
    "uint64": (st.integers(0, 2**64 - 1), int),
}
SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(max_size=5)
)
JSON = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
)
CBOR = st.one_of(JSON, st.binary(max_size=5), st.integers(-(2**70), 2**70), UUIDS)
ARRAYS = st.one_of(
    st.lists(st.floats(width=32), max_size=4).map(lambda items: np.array(items, np.float32)),
    st.lists(st.integers(-9, 9), min_size=6, max_size=6).map(lambda items: np.array(items, ">i2").reshape(2, 3)),
    st.text(max_size=3).map(lambda text: np.array([(text, 1)], [("t", "U3"), ("n", "i8")])),
)
FLAT = st.binary(max_size=12)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "String": TEXTS,
    "Oid": OIDS,
    "Uuid": UUIDS,
    "Timestamp": TIMES,
    "Bytes16": octets(16),
    "Bytes20": octets(20),
    "Bytes32": octets(32),
    "OidSet": st.sets(OIDS, max_size=5),
    "UuidSet": st.sets(UUIDS, max_size=5),
    "StringSet": st.sets(TEXTS, max_size=5),
    "Json": JSON,
    "Cbor": CBOR,
    "Pickle": st.one_of(CBOR, st.tuples(st.integers(), st.frozensets(st.text(max_size=2), max_size=2))),
    "FlatBuffers": FLAT,
    "Numpy": ARRAYS,
    "Bytes20Timestamp": st.tuples(octets(20), TIMES),
}


def build(value: bytes, builder: Any) -> int:
    """A table of one field, a vector of bytes."""
    vector = builder.CreateByteVector(value)
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    return int(builder.EndObject())


def cast(data: Any) -> bytes:
    import flatbuffers

    data = bytes(data)
    start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
    table = flatbuffers.table.Table(data, start)
    field = table.Offset(4)
    vector = table.Vector(field)
    return data[vector : vector + table.VectorLen(field)]


def value_kind(name: str) -> str:
    if name == "MapBytes20Bytes20Timestamp":
        return "Bytes20Timestamp"
    return max((kind for kind in VALUES if name.endswith(kind)), key=len)


def parts(codec: Any) -> list[str]:
    return [part.name for part in codec.parts] if isinstance(codec, Composite) else [codec.name]


#: Layouts where text stands beside a number, and nothing between: their order is that of the pairs for such text only
#: whose characters stand above the number's first byte.
SIDE_BY_SIDE = (upstream.StringOid, upstream.StringTimestamp)
#: Layouts where a NUL ends a text that is not the last.
JOINED = (upstream.StringString, upstream.StringStringString)


@functools.cache
def table_of(name: str) -> Any:
    kind = value_kind(name)
    options: dict[str, Any] = {}
    if kind == "FlatBuffers":
        options = {"build": build, "cast": cast}
    elif kind == "Pickle":
        options = {"allow_pickle": True}
    return zlmdb.table(uuid.uuid4(), **options)(type(f"Rows{name}", (getattr(zlmdb, name),), {}))


def keys_of(codec: Any) -> tuple[st.SearchStrategy[Any], Callable[[Any], Any]]:
    found = [KEYS[part] for part in parts(codec)]
    if not isinstance(codec, Composite):
        return found[0]
    strategies = [strategy for strategy, _ in found]
    if isinstance(codec, SIDE_BY_SIDE):
        strategies[0] = LETTERS
    elif isinstance(codec, JOINED):
        strategies[:-1] = [TEXTS.map(lambda text: text.replace("\0", "")) for _ in strategies[:-1]]
    orders = [order for _, order in found]
    return st.tuples(*strategies), lambda key: tuple(order(part) for order, part in zip(orders, key, strict=True))


def same(found: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        assert (type(found), found.dtype, found.shape) == (np.ndarray, value.dtype, value.shape)
        assert found.tobytes() == value.tobytes()
    else:
        assert type(found) is type(value)
        assert found == value
        if isinstance(value, np.datetime64):
            assert found.dtype == value.dtype


def test_the_list_of_maps_is_whole() -> None:
    homes = [importlib.import_module(f"zlmdb.maps.{home}") for home in sorted({"uuids", *maps._HOMES.values()})]
    defined = {
        name
        for module in homes
        for name, value in vars(module).items()
        if name.startswith("Map") and name != "Map" and isinstance(value, type)
    }
    assert sorted(defined) == sorted(name for module in homes for name in module.__all__)
    assert defined == set(maps.__all__)
    assert list(maps.__all__) == sorted(maps.__all__)
    for name in maps.__all__:
        assert getattr(maps, name).__doc__, name
        assert getattr(maps, name).__name__ == name


def test_every_single_key_type_has_the_five_formats_and_every_key_has_arrays() -> None:
    for key in ("Uuid", "String", "Oid", "Timestamp", "Bytes16", "Bytes20", "Bytes32"):
        for value in ("Json", "Cbor", "Pickle", "FlatBuffers", "Numpy"):
            assert f"Map{key}{value}" in maps.__all__
    keys = {definition_of(getattr(maps, name)).key.name: name for name in maps.__all__ if value_kind(name) != "Numpy"}
    arrays = {definition_of(getattr(maps, name)).key.name for name in maps.__all__ if value_kind(name) == "Numpy"}
    assert {keys[name] for name in keys.keys() - arrays} == set()


@pytest.mark.parametrize("name", maps.__all__)
def test_rows_are_read_back_in_order(name: str) -> None:
    table = table_of(name)
    keys, order = keys_of(definition_of(table).key)
    rows_of = st.lists(st.tuples(keys, VALUES[value_kind(name)]), max_size=6, unique_by=lambda row: order(row[0]))

    with zlmdb.open(":memory:", [table]) as db:
        handle = db.attach_table(table)

        @settings(max_examples=max(12, settings.default.max_examples // 4))
        @given(rows=rows_of, earlier=st.booleans())
        def law(rows: list[tuple[Any, Any]], earlier: bool) -> None:
            expected = sorted(rows, key=lambda row: order(row[0]))
            with db.begin(write=True) as txn:
                txn[table].clear()
                for key, value in rows:
                    if earlier:
                        handle[txn, key] = value
                    else:
                        txn[table][key] = value
            with db.begin() as txn:
                found = list(txn[table].items())
                assert [order(key) for key, _ in found] == [order(key) for key, _ in expected]
                for (key, value), (wanted_key, wanted) in zip(found, expected, strict=True):
                    assert type(key) is type(wanted_key)
                    assert key == wanted_key
                    same(value, wanted)
                    same(txn[table][key], wanted)
                    same(handle[txn, wanted_key], wanted)
                assert list(txn[table]) == [key for key, _ in expected]
                # Nothing need stand behind the rows in the file.
                assert len(txn[table]) == txn[table].count() == handle.count(txn) == len(rows)
                assert [key for key, _ in handle.select(txn, reverse=True)] == [key for key, _ in expected[::-1]]
                for lo, hi in ((n, m) for n in range(len(rows)) for m in range(len(rows))):
                    between = [key for key, _ in expected[lo:hi]]
                    bounds = (expected[lo][0], expected[hi][0])
                    assert list(txn[table].select(*bounds, return_values=False)) == between
                    assert txn[table].count_range(*bounds) == len(between)

        law()


@pytest.mark.parametrize(
    "name", [name for name in maps.__all__ if len(parts(definition_of(getattr(maps, name)).key)) > 1]
)
def test_none_in_a_composite_key_is_zeros(name: str) -> None:
    table = table_of(name)
    names = parts(definition_of(table).key)
    zeros = {
        "uuid": uuid.UUID(int=0),
        "string": "",
        "timestamp": np.datetime64(0, "ns"),
        **{f"bytes{n}": bytes(n) for n in (16, 20, 32)},
    }
    value = {"FlatBuffers": b"x", "Numpy": np.zeros(1), "Json": 1, "Cbor": 1, "Oid": 1, "Uuid": uuid.UUID(int=5)}
    kind = value_kind(name)
    stored = value[kind] if kind in value else zeros[kind.lower()]
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        txn[table][(None,) * len(names)] = stored
        assert list(txn[table]) == [tuple(zeros.get(part, 0) for part in names)]
