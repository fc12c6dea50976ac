"""All commands: ``python -m devenv.cli run|test|lint|shell|i18n|db|odoo|bench …``, started by the scripts in bin."""

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import polib
from bench import command as bench

from . import addons, database, debian, odoo_server, postgres, testing
from .base import DEMO_DATABASE, SetupError, find_layout, guarded, locked, running, setup_lock, step, tail_of

HOST = "127.0.0.1"
PATIENCE = 120
#: the OCA's addon that runs jobs, of a server that has loaded it from the start
QUEUE = "queue_job"


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
        if connection.getresponse().status < 500:
            return True
    time.sleep(0.2)
    return False


def _serve(odoo: odoo_server.Odoo, port: int, verbose: bool, queued: bool) -> int:
    """Run the server in the foreground until it ends or Ctrl-C is pressed; what is queued waits for its runner."""
    log = odoo.layout.logs / f"server-{port}.log"
    options = ["-d", DEMO_DATABASE, "--db-filter", f"^{DEMO_DATABASE}$", "--http-port", str(port)]
    command = odoo.command(*options, *(["--load", f"base,rpc,web,{QUEUE}"] if queued else []))
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


def _run(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Set everything up, make a demo database and start Odoo on it."""
    parser.add_argument("--port", type=int, default=8069, help="HTTP port (default: %(default)s)")
    parser.add_argument("--reset", action="store_true", help="drop the demo database and make it anew")
    parser.add_argument("--setup-only", action="store_true", help="stop before starting the server")
    parser.add_argument("--verbose", action="store_true", help="show Odoo's log in the terminal")
    options = parser.parse_args(arguments)
    if not 0 < options.port < 65536:
        parser.error("the port is a number from 1 to 65535")
    if not options.setup_only:
        refuse_taken_port(options.port)
    odoo = odoo_server.prepare()
    try:
        with step("PDF engine"):
            debian.install(odoo.layout, debian.FOR_RUN, "Only printing PDFs needs it.")
    except SetupError as error:
        print(f"    {error}", file=sys.stderr)
    found = addons.installable(odoo.layout.repo, odoo.addons_paths)
    with step(f"Demo database ({', '.join(addon.name for addon in found)})"):
        if options.reset or not database.refresh(odoo, DEMO_DATABASE, found):
            database.create(odoo, DEMO_DATABASE, found, True)
    queued = QUEUE in addons.foreign_dependencies(found)
    return 0 if options.setup_only else _serve(odoo, options.port, options.verbose, queued)


def _test(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run the plain tests of the tools; then, in a database with progress_billing alone, its tests; then, in one with
    every addon found here and demo data, the other addons' tests and every tests/test_demo*.py. All options but two are
    pytest's and go to every pass (-k name, -x, -v, --durations=10…; write --option=value); files or folders of the
    addons replace the list of what is run. A whole pass is shared among the processors, each with a copy of the
    database; -n0 takes one process. A browser test that is skipped fails the run. --odoo-suites instead runs Odoo's own
    tests of the apps our hooks touch, with all the addons installed, or those of its files that are named, without what
    tools/odoo_suites.ini names as failing; --bare leaves our addons out, and no test."""
    if set(arguments) & {"-h", "--help"}:
        parser.usage = "%(prog)s [--odoo-suites [--bare]] [PYTEST OPTION]…"
        parser.parse_args(["--help"])
    return testing.run(odoo_server.prepare(with_tests=True), arguments)


def _lint(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run what .pre-commit-config.yaml names on every file that git knows: ruff, pylint-odoo, the OCA's checks of data
    files, our own rules and a syntax check of the scripts."""
    parser.add_argument("--fix", action="store_true", help="let ruff repair things")
    fix, layout, started = parser.parse_args(arguments).fix, find_layout(), time.monotonic()
    programs = layout.venv / "bin"
    folders = {name: str(layout.cache / name.lower()) for name in ("PYLINTHOME", "RUFF_CACHE_DIR", "PRE_COMMIT_HOME")}
    env = {**os.environ, **folders, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if fix:
        subprocess.run([programs / "ruff", "check", "--fix", "--quiet"], cwd=layout.repo, env=env)
    code = subprocess.run([programs / "pre-commit", "run", "--all-files"], cwd=layout.repo, env=env).returncode
    print(f"bin/lint: {'findings' if code else 'clean'} ({time.monotonic() - started:.0f} s)", file=sys.stderr)
    return 1 if code else 0


def _shell(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Open Odoo's Python shell (variable `env`), or run a script on stdin: bin/shell < script.py. Nothing is saved
    without env.cr.commit()."""
    parser.add_argument("-d", "--database", default=DEMO_DATABASE, help="database (%(default)s)")
    name = parser.parse_args(arguments).database
    odoo = odoo_server.prepare()
    if not postgres.sql(f"select 1 from pg_database where datname = '{name}'"):
        raise SetupError(f"There is no database {name}. bin/run makes the demo database.")
    return _become(odoo, "shell", "-d", name, "--no-http", "--log-level", "warn")


def _odoo(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run Odoo's own command line with the configuration of this set-up, for instance: bin/odoo -d mine -i
    progress_billing --stop-after-init, or bin/odoo db dump mine."""
    parser.usage = "%(prog)s [COMMAND] [OPTION]…"
    if arguments[:1] in (["-h"], ["--help"]):
        parser.parse_args(["--help"])
    return _become(odoo_server.prepare(), *arguments)


def _become(odoo: odoo_server.Odoo, *arguments: str) -> int:
    command = odoo.command(*arguments)
    return os.execve(command[0], command, odoo.environment())


def _i18n(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Write each addon's translation template, i18n/<addon>.pot, from a database without demo data, whose texts are not
    the addons', and bring the languages beside it in step."""
    parser.parse_args(arguments)
    odoo = odoo_server.prepare()
    found = addons.installable(odoo.layout.repo, odoo.addons_paths)
    with locked(odoo.layout.cache / "i18n.lock", "another bin/i18n"), step("Export, from a database without demo data"):
        database.create(odoo, "pb_i18n", found, False)
        for addon in found:
            (addon.path / "i18n").mkdir(exist_ok=True)
        odoo.run(odoo.layout.logs / "i18n.log", "i18n", "export", "-d", "pb_i18n", *(a.name for a in found))
        database.drop(odoo, "pb_i18n")
    for addon in found:
        print(f"{addon.name}/i18n/{addon.name}.pot")
        follow(addon.path / "i18n" / f"{addon.name}.pot")
    print("bin/lint says what is to be translated.")
    return 0


def follow(template: Path) -> None:
    """Bring the languages beside a template in step with it: a changed text loses its translation rather than keep one
    that says something else."""
    for path in template.parent.glob("*.po"):
        catalog = polib.pofile(str(path), wrapwidth=78)
        catalog.merge(polib.pofile(str(template)))
        catalog[:] = [entry for entry in catalog if entry.translated()]
        catalog.save()


def _db(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Start (and keep), stop, or describe the embedded PostgreSQL. Commands start it when they need it and the last one
    to end stops it; `start` keeps it running until `stop`."""
    parser.add_argument("action", choices=("start", "stop", "status"))
    action, layout = parser.parse_args(arguments).action, find_layout()
    server = postgres.Embedded(layout)
    if action == "start":
        with setup_lock(layout):
            server.start()
            server.keep.touch()
    elif action == "stop":
        server.keep.unlink(missing_ok=True)
        server.stop()
    print(f"{'running' if server.is_up() else 'stopped'}; PGHOST={server.home} PGUSER={postgres.ROLE}")
    print(f"programs: {postgres.BINARIES}")
    return 0


def _bench(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Measure what progress billing costs beside bare Odoo, as ratios, on databases of its own."""
    parser.add_argument("--json", metavar="FILE", type=Path, help="write [{name, ratio, target, unit}] there")
    parser.add_argument("--only", metavar="NAME", action="append", help="only rows with this in their name; repeatable")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of less work: for a first impression")
    options = parser.parse_args(arguments)
    return bench.run(odoo_server.prepare(), options.only or [], options.quick, options.json)


COMMANDS = {function.__name__[1:]: function for function in (_run, _test, _lint, _shell, _i18n, _db, _odoo, _bench)}


def main(name: str, arguments: list[str]) -> int:
    """Run a command."""
    for sign in (signal.SIGINT, signal.SIGTERM):  # even where a script had the first ignored
        signal.signal(sign, signal.default_int_handler)
    command = COMMANDS[name]
    return guarded(name, command, argparse.ArgumentParser(prog=f"bin/{name}", description=command.__doc__), arguments)


if __name__ == "__main__":
    CODE = main(sys.argv[1], sys.argv[2:])
    sys.stdout.flush()
    os._exit(CODE)  # whatever threads are still waiting for: the kernel ends it
