"""A schema in the form in which a file remembers it: dicts, lists, texts and numbers.

.. code-block:: text

    schema   {root: name, tables: {name: table}, structs: {name: struct}, enums: {name: enum}, unions: {name: union}}
    table    {field: {id: int, type: text, default: number | null, required: bool, logical: text | null, was: [text]}}
    struct   {align: int | null, fields: [[name, type, logical]]}
    enum     {base: text, members: {name: int}}
    union    [[number, name, type]]
    type     "int32", "string", "[type]", "[type:length]", "@name" of a table, struct, enum or union
"""

from __future__ import annotations

from typing import Any

from zlmdb.values.flat import model
from zlmdb.values.flat.kinds import Declared

__all__ = ["Plain", "plain_enum", "plain_field", "plain_struct", "plain_union", "remembered", "type_text"]

#: A schema as the file remembers it.
Plain = dict[str, Any]


def remembered(declared: Declared) -> Plain:
    """What a file is to remember of a schema that is new to it."""
    plain: Plain = {"root": declared.schema.root, "tables": {}, "structs": {}, "enums": {}, "unions": {}}
    for name, declaration in declared.schema.declarations.items():
        if isinstance(declaration, model.Table):
            plain["tables"][name] = {found.name: plain_field(found) for found in declaration.fields}
        elif isinstance(declaration, model.Struct):
            plain["structs"][name] = plain_struct(declaration)
        elif isinstance(declaration, model.Enum):
            plain["enums"][name] = plain_enum(declaration)
        else:
            plain["unions"][name] = plain_union(declaration)
    return plain


def plain_field(found: model.Field) -> dict[str, Any]:
    """The form of a field of a table."""
    return {
        "id": found.id,
        "type": type_text(found.type),
        "default": found.default,
        "required": found.required,
        "logical": found.attributes.get("logical"),
        "was": [],
    }


def plain_struct(found: model.Struct) -> dict[str, Any]:
    """The form of a struct."""
    fields = [[field.name, type_text(field.type), field.attributes.get("logical")] for field in found.fields]
    return {"align": found.force_align, "fields": fields}


def plain_enum(found: model.Enum) -> dict[str, Any]:
    """The form of an enumeration."""
    return {"base": found.base.name, "members": {member.name: member.value for member in found.members}}


def plain_union(found: model.Union) -> list[list[Any]]:
    """The form of a union."""
    numbers = found.values or range(1, len(found.members) + 1)
    return [[number, name, type_text(tp)] for number, (name, tp) in zip(numbers, found.members, strict=True)]


def type_text(tp: model.Type) -> str:
    """The form of a type."""
    if isinstance(tp, model.Scalar):
        return tp.name
    if isinstance(tp, model.String):
        return "string"
    if isinstance(tp, model.Ref):
        return f"@{tp.name}"
    if isinstance(tp, model.Vector):
        return f"[{type_text(tp.element)}]"
    return f"[{type_text(tp.element)}:{tp.length}]"
