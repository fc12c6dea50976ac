"""An example of each rule of lines in .pre-commit-config.yaml, and of what it lets pass."""

import re

import pytest
import yaml
from devenv.base import find_layout

CONFIGURATION = yaml.safe_load((find_layout().repo / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
RULES = [hook for repo in CONFIGURATION["repos"] for hook in repo["hooks"] if hook["language"] == "pygrep"]
MODEL = "progress_billing_x/models/room/thing.py"
TEST = "progress_billing/tests/test_thing.py"


def _rules(text, path=MODEL):
    """The rules that pre-commit would find broken."""
    found = set()
    for hook in RULES:
        if re.search(hook.get("files", ""), path) and not re.search(hook.get("exclude", "$^"), path):
            whole = "--multiline" in hook.get("args", [])
            pattern = re.compile(hook["entry"].encode(), re.MULTILINE | re.DOTALL if whole else 0)
            content = f"# the\n# head\n{text}\n".encode()
            if any(map(pattern.search, [content] if whole else content.splitlines(keepends=True))):
                found.add(hook["id"])
    return sorted(found)


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
    assert _rules(text, "tools/x.py") == []


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
    assert _rules(text, path) == rules


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
    assert _rules(text, "docs/x.md") == ["foreign-paper"]


@pytest.mark.parametrize("text", ["docs/RULES.md", "color: #343a40", "'#,##0.00'", "(100)", "&#13;", "(C6=0,0,G6/C6)"])
def test_what_only_looks_like_one(text):
    assert _rules(text, "docs/x.md") == []
