"""docs/RULES.md and the code agree: each id cited is a rule there, and each rule names a test that exists.

A rule is a paragraph: ``**BIL-7 One bold sentence.** *Why:* … *Proof:* `test_run.TestFormulas.test_cumulative_tax`.``
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

BOOK = Path("docs/RULES.md")
CITED = re.compile(r"\b([A-Z]{3})-\d+\b")
RULE = re.compile(r"^\*\*([A-Z]{3}-\d+)\b")
PROOF = re.compile(r"`(test_\w+)\.(\w+)(?:\.(\w+))?`")
# written so that this file does not hold the words it looks for
FOREIGN = re.compile(
    r"\bSP"
    r"EC\b|\xa7|\bRUL"
    r"ES (\d|[A-Z]\d)|\bENG"
    r"INE\b|\(00\d\b|\bseeds? \d|\bissue #?\d"
    r"|(?<![\w&#'\"])#\d{1,3}\b"
    r"|(\"\"\"|\()[A-D]\d{1,2}\b(?![=:])"
)
SOURCES = {".py", ".xml", ".js", ".scss", ".md"}
Located = tuple[Path, int, str, str]


def rules_of(text: str) -> list[tuple[int, str, str]]:
    """The rules of the book: line, id, paragraph."""
    found, number = [], 1
    for paragraph in re.split(r"\n[ \t]*\n", text):
        match = RULE.match(paragraph.lstrip("\n"))
        if match:
            found.append((number + len(paragraph) - len(paragraph.lstrip("\n")), match[1], paragraph))
        number += paragraph.count("\n") + 2
    return found


def tests_of(repo: Path, paths: Iterable[Path]) -> set[str]:
    """``file``, ``file.Class`` and ``file.Class.test`` of every test."""
    names = set()
    for path in paths:
        if path.name.startswith("test_") and path.suffix == ".py":
            for cls in ast.parse((repo / path).read_text(encoding="utf-8")).body:
                if isinstance(cls, ast.ClassDef):
                    names.add(f"{path.stem}.{cls.name}")
                    names |= {f"{path.stem}.{cls.name}.{node.name}" for node in cls.body if hasattr(node, "name")}
    return names


def check_book(rules: list[tuple[int, str, str]], tests: set[str]) -> Iterator[Located]:
    """Each rule once, each proven by a test that exists."""
    for index, (line, rule, text) in enumerate(rules):
        if rule in (other for _line, other, _text in rules[:index]):
            yield BOOK, line, "rule-twice", f"{rule} is another rule already"
        proofs = [".".join(filter(None, match)) for match in PROOF.findall(text.partition("*Proof:*")[2])]
        if not proofs:
            yield BOOK, line, "rule-without-proof", f"{rule} names no test: *Proof:* `test_file.Class.test_name`"
        for name in proofs:
            if name not in tests:
                yield BOOK, line, "rule-without-proof", f"{rule}: there is no test {name}"


def check_text(path: Path, text: str, ids: set[str]) -> Iterator[Located]:
    """Each id cited is a rule, and no paper from elsewhere is cited."""
    kinds = {rule[:3] for rule in ids}
    for number, line in enumerate(text.splitlines(), 1):
        for match in CITED.finditer(line):
            if match[1] in kinds and match[0] not in ids:
                yield path, number, "unknown-rule", f"{match[0]} is not in {BOOK}"
        foreign = FOREIGN.search(line)
        if foreign:
            yield path, number, "foreign-paper", f"{foreign[0]!r} is not in the repository: cite {BOOK}"


def check(repo: Path, paths: list[Path]) -> Iterator[Located]:
    """All findings."""
    rules = rules_of((repo / BOOK).read_text(encoding="utf-8")) if BOOK in paths else []
    yield from check_book(rules, tests_of(repo, paths))
    for path in paths:
        if path.suffix in SOURCES and path.parts[:2] != ("tools", "tests"):
            yield from check_text(
                path, (repo / path).read_text(encoding="utf-8"), {rule for _line, rule, _text in rules}
            )
