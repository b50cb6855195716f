"""Record classes that change, and tables of them under one identity; for the tests of evolution."""

from __future__ import annotations

import enum
import types
from typing import Annotated, Any

import attrs

import zlmdb
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.lazy import detach

OID = "3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3001"


def record(name: str = "Trade", /, **fields: Any) -> Any:
    """A record class with keyword fields: a type, or a pair of type and default."""
    return attrs.make_class(
        name,
        {
            key: attrs.field(type=field[0], default=field[1]) if isinstance(field, tuple) else attrs.field(type=field)
            for key, field in fields.items()
        },
        kw_only=True,
    )


def table(cls: Any, **more: Any) -> Any:
    """A table of a record class, always under the same identity."""
    options = {"compress": more.pop("compress", None)}
    body = {"__module__": __name__, **more}
    declared = types.new_class("Trades", (zlmdb.MapOidFlatBuffers[cls],), {}, lambda space: space.update(body))
    return zlmdb.table(OID, **options)(declared)


def fill(path: str, cls: Any, *rows: Any, **more: Any) -> None:
    """Store rows under 0, 1, 2, ..."""
    made = table(cls, **more)
    with zlmdb.open(path, [made]) as db, db.begin(write=True) as txn:
        txn[made].put_many(enumerate(rows))


def rows(path: str, cls: Any, **more: Any) -> list[Any]:
    """The rows, as another class has them."""
    made = table(cls, **more)
    with zlmdb.open(path, [made]) as db, db.begin() as txn:
        return [detach(row) for row in txn[made].select(return_keys=False)]


Old = record(price=float, size=(fbs.int32, 5), note=(str | None, None), name=str)


Base = record(a=int)


def old(**changes: Any) -> Any:
    return Old(**{"price": 1.5, "size": 7, "note": "n", "name": "x", **changes})


class Color(enum.IntEnum):
    RED = 1
    BLUE = 2


class MoreColors(enum.IntEnum):
    GREEN = 3
    CRIMSON = 1
    BLUE = 2


@attrs.define
class Cat:
    name: str


@attrs.define
class Dog:
    age: int = 0


@attrs.define
class Bird:
    wings: int = 2


@attrs.define
class Puppy:
    age: int = 0


@attrs.define
class Text:
    text: str


def with_id(tp: Any, number: int) -> Any:
    return Annotated[tp, fbs.Field(id=number)]
