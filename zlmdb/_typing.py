"""Type variables and protocols shared by all floors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    # With a default, a map class may be named without its parameters in strictly checked user code.
    from typing_extensions import TypeVar

    K = TypeVar("K", default=Any)
    V = TypeVar("V", default=Any)
else:
    from typing import TypeVar

    K = TypeVar("K")
    V = TypeVar("V")

__all__ = ["Buffer", "K", "Names", "V"]

#: What the engine may hand to a codec: bytes, or a memoryview in transactions begun with ``buffers=True``.
Buffer = bytes | memoryview


class Names(Protocol):
    """The constants of a generated function: codecs put objects in and get the name to write into the source."""

    def add(self, value: object, hint: str) -> str:
        """The name under which `value` is visible to the generated source.

        Args:
            value: any object; the same object gets the same name.
            hint: a wish for the name, an identifier; numbered when it is taken.
        """
        ...
