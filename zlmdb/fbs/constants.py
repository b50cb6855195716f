"""Defaults of fields: as text says them, and what a field may have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NoReturn

from zlmdb.fbs import layout, syntax
from zlmdb.fbs.broken import Broken
from zlmdb.fbs.members import Members
from zlmdb.fbs.parser import NOT_A_NUMBER
from zlmdb.fbs.source import quoted
from zlmdb.values.flat import model

__all__ = ["check_default", "read_default", "zero"]

_BETWEEN = re.compile(r"[\s|]+")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")

Default = int | float | bool | str | None


def zero(schema: model.Schema, kind: model.Type) -> Default:
    """The default of a table's field that names none: 0, 0.0 or False of what is stored as a scalar, else None."""
    scalar = layout.stored_as(schema, kind)
    if scalar is None:
        return None
    if scalar == "bool":
        return False
    return 0.0 if scalar.startswith("float") else 0


def check_default(schema: model.Schema, owner: str, field: model.Field, members: Members) -> None:
    """Nothing, if a table's field may have its default.

    Raises:
        Broken: if not.
    """
    kind, default = field.type, field.default

    def refuse(message: str) -> NoReturn:
        raise Broken(owner, field.name, message)

    if default is None:
        target = schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        if isinstance(target, model.Enum) and members.number(target, "null") is not None:
            refuse(
                f"expected another default than null, found it, and {target.name} has a value of that name: rename that"
            )
        return
    if isinstance(kind, model.String):
        if not isinstance(default, str) or any("\ud800" <= char <= "\udfff" for char in default):
            refuse(f"expected a default that is a text, found {default!r}")
        return
    if isinstance(kind, model.Vector):
        if default != "[]":
            refuse(f"expected the default of a vector to be [], found {default!r}")
        return
    scalar = layout.stored_as(schema, kind)
    if scalar is None:
        refuse(f"expected no default of a struct, table or union, found {default!r}: remove it")
    if scalar == "bool":
        if not isinstance(default, bool):
            refuse(f"expected the default of a bool to be true or false, found {default!r}")
        return
    if scalar.startswith("float"):
        if isinstance(default, bool | str):
            refuse(f"expected a default that is a number, found {default!r}")
        _fit_float(default, scalar, refuse)
        return
    if isinstance(default, bool) or not isinstance(default, int):
        refuse(f"expected a default that is an integer, found {default!r}")
    low, high = layout.bounds(scalar)
    if not low <= default <= high:
        refuse(f"expected a default from {low} to {high} ({scalar}), found {default}")
    enum = schema.declarations[kind.name] if isinstance(kind, model.Ref) else None
    unknown = isinstance(enum, model.Enum) and enum.members and members.name(enum, default) is None
    if isinstance(enum, model.Enum) and unknown and not enum.bit_flags:
        names = ", ".join(item.name for item in enum.members[:8]) + (", ..." if len(enum.members) > 8 else "")
        refuse(
            f"expected the default to be a value of {enum.name} ({names}), found {default}: write '= null', or name one"
        )


def _fit_float(value: float, scalar: str, refuse: Callable[[str], NoReturn]) -> None:
    try:
        number = float(value)
    except OverflowError:
        refuse(f"expected a default that fits {scalar}, found a greater one: write inf, or a smaller number")
    if scalar == "float32" and math.isfinite(number) and abs(number) >= 3.4028235677973366e38:
        refuse(f"expected a default that fits {scalar}, found {value!r}: write inf, or a smaller number")


