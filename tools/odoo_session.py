"""pytest plugin for tests on a database: what is made once, who runs what, and no browser test skipped in silence."""

import contextlib
import functools
import inspect
import re
from unittest import mock

import psycopg2
import pytest

#: files of the web client that browser tests ask for
STYLES = ("web.assets_web", "web.assets_web_print", "web.assets_frontend", "portal.assets_chatter")
STYLES += ("portal.assets_chatter_style",)
SCRIPTS = ("web.assets_web", "web.assets_frontend_minimal", "web.assets_frontend_lazy", "web.assets_tests")
SCRIPTS += ("web.__assets_tests_call__", "portal.assets_chatter", "bus.websocket_worker_assets")
BROWSER = re.compile(r"\b(start_tour|browser_js)\(")


def _is_http_case(cls):
    from odoo.tests.common import HttpCase

    return isinstance(cls, type) and issubclass(cls, HttpCase)


def _opens_a_browser(cls):
    """Whether a test of the class, or one it inherits, drives a browser: others only ask the server for pages."""
    parents = [parent for parent in cls.__mro__ if ".tests." in parent.__module__.removeprefix("odoo.tests.")]
    return _is_http_case(cls) and any(BROWSER.search(inspect.getsource(parent)) for parent in parents)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With several processes, a class stays in one, and all browser tests in one: two browsers would be too slow.

    That one starts first, as it takes longest.
    """
    classes = {getattr(item, "cls", None) for item in items} - {None}
    browsers = {cls for cls in classes if _opens_a_browser(cls)}
    items.sort(key=lambda item: getattr(item, "cls", None) not in browsers)
    for item in items:
        cls = getattr(item, "cls", None)
        item.add_marker(pytest.mark.xdist_group("browser" if cls in browsers else item.nodeid.rpartition("::")[0]))


def _get_registry():
    from odoo.modules.registry import Registry
    from odoo.tests.common import get_db_name

    return Registry(get_db_name())


@pytest.fixture(scope="session", autouse=True)
def prepared(request, load_registry):
    """Commit what our test classes start with, which they take instead of making it."""
    classes = {cls.__name__: cls for item in request.session.items for cls in getattr(item.cls, "__mro__", ())}
    if "ProgressBillingCommon" in classes:
        from odoo.addons.progress_billing.tests import prepared

        with _get_registry().cursor() as cr:
            prepared.prepare(cr, classes["ProgressBillingCommon"])


@pytest.fixture(scope="session", autouse=True)
def kept_caches(prepared):
    """What Odoo has cached stays between the tests of a class: its own tests forget all of it after each.

    A cache that nobody cleared holds nothing that a test changed and took back. Any other is as it was before, unless
    models were set up: what is cached of rules holds their fields. After a class all is forgotten, as ever.
    """
    from odoo.tests.common import TransactionCase

    caches, set_up = _get_registry()._Registry__caches, TransactionCase.setUp  # there is no other way to them

    def set_up_and_keep(case):
        before = {name: cache.snapshot for name, cache in caches.items()}
        for cache in caches.values():
            cache[case] = None  # gone once somebody has cleared it

        def forget():
            cleared = [name for name, cache in caches.items() if case not in cache]
            for name in cleared:
                caches[name].clear()
                caches[name].update(before[name] if len(cleared) < len(caches) else ())

        with mock.patch.object(case.registry, "clear_all_caches", forget):  # Odoo looks up now what it calls in the end
            set_up(case)

    with mock.patch.object(TransactionCase, "setUp", set_up_and_keep):
        yield


#: the server would note that tables of rolled back rows are large and empty, and plan for it
NO_AUTOVACUUM = "string_agg(format('ALTER TABLE %s SET (autovacuum_enabled = false)', relid::regclass), ';')"
MANY_DEAD = "SELECT string_agg(relid::regclass::text, ', ') FROM pg_stat_user_tables WHERE n_dead_tup > 500"


@pytest.fixture(scope="session", autouse=True)
def sweep(prepared):
    """Takes away what tests have rolled back, while none runs: queries would wade through it."""
    from odoo.sql_db import connection_info_for

    with contextlib.closing(psycopg2.connect(**connection_info_for(_get_registry().db_name)[1])) as connection:
        connection.autocommit = True  # no VACUUM within a transaction
        cursor = connection.cursor()

        def do_sweep(find=MANY_DEAD, statement="VACUUM (SKIP_LOCKED) {}"):
            cursor.execute(find)
            [found] = cursor.fetchone()
            if found:
                cursor.execute(statement.format(found))

        do_sweep(f"SELECT {NO_AUTOVACUUM} FROM pg_stat_user_tables", "{}")
        do_sweep()
        yield do_sweep


@pytest.fixture(scope="class", autouse=True)
def swept_after(sweep):
    """After a class and its tests."""
    yield
    sweep()


@functools.cache
def _make_assets():
    from odoo import SUPERUSER_ID, api

    with _get_registry().cursor() as cr:
        qweb = api.Environment(cr, SUPERUSER_ID, {})["ir.qweb"]
        for name in SCRIPTS:
            qweb._get_asset_bundle(name, css=False, js=True).js()
        for name in STYLES:
            qweb._get_asset_bundle(name, css=True, js=False).css()


@pytest.fixture(scope="class", autouse=True)
def web_client(request, prepared):
    """Have its files before the first browser: each test would make them again, and take them back with all else."""
    if request.cls and _opens_a_browser(request.cls):
        _make_assets()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Odoo skips tests without a word when the browser, or what it is driven with, is missing."""
    report = yield
    if report.skipped and _is_http_case(getattr(item, "cls", None)):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        report.outcome, report.longrepr = "failed", f"a browser or HTTP test did not run: {reason}"
    return report
