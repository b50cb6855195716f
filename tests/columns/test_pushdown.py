"""Conditions in DuckDB's plans: what is understood, and that nothing else is."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import pytest

from zlmdb.columns import kinds, timekinds
from zlmdb.columns.pushdown import conditions, key_range, scans


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(\"a\" = 'J''F\"K')", [("a", "=", "J'F\"K")]),
        ("(a >= TIMESTAMPTZ '2013-01-03 00:00:00+00')", [("a", ">=", "2013-01-03 00:00:00+00")]),
        (
            "((d >= DATE '2013-01-02') AND (d <= DATE '2014-01-01'))",
            [("d", ">=", "2013-01-02"), ("d", "<=", "2014-01-01")],
        ),
        ("((u > '00'::UUID) AND ((n < -3::BIGINT) AND (f(n) = 2)))", [("u", ">=", "00"), ("n", "<=", "-3")]),
        ("(a BETWEEN 1 AND 5) AND (3 < b)", [("a", ">=", "1"), ("a", "<=", "5"), ("b", ">=", "3")]),
        ("((a = 1) AND (NOT (b = 2)))", [("a", "=", "1")]),
        ("((a = 1) AND ((b = 2) OR (c = 3)))", [("a", "=", "1")]),
        ("(flag = true)", [("flag", "=", "true")]),
        ("((a = 1) OR (2 = a) OR ((a = 3) AND (b = 4)))", [("a", "in", ("1", "2", "3"))]),
        ("((a IN (1, '2'::VARCHAR, DATE '3')) AND (b = 1))", [("a", "in", ("1", "2", "3")), ("b", "=", "1")]),
        ("((a = 1) OR (a IN (2, 3)))", [("a", "in", ("1", "2", "3"))]),
        (
            "(((a < 1) OR (a = 2)) OR ((a > 5) AND (a < 7)))",
            [("a", "within", ((("<=", "1"),), (("=", "2"),), ((">=", "5"), ("<=", "7"))))],
        ),
        ("a = 1 AND b = 2 OR a = 3", [("a", "in", ("1", "3"))]),
        ("(a = 1 OR a > 2)", [("a", "within", ((("=", "1"),), ((">=", "2"),)))]),
    ],
)
def test_conditions_on_columns_are_read(text: str, found: Any) -> None:
    assert conditions(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "(a = 1 OR b = 2)",
        "(a = 1 OR NOT (a = 2))",
        "optional: (a = 1)",
        "(a IN (1, NULL))",
        "(a IN (1, b))",
        "(a IN (SELECT 1))",
        "(NOT (a IN (1, 2)))",
        "(a NOT IN (1, 2))",
        "IN (...)",
        "(CAST(a AS DOUBLE) > 2)",
        "(a = b)",
        "(a - 1 = 5)",
        "(a = 1 + 2)",
        "(a > (SELECT 1))",
        "(a = 'x'::VARCHAR COLLATE NOCASE)",
        "(a IS NOT NULL)",
        "(a != 5)",
        "(NOT (a = 1))",
        "a = 'unclosed",
        "(a = $1)",
        "",
        "()",
        "CASE WHEN (a = 1) THEN true ELSE false END",
        "(a = X'00')",
    ],
)
def test_what_is_not_understood_is_not_taken(text: str) -> None:
    assert conditions(text) == []


def test_only_filters_right_above_a_scan_are_about_its_rows() -> None:
    def node(name: str, *children: Any, **info: Any) -> Any:
        return {"name": name, "children": list(children), "extra_info": info}

    scan = node("PYTHON_ARROW_SCAN ", Projections=["t0_c0"], Filters="(t0_c1 = 1)")
    plan = [node("FILTER", node("FILTER", scan, Expression="(t0_c0 > 2)"), Expression=["(t0_c2 < 3)"])]
    assert list(scans(plan)) == [
        (["t0_c0", "t0_c1"], [("t0_c2", "<=", "3"), ("t0_c0", ">=", "2"), ("t0_c1", "=", "1")])
    ]
    plan = [node("FILTER", node("HASH_JOIN", scan, scan), Expression="(t0_c0 > 2)")]
    assert [held for _, held in scans(plan)] == [[("t0_c1", "=", "1")]] * 2


def test_ranges_of_keys() -> None:
    parts = [("a", kinds.STR), ("t", timekinds.DATETIME64), ("n", kinds.INT)]
    assert key_range(parts, []) == ((), ())
    assert key_range(parts, [("t", "=", "2020-01-01")]) == ((), ())
    assert key_range(parts, [("a", "=", "x"), ("n", "=", "3")]) == (("x",), ("x",))
    assert key_range(parts, [("a", "=", "x"), ("t", ">=", "2020-01-01 00:00:00.000000005")]) == (
        ("x", np.datetime64("2020-01-01T00:00:00.000000005")),
        ("x",),
    )
    assert key_range(parts, [("a", ">=", "x"), ("a", ">=", "y"), ("a", "<=", "z")]) == (("y",), ("z",))
    assert key_range(parts, [("a", "=", "x"), ("t", "=", "300000-01-01")]) == (("x",), ("x",))
    assert key_range([("u", kinds.UUID)], [("u", "=", str(uuid.UUID(int=5)))]) == ((uuid.UUID(int=5),),) * 2
    assert key_range([("u", kinds.UUID)], [("u", "=", "no")]) == ((), ())
    assert (
        key_range([("d", timekinds.AWARE)], [("d", "=", "2020-01-01 00:00:00+00")])
        == ((dt.datetime(2020, 1, 1, tzinfo=dt.UTC),),) * 2
    )
    assert key_range([("d", timekinds.AWARE)], [("d", "=", "2020-01-01 00:00:00")]) == ((), ())
    assert key_range([("f", kinds.FLOAT)], [("f", ">=", "0")]) == ((), ())
