"""Debian packages without root: a private apt state, download, unpack.

The packages are never installed. apt's state, lists and downloads stay in one
scratch folder, and only the machine's own proxies and keys are shared with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .apt_source import AptSource, distribution_source
from .errors import SetupError
from .process import CommandFailed, run_logged
from .progress import Step

APT_CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc::SourceList "{root}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


class DebDownloader:
    """Fetches and unpacks packages of the machine's and the newest suite."""

    def __init__(self, root: Path, logs: Path):
        for tool in ("apt-get", "dpkg"):
            if not shutil.which(tool):
                raise SetupError(
                    f"There is no {tool} on this machine, and Odoo 19 is taken from"
                    " Debian's package odoo-19. Set ODOO_HOME to a folder with"
                    " Odoo 19.0 (a source checkout) and start again."
                )
        self.root = root
        self.logs = logs
        self.source = distribution_source()
        self.stable_suite, self.newest_suite = _suites(self.source)
        self._configure()

    def _configure(self) -> None:
        for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "status").touch()
        (self.root / "apt.conf").write_text(APT_CONF.format(root=self.root))
        keyring = self.source.keyring
        if "\n" in keyring:  # the block itself, indented as deb822 wants it
            path = self.root / "keyring.asc"
            lines = ("" if line == "." else line for line in keyring.splitlines())
            path.write_text("\n".join(lines) + "\n")
            keyring = str(path)
        option = f"[signed-by={keyring}] " if keyring else ""
        components = "main universe" if self.source.is_ubuntu else "main"
        (self.root / "sources.list").write_text(
            "".join(
                f"deb {option}{self.source.uri} {suite} {components}\n"
                for suite in dict.fromkeys((self.newest_suite, self.stable_suite))
            )
        )

    def _apt(self, *arguments: str) -> list[str]:
        return ["apt-get", "-c", str(self.root / "apt.conf"), "-q", *arguments]

    def _run(self, command: list[str], name: str, watch=None) -> None:
        env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            run_logged(command, self.logs / name, env, self.root / "debs", watch)
        except CommandFailed as failure:
            raise SetupError(_explain(failure)) from None

    def update(self, step: Step) -> None:
        """Fetch the package lists of the two suites."""
        step.note("package lists")
        self._run(self._apt("update"), "apt-update.log")

    def download(self, packages: Sequence[str], step: Step) -> None:
        """Download packages, each ``name`` or ``name/suite``, showing percents."""
        total = self._total_size(packages)
        folder = self.root / "debs"

        def watch() -> None:
            done = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
            step.percent(done, total, "downloading")

        self._run(self._apt("download", *packages), "apt-download.log", watch)

    def _total_size(self, packages: Sequence[str]) -> int:
        """Sum of the sizes apt announces, 0 if it does not."""
        listing = subprocess.run(
            self._apt("--print-uris", "download", *packages),
            capture_output=True,
            text=True,
            cwd=self.root / "debs",
            check=False,
        ).stdout
        fields = (line.split() for line in listing.splitlines())
        return sum(int(f[2]) for f in fields if len(f) > 2 and f[2].isdigit())

    def unpack(self, target: Path, step: Step) -> None:
        """Unpack everything downloaded into ``target``."""
        target.mkdir(parents=True, exist_ok=True)
        for deb in sorted((self.root / "debs").glob("*.deb")):
            step.note(f"unpacking {deb.name.partition('_')[0]}")
            command = ["dpkg", "-x", str(deb), str(target)]
            self._run(command, "dpkg.log")


def _suites(source: AptSource) -> tuple[str, str]:
    """The released suite for what the newest one lacks, and the newest suite."""
    if source.is_ubuntu:
        return source.suite, "devel"
    moving = ("unstable", "sid", "testing", "experimental")
    return ("stable" if source.suite in moving else source.suite), "unstable"


def _explain(failure: CommandFailed) -> str:
    """One paragraph from apt's own words."""
    errors = [line[2:].strip() for line in failure.tail.splitlines() if line.startswith(("E:", "W:"))]
    words = (errors or failure.tail.splitlines()[-1:] or ["no message"])[0]
    hint = "Is the network, or the proxy set in http_proxy, working?"
    if "No space left" in failure.tail:
        hint = "The disk is full."
    elif "locate package" in failure.tail or "has no installation" in failure.tail:
        hint = "This mirror does not carry it: set ODOO_HOME to an Odoo 19.0."
    return f"Cannot download Odoo's packages. {hint} The package manager said: {words} (all of it in {failure.log})"
