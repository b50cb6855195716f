"""Classes of plain data that cost next to nothing to define.

``@dataclass`` writes methods for each class and compiles them when the class is defined, which takes up to a
millisecond, and ``dataclasses`` itself brings ``inspect`` along. A program pays for both before its first row. What
every program needs to open a database therefore derives from :class:`Data`, whose methods are the same for all.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

__all__ = ["Data"]


@dataclass_transform(frozen_default=True)
class Data:
    """Base class of immutable data: each annotation of the class is a field, and its value there the default.

    Args:
        apart: class keyword: names of fields that are left out when objects are compared.

    Objects are equal if they are of one class and their fields are equal. A ``__post_init__`` is called when they are
    made, to refuse what does not fit.

    >>> class Point(Data):
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, y=0), Point(1).but(y=2)
    (Point(x=1, y=0), True, Point(x=1, y=2))
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}
    _names: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, apart: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__annotations__
        cls._fields = (*cls._fields, *own)
        cls._compared = (*cls._compared, *(name for name in own if name not in apart))
        cls._names = frozenset(cls._fields)
        cls._defaults = {**cls._defaults, **{name: vars(cls)[name] for name in own if name in vars(cls)}}

    def __init__(self, *values: Any, **named: Any) -> None:
        own = self.__dict__
        own.update(self._defaults, **named)
        if values:
            fields = self._fields
            if len(values) > len(fields) or not named.keys().isdisjoint(fields[: len(values)]):
                raise self._misfit(values, named)
            own.update(zip(fields, values))  # noqa: B905  # too few are found below
        if own.keys() != self._names:
            raise self._misfit(values, named)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Called when all fields are set."""

    def _misfit(self, values: tuple[Any, ...], named: dict[str, Any]) -> TypeError:
        fields = self._fields
        without = [name for name in fields if name not in self.__dict__]
        problems = {
            "without a value": without,
            "given twice": sorted(named.keys() & {*fields[: len(values)]}),
            "no such field": sorted(named.keys() - {*fields}),
            "too many values": values[len(fields) :],
        }
        said = [f"{problem}: {', '.join(map(str, found))}" for problem, found in problems.items() if found]
        return TypeError(f"{type(self).__name__}(): expected values for {', '.join(fields)}; {'; '.join(said)}")

    def but(self, **changes: Any) -> Self:
        """A copy with other values in some fields."""
        return type(self)(**{**{name: getattr(self, name) for name in self._fields}, **changes})

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set: the object is immutable; make a copy")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted: the object is immutable")

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self._compared])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._fields)})"
