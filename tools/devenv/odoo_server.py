"""Odoo, its Python and its database server: everything a command needs."""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from . import debian, postgres
from .base import Layout, SetupError, find_layout, fingerprint, run_logged, setup_lock, step

# Odoo may end with code 0 although a module failed to load: its log says so
BAD_NEWS = re.compile(
    r" CRITICAL |Failed to load registry|Some modules are not loaded|invalid module names|demo data failed"
)
EXCEPTION = re.compile(r"(?:odoo|psycopg2)\.[\w.]+: |\w+Error: ")


class Odoo(NamedTuple):
    """How to start Odoo here."""

    layout: Layout
    pythonpath: Path
    addons_paths: tuple[Path, ...]
    identity: str

    @property
    def data(self) -> Path:
        """Odoo's data folder: two servers may hold databases of the same name."""
        server = [os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER")]
        embedded = server[0] == str(self.layout.postgres)
        return self.layout.cache / ("data" if embedded else f"data-{fingerprint(*server)[:8]}")

    def filestore(self, database: str) -> Path:
        """Where Odoo keeps a database's attachments."""
        return self.data / "filestore" / database

    def environment(self) -> dict[str, str]:
        """Make `odoo` importable, configure it, and keep generated files out of the repository."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        return {
            **os.environ,
            "ODOO_RC": os.devnull,  # not the user's; Odoo takes its options from the environment as well
            "ODOO_ADDONS_PATH": ",".join(map(str, (*self.addons_paths, self.layout.repo))),
            "ODOO_DATA_DIR": str(self.data),
            "ODOO_HTTP_INTERFACE": "127.0.0.1",
            "ODOO_LIST_DB": "False",
            "ODOO_MAX_CRON_THREADS": "1",
            "PYTHONPATH": f"{self.pythonpath}{os.pathsep}{self.layout.repo / 'tools'}",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.layout.cache / "hypothesis"),
            "PATH": f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{postgres.BINARIES}",
        }

    def command(self, *arguments: str) -> list[str]:
        """Odoo's command line: ``server`` unless a subcommand comes first."""
        return [sys.executable, "-m", "odoo", *arguments]

    def run(self, log: Path, *arguments: str) -> None:
        """Run a command of Odoo's and come back.

        :raise SetupError: with what its log says, also when it ends as if nothing had happened
        """
        run_logged(self.command(*arguments), log, env=self.environment(), cwd=self.layout.cache)
        lines = [line[:400] for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        bad = [line for line in lines if BAD_NEWS.search(line)]
        if bad:
            words = [f"Odoo failed at {' '.join(arguments)}. It said, in {log}:", *bad[:5]]
            raise SetupError("\n".join([*words, *filter(EXCEPTION.match, lines)]))

    def install(self, database: str, options: list[str]) -> None:
        """Install or update modules (``-i …``/``-u …``)."""
        log = self.layout.logs / f"install-{database}.log"
        self.run(log, "-d", database, "--stop-after-init", "--no-http", *options)


def prepare(with_tests: bool = False) -> Odoo:
    """Have Odoo and PostgreSQL (the venv is here already); quick when it is all there."""
    layout = find_layout()
    with setup_lock(layout):
        with step("Odoo 19.0"):
            source = debian.prepare(layout)
        if with_tests:
            with step("Browser and PDF tools"):
                debian.install(layout, debian.FOR_TESTS, "Tests that skip for want of it prove nothing.")
        with step("PostgreSQL"):
            postgres.prepare(layout)
    return Odoo(layout, *source)
