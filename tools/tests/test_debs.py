"""Which mirror and suites Odoo comes from, by what apt says about the machine."""

import pytest
from devenv.debs import Mirror, find_mirror

KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = "http://mirror.example/debian/"
UBUNTU = "http://mirror.example/ubuntu/"


def _lines(*rows):
    return "\n".join("|".join(row) for row in rows)


def test_debian_released():
    targets = _lines((DEBIAN, "trixie", "main", KEY), (DEBIAN, "trixie-updates", "main", KEY))
    assert find_mirror(targets, "debian", "trixie") == Mirror(DEBIAN, KEY, "main", "trixie", "unstable")


def test_no_keyring_is_named():
    # apt leaves the name of a field it does not know
    targets = _lines((DEBIAN, "bookworm", "main", "$(SIGNED_BY)"))
    assert find_mirror(targets, "debian", "bookworm").keyring == ""


@pytest.mark.parametrize("suite", ["unstable", "sid", "testing"])
def test_debian_moving(suite):
    mirror = find_mirror(_lines((DEBIAN, suite, "main", KEY)), "debian", "forky")
    assert (mirror.released, mirror.newest) == ("stable", "unstable")


def test_ubuntu():
    targets = _lines((UBUNTU, "noble", "main", KEY), (UBUNTU, "noble", "universe", KEY))
    assert find_mirror(targets, "ubuntu", "noble") == Mirror(UBUNTU, KEY, "main universe", "noble", "devel")


def test_ubuntu_under_another_name():
    own = "http://packages.example/"
    targets = _lines((own, "noble", "universe", KEY), (own, "noble", "main", KEY))
    assert find_mirror(targets, "ubuntu", "noble").newest == "devel"


def test_others_are_passed_over():
    targets = _lines(
        ("http://vendor.example/apt/", "stable", "main", "/vendor.gpg"),
        ("cdrom:[Debian]/", "trixie", "main", KEY),
        (DEBIAN, "trixie-security", "main", KEY),
        (DEBIAN, "trixie", "contrib", KEY),
        (DEBIAN, "trixie", "main", KEY),
    )
    assert find_mirror(targets, "debian", "trixie").uri == DEBIAN


@pytest.mark.parametrize("targets", ["", "E: no such command", f"{DEBIAN}|trixie-updates|main|"])
def test_no_mirror(targets):
    assert find_mirror(targets, "debian", "trixie") is None
