"""Questions in SQL: DuckDB asks, the tables answer with Arrow batches of just the columns and keys that it needs.

Every table that a query names becomes a view over a data set that DuckDB scans. For each scan DuckDB says which columns
it wants and which conditions rows must meet; the plan of the query is read beforehand, for conditions on keys of types
that DuckDB does not hand to a scan (UUIDs, times in nanoseconds). Conditions on the leading parts of the key become
ranges of keys, an equality on an indexed column becomes ranges of the index, and conditions on the time of series one
of times; all others are checked on the batches.

Nothing is written, no file is read, and names of Python variables mean nothing.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from zlmdb import errors
from zlmdb.columns import extras
from zlmdb.columns.pieces import filtered
from zlmdb.columns.pushdown import Condition, scans
from zlmdb.columns.result import Result, as_declared
from zlmdb.database.mapscan import MapScan
from zlmdb.database.params import values_of
from zlmdb.tables.hooks import HookedTable, Scan

if TYPE_CHECKING:
    from zlmdb.database.transaction import Transaction

__all__ = ["names_of", "query"]

#: How many rows are handed to DuckDB at a time.
SCAN_ROWS = 32_768
#: How much of the machine's memory queries may take before they go on in temporary files.
MEMORY = "50%"
_SHOW = re.compile(r"\s*show\b", re.IGNORECASE)


def names_of(db: Any) -> dict[str, list[type[Any]]]:
    """The attached tables by the names that a query may use: of their classes, and of the schema's attributes.

    A name that several tables have names all of them here, and none in a query. Of classes that declare the same table,
    the one that was attached last stands for it.
    """
    found: dict[str, list[type[Any]]] = {}
    tables = getattr(type(db.schema), "tables", None)
    for name, table in (tables() if tables is not None else {}).items():
        if table in db._tables:
            found.setdefault(name.lower(), []).append(table)
    declared = {name: list(held) for name, held in found.items()}
    for table in db._tables:
        name = table.__name__.lower()
        if name not in declared and table not in found.setdefault(name, []):
            found[name].append(table)
    return {name: _latest(db, held) for name, held in found.items()}


def _latest(db: Any, tables: list[type[Any]]) -> list[type[Any]]:
    if len(tables) == 1:
        return tables
    known = {db._tables[table]._definition.oid or table: table for table in tables}
    return list(known.values())


def _told_apart(table: str, names: Iterable[str]) -> None:
    """Refuse a table with columns that SQL takes for one.

    Raises:
        QueryError: naming both.
    """
    alike: dict[str, str] = {}
    for name in names:
        other = alike.setdefault(_folded(name), name)
        if other is not name:
            raise errors.QueryError(
                f"table {table}: SQL does not tell the columns {other} and {name} apart, which differ in case only; "
                "take its columns with to_arrow()",
                table=table,
                field=name,
            )


def _folded(name: str) -> str:
    """A name as DuckDB compares it: without regard to the case of the letters of ASCII, and of no others."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


class _View:
    """A table in a query.

    Args:
        number: of the table, which makes the names of its columns unlike those of all other tables.
        table: the table in the transaction.
        run: the query.
    """

    def __init__(self, number: int, table: Any, run: _Run) -> None:
        self.source = f"zlmdb scan {number}"  # no class and no attribute has such a name
        self.run = run
        self.scan: Scan = table._zlmdb_scan(SCAN_ROWS) if isinstance(table, HookedTable) else MapScan(table, SCAN_ROWS)
        _told_apart(table._definition.name, self.scan.names)
        names = {name: f"t{number}_c{at}" for at, name in enumerate(self.scan.names)}
        #: The columns by the names that DuckDB knows them by, the key first: what counts rows reads the first one.
        self.columns = {names[name]: name for name in sorted(names, key=lambda name: name not in self.scan.keys)}
        self.select = ", ".join(f'"{short}" AS {_quoted(name)}' for name, short in names.items())

    def schema(self, names: Sequence[str]) -> Any:
        """The Arrow schema of some columns."""
        pa = extras.pyarrow("SQL")
        fields = self.scan.schema([self.columns[name] for name in names])
        return pa.schema([field.with_name(name) for name, field in zip(names, fields, strict=True)])

    def narrow(self, found: list[tuple[list[str], list[Condition]]]) -> None:
        """Read only what the scans of this table need.

        Args:
            found: columns and conditions of each scan of the plan.
        """
        mine = [held for read, held in found if any(name in self.columns for name in read)]
        ranges = isinstance(self.scan, MapScan)
        self.scan.narrow(
            [
                [
                    (self.columns[name], mark, text)
                    for name, mark, text in held
                    if name in self.columns and (ranges or mark != "within")
                ]
                for held in mine
            ]
        )

    def batches(self, names: Sequence[str], condition: Any) -> Iterator[Any]:
        """The record batches of a scan."""
        pa = extras.pyarrow("SQL")
        mentioned = [] if condition is None else re.findall(r"\bt\d+_c\d+\b", str(condition))
        read = list(dict.fromkeys([*names, *[name for name in mentioned if name in self.columns]]))
        wide, narrow = self.schema(read), self.schema(names)
        for batch in self.run.guarded(self.scan.batches([self.columns[name] for name in read])):
            batch = pa.RecordBatch.from_arrays(batch.columns, schema=wide)
            for part in [batch] if condition is None else filtered(batch, condition, pa):
                yield pa.RecordBatch.from_arrays(part.columns[: len(names)], schema=narrow)

    def reader(self, names: Sequence[str] | None, condition: Any) -> Any:
        """What DuckDB scans: a pyarrow.RecordBatchReader."""
        wanted = list(self.columns) if not names else list(names)
        pa = extras.pyarrow("SQL")
        return pa.RecordBatchReader.from_batches(self.schema(wanted), self.batches(wanted, condition))


