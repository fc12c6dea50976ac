"""Other programs: their output in a log, their last words in the error; and the list of steps on the terminal."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .base import SetupError

CHILDREN: set[subprocess.Popen] = set()


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
    CHILDREN.add(child)
    try:
        yield child
    finally:
        CHILDREN.discard(child)
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


def side_by_side(jobs: Sequence[Callable[[], None]]) -> None:
    """Do the jobs at the same time; when one fails or we are stopped, end what all of them run."""
    with ThreadPoolExecutor() as pool:
        try:
            for job in [pool.submit(job) for job in jobs]:
                job.result()
        except BaseException:
            for child in list(CHILDREN):
                child.terminate()
            raise
