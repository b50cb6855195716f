"""Running one workload on one contestant, with the clock around its inner loop only."""

from __future__ import annotations

import gc
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from benchmarks import people
from benchmarks.contestant import Contestant

#: Rows made ready at a time when a database is filled.
CHUNK = 100_000


@dataclass
class Clock:
    """Seconds spent in timed blocks: of this process's CPU time, and of the wall clock."""

    cpu: float = 0.0
    wall: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time a block. What lives already is kept out of the garbage collector's way; it stays switched on."""
        gc.collect()
        gc.freeze()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        gc.unfreeze()


@dataclass(frozen=True)
class Result:
    """What one run gave.

    Attributes:
        ops: how many operations (or rows) were done.
        answer: what must be the same for all contestants.
    """

    ops: int
    answer: Any


Run = Callable[[Contestant, Clock, int, random.Random], Result]


@dataclass(frozen=True)
class Work:
    """A workload.

    Attributes:
        name: short name.
        label: how the report calls it.
        store: which of a contestant's two databases it is about: "plain" or "indexed".
        run: does it.
        fresh: it starts from an empty database, which it fills.
        writes: it changes the database.
        needs: attribute of a contestant that must be true.
    """

    name: str
    label: str
    store: str
    run: Run
    fresh: bool = False
    writes: bool = False
    needs: str = ""


