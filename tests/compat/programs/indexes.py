"""Attached indexes: unique ones, nullable ones, and non-unique ones written by hand as composite keys."""

import uuid

import numpy as np
from _show import put, refused, show

import zlmdb


class User:
    """A user."""

    def __init__(self, oid, name, email=None, owner=None, at=0):
        self.oid, self.name, self.email, self.owner, self.at = oid, name, email, owner, at

    def __eq__(self, other):
        return isinstance(other, User) and vars(self) == vars(other)


def marshal(user):
    return {
        "oid": user.oid,
        "name": user.name,
        "email": user.email,
        "owner": user.owner and user.owner.bytes,
        "at": user.at,
    }


def parse(data):
    owner = uuid.UUID(bytes=data["owner"]) if data["owner"] else None
    return User(data["oid"], data["name"], data["email"], owner, data["at"])


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000001", marshal=marshal, parse=parse)
class Users(zlmdb.MapOidCbor):
    """Users."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000002")
class ByName(zlmdb.MapStringOid):
    """Unique."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000003")
class ByEmail(zlmdb.MapStringOid):
    """Unique where there is one."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000004")
class ByOwner(zlmdb.MapOidOidOid):
    """Many users per first number: the primary key is the last part."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000005", marshal=lambda d: d, parse=lambda d: d)
class Events(zlmdb.MapUuidCbor):
    """Events."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000006")
class EventsByTime(zlmdb.MapUint64TimestampUuid):
    """By kind and time."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000007")
class EventsByKind(zlmdb.MapUuidUuidUuid):
    """Many events per kind."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000008")
class EventsByHash(zlmdb.MapBytes20Uuid):
    """By hash."""


@zlmdb.table("b8b8b8b8-0000-4000-8000-000000000009")
class EventsByText(zlmdb.MapUuidStringUuid):
    """By kind and text."""


def u(n):
    return uuid.UUID(int=n)


with zlmdb.Database("db") as db:
    users, by_name, by_email, by_owner = (db.attach_table(cls) for cls in (Users, ByName, ByEmail, ByOwner))
    show("before", (users.indexes(), by_name.is_index(), users.is_index()))
    show("attach", users.attach_index("name", by_name, lambda user: user.name))
    refused("the same name twice", users.attach_index, "name", by_email, lambda user: user.name, words='"name"')
    users.attach_index("email", by_email, lambda user: user.email, nullable=True)
    users.attach_index("owner", by_owner, lambda user: (user.owner.int, user.oid) if user.owner else None, True, False)
    show("after", (users.indexes(), by_name.is_index(), by_email.is_index(), users.is_index()))

    def dump(label):
        with db.begin() as txn:
            show(label, [list(table.select(txn)) for table in (by_name, by_email, by_owner)])
            show("rows", list(users.select(txn, return_values=False)))

    with db.begin(write=True) as txn:
        for n in range(5):
            users[txn, n] = User(n, f"user {n}", f"{n}@example.com" if n % 2 else None, u(7 + n % 2), n)
        show("found in the same transaction", by_name[txn, "user 3"])
    dump("filled")
    with db.begin(write=True) as txn:
        users[txn, 1] = User(1, "renamed", "1@example.com", u(8), 1)
        users[txn, 2] = User(2, "user 2", "two@example.com", u(7), 2)
        users[txn, 3] = User(3, "user 3", None, None, 3)
    dump("updated")
    with db.begin() as txn:
        oid = by_name[txn, "renamed"]
        show("through the index", (oid, users[txn, oid].name, by_name[txn, "user 1"]))
        show("many per key", list(by_owner.select(txn, from_key=(8, 0), to_key=(9, 0), return_keys=False)))
        show("upper bound beyond", [k for k, _ in by_name.select(txn, from_key="u", to_key="v")])
    with db.begin(write=True) as txn:
        del users[txn, 1]
        del users[txn, 2]
        del users[txn, 77]
        show("pop", users.pop((txn, 4)) is not None) if users[txn, 4].email else None
    dump("deleted")
    try:
        with db.begin(write=True) as txn:
            users[txn, 3] = User(3, "three", "3@example.com", u(1), 3)
            users[txn, 9] = User(9, "nine", "9@example.com", u(1), 9)
            raise ValueError("undo")
    except ValueError:
        pass
    dump("undone")
    try:
        with db.begin(write=True) as txn:
            put(users, txn, 5, User(5, None))
    except zlmdb.NullValueConstraint as error:
        print("NullValueConstraint", "name" in str(error), isinstance(error, RuntimeError))
    dump("null refused")
    users.detach_index("email")
    users.detach_index("unknown")
    show("detached", users.indexes())
    with db.begin(write=True) as txn:
        users[txn, 6] = User(6, "six", "6@example.com", None, 6)
        show("not kept any more", (by_email.count(txn), by_name[txn, "six"]))

    events = db.attach_table(Events)
    by_time, by_kind, by_hash, by_text = (
        db.attach_table(cls) for cls in (EventsByTime, EventsByKind, EventsByHash, EventsByText)
    )
    events.attach_index("time", by_time, lambda e: (e["kind"], np.datetime64(e["at"], "ns")))
    events.attach_index("kind", by_kind, lambda e: (u(e["kind"]), uuid.UUID(bytes=e["oid"])))
    events.attach_index("hash", by_hash, lambda e: e["hash"], nullable=True)
    events.attach_index("text", by_text, lambda e: (u(e["kind"]), e["text"]))
    with db.begin(write=True) as txn:
        for n in range(8):
            event = {
                "oid": u(n).bytes,
                "kind": n % 3,
                "at": 10**18 + n,
                "hash": bytes([n]) * 20 if n % 2 else None,
                "text": f"t{n}",
            }
            events[txn, u(n)] = event
    with db.begin() as txn:
        show(
            "kinds",
            [
                events[txn, oid]["text"]
                for oid in by_kind.select(txn, from_key=(u(1), u(0)), to_key=(u(2), u(0)), return_keys=False)
            ],
        )
        late = by_time.select(
            txn,
            from_key=(1, np.datetime64(0, "ns")),
            to_key=(2, np.datetime64(0, "ns")),
            reverse=True,
            limit=1,
        )
        show("the latest of kind 1", list(late))
        show("hash", (by_hash[txn, b"\x03" * 20], by_hash[txn, b"\x02" * 20], by_hash.count(txn)))
        show("text", (by_text[txn, (u(2), "t5")], by_text.count(txn, prefix=(u(2), "t"))))
        show("counts", [table.count(txn) for table in (events, by_time, by_kind, by_hash, by_text)])
    with db.begin(write=True) as txn:
        for oid in [u(1), u(3), u(5), u(7)]:
            del events[txn, oid]
        show("counts", [table.count(txn) for table in (events, by_time, by_kind, by_hash, by_text)][:3])
