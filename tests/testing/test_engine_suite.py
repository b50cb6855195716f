"""The suite of engines: LMDB passes it in every way we open it, another engine can, and a broken one does not."""

import bisect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zlmdb.engine import Environment, Options
from zlmdb.testing import EngineSuite, faults


class OurEngine(EngineSuite):
    """Our environments: their transactions are py-lmdb's own."""

    options: Options

    def open(self, directory: Path) -> Any:
        return Environment(str(directory), self.options)

    def begin(self, *, write: bool = False, buffers: bool = False) -> Any:
        return self.engine.begin_raw(None, None, write, buffers)


class TestNewerFormat(OurEngine):
    options = Options(sync=False)
    longest_key = 1978


class TestEarlierFormat(OurEngine):
    options = Options(sync=False, lib_version="0.9")


class TestWritableMap(OurEngine):
    options = Options(sync=False, writemap=True, lib_version="0.9")


class TestWithCap(OurEngine):
    options = Options(sync=False, maxsize=2**24)
    longest_key = 1978


class TestWithoutLock(OurEngine):
    options = Options(sync=False, lock=False)
    longest_key = 1978


class TestUnderFaultInjection(OurEngine):
    """Transactions that count their writes are transactions like others, as long as none is to fail."""

    options = Options(sync=False)
    longest_key = 1978

    def begin(self, *, write: bool = False, buffers: bool = False) -> Any:
        plan = faults.Plan(0)
        return faults._Environment(self.engine.raw, plan).begin(None, None, write, buffers)


# -- another engine, of a few lines


class Cursor:
    def __init__(self, txn: "Txn") -> None:
        self.txn, self.at = txn, b""

    def set_range(self, key: bytes) -> bool:
        keys = sorted(self.txn.data)
        index = bisect.bisect_left(keys, key)
        self.at = keys[index] if index < len(keys) else b""
        return bool(self.at)

    def last(self) -> bool:
        self.at = max(self.txn.data, default=b"")
        return bool(self.at)

    def prev(self) -> bool:
        self.at = max((key for key in self.txn.data if key < self.at), default=b"")
        return bool(self.at)

    def key(self) -> Any:
        return self.at

    def value(self) -> Any:
        return self.txn.data.get(self.at, b"")

    def _step(self, forward: bool, keys: bool, values: bool) -> Iterator[Any]:
        at = self.at
        while at:
            if at in self.txn.data:
                value = self.txn.give(self.txn.data[at])
                yield (at, value) if keys and values else at if keys else value
            beyond = [key for key in self.txn.data if (key > at if forward else key < at)]
            at = (min if forward else max)(beyond, default=b"")

    def iternext(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
        return self._step(True, keys, values)

    def iterprev(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
        return self._step(False, keys, values)

    def putmulti(
        self, items: Any, dupdata: bool = True, overwrite: bool = True, append: bool = False
    ) -> tuple[int, int]:
        done = [self.txn.put(key, value, dupdata, overwrite) for key, value in items]
        return len(done), sum(done)

    def close(self) -> None:
        pass


class Txn:
    def __init__(self, engine: "DictEngine", write: bool, buffers: bool) -> None:
        self.engine, self.write, self.data = engine, write, dict(engine.data)
        self.give: Callable[[bytes], Any] = memoryview if buffers else bytes
        self.open = True

    def check(self, write: bool = False) -> None:
        if not self.open or (write and not self.write):
            raise RuntimeError("the transaction does not allow it")

    def get(self, key: bytes, default: Any = None) -> Any:
        self.check()
        return self.give(self.data[key]) if key in self.data else default

    def put(self, key: bytes, value: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
        self.check(write=True)
        if not 0 < len(key) <= 511:
            raise ValueError("the key is too long, or empty")
        if key in self.data and not overwrite:
            return False
        self.data[key] = value
        return True

    def delete(self, key: bytes) -> bool:
        return self.pop(key) is not None

    def pop(self, key: bytes) -> Any:
        self.check(write=True)
        return self.data.pop(key, None)

    def cursor(self) -> Any:
        self.check()
        return Cursor(self)

    def id(self) -> int:
        return self.engine.number + self.write

    def commit(self) -> None:
        self.check()
        self.open = False
        if self.write:
            self.engine.data, self.engine.number = self.data, self.engine.number + 1

    def abort(self) -> None:
        self.open = False


class DictEngine:
    kept: dict[Path, dict[bytes, bytes]] = {}  # noqa: RUF012 stands for the disk

    def __init__(self, directory: Path) -> None:
        self.directory, self.number = directory, 0
        self.data = self.kept.get(directory, {})

    def begin(self, write: bool = False, buffers: bool = False) -> Any:
        return Txn(self, write, buffers)

    def close(self) -> None:
        self.kept[self.directory] = self.data


class TestAnotherEngine(EngineSuite):
    def open(self, directory: Path) -> Any:
        return DictEngine(directory)


# -- broken ones


class Broken:
    """Ways in which an engine may be wrong: each must be noticed by a test of the suite."""

    class Unsorted(Cursor):
        def iternext(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
            rows = list(super().iternext(keys, values))
            return itertools.chain(rows[1:2], rows[:1], rows[2:])

    class Deaf(Txn):
        def abort(self) -> None:
            self.commit()

    class Forgetful(Txn):
        def commit(self) -> None:
            self.abort()

    class Overwriting(Txn):
        def put(self, key: bytes, value: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
            return super().put(key, value, dupdata, True)

    class Undying(Txn):
        def check(self, write: bool = False) -> None:
            pass

    class EmptyIsMissing(Txn):
        def get(self, key: bytes, default: Any = None) -> Any:
            return super().get(key, default) or default

    class Truncating(Txn):
        def put(self, key: bytes, value: bytes, dupdata: bool = True, overwrite: bool = True) -> bool:
            return super().put(key, value[:65536], dupdata, overwrite)

    class SnapshotIterator(Cursor):
        def iternext(self, keys: bool = True, values: bool = True) -> Iterator[Any]:
            return iter(list(super().iternext(keys, values)))


def laws_of(suite: Any) -> list[str]:
    return [name for name in dir(suite) if name.startswith("test_")]


def failures_of(suite: Any) -> list[str]:
    failed = []
    for name in laws_of(suite):
        instance = suite()
        instance.setup_method()
        try:
            getattr(instance, name)()
        except Exception:
            failed.append(name)
        finally:
            instance.teardown_method()
    return failed


BROKEN = [name for name in vars(Broken) if not name.startswith("_")]


@pytest.mark.usefixtures("no_shrinking")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_is_noticed(name: str) -> None:
    kind = getattr(Broken, name)

    class Transactions(Txn if issubclass(kind, Cursor) else kind):  # type: ignore[misc]
        def cursor(self) -> Any:
            self.check()
            return kind(self) if issubclass(kind, Cursor) else Cursor(self)

    class Engine(DictEngine):
        def begin(self, write: bool = False, buffers: bool = False) -> Any:
            return Transactions(self, write, buffers)

    class Suite(EngineSuite):
        def open(self, directory: Path) -> Any:
            return Engine(directory)

    assert failures_of(Suite) != []


def test_the_suite_says_what_a_subclass_must_define() -> None:
    with pytest.raises(NotImplementedError, match=r"define open\(\)"):
        EngineSuite().open(Path())
    assert len(laws_of(EngineSuite)) > 20
