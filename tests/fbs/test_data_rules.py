"""A schema made as data, not read from a text, has to keep the same rules before it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zlmdb import errors, fbs
from zlmdb.values.flat import model

INT, TEXT = model.Scalar("int32"), model.String()


def table(*fields: model.Field, **more: Any) -> model.Schema:
    return model.Schema({"T": model.Table("T", fields, **more)})


def field(kind: Any = INT, default: Any = None, **more: Any) -> model.Schema:
    return table(model.Field("x", kind, 0, default, **more))


def struct(*fields: model.Field, **more: Any) -> model.Schema:
    return model.Schema({"S": model.Struct("S", fields, **more)})


def enum(*members: tuple[str, int], base: str = "int8", **more: Any) -> model.Schema:
    return model.Schema(
        {"E": model.Enum("E", model.Scalar(base), tuple(model.Member(*member) for member in members), **more)}
    )


def union(*members: tuple[str, Any], values: Any = None) -> model.Schema:
    return model.Schema({"T": model.Table("T", ()), "U": model.Union("U", members, values)})


BROKEN = [
    (model.Schema(attributes=("",)), "name of an attribute"),
    (model.Schema({"A": model.Table("B", ())}), "found one named B"),
    (model.Schema({"a-b": model.Table("a-b", ())}), "letters, digits and _"),
    (model.Schema({"a.int": model.Table("a.int", ())}), "a built-in type"),
    (model.Schema(root="T"), "root_type to be a table"),
    (model.Schema(file_identifier="abc"), "of 4 bytes"),
    (table(doc=("two\nlines",)), "single lines"),
    (table(doc=("\ud800",)), "single lines"),
    (table(attributes={"x": 1}), 'attribute "x";'),
    (table(attributes={"private": 1.5}), "an integer, a string or True"),
    (table(attributes={"private": False}), "an integer, a string or True"),
    (field(attributes={"id": 3}), "in its own place"),
    (struct(model.Field("x", INT, 0), attributes={"force_align": 8}), "in its own place"),
    (table(model.Field("x-y", INT, 0, 0)), "letters, digits and _"),
    (table(model.Field("x", INT, 0, 0), model.Field("y", INT, 2, 0)), "without a gap"),
    (field(model.Scalar("int")), "a scalar type, found int"),
    (field(model.Ref("Gone")), "found Gone"),
    (field(model.Vector(model.Vector(INT))), "other than vectors"),
    (field(model.Array(INT, 3)), "array of fixed length"),
    (field(TEXT, 5), "a default that is a text"),
    (field(TEXT, "\ud800"), "a default that is a text"),
    (field(model.Vector(INT), "[1]"), r"to be \[\]"),
    (field(model.Scalar("bool"), 1), "true or false"),
    (field(model.Scalar("float32"), "1"), "that is a number"),
    (field(model.Scalar("float32"), 10**400), "fits float32"),
    (field(model.Scalar("float32"), 1e39), "fits float32"),
    (field(INT, 1.5), "that is an integer"),
    (field(INT, True), "that is an integer"),
    (field(INT, 2**31), "from -2147483648 to 2147483647"),
    (field(model.Ref("T"), "x"), "no default of a struct, table or union"),
    (field(TEXT, key=True), "of type string to be required"),
    (field(INT, 0, required=True), "found it on a scalar"),
    (field(model.Vector(model.Scalar("uint8")), attributes={"nested_flatbuffer": 1}), "name of a table"),
    (field(INT, 0, attributes={"hash": 5}), "hash to be one of"),
    (struct(), "a field in a struct"),
    (struct(model.Field("x", INT, 1)), "order of their ids"),
    (struct(model.Field("x", INT, 0, 5)), "no default in a struct"),
    (struct(model.Field("x", model.Scalar("int"), 0)), "a scalar type"),
    (struct(model.Field("x", model.Ref("Gone"), 0)), "found Gone"),
    (struct(model.Field("x", model.Array(INT, 0), 0)), "from 1 to 65535"),
    (struct(model.Field("x", INT, 0), model.Field("x", INT, 1)), "found x twice"),
    (struct(model.Field("x", INT, 0, key=True), model.Field("y", INT, 1, key=True)), "one key in a struct"),
    (struct(model.Field("x", INT, 0), force_align=3), "power of two"),
    (enum(("A", 1), base="float32"), "an integer type"),
    (enum(("A", 128)), "from -128 to 127"),
    (enum(("A", 3), bit_flags=True), "a single bit"),
    (enum(("A", 1), ("B", 1)), "which A has"),
    (union(("A", model.Ref("U"))), "found a union"),
    (union(("A", model.Ref("Gone"))), "found 'Gone'"),
    (union(("A", TEXT), values=(1, 2)), "1 numbers of members, found 2"),
    (union(("A", TEXT), values=(0,)), "which NONE has"),
    (union(("A", TEXT), values=(256,)), "from 1 to 255"),
]


@pytest.mark.parametrize(("schema", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_rule_is_named(schema: model.Schema, message: str) -> None:
    with pytest.raises(errors.SchemaError, match=message) as caught:
        fbs.unparse(schema)
    assert not isinstance(caught.value, errors.SchemaTextError)


def test_what_is_written_in_another_way_is_the_same() -> None:
    """An alignment that fields have anyway, and a whole number for a float, are no difference."""
    aligned = struct(model.Field("x", INT, 0), force_align=4)
    assert fbs.parse(fbs.unparse(aligned)) == struct(model.Field("x", INT, 0))
    assert fbs.parse(fbs.unparse(field(model.Scalar("float64"), 5))) == field(model.Scalar("float64"), 5.0)
    assert fbs.parse(fbs.unparse(replace(table(), file_extension=""))) == replace(table(), file_extension="")
