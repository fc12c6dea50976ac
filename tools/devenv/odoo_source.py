"""Odoo's own code: the user's ($ODOO_HOME) or Debian's package, unpacked without root and without being installed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from .base import ODOO_SERIES, Layout, SetupError, fingerprint, is_stamped, stamp
from .process import run_logged

# The second group is what Odoo's package only links to. Font Awesome has to be
# the released suite's 4.7: the newest suite's 7 has other file names.
NEWEST = ("odoo-19", "fonts-montserrat", "fonts-ocr-b")
RELEASED = ("libjs-jquery", "libjs-jquery-form", "libjs-underscore")
RELEASED += ("fonts-font-awesome", "fonts-roboto-unhinted", "fonts-inconsolata")
# Debian leaves this file (webcam background) out; the web client logs an error for
# the missing file, and a browser tour fails on any logged error.
STUB = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
STUB_TEXT = "// Left out by the distribution; an empty file keeps the bundle whole.\n"
PACKAGES = Path("usr/lib/python3/dist-packages")
RECIPE = fingerprint(NEWEST, RELEASED, STUB_TEXT)
OWN_ODOO = "Set ODOO_HOME to a folder with Odoo 19.0 (a source checkout or an unpacked package)."
# only the machine's mirror, proxies and keys are shared; its hooks of updates may want root
APT_CONF = """\
#clear APT::Update;
Dir::State "{root}/state";
Dir::Cache "{root}/cache";
Dir::Etc::SourceList "{root}/sources.list";
Dir::Etc::SourceParts "/dev/null";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""
TARGETS = ["--format", "$(REPO_URI)|$(RELEASE)|$(SIGNED_BY)", "Created-By: Packages", "Component: main"]
MOVING = {"unstable", "sid", "testing"}


class Mirror(NamedTuple):
    """Where the machine's own base system comes from: the released suite there, and the newest one."""

    sources: str
    released: str
    newest: str


def find_mirror(targets: str, release: dict[str, str]) -> Mirror:
    """Choose it from what apt would fetch, one ``uri|suite|keyring`` a line, and from what the system says it is."""
    ubuntu = release.get("UBUNTU_CODENAME")  # derived systems have it as well
    suites = {ubuntu or release.get("DEBIAN_CODENAME") or release.get("VERSION_CODENAME"), "stable", *MOVING}
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 2]
    rows.sort(key=lambda row: release.get("ID", "") not in row[0])  # the distribution's own first
    for uri, suite, keyring in rows:
        if suite in suites:
            released, newest = "stable" if suite in MOVING else suite, "devel" if ubuntu else "unstable"
            option = "" if keyring.startswith("$(") or not keyring else f"[signed-by={keyring}] "
            end = " universe" * bool(ubuntu)
            lines = (f"deb {option}{uri} {name} main{end}\n" for name in (newest, released))
            return Mirror("".join(lines), released, newest)
    raise SetupError(f"apt lists no mirror of Debian or Ubuntu, where Odoo 19 comes from. {OWN_ODOO}")


class OdooSource(NamedTuple):
    """An importable Odoo: the folder for PYTHONPATH and its addons folders."""

    pythonpath: Path
    addons_paths: tuple[Path, ...]
    release: str

    @property
    def identity(self) -> str:
        """Changes with the code, so that databases made by other code are redone."""
        stat = (self.pythonpath / "odoo" / "release.py").stat()
        return fingerprint(self.pythonpath, self.release, stat.st_mtime_ns)


def describe(home: Path) -> OdooSource | None:
    """Find Odoo in a source checkout, an unpacked package or a package folder, without running it."""
    for package in (home, home / PACKAGES, home.parent):
        if (package / "odoo" / "release.py").is_file():
            text = (package / "odoo" / "release.py").read_text(encoding="utf-8")
            match = re.search(r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)", text, re.MULTILINE)
            # Debian's folder `addons` beside `odoo` holds Python only
            candidates = (package / "odoo" / "addons", package / "addons")
            paths = [path for path in candidates if (path / "web/static").is_dir() or (path / "base/data").is_dir()]
            return OdooSource(package, tuple(paths), ".".join(match.groups()) if match else "?")
    return None


def users_own(variable: str) -> OdooSource:
    """The Odoo of $ODOO_HOME, refused unless it is a complete 19.0."""
    home = Path(variable).expanduser().absolute()
    source = describe(home)
    if source is None:
        wanted = f"a source checkout (the one with odoo-bin) or of an unpacked package, of Odoo {ODOO_SERIES}"
        raise SetupError(f"ODOO_HOME is {home}, and there is no Odoo in it. Name the folder of {wanted}.")
    if source.release != ODOO_SERIES:
        words = f"ODOO_HOME ({home}) holds Odoo {source.release}, and these addons need Odoo {ODOO_SERIES}"
        raise SetupError(f"Wrong Odoo version: {words}.")
    for needed in ("base", "project_account"):
        if not any((path / needed).is_dir() for path in source.addons_paths):
            words = "Use a complete checkout, with the folders odoo and addons."
            raise SetupError(f"The Odoo in ODOO_HOME ({home}) lacks the addon {needed}. {words}")
    return source


def _download(layout: Layout, target: Path) -> None:
    """Download Debian's packages with a private state of apt, and unpack them."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise SetupError(f"Odoo 19 comes from Debian's package odoo-19, and there is no apt here. {OWN_ODOO}")
    root = layout.scratch / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
        (root / folder).mkdir(parents=True)
    found = subprocess.run(["apt-get", "indextargets", *TARGETS], capture_output=True, text=True, check=False)
    mirror = find_mirror(found.stdout, platform.freedesktop_os_release())
    (root / "sources.list").write_text(mirror.sources)
    (root / "apt.conf").write_text(APT_CONF.format(root=root))
    options = {"env": {**os.environ, "LC_ALL": "C.UTF-8"}, "cwd": root / "debs"}
    packages = [f"{name}/{mirror.newest}" for name in NEWEST] + [f"{name}/{mirror.released}" for name in RELEASED]
    for action in (["update"], ["download", *packages]):
        command = ["apt-get", "-c", root / "apt.conf", "-q", *action]
        run_logged(command, layout.logs / f"apt-{action[0]}.log", OWN_ODOO, **options)
    target.mkdir()
    for deb in (root / "debs").glob("*.deb"):
        run_logged(["dpkg", "-x", deb, target], layout.logs / "dpkg.log", OWN_ODOO)


def _unpack(layout: Layout) -> None:
    """Have Debian's packages unpacked, then move them into place at once."""
    unpacked = layout.scratch / "odoo"
    _download(layout, unpacked)
    stub = unpacked / PACKAGES / STUB
    stub.parent.mkdir(parents=True, exist_ok=True)
    if not stub.exists():
        stub.write_text(STUB_TEXT)
    source = describe(unpacked)
    if source is None or source.release != ODOO_SERIES:
        raise SetupError(f"The package odoo-19 holds another Odoo than {ODOO_SERIES}. {OWN_ODOO}")
    stamp(unpacked, "recipe", RECIPE)
    if layout.odoo.exists():
        layout.odoo.rename(layout.scratch / "old")
    unpacked.rename(layout.odoo)
    shutil.rmtree(layout.scratch)


def prepare(layout: Layout) -> OdooSource:
    """Return Odoo, fetching it when the cache does not hold this recipe's."""
    if os.environ.get("ODOO_HOME"):
        return users_own(os.environ["ODOO_HOME"])
    if not is_stamped(layout.odoo, "recipe", RECIPE) or not describe(layout.odoo):
        _unpack(layout)
    return describe(layout.odoo)
