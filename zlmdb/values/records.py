"""What a record class declares: its fields, their types and defaults, and how an object is read and made.

Understood are attrs classes, dataclasses, msgspec Structs, TypedDicts and NamedTuples. Neither attrs nor
msgspec is imported here: their classes carry what is needed.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any, NamedTuple, Union, get_args, get_origin

from zlmdb.errors import SchemaError
from zlmdb.values.faults import MISSING

__all__ = ["MISSING", "FieldInfo", "RecordInfo", "describe"]


class FieldInfo(NamedTuple):
    """One field of a record.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class User:
    ...     name: str
    ...     city: str | None = None
    >>> field = describe(User).fields["city"]
    >>> field.optional, field.required, field.default
    (True, False, None)
    """

    #: Name of the attribute, or key of the TypedDict.
    name: str
    #: The declared type, resolved; ``Annotated`` is kept, ``Required`` and the like are not.
    type: Any
    #: True if None is among the values.
    optional: bool
    #: False if the field has a default (or, in a TypedDict, need not be there).
    required: bool
    #: The default; ``MISSING`` if there is none, or if a function makes it.
    default: Any = MISSING
    #: A function without arguments that makes the default, or None.
    factory: Any = None
    #: Name of the argument of the constructor; None if it takes none for this field.
    argument: str | None = None
    #: True if the constructor takes it by keyword only.
    keyword: bool = False
    #: The name under which the field is stored.
    stored: str = ""

    def make_default(self) -> Any:
        """The default of a field that is not required."""
        return self.factory() if self.factory is not None else self.default


class RecordInfo(NamedTuple):
    """A record class, described."""

    #: The class.
    type: Any
    #: ``"attrs"``, ``"dataclass"``, ``"struct"``, ``"typeddict"`` or ``"namedtuple"``.
    kind: str
    #: The fields by name, in declared order.
    fields: dict[str, FieldInfo]
    #: False if the class has a constructor of its own, so that objects are made without it.
    constructor: bool = True

    @property
    def name(self) -> str:
        """The name of the class, for messages."""
        return str(getattr(self.type, "__qualname__", self.type))

    def getter_expr(self, var: str, field: str) -> str:
        """Source that reads a field of the local variable `var`: ``o.name``, or ``o['name']`` for a
        TypedDict.

        Args:
            var: name of the variable.
            field: name of a field.

        Raises:
            SchemaError: if there is no such field.
        """
        if field not in self.fields:
            raise SchemaError(
                f"{self.name} has no field {field!r}; it has {', '.join(self.fields) or 'none'}", field=field
            )
        return f"{var}[{field!r}]" if self.kind == "typeddict" else f"{var}.{field}"


def describe(record: Any) -> RecordInfo | None:
    """What a record class declares; None if `record` is not one (None, dict, ``list[int]``, ...).

    Args:
        record: an attrs class, dataclass, msgspec Struct, TypedDict or NamedTuple, or a generic one with its
            parameters given.

    Raises:
        SchemaError: if an annotation cannot be resolved.

    >>> class Point(typing.TypedDict):
    ...     x: int
    >>> describe(Point).getter_expr("o", "x")
    "o['x']"
    >>> describe(dict) is None
    True
    """
    cls = get_origin(record) or record
    if not isinstance(cls, type):
        return None
    reader = next((reader for test, reader in _READERS if test(cls)), None)
    if reader is None:
        return None
    if cls is not record:
        return _describe(cls, reader, record)
    known = cls.__dict__.get(_KNOWN)
    # A class made of the attributes of another one, as attrs and dataclasses do for slots, has taken this along.
    if type(known) is _Known and known.info is not None and known.info.type is cls:
        return known.info
    info = _describe(cls, reader, record)
    try:
        setattr(cls, _KNOWN, _Known(info))
    except (AttributeError, TypeError):
        pass  # its metaclass refuses; it is described anew each time
    return info


#: Where a class keeps what it declares. Whatever is kept elsewhere would keep the class, which the description names,
#: and a program that makes classes in a loop would never get rid of them.
_KNOWN = "__zlmdb_record__"


class _Known:
    """What a class declares; empty in a copy of the class that is pickled along with its attributes."""

    __slots__ = ("info",)

    def __init__(self, info: RecordInfo | None = None) -> None:
        self.info = info

    def __reduce__(self) -> Any:
        return _Known, ()


def _describe(cls: Any, reader: Callable[[Any, dict[str, Any]], RecordInfo], record: Any) -> RecordInfo:
    hints = _hints(cls)
    parameters = getattr(cls, "__parameters__", ())
    given = dict(zip(parameters, get_args(record), strict=False))
    if given:
        hints = {name: _substitute(hint, given) for name, hint in hints.items()}
    return reader(cls, hints)


def _substitute(hint: Any, given: dict[Any, Any]) -> Any:
    if hint in given:
        return given[hint]
    free = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(name, name) for name in free)] if free else hint


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception as error:
        raise SchemaError(
            f"the annotations of {cls.__qualname__} cannot be resolved ({type(error).__name__}: {error}):"
            " name only what its module defines or imports at run time, outside `if TYPE_CHECKING`",
            found=str(error),
        ) from error


def _field(name: str, hint: Any, **more: Any) -> FieldInfo:
    while get_origin(hint) in (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired):
        hint = get_args(hint)[0]
    more.setdefault("stored", name)
    return FieldInfo(name, hint, optional=_optional(hint), **more)


def _optional(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is typing.Annotated:
        return _optional(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return any(_optional(part) for part in get_args(hint))
    return hint is None or hint is type(None)


def _attrs(cls: Any, hints: dict[str, Any]) -> RecordInfo:
    fields = {}
    for field in cls.__attrs_attrs__:
        default = field.default
        none = type(default).__name__ == "_Nothing"
        made = type(default).__name__ == "Factory"
        fields[field.name] = _field(
            field.name,
            hints.get(field.name, Any),
            required=none,
            default=MISSING if none or made else default,
            factory=default.factory if made else None,
            argument=(field.alias or field.name.lstrip("_")) if field.init else None,
            keyword=bool(field.kw_only),
        )
    return _checked("attrs", cls, fields)


def _dataclass(cls: Any, hints: dict[str, Any]) -> RecordInfo:
    import dataclasses  # not at the top: it takes `inspect` along, which takes longer than all of this package

    fields = {}
    for field in dataclasses.fields(cls):
        default = MISSING if field.default is dataclasses.MISSING else field.default
        factory = None if field.default_factory is dataclasses.MISSING else field.default_factory
        fields[field.name] = _field(
            field.name,
            hints[field.name],
            required=default is MISSING and factory is None,
            default=default,
            factory=factory,
            argument=field.name if field.init else None,
            keyword=bool(field.kw_only),
        )
    return _checked("dataclass", cls, fields)


def _struct(cls: Any, hints: dict[str, Any]) -> RecordInfo:
    names = cls.__struct_fields__
    defaults = (None,) * (len(names) - len(cls.__struct_defaults__)) + cls.__struct_defaults__
    required = len(names) - len(cls.__struct_defaults__)
    fields = {}
    for at, (name, stored) in enumerate(zip(names, cls.__struct_encode_fields__, strict=True)):
        # Marks of msgspec for "nothing" and "made by a function" are told by the type's name.
        kind = type(defaults[at]).__name__
        none = at < required or kind == "NODEFAULT" or repr(defaults[at]) == "NODEFAULT"
        fields[name] = _field(
            name,
            hints[name],
            required=none,
            default=MISSING if none or kind == "Factory" else defaults[at],
            factory=defaults[at].factory if kind == "Factory" else None,
            argument=name,
            stored=stored,
        )
    return _checked("struct", cls, fields)


def _typeddict(cls: Any, hints: dict[str, Any]) -> RecordInfo:
    fields = {}
    for name, hint in hints.items():
        # The marks are looked at first: where annotations are text, `__required_keys__` does not know them.
        origin = get_origin(hint)
        required = name in cls.__required_keys__
        if origin in (typing.Required, typing.NotRequired):
            required = origin is typing.Required
        fields[name] = _field(name, hint, required=required, argument=name)
    return RecordInfo(cls, "typeddict", fields)


def _namedtuple(cls: Any, hints: dict[str, Any]) -> RecordInfo:
    return RecordInfo(
        cls,
        "namedtuple",
        {
            name: _field(
                name,
                hints.get(name, Any),
                required=name not in cls._field_defaults,
                default=cls._field_defaults.get(name, MISSING),
                argument=name,
            )
            for name in cls._fields
        },
    )


def _checked(kind: str, cls: Any, fields: dict[str, FieldInfo]) -> RecordInfo:
    """The record, after a look at whether its constructor takes just what the fields say."""
    from inspect import Parameter, signature

    try:
        found = signature(cls).parameters
    except (TypeError, ValueError):
        return RecordInfo(cls, kind, fields, constructor=False)
    arguments = [field.argument for field in fields.values() if field.argument is not None]
    if sorted(found) != sorted(arguments):
        return RecordInfo(cls, kind, fields, constructor=False)
    for name, field in fields.items():
        if field.argument is not None:
            keyword = found[field.argument].kind is Parameter.KEYWORD_ONLY
            fields[name] = field._replace(keyword=keyword)
    return RecordInfo(cls, kind, fields)


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, dict[str, Any]], RecordInfo]], ...] = (
    (lambda cls: hasattr(cls, "__struct_fields__"), _struct),
    (lambda cls: hasattr(cls, "__attrs_attrs__"), _attrs),
    (lambda cls: hasattr(cls, "__dataclass_fields__"), _dataclass),
    (lambda cls: hasattr(cls, "__required_keys__") and issubclass(cls, dict), _typeddict),
    (lambda cls: issubclass(cls, tuple) and hasattr(cls, "_fields"), _namedtuple),
)
