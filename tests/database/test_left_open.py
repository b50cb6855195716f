"""Transactions that nobody ends: dropped in another thread, left by a thread that ends, open when all is closed."""

import contextlib
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, child, everything, run_python

import zlmdb
from tests.database.changing import KEY, in_thread
from zlmdb.engine import registry


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Another thread, which goes on living between its tasks."""
    with ThreadPoolExecutor(1, thread_name_prefix="elsewhere") as pool:
        pool.submit(int).result(60)
        yield pool


def begun_in(pool: ThreadPoolExecutor, db: Any) -> Any:
    """A write transaction that another thread has begun."""
    txn = db.begin(write=True)
    pool.submit(txn.__enter__).result(60)
    txn.put(KEY, b"lost")
    return txn


def write(db: Any) -> None:
    with db.begin(write=True) as txn:
        txn.put(KEY, b"stored")


def test_a_writer_dropped_in_another_thread_is_named_to_the_next_one(db: Any, elsewhere: ThreadPoolExecutor) -> None:
    txn = begun_in(elsewhere, db)
    del txn
    with pytest.raises(zlmdb.TransactionError, match=r"thread 'elsewhere_0' began .* nobody ended"):
        write(db)
    # It gives the lock back when it writes next; nothing of the old transaction is left.
    elsewhere.submit(write, db).result(60)
    write(db)
    assert everything(db) == [(KEY, b"stored")]


def test_a_writer_dropped_in_another_thread_ends_with_its_own(db: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        txn = begun_in(pool, db)
        del txn
    assert everything(db) == []
    write(db)


def test_a_writer_in_a_cycle_that_another_thread_collects(db: Any, elsewhere: ThreadPoolExecutor) -> None:
    txn = begun_in(elsewhere, db)
    cycle = [txn]
    cycle.append(cycle)
    del txn, cycle
    gc.collect()
    with pytest.raises(zlmdb.TransactionError, match="nobody ended"):
        write(db)
    elsewhere.submit(write, db).result(60)
    write(db)


def test_a_writer_dropped_in_its_own_thread_is_aborted_at_once(db: Any) -> None:
    txn = db.begin(write=True)
    txn.__enter__()
    txn.put(KEY, b"lost")
    del txn
    in_thread(lambda: write(db))
    assert everything(db) == [(KEY, b"stored")]


def test_a_writer_in_a_cycle_is_aborted_when_its_thread_writes_next(db: Any) -> None:
    """As after an exception at the very entry of ``__exit__``, which nothing can guard."""
    db.attach_table(Notes)
    txn = db.begin(write=True)
    txn.__enter__()
    txn[Notes][1] = "lost"  # transaction and map hold each other
    del txn
    gc.disable()
    try:
        write(db)
    finally:
        gc.enable()
    with db.begin() as txn:
        assert 1 not in txn[Notes]


def test_a_database_is_closed_that_a_dropped_writer_of_another_thread_was_left_in(
    path: str, elsewhere: ThreadPoolExecutor
) -> None:
    db = zlmdb.open(path)
    txn = begun_in(elsewhere, db)
    del txn
    db.close()
    with zlmdb.open(path) as again:
        assert everything(again) == []
        elsewhere.submit(write, again).result(60)
        write(again)


def test_a_thread_that_ends_gives_the_lock_back(db: Any) -> None:
    """Otherwise the engine takes it for the lock of a process that crashed, and does no work any more."""
    txn = db.begin(write=True)
    in_thread(txn.__enter__)
    write(db)
    for use in (txn.commit, lambda: txn.put(KEY, b"late"), lambda: txn.__exit__(None, None, None)):
        with pytest.raises(zlmdb.TransactionClosed, match="the thread that began it has ended"):
            use()
    assert everything(db) == [(KEY, b"stored")]


def test_one_who_waits_for_a_thread_that_ends_gets_the_lock(db: Any) -> None:
    begun, waiting = threading.Event(), threading.Event()
    txn = db.begin(write=True)

    def first() -> None:
        txn.__enter__()
        begun.set()
        waiting.wait(60)

    def second() -> None:
        waiting.set()
        write(db)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    begun.wait(60)
    threads[1].start()
    for thread in threads:
        thread.join(60)
    assert everything(db) == [(KEY, b"stored")]


def test_savepoints_of_a_thread_that_ends_are_left_with_it(db: Any) -> None:
    txn = db.begin(write=True)
    blocks: list[Any] = []

    def begin() -> None:
        txn.__enter__()
        for _ in range(2):
            blocks.append(txn.savepoint())
            blocks[-1].__enter__()
            txn.put(KEY, b"lost")

    in_thread(begin)
    write(db)
    assert everything(db) == [(KEY, b"stored")]


def test_a_program_that_ends_while_a_daemon_writes_leaves_the_lock_free(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path):
        run_python(
            """
            import sys, threading, zlmdb
            db = zlmdb.open(sys.argv[1])
            begun = threading.Event()
            def hold():
                with db.begin(write=True) as txn:
                    begun.set()
                    threading.Event().wait()
            threading.Thread(target=hold, daemon=True).start()
            begun.wait(60)
            """,
            tmp_path,
            path,
        )
        with child(
            """
            import sys, zlmdb
            with zlmdb.open(sys.argv[1]) as db, db.begin(write=True) as txn:
                print("begun", flush=True)
            """,
            tmp_path,
            path,
        ) as other:
            # A lock that is taken for ever would keep this test waiting; the child can be killed instead.
            timer = threading.Timer(30, other.process.kill)
            timer.start()
            assert other.hears() == "begun"
            timer.cancel()
            other.finish()


def test_a_scan_of_another_thread_ends_well_when_the_database_is_closed(
    path: str, elsewhere: ThreadPoolExecutor
) -> None:
    """What it reads stays mapped until it is through; everything begun later is refused."""
    db = zlmdb.open(path, Notes)
    with db.begin(write=True) as txn:
        txn[Notes].load((number, "x" * 1000) for number in range(500))
    reader = db.begin()
    reader.__enter__()
    scan = iter(reader[Notes].items())
    next(scan)
    environment = db._environment()
    db.close()
    assert environment in registry._lingering
    assert len(elsewhere.submit(list, scan).result(60)) == 499
    for use in (lambda: reader[Notes], lambda: reader.get(KEY), reader.commit):
        with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
            use()
    del scan
    zlmdb.open(path).close()
    assert environment not in registry._lingering


def test_what_a_scan_lent_after_the_close_stays_mapped(path: str, elsewhere: ThreadPoolExecutor) -> None:
    db = zlmdb.open(path, Notes)
    with db.begin(write=True) as txn:
        txn.put(KEY, b"x" * 100)
    with db.begin(buffers=True) as reader:
        cursor = reader.cursor()
        environment = db._environment()
        db.close()
        assert environment in registry._lingering
        assert cursor.set_key(KEY)
        assert bytes(cursor.value()) == b"x" * 100
    del cursor
    zlmdb.open(path).close()
    assert environment not in registry._lingering


def test_transactions_that_nobody_uses_keep_no_file_open(path: str, elsewhere: ThreadPoolExecutor) -> None:
    db = zlmdb.open(path, Notes)
    readers = [db.begin(buffers=buffers) for buffers in (False, True)]
    for reader in readers:
        reader.__enter__()
        assert list(reader[Notes]) == []
    environment = db._environment()
    db.close()
    assert environment not in registry._lingering


def test_databases_are_closed_while_other_threads_read(path: str) -> None:
    with zlmdb.open(path, Notes) as db, db.begin(write=True) as txn:
        txn[Notes].load((number, "x" * 2000) for number in range(2000))
    failed: list[BaseException] = []

    def read(db: Any, reading: threading.Event) -> None:
        try:
            while True:
                with db.begin(buffers=True) as txn:
                    notes = txn[Notes]
                    for key, value in notes.items():
                        reading.set()
                        assert notes[key] == value
        except zlmdb.ZlmdbError as error:
            if not isinstance(error, (zlmdb.TransactionClosed, zlmdb.DatabaseClosed)):
                failed.append(error)
        except BaseException as error:
            failed.append(error)

    for _ in range(20):
        db = zlmdb.open(path, Notes)
        events = [threading.Event() for _ in range(3)]
        threads = [threading.Thread(target=read, args=(db, event)) for event in events]
        for thread in threads:
            thread.start()
        for event in events:
            event.wait(60)
        db.close()
        for thread in threads:
            thread.join(60)
    assert failed == []


def test_snapshots_of_closed_handles_go_although_another_handle_stays(path: str) -> None:
    def read(handle: Any, inside: threading.Event, go: threading.Event) -> None:
        with contextlib.suppress(zlmdb.TransactionClosed), handle.begin() as txn:
            for _ in txn[Notes].values():
                inside.set()
                go.wait(60)

    with zlmdb.open(path, [Notes]) as stays:
        with stays.begin(write=True) as txn:
            txn[Notes].update({1: "one", 2: "two"})
        for _ in range(20):
            handle = zlmdb.open(path, [Notes])
            inside, go = threading.Event(), threading.Event()
            thread = threading.Thread(target=read, args=(handle, inside, go))
            thread.start()
            inside.wait(60)
            handle.close()
            go.set()
            thread.join()
        assert len(stays.readers()) <= 2
