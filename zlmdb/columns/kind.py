"""The contract of kinds: what a column holds, and how it gets to Arrow and NumPy, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Self

from zlmdb.columns.extras import pyarrow
from zlmdb.errors import short

__all__ = ["NONE", "Exact", "Kind", "Misfit", "Scalar", "cast", "decoded", "objects", "value_of"]

NONE = type(None)


class Misfit(Exception):
    """A value that does not fit its column.

    Args:
        expected: what would fit, in words.
        found: what came.
        at: its place in the batch; None if that is not known.
    """

    def __init__(self, expected: str, found: Any, at: int | None = None) -> None:
        super().__init__(expected, found, at)
        self.expected = expected
        self.found = found[1:] if isinstance(found, str) and found.startswith("\0") else _described(found)
        self.at = at


def _described(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {short(value)}"


class Exact(list[Any]):
    """Values whose types are known to be those that were declared, so that nobody need look at them again."""


def objects(values: Sequence[Any]) -> Any:
    """An array of Python objects, one for each value, whatever the values are."""
    import numpy as np

    return np.fromiter(values, dtype=object, count=len(values))


class Kind:
    """The kind of a column. Immutable."""

    #: In words, for messages.
    expects = "a value"
    #: True if None is among the values.
    optional = False
    #: True if what CBOR's decoder gives can be taken as it is, where its type is one of `types`.
    plain = False
    #: True if more values may tell more about the kind than the first one does.
    open_ended = False
    #: True if NaN is a value like others.
    nan = False
    #: The types of values that need no closer look.
    types: frozenset[type] = frozenset()

    def with_none(self) -> Self:
        """The same kind, with None among its values."""
        if self.optional:
            return self
        kind = copy(self)
        kind.optional = True
        kind.expects = f"{self.expects} or None"
        kind.types = self.types | {NONE}
        return kind

    @property
    def nullable(self) -> bool:
        """True if the Arrow column may hold nulls."""
        return self.optional

    def arrow_type(self) -> Any:
        """The type of the Arrow column."""
        raise NotImplementedError

    def fits(self, values: Sequence[Any]) -> bool:
        """True if the type of every value is one that needs no closer look."""
        return self.types.issuperset(map(type, values))

    def clean(self, values: Any) -> Any:
        """The values, each of one of `types`: subclasses and other twins are converted.

        Raises:
            Misfit: at the first value that is of another type.
        """
        if type(values) is not list or self.fits(values):
            return values
        done = []
        for at, value in enumerate(values):
            if type(value) not in self.types:
                try:
                    value = self.convert(value)
                except Misfit as wrong:
                    raise Misfit(wrong.expected, value, at) from None
            done.append(value)
        return done

    def convert(self, value: Any) -> Any:
        """A value of one of `types` for one that is of none of them.

        Raises:
            Misfit: if there is none.
        """
        raise Misfit(self.expects, value)

    def to_arrow(self, values: Any) -> Any:
        """The Arrow array of some values.

        Raises:
            Misfit: if a value is of another type. Exception: whatever pyarrow says of one that it cannot hold.
        """
        raise NotImplementedError

    def to_numpy(self, values: Any) -> Any:
        """The NumPy array of some values; raises as :meth:`to_arrow`."""
        return objects(self.clean(values))

    def from_arrow(self, array: Any) -> list[Any]:
        """The values of an Arrow array, as objects of the declared type.

        Raises:
            Misfit: if a value does not fit; with its place.
        """
        raise NotImplementedError

    def settle(self, values: Any) -> Kind:
        """The kind that is certain after a look at the first values; most kinds are so before."""
        return self

    @property
    def settled(self) -> bool:
        """False if the kind depends on the values."""
        return True

    def refuse_none(self, array: Any) -> None:
        """Raise Misfit at the first null, unless None is among the values."""
        if array.null_count and not self.optional:
            at = array.is_null().to_pylist().index(True)
            raise Misfit(self.expects, None, at)


class Scalar(Kind):
    """Values that are one thing each.

    Args:
        expects: in words.
        types: of the values.
        arrow: name of the function of pyarrow that gives the type, and its arguments.
        sources: names of the tests in pyarrow.types of which one is true for columns that may come back.
        dtype: of the NumPy column; None for objects.
        plain: see :attr:`Kind.plain`.
        text: makes a value of text, which is then accepted from Arrow too; None if it is not.
    """

    def __init__(
        self,
        expects: str,
        types: Sequence[type],
        arrow: tuple[Any, ...],
        sources: Sequence[str],
        dtype: str | None = None,
        plain: bool = False,
        text: Callable[[str], Any] | None = None,
    ) -> None:
        self.expects = expects
        self.types = frozenset(types)
        self.main = types[0]
        self.arrow = arrow
        self.sources = sources
        self.dtype = dtype
        self.plain = plain
        self.text = text

    def arrow_type(self) -> Any:
        name, *arguments = self.arrow
        return getattr(pyarrow(), name)(*arguments)

    def convert(self, value: Any) -> Any:
        if isinstance(value, self.main) and not isinstance(value, bool):
            return value
        raise Misfit(self.expects, value)

    def to_arrow(self, values: Any) -> Any:
        return pyarrow().array(self.clean(values), self.arrow_type())

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        if isinstance(values, np.ndarray):
            return values
        values = self.clean(values)
        if self.dtype is None:
            return objects(values)
        if not self.optional or self.dtype[0] in "mMf":
            return np.array(values, self.dtype)  # None is NaN, or NaT
        mask = [value is None for value in values]
        return np.ma.MaskedArray(np.array([0 if value is None else value for value in values], self.dtype), mask)

    def from_arrow(self, array: Any) -> list[Any]:
        array = decoded(array)
        self.refuse_none(array)
        tests = pyarrow().types
        if tests.is_null(array.type):
            return [None] * len(array)
        if self.text is not None and (tests.is_string(array.type) or tests.is_large_string(array.type)):
            return self.parse(array.to_pylist())
        if not any(getattr(tests, f"is_{source}")(array.type) for source in self.sources):
            raise Misfit(self.expects, f"\0a column of {array.type}")
        return self.back(array)

    def parse(self, values: list[Any]) -> list[Any]:
        """Values of text."""
        parse: Any = self.text
        done = []
        for at, value in enumerate(values):
            try:
                done.append(None if value is None else parse(value))
            except (ValueError, ArithmeticError):
                raise Misfit(self.expects, value, at) from None
        return done

    def back(self, array: Any) -> list[Any]:
        """The objects of an array of one of the accepted types."""
        wanted = self.arrow_type()
        array = array if array.type == wanted else cast(array, wanted, self.expects)
        found: list[Any]
        try:
            found = array.to_pylist()
        except (OverflowError, ValueError):  # Arrow's days and times go further than those of Python
            for at in range(len(array)):
                value_of(array, at, self.expects)
            raise
        return found


def decoded(array: Any) -> Any:
    """The array without dictionary, view or extension."""
    pa = pyarrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        # Not every type of values can be taken by index; what it is decoded to can.
        array = pa.DictionaryArray.from_arrays(array.indices, decoded(array.dictionary)).dictionary_decode()
    if pa.types.is_run_end_encoded(array.type):
        array = pa.compute.run_end_decode(array)
    for test, plain in (("is_string_view", "string"), ("is_binary_view", "binary")):
        if getattr(pa.types, test)(array.type):
            array = array.cast(getattr(pa, plain)())
    return array


def cast(array: Any, wanted: Any, expects: str) -> Any:
    """The array in another type, if that loses nothing.

    Raises:
        Misfit: at the first value that would change.
    """
    pa = pyarrow()
    try:
        return array.cast(wanted, safe=True)
    except pa.ArrowInvalid:
        for at in range(len(array)):
            try:
                array.slice(at, 1).cast(wanted, safe=True)
            except pa.ArrowInvalid:
                raise Misfit(expects, value_of(array, at, expects), at) from None
        raise


def value_of(array: Any, at: int, expects: str) -> Any:
    """A value of an array.

    Raises:
        Misfit: if Python has no such value.
    """
    try:
        return array[at].as_py()
    except (OverflowError, ValueError):
        number = array.slice(at, 1).view("int64" if array.type.bit_width == 64 else "int32")[0]
        raise Misfit(expects, f"\0{array.type} {number}", at) from None
