"""Read transactions that are used again: the program can never tell one from a new one."""

import functools
import gc
import threading
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pytest
from dbsupport import Notes, Users, user
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import zlmdb
from zlmdb.database import database, idle
from zlmdb.database.transaction import Transaction
from zlmdb.tables import handle

KEY = b"\xff\xf0key"


@pytest.fixture
def people(db: Any) -> Any:
    db.attach_tables([Users, Notes])
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 6))
        txn[Notes][1] = "one"
    return db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list with one entry for every transaction object that was made."""
    log: list[Any] = []
    init = Transaction.__init__

    def logged(self: Transaction, *args: Any, **kwargs: Any) -> None:
        log.append(None)
        init(self, *args, **kwargs)

    monkeypatch.setattr(Transaction, "__init__", logged)
    return log


def name_of(db: Any, number: int = 1) -> str:
    with db.begin() as txn:
        found: str = txn[Users][number].name
        return found


def next_ones(db: Any, held: Any = None) -> list[Any]:
    """More transactions than wait at any time, each left at once; what is held from earlier can be used in none."""
    seen = []
    for number in range(3 * idle.MOST):
        with db.begin() as txn:
            if number % 3:
                assert txn[Users][1].name == "name 1"
            if held is not None:
                with pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
                    use(held)
            seen.append(txn)
    return seen


@pytest.mark.skipif(not idle.COUNTED, reason="references cannot be counted here, so none is used again")
@pytest.mark.parametrize("used", ["in a function", "in a loop", "within another one", "by raw key", "by an exception"])
def test_transactions_are_used_again(people: Any, made: list[Any], used: str) -> None:
    def loop() -> None:
        for _ in range(100):
            with people.begin() as txn:
                txn[Users][1]

    if used == "in a function":
        for _ in range(100):
            name_of(people)
    elif used == "in a loop":
        loop()
    elif used == "within another one":
        with people.begin() as outer:
            outer[Notes][1]
            loop()
    elif used == "by raw key":
        for _ in range(100):
            with people.begin() as txn:
                txn.get(KEY)
    else:
        for _ in range(100):
            with pytest.raises(KeyError), people.begin() as txn:
                txn[Users][0]
    assert 0 < len(made) <= 4


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "the transaction": lambda txn: txn,
    "its get": lambda txn: txn.get,
    "a map": lambda txn: txn[Users],
    "the second map": lambda txn: (txn[Users], txn[Notes])[1],
    "a method of a map": lambda txn: txn[Users].get,
    "an index": lambda txn: txn[Users].by_email,
    "rows": lambda txn: txn[Users].select(),
    "rows of an index": lambda txn: txn[Users].by_city.select(),
    "a view": lambda txn: txn[Users].items(),
}


def use(held: Any) -> None:
    """Read something through whatever it is."""
    if isinstance(held, Transaction):
        held.get(KEY)
    elif callable(held):
        held(KEY if held.__name__ == "get" and isinstance(held.__self__, Transaction) else 1)
    elif hasattr(held, "by_email") or isinstance(held, zlmdb.Map):
        held.get(1)
    elif hasattr(held, "select"):
        held.get("user1@example.org")
    else:
        next(iter(held))


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_the_program_holds_is_not_used_again(people: Any, holder: str) -> None:
    next_ones(people)
    for _ in range(3):
        with people.begin() as txn:
            held = HOLDERS[holder](txn)
        del txn
        next_ones(people, held)
        del held


def test_a_scan_under_way_is_not_taken_up_by_a_later_transaction(people: Any) -> None:
    with people.begin() as txn:
        rows = iter(txn[Users].items())
        assert next(rows)[0] == 1
    del txn
    next_ones(people)
    with people.begin(), pytest.raises(zlmdb.TransactionClosed, match="has ended"):
        next(rows)


def test_readers_one_after_the_other_take_one_place(people: Any) -> None:
    next_ones(people)
    assert [reader["txnid"] for reader in people.readers()] == [-1]
    with people.begin() as txn:
        assert [reader["txnid"] for reader in people.readers()] == [txn.id()]
        with people.begin(write=True) as writer:
            writer.put(KEY, b"value")
        with people.begin() as later:
            assert sorted(reader["txnid"] for reader in people.readers()) == [txn.id(), later.id()]
    assert [reader["txnid"] for reader in people.readers()] == [-1]


def test_what_hangs_on_a_transaction_by_a_weak_reference_ends_with_it(people: Any) -> None:
    notes: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
    for number in range(20):
        with people.begin() as txn:
            assert txn not in notes
            notes[txn] = f"made in {number}"
            txn[Users][1]


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e1")
class Counted(zlmdb.MapStringOid):
    """Numbers, with what the program computes of them once."""

    @functools.cached_property
    def total(self) -> int:
        return sum(self.values())


def test_a_transaction_that_the_program_watches_does_not_wait(people: Any) -> None:
    told: list[Any] = []
    with people.begin() as txn:
        weakref.finalize(txn, told.append, "gone")
    del txn
    name_of(people)
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


def test_a_transaction_entered_again_belongs_to_the_program(people: Any, made: list[Any]) -> None:
    txn = people.begin()
    for _ in range(3):
        with txn:
            assert txn[Users][1].name == "name 1"
            assert not any(txn is other for other in next_ones(people))
        assert not any(txn is other for other in next_ones(people, txn))
    # Open and dropped, it ends as any other does.
    txn.__enter__()
    del txn
    gc.collect()
    assert not people._env.live_transactions()


def test_messages_are_those_of_a_new_one(people: Any) -> None:
    next_ones(people)
    txn = people.begin()
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
def test_writing_in_a_reader_that_has_ended_says_that_it_has_ended(people: Any, ended_by: str, first: Any) -> None:
    next_ones(people)
    with pytest.raises(ZeroDivisionError) if ended_by == "an exception" else nullcontext(), people.begin() as txn:
        _, notes = txn[first], txn[Notes]
        if ended_by == "an exception":
            _ = 1 / 0
        elif ended_by.endswith(")"):
            getattr(txn, ended_by[:-2])()
    how = "aborted" if ended_by in ("an exception", "abort()") else "committed"
    for write_it in WRITES:
        with pytest.raises(zlmdb.TransactionClosed, match=f"has ended: it was {how}"):
            write_it(notes)
    attached = people._tables[Notes]
    with pytest.raises(zlmdb.TransactionClosed, match=f"has ended: it was {how}"):
        attached[txn, 1] = "two"


def test_a_database_that_is_dropped_closes_at_once(tmp_path: Path) -> None:
    db = zlmdb.open(str(tmp_path / "a.zdb"), [Users])
    with db.begin(write=True) as txn:
        txn[Users].add(user(1))
    next_ones(db)
    with db.begin() as txn:
        txn[Users][1]
    gc.disable()  # whatever is freed now is freed by its last reference
    try:
        gone = weakref.ref(db)
        env = db._env
        del db
        assert gone() is None
        assert env.references == 0
    finally:
        gc.enable()
    with pytest.raises(zlmdb.DatabaseClosed, match="the program dropped it"):
        txn.__enter__()


def test_a_database_that_is_closed_and_opened_again(people: Any) -> None:
    next_ones(people)
    with people.begin() as txn:
        txn[Users][1]
    people.close()
    with pytest.raises(zlmdb.DatabaseClosed):
        people.begin()
    with pytest.raises(zlmdb.DatabaseClosed):
        txn.__enter__()
    with people:
        assert name_of(people) == "name 1"
        with txn:
            assert txn[Users][1].name == "name 1"
        next_ones(people)


def test_a_map_knows_an_index_that_was_attached_meanwhile(people: Any) -> None:
    next_ones(people)
    held = people.begin()
    with held:
        held[Users][1]
    with people.begin() as under_way:
        under_way[Users][1]
        by_name = people.attach_table(ByName)
        people._tables[Users].attach_index("by_name", by_name, lambda row: row.name)
    for _ in range(3):
        with people.begin() as txn:
            assert "by_name" in txn[Users].indexes()
    with held:
        assert "by_name" in held[Users].indexes()
    people._tables[Users].detach_index("by_name")
    for _ in range(3):
        with people.begin() as txn:
            assert "by_name" not in txn[Users].indexes()


def test_one_that_was_handed_out_knows_what_was_attached_before_it_is_entered(people: Any) -> None:
    for _ in range(4):
        name_of(people)
    begun = people.begin()
    by_name = people.attach_table(ByName)
    people._tables[Users].attach_index("by_name", by_name, lambda row: row.name)
    with begun:
        assert "by_name" in begun[Users].indexes()


def test_one_that_was_handed_out_is_of_the_file_that_is_open_when_it_is_entered(tmp_path: Path) -> None:
    def fill(name: str, tables: list[Any]) -> None:
        with zlmdb.open(str(tmp_path / name), tables) as db, db.begin(write=True) as txn:
            txn[Notes][1] = name

    fill("a.zdb", [Notes])
    fill("b.zdb", [Users, Notes])  # in other slots
    db = zlmdb.open(str(tmp_path / "a.zdb"), [Notes, Users])
    for _ in range(4):
        with db.begin() as txn:
            assert txn[Notes][1] == "a.zdb"
    begun = db.begin()
    db.close()
    for name in ("data.mdb", "lock.mdb"):
        (tmp_path / "b.zdb" / name).replace(tmp_path / "a.zdb" / name)
    with db, begun:
        assert begun[Notes][1] == "b.zdb"


def test_a_map_stays_ended_if_its_transaction_could_not_be_entered_again_at_first(people: Any) -> None:
    with people.begin() as txn:
        notes = txn[Notes]
    people.close()
    with pytest.raises(zlmdb.DatabaseClosed):
        txn.__enter__()
    with people, txn, pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
        notes.get(1)


@pytest.mark.parametrize("options", [{}, {"buffers": True}, {"stats": zlmdb.TransactionStats()}])
@pytest.mark.parametrize("reusing", [True, False])
def test_a_transaction_can_be_entered_again_and_again(
    people: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], reusing: bool
) -> None:
    if not reusing:  # as where references cannot be counted
        monkeypatch.setattr(people, "_idle", None)
    txn = people.begin(**options)
    for _ in range(3):
        with txn:
            assert (txn[Users][1].name, txn[Notes][1]) == ("name 1", "one")


def test_an_index_that_another_thread_attaches_while_a_map_is_bound_is_known(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_name = people.attach_table(ByName)
    users = people._tables[Users]
    made = handle.binder

    def meanwhile(found: Any) -> Any:
        bind = made(found)
        monkeypatch.setattr(handle, "binder", made)
        users.attach_index("by_name", by_name, lambda row: row.name)
        return bind

    users._bind_anew()
    monkeypatch.setattr(handle, "binder", meanwhile)
    name_of(people)
    with people.begin() as txn:
        assert "by_name" in txn[Users].indexes()


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e2")
class ByName(zlmdb.MapStringOid):
    """Users by name."""


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a00e3")
class Ticks(zlmdb.Series[str]):
    """A series, which is no map."""

    price = zlmdb.column("f8")


def test_series_are_read_as_they_are_now(people: Any) -> None:
    people.attach_table(Ticks)
    for number in range(1, 30):
        with people.begin(write=True) as txn:
            txn[Ticks].append("A", number, price=float(number))
        with people.begin() as txn:
            assert txn[Ticks].last("A", 1).price[0] == number
        with people.begin() as txn:
            assert txn[Users][1].name == "name 1"
            assert txn[Ticks].last("A", 1).price[0] == number


def test_no_two_threads_have_the_same_transaction(people: Any) -> None:
    open_now: set[int] = set()
    lock = threading.Lock()
    problems: list[Any] = []
    start = threading.Barrier(6)

    def read(number: int) -> None:
        held: list[Any] = []
        start.wait()
        try:
            for n in range(400):
                with people.begin() as txn:
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
    assert not people._env.live_transactions()
    assert len(people._env.live) <= 6 * 4 + idle.MOST


@pytest.mark.parametrize("then", ["it is dropped", "it ends"])
def test_one_that_is_entered_again_while_another_thread_looks_at_it_is_not_handed_out(
    people: Any, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    held = [people.begin()]
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
    with people.begin() as txn:
        assert txn[Users][1].name == "name 1"
    assert held == []
    assert len(set(map(id, people._idle))) == len(people._idle)
    del txn
    assert not people._env.live_transactions()


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
