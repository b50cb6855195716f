"""Columns of lists, maps and records.

==========================  ==============================  ================================
declared                    Arrow                           back from Arrow
==========================  ==============================  ================================
list, set, tuple of one     list                            lists of any kind
dict                        map                             maps; structs, for keys of text
records, tuples of several  struct                          structs, with the fields' names
==========================  ==============================  ================================

In NumPy all of them are columns of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.errors import short
from zlmdb.values.records import RecordInfo

__all__ = ["Listed", "Mapped", "Record", "Tupled", "make_rows", "offsets_of"]


def offsets_of(values: Sequence[Any]) -> list[int | None]:
    """Where the parts of each value begin; None where there is none."""
    offsets: list[int | None] = []
    done = 0
    for value in values:
        offsets.append(None if value is None else done)
        done += 0 if value is None else len(value)
    offsets.append(done)
    return offsets


class _Compound(Kind):
    """Values with parts."""

    parts: tuple[Kind, ...]
    open_ended = True

    @property
    def settled(self) -> bool:
        return all(part.settled for part in self.parts)

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        """What the parts hold, one list for each kind of part."""
        raise NotImplementedError

    def with_parts(self, parts: tuple[Kind, ...]) -> Kind:
        """The same kind with other parts."""
        from copy import copy

        kind = copy(self)
        kind.parts = parts
        return kind

    def settle(self, values: Any) -> Kind:
        if self.settled:
            return self
        found = self.columns(self.clean(values))
        return self.with_parts(tuple(part.settle(column) for part, column in zip(self.parts, found, strict=True)))

    def _of_column(self, array: Any, tests: Iterable[str]) -> Any:
        """The array, if it is of a type that will do; None if it holds nothing but nulls.

        Raises:
            Misfit: if it is of another type, or holds a null that must not be.
        """
        pa = pyarrow()
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        self.refuse_none(array)
        if pa.types.is_null(array.type):
            return None
        if not any(getattr(pa.types, f"is_{test}")(array.type) for test in tests):
            raise Misfit(self.expects, f"\0a column of {array.type}")
        return array

    def _inside(self, offsets: Sequence[Any], read: Callable[[], Any]) -> Any:
        """What `read` gives; the place in an error of a part becomes that of the whole value."""
        try:
            return read()
        except Misfit as wrong:
            if wrong.at is not None:
                starts = [at for at, start in enumerate(offsets[:-1]) if start is not None and start <= wrong.at]
                wrong.at = starts[-1] if starts else None
            raise


class Listed(_Compound):
    """Lists, sets and tuples whose members are of one kind.

    Args:
        make: the class of the values.
        item: the kind of the members.
    """

    def __init__(self, make: type, item: Kind) -> None:
        self.make = make
        self.parts = (item,)
        self.expects = f"a {make.__name__} of {item.expects}"
        self.types = frozenset((make, list))

    def convert(self, value: Any) -> Any:
        if isinstance(value, (list, tuple, set, frozenset)):
            return list(value)
        raise Misfit(self.expects, value)

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        return [[item for value in values if value is not None for item in value]]

    def arrow_type(self) -> Any:
        return pyarrow().list_(self.parts[0].arrow_type())

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        values = self.clean(values)
        offsets = offsets_of(values)
        items = self._inside(offsets, lambda: self.parts[0].to_arrow(self.columns(values)[0]))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, type=self.arrow_type())

    def from_arrow(self, array: Any) -> list[Any]:
        found = self._of_column(array, ("list", "large_list", "fixed_size_list", "list_view", "large_list_view"))
        if found is None:
            return [None] * len(array)
        lengths = pyarrow().compute.list_value_length(found).to_pylist()
        items = self._inside(offsets_of([None if n is None else range(n) for n in lengths]), lambda: self._items(found))
        done: list[Any] = []
        at = 0
        for length in lengths:
            size = length or 0
            made = self.make(items[at : at + size])
            if len(made) != size:
                twice = next(item for n, item in enumerate(items[at : at + size]) if item in items[at : at + n])
                raise Misfit(f"{self.expects}, each once", f"\0{short(twice)} twice", len(done))
            done.append(None if length is None else made)
            at += size
        return done

    def _items(self, array: Any) -> list[Any]:
        return self.parts[0].from_arrow(array.flatten())


class Mapped(_Compound):
    """Dicts.

    Args:
        key: the kind of the keys.
        value: the kind of the values.
    """

    def __init__(self, key: Kind, value: Kind) -> None:
        self.parts = (key, value)
        self.expects = f"a dict of {key.expects} to {value.expects}"
        self.types = frozenset((dict,))

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        filled = [value for value in values if value is not None]
        return [[key for value in filled for key in value], [item for value in filled for item in value.values()]]

    def arrow_type(self) -> Any:
        return pyarrow().map_(*[part.arrow_type() for part in self.parts])

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        values = self.clean(values)
        offsets = offsets_of(values)
        keys, items = self._inside(
            offsets,
            lambda: [part.to_arrow(held) for part, held in zip(self.parts, self.columns(values), strict=True)],
        )
        return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, items, type=self.arrow_type())

    def from_arrow(self, array: Any) -> list[Any]:
        found = self._of_column(array, ("map", "struct"))
        if found is None:
            return [None] * len(array)
        if pyarrow().types.is_struct(found.type):
            names = [field.name for field in found.type]
            columns = [self.parts[1].with_none().from_arrow(column) for column in found.flatten()]
            given = found.is_valid().to_pylist()
            return [
                dict(zip(names, row, strict=True)) if there else None
                for row, there in zip(zip(*columns, strict=True), given, strict=True)
            ]
        rows = found.to_pylist()
        lengths = [None if row is None else range(len(row)) for row in rows]
        first = found.offsets[0].as_py() if len(found) else 0
        total = sum(len(row) for row in rows if row is not None)
        keys, items = self._inside(
            offsets_of(lengths),
            lambda: [
                part.from_arrow(held.slice(first, total))
                for part, held in zip(self.parts, (found.keys, found.items), strict=True)
            ],
        )
        done: list[Any] = []
        at = 0
        for row in rows:
            size = 0 if row is None else len(row)
            made = dict(zip(keys[at : at + size], items[at : at + size], strict=True))
            if len(made) != size:
                twice = next(key for n, key in enumerate(keys[at : at + size]) if key in keys[at : at + n])
                raise Misfit(f"{self.expects}, each key once", f"\0the key {short(twice)} twice", len(done))
            done.append(None if row is None else made)
            at += size
        return done


class _Struct(_Compound):
    names: tuple[str, ...]

    def arrow_type(self) -> Any:
        pa = pyarrow()
        # All may be null in Arrow's eyes, as they are where the whole is.
        return pa.struct([(name, part.arrow_type()) for name, part in zip(self.names, self.parts, strict=True)])

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        values = self.clean(values)
        missing = [value is None for value in values]
        if not any(missing):
            filled, taken = values, None
        else:
            filled = [value for value in values if value is not None]
            places, taken = 0, []
            for absent in missing:
                taken.append(None if absent else places)
                places += not absent
        children = []
        starts = [at for at, absent in enumerate(missing) if not absent]
        for part, held in zip(self.parts, self.columns(filled), strict=True):
            try:
                children.append(part.to_arrow(held))
            except Misfit as wrong:
                wrong.at = None if wrong.at is None else starts[wrong.at]
                raise
        if taken is None:
            return pa.StructArray.from_arrays(children, fields=list(self.arrow_type()))
        # A place for each missing value, which the mask hides.
        indices = pa.array(taken, pa.int64())
        spread = [child.take(indices) for child in children]
        return pa.StructArray.from_arrays(spread, fields=list(self.arrow_type()), mask=pa.array(missing, pa.bool_()))

    def _children(self, array: Any) -> list[Any]:
        """The columns of the fields that the array has, by the fields' order; None for those it has not."""
        valid = array.filter(array.is_valid()) if array.null_count else array
        held = {field.name: valid.field(at) for at, field in enumerate(valid.type)}
        unknown = [name for name in held if name not in self.names]
        if unknown:
            raise Misfit(self.expects, f"\0a column of {array.type} with the field {unknown[0]}")
        return [held.get(name) for name in self.names]

    def _spread(self, array: Any, rows: Iterable[Any]) -> list[Any]:
        if not array.null_count:
            return list(rows)
        found = iter(rows)
        return [next(found) if there else None for there in array.is_valid().to_pylist()]


