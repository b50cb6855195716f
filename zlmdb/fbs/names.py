"""Which declaration a name means, seen from a namespace."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator

__all__ = ["candidates", "find", "find_root", "full_name", "similar"]


def full_name(namespace: tuple[str, ...], name: str) -> str:
    """The full name of what is declared as `name` in a namespace."""
    return ".".join((*namespace, name))


def candidates(namespace: tuple[str, ...], name: str) -> Iterator[str]:
    """The full names that `name` may mean in a namespace, the nearest first."""
    for parts in range(len(namespace), -1, -1):
        yield full_name(namespace[:parts], name)


def find(namespace: tuple[str, ...], name: str, known: Container[str]) -> str | None:
    """The full name of the nearest declaration that `name` means, or None."""
    return next((full for full in candidates(namespace, name) if full in known), None)


def find_root(namespace: tuple[str, ...], name: str, known: Container[str]) -> str | None:
    """The same for ``root_type``, where a full name goes first."""
    return name if name in known else find(namespace, name, known)


def similar(name: str, known: Iterable[str]) -> str:
    """What to do about a name that is not known, with the names it may be meant for."""
    last = name.rpartition(".")[2]
    known = list(known)
    same = [full for full in known if full.rpartition(".")[2] == last][:3]
    # Comparing takes time, and nobody mistypes a longer name by a letter.
    short = [full for full in known if len(full) <= 80][:1000] if len(name) <= 80 else []
    near = same or difflib.get_close_matches(name, short, 3)
    return f"did you mean {' or '.join(near)}?" if near else "declare it, or include the file that does"
