"""Snapshots that outlive their transaction, or their database: arrays read their memory, or another thread does."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import lmdb

__all__ = ["Snapshots", "begin_otherwise"]

#: The references there are to what only a list has, when that is asked.
ALONE = (lambda held: sys.getrefcount(held[0]))([object()])


class Snapshots:
    """What an environment keeps open longer than its transactions."""

    #: The engine's environment.
    raw: Any
    #: Begins a reader of the engine, without arguments; it raises where something is to be done before.
    begin_read: Callable[[], Any]

    def __init__(self) -> None:
        #: Read snapshots kept open because arrays over the map outlived their transaction.
        self.pinned: list[Any] = []
        #: Those kept open because their database was closed while another thread was reading.
        self.parted: list[Any] = []
        #: What is lent by transactions that have not ended, by id(): see zlmdb.database.lending.
        self.lending: dict[int, Any] = {}
        self._pinning = threading.RLock()

    def pin(self, raw: Any, views: list[memoryview]) -> None:
        """Keep a read snapshot open until no array over its memory is left."""
        with self._pinning:
            self.pinned.append((raw, deque(views)))
            self.begin_read = begin_otherwise

    def leave(self, raw: Any, lent: list[Any] | None) -> None:
        """End a read transaction, or keep its snapshot while arrays over its memory are in use.

        Args:
            raw: the engine's transaction.
            lent: weak references to the memory that was lent to arrays; None for none.
        """
        views = [view for ref in lent or () if (view := ref()) is not None]
        if views:
            self.release_pins()
            held = [view for view in views if not released(view)]
            if held:
                self.pin(raw, held)
                return
        raw.abort()

    def release_pins(self) -> None:
        """End the pinned snapshots whose arrays are gone.

        Every transaction that begins comes here, so of each snapshot no more is asked than whether one array is left:
        the next one each time, so that the others are forgotten bit by bit.
        """
        with self._pinning:
            # Taken out one by one: what is done for one may run the garbage collector, and that anything.
            for _ in range(len(self.pinned)):
                if not self.pinned:
                    break
                raw, views = self.pinned.pop(0)
                while views and released(views[-1]):
                    views.pop()
                if views:
                    views.rotate(1)
                    self.pinned.append((raw, views))
                else:
                    raw.abort()
            if not self.pinned:
                self.begin_read = self.raw.begin

    def part(self, held: list[Any], lent: list[Any] | None) -> None:
        """End a read transaction that other threads may be in the midst of, or keep its snapshot until they are not.

        The engine must not end it while it answers another thread, which would read memory that is freed. Whoever asks
        it something has a reference to it; without any, nobody can ask.

        Args:
            held: the engine's transaction, in a list that has its only reference here. Nobody can get more of them.
            lent: as for :meth:`leave`.
        """
        if sys.getrefcount(held[0]) > ALONE and len(sys._current_frames()) > 1:
            with self._pinning:
                self.parted.append((held, lent))
        else:
            self.leave(held.pop(), lent)

    def release_parted(self) -> None:
        """End the snapshots of closed databases that nobody reads any more."""
        with self._pinning:
            parted, self.parted = self.parted, []
            while parted:
                self.part(*parted.pop())


def begin_otherwise() -> NoReturn:
    """Stands in for `begin_read` where something is to be done before."""
    raise lmdb.Error("something is to be done before")


def released(view: memoryview) -> bool:
    """True if `view` could be released: nothing reads its memory any more."""
    try:
        view.release()
    except BufferError:
        return False
    return True
