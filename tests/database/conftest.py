"""A database with rows, for the tests of transactions and threads."""

from typing import Any

import pytest
from dbsupport import Counters, Notes, Users, user


@pytest.fixture
def tables(db: Any) -> Any:
    """An open database with ten users and a note."""
    db.attach_tables([Users, Notes, Counters])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 11))
        txn[Notes][1] = "one"
    return db
