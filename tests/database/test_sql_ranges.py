"""Questions that name several values or ranges, or equal an indexed field, read just the rows that these can be."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zlmdb
from zlmdb.columns.frame import Frame
from zlmdb.database import mapscan


@dataclasses.dataclass
class Fill:
    venue: str
    number: int
    trader: str | None
    size: int
    side: str | None = None


@zlmdb.table("5a100000-0000-4000-8000-000000000021", pk=("venue", "number"))
class Fills(zlmdb.Map[tuple[str, int], Fill], key=(zlmdb.String, zlmdb.Int32), value=zlmdb.Cbor):
    """Fills by venue and number."""

    by_trader = zlmdb.index("trader", nullable=True)
    by_size = zlmdb.index("size", "number")
    by_side = zlmdb.index("side", "trader", nullable=True)
    by_large = zlmdb.index("number", where=lambda row: row.size > 3)


@zlmdb.table("5a100000-0000-4000-8000-000000000022", pk="number")
class zlmdb_t0(zlmdb.Map[int, Fill], key=zlmdb.Int32, value=zlmdb.Cbor):  # noqa: N801
    """A table with a name like those that questions use for themselves before."""


VENUES = ["", "A", "B", "C\0", "it's"]
ROWS = [
    Fill(venue, number, [None, "ann", "bob"][number % 3], number % 5, [None, "buy"][number % 2])
    for venue in VENUES
    for number in range(-20, 20)
]


@pytest.fixture(scope="module")
def desk() -> Any:
    with zlmdb.open(":memory:", [Fills, zlmdb_t0]) as db:
        with db.begin(write=True) as txn:
            txn[Fills].put_many(ROWS)
        yield db


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that gives how many rows have been decoded since it was called last."""
    done = [0]
    decode = Frame._decode

    def counted(self: Any, chunk: Any, columns: Any) -> Any:
        done[0] += len(chunk[0])
        return decode(self, chunk, columns)

    monkeypatch.setattr(Frame, "_decode", counted)

    def take() -> int:
        found, done[0] = done[0], 0
        return found

    return take


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("venue in ('', 'it''s')", 80),
        ("venue in ('A', 'B') and number between 0 and 4", 10),
        ("venue = 'A' and number in (3, 7, 3, 999)", 2),
        ("venue in ('A', 'B') and number in (3, 7)", 4),
        ("venue = 'A' and (number < -18 or number between 5 and 6 or number >= 19)", 6),
        ("venue = 'A' or venue = 'C\0'", 80),
        ("(venue = 'A' and number = 1) or (venue = 'B' and number = 2)", 80),
        ("venue < '' or venue > 'a'", 80),
        ("venue in ('A', 'B') and venue = 'C'", 0),
        ("trader = 'ann'", sum(row.trader == "ann" for row in ROWS)),
        ("trader in ('bob', 'nobody')", sum(row.trader == "bob" for row in ROWS)),
        ("size = 2 and number > 5", 40),
        ("trader = 'ann' and venue = 'A'", 40),
        ("side = 'buy'", 200),  # of rows without a trader its index has none
        ("number = 5", 200),  # and this one has but some
        ("trader = 'ann' or trader is null", 200),
        ("trader > 'b'", 200),
        ("size = 5000000000000000000", 0),
    ],
)
def test_only_what_can_be_an_answer_is_decoded(desk: Any, decoded: Any, where: str, rows: int) -> None:
    found = desk.sql(f"select venue, number from fills where {where}").fetchall()
    assert decoded() <= rows
    con = desk.sql("select * from fills").to_arrow()
    import duckdb

    with duckdb.connect() as other:
        other.register("fills", con)
        assert sorted(found) == sorted(other.execute(f"select venue, number from fills where {where}").fetchall())


