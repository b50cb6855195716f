"""The flights that left New York City in 2013, with the airlines, airports, planes and weather that belong to them.

The rows are msgspec Structs over Json, the fastest that a row can be read and written: msgspec does it in C,
``array_like=True`` leaves the names of the fields out of the text, so the file is smaller, and ``gc=False``
spares the garbage collector rows that are never part of a cycle. The price of ``array_like`` is that new fields can
only be added at the end, with a default. Attrs classes and dataclasses would do as well, and are a little slower.

Moments are kept in UTC, because a key must name one moment: clocks in New York show the hour from 1:00 to 2:00 twice on
3 November, and the weather was observed in both. What the clock on the wall showed is kept beside it, as a plain time
without a zone.

What is not known is None: a cancelled flight has no delay, some have no plane, and few planes have a known speed.
"""

from __future__ import annotations

from datetime import date, datetime, time

import msgspec

import zlmdb

__all__ = [
    "Airline",
    "Airlines",
    "Airport",
    "Airports",
    "Flight",
    "Flights",
    "NewYorkFlights",
    "Observation",
    "Plane",
    "Planes",
    "Weather",
]


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What all rows have in common."""


class Airline(Row, frozen=True):
    """An airline, by its two-letter code."""

    carrier: str
    name: str


class Airport(Row, frozen=True):
    """An airport of the United States, by its three-letter code.

    Three positions are wrong in the source (DVT and MYF lie in China there, EEN in the Arctic), and so are the zones
    that were looked up by them; rows are kept as they came. Four destinations, all in Puerto Rico and the Virgin
    Islands, are missing.
    """

    code: str
    name: str
    latitude: float
    longitude: float
    altitude: int  # feet
    utc_offset: float  # hours in winter
    dst: str  # A: as in the United States, N: none, U: unknown
    zone: str | None  # IANA name


class Plane(Row, frozen=True):
    """A plane, by its tail number."""

    tail_number: str
    year: int | None  # of manufacture
    kind: str
    manufacturer: str
    model: str
    engines: int
    seats: int
    speed: int | None  # cruising, miles per hour; known of two dozen planes
    engine: str


class Observation(Row, frozen=True):
    """The weather at an airport, observed once an hour."""

    origin: str
    hour: datetime  # UTC
    temperature: float | None  # degrees Fahrenheit
    dew_point: float | None  # degrees Fahrenheit
    humidity: float | None  # per cent
    wind_direction: int | None  # degrees
    wind_speed: float | None  # miles per hour
    wind_gust: float | None  # miles per hour
    precipitation: float  # inches
    pressure: float | None  # millibars
    visibility: float  # miles


class Flight(Row, frozen=True):
    """A flight as it was scheduled, and what became of it."""

    origin: str
    departs: datetime  # as scheduled, UTC
    carrier: str
    number: int
    day: date  # of the scheduled departure, local
    departs_local: time  # as scheduled, where it leaves
    arrives_local: time  # as scheduled, where it lands
    dest: str
    distance: int  # miles
    tail_number: str | None
    departure_delay: int | None  # minutes; None: it never left
    arrival_delay: int | None  # minutes; None: it never left, was sent elsewhere, or nobody noted when it came
    arrived_local: time | None
    air_time: int | None  # minutes


@zlmdb.table("d0c1f3f4-9f0b-4d0e-8f55-0d4f6f6c1b01", pk="carrier")
class Airlines(zlmdb.Map[str, Airline], key=zlmdb.String, value=zlmdb.Json):
    """Airlines by code."""

    by_name = zlmdb.index("name", unique=True)


@zlmdb.table("d0c1f3f4-9f0b-4d0e-8f55-0d4f6f6c1b02", pk="code")
class Airports(zlmdb.Map[str, Airport], key=zlmdb.String, value=zlmdb.Json):
    """Airports by code."""

    by_zone = zlmdb.index("zone", nullable=True)


@zlmdb.table("d0c1f3f4-9f0b-4d0e-8f55-0d4f6f6c1b03", pk="tail_number")
class Planes(zlmdb.Map[str, Plane], key=zlmdb.String, value=zlmdb.Json):
    """Planes by tail number."""

    by_model = zlmdb.index("manufacturer", "model")


@zlmdb.table("d0c1f3f4-9f0b-4d0e-8f55-0d4f6f6c1b04", pk=("origin", "hour"))
class Weather(zlmdb.Map[tuple[str, datetime], Observation], key=(zlmdb.String, zlmdb.Datetime), value=zlmdb.Json):
    """Hourly weather by airport and time."""

    #: Only the hours in which one could hardly see: a partial index, in which the rest takes no space.
    in_fog = zlmdb.index("origin", "hour", where=lambda observation: observation.visibility < 0.5)


@zlmdb.table("d0c1f3f4-9f0b-4d0e-8f55-0d4f6f6c1b05", pk=("origin", "departs", "carrier", "number"))
class Flights(
    zlmdb.Map[tuple[str, datetime, str, int], Flight],
    key=(zlmdb.String, zlmdb.Datetime, zlmdb.String, zlmdb.Uint16),
    value=zlmdb.Json,
):
    """Flights by origin, scheduled departure, carrier and number."""

    by_tail_number = zlmdb.index("tail_number", "departs", nullable=True)
    by_dest = zlmdb.index("dest")
    by_carrier_day = zlmdb.index("carrier", "day")


class NewYorkFlights(zlmdb.Schema):
    """All that is known of the flights from New York City."""

    airlines: Airlines
    airports: Airports
    planes: Planes
    weather: Weather
    flights: Flights
