"""Address space: how much of it a map takes, and whether the system gives that much more."""

from __future__ import annotations

import os
import sys

__all__ = ["DEFAULT_MAXSIZE", "gives", "is_small", "sizes"]

#: What `maxsize` reports when it was not given, and the first size of a map that grows.
DEFAULT_MAXSIZE = 10 * 1024 * 1024
#: Address space reserved for a map without a cap, largest first; the next is tried when the system refuses one.
RESERVATIONS = (1 << 40, 1 << 36, 1 << 33)


def sizes(maxsize: int | None, size: int, *, writemap: bool) -> list[int]:
    """The sizes that a map is opened with, the next one if the system refuses one.

    Args:
        maxsize: the cap; None for none.
        size: what the map must have room for at least.
        writemap: True for a writable map, which makes the file as long as itself.
    """
    if maxsize is not None:
        return [max(maxsize, size)]
    small = max(DEFAULT_MAXSIZE, size)
    if writemap or sys.maxsize < 2**32 or os.name != "posix":
        return [small]
    return [*(space for space in RESERVATIONS if space > 2 * size), small]


def is_small(size: int) -> bool:
    """True if a map of this size is to be enlarged as the data grow."""
    return size < RESERVATIONS[-1]


def gives(more: int) -> bool:
    """True if the system gives so many bytes of address space more.

    It is asked before a map is enlarged: the engine gives the old map back before it asks for the new one, and is of no
    use any more if it does not get that.
    """
    if more <= 0 or os.name != "posix":
        return True
    import mmap  # loaded here, because only maps that are enlarged need it

    try:
        mmap.mmap(-1, more, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True
