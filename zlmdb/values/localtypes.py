"""Record classes that are defined in a function, and whose annotations are text.

``from __future__ import annotations`` makes text of every annotation, and what it names may be a variable of the
function that defines the class: nobody can look it up once the function has returned. A table is declared while it
still runs. So the names are looked up then, in the frames of the module, and the class is given the types in place of
the text, because msgspec reads the annotations again.
"""

from __future__ import annotations

import sys
import typing
from typing import Any, get_args

__all__ = ["settle"]


def settle(hint: Any) -> None:
    """Resolve the annotations of the classes in a type that were defined in functions, as far as that is possible.

    What cannot be resolved is left as it is, and is named when the class is described.
    """
    _settle(hint, set())


def _settle(hint: Any, seen: set[int]) -> None:
    if id(hint) in seen:
        return
    seen.add(id(hint))
    parts: list[Any] = [getattr(hint, "__origin__", None), *get_args(hint)]
    if isinstance(hint, type) and "<locals>" in hint.__qualname__:
        for base in hint.__mro__:
            if "<locals>" in base.__qualname__ and base.__annotations__:
                parts.extend(_resolved(base).values())
    for part in parts:
        if part is not None and not isinstance(part, (str, bytes, int)):
            _settle(part, seen)


def _resolved(cls: Any) -> dict[str, Any]:
    """The types of the class's own annotations, which it has from now on."""
    own = dict(cls.__annotations__)
    try:
        return _own(typing.get_type_hints(cls, include_extras=True), own)
    except NameError:
        pass
    except Exception:  # whatever else is wrong with it is said when it is described
        return {}
    try:
        types = _own(typing.get_type_hints(cls, localns=_variables(cls.__module__), include_extras=True), own)
    except Exception:
        return {}
    cls.__annotations__ = types
    return types


def _own(hints: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {name: hints.get(name, hint) for name, hint in own.items()}


def _variables(module: str) -> dict[str, Any]:
    """The variables of the functions of a module that are running, the innermost first."""
    found: dict[str, Any] = {}
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            found = {**frame.f_locals, **found}
        frame = frame.f_back  # type: ignore[assignment]
    return found
