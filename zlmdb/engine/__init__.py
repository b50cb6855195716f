"""Opening and guarding environments: one per file per process, its growth, its readers, and forks.

This is the only place, beside the drop-in ``zlmdb.lmdb``, that imports py-lmdb. What tables use of an engine is written
down in :mod:`zlmdb.engine.contract`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of
from zlmdb.engine.environment import DEFAULT_MAXSIZE, Environment, Options
from zlmdb.engine.faults import BROKEN, EngineError, translate
from zlmdb.engine.registry import acquire, release

if TYPE_CHECKING:
    from zlmdb.engine.contract import EngineCursor, EngineTransaction

__all__ = [
    "BROKEN",
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

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, {"contract": ("EngineCursor", "EngineTransaction")}, __all__)
