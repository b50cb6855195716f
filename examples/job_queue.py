"""A job queue for several worker processes on one machine: no broker, no polling of a server, nothing lost by a crash.

    python examples/job_queue.py

A job is claimed in a write transaction, so no two workers get the same one. A claim is a lease: if its worker dies, the
lease runs out, and another takes the job. So a job may be begun twice, and must bear that.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import zlmdb

LEASE = timedelta(seconds=30)
ATTEMPTS = 3


@dataclass
class Job:
    """Something to be done."""

    number: int
    task: str
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    priority: int = 0  # the smaller, the sooner
    attempts: int = 0
    due: datetime | None = None  # when it may be begun; of a running one, when its lease runs out
    worker: int | None = None
    result: str | None = None


@zlmdb.table("2d8e0f61-7c5a-4a2e-8c6d-9f4b3a1e5c01", pk="number")
class Jobs(zlmdb.MapOidJson[Job]):
    """Jobs by number, in the order in which they were added."""

    # Partial indexes: each lists only the jobs that somebody looks for, and stays small.
    waiting = zlmdb.index("priority", "number", key=(zlmdb.Int32, zlmdb.Oid), where=lambda job: job.state == "waiting")
    leased = zlmdb.index("due", key=zlmdb.Datetime, where=lambda job: job.state == "running")
    by_state = zlmdb.index("state", key=zlmdb.String)


class Queue:
    """Jobs in a database that several processes have open.

    Args:
        db: a database with the table of jobs.
        lease: how long a worker may be silent before its job is given to another.
    """

    def __init__(self, db: zlmdb.Database, lease: timedelta = LEASE) -> None:
        self.db = db
        self.lease = lease

    def put(self, *tasks: str, priority: int = 0) -> list[int]:
        """Add jobs: their numbers."""
        with self.db.begin(write=True) as txn:
            jobs = txn[Jobs]
            last = jobs.last()
            first = 1 if last is None else last[0] + 1
            return [jobs.add(Job(first + n, task, priority=priority)) for n, task in enumerate(tasks)]

    def claim(self, now: datetime) -> Job | None:
        """The most urgent job that waits, now this process's; None if there is none."""
        with self.db.begin() as txn:  # a look that waits for nobody, as long as there is nothing to do
            jobs = txn[Jobs]
            if jobs.waiting.first() is None and jobs.leased.count(hi=now) == 0:
                return None
        with self.db.begin(write=True) as txn:
            jobs = txn[Jobs]
            for late in list(jobs.leased.select(hi=now)):  # their workers died, or are too slow
                late.state = "waiting" if late.attempts < ATTEMPTS else "failed"
                late.due = late.worker = None
                jobs.put(late)
            job = jobs.waiting.first()
            if job is None:
                return None
            job.state, job.worker, job.due = "running", os.getpid(), now + self.lease
            job.attempts += 1
            jobs.put(job)
            return job

    def finish(self, job: Job, result: str | None = None, *, failed: bool = False) -> bool:
        """Store what became of a claimed job: False if it has been given to another meanwhile."""
        with self.db.begin(write=True) as txn:
            jobs = txn[Jobs]
            known = jobs.get(job.number)
            if known is None or (known.worker, known.attempts) != (os.getpid(), job.attempts):
                return False
            again = failed and known.attempts < ATTEMPTS
            known.state = "waiting" if again else "failed" if failed else "done"
            known.worker = known.due = None
            known.result = result
            jobs.put(known)
            return True

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state; reads no job."""
        with self.db.begin() as txn:
            by_state = txn[Jobs].by_state
            return {state: by_state.count(state) for state in ("waiting", "running", "done", "failed")}


def work(path: str, do: Callable[[str], str], lease_seconds: float = 30.0) -> None:
    """Do jobs until all are done. Runs in a process of its own, which opens the file itself."""
    with zlmdb.open(path, Jobs) as db:
        queue = Queue(db, timedelta(seconds=lease_seconds))
        while True:
            job = queue.claim(datetime.now(UTC))
            if job is None:
                counts = queue.counts()
                if counts["waiting"] + counts["running"] == 0:
                    return
                time.sleep(0.02)
                continue
            try:
                result = do(job.task)
            except Exception as error:  # whatever a task raises is its result
                queue.finish(job, f"{type(error).__name__}: {error}", failed=True)
            else:
                queue.finish(job, result)


def square(task: str) -> str:
    """The work of this example."""
    return str(int(task) ** 2)


def run(path: Path, workers: int = 3, jobs: int = 60) -> dict[str, int]:
    """Have several processes do some jobs: how many ended in which state."""
    with zlmdb.open(path, Jobs) as db:
        queue = Queue(db)
        queue.put(*map(str, range(jobs)))
        queue.put("not a number", priority=-1)  # more urgent, and bound to fail
        # Spawned, not forked: each worker is a fresh interpreter with handles of its own.
        context = multiprocessing.get_context("spawn")
        processes = [context.Process(target=work, args=(str(path), square)) for _ in range(workers)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        with db.begin() as txn:
            done = [job for job in txn[Jobs].by_state.select("done") if job.result == square(job.task)]
            failed = [(job.task, job.attempts, job.result) for job in txn[Jobs].by_state.select("failed")]
        print("right results:", len(done))
        print("failed:       ", failed)
        return queue.counts()


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        print("in the end:   ", run(Path(folder) / "jobs.zdb"))


if __name__ == "__main__":
    main()
