"""Classes from schemas, and schemas from classes."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import pickle
import sys
import types
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import attrs
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zlmdb
from tests.fbs.schemas import schemas
from tests.fbs.test_round_trip import same
from zlmdb import errors, fbs
from zlmdb.fbs.rules import ATTRIBUTES
from zlmdb.values.flat import model

KINDS = ("dataclass", "struct", "attrs")

SHOP = """
attribute "unit";
namespace shop;
/// How large.
enum Size: byte { S = -1, M, /* most */ L }
enum Marks: ubyte (bit_flags) { New, Sold = 3 }
struct Point { x: float; y: [short:2]; id: [ubyte:4]; }
namespace shop.extra;
table Label { text: string (key); }
namespace shop;
union Any { Point, Label: shop.extra.Label, Note: string = 9 }
/// A shirt.
///
///   It is worn.
table Shirt (unit: "piece") {
  name: string (required);
  size: Size = M;
  marks: Marks = "New Sold";
  at: Point;
  any: Any;
  many: [Any];
  tags: [string];
  raw: [ubyte];
  prices: [double] = [];
  note: string = "none";
  maybe: short = null;
  old: int (deprecated);
  class: uint = 7;
  on: bool = true;
  other: Shirt;
  label: extra.Label;
}
root_type Shirt;
file_identifier "SHRT";
"""


@pytest.mark.parametrize("kind", KINDS)
def test_the_classes_of_a_schema(kind: Any) -> None:
    ns = fbs.load(SHOP, kind=kind)
    point = ns.Point(1.5, [1, 2], b"abcd") if kind != "struct" else ns.Point(x=1.5, y=[1, 2], id=b"abcd")
    shirt = ns.Shirt(name="blue", at=point, any="text", many=[point, ns.Label(text="a")])
    assert (shirt.size, shirt.marks, shirt.class_, shirt.on) == (ns.Size.M, ns.Marks.New | ns.Marks.Sold, 7, True)
    assert (shirt.prices, shirt.note, shirt.maybe, shirt.tags, shirt.old) == ([], "none", None, None, 0)
    assert issubclass(ns.Size, enum.IntEnum)
    assert issubclass(ns.Marks, enum.IntFlag)
    assert ns.Shirt.__doc__.startswith("A shirt.\n\n")
    assert ns.Size.__doc__ == "How large."
    codec: zlmdb.FlatBuffers[Any] = zlmdb.FlatBuffers(ns.Shirt)
    data = codec.encode(shirt)
    assert data[4:8] == b"SHRT"
    assert fbs.detach(codec.decode(data)) == shirt
    assert same(codec.declared.schema, replace(fbs.schema_of(ns), attributes=("unit",)))
    with pytest.raises(TypeError):
        ns.Shirt()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(schemas(python=True))
def test_classes_declare_the_schema_that_they_come_from(kind: Any, schema: model.Schema) -> None:
    text = fbs.unparse(schema)
    classes = fbs.load(text, kind=kind)
    again = fbs.schema_of(classes)
    assert same(replace(again, attributes=()), replace(fbs.parse(text), attributes=()))
    assert not set(again.attributes) & ATTRIBUTES
    assert fbs.load(text, kind=kind)[next(iter(classes))] is classes[next(iter(classes))]


def test_names_find_their_classes() -> None:
    ns = fbs.load("table T {} namespace a; table T {} table U {} namespace a.b; table V {} table U {}")
    assert ns.T is ns["T"]
    assert ns.a.T is ns["a.T"]
    assert ns.a.b.V is ns.V is ns.a.V is ns.a["b.V"]
    assert (ns.T.__name__, ns.a.T.__name__, ns.V.__name__) == ("T", "a_T", "V")
    with pytest.raises(AttributeError, match=r"'U' may be a\.U or a\.b\.U"):
        _ = ns.U
    with pytest.raises(AttributeError, match=r"declares no Nothing; it declares T, a\.T"):
        _ = ns.Nothing
    with pytest.raises(KeyError, match=r"a\.Nothing"):
        _ = ns.a["Nothing"]
    assert list(ns) == ["T", "a.T", "a.U", "a.b.V", "a.b.U"]
    assert (len(ns.a), list(ns.a.b), "b.U" in ns.a, "U" in ns) == (4, ["V", "U"], True, False)
    assert dir(ns) == ["T", "U", "V", "a"]
    assert repr(ns.a.b) == "<FlatBuffers classes V, U>"


def test_names_that_python_has_a_use_for() -> None:
    ns = fbs.load(
        """
        enum None: byte { True = 1, class = 2, ok = 0 }
        table list { int: int = 5; str: [string]; bytes: [ubyte]; float: double = inf; def: None = class; _x: None;
          __len__: int; def_: int; list: [list]; builtins: bool; self: int; Annotated: string (key); }
        struct fbs { bool: [bool:2]; }
        """
    )
    row = ns["list"](str=["a"], bytes=b"b", Annotated="k")
    assert (row.int, row.float, row.def__, row.x_, row.len_) == (5, float("inf"), ns["None"](2), ns["None"](0), 0)
    codec: Any = zlmdb.FlatBuffers(ns["list"])
    assert fbs.detach(codec.decode(codec.encode(row))) == row
    assert same(fbs.schema_of(ns), fbs.parse(fbs.unparse(ns.__schema__)))


def test_what_python_cannot_say_is_refused() -> None:
    with pytest.raises(errors.SchemaError, match=r"U: expected one string in a union, found several"):
        fbs.load("union U { A: string, B: string } table T { u: U; }")
    with pytest.raises(errors.SchemaError, match=r"U: expected a member in a union, found none"):
        fbs.load("union U {}")
    with pytest.raises(errors.SchemaError, match=r"E\.mro: .* method of every class"):
        fbs.load("enum E: byte { mro }")
    with pytest.raises(errors.SchemaError, match=r"E\._a_: .* belong to Python"):
        fbs.load("enum E: byte { _a_ }")
    with pytest.raises(errors.SchemaError, match=r"E: expected a value, for field e to have one"):
        fbs.load("enum E: byte {} table T { e: E; }")
    for wrong in ({"kind": "tuple"}, {"arrays": "array"}):
        with pytest.raises(errors.SchemaError, match="expected"):
            fbs.load("table T {}", **wrong)  # type: ignore[arg-type]


def test_a_path_and_a_text_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.fbs").write_text('include "b.fbs"; table A { b: B; }')
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "b.fbs").write_text("table B {}")
    for path in (tmp_path / "a.fbs", str(tmp_path / "a.fbs")):
        assert list(fbs.load(path, include_paths=[tmp_path / "inc"])) == ["B", "A"]
    assert list(fbs.load("")) == []
    with pytest.raises(errors.SchemaTextError, match="expected a schema file"):
        fbs.load("market.fbs")


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_pickled(kind: Any) -> None:
    ns = fbs.load("enum E: byte { A, B } table T { e: E = B; t: T; }", kind=kind)
    row = ns.T(t=ns.T(e=ns.E.A))
    assert pickle.loads(pickle.dumps(row)) == row
    assert pickle.loads(pickle.dumps(ns.T)) is ns.T


def test_times_and_uuids_come_back_as_such() -> None:
    @fbs.table(namespace="log")
    @dataclasses.dataclass
    class Event:
        oid: uuid.UUID
        at: np.datetime64
        seen: datetime.datetime | None = None
        day: datetime.date = datetime.date(1970, 1, 3)
        took: datetime.timedelta = datetime.timedelta(seconds=1)
        days: list[datetime.date] | None = None
        others: list[uuid.UUID] = dataclasses.field(default_factory=list)

    text = fbs.export(Event)
    assert 'attribute "logical";' in text
    for arrays in ("list", "numpy"):
        loaded = fbs.load(text, arrays=arrays)  # type: ignore[arg-type]
        assert same(fbs.schema_of(loaded.Event), fbs.schema_of(Event))
        hints = {field.name: field.type for field in dataclasses.fields(loaded.Event)}
        assert "uuid.UUID" in str(hints["oid"])
        assert "np.datetime64" in str(hints["at"])
        row = loaded.Event(oid=uuid.UUID(int=5), at=np.datetime64(7, "ns"))
        assert (row.day, row.took) == (datetime.date(1970, 1, 3), datetime.timedelta(seconds=1))
        codec: Any = zlmdb.FlatBuffers(loaded.Event)
        assert fbs.detach(codec.decode(codec.encode(row))) == row
    # What only looks like it is a struct of its own.
    other = fbs.load(
        "namespace a; struct Uuid { bytes: [ubyte:16]; } namespace b; table T { id: a.Uuid; } root_type T;"
    )
    assert other.Uuid is not uuid.UUID


def test_arrays_of_numpy() -> None:
    ns = fbs.load("table T { a: [float]; b: [bool] = []; c: [string]; s: S; } struct S { x: [int:3]; }", arrays="numpy")
    row = ns.T(a=np.array([1, 2], "f4"), s=ns.S(np.array([1, 2, 3], "i4")))
    assert row.b.dtype == bool
    codec: Any = zlmdb.FlatBuffers(ns.T)
    found = codec.decode(codec.encode(row))
    assert (found.a.tolist(), found.b.tolist(), found.s.x.tolist()) == ([1, 2], [], [1, 2, 3])


@attrs.define
class Inner:
    x: fbs.int8 = 3


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@fbs.struct
@dataclasses.dataclass
class Pair:
    a: fbs.int16
    level: Level


@fbs.table(namespace="records", file_identifier="RECS")
class Outer(msgspec.Struct):
    oid: uuid.UUID
    name: str
    inner: Inner | None = None
    choice: Annotated[Inner | str, fbs.UnionOf("Choice")] | None = None
    levels: list[Level] | None = None


@zlmdb.table("5f1ce0b4-1b0a-4d4c-9d1e-0c8f0a1de101")
class Outers(zlmdb.MapUuidFlatBuffers[Outer]):
    pass


@zlmdb.table("5f1ce0b4-1b0a-4d4c-9d1e-0c8f0a1de102", compress=zlmdb.PersistentMap.COMPRESS_ZLIB)
class Inners(zlmdb.MapUuidFlatBuffers[Inner]):
    pass


@zlmdb.table("5f1ce0b4-1b0a-4d4c-9d1e-0c8f0a1de103")
class Words(zlmdb.MapStringString):
    pass


class Everything(zlmdb.Schema):
    outers: Outers
    inners: Inners
    words: Words


class Nothing(zlmdb.Schema):
    words: Words


def test_what_can_be_exported() -> None:
    text = fbs.export(Outer)
    assert text.endswith('root_type records.Outer;\nfile_identifier "RECS";\n')
    assert fbs.export(Outers) == text
    assert same(fbs.schema_of(fbs.load(text).Outer), fbs.schema_of(Outer))
    everything = fbs.schema_of(Everything)
    assert {"records.Outer", "Inner"} <= set(everything.declarations)
    assert everything.root is None
    assert sorted(fbs.schema_of(Pair).declarations) == ["Level", "Pair"]
    assert list(fbs.schema_of(Level).declarations) == ["Level"]
    assert fbs.schema_of(Level).root is None
    loaded = fbs.load(text)
    assert fbs.export(loaded) == text
    assert fbs.export(loaded["records.Choice"]).count("union Choice {") == 1


def test_what_cannot_be_exported() -> None:
    @fbs.table(name="Inner")
    @dataclasses.dataclass
    class Rival:
        y: int

    with pytest.raises(errors.SchemaError, match="expected a record class, a map class"):
        fbs.export()
    with pytest.raises(errors.SchemaError, match=r"Inner: expected one declaration, found two that differ"):
        fbs.export(Inner, Rival)
    with pytest.raises(errors.SchemaError, match="found Words, which stores"):
        fbs.export(Words)
    with pytest.raises(errors.SchemaError, match="found none in Nothing"):
        fbs.export(Nothing)
    with pytest.raises(errors.SchemaError, match="cannot be stored as FlatBuffers"):
        fbs.export(int)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(schemas(python=True), st.sampled_from(KINDS), st.sampled_from(["list", "numpy"]))
def test_the_text_of_the_classes_is_a_module(schema: model.Schema, kind: Any, arrays: Any) -> None:
    source = fbs.classes_source(schema, kind=kind, arrays=arrays, title="Made of a schema.")
    module = types.ModuleType("made_of_a_schema")
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, "made_of_a_schema.py", "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[module.__name__]
    assert module.__doc__ == "Made of a schema."
    assert len(module.__all__) == len([name for name in module.__all__ if hasattr(module, name)])


def test_threads_get_the_same_classes() -> None:
    text = "namespace threads; " + " ".join(f"table T{n} {{ t: T{n}; }}" for n in range(200))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fbs.load(text)["threads.T199"], range(4)))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "evil", ['"; raise SystemExit #', '"""; raise SystemExit #', "'; raise SystemExit #", "\\", '\\"""']
)
def test_no_text_of_a_schema_is_run(evil: str) -> None:
    """Classes are made by running a text; whatever a schema says is a name or a literal in it."""
    doc, attributes = (evil, "", evil, f"  {evil}"), {"x": evil}
    fields = (model.Field("s", model.String(), 0, evil, attributes=attributes, doc=doc),)
    schema = model.Schema(
        {
            "E": model.Enum("E", model.Scalar("int8"), (model.Member("A", 0, doc),), attributes=attributes, doc=doc),
            "T": model.Table("T", fields, attributes, doc),
            "S": model.Struct("S", (model.Field("e", model.Ref("E"), 0, doc=doc[:1]),), None, attributes, doc[:1]),
            "U": model.Union("U", (("A", model.Ref("T")),), None, attributes, doc),
        },
        "T",
        file_extension=evil,
        attributes=("x",),
    )
    for kind in KINDS:
        ns = fbs.load(fbs.unparse(schema), kind=kind)  # type: ignore[arg-type]
        assert (ns.T().s, ns.T.__doc__.split("\n")[0]) == (evil, evil)
        assert same(fbs.schema_of(ns), schema)
    for title in (evil, f"a.{evil}"):
        module = types.ModuleType("evil_words")
        sys.modules[module.__name__] = module
        exec(fbs.classes_source(schema, title=title), vars(module))
        del sys.modules[module.__name__]
        assert module.__doc__ == title


