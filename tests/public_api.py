"""The public names with their signatures, as text: ``python -m tests.public_api`` writes tests/public_api.txt.

tests/test_public_api.py compares. A difference is a change of what users may rely on: it is made on purpose by writing
the file anew, and shows in the change.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).with_suffix(".txt")
MODULES = ("zlmdb.keys", "zlmdb.values", "zlmdb.errors", "zlmdb.testing", "zlmdb.testing.faults", "zlmdb", "zlmdb.fbs")
#: Classes that programs are given rather than name: what they can do is as public as what has a name. And what is
#: public in rooms that have more for other rooms of the house.
GIVEN = (
    ("zlmdb.tables.bound", "BoundMap"),
    ("zlmdb.tables.handle", "Handle"),
    *(("zlmdb.columns", name) for name in ("Result", "arrow_reader", "arrow_table", "pandas_frame", "polars_frame")),
)
#: The dunder methods that are part of what a class is.
SPOKEN = frozenset(
    f"__{word}__"
    for word in re.findall(r"\w+", "call contains delitem enter exit getitem init iter len next reversed setitem")
)


def signature(value: Any) -> str:
    """The signature of a function, as text that is the same on every Python."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "(...)"
    return re.sub(r" at 0x[0-9a-f]+", "", str(found).replace("typing.", ""))


def members(cls: type[Any]) -> Iterator[str]:
    """The public methods and properties of a class, its own and those inherited from classes of the package."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("zlmdb"):
            found.update(vars(base))
    for name, member in sorted(found.items()):
        if name.startswith("_") and name not in SPOKEN:
            continue
        function = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
        if isinstance(member, property):
            yield f"    {name}: property"
        elif inspect.isfunction(function):
            yield f"    {name}{signature(function)}"
        elif not name.startswith("_"):
            yield f"    {name}"


def describe(name: str, value: Any) -> Iterator[str]:
    """The lines of a public name."""
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}({bases})" if bases else f"class {name}"
        # Of an error and of a named map there is only the name, and what it derives from.
        if not issubclass(value, (BaseException, enum.Enum)) and not re.match(r"zlmdb\.Map[A-Z]", name):
            yield from members(value)
    elif inspect.isroutine(value):
        yield f"def {name}{signature(value)}"
    elif inspect.ismodule(value):
        yield f"module {name}"
    else:
        yield f"data {name}: {type(value).__name__}"


def snapshot() -> str:
    """All public names, a line each, with what belongs to them below."""
    lines: list[str] = []
    places: dict[int, str] = {}
    for module in MODULES:
        found = importlib.import_module(module)
        for name in sorted(found.__all__):
            value = getattr(found, name)
            place = f"{module}.{name}"
            if inspect.isclass(value) and id(value) in places:
                lines.append(f"{place} is {places[id(value)]}")
                continue
            places[id(value)] = place
            lines += describe(place, value)
    for module, name in GIVEN:
        lines += describe(f"{module}.{name}", getattr(importlib.import_module(module), name))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(snapshot())
