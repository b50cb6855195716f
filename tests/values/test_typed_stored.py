"""Rows that are stored: of an earlier class, of another program, damaged."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import attrs
import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.values import kinds
from tests.values.kinds import Everything, both
from zlmdb.errors import DecodeError
from zlmdb.values import Cbor, Json


@attrs.define
class Before:
    name: str
    gone: int


@attrs.define
class After:
    name: str
    city: str | None = None
    tags: list[str] = attrs.Factory(list)
    made: int = attrs.field(init=False, default=4)


@attrs.define
class Stricter:
    name: str
    needed: int


@attrs.define
class Retyped:
    name: int
    gone: int


@both
def test_new_fields_read_as_their_default_and_old_ones_are_ignored(codec: Any) -> None:
    data = codec(Before).encode(Before("n", 1))
    one, two = (codec(After).decode(data) for _ in range(2))
    assert one == After("n")
    assert one.tags is not two.tags


@both
def test_a_new_field_without_default_is_named(codec: Any) -> None:
    data = codec(Before).encode(Before("n", 1))
    with pytest.raises(DecodeError) as caught:
        codec(Stricter).decode(data)
    assert caught.value.field == "needed"
    assert "Stricter" in str(caught.value)


@both
def test_a_field_of_another_type_is_named(codec: Any) -> None:
    data = codec(Before).encode(Before("n", 1))
    with pytest.raises(DecodeError) as caught:
        codec(Retyped).decode(data)
    assert caught.value.field == "name"


def test_rows_that_plain_cbor_wrote_are_read() -> None:
    value = uuid.UUID(int=7)

    @dataclasses.dataclass
    class Mixed:
        oid: Any
        ratio: float

    Mixed.__annotations__["oid"] = uuid.UUID
    codec = Cbor(Mixed)
    assert codec.decode(cbor2.dumps({"oid": value, "ratio": 1})) == Mixed(value, 1.0)


@both
def test_a_class_that_refuses_stored_values_makes_a_decode_error(codec: Any) -> None:
    @dataclasses.dataclass
    class Positive:
        x: int

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("x must be positive")

    Positive.__annotations__["x"] = int
    row = {"x": -1}
    data = Json().encode(row) if codec is Json else Cbor().encode(row)
    with pytest.raises(DecodeError, match="must be positive"):
        codec(Positive).decode(data)


SUBJECTS = {codec: codec(Everything) for codec in kinds.CODECS}


@both
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_broken_bytes_make_decode_errors(codec: Any, data: st.DataObject) -> None:
    subject = SUBJECTS[codec]
    good = bytearray(subject.encode(kinds.sample()))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    for broken in (bytes(good), bytes(good[: data.draw(st.integers(0, len(good)))]), data.draw(st.binary(max_size=40))):
        try:
            found = subject.decode(broken)
        except DecodeError as error:
            assert str(error)  # noqa: PT017 that nothing else is raised is the point
        else:
            assert type(found) is Everything
