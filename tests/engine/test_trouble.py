"""Disks that are full, files that are damaged, moved or not ours to read: said in sentences of ours, nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest
from dbsupport import Counters, Notes, Users, everything, in_fork, user

import zlmdb

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def told(action: Callable[[], Any]) -> str:
    """The class and message of the error that an action raises, which must be one of ours."""
    try:
        found = action()
    except zlmdb.ZlmdbError as error:
        return f"{type(error).__mro__[1].__name__}: {error}"
    except Exception as error:
        return f"foreign {type(error).__name__}: {error}"
    return f"done: {found!r}"


# -- no room


def at_most(size: int) -> None:
    """Let no file of this process become longer."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


WRITES: dict[str, Callable[[Any], Any]] = {
    "a transaction": lambda db: fill(db),
    "write()": lambda db: db.write(lambda txn: txn[Notes].update(dict.fromkeys(range(2, 1000), "x" * 1000))),
    "load()": lambda db: db.write(lambda txn: txn[Notes].load([(n, "x" * 1000) for n in range(2, 1000)])),
    "attaching": lambda db: db.attach_table(Counters),
}


def fill(db: Any) -> None:
    with db.begin(write=True) as txn:
        for number in range(2, 1000):
            txn[Notes][number] = "x" * 1000


@posix
@pytest.mark.parametrize("version", ["0.9", "1.0"])
@pytest.mark.parametrize("room", [0, 100, 3_000])
@pytest.mark.parametrize("how", WRITES)
def test_a_full_disk_is_named_and_nothing_is_lost(path: str, version: str, room: int, how: str) -> None:
    """Also if a page fits in part."""
    with zlmdb.open(path, [Notes], lib_version=version) as db, db.begin(write=True) as txn:
        txn[Notes][1] = "first"

    def child() -> str:
        with zlmdb.open(path, [Notes]) as db:
            at_most(os.path.getsize(f"{path}/data.mdb") + room)
            said = told(lambda: WRITES[how](db))
            at_most(100_000_000)
            with db.begin(write=True) as txn:
                assert dict(txn[Notes]) == {1: "first"}
                txn[Notes][2] = "second"
            return said

    said = in_fork(child)
    assert said.startswith(f"DiskFull: {path} cannot grow: the disk is full")
    assert "nothing of this transaction is stored" in said
    with zlmdb.open(path, [Notes]) as db:
        with db.begin() as txn:
            assert dict(txn[Notes]) == {1: "first", 2: "second"}
        assert db.verify() == []


def test_an_error_of_the_disk_is_caught_as_the_engines_own_too() -> None:
    assert issubclass(zlmdb.engine.translate(lmdb.DiskError("No space left on device")).__class__, lmdb.Error)


# -- damage


def damage(path: str, like: bytes) -> None:
    """Overwrite the head of every page that holds some bytes."""
    file = Path(path) / "data.mdb"
    data = bytearray(file.read_bytes())
    for start in range(0, len(data), 4096):
        if like in data[start : start + 4096]:
            data[start : start + 32] = b"\xff" * 32
    file.write_bytes(data)


READS: dict[str, Callable[[Any], Any]] = {
    "len": lambda notes: len(notes),
    "count": lambda notes: notes.count_range(1, 3000),
    "get": lambda notes: notes[1550],
    "in": lambda notes: 1550 in notes,
    "get_many": lambda notes: notes.get_many([1550]),
    "keys": lambda notes: list(notes.select(return_values=False)),
    "rows": lambda notes: list(notes.select()),
    "reverse": lambda notes: list(notes.select(reverse=True)),
    "first of a range": lambda notes: next(iter(notes.select(1550, limit=1))),
}
CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": lambda notes: notes.__setitem__(1550, "new"),
    "delete": lambda notes: notes.delete(1550),
    "pop": lambda notes: notes.pop(1550),
    "setdefault": lambda notes: notes.setdefault(1550, "new"),
    "put_many": lambda notes: notes.put_many([(1550, "new")]),
    "truncate": lambda notes: notes.truncate(),
}


@pytest.fixture
def damaged(path: str) -> str:
    """A database of which one table cannot be read, and another can."""
    with zlmdb.open(path, [Users, Notes]) as db, db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 500))
        txn[Notes].load((number, f"note {number} " * 20) for number in range(1, 3000))
    damage(path, b"note 155")
    return path


