"""Errors that are not those of the file: of a program's parse function, and of a transaction that has ended."""

from __future__ import annotations

import types
import uuid
from collections.abc import Callable
from typing import Any

import pytest

import zlmdb


@pytest.mark.parametrize("base", [zlmdb.MapOidJson, zlmdb.MapOidCbor])
def test_an_engine_error_of_a_parse_function_is_no_damage_of_the_file_that_is_scanned(base: Any) -> None:
    """It may read another file, by the low level."""

    def parse(value: Any) -> Any:
        if value == 2:
            raise zlmdb.lmdb.CorruptedError("another file")
        return value

    index = zlmdb.index(lambda row: row, key=zlmdb.Int64, unique=True)
    body = {"by_itself": index}
    parsed = types.new_class("Parsed", (base,), exec_body=lambda namespace: namespace.update(body))
    zlmdb.table(uuid.uuid4(), marshal=int, parse=parse)(parsed)
    with zlmdb.open(":memory:", [parsed]) as db:
        with db.begin(write=True) as txn:
            txn[parsed].update({1: 1, 2: 2})
        for options in ({}, {"write": True}, {"buffers": True}):
            with db.begin(**options) as txn:
                reads: list[Callable[[], Any]] = [
                    lambda: txn[parsed][2],
                    lambda: list(txn[parsed].items()),
                    lambda: list(txn[parsed].select(reverse=True, return_keys=False)),
                    lambda: txn[parsed].by_itself[2],
                    lambda: list(txn[parsed].by_itself.select()),
                ]
                for read in reads:
                    with pytest.raises(zlmdb.DecodeError, match=r"table Parsed, key 2: .*another file"):
                        read()


class Incomparable:
    """A parse function that answers no question for equality, as arrays do."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, value: Any) -> Any:
        return value

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")


def test_a_parse_function_need_not_be_comparable() -> None:
    parsed = zlmdb.table(uuid.uuid4(), parse=Incomparable())(types.new_class("Parsed", (zlmdb.MapOidCbor,)))
    with zlmdb.open(":memory:", [parsed]) as db, db.begin(write=True) as txn:
        txn[parsed][1] = 5
        assert [txn[parsed][1], txn[parsed].get(1), *txn[parsed].values()] == [5, 5, 5]


def test_whoever_follows_the_causes_of_an_error_comes_to_an_end() -> None:
    words = zlmdb.table(uuid.uuid4())(types.new_class("Words", (zlmdb.MapStringOid,)))
    with zlmdb.open(":memory:", [words]) as db:
        with db.begin() as txn:
            table, begun = txn[words], iter(txn[words].select())
        reads = (lambda: next(begun), lambda: list(table), lambda: list(reversed(table)), lambda: list(table.values()))
        for read in reads:
            with pytest.raises(zlmdb.TransactionClosed) as caught:
                read()
            assert caught.value.__cause__ is not caught.value
