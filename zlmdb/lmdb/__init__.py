"""py-lmdb 3, whole and unchanged, under the name ``zlmdb.lmdb``.

This package is a facade: every name in it is the very object of the installed ``lmdb`` package
(``zlmdb.lmdb.Environment is lmdb.Environment``), whether py-lmdb runs its C extension or, with
``LMDB_FORCE_CFFI`` set, its CFFI implementation.
So environments, transactions, cursors and exceptions of either name work together, and what py-lmdb's
documentation says of ``lmdb`` holds here.

The submodules ``zlmdb.lmdb.aio``, ``zlmdb.lmdb.tool`` and ``zlmdb.lmdb.verify`` are py-lmdb's own modules,
each loaded when first used, as is ``zlmdb.lmdb.cffi`` where py-lmdb has it.
``python -m zlmdb.lmdb`` is py-lmdb's command line.

py-lmdb 3 carries two LMDB libraries: 0.9 (``lib_version=0``, what new files get unless told otherwise; keys
of up to 511 bytes) and 1.0 (``lib_version=1``; keys of up to 1978 bytes).
An existing file is opened by the library whose format it has; leave ``lib_version`` out there, since asking
for the other one raises ``InvalidError``.

Nothing else in zlmdb imports this package: tables use the installed ``lmdb`` directly, and a program that
never asks for the low level never loads the facade.

>>> import tempfile
>>> import zlmdb.lmdb as lmdb
>>> with tempfile.TemporaryDirectory() as path, lmdb.open(path, lib_version=1) as env:
...     with env.begin(write=True) as txn:
...         for name in (b"ann", b"bob", b"cid"):
...             _ = txn.put(name, name.upper())
...     with env.begin() as txn:
...         cursor = txn.cursor()
...         if cursor.set_range(b"b"):
...             print([(key, value) for key, value in cursor])
[(b'bob', b'BOB'), (b'cid', b'CID')]
"""

import importlib
from typing import TYPE_CHECKING

import lmdb as _lmdb

# A star import, because the facade offers what the installed py-lmdb offers: builds on a system LMDB 0.9 lack
# four of the exceptions, later releases may add names.
from lmdb import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]
from lmdb import __version__ as __version__
from lmdb import _Database as _Database
from lmdb import _reading_docs as _reading_docs
from lmdb import open as open

if TYPE_CHECKING:
    from zlmdb.lmdb import aio as aio
    from zlmdb.lmdb import tool as tool
    from zlmdb.lmdb import verify as verify
else:
    # Hidden from type checkers: py-lmdb's stub declares no __all__, and a module __getattr__ would make them
    # accept any misspelt name.
    from lmdb import __all__ as __all__

    def __getattr__(name):
        """Look up what the star import left out: submodules, and names that are not in ``lmdb.__all__``."""
        if name in ("aio", "tool", "verify"):
            return importlib.import_module(f"{__name__}.{name}")
        try:
            return getattr(_lmdb, name)
        except AttributeError:
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}: it offers what py-lmdb {__version__} "
                f"offers, which has no such name",
                name=name,
                obj=_lmdb,
            ) from None
