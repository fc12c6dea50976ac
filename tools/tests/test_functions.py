"""Functions are short, and the public methods of models say what they do; ``bin/lint`` runs this as well."""

import ast

import pytest
from devenv import addons
from devenv.base import find_layout

REPO = find_layout().repo
LONGEST_FUNCTION, LONGEST_FILE = 50, 500
# the ORM's own public methods need no docstring when overridden
ORM_METHODS = """
    copy copy_data create default_get export_data fields_get fields_view_get get_view init name_create name_search
    onchange read search search_fetch unlink web_save write
""".split()


def get_faults(text, is_model):
    """What is wrong with the functions of a file, as ``line: text``: a length is without decorators and docstring."""
    tree = ast.parse(text)
    methods = {node for cls in tree.body if isinstance(cls, ast.ClassDef) and is_model for node in cls.body}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        length = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node):
            length -= node.body[0].end_lineno - node.body[0].lineno + 1
        elif node in methods and not node.name.startswith("_") and node.name not in ORM_METHODS:
            yield f"{node.lineno}: no docstring in the public method {node.name}"
        if length > LONGEST_FUNCTION:
            yield f"{node.lineno}: {node.name} has {length} lines, more than {LONGEST_FUNCTION}"
    if is_model and text.count("\n") > LONGEST_FILE:
        yield f"1: more than {LONGEST_FILE} lines"


def test_functions():
    faults = []
    for folder in ["tools", *addons.in_repository(REPO)]:
        for path in (REPO / folder).rglob("*.py"):
            if "tests" not in path.parts or folder == "tools":
                is_model = folder != "tools" and bool({"models", "wizard", "wizards"} & set(path.parts))
                found = get_faults(path.read_text(encoding="utf-8"), is_model)
                faults += [f"{path.relative_to(REPO)}:{fault}" for fault in found]
    assert not faults, "\n".join(faults)


def _is_good(text, is_model=True):
    return not list(get_faults(text, is_model))


def test_public_methods_of_models_are_described():
    text = "class A:\n    def action_x(self):\n        return 1\n"
    assert list(get_faults(text, True)) == ["2: no docstring in the public method action_x"]
    assert _is_good(text, is_model=False)
    assert _is_good(text.replace("return 1", '"""Do x."""'))
    assert _is_good(text.replace("action_x", "_x"))
    assert _is_good(text.replace("action_x", "write"))
    assert _is_good("class A:\n    def _x(self):\n        def key(line):\n            return 1\n")


def test_long_functions():
    body = "    x = 1\n" * 50
    assert list(get_faults(f"def f():\n{body}", False)) == ["1: f has 51 lines, more than 50"]
    assert _is_good(f"def f():\n{body[10:]}")
    assert _is_good(f'def f():\n    """Say.\n\n    More.\n    """\n{body[10:]}')


@pytest.mark.parametrize(("lines", "good"), [(500, True), (501, False)])
def test_long_files(lines, good):
    assert _is_good("x = 1\n" * lines) == good
    assert _is_good("x = 1\n" * lines, is_model=False)
