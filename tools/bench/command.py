"""bin/bench: ratios against Odoo's own cost, measured in one process on databases of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from devenv import addons, database
from devenv.base import MAIN_ADDON, SetupError, fingerprint, locked, once, run_logged, step
from devenv.odoo_server import Odoo

ROUNDS, QUICK = 7, 3
#: what is installed in the databases beside what the addon needs; ``oca`` has the addon of requirements-bench.txt
EXTRA = {
    "ours": (),
    "bare": (),
    "sale": ("sale_management",),
    "oca": ("sale_management", "sale_invoice_plan"),
    "queue": ("progress_billing_queue_job",),
}
REQUIREMENTS = "requirements-bench.txt"
SCRIPT = "from bench.run import main; main(**{arguments!r})"


def _packages(odoo: Odoo) -> Path | None:
    """A folder with the addons that are a dependency of the benchmark alone; nothing where they cannot be had."""
    layout, requirements = odoo.layout, odoo.layout.repo / REQUIREMENTS
    folder, recipe = layout.cache / "bench", fingerprint(requirements.read_text(encoding="utf-8"))
    pip = [layout.python, "-m", "pip", "install", "--no-deps", "--no-input", "--upgrade", "--target", folder]
    install = partial(run_logged, [*pip, "-r", requirements], layout.logs / "pip-bench.log")
    try:
        once(folder, REQUIREMENTS, recipe, install)
    except SetupError:
        return None
    return folder / "odoo" / "addons"


def _has_queue(odoo: Odoo) -> bool:
    """Whether the addon for the job queue can be installed: what it needs is in requirements-queue.txt."""
    return any(addon.name in EXTRA["queue"] for addon in addons.installable(odoo.layout.repo, odoo.addons_paths))


def _make(odoo: Odoo, kind: str, path: str) -> str:
    """A database for the benchmark: with the addon and what the rows need beside it, or without."""
    found = [a for a in addons.installable(odoo.layout.repo, odoo.addons_paths) if a.name == MAIN_ADDON]
    name = f"pb_bench_{kind}"
    database.create(odoo, name, found, False, install=kind != "bare")
    if EXTRA[kind]:
        odoo.install(name, ["-i", ",".join(EXTRA[kind]), "--addons-path", path])
    return name


def run(odoo: Odoo, only: list[str], quick: bool, path: Path | None) -> int:
    """Measure, print a table, write the JSON; fail where a ratio misses its target by more than the noise."""
    with locked(odoo.layout.cache / "bench.lock", "another bin/bench"), tempfile.TemporaryDirectory() as folder:
        target, packages = Path(folder) / "results.json", _packages(odoo)
        paths = ",".join(map(str, (*odoo.addons_paths, odoo.layout.repo, *([packages] if packages else []))))
        names: dict[str, str] = {}
        try:
            for kind in _kinds(odoo, only):
                if kind == "oca" and not packages or kind == "queue" and not _has_queue(odoo):
                    continue
                with step(f"Database for the rows of {kind}"):
                    names[kind] = _make(odoo, kind, paths)
            arguments = {"databases": names, "only": only, "rounds": QUICK if quick else ROUNDS, "target": str(target)}
            options = ["-d", next(iter(names.values())), "--no-http", "--log-level", "error", "--addons-path", paths]
            command = odoo.command("shell", *options)
            script = SCRIPT.format(arguments=arguments)
            subprocess.run(command, input=script, text=True, env=odoo.environment(), check=False)
        finally:
            for kind in EXTRA:
                database.drop(odoo, f"pb_bench_{kind}")
        results = json.loads(target.read_text()) if target.exists() else []
    failed = _show(results)
    if path:
        kept = [{name: row[name] for name in ("name", "ratio", "target", "unit")} for row in results if "ratio" in row]
        path.write_text(json.dumps(kept, indent=2) + "\n")
    return 1 if failed or not results else 0


def _kinds(odoo: Odoo, only: list[str]) -> list[str]:
    """The databases that the rows asked for need; their list is read by a program that has Odoo at hand."""
    code = "\n".join(
        (
            "import sys, odoo.init",
            "from bench.run import select",
            "print(*(name for row in select(sys.argv[1:]) for name in row.databases))",
        )
    )
    command = [odoo.layout.python, "-c", code, *only]
    found = subprocess.run(command, text=True, capture_output=True, env=odoo.environment(), check=False)
    wanted = found.stdout.split()
    if not wanted:
        raise SetupError(f"No row of the benchmark is called {' or '.join(only)}.\n{found.stderr}")
    return [kind for kind in EXTRA if kind in wanted]


def _show(results: list[dict]) -> bool:
    """Print the table.

    :return bool: whether a row misses its target by more than its noise
    """
    width, failed = max((len(row["name"]) for row in results), default=0), False
    for row in results:
        if "missing" in row:
            print(f"--  {row['name']:{width}}  not measured: {row['missing']} could not be installed here")
            continue
        over = row["ratio"] > row["target"] + row["noise"]
        mark = "!!" if over else "~~" if row["ratio"] > row["target"] else "ok"
        failed = failed or over
        limit = f"(at most {row['target']:g}, {row['unit']})"
        print(f"{mark}  {row['name']:{width}}  {row['ratio']:7.3f} ± {row['noise']:.3f}  {limit}")
        print(f"    {'':{width}}  {row['detail']}")
    return failed
