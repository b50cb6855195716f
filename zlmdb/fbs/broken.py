"""A rule that a schema breaks, before it is known in which text that is."""

from __future__ import annotations

from typing import NoReturn

from zlmdb import errors

__all__ = ["Broken"]


class Broken(Exception):
    """A rule is broken.

    Args:
        owner: full name of the declaration concerned; None for the schema as a whole.
        member: its field, value or member concerned, or None.
        message: what was expected, what was found, and what to do.
    """

    def __init__(self, owner: str | None, member: str | None, message: str) -> None:
        super().__init__(owner, member, message)
        self.owner, self.member, self.message = owner, member, message

    def without_text(self) -> NoReturn:
        """Raise what a caller gets whose schema comes from no text.

        Raises:
            SchemaError: always.
        """
        where = ".".join(part for part in (self.owner, self.member) if part)
        message = f"{where}: {self.message}" if where else self.message
        raise errors.SchemaError(message, table=self.owner, field=self.member) from None
