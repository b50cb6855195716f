"""Record classes that are defined in a function, with annotations that are text: as tests and notebooks have them."""

from __future__ import annotations

import types
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import attrs
import msgspec
import pytest

import zlmdb

#: Makes a table of a record class; called where the class is, while its function runs.
Declare = Callable[[Any], Any]


def dataclasses(declare: Declare) -> tuple[Any, Any]:
    @dataclass
    class Leaf:
        size: int
        next: Leaf | None = None

    @dataclass
    class Base:
        key: int
        leaf: Leaf

    @dataclass
    class Tree(Base):
        leaves: list[Leaf] = field(default_factory=list)

    return declare(Tree), Tree(1, Leaf(2, Leaf(3)), [Leaf(4)])


def attrs_classes(declare: Declare) -> tuple[Any, Any]:
    @attrs.define
    class Leaf:
        size: int

    @attrs.define
    class Tree:
        key: int
        leaf: Leaf
        kids: list[Tree] = attrs.field(factory=list)

    return declare(Tree), Tree(1, Leaf(2), [Tree(2, Leaf(5))])


def structs(declare: Declare) -> tuple[Any, Any]:
    class Leaf(msgspec.Struct):
        size: int

    class Tree(msgspec.Struct):
        key: int
        leaf: Leaf
        kids: list[Tree] = []

    return declare(Tree), Tree(1, Leaf(2), [Tree(2, Leaf(5))])


def dicts(declare: Declare) -> tuple[Any, Any]:
    class Leaf(TypedDict, total=False):
        size: Required[int]
        name: str

    class Tree(TypedDict):
        key: int
        leaf: Leaf
        more: NotRequired[list[Leaf]]

    return declare(Tree), {"key": 1, "leaf": {"size": 2}, "more": [{"size": 1, "name": "x"}]}


def named_tuples(declare: Declare) -> tuple[Any, Any]:
    class Leaf(NamedTuple):
        size: int

    class Tree(NamedTuple):
        key: int
        leaf: Leaf

    return declare(Tree), Tree(1, Leaf(2))


def generics(declare: Declare) -> tuple[Any, Any]:
    T = TypeVar("T")

    @dataclass
    class Leaf:
        size: int

    @dataclass
    class Box(Generic[T]):
        key: int
        leaf: T

    return declare(Box[Leaf]), Box(1, Leaf(2))


KINDS: list[Callable[[Declare], tuple[Any, Any]]] = [dataclasses, attrs_classes, structs, dicts, named_tuples, generics]
CASES = [(kind, codec) for kind in KINDS for codec in (zlmdb.Json, zlmdb.Cbor)]
CASES += [(kind, zlmdb.FlatBuffers) for kind in (dataclasses, attrs_classes, structs)]


@pytest.mark.parametrize(("kind", "codec"), CASES, ids=[f"{kind.__name__}-{codec.__name__}" for kind, codec in CASES])
def test_classes_of_a_function_are_records_like_others(kind: Any, codec: Any) -> None:
    def declare(record: Any) -> Any:
        body = {"by_size": zlmdb.index("leaf.size")}
        made = types.new_class(
            "Trees", (zlmdb.Map[int, record],), {"key": zlmdb.Oid, "value": codec}, lambda space: space.update(body)
        )
        return zlmdb.table(uuid.uuid4(), pk="key")(made)

    table, value = kind(declare)
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].add(value)
        with db.begin() as txn:
            assert txn[table][1] == value
            assert list(txn[table].by_size.select(2)) == [value]
        assert db.verify() == []


def test_a_field_of_such_a_class_is_checked() -> None:
    @dataclass
    class Inner:
        number: int

    @dataclass
    class Outer:
        inner: Inner

    @zlmdb.table(uuid.uuid4())
    class Outers(zlmdb.MapOidJson[Outer]):
        by_number = zlmdb.index("inner.number")

    @zlmdb.table(uuid.uuid4())
    class Lists(zlmdb.MapOidCbor[list[Outer]]):
        pass

    with zlmdb.open(":memory:", [Outers, Lists]) as db, db.begin(write=True) as txn:
        txn[Outers][1] = Outer(Inner(5))
        txn[Lists][1] = [Outer(Inner(5))]
        assert txn[Outers].by_number.first(5) == Outer(Inner(5)) == txn[Lists][1][0]
        with pytest.raises(zlmdb.ValueTypeError, match=r"field inner\.number of .*Outer: expected int, found str"):
            txn[Outers][2] = Outer(Inner("x"))  # type: ignore[arg-type]


def test_what_is_nowhere_is_named() -> None:
    @dataclass
    class Lost:
        where: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(zlmdb.SchemaError, match=r"the annotations of .*Lost cannot be resolved \(NameError: .*Nowhere"):

        @zlmdb.table(uuid.uuid4())
        class Losts(zlmdb.MapOidJson[Lost]):
            pass


@pytest.mark.parametrize("pk", [5, ("key", 3)])
def test_a_primary_key_is_the_name_of_a_field(pk: Any) -> None:
    with pytest.raises(zlmdb.SchemaError, match=r"expected the name of a field, or names of fields, as pk, found"):
        zlmdb.table(uuid.uuid4(), pk=pk)
