"""Transactions: all or nothing, once begun and not after the end, raw records, and what is counted."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from dbsupport import Notes, Users, everything, last_txnid, user

import zlmdb
from tests.database.changing import KEY, assert_changed, change, in_thread, write_raw


class Stop(BaseException):
    pass


# -- the end of the block


def test_the_end_of_the_block_commits(tables: Any) -> None:
    with tables.begin(write=True) as txn:
        change(txn)
    assert_changed(tables)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, Stop])
def test_an_exception_aborts_and_passes_on(tables: Any, error: type[BaseException]) -> None:
    before = everything(tables)
    mine = error("mine")
    with pytest.raises(error) as caught, tables.begin(write=True) as txn:  # noqa: PT012 the block as a whole is what raises
        change(txn)
        raise mine
    assert caught.value is mine
    assert everything(tables) == before
    with tables.begin(write=True) as txn:
        change(txn)
    assert_changed(tables)


@pytest.mark.parametrize("left_by", ["return", "break", "continue"])
def test_leaving_the_block_early_commits(tables: Any, left_by: str) -> None:
    def leave() -> None:
        for _ in range(1):
            with tables.begin(write=True) as txn:
                change(txn)
                if left_by == "return":
                    return
                if left_by == "break":
                    break
                continue

    leave()
    assert_changed(tables)


def test_commit_and_abort_end_the_block_early(tables: Any) -> None:
    before = everything(tables)
    with tables.begin(write=True) as txn:
        change(txn)
        txn.abort()
        with pytest.raises(zlmdb.TransactionClosed, match="has ended: it was aborted"):
            txn.get(KEY)
    assert everything(tables) == before
    with tables.begin(write=True) as txn:
        change(txn)
        txn.commit()
        with pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
            txn.put(KEY, b"late")
        assert_changed(tables)  # nothing waits for the end of the block
        with pytest.raises(zlmdb.TransactionClosed):
            txn.commit()
        with pytest.raises(zlmdb.TransactionClosed):
            txn.abort()
    assert_changed(tables)


def test_an_abort_frees_the_writer_for_other_threads(tables: Any) -> None:
    with pytest.raises(ValueError, match="mine"), tables.begin(write=True):
        raise ValueError("mine")
    assert in_thread(lambda: write_raw(tables, b"1")) == "done"


def test_a_transaction_without_changes_changes_nothing(tables: Any) -> None:
    before = last_txnid(tables)
    with tables.begin(write=True):
        pass
    with tables.begin(write=True) as txn:
        assert txn.get(KEY) is None
        assert not txn.delete(KEY)
        txn[Users].put(user(1))  # as it is stored
    assert last_txnid(tables) == before


# -- before the beginning and after the end

USES: dict[str, Callable[[Any], Any]] = {
    "get": lambda txn: txn.get(KEY),
    "put": lambda txn: txn.put(KEY, b""),
    "put without overwrite": lambda txn: txn.put(KEY, b"", overwrite=False),
    "delete": lambda txn: txn.delete(KEY),
    "id": lambda txn: txn.id(),
    "cursor": lambda txn: txn.cursor(),
    "table": lambda txn: txn[Users],
    "savepoint": lambda txn: txn.savepoint().__enter__(),
    "commit": lambda txn: txn.commit(),
    "abort": lambda txn: txn.abort(),
}


@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("use", USES)
def test_use_before_the_beginning_and_after_the_end_is_named(tables: Any, use: str, write: bool) -> None:
    before = everything(tables)
    txn = tables.begin(write=write)
    with pytest.raises(zlmdb.TransactionClosed, match="has not begun: use it in a with block") as caught:
        USES[use](txn)
    assert tables.dbpath in str(caught.value)
    with txn:
        pass
    with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
        USES[use](txn)
    assert everything(tables) == before


MAP_USES: dict[str, Callable[[Any], Any]] = {
    "get": lambda users: users.get(1),
    "item": lambda users: users[1],
    "in": lambda users: 1 in users,
    "len": len,
    "bool": bool,
    "iter": lambda users: list(users),
    "values": lambda users: list(users.values()),
    "select": lambda users: list(users.select(1, 5)),
    "reverse": lambda users: list(users.select(reverse=True)),
    "next": lambda users: next(users.select()),
    "count": lambda users: users.count(),
    "count_range": lambda users: users.count_range(1, 3),
    "first": lambda users: users.first(),
    "last": lambda users: users.last(),
    "get_many": lambda users: list(users.get_many([1, 2])),
    "index": lambda users: users.by_email["1@example.com"],
    "index select": lambda users: list(users.by_city.select("city 1")),
    "index count": lambda users: users.by_city.count("city 1"),
    "add": lambda users: users.add(user(50)),
    "put": lambda users: users.put(user(1, name="new")),
    "put_many": lambda users: users.put_many([user(50)]),
    "load": lambda users: users.load([user(50)]),
    "del": lambda users: users.__delitem__(1),
    "delete": lambda users: users.delete(1),
    "clear": lambda users: users.clear(),
    "truncate": lambda users: users.truncate(),
    "popitem": lambda users: users.popitem(),
    "rebuild": lambda users: users.rebuild_indexes(),
    "check": lambda users: users.check(),
}


@pytest.mark.parametrize("use", MAP_USES)
def test_a_map_ends_with_its_transaction(tables: Any, use: str) -> None:
    before = everything(tables)
    for write in (False, True):
        with tables.begin(write=write) as txn:
            users = txn[Users]
        with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
            MAP_USES[use](users)
        # nor is it usable in the next one
        with tables.begin(write=True), pytest.raises(zlmdb.TransactionClosed, match="has ended"):
            MAP_USES[use](users)
    assert everything(tables) == before


@pytest.mark.parametrize(
    "use", ["add", "put", "put_many", "load", "del", "delete", "clear", "truncate", "popitem", "rebuild"]
)
def test_a_write_in_a_read_transaction_is_named(tables: Any, use: str) -> None:
    before = everything(tables)
    for caught_as in (zlmdb.ReadOnlyTransaction, zlmdb.lmdb.ReadonlyError):
        with tables.begin() as txn:
            with pytest.raises(caught_as, match=r"db\.begin\(write=True\)"):
                MAP_USES[use](txn[Users])
            assert txn[Users][1] == user(1)
    assert everything(tables) == before


@pytest.mark.parametrize("use", ["put", "put without overwrite", "delete"])
def test_a_raw_write_in_a_read_transaction_is_named(tables: Any, use: str) -> None:
    with tables.begin() as txn, pytest.raises(zlmdb.ReadOnlyTransaction, match=r"db\.begin\(write=True\)"):
        USES[use](txn)


def test_an_iterator_ends_with_its_transaction(tables: Any) -> None:
    with tables.begin(write=True) as txn:
        txn[Users].load(user(number, city="big") for number in range(100, 5000))
    shapes: list[Callable[[Any], Any]] = [
        lambda users: users.select(),
        lambda users: users.select(reverse=True),
        lambda users: users.select(return_keys=False),
        lambda users: users.select(return_values=False, reverse=True),
        lambda users: users.select(return_keys=False, return_values=False),
        lambda users: iter(users),
        lambda users: users.items(),
        lambda users: users.by_city.select("big"),
        lambda users: users.by_city_name.select("big"),
    ]
    for write in (False, True):
        with tables.begin(write=write) as txn:
            iterators = [iter(shape(txn[Users])) for shape in shapes]
            for iterator in iterators:
                next(iterator)
        for number, iterator in enumerate(iterators):
            with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
                list(iterator)
            assert next(iterator, None) is None, number


def test_an_attached_map_with_an_ended_transaction_is_named(tables: Any) -> None:
    users = tables.attach_table(Users)
    with tables.begin() as txn:
        pass
    uses: list[Callable[[], Any]] = [
        lambda: users[txn, 1],
        lambda: (txn, 1) in users,
        lambda: users.__setitem__((txn, 1), user(1)),
        lambda: users.__delitem__((txn, 1)),
        lambda: list(users.select(txn)),
        lambda: users.count(txn),
        lambda: users.truncate(txn),
    ]
    for use in uses:
        with pytest.raises(zlmdb.TransactionClosed, match="has ended"):
            use()


# -- beginning again, and nesting


def test_a_transaction_is_not_entered_twice_at_a_time(tables: Any) -> None:
    for write in (False, True):
        with tables.begin(write=write) as txn:
            with pytest.raises(zlmdb.TransactionError, match="has begun already"):
                txn.__enter__()
            assert txn[Notes][1] == "one"


def test_an_ended_transaction_may_be_begun_again(tables: Any) -> None:
    txn = tables.begin(write=True)
    for number in range(3):
        with txn as begun:
            assert begun is txn
            assert txn.get(KEY) == (str(number - 1).encode() if number else None)
            txn.put(KEY, str(number).encode())
    reader = tables.begin()
    with reader:
        assert reader.get(KEY) == b"2"
    with txn:
        txn.put(KEY, b"3")
    with reader:
        assert reader.get(KEY) == b"3"


def test_a_second_write_transaction_in_a_thread_is_refused(tables: Any) -> None:
    before = everything(tables)
    with tables.begin(write=True) as txn:
        txn.put(KEY, b"first")
        with pytest.raises(zlmdb.TransactionError, match="would wait for itself") as caught:
            tables.begin(write=True).__enter__()
        assert "savepoint()" in str(caught.value)
        with zlmdb.open(tables.dbpath) as other:
            with pytest.raises(zlmdb.TransactionError, match="would wait for itself"):
                other.begin(write=True).__enter__()
            with pytest.raises(zlmdb.TransactionError, match="would wait for itself"):
                other.write(lambda txn: None)
        assert txn.get(KEY) == b"first"
    assert everything(tables) == sorted([*before, (KEY, b"first")])


def test_read_transactions_nest_and_see_what_was_committed_before_them(tables: Any) -> None:
    with tables.begin() as outer, tables.begin() as inner:
        assert outer.id() == inner.id()
        with tables.begin(write=True) as txn:
            txn[Notes][1] = "new"
            assert txn.id() == outer.id() + 1
            with tables.begin() as reader:
                assert reader[Notes][1] == "one"
        with tables.begin() as after:
            assert after.id() == outer.id() + 1
            assert (outer[Notes][1], inner[Notes][1], after[Notes][1]) == ("one", "one", "new")


def test_transactions_of_two_files_do_not_disturb_each_other(db: Any) -> None:
    with zlmdb.open(":memory:", [Notes]) as other, db.begin(write=True) as one:
        with other.begin(write=True) as two:
            two[Notes][1] = "other"
        one.put(KEY, b"mine")
        with other.begin() as reader:
            assert reader[Notes][1] == "other"
    assert everything(db) == [(KEY, b"mine")]


# -- raw records


def test_raw_records_do_what_they_did(db: Any) -> None:
    with db.begin(write=True) as txn:
        assert txn.get(KEY) is None
        assert txn.get(KEY, b"default") == b"default"
        assert txn.put(KEY, b"1") is True
        assert txn.put(KEY, b"2") is True
        assert txn.put(KEY, b"3", overwrite=False) is False
        assert txn.get(KEY) == b"2"
        assert txn.delete(KEY) is True
        assert txn.delete(KEY) is False
        assert txn.get(KEY) is None
        for key in (b"", b"k" * 2000):
            with pytest.raises((zlmdb.DataError, zlmdb.lmdb.BadValsizeError)):
                txn.put(key, b"")
        with pytest.raises(TypeError):
            txn.put("text", b"")
        txn.put(KEY, b"in the end")
    assert everything(db) == [(KEY, b"in the end")]


def test_the_engines_transaction_is_at_hand(db: Any) -> None:
    with db.begin(write=True) as txn:
        txn.put(KEY, b"value")
        cursor = txn._txn.cursor()
        assert [(bytes(k), bytes(v)) for k, v in cursor] == [(KEY, b"value")]
        assert txn.cursor().set_key(KEY)


def test_buffers_give_views_and_writers_give_copies(tables: Any) -> None:
    with tables.begin(write=True) as txn:
        txn.put(KEY, b"value")
    with tables.begin(buffers=True) as txn:
        found = txn.get(KEY)
        assert (type(found), bytes(found)) == (memoryview, b"value")
        assert txn[Users][1] == user(1)
        assert list(txn[Users]) == list(range(1, 11))
        del found
    with tables.begin(write=True, buffers=True) as txn:
        assert txn.get(KEY) == b"value"
        assert type(txn.get(KEY)) is bytes


def test_a_transaction_tells_what_it_is(tables: Any) -> None:
    for write, kind in ((False, "read"), (True, "write")):
        txn = tables.begin(write=write)
        assert repr(txn) == f"<{kind} transaction of {tables.dbpath}, not begun>"
        with txn:
            assert repr(txn) == f"<{kind} transaction of {tables.dbpath}, open>"
        assert repr(txn) == f"<{kind} transaction of {tables.dbpath}, ended>"


def test_a_table_that_is_not_attached_is_named(db: Any) -> None:
    with db.begin() as txn, pytest.raises(zlmdb.TableNotAttached, match="table Users is not attached") as caught:
        txn[Users]
    assert isinstance(caught.value, LookupError)
    assert "attach_table" in str(caught.value)


# -- statistics


def test_statistics_count_records_and_index_entries() -> None:
    stats = zlmdb.TransactionStats()
    with zlmdb.open(":memory:", [Users, Notes]) as db:
        counted = []
        for action in (
            lambda txn: txn[Users].add(user(1)),  # a row and three entries
            lambda txn: txn[Users].add(user(5)),  # a row and one entry: no city
            lambda txn: txn[Users].put(user(1)),  # nothing new
            lambda txn: txn[Users].put(user(1, email="new")),  # a row, one entry exchanged
            lambda txn: txn[Users].put(user(1, email="new", city=None)),  # a row, two entries gone
            lambda txn: txn[Users].__delitem__(5),
            lambda txn: txn[Users].delete(5),
            lambda txn: txn[Users].load(user(number) for number in (6, 7, 8)),
            lambda txn: txn[Notes].put_many({1: "a", 2: "b"}),
            lambda txn: (txn.put(KEY, b"1"), txn.put(KEY, b"2"), txn.put(KEY, b"3", overwrite=False)),
            lambda txn: (txn.delete(KEY), txn.delete(KEY)),
            lambda txn: txn[Notes].clear(),
            lambda txn: txn[Users].clear(),
        ):
            stats.reset()
            assert (stats.puts, stats.dels) == (0, 0)
            with db.begin(write=True, stats=stats) as txn:
                action(txn)
            counted.append((stats.puts, stats.dels))
    assert counted == [
        (4, 0), (2, 0), (0, 0), (2, 1), (1, 2), (0, 2), (0, 0),
        (12, 0), (2, 0), (2, 0), (0, 1), (0, 2), (0, 14),
    ]  # fmt: skip


def test_statistics_add_up_over_transactions_and_keep_time(db: Any) -> None:
    stats = zlmdb.TransactionStats()
    started = stats.started
    db.attach_table(Notes)
    for number in range(3):
        with db.begin(write=True, stats=stats) as txn:
            txn[Notes][number] = "x"
            assert stats.puts == number + 1
    with contextlib.suppress(ValueError), db.begin(write=True, stats=stats) as txn:
        txn[Notes][9] = "x"
        raise ValueError
    with db.begin(stats=stats) as txn:
        assert len(txn[Notes]) == 3
    assert (stats.puts, stats.dels, stats.started) == (4, 0, started)
    first, second = stats.duration, stats.duration
    assert 0 < first <= second
    stats.reset()
    assert (stats.puts, stats.dels) == (0, 0)
    assert stats.started > started
