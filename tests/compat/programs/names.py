"""Names a program may import, and what they are."""

import sys
import uuid

import zlmdb

print(
    isinstance(zlmdb.__version__, str),
    zlmdb.flatbuffers.__name__.endswith("flatbuffers"),
    len(zlmdb.flatbuffers.version()),
)
print(callable(zlmdb.setup_flatbuffers_import), zlmdb.setup_flatbuffers_import())
print(callable(zlmdb.check_autobahn_flatbuffers_version_in_sync))

import flatbuffers  # noqa: E402
from flatbuffers import Builder, number_types, packer, table, util  # noqa: E402

print(flatbuffers.Builder is zlmdb.flatbuffers.Builder, Builder is flatbuffers.Builder)
print([module.__name__.rsplit(".", 1)[-1] for module in (number_types, packer, table, util)])
print("flatbuffers" in sys.modules, flatbuffers.version() == zlmdb.flatbuffers.version())

for name in ("Schema", "Database", "Transaction", "TransactionStats", "PersistentMap", "NullValueConstraint"):
    print(name, isinstance(getattr(zlmdb, name), type))
print(callable(zlmdb.table), issubclass(zlmdb.NullValueConstraint, Exception))
print(zlmdb.PersistentMap.COMPRESS_ZLIB, zlmdb.PersistentMap.COMPRESS_SNAPPY)
print(
    callable(zlmdb.lmdb.open),
    issubclass(zlmdb.lmdb.KeyExistsError, zlmdb.lmdb.Error),
    len(zlmdb.lmdb.version()),
)

import samples  # noqa: E402

for name in sorted(samples.MAPS):
    cls = getattr(zlmdb, name)
    print(name, isinstance(cls, type), issubclass(cls, zlmdb.PersistentMap))

print(type(zlmdb.TABLES_BY_UUID).__name__)
OID = uuid.UUID("5d7d8a2c-3a57-4a4d-9b0c-6f3e7b1c9d01")


@zlmdb.table(OID)
class First(zlmdb.MapUuidString):
    """First."""


print(zlmdb.TABLES_BY_UUID[OID] is First)
saved = zlmdb.TABLES_BY_UUID
zlmdb.TABLES_BY_UUID = {}


@zlmdb.table("5d7d8a2c-3a57-4a4d-9b0c-6f3e7b1c9d02")
class Second(zlmdb.MapUuidString):
    """Second."""


print(len(zlmdb.TABLES_BY_UUID), OID in zlmdb.TABLES_BY_UUID, len(saved) >= 1)
zlmdb.TABLES_BY_UUID = saved
print(OID in zlmdb.TABLES_BY_UUID)
with zlmdb.Database() as db:
    first, second = db.attach_table(First), db.attach_table(Second)
    with db.begin(write=True) as txn:
        first[txn, OID] = "one"
        second[txn, OID] = "two"
    with db.begin() as txn:
        print(first[txn, OID], second[txn, OID])
