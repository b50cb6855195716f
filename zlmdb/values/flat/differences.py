"""What two versions of a schema may differ in, and how a difference is told."""

from __future__ import annotations

from typing import Any

from zlmdb.values.faults import MISSING

__all__ = ["Break", "same_default", "same_value", "shape_of", "shown"]


class Break(Exception):
    """A difference that would change what stored rows mean.

    Args:
        where: the field or type, ``Trade.price``.
        rule: what must not happen, and what to do instead.
        expected: what the file has.
        found: what the class says.
    """

    def __init__(self, where: str, rule: str, expected: Any, found: Any) -> None:
        super().__init__(rule)
        self.where = where
        self.rule = rule
        self.expected = str(expected)
        self.found = str(found)


def same_default(one: Any, other: Any) -> bool:
    """True if two defaults of scalars are the same; NaN is itself, and None is no number."""
    if one is None or other is None:
        return one is other
    return bool(one == other or (one != one and other != other))


def same_value(one: Any, other: Any) -> bool:
    """True if two defaults are the same; of records, in the fields that both have."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same_value(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return bool(one == other)


def shown(default: Any) -> Any:
    """A default as messages show it."""
    return "null" if default is None or default is MISSING else default


def shape_of(struct: dict[str, Any]) -> str:
    """A struct as messages show it."""
    fields = ", ".join(f"{name}: {logical or tp}" for name, tp, logical in struct["fields"])
    return f"struct of {fields}" + (f", aligned to {struct['align']}" if struct["align"] else "")
