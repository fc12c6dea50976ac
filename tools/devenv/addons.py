"""The addons of the repository: which can be installed, and have they changed."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .base import MAIN_ADDON, SetupError


class Addon(NamedTuple):
    """A folder with a manifest."""

    path: Path
    depends: tuple[str, ...]
    installable: bool

    name = property(lambda self: self.path.name)

    def fingerprint(self) -> str:
        """Hashes of what Odoo loads and, after a dot, of the demo data: tests and documentation ask for no update."""
        digests = [hashlib.sha256(), hashlib.sha256()]
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path)
            loaded = name.parts[0] not in ("tests", "readme") and path.suffix not in (".pyc", ".pot", ".md", ".rst")
            if loaded and path.is_file():
                digests[name.parts[0] == "demo"].update(f"{name}\0".encode() + path.read_bytes())
        return ".".join(digest.hexdigest()[:16] for digest in digests)


def in_repository(repo: Path) -> dict[str, Addon]:
    """Every addon folder of the repository, by name."""
    found = {}
    for path in sorted(repo.glob("*/__manifest__.py")):
        try:
            manifest = ast.literal_eval(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            raise SetupError(f"Cannot read {path}: {error}") from None
        depends = tuple(manifest.get("depends", ("base",)))
        found[path.parent.name] = Addon(path.parent, depends, manifest.get("installable", True))
    return found


def installable(repo: Path, addons_paths: Iterable[Path]) -> list[Addon]:
    """The main addon and the others whose dependencies are at hand."""
    own = in_repository(repo)
    if MAIN_ADDON not in own:
        raise SetupError(f"There is no addon {MAIN_ADDON} in {repo}.")

    def is_at_hand(name: str) -> bool:
        if name in own:
            return own[name].installable and all(map(is_at_hand, own[name].depends))
        return any((path / name / "__manifest__.py").is_file() for path in addons_paths)

    return [addon for name, addon in own.items() if is_at_hand(name)]


def foreign_dependencies(addons: list[Addon]) -> list[str]:
    """What addons, all that the repository has of their dependencies among them, take from Odoo."""
    return sorted({name for addon in addons for name in addon.depends} - {addon.name for addon in addons})
