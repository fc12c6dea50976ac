"""What only the system's package manager can bring: a browser and PDF tools."""

from __future__ import annotations

import os
import shutil

from .errors import SetupError
from .process import CommandFailed, run_logged
from .progress import Step
from .settings import Layout

# the names Odoo's tests look for
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOR_RUN = {"wkhtmltopdf": ("wkhtmltopdf",)}
FOR_TESTS = {**FOR_RUN, "chromium": BROWSERS, "poppler-utils": ("pdftoppm",)}


def missing(wanted: dict[str, tuple[str, ...]]) -> list[str]:
    """Packages none of whose programs is on PATH."""
    return [package for package, programs in wanted.items() if not any(map(shutil.which, programs))]


def command_for(packages: list[str]) -> str:
    """The one command to give to somebody who is not root."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def install(layout: Layout, wanted: dict[str, tuple[str, ...]], step: Step) -> list[str]:
    """Install what is missing if we are root; returns what is still missing."""
    packages = missing(wanted)
    if not packages or os.geteuid() != 0 or not shutil.which("apt-get"):
        return packages
    step.note("installing " + ", ".join(packages))
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    options = ["-q", "-y", "--no-install-recommends", "install", *packages]
    log = layout.logs / "apt-system.log"
    try:
        run_logged(["apt-get", "-q", "update"], log, env)
        run_logged(["apt-get", *options], log, env)
    except CommandFailed:
        pass  # the caller says what is missing and how to get it
    return missing(wanted)


def require(layout: Layout, step: Step) -> None:
    """Have everything the tests need, or say the one command that brings it."""
    lacking = install(layout, FOR_TESTS, step)
    if lacking:
        raise SetupError(
            "The tests need a browser and PDF tools, and tests that skip for want of"
            f" them would prove nothing. Please run: {command_for(lacking)}"
        )
