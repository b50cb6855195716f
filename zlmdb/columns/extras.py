"""The packages that columns go to and come from: optional, imported on first use, missed with a sentence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zlmdb.errors import MissingExtra

__all__ = ["EXTRAS", "duckdb", "need", "pandas", "polars", "pyarrow"]

#: The extra of the distribution that installs each package.
EXTRAS = {"pyarrow": "arrow", "pandas": "pandas", "polars": "polars", "duckdb": "sql"}


def need(module: str, what: str) -> Any:
    """A module of an optional package.

    Args:
        module: its name, which may be that of a submodule ("pyarrow.parquet").
        what: what it is needed for, to begin a sentence with ("to_arrow()").

    Raises:
        MissingExtra: if the package is not installed; says how to install it.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        if error.name is not None and error.name.partition(".")[0] != package:
            raise  # the package is there, and lacks something of its own: its sentence is the better one
        extra = EXTRAS[package]
        raise MissingExtra(
            f"{what} needs the package {package}, which is not installed: run pip install 'zlmdb[{extra}]'",
            expected=package,
        ) from error


def pyarrow(what: str = "Arrow") -> Any:
    """The package pyarrow."""
    return need("pyarrow", what)


def pandas(what: str = "pandas") -> Any:
    """The package pandas."""
    return need("pandas", what)


def polars(what: str = "Polars") -> Any:
    """The package polars."""
    return need("polars", what)


def duckdb(what: str = "SQL") -> Any:
    """The package duckdb."""
    return need("duckdb", what)
