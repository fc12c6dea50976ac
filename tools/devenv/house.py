"""The repository's own rules, beyond what ruff, pylint-odoo and the OCA's hooks know: one line per finding.

``python -m devenv.house REPO``; tools/tests/test_house.py has an example of each.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from . import rule_book

Finding = tuple[int, str, str]
LONGEST_FUNCTION, LONG_FILE, LONGEST_FILE = 50, 300, 500
# Context keys that Odoo itself defines, and what its widgets read from a view's context.
# An addon adds none: an input is a parameter.
CORE_KEYS = """
    accrual_entry_date active_id active_ids active_model active_test allowed_company_ids bin_size dialog_size
    dynamic_unlink force_delete force_report_rendering form_view_ref group_by import_file install_mode kanban_view_ref
    lang list_view_ref mail_activity_automation_skip mail_auto_subscribe_no_notify mail_create_nolog
    mail_create_nosubscribe mail_notify_author mail_notify_force_send mail_notrack mail_post_autofollow module
    move_reverse_cancel no_reset_password params prefetch_fields proforma read_group_expand round_base search_view_ref
    tracking_disable tz uid validate_analytic
""".split()
VIEW_KEYS = """
    create delete edit graph_groupbys graph_measure graph_mode hide_sale no_create pivot_column_groupby pivot_measures
    pivot_row_groupby res_partner_search_mode show_address show_email show_vat
""".split()
# the ORM's own public methods need no docstring when overridden
ORM_METHODS = """
    copy copy_data create default_get export_data fields_get fields_view_get get_view init name_create name_search
    onchange read search search_fetch unlink web_save write
""".split()
# errors for people: a test says which of their many sentences it expects
USER_ERRORS = {"UserError", "ValidationError", "AccessError", "MissingError", "RedirectWarning"}
INSTALLED = re.compile(r"\b_installed\(|\bin self\.env\b(?![.\[(])")
GENERATED = re.compile(r"(\.py[cod]$|(^|/)(__pycache__|\.pytest_cache|\.ruff_cache)/)")
# written so that this file does not hold the words it looks for
TEXT_RULES = {
    "registry-host": (
        r"\b(pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|nightly[.]odoo[.]com"
        r"|(deb|ftp|snapshot|security|httpredir)[.]([a-z]+[.])?debian[.]org|(archive|ports|security)[.]ubuntu[.]com)\b",
        "take addresses from the machine's set-up",
    ),
    "machine-path": (r"(?<![\w.:/])/(home|root|work|Users)/\w", "a path of one machine"),
    "unfinished": (r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b", "finish it, or write it down in the roadmap"),
}
EXAMPLES = ("tools", "tests")  # of what is not allowed
PROSE = {".po", ".pot", ".md", ".rst", ".txt", ".csv", ".svg"}


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_context(node: ast.AST) -> bool:
    """True for `….env.context`, `context` and `ctx`."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("context", "_context", "ctx")


def _context_keys(node: ast.AST) -> Iterator[str | None]:
    """Every context key this node sets or reads."""
    parts: list = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "with_context":
            yield from (keyword.arg for keyword in node.keywords)
            inner = [part for argument in (*node.args, *node.keywords) for part in ast.walk(argument)]
            parts = [key for part in inner if isinstance(part, ast.Dict) for key in part.keys]
        elif node.func.attr in ("get", "pop") and _is_context(node.func.value):
            parts = node.args[:1]
    elif isinstance(node, ast.Subscript) and _is_context(node.value):
        parts = [node.slice]
    elif isinstance(node, ast.Compare) and any(map(_is_context, node.comparators)):
        parts = [node.left]
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        parts = [k for key, value in pairs if _text(key) == "context" for k in getattr(value, "keys", ())]
    yield from map(_text, parts)


def _foreign(keys, allowed: list[str]) -> Iterator[str]:
    for key in filter(None, keys):
        if key not in allowed and not key.startswith(("default_", "search_default_")):
            yield f"context key {key!r} is not Odoo's: pass a parameter"


def _check_function(node: ast.FunctionDef, is_model: bool) -> Iterator[Finding]:
    """Its length without decorators and docstring, and whether a model's public method has one."""
    docstring = node.body[0] if ast.get_docstring(node) else None
    length = node.end_lineno - node.lineno + 1
    if docstring:
        length -= docstring.end_lineno - docstring.lineno + 1
    elif is_model and not node.name.startswith("_") and node.name not in ORM_METHODS:
        yield node.lineno, "no-docstring", f"public method {node.name}"
    if length > LONGEST_FUNCTION:
        yield node.lineno, "long-function", f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}"


