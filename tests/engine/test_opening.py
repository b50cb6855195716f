"""Opening: directories and single files; what is missing, not allowed or no database; and that nothing is harmed."""

import hashlib
import os
import random
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, child, declare, everything, in_fork, run_python

import zlmdb
from zlmdb.engine import registry

CONTENTS = [(b"\xff\xf0%04d" % number, b"value %d" % number) for number in range(3000)]


def make(path: Any, contents: Any = CONTENTS, **options: Any) -> None:
    with zlmdb.Database(path, sync=False, **options) as db, db.begin(write=True) as txn:
        for key, value in contents:
            txn.put(key, value)


def digest(path: str) -> dict[str, str]:
    """Name and digest of the data files of a database."""
    files = Path(path).rglob("*") if os.path.isdir(path) else [Path(path)]
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file() and "lock" not in f.name}


# -- directories and files


def test_a_database_is_a_directory_with_two_files(path: str) -> None:
    make(path)
    assert sorted(os.listdir(path)) == ["data.mdb", "lock.mdb"]


def test_a_single_file_of_pylmdb_is_opened(tmp_path: Path) -> None:
    path = str(tmp_path / "single.mdb")
    with zlmdb.lmdb.open(path, subdir=False) as raw, raw.begin(write=True) as txn:
        txn.put(b"\xff\xf0key", b"value")
    with zlmdb.open(path, [Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "one"
        assert everything(db)[-1] == (b"\xff\xf0key", b"value")
    assert sorted(os.listdir(tmp_path)) == ["single.mdb", "single.mdb-lock"]
    with zlmdb.open(path, [Notes], readonly=True) as db, db.begin() as txn:
        assert txn[Notes][1] == "one"


READER = """
    import sys, zlmdb
    with zlmdb.open(sys.argv[1]) as db, db.begin() as txn:
        txn.get(b"key")
        print("reading", flush=True)
        sys.stdin.readline()
"""


def test_the_data_file_of_a_directory_is_the_directorys_database(path: str, tmp_path: Path) -> None:
    make(path)
    with child(READER, tmp_path, path) as reader:
        assert reader.hears() == "reading"
        # With a lock file of its own it would not see the reader of the other process, and reuse pages that it reads.
        with zlmdb.open(f"{path}/data.mdb") as db:
            assert everything(db) == CONTENTS
            assert sorted(os.listdir(path)) == ["data.mdb", "lock.mdb"]
            assert reader.pid in [found["pid"] for found in db.readers()]
        reader.tell()
        reader.finish()


def test_a_missing_directory_is_made_but_not_its_parents(tmp_path: Path) -> None:
    make(tmp_path / "new")
    assert (tmp_path / "new" / "data.mdb").is_file()
    deep = tmp_path / "missing" / "db"
    for opener in (zlmdb.Database, zlmdb.open):
        with pytest.raises(zlmdb.DatabaseNotFound) as caught:
            opener(deep)
        assert isinstance(caught.value, FileNotFoundError)
        assert str(deep) in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["new"]


def test_create_false_opens_what_is_there(path: str) -> None:
    with pytest.raises(zlmdb.DatabaseNotFound, match="create=False"):
        zlmdb.open(path, create=False)
    make(path)
    with zlmdb.open(path, create=False) as db:
        assert everything(db) == CONTENTS


@pytest.mark.parametrize("wrong", [5, 1.5, ["db"], object()], ids=lambda value: type(value).__name__)
def test_what_is_no_path_is_refused(wrong: Any) -> None:
    for opener in (zlmdb.Database, zlmdb.Database.open, zlmdb.open):
        with pytest.raises(zlmdb.DatabaseError, match="dbpath: expected a path"):
            opener(wrong)


def test_an_empty_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for opener in (zlmdb.Database, zlmdb.open):
        with pytest.raises(zlmdb.DatabaseError, match="path"):
            opener("")
    assert os.listdir(tmp_path) == []


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises((zlmdb.DatabaseError, ValueError)):
        zlmdb.open("with\0nul")
    assert registry.environments() == []


def test_unusual_names_are_paths(tmp_path: Path) -> None:
    for name in ("with space", "Köln ☃", "#hash?", "-dash", "x" * 200):
        make(tmp_path / name, CONTENTS[:3])
        with zlmdb.open(tmp_path / name) as db:
            assert everything(db) == CONTENTS[:3]


def test_a_path_that_changes_meaning_with_the_directory_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with zlmdb.open("db") as db:
        monkeypatch.chdir(tmp_path / "elsewhere")
        with db.begin(write=True) as txn:
            txn.put(b"\xff\xf0key", b"value")
        assert db.stats()["current_size"] > 8192
        with pytest.raises(RuntimeError, match="twice within same process"):
            zlmdb.Database(tmp_path / "db")
        assert in_fork(lambda: everything(db)) == "[(b'\\xff\\xf0key', b'value')]"
    assert os.listdir(tmp_path / "elsewhere") == []


# -- formats


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_an_existing_file_keeps_its_format(path: str, lib_version: str) -> None:
    make(path, lib_version=lib_version)
    for asked in ("0.9", "1.0", None):
        for readonly in (False, True):
            with zlmdb.open(path, lib_version=asked, readonly=readonly) as db:
                assert db.lib_version == lib_version
                assert db.stats()["lib_version"] == lib_version
                assert db.stats()["lmdb_version"].startswith(lib_version)
                assert everything(db) == CONTENTS


def test_a_new_file_is_of_the_newer_format(path: str) -> None:
    with zlmdb.open(path) as db:
        assert db.lib_version == "1.0"


@pytest.mark.parametrize("wrong", ["2.0", "1", 1.0])
def test_an_unknown_format_is_refused(path: str, wrong: Any) -> None:
    with pytest.raises(zlmdb.DatabaseError, match=r"lib_version: expected one of"):
        zlmdb.open(path, lib_version=wrong)
    assert not os.path.exists(path)


@pytest.mark.parametrize(("lib_version", "limit"), [("0.9", 511), ("1.0", 1978)])
def test_a_key_is_as_long_as_the_format_allows(path: str, lib_version: str, limit: int) -> None:
    texts = declare(zlmdb.MapStringString)
    with zlmdb.open(path, [texts], lib_version=lib_version) as db:
        with db.begin(write=True) as txn:
            txn[texts]["k" * (limit - 2)] = "fits"
            with pytest.raises(zlmdb.KeyTooLong, match=f"at most {limit - 2} bytes when encoded, found {limit - 1}"):
                txn[texts]["k" * (limit - 1)] = "does not"
            with pytest.raises(zlmdb.KeyTooLong):
                txn.put(b"k" * (limit + 1), b"does not")
        with db.begin() as txn:
            assert list(txn[texts].items()) == [("k" * (limit - 2), "fits")]


# -- not allowed


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that every user of the machine may read: pytest's own are its user's alone."""
    place = Path(tempfile.mkdtemp(prefix="zlmdb-test-"))
    place.chmod(0o755)
    yield place
    for found in (place, *place.rglob("*")):
        if not found.is_symlink():
            found.chmod(stat.S_IMODE(found.stat().st_mode) | 0o700)
    shutil.rmtree(place)


def as_nobody(action: Callable[[], Any]) -> str:
    """What a function returns in a process that is no superuser, to whom everything is allowed."""

    def run() -> Any:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setegid(65534)
            os.seteuid(65534)
        return action()

    return in_fork(run)


def only_readable(place: Path) -> str:
    make(place / "db", CONTENTS[:3])
    path = place / "db"
    for name in ("data.mdb", "lock.mdb"):
        (path / name).chmod(0o444)
    path.chmod(0o555)
    return str(path)


def test_a_file_that_may_not_be_written_says_so(shared: Path) -> None:
    path = only_readable(shared)
    before = digest(path)
    for attempt in (lambda: zlmdb.open(path), lambda: zlmdb.Database(path)):
        told = as_nobody(attempt)
        assert told.startswith("DatabaseError: ")
        assert path in told
        assert "Permission denied" in told
    assert digest(path) == before
    assert everything(zlmdb.open(path)) == CONTENTS[:3]


def test_a_file_that_may_only_be_read_is_read_without_lock(shared: Path) -> None:
    path = only_readable(shared)
    assert as_nobody(lambda: everything(zlmdb.open(path, readonly=True, lock=False))) == repr(CONTENTS[:3])


def test_a_read_only_handle_on_what_may_only_be_read_works_or_says_what_helps(shared: Path) -> None:
    path = only_readable(shared)
    told = as_nobody(lambda: everything(zlmdb.open(path, readonly=True)))
    assert told == repr(CONTENTS[:3]) or (path in told and "lock=False" in told)


def test_a_directory_that_may_not_be_written_gets_no_database(shared: Path) -> None:
    shared.chmod(0o555)
    told = as_nobody(lambda: zlmdb.open(shared / "new"))
    assert told.startswith("DatabaseError: ")
    assert "Permission denied" in told
    assert os.listdir(shared) == []


def test_a_read_only_handle_writes_nothing(path: str) -> None:
    make(path)
    before = digest(path)
    with zlmdb.open(path, readonly=True) as db:
        assert db.is_readonly
        assert db.stats()["read_only"] is True
        with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only") as caught:
            db.begin(write=True)
        assert path in str(caught.value)
        with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only"):
            db.write(lambda txn: txn.put(b"\xff\xf0key", b"value"))
        with db.begin() as txn:
            with pytest.raises(zlmdb.ReadOnlyTransaction):
                txn.put(b"\xff\xf0key", b"value")
            with pytest.raises(zlmdb.lmdb.ReadonlyError):
                txn.delete(CONTENTS[0][0])
        assert everything(db) == CONTENTS
    assert digest(path) == before


# -- not a database

GARBAGE = {
    "random bytes": random.Random(1).randbytes(65536),
    "zeros": bytes(65536),
    "text": b"This is a text file, and no database.\n" * 1000,
    "short": b"short",
    "a page less one": random.Random(2).randbytes(4095),
    "FF": b"\xff" * 8192,
}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("shape", ["directory", "file"])
@pytest.mark.parametrize("readonly", [False, True], ids=["writable", "readonly"])
def test_garbage_is_refused_and_left_as_it_is(tmp_path: Path, kind: str, shape: str, readonly: bool) -> None:
    place = tmp_path / "db"
    if shape == "directory":
        place.mkdir()
    data = place / "data.mdb" if shape == "directory" else place
    data.write_bytes(GARBAGE[kind])
    for _ in range(2):
        with pytest.raises(zlmdb.DatabaseError, match="is not a database of LMDB") as caught:
            zlmdb.open(place, readonly=readonly)
        assert str(place) in str(caught.value)
    assert data.read_bytes() == GARBAGE[kind]
    data.unlink()
    make(tmp_path / "other")


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "sqlite.db") as connection:
        connection.execute("create table t (k)")
    connection.close()
    before = digest(str(tmp_path / "sqlite.db"))
    with pytest.raises(zlmdb.DatabaseError, match="is not a database of LMDB"):
        zlmdb.open(tmp_path / "sqlite.db")
    assert digest(str(tmp_path / "sqlite.db")) == before


def test_an_empty_file_of_a_database_just_begun_is_filled(path: str) -> None:
    os.mkdir(path)
    Path(path, "data.mdb").touch()
    make(path)
    with zlmdb.open(path) as db:
        assert everything(db) == CONTENTS


@pytest.mark.parametrize("options", [{"create": False}, {"readonly": True}], ids=str)
@pytest.mark.parametrize("shape", ["directory", "file"])
def test_an_empty_file_is_no_database_that_is_there(path: str, shape: str, options: dict[str, Any]) -> None:
    """Such as the copy of a database that was broken off before it wrote anything."""
    file = Path(path)
    if shape == "directory":
        file.mkdir()
        file /= "data.mdb"
    file.touch()
    with pytest.raises(zlmdb.DatabaseNotFound, match="only an empty file"):
        zlmdb.open(path, **options)
    assert file.read_bytes() == b""


@pytest.mark.parametrize("compact", [True, False], ids=["compact", "plain"])
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_no_part_of_a_copy_is_taken_for_the_whole(path: str, tmp_path: Path, lib_version: str, compact: bool) -> None:
    """A process that is killed while it copies a database leaves a part from the beginning."""
    make(path, CONTENTS[:900], lib_version=lib_version)
    copy, part = tmp_path / "copy", tmp_path / "part"
    copy.mkdir()
    part.mkdir()
    with zlmdb.open(path) as db:
        db._environment().raw.copy(str(copy), compact=compact)
    whole = (copy / "data.mdb").read_bytes()
    lengths = {*range(0, len(whole), 4096), *range(2000, len(whole), 4096), 1, 64, len(whole) - 1}
    assert len(lengths) > 20
    for length in lengths:
        (part / "data.mdb").write_bytes(whole[:length])
        os.utime(part / "data.mdb", (1, 1))  # otherwise it may be one that is just being made
        for options in ({"create": False}, {"readonly": True}):
            with pytest.raises(zlmdb.DatabaseError):
                zlmdb.open(str(part), **options)
    with zlmdb.open(str(copy), create=False) as db:
        assert everything(db) == CONTENTS[:900]


OPENING = """
    import sys, zlmdb
    from dbsupport import everything
    try:
        with zlmdb.open(sys.argv[1], readonly=sys.argv[2] == "readonly") as db:
            everything(db)
            print("read")
    except zlmdb.DatabaseError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_one_broken_meta_page_is_survived_or_refused(path: str, tmp_path: Path, lib_version: str) -> None:
    make(path, lib_version=lib_version)
    data = Path(path, "data.mdb")
    whole = data.read_bytes()
    for page in (0, 1):
        data.write_bytes(whole[: 4096 * page] + b"\xff" * 4096 + whole[4096 * (page + 1) :])
        told = run_python(OPENING, tmp_path, path, "readonly")
        assert told == "read\n" or told.startswith("DatabaseError "), told
