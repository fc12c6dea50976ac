"""First step of every command; kept to what any Python 3 can read."""

import sys

OLDEST = (3, 9)


def main(command):
    """Refuse an old Python in words instead of with a syntax error."""
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write(
            "bin/%s: this needs Python 3.9 or newer to start, and Odoo 19 needs"
            " Python 3.10 to 3.13. Start it with one of these, for instance:"
            " python3.12 bin/%s\n" % (command, command)
        )
        return 1
    from . import cli

    return cli.main(command)
