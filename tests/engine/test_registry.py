"""One environment for each file in a process: who may open it a second time, and what never blocks it."""

import gc
import os
import re
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Counters, Notes, child, everything, in_fork, run_python

import zlmdb
from zlmdb.engine import registry

TWICE = "twice within same process"


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Any:
    yield
    gc.collect()
    assert registry.environments() == []


def make(path: Any, **options: Any) -> None:
    with zlmdb.Database(path, **options) as db, db.begin(write=True) as txn:
        txn.put(b"\xff\xf0key", b"kept")


def kept(path: Any) -> bool:
    with zlmdb.open(path) as db, db.begin() as txn:
        return bool(txn.get(b"\xff\xf0key") == b"kept")


def spellings(path: Path) -> dict[str, Any]:
    link = path.with_name("symlink")
    link.symlink_to(path)
    return {
        "as it was": str(path),
        "trailing slash": f"{path}/",
        "path object": path,
        "bytes": os.fsencode(path),
        "dots": str(path / ".." / path.name),
        "double slash": str(path).replace("/db", "//db"),
        "symlink": str(link),
        "relative": os.path.relpath(path),
        "data file": str(path / "data.mdb"),
    }


def test_a_second_database_is_refused_however_the_path_is_spelled(tmp_path: Path) -> None:
    with zlmdb.Database(tmp_path / "db"):
        for name, spelling in spellings(tmp_path / "db").items():
            with pytest.raises(zlmdb.AlreadyOpen, match=TWICE) as caught:
                zlmdb.Database(spelling)
            assert isinstance(caught.value, RuntimeError), name
            assert f"PID {os.getpid()}" in str(caught.value), name
            assert "test_registry.py" in str(caught.value), name
    make(tmp_path / "db")


def test_a_hard_link_is_the_same_file(tmp_path: Path) -> None:
    make(tmp_path / "db")
    os.link(tmp_path / "db" / "data.mdb", tmp_path / "linked.mdb")
    with zlmdb.Database(tmp_path / "db") as db:
        with pytest.raises(zlmdb.AlreadyOpen, match=TWICE):
            zlmdb.Database(tmp_path / "linked.mdb")
        with zlmdb.open(tmp_path / "linked.mdb") as linked:
            assert everything(linked) == everything(db) == [(b"\xff\xf0key", b"kept")]


def test_open_shares_however_the_path_is_spelled(tmp_path: Path) -> None:
    with zlmdb.Database(tmp_path / "db") as first:
        for number, (name, spelling) in enumerate(spellings(tmp_path / "db").items()):
            with zlmdb.open(spelling) as other, zlmdb.Database.open(spelling) as third:
                assert len(registry.environments()) == 1, name
                with other.begin(write=True) as txn:
                    txn.put(b"\xff\xf0key", str(number).encode())
                with third.begin() as txn:
                    assert txn.get(b"\xff\xf0key") == str(number).encode(), name
            assert (other.is_open, third.is_open, first.is_open) == (False, False, True)
        with first.begin() as txn:
            assert txn.get(b"\xff\xf0key") == b"8"


def test_handles_have_tables_and_closing_of_their_own(path: str) -> None:
    first, second = zlmdb.open(path, [Notes]), zlmdb.open(path, [Counters])
    with first.begin(write=True) as txn:
        txn[Notes][1] = "one"
        with pytest.raises(zlmdb.TableNotAttached, match=r"table Counters is not attached"):
            txn[Counters]
    first.close()
    first.close()
    with pytest.raises(zlmdb.DatabaseClosed, match="this handle is closed"), first.begin():
        pass
    with second.begin(write=True) as txn:
        txn[Counters]["one"] = 1
    with pytest.raises(zlmdb.AlreadyOpen, match=TWICE):
        zlmdb.Database(path)
    second.close()
    with zlmdb.Database(path) as db:
        notes, counters = db.attach_tables([Notes, Counters])
        with db.begin() as txn:
            assert (notes[txn, 1], counters[txn, "one"]) == ("one", 1)


