"""Files of the earlier release: read here, extended here, and read there again."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import described
import pytest
import samples

FILES = Path(__file__).parent / "files"
NAMES = sorted(path.stem for path in FILES.glob("*.json"))
UNCOMPRESSED = [name for name in NAMES if name.startswith(("maps", "indexed"))]


@pytest.fixture
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """The path of a copy of the named file, and its description."""
    name = request.param
    if name.startswith("snappy"):
        pytest.importorskip("snappy", reason="snappy compression needs python-snappy")
    shutil.copytree(FILES / name, tmp_path / "kept")
    return str(tmp_path / "kept"), json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))


@contextmanager
def opened(path: str, description: dict[str, Any], **options: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    with described.open_database(path, **options) as db:
        yield db, described.attach(db, description)


def assert_holds(db: Any, tables: dict[str, Any], description: dict[str, Any]) -> None:
    """Every described record, and no other, is found by key and by scan, in the order of the bytes."""
    found = described.read_all(db, tables, description, scan_all=True)
    for table in description["tables"]:
        attached, answer = tables[table["name"]], found[table["name"]]
        assert answer["by_key"] == table["records"], table["name"]
        assert answer["count"] == len(table["records"]), table["name"]
        assert answer["slot"] == table["slot"], table["name"]
        in_order = sorted(table["records"], key=lambda row: attached._serialize_key(samples.from_json(row[0])))
        assert answer["scan"] == in_order, table["name"]


def extended(description: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[tuple[Any, Any]]]]:
    """The description after changes to each table that is no index, and the changes: (key, value or None)."""
    description = json.loads(json.dumps(description))
    kept_by_others = {index["table"] for table in description["tables"] for index in table["indexes"]}
    changes: dict[str, list[tuple[Any, Any]]] = {}
    for table in description["tables"]:
        if table["name"] in kept_by_others:
            continue
        rows = {json.dumps(key): value for key, value in table["records"]}
        first, second, third = list(rows)[:3]
        if table["indexes"]:
            changed = {
                **rows[first],
                "name": "renamed",
                "email": None,
                "number": 1000,
                "group": rows[third]["group"],
            }
            added = {
                **rows[third],
                "oid": str(samples.KEY_EXTRA["Uuid"]),
                "name": "added",
                "email": "a@example.com",
                "number": 2000,
            }
        else:
            _parts, value_type = samples.MAPS[table["map"]]
            changed, added = rows[third], samples.to_json(samples.VALUE_SAMPLES[value_type][1])
        extra = json.dumps(samples.to_json(samples.extra_key_of(samples.MAPS[table["map"]][0])))
        edits = [(first, changed), (second, None), (extra, added)]
        for key, value in edits:
            rows.pop(key) if value is None else rows.update({key: value})
        table["records"] = [[json.loads(key), value] for key, value in rows.items()]
        changes[table["name"]] = [(json.loads(key), value) for key, value in edits]
    for table in description["tables"]:
        for index in table["indexes"]:
            key_of = described.field_key(index["field"])
            keys = [(samples.to_json(key_of(row)), key) for key, row in table["records"]]
            held = [[key, primary] for key, primary in keys if key is not None]
            next(other for other in description["tables"] if other["name"] == index["table"])["records"] = held
    return description, changes


@pytest.mark.parametrize("kept", NAMES, indirect=True)
def test_every_record_is_read_and_nothing_is_changed(kept: tuple[str, dict[str, Any]]) -> None:
    path, description = kept
    with opened(path, description, readonly=True) as (db, tables):
        assert db.lib_version == description["lib_version"]
        before = described.raw_records(db)
        assert_holds(db, tables, description)
    with opened(path, description) as (db, tables):
        assert_holds(db, tables, description)
        assert described.raw_records(db) == before
        slots = {str(oid): (slot.slot, slot.name, slot.description) for oid, slot in db._get_slots().items()}
        assert slots == {table["oid"]: (table["slot"], table["name"], table["doc"]) for table in description["tables"]}


@pytest.mark.parametrize("kept", NAMES, indirect=True)
def test_changes_are_kept_beside_what_was_there(kept: tuple[str, dict[str, Any]]) -> None:
    path, description = kept
    after, changes = extended(description)
    with opened(path, description) as (db, tables):
        catalog = [row for row in described.raw_records(db) if row[0].startswith("0000")]
        described.apply(db, tables, changes)
        assert_holds(db, tables, after)
    with opened(path, after) as (db, tables):
        assert_holds(db, tables, after)
        assert [row for row in described.raw_records(db) if row[0].startswith("0000")] == catalog


@pytest.mark.parametrize("kept", ["indexed-0.9", "indexed-1.0"], indirect=True)
def test_rows_are_found_through_their_indexes(kept: tuple[str, dict[str, Any]]) -> None:
    path, description = kept
    with opened(path, description) as (db, tables), db.begin() as txn:
        main = description["tables"][0]
        for index in main["indexes"]:
            key_of = described.field_key(index["field"])
            for key, row in main["records"]:
                indexed = key_of(row)
                if indexed is not None:
                    primary = tables[index["table"]][txn, indexed]
                    assert primary == samples.from_json(key)
                    assert tables["Rows"][txn, primary] == row


@pytest.mark.parametrize("kept", ["indexed-0.9", "indexed-1.0"], indirect=True)
def test_a_rebuilt_index_is_the_same_and_harms_no_other_slot(kept: tuple[str, dict[str, Any]]) -> None:
    path, description = kept
    with opened(path, description) as (db, tables):
        before = described.raw_records(db)
        for index in description["tables"][0]["indexes"]:
            held = next(table for table in description["tables"] if table["name"] == index["table"])
            with db.begin(write=True) as txn:
                assert tables["Rows"].rebuild_index(txn, index["name"]) == (
                    len(held["records"]),
                    len(held["records"]),
                )
            assert described.raw_records(db) == before


@pytest.mark.parametrize("kept", UNCOMPRESSED, indirect=True)
def test_the_same_contents_made_here_are_the_same_bytes(kept: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    path, description = kept
    with opened(path, description) as (db, _):
        there = described.raw_records(db)
    with opened(str(tmp_path / "own"), description, lib_version=description["lib_version"]) as (db, tables):
        described.fill(db, tables, description)
        assert described.raw_records(db) == there
        assert db.lib_version == description["lib_version"]


def read_there(
    run_earlier: Callable[..., str], path: str, description: dict[str, Any], tmp_path: Path
) -> dict[str, Any]:
    """What the earlier release finds in the database."""
    (tmp_path / "description.json").write_text(json.dumps(description), encoding="utf-8")
    run_earlier("read_back.py", path, tmp_path / "description.json", tmp_path / "result.json")
    answer: dict[str, Any] = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    return answer


def assert_same_there(answer: dict[str, Any], description: dict[str, Any]) -> None:
    for table in description["tables"]:
        found = answer["found"][table["name"]]
        assert found["by_key"] == table["records"], table["name"]
        assert found["count"] == len(table["records"]), table["name"]
        if table["scans"]:
            assert sorted(found["scan"], key=repr) == sorted(table["records"], key=repr), table["name"]


@pytest.mark.parametrize("kept", NAMES, indirect=True)
def test_the_earlier_release_reads_what_was_changed_here(
    kept: tuple[str, dict[str, Any]], run_earlier: Callable[..., str], tmp_path: Path
) -> None:
    path, description = kept
    after, changes = extended(description)
    with opened(path, description) as (db, tables):
        described.apply(db, tables, changes)
        here = described.raw_records(db)
    answer = read_there(run_earlier, path, after, tmp_path)
    assert_same_there(answer, after)
    assert [tuple(row) for row in answer["raw"]] == here
    with opened(path, after) as (db, tables):
        assert_holds(db, tables, after)


@pytest.mark.parametrize("kept", [name for name in NAMES if not name.startswith("by-key")], indirect=True)
def test_the_earlier_release_reads_what_was_made_here(
    kept: tuple[str, dict[str, Any]], run_earlier: Callable[..., str], tmp_path: Path
) -> None:
    _, description = kept
    path = str(tmp_path / "own")
    with opened(path, description, lib_version=description["lib_version"]) as (db, tables):
        described.fill(db, tables, description)
        here = described.raw_records(db)
    answer = read_there(run_earlier, path, description, tmp_path)
    assert_same_there(answer, description)
    assert answer["lib_version"] == description["lib_version"]
    assert [tuple(row) for row in answer["raw"]] == here


@pytest.mark.parametrize("open_meanwhile", [False, True], ids=["closed here", "open here"])
@pytest.mark.parametrize("kept", NAMES, indirect=True)
def test_what_the_earlier_release_changes_is_read_here(
    kept: tuple[str, dict[str, Any]], run_earlier: Callable[..., str], tmp_path: Path, open_meanwhile: bool
) -> None:
    path, description = kept
    after, changes = extended(description)
    (tmp_path / "description.json").write_text(json.dumps(description), encoding="utf-8")
    (tmp_path / "changes.json").write_text(json.dumps(changes), encoding="utf-8")
    arguments = (path, tmp_path / "description.json", tmp_path / "changes.json")
    if open_meanwhile:
        with opened(path, description) as (db, tables):
            assert_holds(db, tables, description)
            run_earlier("change_there.py", *arguments)
            assert_holds(db, tables, after)
    else:
        run_earlier("change_there.py", *arguments)
    with opened(path, after) as (db, tables):
        assert_holds(db, tables, after)


@pytest.mark.parametrize("name", NAMES)
def test_kept_files_are_small(name: str) -> None:
    assert (FILES / name / "data.mdb").stat().st_size < 65536