class _Run:
    """One query: what went wrong in its scans, and the lock that lets one scan at a time use the transaction."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.lock = threading.Lock()
        #: Tables that cannot be asked, and why; an error only if the query does ask them.
        self.unusable: dict[str, Exception] = {}

    def guarded(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The batches, one scan at a time; DuckDB has several threads."""
        while True:
            with self.lock:
                try:
                    batch = next(batches, None)
                except BaseException as error:
                    # DuckDB makes text of it; the caller is to get the error itself.
                    self.error = self.error or error
                    raise
            if batch is None:
                return
            yield batch


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


#: DuckDB as each process has it: making it takes longer than a small query. That of the parent of a fork is kept, but
#: not touched, because its threads are not here. With the directory in which it may make one.
_engines: dict[int, tuple[Any, str]] = {}


def _remove(directory: str, process: int) -> None:
    if os.getpid() == process:  # not a child of a fork
        shutil.rmtree(directory, ignore_errors=True)


def _private() -> str:
    """The directory of this user, which nobody else can read, for what does not fit in memory.

    DuckDB makes one of its own in it when it needs one, and removes it. A directory for each process would be left by
    all that end without clean-up: those that are killed, and the workers of multiprocessing.
    """
    path = os.path.join(tempfile.gettempdir(), f"zlmdb-sql-{_user()}")
    if not _is_private(path):  # somebody else made it, or a link of that name
        path = tempfile.mkdtemp(prefix="zlmdb-sql-")
        atexit.register(_remove, path, os.getpid())
    return path


def _user() -> int:
    return int(getattr(os, "geteuid", int)())


