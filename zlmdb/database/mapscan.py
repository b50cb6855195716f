"""Maps in questions: only those ranges of keys are read, or of an index, in which an answer can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from zlmdb import errors
from zlmdb.columns.frame import Frame
from zlmdb.columns.pushdown import Condition, key_ranges
from zlmdb.keys import Composite
from zlmdb.tables import bounds
from zlmdb.tables.definition import IndexDefinition
from zlmdb.tables.indexes import Index
from zlmdb.tables.outlet import Chain, IndexRows, Rows, at_most

__all__ = ["MapScan"]

#: Of how many rows an index may be asked: each costs a look-up, so that of many a walk over the map is quicker.
MOST_LOOK_UPS = 10_000

Span = tuple[bytes, bytes]


class MapScan:
    """The rows of a map as columns.

    Args:
        table: the map in the transaction.
        batch_rows: how many rows there are in a batch.
    """

    def __init__(self, table: Any, batch_rows: int) -> None:
        self.map = table
        self.frame = Frame(table._source(), batch_rows=batch_rows, dictionaries=False)
        self.columns = {column.name: column for column in self.frame.certain()}
        self.names = list(self.columns)
        self.keys = frozenset(name for name, column in self.columns.items() if column.part is not None)
        #: The ranges to be read, of keys or of an index; None for all rows.
        self.spans: list[Span] | None = None
        self.index: Index[Any, Any] | None = None

    def schema(self, names: Sequence[str]) -> Any:
        """The Arrow schema of some columns."""
        return self.frame.schema([self.columns[name] for name in names])

    def narrow(self, scans: Sequence[Sequence[Condition]]) -> None:
        """Take the ranges that all scans of this table together need."""
        held = [self._spans(found) for found in scans]
        known = [span for spans in held if spans is not None for span in spans]
        if held and None not in held:
            self.spans = _merged(known)
        elif held:
            self._by_index(scans)

    def _spans(self, found: Sequence[Condition]) -> list[Span] | None:
        """The ranges of keys in which what meets conditions lies; None if it may lie anywhere."""
        codec = self.map._definition.key
        if not codec.ordered:
            return None
        parts = {column.part: (name, column.kind) for name, column in self.columns.items() if column.part is not None}
        known = [parts[at] for at in sorted(parts)] if sorted(parts) == list(range(len(parts))) else []
        composite = isinstance(codec, Composite)
        spans = []
        for lows, highs in key_ranges(known, found):
            if not lows and not highs:
                return None
            low: Any = (lows if composite else lows[0]) if lows else None
            high: Any = (highs if composite else highs[0]) if highs else None
            try:
                spans.append(bounds.span(self.map._p, codec, low, high, "[]", table=self.map._definition.name))
            except errors.DataError:
                return None  # such a bound is no key: the conditions are checked on the rows
        return spans

    def _by_index(self, scans: Sequence[Sequence[Condition]]) -> None:
        """Take the ranges of an index, if there is one whose first field each scan wants to equal certain values."""
        for index in self.map._definition.indexes:
            if not _lists_all(index) or index.fields[0] not in self.columns:
                continue
            try:
                live = getattr(self.map, index.name)
                spans = self._index_spans(index, live, scans)
            except (errors.DataError, errors.TableMismatch):
                continue  # a value that it cannot hold, or an index that another program declares otherwise
            if spans is not None and at_most(self.map._txn, spans, MOST_LOOK_UPS):
                self.index, self.spans = live, spans
                return

    def _index_spans(
        self, index: IndexDefinition, live: Any, scans: Sequence[Sequence[Condition]]
    ) -> list[Span] | None:
        name = index.fields[0]
        spans = []
        for found in scans:
            for lows, highs in key_ranges([(name, self.columns[name].kind)], found):
                if not lows or lows != highs:
                    return None
                spans.append(live._range(lows, None, None, "[)"))
        return _merged(spans)

    def batches(self, names: Sequence[str]) -> Iterator[Any]:
        """The record batches of some columns."""
        columns = [self.columns[name] for name in names]
        frame = self.frame if self.spans is None else self.frame.over(self._parts(self.spans))
        return frame.arrow_batches(columns, self.schema(names))

    def _parts(self, spans: list[Span]) -> Any:
        index, txn = self.index, self.map._txn
        if index is not None:
            return Chain([IndexRows(index, *span, True, True) for span in spans or [(b"", b"")]])
        return Chain([Rows(self.map, txn, *span) for span in spans or [(b"", b"")]])


def _lists_all(index: IndexDefinition) -> bool:
    """True for an index that has every row whose first field has a value; a None in any field leaves a row out."""
    whole = index.function is None and index.where is None
    return whole and (len(index.fields) == 1 or not index.nullable)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same ranges, of which none overlaps another, in order; without those that are empty."""
    found: list[Span] = []
    for start, stop in sorted(spans):
        if start >= stop:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return found
