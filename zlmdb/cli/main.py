"""Commands; each one is a thin face of a method of the same name."""

from __future__ import annotations

import sys

import click

from zlmdb import errors
from zlmdb._version import __version__

__all__ = ["main"]


@click.group(name="zlmdb")
@click.version_option(__version__, prog_name="zlmdb")
def main() -> None:
    """zlmdb command line tool."""


@main.command()
@click.option("--lib-version", type=click.Choice(["1.0", "0.9"]), help="Refuse a file of another LMDB format.")
@click.argument("dbpath", type=click.Path())
def info(dbpath: str, lib_version: str | None) -> None:
    """Show the LMDB format, LMDB version and statistics of the database at DBPATH."""
    from zlmdb.database import Database

    try:
        with Database(dbpath, readonly=True) as db:
            if lib_version is not None and db.lib_version != lib_version:
                _fail(
                    f'database "{dbpath}" has LMDB format {db.lib_version}, but lib_version="{lib_version}" was '
                    "requested: "
                    "omit lib_version to open it in its own format, or convert the database"
                )
            for name, value in sorted(db.stats().items()):
                click.echo(f"{name}: {value}")
    except errors.DatabaseNotFound:
        _fail(f'no database at "{dbpath}"')
    except errors.ZlmdbError as error:
        _fail(str(error))


def _fail(message: str) -> None:
    click.echo(f"error: {message}", err=True)
    sys.exit(1)
