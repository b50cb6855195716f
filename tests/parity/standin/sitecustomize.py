"""Makes ``zlmdb.lmdb`` stand in for ``lmdb`` in all Python processes with this directory on ``PYTHONPATH``.

Python imports a module of this name at start-up, before any program: so it reaches the process that runs
py-lmdb's test suite as well as those the suite starts itself, as scripts or through multiprocessing.
Each process adds its command line to the file named by ``ZLMDB_STANDIN_LOG``, which shows who was reached.
"""

import importlib
import json
import os
import sys

import zlmdb.lmdb

# These must all be in place before "lmdb" is redirected: what is missing from sys.modules would then be
# looked for in the facade's own directory, and find only itself there.
for name in ("_config", "_envid", "aio", "tool", "verify"):
    sys.modules[f"lmdb.{name}"] = importlib.import_module(f"zlmdb.lmdb.{name}")
# Of the two implementations only the one in force can be relied on; None makes importing the other one fail.
for name in ("cffi", "cpython"):
    if f"lmdb.{name}" in sys.modules:
        importlib.import_module(f"zlmdb.lmdb.{name}")
    else:
        sys.modules[f"lmdb.{name}"] = None  # type: ignore[assignment]
sys.modules["lmdb"] = zlmdb.lmdb

log = os.open(os.environ["ZLMDB_STANDIN_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(log, json.dumps(sys.orig_argv).encode() + b"\n")
os.close(log)