@pytest.mark.parametrize("name", ["string", "Text", "str", "T"])
def test_the_members_of_a_union_keep_their_names(name: str) -> None:
    text = f"union U {{ {name}: string, Table: S }} struct S {{ a: int; }} table Q {{ u: U; }}"
    assert same(fbs.schema_of(fbs.load(text)), fbs.parse(text))


@pytest.mark.parametrize("kind", KINDS)
def test_members_of_one_type_have_classes_of_their_own(kind: Any) -> None:
    text = """
        namespace n; struct S { a: int; } table T { x: int; u: U; us: [U]; }
        union U { T, Also: T, S, Point: S = 9 } root_type T;
    """
    ns = fbs.load(text, kind=kind)
    also, point = ns.Also, ns["n.U.Point"]
    assert issubclass(also, ns.T)
    assert issubclass(point, ns.S)
    row = ns.T(u=also(x=5), us=[ns.T(x=1), also(x=2), ns.S(a=3), point(a=4)])
    codec: Any = zlmdb.FlatBuffers(ns.T)
    found = fbs.detach(codec.decode(codec.encode(row)))
    assert found == row
    assert [type(each) for each in found.us] == [ns.T, also, ns.S, point]
    assert same(fbs.schema_of(ns), fbs.parse(text))
    assert pickle.loads(pickle.dumps(row)) == row


