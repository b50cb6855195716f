"""Exceptions from outside in the midst of a write: what is there of it never becomes visible."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
import pytest
from dbsupport import Users, everything, user

import zlmdb

#: What a signal's handler may raise, and what has no place among errors.
OUTSIDE = [KeyboardInterrupt, TimeoutError, MemoryError]


@zlmdb.table("f3b1a6de-0a53-4c7e-9a55-0c8f0a1de101")
class Ticks(zlmdb.Series[str], chunk=100):
    """Batches of forty close a chunk with the third."""

    price = zlmdb.column("f8")


def batch(number: int) -> tuple[Any, Any]:
    numbers = np.arange(40 * number, 40 * number + 40)
    return numbers.view("M8[ns]"), numbers / 4


def append(txn: Any, number: int) -> None:
    times, prices = batch(number)
    txn[Ticks].append("a", times, price=prices)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "insert": lambda txn: txn[Users].add(user(101)),
    "put": lambda txn: txn[Users].put(user(101)),
    "replace": lambda txn: txn[Users].put(moved(txn)),
    "delete": lambda txn: txn[Users].__delitem__(1),
    "pop": lambda txn: txn[Users].pop(1),
    "a batch that opens a chunk": lambda txn: append(txn, 1),
    "a batch that closes a chunk": lambda txn: (append(txn, 1), append(txn, 2)),
    "late ticks": lambda txn: txn[Ticks].append("a", (np.arange(40) + 5).view("M8[ns]"), price=np.zeros(40)),
    "deleted ticks": lambda txn: txn[Ticks].delete_range("a", 10, 30),
}


def moved(txn: Any) -> Any:
    """User 1 with another value in each indexed field."""
    row, other = txn[Users][1], user(101)
    other.oid = row.oid
    return other


@pytest.fixture
def filled() -> Iterator[Any]:
    with zlmdb.open(":memory:", [Users, Ticks]) as db:
        with db.begin(write=True) as txn:
            for number in range(1, 11):
                txn[Users].put(user(number))
            append(txn, 0)
        yield db


class Breaking:
    """The engine's function for a write, which raises once it was called a number of times."""

    def __init__(self, function: Any, after: list[int], kind: type[BaseException]) -> None:
        self.function, self.after, self.kind = function, after, kind

    def __call__(self, *args: Any) -> Any:
        self.after[0] -= 1
        if self.after[0] == 0:
            raise self.kind("from outside")
        return self.function(*args)


def breaking(txn: Any, at: int, kind: type[BaseException]) -> list[int]:
    """Have the `at`-th write from here on raise instead; the list counts down to it."""
    left = [at]
    txn._put = Breaking(txn._put, left, kind)
    txn._delete = Breaking(txn._delete, left, kind)
    return left


def broken_by(kind: type[BaseException], change: Callable[[Any], Any], txn: Any, at: int) -> bool:
    """True if a change was broken off at its `at`-th write; the exception is caught, as a program may do."""
    left = breaking(txn, at, kind)
    with contextlib.suppress(kind):
        change(txn)
    return left[0] <= 0


def refusal(txn: Any) -> str:
    """Commit; what is said against it."""
    try:
        txn.commit()
    except zlmdb.TransactionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", OUTSIDE)
@pytest.mark.parametrize("change", CHANGES)
def test_a_write_that_was_broken_off_is_never_committed(filled: Any, change: str, kind: type[BaseException]) -> None:
    before = everything(filled)
    refused = []
    for at in count(1):
        txn = filled.begin(write=True).__enter__()
        if not broken_by(kind, CHANGES[change], txn, at):
            txn.abort()
            break
        said = refusal(txn)
        with filled.begin() as reader:
            assert reader[Users].check() == reader[Ticks].check() == []
        if said:
            refused.append(said)
            assert everything(filled) == before
        elif everything(filled) != before:
            break  # a write was done before the one that was broken off
    assert refused
    assert all("broke off a write" in said for said in refused)


def uses(users: Any, ticks: Any, txn: Any) -> list[Callable[[], Any]]:
    return [
        lambda: users[1],
        lambda: users.put(user(50)),
        lambda: users.__delitem__(2),
        lambda: ticks.append("b", 1, price=1.0),
        lambda: txn.put(b"\x7f\x00key", b"value"),
        lambda: txn.savepoint().__enter__(),
    ]


@pytest.mark.parametrize("change", ["put", "delete", "a batch that closes a chunk"])
def test_after_it_everything_is_refused_but_the_abort(filled: Any, change: str) -> None:
    before = everything(filled)
    txn = filled.begin(write=True).__enter__()
    tried = uses(txn[Users], txn[Ticks], txn)
    if change == "a batch that closes a chunk":
        append(txn, 1)
    assert broken_by(KeyboardInterrupt, CHANGES[change], txn, 2)
    for use in tried:
        with pytest.raises(zlmdb.TransactionError, match="broke off a write"):
            use()
    txn.abort()
    assert everything(filled) == before
    with filled.begin(write=True) as txn:
        txn[Users].put(user(50))
        assert txn[Users].check() == []


@pytest.mark.parametrize("caught", [False, True])
def test_a_savepoint_takes_it_back_and_the_transaction_goes_on(filled: Any, caught: bool) -> None:
    def within(txn: Any) -> None:
        with txn.savepoint():
            breaking(txn, 2, KeyboardInterrupt)
            with contextlib.suppress(*[KeyboardInterrupt] * caught):
                txn[Users].put(user(51))

    with filled.begin(write=True) as txn:
        txn[Users].put(user(50))
        with pytest.raises(zlmdb.TransactionError if caught else KeyboardInterrupt):
            within(txn)
        txn[Users].put(user(52))
    with filled.begin() as txn:
        assert [number in txn[Users] for number in (50, 51, 52)] == [True, False, True]
        assert txn[Users].check() == []


def test_what_comes_before_the_first_write_does_not_spoil_it(filled: Any) -> None:
    taken = user(60)
    taken.email = user(1).email
    with filled.begin(write=True) as txn:
        with pytest.raises(zlmdb.UniqueViolation):
            txn[Users].put(taken)
        assert broken_by(KeyboardInterrupt, lambda txn: txn[Users].put(user(61)), txn, 1)
        txn[Users].put(user(62))
    with filled.begin() as txn:
        assert [number in txn[Users] for number in (60, 61, 62)] == [False, False, True]
        assert txn[Users].check() == []
