"""Plain data: what the classes of definitions, options and catalog records have in common."""

from __future__ import annotations

import copy
import pickle

import pytest

from zlmdb._data import Data


class Point(Data, apart=("note",)):
    x: int
    y: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError(f"x: expected 0 or more, found {self.x}")


class Place(Point):
    name: str = "here"


def test_fields_are_given_by_place_and_by_name() -> None:
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Point(y=3, x=1).y) == (1, 0, 2, 3)
    assert repr(Point(1, note="a")) == "Point(x=1, y=0, note='a')"
    assert repr(Place(1, name="there")) == "Place(x=1, y=0, note='', name='there')"


def test_objects_are_compared_field_by_field() -> None:
    assert Point(1, 2) == Point(1, 2, "left out")
    assert hash(Point(1, 2)) == hash(Point(1, 2, "left out"))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1) != Place(1)
    assert Place(1) != Place(1, name="there")


def test_objects_are_not_changed_but_copied() -> None:
    point = Point(1, 2, "a")
    with pytest.raises(AttributeError, match=r"Point\.x cannot be set"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Point\.x cannot be deleted"):
        del point.x
    assert point.but(y=3) == Point(1, 3)
    assert point.but(y=3).note == "a"
    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="x: expected 0 or more, found -1"):
        Point(-1)
    with pytest.raises(ValueError, match="x: expected 0 or more, found -1"):
        Point(1).but(x=-1)
    with pytest.raises(TypeError, match=r"Point\(\): expected values for x, y, note; without a value: x"):
        Point(y=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no such field: z"):
        Point(1, z=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="given twice: x"):
        Point(1, x=1)  # type: ignore[misc]
    with pytest.raises(TypeError, match="too many values: 4"):
        Point(1, 2, "a", 4)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no such field: z"):
        Point(1).but(z=1)
