"""Several programs, which declare one table differently, work on one file."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import zlmdb
from tests.series.declared import OID, declare

PRICE = {"price": zlmdb.column("f8")}


def run(program: str) -> None:
    subprocess.run([sys.executable, "-c", f"import zlmdb, numpy as np\n{program}"], check=True, timeout=60)


@pytest.mark.parametrize("compress", [None, "zlib"])
def test_a_column_that_the_file_does_not_remember_is_not_read_from_it(path: str, compress: str | None) -> None:
    program = f"""
@zlmdb.table("{OID}")
class Ticks(zlmdb.Series[str], chunk=100, compress={compress!r}):
    price = zlmdb.column("f8")
    seen = zlmdb.column("{{dtype}}", default=0)
with zlmdb.open({path!r}, [Ticks]) as db, db.begin(write=True) as txn:
    txn[Ticks].append("a", np.arange(0, 260), price=1.0, seen=77)
    txn[Ticks].append("a", np.arange(260, 265), price=2.0, seen=77)
"""
    first = declare(PRICE, chunk=100)
    with zlmdb.open(path, [first]) as db, db.begin(write=True) as txn:
        txn[first].append("a", np.arange(-200, -100), price=0.0)
    wide = declare(PRICE | {"size": zlmdb.column("f8", default=-1.0), "kind": zlmdb.column("S9", default=b"x")})
    with zlmdb.open(path, [wide], readonly=True) as db:
        run(program.format(dtype="i8"))
        for buffers in (False, True):
            with db.begin(buffers=buffers) as txn:
                ticks = txn[wide]
                for found in (ticks.range("a"), ticks.range("a", 0, 90), ticks.last("a", 3), ticks.first("a", 150)):
                    assert set(found.size.tolist()) == {-1.0}
                    assert set(found.kind.tolist()) == {b"x"}
                assert ticks.range("a", 0).price.tolist() == [1.0] * 260 + [2.0] * 5
                assert ticks.as_of("a", 50).size == ticks.as_of("a", 262).size == -1
                sizes = ticks.aggregate("a", size=["min", "max", "sum", "var"], kind="last")
                assert [sizes["size_min"], sizes["size_max"], sizes["size_sum"]] == [-1, -1, -365]
                assert ticks.check() == []


@pytest.mark.parametrize("policy", ["replace", "refuse"])
def test_duplicates_that_another_program_keeps_stay(path: str, policy: str) -> None:
    one, keeping = declare(PRICE, duplicates=policy, chunk=50), declare(PRICE, chunk=50)
    with zlmdb.open(path, [one]) as db:
        with db.begin(write=True) as txn:
            txn[one].append("a", [1, 4], price=0.0)
        db.attach_table(keeping)
        with db.begin(write=True) as txn:
            txn[keeping].append("a", [2, 2, 5, 5], price=9.0)
            txn[keeping].append("b", np.repeat(np.arange(10, 310), 2), price=1.0)
            txn[keeping].append("b", [309, 309, 310, 310], price=1.0)
        with db.begin(write=True) as txn:
            txn[one].append("a", 3, price=1.0)
            txn[one].append("b", [5, 309], price=3.0) if policy == "replace" else txn[one].append("b", 5, price=3.0)
            txn[one].append("b", np.arange(311, 400), price=3.0)
            assert txn[one].range("a").price.tolist() == [0, 9, 9, 1, 0, 9, 9]
            times, each = np.unique(txn[one].range("b").time.astype(int), return_counts=True)
            expected = {5: 1} | dict.fromkeys(range(10, 311), 2) | dict.fromkeys(range(311, 400), 1)
            expected |= {309: 1 if policy == "replace" else 4}
            assert dict(zip(times.tolist(), each.tolist(), strict=True)) == expected
            assert txn[keeping].check() == txn[one].check() == []
        assert db.verify() == []


def test_what_retain_cannot_remove_everywhere_stays_everywhere(path: str) -> None:
    narrow, wide = declare(PRICE), declare(PRICE | {"size": zlmdb.column("u4", default=0)})
    with zlmdb.open(path, [narrow]) as db:
        with db.begin(write=True) as txn:
            txn[narrow].append("a", np.arange(100), price=0.0)
        db.attach_table(wide)
        with db.begin(write=True) as txn:
            txn[wide].append("b", np.arange(100), price=0.0)
        with db.begin(write=True) as txn:
            with pytest.raises(zlmdb.TableMismatch, match="attach it again"):
                txn[narrow].retain(older_than="1ns", now=50)
            assert txn[wide].count() == 200
            assert txn[wide].retain(older_than="1ns", now=50) == 98


def test_rows_of_a_map_in_the_earlier_style_are_not_taken_over(path: str) -> None:
    run(f"""
@zlmdb.table("{OID}")
class Words(zlmdb.MapStringString):
    pass
with zlmdb.open({path!r}) as db:
    words = db.attach_table(Words)
    with db.begin(write=True) as txn:
        words[txn, "hello"] = "world"
""")
    series: Any = declare(PRICE)
    with pytest.raises(zlmdb.TableMismatch, match="the file has rows of a map under this identity"):
        zlmdb.open(path, [series])
