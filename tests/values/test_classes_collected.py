"""Classes of records that a program makes and lets go of are collected, with all that was generated for them."""

from __future__ import annotations

import copy
import gc
import linecache
import pickle
import types
import typing
import uuid
import weakref
from dataclasses import dataclass, make_dataclass
from typing import Any

import attrs
import msgspec
import pytest

import zlmdb
from zlmdb.values import describe
from zlmdb.values.source import Source

HINTS: dict[str, Any] = {"oid": uuid.UUID, "name": str, "size": int, "tags": list[str], "city": str | None}

MAKERS: dict[str, Any] = {
    "attrs": lambda: attrs.make_class("Row", {name: attrs.field(type=hint) for name, hint in HINTS.items()}),
    "dataclass": lambda: make_dataclass("Row", HINTS.items()),
    "struct": lambda: msgspec.defstruct("Row", HINTS.items()),
    "typeddict": lambda: typing.TypedDict("Row", HINTS),  # type: ignore[operator]
    "namedtuple": lambda: typing.NamedTuple("Row", HINTS.items()),  # type: ignore[misc]
}
MAPS = (zlmdb.MapUuidCbor, zlmdb.MapUuidJson, zlmdb.MapUuidFlatBuffers)
CASES = [(kind, base) for kind in MAKERS for base in MAPS]


def collect() -> None:
    """Collect garbage; what `typing` remembers of the last parameters, too, as it holds them."""
    for forget in typing._cleanups:  # type: ignore[attr-defined]
        forget()
    gc.collect()


def use_and_drop(kind: str, base: Any, monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", {})
    row = MAKERS[kind]()
    fields = {"by_size": zlmdb.index("size"), "__doc__": "Rows."}
    plain = types.new_class("Rows", (base[row],), {}, lambda body: body.update(fields))
    table = zlmdb.table("b1f4c2a8-52d8-4376-9a59-5a0000000101", pk="oid")(plain)
    oid = uuid.uuid4()
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].put(row(oid=oid, name="a", size=1, tags=["b"], city=None))
        with db.begin() as txn:
            assert list(txn[table].by_size.select(1)) == [txn[table][oid]]
            assert len(txn[table].to_numpy()["name"]) == 1
    monkeypatch.undo()
    return [weakref.ref(row), weakref.ref(table)]


@pytest.mark.parametrize(
    ("kind", "base"), [pytest.param(kind, base, id=f"{kind}-{base.__name__}") for kind, base in CASES]
)
def test_a_record_class_is_collected(kind: str, base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if base is zlmdb.MapUuidFlatBuffers and kind in ("typeddict", "namedtuple"):
        pytest.skip("FlatBuffers are not made of these")
    collect()
    before = set(linecache.cache)
    refs = use_and_drop(kind, base, monkeypatch)
    collect()
    assert [ref() for ref in refs] == [None, None]
    assert {name for name in linecache.cache if name not in before and name.startswith("<zlmdb ")} == set()


def test_the_text_of_a_function_is_there_as_long_as_the_function() -> None:
    source = Source("demo")
    source.line(0, "def double(x):")
    source.line(1, "return x * 2")
    function = source.function("double")
    del source
    filename = function.__code__.co_filename
    gc.collect()
    assert linecache.getlines(filename) == ["def double(x):\n", "    return x * 2\n"]
    del function
    gc.collect()
    assert filename not in linecache.cache


def test_a_class_made_of_the_attributes_of_another_is_described_by_itself() -> None:
    @dataclass
    class Plain:
        name: str

    assert list(describe(Plain).fields) == ["name"]  # type: ignore[union-attr]
    body = {name: value for name, value in vars(Plain).items() if name not in ("__dict__", "__weakref__")}
    body["__annotations__"] = {"name": str, "size": int}
    other = dataclass(type("Other", (), body))
    info = describe(other)
    assert info is not None
    assert info.type is other
    assert list(info.fields) == ["name", "size"]


def test_a_derived_class_is_described_by_itself() -> None:
    @dataclass
    class Plain:
        name: str

    describe(Plain)

    @dataclass
    class Derived(Plain):
        size: int = 0

    info = describe(Derived)
    assert info is not None
    assert list(info.fields) == ["name", "size"]
    assert describe(Derived) is info


def test_a_class_that_refuses_attributes_is_described_anyway() -> None:
    class Closed(type):
        def __setattr__(cls, name: str, value: Any) -> None:
            raise TypeError("closed")

    row: Any = type.__new__(Closed, "Row", (), {"__annotations__": {"name": str}, "__dataclass_fields__": {}})
    info = describe(row)
    assert info is not None
    assert info.type is row


@pytest.mark.parametrize("through", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_what_a_class_declares_is_not_copied_with_its_attributes(through: Any) -> None:
    """Packages that send classes to other processes send the attributes."""

    @dataclass
    class Plain:
        name: str

    describe(Plain)
    kept = vars(Plain)["__zlmdb_record__"]
    assert kept.info is not None
    assert through(kept).info is None
