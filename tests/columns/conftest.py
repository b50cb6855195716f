"""A database with rows that have a key of two parts, for the tests of columns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.columns.records import EveryCbor, EveryJson, Loose, Orders, Point, Points


@pytest.fixture
def points(db: Any) -> Any:
    db.attach_tables([Points, Loose, EveryCbor, EveryJson, Orders])
    with db.begin(write=True) as txn:
        for at in range(100):
            txn[Points][f"p{at % 3}", at] = Point(at % 10, at / 2)
    return db
