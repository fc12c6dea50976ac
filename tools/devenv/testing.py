"""bin/test: plain tests, the main addon alone, then everything with demo data; or Odoo's own suites."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import addons, database
from .addons import Addon
from .base import MAIN_ADDON, locked
from .odoo_server import Odoo
from .process import running, side_by_side, step

USAGE = """\
bin/test [--odoo-suites] [PYTEST OPTION]…

  plain     tools/tests and the doctests of progress_billing/tools, without Odoo
  pass 1    a database with progress_billing alone, no demo data: its tests
  pass 2    a database with every addon found here, demo data: the other addons'
            tests, and every addon's tests/test_demo*.py

Options go to pytest in both passes (bin/test -k name, -x, -v, --durations=10…);
files or folders of the addons (bin/test progress_billing/tests/test_x.py) replace
the list of what is run. Options with a value: write --option=value, or -k name.
A whole pass is shared among the processors, each with a copy of the database;
-n0 takes one process (for --pdb or -s). A browser test that is skipped fails the run.

--odoo-suites instead runs Odoo's own tests of the apps our hooks touch, with all the
addons installed, or those of its files that are named; a failure that
tools/odoo_suites.txt does not list fails the run. --bare leaves our addons out.
"""
DEMO_TESTS = "tests/test_demo*.py"
NO_TESTS = 5
WORDS = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "deselected")
CLOSING = re.compile(rf"(\d+) ({'|'.join(WORDS)})s?\b")


@dataclass
class Outcome:
    """How one pass ended."""

    name: str
    code: int = 0
    seconds: float = 0
    counts: Counter = field(default_factory=Counter)


def pytest(odoo: Odoo, name: str, options: Sequence, plain: bool = False) -> Outcome:
    """Run pytest, on the database ``name`` or without Odoo, passing its output on as it comes."""
    layout, started, closing = odoo.layout, time.monotonic(), ""
    command = [layout.python, "-m", "pytest", "--rootdir", layout.repo, "-o", f"cache_dir={layout.cache}/pytest"]
    if plain:
        command += ["-c", "tools/tests/pytest.ini", "-p", "no:odoo"]
    else:
        command += ["-c", "tools/pytest.ini", "--odoo-http", f"--odoo-database={name}"]
        command += [f"--odoo-config={odoo.configuration()}"]
    command += ["--color=yes"] * sys.stdout.isatty() + list(options)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    with running(command, env=odoo.environment(), cwd=layout.repo, **streams) as child:
        for line in child.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if CLOSING.search(line) and " in " in line:
                closing = re.sub(r"\x1b\[[0-9;]*m", "", line)
        code = child.wait()
    counts: Counter = Counter()
    for number, word in CLOSING.findall(closing):
        counts[word] += int(number)
    return Outcome(name, code, time.monotonic() - started, counts)


def split(repo: Path, arguments: list[str]) -> tuple[list[str], list[str]]:
    """Tell the tests named on the command line from pytest's options."""
    named = [a for a in arguments if a.startswith(MAIN_ADDON) and (repo / a.partition("::")[0]).exists()]
    return named, [argument for argument in arguments if argument not in named]


def plan(found: list[Addon], repo: Path, named: list[str]) -> dict[str, tuple[list[Addon], bool, list[str]]]:
    """The passes: database, its addons, whether it has demo data, and the tests' paths."""
    main = [addon for addon in found if addon.name == MAIN_ADDON]
    first = [MAIN_ADDON]
    second = [addon.name for addon in found if addon.name != MAIN_ADDON]
    second += sorted(str(path.relative_to(repo)) for path in (repo / MAIN_ADDON).glob(DEMO_TESTS))
    if named:
        demo = [name for name in named if Path(name.partition("::")[0]).match(f"*/{DEMO_TESTS}")]
        first = [name for name in named if name.split("/")[0] == MAIN_ADDON and name not in demo]
        second = [name for name in named if name not in first]
    passes = {"pb_test_core": (main, False, first), "pb_test_all": (found, True, second)}
    return {name: part for name, part in passes.items() if part[2]}


def _passes(odoo: Odoo, arguments: list[str]) -> list[Outcome]:
    """The plain tests and the passes, whose databases are made side by side."""
    repo = odoo.layout.repo
    found = addons.installable(repo, odoo.addons_paths)
    named, options = split(repo, arguments)
    outcomes = [] if named else [pytest(odoo, "plain", ["-q", "tools/tests"], plain=True)]
    passes = plan(found, repo, named)
    with step(f"Databases {', '.join(passes)} ({', '.join(addon.name for addon in found)})"):
        making = [partial(database.create, odoo, name, some, demo) for name, (some, demo, _paths) in passes.items()]
        side_by_side(making)
    workers = [] if named else [f"-n{min(4, os.cpu_count() or 1)}", "--dist=loadgroup", "--no-loadscope-reorder"]
    for name, (_addons, demo, paths) in passes.items():
        ignore = [] if demo else [f"--ignore-glob=*/{DEMO_TESTS}"]
        outcomes.append(pytest(odoo, name, [*ignore, *workers, *options, *paths]))
        database.drop(odoo, name)
        print(f"{name}: {outcomes[-1].seconds:.0f} s\n", flush=True)
    return outcomes


def verdict(outcomes: list[Outcome], seconds: float) -> int:
    """Print the totals; an empty pass is fine unless nothing ran at all."""
    total = sum((outcome.counts for outcome in outcomes), Counter())
    bad = [outcome.name for outcome in outcomes if outcome.code not in (0, NO_TESTS)]
    words = ", ".join(f"{total[word]} {word}" for word in WORDS if total[word])
    each = ", ".join(f"{outcome.name} {outcome.seconds:.0f} s" for outcome in outcomes)
    ran = total["passed"] + total["failed"] + total["error"]
    ending = f"FAILED in {', '.join(bad)}" if bad else "OK"
    print(f"Total: {words or 'no tests'} in {seconds:.0f} s ({each}): {ending if ran else 'FAILED: no test ran'}")
    return 1 if bad or not ran else 0


def run(odoo: Odoo, arguments: list[str]) -> int:
    """Run the passes, tell the totals."""
    started = time.monotonic()
    with locked(odoo.layout.cache / "test.lock", "another bin/test"):
        outcomes = _passes(odoo, arguments)
    return verdict(outcomes, time.monotonic() - started)
