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
from .base import MAIN_ADDON, SetupError, locked
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
addons installed, or those of its files that are named, without the tests that
tools/odoo_suites.txt names as failing. --bare leaves our addons out, and no test.
"""
DEMO_TESTS = "tests/test_demo*.py"
SUITES = Path("tools/odoo_suites.txt")
NO_TESTS = 5
SHARED = (f"-n{min(4, os.cpu_count() or 1)}", "--dist=loadgroup", "--no-loadscope-reorder")
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
            print(line, end="", flush=True)
            if CLOSING.search(line) and " in " in line:
                closing = re.sub(r"\x1b\[[0-9;]*m", "", line)
        code = child.wait()
    counts = Counter({word: int(number) for number, word in CLOSING.findall(closing)})
    return Outcome(name, code, time.monotonic() - started, counts)


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


def _passes(odoo: Odoo, found: list[Addon], arguments: list[str]) -> list[Outcome]:
    """The plain tests and the passes, whose databases are made side by side."""
    repo = odoo.layout.repo
    named = [name for name in arguments if name.startswith(MAIN_ADDON) and (repo / name.partition("::")[0]).exists()]
    outcomes = [] if named else [pytest(odoo, "plain", ["-q", "tools/tests"], plain=True)]
    passes = plan(found, repo, named)
    with step(f"Databases {', '.join(passes)} ({', '.join(addon.name for addon in found)})"):
        making = [partial(database.create, odoo, name, some, demo) for name, (some, demo, _paths) in passes.items()]
        side_by_side(making)
    options = [*(() if named else SHARED), *(argument for argument in arguments if argument not in named)]
    for name, (_addons, demo, paths) in passes.items():
        ignore = [] if demo else [f"--ignore-glob=*/{DEMO_TESTS}"]
        outcomes.append(pytest(odoo, name, [*ignore, *options, *paths]))
        database.drop(odoo, name)
        print(f"{name}: {outcomes[-1].seconds:.0f} s\n", flush=True)
    return outcomes


def read_suites(text: str) -> tuple[list[str], list[str]]:
    """The files of Odoo's tests to run, and the tests known to fail.

    >>> read_suites("# why\\nsale/tests/test_a.py\\n- sale/tests/test_a.py::TestA::test_b  # reason")
    (['sale/tests/test_a.py'], ['sale/tests/test_a.py::TestA::test_b'])
    """
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    files = [line for line in lines if line and not line.startswith("-")]
    return files, [line.removeprefix("-").strip() for line in lines if line.startswith("-")]


def _suites(odoo: Odoo, found: list[Addon], arguments: list[str]) -> list[Outcome]:
    """Odoo's own tests of what our hooks extend, with our addons installed or without."""
    name, bare = "pb_test_odoo", "--bare" in arguments
    files, failing = read_suites((odoo.layout.repo / SUITES).read_text(encoding="utf-8"))
    named = [argument for argument in arguments if argument in files]
    files = named or files
    root = next((path for path in odoo.source.addons_paths if all((path / file).exists() for file in files)), None)
    if root is None:
        raise SetupError("This Odoo comes without its tests. Set ODOO_HOME to a source checkout.")
    with step(f"Database {name} ({'none of ours' if bare else ', '.join(addon.name for addon in found)})"):
        database.create(odoo, name, found, demo=False, install=not bare)
        odoo.install(name, ["-i", ",".join(sorted({file.split("/")[0] for file in files}))])
    options = [argument for argument in arguments if argument not in (*named, "--bare")]
    options += ["--rootdir", root, *(f"--deselect={test}" for test in failing if not bare)]  # they are named from there
    outcome = pytest(odoo, name, ["-q", *SHARED, *options, *(root / file for file in files)])
    database.drop(odoo, name)
    return [outcome]


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
    """Run the passes, or Odoo's suites, and tell the totals."""
    started, found = time.monotonic(), addons.installable(odoo.layout.repo, odoo.addons_paths)
    suites = "--odoo-suites" in arguments
    with locked(odoo.layout.cache / "test.lock", "another bin/test"):
        some = [argument for argument in arguments if argument != "--odoo-suites"]
        outcomes = (_suites if suites else _passes)(odoo, found, some)
    return verdict(outcomes, time.monotonic() - started)
