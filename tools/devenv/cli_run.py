"""bin/run: a demo database and a server to look at it."""

from __future__ import annotations

import argparse
import http.client
import socket
import subprocess
import sys
import time

from . import addons, database, environment, process, system_tools
from .errors import SetupError
from .odoo_server import Odoo
from .progress import Step, step
from .settings import DEMO_DATABASE, find_layout

HOST = "127.0.0.1"
PATIENCE = 120


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description="Set everything up, make a demo database and start Odoo on it.",
    )
    parser.add_argument("--port", type=int, default=8069, help="HTTP port (default: %(default)s)")
    parser.add_argument("--reset", action="store_true", help="drop the demo database and make it anew")
    parser.add_argument("--setup-only", action="store_true", help="stop before starting the server")
    parser.add_argument("--verbose", action="store_true", help="show Odoo's log in the terminal")
    options = parser.parse_args(arguments)
    if not 0 < options.port < 65536:
        parser.error("the port is a number from 1 to 65535")
    return options


def _refuse_taken_port(port: int) -> None:
    """Say so before the set-up, not after it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise SetupError(f"You may not use port {port}; choose one above 1023: bin/run --port N") from None
        except OSError:
            raise SetupError(
                f"Port {port} is taken by another program. Stop that one, or choose"
                f" another port: bin/run --port {port + 1 if port < 65535 else 8069}"
            ) from None


def _prepare_database(odoo: Odoo, reset: bool) -> None:
    """Make, or bring up to date, the demo database."""
    found = addons.installable(odoo.layout.repo, odoo.addons_paths)
    with step(f"Demo database ({', '.join(addon.name for addon in found)})") as current:
        if reset or not database.refresh(odoo, DEMO_DATABASE, found, current):
            database.create(odoo, DEMO_DATABASE, found, True, current)


def _wait_until_up(child: subprocess.Popen, port: int, current: Step) -> bool:
    """True once the server answers; False if it ended instead."""
    while child.poll() is None:
        if current.seconds > PATIENCE:
            return False
        connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        try:
            connection.request("GET", f"/web/login?db={DEMO_DATABASE}")
            return connection.getresponse().status < 500
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    return False


def _serve(odoo: Odoo, port: int, verbose: bool) -> int:
    """Run the server in the foreground until it ends or Ctrl-C is pressed."""
    log = odoo.layout.logs / f"server-{port}.log"
    options = ["-d", DEMO_DATABASE, "--db-filter", f"^{DEMO_DATABASE}$"]
    command = odoo.command(*options, "--http-port", str(port))
    with open(log, "w", encoding="utf-8") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=None if verbose else output,
            stderr=None if verbose else output,
            env=odoo.environment(),
            cwd=odoo.layout.cache,
            start_new_session=True,
            preexec_fn=process.die_with_parent,
        )
    try:
        with step("Server") as current:
            if not _wait_until_up(child, port, current):
                tail = "" if verbose else "\n" + process.tail_of(log)
                raise SetupError(f"Odoo did not start. The end of {log}:{tail}")
        print(
            f"\n  Progress Billing runs at http://{HOST}:{port}\n"
            f"  login: admin   password: admin\n"
            f"  log:   {'this terminal' if verbose else log}\n"
            "  Ctrl-C stops it.\n",
            flush=True,
        )
        return child.wait()
    finally:
        process.end(child)


def main(arguments: list[str]) -> int:
    """Set up, then serve."""
    options = _parse(arguments)
    if not options.setup_only:
        _refuse_taken_port(options.port)
    layout = find_layout()
    odoo = environment.prepare(layout)
    with step("PDF engine") as current:
        lacking = system_tools.install(layout, system_tools.FOR_RUN, current)
    if lacking:
        print(
            f"    Printing PDFs needs one more package; all else works without it: {system_tools.command_for(lacking)}",
            file=sys.stderr,
        )
    _prepare_database(odoo, options.reset)
    if options.setup_only:
        return 0
    try:
        return _serve(odoo, options.port, options.verbose)
    except KeyboardInterrupt:
        print("Stopped.")
        return 0
