"""How a table is declared: the ``@table`` decorator, :func:`index`, and what they leave on the class."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, overload

import zlmdb
from zlmdb import errors, keys
from zlmdb.keys.base import KeyCodec
from zlmdb.tables.definition import (
    NIL,
    IndexDefinition,
    Later,
    TableDefinition,
    format_of,
    key_codec,
    oid_of_index,
    value_codec,
)
from zlmdb.tables.operations import BOUND_OPS, ROW_OPS

if TYPE_CHECKING:
    from zlmdb._typing import K, V
    from zlmdb.tables.indexes import Index, UniqueIndex
    from zlmdb.tables.map import Map

__all__ = ["IndexDeclaration", "define", "index", "table"]

C = TypeVar("C", bound=type[Any])
OPTIONS = ("marshal", "parse", "build", "cast", "compress", "allow_pickle")


class IndexDeclaration:
    """An index as written in the body of a table class; reading it from a map in a transaction gives the live index."""

    def __init__(
        self,
        fields: tuple[str, ...],
        function: Callable[[Any], Any] | None,
        *,
        key: Any,
        unique: bool,
        nullable: bool,
        where: Callable[[Any], bool] | None,
        version: int,
    ) -> None:
        self.fields = fields
        self.function = function
        self.key = key
        self.unique = unique
        self.nullable = nullable
        self.where = where
        self.version = version
        self.name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None:
            return self
        # Not a data descriptor: the live index goes into the map's own dictionary, where the next access finds it
        # without coming here.
        live = instance._live_index(self.name)
        instance.__dict__[self.name] = live
        return live

    def define(self, owner: str, oid: uuid.UUID | None, record_fields: Any) -> IndexDefinition:
        """The definition, with the key codec found from the record's fields where it was not given.

        Args:
            owner: name of the table.
            oid: its identity, if it has one.
            record_fields: of its rows.
        """
        where = f"table {owner}, index {self.name}"
        if self.key is not None:
            codec = key_codec(self.key, where=where)
        elif self.function is not None:
            raise errors.SchemaError(f"{where}: an index over a function needs key=..., the type of its result")
        else:
            codec = _codec_of_fields(self.fields, record_fields, where)
        if self.function is None:
            arity = len(codec.parts) if isinstance(codec, keys.Composite) else 1
            if arity != len(self.fields):
                raise errors.SchemaError(
                    f"{where}: expected a key of {len(self.fields)} parts, one for each field, found {arity}"
                )
        identity = NIL if oid is None else oid_of_index(oid, self.name)
        return IndexDefinition(
            self.name, self.fields, self.function, codec, self.unique, self.nullable, self.where, self.version, identity
        )


if TYPE_CHECKING:

    class UniqueDeclaration:
        @overload
        def __get__(self, instance: None, owner: type[Any]) -> IndexDeclaration: ...
        @overload
        def __get__(self, instance: Map[K, V], owner: type[Any]) -> UniqueIndex[K, V]: ...
        def __get__(self, instance: Any, owner: type[Any]) -> Any: ...

    class ManyDeclaration:
        @overload
        def __get__(self, instance: None, owner: type[Any]) -> IndexDeclaration: ...
        @overload
        def __get__(self, instance: Map[K, V], owner: type[Any]) -> Index[K, V]: ...
        def __get__(self, instance: Any, owner: type[Any]) -> Any: ...


if TYPE_CHECKING:

    @overload
    def index(
        *fields: str | Callable[[Any], Any],
        unique: Literal[True],
        nullable: bool = False,
        key: Any = None,
        where: Callable[[Any], bool] | None = None,
        version: int = 0,
    ) -> UniqueDeclaration: ...
    @overload
    def index(
        *fields: str | Callable[[Any], Any],
        unique: Literal[False] = False,
        nullable: bool = False,
        key: Any = None,
        where: Callable[[Any], bool] | None = None,
        version: int = 0,
    ) -> ManyDeclaration: ...
    def index(*fields: Any, **options: Any) -> Any: ...

else:

    def index(
        *fields: str | Callable[[Any], Any],
        unique: bool = False,
        nullable: bool = False,
        key: Any = None,
        where: Callable[[Any], bool] | None = None,
        version: int = 0,
    ) -> Any:
        """An index of the table in whose body it stands; kept by the system.

        Args:
            fields: names of the row's fields, in the order of the index ("city", "name"; "address.city" for a field of
                a field); or one function that takes the row and gives the key (a tuple for a composite one).
            unique: True allows one row per key, and raises UniqueViolation on the second; False allows many.
            nullable: True leaves rows out that have None in the key; False refuses them with NullValueConstraint.
            key: codec of the key (``zlmdb.String``, or a tuple of codecs); None takes it from the types of the fields,
                which needs a record type; a function needs it.
            where: a function of the row; only rows for which it returns a true value are listed. None lists all.
            version: raise it when the function or `where` change their meaning; the next attach rebuilds the index.

        Raises:
            SchemaError: if neither fields nor exactly one function are given, or, when the class is decorated, if the
                key's type cannot be found out.

        >>> import zlmdb
        >>> class Cities(zlmdb.MapOidJson):
        ...     by_name = zlmdb.index("name", key=zlmdb.String)
        """
        names = tuple(field for field in fields if isinstance(field, str))
        functions = [field for field in fields if not isinstance(field, str)]
        if len(functions) > 1 or (functions and names) or not fields:
            raise errors.SchemaError("index(): expected the names of fields, or one function of the row")
        function = functions[0] if functions else None
        if function is not None and not callable(function):
            raise errors.SchemaError(f"index(): expected the name of a field or a function, found {function!r}")
        if where is not None and not callable(where):
            raise errors.SchemaError(f"index(): expected a function of the row as where, or None, found {where!r}")
        if not isinstance(version, int):
            raise errors.SchemaError(f"index(): expected a whole number as version, found {version!r}")
        return IndexDeclaration(
            names, function, key=key, unique=unique, nullable=nullable, where=where, version=version
        )


def table(
    oid: uuid.UUID | str,
    *,
    pk: str | Iterable[str] | None = None,
    marshal: Callable[[Any], Any] | None = None,
    parse: Callable[[Any], Any] | None = None,
    build: Callable[[Any, Any], Any] | None = None,
    cast: Callable[[Any], Any] | None = None,
    compress: int | str | None = None,
    allow_pickle: bool | None = None,
) -> Callable[[C], C]:
    """A class decorator that makes a map (or series) class a table, known by `oid` in every file.

    Args:
        oid: identity of the table, a UUID or its text. The class may be renamed and moved; the identity stays.
        pk: name of the row's field (names of the fields, for a composite key) that holds the primary key, so that
            ``add(row)`` and ``put(row)`` need no key; None: rows do not know their key.
        marshal: object -> plain value, for JSON, CBOR and Pickle values; None for none.
        parse: plain value -> object, the inverse of `marshal`.
        build: (object, flatbuffers.Builder) -> offset of the finished table, for FlatBuffers values.
        cast: bytes -> object, the inverse of `build`.
        compress: ``PersistentMap.COMPRESS_ZLIB`` or ``"zlib"``, ``COMPRESS_SNAPPY`` or ``"snappy"``, ``"zstd"``.
        allow_pickle: True allows reading pickles from this table; None leaves it to the database.

    Returns:
        The decorator; it returns the class it is given.

    Raises:
        SchemaError: if `oid` is no UUID, the class is no map, or the declaration does not fit together.

    >>> import zlmdb
    >>> @zlmdb.table("6b1b1e9c-5b0a-4d0c-9f43-3f2d7a0a8a11")
    ... class Settings(zlmdb.MapStringJson):
    ...     "Settings by name."
    """
    try:
        identity = oid if isinstance(oid, uuid.UUID) else uuid.UUID(oid)
    except (ValueError, AttributeError, TypeError):
        raise BadIdentity(f"table(): expected a UUID or its text as identity, found {oid!r}") from None
    fields: tuple[Any, ...] = (pk,) if isinstance(pk, str) or not isinstance(pk, Iterable) else tuple(pk)
    if pk is None:
        fields = ()
    if not all(isinstance(name, str) for name in fields):
        raise errors.SchemaError(f"table(): expected the name of a field, or names of fields, as pk, found {pk!r}")
    options = {
        "marshal": marshal,
        "parse": parse,
        "build": build,
        "cast": cast,
        "compress": compress,
        "allow_pickle": allow_pickle,
    }

    def decorate(cls: C) -> C:
        from zlmdb.tables import hooks
        from zlmdb.tables.map import Map

        table_class: Any = cls
        if isinstance(table_class, type) and issubclass(table_class, hooks.HookedTable):
            hooks.declare(table_class, identity, {**options, "pk": fields})
            zlmdb.TABLES_BY_UUID[identity] = cls
            return cls
        if not (isinstance(table_class, type) and issubclass(table_class, Map)):
            raise errors.SchemaError(f"table(): expected a class derived from a map such as MapUuidCbor, found {cls!r}")
        _check_redeclared(identity, table_class, options)
        table_class._zlmdb_oid = identity
        for name, option in options.items():
            setattr(table_class, f"_zlmdb_{name}", staticmethod(option) if callable(option) else option)
        table_class._zlmdb_options = options
        table_class._zlmdb_pk = fields
        table_class._zlmdb_definition = define(table_class)
        # Looked up each time, because programs put another dictionary in its place around imports.
        zlmdb.TABLES_BY_UUID[identity] = cls
        return cls

    return decorate


class BadIdentity(errors.SchemaError, ValueError):
    """What is given as a table's identity is no UUID."""


