"""Settings that change while programs run: typed, with a history, and seen by all processes at the same moment.

python examples/config_store.py
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zlmdb


@dataclass
class Settings:
    """What may be set. A field that is added gets a default, so that settings stored before can be read."""

    workers: int = 4
    greeting: str = "Hello"
    features: list[str] | None = None
    ratio: float = 0.5


@dataclass
class Change:
    """A change of settings."""

    name: str  # of the settings: "production"
    version: int
    by: str
    at: datetime
    settings: Settings


@zlmdb.table("4fa02b83-9e7c-4c40-8e8f-b16d5c307e01")
class Current(zlmdb.MapStringJson[Settings]):
    """Settings by name, as they are now. They are JSON in the file: readable, and checked on the way in."""


@zlmdb.table("4fa02b83-9e7c-4c40-8e8f-b16d5c307e02", pk=("name", "version"))
class Changes(zlmdb.Map[tuple[str, int], Change], key=(zlmdb.String, zlmdb.Uint32), value=zlmdb.Json):
    """Every version that there was."""


class ConfigStore(zlmdb.Schema):
    """Settings and their history."""

    current: Current
    changes: Changes


def get(db: zlmdb.Database, name: str) -> Settings:
    """Settings as they are now; the defaults if nothing was set."""
    with db.begin() as txn:
        return txn[Current].get(name) or Settings()


def change(db: zlmdb.Database, name: str, by: str, at: datetime, **values: Any) -> int:
    """Change some settings: the version that this makes.

    Raises:
        AttributeError: if there is no such setting.
        zlmdb.ValueTypeError: if a value has the wrong type. Nothing is changed then.
    """
    unknown = values.keys() - {field.name for field in fields(Settings)}
    if unknown:
        raise AttributeError(f"no such setting: {', '.join(sorted(unknown))}")
    with db.begin(write=True) as txn:
        current, changes = txn[Current], txn[Changes]
        settings = replace(current.get(name) or Settings(), **values)
        last = next(iter(changes.select(prefix=(name,), return_values=False, reverse=True, limit=1)), None)
        version = 1 if last is None else last[1] + 1
        current[name] = settings
        changes.add(Change(name, version, by, at, settings))
    return version


def go_back(db: zlmdb.Database, name: str, version: int, by: str, at: datetime) -> int:
    """Make the settings those of an earlier version, as a new version.

    Raises:
        KeyError: if there is no such version.
    """
    with db.begin() as txn:
        old = txn[Changes][name, version].settings
    return change(db, name, by, at, **{field.name: getattr(old, field.name) for field in fields(Settings)})


class Watched:
    """Settings that are read again only when something was committed since: cheap enough for every request."""

    def __init__(self, db: zlmdb.Database, name: str) -> None:
        self.db, self.name = db, name
        self._seen: int | None = None
        self._settings = Settings()

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        with self.db.begin() as txn:
            newest = txn.id()  # the number of the last commit
            if newest != self._seen:
                self._settings = txn[Current].get(self.name) or Settings()
                self._seen = newest
        return self._settings


def run(path: Path) -> None:
    """Set, look, go back."""
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    with zlmdb.open(path, ConfigStore) as db:
        watched = Watched(db, "production")
        print("default:", watched.settings)
        change(db, "production", "ann", noon, workers=8, features=["dark mode"])
        change(db, "production", "bob", noon, greeting="Moin")
        print("now:    ", watched.settings)
        try:
            change(db, "production", "bob", noon, workers="many")
        except zlmdb.ValueTypeError as error:
            print("refused:", error)
        go_back(db, "production", 1, "ann", noon)
        print("back:   ", get(db, "production").greeting)
        with db.begin() as txn:
            changes = txn[Changes].select(prefix=("production",), return_keys=False)
            print("history:", [(change.version, change.by) for change in changes])


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "config.zdb")


if __name__ == "__main__":
    main()
