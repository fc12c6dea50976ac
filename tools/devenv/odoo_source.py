"""Odoo's own code: the user's ($ODOO_HOME) or Debian's package, unpacked."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .debs import DebDownloader
from .errors import SetupError
from .files import fingerprint, is_stamped, replace_folder, scratch_folder, stamp
from .progress import Step
from .settings import ODOO_SERIES, Layout

# The second group is what Odoo's package only links to. Font Awesome has to be
# the released suite's 4.7: the newest suite's 7 has other file names.
NEWEST = ("odoo-19", "fonts-montserrat", "fonts-ocr-b")
RELEASED = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
)
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


def _read_release(package: Path) -> str:
    """The series of the Odoo in ``package``, read without running it."""
    try:
        text = (package / "odoo" / "release.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r"^version_info\s*=\s*\(([^)]*)\)", text, re.MULTILINE)
    fields = [field.strip(" '\"") for field in match[1].split(",")] if match else []
    return ".".join(fields[:2])


def _describe(home: Path) -> OdooSource | None:
    """Find Odoo in a source checkout, an unpacked package or a package folder."""
    for package in (home, home / PACKAGES, home.parent):
        release = _read_release(package)
        if release:
            # Debian's folder `addons` beside `odoo` holds Python only
            candidates = (package / "odoo" / "addons", package / "addons")
            paths = [path for path in candidates if (path / "web/static").is_dir() or (path / "base/data").is_dir()]
            return OdooSource(package, tuple(paths), release)
    return None


def users_own(variable: str) -> OdooSource:
    """The Odoo of $ODOO_HOME, refused unless it is a complete 19.0."""
    home = Path(variable).expanduser().absolute()
    source = _describe(home)
    if source is None:
        raise SetupError(
            f"ODOO_HOME is {home}, and there is no Odoo in it. Name the folder of a"
            f" source checkout (the one with odoo-bin) or of an unpacked package, of"
            f" Odoo {ODOO_SERIES}."
        )
    if source.release != ODOO_SERIES:
        raise SetupError(
            f"Wrong Odoo version: ODOO_HOME ({home}) holds Odoo {source.release}, and"
            f" these addons need Odoo {ODOO_SERIES}."
        )
    for needed in ("base", "project_account"):
        if not any((path / needed).is_dir() for path in source.addons_paths):
            raise SetupError(
                f"The Odoo in ODOO_HOME ({home}) lacks the addon {needed}. Use a"
                " complete checkout, with the folders odoo and addons."
            )
    return source


def _unpack(layout: Layout, step: Step) -> None:
    """Download and unpack Debian's packages, then move them into place at once."""
    with scratch_folder(layout.cache) as scratch:
        (scratch / "apt").mkdir()
        debs = DebDownloader(scratch / "apt", layout.logs)
        debs.update(step)
        wanted = [f"{name}/{debs.newest_suite}" for name in NEWEST]
        wanted += [f"{name}/{debs.stable_suite}" for name in RELEASED]
        debs.download(wanted, step)
        unpacked = scratch / "odoo"
        debs.unpack(unpacked, step)
        stub = unpacked / PACKAGES / STUB
        if not stub.exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(STUB_TEXT)
        release = _read_release(unpacked / PACKAGES)
        if release != ODOO_SERIES:
            raise SetupError(
                f"Wrong Odoo version: the package odoo-19 holds Odoo {release or '?'},"
                f" and these addons need {ODOO_SERIES}. Set ODOO_HOME to an Odoo 19.0."
            )
        stamp(unpacked, "recipe", RECIPE)
        replace_folder(unpacked, layout.odoo)


def prepare(layout: Layout, step: Step) -> OdooSource:
    """Return Odoo, fetching it when the cache does not hold this recipe's."""
    variable = os.environ.get("ODOO_HOME")
    if variable:
        return users_own(variable)
    if not is_stamped(layout.odoo, "recipe", RECIPE):
        _unpack(layout, step)
    source = _describe(layout.odoo)
    if source is None:
        raise SetupError(f"{layout.odoo} is damaged: delete it and start again.")
    return source


def is_present(layout: Layout) -> bool:
    """True if no large download is ahead."""
    return bool(os.environ.get("ODOO_HOME")) or layout.odoo.is_dir()
