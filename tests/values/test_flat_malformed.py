"""Bytes that are no FlatBuffer, or one that means harm: a clear error, in bounded time, and never a crash."""

from __future__ import annotations

import struct
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.values.flatkinds import Cat, Dog, Everything, objects_of
from zlmdb.errors import DecodeError, EncodeError
from zlmdb.values import FlatBuffers
from zlmdb.values.flat.lazy import FlatView, detach

relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
EVERYTHING: FlatBuffers[Everything] = FlatBuffers(Everything)


class Alive:
    alive = True


@attrs.define
class Tree:
    name: str | None = None
    left: Tree | None = None
    many: list[Tree] = attrs.Factory(list)
    texts: list[str] = attrs.Factory(list)
    numbers: npt.NDArray[np.int64] | None = None


TREE: FlatBuffers[Tree] = FlatBuffers(Tree)


def attempt(function: Any, *arguments: Any) -> Any:
    """The result, or the DecodeError; any other exception goes through."""
    try:
        return function(*arguments)
    except DecodeError as error:
        return error


def read_all(codec: Any, data: bytes) -> None:
    """Read all there is; nothing but a DecodeError may come of it."""
    for found in (attempt(codec.decode, data), attempt(codec.decode_leased, memoryview(data), Alive())):
        if isinstance(found, DecodeError):
            assert "expected" in str(found)
            assert "found" in str(found)
            continue
        fields(found)
        plain = attempt(detach, found)
        assert not isinstance(plain, DecodeError) or plain.expected is not None


def fields(found: Any, depth: int = 0) -> None:
    for item in found._zlmdb_record.items:
        value = attempt(getattr, found, item.name)
        if isinstance(value, DecodeError):
            assert value.field is not None
            assert value.field.startswith(item.name)
        elif depth < 3:
            for part in value[:3] if isinstance(value, (list, tuple)) else [value]:
                if isinstance(part, FlatView):
                    fields(part, depth + 1)


mutations = st.lists(
    st.tuples(
        st.integers(0, 2**31), st.sampled_from(["byte", "word", "cut", "drop", "copy"]), st.integers(0, 2**32 - 1)
    ),
    min_size=1,
    max_size=4,
)


def mutate(data: bytes, changes: list[tuple[int, str, int]]) -> bytes:
    """The buffer with bytes and offsets changed, moved, and missing."""
    found = bytearray(data)
    for place, kind, number in changes:
        at = place % max(1, len(found))
        if kind == "byte":
            found[at : at + 1] = bytes([number & 255])
        elif kind == "word":
            # Small numbers, large ones, negative ones: offsets that point anywhere.
            word = (number, number & 63, 2**32 - 1 - (number & 63))[number % 3]
            found[at & -4 : (at & -4) + 4] = struct.pack("<I", word)
        elif kind == "cut":
            del found[at:]
        elif kind == "drop":
            del found[at : at + 1 + number % 8]
        else:
            found[at:at] = found[number % max(1, len(found)) :][:16]
    return bytes(found)


@relaxed
@given(value=objects_of(Everything), changes=st.lists(mutations, min_size=8, max_size=8))
def test_damaged_buffers_of_every_kind_of_field(value: Everything, changes: Any) -> None:
    data = EVERYTHING.encode(value)
    for change in changes:
        read_all(EVERYTHING, mutate(data, change))


@relaxed
@given(value=objects_of(Dog), changes=st.lists(mutations, min_size=20, max_size=20))
def test_damaged_buffers_of_tables_in_tables(value: Dog, changes: Any) -> None:
    codec: FlatBuffers[Dog] = FlatBuffers(Dog)
    data = codec.encode(value)
    for change in changes:
        read_all(codec, mutate(data, change))


@relaxed
@given(st.binary(max_size=200))
def test_noise(data: bytes) -> None:
    read_all(TREE, data)
    read_all(EVERYTHING, data)


def test_every_truncation_and_every_changed_word() -> None:
    tree = Tree("abc", Tree("x"), [Tree("y"), Tree("z", texts=["a", "b"])], ["p", "q"], np.arange(3))
    data = TREE.encode(tree)
    for end in range(len(data)):
        read_all(TREE, data[:end])
    for at in range(0, len(data) - 3, 2):
        for word in (0, 1, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, len(data), 2**32 - 1 - at):
            read_all(TREE, data[:at] + struct.pack("<I", word) + data[at + 4 :])


# -- buffers that mean harm

VTABLE = struct.pack("<5H", 10, 16, 4, 8, 12)  # name, left, many


