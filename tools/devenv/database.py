"""Databases: a template per set of dependencies, copied and filled in seconds.

click-odoo-contrib has such a cache too; docs/DECISIONS.md says why it is not used.
"""

import json
import os
import shutil

from .addons import Addon, foreign_dependencies
from .base import fingerprint, locked
from .odoo_server import Odoo
from .postgres import sql


def drop(odoo: Odoo, name: str) -> None:
    """Remove a database with its file store; connections to it are ended."""
    sql(f'drop database if exists "{name}" with (force)')
    shutil.rmtree(odoo.filestore(name), ignore_errors=True)


def _template(odoo: Odoo, addons: list[Addon], demo: bool) -> str:
    """The database that holds only what the addons need from Odoo."""
    modules, kind = foreign_dependencies(addons), "demo" if demo else "bare"
    name = f"progress_billing_template_{kind}_{fingerprint(odoo.identity, modules, demo)}"
    with locked(odoo.layout.cache / f"template_{kind}.lock", "another template database"):
        if _noted(odoo, name) is None:
            drop(odoo, name)
            odoo.install(name, ["-i", ",".join(modules)] + ["--with-demo"] * demo)
            sql("analyze", database=name)
            _note(odoo, name, {})
    return name


def create(odoo: Odoo, name: str, addons: list[Addon], demo: bool, install: bool = True) -> None:
    """Make the database ``name`` anew with the addons (or only what they need) installed."""
    source = _template(odoo, addons, demo)
    drop(odoo, name)
    sql(f'create database "{name}" template "{source}"')
    if odoo.filestore(source).is_dir():  # its files are never changed in place, so link them
        shutil.copytree(odoo.filestore(source), odoo.filestore(name), copy_function=os.link)
    if install:
        odoo.install(name, ["-i", ",".join(addon.name for addon in addons)])
        _note(odoo, name, {addon.name: addon.fingerprint() for addon in addons})


def refresh(odoo: Odoo, name: str, addons: list[Addon]) -> bool:
    """Install new addons and update changed ones; False if it has to be made."""
    before, now = _noted(odoo, name), {addon.name: addon.fingerprint() for addon in addons}
    if before is None:
        return False
    changed = [addon for addon in now if before.get(addon, now[addon]) != now[addon]]
    if any(before[addon].partition(".")[2] != now[addon].partition(".")[2] for addon in changed):
        return False  # an update does not run the steps that new demo data takes
    for option, some in (("-i", [addon for addon in now if addon not in before]), ("-u", changed)):
        if some:
            odoo.install(name, [option, ",".join(some)])
    _note(odoo, name, {**before, **now})
    return True


def _note(odoo: Odoo, name: str, addons: dict) -> None:
    """Mark a database in its comment as complete, with the addons it has: a killed run leaves none."""
    sql(f"""comment on database "{name}" is '{json.dumps({**addons, "odoo": odoo.identity})}'""")


def _noted(odoo: Odoo, name: str) -> dict[str, str] | None:
    """What the last successful run noted; None if there is no such database, or it is half-made or of another Odoo."""
    rows = sql(f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'")
    found = json.loads(rows[0][0]) if rows and rows[0][0] else {}
    return found if found.get("odoo") == odoo.identity else None
