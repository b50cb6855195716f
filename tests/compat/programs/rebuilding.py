"""Rebuilding an index from the rows. Its table has the highest slot, as the earlier release needs it."""

from _show import refused, show

import zlmdb


class Item:
    """A thing with a number."""

    def __init__(self, oid, name):
        self.oid, self.name = oid, name


@zlmdb.table("c9c9c9c9-0000-4000-8000-000000000001", marshal=lambda i: [i.oid, i.name], parse=lambda d: Item(*d))
class Items(zlmdb.MapOidJson):
    """Items."""


@zlmdb.table("c9c9c9c9-0000-4000-8000-000000000002")
class ByName(zlmdb.MapStringOid):
    """By name."""


with zlmdb.Database("db") as db:
    items, by_name = db.attach_table(Items), db.attach_table(ByName)
    with db.begin(write=True) as txn:
        for n in range(100):
            items[txn, n] = Item(n, f"item {n:03d}")
    items.attach_index("name", by_name, lambda item: item.name)
    with db.begin(write=True) as txn:
        by_name.truncate(txn)
        show("built", items.rebuild_index(txn, "name"))
        show("found", (by_name[txn, "item 042"], by_name.count(txn), items.count(txn)))
        show("built again", items.rebuild_index(txn, "name"))
        by_name[txn, "stale"] = 7
        show("stale entries go", (items.rebuild_index(txn, "name"), by_name[txn, "stale"]))
        show("all of them", (items.rebuild_indexes(txn), by_name.count(txn)))
        refused("an unknown index", items.rebuild_index, txn, "nope", words='"nope"')
        refused("an unknown index", items.rebuild_index, txn, "nope", words="no index")
    with db.begin() as txn:
        show("kept", [by_name[txn, f"item {n:03d}"] for n in (0, 50, 99)])
