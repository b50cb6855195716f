"""Taking type annotations apart."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any, get_args, get_origin

from zlmdb.values.records import describe

__all__ = ["advice", "doc_of", "is_datetime64", "is_ndarray", "made_of_self", "parts_of", "unwrap"]


def unwrap(hint: Any) -> tuple[Any, list[Any]]:
    """A type without Annotated, NewType and aliases, and what stood beside it."""
    extra: list[Any] = []
    while True:
        if get_origin(hint) is typing.Annotated:
            extra += hint.__metadata__
            hint = hint.__origin__
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        elif type(get_origin(hint)).__name__ == "TypeAliasType":  # NDArray[np.float32] of numpy 2.5
            hint = get_origin(hint).__value__[get_args(hint)]
        else:
            return hint, extra


def parts_of(hint: Any) -> list[Any]:
    """The types that a union is of; any other type is the only one."""
    return list(get_args(hint)) if get_origin(hint) in (typing.Union, types.UnionType) else [hint]


def doc_of(cls: Any) -> tuple[str, ...]:
    """The lines of a class's documentation."""
    text = cls.__dict__.get("__doc__")
    # A dataclass without documentation gets its signature as such.
    if not text or text.startswith(f"{cls.__name__}("):
        return ()
    return tuple(inspect.cleandoc(text).splitlines())


def is_datetime64(hint: Any) -> bool:
    """True for the class of numpy, which is not imported here."""
    return getattr(hint, "__name__", "") == "datetime64" and getattr(hint, "__module__", "") == "numpy"


def is_ndarray(hint: Any) -> bool:
    """True for the class of numpy, which is not imported here."""
    return getattr(hint, "__name__", "") == "ndarray" and getattr(hint, "__module__", "") == "numpy"


def made_of_self(cls: Any, name: str) -> bool:
    """True if the default of a field is made of the object (``@x.default`` of attrs), and so of no row."""
    found = next((field for field in getattr(cls, "__attrs_attrs__", ()) if field.name == name), None)
    return bool(getattr(getattr(found, "default", None), "takes_self", False))


def advice(hint: Any) -> str:
    """What to do with a type that FlatBuffers does not have."""
    origin = get_origin(hint) or hint
    name = getattr(origin, "__name__", str(origin))
    if name in ("dict", "Mapping", "set", "frozenset"):
        return "it has no dicts and sets: make it a list of records"
    if name == "Decimal":
        return "it has no decimals: store text, or an int of the smallest unit"
    if name == "time":
        return "it has no times of day: store a datetime.timedelta since midnight"
    if name in ("TypedDict", "NamedTuple") or (isinstance(origin, type) and describe(origin) is not None):
        return "a record is an attrs class, a dataclass or a msgspec Struct"
    if getattr(origin, "__module__", "") == "numpy":
        return "annotate int or float with its width, such as zlmdb.fbs.float32"
    return "it has no such type"
