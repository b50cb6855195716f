"""Tables whose keys the earlier release wrote in an order that does not sort: its files go on so, ours sort."""

import importlib.util
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dbsupport import declare, everything, run_python

import zlmdb
from zlmdb.testing import faults

FILES = Path(__file__).parent / "files"


def load_contents() -> Any:
    """The module that made the files: its tables are declared with this package here."""
    spec = importlib.util.spec_from_file_location("make_files", FILES / "make_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


contents = load_contents()
Readings, Remarks, Empty = contents.Readings, contents.Remarks, contents.Empty
ns = contents.ns
READINGS = {(sensor, ns(time)): number for sensor in (1, 2) for number, time in enumerate(contents.TIMES)}


@pytest.fixture
def earlier(path: str) -> str:
    """A copy of a file that the earlier release made."""
    shutil.copytree(FILES / "layouts", path)
    return path


def raw_keys(db: Any, slot: int) -> list[bytes]:
    return [k for k, _ in everything(db) if k[:2] == slot.to_bytes(2, "big")]


def little(sensor: int, time: Any) -> bytes:
    return sensor.to_bytes(8, "big") + int(time.astype(int)).to_bytes(8, "little")


def big(sensor: int, time: Any) -> bytes:
    return sensor.to_bytes(8, "big") + int(time.astype(int)).to_bytes(8, "big")


@pytest.mark.parametrize("readonly", [True, False], ids=["readonly", "writable"])
def test_an_earlier_slot_is_read_by_key_and_scanned(earlier: str, readonly: bool) -> None:
    with zlmdb.open(earlier, [Readings, Remarks], readonly=readonly) as db, db.begin() as txn:
        assert {key: txn[Readings][key] for key in READINGS} == READINGS
        found = list(txn[Readings].items())
        assert dict(found) == READINGS
        assert [key for key, _ in found] == sorted(READINGS, key=lambda key: little(*key))
        assert [txn[Remarks][(s, t, f"author {n}")] for (s, t), n in READINGS.items()] == list(READINGS.values())
        assert {(s, t): n for (s, t, _), n in txn[Remarks].items()} == READINGS
        assert type(found[0][0][1]) is np.datetime64
        assert txn[Readings].count() == txn[Remarks].count() == 12


def test_an_earlier_slot_goes_on_with_its_bytes(earlier: str) -> None:
    added = {(3, ns(7)): 70, (1, ns(2**40)): 71}
    for _ in range(3):
        with zlmdb.open(earlier, [Readings]) as db:
            with db.begin(write=True) as txn:
                for key, value in added.items():
                    txn[Readings][key] = value
                txn[Readings][(1, ns(255))] = 0
            assert sorted(k[2:] for k in raw_keys(db, 1)) == sorted(little(*key) for key in (READINGS | added))
            with db.begin() as txn:
                assert dict(txn[Readings].items()) == READINGS | added | {(1, ns(255)): 0}


WRITER = """
    import sys
    sys.path.insert(0, sys.argv[2])
    import make_files, zlmdb
    with zlmdb.open(sys.argv[1], [make_files.Readings]) as db, db.begin(write=True) as txn:
        txn[make_files.Readings][(1, make_files.ns(1))] = 1
"""


@pytest.mark.parametrize("where", ["this process", "another process"])
def test_two_handles_agree_about_a_slot_that_was_emptied_meanwhile(earlier: str, tmp_path: Path, where: str) -> None:
    with zlmdb.open(earlier, [Readings]) as first:
        with first.begin(write=True) as txn:
            txn[Readings].clear()
        if where == "another process":
            run_python(WRITER, tmp_path, earlier, FILES)
        else:
            with zlmdb.open(earlier, [Readings]) as second, second.begin(write=True) as txn:
                txn[Readings][(1, ns(1))] = 1
        with first.begin(write=True) as txn:
            txn[Readings][(1, ns(2))] = 2
        with first.begin() as txn:
            assert dict(txn[Readings].items()) == {(1, ns(1)): 1, (1, ns(2)): 2}
    with zlmdb.open(earlier, [Readings]) as db, db.begin() as txn:
        assert dict(txn[Readings].items()) == {(1, ns(1)): 1, (1, ns(2)): 2}


def rows_in_order() -> list[tuple[Any, int]]:
    return [((sensor, ns(time)), number) for sensor in (1, 2) for number, time in enumerate(sorted(contents.TIMES))]


def assert_sorts(db: Any, slot: int) -> None:
    with db.begin() as txn:
        table = txn[Readings]
        assert list(table.items()) == rows_in_order()
        assert list(table.select((1, ns(256)), (1, ns(10**18)), return_values=False)) == [(1, ns(256)), (1, ns(65536))]
        assert list(table.select(prefix=(2,), return_values=False)) == [key for key, _ in rows_in_order()[6:]]
        assert table.last() == rows_in_order()[-1]
    assert [k[2:] for k in raw_keys(db, slot)] == [big(*key) for key, _ in rows_in_order()]


def test_a_slot_of_ours_sorts_and_stays_so(path: str) -> None:
    with zlmdb.open(path, [Readings]) as db, db.begin(write=True) as txn:
        for key, value in reversed(rows_in_order()):
            txn[Readings][key] = value
    for _ in range(2):
        with zlmdb.open(path, [Readings]) as db:
            assert_sorts(db, 1)
    with zlmdb.open(path, [Readings], readonly=True) as db:
        assert_sorts(db, 1)


def test_a_slot_of_ours_sorts_again_after_it_was_emptied(path: str) -> None:
    for _ in range(2):
        with zlmdb.open(path, [Readings]) as db:
            with db.begin(write=True) as txn:
                txn[Readings].clear()
                for key, value in reversed(rows_in_order()):
                    txn[Readings][key] = value
            assert_sorts(db, 1)


def test_the_layout_of_an_earlier_slot_that_was_never_filled_does_not_change_once_rows_are_there(earlier: str) -> None:
    with zlmdb.open(earlier, [Empty]) as db, db.begin(write=True) as txn:
        txn[Empty][(1, ns(256))] = 1
    for number in range(3):
        with zlmdb.open(earlier, [Empty]) as db:
            with db.begin(write=True) as txn:
                txn[Empty][(2, ns(number))] = number
            with db.begin() as txn:
                assert dict(txn[Empty].items()) == {(1, ns(256)): 1, **{(2, ns(n)): n for n in range(number + 1)}}


@pytest.mark.parametrize("table", ["readings", "remarks"])
def test_migrate_rewrites_an_earlier_slot_in_order(earlier: str, table: str) -> None:
    cls = Readings if table == "readings" else Remarks
    with zlmdb.open(earlier, [cls]) as db:
        with db.begin() as txn:
            before = dict(txn[cls].items())
        db.migrate()
    with zlmdb.open(earlier, [cls]) as db, db.begin() as txn:
        assert list(txn[cls].items()) == sorted(before.items())


def test_migrate_begins_again_when_the_map_was_full(earlier: str) -> None:
    tables = [Readings, Remarks]
    with zlmdb.open(earlier, tables) as db:
        with db.begin() as txn:
            before = [dict(txn[table].items()) for table in tables]
        with faults.failing(db, 0) as plan:
            db.migrate()
        assert plan.writes > 20
    shutil.rmtree(earlier)
    for write in range(1, plan.writes + 1, 7):
        shutil.copytree(FILES / "layouts", earlier)
        with zlmdb.open(earlier, tables) as db:
            with faults.failing(db, write, lambda: zlmdb.lmdb.MapFullError("injected")) as failing:
                assert db.migrate() == sum(map(len, before))
            assert failing.failed is not None
            with db.begin() as txn:
                assert [list(txn[table].items()) for table in tables] == [sorted(rows.items()) for rows in before]
            assert db.verify() == []
        shutil.rmtree(earlier)


def test_migrate_that_is_broken_off_behind_its_commit_has_migrated(
    earlier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = zlmdb.Database.write

    def write(*arguments: Any) -> None:
        original(*arguments)
        raise KeyboardInterrupt

    with zlmdb.open(earlier, [Readings]) as db:
        with db.begin() as txn:
            before = dict(txn[Readings].items())
        with monkeypatch.context() as patch:
            patch.setattr(zlmdb.Database, "write", write)
            with pytest.raises(KeyboardInterrupt):
                db.migrate()
        for _ in range(2):
            with db.begin() as txn:
                assert list(txn[Readings].items()) == sorted(before.items())
            with db.begin(write=True) as txn:
                txn[Readings][(1, ns(1))] = before.get((1, ns(1)), 0)
                before = dict(txn[Readings].items())
        assert db.migrate() == 0


def test_the_smaller_number_is_in_native_order_in_earlier_slots_only(path: str) -> None:
    keys = [(number, uuid.UUID(int=1), ns(5)) for number in (1, 255, 256, 4096)]
    table = declare(
        zlmdb.MapUint16UuidTimestampFlatBuffers,
        build=lambda text, builder: builder.CreateString(text),
        cast=lambda data: bytes(data),
    )
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            for key in reversed(keys):
                txn[table][key] = str(key[0])
        with db.begin() as txn:
            assert list(txn[table]) == keys
        assert [k[2:4] for k in raw_keys(db, 1)] == [key[0].to_bytes(2, "big") for key in keys]


# -- pages

PAGES = json.loads((FILES / "pages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_tables_and_rows_take_no_more_pages_than_in_the_earlier_release(path: str, lib_version: str) -> None:
    recorded = PAGES[lib_version]
    with zlmdb.open(path, lib_version=lib_version) as db:
        tables = [db.attach_table(cls) for cls in contents.FOURTEEN]
        assert db.stats()["pages"] == recorded["attached"] == 1
        assert db.stats()["entries"] == 14
        with db.begin(write=True) as txn:
            for number in range(10_000):
                tables[0][txn, uuid.uuid5(uuid.NAMESPACE_OID, str(number))] = contents.row(number)
        stats = db.stats()
        assert stats["entries"] == recorded["entries"]
        assert {"filled": stats["pages"], "leaf": stats["leaf_pages"], "overflow": stats["overflow_pages"]} == {
            name: recorded[name] for name in ("filled", "leaf", "overflow")
        }


def test_fourteen_tables_attached_by_fourteen_processes_fit_one_page(path: str, tmp_path: Path) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[2])
        import make_files, zlmdb
        for cls in make_files.FOURTEEN:
            with zlmdb.Database(sys.argv[1]) as db:
                db.attach_table(cls)
        with zlmdb.Database(sys.argv[1]) as db:
            print(db.stats()["pages"], db.stats()["num_slots"])
    """
    assert run_python(code, tmp_path, path, FILES) == "1 14\n"
