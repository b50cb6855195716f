"""Savepoints: changes that are taken back, or kept, while the transaction goes on."""

from typing import Any

import pytest
from dbsupport import Notes, Users, everything, user

import zlmdb


@pytest.fixture
def people(db: Any) -> Any:
    db.attach_tables([Users, Notes])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 6))
        txn[Notes][0] = "kept"
    return db


def notes(db: Any) -> dict[int, str]:
    with db.begin() as txn:
        return dict(txn[Notes].items())


def test_a_savepoint_is_kept(people: Any) -> None:
    with people.begin(write=True) as txn:
        txn[Notes][1] = "before"
        with txn.savepoint() as same:
            assert same is txn
            assert txn[Notes][1] == "before"
            txn[Notes][2] = "inside"
            txn[Users].add(user(6))
        assert txn[Notes][2] == "inside"
        txn[Notes][3] = "after"
    assert notes(people) == {0: "kept", 1: "before", 2: "inside", 3: "after"}
    assert people.verify() == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_takes_back_the_savepoint_alone(people: Any, error: type[BaseException]) -> None:
    with people.begin(write=True) as txn:
        txn[Notes][1] = "before"
        users = txn[Users]
        with pytest.raises(error, match="mine"), txn.savepoint():  # noqa: PT012 the block as a whole is what raises
            txn[Notes][1] = "inside"
            txn[Notes][2] = "inside"
            del txn[Notes][0]
            users.add(user(6))
            users.put(user(1, city="inside", email="new"))
            del users[2]
            raise error("mine")
        assert dict(txn[Notes].items()) == {0: "kept", 1: "before"}
        assert list(users) == [1, 2, 3, 4, 5]
        assert (users[1], users.by_email["1@example.com"]) == (user(1), user(1))
        assert "new" not in users.by_email
        assert users.check() == []
        txn[Notes][3] = "after"
        users.put(user(1, city="after"))
    assert notes(people) == {0: "kept", 1: "before", 3: "after"}
    assert people.verify() == []


def test_a_row_that_was_read_inside_is_not_remembered_outside(people: Any) -> None:
    with people.begin(write=True) as txn:
        users = txn[Users]
        with pytest.raises(ValueError, match="mine"), txn.savepoint():  # noqa: PT012 the block as a whole is what raises
            users.put(user(1, city="inside"))
            assert users[1].city == "inside"
            raise ValueError("mine")
        users.put(user(1, city="after"))
        assert [row.oid for row in users.by_city.select("after")] == [1]
        assert users.by_city.count("inside") == 0
    assert people.verify() == []


def test_savepoints_nest(people: Any) -> None:
    with people.begin(write=True) as txn:
        with txn.savepoint():
            txn[Notes][1] = "outer"
            with pytest.raises(ValueError, match="inner"), txn.savepoint():  # noqa: PT012 the block as a whole is what raises
                txn[Notes][2] = "inner"
                with txn.savepoint():
                    txn[Notes][3] = "innermost"
                assert set(txn[Notes]) == {0, 1, 2, 3}
                raise ValueError("inner")
            assert set(txn[Notes]) == {0, 1}
            with txn.savepoint():
                txn[Notes][4] = "inner again"
        assert set(txn[Notes]) == {0, 1, 4}
    assert set(notes(people)) == {0, 1, 4}


def test_many_savepoints_one_after_the_other(people: Any) -> None:
    with people.begin(write=True) as txn:
        for number in range(1, 201):
            try:
                with txn.savepoint():
                    txn[Notes][number] = "x"
                    if number % 3 == 0:
                        raise ValueError
            except ValueError:
                pass
    assert set(notes(people)) == {number for number in range(201) if number % 3 or number == 0}


def test_an_aborted_transaction_takes_its_savepoints_along(people: Any) -> None:
    before = everything(people)
    with pytest.raises(ValueError, match="outer"), people.begin(write=True) as txn:  # noqa: PT012 the block as a whole is what raises
        with txn.savepoint():
            txn[Notes][1] = "inside"
        raise ValueError("outer")
    assert everything(people) == before


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_ending_the_transaction_inside_a_savepoint_ends_it_all(people: Any, end: str) -> None:
    before = everything(people)
    with people.begin(write=True) as txn:
        txn[Notes][1] = "before"
        with txn.savepoint():
            txn[Notes][2] = "inside"
            getattr(txn, end)()
            with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
                txn[Notes]
        with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
            txn.put(b"\xff\xf0key", b"late")
    if end == "commit":  # what was done so far, as after the end of the block
        assert notes(people) == {0: "kept", 1: "before", 2: "inside"}
    else:
        assert everything(people) == before
    with people.begin(write=True) as txn:  # the writer's lock is free
        txn[Notes][3] = "next"
    assert notes(people)[3] == "next"


