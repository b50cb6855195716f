"""Progress that a program asked to see: a bar by rich, where that is installed; otherwise a line on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["reporter"]

Report = Callable[[int], None]


@contextmanager
def reporter(progress: Report | bool | None, title: str, total: int | None) -> Iterator[Report | None]:
    """The function to call with the number of rows done, within a ``with`` block; None for nobody.

    Args:
        progress: a function, which is given back; True for a bar; False or None for nobody.
        title: what stands beside the bar.
        total: how many rows there will be; None if that is not known.

    Raises:
        TypeError: if it is something else.
    """
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    elif progress is True:
        shown = _rich(title, total) or _plain(title, total)
        with shown as report:
            yield report
    else:
        raise TypeError(f"progress: expected a function, True or None, found {progress!r}")


def _rich(title: str, total: int | None) -> Any:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        return None

    @contextmanager
    def shown() -> Iterator[Report]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, completed=done)

    return shown()


def _plain(title: str, total: int | None) -> Any:
    @contextmanager
    def shown() -> Iterator[Report]:
        end = "" if total is None else f" of {total}"

        def report(done: int) -> None:
            sys.stderr.write(f"\r{title}: {done}{end} rows")
            sys.stderr.flush()

        try:
            yield report
        finally:
            sys.stderr.write("\n")

    return shown()
