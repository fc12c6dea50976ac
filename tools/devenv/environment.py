"""The set-up all commands share: Odoo, Python, PostgreSQL, in that order."""

from __future__ import annotations

import os
from pathlib import Path

from . import odoo_source, postgres, python_env, system_tools
from .errors import SetupError
from .files import check_disk_space, locked, sweep
from .odoo_server import Odoo
from .progress import step
from .settings import NEEDED_DISK, NEEDED_DISK_AGAIN, Layout


def _claim_cache(layout: Layout) -> None:
    """Make the cache folder; it must be writable and outside the repository."""
    for folder in (layout.cache, layout.repo):
        if set(str(folder)) & set(",:"):
            raise SetupError(f"Python and Odoo cannot work in a folder with a comma or a colon in its path: {folder}")
    if layout.repo in (layout.cache, *layout.cache.parents):
        raise SetupError(
            f"The cache folder {layout.cache} is inside the repository. Set"
            " PROGRESS_BILLING_CACHE to a folder outside it."
        )
    ready = odoo_source.is_present(layout) and layout.python.exists()
    check_disk_space(layout.cache, NEEDED_DISK_AGAIN if ready else NEEDED_DISK)
    try:
        layout.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"Cannot write the cache folder {layout.cache}: {error.strerror}. Set"
            " PROGRESS_BILLING_CACHE to a folder of yours."
        ) from None


def prepare_python(layout: Layout, with_tests: bool) -> None:
    """Only the virtual environment: enough for the linters."""
    os.umask(0o022)
    _claim_cache(layout)
    with locked(layout.cache / "setup.lock", "another set-up"):
        sweep(layout.cache)
        with step("Python packages") as current:
            python_env.prepare(layout, current, with_tests)


def prepare(layout: Layout, with_tests: bool = False) -> Odoo:
    """Everything a command needs to run Odoo; quick when it is all there."""
    os.umask(0o022)
    _claim_cache(layout)
    with locked(layout.cache / "setup.lock", "another set-up"):
        sweep(layout.cache)
        with step("Odoo 19.0") as current:
            source = odoo_source.prepare(layout, current)
        with step("Python packages") as current:
            python_env.prepare(layout, current, with_tests)
        if with_tests:
            with step("Browser and PDF tools") as current:
                system_tools.require(layout, current)
        with step("PostgreSQL"):
            server = postgres.prepare(layout)
    return Odoo(layout, source, server)


def relative(path: Path, layout: Layout) -> str:
    """A path as people type it from the repository's root."""
    try:
        return str(path.relative_to(layout.repo))
    except ValueError:
        return str(path)
