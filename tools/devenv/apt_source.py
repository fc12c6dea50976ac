"""The machine's own apt set-up: which mirror it uses, signed by which keyring."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError

ETC_APT = Path("/etc/apt")
POCKET = re.compile(r"-(security|updates|backports|proposed|debug|pgdg)\b")


@dataclass(frozen=True)
class AptSource:
    """A mirror of the machine's distribution."""

    uri: str
    suite: str
    components: tuple[str, ...]
    keyring: str  # path, inline key block, or '' for apt's trusted keys

    @property
    def is_ubuntu(self) -> bool:
        return "universe" in self.components or "ubuntu" in self.uri


def _from_deb822(text: str) -> list[AptSource]:
    """Read the ``Types: deb`` stanzas of a .sources file."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line[0] in " \t" and name:
                fields[name] += "\n" + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                components = tuple(fields.get("components", "").split())
                keyring = fields.get("signed-by", "")
                found.append(AptSource(uri, suite, components, keyring))
    return found


def _from_one_line(text: str) -> list[AptSource]:
    """Read the ``deb [options] uri suite component…`` lines of a .list file."""
    found = []
    pattern = re.compile(r"^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)")
    for line in text.splitlines():
        match = pattern.match(line.partition("#")[0])
        if not match:
            continue
        options = dict(option.split("=", 1) for option in (match[1] or "").split() if "=" in option)
        keyring = options.get("signed-by", "").split(",")[0]
        found.append(AptSource(match[2], match[3], tuple(match[4].split()), keyring))
    return found


def all_sources() -> list[AptSource]:
    """Every binary source the machine lists."""
    found = []
    lists = [ETC_APT / "sources.list", *sorted(ETC_APT.glob("sources.list.d/*"))]
    for path in lists:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".sources":
            found += _from_deb822(text)
        elif path.suffix == ".list":
            found += _from_one_line(text)
    return found


def distribution() -> tuple[str, str]:
    """The distribution's id and code name, as os-release gives them."""
    try:
        release = platform.freedesktop_os_release()
    except (OSError, AttributeError):
        return "", ""
    return release.get("ID", ""), release.get("VERSION_CODENAME", "")


def distribution_source() -> AptSource:
    """The source the machine's own base system comes from."""
    identity, codename = distribution()
    suites = {codename, "stable", "testing", "unstable", "sid", "devel"} - {""}
    candidates = [
        source
        for source in all_sources()
        if "main" in source.components
        and not POCKET.search(source.suite)
        and not source.uri.startswith("cdrom:")
        and source.suite in suites
    ]
    if not candidates:
        raise SetupError(
            "Odoo 19 is taken from Debian's or Ubuntu's package odoo-19, and this"
            " machine's apt set-up lists no mirror of theirs. Set ODOO_HOME to a folder"
            " with Odoo 19.0 (a source checkout or an unpacked package)."
        )
    own = [source for source in candidates if identity and identity in source.uri]
    return (own or candidates)[0]
