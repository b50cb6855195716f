"""A database with rows, for the tests of transactions and threads."""

from typing import Any

import pytest
from dbsupport import Counters, Notes, Users, user

from zlmdb.database.transaction import Transaction


@pytest.fixture
def tables(db: Any) -> Any:
    """An open database with ten users and a note."""
    db.attach_tables([Users, Notes, Counters])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 11))
        txn[Notes][1] = "one"
    return db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list with one entry for every transaction object that was made."""
    log: list[Any] = []
    init = Transaction.__init__

    def logged(self: Transaction, *args: Any, **kwargs: Any) -> None:
        log.append(None)
        init(self, *args, **kwargs)

    monkeypatch.setattr(Transaction, "__init__", logged)
    return log
