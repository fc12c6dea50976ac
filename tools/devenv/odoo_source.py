"""Odoo's own code: the user's ($ODOO_HOME) or Debian's package, unpacked."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .base import ODOO_SERIES, Layout, SetupError, fingerprint, is_stamped, scratch_folder, write_atomically
from .debs import OWN_ODOO, DebDownloader

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


@dataclass(frozen=True)
class OdooSource:
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


def _unpack(layout: Layout) -> None:
    """Download and unpack Debian's packages, then move them into place at once."""
    with scratch_folder(layout.cache) as scratch:
        debs = DebDownloader(scratch / "apt", layout.logs)
        suites = [(name, debs.mirror.newest) for name in NEWEST] + [(name, debs.mirror.released) for name in RELEASED]
        unpacked = scratch / "odoo"
        debs.unpack([f"{name}/{suite}" for name, suite in suites], unpacked)
        stub = unpacked / PACKAGES / STUB
        stub.parent.mkdir(parents=True, exist_ok=True)
        if not stub.exists():
            stub.write_text(STUB_TEXT)
        source = describe(unpacked)
        if source is None or source.release != ODOO_SERIES:
            raise SetupError(f"The package odoo-19 holds another Odoo than {ODOO_SERIES}. {OWN_ODOO}")
        write_atomically(unpacked / ".recipe", RECIPE)
        if layout.odoo.exists():
            layout.odoo.rename(scratch / "old")
        unpacked.rename(layout.odoo)


def prepare(layout: Layout) -> OdooSource:
    """Return Odoo, fetching it when the cache does not hold this recipe's."""
    if os.environ.get("ODOO_HOME"):
        return users_own(os.environ["ODOO_HOME"])
    if not is_stamped(layout.odoo, "recipe", RECIPE):
        _unpack(layout)
    source = describe(layout.odoo)
    if source is None:
        shutil.rmtree(layout.odoo)
        raise SetupError(f"{layout.odoo} was damaged and is deleted: start again.")
    return source
