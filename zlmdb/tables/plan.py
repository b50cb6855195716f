"""An index as the compiler and the slow paths see it: how its key is made from a row, and what its entries hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from zlmdb import errors
from zlmdb._data import Data
from zlmdb.keys.base import KeyCodec
from zlmdb.keys.composite import Composite
from zlmdb.keys.text import Bytes
from zlmdb.values.base import ValueCodec

__all__ = ["FROM_ROW", "IndexPlan", "field_of"]


#: Stands for the key in the slow twins of functions that take it from the row; None may be a (wrong) key.
FROM_ROW = object()


def field_of(row: Any, path: str) -> Any:
    """The field of a row: an attribute, or an item of a dict (None if it has none); dots go into fields of fields.

    Raises:
        AttributeError: if there is no such field.
    """
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else getattr(row, name)
        if row is None:
            return None
    return row


class IndexPlan(Data):
    """One index of a table.

    Attributes:
        name: its name.
        codec: codec of the index key.
        fields: the row's fields that make the key; empty if `function` does.
        function: row -> key; None if `fields` do.
        unique: the entry's key is the index key alone, and a second row under it is refused.
        nullable: rows without a key are left out rather than refused.
        where: row -> bool, or None.
        pointer: codec of what an entry holds, for index tables attached by hand; None for declared indexes, whose
            entries hold the encoded primary key.
        attached: an index table attached by hand: its entries may have been written by anybody, so they are looked at
            before they are removed.
    """

    name: str
    codec: KeyCodec[Any]
    fields: tuple[str, ...] = ()
    function: Callable[[Any], Any] | None = None
    unique: bool = False
    nullable: bool = False
    where: Callable[[Any], bool] | None = None
    pointer: ValueCodec[Any] | None = None
    attached: bool = False

    @property
    def bare(self) -> bool:
        """True if an entry's key is the index key alone; False if the primary key follows it."""
        return self.unique or self.attached

    @property
    def arity(self) -> int:
        """Number of parts of the index key."""
        return len(self.codec.parts) if isinstance(self.codec, Composite) else 1

    def key_of(self, row: Any) -> Any:
        """The index key of a row, or None if the row is not listed (`where`), or has None in its key."""
        if self.where is not None and not self.where(row):
            return None
        if self.function is not None:
            key = self.function(row)
            parts = key if self.arity > 1 and isinstance(key, (tuple, list)) else (key,)
        else:
            parts = tuple(field_of(row, path) for path in self.fields)
            key = parts if self.arity > 1 else parts[0]
        return None if any(part is None for part in parts) else key

    def listed(self, row: Any) -> bool:
        """True if `where` lets the row into the index."""
        return self.where is None or bool(self.where(row))

    def body(self, key: Any, pk: bytes) -> bytes:
        """The bytes of an entry's key after the slot, for an index key that is not None.

        Args:
            key: the index key.
            pk: the encoded primary key.

        Raises:
            KeyTypeError, KeyValueError: if the key does not fit the index's codec.
        """
        if self.bare:
            return self.codec.encode(key)
        try:
            return self.full.encode((*self.parts_of(key), pk))
        except errors.DataError:
            self.codec.encode(tuple(key) if isinstance(key, list) else key)  # speaks of the key alone
            raise

    def parts_of(self, key: Any) -> tuple[Any, ...]:
        """The parts of an index key; a key that is no tuple has one."""
        return tuple(key) if isinstance(self.codec, Composite) and isinstance(key, (tuple, list)) else (key,)

    @cached_property
    def full(self) -> Composite:
        """Codec of the index key followed by the encoded primary key."""
        return Composite((*self.codec.parts, Bytes()) if isinstance(self.codec, Composite) else (self.codec, Bytes()))

    @cached_property
    def rests(self) -> tuple[Composite, ...]:
        """Codecs of what is left of an entry's key behind 0, 1, 2 ... leading fields."""
        parts = self.full.parts
        if self.bare:
            parts = parts[:-1]
        return tuple(Composite(parts[n:]) for n in range(len(parts)))

    def entry(self, pk: bytes, row: Any, *, table: str, strict: bool = True) -> bytes | None:
        """The body of the entry of a row, or None if it has none.

        Args:
            pk: the encoded primary key.
            row: the row.
            table: the table's name, for errors.
            strict: False for a row that is there already: a missing key then only means that it has no entry.

        Raises:
            NullValueConstraint: if the key is None, the index not nullable, and `strict`.
            KeyTypeError, KeyValueError: if the key does not fit.
        """
        try:
            if not self.listed(row):
                return None
            key = self.key_of(row)
        except Exception as error:
            if self.function is not None or self.where is not None:
                # The program's own error: it is the program that knows what to do about it. That holds for a stored
                # row, too: without its key the entry could not be found and would stay behind.
                error.add_note(f"in a function of index {self.name} of table {table}; nothing was written")
                raise
            if not strict:
                return None
            raise errors.ValueTypeError(
                f"table {table}, index {self.name}: cannot take the index key from {errors.short(row)}: "
                f"{type(error).__name__}: {error}",
                table=table,
                index=self.name,
            ) from error
        if key is None:
            if self.nullable or not strict:
                return None
            what = f"field {', '.join(self.fields)}" if self.fields else "the index key"
            raise errors.NullValueConstraint(
                f"table {table}, index {self.name}: {what} is None (or has a None in it), but the index is not "
                "nullable; set it, or declare the index with nullable=True. Nothing was written",
                table=table,
                index=self.name,
                field=", ".join(self.fields) or None,
            )
        try:
            return self.body(key, pk)
        except errors.DataError as error:
            if not strict:
                return None
            located = error.located(table=f"{table}, index {self.name}")
            located.table, located.index = table, self.name
            raise located from None
