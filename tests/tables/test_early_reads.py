"""The first rows that a program reads by key are read without compiled functions: to the same values, and errors."""

from __future__ import annotations

import dataclasses
import functools
import types
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zlmdb
from zlmdb.tables import compile as compiling


@dataclasses.dataclass
class Note:
    number: int
    text: str
    tags: list[str] = dataclasses.field(default_factory=list)


def declare(base: Any, **options: Any) -> Any:
    """A table class of its own, which nothing has been read of."""
    return zlmdb.table(uuid.uuid4(), **options)(types.new_class("Notes", (base,)))


def outcome(read: Callable[[Any], Any], key: Any) -> tuple[Any, ...]:
    """What a call returns, or the error that it raises, with what it comes from in the end."""
    try:
        found = read(key)
    except Exception as error:
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        return type(error), str(error), type(root)
    return (found.tobytes(), found.dtype) if isinstance(found, np.ndarray) else (type(found), found)


def early(table: Any) -> Callable[[Any], Any]:
    """``table[key]`` as it is for the first rows."""

    def read(key: Any) -> Any:
        table._compiled.early = 1
        return table._read_early(key)

    return read


def is_compiled(table: Any) -> bool:
    return any("__getitem__" in vars(cls) for cls in type(table).__mro__ if "_compiled" in vars(cls))


