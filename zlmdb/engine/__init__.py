"""Opening and guarding environments: one per file per process, its growth, its readers, and forks.

This is the only place, beside the drop-in ``zlmdb.lmdb``, that imports py-lmdb. What tables use of an engine is written
down in :mod:`zlmdb.engine.contract`.
"""

from zlmdb.engine.contract import EngineCursor, EngineTransaction
from zlmdb.engine.environment import DEFAULT_MAXSIZE, Environment, Options
from zlmdb.engine.faults import EngineError, translate
from zlmdb.engine.registry import acquire, release

__all__ = [
    "DEFAULT_MAXSIZE",
    "EngineCursor",
    "EngineError",
    "EngineTransaction",
    "Environment",
    "Options",
    "acquire",
    "release",
    "translate",
]
