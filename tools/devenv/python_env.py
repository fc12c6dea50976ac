"""The virtual environment with the pinned packages, filled by uv where it is, else by pip; and the way into it."""

import contextlib
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from .base import Layout, SetupError, find_layout, fingerprint, once, run_logged, setup_lock, step

SUPPORTED = "import pip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))"
NETWORK = "Is the network, or the proxy set in http_proxy and https_proxy, working, and the disk not full?"


def _install(layout: Layout, requirements: Path) -> None:
    """Install one requirements file: it lists everything, hence --no-deps."""
    log, what = layout.logs / f"pip-{requirements.stem}.log", ["--no-deps", "-r", requirements]
    if shutil.which("uv"):
        with contextlib.suppress(SetupError):  # its own settings may lack the mirror that pip's name
            return run_logged(["uv", "pip", "install", "--python", layout.python, *what], log)
    options = ["--no-input", "--disable-pip-version-check", "--retries", "2", "--timeout", "30"]
    run_logged([layout.python, "-m", "pip", "install", *options, *what], log, NETWORK)


def enter(command: str, arguments: list[str]) -> int:
    """Have the environment hold the pinned packages, then become its Python; ``devenv.cli`` does the rest."""
    os.umask(0o022)
    layout = find_layout()
    layout.claim()
    with setup_lock(layout), step("Python packages"):
        if not layout.python.exists() or subprocess.call([layout.python, "-c", SUPPORTED], stderr=subprocess.DEVNULL):
            shutil.rmtree(layout.venv, ignore_errors=True)
            package = f"Python may lack a part of it: apt-get install python3.{sys.version_info[1]}-venv"
            run_logged([sys.executable, "-m", "venv", layout.venv], layout.logs / "venv.log", package)
        for name in ["requirements.txt"] + ["requirements-test.txt"] * (command in ("test", "lint")):
            path = layout.repo / name
            once(layout.venv, name, fingerprint(path.read_text(encoding="utf-8")), partial(_install, layout, path))
    env = {**os.environ, "PYTHONPATH": str(layout.repo / "tools"), "PYTHONPYCACHEPREFIX": str(layout.cache / "pycache")}
    os.execve(layout.python, [str(layout.python), "-m", "devenv.cli", command, *arguments], env)
