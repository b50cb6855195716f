"""What a table that is no map gives to the floors below it: how it is declared, attached, bound and verified.

Maps are built in. A table of another kind (a time series, for one) derives from :class:`HookedTable`, and the decorator
``@zlmdb.table``, schemas, ``db.attach_table``, ``txn[Table]`` and ``db.verify()`` work with it through the methods
below, without knowing the kind. So a kind can live in a package above the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from zlmdb import errors
from zlmdb.tables.definition import IndexDefinition

if TYPE_CHECKING:
    from zlmdb.columns.pushdown import Condition

__all__ = ["HookedTable", "KindDefinition", "Scan", "is_table_class"]


class KindDefinition(Protocol):
    """What attaching reads of a definition, whatever the kind of the table."""

    @property
    def name(self) -> str:
        """The class's name."""
        ...

    @property
    def oid(self) -> uuid.UUID | None:
        """Identity of the table; None before it is decorated."""
        ...

    @property
    def description(self) -> str | None:
        """The class's docstring, or None."""
        ...

    @property
    def indexes(self) -> tuple[IndexDefinition, ...]:
        """The declared indexes: none, as only maps have such."""
        ...

    def identity(self) -> dict[str, Any]:
        """Key type, value type and primary key, under the names that maps have for them.

        What is there named ``value`` tells the kinds of tables apart: it is the name of a value codec for maps, and
        must be none of those for another kind.
        """
        ...


class Scan(Protocol):
    """The rows of a table as columns, for queries.

    Attributes:
        names: of its columns.
        keys: the names of those that are parts of the key.
    """

    names: list[str]
    keys: frozenset[str]

    def narrow(self, scans: Sequence[Sequence[Condition]]) -> None:
        """Read only rows that at least one of some scans needs; called before anything is read, if at all.

        Args:
            scans: for each, the conditions that its rows must meet. All rows are checked again.
        """
        ...

    def schema(self, names: Sequence[str]) -> Any:
        """The Arrow schema of some columns."""
        ...

    def batches(self, names: Sequence[str]) -> Iterator[Any]:
        """The record batches of some columns; those of others are not read."""
        ...


class HookedTable:
    """Base class of tables that are no maps.

    An instance is either attached (``_txn`` is None), or that of a transaction.
    """

    _zlmdb_oid: ClassVar[uuid.UUID | None] = None
    _zlmdb_definition: ClassVar[Any] = None

    #: The transaction, in what ``txn[Table]`` gives.
    _txn: Any = None
    #: Weak reference to the database, in what ``db.attach_table()`` gives.
    _db: Any = None
    #: What its kind remembers in a transaction is that transaction's.
    _reusable = False
    #: Only maps have indexes, and can be outdated by those that another program declares.
    _outdated: str | None = None
    _index_maps: ClassVar[dict[str, Any]] = {}
    _definition: Any
    _slot: int
    _p: bytes
    _limit: int

    @classmethod
    def _zlmdb_define(cls) -> KindDefinition:
        """The definition, from the class as it was declared.

        Raises:
            SchemaError: if the declaration is incomplete or contradicts itself.
        """
        raise NotImplementedError

    @classmethod
    def _zlmdb_settle(
        cls, definition: Any, record: dict[str, Any] | None, path: str
    ) -> tuple[Any, dict[str, Any] | None]:
        """Compare a declaration with what the file remembers.

        Args:
            definition: what :meth:`_zlmdb_define` gave.
            record: what the file remembers of the table, or None if it has none yet.
            path: of the database, for messages.

        Returns:
            The definition to work with, and what is to be remembered from now on, or None if nothing has changed.

        Raises:
            TableMismatch: if the two do not fit; names what differs.
        """
        raise NotImplementedError

    @classmethod
    def _zlmdb_stored(cls, definition: Any) -> Any:
        """The definition to work with, when what :meth:`_zlmdb_settle` gave has been remembered.

        Not called for a read-only database, which works with what the file remembers.
        """
        return definition

    @classmethod
    def _attached(cls, definition: Any, slot: int, limit: int) -> Self:
        """The attached table.

        Args:
            definition: the settled one.
            slot: its number in the file.
            limit: longest key the engine takes, slot included.
        """
        self = object.__new__(cls)
        self._definition = definition
        self._slot = slot
        self._p = slot.to_bytes(2, "big")
        self._limit = limit
        self._placed()
        return self

    def _placed(self) -> None:
        """Called when definition, slot and limit are set."""

    def _bind(self, txn: Any) -> Self:
        """The table in a transaction."""
        bound = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._txn = txn
        return bound

    def _replace_by(self, other: Self) -> None:
        """Take the place in the file of another attached table of this class: the file was opened anew."""
        self.__dict__.update(other.__dict__)

    def _zlmdb_check(self, txn: Any) -> list[str]:
        """What is wrong with the stored records, a sentence each; an empty list if all is well."""
        raise NotImplementedError

    def _zlmdb_scan(self, batch_rows: int) -> Scan:
        """The rows for a query in SQL, so many at a time.

        Raises:
            QueryError: if this kind of table has no columns.
        """
        raise errors.QueryError(
            f"table {self._definition.name}: tables of its kind cannot be asked in SQL", table=self._definition.name
        )


def is_table_class(cls: Any) -> bool:
    """True for a class derived from a map or from a table of another kind."""
    from zlmdb.tables.map import Map

    return isinstance(cls, type) and issubclass(cls, (Map, HookedTable))


def declare(cls: type[HookedTable], oid: uuid.UUID, options: dict[str, Any]) -> None:
    """Give a class its identity and make its definition: what ``@zlmdb.table`` does with tables that are no maps.

    Raises:
        SchemaError: if an option of the decorator is given that only maps have, or the declaration is wrong.
    """
    given = sorted(name for name, option in options.items() if option)
    if given:
        raise errors.SchemaError(
            f"table(): {', '.join(given)} cannot be given for {cls.__name__}, which is no map; only the identity can"
        )
    before = cls._zlmdb_oid
    cls._zlmdb_oid = oid
    try:
        cls._zlmdb_definition = cls._zlmdb_define()
    except BaseException:
        cls._zlmdb_oid = before
        raise
