"""Every write of every operation fails once: afterwards the file is what it was at the last commit."""

from collections.abc import Callable
from typing import Any

import pytest
from dbsupport import Counters, Notes, User, Users, everything, user

import zlmdb
from zlmdb.testing import faults


@pytest.fixture
def people(db: Any) -> Any:
    db.attach_tables([Users, Notes])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 9))
        txn[Notes].put_many(dict.fromkeys(range(5), "x"))
    return db


def fresh(count: int) -> Any:
    return (user(number) for number in range(20, 20 + count))


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "add": lambda txn: txn[Users].add(user(20)),
    "add without city": lambda txn: txn[Users].add(user(25)),
    "insert by put": lambda txn: txn[Users].put(user(20)),
    "update of nothing indexed": lambda txn: txn[Notes].__setitem__(1, "changed"),
    "update of all indexes": lambda txn: txn[Users].put(user(1, name="new", email="new", city="new")),
    "update to none": lambda txn: txn[Users].put(user(1, city=None)),
    "update after reading": lambda txn: txn[Users].put(user(txn[Users][1].oid, email="new")),
    "delete": lambda txn: txn[Users].delete(1),
    "del": lambda txn: txn[Users].__delitem__(2),
    "pop": lambda txn: txn[Users].pop(3),
    "popitem": lambda txn: txn[Users].popitem(),
    "load": lambda txn: txn[Users].load(fresh(4)),
    "load in order": lambda txn: txn[Users].load(fresh(4), sorted=True),
    "put_many": lambda txn: txn[Users].put_many([*fresh(2), user(1, city="new")]),
    "put_many without indexes": lambda txn: txn[Notes].put_many(dict.fromkeys(range(3, 8), "new")),
    "load without indexes": lambda txn: txn[Notes].load(dict.fromkeys(range(10, 15), "new")),
    "rebuild of one": lambda txn: txn[Users].rebuild_index("by_city"),
    "rebuild of all": lambda txn: txn[Users].rebuild_indexes(),
    "truncate": lambda txn: txn[Users].truncate(),
    "clear": lambda txn: txn[Notes].clear(),
    "raw": lambda txn: (txn.put(b"\xff\xf0a", b"1"), txn.put(b"\xff\xf0b", b"2"), txn.delete(b"\xff\xf0a")),
    "savepoint": lambda txn: kept_savepoint(txn),
    "several": lambda txn: (txn[Users].add(user(20)), txn[Users].delete(1), txn[Notes].clear()),
}


def kept_savepoint(txn: Any) -> None:
    txn[Users].add(user(20))
    with txn.savepoint():
        txn[Users].add(user(21))
        with txn.savepoint():
            txn[Users].delete(1)


def check(db: Any) -> list[str]:
    with db.begin() as txn:
        problems: list[str] = txn[Users].check()
    return problems


@pytest.mark.parametrize("error", [None, lambda: zlmdb.lmdb.MapFullError("injected")], ids=["fault", "map full"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failed_write_leaves_what_was_committed(people: Any, operation: str, error: Any) -> None:
    before = everything(people)
    expected = None
    with zlmdb.open(":memory:", [Users, Notes]) as twin:  # what the operation does when nothing fails
        with twin.begin(write=True) as txn:
            txn[Users].load(user(number) for number in range(1, 9))
            txn[Notes].put_many(dict.fromkeys(range(5), "x"))
        with twin.begin(write=True) as txn:
            OPERATIONS[operation](txn)
        expected = everything(twin)

    def action() -> None:
        with people.begin(write=True) as txn:
            OPERATIONS[operation](txn)

    kinds = []
    for failure in faults.failures(people, action, error):
        kinds.append(failure.kind)
        assert everything(people) == before, failure
        assert check(people) == [], failure
        caught = failure.error
        if error is not None:
            assert isinstance(caught, zlmdb.DatabaseFull), failure
            assert isinstance(caught, zlmdb.lmdb.MapFullError), failure
        else:
            assert isinstance(caught, faults.InjectedFault), failure
    assert kinds[-1] == "commit"
    assert len(kinds) >= 2
    assert everything(people) == expected
    assert people.verify() == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failed_write_within_a_savepoint_is_taken_back_with_it(people: Any, operation: str) -> None:
    def state(txn: Any) -> Any:
        cursor = txn.cursor()
        return [(bytes(k), bytes(v)) for k, v in cursor.iternext(True, True)] if cursor.first() else []

    with people.begin(write=True) as txn:
        OPERATIONS[operation](txn)
        done = state(txn)
        txn.abort()
    number = 0
    while True:
        number += 1
        with faults.failing(people, number) as plan, people.begin(write=True) as txn:
            before = state(txn)
            try:
                with txn.savepoint():
                    OPERATIONS[operation](txn)
            except faults.InjectedFault:
                assert state(txn) == before
                assert txn[Users].check() == []
                txn[Notes][99] = "after"  # the transaction goes on
                txn[Users].add(user(99))
                assert txn[Users].check() == []
            else:
                assert plan.failed is None
                assert state(txn) == done
            txn.abort()
        if plan.failed is None:
            break
    assert number > 2
    assert people.verify() == []


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "savepoint"])
def test_a_failure_that_is_caught_within_the_block_cannot_be_committed(people: Any, operation: str) -> None:
    before = everything(people)

    def action() -> None:
        with people.begin(write=True) as txn:
            try:
                OPERATIONS[operation](txn)
            except faults.InjectedFault:
                pass

    for number in range(1, 200):
        with faults.failing(people, number) as plan:
            try:
                action()
            except (faults.InjectedFault, zlmdb.ZlmdbError):
                assert everything(people) == before
            else:
                # Either nothing failed, or it failed within a savepoint of the operation's own, which is taken back.
                assert plan.failed is None or everything(people) == before
                if plan.failed is None:
                    break
    assert people.verify() == []


