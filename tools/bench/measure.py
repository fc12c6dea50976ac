"""Timing two ways of doing the same work fairly: in turns, each on cold caches, undone before the next one starts."""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Sample:
    """What one run of some work cost: CPU seconds of this process and of PostgreSQL's backend, and SQL statements."""

    python: float
    postgres: float
    queries: float

    both = property(lambda self: self.python + self.postgres)


@dataclass
class Way:
    """One way of doing the work: in an environment, over and over."""

    env: object
    work: Callable[[], object]
    samples: list[Sample] = field(default_factory=list)

    def _backend_seconds(self) -> float:
        """CPU time of the database's process, where it runs on this machine; 0 where it does not."""
        self.env.cr.execute("SELECT pg_backend_pid()")
        path = Path(f"/proc/{self.env.cr.fetchone()[0]}/schedstat")
        with contextlib.suppress(OSError):
            return int(path.read_text().split()[0]) / 1e9
        return 0.0

    def take(self) -> None:
        """Run it once on cold caches, without garbage collection, and undo it."""
        env = self.env
        env.flush_all()
        env.invalidate_all()
        gc.collect()
        gc.disable()
        savepoint = env.cr.savepoint()
        backend, queries, cpu = self._backend_seconds(), env.cr.sql_log_count, time.process_time()
        self.work()
        env.flush_all()
        cpu = time.process_time() - cpu
        self.samples.append(Sample(cpu, self._backend_seconds() - backend, env.cr.sql_log_count - queries - 1))
        gc.enable()
        savepoint.rollback()
        savepoint.close(rollback=False)

    def median(self, name: str) -> float:
        return statistics.median(getattr(sample, name) for sample in self.samples)


@dataclass
class Result:
    """A figure with the noise it was measured with, and what it is made of."""

    ratio: float
    noise: float
    detail: str


def compare(ours: Way, theirs: Way, rounds: int, units: int = 1, figure: str = "python") -> Result:
    """How many times one way costs what the other does; which one goes first alternates.

    :param units: pieces of work a run does, for the printed figures
    :param figure: the figure of a sample that counts
    """
    ours.take()  # the registry's caches, lazily made queries: warm for both
    theirs.take()
    ours.samples.clear()
    theirs.samples.clear()
    for number in range(rounds):
        for way in (ours, theirs) if number % 2 else (theirs, ours):
            way.take()
    pairs = [
        getattr(a, figure) / getattr(b, figure) for a, b in zip(ours.samples, theirs.samples, strict=True)
    ]  # runs that followed each other: a busy moment hits both
    low, _median, high = statistics.quantiles(pairs, n=4, method="inclusive") if len(pairs) > 1 else [pairs[0]] * 3
    both = ours.median("both") / theirs.median("both")
    return Result(statistics.median(pairs), (high - low) / 2, f"{_describe(ours, theirs, units)}; both CPUs {both:.2f}")


def _describe(ours: Way, theirs: Way, units: int) -> str:
    return " against ".join(
        f"{1000 * way.median('python') / units:.1f}+{1000 * way.median('postgres') / units:.1f} ms, "
        f"{way.median('queries') / units:.0f} SQL"
        for way in (ours, theirs)
    )