def test_ending_two_savepoints_deep_ends_it_all(people: Any) -> None:
    with people.begin(write=True) as txn:
        txn[Notes][1] = "outermost"
        with txn.savepoint():
            txn[Notes][2] = "outer"
            with txn.savepoint():
                txn[Notes][3] = "inner"
                txn.commit()
    assert notes(people) == {0: "kept", 1: "outermost", 2: "outer", 3: "inner"}
    with people.begin(write=True) as txn:
        txn[Notes][4] = "next"


def test_a_block_that_ends_within_a_savepoint_is_refused_and_stores_nothing(people: Any) -> None:
    before = everything(people)
    held = []

    def block(error: Exception | None) -> None:
        with people.begin(write=True) as txn:
            txn[Users].add(user(20))
            held.append(txn.savepoint())
            held[-1].__enter__()
            txn[Users].add(user(21))
            if error is not None:
                raise error

    with pytest.raises(zlmdb.TransactionError, match="ended within a savepoint, and nothing of the transaction is"):
        block(None)
    assert everything(people) == before
    with pytest.raises(ValueError, match="mine"):
        block(ValueError("mine"))
    assert everything(people) == before
    held.clear()
    with people.begin(write=True) as txn:
        txn[Users].add(user(22))
    assert everything(people) != before
    assert people.verify() == []


def test_closing_the_database_inside_a_savepoint_forgets_it_all(path: str) -> None:
    db = zlmdb.open(path, [Notes])
    with pytest.raises(zlmdb.TransactionClosed, match="closed"), db.begin(write=True) as txn:  # noqa: PT012 the block as a whole is what raises
        txn[Notes][1] = "before"
        with txn.savepoint():
            txn[Notes][2] = "inside"
            db.close()
            txn[Notes][3] = "late"
    with zlmdb.open(path, [Notes]) as again:
        assert notes(again) == {}


def test_a_read_transaction_has_no_savepoints(people: Any) -> None:
    with people.begin() as txn:
        with pytest.raises(zlmdb.TransactionError, match="not possible in a read transaction") as caught:
            txn.savepoint().__enter__()
        assert people.dbpath in str(caught.value)
        assert txn[Notes][0] == "kept"


def test_a_writable_map_has_no_savepoints(path: str) -> None:
    with zlmdb.open(path, [Users, Notes], writemap=True, lib_version="0.9") as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "before"
            with pytest.raises(zlmdb.TransactionError, match="writemap=True"), txn.savepoint():
                pass
            txn[Notes][2] = "after"
            assert txn[Users].put_many(user(number) for number in range(5)) == 5
            assert txn[Users].load(user(number) for number in range(5, 9)) == 4
            txn[Users].rebuild_indexes()
        assert notes(db) == {1: "before", 2: "after"}
        assert db.verify() == []


def test_an_iteration_that_began_before_a_savepoint_goes_on_after_it(people: Any) -> None:
    with people.begin(write=True) as txn:
        seen = []
        for key in txn[Users]:
            seen.append(key)
            with txn.savepoint():
                txn[Users].put(user(key, city="seen"))
        assert seen == [1, 2, 3, 4, 5]
    with people.begin() as txn:
        assert txn[Users].by_city.count("seen") == 5
    assert people.verify() == []


def test_a_map_taken_inside_serves_outside_and_the_other_way_round(people: Any) -> None:
    with people.begin(write=True) as txn:
        outside = txn[Notes]
        with txn.savepoint():
            inside = txn[Notes]
            outside[1], inside[2] = "outside", "inside"
        inside[3], outside[4] = "inside", "outside"
    assert set(notes(people)) == {0, 1, 2, 3, 4}


def test_statistics_go_on_inside(people: Any) -> None:
    stats = zlmdb.TransactionStats()
    with people.begin(write=True, stats=stats) as txn:
        txn[Notes][1] = "before"
        with txn.savepoint():
            txn[Notes][2] = "inside"
        del txn[Notes][2]
    assert (stats.puts, stats.dels) == (2, 1)
