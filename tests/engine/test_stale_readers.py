"""A reader that the engine gives trees newer than its number, see zlmdb.engine.environment: begun again, unseen."""

from __future__ import annotations

from typing import Any

import lmdb
import pytest

import zlmdb

KEY = b"\0\1key"


class Stale:
    """What such a reader does: it answers nothing."""

    ended = 0

    def get(self, *args: Any, **kwargs: Any) -> Any:
        raise lmdb.CorruptedError("mdb_get: MDB_CORRUPTED: Located page was wrong type")

    cursor = get

    def abort(self) -> None:
        Stale.ended += 1


@pytest.fixture
def stale(db: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes the next so many readers stale."""
    env = db._env
    begin, left = env.begin_raw, 0

    def begin_raw(database: Any, parent: Any, write: bool, buffers: bool) -> Any:
        nonlocal left
        if write or not left:
            return begin(database, parent, write, buffers)
        left -= 1
        return Stale()

    def make(number: int) -> None:
        nonlocal left
        left = number

    with db.begin(write=True) as txn:
        txn.put(KEY, b"value")
    monkeypatch.setattr(env, "begin_raw", begin_raw)
    monkeypatch.setattr(Stale, "ended", 0)
    return make


@pytest.mark.parametrize("buffers", [False, True])
def test_it_is_begun_again_before_anybody_reads(db: Any, stale: Any, buffers: bool) -> None:
    stale(3)
    with db.begin(buffers=buffers) as txn:
        assert bytes(txn.get(KEY)) == b"value"
        assert txn.cursor().set_key(KEY)
    # The first is left to be ended by the engine, when nobody holds it any more.
    assert Stale.ended == 2


def test_what_reads_for_itself_begins_again_too(db: Any, stale: Any) -> None:
    stale(1)
    assert db._get_slots() == {}
    stale(1)
    assert db.stats()["num_slots"] == 0
    stale(1)
    assert db.verify() == []


def test_a_file_that_never_answers_is_damaged(db: Any, stale: Any) -> None:
    stale(1000)
    with pytest.raises(zlmdb.DatabaseError, match=r"MDB_CORRUPTED|damaged"), db.begin():
        pass
    stale(0)


def test_files_of_the_older_format_are_not_asked(path: str) -> None:
    with zlmdb.open(path, lib_version="0.9") as db:
        assert not db._env.probes
    with zlmdb.open(path) as db:
        assert not db._env.probes


def test_files_of_the_newer_format_are_asked(db: Any) -> None:
    assert db._env.probes
