"""The values of the enums of a schema by name and number, each enum gone through once however often it is asked for."""

from __future__ import annotations

from zlmdb.values.flat import model

__all__ = ["Members"]


class Members:
    """Looks up values of the enums of one schema."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {}
        self._names: dict[str, dict[int, str]] = {}

    def number(self, enum: model.Enum, name: str) -> int | None:
        """The number of a value; None if the enum has none of that name."""
        if enum.name not in self._numbers:
            self._numbers[enum.name] = {member.name: member.value for member in enum.members}
        return self._numbers[enum.name].get(name)

    def name(self, enum: model.Enum, number: int) -> str | None:
        """The name of a value; None if the enum has none of that number."""
        if enum.name not in self._names:
            self._names[enum.name] = {member.value: member.name for member in enum.members}
        return self._names[enum.name].get(number)