def test_a_table_that_contains_itself() -> None:
    # The offset in `left` points to itself: offsets do not point back, so what it points to is read as a table.
    data = struct.pack("<I5HH", 16, 10, 16, 0, 4, 0, 0) + struct.pack("<iI", 12, 0) + bytes(8)
    row = TREE.decode(data)
    assert row.name is None
    with pytest.raises(DecodeError):
        detach(row)
    # A vtable that is also the table of its own table.
    read_all(TREE, struct.pack("<IiHH", 4, 0, 4, 4))
    read_all(TREE, struct.pack("<Ii", 4, -(2**31)) + bytes(16))


def chain(links: int) -> bytes:
    """Tables that contain one another in a row, every one with the vtable of the first."""
    tables = [struct.pack("<iI", 8 + 8 * link, 4) for link in range(links - 1)]
    return b"".join([struct.pack("<I4H", 12, 8, 8, 0, 4), *tables, struct.pack("<iI", 8 * links, 0x7FFFFFFF)])


def test_tables_nested_without_end() -> None:
    row = TREE.decode(chain(100_000))
    with pytest.raises(DecodeError, match="deeper than the buffer"):
        detach(row)
    with pytest.raises(DecodeError):
        assert row == Tree()
    # Step by step one gets anywhere.
    for _ in range(1000):
        row = row.left  # type: ignore[assignment]
    assert row.name is None


def test_a_few_bytes_that_would_be_millions_of_tables() -> None:
    # Each of 40 levels names the next one ten times.
    data = struct.pack("<I5HH", 16, 10, 8, 0, 0, 4, 0)
    for level in range(40):
        place = len(data)
        table = struct.pack("<iI", place - 4, 4)
        vector = place + 8
        following = vector + 4 + 40
        offsets = b"".join(struct.pack("<I", following - (vector + 4 + 4 * n)) for n in range(10))
        count = 10 if level < 39 else 0
        data += table + struct.pack("<I", count) + offsets
    row = TREE.decode(data)
    assert len(row.many) == 10
    assert len(row.many[3].many[4].many) == 10
    with pytest.raises(DecodeError, match="more or deeper"):
        detach(row)


def test_a_few_bytes_that_would_be_gigabytes_of_text() -> None:
    # Every word of the text is the length of another text that begins behind it.
    count, size = 2000, 30_000
    start = struct.pack("<I6H", 16, 12, 8, 0, 0, 0, 4) + struct.pack("<iI", 12, 4)
    vector = len(start)
    words = vector + 4 + 4 * count
    offsets = b"".join(struct.pack("<I", words + 4 * n - (vector + 4 + 4 * n)) for n in range(count))
    data = start + struct.pack("<I", count) + offsets + struct.pack("<I", size) * count + b"a" * (size + 8)
    row = TREE.decode(data)
    with pytest.raises(DecodeError, match="overlap"):
        _ = row.texts
    # One text that is named many times is no harm.
    offsets = b"".join(struct.pack("<I", words - (vector + 4 + 4 * n)) for n in range(count))
    data = start + struct.pack("<I", count) + offsets + struct.pack("<I", size) + b"a" * (size + 8)
    texts = TREE.decode(data).texts
    assert len(texts) == count
    assert set(texts) == {"a" * size}


def test_a_few_bytes_that_would_be_gigabytes_in_objects() -> None:
    # One table with a long text, named by every offset of a vector.
    count, size = 20_000, 100_000
    data = struct.pack("<I5HH", 16, 10, 8, 0, 0, 4, 0) + struct.pack("<iI", 12, 4)
    vector = len(data)
    table = vector + 4 + 4 * count + 8
    offsets = b"".join(struct.pack("<I", table - (vector + 4 + 4 * n)) for n in range(count))
    data += struct.pack("<I", count) + offsets + struct.pack("<4H", 6, 8, 4, 0)
    data += struct.pack("<iII", 8, 4, size) + b"a" * (size + 4)
    row = TREE.decode(data)
    assert row.many[5].name == "a" * size
    with pytest.raises(DecodeError, match="more or deeper"):
        detach(row)


def test_unions_that_would_be_gigabytes_of_text() -> None:
    @attrs.define
    class Pets:
        pets: list[Cat | str]

    codec: FlatBuffers[Pets] = FlatBuffers(Pets)
    count, size = 2000, 30_000
    start = struct.pack("<I4H", 12, 8, 12, 4, 8) + struct.pack("<i", 8)
    kinds = 12 + 12
    vector = kinds + 4 + count
    start += struct.pack("<II", kinds - 16, vector - 20) + struct.pack("<I", count) + b"\2" * count
    words = vector + 4 + 4 * count
    for step, kept in ((4, None), (0, count)):
        offsets = b"".join(struct.pack("<I", words + step * n - (vector + 4 + 4 * n)) for n in range(count))
        data = start + struct.pack("<I", count) + offsets + struct.pack("<I", size) * count + b"a" * (size + 8)
        row = codec.decode(data)
        if kept is None:
            with pytest.raises(DecodeError, match="overlap"):
                _ = row.pets
        else:
            assert len(row.pets) == kept
            assert len(detach(row).pets) == kept


