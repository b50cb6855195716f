"""Files that are shorter than their pages: sound, or cut short, which must not end the process that reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, everything, run_python

import zlmdb
from tests.engine.test_opening import CONTENTS, OPENING, make

VERSIONS = pytest.mark.parametrize("lib_version", ["0.9", "1.0"])


@pytest.mark.parametrize("length", [100, 4096, 8192, 12288, 40000, -4096, -1], ids=str)
@pytest.mark.parametrize("mode", ["writable", "readonly"])
@VERSIONS
def test_a_file_cut_short_is_refused_and_left_as_it_is(
    path: str, tmp_path: Path, length: int, mode: str, lib_version: str
) -> None:
    make(path, lib_version=lib_version)
    data = Path(path, "data.mdb")
    whole = data.read_bytes()
    cut = whole[:length]
    data.write_bytes(cut)
    # In a process of its own: memory behind the end of a file kills the one that touches it.
    told = run_python(OPENING, tmp_path, path, mode)
    assert told.startswith("DatabaseError "), told
    assert path in told
    assert "damaged" in told
    assert data.read_bytes() == cut
    data.write_bytes(whole)
    with zlmdb.open(path) as db:
        assert everything(db) == CONTENTS


def with_free_pages(path: str, lib_version: str) -> Any:
    """A database whose small changes find room in pages that are there, so that the file ends with what is large."""
    db = zlmdb.open(path, [Notes], lib_version=lib_version)
    with db.begin(write=True) as txn:
        txn[Notes].update(dict.fromkeys(range(20), "x" * 3000))
    with db.begin(write=True) as txn:
        txn[Notes].clear()
    for number in range(3):
        with db.begin(write=True) as txn:
            txn[Notes][100] = str(number)
    return db


@pytest.mark.parametrize("mode", ["writable", "readonly"])
@pytest.mark.parametrize("cut", [1, 2000, 4096, 8192, 500_000])
@VERSIONS
def test_a_file_cut_short_within_a_large_value_is_refused(
    path: str, tmp_path: Path, lib_version: str, cut: int, mode: str
) -> None:
    with with_free_pages(path, lib_version) as db, db.begin(write=True) as txn:
        txn[Notes][1] = "z" * 1_000_000
    os.truncate(f"{path}/data.mdb", os.path.getsize(f"{path}/data.mdb") - cut)
    told = run_python(OPENING, tmp_path, path, mode)
    assert told.startswith("DatabaseError "), told
    # With more of it gone the engine itself notices, in files of the 1.0 format.
    assert "it was cut short (page " in told or (lib_version, cut) == ("1.0", 500_000), told


def shortened(path: str, lib_version: str) -> None:
    """A file that ends before its last pages, which were given back; a value of it has more pages than it needs."""
    with with_free_pages(path, lib_version) as db:
        with db.begin(write=True) as txn:
            for number in range(300):
                txn[Notes][number] = "x" * 6000
                txn[Notes][number] = "y" * 3000
            txn[Notes][999] = "z" * 1_000_000
            del txn[Notes][999]
        assert os.path.getsize(f"{path}/data.mdb") < (db.stats()["last_pgno"] + 1) * 4096


@VERSIONS
def test_a_short_file_is_sound_that_misses_no_page_in_use(path: str, lib_version: str) -> None:
    """Also one with a large value that was made shorter, which keeps the pages it had."""
    shortened(path, lib_version)
    with zlmdb.open(path, [Notes]) as db:
        with db.begin() as txn:
            assert set(txn[Notes].values()) == {"y" * 3000}
        with db.begin(write=True) as txn:
            txn[Notes].clear()
            txn[Notes][1] = "z" * 2_000_000
        assert os.path.getsize(f"{path}/data.mdb") >= (db.stats()["last_pgno"] + 1) * 4096


def test_a_short_file_that_another_process_makes_longer_is_looked_at_again(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortened(path, "1.0")
    walks = []

    def walk(file: str) -> str | None:
        walks.append(file)
        if len(walks) > 1:
            return None
        os.truncate(file, os.path.getsize(file) + 4096)
        return "page 1000 of those in use is not there"

    monkeypatch.setattr("zlmdb.engine.environment.missing", walk)
    with zlmdb.open(path, [Notes]) as db, db.begin() as txn:
        assert len(txn[Notes]) == 300
    assert len(walks) == 2


READING = """
    import sys, zlmdb
    with zlmdb.lmdb.open(sys.argv[1], max_dbs=32) as raw:
        print([line.split()[2] for line in raw.readers().splitlines()[1:]], raw.info()["last_txnid"])
"""


def test_while_a_short_file_is_walked_its_pages_are_not_used_again(
    path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is a reader that keeps them, as another process sees."""
    shortened(path, "1.0")
    told = []
    monkeypatch.setattr("zlmdb.engine.environment.missing", lambda _: told.append(run_python(READING, tmp_path, path)))
    zlmdb.open(path, [Notes]).close()
    assert told == ["['7'] 7\n"]


def test_another_release_of_the_walk_is_asked_as_a_whole(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with with_free_pages(path, "1.0") as db, db.begin(write=True) as txn:
        txn[Notes][999] = "z" * 1_000_000
        del txn[Notes][999]
    monkeypatch.delattr(zlmdb.lmdb.verify, "_Verifier")
    monkeypatch.setattr(zlmdb.lmdb.verify, "verify", lambda _: [])
    with zlmdb.open(path) as db:
        assert db.is_open
    monkeypatch.setattr(zlmdb.lmdb.verify, "verify", lambda _: ["page 7 is lost"])
    with pytest.raises(zlmdb.DatabaseError, match="page 7 is lost"):
        zlmdb.open(path)


@VERSIONS
def test_a_short_file_is_not_walked_if_all_that_it_lacks_is_free(
    path: str, monkeypatch: pytest.MonkeyPatch, lib_version: str
) -> None:
    def walked(_: Any) -> Any:
        raise AssertionError

    shortened(path, lib_version)
    monkeypatch.setattr(zlmdb.lmdb.verify._Verifier, "verify", walked)
    with zlmdb.open(path, [Notes]) as db, db.begin(write=True) as txn:
        txn[Notes][1] = "z" * 2_000_000
    os.truncate(f"{path}/data.mdb", os.path.getsize(f"{path}/data.mdb") - 4096)
    with pytest.raises(AssertionError):
        zlmdb.open(path)
