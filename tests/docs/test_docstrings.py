"""Every example in the package's docstrings runs, and every public name has a docstring."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zlmdb
from tests.docs import blocks

ROOT = Path(zlmdb.__file__).parent


def modules() -> list[str]:
    """Every module of the package but those that run a program when they are imported."""
    paths = [path.relative_to(ROOT.parent).with_suffix("") for path in ROOT.rglob("*.py")]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "__main__"]
    return sorted(names)


def source(name: str) -> Path:
    """The file of a module of the package."""
    path = ROOT.parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples write where they stand, and declare tables: both are gone after the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", dict(zlmdb.TABLES_BY_UUID))


def imported(name: str) -> ModuleType:
    """A module of the package.

    Skips the test if it needs something that is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if (error.name or "").startswith("zlmdb"):
            raise
        pytest.skip(f"{name} needs {error.name}, which is not installed")


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    names = vars(imported(name))
    path = source(name)
    for line, text in blocks.docstrings(path.read_text()):
        blocks.run(blocks.examples(text, str(path), line), f"docstring_{name}_{line}".replace(".", "_"), names)


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Public classes and functions of a module, and the public methods and properties of its classes.

    The tests in the suites of ``zlmdb.testing`` are left out: their names say what they prove.
    """
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        if not (getattr(value, "__module__", None) or "").startswith("zlmdb"):
            continue  # another package's
        yield name, value
        if not inspect.isclass(value):
            continue
        fields = getattr(value, "__dataclass_fields__", ())
        for attribute, member in vars(value).items():
            found = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            if attribute in fields:
                continue  # a default that is a function
            if not attribute.startswith(("_", "test_")) and (inspect.isfunction(found) or isinstance(found, property)):
                yield f"{name}.{attribute}", getattr(value, attribute)


@pytest.mark.parametrize("name", modules())
def test_every_public_name_has_a_docstring(name: str) -> None:
    module = imported(name)
    assert ast.get_docstring(ast.parse(source(name).read_text())), f"{name} itself"
    without = []
    for path, value in public(module):
        text = inspect.getdoc(value)
        if inspect.isclass(value) and text is not None:
            # One that is inherited says nothing of the class; and that of a dataclass is its signature.
            text = None if value.__doc__ is None or text.startswith(f"{value.__name__}(") else text
        if not (text or "").strip():
            without.append(path)
    assert without == [], f"public names of {name} without a docstring"


def test_the_public_names_of_the_package_are_documented() -> None:
    assert len(zlmdb.__all__) > 100
    assert [name for name in zlmdb.__all__ if not hasattr(zlmdb, name)] == []
    without = [path for path, value in public(zlmdb) if not inspect.getdoc(value)]
    assert without == []


#: Public names that need no example of their own: contracts, and what earlier programs import.
PLAIN = {"Lease", "RecordInfo", "EngineSuite", "OldReaderWarning", "check_autobahn_flatbuffers_version_in_sync"}
#: Those of zlmdb.columns that programs do not make themselves.
MADE = {"Column", "Frame", "Intake", "Source"}
#: Methods that are the same in several classes, and shown in one of them.
SAME = {"columns", "to_arrow", "to_numpy", "to_pandas", "to_polars", "reset"}


def shown(value: Any) -> bool:
    return ">>>" in (inspect.getdoc(value) or "")


@pytest.mark.parametrize(
    "module", ["zlmdb", "zlmdb.keys", "zlmdb.values", "zlmdb.testing", "zlmdb.fbs", "zlmdb.columns"]
)
def test_every_public_name_has_an_example(module: str) -> None:
    """Errors have theirs on the page of errors; the named maps are declarations, shown by the map they derive from."""
    names = importlib.import_module(module)
    without = []
    for name in names.__all__:
        value = getattr(names, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)) or shown(value):
            continue
        error = inspect.isclass(value) and issubclass(value, BaseException)
        named = inspect.isclass(value) and name.startswith("Map") and issubclass(value, zlmdb.Map)
        if not (error or named or name in PLAIN | MADE):
            without.append(name)
    assert without == []


@pytest.mark.parametrize(
    "owner",
    [zlmdb.Database, zlmdb.Transaction, zlmdb.Schema, zlmdb.Series, zlmdb.Slice, zlmdb.Index, zlmdb.UniqueIndex],
)
def test_every_method_that_programs_call_has_an_example(owner: type) -> None:
    without = [
        name
        for name in dir(owner)
        if not name.startswith("_")
        and name not in SAME
        and inspect.isroutine(getattr(owner, name))
        and not shown(getattr(owner, name))
    ]
    assert without == []
