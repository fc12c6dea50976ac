"""Other programs: their output in a log, their last words in the error; and the list of steps on the terminal."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
except ImportError:  # before the first set-up
    Progress = None
CHILDREN: set[subprocess.Popen] = set()
NO_NETWORK = (
    "Proxy",
    "NewConnection",
    "Timeout",
    "Connection refused",
    "resol",
    "unreachable",
    "(from versions: none)",
)


@contextlib.contextmanager
def step(label: str):
    """Show one step with its seconds, and how it ended; ``yield`` gives a list: what is put in it marks a failure."""
    started, failures, mark = time.monotonic(), [], "!!"
    live = contextlib.nullcontext()
    if Progress and sys.stderr.isatty():
        live = Progress(SpinnerColumn(), TextColumn(label), TimeElapsedColumn(), transient=True)
        live.add_task(label, total=None)
    elif sys.stderr.isatty():
        print(f"..  {label}", file=sys.stderr)
    try:
        with live:
            yield failures
        mark = "!!" if failures else "ok"
    finally:
        print(f"{mark}  {label} ({time.monotonic() - started:.1f} s)", file=sys.stderr, flush=True)


class CommandFailed(Exception):
    """A program ended badly; ``tail`` holds the last lines it printed."""

    def __init__(self, log: Path):
        self.log, self.tail = log, tail_of(log)

    def explain(self) -> str:
        """What may help, what the program said, and where all of it is."""
        hint = "See the log."
        if "No space left" in self.tail:
            hint = "The disk is full."
        elif any(word in self.tail for word in NO_NETWORK):
            hint = "Is the network, or the proxy set in http_proxy and https_proxy, working?"
        lines = self.tail.splitlines() or ["nothing"]
        words = next((line for line in lines if line.startswith(("E:", "ERROR"))), lines[-1])
        return f"{hint} It said: {words[:400]} (all of it in {self.log})"


def tail_of(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for people."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(line[:400] for line in text.splitlines()[-lines:])


def die_with_parent() -> None:
    """Have the kernel end the child when we are killed (Linux; else nothing), and Ctrl-C end it in a script as well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


@contextlib.contextmanager
def running(command: Sequence, **options):
    """A program in a session of its own, ended with all it started when the block is left."""
    options = {"stdin": subprocess.DEVNULL, "start_new_session": True, "preexec_fn": die_with_parent, **options}
    child = subprocess.Popen([str(part) for part in command], **options)
    CHILDREN.add(child)
    try:
        yield child
    finally:
        CHILDREN.discard(child)
        _end(child)


def _end(child: subprocess.Popen) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(child.pid, sign)
                child.wait(10)


def side_by_side(jobs: Sequence[Callable[[], None]]) -> None:
    """Do the jobs at the same time; when one fails or we are stopped, end what all of them run."""
    with ThreadPoolExecutor() as pool:
        running_jobs = [pool.submit(job) for job in jobs]
        try:
            for job in running_jobs:
                job.result()
        except BaseException:
            for child in list(CHILDREN):
                _end(child)
            raise


def run_logged(command: Sequence, log: Path, **options) -> None:
    """Run a program with its output in ``log``.

    :raise CommandFailed: when its exit code is not 0
    """
    with open(log, "w", encoding="utf-8") as output:
        with running(command, stdout=output, stderr=subprocess.STDOUT, **options) as child:
            if child.wait():
                raise CommandFailed(log)
