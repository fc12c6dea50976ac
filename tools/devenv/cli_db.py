"""bin/db: the embedded PostgreSQL server by hand."""

from __future__ import annotations

import argparse

from . import environment, postgres
from .settings import find_layout


def main(arguments: list[str]) -> int:
    """Start (and keep), stop, or describe the server."""
    parser = argparse.ArgumentParser(
        prog="bin/db",
        description="The embedded PostgreSQL. Commands start it when they need it and"
        " the last one to end stops it; `start` keeps it running until `stop`.",
    )
    parser.add_argument("action", choices=("start", "stop", "status"))
    action = parser.parse_args(arguments).action
    layout = find_layout()
    if action == "start":
        environment.prepare(layout)
    server = postgres.embedded(layout)
    up = layout.python.exists() and server.is_up()
    if action == "start":
        server.keep.touch()
    elif action == "stop":
        server.keep.unlink(missing_ok=True)
        if up:
            server.stop()
        up = False
    print(f"{'running' if up else 'stopped'}; PGHOST={server.sockets} PGUSER=odoo")
    if layout.python.exists():
        print(f"programs: {server.binaries}")
    return 0
