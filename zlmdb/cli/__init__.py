"""The command line: ``zlmdb info DBPATH``."""

from zlmdb.cli.main import main

__all__ = ["main"]
