"""What index functions give, what is no rows at all, and what cannot be stored: named with its table."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

import pytest

import zlmdb

PAIR = (zlmdb.String, zlmdb.Int16)
#: What the function gives, the declared key, whether the index is unique; and what is said.
KEYS: dict[str, tuple[Any, Any, bool, str]] = {
    "of another type": ("x", zlmdb.Int16, False, r"expected int as key, found str 'x'"),
    "of another type, unique": ("x", zlmdb.Int16, True, r"expected int as key, found str 'x'"),
    "a tuple of one": (("x",), zlmdb.String, False, r"expected str as key, found tuple \('x',\)"),
    "too few parts": (("x",), PAIR, False, r"expected 2 components \(string,int16\) as key, found 1: \('x',\)"),
    "too many parts": (("x", 1, 2), PAIR, False, r"expected 2 components \(string,int16\) as key, found 3"),
    "a list of wrong parts": (["x", "y"], PAIR, False, r"component 2 \(int16\): expected int as key, found str 'y'"),
    "out of range": (("x", 2**15), PAIR, False, r"component 2 \(int16\): .* the range of int16 is -32768 to 32767"),
}


@pytest.mark.parametrize("what", KEYS)
def test_a_wrong_index_key_is_spoken_of_as_it_was_declared(what: str) -> None:
    found, key, unique, message = KEYS[what]

    @zlmdb.table(uuid.uuid4())
    class Rows(zlmdb.MapOidJson):
        by = zlmdb.index(lambda row: found, key=key, unique=unique)

    with zlmdb.open(":memory:", [Rows]) as db:
        with db.begin(write=True) as txn:
            writes: list[Callable[[], Any]] = [
                lambda: txn[Rows].__setitem__(1, {}),
                lambda: txn[Rows].put_many({1: {}}),
                lambda: txn[Rows].load({1: {}}),
            ]
            for write in writes:
                with pytest.raises(zlmdb.DataError, match=rf"table Rows, index by: {message}") as caught:
                    write()
                assert (caught.value.table, caught.value.index) == ("Rows", "by")
            assert dict(txn[Rows]) == {}
        assert db.verify() == []


@pytest.mark.parametrize("rows", [None, 5, 1.5, object()], ids=["None", "a number", "a fraction", "an object"])
def test_what_is_no_rows_at_all_is_named(rows: Any) -> None:
    @zlmdb.table(uuid.uuid4())
    class Texts(zlmdb.MapOidString):
        pass

    with zlmdb.open(":memory:", [Texts]) as db, db.begin(write=True) as txn:
        for call in (txn[Texts].put_many, txn[Texts].load):
            with pytest.raises(zlmdb.ValueTypeError, match=r"table Texts: expected many rows, .* found \w+ ") as caught:
                call(rows)
            assert caught.value.found == type(rows).__name__
        assert dict(txn[Texts]) == {}


@dataclasses.dataclass
class Wave:
    """A record of which one field cannot be stored."""

    size: complex = 0j


@pytest.mark.parametrize("codec", [zlmdb.Json, zlmdb.Cbor], ids=["JSON", "CBOR"])
def test_a_record_that_cannot_be_stored_is_named_with_its_table(codec: Any) -> None:
    @zlmdb.table(uuid.uuid4())
    class Waves(zlmdb.Map[int, Wave], key=zlmdb.Oid, value=codec):
        pass

    with zlmdb.open(":memory:", [Waves]) as db, db.begin(write=True) as txn:
        waves = txn[Waves]
        for write in (lambda: waves.__setitem__(1, Wave()), lambda: waves.load({1: Wave()})):
            with pytest.raises(zlmdb.SchemaError, match=r"^table Waves: Wave\.size: complex cannot be") as caught:
                write()
            assert caught.value.table == "Waves"


def test_flatbuffers_that_nothing_builds_are_named_with_their_table() -> None:
    @zlmdb.table(uuid.uuid4())
    class Buffers(zlmdb.MapOidFlatBuffers):
        pass

    with zlmdb.open(":memory:", [Buffers]) as db, db.begin(write=True) as txn:
        buffers = txn[Buffers]
        with pytest.raises(zlmdb.SchemaError, match=r"^table Buffers: .* without build="):
            buffers[1] = {}
