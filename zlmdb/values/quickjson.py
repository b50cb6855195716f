"""The quick way to JSON: a generated test of the fields' types, after which msgspec writes the object."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from zlmdb.values.shapes import Shape
from zlmdb.values.source import Source

__all__ = ["json_quick"]

#: Kinds that msgspec writes as the slow way does, if the value is of the very type.
_EXACT = (
    "NoneType",
    "bool",
    "int",
    "str",
    "bytes",
    "uuid",
    "date",
    "time",
    "timedelta",
    "decimal",
    "enum",
    "datetime64",
)


def json_quick(
    shape: Shape, name: str, write: Callable[[Any], bytes], slow: Callable[[Any], bytes]
) -> tuple[Callable[[Any], bytes], str]:
    """An encoder that tests the fields and lets msgspec write the object as it is.

    Args:
        shape: of the record.
        name: of the record.
        write: writes an object that passed.
        slow: writes, or refuses, any other.
    """
    source = Source(f"JSON encoder of {name}")
    tests = _Tests(source).all_of(shape) if shape.faithful else None
    if tests is None:
        return slow, ""
    source.scope.update(write=write, slow=slow)
    source.line(0, "def encode(o):")
    source.line(1, "try:")
    source.line(2, "if (")
    for at, test in enumerate(tests):
        source.line(3, f"{'and ' if at else ''}{test}")
    source.line(2, "):")
    source.line(3, "return write(o)")
    source.line(1, "except Exception:")
    source.line(2, "pass")
    source.line(1, "return slow(o)")
    return source.function("encode"), source.text


class _Tests:
    """Writes expressions that are true only for values of exactly the declared type."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.functions: dict[int, str | None] = {}
        self.count = 0

    def of(self, shape: Shape, expr: str) -> str | None:
        """An expression over `expr`, a variable or attribute; None if there is no quick test for the type."""
        if shape.kind in _EXACT:
            return f"type({expr}) is {self.source.name(shape.cls, shape.cls.__name__)}"
        if shape.kind == "float":
            # infinities and NaN give NaN
            return f"type({expr}) is float and {expr} - {expr} == 0.0"
        if shape.kind == "datetime":
            # naive ones and those in UTC; other zones may have offsets that the text cannot hold
            cls = self.source.name(shape.cls, "datetime")
            utc = self.source.name(datetime.UTC, "utc")
            return f"type({expr}) is {cls} and ({expr}.tzinfo is None or {expr}.tzinfo is {utc})"
        if shape.kind == "optional":
            test = self.of(shape.inner[0], expr)
            return None if test is None else f"({expr} is None or {test})"
        if shape.kind == "list":
            return self._all(shape.inner[0], "list", expr, expr)
        if shape.kind == "dict" and shape.inner[0].kind == "str":
            keys = f"{self.source.name(frozenset((str,)), 'only_str')}.issuperset(map(type, {expr}))"
            values = self._all(shape.inner[1], "dict", expr, f"{expr}.values()")
            return None if values is None else f"{values} and {keys}"
        if shape.kind == "record" and shape.cls.kind in ("attrs", "dataclass", "struct"):
            function = self._record(shape)
            return None if function is None else f"{function}({expr})"
        return None

    def _all(self, inner: Shape, kind: str, expr: str, items: str) -> str | None:
        if inner.kind in _EXACT:
            only = self.source.name(frozenset((inner.cls,)), f"only_{inner.cls.__name__}")
            return f"type({expr}) is {kind} and {only}.issuperset(map(type, {items}))"
        self.count += 1
        item = f"i{self.count}"
        test = self.of(inner, item)
        return None if test is None else f"type({expr}) is {kind} and all([{test} for {item} in {items}])"

    def all_of(self, shape: Shape) -> list[str] | None:
        """The expressions over `o` that must all be true for a value of the shape."""
        if shape.kind != "record":
            test = self.of(shape, "o")
            return None if test is None else [test]
        tests = [f"type(o) is {self.source.name(shape.cls.type, shape.cls.type.__name__)}"]
        for name, part in zip(shape.cls.fields, shape.inner, strict=True):
            test = self.of(part, shape.cls.getter_expr("o", name))
            if test is None:
                return None
            tests.append(test)
        return tests

    def _record(self, shape: Shape) -> str | None:
        """The name of a function that tests a record; records may name themselves."""
        known = self.functions.get(id(shape), "")
        if known != "":
            return known
        function = f"is_{shape.cls.type.__name__}_{len(self.functions)}"
        self.functions[id(shape)] = function
        tests = self.all_of(shape)
        if tests is None:
            self.functions[id(shape)] = None
            return None
        self.source.line(0, f"def {function}(o):")
        self.source.line(1, "return (")
        for at, test in enumerate(tests):
            self.source.line(2, f"{'and ' if at else ''}{test}")
        self.source.line(1, ")")
        return function
