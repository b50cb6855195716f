"""The examples that need no data: each prints what it should, run by itself; and its parts keep their word."""

from __future__ import annotations

import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import zlmdb
from examples import addressbook_lmdb, cache, config_store, embeddings, event_store, job_queue
from tests.examples import test_series

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)

PRINTED = {
    "quickstart": ["by key:       Ann", "in Bonn:      ['Ann', 'Bob']", "refused:      by_email ann@example.com"],
    "addressbook_lmdb": ["Dan:     None", "in Köln: ['Bob', 'Cyd']", "B to D:  ['Bob', 'Cyd']"],
    "event_store": ["balances: [300, 200]", "followed: ['4 paid out', '5 paid in'] up to 5", "replayed: 5"],
    "job_queue": ["right results: 60", "in the end:    {'waiting': 0, 'running': 0, 'done': 60, 'failed': 1}"],
    "cache": ["first:  [1, 4, 1, 4] computed [1, 2]", "kept:   3 [None, 7, 8, 9]"],
    "config_store": ["back:    Hello", "history: [(1, 'ann'), (2, 'bob'), (3, 'ann')]"],
    "embeddings": ["2500 texts in 3 blocks"],
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs_from_anywhere(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", str(ROOT / "examples" / f"{name}.py")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in PRINTED[name] if line not in lines] == []
    assert list(tmp_path.iterdir()) == []


def test_every_example_is_run_and_listed() -> None:
    files = {path.stem for path in (ROOT / "examples").glob("*.py")} - {"__init__"}
    others = {path.stem for path in (ROOT / "tests" / "examples").glob("test_*.py")}
    others |= {f"test_{name}" for name in test_series.PROGRAMS}
    listed = (ROOT / "docs" / "start" / "examples.rst").read_text()
    for name in files:
        assert name in PRINTED or f"test_{name}" in others, f"{name} is run by no test"
        assert f"``{name}.py``" in listed, f"{name} is not listed in docs/start/examples.rst"


def test_the_address_book_moves_and_removes_entries(tmp_path: Path) -> None:
    book = addressbook_lmdb.AddressBook(tmp_path / "book")
    book.put({"name": "Ann", "city": "Bonn"})
    book.put({"name": "Ann", "city": "Köln"})
    assert (list(book.in_city("Bonn")), [person["name"] for person in book.in_city("Köln")]) == ([], ["Ann"])
    assert (book.remove("Ann"), book.remove("Ann"), list(book.in_city("Köln"))) == (True, False, [])
    book.close()


def test_an_event_comes_once_and_a_projection_can_be_computed_anew() -> None:
    stream = uuid.UUID(int=7)
    with zlmdb.open(":memory:", event_store.Bank) as db:
        with db.begin(write=True) as txn:
            event_store.append(txn, stream, "opened", expected=0, at=NOON)
            event_store.append(txn, stream, "paid in", 10, expected=1, at=NOON)
        for wrong in (0, 1, 3):
            with pytest.raises(event_store.ConcurrencyError), db.begin(write=True) as txn:
                event_store.append(txn, stream, "paid in", 5, expected=wrong, at=NOON)
        with db.begin() as txn:
            before = list(txn[event_store.Accounts].values())
        with db.begin(write=True) as txn:
            assert event_store.project(txn, txn[event_store.Events].by_position.select()) == 0  # all seen
        assert event_store.rebuild(db) == 2
        with db.begin() as txn:
            assert list(txn[event_store.Accounts].values()) == before
        assert db.verify() == []


def test_a_job_whose_worker_is_silent_is_given_to_another_and_then_given_up() -> None:
    with zlmdb.open(":memory:", job_queue.Jobs) as db:
        queue = job_queue.Queue(db, timedelta(seconds=10))
        assert queue.put("b", "c") == [1, 2]
        assert queue.put("a", priority=-1) == [3]
        first = queue.claim(NOON)
        assert first is not None
        assert (first.task, first.attempts) == ("a", 1)
        assert queue.finish(first, "done")
        assert not queue.finish(first, "done twice")
        tries = []
        for attempt in range(job_queue.ATTEMPTS):
            job = queue.claim(NOON + timedelta(minutes=attempt))
            assert job is not None
            tries.append((job.task, job.attempts))
        assert tries == [("b", 1), ("b", 2), ("b", 3)]
        late = queue.claim(NOON + timedelta(minutes=9))
        assert late is not None
        assert late.task == "c"
        assert queue.counts() == {"waiting": 0, "running": 1, "done": 1, "failed": 1}
        assert db.verify() == []


def test_a_failing_job_is_tried_again() -> None:
    with zlmdb.open(":memory:", job_queue.Jobs) as db:
        queue = job_queue.Queue(db)
        queue.put("x")
        for _ in range(job_queue.ATTEMPTS):
            job = queue.claim(NOON)
            assert job is not None
            assert queue.finish(job, "no", failed=True)
        assert queue.claim(NOON) is None
        assert queue.counts()["failed"] == 1


def test_a_cache_forgets_and_stays_small(tmp_path: Path) -> None:
    now = [NOON]
    store = cache.Cache(tmp_path / "cache", timedelta(seconds=10), most=5, clock=lambda: now[0])
    store.set("a", [1, 2])
    assert store.get("a") == [1, 2]
    now[0] += timedelta(seconds=10)
    assert store.get("a", "gone") == "gone"
    for number in range(20):
        now[0] += timedelta(milliseconds=1)
        store.set(str(number), None)
    assert len(store) == 5
    assert store.get("19", "gone") is None
    calls = []
    twice = store.remembering(lambda value: calls.append(value) or None)
    assert (twice(1), twice(1), calls) == (None, None, [1])  # None is a result like any other
    store.close()


def test_settings_are_checked_watched_and_go_back() -> None:
    with zlmdb.open(":memory:", config_store.ConfigStore) as db:
        watched = config_store.Watched(db, "here")
        assert watched.settings == config_store.Settings()
        config_store.change(db, "here", "ann", NOON, workers=9)
        assert watched.settings.workers == 9
        assert watched.settings is watched.settings  # not read again
        with pytest.raises(AttributeError, match="no such setting: colour"):
            config_store.change(db, "here", "ann", NOON, colour="red")
        with pytest.raises(zlmdb.ValueTypeError):
            config_store.change(db, "here", "ann", NOON, workers=None)
        config_store.change(db, "here", "bob", NOON, workers=1)
        assert config_store.go_back(db, "here", 1, "ann", NOON) == 3
        assert config_store.get(db, "here").workers == 9
        with pytest.raises(KeyError):
            config_store.go_back(db, "here", 7, "ann", NOON)


@pytest.mark.parametrize("pieces", [(2500,), (1, 999, 1500), (1000, 1000, 500), (2499, 1)])
def test_the_nearest_vectors_are_those_of_a_brute_force_search(pieces: tuple[int, ...]) -> None:
    texts = list(embeddings.sentences(sum(pieces)))
    with zlmdb.open(":memory:", embeddings.Library) as db:
        begin = 0
        for piece in pieces:
            assert embeddings.add(db, texts[begin : begin + piece]) == piece
            begin += piece
        with db.begin() as txn:
            assert [len(block) for block in txn[embeddings.Blocks].values()] == [1000, 1000, 500]
        for query in ("the cat sat on the mat", texts[1717]):
            found, expected = embeddings.nearest(db, query), embeddings.brute_force(texts, query)
            assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], abs=1e-6)
