"""Timing two ways of doing the same work fairly: in turns, each on fresh caches."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field


@dataclass
class Cost:
    """What a number of runs cost, per unit of work."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: list[float] = field(default_factory=list)

    def describe(self) -> str:
        return (
            f"{1000 * statistics.median(self.seconds):.1f} ms, {1000 * statistics.median(self.cpu):.1f} ms CPU, "
            f"{statistics.median(self.queries):.1f} queries"
        )


def take(env, cost: Cost, units: int, work) -> None:
    """Run ``work`` once on cold caches and add what it cost per unit."""
    env.flush_all()
    env.invalidate_all()
    queries, wall, cpu = env.cr.sql_log_count, time.perf_counter(), time.process_time()
    work()
    env.flush_all()
    cost.seconds.append((time.perf_counter() - wall) / units)
    cost.cpu.append((time.process_time() - cpu) / units)
    cost.queries.append((env.cr.sql_log_count - queries) / units)


def ratio(ours: Cost, theirs: Cost) -> float:
    """The median of the ratios of runs that followed each other: a busy moment hits both."""
    return statistics.median(a / b for a, b in zip(ours.cpu, theirs.cpu, strict=True))
