"""What a trading desk and a weather station write down: ticks and readings as series, order books as arrays."""

from __future__ import annotations

import numpy as np

import zlmdb

__all__ = ["LEVEL", "Books", "Candles", "Hours", "Market", "Readings", "Station", "Ticks"]


@zlmdb.table("5f0c9b1e-7a3d-4c38-9a44-2f3d1c0b8a01")
class Ticks(zlmdb.Series[str]):
    """Trades by symbol. Several may have one time, and all are kept."""

    price = zlmdb.column("f8")
    size = zlmdb.column("u4")
    side = zlmdb.column("u1", default=0)


@zlmdb.table("5f0c9b1e-7a3d-4c38-9a44-2f3d1c0b8a02")
class Candles(zlmdb.Series[str], duplicates="replace"):
    """A minute of trades by symbol; the time is the minute's beginning."""

    open = zlmdb.column("f8")
    high = zlmdb.column("f8")
    low = zlmdb.column("f8")
    close = zlmdb.column("f8")
    volume = zlmdb.column("u8")


#: A level of an order book.
LEVEL = np.dtype([("price", "<f8"), ("size", "<f8")])


@zlmdb.table("5f0c9b1e-7a3d-4c38-9a44-2f3d1c0b8a03")
class Books(zlmdb.MapStringTimestampNumpy):
    """Snapshots of order books: by symbol and time, an array of LEVEL in two rows, bids and asks, best first."""


class Market(zlmdb.Schema):
    """All of the trading desk."""

    ticks: Ticks
    candles: Candles
    books: Books


@zlmdb.table("5f0c9b1e-7a3d-4c38-9a44-2f3d1c0b8a04")
class Readings(zlmdb.Series[tuple[str, int]], duplicates="replace", compress="delta-zlib"):
    """What sensors measured, by building and number of the sensor; a reading that is sent again replaces the first."""

    celsius = zlmdb.column("f4")
    volts = zlmdb.column("f4", default=float("nan"))


@zlmdb.table("5f0c9b1e-7a3d-4c38-9a44-2f3d1c0b8a05")
class Hours(zlmdb.Series[tuple[str, int]], duplicates="replace"):
    """The same by the hour, kept for ever."""

    lowest = zlmdb.column("f4")
    highest = zlmdb.column("f4")
    mean = zlmdb.column("f8")
    number = zlmdb.column("u4")


class Station(zlmdb.Schema):
    """All of the weather station."""

    readings: Readings
    hours: Hours
