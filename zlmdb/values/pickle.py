"""Values as Python pickles, protocol 2.

Reading a pickle runs whatever its bytes say, so it must be asked for; writing is always possible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.errors import DecodeError, EncodeError, PickleNotAllowed, ValueTypeError, ZlmdbError
from zlmdb.values.base import T, ValueCodec, undecodable, wrong_type

__all__ = ["Pickle"]


class Pickle(ValueCodec[T]):
    """A codec that stores any picklable object.

    Args:
        record: a class that values must be instances of; None: any.
        marshal: called on write with the value; returns the object to pickle.
        parse: called on read with the object; returns the value.
        allow_pickle: True if reading is allowed. Only say so for files whose writers you trust as you trust
            your code.

    >>> codec = Pickle(allow_pickle=True)
    >>> codec.decode(codec.encode({1, 2}))
    {1, 2}
    """

    name = "pickle"

    def __init__(
        self,
        record: Any = None,
        *,
        marshal: Callable[[T], Any] | None = None,
        parse: Callable[[Any], T] | None = None,
        allow_pickle: bool = False,
    ) -> None:
        super().__init__(record)
        self.marshal = marshal
        self.parse = parse
        self.allow_pickle = allow_pickle
        self._instance = record if isinstance(record, type) and type(record) is type else None

    def allowing(self) -> Pickle[T]:
        """The same codec with reading allowed."""
        return Pickle(self.record, marshal=self.marshal, parse=self.parse, allow_pickle=True)

    def encode(self, value: T) -> bytes:
        """The pickle of a value; see :meth:`ValueCodec.encode`."""
        if self.marshal is not None:
            return _dumps(self.marshal(value))
        if self._instance is not None and not isinstance(value, self._instance):
            raise wrong_type(self._instance.__qualname__, value)
        return _dumps(value)

    def decode(self, data: Buffer) -> T:
        """The object of a pickle; see :meth:`ValueCodec.decode`.

        Raises:
            PickleNotAllowed: unless the codec was made with ``allow_pickle=True``.
        """
        if not self.allow_pickle:
            raise PickleNotAllowed(
                "reading pickles is not allowed, because a pickle can run any code: if you trust every writer of this"
                " file, allow it for the table with @zlmdb.table(..., allow_pickle=True), or for the database with"
                " zlmdb.open(..., allow_pickle=True)"
            )
        import pickle

        try:
            value = pickle.loads(data)
        except Exception as error:
            raise undecodable("a pickle", data, error) from error
        if self.parse is not None:
            try:
                return self.parse(value)
            except ZlmdbError:
                raise
            except Exception as error:
                raise DecodeError(f"parse() refused the stored value: {type(error).__name__}: {error}") from error
        result: T = value
        return result


def _dumps(value: Any) -> bytes:
    import pickle

    try:
        return pickle.dumps(value, protocol=2)
    except RecursionError as error:
        raise EncodeError("expected an object that can be pickled, found one that is nested too deep") from error
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise ValueTypeError(
            f"expected an object that can be pickled, found {type(value).__name__}: {error}",
            expected="an object that can be pickled",
            found=type(value).__name__,
        ) from error
    except (ValueError, OverflowError) as error:
        raise EncodeError(f"expected an object that can be pickled: {error}") from error
