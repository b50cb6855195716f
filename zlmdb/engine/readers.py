"""The reader table of a file: who reads, and who has been reading for so long that the file grows."""

from __future__ import annotations

import warnings
from typing import Any

from zlmdb.errors import OldReaderWarning

__all__ = ["CHECK_EVERY", "FREE_EVERY", "parse", "warn_of_old"]

#: A reader is old when so many transactions were committed since it began.
OLD = 10_000
#: The table is looked at in every so many write transactions of a process.
CHECK_EVERY = 1024
#: Places of processes that died are freed in every so many: as long as one is taken, no space is used again, and a
#: process that writes for weeks opens the file once. It takes some microseconds.
FREE_EVERY = 128


def parse(text: str) -> list[dict[str, int]]:
    """The reader table that LMDB prints, as numbers: pid, thread and txnid (-1 while idle) of each reader."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0].isdigit():
            found.append(
                {
                    "pid": int(words[0]),
                    "thread": int(words[1], 16),
                    "txnid": int(words[2]) if words[2].isdigit() else -1,
                }
            )
    return found


def warn_of_old(raw: Any, path: str, warned: set[tuple[int, int]]) -> None:
    """Warn of each reader that is old, once.

    Args:
        raw: the raw environment.
        path: of the file, for the warning.
        warned: readers that were warned of, by PID and transaction; changed in place.
    """
    last = raw.info()["last_txnid"]
    for reader in parse(raw.readers()):
        commits = last - reader["txnid"]
        known = (reader["pid"], reader["txnid"])
        if reader["txnid"] >= 0 and commits >= OLD and known not in warned:
            warned.add(known)
            warnings.warn(
                f"{path}: a read transaction of process {reader['pid']} is open since {commits} commits; the space "
                "that they freed cannot be used again while it lasts, so the file grows. End it, and begin another one "
                "now and then; db.readers() lists them all",
                OldReaderWarning,
                stacklevel=2,
            )
