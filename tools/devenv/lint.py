"""bin/lint: ruff, pylint-odoo, the OCA's checks of data files, our own rules, and a syntax check of the scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from . import addons
from .base import Layout
from .process import step


def commands(layout: Layout, fix: bool) -> dict[str, list]:
    """Every linter's command line."""
    programs = layout.venv / "bin"
    own = list(addons.in_repository(layout.repo))
    scripts = {**dict.fromkeys(sorted((layout.repo / "bin").iterdir()), "sh"), layout.repo / ".ci" / "run": "bash"}
    ruff = [programs / "ruff", "check", "--output-format=concise", "--quiet", "--cache-dir", layout.cache / "ruff", "."]
    return {
        "ruff": ruff + ["--fix"] * fix,
        "pylint-odoo": [programs / "pylint", "--rcfile=.pylintrc", "-j", "2", *own],
        "data files": [programs / "oca-checks-odoo-module", *own],
        "house rules": [layout.python, "-m", "devenv.house", layout.repo],
        "languages": [layout.python, "-m", "devenv.translations", layout.repo],
        **{f"{shell} -n {script.name}": [shell, "-n", script] for script, shell in scripts.items()},
    }


def run(layout: Layout, fix: bool) -> int:
    """Run every linter, even after one has found something."""
    env = {**os.environ, "PYLINTHOME": str(layout.cache / "pylint")}
    failed = []
    started = time.monotonic()
    for name, command in commands(layout, fix).items():
        with step(name) as failures:
            outcome = subprocess.run(command, cwd=layout.repo, env=env, capture_output=True, text=True)
            failures += [name] * bool(outcome.returncode)
        lines = (outcome.stdout + outcome.stderr).splitlines()
        print("".join(f"{line}\n" for line in lines if line and not line.startswith("*****")), end="", flush=True)
        failed += failures
    verdict = f"findings in {', '.join(failed)}" if failed else "clean"
    print(f"bin/lint: {verdict} ({time.monotonic() - started:.0f} s)", file=sys.stderr)
    return 1 if failed else 0
