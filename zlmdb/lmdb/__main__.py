"""The command line of py-lmdb: ``python -m zlmdb.lmdb --help``."""

from zlmdb.lmdb.tool import main

if __name__ == "__main__":
    main()
