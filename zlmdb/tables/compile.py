"""Turning a table's source text into classes, one function at a time, when it is first called.

Compiling everything at attach would cost more than opening the database; a program that only reads never pays for the
functions that write. The source of each function is registered with linecache, so tracebacks and debuggers show it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import cached_property
from typing import Any

from zlmdb import errors
from zlmdb.engine import EngineError
from zlmdb.tables.definition import TableDefinition
from zlmdb.tables.operations import BOUND_OPS, HANDLE_OPS, ROW_OPS, SHARED_OPS, Source, Writer
from zlmdb.tables.plan import FROM_ROW, IndexPlan

__all__ = ["BoundStubs", "Compiled", "HandleStubs", "Namespace", "RowStubs", "Stub"]

#: How many rows of a table a program reads by key before the function that reads them is compiled. They take about half
#: the time of compiling it.
EARLY = 8

#: Methods that run when a map is gone, or its transaction is set, if a table class has them.
NOTICING = ("__del__", "__getattribute__", "__setattr__")


class Namespace:
    """The globals of generated functions: constants by name."""

    def __init__(self) -> None:
        self.globals: dict[str, Any] = {"EngineError": EngineError, "FROM_ROW": FROM_ROW, "SMALLEST": b"\0"}
        self._names: dict[tuple[int, int], str] = {}

    def add(self, value: object, hint: str) -> str:
        """See :class:`zlmdb._typing.Names`."""
        # A method of an object is a new object each time it is named.
        identity = (id(getattr(value, "__self__", None)), id(getattr(value, "__func__", value)))
        known = self._names.get(identity)
        # What is no method is not compared: objects of a program may have equality of their own.
        if known is not None and (self.globals[known] is value or self.globals[known] == value):
            return known
        base = "".join(c if c.isalnum() else "_" for c in hint)
        base = base if base.isidentifier() else f"_{base}"
        name, number = base, 1
        while name in self.globals:
            number += 1
            name = f"{base}_{number}"
        self.globals[name] = value
        self._names[identity] = name
        return name


class Stub:
    """Stands in a class for a function that is compiled when an instance is first asked for it.

    The function is put into the class that was made for the instance's table. So a method that a program takes out of a
    loop is the compiled one, too.

    Args:
        name: of the function.
        write: gives its text.
        title: what its source is called, if the table has others of the name.
    """

    __slots__ = ("_name", "_title", "_write")

    def __init__(self, name: str, write: Writer, title: str = "") -> None:
        self._name = name
        self._write = write
        self._title = title or name

    def __get__(self, instance: Any, cls: type[Any] | None = None) -> Any:
        if instance is None:
            return self
        owner = next(base for base in type(instance).__mro__ if "_compiled" in base.__dict__)
        function: Any = instance._compiled.build(self._name, self._write, self._title)
        setattr(owner, self._name, function)
        return function.__get__(instance, cls)


class ReadStub(Stub):
    """Stands for ``map[key]``, which is compiled when a program has read a few rows: one that wants no more is done
    sooner than the functions would be ready.
    """

    __slots__ = ()

    def __get__(self, instance: Any, cls: type[Any] | None = None) -> Any:
        if instance is not None and instance._compiled.early > 0:
            return instance._read_early
        return super().__get__(instance, cls)


class HandleStubs:
    """The functions of an attached map that are compiled for each table."""


class BoundStubs:
    """The functions of the map of a transaction that are compiled for each table."""

    __slots__ = ()


class RowStubs:
    """Those that need a row to know its key."""

    __slots__ = ()


for _cls, _ops in (
    (HandleStubs, {**HANDLE_OPS, **SHARED_OPS}),
    (BoundStubs, {**BOUND_OPS, **SHARED_OPS}),
    (RowStubs, ROW_OPS),
):
    for _name, _write in _ops.items():
        setattr(_cls, _name, (ReadStub if _name == "__getitem__" else Stub)(_name, _write))


class Compiled:
    """The two classes of a table with a given set of indexes, and the source of their functions.

    Args:
        cls: the table class.
        definition: what it declares, or what an instance of it was given.
        plans: its indexes.
    """

    def __init__(self, cls: type[Any], definition: TableDefinition, plans: tuple[IndexPlan, ...]) -> None:
        from zlmdb.tables.handle import Handle

        self.table = cls
        self.definition = definition
        self.plans = plans
        self.handle_class: Any = self._class(Handle)
        self.handle_class._reusable = not _notices(cls)
        self.index_classes: dict[int, Any] = {}
        #: How many of the first rows may still be read without compiled functions; none if the values keep memory of
        #: the map, or if a codec of the program may read them by an expression of its own.
        self.early = 0 if definition.value.zero_copy or not _is_own(definition.value) else EARLY

    @cached_property
    def bound_class(self) -> Any:
        """The class of the map of a transaction; many tables are attached that a program does not use in one run."""
        from zlmdb.tables.bound import BoundMap, RowMap

        return self._class(RowMap if self.definition.pk else BoundMap)

    @cached_property
    def source(self) -> Source:
        """What writes the text; made when it is first needed, as the class of the maps is."""
        record = self.definition.value.record
        fields = None
        if record is not None:
            from zlmdb.values import records

            fields = records.describe(record)
        return Source(self.definition, self.plans, Namespace(), fields)

    def _class(self, mixin: type[Any]) -> Any:
        body: dict[str, Any] = {
            "__module__": self.table.__module__,
            "__qualname__": self.table.__qualname__,
            "__doc__": self.table.__doc__,
            "_zlmdb_compiled_from": self.table,
            "_compiled": self,
            "_definition": self.definition,
        }
        return type(self.table.__name__, (mixin, self.table), body)

    def build(self, name: str, write: Writer, title: str) -> Callable[..., Any]:
        """Compile one function."""
        import linecache  # not at the top: it takes `tokenize` along

        try:
            source: Any = self.source  # two threads may make one each, with names of its own
            text = "\n".join(write(source)) + "\n"
        except errors.SchemaError as error:
            if error.table is not None:
                raise
            raise error.located(table=self.definition.name) from error.__cause__
        filename = f"<zlmdb {self.table.__module__}.{self.table.__qualname__}.{title}-{id(self):x}>"
        scope: dict[str, Any] = {}
        exec(compile(text, filename, "exec"), source.names.globals, scope)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        weakref.finalize(self, linecache.cache.pop, filename, None)
        function: Callable[..., Any] = scope[name]
        function.__qualname__ = f"{self.table.__qualname__}.{title}"
        return function

    def text(self) -> str:
        """The source of every function of the table, for reading."""
        sections = []
        bound_ops = {**BOUND_OPS, **ROW_OPS} if self.definition.pk else BOUND_OPS
        for title, ops in (("attached", HANDLE_OPS), ("in a transaction", bound_ops), ("scans", SHARED_OPS)):
            sections.append(f"# {self.table.__qualname__}: {title}")
            for write in ops.values():
                sections.append("\n".join(write(self.source)))
        if text := self.definition.value.source():
            sections.append(f"# {self.table.__qualname__}: values\n{text}")
        return "\n\n".join(sections) + "\n"


def _is_own(codec: object) -> bool:
    """True if a codec is one of this package, and no class that a program has derived from one."""
    return type(codec).__module__.startswith("zlmdb.values.")


def _notices(table: type[Any]) -> bool:
    """True if the program's class has methods that tell it when the map of a transaction ends, or gets another one."""
    return any(getattr(table, name, None) is not getattr(object, name, None) for name in NOTICING)
