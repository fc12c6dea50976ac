"""Finding Odoo in what ODOO_HOME names."""

import pytest
from devenv import debian
from devenv.base import SetupError


def _odoo(folder, version="(19, 0, 0, FINAL, 0, '')", addons=("base", "project_account", "web")):
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(f"version_info = {version}\n")
    for name in addons:
        (folder / "addons" / name / ("data" if name == "base" else "static")).mkdir(parents=True)


def test_source_checkout(tmp_path):
    _odoo(tmp_path)
    home, addons_paths, _identity = debian.find(tmp_path, "Do this.")
    assert (home, addons_paths[0]) == (tmp_path, tmp_path / "addons")


def test_unpacked_package(tmp_path):
    package = tmp_path / debian.PACKAGES
    _odoo(package)
    assert debian.find(tmp_path, "Do this.")[0] == package


def test_the_package_folder_itself(tmp_path):
    _odoo(tmp_path)
    assert debian.find(tmp_path / "odoo", "Do this.")[0] == tmp_path


def test_other_code_is_other_odoo(tmp_path):
    _odoo(tmp_path / "a")
    _odoo(tmp_path / "b")
    assert debian.find(tmp_path / "a", "")[2] != debian.find(tmp_path / "b", "")[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (None, "There is no Odoo in .* Do this"),
        ({"version": "(18, 0, 0)"}, r"holds Odoo 18.0, and these addons need Odoo 19.0"),
        ({"version": "unreadable"}, r"holds Odoo \?"),
        ({"addons": ("base", "web")}, "lacks the addon project_account"),
    ],
)
def test_refused(tmp_path, options, words):
    if options:
        _odoo(tmp_path, **options)
    with pytest.raises(SetupError, match=words):
        debian.find(tmp_path, "Do this.")
