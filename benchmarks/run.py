"""The runner: all contestants, workload by workload, in rounds; every answer compared; raw numbers kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import startup
from benchmarks.measure import BY_NAME, WORKS, Stand, Work

HERE = Path(__file__).parent
#: Contestants whose stored bytes must be the same: of the plain database, and of the indexed one.
SAME_BYTES = {
    "plain": (("raw", "zlmdb", "zlmdb-marshal", "raw-dicts"), ("raw-msgspec", "zlmdb-struct-json")),
    "indexed": (("raw", "zlmdb"), ("raw-msgspec", "zlmdb-struct-json")),
}


class Remote:
    """The contestant of another interpreter.

    Args:
        python: path of the interpreter.
        directory: where its databases go.
    """

    name = "earlier"

    def __init__(self, python: str, directory: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.log = Path(directory) / "log"
        self.process = subprocess.Popen(
            [python, "-P", str(HERE / "worker.py"), directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("w"),
            text=True,
            env=environment,
        )
        self.about = self._ask(do="about")

    def _ask(self, **request: Any) -> Any:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("expected pipes to the worker")
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            said = self.log.read_text()[-2000:]
            raise RuntimeError(f"the worker ended with code {self.process.wait()} at {request}; it said: {said}")
        return json.loads(line)

    def takes_part(self, work: Work) -> bool:
        """True if the contestant can do the workload."""
        return bool(self._ask(do="takes_part", name=work.name))

    def run(self, name: str, rows: int, seed: str, deep: bool) -> dict[str, Any]:
        """Run a workload: see :meth:`benchmarks.measure.Stand.run`."""
        found: dict[str, Any] = self._ask(do="run", arguments={"name": name, "rows": rows, "seed": seed, "deep": deep})
        return found

    def close(self) -> None:
        """End it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()


def contestants(directory: str, earlier: str | None) -> dict[str, Any]:
    """All contestants by name."""
    from benchmarks.earlier_style import EarlierStyle
    from benchmarks.ours import Ours, OursAttrs, OursStruct
    from benchmarks.raw import Raw, RawDicts, RawJson
    from benchmarks.sqlite import Sqlite

    found: dict[str, Any] = {}
    for cls in (Raw, Ours, EarlierStyle, RawJson, OursStruct, OursAttrs, RawDicts, Sqlite):
        found[cls.name] = Stand(cls, os.path.join(directory, cls.name))
        os.mkdir(os.path.join(directory, cls.name))
    if earlier is not None:
        os.mkdir(os.path.join(directory, "earlier"))
        found["earlier"] = Remote(earlier, os.path.join(directory, "earlier"))
    return found


def compare(work: Work, results: dict[str, dict[str, Any]]) -> None:
    """Refuse answers, or stored bytes, that differ.

    Raises:
        ValueError: naming the workload and the contestants.
    """
    answers = {name: json.dumps(result.pop("answer")) for name, result in results.items()}
    first = next(iter(answers))
    for name, answer in answers.items():
        if answer != answers[first]:
            raise ValueError(f"{work.name}: {first} answers {answers[first][:400]}, but {name} answers {answer[:400]}")
    digests = {name: result.pop("digest") for name, result in results.items()}
    for group in SAME_BYTES[work.store]:
        found = {name: digests[name] for name in group if digests.get(name)}
        if len(set(found.values())) > 1:
            raise ValueError(f"{work.name}: expected the same bytes in the file, found digests {found}")