def _is_private(path: str) -> bool:
    """True for a directory of this user that nobody else can read; made, if there is nothing."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(path)
    own = os.name != "posix" or (found.st_uid == _user() and not found.st_mode & 0o077)
    return stat.S_ISDIR(found.st_mode) and own


def _connection(duckdb: Any) -> Any:
    """A connection of its own for one query, with views of its own, which sees nothing but what it is given."""
    engine, private = _engines.get(os.getpid(), (None, ""))
    if engine is not None and not _is_private(private):
        # The system's clean-up took it away, and then somebody made another one; DuckDB cannot be sent elsewhere.
        _engines.pop(os.getpid(), None)
        engine = None
    if engine is None:
        private = _private()  # not the working directory
        spill = os.path.join(private, f"{os.getpid()}-{uuid4().hex}")
        atexit.register(_remove, spill, os.getpid())
        config = {"python_enable_replacements": "false", "temp_directory": spill, "memory_limit": MEMORY}
        engine = duckdb.connect(":memory:", config=config)
        engine.execute("SET GLOBAL TimeZone = 'UTC'")
        engine.execute("SET enable_external_access = false; SET lock_configuration = true")
        engine, private = _engines.setdefault(os.getpid(), (engine, private))
    return engine.cursor()


_dataset: Any = None


def _dataset_class() -> Any:
    """The class of data sets that DuckDB asks for columns and conditions; made on first use, as it takes pyarrow."""
    global _dataset
    if _dataset is None:
        ds = extras.need("pyarrow.dataset", "SQL")

        class Scan(ds.Scanner):  # type: ignore[misc,name-defined]
            def __init__(self, view: _View, names: Any, condition: Any) -> None:
                self._arguments = view, names, condition

            @property
            def projected_schema(self) -> Any:
                view, names, _ = self._arguments
                return view.schema(names or list(view.columns))

            def to_reader(self) -> Any:
                view, names, condition = self._arguments
                return view.reader(names, condition)

        class Table(ds.Dataset):  # type: ignore[misc,name-defined]
            def __init__(self, view: _View) -> None:
                self._view = view

            @property
            def schema(self) -> Any:
                return self._view.schema(list(self._view.columns))

            def scanner(self, columns: Any = None, filter: Any = None, **options: Any) -> Any:
                return Scan(self._view, columns, filter)

        _dataset = Table
    return _dataset


def query(txn: Transaction, text: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
    """The answer to a query; see :meth:`zlmdb.Transaction.sql`."""
    duckdb = extras.duckdb("sql()")
    extras.pyarrow("sql()")
    txn._require_open()
    if not isinstance(text, str):
        raise errors.QueryError(f"expected a query as text, found {errors.short(text)}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise errors.QueryError(f"expected a query that UTF-8 can hold, found {errors.short(text)}") from error
    con = _connection(duckdb)
    run = _Run()
    try:
        _check(con, duckdb, text)
        views = _views(con, txn, text, run)
        values = values_of(params)
        if views:
            plan = con.execute(f"EXPLAIN (FORMAT json)\n{text}", values).fetchall()
            found = [scan for _, part in plan for scan in scans(json.loads(part))]
            for view in views:
                view.narrow(found)
        relation = con.sql(text, params=values)
        found_table = relation.to_arrow_table()
        if _SHOW.match(text):
            found_table = _without_scans(found_table)
        return Result(as_declared(found_table, relation.types))
    except duckdb.Error as error:
        if run.error is not None:
            raise run.error from None
        missing = _no_table(txn, run, error)
        if missing is not None:
            raise missing from error
        said = re.sub(r"^LINE (\d+)", lambda line: f"LINE {max(1, int(line[1]) - 1)}", str(error), flags=re.MULTILINE)
        raise errors.QueryError(f"{txn._db.dbpath}: {said}") from error
    finally:
        con.close()


def _check(con: Any, duckdb: Any, text: str) -> None:
    """Refuse what is not one SELECT statement."""
    statements = con.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        found = ", ".join(str(s.type).rpartition(".")[2] for s in statements) or "none"
        raise errors.QueryError(
            f"expected one SELECT statement, found {found}; tables are written through their maps",
            expected="one SELECT statement",
            found=found,
        )


def _views(con: Any, txn: Transaction, text: str, run: _Run) -> list[_View]:
    """Make views of the tables whose names stand in a query. A word too many costs little, and is not looked at."""
    known = names_of(txn._db)
    words = set(re.findall(r"\w+", text.lower()))
    show = _SHOW.match(text) is not None
    views: dict[type[Any], _View] = {}
    for name, tables in known.items():
        if not (show or words.issuperset(re.findall(r"\w+", name))):
            continue
        if len(tables) > 1:
            run.unusable[name] = errors.QueryError(
                f"{txn._db.dbpath}: {name} names {len(tables)} tables; give them names of their own in a schema",
                table=name,
            )
            continue
        view = views.get(tables[0])
        if view is None:
            try:
                view = _View(len(views), txn[tables[0]], run)
            except errors.ZlmdbError as error:
                run.unusable[name] = error
                continue
            views[tables[0]] = view
            con.register(view.source, _dataset_class()(view))
        # In the cases that the query has it in, where DuckDB tells them apart.
        spelled = [name] if name.isascii() else re.findall(re.escape(name), text, re.IGNORECASE) or [name]
        for spelling in dict.fromkeys(map(_folded, spelled)):
            con.execute(f"CREATE TEMP VIEW {_quoted(spelling)} AS SELECT {view.select} FROM {_quoted(view.source)}")
    return list(views.values())


def _without_scans(table: Any) -> Any:
    """A list of tables without those that only the views here read."""
    pa, compute = extras.pyarrow("SQL"), extras.need("pyarrow.compute", "SQL")
    for name in ("name", "table_name"):
        if name in table.column_names and pa.types.is_string(table.column(name).type):
            ours = compute.match_substring_regex(table.column(name), r"^zlmdb scan \d+$")
            table = table.filter(compute.invert(ours))
    return table


def _no_table(txn: Transaction, run: _Run, error: Exception) -> Exception | None:
    """The error for a table that is not there, if that is what DuckDB says."""
    found = re.search(r"Table with name \"?([^\"]+?)\"? does not exist", str(error))
    if found is None:
        return None
    name = found[1]
    if name.lower() in run.unusable:
        return run.unusable[name.lower()]
    known = names_of(txn._db)
    return errors.TableNotAttached(
        f"{txn._db.dbpath}: there is no table {name}; attached are {', '.join(sorted(known)) or 'none'}", table=name
    )
