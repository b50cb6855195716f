"""Read transactions that are used again: the program can never tell one from a new one."""

import functools
import gc
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar

import pytest
from dbsupport import Notes, Users
from idling import HOLDERS, KEY, name_of, next_ones

import zlmdb
from zlmdb.database import idle


@pytest.mark.skipif(not idle.COUNTED, reason="references cannot be counted here, so none is used again")
@pytest.mark.parametrize("used", ["in a function", "in a loop", "within another one", "by raw key", "by an exception"])
def test_transactions_are_used_again(tables: Any, made: list[Any], used: str) -> None:
    def loop() -> None:
        for _ in range(100):
            with tables.begin() as txn:
                txn[Users][1]

    if used == "in a function":
        for _ in range(100):
            name_of(tables)
    elif used == "in a loop":
        loop()
    elif used == "within another one":
        with tables.begin() as outer:
            outer[Notes][1]
            loop()
    elif used == "by raw key":
        for _ in range(100):
            with tables.begin() as txn:
                txn.get(KEY)
    else:
        for _ in range(100):
            with pytest.raises(KeyError), tables.begin() as txn:
                txn[Users][0]
    assert 0 < len(made) <= 4


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_the_program_holds_is_not_used_again(tables: Any, holder: str) -> None:
    next_ones(tables)
    for _ in range(3):
        with tables.begin() as txn:
            held = HOLDERS[holder](txn)
        del txn
        next_ones(tables, held)
        del held


def test_a_scan_under_way_is_not_taken_up_by_a_later_transaction(tables: Any) -> None:
    with tables.begin() as txn:
        rows = iter(txn[Users].items())
        assert next(rows)[0] == 1
    del txn
    next_ones(tables)
    with tables.begin(), pytest.raises(zlmdb.TransactionClosed, match="has ended"):
        next(rows)


def test_readers_one_after_the_other_take_one_place(tables: Any) -> None:
    next_ones(tables)
    assert [reader["txnid"] for reader in tables.readers()] == [-1]
    with tables.begin() as txn:
        assert [reader["txnid"] for reader in tables.readers()] == [txn.id()]
        with tables.begin(write=True) as writer:
            writer.put(KEY, b"value")
        with tables.begin() as later:
            assert sorted(reader["txnid"] for reader in tables.readers()) == [txn.id(), later.id()]
    assert [reader["txnid"] for reader in tables.readers()] == [-1]


def test_what_hangs_on_a_transaction_by_a_weak_reference_ends_with_it(tables: Any) -> None:
    notes: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
    for number in range(20):
        with tables.begin() as txn:
            assert txn not in notes
            notes[txn] = f"made in {number}"
            txn[Users][1]


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e1")
class Counted(zlmdb.MapStringOid):
    """Numbers, with what the program computes of them once."""

    @functools.cached_property
    def total(self) -> int:
        return sum(self.values())


def test_a_transaction_that_the_program_watches_does_not_wait(tables: Any) -> None:
    told: list[Any] = []
    with tables.begin() as txn:
        weakref.finalize(txn, told.append, "gone")
    del txn
    name_of(tables)
    assert told == ["gone"]


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e4")
class Noticed(zlmdb.MapStringOid):
    """Numbers, and what happens to their maps."""

    log: ClassVar[list[str]] = []

    def __setattr__(self, name: str, value: Any) -> None:
        self.log.append(name)
        super().__setattr__(name, value)

    def __del__(self) -> None:
        self.log.append("gone")


def test_a_map_that_is_told_of_its_end_is_not_kept(db: Any) -> None:
    db.attach_table(Noticed)
    for _ in range(10):
        Noticed.log.clear()
        with db.begin() as txn:
            txn[Noticed].get("a")
        assert sorted(Noticed.log) == ["_limit", "_p", "_txn", "_xs", "gone"]


def test_what_a_map_was_given_is_gone_with_its_transaction(db: Any) -> None:
    db.attach_table(Counted)
    for number in range(1, 20):
        with db.begin(write=True) as txn:
            txn[Counted][f"{number:02}"] = 1
        with db.begin() as txn:
            counted = txn[Counted]
            assert (counted.total, hasattr(counted, "mark")) == (number, False)
            counted.mark = True
        del counted


def test_a_transaction_entered_again_belongs_to_the_program(tables: Any, made: list[Any]) -> None:
    txn = tables.begin()
    for _ in range(3):
        with txn:
            assert txn[Users][1].name == "name 1"
            assert not any(txn is other for other in next_ones(tables))
        assert not any(txn is other for other in next_ones(tables, txn))
    # Open and dropped, it ends as any other does.
    txn.__enter__()
    del txn
    gc.collect()
    assert not tables._env.live_transactions()


def test_messages_are_those_of_a_new_one(tables: Any) -> None:
    next_ones(tables)
    txn = tables.begin()
    assert repr(txn).endswith("not begun>")
    for use_it in (lambda: txn.get(KEY), lambda: txn[Users]):
        with pytest.raises(zlmdb.TransactionClosed, match="has not begun"):
            use_it()
    with txn:
        assert repr(txn).endswith("open>")
        with pytest.raises(zlmdb.ReadOnlyTransaction):
            txn.put(KEY, b"")
    assert repr(txn).endswith("ended>")
    for write_it in (lambda: txn.put(KEY, b""), lambda: txn.delete(KEY)):
        with pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
            write_it()


WRITES: list[Callable[[Any], Any]] = [
    lambda notes: notes.__setitem__(1, "two"),
    lambda notes: notes.__delitem__(1),
    lambda notes: notes.delete(1),
    lambda notes: notes.pop(1),
    lambda notes: notes.put_many({1: "two"}),
]


@pytest.mark.parametrize("ended_by", ["the end of the block", "an exception", "commit()", "abort()"])
@pytest.mark.parametrize("first", [Users, Notes])
def test_writing_in_a_reader_that_has_ended_says_that_it_has_ended(tables: Any, ended_by: str, first: Any) -> None:
    next_ones(tables)
    with pytest.raises(ZeroDivisionError) if ended_by == "an exception" else nullcontext(), tables.begin() as txn:
        _, notes = txn[first], txn[Notes]
        if ended_by == "an exception":
            _ = 1 / 0
        elif ended_by.endswith(")"):
            getattr(txn, ended_by[:-2])()
    how = "aborted" if ended_by in ("an exception", "abort()") else "committed"
    for write_it in WRITES:
        with pytest.raises(zlmdb.TransactionClosed, match=f"has ended: it was {how}"):
            write_it(notes)
    attached = tables._tables[Notes]
    with pytest.raises(zlmdb.TransactionClosed, match=f"has ended: it was {how}"):
        attached[txn, 1] = "two"
