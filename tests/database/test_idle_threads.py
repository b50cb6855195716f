"""Read transactions that are used again, by threads, and in any order."""

import gc
import threading
from typing import Any

import pytest
from dbsupport import Notes, Users, user
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from idling import use

import zlmdb
from zlmdb.database import database, idle
from zlmdb.database.transaction import Transaction


def test_no_two_threads_have_the_same_transaction(tables: Any) -> None:
    open_now: set[int] = set()
    lock = threading.Lock()
    problems: list[Any] = []
    start = threading.Barrier(6)

    def read(number: int) -> None:
        held: list[Any] = []
        start.wait()
        try:
            for n in range(400):
                with tables.begin() as txn:
                    with lock:
                        if id(txn) in open_now:
                            problems.append(f"{txn} twice")
                        open_now.add(id(txn))
                    rows = txn[Users]
                    if rows[1 + n % 5].oid != 1 + n % 5 or any(txn is old for old in held):
                        problems.append(n)
                    if n % (number + 2) == 0:
                        held.append(rows if number % 2 else txn)
                        del held[:-3]
                    with lock:
                        open_now.remove(id(txn))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert not tables._env.live_transactions()
    assert len(tables._env.live) <= 6 * 4 + idle.MOST


@pytest.mark.parametrize("then", ["it is dropped", "it ends"])
def test_one_that_is_entered_again_while_another_thread_looks_at_it_is_not_handed_out(
    tables: Any, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    held = [tables.begin()]
    with held[0]:
        pass

    def meanwhile(found: Any) -> int:
        if held:
            held[0].__enter__()
            if then == "it ends":
                held[0].__exit__(None, None, None)
            held.clear()
        return 2

    monkeypatch.setattr(database, "getrefcount", meanwhile)
    with tables.begin() as txn:
        assert txn[Users][1].name == "name 1"
    assert held == []
    assert len(set(map(id, tables._idle))) == len(tables._idle)
    del txn
    assert not tables._env.live_transactions()


class Readers(RuleBasedStateMachine):
    """Readers begun, left, entered again, held and dropped in any order: each sees its own snapshot, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.db = zlmdb.open(":memory:", [Users, Notes])
        self.version = 0
        #: Open ones: transaction, what it holds, the version that it sees.
        self.open: list[tuple[Any, Any, int]] = []
        self.held: list[Any] = []

    @initialize()
    def first(self) -> None:
        self.write()

    @rule()
    def write(self) -> None:
        self.version += 1
        with self.db.begin(write=True) as txn:
            txn[Users].put(user(1, name=f"version {self.version}", email=f"{self.version}@example.org"))
            txn[Notes][1] = f"version {self.version}"

    @rule(take=st.sampled_from(["users", "notes", "both", "nothing"]))
    def begin(self, take: str) -> None:
        if len(self.open) < 6:
            self.enter(self.db.begin(), take)

    def enter(self, txn: Any, take: str) -> None:
        txn.__enter__()
        maps = {"users": [Users], "notes": [Notes], "both": [Notes, Users], "nothing": []}[take]
        self.open.append((txn, [txn[table] for table in maps], self.version))

    @rule(data=st.data(), keep=st.sampled_from(["nothing", "transaction", "maps"]), fail=st.booleans())
    def leave(self, data: st.DataObject, keep: str, fail: bool) -> None:
        if not self.open:
            return
        txn, maps, _ = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        txn.__exit__(*((ValueError, ValueError(), None) if fail else (None, None, None)))
        if keep != "nothing":
            self.held.append(txn if keep == "transaction" else maps)

    @rule(data=st.data(), take=st.sampled_from(["users", "both"]))
    def enter_again(self, data: st.DataObject, take: str) -> None:
        ended = [held for held in self.held if isinstance(held, Transaction)]
        if ended and len(self.open) < 6:
            txn = data.draw(st.sampled_from(ended))
            self.held = [held for held in self.held if held is not txn]
            self.enter(txn, take)

    @rule()
    def drop(self) -> None:
        del self.held[:1]

    @rule()
    def drop_open(self) -> None:
        if self.open:
            del self.open[0]
            gc.collect()

    @invariant()
    def each_is_what_it_should_be(self) -> None:
        assert len({id(txn) for txn, _, _ in self.open}) == len(self.open)
        for txn, maps, version in self.open:
            found = [value for rows in [txn[Users], txn[Notes], *maps] for value in rows.values()]
            assert {getattr(value, "name", value) for value in found} == {f"version {version}"}
        for held in self.held:
            for thing in held if isinstance(held, list) else [held]:
                with pytest.raises(zlmdb.TransactionClosed):
                    use(thing)
        living = self.db._env.live_transactions()
        assert sorted(map(id, living)) == sorted(id(txn) for txn, _, _ in self.open)

    def teardown(self) -> None:
        self.db.close()


class TestReaders(Readers.TestCase):
    """Run by Hypothesis."""

    settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
