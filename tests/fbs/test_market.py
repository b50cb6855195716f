"""The schema that is shared by examples and documentation: text and Python are the same."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import zlmdb
from schemas import market
from tests.fbs.test_round_trip import same
from zlmdb import fbs

MARKET = Path(__file__).parents[2] / "schemas" / "market.fbs"


def test_the_text_and_its_twin_are_the_same() -> None:
    text, twin = fbs.parse_file(MARKET), fbs.schema_of(market.Message)
    assert same(replace(twin, attributes=()), replace(text, attributes=()))
    assert set(twin.attributes) == set(text.attributes) == {"logical"}


def test_a_map_of_loaded_classes_holds_what_the_twin_reads(path: str) -> None:
    ns = fbs.load(MARKET, kind="attrs")

    @zlmdb.table("d2c0a7f6-3f4e-4c55-9a55-7f1f6a1de201", pk="oid")
    class Trades(zlmdb.MapUuidFlatBuffers[ns.Trade]):  # type: ignore[name-defined]
        by_symbol = zlmdb.index("symbol")

    oid = uuid.uuid4()
    trade: dict[str, Any] = {"oid": oid, "at": np.datetime64(5, "ns"), "symbol": "ETH", "price": 2.5}
    with zlmdb.open(path, [Trades]) as db, db.begin(write=True) as txn:
        txn[Trades].add(ns.Trade(**trade, fee=ns.Fee(amount=0.5)))
    with zlmdb.open(path, market.Market) as db, db.begin() as txn:
        (found,) = txn[market.Trades].by_symbol.select("ETH")
        assert fbs.detach(found) == market.Trade(**trade, fee=market.Fee(0.5))


def test_it_is_exported_whole() -> None:
    found = fbs.parse(fbs.export(market.Market))
    assert set(found.declarations) == set(fbs.parse_file(MARKET).declarations)
    assert found.root is None
