"""Memory that a transaction lends: arrays and records read the map itself, and are told when that is over."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["Lease", "Lending"]

#: How many arrays that were lent memory may be remembered before the dead ones are dropped.
PRUNE_AT = 1000


class Lease:
    """What arrays over the map hold on to: tells whether their transaction is still alive."""

    __slots__ = ("__weakref__", "alive")

    def __init__(self) -> None:
        self.alive = True


class Lending:
    """What a transaction that lends memory does; see :class:`zlmdb.database.life.Life`, which has its attributes."""

    __slots__ = ("_lease_token", "_lent", "_prune_at")

    _env: Any
    #: Weak references to the memory that was lent to arrays, and what tells them that it is over.
    _lent: list[Any] | None
    _lease_token: Lease | None
    _prune_at: int

    def _lease(self, decode: Callable[[memoryview, Any], Any], data: memoryview) -> Any:
        """Decode a value that goes on reading the map, and remember the memory that it reads."""
        if self._lease_token is None:
            self._lease_token = Lease()
        lent = self._lent
        if lent is None:
            lent = self._lent = []
            self._prune_at = PRUNE_AT
        if len(lent) >= self._prune_at:
            lent[:] = [ref for ref in lent if ref() is not None]
            self._prune_at = max(PRUNE_AT, 2 * len(lent))
        lent.append(weakref.ref(data))
        return decode(data, self._lease_token)

    def _leave(self, raw: Any) -> None:
        """End a read transaction, or keep its snapshot while arrays over its memory are in use."""
        lent, self._lent = self._lent, None
        self._env.leave(raw, lent)
