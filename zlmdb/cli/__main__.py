"""``python -m zlmdb.cli``."""

from zlmdb.cli.main import main

main(prog_name="zlmdb")
