"""Who has the lock of the writer: the thread that must give it back, and what sees to that when nobody else does.

The engine's lock is one of a thread: only the thread that took it can give it back. A transaction that nobody holds any
more is aborted at once if that happens in its own thread. Elsewhere (the garbage collector of another thread took it)
it is left alone until its thread writes again, or ends: given back by another thread, the lock would stay taken for
ever.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zlmdb.engine.environment import Environment

__all__ = ["Writer"]


class _Thread:
    """What a thread has of its own: when the thread ends, this goes, and takes the thread's transactions with it.

    That happens in the thread itself, so that it can still give its locks back. Once it is gone, the engine would take
    a lock that it held for that of a process that crashed, and refuse all further work.
    """

    __slots__ = ("writers",)

    def __init__(self) -> None:
        self.writers: set[Writer] = set()

    def __del__(self) -> None:
        for writer in self.writers.copy():
            writer.end_with_thread()


_here = threading.local()


def _first_writers() -> set[Writer]:
    """The writers of this thread that have not ended, from now on: there was none yet."""
    thread = _here.thread = _Thread()
    return thread.writers


class Writer:
    """A write transaction of the engine, and the thread that began it.

    Args:
        environment: whose it is.
        raw: the engine's transaction; of nested ones, the outermost.
    """

    __slots__ = ("_of_thread", "abandoned", "environment", "ident", "raw")

    def __init__(self, environment: Environment, raw: Any) -> None:
        self.environment = environment
        #: None when it has ended.
        self.raw = raw
        self.ident = threading.get_ident()
        #: True if nobody holds it any more, and its thread did not notice.
        self.abandoned = False
        try:
            self._of_thread = _here.thread.writers
        except AttributeError:
            self._of_thread = _first_writers()
        self._of_thread.add(self)
        environment.writer = self

    def is_here(self) -> bool:
        """True if it is open, and this thread's."""
        return self.raw is not None and self.ident == threading.get_ident()

    def elsewhere(self) -> str | None:
        """The name of another thread, which has it open; None if it is this thread's, has ended, or its thread has."""
        if self.raw is None or self.ident == threading.get_ident():
            return None
        for thread in threading.enumerate():
            if thread.ident == self.ident:
                return thread.name
        # One that Python has not started is known while it runs something.
        return f"thread {self.ident}" if self.ident in sys._current_frames() else None

    def over(self) -> None:
        """Note that it ends, before the engine lets the next writer in."""
        self.raw = None
        self._of_thread.discard(self)

    def abort(self) -> None:
        """End it, whoever is to know of that: only in its own thread, or after the end of that."""
        raw = self.raw
        if raw is not None:
            self.over()
            raw.abort()

    def left(self, reference: Any) -> None:
        """Called when the transaction's object is gone, perhaps in the midst of it, and in any thread.

        Args:
            reference: the weak reference to the object.
        """
        self.environment.forget(reference)
        if self.raw is None:
            return  # as nearly always
        if self.is_here():
            self.abort()
        else:
            self.abandoned = True

    def end_with_thread(self) -> None:
        """Called when its thread ends: in that thread, or in a forked child or a program that ends, where it stays."""
        if self.is_here() and os.getpid() == self.environment.pid:
            self.environment.thread_ends(self)
