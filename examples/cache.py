"""A cache on disk that all processes of a machine share: entries expire, and the oldest go when there are too many.

python examples/cache.py
"""

from __future__ import annotations

import functools
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import zlmdb

R = TypeVar("R")


@dataclass
class Entry:
    """A stored value, and until when it is good."""

    key: str
    value: bytes
    stored: datetime
    expires: datetime


@zlmdb.table("3e9f1a72-8d6b-4b3f-9d7e-a05c4b2f6d01", pk="key", compress="zlib")
class Entries(zlmdb.MapStringCbor[Entry]):
    """Entries by key."""

    by_expiry = zlmdb.index("expires", key=zlmdb.Datetime)
    by_age = zlmdb.index("stored", key=zlmdb.Datetime)


class Cache:
    """Values by key, for a while.

    Args:
        path: directory of the database.
        lifetime: how long a value is good.
        most: how many values are kept; the oldest go first.
        clock: gives the time now; another one makes tests quick.
    """

    def __init__(
        self,
        path: Path,
        lifetime: timedelta = timedelta(minutes=10),
        most: int = 10_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        # What is in a cache can be made again, so no commit has to wait for the disk.
        self.db = zlmdb.open(path, Entries, durability="unsafe")
        self.lifetime, self.most, self.clock = lifetime, most, clock

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default` if there is none that is good. Waits for no writer."""
        with self.db.begin() as txn:
            entry = txn[Entries].get(key)
        if entry is None or entry.expires <= self.clock():
            return default
        # Only this program writes into its cache; a file that others can write must not hold pickles.
        return pickle.loads(entry.value)

    def set(self, key: str, value: Any) -> None:
        """Store a value, and make room."""
        now = self.clock()
        entry = Entry(key, pickle.dumps(value), now, now + self.lifetime)
        with self.db.begin(write=True) as txn:
            entries = txn[Entries]
            entries.put(entry)
            self._make_room(entries, now)

    def _make_room(self, entries: Entries, now: datetime) -> None:
        over = entries.by_expiry.select(hi=now, bounds="[]", return_keys=True, return_values=False, limit=100)
        for key in list(over):
            entries.delete(key)
        too_many = len(entries) - self.most
        if too_many > 0:
            for key in list(entries.by_age.keys(limit=too_many)):
                entries.delete(key)

    def remembering(self, function: Callable[..., R]) -> Callable[..., R]:
        """A function that does not compute again what it has in the cache; for arguments with a faithful repr."""

        @functools.wraps(function)
        def cached(*args: Any, **kwargs: Any) -> R:
            key = f"{function.__module__}.{function.__qualname__}{args!r}{sorted(kwargs.items())!r}"
            missing = object()
            found = self.get(key, missing)
            if found is missing:
                # Computed outside of any transaction: others go on meanwhile, and may compute it, too.
                found = function(*args, **kwargs)
                self.set(key, found)
            return found

        return cached

    def __len__(self) -> int:
        """How many entries are stored, those that are over included."""
        with self.db.begin() as txn:
            return len(txn[Entries])

    def close(self) -> None:
        """Close the database."""
        self.db.close()


def run(path: Path) -> None:
    """Use a cache whose clock is set by hand."""
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    cache = Cache(path, timedelta(minutes=1), most=3, clock=lambda: now[0])
    calls: list[int] = []

    @cache.remembering
    def slow(number: int) -> int:
        calls.append(number)
        return number * number

    print("first: ", [slow(n) for n in (1, 2, 1, 2)], "computed", calls)
    now[0] += timedelta(minutes=2)
    print("later: ", slow(1), "computed", calls)
    for number in range(10):
        now[0] += timedelta(seconds=1)
        cache.set(f"key {number}", number)
    print("kept:  ", len(cache), [cache.get(f"key {number}") for number in range(6, 10)])
    cache.close()


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "cache.zdb")


if __name__ == "__main__":
    main()
