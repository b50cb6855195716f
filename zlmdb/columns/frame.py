"""Rows as columns: batch by batch, in a bounded amount of memory, only the columns that are asked for.

A :class:`Frame` knows no database. What it reads is a :class:`Source`: the encoded keys and values of some rows, a
batch at a time, and how to decode them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Protocol

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.keys import KeyColumns
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.columns.kinds import Typed
from zlmdb.columns.lookup import kind_of
from zlmdb.columns.output import BATCH_ROWS
from zlmdb.columns.pieces import Lasting, filtered, joined_arrays, joined_batches
from zlmdb.columns.rows import VALUE, ValueColumns
from zlmdb.keys.base import KeyCodec
from zlmdb.values.base import ValueCodec

__all__ = ["Column", "Frame", "Source"]

#: How many rows are looked at to tell what is not declared: whether times have a zone, first; then everything else.
GLANCE = 64
FIRST_ROWS = 1024
#: How many rows are decoded at a time: so few that they are still in the processor's caches when columns are made of
#: them. A batch is put together from several.
STEP = 1024


class Source(Protocol):
    """Where rows come from.

    Attributes:
        table: name of the table, for messages.
        key: codec of the keys.
        value: codec of the values.
        pk: names of the rows' fields that hold the key; empty if they do not.
        keys: whether the keys belong to the rows.
        values: whether the values do.
    """

    table: str
    key: KeyCodec[Any]
    value: ValueCodec[Any]
    pk: tuple[str, ...]
    keys: bool
    values: bool

    def chunks(self, size: int, values: bool) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """The encoded keys and values, `size` of them at a time; no values unless asked for.

        Raises:
            TransactionClosed: if the transaction that is read has ended.
        """
        ...

    def unreadable(self, key: bytes, data: bytes | None, error: Exception) -> Exception:
        """The error to raise for a record that cannot be decoded."""
        ...


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        kind: what it holds.
        part: number of the part of the key that it is; None if it is made from the value.
        field: name of the value's field; VALUE for the value as such; None if it is a part of the key.
    """

    name: str
    kind: Kind
    part: int | None = None
    field: str | None = None


