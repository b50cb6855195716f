"""The FlatBuffers runtime, under the name that programs of earlier releases import it by.

``zlmdb.flatbuffers`` *is* the module ``flatbuffers``; it is only given the function ``version()``, which the runtime
that came with earlier releases had.

>>> from zlmdb import flatbuffers
>>> builder = flatbuffers.Builder(0)
>>> len(flatbuffers.version())
5
"""

from __future__ import annotations

import importlib
import sys

import flatbuffers
from flatbuffers import Builder as Builder

__all__ = ["Builder", "version"]


def version() -> tuple[int, int, int, int | None, str | None]:
    """Version of the runtime: major, minor, patch; and two places, of a build between releases, that are None."""
    major, minor, patch = (int(part) for part in flatbuffers.__version__.split(".")[:3])
    return major, minor, patch, None, None


for _name in ("compat", "builder", "table", "util", "number_types", "packer", "encode"):
    importlib.import_module(f"flatbuffers.{_name}")
if not hasattr(flatbuffers, "version"):
    setattr(flatbuffers, "version", version)  # noqa: B010  # the runtime declares no such attribute
sys.modules[__name__] = flatbuffers
