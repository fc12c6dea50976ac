"""Which mirror and suites Odoo comes from, by what apt says about the machine."""

import pytest
from devenv.base import SetupError
from devenv.debian import find_mirror

KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = "http://mirror.example/debian/"
UBUNTU = "http://mirror.example/ubuntu/"


def _find(*rows, name="debian", **codenames):
    return find_mirror("\n".join("|".join(row) for row in rows), {"ID": name, **codenames})


def test_debian_released():
    mirror = _find((DEBIAN, "trixie", KEY), (DEBIAN, "trixie-updates", KEY), VERSION_CODENAME="trixie")
    deb = f"deb [signed-by={KEY}] {DEBIAN}"
    assert mirror[0] == f"{deb} unstable main\n{deb} trixie main\n"
    assert mirror[1:] == ("trixie", "unstable")


def test_no_keyring_is_named():
    # apt leaves the name of a field it does not know
    mirror = _find((DEBIAN, "bookworm", "$(SIGNED_BY)"), VERSION_CODENAME="bookworm")
    assert mirror[0].startswith(f"deb {DEBIAN} unstable main\n")


@pytest.mark.parametrize("suite", ["unstable", "sid", "testing"])
def test_debian_moving(suite):
    mirror = _find((DEBIAN, suite, KEY), VERSION_CODENAME="forky")
    assert mirror[1:] == ("stable", "unstable")


@pytest.mark.parametrize("name", ["ubuntu", "linuxmint"])
def test_ubuntu(name):
    mirror = _find((UBUNTU, "noble", KEY), name=name, VERSION_CODENAME="zara", UBUNTU_CODENAME="noble")
    assert mirror[0].splitlines()[0] == f"deb [signed-by={KEY}] {UBUNTU} devel main universe"
    assert mirror[1:] == ("noble", "devel")


def test_others_are_passed_over():
    mirror = _find(
        ("http://vendor.example/apt/", "stable", "/vendor.gpg"),
        ("http://vendor.example/other/", "trixie-security", KEY),
        (DEBIAN, "trixie-security", KEY),
        (DEBIAN, "trixie", KEY),
        VERSION_CODENAME="trixie",
    )
    assert mirror[0].startswith(f"deb [signed-by={KEY}] {DEBIAN} ")


@pytest.mark.parametrize("targets", ["", "E: no such command", f"{DEBIAN}|trixie-updates|"])
def test_no_mirror(targets):
    with pytest.raises(SetupError, match="no mirror of Debian or Ubuntu"):
        find_mirror(targets, {"ID": "debian", "VERSION_CODENAME": "trixie"})
