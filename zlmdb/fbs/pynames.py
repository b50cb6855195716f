"""Python's names for what a schema declares."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable

from zlmdb.values.flat import model

__all__ = ["BUILTINS", "class_names", "field_names", "free", "member_trouble"]

#: Built-in types that annotations name.
BUILTINS = ("bool", "bytes", "float", "int", "list", "str")
#: What generated modules import or define.
_TAKEN = {
    *BUILTINS,
    "Annotated",
    "attrs",
    "builtins",
    "dataclasses",
    "datetime",
    "enum",
    "fbs",
    "msgspec",
    "np",
    "uuid",
}


def free(name: str, taken: Collection[str]) -> str:
    """A name that is not taken: `name`, with as many ``_`` behind it as that needs."""
    while name in taken:
        name += "_"
    return name


def _safe(name: str) -> str:
    """A name that may stand anywhere: keywords get a ``_`` behind them, ``_`` before a name goes behind it."""
    bare = name.strip("_")
    if name.startswith("_"):
        name = f"{bare}_" if bare and not bare[0].isdigit() else f"field_{bare}_"
    return f"{name}_" if keyword.iskeyword(name) else name


def class_names(declarations: Iterable[model.Declaration]) -> dict[str, str]:
    """Full name of a declaration -> name of its class in one module: the simple name where only one has it."""
    full = [declaration.name for declaration in declarations]
    counts: dict[str, int] = {}
    for name in full:
        last = name.rpartition(".")[2]
        counts[last] = counts.get(last, 0) + 1
    names: dict[str, str] = {}
    taken = set(_TAKEN)
    for name in full:
        last = name.rpartition(".")[2]
        chosen = free(_safe(last if counts[last] == 1 else name.replace(".", "_")), taken)
        taken.add(chosen)
        names[name] = chosen
    return names


def field_names(fields: Iterable[model.Field]) -> dict[str, str]:
    """Name of a field -> name of the attribute."""
    names: dict[str, str] = {}
    listed = [field.name for field in fields]
    taken = {name for name in listed if _safe(name) == name}
    for name in listed:
        if name in taken:
            names[name] = name
        else:
            names[name] = free(_safe(name), taken)
            taken.add(names[name])
    return names


def member_trouble(name: str) -> str | None:
    """Why a value of an enum cannot have its name in Python; None if it can."""
    if name == "mro":
        return "mro is a method of every class"
    if name.startswith("_") and name.endswith("_"):
        return "names with _ at both ends belong to Python"
    return "names that begin with __ are changed by Python" if name.startswith("__") else None
