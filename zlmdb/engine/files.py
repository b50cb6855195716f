"""The files of a database: where they lie, which format they have, how they are removed."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

__all__ = [
    "data_file",
    "missing",
    "remove_directory",
    "remove_files",
    "size_and_format",
    "temporary_directory",
    "young",
]

#: What a page with the state of an LMDB file begins with, behind its header; then comes the format's version.
MAGIC = (0xBEEFC0DE).to_bytes(4, sys.byteorder)


def data_file(path: str) -> str:
    """Path of the file that holds the data: a database is a directory with ``data.mdb``, or a single file."""
    return path if os.path.isfile(path) else os.path.join(path, "data.mdb")


def size_and_format(path: str) -> tuple[int, str | None]:
    """Size of a data file in bytes, and its format, "0.9" or "1.0", from its first page; None if that tells none."""
    with open(path, "rb", 0) as file:
        size, page = os.fstat(file.fileno()).st_size, file.read(64)
    at = page.find(MAGIC)
    if at < 0 or len(page) < at + 8:
        return size, None
    return size, "0.9" if int.from_bytes(page[at + 4 : at + 8], sys.byteorder) == 1 else "1.0"


def missing(path: str) -> str | None:
    """Which page of a data file, in use, lies behind its end; None if all are there.

    The file is walked byte by byte and without the engine. What else the walk may find is not asked here; it takes
    some of what the engine writes for damage, too: a large value that was made shorter within one transaction keeps the
    pages that it had.

    Args:
        path: the file, of which no page of the last commit must be used again meanwhile: a reader sees to that.
    """
    from lmdb import verify

    module: Any = verify
    beyond: list[int] = []
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        try:
            walk = module._Verifier(file, size)
            read = walk.read_page

            def read_page(number: int) -> bytes | None:
                found: bytes | None = read(number)
                if found is None:
                    beyond.append(number)
                return found

            # Of a large value it reads the first page only; all that it has come by are noted in `live`.
            walk.read_page, walk.err = read_page, lambda _: None
            if _all_free(module, walk, size) and not beyond:
                return None
            walk.verify()
            first = walk.live.find(1, size // walk.psize)
        except module.VerifyError as error:
            return str(error)
        except (AttributeError, TypeError):  # another release of it, with other insides
            problems: list[str] = module.verify(path)
            return problems[0] if problems else None
    if first >= 0:
        beyond.append(first)
    return f"page {min(beyond)} of those in use is not there" if beyond else None


def _all_free(module: Any, walk: Any, size: int) -> bool:
    """True if all pages behind the end of a file are listed as free: so they nearly always are, and it is quickly seen.

    Args:
        module: of the walk.
        walk: through the file.
        size: its length.
    """
    walk.detect_engine()
    walk.load_metas()
    walk.live, walk.free = bytearray(walk.next_pgno), bytearray(walk.next_pgno)
    walk._verify_tree("freeDB", walk.meta.free, module._cmp_int, None, is_free=True)
    for number, data in walk.free_records:
        walk._decode_idl(number, data)
    behind = size // walk.psize
    return bool(walk.live.find(1, behind) < 0 and walk.free.find(0, behind) < 0)


def young(path: str) -> bool:
    """True if a file was changed within the last seconds: another process may be making it."""
    try:
        return abs(time.time() - os.stat(path).st_mtime) < 5
    except OSError:
        return False


def remove_files(path: str) -> None:
    """Remove a database that is a single file, and its lock file; silent if there is nothing."""
    for file in (path, f"{path}-lock"):
        try:
            os.unlink(file)
        except FileNotFoundError:
            pass


def remove_directory(path: str, *, ignore_errors: bool = False) -> None:
    """Remove a directory with all that is in it.

    Args:
        path: the directory.
        ignore_errors: True leaves what cannot be removed; False raises OSError.
    """
    from shutil import rmtree  # loaded here, because it takes the compression modules along

    rmtree(path, ignore_errors=ignore_errors)


def temporary_directory(parent: str | None = None) -> str:
    """A fresh directory.

    Args:
        parent: where it is made; None for the system's place for such.
    """
    from tempfile import mkdtemp  # loaded here, as above

    return mkdtemp(prefix="zlmdb-", dir=parent)
