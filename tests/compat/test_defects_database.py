"""Databases, slots and processes: a test for each known defect of the earlier release there."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cases import ROOT, declare, run_python, u

import zlmdb


def test_two_processes_never_get_the_same_slot(tmp_path: Path) -> None:
    code = """
        import sys, uuid, zlmdb
        mine = int(sys.argv[1])
        oids = [uuid.UUID(int=mine * 1000 + n) for n in range(20)]
        classes = [zlmdb.table(oid)(type("T", (zlmdb.MapOidOid,), {})) for oid in oids]
        sys.stdin.readline()
        with zlmdb.Database("db") as db:
            tables = [db.attach_table(cls) for cls in classes]
            with db.begin(write=True) as txn:
                for n, table in enumerate(tables):
                    table[txn, mine] = n
            print(*[table._slot for table in tables])
    """
    with zlmdb.Database(str(tmp_path / "db")):
        pass
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(mine)],
            cwd=tmp_path, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for mine in (1, 2, 3, 4)
    ]  # fmt: skip
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    slots = [int(slot) for child in children for slot in child.communicate(timeout=120)[0].split()]
    assert [child.returncode for child in children] == [0] * 4
    assert sorted(slots) == list(range(1, 81))
    with zlmdb.Database(str(tmp_path / "db")) as db:
        assert sorted(slot.slot for slot in db._get_slots().values()) == list(range(1, 81))
        with db.begin() as txn:
            assert [zlmdb.PersistentMap(slot).count(txn) for slot in range(1, 81)] == [1] * 80


def test_database_open_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = zlmdb.Database.open(str(tmp_path / "db"))
    second = zlmdb.Database.open(str(tmp_path / "db"))
    with first, second:
        pass
    assert capfd.readouterr() == ("", "")


def test_handles_of_database_open_are_closed_one_by_one(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    first, second = zlmdb.Database.open(path), zlmdb.Database.open(path)
    first.__exit__(None, None, None)
    assert (first.is_open, second.is_open) == (False, True)
    with second.begin(write=True) as txn:
        txn.put(b"\xff\xf0k", b"1")
    with pytest.raises(RuntimeError, match="twice within same process"):
        zlmdb.Database(path)
    second.__exit__(None, None, None)
    with zlmdb.Database(path) as alone, alone.begin() as txn:
        assert txn.get(b"\xff\xf0k") == b"1"


def test_a_database_grows_beyond_ten_megabytes(db: Any) -> None:
    texts = db.attach_table(declare(zlmdb.MapOidString))
    assert db.maxsize == db.stats()["max_size"] == 10485760
    for start in range(0, 60, 10):
        with db.begin(write=True) as txn:
            for n in range(start, start + 10):
                texts[txn, n] = chr(97 + n % 26) * 500_000
    with db.begin() as txn:
        assert texts.count(txn) == 60
        assert texts[txn, 59] == chr(97 + 59 % 26) * 500_000
    assert 0 <= db.stats()["free"] <= 1
    assert db.stats()["current_size"] > 30_000_000


def put_texts(db: Any, texts: Any, upto: int) -> None:
    with db.begin(write=True) as txn:
        for n in range(1, upto):
            texts[txn, n] = "x" * 500_000


def test_a_given_maxsize_is_a_cap(tmp_path: Path) -> None:
    with zlmdb.Database(str(tmp_path / "db"), maxsize=2**20) as db:
        texts = db.attach_table(declare(zlmdb.MapOidString))
        with db.begin(write=True) as txn:
            texts[txn, 0] = "kept"
        with pytest.raises(zlmdb.DatabaseFull):
            put_texts(db, texts, 10)
        with db.begin() as txn:
            assert list(texts.select(txn)) == [(0, "kept")]


def test_growth_by_another_process_is_adopted(tmp_path: Path) -> None:
    code = """
        import uuid, zlmdb
        with zlmdb.Database("db") as db:
            table = db.attach_table(zlmdb.table(uuid.UUID(int=1))(type("T", (zlmdb.MapOidString,), {})))
            for n in range(1, 40):
                with db.begin(write=True) as txn:
                    table[txn, n] = "x" * 500_000
    """
    with zlmdb.Database(str(tmp_path / "db")) as db:
        table = db.attach_table(zlmdb.table(uuid.UUID(int=1))(type("T", (zlmdb.MapOidString,), {})))
        with db.begin(write=True) as txn:
            table[txn, 0] = "first"
        done = run_python(code, tmp_path)
        assert done.returncode == 0, done.stderr
        with db.begin() as txn:
            assert (table[txn, 0], table.count(txn), len(table[txn, 39])) == ("first", 40, 500_000)
        with db.begin(write=True) as txn:
            table[txn, 40] = "last"
        with db.begin() as txn:
            assert table[txn, 40] == "last"


def test_a_killed_reader_does_not_pin_pages(tmp_path: Path) -> None:
    code = """
        import os, signal, sys, zlmdb
        db = zlmdb.Database("db").__enter__()
        txn = db.begin().__enter__()
        txn.get(b"x")
        print("reading", flush=True)
        signal.pause()
    """
    with zlmdb.Database(str(tmp_path / "db"), maxsize=2**22) as db:
        table = db.attach_table(declare(zlmdb.MapOidString))
        with db.begin(write=True) as txn:
            table[txn, 0] = "x" * 500_000
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        reader.send_signal(signal.SIGKILL)
        reader.wait(60)
    with zlmdb.Database(str(tmp_path / "db"), maxsize=2**22) as db:
        table = db.attach_table(declare(zlmdb.MapOidString))
        for turn in range(40):
            with db.begin(write=True) as txn:
                table[txn, 0] = chr(97 + turn % 26) * 500_000
        with db.begin() as txn:
            assert table[txn, 0] == chr(97 + 39 % 26) * 500_000


def test_slot_65535_is_never_handed_out(tmp_path: Path) -> None:
    record = {"oid": str(u(5)), "name": "Last", "creator": "unknown", "slot": 65534}
    with zlmdb.Database(str(tmp_path / "db")) as db, db.begin(write=True) as txn:
        txn.put(b"\x00\x00\xff\xfe", cbor2.dumps(record))
    with zlmdb.Database(str(tmp_path / "db")) as db:
        with contextlib.suppress(zlmdb.ZlmdbError):  # a slot below may be found, or the attach may be refused
            table = db.attach_table(declare(zlmdb.MapOidOid))
            assert 1 <= table._slot < 65534
        slots = [slot.slot for slot in db._get_slots().values()]
        assert 65534 in slots
        assert 65535 not in slots
    with pytest.raises((ValueError, zlmdb.ZlmdbError), match="65535"):
        zlmdb.MapOidOid(65535)


def test_the_last_slot_can_be_scanned_counted_and_emptied(db: Any) -> None:
    table = zlmdb.MapOidOid(65534)
    with db.begin(write=True) as txn:
        for n in range(5):
            table[txn, n] = n
        txn.put(b"\xff\xff\x00", b"not of this slot")
        assert list(table.select(txn, reverse=True, return_values=False)) == [4, 3, 2, 1, 0]
        assert table.count(txn) == 5
        assert table.truncate(txn) == 5
        assert txn.get(b"\xff\xff\x00") == b"not of this slot"


def test_stats_work_without_tables(db: Any) -> None:
    stats = db.stats(include_slots=True)
    assert (stats["num_slots"], stats["slots"], stats["free"], stats["used"]) == (0, [], 1.0, 0)
    assert db._get_slots() == {}


def test_free_space_is_never_negative(tmp_path: Path) -> None:
    with zlmdb.Database(str(tmp_path / "db")) as db:
        table = db.attach_table(declare(zlmdb.MapOidString))
        for n in range(30):
            with db.begin(write=True) as txn:
                table[txn, n] = "x" * 500_000
        stats = db.stats()
    with zlmdb.Database(str(tmp_path / "db"), readonly=True) as db:
        for found in (stats, db.stats()):
            assert found["used"] > 14_000_000
            assert 0 <= found["free"] < 1


def spellings(path: Path) -> list[Any]:
    link = path.with_name("link")
    link.symlink_to(path)
    return [str(path), f"{path}/", path, str(path / ".." / path.name), str(link), os.path.relpath(path)]


def test_a_second_database_on_a_path_is_refused_however_it_is_spelled(tmp_path: Path) -> None:
    with zlmdb.Database(str(tmp_path / "db")):
        for path in spellings(tmp_path / "db"):
            with pytest.raises(RuntimeError, match="twice within same process"):
                zlmdb.Database(path)


@pytest.mark.parametrize("options", [{"create": False}, {"readonly": True}, {"lib_version": "7"}], ids=repr)
def test_a_failed_open_leaves_the_path_free(tmp_path: Path, options: dict[str, Any]) -> None:
    for _ in range(2):
        with pytest.raises((OSError, ValueError, zlmdb.ZlmdbError)) as caught:
            zlmdb.Database(str(tmp_path / "db"), **options)
        assert "twice" not in str(caught.value)
        assert not (tmp_path / "db").exists()
    with zlmdb.Database(str(tmp_path / "db")) as db:
        assert db.is_open


def test_a_dropped_handle_leaves_the_path_free(tmp_path: Path) -> None:
    import gc

    handle = zlmdb.Database(str(tmp_path / "db"))
    with handle.begin(write=True) as txn:
        txn.put(b"\xff\xf0k", b"1")
    del txn, handle
    gc.collect()
    with zlmdb.Database(str(tmp_path / "db")) as db, db.begin() as txn:
        assert txn.get(b"\xff\xf0k") == b"1"


def test_decorating_again_returns_the_class() -> None:
    class Rows(zlmdb.MapUuidString):
        """Rows."""

    assert zlmdb.table(str(u(77)))(Rows) is Rows
    assert zlmdb.table(u(77))(Rows) is Rows
    assert zlmdb.TABLES_BY_UUID[u(77)] is Rows


def test_a_path_object_is_a_path(tmp_path: Path) -> None:
    with zlmdb.Database(tmp_path / "db") as db, db.begin(write=True) as txn:
        txn.put(b"\xff\xf0k", b"1")
    with zlmdb.Database(str(tmp_path / "db")) as db, db.begin() as txn:
        assert txn.get(b"\xff\xf0k") == b"1"


def test_a_temporary_database_leaves_nothing_behind() -> None:
    with zlmdb.Database() as db:
        path = Path(db.dbpath)
        assert path.is_dir()
    assert not path.exists()


def test_another_class_may_not_take_over_a_table(db: Any) -> None:
    texts = type("Texts", (zlmdb.MapUuidString,), {})
    numbers = type("Numbers", (zlmdb.MapOidOid,), {})
    table = db.attach_table(zlmdb.table(u(88))(texts))
    with db.begin(write=True) as txn:
        table[txn, u(1)] = "text"
    zlmdb.TABLES_BY_UUID.clear()
    with pytest.raises(zlmdb.ZlmdbError):
        db.attach_table(zlmdb.table(u(88))(numbers))
    with db.begin() as txn:
        assert list(table.select(txn)) == [(u(1), "text")]


@pytest.mark.parametrize("when", ["in a transaction of the parent", "between transactions"])
def test_a_fork_never_leaves_the_path_blocked(tmp_path: Path, when: str) -> None:
    code = """
        import os, sys, zlmdb
        db = zlmdb.Database("db").__enter__()
        with db.begin(write=True) as txn:
            txn.put(b"\\xff\\xf0k", b"parent")
        held = db.begin().__enter__() if "parent" in sys.argv[1] else None
        child = os.fork()
        if child == 0:
            with zlmdb.Database.open("db") as own, own.begin(write=True) as txn:
                ok = txn.get(b"\\xff\\xf0k") == b"parent"
                txn.put(b"\\xff\\xf0k", b"child")
            os._exit(0 if ok else 3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        with db.begin() as txn:
            print(txn.get(b"\\xff\\xf0k"))
    """
    done = run_python(code, tmp_path, when)
    assert done.stdout == "0\nb'child'\n", done.stdout + done.stderr


@contextlib.contextmanager
def unshared_pid_namespace() -> Iterator[list[str]]:
    """The command prefix that gives a process the first PID of a namespace of its own."""
    prefix = ["unshare", "--pid", "--fork", "--kill-child"]
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, timeout=20, check=False).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        pytest.skip("this machine does not let us make a PID namespace")
    yield prefix


def test_the_same_pid_in_another_namespace_is_refused(tmp_path: Path) -> None:
    code = """
        import sys, zlmdb
        db = zlmdb.Database("db").__enter__()
        print("open", flush=True)
        sys.stdin.readline()
    """
    with unshared_pid_namespace() as prefix:
        command = [*prefix, sys.executable, "-c", textwrap.dedent(code)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        first = subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes)
        try:
            assert first.stdout is not None
            assert first.stdout.readline() == "open\n"
            second = subprocess.run(
                command,
                cwd=tmp_path,
                env=environment,
                text=True,
                input="\n",
                capture_output=True,
                timeout=60,
                check=False,
            )
        finally:
            first.communicate("\n", timeout=60)
        assert second.returncode != 0
        assert "RuntimeError" in second.stderr or "AlreadyOpen" in second.stderr
        assert "PID namespace" in second.stderr
