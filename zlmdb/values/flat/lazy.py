"""Objects that read their fields from a buffer when they are asked for them."""

from __future__ import annotations

import copy
import inspect
import types
from functools import cached_property
from typing import Any, TypeVar, cast

from zlmdb.errors import DecodeError, TransactionError, ViewExpired, ZlmdbError
from zlmdb.values.flat.access import Malformed
from zlmdb.values.flat.kinds import Record
from zlmdb.values.flat.layout import MAX_DEPTH

__all__ = ["FlatView", "detach", "detached", "expired", "fault", "view_class"]

T = TypeVar("T")

#: Tables that `detach` makes of a small buffer at most; of a larger one as many as it has room for.
MIN_TABLES = 100_000
#: Bytes of texts and vectors that it makes of a small buffer at most; of a larger one so many times its size.
MIN_BYTES = 1 << 26
TIMES = 16


class FlatView:
    """The base of lazy objects: to programs they are instances of their record class.

    Attributes: the buffer, the position of the table, position and length of its vtable, and the lease.
    """

    __slots__ = ("__weakref__", "_zb", "_zl", "_zn", "_zp", "_zv")

    _zlmdb_record: Record
    _zlmdb_class: Any

    def __getattr__(self, name: str) -> Any:
        # What view_class() leaves out: descriptors of other kinds, and what the class makes up itself.
        owner = self._zlmdb_class
        try:
            found = inspect.getattr_static(owner, name)
        except AttributeError:
            found = None
        made_up = getattr(owner, "__getattr__", None)
        if made_up is not None and (found is None or isinstance(found, types.MemberDescriptorType)):
            return made_up(self, name)
        if found is None or isinstance(found, types.MemberDescriptorType) or name.startswith("__"):
            raise AttributeError(f"{owner.__qualname__!r} object has no attribute {name!r}", name=name, obj=self)
        bind = getattr(type(found), "__get__", None)
        return found if bind is None else bind(found, self, owner)

    def detach(self) -> Any:
        """The plain object, as ``zlmdb.fbs.detach(row)`` gives it, which also serves if a field has this name."""
        return detach(self)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, FlatView):
            other = detach(other)
        return bool(detach(self) == other)

    def __hash__(self) -> int:
        return hash(detach(self))

    def __repr__(self) -> str:
        try:
            return repr(detach(self))
        except ZlmdbError as error:
            # For debuggers and messages, which show what they can.
            return f"<{self._zlmdb_class.__qualname__}: {error}>"

    def __copy__(self) -> Any:
        return detach(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return copy.deepcopy(detach(self), memo)

    def __reduce__(self) -> Any:
        return _same, (detach(self),)

    def _zlmdb_detach(self, left: list[int], depth: int) -> Any:
        raise NotImplementedError


def _same(value: T) -> T:
    return value


def detach(value: T) -> T:
    """The plain object of a lazy one: an instance of its class that does not read the buffer any more.

    Args:
        value: what a table of FlatBuffers declared by a class gave; anything else is returned as it is.

    Raises:
        DecodeError: if a field of it cannot be read.
        ViewExpired: if it reads the memory map, and its transaction has ended.

    >>> import dataclasses, zlmdb
    >>> @dataclasses.dataclass
    ... class Point:
    ...     x: float
    >>> codec = zlmdb.FlatBuffers(Point)
    >>> zlmdb.fbs.detach(codec.decode(codec.encode(Point(1.5))))
    Point(x=1.5)
    """
    if not isinstance(value, FlatView):
        return value
    size = len(value._zb)
    try:
        return cast("T", value._zlmdb_detach([max(MIN_TABLES, size // 4), max(MIN_BYTES, size * TIMES)], 1))
    except Malformed as error:
        raise fault(value, None, error) from error


def detached(value: Any, left: list[int], depth: int) -> Any:
    """The same for a part: a table or another member of a union, or a list or tuple of them."""
    if isinstance(value, FlatView):
        return value._zlmdb_detach(left, depth)
    kind = type(value)
    if kind is list or kind is tuple:
        return kind([detached(one, left, depth) for one in value])
    if kind is str:
        left[1] -= len(value)
        if left[1] < 0:
            raise Malformed("more text than the buffer can honestly hold")
    return value


def spend(view: FlatView, left: list[int], depth: int, size: int) -> None:
    """Count a table: a few bytes can name one table many times, in tables that are themselves named many times.

    Args:
        view: the table.
        left: how many tables, and how many bytes in texts and vectors, there may still be.
        depth: tables within tables.
        size: bytes in texts and vectors of this one.
    """
    left[0] -= 1
    left[1] -= size
    if left[0] < 0 or left[1] < 0 or depth > MAX_DEPTH:
        raise fault(view, None, Malformed("tables within tables, more or deeper than the buffer can honestly hold"))


def expired(view: FlatView) -> ViewExpired:
    """The error for a lazy object whose memory is gone."""
    return ViewExpired(
        f"this {view._zlmdb_class.__qualname__} reads the memory map, and its transaction has ended: detach it inside "
        "the transaction, or read without buffers=True"
    )


def fault(view: FlatView, field: str | None, error: Exception) -> Exception:
    """The error for a field that cannot be read."""
    name = view._zlmdb_class.__qualname__
    if isinstance(error, DecodeError):
        if field is not None:
            error.field = field if error.field is None else f"{field}.{error.field}"
        return error
    if isinstance(error, TransactionError):
        return error
    reason = str(error) if isinstance(error, Malformed) else f"{type(error).__name__}: {error}"
    where = name if field is None else f"stored field {field} of {name}"
    size = len(view._zb)
    return DecodeError(
        f"{where}: expected a FlatBuffer of {name}, found {size} bytes that are none: {reason[:300]}",
        field=field,
        expected=f"a FlatBuffer of {name}",
        found=f"{size} bytes",
    )


#: Special methods that a lazy object has of its own, or that make no sense for it.
_OWN = frozenset(
    (
        *("__init__", "__new__", "__eq__", "__ne__", "__hash__", "__repr__", "__del__", "__post_init__"),
        *("__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__init_subclass__", "__class_getitem__"),
        *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__copy__", "__deepcopy__"),
        *("__attrs_init__", "__attrs_pre_init__", "__attrs_post_init__", "__subclasshook__"),
    )
)
#: Descriptors that serve any class.
_SHARED = (types.FunctionType, staticmethod)
#: What libraries look for in the class of a record.
_TELLING = ("__attrs_attrs__", "__attrs_props__", "__dataclass_fields__", "__dataclass_params__", "__match_args__")


def view_class(record: Record, cls: Any, body: dict[str, Any]) -> type[FlatView]:
    """A class of lazy objects of a record class.

    Args:
        record: the record.
        cls: its class.
        body: the fields, and ``_zlmdb_detach``.
    """
    space: dict[str, Any] = {
        "__slots__": (),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__class__": property(lambda self: cls),
        "_zlmdb_record": record,
        "_zlmdb_class": cls,
    }
    for base in reversed(cls.__mro__[:-1]):
        for name, found in vars(base).items():
            special = name.startswith("__") and name.endswith("__")
            if special and name not in _OWN and isinstance(found, types.FunctionType):
                space[name] = found
            elif not special and not (name.startswith("_z") and hasattr(FlatView, name)):
                _share(space, cls, name, found)
        # Classes of attrs with slots keep their cached properties there.
        makes = vars(base).get("__getattr__")
        if "cached_properties" in getattr(getattr(makes, "__code__", None), "co_varnames", ()):
            defaults: tuple[Any, ...] = getattr(makes, "__defaults__", None) or ()
            for cached in defaults:
                if isinstance(cached, dict):
                    space.update((name, property(cached[name], _refuse(cls, name))) for name in cached)
    config = getattr(cls, "__struct_config__", None)
    if cls.__eq__ is object.__eq__ or (config is not None and not config.eq):
        # Of such a class an object is equal to nothing but itself.
        space["__eq__"] = object.__eq__
        space["__hash__"] = object.__hash__ if cls.__hash__ in (object.__hash__, None) else FlatView.__hash__
    space.update((name, getattr(cls, name)) for name in _TELLING if hasattr(cls, name))
    for name, get in body.items():
        space[name] = get if name == "_zlmdb_detach" else property(get, _refuse(cls, name), doc=None)
    return type(cls.__name__, (FlatView,), space)


def _share(space: dict[str, Any], cls: Any, name: str, found: Any) -> None:
    """Put a method, property or constant of a record class into the class of its lazy objects."""
    kind = type(found)
    if kind is cached_property:
        space[name] = property(found.func, _refuse(cls, name))
    elif kind is property:
        space[name] = property(found.fget, _refuse(cls, name))
    elif kind is classmethod:
        space[name] = staticmethod(found.__get__(None, cls))
    elif kind in _SHARED or not (hasattr(kind, "__get__") or hasattr(kind, "__set_name__")):
        space[name] = found
    else:
        # Left to __getattr__: to be put into another class may mean something to it.
        space.pop(name, None)


def _refuse(cls: Any, name: str) -> Any:
    def change(self: Any, value: Any) -> None:
        raise AttributeError(
            f"{name}: this {cls.__qualname__} is read from stored bytes and cannot be changed; change its plain "
            "object, zlmdb.fbs.detach(row), or make a changed one with attrs.evolve() or dataclasses.replace()",
            name=name,
            obj=self,
        )

    return change
