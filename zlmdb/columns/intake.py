"""Columns as rows: Arrow, pandas, Polars, Parquet and CSV, checked against what the table declares.

A column goes to the field of its name, or to the part of the key that has no field (``key``, or ``key_0`` ...). Types
are converted only where nothing is lost, and an error names the file, the row (counted from 1) and the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.arraykind import Vectors
from zlmdb.columns.frame import Column, Frame, Source
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.columns.lookup import Undeclared
from zlmdb.columns.nested import Listed, Mapped, Record, Tupled, make_rows
from zlmdb.columns.readers import Batches, open_columns, without_views
from zlmdb.columns.rows import VALUE
from zlmdb.columns.timekinds import Aware

__all__ = ["Intake", "csv_type"]


class Intake:
    """Rows made of columns.

    Args:
        source: the table that they are for, of which nothing is read: its codecs and names.
        given: what :func:`zlmdb.columns.is_columns` is true for.
        ignore: columns that are not wanted.

    Raises:
        MissingExtra: if a package is needed that is not installed.
        SchemaError: if the columns are not those of the table.
        ValueError: if it is a file of a type that is not known.
    """

    def __init__(self, source: Source, given: Any, ignore: Iterable[str] = ()) -> None:
        self.source = source
        self.frame = Frame(source)
        self.ignore = frozenset((ignore,) if isinstance(ignore, str) else ignore)
        fields = self.frame._values.kinds
        self._known = {} if fields is None else {column.name: column for column in self.frame.columns()}
        self._given: Batches = open_columns(given, self._text_types, self._certain)
        self.title = f"table {source.table}" if self._given.path is None else f"file {self._given.path}"
        #: How many rows there are; None if that is not known.
        self.total = self._given.total

    def _text_types(self, names: list[str]) -> dict[str, Any]:
        """The types to read the columns of a CSV file as."""
        pa = extras.pyarrow("load()")
        found = {}
        for name in names:
            kind = self._known[name].kind if name in self._known else Undeclared()
            declared = self._declared(name) or kind
            if isinstance(declared, (Listed, Mapped, Record, Tupled, Vectors)):
                raise errors.SchemaError(
                    f"table {self.source.table}: column {name} holds {declared.expects}, which CSV cannot; "
                    "load it from Arrow or Parquet",
                    table=self.source.table,
                    field=name,
                )
            found[name] = csv_type(declared, pa)
        return {name: kind for name, kind in found.items() if kind is not None}

    def _certain(self, name: str) -> Kind | None:
        column = self._known.get(name)
        return column.kind if column is not None and column.kind.settled else None

    def _declared(self, name: str) -> Kind | None:
        """The kind of the record's field of that name, which may be another than that of the key's part."""
        fields = self.frame._values.kinds
        return None if self.frame._values.info is None or fields is None else fields.get(name)

    def rows(self) -> Iterator[Any]:
        """The rows; pairs (key, row), if the rows do not hold their key.

        Raises:
            ValueTypeError: at a value that does not fit; names the row and the column, and the file if there is one.
        """
        done = 0
        if self._given.names is not None:  # before the first row, as there may be none
            self._check([name for name in self._given.names if name not in self.ignore], self._given.names)
        for batch in self._given.batches:
            names = [name for name in batch.schema.names if name not in self.ignore]
            held = {name: self._column(name, batch.column(batch.schema.names.index(name)), done) for name in names}
            yield from self._assemble(held, batch.num_rows)
            done += batch.num_rows

    def _column(self, name: str, array: Any, before: int) -> list[Any]:
        column = self._known.get(name)
        kind = self._declared(name) or (Undeclared() if column is None else column.kind)
        if self._given.text:
            array = _absent(array, kind)
        array = without_views(array)
        try:
            return kind.from_arrow(array)
        except Misfit as wrong:
            row = "" if wrong.at is None else f", row {before + wrong.at + 1}"
            raise errors.ValueTypeError(
                f"{self.title}{row}, column {name}: expected {wrong.expected}, found {wrong.found}",
                table=self.source.table,
                field=name,
                expected=wrong.expected,
                found=wrong.found,
            ) from None

    def _check(self, names: list[str], given: list[str]) -> None:
        """Refuse columns that have no field, required fields that have no column, and names that come twice."""
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise self._wrong(f"expected columns of different names, found {twice} twice", twice)
        if not self._known:
            keys = self._keys_among(names)
            missing = [name for name in keys if name not in names]
            if missing:
                raise self._wrong(f"expected a column {missing[0]} with the key, found {', '.join(names)}", missing[0])
            return
        for name in names:
            if name not in self._known:
                raise self._wrong(
                    f"there is no place for column {name}: expected {', '.join(self._known)}; "
                    f"ignore=[{name!r}] leaves it out",
                    name,
                )
        info = self.frame._values.info
        for column in self._known.values():
            field = None if info is None else info.fields.get(column.name)
            if column.name not in names and (field is None or field.required):
                raise self._wrong(f"expected a column {column.name}, found {', '.join(given) or 'none'}", column.name)

    def _keys_among(self, names: Iterable[str]) -> list[str]:
        """The names of the key's columns; where values have fields of these names, they end in more underlines."""
        found = self.frame._key_names(())
        if self.source.pk:
            return found
        given = set(names)
        while {f"{name}_" for name in found} <= given:
            found = [f"{name}_" for name in found]
        return found

    def _wrong(self, what: str, field: str) -> errors.SchemaError:
        return errors.SchemaError(f"{self.title}: {what}", table=self.source.table, field=field)

    def _assemble(self, held: dict[str, list[Any]], count: int) -> Iterable[Any]:
        info = self.frame._values.info
        own = {name: values for name, values in held.items() if self._is_field(name, held)}
        keys = [name for name in held if name not in own]
        rows: Iterable[Any]
        if info is not None:
            rows = make_rows(info, own, count)
        elif self._known and any(column.field == VALUE for column in self._known.values()):
            (rows,) = own.values()
        elif set(own) == {"value"}:
            rows = own["value"]
        else:
            rows = (
                [dict(zip(own, row, strict=True)) for row in zip(*own.values(), strict=True)] if own else [{}] * count
            )
        if self.source.pk:
            return rows
        order = self.frame._key_names(list(own)) if self._known else self._keys_among(held)
        parts = [held[name] for name in order if name in keys]
        return zip(parts[0] if not self.frame._keys.composite else zip(*parts, strict=True), rows, strict=True)

    def _is_field(self, name: str, names: Iterable[str]) -> bool:
        column: Column | None = self._known.get(name)
        if column is None:
            return bool(self.source.pk) or name not in self._keys_among(names)
        info = self.frame._values.info
        return column.field is not None or (info is not None and name in info.fields)


def csv_type(kind: Kind, pa: Any) -> Any:
    """What pyarrow reads a column of text as; None leaves it to pyarrow."""
    if isinstance(kind, Undeclared):
        return None
    if not kind.settled or getattr(kind, "text", None) is not None or kind.expects.startswith(("uuid", "numpy")):
        return pa.string()
    if isinstance(kind, Aware):
        return pa.timestamp("us", "UTC")
    found = kind.arrow_type()
    if pa.types.is_dictionary(found):
        return pa.string()
    return found


def _absent(array: Any, kind: Kind) -> Any:
    """The column of a CSV file with nulls where text is empty and None is among the values."""
    pa = extras.pyarrow("load()")
    if kind.optional and (pa.types.is_string(array.type) or pa.types.is_binary(array.type)):
        return pa.compute.if_else(pa.compute.equal(pa.compute.binary_length(array), 0), None, array)
    return array
