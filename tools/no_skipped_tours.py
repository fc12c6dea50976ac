"""pytest plugin: a browser or HTTP test that was skipped fails the whole run.

Odoo skips such tests without a word when the browser, or the websocket client it is
driven with, is missing: the run would look green with the tours never run.
"""

import pytest


class NoSkippedTours:
    """Collects skipped HttpCase tests and turns the exit code."""

    def __init__(self):
        self.skipped = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        report = outcome.get_result()
        if report.skipped and self._is_http_case(item):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.skipped.append(f"{item.nodeid}: {reason}")

    @staticmethod
    def _is_http_case(item):
        from odoo.tests.common import HttpCase

        return isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, HttpCase)

    def pytest_sessionfinish(self, session):
        harmless = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.skipped and session.exitstatus in harmless:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.section("browser and HTTP tests that did not run")
            for line in self.skipped:
                terminalreporter.write_line(f"FAILED (skipped) {line}", red=True)


def pytest_configure(config):
    config.pluginmanager.register(NoSkippedTours(), "no-skipped-tours")
