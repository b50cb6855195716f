"""FlatBuffers tables: hand-written accessors, build and cast, indexes on fields, keys of bytes."""

import uuid

import numpy as np
from _show import show

import zlmdb
from zlmdb import flatbuffers

Int64Flags, Uint8Flags = flatbuffers.number_types.Int64Flags, flatbuffers.number_types.Uint8Flags


class Account:
    """table Account { oid: [uint8]; name: string; balance: int64; level: uint8; parent: [uint8]; }"""

    def __init__(self, data=None, oid=None, name=None, balance=0, level=0, parent=None):
        self._data = data
        self.oid, self.name, self.balance, self.level, self.parent = oid, name, balance, level, parent

    @staticmethod
    def cast(data):
        root = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
        tab = flatbuffers.table.Table(data, root)

        def vector(slot):
            at = tab.Offset(slot)
            return bytes(tab.Bytes[tab.Vector(at) : tab.Vector(at) + tab.VectorLen(at)]) if at else None

        def text(slot):
            at = tab.Offset(slot)
            return tab.String(at + tab.Pos).decode("utf8") if at else None

        def scalar(slot, flags):
            at = tab.Offset(slot)
            return tab.Get(flags, at + tab.Pos) if at else 0

        oid, parent = vector(4), vector(12)
        return Account(
            data,
            uuid.UUID(bytes=oid) if oid else None,
            text(6),
            scalar(8, Int64Flags),
            scalar(10, Uint8Flags),
            uuid.UUID(bytes=parent) if parent else None,
        )

    def build(self, builder):
        oid = builder.CreateByteVector(self.oid.bytes) if self.oid else None
        name = builder.CreateString(self.name) if self.name is not None else None
        parent = builder.CreateByteVector(self.parent.bytes) if self.parent else None
        builder.StartObject(5)
        if oid is not None:
            builder.PrependUOffsetTRelativeSlot(0, oid, 0)
        if name is not None:
            builder.PrependUOffsetTRelativeSlot(1, name, 0)
        builder.PrependInt64Slot(2, self.balance, 0)
        builder.PrependUint8Slot(3, self.level, 0)
        if parent is not None:
            builder.PrependUOffsetTRelativeSlot(4, parent, 0)
        return builder.EndObject()

    def facts(self):
        return (self.oid, self.name, self.balance, self.level, self.parent)


def build(account, builder):
    return account.build(builder)


@zlmdb.table("dadadada-0000-4000-8000-000000000001", build=build, cast=Account.cast)
class Accounts(zlmdb.MapUuidFlatBuffers):
    """Accounts."""


@zlmdb.table("dadadada-0000-4000-8000-000000000002")
class ByName(zlmdb.MapStringUuid):
    """By name."""


@zlmdb.table("dadadada-0000-4000-8000-000000000003")
class ByParent(zlmdb.MapUuidUuidUuid):
    """By parent."""


@zlmdb.table("dadadada-0000-4000-8000-000000000004", build=build, cast=Account.cast)
class ByHash(zlmdb.MapBytes32FlatBuffers):
    """By hash."""


@zlmdb.table("dadadada-0000-4000-8000-000000000005", build=build, cast=Account.cast)
class ByTime(zlmdb.MapTimestampUuidFlatBuffers):
    """By time and UUID."""


def u(n):
    return uuid.UUID(int=n)


with zlmdb.Database("db") as db:
    accounts, by_name, by_parent = (
        db.attach_table(Accounts),
        db.attach_table(ByName),
        db.attach_table(ByParent),
    )
    accounts.attach_index("name", by_name, lambda account: account.name)
    accounts.attach_index("parent", by_parent, lambda account: (account.parent or u(0), account.oid))
    made = [Account(None, u(n), f"konto zü€ {n}", n * 10**12 - 5, n, u(n // 2) if n > 1 else None) for n in range(1, 7)]
    with db.begin(write=True) as txn:
        for account in made:
            accounts[txn, account.oid] = account
    with db.begin() as txn:
        for account in made:
            data = txn.get(accounts._slot.to_bytes(2, "big") + account.oid.bytes)
            show("bytes", data)
            show(
                "read",
                (accounts[txn, account.oid].facts(), accounts[txn, account.oid].facts() == account.facts()),
            )
        show("missing", accounts[txn, u(99)])
        show(
            "select",
            [(key, account.name) for key, account in accounts.select(txn, from_key=u(2), to_key=u(5))],
        )
        show("by name", accounts[txn, by_name[txn, "konto zü€ 3"]].facts())
        show(
            "by parent",
            list(by_parent.select(txn, from_key=(u(1), u(0)), to_key=(u(2), u(0)), return_keys=False)),
        )
    with db.begin(write=True) as txn:
        changed = accounts[txn, u(3)]
        changed.name, changed.parent = "renamed", None
        accounts[txn, u(3)] = changed
        del accounts[txn, u(4)]
        show("indexes", (list(by_name.select(txn)), list(by_parent.select(txn, return_values=False))))

    by_hash, by_time = db.attach_table(ByHash), db.attach_table(ByTime)
    with db.begin(write=True) as txn:
        for n, account in enumerate(made):
            by_hash[txn, bytes([n]) * 32] = account
            by_time[txn, (np.datetime64(10**18 + n, "ns"), account.oid)] = account
    with db.begin() as txn:
        show("by hash", by_hash[txn, b"\x02" * 32].facts())
        low = (np.datetime64(10**18 + 2, "ns"), u(0))
        high = (np.datetime64(10**18 + 4, "ns"), u(0))
        show(
            "by time",
            [(key, account.name) for key, account in by_time.select(txn, from_key=low, to_key=high, reverse=True)],
        )

    bare = zlmdb.MapUuidFlatBuffers(accounts._slot, build=build, cast=Account.cast)
    with db.begin() as txn:
        show("without the catalog", bare[txn, u(1)].facts() == made[0].facts())
