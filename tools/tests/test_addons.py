"""Which addons are installed, in what they depend, and when they are updated."""

import pytest
from devenv import addons
from devenv.base import SetupError


@pytest.fixture
def repo(tmp_path):
    """Three addons of a repository, and a folder with Odoo's."""
    for name, depends in {
        "progress_billing": ["base"],
        "glue": ["progress_billing", "sale"],
        "far": ["glue", "moon"],
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__manifest__.py").write_text(repr({"depends": depends}))
    for name in ("base", "sale"):
        (tmp_path / "odoo" / name).mkdir(parents=True)
        (tmp_path / "odoo" / name / "__manifest__.py").write_text("{}")
    return tmp_path


def test_what_lacks_a_dependency_is_left_out(repo):
    found = addons.installable(repo, [repo / "odoo"])
    assert [addon.name for addon in found] == ["glue", "progress_billing"]


def test_not_installable_and_what_needs_it_is_left_out(repo):
    (repo / "progress_billing" / "__manifest__.py").write_text("{'installable': False}")
    assert addons.installable(repo, [repo / "odoo"]) == []


def test_dependencies_are_odoos_only(repo):
    found = addons.installable(repo, [repo / "odoo"])
    assert addons.foreign_dependencies(found) == ["base", "sale"]


def test_a_broken_manifest_is_named(repo):
    (repo / "glue" / "__manifest__.py").write_text("{'depends': [")
    with pytest.raises(SetupError, match=r"Cannot read .*glue/__manifest__.py"):
        addons.in_repository(repo)


def test_the_main_addon_is_needed(tmp_path):
    with pytest.raises(SetupError, match="no addon progress_billing"):
        addons.installable(tmp_path, [])


def _fingerprint(repo):
    return addons.in_repository(repo)["glue"].fingerprint().split(".")


@pytest.mark.parametrize(
    ("path", "code", "demo"),
    [
        ("models/thing.py", True, False),
        ("views/thing.xml", True, False),
        ("demo/thing.xml", False, True),
        ("tests/test_thing.py", False, False),
        ("readme/USAGE.md", False, False),
        ("README.rst", False, False),
        ("i18n/glue.pot", False, False),
        ("models/__pycache__/thing.cpython-311.pyc", False, False),
    ],
)
def test_fingerprint_changes_with_what_odoo_loads(repo, path, code, demo):
    before = _fingerprint(repo)
    target = repo / "glue" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("new")
    after = _fingerprint(repo)
    assert [a != b for a, b in zip(before, after, strict=True)] == [code, demo]


def test_fingerprint_notices_a_renamed_file(repo):
    (repo / "glue" / "a.py").write_text("x = 1")
    before = _fingerprint(repo)
    (repo / "glue" / "a.py").rename(repo / "glue" / "b.py")
    assert _fingerprint(repo) != before
