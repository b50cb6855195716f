"""How an environment is opened."""

from __future__ import annotations

from zlmdb import errors
from zlmdb._data import Data

__all__ = ["LIB_VERSIONS", "Options"]

LIB_VERSIONS = {"0.9": 0, "1.0": 1}


class Options(Data, apart=("create", "lib_version")):
    """How to open an environment; compared when a file is opened a second time."""

    readonly: bool = False
    lock: bool = True
    sync: bool = True
    metasync: bool = True
    writemap: bool = False
    maxsize: int | None = None
    create: bool = True
    lib_version: str = "1.0"

    def __post_init__(self) -> None:
        if self.maxsize is not None and (not isinstance(self.maxsize, int) or self.maxsize < 8192):
            raise errors.DatabaseError(
                f"maxsize: expected a number of bytes of at least 8192, or None for no cap, found {self.maxsize!r}"
            )
        if self.lib_version not in LIB_VERSIONS:
            raise errors.DatabaseError(
                f"lib_version: expected one of {sorted(LIB_VERSIONS)}, found {self.lib_version!r}"
            )
