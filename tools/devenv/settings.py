"""Where things are, and the few numbers every module shares."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ODOO_SERIES = "19.0"
PYTHONS = ((3, 12), (3, 13), (3, 11), (3, 10))
MAIN_ADDON = "progress_billing"
DEMO_DATABASE = "progress_billing_demo"
# Odoo unpacked 1.3 GB, its download 0.15, Python packages 0.5, databases 0.6
NEEDED_DISK = 3 * 1024**3
NEEDED_DISK_AGAIN = 500 * 1024**2


@dataclass(frozen=True)
class Layout:
    """Every path the set-up uses: the repository and the cache folder."""

    repo: Path
    cache: Path

    @property
    def odoo(self) -> Path:
        return self.cache / "odoo-19"

    @property
    def venv(self) -> Path:
        return self.cache / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def postgres(self) -> Path:
        return self.cache / "postgres"

    @property
    def logs(self) -> Path:
        return self.cache / "log"


def find_layout() -> Layout:
    """The repository this file is in, and the cache folder the user wants."""
    repo = Path(__file__).resolve().parents[2]
    named = os.environ.get("PROGRESS_BILLING_CACHE")
    if named:
        return Layout(repo, Path(named).expanduser().absolute())
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Layout(repo, Path(base).absolute() / "progress_billing")