def test_an_index_is_not_asked_for_too_many_rows(desk: Any, decoded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "select count(size) from fills where trader = ?"
    want = sum(row.trader == "ann" for row in ROWS)
    for most in (want, want - 1):
        monkeypatch.setattr(mapscan, "MOST_LOOK_UPS", most)
        assert desk.sql(query, ["ann"]).fetchone() == (want,)
        assert decoded() == (want if most == want else len(ROWS))


def test_all_scans_of_a_table_get_their_rows(desk: Any) -> None:
    query = """
        select count(*) from (select * from fills where trader = 'ann') a, (select * from fills where {}) b
        where a.number = b.number and a.venue = b.venue
    """
    for where, want in [("trader in ('ann', 'bob')", "ann"), ("size >= 0", "ann"), ("trader = 'bob'", None)]:
        expected = sum(row.trader == want for row in ROWS) if want else 0
        assert desk.sql(query.format(where)).fetchone() == (expected,)
    assert desk.sql(
        "select count(*) from fills where venue = 'A' union all select count(*) from fills where venue = 'B'"
    ).fetchall() == [(40,), (40,)]


def test_what_the_transaction_wrote_is_found_through_the_index(desk: Any) -> None:
    query = "select venue, number from fills where trader = 'eve' order by number"
    with desk.begin(write=True) as txn:
        txn[Fills].put(Fill("A", 100, "eve", 1))
        txn[Fills].put(Fill("A", 0, "eve", 1))
        assert txn.sql(query).fetchall() == [("A", 0), ("A", 100)]
        txn.abort()
    assert desk.sql(query).fetchall() == []
    with desk.begin(buffers=True) as txn:
        assert txn.sql("select count(*) from fills where trader = 'bob' and size in (1, 2)").fetchone()[0] > 0


def test_a_table_may_be_named_as_anything(desk: Any) -> None:
    assert desk.sql("select count(*) from zlmdb_t0, fills").fetchall() == [(0,)]
    assert desk.sql("show tables").fetchall() == [("fills",), ("zlmdb_t0",)]


COMPARISONS = st.sampled_from(["=", "<", "<=", ">", ">=", "<>"])
ATOMS = st.one_of(
    st.tuples(st.just("venue"), COMPARISONS, st.sampled_from([*VENUES, "zz"])),
    st.tuples(st.just("number"), COMPARISONS, st.integers(-22, 22)),
    st.tuples(st.just("trader"), COMPARISONS, st.sampled_from(["ann", "bob", "x"])),
    st.tuples(st.just("size"), COMPARISONS, st.integers(-1, 6)),
    st.tuples(st.just("venue"), st.just("in"), st.lists(st.sampled_from(VENUES), min_size=1, max_size=3)),
    st.tuples(st.just("number"), st.just("in"), st.lists(st.integers(-22, 22), min_size=1, max_size=4)),
    st.tuples(st.just("trader"), st.just("in"), st.lists(st.sampled_from(["ann", "bob"]), min_size=1, max_size=2)),
)
WHERES = st.recursive(
    ATOMS,
    lambda inner: st.tuples(st.sampled_from(["and", "or", "not"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)


def text_of(where: Any) -> str:
    if len(where) == 2:
        word, parts = where
        inside = f" {'and' if word == 'not' else word} ".join(f"({text_of(part)})" for part in parts)
        return f"not ({inside})" if word == "not" else inside
    name, mark, value = where
    literals = [
        f"'{one.replace(chr(39), chr(39) * 2)}'" if isinstance(one, str) else str(one)
        for one in (value if isinstance(value, list) else [value])
    ]
    return f"{name} {mark} ({', '.join(literals)})"


def meets(where: Any, row: Fill) -> bool | None:
    """Whether a row meets a condition, as SQL has it: None if that is not known."""
    if len(where) == 2:
        word, parts = where
        held = [meets(part, row) for part in parts]
        if word == "or":
            return True if True in held else None if None in held else False
        found = False if False in held else None if None in held else True
        return found if word == "and" or found is None else not found
    name, mark, value = where
    mine = getattr(row, name)
    if mine is None:
        return None
    if mark == "in":
        return mine in value
    return {"=": mine == value, "<": mine < value, "<=": mine <= value, ">": mine > value, ">=": mine >= value}.get(
        mark, mine != value
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(WHERES)
def test_answers_are_those_of_a_program(desk: Any, where: Any) -> None:
    found = desk.sql(f"select venue, number from fills where {text_of(where)}").fetchall()
    assert sorted(found) == sorted((row.venue, row.number) for row in ROWS if meets(where, row))
