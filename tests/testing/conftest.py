"""Fixtures of the tests of the suites."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings


@pytest.fixture
def no_shrinking() -> Iterator[None]:
    """Examples that fail are only looked for, not made small and explained."""
    before = settings.get_current_profile_name()
    settings.register_profile("no shrinking", settings(), phases=[Phase.explicit, Phase.generate], max_examples=30)
    settings.load_profile("no shrinking")
    yield
    settings.load_profile(before)
