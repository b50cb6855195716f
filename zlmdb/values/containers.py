"""The shapes of types that have parts: collections, records, unions, and what only msgspec knows."""

from __future__ import annotations

import collections.abc as abc
import enum
import types
import typing
from collections.abc import Callable
from typing import Any, Union, get_args, get_origin

from zlmdb.errors import EncodeError, SchemaError, short
from zlmdb.values.faults import MISSING, Fault
from zlmdb.values.records import FieldInfo, RecordInfo, describe
from zlmdb.values.shapes import (
    SCALARS,
    Shape,
    datetime64_shape,
    enum_shape,
    literal_shape,
    optional_shape,
    scalar_shape,
)

__all__ = ["Shapes", "dec_hook", "enc_hook", "make_object"]

_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_SETS = (set, abc.Set, abc.MutableSet)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)
_SIMPLE_UNION = frozenset((str, int, float, bool, bytes))


class Shapes:
    """Finds the shapes of types for one format, each type once.

    Args:
        json: True for JSON, False for CBOR.
    """

    def __init__(self, json: bool) -> None:
        self.json = json
        self._found: dict[Any, Shape] = {}

    def of(self, hint: Any, where: str = "") -> Shape:
        """The shape of a type.

        Args:
            hint: a type annotation, resolved.
            where: the field it belongs to, for messages.

        Raises:
            SchemaError: if neither this module nor msgspec knows the type.
        """
        try:
            shape = self._found.get(hint)
        except TypeError:  # not hashable: Annotated with a list, for example
            return self._new(hint, where)
        if shape is None:
            shape = self._found[hint] = self._new(hint, where)
        return shape

    def _new(self, hint: Any, where: str) -> Shape:
        if isinstance(hint, type) and get_origin(hint) is None:
            shape = scalar_shape(hint, self.json)
            if shape is not None:
                return shape
        for test, make in _MAKERS:
            if test(hint):
                return make(self, hint, where)
        return _foreign(self, hint, where)

    def promise(self, hint: Any, shape: Shape) -> None:
        """Makes the shape of a record known before its fields are looked at, which may name the record."""
        self._found[hint] = shape


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is typing.Annotated


def _annotated(shapes: Shapes, hint: Any, where: str) -> Shape:
    if any(type(note).__name__ == "Meta" and type(note).__module__.startswith("msgspec") for note in hint.__metadata__):
        return _foreign(shapes, hint, where)  # bounds, patterns and the like are checked by msgspec
    return shapes.of(hint.__origin__, where)


def _union(shapes: Shapes, hint: Any, where: str) -> Shape:
    members = [part for part in get_args(hint) if part is not type(None)]
    if len(members) < len(get_args(hint)):
        return optional_shape(shapes.of(Union[tuple(members)], where))  # noqa: UP007 as it is made at run time
    if not _SIMPLE_UNION.issuperset(members):
        return _foreign(shapes, hint, where)
    parts = {member: shapes.of(member, where) for member in members}
    expected = " or ".join(part.expected for part in parts.values())

    def norm(value: Any) -> Any:
        part = parts.get(type(value))
        if part is not None:
            return part.norm(value)
        raise Fault(expected, value)

    def build(plain: Any) -> Any:
        if type(plain) in parts:
            return plain
        raise Fault(expected, plain)

    return Shape("union", expected, norm, build)


def _each(norm: Callable[[Any], Any], items: Any) -> list[Any]:
    """All items through a function; a fault is looked for only when there is one."""
    try:
        return [norm(item) for item in items]
    except Fault as first:
        for at, item in enumerate(items):
            try:
                norm(item)
            except Fault as fault:
                raise fault.at(f"[{at}]") from None
        raise first from None


def _list(shapes: Shapes, hint: Any, where: str) -> Shape:
    (inner,) = [shapes.of(part, where) for part in get_args(hint) or (Any,)]
    expected = f"a list of {inner.expected}"

    def norm(value: Any) -> list[Any]:
        if isinstance(value, list):
            return _each(inner.norm, value)
        raise Fault(expected, value)

    def build(plain: Any) -> list[Any]:
        if isinstance(plain, (list, tuple)):
            return _each(inner.build, plain)
        raise Fault(expected, plain)

    return Shape("list", expected, norm, build, list, (inner,), inner.deep, inner.faithful)


