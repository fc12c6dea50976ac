"""bin/i18n: write each addon's translation template, i18n/<addon>.pot."""

from __future__ import annotations

import argparse

from . import addons, database, environment
from .errors import SetupError
from .files import locked
from .process import CommandFailed, run_logged
from .progress import step
from .settings import find_layout

DATABASE = "pb_i18n"


def main(arguments: list[str]) -> int:
    """Export from a database without demo data, whose texts are not the addons'."""
    parser = argparse.ArgumentParser(prog="bin/i18n", description=__doc__)
    parser.parse_args(arguments)
    layout = find_layout()
    odoo = environment.prepare(layout)
    found = addons.installable(layout.repo, odoo.addons_paths)
    for addon in found:
        (addon.path / "i18n").mkdir(exist_ok=True)
    with locked(layout.cache / "i18n.lock", "another bin/i18n"):
        with step("Database without demo data") as current:
            database.create(odoo, DATABASE, found, False, current)
        command = odoo.i18n_command("export", "-d", DATABASE)
        log = layout.logs / "i18n.log"
        try:
            with step("Export"):
                names = [addon.name for addon in found]
                run_logged([*command, *names], log, odoo.environment(), layout.cache)
        except CommandFailed as failure:
            raise SetupError(f"The export failed:\n{failure.tail}") from None
        finally:
            database.drop(odoo, DATABASE)
    for addon in found:
        path = addon.path / "i18n" / f"{addon.name}.pot"
        print(environment.relative(path, layout))
    return 0