class Frame:
    """Rows of a source as columns.

    Args:
        source: the rows.
        columns: names of the wanted columns, in the order wanted; None for all.
        where: which rows: a function of the row (of key and row, if the row does not know its key) that gives True or
            False, or an expression of pyarrow over the columns; None for all.
        schema: types of columns that are not as declared, or not declared: a pyarrow.Schema, or a mapping of names to
            types of pyarrow or Python; None for nothing.
        batch_rows: how many rows are decoded together.
        dictionaries: False gives enumerations of text as text, not as an Arrow dictionary.

    Raises:
        ValueError: if `batch_rows` is not a positive number.
    """

    def __init__(
        self,
        source: Source,
        columns: Sequence[str] | None = None,
        where: Any = None,
        schema: Any = None,
        batch_rows: int = BATCH_ROWS,
        dictionaries: bool = True,
    ) -> None:
        if not isinstance(batch_rows, int) or isinstance(batch_rows, bool) or batch_rows < 1:
            raise ValueError(f"batch_rows: expected a number of rows of at least 1, found {batch_rows!r}")
        if isinstance(columns, str):
            raise ValueError(f"columns: expected a list of names, found the text {columns!r}; write [{columns!r}]")
        if not source.keys and not source.values:
            raise ValueError("a selection without keys and values has no columns")
        self.source = source
        self.where = where
        self.batch_rows = batch_rows
        self.dictionaries = dictionaries
        self._keys = KeyColumns(source.key)
        self._values = ValueColumns(source.value)
        self._wanted = None if columns is None else list(columns)
        self._given = _given(schema)
        self._all: list[Column] | None = None

    # -- what columns there are

    def columns(self) -> list[Column]:
        """All columns that there are, wanted or not; of undeclared rows, what the first batch has."""
        if self._all is None:
            if self.source.values and self._values.kinds is None and not self._only_keys():
                self._settle(self._first(FIRST_ROWS))
            self._all = [self._typed(column) for column in self._columns()]
        return self._all

    def _only_keys(self) -> bool:
        """True if no more is wanted than key columns, so that no value need be looked at."""
        if not self.source.values:
            return True
        if self._wanted is None or self.where is not None:
            return False
        return set(self._wanted) <= set(self._key_names(()))

    def _key_names(self, taken: Sequence[str]) -> list[str]:
        pk = self.source.pk
        if pk and not any("." in name for name in pk):
            return list(pk)
        count = len(self._keys.parts)
        names = ["key"] if not self._keys.composite else [f"key_{at}" for at in range(count)]
        while set(names) & set(taken):
            names = [f"{name}_" for name in names]
        return names

    def _columns(self) -> list[Column]:
        fields = self._values.kinds if self.source.values and self._values.kinds is not None else {}
        names = self._key_names(list(fields))
        parts = dict(zip(names, range(len(names)), strict=True)) if self.source.keys or self.source.pk else {}
        kinds = self._keys.kinds()
        held = [] if self.source.pk and any("." in name for name in self.source.pk) else list(parts)
        found = [Column(name, kinds[parts[name]], part=parts[name]) for name in held if name not in fields]
        for name, kind in fields.items():
            if name in held:
                found.append(Column(name, kinds[parts[name]], part=parts[name]))
            else:
                label = name
                if name == VALUE:
                    label = "value" if "value" not in held else "value_"
                found.append(Column(label, kind, field=name))
        return found

    def _typed(self, column: Column) -> Column:
        kind = column.kind
        given = self._given.get(column.name)
        if given is not None:
            kind = given if isinstance(given, Kind) else Typed(given, kind if kind.settled else None)
        elif not self.dictionaries and getattr(kind, "dictionary", False):
            plain: Any = copy(kind)
            plain.dictionary = False
            kind = plain
        return Column(column.name, kind, column.part, column.field)

    def _selected(self) -> list[Column]:
        known = {column.name: column for column in self.columns()}
        unknown = [name for name in self._given if name not in known]
        if unknown:
            raise self._no_column(unknown[0], known)
        if self._wanted is None:
            return list(known.values())
        for name in self._wanted:
            if name not in known:
                raise self._no_column(name, known)
        return [known[name] for name in self._wanted]

    def _no_column(self, name: str, known: Mapping[str, Any]) -> errors.SchemaError:
        return errors.SchemaError(
            f"table {self.source.table}: there is no column {name!r}; there are {', '.join(known) or 'none'}",
            table=self.source.table,
            field=name,
        )

    def _settle(self, chunk: tuple[list[bytes], list[bytes]]) -> None:
        named = list(self._given)
        try:
            self._values.settle(chunk[1], named)
        except Exception as error:
            raise self._broken(chunk, error) from error

    def _first(self, size: int) -> tuple[list[bytes], list[bytes]]:
        return next(iter(self.source.chunks(size, True)), ([], []))

    def certain(self) -> list[Column]:
        """The wanted columns, their kinds certain; a kind that depends on the rows is settled by the first ones."""
        selected = self._selected()
        open_ = [column for column in selected if not column.kind.settled]
        if not open_:
            return selected
        settled = self._settled(open_, GLANCE)
        if settled is None:
            settled = self._settled(open_, FIRST_ROWS)
        known = {column.name: column for column in settled or ()}
        return [known.get(column.name, column) for column in selected]

    def _settled(self, columns: list[Column], size: int) -> list[Column] | None:
        """The columns, settled by so many rows; None if more of them may tell more."""
        chunk = self._first(size)
        found = []
        for column, values in zip(columns, self._decode(chunk, columns), strict=True):
            told = any(value is not None for value in values) and not column.kind.open_ended
            if not told and len(chunk[0]) == size and size < FIRST_ROWS:
                return None
            try:
                found.append(replace(column, kind=column.kind.settle(values)))
            except Misfit as wrong:
                raise self._misfit(chunk, column, wrong) from None
        return found

    def over(self, source: Source) -> Frame:
        """The same columns of other rows of the table.

        Args:
            source: the rows.
        """
        frame = copy(self)
        frame.source = source
        return frame

    # -- batches

    def batches(self, columns: Sequence[Column]) -> Iterator[tuple[int, list[Any], tuple[list[bytes], list[bytes]]]]:
        """For each batch: the number of rows, what each column holds, and the encoded keys and values."""
        test = self.where if callable(self.where) else None
        values = test is not None or any(column.field is not None for column in columns)
        for chunk in self.source.chunks(min(STEP, self.batch_rows), values):
            kept = chunk if test is None else self._kept(chunk, test)
            if kept[0]:
                yield len(kept[0]), self._decode(kept, columns), kept

    def _kept(self, chunk: tuple[list[bytes], list[bytes]], test: Any) -> tuple[list[bytes], list[bytes]]:
        """The rows for which `where` is true. Whatever it raises is the program's."""
        encoded, data = chunk
        try:
            rows = self._values.objects(data)
        except Exception as error:
            raise self._broken(chunk, error) from error
        if self.source.pk or not self.source.keys:
            found = [at for at, row in enumerate(rows) if test(row)]
        else:
            decoded = self.source.key.decode_many(encoded)
            found = [at for at, (key, row) in enumerate(zip(decoded, rows, strict=True)) if test(key, row)]
        return [encoded[at] for at in found], [data[at] for at in found]

    def _decode(self, chunk: tuple[list[bytes], list[bytes]], columns: Sequence[Column]) -> list[Any]:
        encoded, data = chunk
        parts = [column.part for column in columns if column.part is not None]
        fields = [column.field for column in columns if column.field is not None]
        # Of an array of keys only the declared type can be made.
        other = any(column.part is not None and column.name in self._given for column in columns)
        try:
            held = iter(self._keys.decode(encoded, parts, other))
            made = iter(self._decoder(tuple(fields))(data) if fields else ())
        except Exception as error:
            raise self._broken(chunk, error) from error
        found = [next(held) if column.part is not None else next(made) for column in columns]
        if self._given:
            # Exactly of the declared type is not of the type that the caller wants.
            found = [
                list(v) if isinstance(v, list) and c.name in self._given else v
                for c, v in zip(columns, found, strict=True)
            ]
        return found

    def _decoder(self, fields: tuple[str, ...]) -> Any:
        known = self.__dict__.setdefault("_decoders", {})
        if fields not in known:
            known[fields] = self._values.decoder(fields)
        return known[fields]

    def _broken(self, chunk: tuple[list[bytes], list[bytes]], error: Exception) -> Exception:
        """The error for a batch that cannot be decoded: that of its first row which cannot."""
        encoded, data = chunk
        if isinstance(error, Misfit) and error.at is not None:
            return self._misfit(chunk, None, error)
        for at, raw in enumerate(encoded):
            try:
                self.source.key.decode(raw)
                if data:
                    self.source.value.decode(data[at])
            except Exception as wrong:
                return self.source.unreadable(raw, data[at] if data else None, wrong)
        return error

    # -- Arrow

    def schema(self, columns: Sequence[Column] | None = None) -> Any:
        """The Arrow schema of the wanted columns."""
        pa = extras.pyarrow("to_arrow()")
        fields = []
        for column in self.certain() if columns is None else columns:
            try:
                fields.append(pa.field(column.name, column.kind.arrow_type(), column.kind.nullable))
            except Misfit as wrong:  # there is no such type in Arrow
                raise self._misfit(None, column, wrong) from None
        return pa.schema(fields)

    def reader(self) -> Any:
        """A pyarrow.RecordBatchReader; it reads on as batches are taken from it."""
        pa = extras.pyarrow("to_arrow()")
        columns = self.certain()
        schema = self.schema(columns)
        return pa.RecordBatchReader.from_batches(schema, Lasting(self.arrow_batches(columns, schema)))

    def arrow_batches(self, columns: Sequence[Column], schema: Any) -> Iterator[Any]:
        """The record batches of some columns."""
        pa = extras.pyarrow("to_arrow()")
        pending: list[Any] = []
        rows = 0
        for part in self._parts(columns, schema, pa):
            pending.append(part)
            rows += part.num_rows
            while rows >= self.batch_rows:
                yield from joined_batches(pending, self.batch_rows, pa)
                rest = pending[-1].slice(pending[-1].num_rows - (rows - self.batch_rows))
                rows = rest.num_rows
                pending = [rest] if rows else []
        if pending:
            yield from joined_batches(pending, rows, pa)

    def _parts(self, columns: Sequence[Column], schema: Any, pa: Any) -> Iterator[Any]:
        expression = None if self.where is None or callable(self.where) else self.where
        read = list(columns)
        if expression is not None:
            read += self._mentioned(expression, columns)
        for count, vectors, chunk in self.batches(read):
            arrays = [self._arrow(c, v, chunk) for c, v in zip(read, vectors, strict=True)]
            if not arrays:
                yield pa.RecordBatch.from_struct_array(pa.array([{}] * count, pa.struct([])))
            elif expression is None:
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            else:
                batch = pa.RecordBatch.from_arrays(arrays, names=[c.name for c in read])
                for part in filtered(batch, expression, pa):
                    yield pa.RecordBatch.from_arrays(part.columns[: len(columns)], schema=schema)

    def _mentioned(self, expression: Any, columns: Sequence[Column]) -> list[Column]:
        """The columns beside those wanted whose name stands in an expression."""
        pa = extras.pyarrow("where=")
        if not isinstance(expression, pa.compute.Expression):
            raise TypeError(
                "where: expected a function of the row, or an expression of pyarrow such as "
                f'pyarrow.compute.field("city") == "Bonn", found {errors.short(expression)}'
            )
        text = str(expression)
        known = {column.name for column in columns}
        more = copy(self)
        more._wanted = [c.name for c in more.columns() if c.name not in known and c.name in text]
        found = more.certain() if more._wanted else []
        try:  # before any row is read, as there may be none
            self.schema([*columns, *found]).empty_table().filter(expression)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            name = re.search(r"No match for FieldRef\.Name\((.*?)\) in", str(error))
            if name is not None:
                raise self._no_column(name[1], {column.name: column for column in self.columns()}) from None
            raise errors.SchemaError(
                f"table {self.source.table}, where: {text} does not fit the columns: {error}", table=self.source.table
            ) from error
        return found

    def _arrow(self, column: Column, values: Any, chunk: tuple[list[bytes], list[bytes]]) -> Any:
        pa = extras.pyarrow("to_arrow()")
        try:
            array = column.kind.to_arrow(values)
        except Exception as error:
            raise self._unfit(column, values, chunk, error, column.kind.to_arrow) from error
        if isinstance(array, pa.ChunkedArray):
            raise errors.EncodeError(
                f"table {self.source.table}, column {column.name}: a batch of {len(values)} rows is larger than an "
                "Arrow array can be; give a smaller batch_rows",
                table=self.source.table,
                field=column.name,
            )
        return array

    def _unfit(self, column: Column, values: Any, chunk: Any, error: Exception, convert: Any) -> Exception:
        """The error for a batch of which a column cannot be made: that of the first value which cannot."""
        if not (isinstance(error, Misfit) and error.at is not None):
            for at in range(len(values)):
                try:
                    convert(values[at : at + 1])
                except Misfit as wrong:
                    error = Misfit(wrong.expected, f"\0{wrong.found}", at)
                    break
                except Exception as other:
                    error = Misfit(f"{column.kind.expects} that fits its column", values[at], at)
                    error.__cause__ = other
                    break
        return self._misfit(chunk, column, error) if isinstance(error, Misfit) else error

    def _misfit(self, chunk: Any, column: Column | None, wrong: Misfit) -> Exception:
        key, name = None, "" if column is None else f", column {column.name}"
        if wrong.at is not None:
            key = self.source.key.decode(chunk[0][wrong.at])
        where = f"table {self.source.table}" + ("" if key is None else f", key {errors.short(key)}") + name
        return errors.ValueTypeError(
            f"{where}: expected {wrong.expected}, found {wrong.found}; schema={{...}} gives columns other types",
            table=self.source.table,
            key=key,
            field=None if column is None else column.name,
            expected=wrong.expected,
            found=wrong.found,
        )

    # -- NumPy

    def numpy(self) -> dict[str, Any]:
        """All rows, as a NumPy array for each column."""
        import numpy as np

        columns = self.certain()
        expression = None if self.where is None or callable(self.where) else self.where
        more = self._mentioned(expression, columns) if expression is not None else []
        read = [*columns, *more]
        pieces: list[list[Any]] = [[] for _ in columns]
        for count, vectors, chunk in self.batches(read):
            taken: Any = None
            if expression is not None:
                pa = extras.pyarrow("where=")
                arrays = [self._arrow(c, v, chunk) for c, v in zip(read, vectors, strict=True)]
                names = [c.name for c in read]
                batch = pa.RecordBatch.from_arrays([*arrays, pa.array(range(count))], names=[*names, "\0row"])
                kept = [part.column(len(names)).to_numpy() for part in filtered(batch, expression, pa)]
                taken = np.concatenate(kept) if kept else np.array([], np.int64)
            for column, values, piece in zip(columns, vectors, pieces, strict=False):
                try:
                    array = column.kind.to_numpy(values)
                except Exception as error:
                    raise self._unfit(column, values, chunk, error, column.kind.to_numpy) from error
                piece.append(array if taken is None else array[taken])
        return {c.name: joined_arrays(c.kind, piece) for c, piece in zip(columns, pieces, strict=True)}


def _given(schema: Any) -> dict[str, Any]:
    """The types that the caller gives: of Arrow as they are, of Python as their kind."""
    if schema is None:
        return {}
    if not isinstance(schema, Mapping):
        pa = extras.pyarrow("schema=")
        if not isinstance(schema, pa.Schema):
            raise TypeError(
                f"schema: expected a pyarrow.Schema or a mapping of names to types, found {errors.short(schema)}"
            )
        return {field.name: field.type for field in schema}
    found: dict[str, Any] = {}
    for name, declared in schema.items():
        if isinstance(declared, str):
            raise TypeError(f"schema: expected a type of pyarrow or Python for {name}, found the text {declared!r}")
        module = getattr(type(declared), "__module__", "")
        found[name] = declared if module.startswith("pyarrow") else kind_of(declared)
    return found
