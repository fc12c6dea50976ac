"""The addons of the repository: which can be installed, and have they changed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .base import MAIN_ADDON, SetupError


@dataclass(frozen=True)
class Addon:
    """A folder with a manifest."""

    path: Path
    depends: tuple[str, ...]
    installable: bool

    name = property(lambda self: self.path.name)

    def fingerprint(self) -> str:
        """Hashes of what Odoo loads and, after a dot, of the demo data: tests and documentation ask for no update."""
        digest, demo = hashlib.sha256(), hashlib.sha256()
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path)
            if name.parts[0] in ("tests", "readme") or not path.is_file():
                continue
            if path.suffix not in (".pyc", ".pot", ".md", ".rst"):
                target = demo if name.parts[0] == "demo" else digest
                target.update(f"{name}\0".encode())
                target.update(path.read_bytes())
        return f"{digest.hexdigest()[:16]}.{demo.hexdigest()[:16]}"


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
    paths = list(addons_paths)

    def is_at_hand(name: str) -> bool:
        if name in own:
            return own[name].installable and all(map(is_at_hand, own[name].depends))
        return any((path / name / "__manifest__.py").is_file() for path in paths)

    return [addon for name, addon in own.items() if is_at_hand(name)]


def foreign_dependencies(addons: Iterable[Addon]) -> list[str]:
    """What addons, all that the repository has of their dependencies among them, take from Odoo."""
    names = {addon.name for addon in addons}
    return sorted({name for addon in addons for name in addon.depends} - names)