def _fill(method: str) -> Run:
    def run(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
        with clock.running():
            c.begin()
        for chunk in people.chunks(rows, CHUNK):
            records = [c.make(fields) for fields in chunk]
            insert = getattr(c, method)
            with clock.running():
                insert(records)
        with clock.running():
            c.commit()
        return Result(rows, c.scan()[0])

    return run


def _numbers(rows: int, rng: random.Random, number: int) -> list[int]:
    return rng.sample(range(rows), min(number, rows))


def _by_oid(method: str, number: int) -> Run:
    def run(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
        some = _numbers(rows, rng, number)
        oids = [people.oid_of(n) for n in some]
        read = getattr(c, method)
        sample = [[str(field) for field in c.take(read([oid]))] for oid in oids[:50]]
        with clock.running():
            row = read(oids)
        return Result(len(oids), [sample, [str(field) for field in c.take(row)]])

    return run


def _scan(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    with clock.running():
        number, row = c.scan()
    return Result(number, [number, [str(field) for field in c.take(row)]])


def _ranges(rows: int, rng: random.Random, number: int, size: int) -> list[tuple[UUID, UUID]]:
    width = min((1 << 128) - 1, (1 << 128) * size // rows)
    lows = [rng.randrange((1 << 128) - width) for _ in range(number)]
    return [(UUID(int=low), UUID(int=low + width)) for low in lows]


def _keys(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    answers = []
    c.keys(UUID(int=0), UUID(int=1 << 64))
    ranges = _ranges(rows, rng, 40, 1000)
    with clock.running():
        for low, high in ranges:
            answers.append(c.keys(low, high))
    return Result(sum(number for number, _ in answers), [(number, str(oid)) for number, oid in answers])


def _count(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    c.count(UUID(int=0), UUID(int=1 << 64))
    ranges = _ranges(rows, rng, 20, 10_000)
    with clock.running():
        answers = [c.count(low, high) for low, high in ranges]
    return Result(sum(answers), answers)


def _lookup(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    emails = [people.email_of(n) for n in _numbers(rows, rng, 5_000)]
    sample = [[str(field) for field in c.take(c.lookup([email]))] for email in emails[:50]]
    with clock.running():
        row = c.lookup(emails)
    return Result(len(emails), [sample, [str(field) for field in c.take(row)]])


def _cities(method: str) -> Run:
    def run(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
        names = [people.city_name(rng.randrange(people.cities(rows))) for _ in range(200)]
        read = getattr(c, method)
        sample = [read([name])[0] for name in names]
        with clock.running():
            number, row = read(names)
        return Result(number, [sample, number, [str(field) for field in c.take(row)]])

    return run


def _move(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    oids = [people.oid_of(n) for n in _numbers(rows, rng, 10_000)]
    city = f"Moved {rng.random()}"
    with clock.running():
        c.move(oids, city)
    return Result(len(oids), [c.in_cities([city])[0], [str(field) for field in c.take(c.get(oids))]])


def _delete(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    # The earlier release cannot remove a row that has None in an indexed field.
    numbers = [n for n in _numbers(rows, rng, 10_000) if people.fields(n, rows)[3] is not None]
    gone = [c.get([people.oid_of(n)]) for n in numbers]
    with clock.running():
        c.delete([people.oid_of(n) for n in numbers])
    answer = [c.scan()[0], c.in_cities([people.city_name(n) for n in range(200)])[0]]
    c.begin()
    c.insert(gone)
    c.commit()
    return Result(len(numbers), answer)


def _durable(c: Contestant, clock: Clock, rows: int, rng: random.Random) -> Result:
    start = rows + rng.randrange(1 << 40)
    records = [c.make(people.fields(number, rows)) for number in range(start, start + 100)]
    with clock.running():
        c.insert_durably(records)
    return Result(len(records), [str(field) for field in c.take(c.get([people.oid_of(start + 99)]))])


WORKS: tuple[Work, ...] = (
    # Filled row by row last, so that the trees that are read have the same pages, whatever a bulk insert makes of them.
    Work("load", "bulk insert", "plain", _fill("load"), fresh=True, needs="bulk"),
    Work("assign", "insert, people[key] = record", "plain", _fill("assign"), fresh=True),
    Work("insert", "insert, one call per record", "plain", _fill("insert"), fresh=True),
    Work("get", "get", "plain", _by_oid("get", 10_000)),
    Work("get_each", "get, a transaction each", "plain", _by_oid("get_each", 5_000)),
    Work("get_many", "multi-get", "plain", _by_oid("get_many", 10_000), needs="many"),
    Work("scan", "scan, keys and records", "plain", _scan),
    Work("keys", "keys of a range", "plain", _keys, needs="indexed"),
    Work("count", "count of a range", "plain", _count, needs="indexed"),
    Work("load_indexed", "bulk insert with 3 indexes", "indexed", _fill("load"), fresh=True, needs="bulk"),
    Work("insert_indexed", "insert with 3 indexes", "indexed", _fill("insert"), fresh=True),
    Work("lookup", "get through unique index", "indexed", _lookup),
    Work("in_cities", "index range to rows", "indexed", _cities("in_cities")),
    Work("in_cities_by_name", "composite index range to rows", "indexed", _cities("in_cities_by_name")),
    Work("move", "update of an indexed column", "indexed", _move, writes=True),
    Work("delete", "delete with 3 indexes", "indexed", _delete, writes=True),
    Work("durable", "durable commit of one row", "indexed", _durable, writes=True),
)
BY_NAME = {work.name: work for work in WORKS}


class Stand:
    """A contestant with its two databases.

    Args:
        make: makes the contestant.
        directory: where its databases go.
    """

    def __init__(self, make: Callable[[], Contestant], directory: str) -> None:
        self.make = make
        self.directory = directory
        self.open: dict[str, Contestant] = {}
        self.traits = make()

    def takes_part(self, work: Work) -> bool:
        """True if the contestant can do the workload."""
        if work.store == "indexed" and not self.traits.indexed:
            return False
        return bool(not work.needs or getattr(self.traits, work.needs))

    def run(self, name: str, rows: int, seed: str, deep: bool) -> dict[str, Any]:
        """Run a workload: operations, seconds, the answer, and the digest of the stored bytes.

        Args:
            name: of the workload.
            rows: size of the database.
            seed: decides which rows; the same for all contestants.
            deep: make the digest.
        """
        work = BY_NAME[name]
        if work.fresh:
            self.clear(work.store)
        contestant = self.open[work.store]
        clock = Clock()
        result = work.run(contestant, clock, rows, random.Random(seed))
        return {
            "ops": result.ops,
            "cpu": clock.cpu,
            "wall": clock.wall,
            "answer": result.answer,
            "digest": contestant.digest() if deep else "",
        }

    def clear(self, store: str) -> None:
        """Begin with an empty database."""
        path = self.path(store)
        if store in self.open:
            self.open.pop(store).close()
        shutil.rmtree(path, ignore_errors=True)
        contestant = self.open[store] = self.make()
        contestant.open(path, store == "indexed")

    def path(self, store: str) -> str:
        """Where a database lies."""
        return os.path.join(self.directory, store)

    def close(self) -> None:
        """Close the databases."""
        for contestant in self.open.values():
            contestant.close()
        self.open.clear()