def test_a_failed_attach_leaves_what_was_committed(people: Any) -> None:
    indexed = zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3001", pk="oid")(IndexedUsers)
    before = everything(people)

    def attach() -> None:
        people.attach_tables([Counters, indexed])

    for failure in faults.failures(people, attach):
        assert everything(people) == before, failure
        with people.begin() as txn, pytest.raises(zlmdb.TableNotAttached):
            txn[Counters]
    with people.begin(write=True) as txn:
        txn[Counters]["one"] = 1
        txn[indexed].add(user(1))
    assert people.verify() == []


class IndexedUsers(zlmdb.Map[int, User], key=zlmdb.Oid, value=zlmdb.Json):
    """Rows with an index."""

    by_email = zlmdb.index("email", unique=True)


def test_a_failed_build_of_an_index_leaves_what_was_committed(people: Any) -> None:
    with_one_more = zlmdb.table(Users._zlmdb_oid, pk="oid")(MoreUsers)
    before = everything(people)
    with zlmdb.open(people.dbpath) as other:
        kinds = []
        for failure in faults.failures(other, lambda: other.attach_table(with_one_more)):
            kinds.append(failure.kind)
            assert everything(people) == before, failure
            assert check(people) == [], failure
        assert kinds.count("put") >= 8  # the catalog's record, and an entry for each row
        with other.begin() as txn:
            assert [row.oid for row in txn[with_one_more].by_name.select("name 1")] == [1, 8]
        assert other.verify() == []
    people.attach_table(Users)  # the handle still has the table as it was declared before


class MoreUsers(Users):
    """The rows of Users, with one index more."""

    by_name = zlmdb.index("name")


def test_a_failed_write_of_write_is_not_repeated(people: Any) -> None:
    calls = []

    def insert(txn: Any) -> None:
        calls.append(1)
        txn[Users].add(user(20))

    before = everything(people)
    for failure in faults.failures(people, lambda: people.write(insert)):
        assert len(calls) == failure.write
        assert everything(people) == before, failure


def test_a_statistics_object_does_not_hide_a_failure(people: Any) -> None:
    stats = zlmdb.TransactionStats()

    def insert() -> None:
        with people.begin(write=True, stats=stats) as txn:
            txn[Users].add(user(20))

    before = everything(people)
    for failure in faults.failures(people, insert):
        assert everything(people) == before, failure
    assert stats.puts > 4


def test_an_exception_of_the_operation_and_a_failed_abort_free_the_writer(people: Any) -> None:
    with pytest.raises(zlmdb.UniqueViolation), people.begin(write=True) as txn:
        txn[Users].add(user(20, email="1@example.com"))
    with people.begin(write=True) as txn:
        txn[Users].add(user(20))
    assert people.verify() == []


BAD_ROWS = {
    "duplicate key": (lambda: [user(20), user(1)], zlmdb.DuplicateKey),
    "duplicate in the batch": (lambda: [user(20), user(20)], zlmdb.DuplicateKey),
    "unique": (lambda: [user(20), user(21, email="1@example.com")], zlmdb.UniqueViolation),
    "unique in the batch": (lambda: [user(20), user(21, email="20@example.com")], zlmdb.UniqueViolation),
    "wrong type": (lambda: [user(20), user(21, name=5)], zlmdb.ValueTypeError),
    "no row": (lambda: [user(20), "text"], zlmdb.DataError),
    "an iterator that raises": (lambda: raising(), ValueError),
}


def raising() -> Any:
    yield user(20)
    raise ValueError("mine")


@pytest.mark.parametrize("kind", BAD_ROWS)
@pytest.mark.parametrize("way", ["load", "put_many"])
def test_rows_that_are_refused_halfway_leave_nothing(people: Any, kind: str, way: str) -> None:
    rows, error = BAD_ROWS[kind]
    if way == "put_many" and error is zlmdb.DuplicateKey:
        with people.begin(write=True) as txn:
            assert txn[Users].put_many(rows()) == 2
        return
    before = everything(people)
    with people.begin(write=True) as txn:
        with pytest.raises(error):
            getattr(txn[Users], way)(rows())
        assert txn[Users].check() == []
        txn[Notes][1] = "x"  # as it was
    assert everything(people) == before


def test_faults_concern_every_handle_of_the_file(people: Any) -> None:
    with (
        zlmdb.open(people.dbpath, [Notes]) as other,
        faults.failing(people, 1),
        pytest.raises(faults.InjectedFault),
        other.begin(write=True) as txn,
    ):
        txn[Notes][1] = "lost"
    with people.begin() as txn:
        assert txn[Notes][1] == "x"
