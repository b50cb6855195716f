"""Putting batches together from pieces, and taking them apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zlmdb.columns.kind import Kind, objects

__all__ = ["Lasting", "filtered", "joined_arrays", "joined_batches"]


class Lasting:
    """An iterator that, once it has failed, fails again, where a generator would seem to have come to its end."""

    def __init__(self, given: Iterator[Any]) -> None:
        self._given = given
        self._error: Exception | None = None

    def __iter__(self) -> Lasting:
        return self

    def __next__(self) -> Any:
        if self._error is not None:
            raise self._error
        try:
            return next(self._given)
        except StopIteration:
            raise
        except Exception as error:
            self._error = error
            raise


def filtered(batch: Any, expression: Any, pa: Any) -> list[Any]:
    """The rows of a batch for which an expression of pyarrow is true, as batches that are not empty."""
    # Not RecordBatch.filter, which in some releases fails where no row is left.
    found: list[Any] = pa.Table.from_batches([batch]).filter(expression).to_batches()
    return [part for part in found if part.num_rows]


def joined_batches(parts: list[Any], rows: int, pa: Any) -> list[Any]:
    """The first rows of some batches, as one batch; as several, if text becomes too long for one."""
    if len(parts) == 1:
        return [parts[0].slice(0, rows)]
    found: list[Any] = pa.Table.from_batches(parts).slice(0, rows).combine_chunks().to_batches()
    return found


def joined_arrays(kind: Kind, pieces: list[Any]) -> Any:
    """The NumPy column of what each piece of the rows gave; an empty one, if there was none."""
    import numpy as np

    if not pieces:
        return kind.to_numpy([])
    if len(pieces) == 1:
        return pieces[0]
    if any(isinstance(piece, np.ma.MaskedArray) for piece in pieces):
        masked: Any = np.ma
        return masked.concatenate(pieces)
    if len({piece.shape[1:] for piece in pieces}) > 1:  # arrays of one size in each batch, but not in all
        return objects([row for piece in pieces for row in piece])
    return np.concatenate(pieces)
