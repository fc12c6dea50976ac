"""An example of each house rule, and of what it lets pass."""

from pathlib import Path

import pytest
from devenv import house

MODEL = Path("addon/models/room/thing.py")
TEST = Path("addon/tests/test_thing.py")


def _rules(text, path=MODEL, in_addon=True):
    return sorted({rule for _line, rule, _text in house.check_file(path, text.encode(), in_addon)})


@pytest.mark.parametrize(
    "text",
    [
        "self.with_context(my_key=1)",
        "self.with_context({'my_key': 1})",
        "self.with_context(dict(my_key=1))" if False else "self.with_context(**{'my_key': 1})",
        "self.with_context(a | {'my_key': 1})",
        "self.env.context.get('my_key')",
        "self._context['my_key']",
        "'my_key' in self.env.context",
        "action = {'context': {'my_key': 1}}",
    ],
)
def test_context_key_of_our_own(text):
    assert _rules(text) == ["context-key"]
    assert _rules(text, TEST) == ["context-key"]
    assert _rules(text, Path("tools/x.py"), in_addon=False) == []


@pytest.mark.parametrize(
    "text",
    [
        "self.with_context(lang='de_DE', default_name='x', search_default_open=1)",
        "self.with_context(lang=self._find(my_key=1))",
        "self.env.context.get('active_ids')",
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
    ("xml", "rules"),
    [
        ("<odoo><field name='x' context=\"{'my_key': 1}\"/></odoo>", ["context-key"]),
        ("<odoo><field name='context'>{'my_key': 1}</field></odoo>", ["context-key"]),
        ("<odoo><field name='context' eval=\"'{\\'my_key\\': 1}'\"/></odoo>", ["context-key"]),
        ("<odoo><field name='x' context=\"{'default_x': 1, 'show_email': True, 'lang': 'x'}\"/></odoo>", []),
        ("<odoo><field name='x' context='parent.context'/></odoo>", []),
        ("<odoo><field name='x' context=\"{'lang': \"/></odoo>", ["context-syntax"]),
        ("<odoo><field></odoo>", ["syntax"]),
    ],
)
def test_xml(xml, rules):
    assert _rules(xml, Path("addon/views/thing.xml")) == rules


def test_templates_of_the_web_client_have_contexts_of_their_own():
    assert _rules("<t context=\"{'my_key': 1}\"/>", Path("addon/static/src/thing.xml")) == []


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


@pytest.mark.parametrize(("lines", "rules"), [(300, []), (301, ["warning: long-file"]), (501, ["long-file"])])
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
        ("addon/static/x.js", "// TODO later", ["unfinished"]),
        ("docs/ROADMAP.md", "TODO later", []),
        ("addon/__pycache__/x.cpython-311.pyc", "", ["generated-file"]),
        ("addon/models/x.py", "def f(:", ["syntax"]),
    ],
)
def test_text(path, text, rules):
    assert _rules(text, Path(path)) == rules


def test_pictures_are_not_text():
    assert list(house.check_file(Path("x.png"), b"\x89PNG\0 TODO /home/me", False)) == []
