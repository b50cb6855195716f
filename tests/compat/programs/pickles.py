"""Pickle maps; a package that asks for leave to read pickles is given it."""

import inspect
import uuid

from _show import show

import zlmdb

LEAVE = {"allow_pickle": True} if "allow_pickle" in inspect.signature(zlmdb.Database).parameters else {}


@zlmdb.table("e5e5e5e5-0000-4000-8000-000000000001")
class ByOid(zlmdb.MapOidPickle):
    """By number."""


@zlmdb.table("e5e5e5e5-0000-4000-8000-000000000002")
class ByName(zlmdb.MapStringPickle):
    """By name."""


@zlmdb.table("e5e5e5e5-0000-4000-8000-000000000003")
class ByUuid(zlmdb.MapUuidPickle):
    """By UUID."""


VALUES = [
    None,
    1,
    2**70,
    -5.5,
    "text zü€",
    b"\x00\xff",
    (1, (2, 3)),
    [1, None],
    {"a": {"b": (1,)}},
    {1, 2},
    frozenset({3}),
    True,
]

with zlmdb.Database("db", **LEAVE) as db:
    for cls, key_of in ((ByOid, int), (ByName, str), (ByUuid, lambda n: uuid.UUID(int=n))):
        table = db.attach_table(cls)
        with db.begin(write=True) as txn:
            for n, value in enumerate(VALUES):
                table[txn, key_of(n)] = value
        with db.begin() as txn:
            show("equal", [table[txn, key_of(n)] == value for n, value in enumerate(VALUES)])
            show("types", [type(table[txn, key_of(n)]).__name__ for n in range(len(VALUES))])
            for n in (0, 1, 4, 7):
                data = txn.get(table._slot.to_bytes(2, "big") + table._serialize_key(key_of(n)))
                show("protocol 2", (data[:2], data[-1:]))
            show("rows", len(list(table.select(txn))))
