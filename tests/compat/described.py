"""Databases described in JSON: declare their tables, fill them, read every record back.

Runs on both packages: `files/make_files.py` and `read_back.py` serve the earlier release, the tests ours.
A description is {"lib_version", "tables": [table]}; values are as `samples.to_json` writes them.
A table is {"map", "oid", "name", "doc", "compress", "slot", "scans", "records": [[key, value]], "indexes"};
an index is {"name", "table", "field", "nullable"}; field names what it holds of a row, or several fields
for a composite key.
"""

import inspect
import uuid
from collections.abc import Callable
from typing import Any

import samples

import zlmdb

#: Maps whose records the earlier release finds by key but cannot scan.
BY_KEY_ONLY = (
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampOid",
    "MapOidTimestampStringOid",
    "MapStringOidOid",
    "MapStringStringStringUuid",
    "MapStringStringUuid",
    "MapUint16UuidTimestampFlatBuffers",
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Uint8FlatBuffers",
    "MapUuidBytes20Uint8UuidFlatBuffers",
    "MapUuidTimestampUuidFlatBuffers",
)
#: Maps that the earlier release cannot write or cannot read.
NOT_READABLE = ("MapUuidBytes32FlatBuffers", "MapOidOidSet", "MapUuidUuidSet")
READABLE = tuple(name for name in samples.MAPS if name not in BY_KEY_ONLY and name not in NOT_READABLE)
NAMESPACE = uuid.UUID("6d9a2b10-5a5c-4c57-9e53-2f1f6f7d2c55")


def open_database(path: str, **options: Any) -> Any:
    """A database, with leave to read pickles where the package asks for it."""
    if "allow_pickle" in inspect.signature(zlmdb.Database).parameters:
        options["allow_pickle"] = True
    return zlmdb.Database(path, maxsize=2**24, **options)


def plain_table(name: str, label: str, compress: int | None = None) -> dict[str, Any]:
    """The description of one table over the named map, holding its three samples."""
    parts, value_type = samples.MAPS[name]
    rows = zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True)
    return {
        "map": name,
        "oid": str(uuid.uuid5(NAMESPACE, f"{label} {name}")),
        "name": f"{label.title()}{name}",
        "doc": f"Records of {name}.",
        "compress": compress,
        "scans": name not in BY_KEY_ONLY,
        "records": [[samples.to_json(key), samples.to_json(value)] for key, value in rows],
        "indexes": [],
    }


def declare(table: dict[str, Any]) -> Any:
    """The decorated class that `table` describes."""
    cls = type(table["name"], (getattr(zlmdb, table["map"]),), {"__doc__": table["doc"]})
    arguments = samples.codec_arguments(samples.MAPS[table["map"]][1])
    zlmdb.table(table["oid"], compress=table["compress"], **arguments)(cls)
    return zlmdb.TABLES_BY_UUID[uuid.UUID(table["oid"])]


def field_key(fields: str | list[str]) -> Callable[[dict[str, Any]], Any]:
    """The index function for one field of a row, or for several."""

    def part(row: dict[str, Any], field: str) -> Any:
        value = row[field]
        return uuid.UUID(value) if field in ("oid", "group") and value is not None else value

    if isinstance(fields, str):
        return lambda row: part(row, fields)
    return lambda row: tuple(part(row, field) for field in fields)


def attach(db: Any, description: dict[str, Any]) -> dict[str, Any]:
    """Every described table of `db` by name, with its indexes attached."""
    tables = {table["name"]: db.attach_table(declare(table)) for table in description["tables"]}
    for table in description["tables"]:
        for index in table["indexes"]:
            tables[table["name"]].attach_index(
                index["name"], tables[index["table"]], field_key(index["field"]), nullable=index["nullable"]
            )
    return tables


def fill(db: Any, tables: dict[str, Any], description: dict[str, Any]) -> None:
    """Put the described records; those of index tables come by themselves."""
    kept = {index["table"] for table in description["tables"] for index in table["indexes"]}
    with db.begin(write=True) as txn:
        for table in description["tables"]:
            if table["name"] not in kept:
                for key, value in table["records"]:
                    tables[table["name"]][txn, samples.from_json(key)] = samples.from_json(value)


def apply(db: Any, tables: dict[str, Any], changes: dict[str, Any]) -> None:
    """Put each changed row of each table; a value of None deletes."""
    with db.begin(write=True) as txn:
        for name, edits in changes.items():
            for key, value in edits:
                if value is None:
                    del tables[name][txn, samples.from_json(key)]
                else:
                    tables[name][txn, samples.from_json(key)] = samples.from_json(value)


def read_all(db: Any, tables: dict[str, Any], description: dict[str, Any], scan_all: bool = False) -> dict[str, Any]:
    """What is found by key for each described record, and what a scan gives where the table scans."""
    found: dict[str, Any] = {}
    with db.begin() as txn:
        for table in description["tables"]:
            attached = tables[table["name"]]
            rows = [[key, samples.to_json(attached[txn, samples.from_json(key)])] for key, _ in table["records"]]
            scan = None
            if table["scans"] or scan_all:
                scan = [[samples.to_json(key), samples.to_json(value)] for key, value in attached.select(txn)]
            found[table["name"]] = {
                "by_key": rows,
                "scan": scan,
                "count": attached.count(txn),
                "slot": attached._slot,
            }
    return found


def raw_records(db: Any) -> list[tuple[str, str]]:
    """Every record of the table slots as hex, in order; what starts with FF FF belongs to nobody's table."""
    with db.begin() as txn:
        rows = [(bytes(key), bytes(value)) for key, value in txn._txn.cursor()]
    return [(key.hex(), value.hex()) for key, value in rows if not key.startswith(b"\xff\xff")]
