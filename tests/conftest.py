"""What all tests share: Hypothesis profiles, paths of databases that do not exist yet, and an open database."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# No deadline in any profile: how long one example takes depends on the machine, not on the law under test.
# "quick" and "ci" try the same examples in every run; "dev" tries new ones and remembers those that failed.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("dev", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def tmp_db_path(tmp_path: Path) -> Path:
    """The path of a database that does not exist yet, in a directory of this test's own."""
    return tmp_path / "test.zdb"


# Tables and helpers that the tests of several floors use, imported as ``dbsupport``.
sys.path.insert(0, str(Path(__file__).parent / "database"))


@pytest.fixture(scope="session", autouse=True)
def compiled_at_once() -> None:
    """Have the first row that is read of a table compile what reads it: most tests read few rows, and are about the
    functions that read most rows of a program. Those of :mod:`tests.tables.test_early_reads` are about the others.
    """
    from zlmdb.tables import compile as compiling

    compiling.EARLY = 0


IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def path() -> Iterator[str]:
    """The path of a database that does not exist yet, in memory where there is such: flushing takes no time there."""
    place = tempfile.mkdtemp(prefix="zlmdb-case-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
    yield f"{place}/db"
    shutil.rmtree(place)


@pytest.fixture
def db(path: str) -> Iterator[Any]:
    """An open database; whatever it holds in the end must be sound."""
    import zlmdb

    with zlmdb.open(path) as opened:
        yield opened
        if opened.is_open:
            assert opened.verify() == []
