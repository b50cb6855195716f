"""The columns of the values: of a declared record only the fields that are asked for are made, and no row objects.

JSON is decoded into a Struct of just these fields; of CBOR's map just these items are taken. Where a row is not as the
quick way expects it (a field is missing and has a default, something else is stored than declared), the rows of the
batch are decoded as usual, which gives the values after all, or says what is wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from zlmdb.columns import kinds, timekinds
from zlmdb.columns.arraykind import Arrays
from zlmdb.columns.kind import Exact, Kind, Misfit, Scalar
from zlmdb.columns.lookup import Undeclared, kind_of, kind_of_values
from zlmdb.columns.nested import Listed, Tupled
from zlmdb.errors import SchemaError
from zlmdb.values.base import ValueCodec, is_plain
from zlmdb.values.records import MISSING, FieldInfo, RecordInfo, describe

__all__ = ["VALUE", "ValueColumns"]

#: Stands for the name of the column of a value that is no record.
VALUE = ""

Decoder = Callable[[Sequence[bytes]], list[list[Any]]]


def _codec_kinds() -> dict[str, Kind]:
    return {
        "string": kinds.STR,
        "bytes": kinds.BYTES,
        "oid": kinds.INT,
        "uuid": kinds.UUID,
        "timestamp": timekinds.DATETIME64,
        "bytes16": kinds.FixedBytes(16),
        "bytes20": kinds.FixedBytes(20),
        "bytes32": kinds.FixedBytes(32),
        "bytes20_timestamp": Tupled([kinds.FixedBytes(20), timekinds.DATETIME64]),
        "oid_set": Listed(set, kinds.INT),
        "uuid_set": Listed(set, kinds.UUID),
        "string_set": Listed(set, kinds.STR),
        "numpy": Arrays(),
    }


class ValueColumns:
    """Decodes the values of a batch into columns.

    Args:
        codec: of the values.
    """

    def __init__(self, codec: ValueCodec[Any]) -> None:
        self.codec = codec
        #: The codec inside of a compression.
        self.inner: ValueCodec[Any] = getattr(codec, "codec", codec)
        record = self.inner.record
        plain = record is None or is_plain(record)
        self.info: RecordInfo | None = None if plain else describe(record)
        #: The kind of each column by name; VALUE for the value as such. None until the rows have told.
        self.kinds: dict[str, Kind] | None = None
        self._getter: Callable[[str], Callable[[Any], Any]] = attrgetter
        if self.info is not None:
            self._declare(self.info)
        elif not plain:
            self.kinds = {VALUE: kind_of(record)}
        elif self.inner.name in _codec_kinds():
            self.kinds = {VALUE: _codec_kinds()[self.inner.name]}

    def _declare(self, info: RecordInfo) -> None:
        optional = info.kind == "typeddict"
        self.kinds = {}
        for field in info.fields.values():
            kind = _kind_of_field(field, info)
            self.kinds[field.name] = kind.with_none() if optional and not field.required else kind
        self._getter = _item if optional else attrgetter

    def settle(self, data: Sequence[bytes], named: Sequence[str] = ()) -> None:
        """Find out what the columns are, from the first rows, where nothing is declared.

        Args:
            data: the first values.
            named: columns that the caller says there are.
        """
        if self.kinds is not None:
            return
        rows = [self.codec.decode(item) for item in data]
        first = next((row for row in rows if row is not None), None)
        if isinstance(first, dict) and all(type(key) is str for row in rows if isinstance(row, dict) for key in row):
            names = list(dict.fromkeys([*named, *[key for row in rows if isinstance(row, dict) for key in row]]))
            self._getter = _Items(names)
            self.kinds = {name: Undeclared() for name in names}
            return
        info = None if first is None else describe(type(first))
        if info is not None:
            self._declare(info)
            return
        names = list(named) or _properties(first)
        self._getter = _attribute
        self.kinds = {name: Undeclared() for name in names} if names else {VALUE: Undeclared()}

    def decoder(self, names: Sequence[str]) -> Decoder:
        """The function that gives columns for the bytes of many values.

        Args:
            names: of the wanted columns.
        """
        slow = self._slowly(names)
        quick = self._quickly(names) if names else None
        if quick is None:
            return slow
        found: Decoder = quick

        def decode(data: Sequence[bytes]) -> list[list[Any]]:
            try:
                return found(data)
            except Exception:  # the slow way knows what it is about
                return slow(data)

        return decode

    def objects(self, data: Sequence[bytes]) -> list[Any]:
        """The values as objects."""
        return list(map(self.codec.decode, data))

    def _slowly(self, names: Sequence[str]) -> Decoder:
        getters = [_same if name == VALUE else self._getter(name) for name in names]
        check = getattr(self._getter, "check", None)

        def decode(data: Sequence[bytes]) -> list[list[Any]]:
            rows = self.objects(data)
            if check is not None:
                check(rows)
            return [list(map(get, rows)) for get in getters]

        return decode

    def _quickly(self, names: Sequence[str]) -> Decoder | None:
        inner, info = self.inner, self.info
        if info is None or getattr(inner, "parse", None) is not None or not set(names) <= set(info.fields):
            return None
        quick: Decoder | None = None
        if inner.name == "json":
            quick = _json(info, names)
        elif inner.name == "cbor" and info.kind != "namedtuple":
            quick = _cbor(info, names)
        if quick is None or inner is self.codec:
            return quick
        expand, limit = self.codec._both()[1], self.codec.limit  # type: ignore[attr-defined]
        found: Decoder = quick
        return lambda data: found([expand(item, limit) for item in data])


def _kind_of_field(field: FieldInfo, info: RecordInfo) -> Kind:
    try:
        return kind_of(field.type, (info.type,))
    except SchemaError as error:
        return _Impossible(str(error))


class _Impossible(Kind):
    """A field that cannot be a column; says so when it is asked for."""

    def __init__(self, why: str) -> None:
        self.why = why

    @property
    def settled(self) -> bool:
        raise SchemaError(self.why)


def _json(info: RecordInfo, names: Sequence[str]) -> Decoder | None:
    import msgspec

    from zlmdb.values.containers import dec_hook

    config = getattr(info.type, "__struct_config__", None)
    array_like = bool(config is not None and config.array_like)
    if info.kind == "namedtuple" or (config is not None and config.tag is not None and array_like):
        return None
    fields = list(info.fields.values())
    if array_like:
        last = max(at for at, field in enumerate(fields) if field.name in names)
        fields = fields[: last + 1]
    else:
        fields = [info.fields[name] for name in names]
    wanted = set(names)
    members: list[Any] = []
    optional = False
    for at, field in enumerate(fields):
        declared = field.type if field.name in wanted else msgspec.Raw
        default = _default(field, info, msgspec)
        optional = optional or default is not MISSING
        if optional and default is MISSING:
            return None  # keyword-only fields of arrays
        members.append((f"f{at}", declared) if default is MISSING else (f"f{at}", declared, default))
    # Those with a default come last, where the order is free.
    rename = {f"f{at}": field.stored for at, field in enumerate(fields)}
    cls = msgspec.defstruct("Projection", members, rename=rename, array_like=array_like, gc=False)
    read = msgspec.json.Decoder(cls, dec_hook=dec_hook).decode
    getters = [attrgetter(f"f{[field.name for field in fields].index(name)}") for name in names]

    # msgspec has looked at the types; of numpy.datetime64 it makes objects, where columns are made of numbers.
    looked_at = [isinstance(kind_of(info.fields[name].type, (info.type,)), Scalar) for name in names]
    lists = [Exact if exact else list for exact in looked_at]

    def decode(data: Sequence[bytes]) -> list[list[Any]]:
        rows = list(map(read, data))
        return [make(map(get, rows)) for make, get in zip(lists, getters, strict=True)]

    return decode


def _default(field: FieldInfo, info: RecordInfo, msgspec: Any) -> Any:
    if field.required:
        return MISSING
    if info.kind == "typeddict":
        return None
    if field.factory is not None:
        return msgspec.field(default_factory=field.factory)
    if field.default is MISSING:
        return MISSING
    value = field.default
    return msgspec.field(default_factory=lambda: value)


def _cbor(info: RecordInfo, names: Sequence[str]) -> Decoder:
    from cbor2 import loads

    from zlmdb.values.containers import Shapes

    shapes = Shapes(json=False)
    stored = [info.fields[name].stored for name in names]
    builders = [(kind_of(info.fields[name].type, (info.type,)), info.fields[name].type) for name in names]
    built: dict[int, Callable[[Any], Any]] = {}

    def decode(data: Sequence[bytes]) -> list[list[Any]]:
        rows = list(map(loads, data))
        columns: list[list[Any]] = []
        for at, name in enumerate(stored):
            column = list(map(itemgetter(name), rows))
            kind, declared = builders[at]
            if kind.plain and kind.fits(column):
                columns.append(Exact(column))
                continue
            build = built.get(at)
            if build is None:
                build = built[at] = shapes.of(declared).build
            columns.append(list(map(build, column)))
        return columns

    return decode


def _same(row: Any) -> Any:
    return row


def _item(name: str) -> Callable[[Any], Any]:
    return lambda row: row.get(name)


class _Items:
    """Takes items out of dicts without a declared type, and refuses keys that were not in the first ones."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def __call__(self, name: str) -> Callable[[Any], Any]:
        return _item(name)

    def check(self, rows: Sequence[Any]) -> None:
        """Raise Misfit at the first row that is no dict, or has another key."""
        known = self.names
        for at, row in enumerate(rows):
            if not isinstance(row, dict):
                raise Misfit("a dict, as the rows before", row, at)
            if not known.issuperset(row):
                unknown = next(key for key in row if key not in known)
                raise Misfit(
                    f"only the keys of the first rows ({', '.join(sorted(known))})", f"\0the key {unknown!r}", at
                )


def _attribute(name: str) -> Callable[[Any], Any]:
    def get(row: Any) -> Any:
        if row is None:
            return None
        found = getattr(row, name)
        return found() if inspect.ismethod(found) else found  # as generated readers of FlatBuffers have them

    return get


def _properties(row: Any) -> list[str]:
    """The public properties of an object's class, in their order."""
    names: dict[str, None] = {}
    for cls in reversed(type(row).__mro__):
        for name, value in vars(cls).items():
            if isinstance(value, property) and not name.startswith("_"):
                names[name] = None
    return list(names) if type(row).__module__ != "builtins" and kind_is_open(row) else []


def kind_is_open(row: Any) -> bool:
    """True if an object is no value that a column of its own could hold."""
    try:
        return isinstance(kind_of_values([row]), Undeclared)
    except Misfit:
        return True