def _check_redeclared(oid: uuid.UUID, cls: type[Any], options: dict[str, Any]) -> None:
    """One class must not be one table in two ways; declared again with the same arguments, nothing changes."""
    if cls.__dict__.get("_zlmdb_oid") != oid:
        return
    before = cls.__dict__["_zlmdb_options"]
    changed = [name for name in OPTIONS if before[name] != options[name]]
    if changed:
        raise errors.SchemaError(
            f"table(): class {cls.__name__} is declared as table {oid} already, with another {', '.join(changed)}"
        )


def define(cls: type[Any], overrides: dict[str, Any] | None = None) -> TableDefinition:
    """The definition of a map class, from its class keywords, decorator and body.

    Args:
        cls: the class.
        overrides: options (marshal, parse, ...) that replace the decorator's; None for none.

    Raises:
        SchemaError: if the declaration is incomplete or contradicts itself.
    """
    name = cls.__name__
    if cls._zlmdb_key is None and cls._zlmdb_value is None and cls._zlmdb_oid is None:
        # A bare map over a slot of any table: bytes to bytes.
        codec_key: Any = keys.Bytes()
        from zlmdb.values import Bytes

        return TableDefinition(name, codec_key, Bytes(), earlier=True)
    for keyword, given in (("key", cls._zlmdb_key), ("value", cls._zlmdb_value)):
        if given is None:
            raise errors.SchemaError(
                f"table {name}: it has no {keyword} codec; derive it from a named map such as zlmdb.MapUuidCbor, or "
                "give both: class Trades(zlmdb.Map[UUID, Trade], key=zlmdb.Uuid, value=zlmdb.Cbor)"
            )
    options = {**cls._zlmdb_options, **{k: v for k, v in (overrides or {}).items() if v is not None}}
    declared, earlier_key = Later.settled(cls._zlmdb_value), Later.settled(cls._zlmdb_earlier_key)
    _settle_local_types(cls, declared)
    record = _record_of(cls, declared)
    where = f"table {name}"
    key = key_codec(Later.settled(cls._zlmdb_key), where=where)
    value = value_codec(declared, record, options, where=where)
    if cls._zlmdb_oid is not None:
        _check_schema(cls, value, where)
    fields = _record_fields(value)
    declarations = [d for d in _declarations(cls) if d.name]
    _check_names(declarations, where)
    if cls._zlmdb_pk:
        from zlmdb.tables.primary import check_primary_key

        check_primary_key(cls._zlmdb_pk, key, fields, where)
    _check_keys(value, cls._zlmdb_pk, declarations, where)
    earlier = value.record is None and not declarations and not cls._zlmdb_pk and bool(cls._zlmdb_earlier)
    oid = cls._zlmdb_oid
    return TableDefinition(
        name=name,
        key=key,
        value=value,
        oid=oid,
        description=cls.__doc__.strip() if cls.__doc__ and "__doc__" in cls.__dict__ else None,
        pk=cls._zlmdb_pk,
        indexes=tuple(d.define(name, oid, fields) for d in declarations),
        earlier=earlier,
        earlier_key=None if earlier_key is None else key_codec(earlier_key, where=where),
        options=options,
    )


