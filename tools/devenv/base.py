"""Where things are; what makes a killed or doubled run harmless: locks, recipes, one folder for the half-made; other
programs, their output in a log and their last words in the error; and the list of steps on the terminal.

This file needs the standard library only: it runs before anything is installed.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ODOO_SERIES = "19.0"
MAIN_ADDON = "progress_billing"
DEMO_DATABASE = "progress_billing_demo"
NEEDED_DISK = 3 * 1024**3  # Odoo 1.3 GB, its download 0.15, Python packages 0.5, databases 0.6


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
        needed, free = NEEDED_DISK // 6 if ready else NEEDED_DISK, shutil.disk_usage(self.cache).free
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


def once(folder: Path, name: str, recipe: str, make: Callable[[], None]) -> None:
    """Make what ``folder`` holds, unless it was finished by exactly this recipe: half a note of it is none."""
    note = folder / f".{name}"
    if not note.exists() or note.read_text(encoding="utf-8") != recipe:
        make()
        note.write_text(recipe, encoding="utf-8")


def guarded(name: str, command: Callable[..., int], *arguments: object) -> int:
    """Run a command; its failures become one paragraph and an exit code."""
    try:
        return command(*arguments)
    except SetupError as error:
        words = str(error)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141
    except OSError as error:
        words = f"{error.strerror}: {error.filename}"
    print(f"\nbin/{name}: {words}", file=sys.stderr)
    return 1


@contextlib.contextmanager
def step(label: str):
    """Show one step with its seconds, and how it ended."""
    started, mark = time.monotonic(), "!!"
    if sys.stderr.isatty():
        print(f"..  {label}", end="\r", file=sys.stderr, flush=True)
    try:
        yield
        mark = "ok"
    finally:
        print(f"{mark}  {label} ({time.monotonic() - started:.1f} s)", file=sys.stderr, flush=True)


def tail_of(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for people."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(line[:400] for line in text.splitlines()[-lines:])


@contextlib.contextmanager
def running(command: Sequence, **options):
    """A program in a session of its own, ended with all it started when the block is left, or by the kernel when we are
    killed."""
    command = ["setpriv", "--pdeathsig", "TERM", *map(str, command)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield child
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(child.pid, sign)
                    child.wait(10)


def run_logged(command: Sequence, log: Path, way_out: str = "", **options) -> None:
    """Run a program with its output in ``log``.

    :raise SetupError: with its last words and ``way_out``, when its exit code is not 0
    """
    with open(log, "w", encoding="utf-8") as output, running(command, stdout=output, stderr=output, **options) as child:
        if child.wait():
            words = tail_of(log) or "nothing"
            raise SetupError(f"{Path(command[0]).name} failed. It said, in {log}:\n{words}\n{way_out}".rstrip())
