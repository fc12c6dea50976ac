"""All commands: ``python -m devenv.cli run|test|lint|shell|i18n|db|odoo|bench …``, started by the scripts in bin."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from bench import command as bench

from . import addons, database, lint, odoo_server, postgres, serve, testing, translations
from .base import DEMO_DATABASE, SetupError, find_layout, locked, setup_lock
from .process import guarded, run_logged, step


def _run(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Set everything up, make a demo database and start Odoo on it."""
    parser.add_argument("--port", type=int, default=8069, help="HTTP port (default: %(default)s)")
    parser.add_argument("--reset", action="store_true", help="drop the demo database and make it anew")
    parser.add_argument("--setup-only", action="store_true", help="stop before starting the server")
    parser.add_argument("--verbose", action="store_true", help="show Odoo's log in the terminal")
    options = parser.parse_args(arguments)
    if not 0 < options.port < 65536:
        parser.error("the port is a number from 1 to 65535")
    return serve.run(options)


def _test(_parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run our tests, or Odoo's own: every option but one is pytest's."""
    if set(arguments) & {"-h", "--help"}:
        print(f"usage: {testing.USAGE}")
        return 0
    return testing.run(odoo_server.prepare(with_tests=True), arguments)


def _lint(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run ruff, pylint-odoo, the OCA's checks of data files, our own rules and a syntax check of the scripts."""
    parser.add_argument("--fix", action="store_true", help="let ruff repair things")
    return lint.run(find_layout(), parser.parse_args(arguments).fix)


def _shell(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Open Odoo's Python shell (variable `env`), or run a script on stdin: bin/shell < script.py. Nothing is saved
    without env.cr.commit()."""
    parser.add_argument("-d", "--database", default=DEMO_DATABASE, help="database (%(default)s)")
    name = parser.parse_args(arguments).database
    odoo = odoo_server.prepare()
    if not database.exists(name):
        raise SetupError(f"There is no database {name}. bin/run makes the demo database.")
    return _become(odoo, "shell", "-d", name, "--no-http", "--log-level", "warn")


def _odoo(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run Odoo's own command line with the configuration of this set-up, for instance: bin/odoo -d mine -i
    progress_billing --stop-after-init, or bin/odoo db list."""
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
    with locked(odoo.layout.cache / "i18n.lock", "another bin/i18n"):
        with step("Database without demo data"):
            database.create(odoo, "pb_i18n", found, False)
        with step("Export"):
            for addon in found:
                (addon.path / "i18n").mkdir(exist_ok=True)
            command = odoo.command("i18n", "export", "-d", "pb_i18n", *(addon.name for addon in found))
            run_logged(command, odoo.layout.logs / "i18n.log", env=odoo.environment(), cwd=odoo.layout.cache)
            database.drop(odoo, "pb_i18n")
    for addon in found:
        print(f"{addon.name}/i18n/{addon.name}.pot")
        notes = translations.update(addon.path / "i18n" / f"{addon.name}.pot")
        print("".join(f"  {note}\n" for note in notes), end="")
    return 0


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
    sys.exit(main(sys.argv[1], sys.argv[2:]))
