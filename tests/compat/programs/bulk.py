"""A few thousand records with three indexes, in several transactions, then read in all ways."""

import random
import uuid

from _show import show

import zlmdb

RANDOM = random.Random(5)


def u():
    return uuid.UUID(int=RANDOM.getrandbits(128))


@zlmdb.table("74747474-0000-4000-8000-000000000001", marshal=lambda row: row, parse=lambda row: row)
class Rows(zlmdb.MapUuidCbor):
    """Rows."""


@zlmdb.table("74747474-0000-4000-8000-000000000002")
class ByNumber(zlmdb.MapOidUuid):
    """Unique."""


@zlmdb.table("74747474-0000-4000-8000-000000000003")
class ByCity(zlmdb.MapStringUuid):
    """Only where there is one."""


@zlmdb.table("74747474-0000-4000-8000-000000000004")
class ByGroup(zlmdb.MapUuidUuidUuid):
    """Many."""


with zlmdb.Database("db", maxsize=2**26) as db:
    rows, by_number, by_city, by_group = (db.attach_table(cls) for cls in (Rows, ByNumber, ByCity, ByGroup))
    rows.attach_index("number", by_number, lambda row: row["number"])
    rows.attach_index("city", by_city, lambda row: row["city"], nullable=True)
    rows.attach_index("group", by_group, lambda row: (row["group"], row["oid"]))
    groups, model = [u() for _ in range(7)], {}
    for start in range(0, 3000, 500):
        with db.begin(write=True) as txn:
            for number in range(start, start + 500):
                row = {"oid": u(), "number": number, "group": RANDOM.choice(groups), "city": None}
                row["city"] = f"city {number:05d}" if number % 3 == 0 else None
                rows[txn, row["oid"]] = model[row["oid"]] = row

    def check(label):
        with db.begin() as txn:
            show(label, (rows.count(txn), by_number.count(txn), by_city.count(txn), by_group.count(txn)))
            show("rows", dict(rows.select(txn)) == model)
            show("in order", list(rows.select(txn, return_values=False)) == sorted(model))
            show("numbers", dict(by_number.select(txn)) == {row["number"]: key for key, row in model.items()})
            show(
                "cities",
                dict(by_city.select(txn)) == {row["city"]: key for key, row in model.items() if row["city"]},
            )
            found = {
                group: set(
                    by_group.select(
                        txn,
                        from_key=(group, uuid.UUID(int=0)),
                        to_key=(group, uuid.UUID(int=2**128 - 1)),
                        return_keys=False,
                    )
                )
                for group in groups
            }
            show(
                "groups",
                found == {group: {key for key, row in model.items() if row["group"] == group} for group in groups},
            )

    check("filled")
    with db.begin(write=True) as txn:
        for key in sorted(model)[::5]:
            model[key] = {**model[key], "number": model[key]["number"] + 10**6, "group": groups[0]}
            if model[key]["city"]:
                model[key]["city"] += " moved"
            rows[txn, key] = model[key]
    check("updated")
    with db.begin(write=True) as txn:
        for key in [key for key in sorted(model)[::4] if model[key]["city"]]:
            del rows[txn, key]
            del model[key]
    check("deleted")
