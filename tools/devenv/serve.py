"""bin/run: a demo database and a server to look at it."""

import argparse
import contextlib
import http.client
import socket
import sys
import time

from . import addons, database, odoo_server, system_tools
from .base import DEMO_DATABASE, SetupError
from .process import running, step, tail_of

HOST = "127.0.0.1"
PATIENCE = 120


def refuse_taken_port(port: int) -> None:
    """Say so before the set-up, not after it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            words = f"Choose another port: bin/run --port {port + 1 if 1023 < port < 65535 else 8069}"
            raise SetupError(f"Port {port} is taken, or not for you to use ({error.strerror}). {words}") from None


def _answers(port: int) -> bool:
    """True once the server shows a page."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        connection.request("GET", f"/web/login?db={DEMO_DATABASE}")
        return connection.getresponse().status < 500
    time.sleep(0.2)
    return False


def _serve(odoo: odoo_server.Odoo, port: int, verbose: bool) -> int:
    """Run the server in the foreground until it ends or Ctrl-C is pressed."""
    log = odoo.layout.logs / f"server-{port}.log"
    command = odoo.command("-d", DEMO_DATABASE, "--db-filter", f"^{DEMO_DATABASE}$", "--http-port", str(port))
    with open(log, "w", encoding="utf-8") as output:
        streams = {} if verbose else {"stdout": output, "stderr": output}
        with running(command, env=odoo.environment(), cwd=odoo.layout.cache, **streams) as child:
            with step("Server"):
                patience = time.monotonic() + PATIENCE
                while not _answers(port):
                    if child.poll() is not None or time.monotonic() > patience:
                        raise SetupError(f"Odoo did not start. The end of {log}:\n{tail_of(log)}")
            print(
                f"\n  Progress Billing runs at http://{HOST}:{port}\n"
                f"  login: admin   password: admin\n"
                f"  log:   {'this terminal' if verbose else log}\n"
                "  Ctrl-C stops it.\n",
                flush=True,
            )
            return child.wait()


def run(options: argparse.Namespace) -> int:
    """Set up, then serve."""
    if not options.setup_only:
        refuse_taken_port(options.port)
    odoo = odoo_server.prepare()
    try:
        with step("PDF engine"):
            system_tools.install(odoo.layout, system_tools.FOR_RUN, "Only printing PDFs needs it.")
    except SetupError as error:
        print(f"    {error}", file=sys.stderr)
    found = addons.installable(odoo.layout.repo, odoo.addons_paths)
    with step(f"Demo database ({', '.join(addon.name for addon in found)})"):
        if options.reset or not database.refresh(odoo, DEMO_DATABASE, found):
            database.create(odoo, DEMO_DATABASE, found, True)
    with contextlib.suppress(KeyboardInterrupt):
        return 0 if options.setup_only else _serve(odoo, options.port, options.verbose)
    print("Stopped.")
    return 0
