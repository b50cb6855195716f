"""What notebooks are shown: bounded, escaped, and never an error."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from zlmdb.tables import show


@dataclass
class Person:
    oid: uuid.UUID
    name: str
    note: Any = None


@zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1dee01", pk="oid")
class People(zlmdb.MapUuidJson[Person]):
    """People & others."""

    by_name = zlmdb.index("name", unique=True)
    by_note = zlmdb.index(lambda person: person.note, key=zlmdb.String, nullable=True, where=lambda person: True)


@zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1dee02")
class Loose(zlmdb.MapStringJson):
    """Plain values."""


@pytest.fixture
def db() -> Any:
    with zlmdb.open(":memory:", [People, Loose]) as opened:
        with opened.begin(write=True) as txn:
            txn[People].put_many(Person(uuid.UUID(int=n), f"<b>{n}</b>", "x" * 500) for n in range(30))
            txn[Loose].update({"a": {"x": 1}, "b": {"y": 2}, "c": 3})
        yield opened


def html(value: Any) -> str:
    text = value._repr_html_()
    assert isinstance(text, str)
    return text


def test_a_table_shows_its_first_rows_escaped_and_cut(db: zlmdb.Database) -> None:
    with db.begin() as txn:
        text = html(txn[People])
    assert text.count("<tr>") == 1 + show.MOST
    assert "<th>key</th><th>oid</th><th>name</th><th>note</th>" in text
    assert "&lt;b&gt;0&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "x" * 100 not in text
    assert f"the first {show.MOST} rows" in text


def test_values_without_a_record_are_shown_by_their_keys(db: zlmdb.Database) -> None:
    with db.begin() as txn:
        text = html(txn[Loose])
        assert "<th>key</th><th>x</th><th>y</th>" in text
        assert "<tr><td>b</td><td></td><td>2</td></tr>" in text
        assert "<td>c</td><td>3</td>" in text
        assert html(txn[Loose].select(prefix="c", return_keys=False)).count("<td>3</td>") == 1
        assert html(txn[Loose].select(prefix="zz")).count("<tr>") == 1  # the head alone


def test_selections_of_keys_rows_and_indexes(db: zlmdb.Database) -> None:
    with db.begin() as txn:
        people = txn[People]
        assert html(people.select(return_values=False, limit=2)).count("UUID(") == 2
        assert html(people.by_name.select(limit=3)).count("<tr>") == 4
        chosen = people.select(limit=4)
        assert html(chosen) == html(chosen)  # showing it does not use it up
        assert len(list(chosen)) == 4


def test_an_attached_table_shows_what_it_is(db: zlmdb.Database) -> None:
    text = html(db.attach_table(People))
    assert "<td>keys</td><td>uuid</td>" in text
    assert "<td>index by_name</td><td>over name (unique)</td>" in text
    assert "<td>index by_note</td><td>over a function (nullable, partial)</td>" in text
    assert "People &amp; others." in text
    assert "<td>slot</td><td>none</td>" in html(zlmdb.MapUuidJson())


def test_a_database_shows_its_tables(db: zlmdb.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<td>People.by_name</td><td>30</td>" in html(db)
    assert "LMDB 1.0 format" in html(db)
    from zlmdb.database import shown

    monkeypatch.setattr(shown, "COUNTED", 10)
    assert "<td>People</td><td>not counted</td>" in html(db)
    db.close()
    assert "closed" in html(db)


def test_a_file_without_tables(tmp_path: Path) -> None:
    with zlmdb.open(tmp_path / "empty.zdb") as empty:
        assert html(empty).count("<tr>") == 1


def test_what_has_ended_is_shown_as_ended(db: zlmdb.Database) -> None:
    with db.begin() as txn:
        people = txn[People]
        chosen = people.select()
    for value in (people, chosen):
        text = html(value)
        assert "cannot be shown" in text
        assert "this transaction has ended" in text


def test_a_value_whose_repr_fails_does_not_fail_the_cell() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert "&lt;Broken" in show.selection([Broken()])
    assert show.selection(iter([("a", Broken())])).count("<td>") == 2
