"""House rules for XML: well-formed, and no context keys of our own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from .house_python import Finding, is_core_key

# what Odoo's own widgets and models read from a view's context
VIEW_KEYS = {
    "create",
    "delete",
    "edit",
    "graph_groupbys",
    "graph_measure",
    "graph_mode",
    "hide_sale",
    "no_create",
    "pivot_column_groupby",
    "pivot_measures",
    "pivot_row_groupby",
    "res_partner_search_mode",
    "show_address",
    "show_email",
    "show_vat",
}


def _contexts(root: etree._Element) -> Iterator[tuple[int, str]]:
    """Every context written in the file, with its line."""
    for element in root.iter(etree.Element):
        value = element.get("context")
        if value:
            yield element.sourceline, value
        is_field = element.tag == "field" and element.get("name") == "context"
        if is_field and (element.text or element.get("eval")):
            yield element.sourceline, element.text or element.get("eval")


def _keys(expression: str) -> Iterator[str]:
    """The keys of a context expression; a string in `eval` is parsed in turn."""
    tree = ast.parse(expression.strip(), mode="eval").body
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        tree = ast.parse(tree.value.strip(), mode="eval").body
    if isinstance(tree, ast.Dict):
        for key in tree.keys:
            if isinstance(key, ast.Constant):
                yield str(key.value)


def _duplicates(root: etree._Element) -> Iterator[Finding]:
    """A second record of the same id silently overwrites the first."""
    seen = set()
    for element in root.iter("record", "template", "menuitem"):
        name = element.get("id")
        if name and name in seen:
            yield element.sourceline, "duplicate-id", f"{name} is defined twice"
        seen.add(name)


def check(path: Path, content: bytes) -> Iterator[Finding]:
    """All findings of one XML file."""
    try:
        root = etree.fromstring(content)
    except etree.XMLSyntaxError as error:
        yield error.lineno or 1, "xml-syntax", error.msg
        return
    if "static" in path.parts:
        return
    if root.tag == "odoo":
        yield from _duplicates(root)
    for line, expression in _contexts(root):
        try:
            keys = list(_keys(expression))
        except SyntaxError:
            yield line, "context-syntax", f"not an expression: {expression.strip()}"
            continue
        for key in keys:
            if not is_core_key(key) and key not in VIEW_KEYS:
                text = f"context key {key!r} is not Odoo's"
                yield line, "context-key", text
