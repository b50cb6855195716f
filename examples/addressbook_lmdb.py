"""An address book on the low level: plain bytes, an index by hand, cursors. What tables do for you, done without them.

python examples/addressbook_lmdb.py
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zlmdb.lmdb as lmdb

Person = dict[str, Any]


class AddressBook:
    """People by name, with an index by city that is kept by hand.

    Args:
        path: directory of the environment; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        # map_size is what the file may grow to: address space, not disk.
        self.env = lmdb.open(str(path), map_size=1 << 30, max_dbs=2, lib_version=1)
        self.people = self.env.open_db(b"people")
        self.by_city = self.env.open_db(b"by_city", dupsort=True)  # many names under one city, in order

    def put(self, person: Person) -> None:
        """Store a person, new or known, and their entry in the index."""
        key = person["name"].encode()
        with self.env.begin(write=True) as txn:
            # The old entry must go, or the index would list a person in two cities.
            old = txn.replace(key, json.dumps(person).encode(), db=self.people)
            if old is not None:
                txn.delete(json.loads(old)["city"].encode(), key, db=self.by_city)
            txn.put(person["city"].encode(), key, db=self.by_city)

    def get(self, name: str) -> Person | None:
        """A person by name, or None."""
        with self.env.begin(db=self.people) as txn:
            data = txn.get(name.encode())
        return None if data is None else json.loads(data)

    def remove(self, name: str) -> bool:
        """Remove a person: True if there was one."""
        with self.env.begin(write=True) as txn:
            old = txn.pop(name.encode(), db=self.people)
            if old is None:
                return False
            txn.delete(json.loads(old)["city"].encode(), name.encode(), db=self.by_city)
            return True

    def in_city(self, city: str) -> Iterator[Person]:
        """The people of a city, by name."""
        with self.env.begin() as txn, txn.cursor(self.by_city) as cursor:
            if cursor.set_key(city.encode()):
                for key in cursor.iternext_dup():
                    yield json.loads(txn.get(key, db=self.people))

    def between(self, first: str, last: str) -> list[str]:
        """The names from `first` (inclusive) to `last` (exclusive), in order."""
        found = []
        with self.env.begin(db=self.people) as txn, txn.cursor() as cursor:
            if cursor.set_range(first.encode()):
                for key in cursor.iternext(values=False):
                    if key >= last.encode():
                        break
                    found.append(key.decode())
        return found

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


def run(path: Path) -> None:
    """Fill an address book at a path, and ask it questions."""
    book = AddressBook(path)
    for name, city in (("Ann", "Bonn"), ("Bob", "Bonn"), ("Cyd", "Köln"), ("Dan", "Mainz")):
        book.put({"name": name, "city": city})
    book.put({"name": "Bob", "city": "Köln"})  # moved
    book.remove("Dan")
    print("Ann:    ", book.get("Ann"))
    print("Dan:    ", book.get("Dan"))
    print("in Köln:", [person["name"] for person in book.in_city("Köln")])
    print("B to D: ", book.between("B", "D"))
    book.close()


def main() -> None:
    """Run on a file that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "book.lmdb")


if __name__ == "__main__":
    main()
