"""Exceptions from outside between any two lines, as Ctrl-C and alarms come."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from types import CodeType
from typing import Any

__all__ = ["in_files", "in_functions", "interrupted"]


def in_functions(functions: set[Any]) -> Callable[[CodeType], bool]:
    """Some functions, between whose lines something comes."""
    codes = {function.__code__ for function in functions}
    return codes.__contains__


def in_files(*ends: str) -> Callable[[CodeType], bool]:
    """The functions of the files whose names end so."""
    return lambda code: code.co_filename.endswith(ends)


def interrupted(
    action: Callable[[], Any], watched: Callable[[CodeType], bool], number: int, held: list[BaseException]
) -> bool:
    """Do something, and have KeyboardInterrupt raised at the n-th line of what is watched; False if there are fewer.

    Args:
        action: what is done.
        watched: tells of some code whether its lines count.
        number: of the line, from 1.
        held: takes the exception, as a program may keep it, with all that its traceback holds.
    """
    lines = count(1)

    def trace(frame: Any, event: str, _argument: Any) -> Any:
        if not watched(frame.f_code):
            return None
        if event == "line" and next(lines) == number:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt as error:
        held.append(error)
        return True
    finally:
        sys.settrace(before)
    return False
