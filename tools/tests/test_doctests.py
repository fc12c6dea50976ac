"""The examples in the addons' modules that do without Odoo."""

import doctest
import importlib
import sys
import types

import pytest
from devenv.base import MAIN_ADDON, find_layout

MODULES = sorted((find_layout().repo / MAIN_ADDON / "tools").glob("[!_]*.py"))


@pytest.fixture
def package(monkeypatch):
    """The addon as an empty package, whose own imports Odoo models."""
    package = types.ModuleType(MAIN_ADDON)
    package.__path__ = [str(find_layout().repo / MAIN_ADDON)]
    monkeypatch.setitem(sys.modules, MAIN_ADDON, package)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples(package, path):
    outcome = doctest.testmod(importlib.import_module(f"{MAIN_ADDON}.tools.{path.stem}"))
    assert not outcome.failed
