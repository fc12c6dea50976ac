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
from typing import NamedTuple

Finding = tuple[int, str, str]
LONGEST_FUNCTION, LONGEST_FILE = 50, 500
# the ORM's own public methods need no docstring when overridden
ORM_METHODS = """
    copy copy_data create default_get export_data fields_get fields_view_get get_view init name_create name_search
    onchange read search search_fetch unlink web_save write
""".split()


class Rule(NamedTuple):
    """A line that has ``wrong``, unless it or one of the two before has ``unless``."""

    name: str
    where: str
    wrong: str
    message: str
    unless: str = r"$^"


# what is where: any file; the addons' Python without tests; the addons' tests; what cites rules.
# Words are written so that this file does not hold what it looks for.
LINE_RULES = (
    Rule(
        "registry-host",
        "any",
        r"\b(pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|nightly[.]odoo[.]com"
        r"|(deb|ftp|snapshot|security|httpredir)[.]([a-z]+[.])?debian[.]org|(archive|ports|security)[.]ubuntu[.]com)\b",
        "take addresses from the machine's set-up",
    ),
    Rule("machine-path", "any", r"(?<![\w.:/])/(home|root|work|Users)/\w", "a path of one machine"),
    Rule(
        "foreign-paper",
        "source",
        r"\bSP" r"EC\b|\xa7|\bRUL" r"ES (\d|[A-Z]\d)|\bENG" r"INE\b|\(00\d\b|\bseeds? \d|\bissue #?\d"
        r"|(?<![\w&#'\"])#\d{1,3}\b|(\"\"\"|\()(?!A4\b)[A-D]\d{1,2}\b(?![=:])",
        "it is not in the repository: cite docs/RULES.md",
    ),
    Rule(
        "installed-branch",
        "code",
        r"^[^#]*(\b_installed\(|\bin self\.env\b(?![.\[(]))",
        "use a glue addon, not a look at what is installed",
    ),
    Rule(
        "bare-sudo",
        "code",
        r"^[^#]*\.sudo\((?!False)",
        "say why, on the line or just above: # sudo: <model> - <why>",
        "# sudo: ",
    ),
    Rule(
        "context-key",
        "code",
        r"(\b(_?context|ctx)(\.get\(|\.pop\(|\[)|(?=['\"]\w+['\"] (not )?in [\w.]*(context|ctx)\b))"
        r"(?!['\"](default_|(accrual_entry_date|active_(ids?|model)|allowed_company_ids|dynamic_unlink|lang|tz|uid)['\"]))"
        r"['\"]",
        "this key is not Odoo's: an input is a parameter",
    ),
    Rule("env-company", "code", r"^[^#]*env\.company\b", "use the record's company_id", "default"),
    Rule(
        "bare-raises",
        "test",
        r"assertRaises\([^)]*\b((User|Validation|Access|Missing)Error|RedirectWarning)\b(?!.*\) as )",
        "say which sentence: assertRaisesRegex(error, sentence)",
    ),
)


def _check_function(node: ast.FunctionDef, is_model: bool) -> Iterator[Finding]:
    """Its length without decorators and docstring, and whether a model's public method has one."""
    length = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node):
        length -= node.body[0].end_lineno - node.body[0].lineno + 1
    elif is_model and not node.name.startswith("_") and node.name not in ORM_METHODS:
        yield node.lineno, "no-docstring", f"public method {node.name}"
    if length > LONGEST_FUNCTION:
        yield node.lineno, "long-function", f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}"


def _check_python(text: str, is_model: bool) -> Iterator[Finding]:
    tree = ast.parse(text)
    methods = [node for cls in tree.body if isinstance(cls, ast.ClassDef) and is_model for node in cls.body]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _check_function(node, node in methods)
    if is_model and text.count("\n") > LONGEST_FILE:
        yield 1, "long-file", f"more than {LONGEST_FILE} lines"


