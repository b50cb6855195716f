"""How a deep check reports what is wrong: cheap while nothing is, exact about the place when something is.

The functions of :mod:`zlmdb.values.shapes` raise a `Fault` where they find it; each level above puts its part
of the path before it on the way out; the codec turns it into an error of the project.
"""

from __future__ import annotations

from typing import Any, TypeVar

from zlmdb.errors import DataError, DecodeError, EncodeError, ValueTypeError, short

__all__ = ["MISSING", "Fault", "decode_error", "encode_error", "unencodable"]

E = TypeVar("E", bound=DataError)


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


#: Found where a field is not there at all.
MISSING = _Missing()


class Fault(Exception):
    """Something that is not what was declared.

    Args:
        expected: what was expected, in words.
        value: what came, or MISSING.
        kind: the class of the error that reports it on write.
    """

    def __init__(self, expected: str, value: Any, kind: type[DataError] = ValueTypeError) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.kind = kind
        self.path: list[str] = []

    def at(self, part: str) -> Fault:
        """The same fault, found one level further down."""
        self.path.insert(0, part)
        return self

    @property
    def field(self) -> str | None:
        """The path in the form ``address.lines[2]``; None for the value itself."""
        return "".join(self.path).removeprefix(".") or None

    @property
    def found(self) -> str:
        """What came, in words."""
        if self.value is MISSING:
            return "nothing"
        return f"{type(self.value).__name__} {short(self.value)}"


def encode_error(fault: Fault, record: str) -> DataError:
    """The error for a value that is not what the record declares."""
    return _error(fault.kind, fault, record, "")


def decode_error(fault: Fault, record: str) -> DecodeError:
    """The error for stored data that does not fit the record."""
    return _error(DecodeError, fault, record, "stored ")


def _error(kind: type[E], fault: Fault, record: str, stored: str) -> E:
    where = f"{record}: " if fault.field is None else f"{stored}field {fault.field} of {record}: "
    if fault.field is None and fault.expected == record:
        where = ""  # the name once is enough
    return kind(
        f"{where}expected {fault.expected}, found {fault.found}",
        field=fault.field,
        expected=fault.expected,
        found=fault.found,
    )


def unencodable(error: Exception, record: str) -> EncodeError:
    """The error for a value that the format itself refused, for a reason no check foresaw."""
    reason = str(error) or type(error).__name__
    if isinstance(error, RecursionError):
        reason = "it is nested too deep, or contains itself"
    return EncodeError(f"{record}: expected a value that the format can hold: {reason}", found=reason)
