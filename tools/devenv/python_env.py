"""The virtual environment with the pinned packages, filled by uv where it is, else by pip; and the way into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .base import Layout, SetupError, find_layout, fingerprint, is_stamped, scratch_folder, setup_lock, write_atomically
from .debs import DebDownloader
from .process import CommandFailed, run_logged, step

SUPPORTED = "import pip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))"


def _answers(python: str | Path, code: str) -> bool:
    """True if this interpreter starts and runs ``code``."""
    try:
        return not subprocess.run([python, "-c", code], capture_output=True, check=False).returncode
    except OSError:
        return False


def _create(layout: Layout) -> None:
    """Make the empty venv; where Debian has split ensurepip off, with pip from the distribution's own wheel."""
    shutil.rmtree(layout.venv, ignore_errors=True)
    has_pip = _answers(sys.executable, "import ensurepip, venv")
    options = [] if has_pip else ["--without-pip"]
    run_logged([sys.executable, "-m", "venv", *options, layout.venv], layout.logs / "venv.log")
    if not has_pip:
        with scratch_folder(layout.cache) as scratch:
            debs = DebDownloader(scratch / "apt", layout.logs)
            debs.unpack([f"python3-pip-whl/{debs.mirror.released}"], scratch / "pip")
            wheels = scratch / "pip/usr/share/python-wheels"
            command = [layout.python, "-m", "pip", "install", "--no-index", "--find-links", wheels, "pip"]
            env = {**os.environ, "PYTHONPATH": str(next(wheels.glob("pip-*.whl")))}
            run_logged(command, layout.logs / "pip-bootstrap.log", env=env)


def _install(layout: Layout, requirements: Path) -> None:
    """Install one requirements file: it lists everything, hence --no-deps."""
    log, uv = layout.logs / f"pip-{requirements.stem}.log", shutil.which("uv")
    if uv:
        with contextlib.suppress(CommandFailed):  # its own settings may lack the mirror that pip's name
            command = [uv, "pip", "install", "--python", layout.python, "--no-deps", "-r", requirements]
            return run_logged(command, log)
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--retries", "2", "--timeout", "30"]
    run_logged([layout.python, "-m", "pip", "install", *options, "-r", requirements], log)


def prepare(layout: Layout, with_tests: bool) -> None:
    """Have the venv hold the pinned packages (and those of tests and linters)."""
    try:
        if not _answers(layout.python, SUPPORTED):
            _create(layout)
        for name in ["requirements.txt"] + ["requirements-test.txt"] * with_tests:
            recipe = fingerprint((layout.repo / name).read_text(encoding="utf-8"))
            if not is_stamped(layout.venv, name, recipe):
                _install(layout, layout.repo / name)
                write_atomically(layout.venv / f".{name}", recipe)
    except CommandFailed as failure:
        raise SetupError(f"Cannot make the virtual environment. {failure.explain()}") from None


def enter(command: str, arguments: list[str]) -> int:
    """Have the environment, then become its Python; ``devenv.cli`` does the rest."""
    os.umask(0o022)
    try:
        layout = find_layout()
        layout.claim()
        with setup_lock(layout), step("Python packages"):
            prepare(layout, with_tests=command in ("test", "lint"))
    except SetupError as error:
        print(f"\nbin/{command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    env = {**os.environ, "PYTHONPATH": str(layout.repo / "tools"), "PYTHONPYCACHEPREFIX": str(layout.cache / "pycache")}
    os.execve(layout.python, [str(layout.python), "-m", "devenv.cli", command, *arguments], env)
