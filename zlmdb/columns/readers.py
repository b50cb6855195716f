"""Opening what holds columns: an iterator of record batches, read as they are taken."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.arraykind import Arrays, Vectors
from zlmdb.columns.arrays import arrow_array
from zlmdb.columns.given import array_of, filled
from zlmdb.columns.kind import Kind, Misfit
from zlmdb.columns.output import named_arrays
from zlmdb.columns.timekinds import Aware

__all__ = ["Batches", "open_columns", "without_views"]

Declared = Callable[[str], Kind | None]

#: How many rows of a file are in memory at a time.
ROWS = 65_536
#: How many bytes of a CSV file are read at a time, and how many at most, where a row is longer.
BLOCK = 1 << 20
MOST_BLOCK = 1 << 30


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
    arrays = named_arrays(given)
    package = type(given).__module__.partition(".")[0]
    if package == "pandas" and hasattr(given, "items") and hasattr(given, "columns"):
        given = _of_pandas(given, pa, declared)
    elif package == "pandas":
        raise TypeError(f"load(): expected columns with names, found {type(given).__name__}; hand over a DataFrame")
    elif arrays is not None:
        given = _of_arrays(arrays, pa, declared)
    elif package == "polars" and hasattr(given, "get_columns"):
        given = _of_polars(given, pa, declared)
    if isinstance(given, pa.RecordBatch):
        return Batches(iter([given]), total=given.num_rows, names=given.schema.names)
    if isinstance(given, pa.Table):
        return Batches(iter(given.to_batches(max_chunksize=ROWS)), total=given.num_rows, names=list(given.column_names))
    if hasattr(given, "to_reader"):  # a dataset's scanner
        return _stream(given.to_reader())
    try:
        if hasattr(given, "__arrow_c_stream__"):
            total = _length(given)  # before the stream is open: what asks a database has one answer at a time
            return _stream(pa.RecordBatchReader.from_stream(given), total)
        if hasattr(given, "__arrow_c_array__"):
            batch = pa.record_batch(given)
            return Batches(iter([batch]), total=batch.num_rows, names=batch.schema.names)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:  # a column alone
        raise TypeError(f"load(): expected columns with names, found {type(given).__name__}: {error}") from error
    if hasattr(given, "collect"):
        raise TypeError(f"load(): expected rows, columns or a path, found {type(given).__name__}; hand over collect()")
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
    if type(given).__module__.partition(".")[0] in ("duckdb", "_duckdb") or hasattr(given, "_zlmdb_scan"):
        return None  # which count their rows by asking once more, or something else than rows
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
    """The Arrow table of a frame; its index, if it has a name, is a column. A name that comes twice stays so."""
    index = frame.index
    held: list[tuple[Any, Any]] = []
    if any(name is not None for name in index.names):
        for at, name in enumerate(index.names):
            held.append((f"level_{at}" if name is None else name, index.get_level_values(at).to_series()))
    held += frame.items()
    columns = []
    for name, column in held:
        try:
            columns.append(_of_series(column, pa, declared(str(name))))
        except Misfit as wrong:
            row = "" if wrong.at is None else f", row {wrong.at + 1}"
            raise errors.ValueTypeError(
                f"data frame{row}, column {name}: expected {wrong.expected}, found {wrong.found}", field=str(name)
            ) from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise errors.ValueTypeError(
                f"data frame, column {name}: expected values of one type, found others: {error}", field=str(name)
            ) from error
    return pa.Table.from_arrays(columns, names=[str(name) for name, _ in held])


def _of_arrays(arrays: Mapping[str, Any], pa: Any, declared: Declared) -> Any:
    """The Arrow table of NumPy arrays by name, as to_numpy() gives them."""
    single = next((name for name, array in arrays.items() if array.ndim == 0), None)
    if single is not None:
        raise errors.ValueTypeError(f"arrays, column {single}: expected an array, found one value", field=single)
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise errors.ValueTypeError(f"arrays: expected arrays of one length, found {lengths}")
    columns = {}
    for name, array in arrays.items():
        try:
            columns[name] = _of_array(array, pa, declared(name))
        except Misfit as wrong:
            row = "" if wrong.at is None else f", row {wrong.at + 1}"
            raise errors.ValueTypeError(
                f"arrays{row}, column {name}: expected {wrong.expected}, found {wrong.found}", field=name
            ) from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise errors.ValueTypeError(f"arrays, column {name}: {error}", field=name) from error
    return pa.table(columns)


def _of_polars(frame: Any, pa: Any, declared: Declared) -> Any:
    """The frame; with the objects of Python in it, of which Polars hands out addresses, as values."""
    held = [column for column in frame.get_columns() if str(column.dtype) == "Object"]
    if not held:
        return frame
    table = pa.table(frame.drop([column.name for column in held]))
    for column in held:
        try:
            table = table.append_column(column.name, array_of(column.to_list(), declared(column.name)))
        except Misfit as wrong:
            row = "" if wrong.at is None else f", row {wrong.at + 1}"
            raise errors.ValueTypeError(
                f"data frame{row}, column {column.name}: expected {wrong.expected}, found {wrong.found}",
                field=column.name,
            ) from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise errors.ValueTypeError(
                f"data frame, column {column.name}: expected values of one type, found objects: {error}",
                field=column.name,
            ) from error
    return table.select(frame.columns)


def _of_array(array: Any, pa: Any, kind: Kind | None) -> Any:
    import numpy as np

    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if isinstance(array, np.ma.MaskedArray):
        return pa.array(np.ma.getdata(array), mask=np.ma.getmaskarray(array))
    if array.dtype.kind == "O":
        values = array.tolist()
        if any(isinstance(value, np.ndarray) for value in values) and not isinstance(kind, Vectors):
            return Arrays().settle(values).to_arrow(values)
        return array_of(values, kind)
    if array.ndim > 1:
        return Arrays().settle(list(array)).to_arrow(list(array))
    if array.dtype.kind == "M" and isinstance(kind, Aware):
        return pa.array(array.astype("M8[us]")).cast(pa.timestamp("us", "UTC"))  # NumPy's times have no zone
    if array.dtype.kind == "f" and kind is not None and kind.nan and kind.optional:
        return pa.array(array, mask=np.isnan(array))
    try:
        made = arrow_array(np.ascontiguousarray(array))
    except ValueError as error:
        raise Misfit("times that Arrow can hold", f"\0{str(error).rpartition('found ')[2]}") from None
    if array.dtype.kind in "mM" and kind is not None and not (pa.types.is_temporal(made.type)):
        raise Misfit(kind.expects, f"\0{array.dtype}")  # numbers of a unit that nobody would know
    return made


def _of_series(column: Any, pa: Any, kind: Kind | None) -> Any:
    """The Arrow array of a column. What pandas takes for missing is null; NaN is not, where None is not allowed."""
    nan = kind is not None and kind.nan and not kind.optional
    if column.dtype.kind == "O" and column.dtype == object:
        return array_of(filled(column.tolist(), nan), kind)
    if str(column.dtype).startswith("Sparse"):
        column = column.sparse.to_dense()
    if nan and column.dtype.kind == "f" and not hasattr(column.dtype, "na_value"):
        return pa.array(column.to_numpy())
    return pa.Array.from_pandas(column)


def _file(path: str, text_types: Callable[[list[str]], dict[str, Any]]) -> Batches:
    name = path.lower()
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path}")
    if os.path.isdir(path):
        raise ValueError(
            f"{path}: expected a file, found a directory; hand over pyarrow.dataset.dataset(path), "
            'of a partitioned one with partitioning="hive"'
        )
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
        try:
            with file:
                yield from file.iter_batches(batch_size=ROWS)
        except (pa.ArrowInvalid, OSError) as error:
            raise errors.DecodeError(f"file {path}: expected a Parquet file: {error}") from error

    return Batches(batches(), path, file.metadata.num_rows, names=file.schema_arrow.names)


def _csv(path: str, delimiter: str, text_types: Callable[[list[str]], dict[str, Any]]) -> Batches:
    pa = extras.pyarrow("load()")
    csv = extras.need("pyarrow.csv", "load() of a CSV file")
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    names, empty = _header(path, delimiter)
    convert = csv.ConvertOptions(column_types=text_types(names), strings_can_be_null=False, null_values=[""])

    def batches() -> Iterator[Any]:
        done, block, lines = 0, BLOCK, False
        while not empty:
            # One thread, because only then errors tell the row.
            read = csv.ReadOptions(use_threads=False, block_size=block)
            before = done
            try:
                with csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader:
                    for batch in _sliced(_behind(reader, before)):
                        done += batch.num_rows
                        yield batch
                        lines = _ends_in_lines(batch)
                if done and lines and _unclosed(path, delimiter):
                    raise errors.DecodeError(f"file {path}, row {done}: expected a quote that is closed, found the end")
                return
            except (pa.ArrowInvalid, OSError) as error:
                if "straddl" in str(error) and block < MOST_BLOCK:
                    block *= 16  # a row is longer than a block: again, from where we are
                    continue
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise _unreadable(path, names, str(error)) from error

    return Batches(batches(), path, text=True, names=names)


def _ends_in_lines(batch: Any) -> bool:
    """True if there is a value of several lines in the last row: only there a quote can be open."""
    found = [column[-1].as_py() for column in batch.columns if batch.num_rows]
    return any(
        "\n" in value if isinstance(value, str) else isinstance(value, bytes) and b"\n" in value for value in found
    )


def _unclosed(path: str, delimiter: str) -> bool:
    """True if a quote is still open at the end of a CSV file, which pyarrow takes for the end of its text."""
    import csv
    import gzip

    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
            for _ in csv.reader(file, delimiter=delimiter, strict=True):
                pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _behind(batches: Any, rows: int) -> Iterator[Any]:
    """The batches without the first rows."""
    for batch in batches:
        skipped = min(rows, batch.num_rows)
        rows -= skipped
        yield batch.slice(skipped)


def _header(path: str, delimiter: str) -> tuple[list[str], bool]:
    """The names in the first line that is not blank; and True if there is nothing behind it."""
    import csv as text
    import io

    from pyarrow import ArrowInvalid, CompressedInputStream, OSFile

    try:
        file = OSFile(path)
        stream = CompressedInputStream(file, "gzip") if path.lower().endswith(".gz") else file
        with file, stream:
            start = bytes(stream.read(BLOCK))
        lines = text.reader(io.StringIO(start.decode("utf-8-sig", "replace"), newline=""), delimiter=delimiter)
        first = next((line for line in lines if line), [])
        if any("\ufffd" in name for name in first):
            raise errors.DecodeError(f"file {path}: expected a CSV file in UTF-8, found names that are not")
        empty = len(start) < BLOCK and next((line for line in lines if line), None) is None
    except (ArrowInvalid, text.Error) as error:
        raise errors.DecodeError(f"file {path}: expected a CSV file: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise errors.DecodeError(f"file {path}: expected a CSV file: {error}") from error
    if not first:
        raise errors.DecodeError(f"file {path}: expected a line with the names of the columns, found an empty file")
    return first, empty


def _unreadable(path: str, names: list[str], said: str) -> errors.ValueTypeError:
    """The error for what pyarrow says of a CSV file, in our words where it tells the place."""
    found = re.search(
        r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): invalid value '(.*)'", said
    )
    if found is None:
        found = re.search(
            r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to (timestamp[^:]*): "
            r"expected (?:a|no) zone offset in '(.*?)'",
            said,
        )
    if found is None:
        found = re.search(
            r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to (string): (invalid UTF8) data", said
        )
    if found is None:
        bad = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+): ?(.*)", said, re.DOTALL)
        if bad is not None:
            line = errors.short(bad[4])
            return errors.ValueTypeError(
                f"file {path}, row {int(bad[1]) - 1}: expected {bad[2]} columns, found {bad[3]}: {line}",
                expected=f"{bad[2]} columns",
                found=f"{bad[3]} columns",
            )
        return errors.ValueTypeError(f"file {path}: {said}")
    name = names[int(found[1])] if int(found[1]) < len(names) else f"#{found[1]}"
    row = "" if found[2] is None else f", row {int(found[2]) - 1}"  # the first line is the header
    expected = found[3]
    if found[4] == "invalid UTF8":
        return errors.ValueTypeError(
            f"file {path}{row}, column {name}: expected text in UTF-8, found bytes that are not", field=name
        )
    if expected.startswith("timestamp"):
        expected = f"a time {'with' if 'tz=' in expected else 'without'} a timezone"
    return errors.ValueTypeError(
        f"file {path}{row}, column {name}: expected {expected}, found {found[4]!r}",
        field=name,
        expected=expected,
        found=found[4],
    )
