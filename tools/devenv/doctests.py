"""Doctests of the modules that do without Odoo: ``python -m devenv.doctests FOLDER``.

The folder lies inside an addon whose own ``__init__`` imports Odoo models, so the
addon is replaced by an empty package while its pure part is imported.
"""

from __future__ import annotations

import doctest
import importlib
import sys
import types
from pathlib import Path


def run(folder: Path) -> tuple[int, int]:
    """Return how many examples failed and how many there were."""
    addon = folder.parent
    package = types.ModuleType(addon.name)
    package.__path__ = [str(addon)]
    sys.modules[addon.name] = package
    failed = attempted = 0
    for path in sorted(folder.glob("*.py")):
        name = f"{addon.name}.{folder.name}"
        if path.stem != "__init__":
            name += f".{path.stem}"
        outcome = doctest.testmod(importlib.import_module(name))
        failed += outcome.failed
        attempted += outcome.attempted
    return failed, attempted


if __name__ == "__main__":
    failures, examples = run(Path(sys.argv[1]).resolve())
    print(f"doctests: {examples} examples, {failures} failed")
    sys.exit(1 if failures else 0)
