"""bin/test: plain tests, the main addon alone, then everything with demo data; or Odoo's own suites."""

import configparser
import os
import sys
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from . import addons, database
from .addons import Addon
from .base import MAIN_ADDON, SetupError, locked, running, step
from .odoo_server import Odoo
from .postgres import sql

DEMO_TESTS = "tests/test_demo*.py"
SUITES = Path("tools/odoo_suites.ini")
SHARED = (f"-n{min(4, os.cpu_count() or 1)}", "--dist=loadgroup", "--no-loadscope-reorder")


#: how one pass ended
Outcome = namedtuple("Outcome", ("name", "code", "seconds", "counts"))


def pytest(odoo: Odoo, name: str, settings: str, options: list, root: Path | None = None) -> Outcome:
    """Run pytest with a file of settings; tests are named from ``root``.

    Not in that folder: Python would import from it, and Odoo has a module ``calendar`` there.
    """
    layout, started, report = odoo.layout, time.monotonic(), odoo.layout.logs / f"tests-{name}.xml"
    report.unlink(missing_ok=True)
    where = ["-c", layout.repo / settings, "--rootdir", root or layout.repo, "-o", f"cache_dir={layout.cache}/pytest"]
    command = [sys.executable, "-m", "pytest", *where, f"--junitxml={report}", *options]
    with running(command, env=odoo.environment(), cwd=layout.repo) as child:
        code = child.wait()
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    counts = Counter(part.tag for case in cases for part in (case, *case))
    return Outcome(name, code, time.monotonic() - started, counts)


def plan(found: list[Addon], repo: Path, named: list[str]) -> dict[str, tuple[list[Addon], bool, list[str]]]:
    """The passes: database, its addons, whether it has demo data, and the tests' paths."""
    demo_tests = sorted(str(path.relative_to(repo)) for path in (repo / MAIN_ADDON).glob(DEMO_TESTS))
    named = named or [*(addon.name for addon in found), *demo_tests]
    ours = [name for name in named if name.split("/")[0] == MAIN_ADDON]
    first = [name for name in ours if name.partition("::")[0] not in demo_tests]
    second = [name for name in named if name not in first]
    main = [addon for addon in found if addon.name == MAIN_ADDON]
    passes = {"pb_test_core": (main, False, first), "pb_test_all": (found, True, second)}
    return {name: part for name, part in passes.items() if part[2]}


def _make(odoo: Odoo, *what) -> None:
    """Make a database whose copies share its files: Odoo deletes files that its own database does not know, so that
    what tests attach is kept in the database."""
    database.create(odoo, *what)
    sql("insert into ir_config_parameter (key, value) values ('ir_attachment.location', 'db')", database=what[0])


def _passes(odoo: Odoo, found: list[Addon], arguments: list[str]) -> list[Outcome]:
    """The plain tests and the passes, whose databases are made meanwhile, side by side."""
    repo = odoo.layout.repo
    named = [name for name in arguments if name.startswith(MAIN_ADDON) and (repo / name.partition("::")[0]).exists()]
    passes, pool = plan(found, repo, named), ThreadPoolExecutor()  # not waited for: when one fails, all end with us
    making = {name: pool.submit(_make, odoo, name, *part[:2]) for name, part in passes.items()}
    outcomes = [] if named else [pytest(odoo, "plain", "tools/tests/pytest.ini", ["-q", "tools/tests"])]
    options = [*(() if named else SHARED), *(argument for argument in arguments if argument not in named)]
    for name, (some, demo, paths) in passes.items():
        with step(f"Database {name} ({', '.join(addon.name for addon in some)})"):
            making[name].result()
        ignore = [] if demo else [f"--ignore-glob=*/{DEMO_TESTS}"]
        outcomes.append(pytest(odoo, name, "tools/pytest.ini", [f"--odoo-database={name}", *ignore, *options, *paths]))
        database.drop(odoo, name)
        print(f"{name}: {outcomes[-1].seconds:.0f} s\n", flush=True)
    return outcomes


def _suites(odoo: Odoo, found: list[Addon], arguments: list[str]) -> list[Outcome]:
    """Odoo's own tests of what our hooks extend, with our addons installed or without."""
    name, bare, settings = "pb_test_odoo", "--bare" in arguments, configparser.ConfigParser()
    settings.read(odoo.layout.repo / SUITES)
    known = settings["pytest"]["testpaths"].split()
    files = [argument for argument in arguments if argument.partition("::")[0] in known] or known
    root = next((path for path in odoo.addons_paths if (path / files[0].partition("::")[0]).exists()), None)
    if root is None:
        raise SetupError("This Odoo comes without its tests. Set ODOO_HOME to a source checkout.")
    with step(f"Database {name} ({'none of ours' if bare else ', '.join(addon.name for addon in found)})"):
        _make(odoo, name, found, False, not bare)
        odoo.install(name, ["-i", ",".join(sorted({file.split("/")[0] for file in files}))])
    options = [argument for argument in arguments if argument not in (*files, "--bare")]
    options = ["-q", f"--odoo-database={name}", *SHARED, *options, *(root / file for file in files)]
    outcome = pytest(odoo, name, str(SUITES), [*options, *["-oaddopts=-p odoo_session -ra --odoo-http"] * bare], root)
    database.drop(odoo, name)
    return [outcome]


def verdict(outcomes: list[Outcome], seconds: float) -> int:
    """Print the totals; an empty pass is fine unless nothing ran at all."""
    words = {"testcase": "tests", "failure": "failed", "error": "errors", "skipped": "skipped"}
    total = sum((outcome.counts for outcome in outcomes), Counter())
    bad = [outcome.name for outcome in outcomes if outcome.code not in (0, 5)]  # 5: nothing to run
    said = ", ".join(f"{total[tag]} {word}" for tag, word in words.items() if total[tag])
    each = ", ".join(f"{outcome.name} {outcome.seconds:.0f} s" for outcome in outcomes)
    ran = total["testcase"] > total["skipped"]
    ending = f"FAILED in {', '.join(bad)}" if bad else "OK"
    print(f"Total: {said or 'no tests'} in {seconds:.0f} s ({each}): {ending if ran else 'FAILED: no test ran'}")
    return 1 if bad or not ran else 0


def run(odoo: Odoo, arguments: list[str]) -> int:
    """Run the passes, or Odoo's suites, and tell the totals."""
    started, found = time.monotonic(), addons.installable(odoo.layout.repo, odoo.addons_paths)
    with locked(odoo.layout.cache / "test.lock", "another bin/test"):
        some = [argument for argument in arguments if argument != "--odoo-suites"]
        outcomes = (_passes if some == arguments else _suites)(odoo, found, some)
    return verdict(outcomes, time.monotonic() - started)
