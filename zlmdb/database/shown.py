"""What a notebook shows of a database: its tables, and how many records each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb.database import catalog

if TYPE_CHECKING:
    from zlmdb.database.database import Database

__all__ = ["COUNTED", "html"]

#: With more records than that, the tables are shown without counting them.
COUNTED = 5_000_000


def html(db: Database) -> str:
    """The tables of a database as an HTML table."""
    from zlmdb.tables import show

    caption = f"database {db.dbpath}"
    if not db.is_open:
        return show.tag(caption, ["closed"], [])
    few = db.stats()["entries"] <= COUNTED
    stats = db.stats(include_slots=few)
    with db.begin() as txn:
        slots = catalog.read_slots(txn._sound())
    counts = {slot["slot"]: f"{slot['records']:,}" for slot in stats.get("slots", ())}
    rows = [
        (slot.slot, slot.name, counts.get(slot.slot, "not counted"), (slot.description or "").partition("\n")[0])
        for slot in slots
    ]
    note = f"LMDB {stats['lib_version']} format, {stats['current_size']:,} bytes{', read-only' * db.is_readonly}"
    return show.tag(caption, ["slot", "table", "records", "description"], rows, note)
