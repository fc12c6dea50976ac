"""bin/bench: ratios against Odoo's own cost, measured in one run on a database of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import addons, database
from .base import MAIN_ADDON, locked
from .odoo_server import Odoo
from .process import step

DATABASE = "pb_bench"
PARTS = ("run_billing",)
SCRIPT = """
import importlib, json
results = []
for part in {parts!r}:
    results += importlib.import_module("bench." + part).run(env)
with open({target!r}, "w") as stream:
    json.dump(results, stream, indent=2)
"""


def run(odoo: Odoo, parts: Sequence[str], path: Path | None) -> int:
    """Measure, print a table, write the JSON; fail when a target is missed."""
    found = [a for a in addons.installable(odoo.layout.repo, odoo.addons_paths) if a.name == MAIN_ADDON]
    with locked(odoo.layout.cache / "bench.lock", "another bin/bench"), tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "results.json"
        try:
            with step(f"Database {DATABASE}"):
                database.create(odoo, DATABASE, found, False)
            command = odoo.command("shell", "-d", DATABASE, "--no-http", "--log-level", "warn")
            script = SCRIPT.format(parts=tuple(parts), target=str(target))
            subprocess.run(command, input=script, text=True, env=odoo.environment(), check=False)
        finally:
            database.drop(odoo, DATABASE)
        results = json.loads(target.read_text()) if target.exists() else []
    width = max((len(result["name"]) for result in results), default=0)
    for result in results:
        mark = "!!" if result["ratio"] > result["target"] else "ok"
        limit = f"(at most {result['target']}, {result['unit']})"
        print(f"{mark}  {result['name']:{width}}  {result['ratio']:6.3f}  {limit}")
    if path:
        path.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if not results or any(result["ratio"] > result["target"] for result in results) else 0
