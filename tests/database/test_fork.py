"""Forks: what a child inherits is its parent's; its own database opens when it is used, and disturbs nobody."""

import gc
import multiprocessing
import os
import threading
from typing import Any

import pytest
from dbsupport import Counters, Notes, Users, add_user, environment, everything, in_fork, user

import zlmdb

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

KEY = b"\xff\xf0key"
FORKED = "belongs to the parent process, from which this one was forked"


@pytest.fixture
def people(db: Any) -> Any:
    db.attach_tables([Users, Notes])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 6))
    return db


def names(db: Any) -> list[str]:
    with db.begin() as txn:
        return [row.name for row in txn[Users].values()]


def raised(action: Any) -> Any:
    """The error that a function raises, as text."""
    try:
        found = action()
    except zlmdb.ZlmdbError as error:
        return f"{type(error).__name__}: {error}"
    return f"no error, but {found!r}"


@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_an_inherited_transaction_says_whose_it_is(people: Any, write: bool) -> None:
    with people.begin(write=write) as txn:
        users = txn[Users]
        cursor_of = txn.cursor
        uses = {
            "get": lambda: txn.get(KEY),
            "put": lambda: txn.put(KEY, b"child"),
            "delete": lambda: txn.delete(KEY),
            "id": txn.id,
            "cursor": cursor_of,
            "table": lambda: txn[Users],
            "row": lambda: users[1],
            "rows": lambda: list(users),
            "items": lambda: list(users.items()),
            "len": lambda: len(users),
            "index": lambda: users.by_email["1@example.com"],
            "add": lambda: users.add(user(9)),
            "load": lambda: users.load([user(9)]),
            "clear": users.clear,
            "savepoint": lambda: txn.savepoint().__enter__(),
            "commit": txn.commit,
            "abort": txn.abort,
            "attached map": lambda: people._tables[Users][txn, 1],
        }
        for name, use in uses.items():
            told = in_fork(lambda use=use: raised(use))
            assert told.startswith("TransactionClosed: "), (name, told)
            assert FORKED in told, (name, told)
            assert people.dbpath in told, (name, told)
        assert users[1] == user(1)
        if write:
            users.add(user(10))
            txn.put(KEY, b"parent")
    assert len(names(people)) == (6 if write else 5)


def test_a_child_that_leaves_an_inherited_block_ends_nothing(people: Any) -> None:
    for write in (False, True):
        txn = people.begin(write=write)
        txn.__enter__()
        if write:
            txn.put(KEY, b"parent")
        assert in_fork(lambda txn=txn: txn.__exit__(None, None, None)) == "None"
        assert in_fork(lambda txn=txn: txn.__exit__(ValueError, ValueError(), None)) == "None"
        assert len(txn[Users]) == 5
        txn.__exit__(None, None, None)
    assert (KEY, b"parent") in everything(people)


def test_a_childs_database_reads_and_writes(people: Any) -> None:
    def work() -> Any:
        before = names(people)
        with people.begin(write=True) as txn:
            txn[Users].add(user(6))
            txn[Notes][1] = "child"
        return (
            before == [f"name {n}" for n in range(1, 6)],
            names(people)[-1],
            people.verify(),
            people.stats()["num_slots"],
        )

    assert in_fork(work) == "(True, 'name 6', [], 5)"
    assert names(people)[-1] == "name 6"
    with people.begin(write=True) as txn:
        txn[Users].add(user(7))
    assert in_fork(lambda: names(people)[-1]) == "name 0"


def test_a_child_attaches_new_tables(people: Any) -> None:
    def work() -> Any:
        counters = people.attach_table(Counters)
        with people.begin(write=True) as txn:
            counters[txn, "child"] = 1
        return counters._slot

    assert in_fork(work) == "6"
    people.attach_table(Counters)
    with people.begin() as txn:
        assert dict(txn[Counters].items()) == {"child": 1}


def test_a_grandchild_works_too(people: Any) -> None:
    def middle() -> Any:
        with people.begin() as txn:
            assert len(txn[Users]) == 5
            told = in_fork(lambda: (raised(lambda: txn.get(KEY)), names(people)))
            return FORKED in told, "name 5" in told, len(txn[Users])

    assert in_fork(middle) == "(True, True, 5)"


def exits() -> dict[str, Any]:
    return {
        "exits at once": lambda db: None,
        "uses the database": names,
        "collects garbage": lambda db: gc.collect() and None,
        "closes the handle": lambda db: db.close(),
        "opens and closes": lambda db: zlmdb.open(db.dbpath).close(),
        "leaves the handle's block": lambda db: db.__exit__(None, None, None),
    }


