"""What the distribution brings: Odoo's own code, unpacked without being installed (or the user's, $ODOO_HOME), and what
only its package manager can install: a browser and PDF tools."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

from .base import ODOO_SERIES, Layout, SetupError, fingerprint, once, run_logged

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
OWN_ODOO = "Set ODOO_HOME to a folder with Odoo 19.0: a complete checkout (the one with odoo-bin) or unpacked package."
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
"""
TARGETS = ["--format", "$(REPO_URI)|$(RELEASE)|$(SIGNED_BY)", "Created-By: Packages", "Component: main"]
MOVING = {"unstable", "sid", "testing"}
# packages and the programs Odoo looks for
FOR_RUN = {"wkhtmltopdf": ("wkhtmltopdf",)}
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOR_TESTS = {**FOR_RUN, "chromium": BROWSERS, "poppler-utils": ("pdftoppm",)}


def find_mirror(targets: str, release: dict[str, str]) -> tuple[str, str, str]:
    """Where the machine's own base system comes from: lines for apt, the released suite there, and the newest one.

    Chosen from what apt would fetch, one ``uri|suite|keyring`` a line, and from what the system says it is.
    """
    ubuntu = release.get("UBUNTU_CODENAME")  # derived systems have it as well
    suites = {ubuntu or release.get("DEBIAN_CODENAME") or release.get("VERSION_CODENAME"), "stable", *MOVING}
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 2]
    rows.sort(key=lambda row: release.get("ID", "") not in row[0])  # the distribution's own first
    for uri, suite, keyring in rows:
        if suite in suites:
            released, newest = "stable" if suite in MOVING else suite, "devel" if ubuntu else "unstable"
            option = "" if keyring.startswith("$(") or not keyring else f"[signed-by={keyring}] "
            parts = "main universe" if ubuntu else "main"
            lines = (f"deb {option}{uri} {name} {parts}\n" for name in (newest, released))
            return "".join(lines), released, newest
    raise SetupError(f"apt lists no mirror of Debian or Ubuntu, where Odoo 19 comes from. {OWN_ODOO}")


def find(home: Path, way_out: str) -> tuple[Path, tuple[Path, ...], str]:
    """Odoo in a source checkout, an unpacked package or a package folder, without running it; it must be complete.

    :return: the folder for PYTHONPATH, the folders of addons, and what changes with the code
    """
    packages = (folder / "odoo" for folder in (home, home / PACKAGES, home.parent))
    package = next((folder for folder in packages if (folder / "release.py").is_file()), None)
    if package is None:
        raise SetupError(f"There is no Odoo in {home}. {way_out}")
    release = package / "release.py"
    version = re.search(r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)", release.read_text(), re.MULTILINE)
    series = ".".join(version.groups()) if version else "?"
    if series != ODOO_SERIES:
        raise SetupError(f"{home} holds Odoo {series}, and these addons need Odoo {ODOO_SERIES}. {way_out}")
    # Debian's folder `addons` beside `odoo` holds Python only
    folders = (package / "addons", package.parent / "addons")
    paths = tuple(path for path in folders if (path / "web/static").is_dir() or (path / "base/data").is_dir())
    for needed in ("base", "project_account"):
        if not any((path / needed).is_dir() for path in paths):
            raise SetupError(f"The Odoo in {home} lacks the addon {needed}. {way_out}")
    packaged = Path(sysconfig.get_path("purelib")) / "odoo" / "addons"  # the OCA's
    paths += (packaged,) * packaged.is_dir()
    return package.parent, paths, fingerprint(package.parent, series, release.stat().st_mtime_ns)


def _unpack(layout: Layout) -> None:
    """Download Debian's packages with a private state of apt, unpack them, then move them into place at once."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise SetupError(f"Odoo 19 comes from Debian's package odoo-19, and there is no apt here. {OWN_ODOO}")
    root, unpacked = layout.scratch / "apt", layout.scratch / "odoo"
    for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
        (root / folder).mkdir(parents=True)
    found = subprocess.run(["apt-get", "indextargets", *TARGETS], capture_output=True, text=True, check=False)
    sources, released, newest = find_mirror(found.stdout, platform.freedesktop_os_release())
    (root / "sources.list").write_text(sources)
    (root / "apt.conf").write_text(APT_CONF.format(root=root))
    options = {"env": {**os.environ, "LC_ALL": "C.UTF-8"}, "cwd": root / "debs"}
    packages = [f"{name}/{newest}" for name in NEWEST] + [f"{name}/{released}" for name in RELEASED]
    for action in (["update"], ["download", *packages]):
        command = ["apt-get", "-c", root / "apt.conf", "-q", *action]
        run_logged(command, layout.logs / f"apt-{action[0]}.log", OWN_ODOO, **options)
    stub = unpacked / PACKAGES / STUB
    stub.parent.mkdir(parents=True)
    stub.write_text(STUB_TEXT)  # a package that has the file puts its own there
    for deb in (root / "debs").glob("*.deb"):
        run_logged(["dpkg", "-x", deb, unpacked], layout.logs / "dpkg.log", OWN_ODOO)
    find(unpacked, OWN_ODOO)
    shutil.rmtree(layout.odoo, ignore_errors=True)
    unpacked.rename(layout.odoo)
    shutil.rmtree(layout.scratch)


def prepare(layout: Layout) -> tuple[Path, tuple[Path, ...], str]:
    """Return Odoo, fetching it when the cache does not hold this recipe's."""
    if os.environ.get("ODOO_HOME"):
        return find(Path(os.environ["ODOO_HOME"]).expanduser().absolute(), OWN_ODOO)
    once(layout.odoo, "recipe", RECIPE, lambda: _unpack(layout))
    return find(layout.odoo, f"Delete {layout.odoo} and start again.")


def install(layout: Layout, wanted: dict[str, tuple[str, ...]], why: str) -> None:
    """Install what is missing if we are root.

    :raise SetupError: with the command for what is still missing, and ``why`` it is wanted
    """
    for last_try in (False, True):
        packages = [package for package, programs in wanted.items() if not any(map(shutil.which, programs))]
        command = ["apt-get", "install", "--no-install-recommends", *packages]
        if packages and (last_try or os.geteuid()):
            raise SetupError(f"Something of the system is missing. {why} Please run: sudo {' '.join(command)}")
        if packages:
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
            with contextlib.suppress(SetupError, OSError):
                run_logged(["apt-get", "-q", "update"], layout.logs / "apt-update.log", env=env)
                run_logged([*command, "-q", "-y"], layout.logs / "apt-system.log", env=env)