def rounds(
    stands: dict[str, Any], rows: int, number: int, passes: int, only: list[str], keep: list[dict[str, Any]]
) -> None:
    """Run all workloads in rounds; in each, the contestants take turns, and another one begins each time."""
    turn = 0
    parts = {work.name: [name for name, stand in stands.items() if stand.takes_part(work)] for work in WORKS}
    wanted = [work for work in WORKS if not only or work.name in only or (work.fresh and _needed(work, only))]
    for at in range(number):
        for work in wanted:
            for again in range(1 if work.fresh else passes):
                names = parts[work.name]
                results = {}
                turn += 1
                for step in range(len(names)):
                    name = names[(turn + step) % len(names)]
                    seed = f"{work.name} {at} {again}"
                    results[name] = stands[name].run(work.name, rows, seed, at == 0 and again == 0)
                compare(work, results)
                for name, result in results.items():
                    keep.append({"rows": rows, "round": at, "pass": again, "work": work.name, "who": name, **result})
                if names:
                    _progress(f"round {at + 1}/{number}, {rows} rows: {work.label}")
    _progress("")


def _needed(work: Work, only: list[str]) -> bool:
    """True if the workload fills a database that a wanted one needs."""
    fills = {"plain": "insert", "indexed": "insert_indexed"}
    stores = {BY_NAME[name].store for name in only if not BY_NAME[name].fresh}
    return any(work.name == fills[store] for store in stores)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def machine(stands: dict[str, Any]) -> dict[str, Any]:
    """What the numbers depend on."""
    import sqlite3

    import lmdb

    import zlmdb

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    remote = stands.get("earlier")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "zlmdb": zlmdb.__version__,
        "lmdb": version("lmdb"),
        "LMDB": _lmdb_version(lmdb),
        "cbor2": version("cbor2"),
        "msgspec": version("msgspec"),
        "attrs": version("attrs"),
        "numpy": version("numpy"),
        "sqlite": sqlite3.sqlite_version,
        "earlier": None if remote is None else remote.about["zlmdb"],
        "when": time.strftime("%Y-%m-%d"),
    }


def _lmdb_version(lmdb: Any) -> str:
    """Version of the LMDB that new files are written by: py-lmdb has one for each format."""
    with tempfile.TemporaryDirectory() as directory, lmdb.open(directory, lib_version=1) as env:
        return ".".join(map(str, env.lib_version()))


def main(arguments: list[str] | None = None) -> None:
    """Measure, keep the numbers, print the tables."""
    from benchmarks import report

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="size of the tables; may be repeated (100000)")
    parser.add_argument("--only", action="append", default=[], choices=[*BY_NAME, "startup"], help="only this workload")
    parser.add_argument("--earlier", metavar="PYTHON", help="interpreter that has the earlier release installed")
    parser.add_argument("--rounds", type=int, help="repetitions of everything (5; 3 from a million rows)")
    parser.add_argument("--passes", type=int, default=4, help="repetitions of reading within a round (4)")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a contestant out")
    parser.add_argument("--directory", help="where the databases go (a temporary directory)")
    parser.add_argument("--output", type=Path, help="file for the numbers (benchmarks/results/<rows>.json)")
    given = parser.parse_args(arguments)
    for rows in given.rows or [100_000]:
        directory = tempfile.mkdtemp(prefix="zlmdb-benchmarks-", dir=given.directory)
        stands = contestants(directory, given.earlier)
        for name in given.without:
            stands.pop(name).close()
        kept: list[dict[str, Any]] = []
        found: dict[str, Any] = {"machine": machine(stands), "rows": rows, "measurements": kept}
        number = given.rounds or (3 if rows >= 1_000_000 else 5)
        try:
            works = [name for name in given.only if name != "startup"]
            if works or not given.only:
                rounds(stands, rows, number, given.passes if rows < 1_000_000 else 1, works, kept)
            if not given.only or "startup" in given.only:
                found["startup"] = startup.measure(stands, rows, given.earlier, directory)
        finally:
            for stand in stands.values():
                stand.close()
            shutil.rmtree(directory, ignore_errors=True)
        output = given.output or HERE / "results" / f"{rows}.json"
        output.parent.mkdir(exist_ok=True)
        output.write_text(json.dumps(found, separators=(",", ":")).replace("},{", "},\n{") + "\n")
        print(report.text(found))
