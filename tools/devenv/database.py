"""Databases: a template per set of dependencies, copied and filled in seconds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable

from .addons import Addon, foreign_dependencies
from .files import fingerprint, locked
from .odoo_server import Odoo
from .postgres import SqlError
from .progress import Step

TEMPLATE_PREFIX = "progress_billing_template_"
IN_MAKING = "progress_billing_making"


def exists(odoo: Odoo, name: str) -> bool:
    query = f"select 1 from pg_database where datname = '{name}'"
    return bool(odoo.server.sql(query))


def drop(odoo: Odoo, name: str) -> None:
    """Remove a database with its file store; connections to it are ended."""
    odoo.server.sql(
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
        " and backend_type = 'client backend'",
        f'drop database if exists "{name}"',
    )
    shutil.rmtree(odoo.filestore(name), ignore_errors=True)


def copy(odoo: Odoo, source: str, target: str) -> None:
    """Copy a database; the file store is never changed in place, so link it."""
    drop(odoo, target)
    odoo.server.sql(f'create database "{target}" template "{source}"')
    folder = odoo.filestore(source)
    if folder.is_dir():
        shutil.copytree(folder, odoo.filestore(target), copy_function=os.link)


def _rename(odoo: Odoo, old: str, new: str) -> None:
    if odoo.filestore(old).is_dir():
        shutil.rmtree(odoo.filestore(new), ignore_errors=True)
        odoo.filestore(old).rename(odoo.filestore(new))
    odoo.server.sql(f'alter database "{old}" rename to "{new}"')


def template(odoo: Odoo, addons: Iterable[Addon], demo: bool, step: Step) -> str:
    """The database that holds only what the addons need from Odoo.

    It is made under a passing name, so that a killed run leaves no half-made one.
    """
    modules = foreign_dependencies(addons, odoo.layout.repo)
    key = fingerprint(odoo.source.identity, modules, demo)
    name = f"{TEMPLATE_PREFIX}{'demo' if demo else 'bare'}_{key}"
    with locked(odoo.layout.cache / "template.lock", "another template database"):
        if exists(odoo, name):
            return name
        step.note("template database")
        drop(odoo, IN_MAKING)
        options = ["-i", ",".join(modules)] + ["--with-demo"] * demo
        odoo.install(IN_MAKING, options, step)
        odoo.server.sql("analyze", database=IN_MAKING)
        _rename(odoo, IN_MAKING, name)
    return name


def create(odoo: Odoo, name: str, addons: list[Addon], demo: bool, step: Step) -> None:
    """Make the database ``name`` anew with the addons installed."""
    source = template(odoo, addons, demo, step)
    step.note("copying the template")
    copy(odoo, source, name)
    _apply(odoo, name, ["-i"], addons, step)


def refresh(odoo: Odoo, name: str, addons: list[Addon], step: Step) -> bool:
    """Install new addons and update changed ones; False if it has to be made."""
    noted = _noted(odoo, name)
    if noted is None:
        return False
    current = {addon.name: addon.fingerprint() for addon in addons}
    new = [addon for addon in addons if addon.name not in noted]
    changed = [addon for addon in addons if addon.name in noted and noted[addon.name] != current[addon.name]]
    if any(noted[addon.name].partition(".")[2] != current[addon.name].partition(".")[2] for addon in changed):
        return False  # an update does not run the steps that new demo data takes
    if new:
        _apply(odoo, name, ["-i"], new, step, noted)
    if changed:
        _apply(odoo, name, ["-u"], changed, step, _noted(odoo, name))
    return True


def _apply(
    odoo: Odoo,
    name: str,
    option: list[str],
    addons: list[Addon],
    step: Step,
    noted: dict[str, str] | None = None,
) -> None:
    """Run one -i or -u and note the addons' contents only once it has worked."""
    current = {addon.name: addon.fingerprint() for addon in addons}
    step.note("installing " + ", ".join(current))
    odoo.install(name, [*option, ",".join(current)], step)
    note = json.dumps({"odoo": odoo.source.identity, **(noted or {}), **current})
    odoo.server.sql(f"""comment on database "{name}" is '{note}'""")


def _noted(odoo: Odoo, name: str) -> dict[str, str] | None:
    """What the last successful run noted in the database's comment.

    None if there is no such database, a run was killed while making it, or another
    Odoo made it: it has to be made anew.
    """
    query = f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'"
    rows = odoo.server.sql(query)
    try:
        noted = json.loads(rows[0][0]) if rows and rows[0][0] else None
    except (ValueError, SqlError):
        return None
    same = noted is not None and noted.get("odoo") == odoo.source.identity
    return noted if same else None
