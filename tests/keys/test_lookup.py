"""From Python types and declarations to codecs."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Annotated, Any, NewType
from uuid import UUID

import numpy as np
import pytest

from zlmdb import keys
from zlmdb.errors import SchemaError
from zlmdb.keys import Composite, EnumKey, as_codec, for_type

UserId = NewType("UserId", UUID)
AdminId = NewType("AdminId", UserId)


class Side(enum.Enum):
    BUY = "buy"


class Level(enum.IntEnum):
    LOW = 1


class Mixed(enum.Enum):
    A = 1
    B = "b"


class Truth(enum.Enum):
    YES = True


class Empty(enum.Enum):
    pass


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        (UUID, keys.Uuid()),
        (str, keys.String()),
        (int, keys.Int64()),
        (bool, keys.Bool()),
        (float, keys.Float64()),
        (bytes, keys.Bytes()),
        (date, keys.Date()),
        (datetime, keys.Datetime()),
        (np.datetime64, keys.Timestamp()),
        (Side, EnumKey(Side)),
        (Level, EnumKey(Level)),
        (UserId, keys.Uuid()),
        (AdminId, keys.Uuid()),
        (Annotated[str, "a note"], keys.String()),
        (Annotated[int, keys.Oid], keys.Oid()),
        (Annotated[bytes, "a note", keys.Bytes20()], keys.Bytes20()),
        (Annotated[AdminId, "a note"], keys.Uuid()),
        (tuple[UUID, np.datetime64], Composite((keys.Uuid, keys.Timestamp))),
        (tuple[str], Composite((keys.String,))),
        (
            tuple[tuple[str, Annotated[int, keys.Uint8]], Side],
            Composite((Composite((keys.String, keys.Uint8)), EnumKey(Side))),
        ),
    ],
)
def test_types_that_have_a_codec(kind: Any, codec: keys.KeyCodec[Any]) -> None:
    assert for_type(kind) == codec
    assert as_codec(kind) == codec


@pytest.mark.parametrize(
    "kind",
    [list, dict, object, None, tuple, tuple[()], tuple[str, ...], tuple[str, list[int]], str | None, Text,
     Mixed, Truth, Empty, bytearray, np.int64, "str", 5, Any, np],
)  # fmt: skip
def test_types_that_have_none(kind: Any) -> None:
    assert for_type(kind) is None
    with pytest.raises(SchemaError, match=r"expected a key codec such as zlmdb\.Uuid, a Python type that has one, or"):
        as_codec(kind)


def test_an_alias_is_looked_through() -> None:
    typing_extensions = pytest.importorskip("typing_extensions")
    alias = typing_extensions.TypeAliasType("alias", tuple[str, int])
    assert for_type(alias) == Composite((keys.String, keys.Int64))


def test_declarations() -> None:
    codec = keys.Bytes20()
    assert as_codec(codec) is codec
    assert as_codec(keys.Uuid) == keys.Uuid()
    nested = as_codec((keys.Uuid, [str, keys.Uint8()]))
    assert nested == Composite((keys.Uuid, Composite((keys.String, keys.Uint8))))


@pytest.mark.parametrize("spec", [(), [], ("x",), (keys.Uuid, None)])
def test_wrong_declarations(spec: Any) -> None:
    with pytest.raises(SchemaError, match="expected a key codec such as"):
        as_codec(spec)


def test_a_codec_class_that_needs_arguments() -> None:
    with pytest.raises(SchemaError, match="found the class EnumKey, which needs arguments: give an instance"):
        as_codec(EnumKey)
