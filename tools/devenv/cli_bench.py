"""bin/bench: ratios against Odoo's own cost, measured in one run on a database of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from . import addons, database, environment
from .files import locked
from .progress import step
from .settings import MAIN_ADDON, find_layout

DATABASE = "pb_bench"
PARTS = ("run_billing",)
SCRIPT = """
import json, sys
sys.path.insert(0, {tools!r})
import importlib
results = []
for part in {parts!r}:
    results += importlib.import_module("bench." + part).run(env)
with open({target!r}, "w") as stream:
    json.dump(results, stream, indent=2)
"""


def main(arguments: list[str]) -> int:
    """Measure, print a table, write the JSON; fail when a target is missed."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measures what progress billing costs beside bare Odoo, as ratios."
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write [{name, ratio, target, unit}] there")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated")
    options = parser.parse_args(arguments)
    odoo = environment.prepare(find_layout())
    found = [a for a in addons.installable(odoo.layout.repo, odoo.addons_paths) if a.name == MAIN_ADDON]
    with locked(odoo.layout.cache / "bench.lock", "another bin/bench"):
        with step(f"Database {DATABASE}") as current:
            database.create(odoo, DATABASE, found, False, current)
        try:
            results = _measure(odoo, options.part or PARTS)
        finally:
            database.drop(odoo, DATABASE)
    if results is None:
        return 1
    return _report(results, options.json)


def _measure(odoo, parts) -> list[dict] | None:
    """Run the parts in Odoo's shell; None when they failed."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "results.json"
        script = SCRIPT.format(tools=str(odoo.layout.repo / "tools"), parts=tuple(parts), target=str(target))
        command = odoo.command("-d", DATABASE, "--no-http", "--log-level", "warn", subcommand="shell")
        subprocess.run(command, input=script, text=True, env=odoo.environment(), check=False)
        return json.loads(target.read_text()) if target.exists() else None


def _report(results: list[dict], path: Path | None) -> int:
    """Show the ratios beside their targets."""
    width = max(len(result["name"]) for result in results)
    missed = 0
    for result in results:
        bad = result["ratio"] > result["target"]
        missed += bad
        print(
            f"{'!!' if bad else 'ok'}  {result['name']:{width}}  {result['ratio']:6.3f}"
            f"  (at most {result['target']}, {result['unit']})"
        )
    if path:
        path.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if missed else 0
