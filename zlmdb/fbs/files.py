"""Finds and reads schema files and what they include, each file once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from zlmdb import errors
from zlmdb.fbs import syntax
from zlmdb.fbs.parser import parse_file
from zlmdb.fbs.source import Place, Source, failure, quoted

__all__ = ["read_files", "read_text"]

#: Bytes of all files of a schema together, and files: what is read must stay bounded.
MOST_BYTES = 16 * 2**20
MOST_FILES = 5_000

StrPath = str | os.PathLike[str]


def read_text(text: str, name: str, include_paths: Iterable[StrPath]) -> list[syntax.FileText]:
    """A text and the files it includes, those that others include before them."""
    if len(text) > MOST_BYTES:
        raise errors.SchemaTextError(
            f"{name}: expected at most {MOST_BYTES} characters, found {len(text)}: split the schema"
        )
    return _Reader(include_paths).read(Source(name, text), None)


def read_files(path: StrPath, include_paths: Iterable[StrPath]) -> list[syntax.FileText]:
    """A file and the files it includes, those that others include before them."""
    reader = _Reader(include_paths)
    return reader.read(reader.open(Path(path)), Path(path))


class _Reader:
    def __init__(self, include_paths: Iterable[StrPath]) -> None:
        if isinstance(include_paths, str | os.PathLike):
            include_paths = (include_paths,)
        self._include_paths = [Path(path) for path in include_paths]
        self._bytes = 0
        self._seen: set[str] = set()

    def read(self, source: Source, path: Path | None) -> list[syntax.FileText]:
        if path is not None:
            self._seen.add(os.path.realpath(path))
        done: list[syntax.FileText] = []
        first = parse_file(source)
        # By hand, not by recursion: a chain of includes may be longer than the stack.
        open_files = [(first, path, iter(first.includes))]
        while open_files:
            file, where, includes = open_files[-1]
            name = next(includes, None)
            if name is None:
                done.append(file)
                open_files.pop()
                continue
            found = self._find(name, where)
            real = os.path.realpath(found)
            if real in self._seen:
                continue
            if len(self._seen) >= MOST_FILES:
                raise failure(name.place, f"expected at most {MOST_FILES} files, found more: does a script write them?")
            self._seen.add(real)
            included = parse_file(self.open(found, name))
            open_files.append((included, found, iter(included.includes)))
        return done

    def _find(self, name: syntax.Name, where: Path | None) -> Path:
        """The file that an include names: beside the including file, or in the first search path that has it."""
        if not name.text or "\0" in name.text:
            raise failure(name.place, f"expected the path of a file, found {quoted(name.text)}")
        places = ([where.parent] if where is not None else []) + self._include_paths
        for place in places:
            candidate = place / name.text
            if candidate.is_file():
                return candidate
        looked = ", ".join(str(place) for place in places) or "no place, because the text is not in a file"
        raise failure(
            name.place, f"expected a file {quoted(name.text)}, found none (looked in: {looked}): give include_paths"
        )

    def open(self, path: Path, name: syntax.Name | None = None) -> Source:
        """The text of a file.

        Raises:
            SchemaTextError: if it cannot be read, is no UTF-8, or is too large.
        """
        left = MOST_BYTES - self._bytes
        try:
            # Asked before it is opened: opening a pipe would wait for its other end.
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise self._unread(path, "no regular file", name)
            with open(path, "rb") as file:
                data = file.read(left + 1)
        except OSError as error:
            raise self._unread(path, error.strerror or type(error).__name__, name) from error
        except errors.SchemaTextError:  # a ValueError, too
            raise
        except ValueError as error:  # a NUL in the path
            raise self._unread(path, str(error), name) from error
        self._bytes += len(data)
        if len(data) > left:
            raise self._unread(path, f"more than {MOST_BYTES} bytes in all files", name)
        try:
            return Source(str(path), data.decode())
        except UnicodeDecodeError as error:
            source = Source(str(path), data[: error.start].decode())
            raise failure(
                Place(source, len(source.text)),
                f"expected a schema in UTF-8, found the byte {data[error.start]:02x}: is this a binary file?",
            ) from None

    @staticmethod
    def _unread(path: Path, why: str, name: syntax.Name | None) -> errors.SchemaTextError:
        message = f"expected a schema file at {str(path)!r}, found {why}: check the path"
        if name is not None:
            return failure(name.place, message)
        error = errors.SchemaTextError(message)
        error.path = str(path)
        return error