def _tuple(shapes: Shapes, hint: Any, where: str) -> Shape:
    args = get_args(hint)
    if hint is tuple or hint is typing.Tuple:  # noqa: UP006 as users may spell it
        args = (Any, ...)
    if len(args) == 2 and args[1] is Ellipsis:
        inner = shapes.of(args[0], where)
        parts: tuple[Shape, ...] = (inner,)
        expected = f"a tuple of {inner.expected}"
    else:
        parts = tuple(shapes.of(part, where) for part in args)
        expected = f"a tuple of ({', '.join(part.expected for part in parts)})"
    fixed = not (len(args) == 2 and args[1] is Ellipsis)

    def through(items: Any, functions: list[Callable[[Any], Any]]) -> list[Any]:
        if not fixed:
            return _each(functions[0], items)
        if len(items) != len(functions):
            raise Fault(expected, items)
        result = []
        for at, (function, item) in enumerate(zip(functions, items, strict=True)):
            try:
                result.append(function(item))
            except Fault as fault:
                raise fault.at(f"[{at}]") from None
        return result

    def norm(value: Any) -> list[Any]:
        if type(value) is tuple:
            return through(value, [part.norm for part in parts])
        raise Fault(expected, value)

    def build(plain: Any) -> tuple[Any, ...]:
        if isinstance(plain, (list, tuple)):
            return tuple(through(plain, [part.build for part in parts]))
        raise Fault(expected, plain)

    deep = any(part.deep for part in parts)
    return Shape("tuple", expected, norm, build, tuple, parts, deep, all(part.faithful for part in parts))


def _set(shapes: Shapes, hint: Any, where: str) -> Shape:
    (inner,) = [shapes.of(part, where) for part in get_args(hint) or (Any,)]
    kind: Any = frozenset if (get_origin(hint) or hint) is frozenset else set
    expected = f"a {kind.__name__} of {inner.expected}"

    def norm(value: Any) -> list[Any]:
        if not isinstance(value, kind):
            raise Fault(expected, value)
        items = [inner.norm(item) for item in value]
        try:
            return sorted(items)  # so that equal sets are equal bytes
        except TypeError:
            return items

    def build(plain: Any) -> Any:
        if not isinstance(plain, (list, tuple, set, frozenset)):
            raise Fault(expected, plain)
        return kind(_each(inner.build, plain))

    return Shape("set", expected, norm, build, kind, (inner,), inner.deep, inner.faithful)


def _dict(shapes: Shapes, hint: Any, where: str) -> Shape:
    key, value = [shapes.of(part, where) for part in get_args(hint) or (Any, Any)]
    expected = f"a dict of {key.expected} to {value.expected}"

    def through(items: Any, of_key: Any, of_value: Any) -> dict[Any, Any]:
        result = {}
        for name, item in items.items():
            try:
                plain = of_key(name)
                result[tuple(plain) if type(plain) is list else plain] = of_value(item)
            except Fault as fault:
                raise fault.at(f"[{short(name)}]") from None
        return result

    def norm(mapping: Any) -> dict[Any, Any]:
        if isinstance(mapping, dict):
            return through(mapping, key.norm, value.norm)
        raise Fault(expected, mapping)

    def build(plain: Any) -> dict[Any, Any]:
        if isinstance(plain, dict):
            return through(plain, key.build, value.build)
        raise Fault(expected, plain)

    faithful = key.faithful and value.faithful
    return Shape("dict", expected, norm, build, dict, (key, value), value.deep or key.deep, faithful)


def make_object(info: RecordInfo, values: dict[str, Any]) -> Any:
    """An object of a record from the values of its fields; missing ones get their default.

    Args:
        info: the record.
        values: by field name.
    """
    if info.kind == "typeddict":
        return values
    fields = info.fields
    if info.constructor:
        given = {fields[name].argument or "": values[name] for name in values if fields[name].argument is not None}
        result = info.type(**given)
        rest = {name: value for name, value in values.items() if fields[name].argument is None}
    else:
        result = object.__new__(info.type)
        rest = {name: field.make_default() for name, field in fields.items() if not field.required} | values
    for name, value in rest.items():
        object.__setattr__(result, name, value)  # frozen classes refuse the ordinary way
    return result


