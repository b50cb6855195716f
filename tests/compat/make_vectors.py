"""Write vectors.json: the bytes that the earlier release stores for sample keys and values of its maps.

Run it with an interpreter that has the earlier release:  python tests/compat/make_vectors.py [output]
For each map, `records` are the records as written, `nulls` the bytes, or the error, with None as the value or
as one part of the key; `gets` and `selects` say whether the earlier release reads back what it has written,
by key and by scan.
"""

import json
import sys
import tempfile
import uuid
import zlib
from pathlib import Path
from typing import Any

import samples

import zlmdb

NAMESPACE = uuid.UUID("0f6d9a52-6a0f-4f0a-9d1c-9f6a3f0b7a10")


def attach(db: Any, name: str, **more: Any) -> Any:
    """A table over the named map, attached."""
    value_type = samples.MAPS[name][1]
    cls = type(f"T{name}", (getattr(zlmdb, name),), {})
    oid = uuid.uuid5(NAMESPACE, f"{name} {sorted(more.items())}")
    return db.attach_table(zlmdb.table(oid, **samples.codec_arguments(value_type), **more)(cls))


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def written(db: Any, tab: Any, key: Any, value: Any) -> dict[str, Any]:
    """The one record that writing `value` at `key` into the empty table leaves; it is removed again."""
    entry = {
        "key": samples.to_json(key),
        "key_repr": repr(key),
        "value": samples.to_json(value),
        "value_repr": repr(value),
    }
    try:
        with db.begin(write=True) as txn:
            tab[txn, key] = value
            rows = raw(txn, tab)
            for full, _ in rows:
                txn.delete(full)
    except Exception as error:
        return {**entry, "error": describe(error)}
    ((full, data),) = rows
    return {**entry, "key_hex": full[2:].hex(), "value_hex": data.hex()}


def raw(txn: Any, tab: Any) -> list[tuple[bytes, bytes]]:
    """The records of the table's slot, as bytes."""
    prefix = tab._slot.to_bytes(2, "big")
    return [(bytes(k), bytes(v)) for k, v in txn._txn.cursor() if bytes(k).startswith(prefix)]


def reads_back(db: Any, tab: Any, rows: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Whether get and select return what was put."""
    answer: dict[str, Any] = {}
    try:
        with db.begin(write=True) as txn:
            for key, value in rows:
                tab[txn, key] = value
        with db.begin() as txn:
            got = [tab[txn, key] for key, _ in rows]
            answer["gets"] = True if got == [value for _, value in rows] else repr(got)
    except Exception as error:
        answer["gets"] = describe(error)
    try:
        with db.begin() as txn:
            found = list(tab.select(txn))
            in_order = sorted(rows) == found if answer["gets"] is True and comparable(rows) else None
            missing = [row for row in rows if row not in found] or [row for row in found if row not in rows]
            answer["selects"] = repr(found) if missing else True
            answer["sorted"] = in_order
    except Exception as error:
        answer["selects"] = describe(error)
    return answer


def comparable(rows: list[tuple[Any, Any]]) -> bool:
    try:
        sorted(rows)
    except TypeError:
        return False
    return True


def nulls(db: Any, tab: Any, parts: tuple[str, ...], keys: list[Any], value: Any) -> list[dict[str, Any]]:
    """None as the value, and None as each part of the key in turn."""
    entries = [written(db, tab, keys[1], None)]
    if len(parts) == 1:
        return [*entries, written(db, tab, None, value)]
    for at in range(len(parts)):
        entries.append(written(db, tab, tuple(None if n == at else part for n, part in enumerate(keys[1])), value))
    return entries


def main(target: Path) -> None:
    vectors: dict[str, Any] = {"release": zlmdb.__version__, "maps": {}, "compressed": {}}
    with tempfile.TemporaryDirectory() as folder, zlmdb.Database(folder + "/db", maxsize=2**28) as db:
        for name, (parts, value_type) in samples.MAPS.items():
            keys, values = samples.keys_of(parts), samples.VALUE_SAMPLES[value_type]
            tab = attach(db, name)
            entry: dict[str, Any] = {"key": list(parts), "value": value_type}
            entry["records"] = [written(db, tab, key, value) for key, value in zip(keys, values, strict=True)]
            entry["nulls"] = nulls(db, tab, parts, keys, values[0])
            entry |= reads_back(db, tab, list(zip(keys, values, strict=True)))
            vectors["maps"][name] = entry
        for label, number in (("zlib", 1), ("snappy", 2)):
            for name in ("MapUuidCbor", "MapUuidString", "MapOidFlatBuffers", "MapUuidUuid", "MapOidPickle"):
                parts, value_type = samples.MAPS[name]
                key, value = samples.keys_of(parts)[0], samples.VALUE_SAMPLES[value_type][0]
                try:
                    tab = attach(db, name, compress=number)
                except Exception as error:
                    vectors["compressed"][f"{name} {label}"] = {"error": describe(error)}
                    continue
                record = written(db, tab, key, value)
                if label == "zlib" and "value_hex" in record:
                    record["plain_hex"] = zlib.decompress(bytes.fromhex(record["value_hex"])).hex()
                vectors["compressed"][f"{name} {label}"] = record | reads_back(db, tab, [(key, value)])
    target.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("vectors.json"))
