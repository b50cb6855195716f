"""The check of a database file read as plain bytes: ``lmdb.verify`` under the name ``zlmdb.lmdb.verify``.

Importing this module gives py-lmdb's own module object: state kept in it and patches made to it are shared.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from lmdb.verify import CURSOR_STACK as CURSOR_STACK
    from lmdb.verify import DUPSORT_ONLY_FLAGS as DUPSORT_ONLY_FLAGS
    from lmdb.verify import F_BIGDATA as F_BIGDATA
    from lmdb.verify import F_DUPDATA as F_DUPDATA
    from lmdb.verify import F_SUBDATA as F_SUBDATA
    from lmdb.verify import MDB_DUPFIXED as MDB_DUPFIXED
    from lmdb.verify import MDB_DUPSORT as MDB_DUPSORT
    from lmdb.verify import MDB_INTEGERDUP as MDB_INTEGERDUP
    from lmdb.verify import MDB_INTEGERKEY as MDB_INTEGERKEY
    from lmdb.verify import MDB_MAGIC as MDB_MAGIC
    from lmdb.verify import MDB_REVERSEDUP as MDB_REVERSEDUP
    from lmdb.verify import MDB_REVERSEKEY as MDB_REVERSEKEY
    from lmdb.verify import MDB_VALID as MDB_VALID
    from lmdb.verify import NUM_METAS as NUM_METAS
    from lmdb.verify import P_BRANCH as P_BRANCH
    from lmdb.verify import P_DIRTY_09 as P_DIRTY_09
    from lmdb.verify import P_INVALID as P_INVALID
    from lmdb.verify import P_LEAF as P_LEAF
    from lmdb.verify import P_LEAF2 as P_LEAF2
    from lmdb.verify import P_META as P_META
    from lmdb.verify import P_OVERFLOW as P_OVERFLOW
    from lmdb.verify import P_SUBP as P_SUBP
    from lmdb.verify import PERSISTENT_FLAGS as PERSISTENT_FLAGS
    from lmdb.verify import SIZEOF_MDB_DB as SIZEOF_MDB_DB
    from lmdb.verify import VerifyError as VerifyError

    # py-lmdb leaves these two untyped, and calls of untyped functions are errors in strict programs.
    def resolve_data_path(path: str | os.PathLike[str], subdir: bool | None = None) -> str | os.PathLike[str]: ...
    def verify(path: str | os.PathLike[str], subdir: bool | None = None) -> list[str]: ...


sys.modules[__name__] = importlib.import_module("lmdb.verify")