def _check_lines(lines: list[str]) -> Iterator[Finding]:
    """Looks at what is installed, and what is judged with the lines before: sudo and env.company."""
    for index, line in enumerate(lines):
        code = line.partition("#")[0].replace("env.companies", "").replace(".sudo(False)", "")
        before = "\n".join(lines[max(0, index - 2) : index + 1])
        if INSTALLED.search(code):
            yield index + 1, "installed-branch", "use a glue addon, not a look at what is installed"
        if ".sudo(" in code and "# sudo: " not in before:
            yield index + 1, "bare-sudo", "say why, on the line or just above: # sudo: <model> - <why>"
        if "env.company" in code and "default" not in "\n".join(before.split("\n")[-2:]):
            yield index + 1, "env-company", "use the record's company_id; env.company is for defaults"


def _check_refusals(tree: ast.AST) -> Iterator[Finding]:
    """A test that expects an error for people, and neither names its sentence nor looks at it."""
    looked_at = {
        id(item.context_expr)
        for node in ast.walk(tree)
        for item in getattr(node, "items", ())
        if getattr(item, "optional_vars", None)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "assertRaises"
            and id(node) not in looked_at
        ):
            names = {getattr(part, "id", getattr(part, "attr", "")) for arg in node.args[:1] for part in ast.walk(arg)}
            if names & USER_ERRORS:
                yield node.lineno, "bare-raises", "say which sentence: assertRaisesRegex(error, sentence)"


def check_python(path: Path, text: str, in_addon: bool) -> Iterator[Finding]:
    """All findings of one Python file."""
    is_test = in_addon and "tests" in path.parts
    is_model = in_addon and bool({"models", "wizard", "wizards"} & set(path.parts))
    tree = ast.parse(text)
    methods = [node for cls in tree.body if isinstance(cls, ast.ClassDef) and is_model for node in cls.body]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not is_test:
            yield from _check_function(node, node in methods)
        if in_addon:
            for message in _foreign(_context_keys(node), CORE_KEYS):
                yield node.lineno, "context-key", message
    if is_test:
        yield from _check_refusals(tree)
    lines = text.splitlines()
    if in_addon and not is_test:
        yield from _check_lines(lines)
    if is_model and len(lines) > LONG_FILE:
        limit, kind = (LONGEST_FILE, "") if len(lines) > LONGEST_FILE else (LONG_FILE, "warning: ")
        yield 1, f"{kind}long-file", f"{len(lines)} lines, more than {limit}"


def check_xml(path: Path, content: bytes) -> Iterator[Finding]:
    """Context keys of our own in views and actions; the OCA's hooks check the rest."""
    for element in etree.fromstring(content).iter(etree.Element) if "static" not in path.parts else ():
        is_field = element.tag == "field" and element.get("name") == "context"
        expression = element.get("context") or (is_field and (element.text or element.get("eval"))) or "{}"
        try:
            tree = ast.parse(expression.strip(), mode="eval").body
            tree = ast.parse(_text(tree).strip(), mode="eval").body if _text(tree) else tree  # a string in `eval`
        except SyntaxError:
            yield element.sourceline, "context-syntax", f"not an expression: {expression.strip()}"
            continue
        for message in _foreign(map(_text, getattr(tree, "keys", ())), CORE_KEYS + VIEW_KEYS):
            yield element.sourceline, "context-key", message


def check_file(path: Path, content: bytes, in_addon: bool) -> Iterator[Finding]:
    """All rules that apply to one file."""
    if path.parts[:2] == EXAMPLES:
        return
    if GENERATED.search(path.as_posix()):
        yield 1, "generated-file", "must not be in git"
        return
    text = content.decode(errors="replace")
    for number, line in enumerate(text.splitlines() if b"\0" not in content else (), 1):
        for rule, (pattern, message) in TEXT_RULES.items():
            if re.search(pattern, line) and not (rule == "unfinished" and path.suffix in PROSE):
                yield number, rule, message
    try:
        if path.suffix == ".py":
            yield from check_python(path, text, in_addon)
        elif path.suffix == ".xml":
            yield from check_xml(path, content)
    except (SyntaxError, etree.XMLSyntaxError) as error:
        yield error.lineno or 1, "syntax", error.msg


def main(repo: Path) -> int:
    """Print the findings; warnings do not count."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in sorted(set(listing.split("\0"))) if name and (repo / name).is_file()]
    addons = {path.parts[0] for path in paths if path.name == "__manifest__.py"}
    findings = [
        (path, *finding)
        for path in paths
        for finding in check_file(path, (repo / path).read_bytes(), path.parts[0] in addons)
    ]
    findings += rule_book.check(repo, paths)
    for path, line, rule, text in findings:
        print(f"{path}:{line}: {rule}: {text}")
    return 1 if any(not rule.startswith("warning") for _path, _line, rule, _text in findings) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
