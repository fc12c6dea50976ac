"""bin/test: doctests, the main addon alone, then everything with demo data."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from . import addons, database, environment, process
from .addons import Addon
from .files import locked
from .odoo_server import Odoo
from .progress import step
from .settings import MAIN_ADDON, find_layout

USAGE = """\
usage: bin/test [PYTEST OPTION]…

  doctests  the modules in progress_billing/tools, without Odoo
  pass 1    a database with progress_billing alone, no demo data: its tests
  pass 2    a database with every addon found here, demo data: the other addons'
            tests, and every addon's tests/test_demo*.py

Options go to pytest in both passes (bin/test -k name, -x, -v, --durations=10…);
files or folders of the addons (bin/test progress_billing/tests/test_x.py) replace
the list of what is run. Options with a value: write --option=value, or -k name.
A browser test that is skipped fails the run.
"""
DEMO_TESTS = "tests/test_demo*.py"
NO_TESTS = 5
WORDS = ("passed", "failed", "errors?", "skipped", "xfailed", "xpassed", "deselected")
CLOSING = re.compile(rf"(\d+) ({'|'.join(WORDS)})")


@dataclass
class Outcome:
    """How one pass ended."""

    name: str
    code: int = 0
    seconds: float = 0
    counts: Counter = field(default_factory=Counter)

    @property
    def ran(self) -> int:
        counts = self.counts
        return counts["passed"] + counts["failed"] + counts["error"]


def _doctests(odoo: Odoo) -> Outcome:
    """Run them apart: they neither need nor should meet a database."""
    outcome = Outcome("doctests")
    folder = odoo.layout.repo / MAIN_ADDON / "tools"
    if not folder.is_dir():
        return outcome
    started = time.monotonic()
    command = [str(odoo.layout.python), "-m", "devenv.doctests", str(folder)]
    outcome.code = subprocess.call(command, env=odoo.environment())
    outcome.seconds = time.monotonic() - started
    return outcome


def _echo(child: subprocess.Popen) -> str:
    """Pass the output on as it comes; return its last line with counts."""
    closing = ""
    for line in child.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if CLOSING.search(line) and " in " in line:
            closing = line
    return closing


def _pytest(odoo: Odoo, name: str, paths: list[Path], options: list[str]) -> Outcome:
    """Run pytest over ``paths`` on the database ``name``."""
    layout = odoo.layout
    command = [str(layout.python), "-m", "pytest", "-c", "tools/pytest.ini"]
    command += ["--rootdir", str(layout.repo), "-o", f"cache_dir={layout.cache}/pytest"]
    command += ["--odoo-http", f"--odoo-database={name}"]
    command += [f"--odoo-config={odoo.configuration()}"]
    command += ["--color=yes"] * sys.stdout.isatty()
    command += [*options, *(environment.relative(path, layout) for path in paths)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=odoo.environment(),
        cwd=layout.repo,
        start_new_session=True,
        preexec_fn=process.die_with_parent,
    )
    try:
        closing = re.sub(r"\x1b\[[0-9;]*m", "", _echo(child))
        code = child.wait()
    finally:
        process.end(child)
    counts: Counter = Counter()
    for number, word in CLOSING.findall(closing):
        counts[word.removesuffix("s") if word == "errors" else word] += int(number)
    return Outcome(name, code, counts=counts)


def _run_pass(odoo: Odoo, name: str, found: list[Addon], demo: bool, paths: list[Path], options) -> Outcome:
    """Make the pass's database, test on it, and take its time."""
    started = time.monotonic()
    label = ", ".join(addon.name for addon in found)
    kind = "with" if demo else "without"
    with step(f"Database {name} ({label}, {kind} demo data)") as current:
        database.create(odoo, name, found, demo, current)
    outcome = _pytest(odoo, name, paths, options)
    database.drop(odoo, name)
    outcome.seconds = time.monotonic() - started
    print(f"{name}: {outcome.seconds:.0f} s\n", flush=True)
    return outcome


def _split(repo: Path, arguments: list[str]) -> tuple[list[Path], list[str]]:
    """Tell the tests named on the command line from pytest's options."""
    named = [
        argument
        for argument in arguments
        if argument.startswith("progress_billing") and (repo / argument.partition("::")[0]).exists()
    ]
    options = [argument for argument in arguments if argument not in named]
    return [repo / argument for argument in named], options


def _passes(odoo: Odoo, arguments: list[str]) -> list[Outcome]:
    """The doctests and the two passes, each left out if it has nothing to do."""
    repo = odoo.layout.repo
    found = addons.installable(repo, odoo.addons_paths)
    main = [addon for addon in found if addon.name == MAIN_ADDON]
    first = [repo / MAIN_ADDON]
    second = [addon.path for addon in found if addon.name != MAIN_ADDON]
    second += sorted((repo / MAIN_ADDON).glob(DEMO_TESTS))
    named, options = _split(repo, arguments)
    if named:
        demo = [path for path in named if path.match(f"*/{DEMO_TESTS}*")]
        first = [p for p in named if p not in demo and first[0] in (p, *p.parents)]
        second = [path for path in named if path not in first]
    outcomes = [] if named else [_doctests(odoo)]
    if first:
        ignore = [f"--ignore-glob=*/{DEMO_TESTS}", *options]
        outcomes.append(_run_pass(odoo, "pb_test_core", main, False, first, ignore))
    if second:
        run = _run_pass(odoo, "pb_test_all", found, True, second, options)
        outcomes.append(run)
    return outcomes


def _verdict(outcomes: list[Outcome], seconds: float) -> int:
    """Print the totals; an empty pass is fine unless nothing ran at all."""
    total = sum((outcome.counts for outcome in outcomes), Counter())
    ran = sum(outcome.ran for outcome in outcomes)
    bad = [o for o in outcomes if o.code not in (0, NO_TESTS)]
    order = [word.rstrip("s?") for word in WORDS]
    words = ", ".join(f"{total[word]} {word}" for word in order if total[word])
    each = ", ".join(f"{o.name} {o.seconds:.0f} s" for o in outcomes)
    if not ran:
        verdict = "FAILED: no test ran"
    elif bad:
        verdict = "FAILED in " + ", ".join(o.name for o in bad)
    else:
        verdict = "OK"
    print(f"Total: {words or 'no tests'} in {seconds:.0f} s ({each}): {verdict}")
    return 1 if bad or not ran else 0


def main(arguments: list[str]) -> int:
    """Set up, run the passes, tell the totals."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    started = time.monotonic()
    layout = find_layout()
    odoo = environment.prepare(layout, with_tests=True)
    with locked(layout.cache / "test.lock", "another bin/test"):
        outcomes = _passes(odoo, arguments)
    return _verdict(outcomes, time.monotonic() - started)