def read_default(
    schema: model.Schema,
    kind: model.Type,
    constant: syntax.Constant,
    find_enum: Callable[[str], model.Enum | None],
    members: Members,
) -> tuple[Default, str | None]:
    """The default that a constant of the text names, and what is wrong with it, or None.

    Args:
        schema: with all declarations.
        kind: type of the field.
        constant: what stands after ``=``.
        find_enum: the enum of a name, as seen from the field.
        members: of the schema's enums.
    """
    scalar = layout.stored_as(schema, kind)
    target = schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
    enum = target if isinstance(target, model.Enum) else None
    shown = quoted(str(constant.value))
    if constant.kind == "name" and constant.value == "null":
        if scalar is None and not isinstance(kind, model.String | model.Vector):
            return (
                None,
                "expected no default of a struct, table or union, found null: remove it, it is absent unless set",
            )
        return None, None
    if constant.kind == "empty":
        if not isinstance(kind, model.Vector):
            return None, "expected [] as the default of a vector only, found it on another type"
        return "[]", None
    if isinstance(kind, model.Vector):
        return None, f"expected the default of a vector to be [], found {shown}"
    if isinstance(kind, model.String):
        if constant.kind != "string":
            return None, f"expected a default in quotes, found {shown}"
        return str(constant.value), None
    if scalar is None:
        return None, f"expected no default of a struct, table or union, found {shown}: remove it"
    value = _number(constant, scalar, enum, find_enum, members)
    if isinstance(value, str):
        return None, value
    if scalar == "bool":
        if value not in (0, 1):
            return None, f"expected the default of a bool to be true or false, found {shown}"
        return bool(value), None
    if scalar.startswith("float"):
        try:
            return float(value), None
        except OverflowError:
            return None, f"expected a default that fits {scalar}, found a greater one: write inf, or a smaller number"
    if isinstance(value, float):
        return None, f"expected a default that is an integer ({scalar}), found {shown}"
    return value, None


def _number(
    constant: syntax.Constant,
    scalar: str,
    enum: model.Enum | None,
    find_enum: Callable[[str], model.Enum | None],
    members: Members,
) -> int | float | str:
    """The number that a constant stands for; or what is wrong."""
    value = constant.value
    if not isinstance(value, str):
        return value
    words = [word for word in _BETWEEN.split(value) if word] if constant.kind == "string" else [value]
    if not words:
        return "expected a default, found an empty text: write a number or a name"
    if len(words) > 1 and enum is None:
        return f"expected one number, found {quoted(value)}"
    if len(words) > 1 and enum is not None and not enum.bit_flags:
        return f"expected one value of {enum.name}, found {quoted(value)}: only values of bit_flags are combined"
    total = 0
    for word in words:
        owner, _, name = word.rpartition(".")
        where = find_enum(owner) if owner else enum
        member = members.number(where, name) if where is not None else None
        if member is None:
            number = _plain_number(word, scalar)
            if number is None or (isinstance(number, float) and len(words) > 1):
                return _unknown(word, scalar, enum)
            if isinstance(number, float):
                return number
            total |= number
        else:
            total |= member
    return total


def _plain_number(word: str, scalar: str) -> int | float | None:
    if scalar == "bool" and word in ("true", "false"):
        return int(word == "true")
    if _INTEGER.match(word):
        if len(word) > 400:
            return None
        return int(word, 16) if "x" in word.lower() else int(word)
    if scalar.startswith("float"):
        sign, bare = (-1.0, word[1:]) if word.startswith("-") else (1.0, word.removeprefix("+"))
        if bare in NOT_A_NUMBER:
            return math.nan if bare == "nan" else sign * NOT_A_NUMBER[bare]
        if _FLOAT.match(word):
            return float(word)
    return None


def _unknown(word: str, scalar: str, enum: model.Enum | None) -> str:
    if enum is not None:
        names = ", ".join(member.name for member in enum.members[:8]) + (", ..." if len(enum.members) > 8 else "")
        return f"expected a value of {enum.name} ({names}), found {quoted(word)}"
    if scalar == "bool":
        return f"expected true or false, found {quoted(word)}"
    what = "a number" if scalar.startswith("float") else "an integer"
    return f"expected {what} ({scalar}) or a value of an enum as Enum.Value, found {quoted(word)}"