def test_a_union_is_a_type() -> None:
    ns = fbs.load("union U { A, B } table A {} table B { u: U; }")
    assert set(get_args(get_args(ns.U)[0])) == {ns.A, ns.B}


HIDING = """
attribute "logical";
enum Color: byte { Red, G }
struct Uuid { bytes: [ubyte:16]; }
table Y { x: int; }
union Any { Y, Color2 }
table Color2 { Y: Y; y: [Y]; Any: Any; any: Any; }
table Hiding {
  Color: Color = null;
  c: Color = G;
  datetime: string;
  d: int = 4 (logical: "date");
  uuid: Uuid;
  id: Uuid;
  dataclasses: string;
  attrs: string;
  msgspec: string;
  np: int;
  v: [int] = [];
  fbs: [short];
  builtins: int;
  float: float = nan;
  int: int;
  y: long;
  t: [long] (logical: "datetime64");
  /// datetime.date and fbs = Color.G
  z: string;
}
root_type Hiding;
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arrays", ["list", "numpy"])
def test_fields_may_hide_what_others_need(kind: Any, arrays: Any) -> None:
    found = fbs.load(HIDING, kind=kind, arrays=arrays)
    assert fbs.export(found) == fbs.unparse(fbs.parse(HIDING))
    row = found.Hiding()
    assert (row.Color, row.c, row.d, row.float != row.float) == (None, found.Color.G, datetime.date(1970, 1, 5), True)
    codec: zlmdb.FlatBuffers[Any] = zlmdb.FlatBuffers(found.Hiding)
    given = found.Hiding(c=found.Color.Red, id=uuid.UUID(int=5), y=7, z="z")
    read = codec.decode(codec.encode(given))
    assert (read.c, read.id, read.y, read.z, len(read.v)) == (found.Color.Red, uuid.UUID(int=5), 7, "z", 0)
    assert zlmdb.FlatBuffers(found.Color2).encode(found.Color2(Y=found.Y(x=1), any=found.Y(x=2)))
