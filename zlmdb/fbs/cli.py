"""Commands; each one is a thin face of a function of the package."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from zlmdb import errors, fbs

__all__ = ["main"]

_includes = click.option(
    "-I",
    "--include",
    "include_paths",
    multiple=True,
    type=click.Path(file_okay=False),
    help="A directory to look for included files in; may be given more than once.",
)
_output = click.option(
    "-o", "--output", type=click.Path(dir_okay=False), help="The file to write; standard output without it."
)


@click.group(name="zlmdb.fbs")
def main() -> None:
    """FlatBuffers schemas: text from classes, classes from text."""


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="MODULE:NAME...")
@_output
def export(names: tuple[str, ...], output: str | None) -> None:
    """Write the schema that record classes, map classes or schema classes declare."""
    try:
        found = [_find(name) for name in names]
        _write(fbs.export(*found), output)
    except errors.ZlmdbError as error:
        _fail(error)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@_includes
def check(files: tuple[str, ...], include_paths: tuple[str, ...]) -> None:
    """Check schema files; say what is wrong with each, and where."""
    wrong = 0
    for file in files:
        try:
            fbs.parse_file(file, include_paths=include_paths)
        except errors.SchemaTextError as error:
            wrong += 1
            _show(error)
        else:
            click.echo(f"{file}: ok")
    if wrong:
        sys.exit(1)


@main.command(name="format")
@click.argument("file", type=click.Path())
@_includes
@_output
def format_(file: str, include_paths: tuple[str, ...], output: str | None) -> None:
    """Write a schema in its standard form, in one text with all that it includes."""
    try:
        _write(fbs.unparse(fbs.parse_file(file, include_paths=include_paths)), output)
    except errors.ZlmdbError as error:
        _fail(error)


@main.command()
@click.argument("file", type=click.Path())
@click.option(
    "--kind", type=click.Choice(["dataclass", "struct", "attrs"]), default="dataclass", help="Of the classes."
)
@click.option("--arrays", type=click.Choice(["list", "numpy"]), default="list", help="What vectors of numbers are.")
@_includes
@_output
def classes(file: str, kind: Any, arrays: Any, include_paths: tuple[str, ...], output: str | None) -> None:
    """Write a Python module with the classes of a schema."""
    try:
        schema = fbs.parse_file(file, include_paths=include_paths)
        title = f"Record classes of the FlatBuffers schema {Path(file).name}."
        _write(fbs.classes_source(schema, kind=kind, arrays=arrays, title=title), output)
    except errors.ZlmdbError as error:
        _fail(error)


def _find(name: str) -> Any:
    """What ``package.module:Name`` names."""
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise errors.SchemaError(f"expected MODULE:NAME, such as shop.records:Order, found {name!r}")
    # As `python -m` of a program would find it: modules of the directory where the command is given.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise errors.SchemaError(f"expected a module {module}, found none that can be imported: {error}") from error
    except Exception as error:  # the program's own module
        reason = f"{type(error).__name__}: {error}"
        raise errors.SchemaError(f"expected a module {module}, found one that cannot be imported: {reason}") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise errors.SchemaError(f"expected {path} in {module}, found no {part}") from error
    return found


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    # Beside the file and then in its place, so that a write that fails leaves the old one.
    beside = Path(f"{output}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise errors.SchemaError(f"expected to write {output}, found: {error.strerror}") from error


def _show(error: errors.ZlmdbError) -> None:
    click.echo(f"error: {error}", err=True)
    if isinstance(error, errors.SchemaTextError) and error.source_line:
        click.echo(f"    {error.source_line}\n    {_blank(error.source_line[: error.column - 1])}^", err=True)


def _blank(text: Iterable[str]) -> str:
    return "".join("\t" if char == "\t" else " " for char in text)


def _fail(error: errors.ZlmdbError) -> None:
    _show(error)
    sys.exit(1)
