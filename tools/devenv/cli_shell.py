"""bin/shell: Odoo's shell on the demo database, or a script on its stdin."""

from __future__ import annotations

import argparse
import subprocess

from . import database, environment
from .errors import SetupError
from .settings import DEMO_DATABASE, find_layout


def main(arguments: list[str]) -> int:
    """Start the shell; the script's or the shell's exit code is ours."""
    parser = argparse.ArgumentParser(
        prog="bin/shell",
        description="Odoo's Python shell (variable `env`). A script may come on stdin:"
        " bin/shell < script.py. Nothing is saved without env.cr.commit().",
    )
    parser.add_argument("-d", "--database", default=DEMO_DATABASE, help="database (%(default)s)")
    options = parser.parse_args(arguments)
    odoo = environment.prepare(find_layout())
    if not database.exists(odoo, options.database):
        raise SetupError(f"There is no database {options.database}. bin/run makes the demo database.")
    command = odoo.command("-d", options.database, "--no-http", "--log-level", "warn", subcommand="shell")
    return subprocess.call(command, env=odoo.environment())
