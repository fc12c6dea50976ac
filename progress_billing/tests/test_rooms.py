"""One direction: what the map in ``models/__init__.py`` says is read from the code itself.

``pytest -s`` prints how many names point the wrong way.
"""

import ast
import logging
import re
from itertools import combinations
from pathlib import Path

from odoo.tests import TransactionCase, tagged

_logger = logging.getLogger(__name__)

ADDON = Path(__file__).resolve().parent.parent
NAME = re.compile(r'[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*')
#: fields and methods that Odoo's own models have as well: a name alone does not say whose is meant
ODOO_NAMES = {'active', 'amount', 'company_currency_id', 'company_id', 'currency_id', 'name', 'partner_id', 'quantity'}
ODOO_NAMES |= {'analytic_distribution', 'modified', 'percent', 'project_id', 'tax_ids', 'user_id', 'web_read'}
#: what points the wrong way still, by file: the reason and the names. Take away what you mend; add nothing.
EXCEPTIONS = {}
#: pairs of files of one room that call each other both ways: why these do. Take away what you mend; add nothing.
MUTUAL_PAIRS = {
    ('bill/progress_contract.py', 'bill/progress_overbilling_mixin.py'): "a mixin's hook, extended where it is used",
    ('progress/progress_contract_line.py', 'progress/project_task.py'): "a task tells its line, which asks how far",
    ('retainage/progress_bill_line.py', 'retainage/progress_contract_line.py'): "claims ask, schedule lines add up",
    ('period/progress_bill.py', 'period/progress_billing_period.py'): "each checks that the other stays where it is",
}


class Source:
    """One Python file of a room: what it defines and what it names."""

    def __init__(self, room, path):
        self.room, self.key = room, f'{room}/{path.name}'
        self.tree = ast.parse(path.read_text())
        self.classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        self.members = {name for node in self.classes for name in self._get_members(node)}
        self.methods = {node.name for cls in self.classes for node in cls.body if isinstance(node, ast.FunctionDef)}

    def _get_members(self, cls):
        for node in cls.body:
            if isinstance(node, ast.FunctionDef):
                yield node.name
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                yield node.targets[0].id

    def _get_docstrings(self):
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        for node in ast.walk(self.tree):
            if isinstance(node, kinds) and node.body and isinstance(node.body[0], ast.Expr):
                yield id(node.body[0].value)

    def _get_own_computes(self):
        """Methods of this file by which its own fields are computed: another model may have one of that name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.keyword) and node.arg in ('compute', 'inverse', 'search'):
                if getattr(node.value, 'value', None) in self.methods:
                    yield id(node.value)

    def get_names(self):
        """Every attribute named in this file, and every text that looks like a field or a path of fields."""
        docstrings = {*self._get_docstrings(), *self._get_own_computes()}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                texts = re.findall(r"'([a-z_.]+)'", node.value) if node.value.startswith('[') else [node.value]
                for text in texts:
                    if NAME.fullmatch(text):
                        yield from text.split('.')


def get_rooms(models):
    """The rooms in the order in which the package imports them, which is that of its docstring."""
    tree = ast.parse((models / '__init__.py').read_text())
    return [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]


def get_sources(models):
    """The files of all rooms, in their order."""
    return [
        Source(room, path)
        for room in get_rooms(models)
        for path in sorted((models / room).glob('*.py'))
        if path.name != '__init__.py'
    ]


def get_wrong_names(models):
    """``{file: names}``: what only a later room defines."""
    rooms, sources, owners = get_rooms(models), get_sources(models), {}
    for source in sources:
        for name in source.members:
            owners.setdefault(name, source.room)
    wrong = {}
    for source in sources:
        later = rooms[rooms.index(source.room) + 1 :]
        names = {name for name in source.get_names() if owners.get(name) in later} - ODOO_NAMES
        if names:
            wrong[source.key] = names
    return wrong


def get_mutual_pairs(models):
    """Pairs of files of which each names a method that the other one was first to define."""
    sources, owners = get_sources(models), {}
    for source in sources:
        for name in source.methods:
            owners.setdefault(name, source.key)
    calls = {source.key: {owners.get(name) for name in {*source.get_names()} - ODOO_NAMES} for source in sources}
    return [(one, other) for one, other in combinations(calls, 2) if other in calls[one] and one in calls[other]]


@tagged('post_install', '-at_install')
class TestRooms(TransactionCase):
    """Rooms know what stands above them in the map, and nothing else."""

    def test_map_names_every_room(self):
        models = ADDON / 'models'
        the_map = ast.get_docstring(ast.parse((models / '__init__.py').read_text()))
        described = re.findall(r'^ {4}(\w+) {2,}', the_map, re.M)
        self.assertEqual(described, get_rooms(models))
        self.assertEqual(set(described), {path.name for path in models.iterdir() if (path / '__init__.py').exists()})

    def test_one_direction(self):
        wrong = get_wrong_names(ADDON / 'models')
        _logger.info('%s names point the wrong way, in %s files', sum(map(len, wrong.values())), len(wrong))
        allowed = {key: names for key, (_reason, names) in EXCEPTIONS.items()}
        self.assertEqual(
            {key: names - allowed.get(key, set()) for key, names in wrong.items() if names - allowed.get(key, set())},
            {},
            "Announce it by a hook, or move it to the room it is about.",
        )
        for key, names in allowed.items():
            self.assertEqual(names - wrong.get(key, set()), set(), f"{key} has mended these: take them off the list.")

    def test_exceptions_have_reasons(self):
        for key, (reason, names) in EXCEPTIONS.items():
            self.assertTrue(reason.strip() and names, key)

    def test_mutual_pairs_have_reasons(self):
        """None between rooms, and within them those that are one thought."""
        pairs = get_mutual_pairs(ADDON / 'models')
        self.assertEqual([pair for pair in pairs if len({key.partition('/')[0] for key in pair}) > 1], [])
        self.assertEqual(set(pairs), set(MUTUAL_PAIRS))
        self.assertTrue(all(reason.strip() for reason in MUTUAL_PAIRS.values()))
