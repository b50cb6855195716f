"""The test that a value is not nested too deep."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Mapping, Set
from typing import Any

from zlmdb.errors import EncodeError
from zlmdb.values.limits import MAX_DEPTH

__all__ = ["SAFE_DEPTH", "check_depth", "check_readable"]

#: Types without members. Those below are added when a value of them is first seen, which cannot be before their module
#: is imported; nobody else should have to import it.
_SCALARS: set[type] = {type(None), bool, int, float, str, bytes, uuid.UUID}
_LATER = {("datetime", "datetime"), ("datetime", "date"), ("decimal", "Decimal")}


def _is_scalar(kind: type) -> bool:
    if kind in _SCALARS:
        return True
    if (kind.__module__, kind.__qualname__) in _LATER:
        _SCALARS.add(kind)
        return True
    return False


#: Up to here every CBOR item can be read: a set or a tag takes two levels there, and a decimal two more.
SAFE_DEPTH = 100


def check_depth(value: Any) -> int:
    """How deep containers are nested in a value; 0 for one that is not a container, 1 for a flat dict.

    Args:
        value: anything; dicts, lists, tuples and sets (and what derives from them) count as containers.

    Raises:
        EncodeError: if it is more than `MAX_DEPTH`, or if the value contains itself.

    >>> check_depth({"a": [1, 2, {"b": None}]})
    3
    """
    # The usual row is a flat dict, and the two tests that settle it run at the speed of C.
    if type(value) is dict:
        if _SCALARS.issuperset(map(type, value.values())) and _SCALARS.issuperset(map(type, value)):
            return 1
    elif _is_scalar(type(value)):
        return 0
    level = [value]
    for depth in range(1, MAX_DEPTH + 1):
        inner: dict[int, Any] = {}
        for item in level:
            members: Any = ()
            if isinstance(item, Mapping):
                members = [*item, *item.values()]
            elif isinstance(item, (list, tuple, Set, deque)):
                members = item
            elif type(item).__name__ == "CBORTag":
                members = (item.value,)
            for member in members:
                if not _is_scalar(type(member)):
                    # By identity, so that a value shared a thousand times is looked at once per level.
                    inner[id(member)] = member
        if not inner:
            return depth
        level = list(inner.values())
    raise _too_deep()


def check_readable(data: bytes) -> None:
    """Refuses CBOR that is nested too deep for its decoder.

    Raises:
        EncodeError: if it cannot be read.
    """
    from cbor2 import loads

    try:
        loads(data)
    except Exception as error:
        raise _too_deep() from error


def _too_deep() -> EncodeError:
    return EncodeError(
        f"expected containers nested at most {MAX_DEPTH} deep, found a value that is deeper or contains itself:"
        " store its parts as rows of their own"
    )
