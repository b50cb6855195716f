"""Opening what holds columns: an iterator of record batches, read as they are taken."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.given import array_of, filled
from zlmdb.columns.kind import Kind, Misfit

__all__ = ["Batches", "open_columns", "without_views"]

Declared = Callable[[str], Kind | None]

#: How many rows of a file are in memory at a time.
ROWS = 65_536


@dataclass(frozen=True)
class Batches:
    """Record batches.

    Attributes:
        batches: an iterator of them.
        path: of the file that they come from, or None.
        total: number of rows, or None if that is not known.
        text: True if the values were text, and empty text may stand for None.
        names: of the columns; None if only the batches tell.
    """

    batches: Iterator[Any]
    path: str | None = None
    total: int | None = None
    text: bool = False
    names: list[str] | None = None


def open_columns(given: Any, text_types: Callable[[list[str]], dict[str, Any]], declared: Declared) -> Batches:
    """The batches of something that holds columns.

    Args:
        given: a path, an Arrow object, or a frame of pandas or Polars.
        text_types: gives the types of the columns of a text file, by name.
        declared: gives the kind of the column of a name, where objects of Python do not tell; None if it is not known.

    Raises:
        MissingExtra: if pyarrow is not installed.
        FileNotFoundError: if there is no such file.
        ValueError: if it is not known what a file holds.
    """
    pa = extras.pyarrow("load() of columns")
    if isinstance(given, (str, os.PathLike)):
        return _file(os.fspath(given), text_types)
    if type(given).__module__.partition(".")[0] == "pandas":
        given = _of_pandas(given, pa, declared)
    if isinstance(given, pa.RecordBatch):
        return Batches(iter([given]), total=given.num_rows, names=given.schema.names)
    if isinstance(given, pa.Table):
        return Batches(iter(given.to_batches(max_chunksize=ROWS)), total=given.num_rows, names=list(given.column_names))
    if hasattr(given, "to_reader"):  # a dataset's scanner
        return _stream(given.to_reader())
    if hasattr(given, "__arrow_c_stream__"):
        return _stream(pa.RecordBatchReader.from_stream(given), _length(given))
    if hasattr(given, "__arrow_c_array__"):
        batch = pa.record_batch(given)
        return Batches(iter([batch]), total=batch.num_rows, names=batch.schema.names)
    if hasattr(given, "to_batches"):  # a dataset
        return Batches(_sliced(given.to_batches()), names=given.schema.names)
    raise TypeError(f"load(): expected rows, columns or a path, found {type(given).__name__} {errors.short(given)}")


def without_views(array: Any) -> Any:
    """The array with text and bytes inside of lists and structs in the types that all functions of pyarrow know."""
    pa = extras.pyarrow()
    if not pa.types.is_nested(array.type):
        return array
    wanted = _without_views(array.type, pa)
    return array if wanted == array.type else array.cast(wanted)


def _without_views(found: Any, pa: Any) -> Any:
    if pa.types.is_struct(found):
        return pa.struct([field.with_type(_without_views(field.type, pa)) for field in found])
    if pa.types.is_map(found):
        return pa.map_(_without_views(found.key_type, pa), _without_views(found.item_type, pa))
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        kind = pa.list_ if pa.types.is_list(found) else pa.large_list
        return kind(found.value_field.with_type(_without_views(found.value_type, pa)))
    if pa.types.is_string_view(found):
        return pa.string()
    if pa.types.is_binary_view(found):
        return pa.binary()
    if pa.types.is_dictionary(found):
        return _without_views(found.value_type, pa)
    return found


def _length(given: Any) -> int | None:
    try:
        return len(given)
    except TypeError:
        return None


def _stream(reader: Any, total: int | None = None) -> Batches:
    return Batches(_sliced(reader), total=total, names=reader.schema.names)


def _sliced(batches: Any) -> Iterator[Any]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            yield batch.slice(start, ROWS)


def _of_pandas(frame: Any, pa: Any, declared: Declared) -> Any:
    """The Arrow table of a frame; its index, if it has a name, is a column."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = {}
    for name, column in frame.items():
        try:
            columns[str(name)] = _of_series(column, pa, declared(str(name)))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise errors.ValueTypeError(
                f"data frame, column {name}: expected values of one type, found others: {error}", field=str(name)
            ) from error
    return pa.table(columns)


