"""count with and without a prefix, count_range, truncate."""

import uuid

from _show import refused, show

import zlmdb


@zlmdb.table("a7a7a7a7-0000-4000-8000-000000000001")
class Words(zlmdb.MapStringOid):
    """By word."""


@zlmdb.table("a7a7a7a7-0000-4000-8000-000000000002")
class Owned(zlmdb.MapUuidStringUuid):
    """By owner and word."""


@zlmdb.table("a7a7a7a7-0000-4000-8000-000000000003")
class Hashes(zlmdb.MapBytes20Uuid):
    """By hash."""


@zlmdb.table("a7a7a7a7-0000-4000-8000-000000000004")
class Numbers(zlmdb.MapOidOid):
    """By number."""


def u(n):
    return uuid.UUID(int=n)


with zlmdb.Database("db") as db:
    # the fullest table comes last: what it holds may not disturb the others
    words, owned, hashes, numbers = (db.attach_table(cls) for cls in (Words, Owned, Hashes, Numbers))
    with db.begin(write=True) as txn:
        for n, word in enumerate(["a", "ab", "abc", "b", "ö", "ön"]):
            words[txn, word] = n
            owned[txn, (u(n % 2), word)] = u(n)
            hashes[txn, bytes([n]) * 20] = u(n)
        for n in range(300):
            numbers[txn, n] = n * n
    with db.begin() as txn:
        for prefix in (None, "", "a", "ab", "abc", "abcd", "c", "ö", "ön"):
            show(f"words {prefix!r}", (words.count(txn, prefix), words.count(txn, prefix=prefix)))
        for prefix in (None, (u(0), "a"), (u(0), ""), (u(1), "ab"), (u(1), ""), (u(7), "")):
            show(f"owned {prefix!r}", owned.count(txn, prefix=prefix))
        for prefix in (None, bytes([1]) * 20, bytes([9]) * 20):
            show(f"hashes {prefix!r}", hashes.count(txn, prefix=prefix))
        for prefix in (None, 1, 299, 300):
            show(f"numbers {prefix!r}", numbers.count(txn, prefix=prefix))
        for low, high in ((0, 300), (0, 1), (10, 20), (20, 10), (5, 5), (0, 0), (299, 2**53), (300, 400)):
            show(f"range {low} {high}", numbers.count_range(txn, low, high))
        for low, high in (("a", "b"), ("", "b"), ("ab", "abc"), ("b", "zz"), ("c", "a")):
            show(f"range {low!r} {high!r}", words.count_range(txn, from_key=low, to_key=high))
        refused("a number as prefix of words", words.count, txn, 5)
        refused("text as prefix of numbers", numbers.count, txn, "x")
        show("bare", zlmdb.PersistentMap(numbers._slot).count(txn))
        refused("one bound", numbers.count_range, txn, 1)
    for table in (numbers, hashes, owned, words):
        with db.begin(write=True) as txn:
            show("truncate", (table.count(txn), table.truncate(txn), table.count(txn), table.truncate(txn)))
    with db.begin(write=True) as txn:
        numbers[txn, 1] = 1
        show("usable again", (numbers.count(txn), numbers[txn, 1]))
    try:
        with db.begin(write=True) as txn:
            numbers.truncate(txn)
            raise ValueError("undo")
    except ValueError:
        pass
    with db.begin() as txn:
        show("truncate undone", numbers.count(txn))
