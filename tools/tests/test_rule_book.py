"""The rule book: each rule once, each proven by a test that exists, no other cited; ``bin/lint`` runs this as well."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from devenv.base import find_layout

REPO = find_layout().repo
BOOK = Path("docs/RULES.md")
#: a rule is a paragraph: ``**BIL-7 One bold sentence.** *Why:* … *Proof:* `test_run.TestFormulas.test_cumulative`.``
RULE = re.compile(r"^\*\*(?P<id>[A-Z]{3}-\d+)\b.*?(?:\*Proof:\*(?P<proof>.*?))?(?=\n[ \t]*\n|\Z)", re.M | re.S)
PROOF = re.compile(r"`(test_\w+\.\w+(?:\.\w+)?)`")


def get_tests(path, text):
    """``file.Class`` and ``file.Class.test`` of every test."""
    for cls in ast.parse(text).body if path.name.startswith("test_") and path.suffix == ".py" else ():
        if isinstance(cls, ast.ClassDef):
            yield f"{path.stem}.{cls.name}"
            yield from (f"{path.stem}.{cls.name}.{node.name}" for node in cls.body if hasattr(node, "name"))


def get_faults(texts):
    """What is wrong with the book or with who cites it, as path, line and words."""
    book = texts.get(BOOK, "")
    ids, tests = set(), {name for path, text in texts.items() for name in get_tests(path, text)}
    for rule in RULE.finditer(book):
        line, proofs = book.count("\n", 0, rule.start()) + 1, PROOF.findall(rule["proof"] or "")
        if rule["id"] in ids:
            yield BOOK, line, f"{rule['id']} is another rule already"
        ids.add(rule["id"])
        if not proofs:
            yield BOOK, line, f"{rule['id']} names no test: *Proof:* `test_file.Class.test_name`"
        for name in set(proofs) - tests:
            yield BOOK, line, f"{rule['id']}: there is no test {name}"
    kinds = {rule[:3] for rule in ids}
    for path, text in texts.items():
        for cited in re.finditer(r"\b([A-Z]{3})-\d+\b", text) if path.parts[:2] != ("tools", "tests") else ():
            if cited[1] in kinds and cited[0] not in ids:
                yield path, text.count("\n", 0, cited.start()) + 1, f"{cited[0]} is not in {BOOK}"


def test_the_book():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in sorted(set(listing.split("\0"))) if name and (REPO / name).is_file()]
    contents = {path: (REPO / path).read_bytes() for path in paths if path.suffix not in (".po", ".pot")}
    texts = {path: content.decode(errors="replace") for path, content in contents.items() if b"\0" not in content}
    assert BOOK in texts
    faults = [f"{path}:{line}: {words}" for path, line, words in get_faults(texts)]
    assert not faults, "\n".join(faults)


EXAMPLE = """\
# Rules

**BIL-1 A bill has one customer.** *Why:* it is sent once. *Where:* `_check`. *Proof:* `test_a.TestA.test_one`.

**BIL-2 So it has.**
*Proof:* `test_a.TestA`, `test_a.TestA.test_two`.
"""
TESTS = "class TestA(Case):\n" + "".join(f"    def test_{name}(self):\n        pass\n" for name in ("one", "two"))
NO_PROOF = "BIL-1 names no test: *Proof:* `test_file.Class.test_name`"


def _faults(book, cited="", tests=TESTS):
    texts = {BOOK: book, Path("addon/tests/test_a.py"): tests, Path("a.py"): cited}
    return [(str(path), line, words) for path, line, words in get_faults(texts)]


def test_a_good_book():
    assert _faults(EXAMPLE, "# as it should be (BIL-1), encoding UTF-8") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("*Proof:* `test_a.TestA.test_one`.", "*Proof:* –.", 3, NO_PROOF),
        (" *Proof:* `test_a.TestA.test_one`.", "", 3, NO_PROOF),
        ("test_two", "test_2", 5, "BIL-2: there is no test test_a.TestA.test_2"),
        ("BIL-2", "BIL-1", 5, "BIL-1 is another rule already"),
    ],
)
def test_a_bad_book(old, new, line, words):
    assert _faults(EXAMPLE.replace(old, new)) == [("docs/RULES.md", line, words)]


@pytest.mark.parametrize(("text", "lines"), [("# (BIL-3)", [1]), ("\n# BIL-1, BIL-30", [2]), ("coding = 'UTF-8'", [])])
def test_cited_rules_exist(text, lines):
    assert [(path, line) for path, line, _words in _faults(EXAMPLE, text)] == [("a.py", line) for line in lines]
