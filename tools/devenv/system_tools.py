"""What only the system's package manager can bring: a browser and PDF tools."""

from __future__ import annotations

import contextlib
import os
import shutil

from .base import Layout, SetupError
from .process import run_logged

# packages and the programs Odoo looks for
FOR_RUN = {"wkhtmltopdf": ("wkhtmltopdf",)}
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOR_TESTS = {**FOR_RUN, "chromium": BROWSERS, "poppler-utils": ("pdftoppm",)}


def install(layout: Layout, wanted: dict[str, tuple[str, ...]]) -> str:
    """Install what is missing if we are root; returns the command for what is still missing."""

    def missing() -> list[str]:
        return [package for package, programs in wanted.items() if not any(map(shutil.which, programs))]

    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        options = ["-q", "-y", "--no-install-recommends", "install", *packages]
        with contextlib.suppress(SetupError):  # the caller says what is missing and how to get it
            run_logged(["apt-get", "-q", "update"], layout.logs / "apt-update.log", env=env)
            run_logged(["apt-get", *options], layout.logs / "apt-system.log", env=env)
        packages = missing()
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}" if packages else ""


def require(layout: Layout) -> None:
    """Have everything the tests need, or say the one command that brings it."""
    command = install(layout, FOR_TESTS)
    if command:
        words = "The tests need a browser and PDF tools, and tests that skip for want of them would prove nothing."
        raise SetupError(f"{words} Please run: {command}")