def test_a_text_in_a_union_of_a_table_that_is_named_many_times() -> None:
    leaf = attrs.make_class("Leaf", {"it": attrs.field(type=Cat | str)})
    codec: FlatBuffers[Any] = FlatBuffers(attrs.make_class("Many", {"leaves": attrs.field(type=list[leaf])}))  # type: ignore[valid-type]
    count, size = 20_000, 100_000
    vector = 20
    table = vector + 4 + 4 * count + 8
    data = struct.pack("<I4HiI", 12, 6, 8, 4, 0, 8, 4) + struct.pack("<I", count)
    data += b"".join(struct.pack("<I", table - (vector + 4 + 4 * n)) for n in range(count))
    data += struct.pack("<4H", 8, 12, 4, 8) + struct.pack("<iBxxxI", 8, 2, 4)
    data += struct.pack("<I", size) + b"a" * (size + 1)
    row = codec.decode(data)
    assert row.leaves[7].it == "a" * size
    with pytest.raises(DecodeError, match="more text than the buffer can honestly hold"):
        detach(row)
    with pytest.raises(DecodeError, match="more text"):
        hash(row)


def test_a_long_vtable_that_many_tables_share_is_not_read_for_each() -> None:
    class Counting(bytes):
        read = 0

        def __getitem__(self, key: Any) -> Any:
            found = super().__getitem__(key)
            if isinstance(key, slice):
                type(self).read += len(found)
            return found

    size = 65_532
    vtable = struct.pack("<2H", size, 8) + bytes(size - 4)
    data = Counting(vtable + struct.pack("<iI", size, 0))
    reader = TREE._compiled.reader
    for _ in range(100):
        row = reader.opener(reader.declared.root)(data, size, None)
        assert row.name is None
    assert Counting.read < 1000


def test_too_little_memory_is_no_broken_row(monkeypatch: Any) -> None:
    from zlmdb.values.flat import vectors

    def full(*_arguments: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(vectors, "texts_at", full)
    row = TREE.decode(TREE.encode(Tree(texts=["a"])))
    with pytest.raises(MemoryError):
        _ = row.texts
    with pytest.raises(MemoryError):
        detach(row)


def test_vectors_longer_than_the_buffer() -> None:
    data = TREE.encode(Tree(numbers=np.arange(3), texts=["a"]))
    at = data.index(struct.pack("<I", 3) + bytes(8))
    for count in (4, 2**29, 2**31, 2**32 - 1):
        broken = TREE.decode(data[:at] + struct.pack("<I", count) + data[at + 4 :])
        with pytest.raises(DecodeError, match=r"stored field numbers of Tree: .*vector of") as caught:
            _ = broken.numbers
        assert caught.value.field == "numbers"


def test_what_no_member_has_and_what_is_not_there() -> None:
    @attrs.define
    class Owner:
        pet: Cat | Dog
        name: str

    codec: FlatBuffers[Owner] = FlatBuffers(Owner)
    data = bytearray(codec.encode(Owner(Cat(), "x")))
    row = codec.decode(bytes(data))
    assert row.pet == Cat()
    # The type of the union: the only byte of the table of that kind, at its end.
    slots = codec._compiled.reader.root
    kind = slots.table + next(slot.at for slot in slots.layout.slots if slot.kind is None)
    data[kind] = 9
    with pytest.raises(DecodeError, match="a member 9 of a union that has 1, 2"):
        _ = codec.decode(bytes(data)).pet
    data[kind] = 1
    # The place of the name in the vtable.
    entry = slots.vtable + 4 + 2 * 2
    data[entry : entry + 2] = b"\0\0"
    with pytest.raises(DecodeError, match="required, and absent") as caught:
        _ = codec.decode(bytes(data)).name
    assert caught.value.field == "name"


def test_another_identifier() -> None:
    from zlmdb.values.flat import annotations as fbs

    @fbs.table(file_identifier="ABCD")
    @attrs.define
    class Named:
        number: int = 0

    codec: FlatBuffers[Named] = FlatBuffers(Named)
    data = codec.encode(Named(5))
    assert data[4:8] == b"ABCD"
    assert codec.decode(data).number == 5
    with pytest.raises(DecodeError, match="identifier b'ABCE' in place of b'ABCD'"):
        codec.decode(data[:4] + b"ABCE" + data[8:])


def test_as_deep_as_verifiers_allow_and_no_deeper() -> None:
    tree = Tree()
    for _ in range(63):
        tree = Tree(left=tree)
    assert detach(TREE.decode(TREE.encode(tree))) == tree
    with pytest.raises(EncodeError, match="nested at most 64 deep"):
        TREE.encode(Tree(left=tree))
    tree.left = tree
    with pytest.raises(EncodeError, match="nested at most 64 deep"):
        TREE.encode(tree)
