"""What the suites share: Hypothesis, or a sentence that says how to get it; and failures that ``python -O`` keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

try:
    from hypothesis import given
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "zlmdb.testing: the suites and strategies need the package hypothesis, which is not installed; "
        "pip install 'zlmdb[test]' brings it"
    ) from error

__all__ = ["Constants", "check_law", "fail", "outcome", "st"]


def fail(sentence: str) -> NoReturn:
    """Fail a test, saying what was expected and what came."""
    raise AssertionError(sentence)


def check_law(statement: Callable[..., None], *drawn: st.SearchStrategy[Any]) -> None:
    """Try a statement with many examples. Called within a test, so that each subclass has strategies of its own."""
    given(*drawn)(statement)()


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, or the exception that it raises."""
    try:
        return function(*arguments)
    except Exception as error:  # of whatever kind: the caller judges
        return error


class Constants:
    """The constants of one generated function, as the table compiler keeps them."""

    def __init__(self) -> None:
        self.objects: dict[str, object] = {}

    def add(self, value: object, hint: str) -> str:
        """The name of an object in the function; see :class:`zlmdb._typing.Names`."""
        for name, known in self.objects.items():
            if known is value:
                return name
        name = f"{hint}_{len(self.objects)}"
        self.objects[name] = value
        return name

    def function(self, parameter: str, expression: str) -> Callable[[Any], Any]:
        """A function of one parameter that gives the expression's value."""
        made: Callable[[Any], Any] = eval(f"lambda {parameter}: {expression}", self.objects)
        return made
