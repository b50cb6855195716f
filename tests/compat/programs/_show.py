"""Printing that is the same on both packages."""

from collections.abc import Callable
from typing import Any

import samples


def show(label: str, value: Any) -> None:
    """Print a value; types that print differently between library versions are spelled out."""
    print(f"{label}: {samples.to_json(value)!r}")


def refused(label: str, call: Callable[..., Any], *arguments: Any, words: str = "", **named: Any) -> None:
    """Print whether the call raises, and whether its message has these words; the type may differ."""
    try:
        result = call(*arguments, **named)
    except Exception as error:
        print(f"{label}: refused", *([words in str(error)] if words else []))
    else:
        print(f"{label}: accepted {samples.to_json(result)!r}")


def raised(label: str, kind: type[BaseException], call: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """Print whether the call raises this kind of error."""
    try:
        call(*arguments, **named)
    except kind:
        print(f"{label}: {kind.__name__}")
    else:
        print(f"{label}: nothing raised")


def get(table: Any, txn: Any, key: Any) -> Any:
    return table[txn, key]


def put(table: Any, txn: Any, key: Any, value: Any) -> None:
    table[txn, key] = value


def remove(table: Any, txn: Any, key: Any) -> None:
    del table[txn, key]