def _declarations(cls: type[Any]) -> list[IndexDeclaration]:
    found: dict[str, IndexDeclaration] = {}
    for base in reversed(cls.__mro__):
        for name, attribute in vars(base).items():
            if isinstance(attribute, IndexDeclaration):
                found[name] = attribute
                continue
            found.pop(name, None)
            if (home := getattr(type(attribute), "_zlmdb_home", None)) is not None:
                raise errors.SchemaError(f"table {cls.__name__}: {name} is {home}", field=name)
    return list(found.values())


def _check_names(declarations: list[IndexDeclaration], where: str) -> None:
    """An index must not hide a method of the map."""
    from zlmdb.tables.bound import BoundMap
    from zlmdb.tables.handle import Handle
    from zlmdb.tables.map import Map

    for declaration in declarations:
        if declaration.name.startswith("_"):
            raise errors.SchemaError(
                f"{where}: an index cannot be called {declaration.name!r}, because names that begin with _ belong to "
                f"the maps; call it by{declaration.name}"
            )
        taken = any(hasattr(cls, declaration.name) for cls in (BoundMap, Handle, Map))
        if taken or declaration.name in ROW_OPS | BOUND_OPS:
            raise errors.SchemaError(
                f"{where}: an index cannot be called {declaration.name!r}, because maps have a method of that name; "
                f"call it by_{declaration.name}"
            )