@posix
def test_damage_is_named_whatever_is_asked(damaged: str) -> None:
    def child() -> str:
        problems = []
        with zlmdb.open(damaged, [Users, Notes]) as db:
            for write, calls in ((False, READS), (True, READS), (True, CHANGES)):
                for name, call in calls.items():
                    with db.begin(write=write) as txn:
                        said = told(lambda call=call, txn=txn: call(txn[Notes]))
                        if "is damaged" not in said:
                            problems.append((name, said))
                        again = told(lambda txn=txn: len(txn[Notes]))
                        if "can only be aborted" not in again and "is damaged" not in again:
                            problems.append((name, again))
                        txn.abort()
        return str(problems)

    assert in_fork(child) == "[]"


@posix
def test_damage_is_reported_table_by_table(damaged: str) -> None:
    def child() -> str:
        with zlmdb.open(damaged, [Users, Notes, Counters]) as db:
            with db.begin() as txn:
                assert len(txn[Users]) == 499
            said = told(lambda: db.stats(include_slots=True))
            assert "is damaged" in said, said
            return "\n".join(db.verify())

    assert in_fork(child) == ""  # a table without indexes is not read

    with zlmdb.open(damaged, [Users, Notes]) as db, db.begin(write=True) as txn:
        txn[Users].put(user(1, name="changed"))
    damage(damaged, b'"email":"250')

    def verify() -> str:
        with zlmdb.open(damaged, [Notes, Users]) as db:
            return "\n".join(db.verify())

    said = in_fork(verify)
    assert said.count("\n") == 0
    assert said.startswith("table Users: ")
    assert "is damaged" in said


@posix
@pytest.mark.parametrize("seed", range(6))
def test_a_file_with_bytes_overwritten_raises_our_errors_only(path: str, tmp_path: Path, seed: int) -> None:
    with zlmdb.open(path, [Users, Notes]) as db, db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 400))
        txn[Notes].load((number, f"note {number} " * 20) for number in range(1, 1600))
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    chance = random.Random(seed)
    with open(copy / "data.mdb", "r+b") as file:
        pages = os.path.getsize(copy / "data.mdb") // 4096
        for _ in range(4):
            file.seek(chance.randrange(2, pages) * 4096)
            file.write(chance.randbytes(32))

    def child() -> str:
        said = []

        def note(action: Callable[[], Any]) -> None:
            said.append(told(action))

        def work() -> None:
            with zlmdb.open(copy, [Users, Notes]) as db:
                for call in READS.values():
                    with db.begin() as txn:
                        note(lambda call=call, txn=txn: call(txn[Notes]))
                        note(lambda txn=txn: len(txn[Users].by_city))
                        note(lambda txn=txn: txn[Users].by_email.get("7@example.com"))
                        note(lambda txn=txn: "city 1" in txn[Users].by_city)
                note(lambda: db.stats(include_slots=True))
                note(db.verify)

        note(work)
        return "\n".join(line for line in said if line.startswith("foreign"))

    assert in_fork(child) == ""


# -- files that are not there, or not ours


