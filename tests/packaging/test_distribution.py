"""What is published: what is in the wheel and in the source archive, and that an empty environment can use it."""

from __future__ import annotations

import email.message
import email.parser
import importlib.util
import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import zlmdb

ROOT = Path(__file__).parents[2]

#: Some of what the source archive must have.
NEEDED = """
    pyproject.toml README.rst LICENSE CHANGELOG.rst CONTRIBUTING.rst Makefile .ci/run zlmdb/py.typed docs/conf.py
    docs/_ext/names.py docs/_static/site.css docs/diagrams/architecture.dot examples/notebook.ipynb
    tests/docs/blocks.py schemas/flights.py benchmarks/results/100000.json examples/flights-data.txt
"""


def built_here() -> bool:
    """True where building needs nothing from elsewhere, or asks for what it needs by itself."""
    return importlib.util.find_spec("build") is not None


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with both archives, built from what git knows of."""
    if not built_here():
        pytest.skip("the distribution is built with the extra dev: the package build is not installed")
    out = tmp_path_factory.mktemp("dist")
    # In an environment of its own, as whoever publishes builds.
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return archive.namelist()


@pytest.fixture(scope="module")
def metadata(wheel: Path, names: list[str]) -> email.message.Message:
    (name,) = [name for name in names if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        return email.parser.Parser().parse(io.TextIOWrapper(archive.open(name), "utf-8"))


def test_the_wheel_is_pure_python(wheel: Path, names: list[str]) -> None:
    assert wheel.name == f"zlmdb-{zlmdb.__version__}-py3-none-any.whl"
    assert {name.partition("/")[0] for name in names} == {"zlmdb", f"zlmdb-{zlmdb.__version__}.dist-info"}


def test_the_wheel_has_every_module_and_nothing_else(names: list[str]) -> None:
    package = Path(zlmdb.__file__).parent
    modules = {path.relative_to(package.parent).as_posix() for path in package.rglob("*.py")}
    inside = {name for name in names if name.startswith("zlmdb/")}
    assert inside == modules | {"zlmdb/py.typed"}


def test_the_wheel_says_what_it_is(metadata: email.message.Message, names: list[str]) -> None:
    assert (metadata["Name"], metadata["Version"]) == ("zlmdb", zlmdb.__version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert metadata["Description-Content-Type"] == "text/x-rst"
    needs = [need for need in metadata.get_all("Requires-Dist", ()) if "extra ==" not in need]
    assert {re.match(r"[\w-]+", need)[0] for need in needs} == {  # type: ignore[index]
        "lmdb",
        "cbor2",
        "msgspec",
        "numpy",
        "flatbuffers",
        "click",
        "typing-extensions",
    }


def test_every_extra_is_documented(metadata: email.message.Message) -> None:
    page = (ROOT / "docs" / "start" / "installation.rst").read_text()
    for extra in metadata.get_all("Provides-Extra", ()):
        assert f"``{extra}``" in page, extra


def test_every_dependency_has_its_sentence() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    everything = [need for group in groups for need in group]
    page = (ROOT / "docs" / "reference" / "dependencies.rst").read_text().lower()
    for need in everything:
        name = re.match(r"[\w-]+", need)[0].lower()  # type: ignore[index]
        assert name == "zlmdb" or name in page, f"{name} has no sentence in docs/reference/dependencies.rst"


def test_the_source_archive_can_be_tested_and_documented_from(dist: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    for needed in [
        "pyproject.toml",
        "README.rst",
        "LICENSE",
        "CHANGELOG.rst",
        "CONTRIBUTING.rst",
        "Makefile",
        ".ci/run",
        "zlmdb/py.typed",
        "docs/conf.py",
        "docs/_ext/names.py",
        "docs/_static/site.css",
        "docs/diagrams/architecture.dot",
        "examples/notebook.ipynb",
        "tests/docs/blocks.py",
        "schemas/flights.py",
        "benchmarks/results/100000.json",
        "examples/flights-data.txt",
    ]:
        assert needed in inside, needed
    unwanted = [
        name for name in inside if re.search(r"(^|/)(\.venv|\.data|_build|__pycache__|\.git)(/|$)|\.pyc$", name)
    ]
    assert unwanted == []


def test_the_readme_is_shown_as_it_should_be(metadata: email.message.Message) -> None:
    """Where a package is published, its README is rendered by docutils; a mistake there shows nothing at all."""
    if importlib.util.find_spec("docutils") is None:
        pytest.skip("docutils comes with the extra docs, which is not installed")
    from docutils.core import publish_parts

    warnings = io.StringIO()
    settings = {
        "warning_stream": warnings,
        "halt_level": 2,
        "raw_enabled": False,
        "file_insertion_enabled": False,
        "syntax_highlight": "none",
    }
    parts = publish_parts(metadata.get_payload(), writer="html5", settings_overrides=settings)
    assert warnings.getvalue() == ""
    assert parts["title"] == "zlmdb"
    assert "<table" in parts["body"]


def test_an_empty_environment_runs_the_quickstart(wheel: Path, tmp_path: Path) -> None:
    """Installed from the wheel, away from the checkout, without any extra."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, timeout=120)
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, timeout=240)
    program = tmp_path / "quickstart.py"
    program.write_text((ROOT / "examples" / "quickstart.py").read_text())
    done = subprocess.run(
        [str(python), "-W", "error", str(program)], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "by index:     Bob" in done.stdout
    said = subprocess.run([str(python), "-m", "zlmdb", "--version"], capture_output=True, text=True, timeout=60)
    assert said.stdout.strip() == f"zlmdb, version {zlmdb.__version__}"
