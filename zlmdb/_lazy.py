"""Packages whose names load their modules when they are first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["names_of"]


def names_of(
    package: str, homes: Mapping[str, Iterable[str]], exported: Iterable[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions ``__getattr__`` and ``__dir__`` of a package.

    They are hidden from type checkers where they are put to use, which would take any name for one of the package.

    Args:
        package: its name.
        homes: the names that each of its modules gives; the modules are names of it, too. One of another package is
            named in full.
        exported: what it offers, for ``dir()``.

    >>> find, _ = names_of("zlmdb.values", {"cbor": ["Cbor"]}, ["Cbor"])
    >>> find("Cbor").__module__, find("cbor").__name__
    ('zlmdb.values.cbor', 'zlmdb.values.cbor')
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def find(name: str) -> Any:
        home = home_of.get(name)
        if home is not None:
            value = getattr(import_module(home if "." in home else f"{package}.{home}"), name)
        elif name in homes:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *exported})

    return find, listed
