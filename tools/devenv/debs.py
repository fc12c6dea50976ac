"""Debian packages without root: a private apt state, download, unpack. Nothing is installed.

apt's state, lists and downloads stay in one scratch folder; only the machine's mirror, proxies and keys are shared.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .base import SetupError
from .process import CommandFailed, run_logged

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
TARGETS = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
MOVING = {"unstable", "sid", "testing", "experimental", "devel"}
OWN_ODOO = "Set ODOO_HOME to a folder with Odoo 19.0 (a source checkout or an unpacked package)."


@dataclass(frozen=True)
class Mirror:
    """Where the machine's own base system comes from: the released suite there, and the newest one."""

    uri: str
    keyring: str
    components: str
    released: str
    newest: str


def find_mirror(targets: str, identity: str, codename: str) -> Mirror | None:
    """Choose it from what apt would fetch, one ``uri|suite|component|keyring`` a line; None if there is none."""
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 3 and "cdrom:" not in line]
    rows.sort(key=lambda row: not identity or identity not in row[0])  # the distribution's own first
    mirrors = [row for row in rows if row[2] == "main" and row[1] in {codename, "stable", *MOVING}]
    if not mirrors:
        return None
    uri, suite, _main, keyring = mirrors[0]
    keyring = "" if keyring.startswith("$(") else keyring
    if "ubuntu" in uri or any(row[0] == uri and row[2] == "universe" for row in rows):
        return Mirror(uri, keyring, "main universe", suite, "devel")
    return Mirror(uri, keyring, "main", "stable" if suite in MOVING else suite, "unstable")


class DebDownloader:
    """Fetches and unpacks packages of the machine's and the newest suite."""

    def __init__(self, root: Path, logs: Path):
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            raise SetupError(f"Odoo 19 comes from Debian's package odoo-19, and there is no apt here. {OWN_ODOO}")
        self.root, self.logs, self.debs = root, logs, root / "debs"
        release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
        command = ["apt-get", "indextargets", "--format", TARGETS, "Created-By: Packages"]
        targets = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        mirror = find_mirror(targets, release.get("ID", ""), release.get("VERSION_CODENAME", ""))
        if mirror is None:
            raise SetupError(f"apt lists no mirror of Debian or Ubuntu, where Odoo 19 comes from. {OWN_ODOO}")
        self.mirror = mirror
        for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
            (root / folder).mkdir(parents=True)
        (root / "status").touch()
        (root / "apt.conf").write_text(APT_CONF.format(root=root))
        option = f"[signed-by={mirror.keyring}] " if mirror.keyring else ""
        lines = (
            f"deb {option}{mirror.uri} {suite} {mirror.components}\n" for suite in (mirror.newest, mirror.released)
        )
        (root / "sources.list").write_text("".join(dict.fromkeys(lines)))
        self._run("apt-update.log", "apt-get", "-c", root / "apt.conf", "-q", "update")

    def _run(self, name: str, *command) -> None:
        env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            run_logged(command, self.logs / name, env=env, cwd=self.debs)
        except CommandFailed as failure:
            raise SetupError(f"Cannot download Odoo's packages. {failure.explain()} {OWN_ODOO}") from None

    def unpack(self, packages: Sequence[str], target: Path) -> None:
        """Download packages, each ``name/suite``, and unpack them into ``target``."""
        self._run("apt-download.log", "apt-get", "-c", self.root / "apt.conf", "-q", "download", *packages)
        target.mkdir()
        for deb in sorted(self.debs.glob("*.deb")):
            self._run("dpkg.log", "dpkg", "-x", deb, target)
