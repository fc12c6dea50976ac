"""Odoo's configuration file and its command line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from . import python_env
from .errors import SetupError
from .files import fingerprint, write_atomically
from .odoo_source import OdooSource
from .postgres import Server
from .process import CommandFailed, run_logged
from .progress import Step
from .settings import Layout

CONFIGURATION = """\
[options]
addons_path = {addons}
data_dir = {data}
db_host = {host}
db_port = {port}
db_user = {user}
http_interface = 127.0.0.1
list_db = False
workers = 0
max_cron_threads = 1
"""
LOADING = re.compile(r"Loading module \S+ \((\d+)/(\d+)\)")


@dataclass(frozen=True)
class Odoo:
    """Odoo, its Python and its database server: everything a command needs."""

    layout: Layout
    source: OdooSource
    server: Server

    @property
    def data(self) -> Path:
        """Odoo's data folder: two servers may hold databases of the same name."""
        if self.server.embedded:
            return self.layout.cache / "data"
        return self.layout.cache / f"data-{fingerprint(self.server.dsn)[:8]}"

    def filestore(self, database: str) -> Path:
        """Where Odoo keeps a database's attachments."""
        return self.data / "filestore" / database

    @property
    def addons_paths(self) -> tuple[Path, ...]:
        """Odoo's addons, and addons installed as Python packages (the OCA's)."""
        packaged = python_env.site_packages(self.layout) / "odoo" / "addons"
        return self.source.addons_paths + (packaged,) * packaged.is_dir()

    def configuration(self) -> Path:
        """Write the configuration file; one per content, so that runs with other
        servers or another clone of the repository do not share it."""
        folders = [str(path) for path in (*self.addons_paths, self.layout.repo)]
        text = CONFIGURATION.format(addons=",".join(folders), data=self.data, **self.server.dsn)
        path = self.layout.cache / "conf" / f"odoo-{fingerprint(text)[:8]}.conf"
        self.data.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_atomically(path, text, mode=0o600)
        return path

    def environment(self) -> dict[str, str]:
        """Make `odoo` importable and keep generated files out of the repository."""
        env = self.server.environment()
        cache = self.layout.cache
        paths = [str(self.source.pythonpath), str(self.layout.repo / "tools")]
        env["PYTHONPATH"] = os.pathsep.join(paths)
        env["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")
        env["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache / "hypothesis")
        env.pop("ODOO_RC", None)
        return env

    def command(self, *arguments: str, subcommand: str = "server") -> list[str]:
        """The command line of Odoo with our configuration."""
        start = [str(self.layout.python), "-m", "odoo", subcommand]
        return [*start, "-c", str(self.configuration()), *arguments]

    def i18n_command(self, action: str, *arguments: str) -> list[str]:
        """The i18n command line, whose options come after the action."""
        start = [str(self.layout.python), "-m", "odoo", "i18n", action]
        return [*start, "-c", str(self.configuration()), *arguments]

    def install(self, database: str, options: list[str], step: Step) -> None:
        """Install or update modules (``-i …``/``-u …``) and come back."""
        log = self.layout.logs / f"install-{database}.log"
        common = ["-d", database, "--stop-after-init", "--no-http"]

        def watch() -> None:
            found = LOADING.findall(log.read_text(encoding="utf-8", errors="replace"))
            if found:
                step.percent(int(found[-1][0]), int(found[-1][1]), "modules")

        try:
            command = self.command(*common, *options)
            run_logged(command, log, self.environment(), self.layout.cache, watch)
        except CommandFailed as failure:
            raise SetupError(
                f"Odoo could not install {' '.join(options)} in the database"
                f" {database}. The end of {log}:\n{failure.tail}"
            ) from None
        _refuse_errors(log)


def _refuse_errors(log: Path) -> None:
    """Odoo may end with code 0 although a module failed to load: ask its log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    marks = (
        " CRITICAL ",
        "Failed to load registry",
        "Some modules are not loaded",
        "invalid module names",
        "demo data failed to install",
    )
    bad = [line for line in text.splitlines() if any(mark in line for mark in marks)]
    if bad:
        raise SetupError(f"Odoo reported, in {log}:\n" + "\n".join(bad[:5]))
