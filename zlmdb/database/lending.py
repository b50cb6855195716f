"""Memory that a transaction lends: arrays and records read the map itself, and are told when that is over."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["Lease", "Lending"]

#: How many arrays that were lent memory may be remembered before the dead ones are dropped.
PRUNE_AT = 1000
#: What lies between memory that was lent and the program. Of a memoryview one can make others that do not hinder its
#: release; those of what lies in between do.
_between: Any = None


class Lease:
    """What arrays over the map hold on to: tells whether their transaction is still alive."""

    __slots__ = ("__weakref__", "alive")

    def __init__(self) -> None:
        self.alive = True


class Lent(list[Any]):
    """Weak references to the memory that a transaction has lent; the environment keeps it until the transaction ends.

    So the transaction is ended if nobody holds it any more: its memory stays where somebody reads it, and what reads it
    is told that it is over.

    Args:
        transaction: of the environment.
        token: what tells arrays and records.
    """

    __slots__ = ("env", "raw", "ref", "token")

    def __init__(self, transaction: Any, token: Lease) -> None:
        super().__init__()
        self.env = transaction._env
        self.raw = transaction._raw
        self.token = token
        self.ref: Any = weakref.ref(transaction, self.dropped)
        self.env.lending[id(self)] = self

    def over(self) -> Lent:
        """Note that the transaction ends, by whom it may be."""
        self.raw = self.ref = None
        self.env.lending.pop(id(self), None)
        return self

    def dropped(self, _: Any = None) -> None:
        """Called when the transaction is gone without having ended, in any thread, or when its database is closed."""
        held = [self.raw]  # with no name of its own: the references to it are counted
        self.over()
        if held[0] is not None and not self.env.inherited:
            self.token.alive = False
            self.env.part(held, self)


class Lending:
    """What a transaction that lends memory does; see :class:`zlmdb.database.life.Life`, which has its attributes."""

    __slots__ = ("_lease_token", "_lent", "_prune_at")

    _env: Any
    _raw: Any
    #: Weak references to the memory that was lent to arrays, and what tells them that it is over.
    _lent: Lent | None
    _lease_token: Lease | None
    _prune_at: int

    def _lease(self, decode: Callable[[memoryview, Any], Any], data: memoryview) -> Any:
        """Decode a value that goes on reading the map, and remember the memory that it reads."""
        self._lend(data)
        return decode(data, self._lease_token)

    def _lend(self, data: memoryview) -> None:
        """Remember memory of the map that somebody reads."""
        lent = self._lent
        if lent is None:
            if self._lease_token is None:
                self._lease_token = Lease()
            lent = self._lent = Lent(self, self._lease_token)
            self._prune_at = PRUNE_AT
        if len(lent) >= self._prune_at:
            lent[:] = [ref for ref in lent if ref() is not None]
            self._prune_at = max(PRUNE_AT, 2 * len(lent))
        lent.append(weakref.ref(data))

    def _lent_raw(self, data: memoryview) -> memoryview:
        """The bytes of a record, for a program that may keep them."""
        global _between
        if _between is None:
            from pickle import PickleBuffer  # loaded here, because few programs need it

            _between = PickleBuffer
        self._lend(data)
        return memoryview(_between(data))

    def _take_lent(self) -> Lent | None:
        """What was lent, for whoever ends the transaction."""
        lent, self._lent = self._lent, None
        return None if lent is None else lent.over()

    def _leave(self, raw: Any) -> None:
        """End a read transaction, or keep its snapshot while arrays over its memory are in use."""
        self._env.leave(raw, self._take_lent())