def _settle_local_types(cls: type[Any], declared: Any) -> None:
    """Resolve the annotations of record classes that were defined in functions, while their names can be found."""
    of_records = format_of(declared) in ("Cbor", "FlatBuffers", "Json")
    record = _parameter_of(cls) if of_records else getattr(declared, "record", None)
    if record is not None:
        from zlmdb.values import localtypes

        localtypes.settle(record)


def _record_of(cls: type[Any], declared: Any) -> Any:
    """The value type a map class was given as its last type parameter, or None.

    Of JSON and CBOR values only, and of FlatBuffers if it is a record class: they may be of any class that functions of
    the program build and cast.
    """
    form = format_of(declared)
    if form == "FlatBuffers":
        from zlmdb.values.flatbuffers import is_record

        found = _parameter_of(cls)
        return found if is_record(found) else None
    return _parameter_of(cls) if form in ("Cbor", "Json") else None


def _parameter_of(cls: type[Any]) -> Any:
    """The last type parameter of a map class, or None."""
    for base in cls.__mro__:
        for generic in base.__dict__.get("__orig_bases__", ()):
            origin = getattr(generic, "__origin__", None)
            if isinstance(origin, type) and hasattr(origin, "_zlmdb_key"):
                argument = get_args(generic)[-1]
                if isinstance(argument, TypeVar):
                    continue
                if isinstance(argument, str) or type(argument).__name__ == "ForwardRef":
                    argument = _resolve(argument, base)
                return None if argument is Any else argument
    return None


def _resolve(reference: Any, owner: type[Any]) -> Any:
    module = sys.modules.get(owner.__module__)
    text = reference if isinstance(reference, str) else reference.__forward_arg__
    try:
        return eval(text, dict(vars(module)) if module else {}, dict(vars(owner)))
    except NameError as error:
        raise errors.SchemaError(
            f"table {owner.__name__}: its value type {text!r} is not defined yet; define it before the table"
        ) from error


def _check_schema(cls: type[Any], value: Any, where: str) -> None:
    """Refuse a record class that has no FlatBuffers schema where it is declared, not where it is first used."""
    codec = getattr(value, "codec", value)
    if not hasattr(codec, "declares"):
        return
    if codec.declares:
        try:
            codec.declared  # noqa: B018  # made on the first look
        except errors.SchemaError as error:
            raise error.located(table=where.removeprefix("table ")) from None
    elif codec.build is None and codec.cast is None and (kind := _parameter_of(cls)) is not None:
        raise errors.SchemaError(
            f"{where}: its FlatBuffers can be neither written nor read: expected an attrs class, dataclass or Struct "
            f"as the type of the values, found {errors.short(kind)}; take one, or give build= and cast= to @table"
        )


def _check_keys(value: Any, pk: tuple[str, ...], declarations: list[IndexDeclaration], where: str) -> None:
    """Refuse keys of fields that are not stored as they are."""
    codec = getattr(value, "codec", value)
    if not getattr(codec, "declares", False):
        return
    keyed = [(path, "its primary key", True) for path in pk]
    keyed += [(path, f"index {found.name}", False) for found in declarations for path in found.fields]
    for path, what, primary in keyed:
        why = codec.unfit(path, primary=primary)
        if why is not None:
            raise errors.SchemaError(f"{where}: {what} names {path!r}, which {why}; take another field", field=path)


def _record_fields(value: Any) -> Any:
    if value.record is None:
        return None
    from zlmdb.values import records

    return records.describe(value.record)


def _width_of(tp: Any) -> KeyCodec[Any] | None:
    """The key codec of an integer of a FlatBuffers width (``zlmdb.fbs.uint64``); None for any other type."""
    name = next((note.name for note in getattr(tp, "__metadata__", ()) if type(note).__name__ == "Scalar"), "")
    codec: KeyCodec[Any] | None = getattr(keys, name.title())() if "int" in name else None
    return codec


def _codec_of_fields(fields: tuple[str, ...], info: Any, where: str) -> KeyCodec[Any]:
    from zlmdb.tables.primary import no_field, type_of

    parts = []
    for path in fields:
        if info is None:
            raise errors.SchemaError(
                f"{where}: rows have no declared type to find that of {path!r} in; give key=zlmdb.String, or the like"
            )
        tp = type_of(path, info)
        if tp is None:
            raise errors.SchemaError(f"{where}: {no_field(path, info)}; name a field, or give key=...", field=path)
        codec = _width_of(tp) or keys.for_type(tp)
        if codec is None:
            raise errors.SchemaError(
                f"{where}: there is no key codec for field {path!r} of type {tp!r}; give key=... , or index a function"
            )
        parts.append(codec)
    return parts[0] if len(parts) == 1 else keys.Composite(tuple(parts))
