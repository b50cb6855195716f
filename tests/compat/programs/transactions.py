"""Transactions on raw bytes: what get, put and delete answer, ids, commit, abort, statistics."""

import time

from _show import raised, refused, show

import zlmdb

K, L = b"\xff\xf0key", b"\xff\xf0other"

with zlmdb.Database("db", maxsize=2**24) as db:
    with db.begin(write=True) as txn:
        show("entered is", isinstance(txn, zlmdb.Transaction))
        show("id", txn.id())
        show("missing", txn.get(K))
        show("put", txn.put(K, b"1"))
        show("put again", (txn.put(K, b"2"), txn.get(K)))
        show("overwrite=False", (txn.put(K, b"3", overwrite=False), txn.get(K)))
        show("overwrite by place", (txn.put(L, b"3", False), txn.get(L)))
        show("delete", (txn.delete(L), txn.delete(L), txn.get(L)))
        raised("empty key", zlmdb.lmdb.BadValsizeError, txn.put, b"", b"x")
        raised("long key", zlmdb.lmdb.BadValsizeError, txn.put, b"\xff" * 3000, b"x")
        refused("text as key", txn.put, "text", b"x")
        show("still usable", txn.get(K))
    for call, arguments in ((txn.id, ()), (txn.get, (K,)), (txn.put, (K, b"")), (txn.delete, (K,))):
        refused("after the end", call, *arguments)
    with db.begin() as txn:
        show("read id", txn.id())
        raised("put in a read transaction", zlmdb.lmdb.ReadonlyError, txn.put, K, b"x")
        raised("delete in a read transaction", zlmdb.lmdb.ReadonlyError, txn.delete, K)
        show("unharmed", txn.get(K))

    for error in (ValueError, KeyboardInterrupt, SystemExit):
        try:
            with db.begin(write=True) as txn:
                txn.put(K, b"changed")
                txn.put(L, b"new")
                raise error("stop")
        except BaseException as caught:
            print(type(caught).__name__, caught)
        with db.begin() as txn:
            show("rolled back", (txn.get(K), txn.get(L)))

    with db.begin() as before:
        show("snapshot", before.get(K))
        with db.begin(write=True) as txn:
            txn.put(K, b"later")
            with db.begin() as meanwhile:
                show("not committed yet", meanwhile.get(K))
        show("snapshot holds", before.get(K))
        with db.begin() as after:
            show("new reader", (after.get(K), after.id() == before.id() + 1))

    unused = db.begin()
    refused("not entered", unused.get, K)
    with unused as entered:
        show("entered later", (entered is unused, unused.get(K)))

    stats = zlmdb.TransactionStats()
    show("fresh", (stats.puts, stats.dels, type(stats.started).__name__, type(stats.duration).__name__))
    with db.begin(write=True, stats=stats) as txn:
        txn.put(b"\xff\xf0a", b"1")
        txn.put(b"\xff\xf0b", b"1")
        txn.put(b"\xff\xf0b", b"2", overwrite=False)
        txn.delete(b"\xff\xf0a")
        txn.delete(b"\xff\xf0a")
        time.sleep(0.002)
    show("counted", (stats.puts, stats.dels))
    show("nanoseconds", (stats.duration >= 2_000_000, abs(time.time_ns() - stats.started) < 10**12))
    with db.begin(write=True, stats=stats) as txn:
        txn.put(b"\xff\xf0c", b"1")
    show("added up", (stats.puts, stats.dels))
    started = stats.started
    stats.reset()
    show("reset", (stats.puts, stats.dels, stats.started >= started))
    with db.begin(stats=stats) as txn:
        txn.get(K)
    show("reading", (stats.puts, stats.dels))
    with db.begin(write=True, buffers=True) as txn:
        show("buffers", bytes(txn.get(K)))
