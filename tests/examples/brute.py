"""The answers of examples/flights.py, computed from the text of the CSV rows: no database, local time only."""

from __future__ import annotations

from typing import Any

Row = dict[str, str]
Tables = dict[str, list[Row]]


def mean(numbers: list[str]) -> float | None:
    known = [int(number) for number in numbers if number != "NA"]
    return round(sum(known) / len(known), 1) if known else None


def number(text: str) -> int | None:
    return None if text == "NA" else int(text)


def on(row: Row, month: int, *days: int) -> bool:
    return row["month"] == str(month) and int(row["day"]) in days


def when(row: Row) -> tuple[int, ...]:
    """The scheduled departure, in local time; flights do not leave in the hours that come twice or never."""
    return tuple(int(row[name]) for name in ("year", "month", "day", "sched_dep_time"))


def answers(tables: Tables) -> list[dict[str, Any]]:
    """What the questions of the example should be answered, in their order."""
    return [
        one_flight(tables),
        {"flights": sum(on(row, 7, 4) and row["origin"] == "JFK" for row in tables["flights"])},
        last_flights(tables),
        one_plane(tables),
        honolulu(tables),
        blizzard(tables),
        fog(tables),
        punctuality(tables),
    ]


def one_flight(tables: Tables) -> dict[str, Any]:
    (found,) = (
        row
        for row in tables["flights"]
        if (row["carrier"], row["flight"], row["origin"], row["sched_dep_time"]) == ("UA", "1545", "EWR", "515")
        and on(row, 1, 1)
    )
    where = [row["name"] for row in tables["airports"] if row["faa"] == found["dest"]]
    what = [
        f"{row['manufacturer']} {row['model']} of {number(row['year'])}"
        for row in tables["planes"]
        if row["tailnum"] == found["tailnum"]
    ]
    return {
        "to": where[0] if where else found["dest"],
        "minutes late": number(found["arr_delay"]),
        "plane": what[0] if what else None,
    }


def last_flights(tables: Tables) -> dict[str, str]:
    rows = [row for row in tables["flights"] if row["origin"] == "LGA"]
    rows.sort(key=lambda row: (when(row), row["carrier"], int(row["flight"])), reverse=True)
    return {
        f"{row['carrier']} {row['flight']}": (
            f"{row['year']}-{row['month']:0>2}-{row['day']:0>2} {row['hour']:0>2}:{row['minute']:0>2} to {row['dest']}"
        )
        for row in rows[:3]
    }


def one_plane(tables: Tables) -> dict[str, Any]:
    rows = [row for row in tables["flights"] if row["tailnum"] == "N328AA" and row["air_time"] != "NA"]
    rows.sort(key=lambda row: (when(row), row["origin"], row["carrier"], int(row["flight"])))
    return {
        "flights": len(rows),
        "miles": sum(int(row["distance"]) for row in rows),
        "hours in the air": sum(int(row["air_time"]) for row in rows) // 60,
        "first to": rows[0]["dest"],
        "last to": rows[-1]["dest"],
    }


def honolulu(tables: Tables) -> dict[str, Any]:
    rows = [row for row in tables["flights"] if row["dest"] == "HNL"]
    return {"flights": len(rows), "mean minutes late": mean([row["arr_delay"] for row in rows])}


def blizzard(tables: Tables) -> dict[str, int]:
    rows = [row for row in tables["flights"] if row["carrier"] == "B6" and on(row, 2, 8, 9)]
    return {"cancelled": sum(row["dep_time"] == "NA" for row in rows), "of": len(rows)}


def fog(tables: Tables) -> dict[str, Any]:
    hours = {row["time_hour"] for row in tables["weather"] if row["origin"] == "EWR" and float(row["visib"]) < 0.5}
    rows = [row for row in tables["flights"] if row["origin"] == "EWR" and row["time_hour"] in hours]
    return {
        "hours of fog": len(hours),
        "flights": len(rows),
        "mean minutes late": mean([row["dep_delay"] for row in rows]),
    }


def punctuality(tables: Tables) -> dict[str, str]:
    late = {}
    for airline in tables["airlines"]:
        delays = [
            int(row["arr_delay"])
            for row in tables["flights"]
            if row["carrier"] == airline["carrier"] and row["arr_delay"] != "NA"
        ]
        if delays:
            late[airline["name"]] = sum(delays) / len(delays)
    best = sorted(late, key=lambda name: late[name])[:3]
    return {name: f"{round(late[name], 1)} minutes late" for name in best}
