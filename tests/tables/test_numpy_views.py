"""Arrays over the memory map: read without copying, and never read when their transaction is over."""

from __future__ import annotations

import gc
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zlmdb
from tests.tables.people import raw


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c51")
class Arrays(zlmdb.MapUuidNumpy):
    pass


POINT = np.dtype([("x", "<f8"), ("n", "<i4"), ("name", "U3")])
VALUES: dict[str, Any] = {
    "numbers": np.arange(1000, dtype=np.float64),
    "a matrix": np.arange(12, dtype=np.int16).reshape(3, 4),
    "records": np.array([(1.5, 2, "a"), (-0.0, -1, "äöü")], POINT),
    "times": np.array(["2026-01-01", "NaT"], "datetime64[ns]"),
    "truth": np.array([True, False]),
    "text": np.array(["a", "bcd"]),
    "empty": np.empty((0, 5), np.uint8),
    "a number": np.array(3.5),
    "column order": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "every second": np.arange(10)[::2],
    "big-endian": np.arange(3, dtype=">u4"),
}
KEY = uuid.UUID(int=1)


@pytest.fixture
def db(tmp_db_path: Path) -> Iterator[Any]:
    with zlmdb.open(tmp_db_path, [Arrays]) as database:
        with database.begin(write=True) as txn:
            txn[Arrays].update({uuid.UUID(int=n): value for n, value in enumerate(VALUES.values(), 1)})
        yield database


def key_of(name: str) -> uuid.UUID:
    return uuid.UUID(int=1 + list(VALUES).index(name))


def reads(table: Any, key: uuid.UUID) -> list[Any]:
    """The value of a key, by every way of reading."""
    return [
        table[key],
        table.get(key),
        table.get_many([key])[0],
        next(value for k, value in table.select() if k == key),
        next(value for k, value in table.select(reverse=True) if k == key),
        list(table.values())[list(table).index(key)],
    ]


def same(found: Any, value: Any) -> None:
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    assert np.array(found).tobytes() == np.ascontiguousarray(value).tobytes()


@pytest.mark.parametrize("name", VALUES)
def test_a_copy_is_given_where_nothing_else_was_asked_for(db: Any, name: str) -> None:
    found = []
    for write in (False, True):
        with db.begin(write=write) as txn:
            found += reads(txn[Arrays], key_of(name))
    with db.begin(write=True, buffers=True) as txn:
        found += reads(txn[Arrays], key_of(name))
        txn[Arrays][key_of(name)] = np.zeros(5000)
    for array in found:
        same(array, VALUES[name])


@pytest.mark.parametrize("name", VALUES)
def test_a_view_reads_the_map_itself(db: Any, name: str) -> None:
    with db.begin(buffers=True) as txn:
        for array in reads(txn[Arrays], key_of(name)):
            same(array, VALUES[name])
            assert not array.flags.writeable
            if array.size:
                with pytest.raises(ValueError, match="read-only"):
                    array[...] = array
    for key, value in raw(db):
        array = VALUES.get({key_of(known).bytes: known for known in VALUES}.get(key[2:], ""))
        if array is not None:
            assert (len(value) - array.nbytes) % 16 == 0  # aligned within the value
    with db.begin(buffers=True) as txn:
        first, second = txn[Arrays][KEY], txn[Arrays][KEY]
        assert np.shares_memory(np.asarray(first), np.asarray(second))


