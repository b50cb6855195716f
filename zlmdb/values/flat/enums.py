"""Enumerations of integers, as FlatBuffers stores them."""

from __future__ import annotations

import enum
import inspect
from typing import Any

from zlmdb.errors import SchemaError
from zlmdb.values.faults import Fault
from zlmdb.values.flat import annotations as words
from zlmdb.values.flat import model
from zlmdb.values.flat.kinds import Kind, integer_range

__all__ = ["enum_declaration", "enum_kind"]


def enum_declaration(cls: type[enum.Enum], namespace: str, where: str) -> model.Enum:
    """The declaration of an enumeration.

    Args:
        cls: the class.
        namespace: of the table that names it.
        where: that table's field, for errors.

    Raises:
        SchemaError: if its values are no integers, or do not fit its base.
    """
    mark = words.mark_of(cls)
    space = namespace if mark is None or mark.namespace is None else mark.namespace
    name = (mark and mark.name) or cls.__name__
    members = list(cls)
    wrong = [member for member in members if not isinstance(member.value, int) or isinstance(member.value, bool)]
    if wrong or not members:
        raise SchemaError(
            f"{where}: {cls.__qualname__} cannot be stored as FlatBuffers: expected an enumeration of integers, found "
            f"{wrong[0]!r}; derive it from enum.IntEnum, or store text"
            if wrong
            else f"{where}: {cls.__qualname__} has no members"
        )
    flags = issubclass(cls, enum.Flag)
    bits = flags if mark is None or mark.bit_flags is None else mark.bit_flags
    values = [int(member.value) for member in members]
    if bits and any(value <= 0 or value & (value - 1) for value in values):
        raise SchemaError(f"{where}: {cls.__qualname__} has bit_flags, and a member that is not a single bit")
    candidates: tuple[str, ...] = ("uint32", "uint64") if bits else ("int32", "int64", "uint64")
    if mark is not None and mark.base is not None:
        candidates = (mark.base,)
    base = next((base for base in candidates if all(value in integer_range(base) for value in values)), None)
    if base is None:
        raise SchemaError(
            f"{where}: {cls.__qualname__} has values from {min(values)} to {max(values)}"
            f"{' as bit_flags' if bits else ''}, which {' or '.join(candidates)} does not hold"
        )
    doc = mark.doc if mark is not None and mark.doc is not None else _doc(cls)
    return model.Enum(
        f"{space}.{name}" if space else name,
        model.Scalar(base),
        tuple(model.Member(member.name or "", int(member.value), _member_doc(member)) for member in members),
        bits,
        dict(mark.attributes) if mark else {},
        doc,
    )


def _doc(cls: Any) -> tuple[str, ...]:
    text = cls.__dict__.get("__doc__")
    # Python 3.11 gives every enumeration without documentation this one.
    return () if not text or text in ("An enumeration.", None) else tuple(inspect.cleandoc(text).splitlines())


def _member_doc(member: enum.Enum) -> tuple[str, ...]:
    """The documentation that has been given to a single member."""
    text = vars(member).get("__doc__")
    return tuple(text.split("\n")) if isinstance(text, str) else ()


def enum_kind(cls: type[enum.Enum], declaration: model.Enum) -> Kind:
    """How members of an enumeration are stored."""

    def norm(value: Any) -> int:
        if type(value) is not cls:
            raise Fault(cls.__qualname__, value)
        return int(value.value)

    members: dict[int, Any] = {int(member.value): member for member in cls}
    for alias in cls.__members__.values():
        members.setdefault(int(alias.value), alias)

    def build(number: int) -> Any:
        known = members.get(number)
        if known is not None:
            return known
        try:
            return cls(number)  # flags combine; other enumerations may have a _missing_
        except ValueError:
            raise Fault(f"a value of {cls.__qualname__}", number) from None

    scalar = declaration.base.name
    return Kind(
        "enum", model.Ref(declaration.name), cls.__qualname__, scalar, cls, norm=norm, build=build, table=members
    )
