"""Readers in threads beside one writer: each sees a whole commit or none of it."""

import threading

from _show import show

import zlmdb


@zlmdb.table("52525252-0000-4000-8000-000000000001")
class Numbers(zlmdb.MapOidOid):
    """Numbers."""


with zlmdb.Database("db") as db:
    numbers = db.attach_table(Numbers)
    with db.begin(write=True) as txn:
        for n in range(50):
            numbers[txn, n] = 0
    wrong, done = [], threading.Event()

    def read():
        while not done.is_set():
            with db.begin() as txn:
                if len(set(numbers.select(txn, return_keys=False))) != 1:
                    wrong.append(1)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(1, 31):
        with db.begin(write=True) as txn:
            for n in range(50):
                numbers[txn, n] = turn
    done.set()
    for reader in readers:
        reader.join()
    show("torn reads", len(wrong))
    with db.begin() as txn:
        show("last", set(numbers.select(txn, return_keys=False)))
