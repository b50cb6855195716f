"""An attached map whose table was declared otherwise since: it is read by key, and not written."""

from __future__ import annotations

import functools
from typing import Any, NoReturn

from zlmdb import errors

__all__ = ["bound_class_of", "class_of", "outdated_error", "rebind"]


def outdated_error(table: Any, problem: str) -> errors.TableMismatch:
    """The error for the use of such a map.

    Args:
        table: the map.
        problem: in what its declaration differs from what the file says.
    """
    name = table._definition.name
    return errors.TableMismatch(
        f"table {name}: {problem}, and this program would not keep them; attach the table again with the declaration "
        "that is to hold from now on",
        table=name,
    )


class _Outdated:
    """What such a map does in place of what it would write."""

    _outdated: str

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise outdated_error(self, self._outdated)

    __setitem__ = __delitem__ = truncate = rebuild_index = rebuild_indexes = _refuse


class _OutdatedHandle(_Outdated):
    attach_index = _Outdated._refuse


class _OutdatedBound(_Outdated):
    delete = add = put = put_many = load = clear = _Outdated._refuse


@functools.lru_cache(maxsize=64)
def outdated_class(refusing: type[Any], own: Any) -> type[Any]:
    """The class that an outdated map takes: the one it has, with what writes refused."""
    body = {"__module__": own.__module__, "__qualname__": own.__qualname__}
    return type(own.__name__, (refusing, own), body)


def class_of(handle: Any, own: Any) -> Any:
    """The class of an attached map: its own, as long as it is not outdated."""
    return own if handle._outdated is None else outdated_class(_OutdatedHandle, own)


def bound_class_of(handle: Any) -> Any:
    """The class of the maps that transactions make of an attached map, as that is now."""
    own = handle._compiled.bound_class
    return own if handle._outdated is None else outdated_class(_OutdatedBound, own)


def rebind(handle: Any, bound: Any) -> None:
    """Give the map of a transaction the class that it has for the sake of its attached map, as that is now."""
    bound.__class__ = bound_class_of(handle)
    if handle._outdated is not None:
        bound._outdated = handle._outdated