def check_file(path: Path, text: str, in_addon: bool) -> Iterator[Finding]:
    """All rules that apply to one file."""
    if path.parts[:2] == ("tools", "tests"):  # examples of what is not allowed
        return
    kind = ("test" if "tests" in path.parts else "code") if in_addon and path.suffix == ".py" else ""
    kinds = {"any", kind, "source" if path.suffix in (".py", ".xml", ".js", ".scss", ".md") else ""}
    rules, lines = [rule for rule in LINE_RULES if rule.where in kinds], text.splitlines()
    for number, line in enumerate(lines, 1):
        before = "\n".join(lines[max(0, number - 3) : number])
        for rule in rules:
            if re.search(rule.wrong, line) and not re.search(rule.unless, before):
                yield number, rule.name, rule.message
    if path.suffix == ".py" and kind != "test":
        yield from _check_python(text, in_addon and bool({"models", "wizard", "wizards"} & set(path.parts)))


# === THE RULE BOOK: each id cited is a rule there, and each rule names a test that exists === #

BOOK = Path("docs/RULES.md")
#: a rule is a paragraph: ``**BIL-7 One bold sentence.** *Why:* … *Proof:* `test_run.TestFormulas.test_cumulative`.``
RULE = re.compile(r"^\*\*(?P<id>[A-Z]{3}-\d+)\b.*?(?:\*Proof:\*(?P<proof>.*?))?(?=\n[ \t]*\n|\Z)", re.M | re.S)
PROOF = re.compile(r"`(test_\w+\.\w+(?:\.\w+)?)`")


def _tests_of(path: Path, text: str) -> Iterator[str]:
    """``file.Class`` and ``file.Class.test`` of every test."""
    for cls in ast.parse(text).body if path.name.startswith("test_") and path.suffix == ".py" else ():
        if isinstance(cls, ast.ClassDef):
            yield f"{path.stem}.{cls.name}"
            yield from (f"{path.stem}.{cls.name}.{node.name}" for node in cls.body if hasattr(node, "name"))


def check_book(texts: dict[Path, str]) -> Iterator[tuple[Path, int, str, str]]:
    """Each rule once, each proven by a test that exists; no other is cited."""
    book = texts.get(BOOK, "")
    ids, tests = set(), {name for path, text in texts.items() for name in _tests_of(path, text)}
    for rule in RULE.finditer(book):
        line, proofs = book.count("\n", 0, rule.start()) + 1, PROOF.findall(rule["proof"] or "")
        if rule["id"] in ids:
            yield BOOK, line, "rule-twice", f"{rule['id']} is another rule already"
        ids.add(rule["id"])
        if not proofs:
            yield BOOK, line, "rule-without-proof", f"{rule['id']} names no test: *Proof:* `test_file.Class.test_name`"
        for name in set(proofs) - tests:
            yield BOOK, line, "rule-without-proof", f"{rule['id']}: there is no test {name}"
    kinds = {rule[:3] for rule in ids}
    for path, text in texts.items():
        for cited in re.finditer(r"\b([A-Z]{3})-\d+\b", text) if path.parts[:2] != ("tools", "tests") else ():
            if cited[1] in kinds and cited[0] not in ids:
                line = text.count("\n", 0, cited.start()) + 1
                yield path, line, "unknown-rule", f"{cited[0]} is not in {BOOK}"


def main(repo: Path) -> int:
    """Print the findings."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in sorted(set(listing.split("\0"))) if name and (repo / name).is_file()]
    contents = {path: (repo / path).read_bytes() for path in paths}
    texts = {path: content.decode(errors="replace") for path, content in contents.items() if b"\0" not in content}
    addons = {path.parts[0] for path in paths if path.name == "__manifest__.py"}
    findings = [(path, *found) for path in texts for found in check_file(path, texts[path], path.parts[0] in addons)]
    findings += check_book({path: text for path, text in texts.items() if path.suffix not in (".po", ".pot")})
    print("".join(f"{path}:{line}: {rule}: {text}\n" for path, line, rule, text in findings), end="")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
