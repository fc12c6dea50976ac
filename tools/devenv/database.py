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


def exists(odoo: Odoo, name: str) -> bool:
    """True if the server has a database of this name."""
    return bool(odoo.server.sql(f"select 1 from pg_database where datname = '{name}'"))


def drop(odoo: Odoo, name: str) -> None:
    """Remove a database with its file store; connections to it are ended."""
    odoo.server.sql(f'drop database if exists "{name}" with (force)')
    shutil.rmtree(odoo.filestore(name), ignore_errors=True)


def _template(odoo: Odoo, addons: Iterable[Addon], demo: bool) -> str:
    """The database that holds only what the addons need from Odoo.

    It is made under a passing name, so that a killed run leaves no half-made one.
    """
    modules = foreign_dependencies(addons)
    kind, key = "demo" if demo else "bare", fingerprint(odoo.source.identity, modules, demo)
    name, making = f"progress_billing_template_{kind}_{key}", f"progress_billing_making_{kind}"
    with locked(odoo.layout.cache / f"template_{kind}.lock", "another template database"):
        if not exists(odoo, name):
            drop(odoo, making)
            odoo.install(making, ["-i", ",".join(modules)] + ["--with-demo"] * demo)
            odoo.server.sql("analyze", database=making)
            shutil.rmtree(odoo.filestore(name), ignore_errors=True)
            if odoo.filestore(making).is_dir():
                odoo.filestore(making).rename(odoo.filestore(name))
            odoo.server.sql(f'alter database "{making}" rename to "{name}"')
    return name


def create(odoo: Odoo, name: str, addons: list[Addon], demo: bool, install: bool = True) -> None:
    """Make the database ``name`` anew with the addons (or only what they need) installed."""
    source = _template(odoo, addons, demo)
    drop(odoo, name)
    odoo.server.sql(f'create database "{name}" template "{source}"')
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
    noted = {"odoo": odoo.source.identity, **noted, **current}
    odoo.server.sql(f"""comment on database "{name}" is '{json.dumps(noted)}'""")
    return noted


def _noted(odoo: Odoo, name: str) -> dict[str, str] | None:
    """What the last successful run noted in the database's comment.

    None if there is no such database, a run was killed while making it, or another Odoo made it.
    """
    rows = odoo.server.sql(f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'")
    noted = json.loads(rows[0][0]) if rows and rows[0][0] else {}
    return noted if noted.get("odoo") == odoo.source.identity else None
