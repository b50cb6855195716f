"""One start of a program, measured from within: run as a script by an interpreter that has done nothing else.

``child.py declare WHO`` declares tables; ``make WHO PATH N`` makes a database of N tables; ``open WHO PATH N`` opens
it, attaches the tables and reads a row, several times; ``first WHO PATH N`` does so once and is measured from without.
"""

import sys
import time
from typing import Any

KEY = 0x5EED


def _person() -> Any:
    from dataclasses import dataclass
    from uuid import UUID

    @dataclass(slots=True)
    class Person:
        oid: UUID
        name: str
        email: str
        city: str | None
        age: int
        active: bool

    return Person


def _declare(who: str, number: int, person: Any) -> list[Any]:
    """Tables; the first has three indexes, if the package can declare any."""
    import types
    from uuid import UUID

    import zlmdb

    tables = []
    for at in range(number):
        oid = f"c0de0003-0000-4000-8000-{at:012x}"
        if who == "ours":
            body: dict[str, Any] = {"__doc__": "People."}
            if at == 0:
                body["by_email"] = zlmdb.index("email", unique=True)
                body["by_city"] = zlmdb.index("city", nullable=True)
                body["by_city_name"] = zlmdb.index("city", "name", nullable=True)
            cls = types.new_class(f"T{at}", (zlmdb.MapUuidCbor[person],), {}, lambda ns, body=body: ns.update(body))
            tables.append(zlmdb.table(oid, pk="oid")(cls))
        else:

            def marshal(row: Any) -> Any:
                return {**{name: getattr(row, name) for name in row.__slots__}, "oid": row.oid.bytes}

            def parse(data: Any) -> Any:
                return person(**{**data, "oid": UUID(bytes=data["oid"])})

            cls = type(f"T{at}", (zlmdb.MapUuidCbor,), {"__doc__": "People."})
            tables.append(zlmdb.table(oid, marshal=marshal, parse=parse)(cls))
    return tables


def _opened(who: str, path: str, tables: list[Any]) -> Any:
    """Open, attach, read the first row, close: the row."""
    from uuid import UUID

    import zlmdb

    key = UUID(int=KEY)
    if who == "ours":
        with zlmdb.open(path, tables) as db, db.begin() as txn:
            return txn[tables[0]][key]
    with zlmdb.Database(path) as db:
        handles = [db.attach_table(table) for table in tables]
        with db.begin() as txn:
            return handles[0][txn, key]


def _opened_raw(path: str) -> Any:
    from uuid import UUID

    import cbor2
    import lmdb

    with lmdb.open(path, map_size=1 << 40, lib_version=1) as env, env.begin() as txn:
        return cbor2.loads(txn.get(b"\0\1" + UUID(int=KEY).bytes))


def _make(who: str, path: str, number: int) -> None:
    from uuid import UUID

    key = UUID(int=KEY)
    if who == "raw":
        import cbor2
        import lmdb

        with lmdb.open(path, map_size=1 << 40, lib_version=1) as env, env.begin(write=True) as txn:
            row = {"oid": key.bytes, "name": "Ada", "email": "a@b", "city": None, "age": 1, "active": True}
            txn.put(b"\0\1" + key.bytes, cbor2.dumps(row))
        return
    import zlmdb

    person = _person()
    tables = _declare(who, number, person)
    row = person(key, "Ada", "a@b", None, 1, True)
    if who == "ours":
        with zlmdb.open(path, tables) as db, db.begin(write=True) as txn:
            txn[tables[0]][key] = row
        return
    with zlmdb.Database(path) as db:
        handles = [db.attach_table(table) for table in tables]
        with db.begin(write=True) as txn:
            handles[0][txn, key] = row


def _first(who: str, path: str, number: int) -> None:
    """All that a program does to its first row, made an object."""
    from uuid import UUID

    person = _person()
    if who == "raw":
        fields = _opened_raw(path)
        row = person(**{**fields, "oid": UUID(bytes=fields["oid"])})
    else:
        row = _opened(who, path, _declare(who, number, person))
    if type(row) is not person:
        raise RuntimeError(f"{path}: expected a row")


def _open(who: str, path: str, number: int) -> dict[str, float]:
    """Seconds of the first opening in this process, and of later ones."""
    if who == "raw":
        import uuid  # noqa: F401

        import cbor2
        import lmdb  # noqa: F401

        cbor2.loads(b"\0")

        def opened() -> Any:
            return _opened_raw(path)
    else:
        import zlmdb

        tables = _declare(who, number, _person())
        # What a program names is imported by its import statements, and counted there.
        _ = zlmdb.open if who == "ours" else zlmdb.Database

        def opened() -> Any:
            return _opened(who, path, tables)

    cpu, wall = time.process_time(), time.perf_counter()
    row = opened()
    first = (time.process_time() - cpu, time.perf_counter() - wall)
    if row is None:
        raise RuntimeError(f"{path}: expected a row")
    times = 20
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        opened()
    again = ((time.process_time() - cpu) / times, (time.perf_counter() - wall) / times)
    return {"cpu": first[0], "wall": first[1], "again_cpu": again[0], "again_wall": again[1]}


def main() -> None:
    """Do what the arguments say."""
    what, who, *rest = sys.argv[1:]
    if what == "declare":
        _declare(who, 6, _person())
    elif what == "make":
        _make(who, rest[0], int(rest[1]))
    elif what == "first":
        _first(who, rest[0], int(rest[1]))
    else:
        import json

        print(json.dumps(_open(who, rest[0], int(rest[1]))))


if __name__ == "__main__":
    main()
