"""Threads: one writer at a time, readers with a snapshot each, and no reader left behind by a thread that dies."""

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dbsupport import Counters, Notes, Users, declare, everything

import zlmdb
from tests.database.changing import KEY, change, in_thread


def test_writers_of_many_threads_lose_nothing(db: Any) -> None:
    db.attach_table(Counters)
    with db.begin(write=True) as txn:
        txn[Counters]["all"] = 0
    failed = []

    def count(name: str) -> None:
        try:
            for _ in range(15):
                with db.begin(write=True) as txn:
                    counters = txn[Counters]
                    counters["all"] += 1
                    counters[name] = counters.get(name, 0) + 1
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=(f"thread {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with db.begin() as txn:
        assert dict(txn[Counters].items()) == {"all": 120, **{f"thread {n}": 15 for n in range(8)}}


def test_a_second_writer_waits_for_the_first(db: Any) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with db.begin(write=True) as txn:
            order.append("second")
            assert txn.get(KEY) == b"first"

    with db.begin(write=True) as txn:
        thread = threading.Thread(target=second)
        thread.start()
        waiting.wait(60)
        txn.put(KEY, b"first")
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def test_readers_of_other_threads_see_snapshots(tables: Any) -> None:
    entered, changed = threading.Event(), threading.Event()
    seen: list[Any] = []

    def read() -> None:
        with tables.begin() as txn:
            entered.set()
            changed.wait(60)
            seen.append((sorted(txn[Users]), txn[Notes][1], txn[Users].check()))
        with tables.begin() as txn:
            seen.append((sorted(txn[Users]), txn[Notes][1], txn[Users].check()))

    thread = threading.Thread(target=read)
    thread.start()
    entered.wait(60)
    with tables.begin(write=True) as txn:
        change(txn)
    changed.set()
    thread.join(60)
    assert seen == [(list(range(1, 11)), "one", []), ([1, 2, *range(4, 12)], "changed", [])]


def test_a_thread_that_dies_leaves_no_reader_behind(db: Any) -> None:
    for _ in range(300):  # more than LMDB's own default of 126 reader slots
        assert in_thread(lambda: everything(db)) == []
    assert len(db.readers()) < 50


def test_more_readers_than_slots_are_refused_and_freed_again(db: Any) -> None:
    with db.begin(write=True) as txn:
        txn.put(KEY, b"value")
    open_ones: list[Any] = []
    with contextlib.ExitStack() as stack:
        with pytest.raises(zlmdb.ReadersFull, match="reader table") as caught:  # noqa: PT012 the block as a whole is what raises
            for _ in range(1200):
                open_ones.append(stack.enter_context(db.begin()))
        assert isinstance(caught.value, zlmdb.lmdb.ReadersFullError)
        assert 1000 <= len(open_ones) <= 1024
        assert all(txn.get(KEY) == b"value" for txn in open_ones)
    assert everything(db) == [(KEY, b"value")]


def test_two_threads_attach_the_same_new_tables(db: Any) -> None:
    classes = [declare(zlmdb.MapOidString) for _ in range(20)]
    found: list[list[Any]] = []
    start = threading.Barrier(4)

    def attach() -> None:
        start.wait(60)
        found.append([db.attach_table(cls) for cls in classes])

    threads = [threading.Thread(target=attach) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    slots = [[table._slot for table in tables] for tables in found]
    assert slots == [list(range(1, 21))] * 4


class Elsewhere:
    """A write transaction that another thread has begun, and holds until it is told to end."""

    def __init__(self, db: Any) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.txn = db.begin(write=True)
        self.thread = threading.Thread(target=self.run, name="elsewhere")
        self.thread.start()
        assert self.begun.wait(60)

    def run(self) -> None:
        with self.txn as txn:
            txn.put(KEY, b"written")
            self.begun.set()
            self.go.wait(60)

    def end(self) -> None:
        self.go.set()
        self.thread.join(60)


MISUSE: dict[str, Callable[[Any], Any]] = {
    "commit": lambda txn: txn.commit(),
    "abort": lambda txn: txn.abort(),
    "end of the block": lambda txn: txn.__exit__(None, None, None),
    "map": lambda txn: txn[Counters],
    "savepoint": lambda txn: txn.savepoint().__enter__(),
}


@pytest.mark.parametrize("how", MISUSE)
def test_a_write_transaction_is_refused_to_other_threads(db: Any, how: str) -> None:
    db.attach_table(Counters)
    other = Elsewhere(db)
    try:
        with pytest.raises(zlmdb.TransactionError, match=r"the thread that began it, 'elsewhere'; this is .*open: end"):
            MISUSE[how](other.txn)
    finally:
        other.end()
    # Its own thread ends it, and the next writer need not wait.
    with db.begin(write=True) as txn:
        assert txn.get(KEY) == b"written"


def fail_within(txn: Any, error: Exception) -> None:
    with contextlib.ExitStack() as block:
        block.push(txn)  # which is not entered
        raise error


def test_an_error_in_the_block_is_not_hidden_by_that_of_the_thread(db: Any) -> None:
    other = Elsewhere(db)
    try:
        error = ValueError("first")
        with pytest.raises(zlmdb.TransactionError, match="elsewhere") as found:
            fail_within(other.txn, error)
        assert found.value.__context__ is error
    finally:
        other.end()


@pytest.mark.parametrize("how", MISUSE)
def test_a_write_transaction_whose_thread_has_ended_is_aborted(db: Any, how: str) -> None:
    db.attach_table(Counters)
    txn = db.begin(write=True)

    def begin() -> None:
        txn.__enter__()
        txn.put(KEY, b"lost")

    in_thread(begin)
    with pytest.raises(zlmdb.TransactionError, match="has ended, and the engine's lock with it"):
        MISUSE[how](txn)
    with pytest.raises(zlmdb.TransactionClosed):
        txn.commit()
    with db.begin(write=True) as later:
        assert later.get(KEY) is None
        later.put(KEY, b"stored")
    with db.begin() as reader:
        assert reader.get(KEY) == b"stored"


def test_a_database_is_not_closed_under_the_writer_of_another_thread(tmp_path: Any) -> None:
    db = zlmdb.open(str(tmp_path))
    other = Elsewhere(db)
    with pytest.raises(zlmdb.TransactionError, match="cannot be closed while thread 'elsewhere'"):
        db.close()
    assert db.is_open
    other.end()
    db.close()
    with zlmdb.open(str(tmp_path)) as again, again.begin(write=True) as txn:
        assert txn.get(KEY) == b"written"


def test_a_database_is_closed_whose_writer_has_gone(tmp_path: Any) -> None:
    db = zlmdb.open(str(tmp_path))
    txn = db.begin(write=True)
    in_thread(txn.__enter__)
    db.close()
    with pytest.raises(zlmdb.TransactionClosed):
        txn.put(KEY, b"late")
    with zlmdb.open(str(tmp_path)) as again, again.begin(write=True) as later:
        later.put(KEY, b"stored")


class Watched(weakref.WeakSet[Any]):
    """A set that notes whether another thread could add to it while it is gone through."""

    def __init__(self, env: Any) -> None:
        super().__init__(env.handles)
        self.env = env
        self.free: list[bool] = []

    def __iter__(self) -> Iterator[Any]:
        in_thread(self._try)
        return super().__iter__()

    def _try(self) -> None:
        self.free.append(self.env.attaching.acquire(blocking=False))
        if self.free[-1]:
            self.env.attaching.release()


@pytest.mark.parametrize("what", ["attach_table", "migrate"])
def test_no_map_is_added_by_another_thread_while_those_of_the_file_are_gone_through(db: Any, what: str) -> None:
    db.attach_table(Counters)
    watched = db._env.handles = Watched(db._env)
    if what == "migrate":
        db.migrate()
    else:
        db.attach_table(Users)
    assert watched.free
    assert not any(watched.free)
