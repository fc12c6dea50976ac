"""The door to all commands: errors become one paragraph and an exit code."""

from __future__ import annotations

import importlib
import signal
import sys

from .errors import SetupError


def _interrupt(_signal, _frame):
    raise KeyboardInterrupt


def main(command: str) -> int:
    """Run ``devenv.cli_<command>.main(arguments)`` and translate its failures."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        module = importlib.import_module(f"{__package__}.cli_{command}")
        return module.main(sys.argv[1:])
    except SetupError as error:
        print(f"\nbin/{command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141
    except OSError as error:
        print(f"\nbin/{command}: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
