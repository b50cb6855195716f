"""The test that a value is not nested too deep."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections import deque
from collections.abc import Mapping, Set
from typing import Any

from zlmdb.errors import EncodeError
from zlmdb.values.limits import MAX_DEPTH

__all__ = ["check_depth"]

_SCALARS = frozenset(
    (
        type(None),
        bool,
        int,
        float,
        str,
        bytes,
        uuid.UUID,
        datetime.datetime,
        datetime.date,
        decimal.Decimal,
    )
)


def check_depth(value: Any, limit: int = MAX_DEPTH) -> None:
    """Refuses a value in which containers are nested too deep, or that contains itself.

    Args:
        value: anything; dicts, lists, tuples and sets (and what derives from them) count as containers.
        limit: how many containers may be within one another, the outermost included; default `MAX_DEPTH`.

    Raises:
        EncodeError: if it is too deep.

    >>> check_depth({"a": [1, 2, {"b": None}]})
    """
    # The usual row is a flat dict, and the two tests that settle it run at the speed of C.
    if type(value) is dict:
        if _SCALARS.issuperset(map(type, value.values())) and _SCALARS.issuperset(map(type, value)):
            return
    elif type(value) in _SCALARS:
        return
    level = [value]
    for _ in range(limit):
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
                if type(member) not in _SCALARS:
                    # By identity, so that a value shared a thousand times is looked at once per level.
                    inner[id(member)] = member
        if not inner:
            return
        level = list(inner.values())
    raise EncodeError(
        f"expected containers nested at most {MAX_DEPTH} deep, found a value that is deeper or contains itself:"
        " store its parts as rows of their own"
    )
