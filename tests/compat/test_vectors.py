"""The bytes of the earlier release, map by map: what it wrote is what we write, and reads back."""

import json
from pathlib import Path
from typing import Any

import described
import pytest
import samples

import zlmdb

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
#: Maps whose keys a new slot stores in an order that sorts; the kept files hold the earlier order.
OTHER_ORDER = (
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampOid",
    "MapOidTimestampStringOid",
    "MapUint16UuidTimestampFlatBuffers",
)
SETS = ("OidSet", "UuidSet")


def attached(db: Any, name: str, compress: int | None = None) -> Any:
    return db.attach_table(described.declare(described.plain_table(name, "vectors", compress)))


@pytest.mark.parametrize("name", samples.MAPS)
def test_records_have_the_same_bytes(name: str, tmp_path: Path) -> None:
    entry = VECTORS["maps"][name]
    with described.open_database(str(tmp_path / "db")) as db:
        table = attached(db, name)
        prefix = table._slot.to_bytes(2, "big")
        rows = [row for row in entry["records"] if "error" not in row]
        for row in rows:
            key, value = samples.from_json(row["key"]), samples.from_json(row["value"])
            with db.begin(write=True) as txn:
                table[txn, key] = value
                body = table._serialize_key(key)
                data = txn.get(prefix + body)
            if name not in OTHER_ORDER:
                assert body.hex() == row["key_hex"], row["key_repr"]
            if entry["value"] in SETS:
                width = 8 if entry["value"] == "OidSet" else 16
                members = {data[at : at + width] for at in range(0, len(data), width)}
                stored = bytes.fromhex(row["value_hex"])
                assert members == {stored[at : at + width] for at in range(0, len(stored), width)}
            else:
                assert data.hex() == row["value_hex"], row["value_repr"]
        with db.begin() as txn:
            expected = [(samples.from_json(row["key"]), samples.from_json(row["value"])) for row in rows]
            assert [(key, table[txn, key]) for key, _ in expected] == expected
            assert list(table.select(txn)) == sorted(expected, key=lambda pair: pair[0])


@pytest.mark.parametrize("name", [name for name in samples.MAPS if name not in OTHER_ORDER])
def test_bytes_of_the_earlier_release_are_read(name: str, tmp_path: Path) -> None:
    entry = VECTORS["maps"][name]
    with described.open_database(str(tmp_path / "db")) as db:
        table = attached(db, name)
        rows = [row for row in entry["records"] if "error" not in row]
        with db.begin(write=True) as txn:
            for row in rows:
                txn.put(
                    table._slot.to_bytes(2, "big") + bytes.fromhex(row["key_hex"]),
                    bytes.fromhex(row["value_hex"]),
                )
        with db.begin() as txn:
            for row in rows:
                assert table[txn, samples.from_json(row["key"])] == samples.from_json(row["value"]), row["key_repr"]
                assert table._deserialize_key(bytes.fromhex(row["key_hex"])) == samples.from_json(row["key"])
            assert table.count(txn) == len(rows)


NULLS = [
    pytest.param(name, row, id=f"{name}-{number}")
    for name, entry in VECTORS["maps"].items()
    for number, row in enumerate(entry["nulls"])
    if "error" not in row and name not in OTHER_ORDER
]


@pytest.mark.parametrize(("name", "row"), NULLS)
def test_none_has_the_same_bytes(name: str, row: dict[str, Any], tmp_path: Path) -> None:
    key, value = samples.from_json(row["key"]), samples.from_json(row["value"])
    with described.open_database(str(tmp_path / "db")) as db:
        table = attached(db, name)
        with db.begin(write=True) as txn:
            table[txn, key] = value
            assert table._serialize_key(key).hex() == row["key_hex"]
            assert txn.get(table._slot.to_bytes(2, "big") + bytes.fromhex(row["key_hex"])).hex() == row["value_hex"]
            assert (txn, key) in table
            assert len(list(table.select(txn))) == 1


@pytest.mark.parametrize("label", VECTORS["compressed"])
def test_compressed_values_are_read(label: str, tmp_path: Path) -> None:
    name, kind = label.split()
    if kind == "snappy":
        pytest.importorskip("snappy", reason="snappy compression needs python-snappy")
    row = VECTORS["compressed"][label]
    compress = {"zlib": zlmdb.PersistentMap.COMPRESS_ZLIB, "snappy": zlmdb.PersistentMap.COMPRESS_SNAPPY}[kind]
    key, value = samples.from_json(row["key"]), samples.from_json(row["value"])
    with described.open_database(str(tmp_path / "db")) as db:
        table = attached(db, name, compress)
        with db.begin(write=True) as txn:
            full = table._slot.to_bytes(2, "big") + bytes.fromhex(row["key_hex"])
            txn.put(full, bytes.fromhex(row["value_hex"]))
            assert table[txn, key] == value
            assert list(table.select(txn)) == [(key, value)]
            del table[txn, key]
            table[txn, key] = value
            written = txn.get(full)
        assert written != bytes.fromhex(VECTORS["maps"][name]["records"][0]["value_hex"])
        if kind == "zlib":
            import zlib

            assert zlib.decompress(written).hex() == row["plain_hex"]
        else:
            import snappy

            assert snappy.uncompress(written) == snappy.uncompress(bytes.fromhex(row["value_hex"]))


def test_the_maps_of_the_earlier_release_are_all_here() -> None:
    assert set(VECTORS["maps"]) == set(samples.MAPS)
    missing = [name for name in samples.MAPS if not issubclass(getattr(zlmdb, name), zlmdb.PersistentMap)]
    assert missing == []
