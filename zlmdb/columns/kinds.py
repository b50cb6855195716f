"""What a column holds: for each declared type, its type in Arrow and NumPy, and the way there and back.

==================  ============================  ===========================  =====================================
declared            Arrow                         NumPy                        back from Arrow
==================  ============================  ===========================  =====================================
bool                bool                          bool                         bool
int                 int64 (uint64: Uint64 keys)   int64 (uint64)               integers; floats that are whole
float               double                        float64                      floats; integers that it holds exactly
str                 string                        object of str                text of any kind
bytes               binary (fixed: such keys)     object of bytes              bytes of any kind
UUID                extension arrow.uuid          object of UUID               16 bytes, or text
datetime, aware     timestamp[us, UTC]            datetime64[us], UTC          timestamps with a zone
datetime, naive     timestamp[us]                 datetime64[us]               timestamps without a zone
np.datetime64       timestamp[ns]                 datetime64[ns]               timestamps
date                date32                        datetime64[D]                dates; timestamps at midnight
time                time64[us]                    object of time               times of day
timedelta           duration[us]                  timedelta64[us]              durations
Decimal             string                        object of Decimal            decimals, integers, text
Enum                its values; of str: a         object of members            its values
                    dictionary
==================  ============================  ===========================  =====================================

Lists, maps and nested records are in :mod:`zlmdb.columns.nested`; which kind a type has, and what undeclared values
are taken for, in :mod:`zlmdb.columns.lookup`.

Values come as a list of objects, or of what CBOR's decoder gives for them (16 bytes for a UUID, nanoseconds for a
time, the value for an enumeration's member), or as a NumPy array where keys of fixed length were decoded all at once.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Self

from zlmdb.columns.extras import pyarrow
from zlmdb.errors import short
from zlmdb.values.scalars import uuid_from_bytes

__all__ = ["BOOL", "BYTES", "DATE", "DATETIME", "DATETIME64", "DECIMAL", "FLOAT", "INT", "STR", "TIME", "TIMEDELTA"]
__all__ += [
    "UINT64",
    "UUID",
    "Aware",
    "Enum",
    "Exact",
    "FixedBytes",
    "Kind",
    "Misfit",
    "Naive",
    "Scalar",
    "Typed",
    "objects",
]

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
        array = _decoded(array)
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
        found: list[Any] = (array if array.type == wanted else _cast(array, wanted, self.expects)).to_pylist()
        return found


def _decoded(array: Any) -> Any:
    """The array without dictionary, view or extension."""
    pa = pyarrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        # Not every type of values can be taken by index; what it is decoded to can.
        array = pa.DictionaryArray.from_arrays(array.indices, _decoded(array.dictionary)).dictionary_decode()
    if pa.types.is_run_end_encoded(array.type):
        array = pa.compute.run_end_decode(array)
    for test, plain in (("is_string_view", "string"), ("is_binary_view", "binary")):
        if getattr(pa.types, test)(array.type):
            array = array.cast(getattr(pa, plain)())
    return array


def _cast(array: Any, wanted: Any, expects: str) -> Any:
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
                raise Misfit(expects, array[at].as_py(), at) from None
        raise


class _Int(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        raise Misfit(self.expects, value)

    def back(self, array: Any) -> list[Any]:
        if pyarrow().types.is_integer(array.type):
            found: list[Any] = array.to_pylist()  # Python's integers have no bounds
            return found
        return super().back(array)


class _Float(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, (float, int)) and not isinstance(value, bool) and float(value) == value:
            return float(value)
        raise Misfit(self.expects, value)

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        return values if isinstance(values, np.ndarray) else np.array(self.clean(values), np.float64)


class _Bool(Scalar):
    def convert(self, value: Any) -> Any:
        raise Misfit(self.expects, value)


class _Str(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, str):
            return str.__str__(value)
        raise Misfit(self.expects, value)


class _Bytes(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        raise Misfit(self.expects, value)

    def back(self, array: Any) -> list[Any]:
        found: list[Any] = array.to_pylist()
        return found


class FixedBytes(_Bytes):
    """Byte strings of one length, as keys have them."""

    def __init__(self, width: int) -> None:
        super().__init__(f"{width} bytes", (bytes,), ("binary", width), _BINARY, None, True)
        self.width = width

    def to_arrow(self, values: Any) -> Any:
        if isinstance(values, list):
            return super().to_arrow(values)
        return packed(values, self.width)

    def to_numpy(self, values: Any) -> Any:
        return super().to_numpy(values) if isinstance(values, list) else objects(unpacked(values))

    def back(self, array: Any) -> list[Any]:
        found: list[Any] = array.to_pylist()
        for at, value in enumerate(found):
            if value is not None and len(value) != self.width:
                raise Misfit(self.expects, value, at)
        return found


def packed(values: Any, width: int) -> Any:
    """The Arrow array of fixed-size bytes over a NumPy array of them, without a copy."""
    pa = pyarrow()
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(values)])


def unpacked(values: Any) -> list[bytes]:
    """The byte strings of a NumPy array of them."""
    data, width = values.tobytes(), values.dtype.itemsize
    return [data[at : at + width] for at in range(0, len(data), width)]


_BINARY = ("binary", "large_binary", "fixed_size_binary")


class _Uuid(Kind):
    expects = "uuid.UUID"
    types = frozenset((uuid.UUID, bytes))
    plain = True

    def arrow_type(self) -> Any:
        return pyarrow().uuid()

    def convert(self, value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            return uuid.UUID(int=value.int)
        raise Misfit(self.expects, value)

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        if not isinstance(values, list):
            return pa.ExtensionArray.from_storage(pa.uuid(), packed(values, 16))
        raw = [v.bytes if type(v) is uuid.UUID else v for v in self.clean(values)]
        return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(raw, pa.binary(16)))

    def to_numpy(self, values: Any) -> Any:
        if not isinstance(values, list):
            return objects(list(map(uuid_from_bytes, unpacked(values))))
        return objects([uuid_from_bytes(v) if type(v) is bytes else v for v in self.clean(values)])

    def from_arrow(self, array: Any) -> list[Any]:
        array = _decoded(array)
        self.refuse_none(array)
        done: list[Any] = []
        for at, value in enumerate(array.to_pylist()):
            try:
                if type(value) is bytes and len(value) == 16:
                    done.append(uuid_from_bytes(value))
                elif value is None or type(value) is uuid.UUID:
                    done.append(value)
                elif type(value) is str:
                    done.append(uuid.UUID(value))
                else:
                    raise ValueError
            except ValueError:
                raise Misfit(self.expects, value, at) from None
        return done


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIMESTAMP = ("timestamp",)


class Naive(Scalar):
    """Times without a zone."""

    def convert(self, value: Any) -> Any:
        # Of pandas' subclass, what is finer than a microsecond must not be lost.
        if isinstance(value, dt.datetime) and not getattr(value, "nanosecond", 0):
            return dt.datetime.combine(value.date(), value.timetz())
        raise Misfit(self.expects, value)

    def clean(self, values: Any) -> Any:
        values = super().clean(values)
        if isinstance(values, list):
            for at, value in enumerate(values):
                if value is not None and (value.tzinfo is None) is self.has_zone:
                    raise Misfit(self.expects, value, at)
        return values

    #: Whether there must be a zone.
    has_zone = False

    def back(self, array: Any) -> list[Any]:
        if (array.type.tz is not None) is not self.has_zone:
            raise Misfit(self.expects, f"\0a column of {array.type}")
        return super().back(array)


class Aware(Naive):
    """Times with a zone: moments, in UTC."""

    has_zone = True

    def to_numpy(self, values: Any) -> Any:
        if isinstance(values, list):
            values = [v if v is None else v.astimezone(dt.UTC).replace(tzinfo=None) for v in self.clean(values)]
            import numpy as np

            return np.array(values, self.dtype)
        return values

    def to_arrow(self, values: Any) -> Any:
        if isinstance(values, list):
            return super().to_arrow(values)
        pa = pyarrow()
        return pa.array(values).cast(pa.timestamp("us")).cast(self.arrow_type())

    def back(self, array: Any) -> list[Any]:
        found = super().back(array)
        return [v if v is None else v.replace(tzinfo=dt.UTC) for v in found]  # the zone as Python has it


NAIVE = Naive("a datetime without a timezone", (dt.datetime,), ("timestamp", "us"), _TIMESTAMP, "M8[us]", True)
AWARE = Aware("a timezone-aware datetime", (dt.datetime,), ("timestamp", "us", "UTC"), _TIMESTAMP, "M8[us]", True)


def _datetime(text: str) -> Any:
    return dt.datetime.fromisoformat(text)


class _Datetime(Kind):
    """Times of which it is not declared whether they have a zone: the first one tells."""

    expects = "datetime.datetime"
    types = frozenset((dt.datetime,))
    plain = True

    @property
    def settled(self) -> bool:
        return False

    def settle(self, values: Any) -> Kind:
        naive = next((v.tzinfo is None for v in values if isinstance(v, dt.datetime)), False)
        kind: Kind = NAIVE if naive else AWARE
        return kind.with_none() if self.optional else kind

    def from_arrow(self, array: Any) -> list[Any]:
        array = _decoded(array)
        tests = pyarrow().types
        if tests.is_string(array.type) or tests.is_large_string(array.type):
            self.refuse_none(array)
            return TEXT_TIME.parse(array.to_pylist())
        zone = getattr(array.type, "tz", None)
        kind: Kind = AWARE if zone is not None else NAIVE
        return (kind.with_none() if self.optional else kind).from_arrow(array)


TEXT_TIME = Scalar("datetime.datetime", (dt.datetime,), ("string",), ("string",), text=_datetime)


class _Datetime64(Kind):
    expects = "numpy.datetime64"
    types = frozenset((int,))
    plain = True

    def arrow_type(self) -> Any:
        return pyarrow().timestamp("ns")

    def convert(self, value: Any) -> Any:
        from zlmdb.values.times import datetime64_to_ns

        try:
            return datetime64_to_ns(value)
        except (TypeError, ValueError):
            raise Misfit(self.expects, value) from None

    def to_arrow(self, values: Any) -> Any:
        return pyarrow().array(self.to_numpy(values), self.arrow_type())  # NaT becomes null

    def to_numpy(self, values: Any) -> Any:
        import numpy as np

        if not isinstance(values, list):
            return values
        nat = -(2**63)
        return np.array([nat if v is None else v for v in self.clean(values)], np.int64).view("M8[ns]")

    def from_arrow(self, array: Any) -> list[Any]:
        import numpy as np

        array = _decoded(array)
        pa = pyarrow()
        if pa.types.is_null(array.type):
            self.refuse_none(array)
            return [None] * len(array)
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            self.refuse_none(array)
            return self._parse(array.to_pylist())
        if not pa.types.is_timestamp(array.type):
            raise Misfit(self.expects, f"\0a column of {array.type}")
        numbers = _cast(array, pa.timestamp("ns", array.type.tz), self.expects).cast(pa.int64())
        if self.optional:
            return [None if n is None else np.datetime64(n, "ns") for n in numbers.to_pylist()]
        return list(numbers.fill_null(-(2**63)).to_numpy().view("M8[ns]"))

    def _parse(self, values: list[Any]) -> list[Any]:
        import numpy as np

        done = []
        for at, value in enumerate(values):
            try:
                done.append(None if value is None else np.datetime64(value.removesuffix("Z"), "ns"))
            except ValueError:
                raise Misfit(self.expects, value, at) from None
        return done


class Enum(Kind):
    """Members of an enumeration, by their values, or by name if the values are not all of one plain type.

    Args:
        cls: the enumeration.
        inner: the kind of the values; that of text, if names stand for the members.
        by_name: whether names do.
        dictionary: True makes an Arrow dictionary of text.
        plain: see :attr:`Kind.plain`.
    """

    def __init__(self, cls: type[enum.Enum], inner: Kind, by_name: bool, dictionary: bool, plain: bool = True) -> None:
        self.plain = plain
        self.cls = cls
        self.inner = inner
        self.names = by_name
        self.dictionary = dictionary
        self.expects = f"a member of {cls.__name__}"
        self.types = frozenset((cls,)) | inner.types
        self.plains: dict[Any, Any] = {member: self._plain(member) for member in cls}
        self.members: dict[Any, Any] = {self._plain(member): member for member in cls}

    def _plain(self, member: Any) -> Any:
        return member.name if self.names else member.value

    def arrow_type(self) -> Any:
        pa = pyarrow()
        return pa.dictionary(pa.int32(), pa.string()) if self.dictionary else self.inner.arrow_type()

    def convert(self, value: Any) -> Any:
        if isinstance(value, self.cls):
            return value
        raise Misfit(self.expects, value)

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        if not isinstance(values, list):
            return self.inner.to_arrow(values)
        plains = self.plains
        raw = [plains[v] if isinstance(v, self.cls) and v in plains else _flag(v) for v in self.clean(values)]
        array = (self.inner.with_none() if self.optional else self.inner).to_arrow(raw)
        if not self.dictionary:
            return array
        known = pa.array(list(self.members), pa.string())
        places = {name: at for at, name in enumerate(self.members)}
        indices = pa.array([None if v is None else places[v] for v in raw], pa.int32())
        return pa.DictionaryArray.from_arrays(indices, known)

    def to_numpy(self, values: Any) -> Any:
        if not isinstance(values, list):
            values = self.inner.to_numpy(values).tolist()
        return objects([self._member(v) for v in self.clean(values)])

    def _member(self, value: Any) -> Any:
        if value is None or isinstance(value, self.cls):
            return value
        found = self.members.get(value)
        return self.cls(value) if found is None else found  # a combination of flags

    def from_arrow(self, array: Any) -> list[Any]:
        array = _decoded(array)
        self.refuse_none(array)
        inner = self.inner.with_none() if self.optional else self.inner
        done = []
        for at, value in enumerate(inner.from_arrow(array)):
            try:
                done.append(self._member(value))
            except ValueError:
                raise Misfit(f"a value of {self.cls.__name__}", value, at) from None
        return done


def _flag(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


class Typed(Kind):
    """Values that pyarrow converts to a type that the caller gave.

    Args:
        arrow: the type.
        inner: the declared kind, for the other ways; None if nothing is declared.
    """

    def __init__(self, arrow: Any, inner: Kind | None = None) -> None:
        self.arrow = arrow
        self.inner = inner
        self.expects = str(arrow)
        self.optional = True

    def arrow_type(self) -> Any:
        return self.arrow

    def clean(self, values: Any) -> Any:
        return values

    def to_arrow(self, values: Any) -> Any:
        pa = pyarrow()
        if self.arrow == pa.uuid():
            return UUID.with_none().to_arrow(values)
        if pa.types.is_string(self.arrow) and isinstance(values, list):
            for at, value in enumerate(values):  # pyarrow would take bytes for text
                if value is not None and not isinstance(value, str):
                    raise Misfit(self.expects, value, at)
        return pa.array(values, self.arrow)

    def to_numpy(self, values: Any) -> Any:
        if self.inner is not None:
            return self.inner.to_numpy(values)
        return self.to_arrow(values).to_numpy(zero_copy_only=False)


class _Date(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return dt.date(value.year, value.month, value.day)
        raise Misfit(self.expects, value)

    def back(self, array: Any) -> list[Any]:
        if not pyarrow().types.is_timestamp(array.type):
            return super().back(array)
        if array.type.tz is not None:
            raise Misfit(self.expects, f"\0a column of {array.type}")
        days = array.cast(pyarrow().date32())  # which cuts the time of day off
        for at, (day, time) in enumerate(zip(days.cast(array.type), array, strict=True)):
            if day != time:
                raise Misfit(self.expects, time.as_py(), at)
        return super().back(days)


class _Time(Scalar):
    def to_arrow(self, values: Any) -> Any:
        for at, value in enumerate(values):
            if getattr(value, "tzinfo", None) is not None:  # Arrow's times of day have no zones
                raise Misfit("a datetime.time without a timezone", value, at)
        return super().to_arrow(values)


class _Decimal(Scalar):
    def to_arrow(self, values: Any) -> Any:
        return pyarrow().array([v if v is None else str(v) for v in self.clean(values)], self.arrow_type())

    def back(self, array: Any) -> list[Any]:
        return [None if v is None else decimal.Decimal(v) for v in array.to_pylist()]


BOOL = _Bool("bool", (bool,), ("bool_",), ("boolean",), "?", True)
INT = _Int("int", (int,), ("int64",), ("integer", "floating"), "i8", True)
UINT64 = _Int("int", (int,), ("uint64",), ("integer", "floating"), "u8", True)
FLOAT = _Float("float", (float,), ("float64",), ("floating", "integer"), "f8", True)
STR = _Str("str", (str,), ("string",), ("string", "large_string"), None, True)
BYTES = _Bytes("bytes", (bytes,), ("binary",), _BINARY, None, True)
UUID: Kind = _Uuid()
DATETIME: Kind = _Datetime()
DATETIME64: Kind = _Datetime64()
DATE = _Date("datetime.date", (dt.date,), ("date32",), ("date", "timestamp"), "M8[D]", True, dt.date.fromisoformat)
TIME = _Time("datetime.time", (dt.time,), ("time64", "us"), ("time",), None, False, dt.time.fromisoformat)
TIMEDELTA = Scalar("datetime.timedelta", (dt.timedelta,), ("duration", "us"), ("duration",), "m8[us]")
DECIMAL = _Decimal(
    "decimal.Decimal", (decimal.Decimal,), ("string",), ("decimal", "integer"), None, True, decimal.Decimal
)
