"""An example of each house rule, and of what it lets pass."""

from pathlib import Path

import pytest
from devenv import house

MODEL = Path("addon/models/room/thing.py")
TEST = Path("addon/tests/test_thing.py")


def _rules(text, path=MODEL, in_addon=True):
    return sorted({rule for _line, rule, _text in house.check_file(path, text, in_addon)})


@pytest.mark.parametrize(
    "text",
    [
        "self.env.context.get('my_key')",
        "self.env.context.get('lang_of_mine')",
        "self._context['my_key']",
        "'my_key' in self.env.context",
        "'my_key' not in ctx",
    ],
)
def test_context_key_of_our_own(text):
    assert _rules(text) == ["context-key"]
    assert _rules(text, Path("tools/x.py"), in_addon=False) == []


@pytest.mark.parametrize(
    "text",
    [
        "self.env.context.get('active_ids')",
        "self.env.context.get('default_name')",
        "'lang' in self.env.context",
        "values.get('my_key')",
        "'my_key' in values",
    ],
)
def test_context_key_of_odoo(text):
    assert _rules(text) == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("with self.assertRaises(UserError):\n    act()", ["bare-raises"]),
        ("with self.subTest(), self.assertRaises(exceptions.AccessError):\n    act()", ["bare-raises"]),
        ("self.assertRaises((KeyError, ValidationError), act)", ["bare-raises"]),
        ("with self.assertRaisesRegex(UserError, 'not yet'):\n    act()", []),
        (
            "with self.assertRaises(UserError) as refused:\n    act()\nself.assertIn('not yet', str(refused))",
            [],
        ),
        ("with self.assertRaises(KeyError):\n    act()", []),
    ],
)
def test_refusal_without_its_sentence(text, rules):
    assert _rules(text, TEST) == rules
    assert _rules(text) == []


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("x = self.sudo().name", ["bare-sudo"]),
        ("x = self.sudo().name  # sudo: res.partner - the name is public", []),
        ("# sudo: res.partner - the name is public\nx = self.sudo().name", []),
        ("x = self.sudo(False).name", []),
        ("x = self.env.company", ["env-company"]),
        ("x = self.env.companies", []),
        ("company_id = fields.Many2one(default=lambda self: self.env.company)", []),
        ("if 'sale.order' in self.env:\n    pass", ["installed-branch"]),
        ("self.env['ir.module.module']._installed()", ["installed-branch"]),
        ("if 'name' in self:\n    pass", []),
    ],
)
def test_lines(line, rules):
    assert _rules(line) == rules


def test_lines_are_judged_outside_of_tests_only():
    assert _rules("x = self.sudo().env.company", TEST) == []


def test_public_methods_of_models_are_described():
    text = "class A:\n    def action_x(self):\n        return 1\n"
    assert _rules(text) == ["no-docstring"]
    assert _rules(text, Path("addon/controllers/main.py")) == []
    assert _rules(text.replace("return 1", '"""Do x."""')) == []
    assert _rules(text.replace("action_x", "_x")) == []
    assert _rules(text.replace("action_x", "write")) == []
    assert _rules("class A:\n    def _x(self):\n        def key(line):\n            return 1\n") == []


def test_long_functions():
    body = "    x = 1\n" * 50
    assert _rules(f"def f():\n{body}", Path("tools/x.py"), in_addon=False) == ["long-function"]
    assert _rules(f"def f():\n{body[10:]}") == []
    assert _rules(f'def f():\n    """Say.\n\n    More.\n    """\n{body[10:]}') == []
    assert _rules(f"def f():\n{body}", TEST) == []


@pytest.mark.parametrize(("lines", "rules"), [(500, []), (501, ["long-file"])])
def test_long_files(lines, rules):
    assert _rules("x = 1\n" * lines) == rules
    assert _rules("x = 1\n" * lines, TEST) == []


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        ("README.md", "https://pypi.org/simple", ["registry-host"]),
        ("bin/run", "http://deb.debian.org/debian", ["registry-host"]),
        ("README.md", "cd /home/me/project", ["machine-path"]),
        ("README.md", "https://example.com/home/me", []),
    ],
)
def test_text(path, text, rules):
    assert _rules(text, Path(path)) == rules


# === THE RULE BOOK === #

BOOK = """\
# Rules

**BIL-1 A bill has one customer.** *Why:* it is sent once. *Where:* `_check`. *Proof:* `test_a.TestA.test_one`.

**BIL-2 So it has.**
*Proof:* `test_a.TestA`, `test_a.TestA.test_two`.
"""
TESTS = "class TestA(Case):\n" + "".join(f"    def test_{name}(self):\n        pass\n" for name in ("one", "two"))


def _book(book, cited="", tests=TESTS):
    texts = {house.BOOK: book, Path("addon/tests/test_a.py"): tests, Path("a.py"): cited}
    return [(str(path), line, rule) for path, line, rule, _text in house.check_book(texts)]


def test_a_good_book():
    assert _book(BOOK, "# as it should be (BIL-1), encoding UTF-8") == []


def test_a_rule_needs_a_proof():
    book = BOOK.replace("*Proof:* `test_a.TestA.test_one`.", "*Proof:* –.")
    assert _book(book) == [("docs/RULES.md", 3, "rule-without-proof")]
    assert _book(BOOK.replace(" *Proof:* `test_a.TestA.test_one`.", "")) == [("docs/RULES.md", 3, "rule-without-proof")]


def test_a_proof_exists():
    assert _book(BOOK, tests=TESTS.replace("test_two", "test_2")) == [("docs/RULES.md", 5, "rule-without-proof")]


def test_an_id_is_one_rule():
    assert _book(BOOK.replace("BIL-2", "BIL-1")) == [("docs/RULES.md", 5, "rule-twice")]


@pytest.mark.parametrize(("text", "lines"), [("# (BIL-3)", [1]), ("\n# BIL-1, BIL-30", [2]), ("coding = 'UTF-8'", [])])
def test_cited_rules_exist(text, lines):
    assert _book(BOOK, text) == [("a.py", line, "unknown-rule") for line in lines]


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
    assert _rules(text, Path("docs/x.md"), in_addon=False) == ["foreign-paper"]


@pytest.mark.parametrize("text", ["docs/RULES.md", "color: #343a40", "'#,##0.00'", "(100)", "&#13;", "(C6=0,0,G6/C6)"])
def test_what_only_looks_like_one(text):
    assert _rules(text, Path("docs/x.md"), in_addon=False) == []
