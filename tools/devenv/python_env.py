"""The virtual environment: a Python Odoo supports and the pinned packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .debs import DebDownloader
from .errors import SetupError
from .files import fingerprint, is_stamped, scratch_folder, stamp
from .process import CommandFailed, run_logged
from .progress import Step
from .settings import PYTHONS, Layout

NETWORK_WORDS = (
    "ProxyError",
    "NewConnectionError",
    "ConnectTimeout",
    "Connection refused",
    "name resolution",
    "Network is unreachable",
    "(from versions: none)",
)


def _version(python: str) -> tuple[int, int] | None:
    """Ask an interpreter for its version; None if it does not even start."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20, check=True)
        major, minor = answer.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return int(major), int(minor)


def find_python() -> str:
    """The running interpreter if Odoo supports it, else a supported one on PATH."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for wanted in PYTHONS:
        path = shutil.which("python{}.{}".format(*wanted))
        if path and _version(path) == wanted:
            return path
    raise SetupError(
        "Odoo 19 runs on Python 3.10 to 3.13; this is Python {}.{}, and none of these"
        " was found on PATH. Install one of them (for instance the package"
        " python3.12) and start again.".format(*sys.version_info[:2])
    )


def _is_working(layout: Layout) -> bool:
    """True if the venv starts, has pip and is of a supported Python."""
    if not layout.python.exists() or _version(str(layout.python)) not in PYTHONS:
        return False
    command = [str(layout.python), "-c", "import pip"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def _create(layout: Layout, step: Step) -> None:
    """Make the empty venv, with or without ensurepip."""
    step.note("making the virtual environment")
    shutil.rmtree(layout.venv, ignore_errors=True)
    python = find_python()
    log = layout.logs / "venv.log"
    has_pip = not subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode
    options = [] if has_pip else ["--without-pip"]
    try:
        run_logged([python, "-m", "venv", *options, str(layout.venv)], log)
        if not has_pip:
            _bring_pip(layout, step)
    except CommandFailed as failure:
        raise SetupError(
            f"Cannot make a virtual environment with {python}. On Debian or Ubuntu,"
            f" `sudo apt-get install python3-venv` helps. It said: {failure.tail}"
        ) from None


def _bring_pip(layout: Layout, step: Step) -> None:
    """Install pip from the distribution's wheel: Debian splits ensurepip off."""
    with scratch_folder(layout.cache) as scratch:
        (scratch / "apt").mkdir()
        debs = DebDownloader(scratch / "apt", layout.logs)
        debs.update(step)
        debs.download([f"python3-pip-whl/{debs.stable_suite}"], step)
        debs.unpack(scratch / "pip", step)
        wheels = scratch / "pip/usr/share/python-wheels"
        wheel = next(wheels.glob("pip-*.whl"))
        offline = ["install", "--no-index", "--find-links", str(wheels), "pip"]
        env = {**os.environ, "PYTHONPATH": str(wheel)}
        command = [str(layout.python), "-m", "pip", *offline]
        run_logged(command, layout.logs / "pip-bootstrap.log", env)


def _explain(failure: CommandFailed) -> str:
    lines = failure.tail.splitlines()
    last = next((line for line in reversed(lines) if "ERROR" in line), lines[-1:])
    if any(word in failure.tail for word in NETWORK_WORDS):
        hint = "Is the network, or the proxy set in https_proxy, working?"
    elif "No space left" in failure.tail:
        hint = "The disk is full."
    else:
        hint = "See the log."
    return f"Cannot install the Python packages. {hint} pip said: {str(last)[:400]} (all of it in {failure.log})"


def _install(layout: Layout, requirements: Path, step: Step) -> None:
    """Install one requirements file: it lists everything, hence --no-deps."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    total = sum("==" in line for line in lines)
    log = layout.logs / f"pip-{requirements.stem}.log"

    def watch() -> None:
        text = log.read_text(encoding="utf-8", errors="replace")
        done = text.count("Collecting ") + text.count("already satisfied")
        step.percent(done, total * 1.25, "installing packages")

    options = ["--no-deps", "--no-input", "--disable-pip-version-check"]
    options += ["--retries", "2", "--timeout", "30", "-r", str(requirements)]
    try:
        run_logged([str(layout.python), "-m", "pip", "install", *options], log, watch=watch)
    except CommandFailed as failure:
        raise SetupError(_explain(failure)) from None


def prepare(layout: Layout, step: Step, with_tests: bool = False) -> None:
    """Have the venv hold the pinned packages (and those of the tests)."""
    if not _is_working(layout):
        _create(layout, step)
    names = ["requirements.txt"] + ["requirements-test.txt"] * with_tests
    for name in names:
        requirements = layout.repo / name
        recipe = fingerprint(requirements.read_text(encoding="utf-8"))
        if not is_stamped(layout.venv, name, recipe):
            _install(layout, requirements, step)
            stamp(layout.venv, name, recipe)


def site_packages(layout: Layout) -> Path:
    """The venv's package folder (its name holds the Python version)."""
    return next((layout.venv / "lib").glob("python3*/site-packages"))
