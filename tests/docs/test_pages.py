"""Every Python block of the README and of the documentation runs, and prints what the page says it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import zlmdb
from tests.docs import blocks

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.rst", ROOT / "CONTRIBUTING.rst", *sorted((ROOT / "docs").rglob("*.rst"))]

#: The end of a sentence with another one behind it, but not behind an abbreviation such as "e.g.".
SECOND_SENTENCE = re.compile(r"(?<!\.[a-z])[\w)`*][.?!] +[A-Z]")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples write where they stand, and declare tables: both are gone after the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", dict(zlmdb.TABLES_BY_UUID))


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_the_examples_of_a_page_run(page: Path) -> None:
    name = "page_" + "_".join(page.relative_to(ROOT).with_suffix("").parts)
    blocks.run(blocks.examples(page.read_text(), str(page)), name)


@pytest.mark.parametrize(
    "page",
    [
        "README.rst",
        "docs/orm/quickstart.rst",
        "docs/orm/indexes.rst",
        "docs/orm/columns.rst",
        "docs/orm/time-series.rst",
    ],
)
def test_the_guides_have_examples(page: str) -> None:
    found = blocks.examples((ROOT / page).read_text(), page)
    assert any("import zlmdb" in example.parsed for example in found if isinstance(example.parsed, str))


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_no_line_of_a_page_holds_two_sentences(page: Path) -> None:
    """One sentence per source line, so that a change shows what it changes."""
    inside, problems = False, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith(".. "):
            inside = True
        elif line and not line[0].isspace():
            inside = False
        if not inside and line[:1].isalpha() and SECOND_SENTENCE.search(line):
            problems.append(f"{page.name}:{number}: {line}")
    assert problems == []
