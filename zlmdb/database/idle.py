"""Read transactions that have ended and may be used again: to make one anew can cost more than what is read in it.

``db.begin()`` hands such a transaction out again only if nobody could tell it from a new one: no variable, container or
scan of the program leads to it or to the map that it keeps, no weak reference to it, and the map has no attributes of
the program's. (A weak reference to the map alone is not looked for, which would take longer than all else that is: it
goes on finding the map while that is kept.) A loop holds the last one by the variable of its ``with`` statement, so in
loops two take turns.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from zlmdb import errors

if TYPE_CHECKING:
    from zlmdb.database.database import Database
    from zlmdb.database.life import Life
    from zlmdb.engine import Environment

__all__ = ["COUNTED", "Idle"]

#: What ``sys.getrefcount`` counts tells who holds an object only with a global lock, and if local variables count, as
#: they do up to Python 3.13.
COUNTED: bool = (
    sys.implementation.name == "cpython"
    and sys.version_info < (3, 14)
    and bool(getattr(sys, "_is_gil_enabled", lambda: True)())
)

#: How many are kept; the longest idle goes first.
MOST = 8


class Idle(deque[Any]):
    """The ended read transactions of a database, the longest idle first.

    It also stands in for the database in them, so that they do not keep a database open that the program dropped.

    Args:
        db: the database.
        committed: a transaction of it that has ended, and stands in for those that wait in the maps that they keep.
            Otherwise transaction and map would hold each other.
        aborted: another one, for those that an exception ended.
    """

    __slots__ = ("_env", "_handle", "_refusals", "aborted", "committed", "dbpath")

    def __init__(self, db: Database, committed: Life, aborted: Life) -> None:
        super().__init__((), MOST)
        self._handle = weakref.ref(db)
        self._refusals = db._refusals
        self.dbpath = db.dbpath
        self.committed = committed._as_ended(self, db._refusals.committed)
        self.aborted = aborted._as_ended(self, db._refusals.aborted)
        #: As of a database that is closed: whoever enters a transaction again has to ask for the database.
        self._env: Environment | None = None

    def put_back(self, transaction: Any) -> None:
        """Let a transaction wait on that cannot be used now.

        Not one that the program watches, so that it is told of its end; nor one that another thread entered meanwhile.
        """
        if weakref.getweakrefcount(transaction) == 1 and transaction._db is self:
            self.append(transaction)

    def _rejoin(self, transaction: Any) -> Database:
        """The database of an ended transaction that the program begins once more, and that therefore waits no longer.

        Raises:
            DatabaseClosed: if the program has dropped the database.
        """
        db = self._handle()
        if db is None:
            raise errors.DatabaseClosed(f"{self.dbpath}: this handle is closed, because the program dropped it")
        # First of all: another thread may have taken it up to look whether it can be used, and put it back.
        transaction._db = db
        try:
            self.remove(transaction)
        except ValueError:
            # It may be in such a thread's hand now, which must not take it for free if it is dropped while it is open.
            # (Or the database was closed and opened since, or its tables are others.)
            transaction._claim = weakref.ref(transaction)
        return db
