"""The CFFI implementation: ``lmdb.cffi`` under the name ``zlmdb.lmdb.cffi``; an ImportError without it.

Importing this module gives py-lmdb's own module object: state kept in it and patches made to it are shared.
"""

import importlib
import sys

sys.modules[__name__] = importlib.import_module("lmdb.cffi")
