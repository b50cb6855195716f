"""The command line: zlmdb info."""

import subprocess
import sys
from pathlib import Path

from _show import show

import zlmdb
import zlmdb.cli


@zlmdb.table("30303030-0000-4000-8000-000000000001")
class Names(zlmdb.MapStringOid):
    """Names."""


with zlmdb.Database("db") as db:
    names = db.attach_table(Names)
    with db.begin(write=True) as txn:
        names[txn, "a"] = 1
with zlmdb.Database("old", lib_version="0.9"):
    pass


def run(*arguments):
    code = "import sys, zlmdb.cli; sys.argv[0] = 'zlmdb'; sys.exit(zlmdb.cli.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout


code, output = run("info", "db")
facts = dict(line.split(": ", 1) for line in output.splitlines() if ": " in line)
show("exit", code)
wanted = [
    "num_slots",
    "max_size",
    "page_size",
    "read_only",
    "lib_version",
    "psize",
    "sync_enabled",
    "depth",
    "current_size",
    "used",
    "free",
    "pages",
    "entries",
    "branch_pages",
    "leaf_pages",
    "overflow_pages",
    "last_pgno",
    "last_txnid",
    "lmdb_version",
    "map_size",
    "max_readers",
    "num_readers",
]
show("missing", [name for name in wanted if name not in facts])
for name in ("num_slots", "max_size", "page_size", "read_only", "lib_version", "psize", "sync_enabled"):
    show(name, facts[name])
show("the other format", "lib_version: 0.9" in run("info", "old")[1])
show("missing database", (run("info", "nope")[0], Path("nope").exists()))
show("no path", run("info")[0])
show("no such command", run("nothing")[0])
show("help", (run("--help")[0], "info" in run("--help")[1]))
