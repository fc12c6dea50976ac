"""House rules for the addons' Python: the syntax tree says what a regex cannot."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LONGEST_FUNCTION = 50
MODEL_FILE_WARN = 300
MODEL_FILE_LIMIT = 500

# Keys Odoo itself defines. An addon adds none: an input is a parameter.
CORE_KEYS = {
    "active_id",
    "active_ids",
    "active_model",
    "accrual_entry_date",
    "force_delete",
    "active_test",
    "allowed_company_ids",
    "bin_size",
    "dialog_size",
    "dynamic_unlink",
    "form_view_ref",
    "group_by",
    "import_file",
    "install_mode",
    "kanban_view_ref",
    "lang",
    "list_view_ref",
    "mail_activity_automation_skip",
    "mail_auto_subscribe_no_notify",
    "mail_create_nolog",
    "mail_create_nosubscribe",
    "mail_notify_author",
    "mail_notify_force_send",
    "mail_notrack",
    "mail_post_autofollow",
    "no_reset_password",
    "module",
    "move_reverse_cancel",
    "params",
    "prefetch_fields",
    "read_group_expand",
    "proforma",
    "round_base",
    "search_view_ref",
    "tracking_disable",
    "tz",
    "uid",
}
CORE_PREFIXES = ("default_", "search_default_")
# the ORM's own public methods need no docstring when overridden
ORM_METHODS = {
    "copy",
    "copy_data",
    "create",
    "default_get",
    "export_data",
    "fields_get",
    "fields_view_get",
    "get_view",
    "init",
    "name_create",
    "name_search",
    "onchange",
    "read",
    "search",
    "search_fetch",
    "unlink",
    "web_save",
    "write",
}
Finding = tuple[int, str, str]


def is_core_key(key: object) -> bool:
    """True for context keys an addon may use."""
    return isinstance(key, str) and (key in CORE_KEYS or key.startswith(CORE_PREFIXES))


def _is_context(node: ast.AST) -> bool:
    """True for `….env.context`, `context` and `ctx`."""
    if isinstance(node, ast.Attribute):
        return node.attr in ("context", "_context")
    return isinstance(node, ast.Name) and node.id in ("context", "ctx")


def _literal(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _dict_keys(node: ast.AST) -> Iterator[str]:
    """The literal keys of `{…}` or `dict(…)`, also inside `a | {…}`."""
    if isinstance(node, ast.Dict):
        yield from filter(None, map(_literal, node.keys))
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "dict":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)
            for argument in node.args:
                yield from _dict_keys(argument)
    elif isinstance(node, ast.BinOp):
        yield from _dict_keys(node.left)
        yield from _dict_keys(node.right)


def _keys_of_call(node: ast.Call) -> Iterator[str]:
    """Context keys set by with_context(…) or read by context.get(…)."""
    if not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "with_context":
        yield from (keyword.arg for keyword in node.keywords if keyword.arg)
        for argument in [*node.args, *(k.value for k in node.keywords if not k.arg)]:
            yield from _dict_keys(argument)
    elif node.func.attr in ("get", "pop") and _is_context(node.func.value):
        yield from filter(None, map(_literal, node.args[:1]))


def _context_keys(node: ast.AST) -> Iterator[str]:
    """Every context key this node names."""
    if isinstance(node, ast.Call):
        yield from _keys_of_call(node)
    elif isinstance(node, ast.Subscript) and _is_context(node.value):
        yield from filter(None, [_literal(node.slice)])
    elif isinstance(node, ast.Compare) and any(map(_is_context, node.comparators)):
        yield from filter(None, [_literal(node.left)])
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if _literal(key) == "context":
                yield from _dict_keys(value)


def _check_contexts(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        for key in _context_keys(node):
            if not is_core_key(key):
                text = f"context key {key!r} is not Odoo's: pass a parameter"
                yield node.lineno, "context-key", text


def _is_broad(node: ast.ExceptHandler) -> bool:
    names = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )


def _is_formatted(node: ast.AST) -> bool:
    """True for an f-string, `"…" % x` and `"…".format(x)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "format" and _literal(node.func.value) is not None
    is_modulo = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
    return is_modulo or isinstance(node, ast.JoinedStr)


def _check_constructs(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node):
            yield node.lineno, "broad-except", "name the exceptions you can handle"
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "Markup" and node.args and _is_formatted(node.args[0]):
                text = "format after Markup(), which escapes: Markup('…%s') % value"
                yield node.lineno, "markup-format", text
            elif name == "_installed":
                text = "use a glue addon, not a look at what is installed"
                yield node.lineno, "installed-branch", text
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
            target = node.comparators[0]
            if isinstance(target, ast.Attribute) and target.attr == "env":
                text = "use a glue addon, not a look at what is installed"
                yield node.lineno, "installed-branch", text


def _length(node: ast.FunctionDef) -> int:
    """Lines of a function without its decorators and docstring."""
    first = node.body[0]
    start = node.lineno
    length = node.end_lineno - start + 1
    if isinstance(first, ast.Expr) and _literal(first.value) is not None:
        length -= first.end_lineno - first.lineno + 1
    return length


def check_lengths(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = _length(node)
            if length > LONGEST_FUNCTION:
                text = f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}"
                yield node.lineno, "long-function", text


def _check_docstrings(tree: ast.Module) -> Iterator[Finding]:
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for node in (n for n in cls.body if isinstance(n, ast.FunctionDef)):
            public = not node.name.startswith("_") and node.name not in ORM_METHODS
            if public and not ast.get_docstring(node):
                yield node.lineno, "no-docstring", f"public method {node.name}"


def _check_lines(lines: list[str]) -> Iterator[Finding]:
    """What is judged with its neighbouring lines: sudo and env.company."""
    for index, line in enumerate(lines):
        code = line.partition("#")[0]
        around = "\n".join(lines[max(0, index - 2) : index + 1])
        if ".sudo(" in code and ".sudo(False)" not in code and "# sudo: " not in around:
            text = "say why, on the line or just above: # sudo: <model> - <why>"
            yield index + 1, "bare-sudo", text
        if "env.company" in code.replace("env.companies", ""):
            if "default" not in "\n".join(lines[max(0, index - 1) : index + 1]):
                text = "use the record's company_id; env.company is for defaults"
                yield index + 1, "env-company", text


def check(path: Path, text: str) -> Iterator[Finding]:
    """All findings of one Python file of an addon."""
    tree = ast.parse(text)
    in_tests = "tests" in path.parts
    yield from _check_contexts(tree)
    yield from _check_constructs(tree)
    if in_tests:
        return
    yield from check_lengths(tree)
    lines = text.splitlines()
    yield from _check_lines(lines)
    if path.parent.name in ("models", "wizard", "wizards"):
        yield from _check_docstrings(tree)
        if len(lines) > MODEL_FILE_LIMIT:
            text = f"{len(lines)} lines, more than {MODEL_FILE_LIMIT}"
            yield 1, "long-file", text
        elif len(lines) > MODEL_FILE_WARN:
            text = f"{len(lines)} lines, more than {MODEL_FILE_WARN}"
            yield 1, "warning: long-file", text
