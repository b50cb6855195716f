"""Objects of any schema's classes, and the JSON that the FlatBuffers compiler writes for them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fbs.schemas import INTEGERS, bounds
from zlmdb.fbs import Classes
from zlmdb.fbs.pynames import field_names
from zlmdb.values.flat import model

__all__ = ["Objects", "to_json"]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


class Objects:
    """Draws objects of a schema's classes.

    Floats are such that a few digits say them exactly: the compiler writes no more.
    """

    def __init__(self, draw: st.DrawFn, classes: Classes) -> None:
        self.draw, self.classes, self.schema = draw, classes, classes.__schema__

    def table(self, name: str, depth: int = 0, cls: Any = None) -> Any:
        """An object of a table or struct; `cls` is another class than its own for it."""
        item = self.schema.declarations[name]
        assert isinstance(item, model.Table | model.Struct)
        attributes = field_names(item.fields)
        given = {}
        for field in item.fields:
            if field.deprecated:
                continue
            scalar = self.scalar(field.type)
            absent = isinstance(item, model.Table) and not field.required and not isinstance(field.default, str)
            if absent and (scalar is None or field.default is None) and (depth > 2 or self.draw(st.booleans())):
                given[attributes[field.name]] = None
                continue
            given[attributes[field.name]] = self.value(field.type, depth)
        return (cls or self.classes[name])(**given)

    def scalar(self, kind: model.Type) -> str | None:
        if isinstance(kind, model.Ref):
            item = self.schema.declarations[kind.name]
            return item.base.name if isinstance(item, model.Enum) else None
        return kind.name if isinstance(kind, model.Scalar) else None

    def value(self, kind: model.Type, depth: int) -> Any:
        draw = self.draw
        if isinstance(kind, model.String):
            return draw(TEXTS)
        if isinstance(kind, model.Vector | model.Array):
            least, most = (kind.length, kind.length) if isinstance(kind, model.Array) else (0, 3 if depth < 3 else 0)
            if kind.element == model.Scalar("uint8"):
                return draw(st.binary(min_size=least, max_size=most))
            return [self.value(kind.element, depth + 1) for _ in range(draw(st.integers(least, most)))]
        if isinstance(kind, model.Scalar):
            if kind.name == "bool":
                return draw(st.booleans())
            if kind.name in INTEGERS:
                low, high = bounds(kind.name)
                return draw(st.one_of(st.sampled_from([low, high]), st.integers(low, high)))
            return draw(st.integers(-4000, 4000)) / 4
        item = self.schema.declarations[kind.name]
        if isinstance(item, model.Enum):
            cls = self.classes[item.name]
            values = [member.value for member in item.members]
            if item.bit_flags:
                return cls(sum(draw(st.lists(st.sampled_from(values), unique=True, min_size=1))))
            return cls(draw(st.sampled_from(values)))
        if isinstance(item, model.Union):
            at = draw(st.integers(0, len(item.members) - 1))
            member, inner = item.members[at]
            double = f"{item.name}.{member}"
            if isinstance(inner, model.Ref) and double in self.classes:
                return self.table(inner.name, depth + 1, self.classes[double])
            return self.value(inner, depth + 1)
        return self.table(kind.name, depth + 1)


def to_json(schema: model.Schema, classes: Classes, name: str, value: Any) -> dict[str, Any]:
    """What the compiler writes with ``--defaults-json``."""
    item = schema.declarations[name]
    assert isinstance(item, model.Table | model.Struct)
    attributes, found = field_names(item.fields), {}
    for field in item.fields:
        one = getattr(value, attributes[field.name])
        if field.deprecated:
            continue
        if one is None:
            target = schema.declarations.get(field.type.name) if isinstance(field.type, model.Ref) else None
            if isinstance(field.type, model.Scalar) or isinstance(target, model.Enum):
                found[field.name] = None
            elif isinstance(target, model.Union):
                found[f"{field.name}_type"] = "NONE"
            continue
        inner = field.type.element if isinstance(field.type, model.Vector) else field.type
        union = schema.declarations.get(inner.name) if isinstance(inner, model.Ref) else None
        if isinstance(union, model.Union):
            members = [_member(union, classes, each) for each in (one if isinstance(one, list) else [one])]
            found[f"{field.name}_type"] = [word for word, _ in members] if isinstance(one, list) else members[0][0]
            parts = [
                _json(schema, classes, kind, each)
                for (_, kind), each in zip(members, one if isinstance(one, list) else [one], strict=True)
            ]
            found[field.name] = parts if isinstance(one, list) else parts[0]
        else:
            found[field.name] = _json(schema, classes, field.type, one)
    return found


def _member(union: model.Union, classes: Classes, value: Any) -> tuple[str, model.Type]:
    for word, kind in union.members:
        double = f"{union.name}.{word}"
        name = double if double in classes else kind.name if isinstance(kind, model.Ref) else ""
        if type(value) is (classes[name] if name else str):
            return word, kind
    raise AssertionError(value)


def _json(schema: model.Schema, classes: Classes, kind: model.Type, value: Any) -> Any:
    if isinstance(kind, model.Vector | model.Array):
        return [_json(schema, classes, kind.element, each) for each in value]
    item = schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
    if isinstance(item, model.Enum):
        members = sorted(item.members, key=lambda member: member.value)
        names = [member.name for member in members if member.value & value or member.value == value]
        exact = [member.name for member in item.members if member.value == value]
        return " ".join(names if item.bit_flags else exact)
    if isinstance(item, model.Table | model.Struct):
        return to_json(schema, classes, item.name, value)
    return value
