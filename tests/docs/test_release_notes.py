"""The fragments of the changelog: well named, one sentence to a line, and gathered without loss."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAGMENTS = sorted((ROOT / "changelog.d").glob("+*"))


def towncrier(*arguments: str, cwd: Path = ROOT) -> str:
    """What towncrier says."""
    if importlib.util.find_spec("towncrier") is None:
        pytest.skip("the release notes are gathered with the extra docs: the package towncrier is not installed")
    command = [sys.executable, "-m", "towncrier", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd, timeout=60).stdout


def test_every_fragment_has_a_name_that_is_understood() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
    kinds = {kind["directory"] for kind in settings["type"]}
    for path in (ROOT / "changelog.d").iterdir():
        if path.name in settings["ignore"]:
            continue
        found = re.fullmatch(r"\+[a-z0-9-]+\.([a-z]+)\.rst", path.name)
        assert found, f"{path.name}: expected +a-few-words.KIND.rst"
        assert found[1] in kinds, f"{path.name}: expected one of {', '.join(sorted(kinds))}"


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_has_whole_sentences_one_to_a_line(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines
    for line in lines:
        assert line.endswith("."), line
        assert not re.search(r"(?<!\.[a-z])[\w)`*][.?!] +[A-Z]", line), line


def test_the_next_release_is_gathered_from_them() -> None:
    text = towncrier("build", "--draft", "--version", "27.9.9", "--date", "2027-09-09")
    assert not FRAGMENTS or "27.9.9 (2027-09-09)\n-------------------\n\n" in text
    for path in FRAGMENTS:
        for line in path.read_text().splitlines():
            assert line in text


def test_a_release_takes_them_into_the_changelog(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.rst"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "changelog.d", tmp_path / "changelog.d")
    (tmp_path / "changelog.d" / "+a-test.fix.rst").write_text("A mistake is gone.\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "-A"], check=True)
    before = (tmp_path / "CHANGELOG.rst").read_text()
    towncrier("build", "--yes", "--version", "27.9.9", "--date", "2027-09-09", cwd=tmp_path)
    after = (tmp_path / "CHANGELOG.rst").read_text()
    head, rest = before.split(".. releases\n")
    assert after.startswith(f"{head}.. releases\n")
    assert after.rstrip().endswith(rest.strip())
    new = after.removeprefix(f"{head}.. releases\n").split(rest.strip())[0]
    assert new.strip().startswith("27.9.9 (2027-09-09)\n-------------------\n\n")
    # Fragments of a kind are sorted by their text.
    assert "\n- A mistake is gone.\n" in new[new.index("\nMended:\n\n- ") :]
    assert list((tmp_path / "changelog.d").glob("+*")) == []