def test_a_transaction_outlives_another_handle_but_not_the_last(path: str) -> None:
    first, second = zlmdb.open(path), zlmdb.open(path)
    txn = first.begin(write=True)
    txn.__enter__()
    txn.put(b"\xff\xf0key", b"lost")
    second.close()
    assert txn.get(b"\xff\xf0key") == b"lost"
    first.close()
    with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
        txn.get(b"\xff\xf0key")
    with zlmdb.open(path) as db:
        assert everything(db) == []


@pytest.mark.parametrize(
    ("have", "want", "name"),
    [
        ({"readonly": True}, {}, "readonly"),
        ({"maxsize": 2**22}, {"maxsize": 2**23}, "maxsize"),
        ({"sync": False}, {"sync": True}, "sync"),
        ({"sync": True, "metasync": False}, {"metasync": True}, "metasync"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conflicting_options_are_refused_naming_both_places(
    path: str, have: dict[str, Any], want: dict[str, Any], name: str
) -> None:
    make(path)
    first = zlmdb.Database.open(path, **have)
    line = "def test_conflicting_options"
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    start = next(number for number, text in enumerate(source, 1) if text.startswith(line))
    with pytest.raises(zlmdb.AlreadyOpen, match=f"{name}=") as caught:
        zlmdb.Database.open(path, **want)
    places = [int(found) for found in re.findall(re.escape(__file__) + r":(\d+)", str(caught.value))]
    assert len(places) == 2, str(caught.value)
    assert places[0] != places[1]
    assert all(start < place < start + 20 for place in places)
    assert isinstance(caught.value, RuntimeError)
    assert first.is_open
    first.close()
    assert kept(path)


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ({}, {"readonly": True}),
        ({"maxsize": 2**22}, {}),
        ({"maxsize": 2**22}, {"maxsize": 2**22}),
        ({}, {"sync": False}),
        ({"lib_version": "0.9"}, {"lib_version": "1.0"}),
        ({}, {"create": False}),
    ],
    ids=str,
)
def test_options_that_what_is_open_serves_are_shared(path: str, have: dict[str, Any], want: dict[str, Any]) -> None:
    make(path, **{k: v for k, v in have.items() if k == "lib_version"})
    with zlmdb.Database.open(path, **have) as first, zlmdb.Database.open(path, **want) as second:
        assert first.lib_version == second.lib_version == have.get("lib_version", "1.0")
        with first.begin(write=True) as txn:
            txn.put(b"\xff\xf0key", b"new")
        with second.begin() as txn:
            assert txn.get(b"\xff\xf0key") == b"new"


def test_a_read_only_handle_on_a_shared_file_does_not_write(path: str) -> None:
    make(path)
    with zlmdb.open(path) as first, zlmdb.open(path, readonly=True) as second:
        assert (first.is_readonly, second.is_readonly) == (False, True)
        with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only"), second.begin(write=True):
            pass
        with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only"):
            second.attach_table(Notes)
        assert everything(first) == [(b"\xff\xf0key", b"kept")]


@pytest.mark.parametrize("options", [{"create": False}, {"readonly": True}], ids=str)
def test_a_failed_open_does_not_block_the_path(path: str, options: dict[str, Any]) -> None:
    for _ in range(3):
        with pytest.raises(zlmdb.DatabaseNotFound, match="there is no database at") as caught:
            zlmdb.Database(path, **options)
        assert isinstance(caught.value, FileNotFoundError)
        assert path in str(caught.value)
        assert not os.path.exists(path)
    make(path)
    assert kept(path)


def test_a_failed_attach_does_not_block_the_path(path: str) -> None:
    class Broken(zlmdb.Schema):
        notes: "NoSuchTable"  # type: ignore[name-defined]  # noqa: F821

    for _ in range(2):
        with pytest.raises(zlmdb.SchemaError, match="NoSuchTable"):
            zlmdb.open(path, Broken)
    make(path)


def test_a_dropped_handle_does_not_block_the_path(path: str) -> None:
    make(path)
    for _ in range(3):
        handle = zlmdb.Database(path)
        cycle = [handle]
        cycle.append(cycle)  # type: ignore[arg-type]
        del handle, cycle
        gc.collect()
    assert kept(path)


def test_a_handle_dropped_with_an_open_transaction_does_not_block_the_path(path: str) -> None:
    make(path)
    handle = zlmdb.Database(path)
    txn = handle.begin(write=True)
    txn.__enter__()
    txn.put(b"\xff\xf0key", b"lost")
    del txn, handle
    gc.collect()
    assert kept(path)


def test_an_environment_opened_outside_of_zlmdb_is_named(path: str) -> None:
    make(path)
    raw = zlmdb.lmdb.open(path)
    try:
        for opener in (zlmdb.Database, zlmdb.open):
            with pytest.raises(zlmdb.AlreadyOpen, match=TWICE) as caught:
                opener(path)
            assert "py-lmdb" in str(caught.value)
    finally:
        raw.close()
    assert kept(path)


def test_a_fork_does_not_block_the_path(path: str) -> None:
    make(path)
    with zlmdb.Database(path) as db:
        assert in_fork(lambda: make_in_child(path)) == "[(b'\\xff\\xf0key', b'child')]"
        assert in_fork(lambda: zlmdb.Database(path).is_open) == "True"
        assert everything(db) == [(b"\xff\xf0key", b"child")]
        with pytest.raises(zlmdb.AlreadyOpen, match=TWICE):
            zlmdb.Database(path)


def make_in_child(path: str) -> Any:
    with zlmdb.Database(path) as own:
        with own.begin(write=True) as txn:
            txn.put(b"\xff\xf0key", b"child")
        with pytest.raises(zlmdb.AlreadyOpen, match=TWICE):
            zlmdb.Database(path)
        return everything(own)


def test_a_removed_and_remade_database_is_another_one(path: str) -> None:
    with zlmdb.open(path) as old:
        with old.begin(write=True) as txn:
            txn.put(b"\xff\xf0key", b"old")
        zlmdb.Database.scratch(path)
        with zlmdb.Database(path) as new:
            assert everything(new) == []
        assert everything(old) == [(b"\xff\xf0key", b"old")]


HOLDER = """
    import fcntl, os, struct, sys
    # Lock the byte of another process's PID in the lock file, as LMDB does for its own: what that other process then
    # meets is what a process of another PID namespace with its number would make it meet.
    pid = int(sys.argv[2])
    lock = os.open(sys.argv[1], os.O_RDWR)
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, pid, os.SEEK_SET)
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_process_of_our_number_in_another_pid_namespace_is_refused(path: str, tmp_path: Path) -> None:
    make(path)
    with child(HOLDER, tmp_path, f"{path}/lock.mdb", os.getpid()) as holder:
        assert holder.hears() == "held"
        for opener in (zlmdb.Database, zlmdb.open):
            with pytest.raises(RuntimeError, match="PID namespace") as caught:
                opener(path)
            assert isinstance(caught.value, zlmdb.AlreadyOpen)
            assert str(os.getpid()) in str(caught.value)
            assert path in str(caught.value)
        holder.tell()
        holder.finish()
    assert kept(path)


def test_other_processes_are_no_reason_to_refuse(path: str, tmp_path: Path) -> None:
    code = """
        import sys, zlmdb
        with zlmdb.Database(sys.argv[1]) as db:
            with db.begin() as txn:
                print(txn.get(b"\\xff\\xf0key"))
            with db.begin(write=True) as txn:
                txn.put(b"\\xff\\xf0other", b"too")
    """
    make(path)
    with zlmdb.Database(path) as db:
        assert run_python(code, tmp_path, path) == "b'kept'\n"
        assert everything(db) == [(b"\xff\xf0key", b"kept"), (b"\xff\xf0other", b"too")]
