"""The step list on the terminal: elapsed seconds, and a sign of life."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import time

SPINNER = "|/-\\"


class Step:
    """One line of the list; the work reports through ``note`` and ``percent``."""

    def __init__(self, label: str):
        self.label = label
        self.detail = ""
        self.failed = False
        self.started = time.monotonic()

    def note(self, detail: str) -> None:
        """Say what is being done within the step."""
        self.detail = detail

    def percent(self, done: float, total: float, what: str = "") -> None:
        """Show how far a counted job is; never 100 % before it is over."""
        share = min(99, int(100 * done / total)) if total else 0
        self.detail = f"{what} {share} %".strip()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def _draw(text: str) -> None:
    sys.stderr.write("\r\x1b[K" + text)
    sys.stderr.flush()


def _spin(step: Step, stop: threading.Event) -> None:
    for sign in itertools.cycle(SPINNER):
        detail = f", {step.detail}" if step.detail else ""
        _draw(f" {sign}  {step.label}{detail} ({step.seconds:.0f} s)")
        if stop.wait(0.15):
            return


@contextlib.contextmanager
def step(label: str):
    """Show one step: live on a terminal, one line when done elsewhere."""
    current = Step(label)
    if not sys.stderr.isatty():
        yield current
        mark = "!!" if current.failed else "ok"
        print(f"{mark}  {label} ({current.seconds:.1f} s)", file=sys.stderr, flush=True)
        return
    stop = threading.Event()
    thread = threading.Thread(target=_spin, args=(current, stop), daemon=True)
    thread.start()
    mark = "!!"
    try:
        yield current
        mark = "!!" if current.failed else "ok"
    finally:
        stop.set()
        thread.join()
        _draw(f"{mark}  {label} ({current.seconds:.1f} s)\n")
