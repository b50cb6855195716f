"""What the tests of transactions that are used again share."""

from collections.abc import Callable
from typing import Any

import pytest
from dbsupport import Notes, Users

import zlmdb
from zlmdb.database import idle
from zlmdb.database.transaction import Transaction

KEY = b"\xff\xf0key"


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e2")
class ByName(zlmdb.MapStringOid):
    """Users by name."""


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e3")
class Ticks(zlmdb.Series[str]):
    """A series, which is no map."""

    price = zlmdb.column("f8")


def name_of(db: Any, number: int = 1) -> str:
    with db.begin() as txn:
        found: str = txn[Users][number].name
        return found


def next_ones(db: Any, held: Any = None) -> list[Any]:
    """More transactions than wait at any time, each left at once; what is held from earlier can be used in none."""
    seen = []
    for number in range(3 * idle.MOST):
        with db.begin() as txn:
            if number % 3:
                assert txn[Users][1].name == "name 1"
            if held is not None:
                with pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
                    use(held)
            seen.append(txn)
    return seen


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "the transaction": lambda txn: txn,
    "its get": lambda txn: txn.get,
    "a map": lambda txn: txn[Users],
    "the second map": lambda txn: (txn[Users], txn[Notes])[1],
    "a method of a map": lambda txn: txn[Users].get,
    "an index": lambda txn: txn[Users].by_email,
    "rows": lambda txn: txn[Users].select(),
    "rows of an index": lambda txn: txn[Users].by_city.select(),
    "a view": lambda txn: txn[Users].items(),
}


def use(held: Any) -> None:
    """Read something through whatever it is."""
    if isinstance(held, Transaction):
        held.get(KEY)
    elif callable(held):
        held(KEY if held.__name__ == "get" and isinstance(held.__self__, Transaction) else 1)
    elif hasattr(held, "by_email") or isinstance(held, zlmdb.Map):
        held.get(1)
    elif hasattr(held, "select"):
        held.get("user1@example.org")
    else:
        next(iter(held))
