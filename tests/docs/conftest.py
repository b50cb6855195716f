"""The built site, made once however many processes the tests run in."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build(out: Path) -> str:
    """Build the site as ``make docs`` does: what went wrong, empty if nothing did."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q", "-E"]
    done = subprocess.run(
        [*command, "-d", str(out.parent / "doctrees"), str(ROOT / "docs"), str(out)],
        capture_output=True,
        text=True,
        timeout=280,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit code {done.returncode}"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, str]:
    """The directory of the site, and what the build complained of."""
    missing = [name for name in ("sphinx", "furo", "sphinx_copybutton") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"the site is built with the extra docs, and {', '.join(missing)} is not installed")
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent  # the same for all processes of this run
    place, said = shared / "site", shared / "site-built.txt"
    try:
        place.mkdir()
    except FileExistsError:  # another process builds it
        for _ in range(2800):
            if said.exists():
                break
            time.sleep(0.1)
        return place / "html", said.read_text()
    problems = build(place / "html")
    written = said.with_suffix(".part")
    written.write_text(problems)
    written.rename(said)
    return place / "html", problems


@pytest.fixture(scope="session")
def site(built: tuple[Path, str]) -> Path:
    """The directory of the site."""
    if not (built[0] / "index.html").exists():
        pytest.fail(f"the site was not built:\n{built[1]}")
    return built[0]
