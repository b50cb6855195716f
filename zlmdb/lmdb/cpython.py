"""The C extension: ``lmdb.cpython`` under the name ``zlmdb.lmdb.cpython``; an ImportError without it.

Importing this module gives py-lmdb's own module object: state kept in it and patches made to it are shared.
"""

import importlib
import sys

sys.modules[__name__] = importlib.import_module("lmdb.cpython")
