"""bin/odoo: Odoo's own command line with the set-up's configuration."""

from __future__ import annotations

import subprocess

from . import environment
from .settings import find_layout

USAGE = """\
usage: bin/odoo [COMMAND] [OPTION]…

Runs Odoo (python -m odoo) with the configuration of this set-up. COMMAND is one of
Odoo's (server, shell, i18n, module, db…; server if left out), the options are Odoo's.
For instance: bin/odoo -d mine -i progress_billing --stop-after-init
"""


def main(arguments: list[str]) -> int:
    """Put the configuration where Odoo's command expects it."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    odoo = environment.prepare(find_layout())
    subcommand = "server"
    if arguments and not arguments[0].startswith("-"):
        subcommand, *arguments = arguments
    if subcommand == "i18n" and arguments:
        command = odoo.i18n_command(*arguments)
    else:
        command = odoo.command(*arguments, subcommand=subcommand)
    return subprocess.call(command, env=odoo.environment())
