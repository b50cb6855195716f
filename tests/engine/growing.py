"""What the tests of growth share."""

import os
from typing import Any

from dbsupport import Notes

MB = 2**20
DEFAULT = 10485760


def size(path: str) -> int:
    return os.path.getsize(f"{path}/data.mdb")


def texts(db: Any, first: int, last: int, length: int = MB) -> None:
    with db.begin(write=True) as txn:
        for number in range(first, last):
            txn[Notes][number] = chr(97 + number % 26) * length


def assert_texts(db: Any, count: int, length: int = MB) -> None:
    with db.begin() as txn:
        found = [(key, len(text), text[:1]) for key, text in txn[Notes].select()]
    assert found == [(number, length, chr(97 + number % 26)) for number in range(count)]
