"""Fixtures: an open database in a directory of the test's own; what is shared with other tests is importable."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zlmdb

sys.path.insert(0, str(Path(__file__).parent.parent / "database"))

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
    with zlmdb.open(path) as opened:
        yield opened
        if opened.is_open:
            assert opened.verify() == []
