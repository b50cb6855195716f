"""Every method that writes, in a transaction that is committed, aborted, broken off or taken back to a savepoint.

What stays is read by a fresh handle.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.tables.people import User, Users, oid, rows_after, user

START = {oid(n): user(n) for n in (1, 2, 3)}


def changed(**rows: User | None) -> dict[Any, User]:
    after = dict(START)
    for name, row in rows.items():
        after.pop(oid(int(name[1:])), None)
        if row is not None:
            after[oid(int(name[1:]))] = row
    return dict(sorted(after.items()))


#: name -> (what it does with the map and its transaction, the rows that are there then)
MUTATORS: dict[str, tuple[Callable[[Any, Any, Any], Any], dict[Any, User]]] = {
    "add": (lambda users, handle, txn: users.add(user(4)), changed(_4=user(4))),
    "put new": (lambda users, handle, txn: users.put(user(4)), changed(_4=user(4))),
    "put": (lambda users, handle, txn: users.put(user(1, "Ulm")), changed(_1=user(1, "Ulm"))),
    "put with key": (lambda users, handle, txn: users.put(oid(1), user(1, None)), changed(_1=user(1, None))),
    "setitem": (
        lambda users, handle, txn: users.__setitem__(oid(2), user(2, email="x")),
        changed(_2=user(2, email="x")),
    ),
    "setdefault": (lambda users, handle, txn: users.setdefault(oid(4), user(4)), changed(_4=user(4))),
    "update": (
        lambda users, handle, txn: users.update({oid(4): user(4), oid(1): user(1, "Ulm")}),
        changed(_1=user(1, "Ulm"), _4=user(4)),
    ),
    "delete": (lambda users, handle, txn: users.delete(oid(1)), changed(_1=None)),
    "delitem": (lambda users, handle, txn: users.__delitem__(oid(2)), changed(_2=None)),
    "pop": (lambda users, handle, txn: users.pop(oid(2)), changed(_2=None)),
    "popitem": (lambda users, handle, txn: users.popitem(), changed(_3=None)),
    "clear": (lambda users, handle, txn: users.clear(), {}),
    "truncate": (lambda users, handle, txn: users.truncate(), {}),
    "put_many": (
        lambda users, handle, txn: users.put_many([user(4), user(1, "Ulm")]),
        changed(_1=user(1, "Ulm"), _4=user(4)),
    ),
    "load": (lambda users, handle, txn: users.load([user(5), user(4)]), changed(_4=user(4), _5=user(5))),
    "swap of a unique key": (
        lambda users, handle, txn: [
            users.put(user(1, email="free")),
            users.put(user(2, email="1@example.com")),
            users.put(user(1, email="2@example.com")),
        ],
        changed(_1=user(1, email="2@example.com"), _2=user(2, email="1@example.com")),
    ),
    "rebuild": (lambda users, handle, txn: users.rebuild_indexes(), START),
    "earlier setitem": (lambda users, handle, txn: handle.__setitem__((txn, oid(4)), user(4)), changed(_4=user(4))),
    "earlier delitem": (lambda users, handle, txn: handle.__delitem__((txn, oid(1))), changed(_1=None)),
    "earlier pop": (lambda users, handle, txn: handle.pop((txn, oid(1))), changed(_1=None)),
    "earlier setdefault": (
        lambda users, handle, txn: handle.setdefault((txn, oid(4)), user(4)),
        changed(_4=user(4)),
    ),
    "earlier update": (
        lambda users, handle, txn: handle.update({(txn, oid(1)): user(1, "Ulm")}),
        changed(_1=user(1, "Ulm")),
    ),
    "earlier truncate": (lambda users, handle, txn: handle.truncate(txn), {}),
}


class Undone(Exception):
    pass


@pytest.fixture
def path(tmp_db_path: Path) -> Path:
    with zlmdb.open(tmp_db_path, [Users]) as db, db.begin(write=True) as txn:
        txn[Users].load(START)
    return tmp_db_path


def run(path: Path, mutator: str, around: Callable[[Any], AbstractContextManager[Any]]) -> None:
    """Open the file, run the mutator in the block that `around` makes of the database, and close it."""
    change, after = MUTATORS[mutator]
    with zlmdb.open(path, [Users], durability="unsafe") as db, around(db) as txn:
        change(txn[Users], db.attach_table(Users), txn)
        assert dict(txn[Users]) == after
        assert txn[Users].check() == []


@pytest.mark.parametrize("mutator", MUTATORS)
class TestEveryMutator:
    def test_committed(self, path: Path, mutator: str) -> None:
        run(path, mutator, lambda db: db.begin(write=True))
        assert rows_after(path, Users) == MUTATORS[mutator][1]

    def test_aborted(self, path: Path, mutator: str) -> None:
        change, after = MUTATORS[mutator]
        with zlmdb.open(path, [Users]) as db, db.begin(write=True) as txn:
            change(txn[Users], db.attach_table(Users), txn)
            assert dict(txn[Users]) == after
            txn.abort()
        assert rows_after(path, Users) == START

    def test_broken_off(self, path: Path, mutator: str) -> None:
        change, _ = MUTATORS[mutator]

        def run() -> None:
            with zlmdb.open(path, [Users]) as db, db.begin(write=True) as txn:
                change(txn[Users], db.attach_table(Users), txn)
                raise Undone

        with pytest.raises(Undone):
            run()
        assert rows_after(path, Users) == START

    def test_taken_back_to_a_savepoint(self, path: Path, mutator: str) -> None:
        change, _ = MUTATORS[mutator]
        with zlmdb.open(path, [Users]) as db, db.begin(write=True) as txn:
            users = txn[Users]
            users[oid(1)]  # what was read before is not what is there after
            with suppress(Undone), txn.savepoint():
                change(users, db.attach_table(Users), txn)
                raise Undone
            assert dict(users) == START
            assert users.check() == []
            users.put(user(1, "Köln"))
        assert rows_after(path, Users) == changed(_1=user(1, "Köln"))

    def test_kept_in_a_savepoint(self, path: Path, mutator: str) -> None:
        change, after = MUTATORS[mutator]
        with zlmdb.open(path, [Users]) as db, db.begin(write=True) as txn:
            with txn.savepoint(), txn.savepoint():
                change(txn[Users], db.attach_table(Users), txn)
            assert dict(txn[Users]) == after
        assert rows_after(path, Users) == after

    def test_kept_in_a_savepoint_of_an_aborted_transaction(self, path: Path, mutator: str) -> None:
        change, after = MUTATORS[mutator]
        with zlmdb.open(path, [Users]) as db, db.begin(write=True) as txn:
            with txn.savepoint():
                change(txn[Users], db.attach_table(Users), txn)
            assert dict(txn[Users]) == after
            txn.abort()
        assert rows_after(path, Users) == START

    def test_with_a_writable_map(self, path: Path, mutator: str) -> None:
        change, after = MUTATORS[mutator]
        with zlmdb.open(path, [Users], writemap=True, lib_version="0.9") as db:
            with db.begin(write=True) as txn:
                change(txn[Users], db.attach_table(Users), txn)
                txn.abort()
            with db.begin() as txn:
                assert dict(txn[Users]) == START
            with db.begin(write=True) as txn:
                change(txn[Users], db.attach_table(Users), txn)
        assert rows_after(path, Users) == after

    def test_not_seen_by_a_reader_that_began_before(self, path: Path, mutator: str) -> None:
        change, after = MUTATORS[mutator]
        with zlmdb.open(path, [Users]) as db, db.begin() as reader:
            with db.begin(write=True) as txn:
                change(txn[Users], db.attach_table(Users), txn)
                assert dict(reader[Users]) == START
            assert dict(reader[Users]) == START
            assert list(reader[Users].by_city.select("Bonn")) == list(START.values())
            with db.begin() as later:
                assert dict(later[Users]) == after
