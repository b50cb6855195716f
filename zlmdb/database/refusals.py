"""What stands in the slots of a transaction in the place of the engine's methods, when these must not be called.

A transaction that was not entered, or has ended, holds functions that say so. So use after the end is noticed at no
cost before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from zlmdb import errors
from zlmdb.engine.faults import WriteInReadTransaction

__all__ = ["Refusals"]


class Refusals:
    """The functions of one database, each of which raises, whatever it is called with.

    Args:
        path: the database, for the messages.
    """

    __slots__ = ("aborted", "closed", "committed", "forked", "lost", "orphaned", "read_only", "spoiled", "unbegun")

    def __init__(self, path: str) -> None:
        def ended(why: str) -> Callable[..., NoReturn]:
            return _raising(errors.TransactionClosed, f"{path}: this transaction {why}")

        self.unbegun = ended("has not begun: use it in a with block")
        self.committed = ended("has ended: it was committed")
        self.aborted = ended("has ended: it was aborted")
        self.closed = ended("has ended: its database was closed")
        self.forked = ended("belongs to the parent process, from which this one was forked: begin one here")
        self.orphaned = ended(
            "was aborted, and nothing of it is stored: the thread that began it has ended, and the engine's lock with "
            "it. End it in the thread that begins it"
        )
        #: Those after which a block that ends well must be told that its changes are gone.
        self.lost = (self.closed, self.orphaned)
        self.spoiled = _raising(
            errors.TransactionError,
            f"{path}: an exception broke off a write of several records, such as that of a row and its index entries, "
            "and part of them is there. So this transaction cannot go on, and will be aborted; or the savepoint will "
            "that it is in. Let such an exception end the block",
        )
        self.read_only = _raising(
            WriteInReadTransaction,
            f"{path}: a write was tried in a read transaction; begin it with db.begin(write=True)",
        )


def _raising(kind: type[Exception], message: str) -> Callable[..., NoReturn]:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise kind(message)

    return refuse
