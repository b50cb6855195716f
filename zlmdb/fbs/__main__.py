"""``python -m zlmdb.fbs``."""

from zlmdb.fbs.cli import main

main(prog_name="python -m zlmdb.fbs")