def test_a_few_rows_are_read_before_anything_is_compiled(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(compiling, "EARLY", 8)
    notes = declare(zlmdb.MapOidCbor[Note], pk="number")
    with zlmdb.open(path, notes) as db:
        with db.begin(write=True) as txn:
            txn[notes].load([Note(number, str(number)) for number in range(20)])
        with db.begin() as txn:
            table = txn[notes]
            assert [table[number] for number in range(8)] == [Note(number, str(number)) for number in range(8)]
            assert not is_compiled(table)
            assert "decode" not in vars(table._definition.value)
            assert [table[number] for number in range(8, 20)] == [Note(number, str(number)) for number in range(8, 20)]
            assert is_compiled(table)


def test_the_attached_map_counts_with_the_map_of_the_transaction(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(compiling, "EARLY", 3)
    notes = declare(zlmdb.MapOidCbor[Note])
    with zlmdb.open(path) as db:
        handle: Any = db.attach_table(notes)
        with db.begin(write=True) as txn:
            txn[notes][1] = Note(1, "a")
        with db.begin() as txn:
            assert [handle[txn, 1], handle[txn, 2], txn[notes][1]] == [Note(1, "a"), None, Note(1, "a")]
            assert not is_compiled(handle)
            assert not is_compiled(txn[notes])
            assert [handle[txn, 1], handle[txn, 2], txn[notes][1]] == [Note(1, "a"), None, Note(1, "a")]
            assert is_compiled(handle)
            assert is_compiled(txn[notes])


def test_a_method_that_was_taken_out_of_a_loop_goes_on_as_the_compiled_one(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(compiling, "EARLY", 2)
    notes = declare(zlmdb.MapOidCbor[Note])
    with zlmdb.open(path) as db:
        handle: Any = db.attach_table(notes)
        with db.begin(write=True) as txn:
            txn[notes].update((number, Note(number, "a")) for number in range(5))
            read, read_by_handle = txn[notes].__getitem__, handle.__getitem__
            assert [read(number).number for number in range(5)] == [0, 1, 2, 3, 4]
            assert [read_by_handle((txn, number)).number for number in range(5)] == [0, 1, 2, 3, 4]
            with pytest.raises(KeyError, match="7"):
                read(7)
            assert is_compiled(txn[notes])


def test_a_row_that_is_read_early_and_changed_has_the_right_index_entries(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(compiling, "EARLY", 8)

    @zlmdb.table(uuid.uuid4(), pk="number")
    class Notes(zlmdb.MapOidCbor[Note]):
        by_text = zlmdb.index("text")

    with zlmdb.open(path, Notes) as db:
        with db.begin(write=True) as txn:
            txn[Notes].load([Note(1, "a"), Note(2, "b")])
        with db.begin(write=True) as txn:
            note = txn[Notes][1]
            note.text = "c"
            txn[Notes].put(note)
            assert not is_compiled(txn[Notes])
            assert list(txn[Notes].by_text.select()) == [Note(2, "b"), Note(1, "c")]
        assert db.verify() == []


def test_arrays_over_the_map_are_read_by_compiled_functions(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(compiling, "EARLY", 8)
    arrays = declare(zlmdb.MapOidNumpy)
    with zlmdb.open(path, arrays) as db:
        with db.begin(write=True) as txn:
            txn[arrays][1] = np.arange(3)
        with db.begin(buffers=True) as txn:
            found = txn[arrays][1]
            assert found.tolist() == [0, 1, 2]
            assert not found.flags.owndata
        with pytest.raises(zlmdb.TransactionError):
            found.sum()


BASES = {
    "records as CBOR": (zlmdb.MapOidCbor[Note], {}, Note(1, "a", ["b"])),
    "records as JSON": (zlmdb.MapOidJson[Note], {}, Note(1, "a", ["b"])),
    "records, compressed": (zlmdb.MapOidCbor[Note], {"compress": "zlib"}, Note(1, "a", ["b"])),
    "plain CBOR": (zlmdb.MapOidCbor, {}, {"a": [1]}),
    "parsed CBOR": (zlmdb.MapOidCbor, {"marshal": vars, "parse": lambda data: Note(**data)}, Note(1, "a")),
    "text": (zlmdb.MapOidString, {}, "a"),
    "pickle without leave": (zlmdb.MapOidPickle, {}, {1}),
}
KEYS = [1, 2, 3, -1, 2**64, "a", None, (1, 2), np.int64(1), True]


def all_outcomes(read: Callable[[Any], Any]) -> list[tuple[Any, ...]]:
    return [outcome(read, key) for key in KEYS]


def read_by(handle: Any, txn: Any, key: Any, *, is_early: bool) -> Any:
    return early(handle)((txn, key)) if is_early else handle[txn, key]


@pytest.mark.parametrize("what", BASES)
@pytest.mark.parametrize("end", ["open", "ended"])
def test_early_reads_end_as_compiled_ones(path: str, what: str, end: str) -> None:
    base, options, row = BASES[what]
    notes = declare(base, **options)
    with zlmdb.open(path, allow_pickle=True) as db:
        handle = db.attach_table(notes)
        with db.begin(write=True) as txn:
            txn[notes][1] = row
            txn.put(handle._p + (3).to_bytes(8, "big"), b"\xff damaged")
    with zlmdb.open(path) as db:
        handle = db.attach_table(notes)
        for write in (False, True):
            with db.begin(write=write) as txn:
                table = txn[notes]
                if end == "open":
                    assert all_outcomes(early(table)) == all_outcomes(table.__getitem__)
                    of_handle = all_outcomes(functools.partial(read_by, handle, txn, is_early=True))
                    assert of_handle == all_outcomes(functools.partial(read_by, handle, txn, is_early=False))
            if end == "ended":
                assert all_outcomes(early(table)) == all_outcomes(table.__getitem__)
        assert outcome(early(handle), 1) == outcome(handle.__getitem__, 1)


def test_a_map_with_a_bare_slot_finds_a_key_that_is_longer_than_it_may_write(path: str) -> None:
    """It does not know its file's limit, and the row was written by the attached map, which does."""
    words = declare(zlmdb.MapStringOid)
    with zlmdb.open(path) as db:
        handle: Any = db.attach_table(words)
        bare = words(handle._slot)
        with db.begin(write=True) as txn:
            handle[txn, "a" * 600] = 1
        with db.begin() as txn:
            assert early(bare)((txn, "a" * 600)) == bare[txn, "a" * 600] == 1


def test_transaction_and_key_may_be_given_in_a_list(path: str) -> None:
    words = declare(zlmdb.MapStringOid)
    with zlmdb.open(path) as db:
        handle: Any = db.attach_table(words)
        with db.begin(write=True) as txn:
            handle[txn, "a"] = 1
            assert early(handle)([txn, "a"]) == 1


class Mirrored(zlmdb.Cbor[Any]):
    """A program's own codec: the bytes of another one, backwards."""

    def encode(self, value: Any) -> bytes:
        return zlmdb.Cbor(self.record).encode(value)[::-1]

    def decode(self, data: Any) -> Any:
        return zlmdb.Cbor(self.record).decode(bytes(data)[::-1])

    def encode_expr(self, var: str, names: Any) -> str:
        return f"{names.add(self.encode, 'mirror')}({var})"

    def decode_expr(self, var: str, names: Any) -> str:
        return f"{names.add(self.decode, 'mirror_back')}({var})"


def test_what_a_codec_of_the_program_writes_is_read_by_it_from_the_first_row_on(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(compiling, "EARLY", 8)

    class Notes(zlmdb.Map[int, Note], key=zlmdb.Oid, value=Mirrored(Note)):
        pass

    notes = zlmdb.table(uuid.uuid4())(Notes)
    with zlmdb.open(path, notes) as db, db.begin(write=True) as txn:
        txn[notes][1] = Note(1, "a")
        assert [txn[notes][1] for _ in range(9)] == [Note(1, "a")] * 9


def test_a_function_is_compiled_with_the_names_of_its_own_text() -> None:
    """What writes the text is made at the first function, which two threads may want at once."""
    compiled = compiling.Compiled(zlmdb.MapOidCbor, declare(zlmdb.MapOidCbor)._zlmdb_definition, ())

    def write(source: Any) -> list[str]:
        another = compiling.Compiled(zlmdb.MapOidCbor, compiled.definition, ()).source
        vars(compiled).update(source=another, names=another.names)
        return ["def five():", f"    return {source.names.add(5, 'FIVE')}"]

    assert compiled.build("five", write, "five")() == 5
