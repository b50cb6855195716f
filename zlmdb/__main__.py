"""``python -m zlmdb``."""

from zlmdb.cli.main import main

main(prog_name="zlmdb")
