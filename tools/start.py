"""First step of every command: a supported Python makes the virtual environment, and all else runs inside it.

Kept to what any Python 3 can read, so that an old one says what is needed instead of failing with a syntax error.
"""

import os
import shutil
import sys

SUPPORTED = ((3, 12), (3, 13), (3, 11), (3, 10))


def main(command):
    """Hand over to ``devenv``, within the virtual environment."""
    if sys.version_info[:2] not in SUPPORTED:
        python = next(filter(None, (shutil.which("python%d.%d" % version) for version in SUPPORTED)), None)
        if python:
            os.execv(python, [python, "-B"] + sys.argv)
        words = "this is Python %d.%d, and none of these was found on PATH. Install one" % sys.version_info[:2]
        words += " of them (for instance the package python3.12) and start again."
        sys.stderr.write("bin/%s: Odoo 19 runs on Python 3.10 to 3.13; %s\n" % (command, words))
        return 1
    from devenv import base, python_env

    return base.guarded(command, python_env.enter, command, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
