"""The repository's own rules, beyond ruff and pylint-odoo: one line per finding.

Started with the venv's Python (it needs lxml): ``python -m devenv.house_rules REPO``.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from . import house_python, house_xml
from .house_python import Finding

GENERATED = re.compile(r"(\.py[cod]$|(^|/)(__pycache__|\.pytest_cache|\.ruff_cache)/)")
# written so that this file does not hold the words it looks for
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
REGISTRY = re.compile(
    r"\b(pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|nightly[.]odoo[.]com"
    r"|(deb|ftp|snapshot|security|httpredir)[.]([a-z]+[.])?debian[.]org"
    r"|(archive|ports|security)[.]ubuntu[.]com)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(home|root|work|Users)/\w")
TEXT_ONLY = {".po", ".pot", ".md", ".rst", ".txt", ".csv", ".svg"}


def files_of(repo: Path) -> list[Path]:
    """Tracked and new files, without what .gitignore leaves out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True).stdout
    names = sorted(name for name in set(listing.split("\0")) if name)
    return [Path(name) for name in names if (repo / name).is_file()]


def _in_addon(repo: Path, path: Path) -> bool:
    return (repo / path.parts[0] / "__manifest__.py").is_file()


def _check_text(path: Path, text: str) -> Iterator[Finding]:
    """Rules for every text file."""
    for number, line in enumerate(text.splitlines(), 1):
        if REGISTRY.search(line):
            yield number, "registry-host", "take addresses from the machine's set-up"
        if MACHINE_PATH.search(line):
            yield number, "machine-path", "a path of one machine"
        if path.suffix not in TEXT_ONLY and UNFINISHED.search(line):
            yield number, "unfinished", "finish it, or write it down in the roadmap"


def _check_file(repo: Path, path: Path) -> Iterator[Finding]:
    """All rules that apply to one file."""
    if GENERATED.search(path.as_posix()):
        yield 1, "generated-file", "must not be in git"
        return
    content = (repo / path).read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return  # a picture, an archive
    yield from _check_text(path, text)
    if path.suffix == ".xml":
        yield from house_xml.check(path, content)
    elif path.suffix == ".py" and _in_addon(repo, path):
        try:
            yield from house_python.check(path, text)
        except SyntaxError as error:
            yield error.lineno or 1, "syntax", error.msg
    elif path.suffix == ".py":
        yield from house_python.check_lengths(ast.parse(text))


def main(repo: Path) -> int:
    """Print the findings; warnings do not count."""
    errors = 0
    for path in files_of(repo):
        for line, rule, text in _check_file(repo, path):
            print(f"{path}:{line}: {rule}: {text}")
            errors += not rule.startswith("warning")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
