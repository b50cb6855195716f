"""Environments, transactions and cursors to await: ``lmdb.aio`` under the name ``zlmdb.lmdb.aio``.

Importing this module gives py-lmdb's own module object: state kept in it and patches made to it are shared.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmdb.aio import AsyncCursor as AsyncCursor
    from lmdb.aio import AsyncEnvironment as AsyncEnvironment
    from lmdb.aio import AsyncTransaction as AsyncTransaction
    from lmdb.aio import wrap as wrap

sys.modules[__name__] = importlib.import_module("lmdb.aio")
