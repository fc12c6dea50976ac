"""The rule book and the code agree."""

from pathlib import Path

import pytest
from devenv import rule_book

BOOK = """\
# Rules

**BIL-1 A bill has one customer.** *Why:* it is sent once. *Where:* `_check`. *Proof:* `test_a.TestA.test_one`.

**BIL-2 So it has.**
*Proof:* `test_a.TestA`, `test_a.TestA.test_two`.
"""
TESTS = {"test_a.TestA", "test_a.TestA.test_one", "test_a.TestA.test_two"}


def _book(text, tests=TESTS):
    return [(line, rule) for _path, line, rule, _text in rule_book.check_book(rule_book.rules_of(text), tests)]


def _text(text, path="a.py"):
    return [rule for *_where, rule, _text in rule_book.check_text(Path(path), text, {"BIL-1", "BIL-2"})]


def test_rules_are_paragraphs():
    assert [(line, rule) for line, rule, _text in rule_book.rules_of(BOOK)] == [(3, "BIL-1"), (5, "BIL-2")]


def test_a_good_book():
    assert _book(BOOK) == []


def test_a_rule_needs_a_proof():
    assert _book(BOOK.replace("*Proof:* `test_a.TestA.test_one`.", "*Proof:* –.")) == [(3, "rule-without-proof")]


def test_a_proof_exists():
    assert _book(BOOK, TESTS - {"test_a.TestA.test_two"}) == [(5, "rule-without-proof")]


def test_an_id_is_one_rule():
    assert _book(BOOK.replace("BIL-2", "BIL-1")) == [(5, "rule-twice")]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("# as it should be (BIL-1)", []),
        ("# (BIL-3)", ["unknown-rule"]),
        ("# BIL-1, BIL-30", ["unknown-rule"]),
        ("encoding = 'UTF-8'", []),
    ],
)
def test_cited_rules_exist(text, rules):
    assert _text(text) == rules


@pytest.mark.parametrize(
    "text",
    [
        "(SPEC \xa77)",
        '"""C8 the credit."""',
        "(RULES C12)",
        "RULES 1.22",
        "(ENGINE A3)",
        "two rules of (001)",
        "see issue #12",
        "since #12",
    ],
)
def test_papers_from_elsewhere(text):
    assert _text(text) == ["foreign-paper"]


@pytest.mark.parametrize("text", ["docs/RULES.md", "color: #343a40", "'#,##0.00'", "(100)", "&#13;", "(C6=0,0,G6/C6)"])
def test_what_only_looks_like_one(text):
    assert _text(text) == []


def test_tests_are_found(tmp_path):
    (tmp_path / "test_a.py").write_text("class TestA(Case):\n    size = 1\n    def test_one(self):\n        pass\n")
    found = rule_book.tests_of(tmp_path, [Path("test_a.py"), Path("a.py")])
    assert found == {"test_a.TestA", "test_a.TestA.test_one"}
