"""Orders and trades of a market, as FlatBuffers; the same as text: market.fbs."""

from __future__ import annotations

import enum
import uuid
from typing import Annotated

import attrs
import numpy as np

import zlmdb
from zlmdb import fbs

__all__ = ["Asset", "Book", "Conditions", "Currency", "Event", "Fee", "Halt", "Level", "Market", "Message", "Messages"]
__all__ += ["Side", "Trade", "Trades"]


@fbs.enum(namespace="assets", base=fbs.uint8)
class Currency(enum.IntEnum):
    """In what prices are paid."""

    EUR = 0
    USD = 1
    CHF = 2


@fbs.table(namespace="assets")
@attrs.define(kw_only=True)
class Asset:
    """Something that is traded."""

    symbol: Annotated[str, fbs.Field(key=True)]
    name: str | None = None
    currency: Currency = Currency.EUR


@fbs.enum(namespace="market", base=fbs.uint8)
class Side(enum.IntEnum):
    """Who takes the initiative."""

    Buy = 1
    Sell = 2


@fbs.enum(namespace="market", base=fbs.uint16)
class Conditions(enum.IntFlag):
    """What is special about a trade."""

    OddLot = 1
    AfterHours = 2
    Corrected = 128


@fbs.struct(namespace="market")
@attrs.frozen
class Level:
    """A price and what is offered at it."""

    price: float
    size: fbs.uint32


@fbs.table(namespace="market")
@attrs.define
class Fee:
    """What a trade costs beside its price."""

    amount: float = 0.0
    currency: Currency = Currency.EUR


@fbs.table(namespace="market")
@attrs.define(kw_only=True)
class Trade:
    """So much for that price, once."""

    oid: uuid.UUID
    at: np.datetime64
    symbol: str
    side: Side = Side.Buy
    price: float
    size: fbs.uint32 = 1
    conditions: Conditions = Conditions(0)  # noqa: RUF009  # values of enumerations never change
    fee: Fee | None = None
    latency: Annotated[int | None, fbs.Field(doc=("Time from order to trade, in nanoseconds.",))] = None
    venue_id: Annotated[fbs.uint16, fbs.Field(deprecated=True)] = 0


@fbs.table(namespace="market")
@attrs.define
class Book:
    """What is offered at a moment, the best first."""

    asset: Asset | None = None
    bids: list[Level] | None = None
    asks: list[Level] | None = None


@fbs.table(namespace="market")
@attrs.define
class Halt:
    reason: str | None = None


Event = Annotated[Trade | Book | Halt, fbs.UnionOf("Event", namespace="market", doc=("What happens.",))]


@fbs.table(namespace="market", file_identifier="MKTM", file_extension="mkt")
@attrs.define(kw_only=True)
class Message:
    """An event on its way."""

    number: fbs.uint64
    event: Event | None = None
    tags: list[str] | None = None


@zlmdb.table("d2c0a7f6-3f4e-4c55-9a55-7f1f6a1de201", pk="oid")
class Trades(zlmdb.MapUuidFlatBuffers[Trade]):
    """Trades by their identity."""

    by_symbol = zlmdb.index("symbol")


@zlmdb.table("d2c0a7f6-3f4e-4c55-9a55-7f1f6a1de202", pk="number")
class Messages(zlmdb.Map[int, Message], key=zlmdb.Uint64, value=zlmdb.FlatBuffers):
    """Messages in their order."""


class Market(zlmdb.Schema):
    """What a market remembers."""

    trades: Trades
    messages: Messages
