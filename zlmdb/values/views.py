"""Arrays over the memory map, and the guard that keeps them from being read when their transaction is over.

Two lines of defence. The *lease* makes a clear error of every use that Python or numpy lets us see: after the
transaction has ended, indexing, methods, attributes, operators, iteration and numpy functions raise
ViewExpired. What they do not let us see (``np.asarray(view)``, the buffer protocol, ``.flat``, C extensions)
still never reads memory that is gone: arrays keep the memoryview of the value exported, which therefore
refuses its release, and the transaction keeps the snapshot until they are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zlmdb.errors import ViewExpired
from zlmdb.values.base import Lease

if TYPE_CHECKING:
    import numpy as np

__all__ = ["lease_view", "mapped_array"]

_mapped_array: type[np.ndarray[Any, Any]] | None = None

#: Attributes that say nothing about the memory and that Python itself asks for.
_HARMLESS = frozenset(("__class__", "__dict__", "__del__", "__array_finalize__", "__array_priority__", "__weakref__"))

#: Methods that C code calls without asking for the attribute, so that each needs a guard of its own.
#: Operators are not among them: they are ufuncs, which arrive at `__array_ufunc__`.
_SPECIAL = [
    "__getitem__",
    "__setitem__",
    "__len__",
    "__contains__",
    "__repr__",
    "__str__",
    "__format__",
    "__bool__",
    "__int__",
    "__float__",
    "__complex__",
    "__index__",
    "__copy__",
    "__deepcopy__",
    "__reduce__",
    "__reduce_ex__",
]


def lease_view(array: np.ndarray[Any, Any], lease: Lease) -> np.ndarray[Any, Any]:
    """The same array, guarded: using it after the lease has ended raises ViewExpired.

    Args:
        array: an array over memory that the lease covers.
        lease: an object whose attribute ``alive`` turns False when that memory must not be read any more.

    Slices and other views of the result are guarded, too; copies and results of computations are plain arrays
    that stay.

    >>> import numpy as np, types
    >>> lease = types.SimpleNamespace(alive=True)
    >>> view = lease_view(np.arange(3), lease)
    >>> kept = view.copy()
    >>> lease.alive = False
    >>> int(kept.sum())
    3
    >>> view.sum()
    Traceback (most recent call last):
    ...
    zlmdb.errors.ViewExpired: this array reads the memory map, ...
    """
    view = array.view(mapped_array())
    view.__dict__["lease"] = lease
    return view


def mapped_array() -> type[np.ndarray[Any, Any]]:
    """The class of guarded arrays, a subclass of numpy.ndarray; made on first use, as it takes numpy."""
    global _mapped_array
    if _mapped_array is None:
        _mapped_array = _make()
    return _mapped_array


def _make() -> type[np.ndarray[Any, Any]]:
    import numpy as np

    ndarray = np.ndarray
    get = ndarray.__getattribute__

    def guard(array: Any) -> None:
        lease = get(array, "__dict__").get("lease")
        if lease is not None and not lease.alive:
            raise ViewExpired(
                "this array reads the memory map, and its transaction has ended: take a copy with .copy() inside"
                " the transaction, or read without buffers=True"
            )

    def plain(value: Any) -> Any:
        """The value with every guarded array in it checked and replaced by a plain one."""
        if isinstance(value, MappedArray):
            guard(value)
            return ndarray.view(value, ndarray)
        if type(value) in (list, tuple):
            return type(value)(map(plain, value))
        if type(value) is dict:
            return {key: plain(item) for key, item in value.items()}
        return value

    def leased(result: Any, sources: list[Any]) -> Any:
        """The result with the arrays in it that still look into guarded memory guarded again."""
        if type(result) is ndarray:
            for source in sources:
                if np.may_share_memory(result, ndarray.view(source, ndarray)):
                    return lease_view(result, get(source, "__dict__")["lease"])
        elif isinstance(result, np.void):
            return result.copy()  # one row of a structured array is a view into it
        elif type(result) in (list, tuple):
            return type(result)([leased(item, sources) for item in result])
        return result

    def guarded(value: Any, found: list[Any]) -> list[Any]:
        """The arrays with a lease among the arguments of a function."""
        if isinstance(value, MappedArray):
            if get(value, "__dict__").get("lease") is not None:
                found.append(value)
        elif type(value) in (list, tuple):
            for item in value:
                guarded(item, found)
        elif type(value) is dict:
            guarded(list(value.values()), found)
        return found

    class MappedArray(np.ndarray):
        """A read-only array over the memory map that knows when its transaction has ended."""

        def __array_finalize__(self, source: Any) -> None:
            # A view inherits the lease of what it was made from; what owns its memory needs none.
            if isinstance(source, MappedArray) and not get(self, "flags").owndata:
                lease = get(source, "__dict__").get("lease")
                if lease is not None:
                    get(self, "__dict__")["lease"] = lease

        def __getattribute__(self, name: str) -> Any:
            if name not in _HARMLESS:
                guard(self)
            return get(self, name)

        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
            result = getattr(ufunc, method)(*plain(inputs), **plain(options))
            return leased(result, guarded([inputs, options], []))

        def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
            return leased(func(*plain(args), **plain(kwargs)), guarded([args, kwargs], []))

        def __iter__(self) -> Any:
            return (self[at] for at in range(len(self)))

    def delegate(name: str) -> Any:
        original = getattr(ndarray, name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(plain(self), *plain(args), **plain(kwargs))
            if name == "view" and (ndarray in args or ndarray in kwargs.values()):
                return result
            return leased(result, guarded([self, args], []))

        method.__name__ = name
        method.__qualname__ = f"MappedArray.{name}"
        method.__doc__ = original.__doc__
        return method

    for name in dir(ndarray):
        if name in _SPECIAL or (not name.startswith("_") and type(getattr(ndarray, name)) is _METHOD):
            setattr(MappedArray, name, delegate(name))
    MappedArray.__module__ = __name__
    MappedArray.__qualname__ = "MappedArray"
    return MappedArray


_METHOD = type(str.join)
