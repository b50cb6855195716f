"""The Python that the FlatBuffers compiler writes reads what we build, and we read what it builds."""

from __future__ import annotations

import importlib
import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zlmdb
from tests.fbs.flatc import flatc, needs_flatc
from tests.fbs.objects import Objects
from zlmdb import fbs
from zlmdb.values.flat import model

pytestmark = needs_flatc

HERE = Path(__file__).parent
WIDE = HERE / "wide.fbs"
PACKAGES = ("flatc_wide", "flatc_base")


@pytest.fixture(scope="module", params=["original", "printed"])
def theirs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Their module ``flatc_wide.Wide``, made from the file as it is and from what we print of it."""
    place = tmp_path_factory.mktemp("flatc")
    path = WIDE
    if request.param == "printed":
        path = place / "printed.fbs"
        path.write_text(fbs.unparse(fbs.parse_file(WIDE)), encoding="utf-8")
    flatc("--python", "--gen-object-api", "--gen-all", "-o", place, path, cwd=place)
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    # The Python of release 2.0 forgets to import some of the classes that it names.
    modules = [importlib.import_module(name) for name in fbs.load(WIDE)]
    classes = {name: item for module in modules for name, item in vars(module).items() if isinstance(item, type)}
    for module in modules:
        for name, item in classes.items():
            vars(module).setdefault(name, item)
    yield importlib.import_module("flatc_wide.Wide")
    sys.path.remove(str(place))
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def ours() -> fbs.Classes:
    return fbs.load(WIDE)


def camel(name: str) -> str:
    return re.sub("_([a-z0-9])", lambda found: found[1].upper(), name)


class Between:
    """From objects of ours to theirs, and from theirs to plain values that compare."""

    def __init__(self, ours: fbs.Classes) -> None:
        self.ours, self.schema = ours, ours.__schema__

    def union(self, kind: model.Type) -> model.Union | None:
        found = self.schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        return found if isinstance(found, model.Union) else None

    def fields(self, name: str) -> list[model.Field]:
        item = self.schema.declarations[name]
        assert isinstance(item, model.Table | model.Struct)
        return [field for field in item.fields if not field.deprecated]

    def number(self, union: model.Union, value: Any) -> tuple[int, model.Type]:
        for number, (_, kind) in enumerate(union.members, 1):
            assert isinstance(kind, model.Ref)
            if isinstance(value, self.ours[kind.name]):
                return number, kind
        return 0, model.String()

    def to_theirs(self, name: str, value: Any) -> Any:
        """An object of their class with our values."""
        simple = name.rpartition(".")[2]
        made = getattr(importlib.import_module(name), f"{simple}T")()
        for field in self.fields(name):
            one, kind = getattr(value, field.name), field.type
            union = self.union(kind)
            if union is not None:
                number, kind = self.number(union, one)
                setattr(made, camel(f"{field.name}_type"), number)
            setattr(made, camel(field.name), None if one is None else self.part(kind, one))
        return made

    def part(self, kind: model.Type, value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            made = importlib.import_module("flatc_wide.Uuid").UuidT()
            made.bytes = list(value.bytes)
            return made
        if isinstance(kind, model.Vector):
            item = self.schema.declarations.get(kind.element.name) if isinstance(kind.element, model.Ref) else None
            scalar = item.base if isinstance(item, model.Enum) else kind.element
            if isinstance(scalar, model.Scalar):  # of negative bytes, theirs makes a vector from an array only
                return np.array(list(value), model.SCALARS[scalar.name][2])
        if isinstance(kind, model.Vector | model.Array):
            return [self.part(kind.element, each) for each in value]
        item = self.schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        if isinstance(item, model.Table | model.Struct):
            return self.to_theirs(item.name, value)
        return int(value) if isinstance(item, model.Enum) else value

    def plain(self, name: str, value: Any) -> dict[str, Any]:
        """What is in an object of ours, under their names."""
        found = {}
        for field in self.fields(name):
            one, kind = getattr(value, field.name), field.type
            union = self.union(kind)
            if union is not None:
                found[camel(f"{field.name}_type")], kind = self.number(union, one)
            found[camel(field.name)] = None if one is None else self.plain_part(kind, one)
        return found

    def plain_part(self, kind: model.Type, value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            return {"bytes": list(value.bytes)}
        if isinstance(kind, model.Vector | model.Array):
            return [self.plain_part(kind.element, each) for each in value]
        item = self.schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        if isinstance(item, model.Table | model.Struct):
            return self.plain(item.name, value)
        return value


class Reading:
    """What is in a buffer, by their accessors, as plain values that compare."""

    def __init__(self, schema: model.Schema) -> None:
        self.schema = schema

    def of(self, name: str, value: Any) -> dict[str, Any]:
        item, found = self.schema.declarations[name], dict[str, Any]()
        assert isinstance(item, model.Table | model.Struct)
        for field in item.fields:
            if field.deprecated:
                continue
            word = camel(f"_{field.name}")
            inner = self.schema.declarations.get(field.type.name) if isinstance(field.type, model.Ref) else None
            get = getattr(value, word)
            if isinstance(inner, model.Union):
                number = found[camel(f"{field.name}_type")] = getattr(value, f"{word}Type")()
                found[camel(field.name)] = None
                if number:
                    kind = inner.members[number - 1][1]
                    assert isinstance(kind, model.Ref)
                    member, place = self.cls(kind.name)(), get()
                    member.Init(place.Bytes, place.Pos)
                    found[camel(field.name)] = self.of(kind.name, member)
            elif isinstance(inner, model.Struct) and isinstance(item, model.Struct):
                found[camel(field.name)] = self.of(inner.name, get(self.cls(inner.name)()))
            elif isinstance(field.type, model.Vector):
                absent = getattr(value, f"{word}IsNone")()
                each = [self.one(field.type.element, get(at)) for at in range(getattr(value, f"{word}Length")())]
                found[camel(field.name)] = None if absent else each
            else:
                found[camel(field.name)] = self.one(field.type, get())
        return found

    def one(self, kind: model.Type, value: Any) -> Any:
        item = self.schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        if isinstance(item, model.Table | model.Struct) and value is not None:
            return self.of(item.name, value)
        return value.decode() if isinstance(value, bytes) else value

    @staticmethod
    def cls(name: str) -> Any:
        return getattr(importlib.import_module(name), name.rpartition(".")[2])


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_they_read_ours_and_we_read_theirs(theirs: Any, ours: fbs.Classes, data: st.DataObject) -> None:
    value = Drawing(data.draw, ours).table("flatc_wide.Wide")
    between = Between(ours)
    codec: Any = zlmdb.FlatBuffers(ours.Wide)

    buffer = codec.encode(value)
    assert theirs.Wide.WideBufferHasIdentifier(buffer, 0)
    read = Reading(ours.__schema__).of("flatc_wide.Wide", theirs.Wide.GetRootAs(buffer))
    assert read == between.plain("flatc_wide.Wide", value)

    builder = flatbuffers.Builder(64)
    builder.Finish(between.to_theirs("flatc_wide.Wide", value).Pack(builder), file_identifier=b"WIDE")
    assert fbs.detach(codec.decode(bytes(builder.Output()))) == value


class Drawing(Objects):
    """Objects whose UUIDs are such."""

    def value(self, kind: model.Type, depth: int) -> Any:
        if isinstance(kind, model.Ref) and self.classes[kind.name] is uuid.UUID:
            return self.draw(st.uuids())
        return super().value(kind, depth)


def test_what_is_absent_reads_as_its_default(theirs: Any, ours: fbs.Classes) -> None:
    codec: Any = zlmdb.FlatBuffers(ours.Wide)
    value = ours.Wide(needed="")
    buffer = codec.encode(value)
    read = Reading(ours.__schema__).of("flatc_wide.Wide", theirs.Wide.GetRootAs(buffer))
    assert read == Between(ours).plain("flatc_wide.Wide", value)
    made, builder = theirs.WideT(), flatbuffers.Builder(64)
    made.needed = ""
    builder.Finish(made.Pack(builder), file_identifier=b"WIDE")
    assert len(builder.Output()) < len(buffer)
    assert fbs.detach(codec.decode(bytes(builder.Output()))) == value
    assert (value.color, int(value.bits), value.f_uint64, value.o_bool) == (ours.Color.Blue, 5, 2**64 - 1, None)
