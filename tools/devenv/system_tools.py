"""What only the system's package manager can bring: a browser and PDF tools."""

import contextlib
import os
import shutil

from .base import Layout, SetupError
from .process import run_logged

# packages and the programs Odoo looks for
FOR_RUN = {"wkhtmltopdf": ("wkhtmltopdf",)}
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOR_TESTS = {**FOR_RUN, "chromium": BROWSERS, "poppler-utils": ("pdftoppm",)}


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
