"""Keep what sensors measured for a while in full, and for ever by the hour.

python examples/sensors.py [directory of the database]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/ and is not installed

import zlmdb
from schemas.timeseries import Hours, Readings, Station

FIRST = np.datetime64("2026-01-01", "ns")
SENSORS = [("north", 1), ("north", 2), ("south", 1)]


def measure(day: int, sensor: int) -> tuple[np.ndarray, np.ndarray]:
    """A day of one sensor: a reading every ten seconds, and the temperatures."""
    rng = np.random.default_rng(100 * day + sensor)
    times = FIRST + np.timedelta64(day, "D") + np.arange(8_640) * np.timedelta64(10, "s")
    celsius = 15 - 8 * np.cos(np.arange(8_640) / 8_640 * 2 * np.pi) + rng.normal(0, 0.2, 8_640)
    return times, celsius.round(1).astype("f4")


def tidy(db: zlmdb.Database, now: np.datetime64) -> tuple[int, int]:
    """Write the hours of what is soon removed, then remove what is older than a week: hours written, ticks removed.

    Both in one transaction: whatever happens, nothing is removed that is not in the hours.
    """
    hour = now.astype("M8[h]")  # the one that has just begun is not complete, and none is to be cut by what is removed
    with db.begin(write=True) as txn:
        written = txn[Readings].downsample(
            Hours,
            "1h",
            None,
            hour,
            lowest=("celsius", "min"),
            highest=("celsius", "max"),
            mean=("celsius", "mean"),
            number=("celsius", "count"),
        )
        removed = txn[Readings].retain(older_than="7d", now=hour)
    return written, removed


def main(path: str, days: int = 10) -> tuple[int, int]:
    """Ten days at a weather station: readings and hours that are there in the end."""
    with zlmdb.open(path, Station) as db:
        for day in range(days):
            with db.begin(write=True) as txn:
                for at, sensor in enumerate(SENSORS):
                    times, celsius = measure(day, at)
                    txn[Readings].append(sensor, times, celsius=celsius)
            written, removed = tidy(db, FIRST + np.timedelta64(day + 1, "D"))
            print(f"day {day + 1}: {written} hours written, {removed} readings removed")
        with db.begin() as txn:
            readings, hours = txn[Readings].count(), txn[Hours].count()
            warmest = txn[Hours].aggregate(("south", 1), highest="max")["highest"]
            print(f"{readings} readings of {len(txn[Readings])} sensors, {hours} hours; {warmest:.1f} °C at most")
    return readings, hours


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
