"""Buffers of ours are what the FlatBuffers compiler reads, and the other way round, for any schema and any values."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zlmdb
from tests.fbs.flatc import flatc, needs_flatc
from tests.fbs.objects import Objects, to_json
from tests.fbs.schemas import schemas
from zlmdb import fbs
from zlmdb.fbs.rules import is_union
from zlmdb.values.flat import model


def plain(schema: model.Schema) -> model.Schema:
    """The same schema without keys, by which the compiler sorts when it reads JSON; without vectors of unions, which it
    does not take in all languages, JSON among them; and without tables that require tables, which may never end.
    """
    found = {}
    for name, item in schema.declarations.items():
        if isinstance(item, model.Table):
            fields, following = [], 0
            changed = any(
                isinstance(field.type, model.Vector) and is_union(schema, field.type) for field in item.fields
            )
            for field in item.fields:
                kind = field.type
                if isinstance(kind, model.Vector) and is_union(schema, kind):
                    kind = model.Vector(model.String())
                following += is_union(schema, kind)
                number = following if changed else field.id
                following += 1
                required = field.required and not isinstance(kind, model.Ref)
                fields.append(replace(field, key=False, type=kind, id=number, required=required))
            item = replace(item, fields=tuple(fields))
        found[name] = item
    root = next(name for name, item in found.items() if isinstance(item, model.Table))
    return replace(schema, declarations=found, root=root, file_identifier="ABCD", file_extension="bin")


@needs_flatc
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(schemas(texts=False, python=True).map(plain), st.data())
def test_any_object_of_any_schema(schema: model.Schema, data: Any) -> None:
    text = fbs.unparse(schema)
    classes = fbs.load(text, kind=data.draw(st.sampled_from(["dataclass", "attrs", "struct"])))
    value = Objects(data.draw, classes).table(schema.root or "")
    codec: Any = zlmdb.FlatBuffers(classes[schema.root or ""])
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "s.fbs").write_text(text, encoding="utf-8")
        (place / "ours.bin").write_bytes(codec.encode(value))
        flatc("--json", "--strict-json", "--defaults-json", "s.fbs", "--", "ours.bin", cwd=place)
        wanted = to_json(schema, classes, schema.root or "", value)
        assert json.loads((place / "ours.json").read_text("utf-8")) == wanted
        (place / "theirs.json").write_text(json.dumps(wanted), encoding="utf-8")
        flatc("--binary", "s.fbs", "theirs.json", cwd=place)
        assert fbs.detach(codec.decode((place / "theirs.bin").read_bytes())) == value