def _record(shapes: Shapes, hint: Any, where: str) -> Shape:
    info = describe(hint)
    if info is None:
        raise SchemaError(f"{short(hint)} is not a record")
    shape = Shape("record", info.name, _unready, _unready, info, deep=True)
    shapes.promise(hint, shape)
    parts = {name: shapes.of(field.type, f"{info.name}.{name}") for name, field in info.fields.items()}
    shape.inner = tuple(parts.values())
    # msgspec leaves private attributes out when it writes attrs classes and dataclasses.
    private = info.kind in ("attrs", "dataclass") and any(name.startswith("_") for name in info.fields)
    shape.faithful = not private and info.kind != "namedtuple" and all(part.faithful for part in shape.inner)
    shape.norm = _record_norm(info, parts, shapes.json)
    shape.build = _record_build(info, parts)
    return shape


def _unready(value: Any) -> Any:
    raise SchemaError("the record is still being looked at")


def _record_norm(info: RecordInfo, parts: dict[str, Shape], json: bool) -> Callable[[Any], Any]:
    plan = [(name, field.stored, parts[name].norm) for name, field in info.fields.items()]
    cls = info.type

    def norm_object(value: Any) -> dict[str, Any]:
        if type(value) is not cls and not (value.__class__ is cls and hasattr(type(value), "_zlmdb_detach")):
            # What a table of FlatBuffers gave has the fields, too.
            raise Fault(info.name, value)
        result = {}
        for name, stored, norm in plan:
            try:
                result[stored] = norm(getattr(value, name))
            except AttributeError:
                raise Fault(parts[name].expected, MISSING).at(f".{name}") from None
            except Fault as fault:
                raise fault.at(f".{name}") from None
        return result

    def norm_dict(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{info.name} (a dict)", value)
        result = {}
        for name, stored, norm in plan:
            if name not in value:
                if info.fields[name].required:
                    raise Fault(parts[name].expected, MISSING).at(f".{name}")
                continue
            try:
                result[stored] = norm(value[name])
            except Fault as fault:
                raise fault.at(f".{name}") from None
        for name in value:
            if name not in info.fields:
                raise Fault(f"only the fields {', '.join(info.fields)}", name).at(f".{name}")
        return result

    config = getattr(cls, "__struct_config__", None)
    if not json or (info.kind != "namedtuple" and config is None):
        return norm_dict if info.kind == "typeddict" else norm_object

    def norm_msgspec(value: Any) -> Any:
        # As msgspec itself lays the fields out.
        fields = norm_object(value)
        if config is None:
            return list(fields.values())
        if config.array_like:
            return [*([] if config.tag is None else [config.tag]), *fields.values()]
        return fields if config.tag is None else {config.tag_field: config.tag, **fields}

    return norm_msgspec


def _record_build(info: RecordInfo, parts: dict[str, Shape]) -> Callable[[Any], Any]:
    plan: list[tuple[FieldInfo, Callable[[Any], Any]]] = [
        (field, parts[name].build) for name, field in info.fields.items()
    ]

    def build(plain: Any) -> Any:
        if not isinstance(plain, dict):
            raise Fault(f"{info.name} (a map of its fields)", plain)
        values = {}
        for field, build_field in plan:
            if field.stored in plain:
                try:
                    values[field.name] = build_field(plain[field.stored])
                except Fault as fault:
                    raise fault.at(f".{field.name}") from None
            elif field.required:
                raise Fault(parts[field.name].expected, MISSING).at(f".{field.name}")
        try:
            return make_object(info, values)
        except Exception as error:
            # a converter, validator or __post_init__ of the class
            raise Fault(f"values that {info.name} accepts ({type(error).__name__}: {error})", values) from error

    return build


def _any(shapes: Shapes, hint: Any, where: str) -> Shape:
    json = shapes.json
    expected = "a value that JSON can hold" if json else "a value that CBOR can hold"
    keys = (str,) if json else (str, int, bytes, bool, float, type(None))

    def norm(value: Any) -> Any:
        kind = type(value)
        if kind is float:
            if json and value - value != 0.0:
                raise Fault("a finite float (JSON has no NaN and no infinities)", value, EncodeError)
        elif kind is str or kind is int or kind is bool or value is None:
            pass
        elif kind is dict:
            for key, item in value.items():
                if type(key) not in keys:
                    raise Fault(f"keys that {'JSON' if json else 'CBOR'} can hold", key)
                try:
                    norm(item)
                except Fault as fault:
                    raise fault.at(f"[{short(key)}]") from None
        elif kind is list or kind is tuple:
            _each(norm, value)
        elif json:
            raise Fault(expected, value)
        elif kind is not bytes:
            from cbor2 import dumps

            try:
                dumps(value)
            except Exception:
                raise Fault(expected, value) from None
        return value

    return Shape("any", expected, norm, lambda plain: plain, deep=True)


def enc_hook(value: Any) -> Any:
    """What msgspec is to write for a type it does not know."""
    if type(value).__module__ == "numpy":
        from zlmdb.values.times import datetime64_to_ns

        return datetime64_to_ns(value)
    raise NotImplementedError(f"values of {type(value).__name__} cannot be stored")


def dec_hook(hint: type, plain: Any) -> Any:
    """The value that msgspec is to put where it does not know the type."""
    if hint is object:
        return plain
    if hint.__module__ == "numpy" and hint.__name__ == "datetime64" and type(plain) is int:
        from zlmdb.values.times import datetime64_from_ns

        return datetime64_from_ns(plain)
    raise ValueError(f"expected {hint.__name__}, found {type(plain).__name__}")


def _foreign(shapes: Shapes, hint: Any, where: str) -> Shape:
    """A type that is left to msgspec, whose plain values are numbers, text, bytes, lists and dicts."""
    import msgspec

    name = getattr(hint, "__qualname__", None) or str(hint)
    try:
        info = msgspec.inspect.type_info(hint)
        custom = isinstance(info, msgspec.inspect.CustomType)
    except TypeError as error:
        raise SchemaError(f"{where or name}: a type that cannot be stored in a record: {error}", field=where) from error
    if custom:
        raise SchemaError(
            f"{where or name}: {name} cannot be stored in a record; use a type that zlmdb knows, a record class,"
            " or the codec's marshal= and parse=",
            field=where,
        )
    kept = (bytes,)

    def build(plain: Any) -> Any:
        try:
            return msgspec.convert(plain, hint, builtin_types=kept, dec_hook=dec_hook, str_keys=shapes.json)
        except (msgspec.ValidationError, ValueError, TypeError) as error:
            raise Fault(f"{name} ({error})", plain) from None

    def norm(value: Any) -> Any:
        try:
            plain = msgspec.to_builtins(value, builtin_types=kept, enc_hook=enc_hook, str_keys=shapes.json)
            same = msgspec.convert(plain, hint, builtin_types=kept, dec_hook=dec_hook, str_keys=shapes.json)
        except (msgspec.MsgspecError, ValueError, TypeError, NotImplementedError) as error:
            raise Fault(f"{name} ({error})", value) from None
        if type(same) is not type(value) or same != value:
            raise Fault(f"{name}, equal to what is read back ({short(same)})", value)
        return plain

    return Shape("foreign", name, norm, build, deep=True)


def _is(*kinds: Any) -> Callable[[Any], bool]:
    return lambda hint: any((get_origin(hint) or hint) is kind for kind in kinds)


#: Which maker a type that is not itself goes to: the first whose test it passes; msgspec gets the rest.
_MAKERS: tuple[tuple[Callable[[Any], bool], Callable[[Shapes, Any, str], Shape]], ...] = (
    (_is_annotated, _annotated),
    (_is(Union, types.UnionType), _union),
    (_is(Any, object), _any),
    (lambda hint: hint is None, lambda shapes, hint, where: SCALARS[type(None)](shapes.json)),
    (_is(typing.Literal), lambda shapes, hint, where: literal_shape(get_args(hint))),
    (_is(*_LISTS), _list),
    (_is(tuple), _tuple),
    (_is(*_SETS, frozenset), _set),
    (_is(*_DICTS), _dict),
    (
        lambda hint: isinstance(hint, type) and get_origin(hint) is None and issubclass(hint, enum.Enum),
        lambda shapes, hint, where: enum_shape(hint, shapes.json),
    ),
    (
        lambda hint: isinstance(hint, type) and hint.__module__ == "numpy" and hint.__name__ == "datetime64",
        lambda shapes, hint, where: datetime64_shape(hint, shapes.json),
    ),
    (lambda hint: describe(hint) is not None, _record),
    (
        lambda hint: hasattr(hint, "__supertype__"),
        lambda shapes, hint, where: shapes.of(hint.__supertype__, where),
    ),
    (lambda hint: hasattr(hint, "__value__"), lambda shapes, hint, where: shapes.of(hint.__value__, where)),
    (
        lambda hint: isinstance(hint, typing.TypeVar),
        lambda shapes, hint, where: shapes.of(hint.__bound__ or Any, where),
    ),
)
