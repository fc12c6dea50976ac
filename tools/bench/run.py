"""Run the rows of the benchmark in one process: one registry a database, each row undone before the next."""

from __future__ import annotations

import contextlib
import json
import sys

from .fixtures import Company
from .measure import Result
from .rows import ROWS, Bench


def select(only: list[str]):
    """The rows whose names contain one of ``only``."""
    return [row for row in ROWS if not only or any(text in row.name for text in only)]


@contextlib.contextmanager
def _company(database: str):
    """A company on a database; nothing of it is kept."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    with Registry(database).cursor() as cr:
        try:
            yield Company(api.Environment(cr, SUPERUSER_ID, {}))
        finally:
            cr.rollback()


def main(databases: dict[str, str], only: list[str], rounds: int, target: str) -> None:
    """Measure the rows one after the other and write them down.

    :param databases: names by what is installed there; a row whose database is missing says so
    :param target: the file
    """
    found = []
    for row in select(only):
        missing = [name for name in row.databases if name not in databases]
        if missing:
            found.append({"name": row.name, "missing": missing[0], "target": row.target, "unit": row.unit})
            continue
        print(f"… {row.name}", file=sys.stderr, flush=True)
        with contextlib.ExitStack() as stack:
            result: Result = row.run(Bench(rounds, lambda name: stack.enter_context(_company(databases[name]))))
        found.append(
            {
                "name": row.name,
                "ratio": round(result.ratio, 3),
                "target": row.target,
                "unit": row.unit,
                "noise": round(result.noise, 3),
                "detail": result.detail,
            }
        )
        print(f"    {result.ratio:.3f} ± {result.noise:.3f}  {result.detail}", file=sys.stderr, flush=True)
    with open(target, "w") as stream:
        json.dump(found, stream, indent=2)
