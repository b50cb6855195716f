"""What a column holds: for each declared type, its type in Arrow and NumPy, and the way there and back.

==================  ============================  ===========================  =====================================
declared            Arrow                         NumPy                        back from Arrow
==================  ============================  ===========================  =====================================
bool                bool                          bool                         bool
int                 int64 (uint64: Uint64 keys,   int64 (uint64)               integers; floats, decimals if whole
                    fields fbs.uint64)
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

import datetime
import decimal
import enum
import uuid
from typing import Any

from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit, Scalar, decoded, objects
from zlmdb.values.scalars import uuid_from_bytes

__all__ = ["BOOL", "BYTES", "DECIMAL", "FLOAT", "INT", "STR", "UINT64", "UUID", "Enum", "FixedBytes", "Typed"]


class _Int(Scalar):
    def convert(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        raise Misfit(self.expects, value)

    def back(self, array: Any) -> list[Any]:
        found: list[Any]
        if pyarrow().types.is_integer(array.type):
            found = array.to_pylist()  # Python's integers have no bounds
            return found
        if pyarrow().types.is_decimal(array.type):
            found = [value if value is None else (int(value), value) for value in array.to_pylist()]
            for at, pair in enumerate(found):
                if pair is not None and pair[0] != pair[1]:
                    raise Misfit(self.expects, pair[1], at)
            return [pair if pair is None else pair[0] for pair in found]
        return super().back(array)


class _Float(Scalar):
    nan = True

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
        array = decoded(array)
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
        array = decoded(array)
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
        if self.inner is not None and not isinstance(self.inner, Scalar):
            # What stands for such values (nanoseconds for a time, bytes for a UUID) must not be taken for the values.
            if pa.types.is_string(self.arrow) and isinstance(self.inner, _Uuid):
                return pa.array([None if v is None else str(v) for v in self.inner.to_numpy(values)], self.arrow)
            found = self.inner.to_arrow(values)
            if found.type == self.arrow:
                return found
            made = found.cast(self.arrow)
            if pa.types.is_date(self.arrow) and pa.types.is_timestamp(found.type) and made.cast(found.type) != found:
                raise Misfit(self.expects, f"\0{found}")  # the time of day would be gone
            return made
        if self.arrow == pa.uuid():
            return UUID.with_none().to_arrow(values)
        if pa.types.is_string(self.arrow) and isinstance(values, list):
            for at, value in enumerate(values):  # pyarrow would take bytes for text
                if value is not None and not isinstance(value, str):
                    raise Misfit(self.expects, value, at)
        found = pa.array(values, self.arrow)
        if isinstance(values, list):
            self._refuse_cut(values, found)
        return found

    def _refuse_cut(self, values: list[Any], array: Any) -> None:
        """Raise Misfit at the first value of which pyarrow cut something off: a fraction, or a time of day."""
        tests = pyarrow().types
        if not tests.is_integer(self.arrow) and (not tests.is_temporal(self.arrow) or tests.is_interval(self.arrow)):
            return
        whole = tests.is_date(self.arrow)
        for at, (value, made) in enumerate(zip(values, array.to_pylist(), strict=True)):
            if whole and isinstance(value, datetime.datetime):
                lost = value.timetz().replace(tzinfo=None) != datetime.time()
            elif isinstance(value, datetime.datetime) and isinstance(made, datetime.datetime):
                # The zone may be another, or none, as the caller wants it; the moment may not.
                lost = _second(value) != _second(made)
            else:
                lost = isinstance(made, type(value) | int) and made != value
            if lost:
                raise Misfit(self.expects, value, at)

    def to_numpy(self, values: Any) -> Any:
        if self.arrow == pyarrow().uuid():
            return UUID.with_none().to_numpy(values)
        return self.to_arrow(values).to_numpy(zero_copy_only=False)


def _second(value: datetime.datetime) -> tuple[int, int]:
    """Second and microsecond of a time, which are the same in all zones that have been there since 1900 or so."""
    return value.second, value.microsecond


class _Decimal(Scalar):
    def to_arrow(self, values: Any) -> Any:
        return pyarrow().array([v if v is None else str(v) for v in self.clean(values)], self.arrow_type())

    def back(self, array: Any) -> list[Any]:
        return [None if v is None else decimal.Decimal(v) for v in array.to_pylist()]


BOOL = _Bool("bool", (bool,), ("bool_",), ("boolean",), "?", True)
INT = _Int("int", (int,), ("int64",), ("integer", "floating", "decimal"), "i8", True)
UINT64 = _Int("int", (int,), ("uint64",), ("integer", "floating", "decimal"), "u8", True)
FLOAT = _Float("float", (float,), ("float64",), ("floating", "integer"), "f8", True)
STR = _Str("str", (str,), ("string",), ("string", "large_string"), None, True)
BYTES = _Bytes("bytes", (bytes,), ("binary",), _BINARY, None, True)
UUID: Kind = _Uuid()
DECIMAL = _Decimal(
    "decimal.Decimal", (decimal.Decimal,), ("string",), ("decimal", "integer"), None, True, decimal.Decimal
)
