"""What those who are new to tables get wrong: the error says what to write instead."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import pytest

import zlmdb


@dataclass
class Person:
    name: str
    city: str


@zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b00000000e1", pk="name")
class People(zlmdb.MapStringJson[Person]):
    """People."""

    by_city = zlmdb.index("city")


ANN = Person("Ann", "Bonn")


@pytest.fixture
def people(db: Any) -> Any:
    db.attach_table(People)
    with db.begin(write=True) as txn:
        txn[People].add(ANN)
    return db


def test_methods_of_the_map_of_a_transaction_are_looked_for_in_the_attached_map(people: Any) -> None:
    attached = people.attach_table(People)
    for name in ("add", "put", "load", "put_many", "get_many", "first", "to_pandas"):
        with pytest.raises(AttributeError) as caught:
            getattr(attached, name)
        assert str(caught.value) == (
            f"table People: the attached map has no attribute {name!r}; "
            f"the map of a transaction has it: txn[People].{name}"
        )
    with pytest.raises(AttributeError, match=r"^table People: the attached map has no attribute 'by_town'$"):
        attached.by_town  # noqa: B018
    assert not hasattr(attached, "_nothing")
    assert getattr(attached, "add", None) is None


def test_a_transaction_is_asked_for_something_else_than_a_class(people: Any) -> None:
    attached = people.attach_table(People)
    with people.begin() as txn:
        bound = txn[People]
        for wrong in (attached, bound):
            with pytest.raises(
                zlmdb.TableNotAttached, match=r"expected a table class as in txn\[Users\], found <.*"
            ) as e:
                txn[wrong]
            assert str(e.value).endswith("; give the class: txn[People]")
        for wrong, found in (("People", "str 'People'"), (1, "int 1"), ([], r"list \[\]"), (None, "NoneType None")):
            with pytest.raises(zlmdb.TableNotAttached, match=rf"expected a table class .*, found {found}$"):
                txn[wrong]
        with pytest.raises(zlmdb.TableNotAttached, match=r"table Person is not attached to .*: open the database with"):
            txn[Person]


def test_an_index_with_many_rows_is_read_like_a_unique_one(people: Any) -> None:
    with people.begin() as txn:
        with pytest.raises(TypeError, match=r"^table People, index by_city: many rows .* by_city.select\('Bonn'\), or"):
            txn[People].by_city["Bonn"]
        assert list(txn[People].by_city) == [ANN]
        assert "Bonn" in txn[People].by_city


def test_a_map_is_pickled_or_copied(people: Any) -> None:
    message = r"^table People: a map cannot be pickled or copied, .* pickle the database or the rows, .* txn\[People\]"
    with people.begin() as txn:
        for use in (pickle.dumps, copy.copy, copy.deepcopy):
            for table in (people.attach_table(People), txn[People]):
                with pytest.raises(TypeError, match=message):
                    use(table)
        assert pickle.loads(pickle.dumps(dict(txn[People].items()))) == {"Ann": ANN}


def test_columns_are_put(people: Any) -> None:
    np, pd, pa = pytest.importorskip("numpy"), pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"name": ["Bob"], "city": ["Bonn"]})
    structured = np.array([("Bob", "Bonn")], [("name", "U3"), ("city", "U4")])
    with people.begin(write=True) as txn:
        for columns in (frame, pa.table(frame), "people.csv", structured):
            with pytest.raises(zlmdb.ValueTypeError, match=r"table People: expected many rows, .* in with load\(\)$"):
                txn[People].put_many(columns)
        assert txn[People].load(frame) == 1
        assert txn[People].put_many(txn[People].values()) == 2


def test_a_row_of_another_class(people: Any) -> None:
    with people.begin(write=True) as txn:
        with pytest.raises(zlmdb.ValueTypeError) as caught:
            txn[People]["Bob"] = {"name": "Bob", "city": "Bonn"}
        assert str(caught.value).startswith("table People: expected Person, found dict")


def test_a_map_has_a_column() -> None:
    with pytest.raises(zlmdb.SchemaError, match="table Wrong: price is a column of a series table: derive the table"):

        @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b00000000e2")
        class Wrong(zlmdb.MapStringJson):
            price = zlmdb.column("f8")


def test_a_map_that_has_no_name() -> None:
    with pytest.raises(AttributeError, match=r"'MapStringUuidSet': there is no map of that name; .* zlmdb\.Map\["):
        zlmdb.MapStringUuidSet  # noqa: B018
