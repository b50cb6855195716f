"""From a schema to classes."""

from __future__ import annotations

import hashlib
import linecache
import sys
import threading
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

from zlmdb import errors
from zlmdb.fbs.classes import Arrays, Kind, Writer
from zlmdb.fbs.files import StrPath
from zlmdb.fbs.printer import unparse
from zlmdb.fbs.text import parse_any
from zlmdb.values.flat import model

__all__ = ["Classes", "load"]


class Classes:
    """The classes of a schema, as attributes by their names.

    ``ns.geo.Point`` and ``ns["geo.Point"]`` are the class of ``Point`` in namespace ``geo``; so is ``ns.Point`` where
    no other declaration of the schema has that name. A union is the type ``A | B`` of its members, a struct ``Uuid`` of
    16 bytes is :class:`uuid.UUID`. Iterating gives the full names. Where a member of a union has the type of an
    earlier member, ``ns["Union.Member"]`` is a subclass of it that stands for that member.

    >>> from zlmdb import fbs
    >>> shop = fbs.load("namespace shop; table Shirt { name: string (required); }")
    >>> shop.Shirt is shop["shop.Shirt"], list(shop)
    (True, ['shop.Shirt'])
    """

    def __init__(self, schema: model.Schema, classes: dict[str, Any], prefix: str = "") -> None:
        self.__schema__ = schema
        self.__classes__ = classes
        self.__prefix__ = prefix

    def __getitem__(self, name: str) -> Any:
        found = self.__classes__.get(self.__prefix__ + name)
        if found is None:
            raise KeyError(self.__prefix__ + name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self.__prefix__) for name in self.__classes__ if name.startswith(self.__prefix__))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.__prefix__ + name in self.__classes__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self:
            return self[name]
        if any(full.startswith(f"{name}.") for full in self):
            return Classes(self.__schema__, self.__classes__, f"{self.__prefix__}{name}.")
        same = [full for full in self if full.rpartition(".")[2] == name]
        if len(same) == 1:
            return self[same[0]]
        if same:
            raise AttributeError(f"{name!r} may be {' or '.join(same)}: say which")
        raise AttributeError(
            f"the schema declares no {self.__prefix__}{name}; it declares {', '.join(self) or 'nothing'}"
        )

    def __dir__(self) -> list[str]:
        return sorted({*(full.partition(".")[0] for full in self), *(full.rpartition(".")[2] for full in self)})

    def __repr__(self) -> str:
        return f"<FlatBuffers classes {', '.join(self) or 'of nothing'}>"


def load(
    path_or_text: StrPath, *, include_paths: Iterable[StrPath] = (), kind: Kind = "dataclass", arrays: Arrays = "list"
) -> Classes:
    """The classes that a schema declares, for ``zlmdb.FlatBuffers`` maps and as plain record classes.

    Args:
        path_or_text: path of an ``.fbs`` file; or its text: a str that is blank or has a ``;``, a brace or a line end.
        include_paths: directories where included files are looked for, in order.
        kind: of the classes of tables and structs: ``"dataclass"``, ``"struct"`` (of msgspec) or ``"attrs"``.
        arrays: what vectors of numbers are: ``"list"``, or ``"numpy"`` for arrays, which are read without a copy.

    Raises:
        SchemaTextError: if the file cannot be read, or the text breaks a rule of the language.
        SchemaError: if a declaration has no counterpart in Python: a union with two strings or with nothing in it, a
            value of an enum with a name that Python keeps for itself.

    The same schema gives the same classes. Objects are pickled by reference to their classes, so a process that reads
    such a pickle must have loaded the schema before.

    >>> from zlmdb import fbs
    >>> shop = fbs.load(
    ...     "namespace shop; enum Size: byte { S, M } table Shirt { size: Size = M; name: string (required); }"
    ... )
    >>> shop.Shirt(name="blue")
    Shirt(size=<Size.M: 1>, name='blue')
    >>> shop.shop.Shirt is shop["shop.Shirt"] is shop.Shirt
    True
    """
    if kind not in ("dataclass", "struct", "attrs"):
        raise errors.SchemaError(f"expected kind to be 'dataclass', 'struct' or 'attrs', found {kind!r}")
    if arrays not in ("list", "numpy"):
        raise errors.SchemaError(f"expected arrays to be 'list' or 'numpy', found {arrays!r}")
    schema = parse_any(path_or_text, include_paths)
    writer = Writer(schema, kind, arrays)
    digest = hashlib.sha256(f"{kind} {arrays}\n{unparse(schema)}".encode()).hexdigest()[:16]
    name = f"zlmdb.fbs.loaded_{digest}"
    with _loading:
        module = sys.modules.get(name)
        if module is None:
            module = _run(name, writer.module(""))
    classes = {
        full: getattr(module, writer.names[full]) if full in writer.names else UUID for full in schema.declarations
    }
    classes.update({full: getattr(module, name) for full, name in writer.doubles.items()})
    return Classes(schema, classes)


#: Another thread must not see a module that is only half made, nor make its classes twice.
_loading = threading.RLock()


def _run(name: str, source: str) -> ModuleType:
    """A module made of a text, which tracebacks can show; annotations of its classes are looked up in it."""
    module = ModuleType(name, "Classes of a FlatBuffers schema.")
    file = f"<{name}>"
    module.__file__ = file
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    sys.modules[name] = module
    try:
        exec(compile(source, file, "exec", dont_inherit=True), vars(module))
    except BaseException:
        del sys.modules[name]
        raise
    return module
