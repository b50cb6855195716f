"""What tables need of an engine: the part of py-lmdb's transactions and cursors that they call.

Keys and values are bytes, sorted as unsigned bytes. An engine hands out bytes that live on their own, or, in a
transaction begun with ``buffers=True``, memoryviews that live until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

__all__ = ["EngineCursor", "EngineTransaction"]


class EngineCursor(Protocol):
    """A position in the ordered records of a transaction."""

    def set_range(self, key: bytes, /) -> bool:
        """Go to the first record whose key is not less than `key`; False if there is none."""
        ...

    def last(self) -> bool:
        """Go to the last record; False if there are no records."""
        ...

    def prev(self) -> bool:
        """Go to the previous record; False if there is none."""
        ...

    def key(self) -> Any:
        """The key at the position; empty if there is no position."""
        ...

    def value(self) -> Any:
        """The value at the position; empty if there is no position."""
        ...

    def iternext(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
        """Records from the position on, forwards. Stays right when the same transaction writes meanwhile."""
        ...

    def iterprev(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
        """Records from the position on, backwards."""
        ...

    def putmulti(
        self,
        items: Iterable[tuple[bytes, bytes]],
        dupdata: bool = True,
        overwrite: bool = True,
        append: bool = False,
    ) -> tuple[int, int]:
        """Store many records; (records consumed, records added)."""
        ...

    def close(self) -> None:
        """Give the cursor back."""
        ...


class EngineTransaction(Protocol):
    """A transaction: a snapshot to read, and, if it writes, changes that become visible at once on commit."""

    def get(self, key: bytes, default: Any = None) -> Any:
        """The value of a key, or `default`."""
        ...

    def put(self, key: bytes, value: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
        """Store a record; False (and nothing stored) if it exists and `overwrite` is False."""
        ...

    def delete(self, key: bytes) -> bool:
        """Remove a record; False if there was none."""
        ...

    def pop(self, key: bytes) -> Any:
        """Remove a record and give its value; None if there was none."""
        ...

    def cursor(self) -> EngineCursor:
        """A new cursor, not yet positioned."""
        ...

    def id(self) -> int:
        """Number of the transaction: writers count up; a reader has the number of the last commit it sees."""
        ...

    def commit(self) -> None:
        """Make the changes durable and visible; the transaction ends."""
        ...

    def abort(self) -> None:
        """Forget the changes; the transaction ends."""
        ...
