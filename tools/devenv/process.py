"""Starting other programs: output to a log file, its tail in the error."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


class CommandFailed(Exception):
    """A program ended badly; ``tail`` holds the last lines it printed."""

    def __init__(self, command: Sequence[str], code: int, log: Path):
        self.code = code
        self.log = log
        self.tail = tail_of(log)
        super().__init__(f"{Path(command[0]).name} ended with code {code}")


def tail_of(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for people."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def die_with_parent() -> None:
    """Have the kernel end the child when we are killed (Linux; else nothing)."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (AttributeError, OSError):
        pass


def run_logged(
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    watch: Callable[[], None] | None = None,
) -> None:
    """Run a program with its output in ``log``, calling ``watch`` meanwhile."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            while child.poll() is None:
                if watch:
                    watch()
                time.sleep(0.1)
        finally:
            end(child)
    if child.returncode:
        raise CommandFailed(command, child.returncode, log)


def end(child: subprocess.Popen, patience: float = 10) -> None:
    """End a program that leads its own session: politely, then for good."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        try:
            os.killpg(child.pid, sign)
        except ProcessLookupError:
            return
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
