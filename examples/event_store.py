"""An event store: what happened is appended and never changed; what is true now is computed from it and kept beside it.

    python examples/event_store.py

Accounts of a bank. Events are the truth; balances are a projection, brought up to date in the same transaction, which
can be thrown away and computed anew.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import zlmdb

Kind = Literal["opened", "paid in", "paid out", "closed"]


class ConcurrencyError(Exception):
    """Another event came first: the stream is longer than the caller thought."""


@dataclass
class Event:
    """Something that happened to an account."""

    stream: uuid.UUID
    version: int  # 1 for the first event of a stream
    position: int  # in the order of all events
    kind: Kind
    cents: int
    at: datetime


@dataclass
class Account:
    """What is true of an account now."""

    oid: uuid.UUID
    cents: int
    state: Literal["open", "closed"]
    version: int


@zlmdb.table("1c2f6b8e-2b1c-4f6f-9d1c-3f0c9e5a7b01", pk=("stream", "version"))
class Events(zlmdb.Map[tuple[uuid.UUID, int], Event], key=(zlmdb.Uuid, zlmdb.Uint32), value=zlmdb.Cbor):
    """Events of each stream, in order."""

    by_position = zlmdb.index("position", key=zlmdb.Uint64, unique=True)  # the order of everything


@zlmdb.table("1c2f6b8e-2b1c-4f6f-9d1c-3f0c9e5a7b02", pk="oid")
class Accounts(zlmdb.MapUuidCbor[Account]):
    """The projection: accounts as they are now."""

    by_cents = zlmdb.index("cents", key=zlmdb.Int64, where=lambda account: account.state == "open")


@zlmdb.table("1c2f6b8e-2b1c-4f6f-9d1c-3f0c9e5a7b03")
class Positions(zlmdb.MapStringOid):
    """How far each projection has come."""


class Bank(zlmdb.Schema):
    """Events, and what is computed from them."""

    events: Events
    accounts: Accounts
    positions: Positions


def apply(account: Account | None, event: Event) -> Account:
    """An account after an event. It has no other inputs, so replaying gives the same again."""
    if account is None:
        account = Account(event.stream, 0, "open", 0)
    sign = {"opened": 1, "paid in": 1, "paid out": -1, "closed": 0}[event.kind]
    return Account(
        account.oid,
        account.cents + sign * event.cents,
        "closed" if event.kind == "closed" else account.state,
        event.version,
    )


def append(
    txn: zlmdb.Transaction, stream: uuid.UUID, kind: Kind, cents: int = 0, *, expected: int, at: datetime
) -> Event:
    """Append an event, and bring the projection up to date in the same transaction.

    Args:
        expected: how many events the caller has seen of the stream; 0 for a new one.

    Raises:
        ConcurrencyError: if there are more.
    """
    events = txn[Events]
    newest = next(iter(events.select(prefix=(stream,), return_keys=False, reverse=True, limit=1)), None)
    version = 0 if newest is None else newest.version
    if version != expected:
        raise ConcurrencyError(f"stream {stream}: expected {expected} events, found {version}")
    last = events.by_position.last()
    event = Event(stream, version + 1, 1 if last is None else last.position + 1, kind, cents, at)
    events.add(event)  # an event is added, never put: what happened is not replaced
    project(txn, [event])
    return event


def project(txn: zlmdb.Transaction, events: Iterable[Event]) -> int:
    """Bring the projection up to date with events that it has not seen: how many these were."""
    accounts, positions = txn[Accounts], txn[Positions]
    seen, done = positions.get("accounts", 0), 0
    for event in events:
        if event.position > seen:
            accounts.put(apply(accounts.get(event.stream), event))
            seen, done = event.position, done + 1
    positions["accounts"] = seen
    return done


def rebuild(db: zlmdb.Database) -> int:
    """Throw the projection away, and compute it from all events: how many these were."""
    with db.begin(write=True) as txn:
        txn[Accounts].clear()
        txn[Positions].clear()
        return project(txn, txn[Events].by_position.select())


def follow(db: zlmdb.Database, since: int, handle: Callable[[Event], None]) -> int:
    """Give all events after a position to a function, in order: the position of the last one.

    A subscriber remembers the position, and asks again; it misses nothing and needs no queue.
    """
    with db.begin() as txn:
        for event in txn[Events].by_position.select(lo=since, bounds="()"):
            handle(event)
            since = event.position
    return since


def run(path: Path) -> None:
    """Some business at a bank."""
    ann, bob, noon = uuid.UUID(int=1), uuid.UUID(int=2), datetime(2026, 1, 2, 12, tzinfo=UTC)
    with zlmdb.open(path, Bank) as db:
        with db.begin(write=True) as txn:
            append(txn, ann, "opened", expected=0, at=noon)
            append(txn, ann, "paid in", 500, expected=1, at=noon)
            append(txn, bob, "opened", expected=0, at=noon)
        with db.begin(write=True) as txn:  # both events or none
            append(txn, ann, "paid out", 200, expected=2, at=noon)
            append(txn, bob, "paid in", 200, expected=1, at=noon)
        try:
            with db.begin(write=True) as txn:
                append(txn, ann, "paid out", 100, expected=2, at=noon)
        except ConcurrencyError as error:
            print("refused: ", error)
        with db.begin() as txn:
            print("balances:", [account.cents for account in txn[Accounts].values()])
            print("history: ", [event.kind for event in txn[Events].select(prefix=(ann,), return_keys=False)])
            print("richest: ", txn[Accounts].by_cents.last())
        followed: list[str] = []
        position = follow(db, 3, lambda event: followed.append(f"{event.position} {event.kind}"))
        print("followed:", followed, "up to", position)
        print("replayed:", rebuild(db))
        with db.begin() as txn:
            print("balances:", [account.cents for account in txn[Accounts].values()])


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "bank.zdb")


if __name__ == "__main__":
    main()