class Tupled(_Struct):
    """Tuples of a fixed number of members, each of a kind of its own; the fields are called "0", "1" and so on."""

    def __init__(self, items: Sequence[Kind]) -> None:
        self.parts = tuple(items)
        self.names = tuple(str(at) for at in range(len(items)))
        self.expects = f"a tuple of {len(items)}"
        self.types = frozenset((tuple, list))

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        for at, value in enumerate(values):
            if len(value) != len(self.parts):
                raise Misfit(self.expects, value, at)
        return [[value[at] for value in values] for at in range(len(self.parts))]

    def from_arrow(self, array: Any) -> list[Any]:
        found = self._of_column(array, ("struct",))
        if found is None:
            return [None] * len(array)
        children = self._children(found)
        if any(child is None for child in children):
            raise Misfit(self.expects, f"\0a column of {found.type}")
        columns = [part.from_arrow(child) for part, child in zip(self.parts, children, strict=True)]
        return self._spread(found, zip(*columns, strict=True))


class Record(_Struct):
    """Records, by their fields.

    Args:
        info: of the record class.
        parts: the kinds of its fields, in their order.
    """

    def __init__(self, info: RecordInfo, parts: Sequence[Kind]) -> None:
        self.info = info
        self.names = tuple(info.fields)
        self.parts = tuple(parts)
        self.expects = info.name
        self.types = frozenset((dict if info.kind == "typeddict" else info.type,))

    def convert(self, value: Any) -> Any:
        if isinstance(value, dict if self.info.kind == "typeddict" else self.info.type):
            return value
        raise Misfit(self.expects, value)

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        if self.info.kind == "typeddict":
            return [[value.get(name) for value in values] for name in self.names]
        return [[getattr(value, name) for value in values] for name in self.names]

    def from_arrow(self, array: Any) -> list[Any]:
        found = self._of_column(array, ("struct",))
        if found is None:
            return [None] * len(array)
        columns: dict[str, list[Any]] = {}
        for name, part, child in zip(self.names, self.parts, self._children(found), strict=True):
            if child is not None:
                columns[name] = part.from_arrow(child)
            elif self.info.fields[name].required:
                raise Misfit(self.expects, f"\0a column of {found.type} without the field {name}")
        return self._spread(found, make_rows(self.info, columns, len(found) - found.null_count))


