"""Where a database lies: what can be a path, and which directory it names."""

from __future__ import annotations

import os

from zlmdb import errors

__all__ = ["check_path", "place_of"]


def check_path(path: str) -> None:
    """Refuse what no file can be called, or the engine cannot be told.

    Raises:
        DatabaseError: if there is a NUL in it, or something that UTF-8 cannot hold.
    """
    if "\0" in path:
        raise errors.DatabaseError(f"dbpath: expected a path, found one with a NUL in it: {errors.short(path)}")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise errors.DatabaseError(
            f"dbpath: expected a path that UTF-8 can hold, found {errors.short(path)}; rename it, or reach it by a "
            "symbolic link"
        ) from error


def place_of(path: str) -> str:
    """The absolute path of a database: of its directory, also where the data file in it is named.

    Raises:
        DatabaseError: if the path is relative to a working directory that was removed.
    """
    try:
        place = os.path.abspath(path)
    except FileNotFoundError as error:
        raise errors.DatabaseError(
            f"{path} is relative to the working directory, which was removed; give an absolute path, or change to "
            "another directory"
        ) from error
    folder, name = os.path.split(place)
    if name == "data.mdb" and (os.path.isfile(place) or os.path.exists(os.path.join(folder, "lock.mdb"))):
        return folder
    return place
