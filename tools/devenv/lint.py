"""bin/lint: what .pre-commit-config.yaml names, run on every file that git knows."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from .base import Layout


def run(layout: Layout, fix: bool) -> int:
    """Run every linter, even after one has found something."""
    started, programs = time.monotonic(), layout.venv / "bin"
    folders = {name: str(layout.cache / name.lower()) for name in ("PYLINTHOME", "RUFF_CACHE_DIR", "PRE_COMMIT_HOME")}
    env = {**os.environ, **folders, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if fix:
        subprocess.run([programs / "ruff", "check", "--fix", "--quiet"], cwd=layout.repo, env=env)
    code = subprocess.run([programs / "pre-commit", "run", "--all-files"], cwd=layout.repo, env=env).returncode
    verdict = "findings" if code else "clean"
    print(f"bin/lint: {verdict} ({time.monotonic() - started:.0f} s)", file=sys.stderr)
    return 1 if code else 0
