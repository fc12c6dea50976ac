"""Values are values: what is named like a question is answered without changing anything."""

import ast
import re
from pathlib import Path

from odoo.tests import TransactionCase, tagged

ADDONS = Path(__file__).resolve().parent.parent.parent
QUESTION = re.compile(r'_(prepare|get|find|compute)_')
WRITERS = {'write', 'create', 'unlink', 'create_multi', 'copy', 'action_post', 'button_draft', 'message_post'}


def get_functions():
    """Every function of the addons but their tests, with its file, and the fields each computes."""
    functions, computed = [], {}
    for path in sorted(ADDONS.glob('progress_billing*/**/*.py')):
        if {'tests', 'tools'} & set(path.relative_to(ADDONS).parts):  # the functions in tools know no records
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                functions.append((path, node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                for keyword in node.value.keywords:
                    if keyword.arg == 'compute' and isinstance(keyword.value, ast.Constant):
                        computed.setdefault(keyword.value.value, set()).add(node.targets[0].id)
    return functions, computed


#: fields of Odoo's that its methods of these names compute, which our addons extend
ODOO_FIELDS = {
    '_compute_invoice': {'invoice_ids', 'invoice_count'},
    '_compute_qty_invoiced': {'qty_invoiced', 'qty_to_invoice'},
    '_get_invoiced': {'invoice_status'},
}


def is_write(node):
    """Whether a call changes records: by name, as no tool can know the model."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    of_commands = 'Command' in (getattr(owner, 'id', ''), getattr(owner, 'attr', ''))
    name = node.func.attr
    return not of_commands and (name in WRITERS or re.match(r'_(write|create)(_|$)', name) is not None)


def get_faults(function, own_fields):
    """What a function changes beside its own fields, as ``line: text``."""
    for node in ast.walk(function):
        if is_write(node):
            yield f'{node.lineno}: {ast.unparse(node.func)}'
        targets = []
        if isinstance(node, ast.Assign):
            targets = [target for top in node.targets for target in getattr(top, 'elts', [top])]
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr not in own_fields:
                yield f'{node.lineno}: {ast.unparse(target)} = …'


@tagged('post_install', '-at_install')
class TestHouse(TransactionCase):
    def test_values_are_values(self):
        functions, computed = get_functions()
        questions = [(path, node) for path, node in functions if QUESTION.match(node.name)]
        self.assertGreater(len(questions), 200)
        for path, node in questions:
            own = (
                computed.get(node.name, set())
                | {node.name.removeprefix('_compute_')}
                | ODOO_FIELDS.get(node.name, set())
            )
            faults = list(get_faults(node, own))
            where = f'{path.relative_to(ADDONS)}, {node.name}'
            self.assertFalse(faults, f"{where} changes something: write in a step of its own.")

    def test_the_test_sees_it(self):
        bad = ast.parse(
            "def _prepare_x(self):\n    self.line_ids.write({})\n    self.name = 1\n    bills._write_protected({})\n"
            "    self.a, b.c = 1, 2\n    self.env['x'].create({})\n"
        ).body[0]
        self.assertEqual(len(list(get_faults(bad, {'name'}))), 5)
        good = ast.parse(
            "def _get_x(self):\n    vals['name'] = Command.create({})\n    return fields.Command.unlink(1)\n"
        ).body[0]
        self.assertEqual(list(get_faults(good, set())), [])
