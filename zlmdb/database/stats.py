"""Counts of what a transaction wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["TransactionStats", "counted"]


class TransactionStats:
    """Counts records written and removed by the transactions it is given to, those of indexes included.

    Attributes:
        puts: records written.
        dels: records removed.

    >>> import zlmdb
    >>> stats = zlmdb.TransactionStats()
    >>> with zlmdb.open(":memory:") as db, db.begin(write=True, stats=stats) as txn:
    ...     _ = txn.put(b"key", b"value")
    >>> stats.puts, stats.dels
    (1, 0)
    """

    def __init__(self) -> None:
        self.puts = 0
        self.dels = 0
        self._started = time.time_ns()

    @property
    def started(self) -> int:
        """When this object was made or last reset: nanoseconds since 1970."""
        return self._started

    @property
    def duration(self) -> int:
        """Nanoseconds since :attr:`started`."""
        return time.time_ns() - self._started

    def reset(self) -> None:
        """Set the counts to 0 and :attr:`started` to now."""
        self.puts = 0
        self.dels = 0
        self._started = time.time_ns()

    def __repr__(self) -> str:
        return f"<TransactionStats puts={self.puts} dels={self.dels}>"


def counted(raw: Any, stats: TransactionStats) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The engine's writing methods, counting."""
    raw_put, raw_delete, raw_pop = raw.put, raw.delete, raw.pop

    def put(key: bytes, data: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
        stored: bool = raw_put(key, data, dupdata, overwrite)
        stats.puts += stored
        return stored

    def delete(key: bytes) -> bool:
        found: bool = raw_delete(key)
        stats.dels += found
        return found

    def pop(key: bytes) -> Any:
        found = raw_pop(key)
        stats.dels += found is not None
        return found

    return put, delete, pop