def _may_be_none(declared: Any) -> bool:
    if declared is Any or declared is None or declared is type(None):
        return True
    if hasattr(declared, "__metadata__"):  # Annotated
        return _may_be_none(declared.__origin__)
    return get_origin(declared) in (Union, UnionType, Literal) and any(
        option is None or option is type(None) for option in get_args(declared)
    )


def make_rows(info: RecordInfo, columns: dict[str, list[Any]], count: int) -> Iterable[Any]:
    """Records made of their columns; fields without a column get their default.

    Args:
        info: of the record class.
        columns: the values by field name; those of all required fields.
        count: how many rows there are.
    """
    fields = list(info.fields.values())
    if info.kind == "typeddict":
        names = list(columns)
        # A null is None where the field may be that, and otherwise says that the row does not have the field.
        absent = [not info.fields[name].required and not _may_be_none(info.fields[name].type) for name in names]
        for row in zip(*columns.values(), strict=True) if columns else [()] * count:
            yield {
                name: value
                for name, value, optional in zip(names, row, absent, strict=True)
                if value is not None or not optional
            }
        return
    if not columns:
        for _ in range(count):
            yield info.type()
        return
    given = [field for field in fields if field.name in columns]
    if any(field.argument is None for field in given):
        settable = [field for field in given if field.argument is not None]
        late = [field.name for field in given if field.argument is None]
        for values in zip(
            *[columns[field.name] for field in (*settable, *[info.fields[n] for n in late])], strict=True
        ):
            row = info.type(**{f.argument: v for f, v in zip(settable, values, strict=False) if f.argument})
            for name, value in zip(late, values[len(settable) :], strict=True):
                object.__setattr__(row, name, value)
            yield row
        return
    leading = [field.name for field in given] == [field.name for field in fields[: len(given)]]
    if leading and not any(field.keyword for field in given):
        yield from map(info.type, *[columns[field.name] for field in given])
        return
    arguments = [field.argument or field.name for field in given]
    for values in zip(*[columns[field.name] for field in given], strict=True):
        yield info.type(**dict(zip(arguments, values, strict=True)))
