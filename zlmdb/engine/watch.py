"""Looking whether the file of an open database is where it was: what is written to a file without a name is lost.

So it goes with a program that runs on while its database is removed, or restored from a backup.
"""

from __future__ import annotations

import os
import time
from typing import Any

from zlmdb import errors
from zlmdb.engine.files import data_file

__all__ = ["FileWatch"]


class FileWatch:
    """Tells the write transactions of an environment when its file is gone.

    Args:
        path: of the database.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        #: When to look again, by the monotonic clock: about once in a second, for a small transaction takes less time.
        self.due = time.monotonic() + 1
        #: True if nobody minds: the file goes with the program that opened it.
        self.transient = False
        #: Time of a file in its place that has another number, and the environment's last commit when that was seen.
        self._stranger: tuple[int, int] | None = None

    def check(self, key: tuple[Any, ...], raw: Any) -> None:
        """Look now.

        Some file systems number a file anew while it is open, so another number alone is no proof. It is another file
        if its time does not change when this one is written to.

        Args:
            key: the identity of the file that was opened, see :mod:`zlmdb.engine.registry`.
            raw: the environment of the engine.

        Raises:
            DatabaseError: if the file was moved, removed or replaced.
        """
        happened = ""
        try:
            status = os.stat(data_file(self.path))
        except FileNotFoundError:
            happened = "moved or removed"
        except OSError:
            pass  # who gave up rights after opening cannot look
        else:
            if key[:1] != ("inode",) or key[1:] == (status.st_dev, status.st_ino):
                self._stranger = None
            else:
                changed, commit = status.st_mtime_ns, raw.info()["last_txnid"]
                if self._stranger is None or self._stranger[0] != changed:
                    self._stranger = changed, commit
                elif self._stranger[1] < commit:
                    happened = "replaced by another file"
        if happened and not self.transient:
            raise errors.DatabaseError(
                f"{self.path} was {happened} while it is open here, so that what is written now would be lost; close "
                "it, and open what is there"
            )
        self.due = time.monotonic() + 1