def test_a_file_that_was_removed_while_open_is_told_of(path: str) -> None:
    with zlmdb.open(path, [Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "text"
        os.rename(path, f"{path}-elsewhere")
        with pytest.raises(zlmdb.DatabaseError, match="was moved or removed while it is open here"):
            db.stats()
        with db.begin() as txn:
            assert dict(txn[Notes]) == {1: "text"}
        os.rename(f"{path}-elsewhere", path)
        assert db.stats()["num_slots"] == 1


@posix
def test_a_file_that_was_replaced_while_open_is_told_of(path: str) -> None:
    zlmdb.open(f"{path}-other", [Notes]).close()
    with zlmdb.open(path, [Notes]) as db:
        os.replace(f"{path}-other/data.mdb", f"{path}/data.mdb")
        with pytest.raises(zlmdb.AlreadyOpen, match="replaced by another file while it was open here"):
            zlmdb.open(path)
        with db.begin() as txn:
            assert dict(txn[Notes]) == {}


def looked_at(db: zlmdb.Database) -> zlmdb.Database:
    """The database, whose next write transaction looks whether the file is where it was."""
    db._environment().watch.due = 0
    return db


@posix
def test_nothing_is_written_to_a_file_that_was_removed_or_replaced(path: str) -> None:
    zlmdb.open(f"{path}-other", [Notes]).close()
    with zlmdb.open(path, [Notes]) as db:
        with looked_at(db).begin(write=True) as txn:
            txn[Notes][1] = "text"
        os.rename(f"{path}/data.mdb", f"{path}/elsewhere.mdb")
        with pytest.raises(zlmdb.DatabaseError, match=r"moved or removed while it is open here, .* would be lost"):
            looked_at(db).begin(write=True).__enter__()
        os.link(f"{path}-other/data.mdb", f"{path}/data.mdb")
        with looked_at(db).begin(write=True) as txn:  # it may be the same one, under another number
            txn[Notes][2] = "more"
        for _ in range(2):
            with pytest.raises(zlmdb.DatabaseError, match="replaced by another file while it is open here"):
                looked_at(db).begin(write=True).__enter__()
        with db.begin() as txn:
            assert dict(txn[Notes]) == {1: "text", 2: "more"}
        os.replace(f"{path}/elsewhere.mdb", f"{path}/data.mdb")
        with looked_at(db).begin(write=True) as txn:
            txn[Notes][3] = "again"
    with zlmdb.open(path, [Notes]) as db, db.begin() as txn:
        assert dict(txn[Notes]) == {1: "text", 2: "more", 3: "again"}


@posix
def test_a_file_that_is_numbered_anew_while_it_is_open_is_still_the_same(path: str) -> None:
    with zlmdb.open(path, [Notes]) as db:
        environment = db._environment()
        environment.key = ("inode", *(number + 1 for number in environment.key[1:]))
        for number in range(5):
            with looked_at(db).begin(write=True) as txn:
                txn[Notes][number] = "text"
            os.utime(f"{path}/data.mdb", ns=(number, number))  # as a commit does, on a clock that is fine enough
        with db.begin() as txn:
            assert len(txn[Notes]) == 5


@posix
def test_a_temporary_database_is_written_to_without_its_name() -> None:
    with zlmdb.open(":memory:", [Notes]) as db:
        # Another handle, which does not know that it is temporary.
        zlmdb.Database.open(db.dbpath, sync=False, metasync=False).close()
        shutil.rmtree(db.dbpath)
        with looked_at(db).begin(write=True) as txn:
            txn[Notes][1] = "text"
        with db.begin() as txn:
            assert dict(txn[Notes]) == {1: "text"}


@posix
def test_who_cannot_see_the_file_any_more_goes_on_writing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with zlmdb.open(path, [Notes]) as db:

        def refuse(*args: object, **keywords: object) -> None:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", refuse)
            with looked_at(db).begin(write=True) as txn:
                txn[Notes][1] = "text"
        with db.begin() as txn:
            assert dict(txn[Notes]) == {1: "text"}


@posix
def test_a_path_relative_to_a_directory_that_was_removed_is_refused(path: str) -> None:
    zlmdb.open(path, [Notes]).close()

    def child() -> str:
        os.mkdir(f"{path}-gone")
        os.chdir(f"{path}-gone")
        os.rmdir(f"{path}-gone")
        with zlmdb.open(path):
            return told(lambda: zlmdb.open("../db"))

    assert in_fork(child).startswith("ZlmdbError: ../db is relative to the working directory, which was removed")


@posix
@pytest.mark.parametrize("readonly", [False, True], ids=["to write", "to read"])
def test_a_directory_that_may_not_be_looked_into_is_not_called_empty(path: str, readonly: bool) -> None:
    with zlmdb.open(path, [Notes]) as db:
        before = everything(db)
    os.chmod(path, 0o000)

    def child() -> str:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        return told(lambda: zlmdb.open(path, readonly=readonly))

    said = in_fork(child)
    os.chmod(path, 0o755)
    assert said.startswith(f"ZlmdbError: {path} cannot be opened: Permission denied")
    with zlmdb.open(path) as db:
        assert everything(db) == before


BAD_PATHS = {
    "a NUL": (lambda path: f"{path}\0", "expected a path, found one with a NUL"),
    "bytes that are no text": (lambda path: os.fsencode(path) + b"\xff", "expected a path that UTF-8 can hold"),
}


@pytest.mark.parametrize("what", BAD_PATHS)
def test_a_path_that_cannot_be_one_is_refused(path: str, what: str) -> None:
    make, message = BAD_PATHS[what]
    for opening in (zlmdb.open, zlmdb.Database, zlmdb.Database.open):
        with pytest.raises(zlmdb.DatabaseError, match=message):
            opening(make(path))
    assert os.listdir(os.path.dirname(path)) == []
