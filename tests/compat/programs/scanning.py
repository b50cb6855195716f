"""Scanning: every combination of bounds, direction, parts and limit, on number, text and composite keys."""

import uuid
from itertools import product

from _show import show

import zlmdb


@zlmdb.table("f6f6f6f6-0000-4000-8000-000000000001")
class Numbers(zlmdb.MapOidString):
    """By number."""


@zlmdb.table("f6f6f6f6-0000-4000-8000-000000000002")
class Words(zlmdb.MapStringOid):
    """By word."""


@zlmdb.table("f6f6f6f6-0000-4000-8000-000000000003")
class Pairs(zlmdb.MapOidOidOid):
    """By two numbers."""


@zlmdb.table("f6f6f6f6-0000-4000-8000-000000000004")
class Texts(zlmdb.MapUuidStringUuid):
    """By UUID and text."""


def u(n):
    return uuid.UUID(int=n)


NUMBERS = {n: f"v{n}" for n in (0, 1, 2, 255, 256, 65536, 2**32, 2**53)}
WORDS = {w: n for n, w in enumerate(["a", "aa", "ab", "b", "ba", "ö", "zz", "zü€"])}
PAIRS = {(a, b): a * 10 + b for a, b in product((0, 1, 300), (0, 5, 2**40))}
TEXTS = {(u(a), t): u(a + 100) for a, t in product((1, 2, 3), ("", "x", "xy", "é"))}

with zlmdb.Database("db") as db:
    for cls, rows, bounds in (
        (Numbers, NUMBERS, (None, 1, 3, 256, 2**53)),
        (Words, WORDS, (None, "aa", "ac", "b", "zzz")),
        (Pairs, PAIRS, (None, (0, 5), (1, 1), (300, 0), (2**53, 2**53))),
        (Texts, TEXTS, (None, (u(1), "x"), (u(2), ""), (u(3), "z"), (u(9), ""))),
    ):
        table = db.attach_table(cls)
        with db.begin(write=True) as txn:
            show("empty", (list(table.select(txn)), list(table.select(txn, reverse=True)), table.count(txn)))
            for key in sorted(rows, key=repr):
                table[txn, key] = rows[key]
        with db.begin() as txn:
            for low, high in product(bounds, bounds):
                forward = list(table.select(txn, from_key=low, to_key=high))
                backward = list(table.select(txn, from_key=low, to_key=high, reverse=True))
                keys = list(table.select(txn, from_key=low, to_key=high, return_values=False))
                values = list(table.select(txn, from_key=low, to_key=high, return_keys=False))
                first = list(table.select(txn, from_key=low, to_key=high, limit=2))
                last = list(table.select(txn, from_key=low, to_key=high, limit=3, reverse=True, return_values=False))
                show(
                    f"{low!r} {high!r}",
                    (keys, values == [value for _, value in forward], forward == backward[::-1]),
                )
                show(
                    "limits",
                    (
                        first == forward[:2],
                        last == keys[::-1][:3],
                        forward == [(key, rows[key]) for key in keys],
                    ),
                )
                if low is not None and high is not None:
                    show(
                        "count_range",
                        (
                            table.count_range(txn, low, high),
                            table.count_range(txn, from_key=low, to_key=high),
                        ),
                    )
            show("in place", list(table.select(txn, bounds[1], bounds[3], True, True, True, 2)))
            neither = list(table.select(txn, return_keys=False, return_values=False, limit=2))
            show("neither", neither)
            found = table.select(txn, limit=2)
            show("one loop", list(found))
            loop = iter(table.select(txn, limit=2))
            show("by hand", (next(loop), next(loop)))
            try:
                next(loop)
            except StopIteration:
                print("exhausted")
            for key in table.select(txn, return_values=False):
                if key == bounds[3]:
                    break
            show("broken off, then again", len(list(table.select(txn))))
            show("two at once", len(list(zip(table.select(txn), table.select(txn, reverse=True), strict=True))))
        with db.begin(write=True) as txn:
            seen = 0
            for key in table.select(txn, return_values=False):
                table[txn, key] = rows[bounds[3]] if bounds[3] in rows else next(iter(rows.values()))
                seen += 1
            show("replaced while scanning", seen)
