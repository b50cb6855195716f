"""What a contestant can do: each method is one workload's inner loop, written as its programmer would write it.

The methods are timed as they stand, so they hold no checks of their own. Each gives an answer: the last row read, or a
number. The answers of all contestants are compared after every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from benchmarks.people import Fields, Person


class Contestant:
    """A way to store people.

    Attributes:
        name: how the report calls it.
        bulk: it has a bulk insert of its own.
        many: it has a multi-get of its own.
        indexed: it takes part in the workloads with indexes.
    """

    name: ClassVar[str]
    bulk: ClassVar[bool] = True
    many: ClassVar[bool] = True
    indexed: ClassVar[bool] = True

    # -- records

    def make(self, fields: Fields) -> Any:
        """A record of this contestant's class."""
        return Person(*fields)

    def take(self, row: Any) -> Fields:
        """The fields of a record."""
        return (row.oid, row.name, row.email, row.city, row.age, row.active)

    # -- files

    def open(self, path: str, indexed: bool) -> None:
        """Open a database of people, made if need be; with three indexes or none."""
        raise NotImplementedError

    def close(self) -> None:
        """Close it."""
        raise NotImplementedError

    def digest(self) -> str:
        """Digest of the stored bytes, "" if they are not LMDB records of the common layout."""
        return ""

    # -- writing: insert and load are called between begin and commit, which are timed, too

    def begin(self) -> None:
        """Begin to write."""
        raise NotImplementedError

    def commit(self) -> None:
        """Make it durable."""
        raise NotImplementedError

    def insert(self, rows: Sequence[Any]) -> None:
        """Store new rows, one call each."""
        raise NotImplementedError

    def assign(self, rows: Sequence[Any]) -> None:
        """The same, as an assignment to a mapping, where that is spelled differently."""
        self.insert(rows)

    def load(self, rows: Sequence[Any]) -> None:
        """Store new rows, in one call."""
        raise NotImplementedError

    def insert_durably(self, rows: Sequence[Any]) -> None:
        """Store new rows in an indexed table, a durable transaction each."""
        raise NotImplementedError

    def move(self, oids: Sequence[UUID], city: str) -> None:
        """Read rows of an indexed table one by one, change the city, and store them; one transaction."""
        raise NotImplementedError

    def delete(self, oids: Sequence[UUID]) -> None:
        """Remove rows of an indexed table one by one; one transaction."""
        raise NotImplementedError

    # -- reading

    def get(self, oids: Sequence[UUID]) -> Any:
        """Read rows one by one, in one transaction: the last."""
        raise NotImplementedError

    def get_each(self, oids: Sequence[UUID]) -> Any:
        """Read rows, a transaction each: the last."""
        raise NotImplementedError

    def get_many(self, oids: Sequence[UUID]) -> Any:
        """Read rows a hundred at a time, in one transaction: the last."""
        raise NotImplementedError

    def scan(self) -> tuple[int, Any]:
        """Read all rows in order, with their keys: how many, and the last."""
        raise NotImplementedError

    def keys(self, low: UUID, high: UUID) -> tuple[int, UUID]:
        """Read the keys of a range: how many, and the last."""
        raise NotImplementedError

    def count(self, low: UUID, high: UUID) -> int:
        """How many keys a range has."""
        raise NotImplementedError

    def lookup(self, emails: Sequence[str]) -> Any:
        """Read rows through the unique index, one call each: the last."""
        raise NotImplementedError

    def in_cities(self, names: Sequence[str]) -> tuple[int, Any]:
        """Read the rows of cities through the index of cities: how many, and the last."""
        raise NotImplementedError

    def in_cities_by_name(self, names: Sequence[str]) -> tuple[int, Any]:
        """The same, in the order of people's names, through the composite index; only names from "D" up to "H"."""
        raise NotImplementedError
