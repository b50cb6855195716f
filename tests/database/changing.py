"""Changes of every kind in one transaction, and what they leave; for the tests of transactions and threads."""

import threading
from collections.abc import Callable
from typing import Any

from dbsupport import Notes, Users, user

KEY = b"\xff\xf0key"


def change(txn: Any) -> None:
    """Insert, replace and remove rows, with and without indexes, and store a raw record."""
    users = txn[Users]
    users.add(user(11))
    users.put(user(2, city="elsewhere"))
    del users[3]
    txn[Notes][1] = "changed"
    txn[Notes][2] = "two"
    txn.put(KEY, b"raw")


def assert_changed(db: Any) -> None:
    """All that change() does is there."""
    with db.begin() as txn:
        users = txn[Users]
        assert sorted(users) == [1, 2, *range(4, 12)]
        assert (users[2].city, users[11]) == ("elsewhere", user(11))
        assert [row.oid for row in users.by_city.select("elsewhere")] == [2]
        assert (txn[Notes][1], txn[Notes][2], txn.get(KEY)) == ("changed", "two", b"raw")
    assert db.verify() == []


def in_thread(action: Callable[[], Any]) -> Any:
    """What a function returns in another thread, or the exception it raises."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(action())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return found[0]


def write_raw(db: Any, value: bytes) -> str:
    """Store a raw record under KEY in a transaction of its own."""
    with db.begin(write=True) as txn:
        txn.put(KEY, value)
    return "done"
