"""The contract of :mod:`zlmdb.engine.contract` as tests: derive a class, let it open your engine, let pytest run it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

from zlmdb.engine import EngineTransaction
from zlmdb.testing._laws import check_law, fail, outcome, st
from zlmdb.testing.strategies import byte_strings

__all__ = ["EngineSuite"]

_ROWS = [(b"\x01", b"one"), (b"\x01\x00", b"two"), (b"\x01\xff", b""), (b"\x02", b"four"), (b"\xff\xff", b"five")]


class EngineSuite:
    """The laws of engines: ordered bytes in transactions.

    A subclass defines :meth:`open`, and :meth:`close` and :meth:`begin` where its engine spells them otherwise.
    The suite gives each test an engine of its own, in a directory of its own.

    Attributes:
        engine: what :meth:`open` gave.
        directory: an empty directory, removed after the test.
        longest_key: length in bytes of the longest key that the engine takes.
    """

    engine: Any
    directory: Path
    longest_key: ClassVar[int] = 511

    def open(self, directory: Path) -> Any:
        """An engine that stores its data in a directory.

        Args:
            directory: exists; empty at first, and opened a second time by tests of what outlives the engine.
        """
        raise NotImplementedError(f"{type(self).__name__}: define open(), which gives the engine to be tested")

    def close(self, engine: Any) -> None:
        """Close what :meth:`open` gave; its transactions have ended."""
        engine.close()

    def begin(self, *, write: bool = False, buffers: bool = False) -> EngineTransaction:
        """A new transaction of the engine.

        Args:
            write: whether it may write.
            buffers: whether it hands out memoryviews.
        """
        txn: EngineTransaction = self.engine.begin(write=write, buffers=buffers)
        return txn

    def setup_method(self) -> None:
        """Open an engine; pytest calls it before each test."""
        self._place = tempfile.TemporaryDirectory(prefix="zlmdb-engine-")
        self.directory = Path(self._place.name)
        self.engine = self.open(self.directory)

    def teardown_method(self) -> None:
        """Close it; pytest calls it after each test."""
        self.close(self.engine)
        self._place.cleanup()

    def reopen(self) -> None:
        """Close the engine and open it again."""
        self.close(self.engine)
        self.engine = self.open(self.directory)

    @contextmanager
    def writing(self) -> Iterator[EngineTransaction]:
        """A write transaction, committed at the end of the block, aborted by an exception."""
        txn = self.begin(write=True)
        try:
            yield txn
        except BaseException:
            txn.abort()
            raise
        txn.commit()

    @contextmanager
    def reading(self, *, buffers: bool = False) -> Iterator[EngineTransaction]:
        """A read transaction, aborted at the end of the block."""
        txn = self.begin(buffers=buffers)
        try:
            yield txn
        finally:
            txn.abort()

    def records(self, txn: EngineTransaction | None = None) -> list[tuple[bytes, bytes]]:
        """All records that a transaction sees; by default, a new one."""
        if txn is None:
            with self.reading() as fresh:
                return self.records(fresh)
        cursor = txn.cursor()
        found = [(bytes(k), bytes(v)) for k, v in cursor.iternext(True, True)] if cursor.set_range(b"\0") else []
        cursor.close()
        return found

    def fill(self) -> None:
        """Commit a few records."""
        with self.writing() as txn:
            for key, value in reversed(_ROWS):
                txn.put(key, value)

    # -- single records

    def test_what_is_put_is_got(self) -> None:
        with self.writing() as txn:
            expect("put of a new key", txn.put(b"key", b"value"), True)
            expect("get", txn.get(b"key"), b"value")
            expect("put over a record", txn.put(b"key", b"other"), True)
            expect("get after that", txn.get(b"key"), b"other")
            expect("an empty value", (txn.put(b"empty", b""), txn.get(b"empty")), (True, b""))
        expect("the records", self.records(), [(b"empty", b""), (b"key", b"other")])

    def test_a_missing_key_gives_the_default(self) -> None:
        self.fill()
        with self.reading() as txn:
            expect("get of a missing key", txn.get(b"\x01\x01"), None)
            expect("get with a default", txn.get(b"\x01\x01", b"default"), b"default")

    def test_put_without_overwrite_keeps_what_is_there(self) -> None:
        with self.writing() as txn:
            expect("put of a new key", txn.put(b"key", b"first", True, False), True)
            expect("put of a key that is there", txn.put(b"key", b"second", True, False), False)
            expect("put by name", txn.put(b"key", b"third", overwrite=False), False)
        expect("the records", self.records(), [(b"key", b"first")])

    def test_delete_tells_whether_there_was_something(self) -> None:
        self.fill()
        with self.writing() as txn:
            expect("delete", txn.delete(b"\x01"), True)
            expect("delete of a missing key", txn.delete(b"\x01"), False)
        expect("the records", self.records(), _ROWS[1:])

    def test_pop_gives_what_it_removes(self) -> None:
        self.fill()
        with self.writing() as txn:
            expect("pop", txn.pop(b"\x02"), b"four")
            expect("pop of a missing key", txn.pop(b"\x02"), None)
            expect("pop of an empty value", txn.pop(b"\x01\xff"), b"")
        expect("the records", self.records(), [*_ROWS[:2], _ROWS[4]])

    def test_long_keys_and_values_are_kept_whole(self) -> None:
        key = b"\xff" * self.longest_key
        value = bytes(range(256)) * 5000
        with self.writing() as txn:
            txn.put(key, value)
            txn.put(key[:-1], b"shorter")
        expect("the records", self.records(), [(key[:-1], b"shorter"), (key, value)])

    def test_a_key_that_is_too_long_is_refused_and_harms_nothing(self) -> None:
        self.fill()
        with self.writing() as txn:
            for key in (b"k" * (self.longest_key + 1), b""):
                found = outcome(txn.put, key, b"value")
                if not isinstance(found, Exception):
                    fail(f"put of a key of {len(key)} bytes: expected an error, found {found!r}")
            txn.put(b"after", b"it")
        expect("the records", self.records(), sorted([*_ROWS, (b"after", b"it")]))

    # -- cursors

    def test_records_come_in_the_order_of_their_bytes(self) -> None:
        self.fill()
        with self.reading() as txn:
            cursor = txn.cursor()
            expect("set_range(00)", cursor.set_range(b"\0"), True)
            expect("iternext", list(cursor.iternext(True, True)), _ROWS)
            cursor.set_range(b"\0")
            expect("iternext, keys", list(cursor.iternext(True, False)), [key for key, _ in _ROWS])
            cursor.set_range(b"\0")
            expect("iternext, values", list(cursor.iternext(False, True)), [value for _, value in _ROWS])
            expect("last", cursor.last(), True)
            expect("iterprev", list(cursor.iterprev(True, True)), _ROWS[::-1])
            cursor.last()
            expect("iterprev, keys", list(cursor.iterprev(True, False)), [key for key, _ in _ROWS[::-1]])
            cursor.last()
            expect("iterprev, values", list(cursor.iterprev(False, True)), [value for _, value in _ROWS[::-1]])

    def test_a_cursor_starts_where_it_was_set(self) -> None:
        self.fill()
        with self.reading() as txn:
            cursor = txn.cursor()
            for at, (key, value) in enumerate(_ROWS):
                expect("set_range of a key", cursor.set_range(key), True)
                expect("key and value there", (cursor.key(), cursor.value()), (key, value))
                expect("from there on", list(cursor.iternext(True, False)), [k for k, _ in _ROWS[at:]])
                cursor.set_range(key)
                expect("backwards from there", list(cursor.iterprev(True, False)), [k for k, _ in _ROWS[at::-1]])
            expect("set_range between keys", (cursor.set_range(b"\x01\x01"), cursor.key()), (True, b"\x01\xff"))
            expect("set_range behind all", cursor.set_range(b"\xff\xff\0"), False)
            expect("no position", (cursor.key(), cursor.value()), (b"", b""))

    def test_prev_goes_back_and_ends(self) -> None:
        self.fill()
        with self.reading() as txn:
            cursor = txn.cursor()
            cursor.last()
            seen = [bytes(cursor.key())]
            while cursor.prev():
                seen.append(bytes(cursor.key()))
            expect("last and prev", seen, [key for key, _ in _ROWS[::-1]])

    def test_an_empty_engine_has_no_positions(self) -> None:
        with self.reading() as txn:
            cursor = txn.cursor()
            expect("last", cursor.last(), False)
            expect("set_range", cursor.set_range(b"\0"), False)
            expect("iternext", list(cursor.iternext(True, True)), [])
            expect("iterprev", list(cursor.iterprev(True, True)), [])

    def test_iteration_stays_right_while_the_transaction_writes(self) -> None:
        self.fill()
        with self.writing() as txn:
            cursor, seen = txn.cursor(), []
            cursor.set_range(b"\0")
            for key in cursor.iternext(True, False):
                seen.append(bytes(key))
                txn.put(b"\0 behind " + bytes(key), b"not seen")
                if key == b"\x01":
                    txn.delete(b"\x01\x00")
                    txn.put(b"\x01\x80", b"ahead")
                    txn.put(b"\x02", b"changed ahead")
            expect("keys seen", seen, [b"\x01", b"\x01\x80", b"\x01\xff", b"\x02", b"\xff\xff"])

    def test_removing_each_record_on_the_way_leaves_none(self) -> None:
        with self.writing() as txn:
            for number in range(1000):
                txn.put(number.to_bytes(2, "big") + b"k", b"v" * 50)
        with self.writing() as txn:
            cursor = txn.cursor()
            cursor.set_range(b"\0")
            removed = 0
            for key in takewhile(lambda key: key < b"\x02", cursor.iternext(True, False)):
                removed += txn.delete(bytes(key))
            expect("removed", removed, 512)
        expect("left", [key for key, _ in self.records()], [n.to_bytes(2, "big") + b"k" for n in range(512, 1000)])

    def test_putmulti_counts_what_it_took_and_what_is_new(self) -> None:
        self.fill()
        with self.writing() as txn:
            cursor = txn.cursor()
            items = [(b"\x01", b"changed"), (b"a", b"new"), (b"b", b"new")]
            expect("putmulti", cursor.putmulti(iter(items)), (3, 3))
            expect("changed", txn.get(b"\x01"), b"changed")
            kept = [(b"\x02", b"ignored"), (b"c", b"new"), (b"c", b"twice")]
            expect("putmulti without overwrite", cursor.putmulti(kept, True, False), (3, 1))
            expect("kept", (txn.get(b"\x02"), txn.get(b"c")), (b"four", b"new"))
            expect("putmulti of nothing", cursor.putmulti([]), (0, 0))

    # -- transactions

    def test_commit_makes_changes_visible_all_at_once(self) -> None:
        self.fill()
        before = self.begin()
        txn = self.begin(write=True)
        txn.put(b"new", b"value")
        txn.delete(b"\x01")
        expect("seen by the writer", (txn.get(b"new"), txn.get(b"\x01")), (b"value", None))
        expect("seen before the commit", self.records(before), _ROWS)
        txn.commit()
        expect("seen by a snapshot from before", self.records(before), _ROWS)
        before.abort()
        expect("seen afterwards", self.records(), sorted([*_ROWS[1:], (b"new", b"value")]))

    def test_abort_forgets_everything(self) -> None:
        self.fill()
        txn = self.begin(write=True)
        txn.put(b"new", b"value")
        txn.delete(b"\x01")
        txn.cursor().putmulti([(b"many", b"values")])
        txn.abort()
        expect("the records", self.records(), _ROWS)

    def test_what_was_committed_outlives_the_engine(self) -> None:
        self.fill()
        self.reopen()
        expect("the records", self.records(), _ROWS)

    def test_numbers_of_transactions_count_up(self) -> None:
        numbers = []
        for turn in range(3):
            with self.writing() as txn:
                txn.put(b"turn", str(turn).encode())
                numbers.append(txn.id())
            with self.reading() as txn:
                expect("a reader's number", txn.id(), numbers[-1])
        expect("writers' numbers", numbers, sorted(set(numbers)))

    def test_an_ended_transaction_does_nothing_more(self) -> None:
        self.fill()
        for end in ("commit", "abort"):
            txn = self.begin(write=True)
            getattr(txn, end)()
            for name, arguments in (
                ("get", (b"\x01",)),
                ("put", (b"late", b"")),
                ("delete", (b"\x01",)),
                ("cursor", ()),
            ):
                found = outcome(getattr(txn, name), *arguments)
                if not isinstance(found, Exception):
                    fail(f"{name}() after {end}(): expected an error, found {found!r}")
        expect("the records", self.records(), _ROWS)

    def test_a_read_transaction_does_not_write(self) -> None:
        self.fill()
        with self.reading() as txn:
            for name, arguments in (("put", (b"late", b"")), ("delete", (b"\x01",)), ("pop", (b"\x01",))):
                found = outcome(getattr(txn, name), *arguments)
                if not isinstance(found, Exception):
                    fail(f"{name}() in a read transaction: expected an error, found {found!r}")
        expect("the records", self.records(), _ROWS)

    def test_buffers_are_views_of_the_same_bytes(self) -> None:
        self.fill()
        with self.reading(buffers=True) as txn:
            value = txn.get(b"\x01")
            expect("type of a value", type(value), memoryview)
            expect("a value", bytes(value), b"one")
            expect("the records", self.records(txn), _ROWS)
            del value

    # -- all together

    def test_any_run_of_calls_does_what_a_sorted_dict_does(self) -> None:
        keys = byte_strings(4).filter(bool)
        values = byte_strings(8)
        steps = st.one_of(
            st.tuples(st.just("put"), keys, values),
            st.tuples(st.just("add"), keys, values),
            st.tuples(st.sampled_from(["delete", "pop", "get", "seek"]), keys),
            st.tuples(st.just("putmulti"), st.lists(st.tuples(keys, values), max_size=4)),
            st.tuples(st.sampled_from(["commit", "abort"])),
        )
        check_law(self._run, st.lists(steps, max_size=30))

    def _run(self, steps: list[tuple[Any, ...]]) -> None:
        with self.writing() as txn:
            for key, _ in self.records(txn):
                txn.delete(key)
        committed: dict[bytes, bytes] = {}
        model, txn = dict(committed), self.begin(write=True)
        try:
            for step, *arguments in steps:
                if step in ("commit", "abort"):
                    getattr(txn, step)()
                    committed = model if step == "commit" else committed
                    model, txn = dict(committed), self.begin(write=True)
                else:
                    expect(f"{step}{tuple(arguments)!r}", _do(txn, step, arguments), _imitate(model, step, arguments))
            expect("the records", self.records(txn), sorted(model.items()))
        finally:
            txn.abort()
        expect("what was committed", self.records(), sorted(committed.items()))


def _do(txn: EngineTransaction, step: str, arguments: list[Any]) -> Any:
    if step == "add":
        return txn.put(arguments[0], arguments[1], True, False)
    if step == "putmulti":
        return txn.cursor().putmulti(arguments[0])
    if step == "seek":
        cursor = txn.cursor()
        return [bytes(key) for key in cursor.iternext(True, False)] if cursor.set_range(arguments[0]) else []
    return getattr(txn, step)(*arguments)


def _imitate(model: dict[bytes, bytes], step: str, arguments: list[Any]) -> Any:
    if step == "putmulti":
        model.update(arguments[0])
        return len(arguments[0]), len(arguments[0])
    key = arguments[0]
    if step == "seek":
        return [found for found in sorted(model) if found >= key]
    if step == "get":
        return model.get(key)
    if step == "pop":
        return model.pop(key, None)
    if step == "delete":
        return model.pop(key, None) is not None
    if step == "add" and key in model:
        return False
    model[key] = arguments[1]
    return True


def expect(what: str, found: Any, expected: Any) -> None:
    """Fail unless `found` equals `expected`."""
    if found != expected:
        fail(f"{what}: expected {expected!r}, found {found!r}")
