"""bin/lint: ruff, pylint-odoo, the house rules, and a syntax check of the scripts."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from . import addons, environment
from .progress import step
from .settings import Layout, find_layout


def _shell_scripts(layout: Layout) -> list[str]:
    """Files in bin and .ci that bash runs."""
    scripts = []
    for folder in ("bin", ".ci"):
        for path in sorted((layout.repo / folder).glob("*")):
            if path.is_file() and b"bash" in path.read_bytes().split(b"\n", 1)[0]:
                scripts.append(str(path))
    return scripts


def _commands(layout: Layout, fix: bool) -> dict[str, list[str]]:
    """Every linter's command line."""
    programs = layout.venv / "bin"
    own = list(addons.in_repository(layout.repo))
    ruff = [str(programs / "ruff"), "check", "--output-format=concise"]
    ruff += ["--quiet", "--cache-dir", str(layout.cache / "ruff")]
    ruff += ["--fix"] * fix + [".", *(f"bin/{p.name}" for p in _python_scripts(layout))]
    commands = {"ruff": ruff}
    if own:
        pylint = [str(programs / "pylint"), "--rcfile=.pylintrc", "-j", "2"]
        commands["pylint-odoo"] = [*pylint, *own]
    house = [str(layout.python), "-m", "devenv.house_rules", str(layout.repo)]
    commands["house rules"] = house
    for script in _shell_scripts(layout):
        commands[f"bash -n {os.path.basename(script)}"] = ["bash", "-n", script]
    return commands


def _python_scripts(layout: Layout) -> list:
    """The commands in bin, which have no suffix ruff would find them by."""
    folder = layout.repo / "bin"
    return [p for p in sorted(folder.iterdir()) if b"python" in p.read_bytes()[:40]]


def main(arguments: list[str]) -> int:
    """Run every linter, even after one has found something."""
    parser = argparse.ArgumentParser(prog="bin/lint", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="let ruff repair things")
    options = parser.parse_args(arguments)
    layout = find_layout()
    environment.prepare_python(layout, with_tests=True)
    env = dict(os.environ)
    env["PYTHONPATH"] = str(layout.repo / "tools")
    env["PYTHONPYCACHEPREFIX"] = str(layout.cache / "pycache")
    env["PYLINTHOME"] = str(layout.cache / "pylint")
    failed = []
    started = time.monotonic()
    for name, command in _commands(layout, options.fix).items():
        with step(name) as current:
            outcome = subprocess.run(command, cwd=layout.repo, env=env, capture_output=True, text=True)
            current.failed = bool(outcome.returncode)
        lines = (outcome.stdout + outcome.stderr).splitlines()
        lines = [line for line in lines if line and not line.startswith("*****")]
        print("\n".join(lines), end="\n" if lines else "", flush=True)
        if outcome.returncode:
            failed.append(name)
    seconds = time.monotonic() - started
    verdict = f"findings in {', '.join(failed)}" if failed else "clean"
    print(f"bin/lint: {verdict} ({seconds:.0f} s)", file=sys.stderr)
    return 1 if failed else 0
