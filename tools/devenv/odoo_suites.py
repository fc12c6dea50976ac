"""bin/test --odoo-suites: Odoo's own tests of the apps our hooks touch, with our addons installed.

tools/odoo_suites.txt lists the files and, after a dash, the tests that fail alike without our addons.
"""

from __future__ import annotations

import os
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from . import addons, database, testing
from .base import SetupError, locked
from .odoo_server import Odoo
from .process import step

DATABASE = "pb_test_odoo"
LIST = Path("tools/odoo_suites.txt")


def read_list(text: str) -> tuple[list[str], set[str]]:
    """The files to run, and the tests known to fail.

    >>> read_list("# why\\nsale/tests/test_a.py\\n- sale/tests/test_a.py::TestA::test_b  # reason")
    (['sale/tests/test_a.py'], {'sale/tests/test_a.py::TestA::test_b'})
    """
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    known = {line.removeprefix("-").strip() for line in lines if line.startswith("-")}
    return [line for line in lines if line and not line.startswith("-")], known


def failures_of(report: str) -> set[str]:
    """The tests that failed or broke, from pytest's JUnit report."""
    failed = set()
    for case in ET.fromstring(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            module, _dot, cls = case.get("classname", "").removeprefix("odoo.addons.").rpartition(".")
            if cls.startswith("test_"):  # a function that pytest takes for a test, beside the classes
                module, cls = f"{module}.{cls}", ""
            failed.add("::".join(filter(None, (module.replace(".", "/") + ".py", cls, case.get("name")))))
    return failed


def run(odoo: Odoo, options: list[str]) -> int:
    """Run them; only a failure that is not on the list counts."""
    files, known = read_list((odoo.layout.repo / LIST).read_text(encoding="utf-8"))
    found = addons.installable(odoo.layout.repo, odoo.addons_paths)
    bare, named = "--bare" in options, [option for option in options if option in files]
    options = [option for option in options if option != "--bare" and option not in named]
    roots = odoo.source.addons_paths
    paths = [root / name for name in named or files for root in roots if (root / name).exists()]
    if len(paths) < len(named or files):
        raise SetupError("This Odoo comes without its tests. Set ODOO_HOME to a source checkout.")
    with locked(odoo.layout.cache / "odoo_suites.lock", "another run of Odoo's suites"):
        with step(f"Database {DATABASE} ({'none of ours' if bare else ', '.join(addon.name for addon in found)})"):
            database.create(odoo, DATABASE, found, demo=False, install=not bare)
            apps = sorted({path.relative_to(root).parts[0] for path in paths for root in roots if root in path.parents})
            odoo.install(DATABASE, ["-i", ",".join(apps)])
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            workers = [f"-n{min(4, os.cpu_count() or 1)}", "--dist=loadgroup", f"--junitxml={report}"]
            workers += ["-q", "--rootdir", paths[0].parents[2]]  # tests are named from there
            outcome = testing.pytest(odoo, DATABASE, [*workers, *options, *paths])
            failed = failures_of(report.read_text(encoding="utf-8")) if report.exists() else {"no report"}
        database.drop(odoo, DATABASE)
    new = sorted(failed - known)
    print("".join(f"NEW FAILURE {name}\n" for name in new), end="")
    words = f"{outcome.counts['passed']} passed, {len(failed & known)} fail as known, {len(new)} new failures"
    print(f"Odoo's suites: {words} in {outcome.seconds:.0f} s: {'FAILED' if new else 'OK'}")
    return 1 if new or not outcome.counts["passed"] else 0