@pytest.mark.parametrize("what", exits())
def test_a_reader_of_the_parent_keeps_its_snapshot_whatever_a_child_does(people: Any, what: str) -> None:
    with people.begin(write=True) as txn:
        txn.put(KEY, b"old" * 5000)
    with people.begin() as reader:
        for _ in range(3):
            in_fork(lambda: exits()[what](people))
            for turn in range(10):  # pages that nobody holds are reused at once
                with people.begin(write=True) as txn:
                    txn.put(KEY, str(turn).encode() * 15000)
                    txn[Users].put(user(1, name=f"turn {turn}"))
            assert reader.get(KEY) == b"old" * 5000
            assert reader[Users][1] == user(1)
            assert reader[Users].check() == []
            assert os.getpid() in [found["pid"] for found in people.readers()]
    assert names(people)[0] == "turn 9"


@pytest.mark.parametrize("what", [what for what in exits() if what != "uses the database"])
def test_a_writer_of_the_parent_goes_on_whatever_a_child_does(people: Any, what: str) -> None:
    with people.begin(write=True) as txn:
        txn[Users].add(user(6))
        in_fork(lambda: exits()[what](people))
        txn[Users].add(user(7))
        in_fork(lambda: exits()[what](people))
    assert len(names(people)) == 7
    assert people.verify() == []


def test_a_child_reads_while_its_parent_writes(people: Any) -> None:
    with people.begin(write=True) as txn:
        txn[Users].add(user(6))
        assert in_fork(lambda: len(names(people))) == "5"
        txn[Users].add(user(7))
    assert in_fork(lambda: len(names(people))) == "7"


def test_a_child_waits_for_its_parents_writer(people: Any) -> None:
    with people.begin(write=True) as txn:
        txn[Notes][1] = "parent"
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with people.begin(write=True) as own:
                    own[Notes][2] = f"child after {own[Notes][1]}"
                status = 0
            finally:
                os._exit(status)
        txn[Notes][3] = "parent"
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    with people.begin() as txn:
        assert dict(txn[Notes].items()) == {1: "parent", 2: "child after parent", 3: "parent"}


def test_a_child_of_a_thread_that_does_not_hold_the_writer(people: Any) -> None:
    """The registry and the environments may be busy in another thread at the moment of the fork."""
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            zlmdb.open(people.dbpath).close()
            with people.begin(write=True) as txn:
                txn[Notes][1] = "busy"

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        found = [in_fork(lambda: len(names(people))) for _ in range(20)]
    finally:
        stop.set()
        thread.join(60)
    assert found == ["5"] * 20


def test_a_temporary_database_is_its_makers(people: Any) -> None:
    with zlmdb.Database() as temporary:
        with temporary.begin(write=True) as txn:
            txn.put(KEY, b"value")
        in_fork(lambda: temporary.close())
        assert os.path.isdir(temporary.dbpath)
        assert in_fork(lambda: everything(temporary)) == "[(b'\\xff\\xf0key', b'value')]"
        assert os.path.isdir(temporary.dbpath)
        assert everything(temporary) == [(KEY, b"value")]
    assert not os.path.exists(temporary.dbpath)


def test_an_in_memory_database_is_reached_by_a_child(people: Any) -> None:
    with zlmdb.open(":memory:", [Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "parent"

        def work() -> Any:
            with db.begin(write=True) as txn:
                txn[Notes][2] = "child"

        in_fork(work)
        with db.begin() as txn:
            assert dict(txn[Notes].items()) == {1: "parent", 2: "child"}


# -- multiprocessing


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_carries_the_database(people: Any, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    context: Any = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        found = pool.starmap(add_user, [(people, number) for number in range(10, 16)])
    assert sorted(found) == [6, 7, 8, 9, 10, 11]
    assert len(names(people)) == 11
    assert people.verify() == []


def test_a_scan_that_goes_on_in_the_child_ends_with_the_name_of_the_mistake(people: Any) -> None:
    """Otherwise it would read what the parent writes over the pages, and call it damage, or rows."""
    with people.begin(write=True) as txn:
        txn[Notes].load((number, "x" * 100) for number in range(3000))
    ours, theirs = os.pipe()
    reading = people.begin()
    reading.__enter__()
    notes = reading[Notes]
    walks = [iter(notes.select()), iter(notes.select(return_values=False)), iter(notes.select(reverse=True))]
    for walk in walks:
        next(walk)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(theirs)
            os.read(ours, 1)  # until the parent has ended the snapshot and written over its pages
            said = [raised(lambda walk=walk: list(walk)) for walk in walks]
            status = 0 if all(FORKED in text for text in said) else 2
        finally:
            os._exit(status)
    os.close(ours)
    reading.abort()
    for number in range(6):
        with people.begin(write=True) as txn:
            txn[Notes].truncate()
            txn[Notes].load((key, f"{number}" * 120) for key in range(3000))
    os.close(theirs)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
