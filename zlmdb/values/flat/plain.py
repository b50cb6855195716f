"""A schema in the form in which a file remembers it: dicts, lists, texts and numbers.

.. code-block:: text

    schema   {root: name, identifier: text | null,
              tables: {name: table}, structs: {name: struct}, enums: {name: enum}, unions: {name: union}}
    table    {name: field}
    field    {id: int, type: text, default: number | null, required: bool, logical: text | null, was: [text],
              absent: [value] | [], lacks: bool}
    struct   {align: int | null, fields: [[name, type, logical]]}
    enum     {base: text, members: {name: int}}
    union    [[number, name, type]]
    type     "int32", "string", "[type]", "[type:length]", "@name" of a table, struct, enum or union

`default` is that of a scalar. Of any other field, `absent` is what it reads as in rows without it, and `lacks` says
that there may be such rows.
"""

from __future__ import annotations

from typing import Any

from zlmdb.values.faults import MISSING
from zlmdb.values.flat import model
from zlmdb.values.flat.kinds import Declared, Item, Kind, Record

__all__ = [
    "Plain",
    "absent",
    "plain_enum",
    "plain_field",
    "plain_struct",
    "plain_table",
    "plain_union",
    "remembered",
    "type_text",
]

#: A schema as the file remembers it.
Plain = dict[str, Any]


def remembered(declared: Declared, *, lacks: bool = False) -> Plain:
    """What a file is to remember of a schema that is new to it.

    Args:
        declared: the class.
        lacks: True if there may be rows that were not written by way of the class, in which anything may be absent.
    """
    plain: Plain = {"root": declared.schema.root, "identifier": declared.root.identifier}
    plain |= {"tables": {}, "structs": {}, "enums": {}, "unions": {}}
    for name, declaration in declared.schema.declarations.items():
        if isinstance(declaration, model.Table):
            plain["tables"][name] = plain_table(declared.records[name], lacks=lacks)
        elif isinstance(declaration, model.Struct):
            plain["structs"][name] = plain_struct(declaration)
        elif isinstance(declaration, model.Enum):
            plain["enums"][name] = plain_enum(declaration)
        else:
            plain["unions"][name] = plain_union(declaration)
    return plain


def plain_table(record: Record, *, lacks: bool = False) -> dict[str, dict[str, Any]]:
    """The form of a table; see :func:`plain_field`."""
    return {item.field.name: plain_field(item, lacks=lacks) for item in (*record.items, *record.dead)}


def plain_field(item: Item, *, lacks: bool) -> dict[str, Any]:
    """The form of a field of a table.

    Args:
        item: the field.
        lacks: True if there may be rows without it, other than by a None in it.
    """
    found = item.field
    return {
        "id": found.id,
        "type": type_text(found.type),
        "default": found.default,
        "required": found.required,
        "logical": found.attributes.get("logical"),
        "was": [],
        "absent": absent(item),
        "lacks": not item.kind.scalar_value and (lacks or item.optional or found.deprecated),
    }


def absent(item: Item) -> list[Any]:
    """What a field that is no scalar reads as in rows without it, in a list: empty if that is not always the same."""
    if item.kind.scalar_value:
        return []
    if item.factory is None:
        return [] if item.default is MISSING else [_plain_value(item.kind, item.default)]
    try:
        one, other = (_plain_value(item.kind, item.factory()) for _ in range(2))
    except Exception:  # the program's own function
        return []
    return [one] if one == other else []


def _plain_value(kind: Kind, value: Any) -> Any:
    """A default in the form of the file, by which it is known again."""
    try:
        if value is None or kind.name in ("str", "bytes"):
            return value
        if kind.scalar_value:
            number = kind.number(value)
            return number if number == number else "NaN"
        if kind.name in ("struct", "table"):
            return {item.field.name: _plain_value(item.kind, getattr(value, item.name)) for item in kind.of().items}
        if kind.name == "list":
            return [_plain_value(kind.inner(), one) for one in value]
        if kind.name == "union":
            chosen = next(
                (number, member)
                for number, member in kind.members
                if (type(value) is str if member.record is None else isinstance(value, member.record.info.type))
            )
            return [chosen[0], _plain_value(chosen[1], value)]
        if kind.name == "ndarray":
            return str(value.tolist())
        return str(value)
    except Exception:  # a default that is no value of its type; that is for the one who reads it to see
        return repr(type(value))


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
