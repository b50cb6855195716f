"""What is printed reads as what it was, prints the same again, and the FlatBuffers compiler takes it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fbs.flatc import flatc, needs_flatc
from tests.fbs.schemas import schemas
from zlmdb import errors, fbs
from zlmdb.values.flat import model


def same(one: model.Schema, other: model.Schema) -> bool:
    """Equal, where NaN is equal to itself and the order of declarations is not looked at."""
    return repr(replace(one, declarations=dict(sorted(one.declarations.items())))) == repr(
        replace(other, declarations=dict(sorted(other.declarations.items())))
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(schemas())
def test_what_is_printed_reads_as_what_it_was(schema: model.Schema) -> None:
    text = fbs.unparse(schema)
    again = fbs.parse(text)
    assert same(again, schema)
    assert fbs.unparse(again) == text


@needs_flatc
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(schemas(texts=False))
def test_the_compiler_takes_what_is_printed(schema: model.Schema) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place, "s.fbs").write_text(fbs.unparse(schema), encoding="utf-8")
        flatc("--binary", "--schema", "s.fbs", cwd=Path(place))


@needs_flatc
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(schemas(arrays=False))
def test_the_compiler_takes_defaults_of_texts_and_vectors(schema: model.Schema) -> None:
    """For a language that has them all; for others it refuses such schemas, and it has none that has arrays as well."""
    with tempfile.TemporaryDirectory() as place:
        Path(place, "s.fbs").write_text(fbs.unparse(schema), encoding="utf-8")
        flatc("--swift", "s.fbs", cwd=Path(place))


def test_a_schema_that_breaks_a_rule_is_not_printed() -> None:
    table = model.Table("a.T", (model.Field("x", model.Ref("a.Gone"), 0),))
    with pytest.raises(errors.SchemaError, match=r"a\.T\.x: expected a declared type, found a\.Gone") as caught:
        fbs.unparse(model.Schema({"a.T": table}))
    assert (caught.value.table, caught.value.field) == ("a.T", "x")


def test_a_name_that_another_one_hides_is_not_printed() -> None:
    """In namespace ``a``, ``b.T`` means ``a.b.T``, and nothing is left that means the other one."""
    schema = fbs.parse("namespace b; table T {} namespace a; table U { t: b.T; }")
    hidden = replace(schema, declarations={**schema.declarations, "a.b.T": model.Table("a.b.T", ())})
    with pytest.raises(errors.SchemaError, match=r"b\.T: .* hides it"):
        fbs.unparse(hidden)


def test_an_empty_schema_is_an_empty_text() -> None:
    assert fbs.unparse(model.Schema()) == ""
    assert fbs.parse("") == model.Schema()
