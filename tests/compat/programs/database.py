"""Opening, asking, closing and reopening a database."""

import contextlib
import io
import os
from pathlib import Path

from _show import raised, refused, show

import zlmdb

db = zlmdb.Database("one")
show("files", sorted(os.listdir("one")))
for name in [
    "context",
    "dbpath",
    "maxsize",
    "is_sync",
    "is_readonly",
    "is_writemap",
    "is_open",
    "lib_version",
]:
    show(name, getattr(db, name))
show("config", db.config())
stats = db.stats()
earlier = [
    "num_slots",
    "current_size",
    "max_size",
    "page_size",
    "pages",
    "used",
    "free",
    "read_only",
    "sync_enabled",
    "lib_version",
    "lmdb_version",
    "psize",
    "depth",
    "branch_pages",
    "leaf_pages",
    "overflow_pages",
    "entries",
    "map_size",
    "last_pgno",
    "last_txnid",
    "max_readers",
    "num_readers",
]
show("missing from stats", [name for name in earlier if name not in stats])
for name in (
    "num_slots",
    "max_size",
    "page_size",
    "psize",
    "pages",
    "used",
    "free",
    "read_only",
    "sync_enabled",
    "lib_version",
):
    show(name, stats[name])

try:
    zlmdb.Database("one")
except RuntimeError as error:
    print("twice within same process" in str(error))
with db as entered:
    show("entered", (entered is db, db.is_open))
show("left", db.is_open)
show("closed config", db.config()["dbpath"])
show(
    "closed properties",
    (db.dbpath, db.maxsize, db.is_sync, db.is_readonly, db.is_writemap, db.context, db.lib_version),
)
refused("begin on a closed database", db.begin)
refused("stats of a closed database", db.stats)
refused("sync of a closed database", db.sync)
with db as again:
    show("entered again", (again is db, again.is_open))
with zlmdb.Database("one") as fresh:
    show("fresh handle", fresh.is_open)

show("a missing path", Path("two").exists())
refused("create=False", zlmdb.Database, "two", create=False)
show("nothing was made", Path("two").exists())
refused("missing parent", zlmdb.Database, "no/such/parent")

with zlmdb.Database("three", open_now=False) as late:
    show("opened by with", late.is_open)
late = zlmdb.Database("four", open_now=False)
show("open_now=False", (late.is_open, Path("four").exists(), late.dbpath))
refused("begin on a database not open", late.begin)

with zlmdb.Database() as temporary:
    show("temporary", (temporary.is_open, os.path.isdir(temporary.dbpath), temporary.config()["is_temp"]))

with zlmdb.Database("map", writemap=True, sync=False, context={"a": 1}) as mapped:
    show("writemap", (mapped.is_writemap, mapped.is_sync, mapped.context, os.path.getsize("map/data.mdb")))
    show("config", mapped.config())
    show("sync", (mapped.sync(), mapped.sync(True), mapped.sync(force=True)))
with zlmdb.Database("sized", maxsize=2**24) as sized:
    show("maxsize", (sized.maxsize, sized.stats()["max_size"], sized.config()["maxsize"]))

for version in ("0.9", "1.0"):
    with zlmdb.Database(f"v{version}", lib_version=version) as made:
        show(
            "made",
            (made.lib_version, made.stats()["lib_version"], made.stats()["lmdb_version"].startswith(version)),
        )
    with zlmdb.Database(f"v{version}") as found:
        show("found", found.lib_version)
refused("no such format", zlmdb.Database, "v3", lib_version="3.0", words="lib_version")

with zlmdb.Database("one", readonly=True) as readonly:
    show("readonly", (readonly.is_readonly, readonly.stats()["read_only"], readonly.config()["readonly"]))
    refused("begin(write=True)", readonly.begin, write=True, words="read-only")
    with readonly.begin() as txn:
        show("get", txn.get(b"\xff\xf0x"))
        raised("put", zlmdb.lmdb.Error, txn.put, b"\xff\xf0x", b"1")

zlmdb.Database("gone").__exit__(None, None, None)
show("scratch", (zlmdb.Database.scratch("gone"), Path("gone").exists(), zlmdb.Database.scratch("gone")))
Path("plain").write_text("a file")
show("scratch of a file", (zlmdb.Database.scratch("plain"), Path("plain").exists()))

with contextlib.redirect_stdout(io.StringIO()):
    first = zlmdb.Database.open("shared", context="first")
    second = zlmdb.Database.open("shared")
show("shared", (first.is_open, second.is_open))
with first.begin(write=True) as txn:
    txn.put(b"\xff\xf0k", b"seen by both")
with second.begin() as txn:
    show("seen", txn.get(b"\xff\xf0k"))
for handle in (first, second):
    with contextlib.suppress(Exception):
        handle.__exit__(None, None, None)
show("both closed", (first.is_open, second.is_open))
with zlmdb.Database("shared") as owner, owner.begin() as txn:
    show("kept", txn.get(b"\xff\xf0k"))
