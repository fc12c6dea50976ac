"""Databases: a template per set of dependencies, copied and filled in seconds.

click-odoo-contrib has such a cache too; docs/DECISIONS.md says why it is not used.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable

from .addons import Addon, foreign_dependencies
from .base import fingerprint, locked
from .odoo_server import Odoo
from .postgres import sql


def exists(name: str) -> bool:
    """True if the server has a database of this name."""
    return bool(sql(f"select 1 from pg_database where datname = '{name}'"))


def drop(odoo: Odoo, name: str) -> None:
    """Remove a database with its file store; connections to it are ended."""
    sql(f'drop database if exists "{name}" with (force)')
    shutil.rmtree(odoo.filestore(name), ignore_errors=True)


def _template(odoo: Odoo, addons: Iterable[Addon], demo: bool) -> str:
    """The database that holds only what the addons need from Odoo."""
    modules, kind = foreign_dependencies(addons), "demo" if demo else "bare"
    name = f"progress_billing_template_{kind}_{fingerprint(odoo.source.identity, modules, demo)}"
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
        _apply(odoo, name, "-i", addons, {})


def refresh(odoo: Odoo, name: str, addons: list[Addon]) -> bool:
    """Install new addons and update changed ones; False if it has to be made."""
    noted = _noted(odoo, name)
    if noted is None:
        return False
    new = [addon for addon in addons if addon.name not in noted]
    changed = [addon for addon in addons if noted.get(addon.name, addon.fingerprint()) != addon.fingerprint()]
    if any(noted[addon.name].partition(".")[2] != addon.fingerprint().partition(".")[2] for addon in changed):
        return False  # an update does not run the steps that new demo data takes
    for option, some in (("-i", new), ("-u", changed)):
        if some:
            noted = _apply(odoo, name, option, some, noted)
    return True


def _apply(odoo: Odoo, name: str, option: str, addons: list[Addon], noted: dict) -> dict[str, str]:
    """Run one -i or -u and note the addons' contents only once it has worked."""
    current = {addon.name: addon.fingerprint() for addon in addons}
    odoo.install(name, [option, ",".join(current)])
    return _note(odoo, name, {**noted, **current})


def _note(odoo: Odoo, name: str, noted: dict) -> dict[str, str]:
    """Mark a database as complete in its comment, with the addons it has: a killed run leaves none."""
    noted = {**noted, "odoo": odoo.source.identity}
    sql(f"""comment on database "{name}" is '{json.dumps(noted)}'""")
    return noted


def _noted(odoo: Odoo, name: str) -> dict[str, str] | None:
    """What the last successful run noted; None if there is no such database, or it is half-made or of another Odoo."""
    rows = sql(f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'")
    noted = json.loads(rows[0][0]) if rows and rows[0][0] else {}
    return noted if noted.get("odoo") == odoo.source.identity else None
