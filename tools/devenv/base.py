"""Where things are, and what makes a killed or doubled run harmless: locks, stamps, one folder for the half-made.

This file and what it needs is standard library only: it runs before anything is installed.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ODOO_SERIES = "19.0"
MAIN_ADDON = "progress_billing"
DEMO_DATABASE = "progress_billing_demo"
NEEDED_DISK = 3 * 1024**3  # Odoo 1.3 GB, its download 0.15, Python packages 0.5, databases 0.6
NEEDED_DISK_AGAIN = 500 * 1024**2


class SetupError(Exception):
    """A problem the user can solve; its text is the whole message shown."""


@dataclass(frozen=True)
class Layout:
    """Every path the set-up uses: the repository and the cache folder."""

    repo: Path
    cache: Path

    odoo = property(lambda self: self.cache / "odoo-19")
    venv = property(lambda self: self.cache / "venv")
    python = property(lambda self: self.venv / "bin" / "python")
    postgres = property(lambda self: self.cache / "postgres")
    logs = property(lambda self: self.cache / "log")
    scratch = property(lambda self: self.cache / "half-made")

    def claim(self) -> None:
        """Make the cache folder; it must be writable, large enough and outside the repository."""
        another = "Set PROGRESS_BILLING_CACHE to another folder."
        if set(f"{self.cache}{self.repo}") & set(",:"):
            raise SetupError(f"Odoo cannot work below a folder with a comma or a colon: {self.repo}, {self.cache}")
        if self.repo in (self.cache, *self.cache.parents):
            raise SetupError(f"The cache folder {self.cache} is inside the repository. {another}")
        self.logs.mkdir(parents=True, exist_ok=True)
        ready = self.python.exists() and (self.odoo.is_dir() or os.environ.get("ODOO_HOME"))
        needed, free = NEEDED_DISK_AGAIN if ready else NEEDED_DISK, shutil.disk_usage(self.cache).free
        if free < needed:
            sizes = f"needs about {needed / 1e9:.1f} GB and its disk has {free / 1e9:.1f} GB free"
            raise SetupError(f"Not enough disk space: {self.cache} {sizes}. Free some space. {another}")


def find_layout() -> Layout:
    """The repository this file is in, and the cache folder the user wants."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    cache = Path(os.environ.get("PROGRESS_BILLING_CACHE") or f"{base}/progress_billing")
    return Layout(Path(__file__).resolve().parents[2], cache.expanduser().absolute())


@contextlib.contextmanager
def locked(path: Path, waiting_for: str):
    """Hold the lock file ``path``; say what we wait for when it is taken."""
    with open(path, "a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"Waiting for {waiting_for} to finish…", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def setup_lock(layout: Layout):
    """One set-up at a time, which starts without what a killed one left half-made."""
    with locked(layout.cache / "setup.lock", "another set-up"):
        shutil.rmtree(layout.scratch, ignore_errors=True)
        yield


def fingerprint(*parts: object) -> str:
    """A short name for a recipe: it changes when any of its parts does."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def is_stamped(folder: Path, name: str, recipe: str) -> bool:
    """True if ``folder`` was finished by exactly this recipe."""
    path = folder / f".{name}"
    return path.exists() and path.read_text(encoding="utf-8") == recipe


def stamp(folder: Path, name: str, recipe: str) -> None:
    """Note that ``folder`` is finished; half a note is none."""
    (folder / f".{name}").write_text(recipe, encoding="utf-8")
