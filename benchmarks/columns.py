"""Columns out and in, and questions in SQL: ``python -m benchmarks.columns``.

Contestants:

- raw-json, raw-cbor: hand-written py-lmdb: scan, decode (a msgspec Struct; cbor2), lists of fields, arrays of pyarrow.
- json, cbor: zlmdb with a declared Struct as JSON, and a declared dataclass as CBOR, in the same files.
- duckdb: a table of DuckDB, which stores columns.
- sqlite: the standard library's module, rows made into arrays of pyarrow.

In each round all contestants take turns. Shown is the median CPU time per row, and the median of the ratios, within a
round, to the hand-written code of the same format. Answers are compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from cbor2 import loads

import zlmdb
from benchmarks import people
from benchmarks.ours import CborPeople, JsonPeople
from benchmarks.raw import PersonStruct

NAMES = ("oid", "name", "email", "city", "age", "active")
TYPES = (pa.binary(16), pa.string(), pa.string(), pa.string(), pa.int64(), pa.bool_())
#: So few rows that they are still in the caches when arrays are made of them: what is quickest by hand, too.
BATCH = 1024


def build(directory: str, rows: int) -> None:
    """Fill all files."""
    with zlmdb.open(f"{directory}/cbor", [CborPeople], durability="unsafe") as db, db.begin(write=True) as txn:
        txn[CborPeople].load(people.Person(*row) for chunk in people.chunks(rows, 100_000) for row in chunk)
    with zlmdb.open(f"{directory}/json", [JsonPeople], durability="unsafe") as db:
        with db.begin(write=True) as txn:
            txn[JsonPeople].load(PersonStruct(*row) for chunk in people.chunks(rows, 100_000) for row in chunk)
        with db.begin() as txn:
            table = txn[JsonPeople].to_arrow().read_all()
    with duckdb.connect(f"{directory}/people.duckdb") as con:
        con.register("given", table)
        con.execute("create table people as select * from given")
    lite = sqlite3.connect(f"{directory}/people.sqlite")
    lite.execute("create table people (oid blob primary key, name text, email text, city text, age int, active int)")
    for batch in table.to_batches():
        columns = [batch.column(0).storage.to_pylist(), *[column.to_pylist() for column in batch.columns[1:]]]
        lite.executemany("insert into people values (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
    lite.commit()
    lite.close()


class Contestants:
    """What each contestant does for each workload: a function without arguments that gives the answer.

    Args:
        directory: of the files.
        rows: how many rows there are.
    """

    def __init__(self, directory: str, rows: int) -> None:
        self.directory = directory
        self.rows = rows
        self.dbs = {
            "json": zlmdb.open(f"{directory}/json", [JsonPeople], readonly=True),
            "cbor": zlmdb.open(f"{directory}/cbor", [CborPeople], readonly=True),
        }
        self.tables: dict[str, Any] = {"json": JsonPeople, "cbor": CborPeople}
        self.duck = duckdb.connect(f"{directory}/people.duckdb", read_only=True)
        self.lite = sqlite3.connect(f"{directory}/people.sqlite")
        self.oids = [people.oid_of(number * 37 % rows) for number in range(50)]
        with self.dbs["json"].begin() as txn:
            self.arrow = txn[JsonPeople].to_arrow().read_all()

    def works(self) -> Iterator[tuple[str, int, dict[str, Callable[[], Any]]]]:
        """Each workload: its name, the number of rows or calls, and what the contestants do."""
        for name, columns in (("to_arrow", NAMES), ("to_arrow, 2 of 6 columns", ("city", "age"))):
            yield (
                name,
                self.rows,
                {
                    "raw-json": lambda columns=columns: self._raw("json", columns),
                    "json": lambda columns=columns: self._ours("json", columns),
                    "raw-cbor": lambda columns=columns: self._raw("cbor", columns),
                    "cbor": lambda columns=columns: self._ours("cbor", columns),
                    "duckdb": lambda columns=columns: _measured(
                        self.duck.sql(f"select {', '.join(columns)} from people").to_arrow_table()
                    ),
                    "sqlite": lambda columns=columns: self._sqlite(columns),
                },
            )
        yield "rows as objects", self.rows, {kind: lambda kind=kind: self._objects(kind) for kind in ("json", "cbor")}
        yield (
            "to_numpy, 1 column",
            self.rows,
            {kind: lambda kind=kind: self._numpy(kind) for kind in ("json", "cbor")},
        )
        yield "load(arrow)", self.rows, {kind: lambda kind=kind: self._load(kind) for kind in ("json", "cbor")}
        group = "select city, count(*) c, sum(age) s from people group by city order by c desc, city limit 10"
        yield (
            "SQL: group by",
            self.rows,
            {
                "json": lambda: self._sql("json", group.replace("from people", "from JsonPeople")),
                "cbor": lambda: self._sql("cbor", group.replace("from people", "from CborPeople")),
                "duckdb": lambda: [tuple(map(_int, row)) for row in self.duck.sql(group).fetchall()],
                "sqlite": lambda: self.lite.execute(group).fetchall(),
            },
        )
        point = "select email from people where oid = ?"
        yield (
            "SQL: 50 rows by key",
            50,
            {
                "json": lambda: self._points("json", point.replace("from people", "from JsonPeople")),
                "cbor": lambda: self._points("cbor", point.replace("from people", "from CborPeople")),
                "duckdb": lambda: [self.duck.execute(point, [oid]).fetchall()[0] for oid in self.oids],
                "sqlite": lambda: [self.lite.execute(point, (oid.bytes,)).fetchone() for oid in self.oids],
            },
        )

    def _raw(self, kind: str, columns: tuple[str, ...]) -> Any:
        """The hand-written code, for one class."""
        places = [NAMES.index(name) for name in columns]
        types = [TYPES[at] for at in places]
        if kind == "json":
            members = [(name, _HINTS[name]) for name in columns]
            read = msgspec.json.Decoder(msgspec.defstruct("Taken", members, gc=False)).decode
        batches = []
        env = self.dbs[kind]._env.raw
        with env.begin() as txn:
            cursor = txn.cursor()
            cursor.set_range(b"\0\1")
            lists: list[list[Any]] = [[] for _ in columns]
            for k, v in cursor.iternext():
                if k >= b"\0\2":
                    break
                row = read(v) if kind == "json" else loads(v)
                for name, held in zip(columns, lists, strict=True):
                    value = getattr(row, name) if kind == "json" else row[name]
                    held.append(value.bytes if value.__class__ is uuid.UUID else value)
                if len(lists[0]) == BATCH:
                    batches.append(_batch(lists, types, columns))
                    lists = [[] for _ in columns]
            batches.append(_batch(lists, types, columns))
        return _measured(pa.Table.from_batches(batches))

    def _ours(self, kind: str, columns: tuple[str, ...]) -> Any:
        with self.dbs[kind].begin() as txn:
            return _measured(txn[self.tables[kind]].to_arrow(columns).read_all())

    def _objects(self, kind: str) -> Any:
        with self.dbs[kind].begin() as txn:
            return sum(1 for _ in txn[self.tables[kind]].values())

    def _numpy(self, kind: str) -> Any:
        with self.dbs[kind].begin() as txn:
            return int(txn[self.tables[kind]].to_numpy(["age"])["age"].sum())

    def _sqlite(self, columns: tuple[str, ...]) -> Any:
        types = [TYPES[NAMES.index(name)] for name in columns]
        cursor = self.lite.execute(f"select {', '.join(columns)} from people order by oid")
        batches = []
        while rows := cursor.fetchmany(BATCH):
            lists = [list(column) for column in zip(*rows, strict=True)]
            if "active" in columns:
                lists[-1] = list(map(bool, lists[-1]))
            batches.append(_batch(lists, types, columns))
        return _measured(pa.Table.from_batches(batches))

    def _load(self, kind: str) -> Any:
        path = tempfile.mkdtemp(dir=self.directory)
        with zlmdb.open(path, [self.tables[kind]], durability="unsafe") as db, db.begin(write=True) as txn:
            done = txn[self.tables[kind]].load(self.arrow, sorted=True)
        shutil.rmtree(path)
        return done

    def _sql(self, kind: str, query: str) -> Any:
        return [tuple(map(_int, row)) for row in self.dbs[kind].sql(query)]

    def _points(self, kind: str, query: str) -> Any:
        return [self.dbs[kind].sql(query, [oid]).fetchone() for oid in self.oids]


_HINTS: dict[str, Any] = {
    "oid": uuid.UUID,
    "name": str,
    "email": str,
    "city": str | None,
    "age": int,
    "active": bool,
}


def _int(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else int(value)


def _batch(lists: list[list[Any]], types: list[Any], names: tuple[str, ...]) -> Any:
    return pa.RecordBatch.from_arrays([pa.array(v, t) for v, t in zip(lists, types, strict=True)], list(names))


def _measured(table: Any) -> Any:
    """An answer that all contestants must give alike."""
    return table.num_rows, pa.compute.sum(table.column("age")).as_py(), table.column("city").null_count


def measure(directory: str, rows: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """CPU nanoseconds per row (or call), for each workload and contestant, one for each round."""
    stands = Contestants(directory, rows)
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds):
        for work, operations, contestants in stands.works():
            names = list(contestants)
            answers = {}
            for step in range(len(names)):
                name = names[(number + step) % len(names)]
                gc.collect()
                begun = time.process_time()
                answers[name] = contestants[name]()
                spent = time.process_time() - begun
                found.setdefault(work, {}).setdefault(name, []).append(spent / operations * 1e9)
            if len(set(map(str, answers.values()))) > 1:
                raise ValueError(f"{work}: the answers differ: {answers}")
    return found


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """The results, as text."""
    lines = [f"{'workload':<28}{'contestant':<12}{'ns per row':>12}{'ratio to raw':>14}"]
    for work, contestants in found.items():
        for name, spent in contestants.items():
            raw = contestants.get(f"raw-{name}")
            ratio = "" if raw is None else f"{statistics.median(a / b for a, b in zip(spent, raw, strict=True)):.2f}"
            lines.append(f"{work:<28}{name:<12}{statistics.median(spent):>12,.0f}{ratio:>14}")
    return "\n".join(lines)


def main() -> None:
    """Measure, keep the numbers, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.columns", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, help="file for the numbers (benchmarks/results/columns/<rows>.json)")
    given = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="zlmdb-columns-")
    try:
        build(directory, given.rows)
        found = measure(directory, given.rows, given.rounds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    packages = ("lmdb", "msgspec", "cbor2", "numpy", "pyarrow", "duckdb")
    kept = {
        "rows": given.rows,
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in packages} | {"zlmdb": zlmdb.__version__},
        "when": time.strftime("%Y-%m-%d"),
        "measurements": found,
    }
    output = given.output or Path(__file__).parent / "results" / "columns" / f"{given.rows}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(kept, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