def _of_series(column: Any, pa: Any, kind: Kind | None) -> Any:
    """The Arrow array of a column. What pandas takes for missing is null; NaN is not, where None is not allowed."""
    nan = kind is not None and kind.nan and not kind.optional
    if column.dtype.kind == "O" and column.dtype == object:
        try:
            return array_of(filled(column.tolist(), nan), kind)
        except Misfit as wrong:
            raise pa.ArrowInvalid(
                f"row {(wrong.at or 0) + 1}: expected {wrong.expected}, found {wrong.found}"
            ) from None
    if nan and column.dtype.kind == "f" and not hasattr(column.dtype, "na_value"):
        return pa.array(column.to_numpy())
    return pa.Array.from_pandas(column)


def _file(path: str, text_types: Callable[[list[str]], dict[str, Any]]) -> Batches:
    name = path.lower()
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path}")
    if name.endswith((".parquet", ".pq")):
        return _parquet(path)
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")):
        return _csv(path, "\t" if ".tsv" in name else ",", text_types)
    if name.endswith((".arrow", ".feather", ".ipc")):
        return _ipc(path)
    raise ValueError(
        f"file {path}: expected the ending .parquet, .csv, .tsv (or .csv.gz, .tsv.gz) or .arrow, which tells the format"
    )


def _ipc(path: str) -> Batches:
    pa = extras.pyarrow("load()")
    try:
        file = pa.ipc.open_file(path)
    except pa.ArrowInvalid as error:
        raise errors.DecodeError(f"file {path}: expected an Arrow file: {error}") from error

    def batches() -> Iterator[Any]:
        try:
            yield from _sliced(file.get_batch(at) for at in range(file.num_record_batches))
        except (pa.ArrowInvalid, OSError) as error:
            raise errors.DecodeError(f"file {path}: expected an Arrow file: {error}") from error

    return Batches(batches(), path, names=file.schema.names)


def _parquet(path: str) -> Batches:
    pa = extras.pyarrow("load()")
    parquet = extras.need("pyarrow.parquet", "load() of a Parquet file")
    try:
        file = parquet.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise errors.DecodeError(f"file {path}: expected a Parquet file: {error}") from error

    def batches() -> Iterator[Any]:
        with file:
            yield from file.iter_batches(batch_size=ROWS)

    return Batches(batches(), path, file.metadata.num_rows, names=file.schema_arrow.names)


def _csv(path: str, delimiter: str, text_types: Callable[[list[str]], dict[str, Any]]) -> Batches:
    pa = extras.pyarrow("load()")
    csv = extras.need("pyarrow.csv", "load() of a CSV file")
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    names = _header(path, csv, parse)
    convert = csv.ConvertOptions(column_types=text_types(names), strings_can_be_null=False, null_values=[""])
    # One thread, because only then errors tell the row.
    read = csv.ReadOptions(use_threads=False)

    def batches() -> Iterator[Any]:
        try:
            with csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader:
                yield from _sliced(reader)
        except pa.ArrowInvalid as error:
            raise _unreadable(path, names, str(error)) from error

    return Batches(batches(), path, text=True, names=names)


def _header(path: str, csv: Any, parse: Any) -> list[str]:
    from pyarrow import ArrowInvalid, CompressedInputStream, OSFile

    try:
        file = OSFile(path)
        stream = CompressedInputStream(file, "gzip") if path.lower().endswith(".gz") else file
        with file, stream:
            start = stream.read(1 << 20)
        lines = start.split(b"\n", 1)
        import csv as text

        first = next(text.reader([lines[0].decode("utf-8-sig").rstrip("\r")], delimiter=parse.delimiter), [])
    except (ArrowInvalid, UnicodeDecodeError) as error:
        raise errors.DecodeError(f"file {path}: expected a CSV file in UTF-8: {error}") from error
    if not first:
        raise errors.DecodeError(f"file {path}: expected a line with the names of the columns, found an empty file")
    return first


def _unreadable(path: str, names: list[str], said: str) -> errors.ValueTypeError:
    """The error for what pyarrow says of a CSV file, in our words where it tells the place."""
    found = re.search(
        r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): invalid value '(.*)'", said
    )
    if found is None:
        return errors.ValueTypeError(f"file {path}: {said}")
    name = names[int(found[1])] if int(found[1]) < len(names) else f"#{found[1]}"
    row = "" if found[2] is None else f", row {int(found[2]) - 1}"  # the first line is the header
    return errors.ValueTypeError(
        f"file {path}{row}, column {name}: expected {found[3]}, found {found[4]!r}",
        field=name,
        expected=found[3],
        found=found[4],
    )
