"""Odoo, its Python and its database server: everything a command needs."""

from __future__ import annotations

import os
import re
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, postgres, system_tools
from .base import Layout, SetupError, find_layout, fingerprint, setup_lock, write_atomically
from .process import CommandFailed, run_logged, step

CONFIGURATION = """\
[options]
addons_path = {addons}
data_dir = {data}
db_host = {server.host}
db_port = {server.port}
db_user = {server.user}
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
    server: postgres.Server

    @property
    def data(self) -> Path:
        """Odoo's data folder: two servers may hold databases of the same name."""
        own = "" if self.server.embedded else f"-{fingerprint(self.server)[:8]}"
        return self.layout.cache / f"data{own}"

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
        text = CONFIGURATION.format(addons=addons, data=self.data, server=self.server)
        path = self.layout.cache / "conf" / f"odoo-{fingerprint(text)[:8]}.conf"
        self.data.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_atomically(path, text, mode=0o600)
        return path

    def environment(self) -> dict[str, str]:
        """Make `odoo` importable and keep generated files out of the repository."""
        cache = self.layout.cache
        env = self.server.environment()
        env["PYTHONPATH"] = os.pathsep.join([str(self.source.pythonpath), str(self.layout.repo / "tools")])
        env["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")
        env["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache / "hypothesis")
        env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath), str(postgres.BINARIES)])
        env.pop("ODOO_RC", None)
        return env

    def command(self, *arguments: str) -> list[str]:
        """Odoo's command line with our configuration: ``server`` unless a subcommand comes first."""
        subcommand = ["server"]
        if arguments and not arguments[0].startswith("-"):
            # the i18n command takes its options after the action
            parts = 2 if arguments[0] == "i18n" else 1
            subcommand, arguments = list(arguments[:parts]), arguments[parts:]
        return [str(self.layout.python), "-m", "odoo", *subcommand, "-c", str(self.configuration()), *arguments]

    def install(self, database: str, options: list[str]) -> None:
        """Install or update modules (``-i …``/``-u …``) and come back."""
        log = self.layout.logs / f"install-{database}.log"
        tail = ""
        try:
            command = self.command("-d", database, "--stop-after-init", "--no-http", *options)
            run_logged(command, log, env=self.environment(), cwd=self.layout.cache)
        except CommandFailed as failure:
            tail = failure.tail
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
            server = postgres.prepare(layout)
    return Odoo(layout, source, server)
