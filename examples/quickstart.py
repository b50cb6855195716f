"""Everything once: declare, open, write, read, find by index, take back, look inside.

python examples/quickstart.py
"""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import zlmdb


@dataclass
class User:
    """A person who may log in."""

    oid: uuid.UUID
    name: str
    email: str
    city: str | None = None
    tags: list[str] = field(default_factory=list)


@zlmdb.table("5d1f9a43-3a0c-4a4b-9a3d-5c9a1e7b2f01", pk="oid")  # the UUID is the identity: names may change
class Users(zlmdb.MapUuidCbor[User]):
    """People who may log in."""

    by_email = zlmdb.index("email", unique=True)
    by_city_name = zlmdb.index("city", "name", nullable=True)  # many rows per key; users without a city are left out


class AddressBook(zlmdb.Schema):
    """The tables that belong together."""

    users: Users


def run(path: Path) -> None:
    """Fill an address book at a path, and ask it questions."""
    ann = User(uuid.UUID(int=1), "Ann", "ann@example.com", "Bonn", ["admin"])

    with zlmdb.open(path, AddressBook) as db:
        # A write transaction: the end of the block commits, an exception takes everything back.
        with db.begin(write=True) as txn:
            users = txn[Users]
            users.add(ann)
            users.add(User(uuid.UUID(int=2), "Bob", "bob@example.com", "Bonn"))
            users.put(User(uuid.UUID(int=3), "Cyd", "cyd@example.com"))  # inserts, or replaces

        # A read transaction: one consistent state, whatever others write meanwhile.
        with db.begin() as txn:
            users = txn[Users]
            print("by key:      ", users[ann.oid].name)
            print("by index:    ", users.by_email["bob@example.com"].name)
            print("in Bonn:     ", [user.name for user in users.by_city_name.select("Bonn")])
            print("all, reverse:", [user.name for user in users.select(return_keys=False, reverse=True)])

        # A wrong row is refused before anything is written, and the transaction goes on.
        with db.begin(write=True) as txn:
            try:
                txn[Users].add(User(uuid.UUID(int=4), "Dan", "ann@example.com"))
            except zlmdb.UniqueViolation as error:
                print("refused:     ", error.index, error.key)

        print("problems:    ", db.verify())


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "book.zdb")


if __name__ == "__main__":
    main()
