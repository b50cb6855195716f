"""Make the database files of this folder with the earlier release:  python tests/compat/files/make_files.py

Needs an interpreter that has the earlier release and python-snappy. Each NAME/data.mdb is a compacted copy,
NAME.json says what it holds.
"""

import json
import shutil
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import described  # noqa: E402
import samples  # noqa: E402

import zlmdb  # noqa: E402

COMPRESSED = (
    "MapUuidCbor",
    "MapUuidJson",
    "MapUuidString",
    "MapOidFlatBuffers",
    "MapUuidUuid",
    "MapOidPickle",
    "MapStringCbor",
)


def indexed_tables() -> list[dict[str, Any]]:
    """Forty rows with a unique index, a nullable one and a composite one that holds many rows per group."""
    rows, indexes = [], []
    for number in range(40):
        group = str(uuid.uuid5(described.NAMESPACE, f"group {number % 3}"))
        oid = uuid.uuid5(described.NAMESPACE, f"row {number}")
        row = {
            "oid": str(oid),
            "name": f"name {number:02d} zü€",
            "email": None,
            "group": group,
            "number": number,
        }
        row["email"] = f"{number}@example.com" if number % 4 else None
        rows.append([{"$uuid": str(oid)}, row])
    specs = [("name", "MapStringUuid", "name", False), ("email", "MapStringUuid", "email", True)]
    specs += [
        ("number", "MapOidUuid", "number", False),
        ("group", "MapUuidUuidUuid", ["group", "oid"], False),
    ]
    for label, name, field, nullable in specs:
        key_of = described.field_key(field)
        records = [[samples.to_json(key_of(row)), key] for key, row in rows if row["email"] or not nullable]
        table = described.plain_table(name, f"by-{label}")
        indexes.append(table | {"name": f"By{label.title()}", "doc": f"Index by {label}.", "records": records})
    main = described.plain_table("MapUuidCbor", "indexed") | {
        "name": "Rows",
        "doc": "Rows with four indexes.",
        "records": rows,
    }
    main["indexes"] = [
        {"name": label, "table": f"By{label.title()}", "field": field, "nullable": nullable}
        for label, _, field, nullable in specs
    ]
    return [main, *indexes]


def make(name: str, lib_version: str, tables: list[dict[str, Any]]) -> None:
    description = {"release": zlmdb.__version__, "lib_version": lib_version, "tables": tables}
    with tempfile.TemporaryDirectory() as folder:
        options = {"lib_version": lib_version}
        with described.open_database(folder + "/db", **options) as db:
            attached = described.attach(db, description)
            described.fill(db, attached, description)
            found = described.read_all(db, attached, description)
            for table in tables:
                answer = found[table["name"]]
                table["slot"] = answer["slot"]
                if answer["by_key"] != table["records"] or answer["count"] != len(table["records"]):
                    raise RuntimeError(f"{name}: {table['name']} does not read back: {answer}")
            target = HERE / name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            db._env.copy(str(target), compact=True)
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(name, (target / "data.mdb").stat().st_size)


def main() -> None:
    for version in ("0.9", "1.0"):
        make(f"maps-{version}", version, [described.plain_table(name, "plain") for name in described.READABLE])
        make(
            f"by-key-{version}",
            version,
            [described.plain_table(name, "by-key") for name in described.BY_KEY_ONLY],
        )
        make(f"indexed-{version}", version, indexed_tables())
        make(f"zlib-{version}", version, [described.plain_table(name, "zlib", 1) for name in COMPRESSED])
        make(f"snappy-{version}", version, [described.plain_table(name, "snappy", 2) for name in COMPRESSED])


if __name__ == "__main__":
    main()
