"""What all tests share: Hypothesis profiles and the path of a database that does not exist yet."""

from __future__ import annotations

import os
from pathlib import Path

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
