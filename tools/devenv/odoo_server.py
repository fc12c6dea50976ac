"""Odoo, its Python and its database server: everything a command needs."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, postgres, system_tools
from .base import Layout, SetupError, find_layout, fingerprint, setup_lock
from .process import run_logged, step, tail_of

CONFIGURATION = """\
[options]
addons_path = {addons}
data_dir = {data}
http_interface = 127.0.0.1
list_db = False
workers = 0
max_cron_threads = 1
"""
# Odoo may end with code 0 although a module failed to load: its log says so
BAD_NEWS = re.compile(
    r" CRITICAL |Failed to load registry|Some modules are not loaded|invalid module names|demo data failed"
)
EXCEPTION = re.compile(r"(?:odoo|psycopg2)\.[\w.]+: |\w+Error: ")


@dataclass(frozen=True)
class Odoo:
    """How to start Odoo here."""

    layout: Layout
    source: odoo_source.OdooSource

    @property
    def data(self) -> Path:
        """Odoo's data folder: two servers may hold databases of the same name."""
        server = [os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER")]
        embedded = server[0] == str(self.layout.postgres)
        return self.layout.cache / ("data" if embedded else f"data-{fingerprint(*server)[:8]}")

    def filestore(self, database: str) -> Path:
        """Where Odoo keeps a database's attachments."""
        return self.data / "filestore" / database

    @property
    def addons_paths(self) -> tuple[Path, ...]:
        """Odoo's addons, and addons installed as Python packages (the OCA's)."""
        packaged = Path(sysconfig.get_path("purelib")) / "odoo" / "addons"
        return self.source.addons_paths + (packaged,) * packaged.is_dir()

    def configuration(self) -> Path:
        """Write the configuration file; one per content, so that other servers and clones do not share it."""
        addons = ",".join(str(path) for path in (*self.addons_paths, self.layout.repo))
        text = CONFIGURATION.format(addons=addons, data=self.data)
        path = self.layout.cache / "conf" / f"odoo-{fingerprint(text)[:8]}.conf"
        for folder in (self.data, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def environment(self) -> dict[str, str]:
        """Make `odoo` importable, with our configuration, and keep generated files out of the repository."""
        cache = self.layout.cache
        return {
            **os.environ,
            "ODOO_RC": str(self.configuration()),
            "PYTHONPATH": f"{self.source.pythonpath}{os.pathsep}{self.layout.repo / 'tools'}",
            "PYTHONPYCACHEPREFIX": str(cache / "pycache"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(cache / "hypothesis"),
            "PATH": f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{postgres.BINARIES}",
        }

    def command(self, *arguments: str) -> list[str]:
        """Odoo's command line: ``server`` unless a subcommand comes first."""
        return [sys.executable, "-m", "odoo", *arguments]

    def install(self, database: str, options: list[str]) -> None:
        """Install or update modules (``-i …``/``-u …``) and come back."""
        log, tail = self.layout.logs / f"install-{database}.log", ""
        try:
            command = self.command("-d", database, "--stop-after-init", "--no-http", *options)
            run_logged(command, log, env=self.environment(), cwd=self.layout.cache)
        except SetupError:
            tail = tail_of(log)
        lines = [line[:400] for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        bad = [line for line in lines if BAD_NEWS.search(line)]
        if bad or tail:
            what = f"Odoo could not install {' '.join(options)} in the database {database}. It said, in {log}:"
            raise SetupError("\n".join([what, *bad[:5], *filter(EXCEPTION.match, lines), tail]))


def prepare(with_tests: bool = False) -> Odoo:
    """Have Odoo and PostgreSQL (the venv is here already); quick when it is all there."""
    layout = find_layout()
    with setup_lock(layout):
        with step("Odoo 19.0"):
            source = odoo_source.prepare(layout)
        if with_tests:
            with step("Browser and PDF tools"):
                system_tools.require(layout)
        with step("PostgreSQL"):
            postgres.prepare(layout)
        odoo = Odoo(layout, source)
        odoo.configuration()
    return odoo
