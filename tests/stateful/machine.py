"""What the state machines share: a database, its write transaction, savepoints, and the way through a reopen."""

from __future__ import annotations

import copy
import shutil
import tempfile
from contextlib import ExitStack
from typing import Any, Generic, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import zlmdb

M = TypeVar("M")


class Undone(Exception):
    """Raised in a block to have its changes taken back."""


class TableMachine(RuleBasedStateMachine, Generic[M]):
    """A write transaction over some tables, and a model of what is in them.

    The model is copied when a transaction or savepoint begins, and the copy taken back when it is undone.
    """

    #: The tables of the database.
    tables: tuple[type[Any], ...]
    #: Savepoints in one another, at most.
    depth = 2

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.mkdtemp(prefix="zlmdb-test-", dir="/dev/shm" if _shared_memory() else None)
        self.path = f"{self.directory}/db"
        self.model: M = self.empty()
        self.committed: M = self.empty()
        self.savepoints: list[tuple[ExitStack, M]] = []
        self._open()

    def empty(self) -> M:
        """The model of an empty database."""
        raise NotImplementedError

    def opened(self) -> None:
        """Called when the database was opened."""

    def begun(self) -> None:
        """Called when a transaction or savepoint begins or ends."""

    def undone(self) -> None:
        """Called when a savepoint was taken back, before `begun`."""

    def compare(self) -> None:
        """Compare everything with the model."""
        raise NotImplementedError

    def _open(self) -> None:
        self.db = zlmdb.open(self.path, list(self.tables), durability="unsafe")
        self.opened()
        self._begin()

    def _begin(self) -> None:
        self.txn = self.db.begin(write=True)
        self.txn.__enter__()
        self.begun()

    def _leave_savepoints(self) -> None:
        while self.savepoints:
            self.savepoints.pop()[0].close()

    def teardown(self) -> None:
        self._leave_savepoints()
        if repr(self.txn).endswith("open>"):
            self.txn.commit()
        assert self.db.verify() == []
        self.db.close()
        shutil.rmtree(self.directory)

    # -- the laws of transactions

    @rule()
    def commit(self) -> None:
        self._leave_savepoints()
        self.txn.commit()
        self.committed = copy.deepcopy(self.model)
        self._begin()

    @rule(by_exception=st.booleans())
    def abort(self, by_exception: bool) -> None:
        self._leave_savepoints()
        if by_exception:
            self.txn.__exit__(Undone, Undone(), None)
        else:
            self.txn.abort()
        self.model = copy.deepcopy(self.committed)
        self._begin()

    @rule(keep=st.booleans())
    def reopen(self, keep: bool) -> None:
        self._leave_savepoints()
        if keep:
            self.txn.commit()
            self.committed = copy.deepcopy(self.model)
        else:
            self.txn.abort()
            self.model = copy.deepcopy(self.committed)
        self.db.close()
        self._open()

    @precondition(lambda self: len(self.savepoints) < self.depth)
    @rule()
    def savepoint(self) -> None:
        stack = ExitStack()
        stack.enter_context(self.txn.savepoint())
        self.savepoints.append((stack, copy.deepcopy(self.model)))
        self.begun()

    @precondition(lambda self: self.savepoints)
    @rule(keep=st.booleans())
    def end_savepoint(self, keep: bool) -> None:
        stack, before = self.savepoints.pop()
        if keep:
            stack.close()
        else:
            assert stack.__exit__(Undone, Undone(), None) is False
            self.model = before
            self.undone()
        self.begun()

    @invariant()
    def holds_what_was_written(self) -> None:
        self.compare()


def _shared_memory() -> bool:
    import os

    return os.access("/dev/shm", os.W_OK)
