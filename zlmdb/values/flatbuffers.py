"""Values as finished FlatBuffers: of a record class, or built and read by functions of the application.

Fields of a FlatBuffer are read in place, one by one, when they are asked for. So an object read in a transaction with
``buffers=True`` looks into the map: it serves until the transaction ends, and raises ViewExpired (a ValueError)
afterwards. In any other transaction it reads a copy of the bytes, and stays.

How a class becomes a schema: :mod:`zlmdb.values.flat.declared`; where the bytes lie: :mod:`zlmdb.values.flat.layout`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from zlmdb._typing import Buffer, Names
from zlmdb.errors import EncodeError, SchemaError, ZlmdbError
from zlmdb.values.base import Lease, T, ValueCodec, undecodable, wrong_type
from zlmdb.values.records import describe

if TYPE_CHECKING:
    from zlmdb.values.flat.compiled import Compiled
    from zlmdb.values.flat.kinds import Declared, Item
    from zlmdb.values.flat.numbering import Ids

__all__ = ["FlatBuffers"]


class FlatBuffers(ValueCodec[T]):
    """A codec that stores objects as FlatBuffers.

    Args:
        record: an attrs class, dataclass or msgspec Struct, from which builder and reader are compiled. With `build` or
            `cast`, or if it is another class: the class of the values, for type checkers and messages; None: whatever
            `cast` returns.
        build: ``build(value, builder) -> offset`` writes the value into a ``flatbuffers.Builder`` and returns
            the offset of the root table; the codec finishes the buffer.
        cast: ``cast(data) -> value`` makes an object that reads its fields from `data`, bytes or memoryview.
        ids: for a record class, the numbers of fields that a file has settled, by table and field; None: those that the
            class gives.

    An object of a record class is read lazily: it has the attributes and methods of its class, and is an instance of
    it, but cannot be changed; ``attrs.evolve(row, ...)`` and ``dataclasses.replace(row, ...)`` make changed objects.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Trade:
    ...     price: float
    ...     symbol: str
    ...     note: str | None = None
    >>> codec = FlatBuffers(Trade)
    >>> trade = codec.decode(codec.encode(Trade(1.5, "ETH")))
    >>> trade.price, trade.note, isinstance(trade, Trade), trade == Trade(1.5, "ETH")
    (1.5, None, True, True)
    """

    name = "flatbuffers"
    zero_copy = True
    _options = (*ValueCodec._options, "ids")

    def __init__(
        self,
        record: Any = None,
        *,
        build: Callable[[T, Any], int] | None = None,
        cast: Callable[[Any], T] | None = None,
        ids: Ids | None = None,
    ) -> None:
        super().__init__(record)
        self.build = build
        self.cast = cast
        self.ids = ids
        # What a class is compiled to stays for as long as it does, so a file that is opened again must not add to it.
        self._settled: dict[Any, Self] = {}
        #: True if builder and reader are compiled from the record class.
        self.declares = build is None and cast is None and is_record(record)
        self.rebuilt = self.declares

    @cached_property
    def _compiled(self) -> Compiled:
        from zlmdb.values.flat.compiled import Compiled

        return Compiled(self.record, self.ids)

    @property
    def declared(self) -> Declared:
        """What the record class declares: its schema, as data.

        Raises:
            SchemaError: if the class cannot be stored as FlatBuffers, or if the codec was made with functions.
        """
        if not self.declares:
            raise SchemaError("FlatBuffers values that functions build and cast have no declared schema")
        return self._compiled.declared

    def keeps(self, path: str) -> bool:
        """True for a field of the record itself that is stored as it is; False for a float32, which is rounded."""
        if not self.declares:
            return True
        item = None if "." in path else self._field(path)
        return item is not None and not _rounded(item)

    def _field(self, path: str) -> Item | None:
        from zlmdb.values.flat.kinds import field_at

        return field_at(self.declared.root, path)

    def unfit(self, path: str, *, primary: bool) -> str | None:
        """Why a field of the record cannot be part of a key, in words; None if it can.

        Args:
            path: its name, with dots for a field of a field.
            primary: True for the primary key, False for that of an index.
        """
        item = self._field(path)
        if item is None:
            return None
        if item.field.deprecated:
            return "is deprecated, so that stored rows do not have it"
        if primary and _rounded(item):
            return "is a float32, which is rounded when it is stored, so that rows would not be found under their keys"
        return None

    def with_ids(self, ids: Ids) -> Self:
        """The same codec with numbers of fields that a file has settled; the same object for the same numbers."""
        key = tuple((name, tuple(sorted(numbers.items()))) for name, numbers in sorted(ids.items()))
        known = self._settled.get(key)
        if known is None:
            known = self._settled[key] = type(self)(self.record, ids=ids)
        return known

    def source(self) -> str:
        return self._compiled.source() if self.declares else ""

    def encode(self, value: T) -> bytes:
        """The finished buffer of a value; see :meth:`ValueCodec.encode`.

        Raises:
            SchemaError: if the codec was made without `build` and without a record class.
        """
        if self.declares:
            return self._compiled.encode(value)
        if self.build is None:
            raise _missing("written", "build=, a function (value, builder) -> offset")
        from flatbuffers import Builder

        builder = Builder(256)
        try:
            offset = self.build(value, builder)
            builder.Finish(offset)
            return bytes(builder.Output())
        except ZlmdbError:
            raise
        except (TypeError, AttributeError) as error:
            wrong = wrong_type("an object that build() understands", value)
            wrong.args = (f"{wrong.message}: {error}",)
            raise wrong from error
        except Exception as error:
            raise EncodeError(f"build() could not write the value: {type(error).__name__}: {error}") from error

    def decode(self, data: Buffer) -> T:
        """The object over some bytes; see :meth:`ValueCodec.decode`.

        Args:
            data: bytes or memoryview. An object of a record class copies a memoryview; what `cast` makes may keep it.

        Raises:
            SchemaError: if the codec was made without `cast` and without a record class.
        """
        if self.declares:
            found: T = self._compiled.decode(data)
            return found
        if self.cast is None:
            raise _missing("read", "cast=, a function (bytes) -> value")
        try:
            return self.cast(data)
        except ZlmdbError:
            raise
        except Exception as error:
            raise undecodable("a FlatBuffer that cast() understands", data, error) from error

    def decode_leased(self, data: memoryview, lease: Lease) -> T:
        """The object over memory of the map; of a record class, it raises ViewExpired after the lease has ended."""
        if self.declares:
            found: T = self._compiled.decode_leased(data, lease)
            return found
        return self.decode(data)

    def encode_expr(self, var: str, names: Names) -> str:
        if not self.declares:
            return super().encode_expr(var, names)
        return f"{names.add(self._compiled.encode, 'encode_flatbuffers')}({var})"

    def decode_expr(self, var: str, names: Names) -> str:
        if not self.declares:
            return super().decode_expr(var, names)
        return f"{names.add(self._compiled.decode, 'decode_flatbuffers')}({var})"


def _rounded(item: Item) -> bool:
    return item.kind.name == "float" and item.kind.scalar == "float32"


def is_record(record: Any) -> bool:
    """True for attrs classes, dataclasses and msgspec Structs."""
    info = describe(record)
    return info is not None and info.kind in ("attrs", "dataclass", "struct")


def _missing(done: str, what: str) -> SchemaError:
    return SchemaError(f"FlatBuffers values cannot be {done} without {what}: give it to @zlmdb.table or to the codec")