USES: dict[str, Callable[[Any], Any]] = {
    "index": lambda array: array[0],
    "slice": lambda array: array[1:3],
    "length": len,
    "iteration": list,
    "repr": repr,
    "sum": lambda array: array.sum(),
    "arithmetic": lambda array: array + 1,
    "reflected arithmetic": lambda array: 1 - array,
    "comparison": lambda array: array == 0,
    "function": np.mean,
    "concatenation": lambda array: np.concatenate([array, array]),
    "copy": lambda array: array.copy(),
    "shape": lambda array: array.shape,
    "bytes": lambda array: array.tobytes(),
    "conversion": lambda array: array.astype(int),
    "view": lambda array: array.view(np.uint8),
    "assignment": lambda array: np.zeros(1000).__iadd__(array),
    "containment": lambda array: 1.0 in array,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("end", ["commit", "abort", "close"])
def test_a_view_used_after_its_transaction_raises(tmp_db_path: Path, use: str, end: str) -> None:
    with zlmdb.open(tmp_db_path, [Arrays]) as db:
        with db.begin(write=True) as txn:
            txn[Arrays][KEY] = VALUES["numbers"]
        txn = db.begin(buffers=True)
        txn.__enter__()
        array = txn[Arrays][KEY]
        part = array[10:20]
        if end == "commit":
            txn.commit()
        elif end == "abort":
            txn.abort()
        else:
            db.close()
        for view in (array, part) if use != "assignment" else (array,):
            with pytest.raises(zlmdb.ViewExpired, match=r"transaction has ended.*copy\(\).*buffers=True"):
                USES[use](view)
        assert issubclass(zlmdb.ViewExpired, ValueError)


def test_what_was_computed_in_time_stays(db: Any) -> None:
    with db.begin(buffers=True) as txn:
        array = txn[Arrays][KEY]
        kept = [array.copy(), array + 0, np.array(array), array[10:20].copy(), array[5], array.sum()]
    gc.collect()
    assert [np.asarray(value).sum() for value in kept] == [499500, 499500, 499500, 145, 5, 499500]
    assert type(kept[1]) is np.ndarray


def rewrite(db: Any, times: int = 8) -> None:
    """Write enough to use every free page again."""
    for n in range(times):
        with db.begin(write=True) as txn:
            for number in range(1, len(VALUES) + 5):
                txn[Arrays][uuid.UUID(int=number)] = np.full(3000, 77.0 + n)


def test_a_plain_array_over_the_map_keeps_its_snapshot(db: Any) -> None:
    with db.begin(buffers=True) as txn:
        plain = np.asarray(txn[Arrays][KEY]).view(np.ndarray)
        view = memoryview(txn[Arrays][KEY])
        flat = txn[Arrays][KEY].flat
    rewrite(db)
    assert plain.tobytes() == VALUES["numbers"].tobytes()
    assert bytes(view) == VALUES["numbers"].tobytes()
    assert plain.sum() == 499500
    del plain, view, flat
    gc.collect()
    rewrite(db)
    with db.begin() as txn:
        assert txn[Arrays][KEY][0] == 84.0


def test_a_snapshot_is_given_back_when_the_last_array_is_gone(db: Any) -> None:
    def reading() -> int:
        return sum(reader["txnid"] >= 0 for reader in db.readers())

    assert reading() == 0
    with db.begin(buffers=True) as txn:
        array = np.asarray(txn[Arrays][KEY])
    assert array[1] == 1.0
    assert reading() == 1
    del array
    gc.collect()
    with db.begin(write=True) as txn:
        txn[Arrays][KEY] = np.zeros(1)
    assert reading() == 0
    size = db.stats()["current_size"]
    rewrite(db, 30)
    assert db.stats()["current_size"] < size + 30 * 16 * 24_000  # pages are used again


PROGRAM = """\
import gc, sys, uuid
import numpy as np
import zlmdb
from tests.tables.test_numpy_views import Arrays, KEY, VALUES
with zlmdb.open(sys.argv[1], [Arrays]) as db:
    with db.begin(write=True) as txn:
        txn[Arrays][KEY] = VALUES["numbers"]
    with db.begin(buffers=True) as txn:
        guarded = txn[Arrays][KEY]
        plain = np.asarray(guarded).view(np.ndarray)
        view = memoryview(guarded)
try:
    guarded.sum()
except zlmdb.ViewExpired:
    print("guarded")
print(plain.sum(), bytes(view) == VALUES["numbers"].tobytes())
del guarded, plain, view
gc.collect()
with zlmdb.open(sys.argv[1], [Arrays]) as db, db.begin() as txn:
    print(txn[Arrays][KEY].sum())
"""


def test_closing_the_database_under_living_arrays_is_safe(tmp_db_path: Path) -> None:
    """In a process of its own, because what is tested for would end the process."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM, str(tmp_db_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (
        0,
        ["guarded", "499500.0 True", "499500.0"],
        "",
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([1, 2], r"list \[1, 2\]"),
        (None, "NoneType None"),
        (np.array([{}, None], object), "object"),
    ],
    ids=["a list", "None", "objects"],
)
def test_what_is_no_array_of_numbers_is_refused(db: Any, value: Any, found: str) -> None:
    with db.begin(write=True) as txn:
        with pytest.raises(zlmdb.ValueTypeError, match=f"table Arrays: expected .*array.*found.*{found}") as caught:
            txn[Arrays][KEY] = value
        assert caught.value.table == "Arrays"
        same(txn[Arrays][KEY], VALUES["numbers"])
