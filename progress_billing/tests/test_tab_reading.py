from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ProgressBillingCommon
from .queries import count_queries


@tagged('post_install', '-at_install')
class TestTabReading(ProgressBillingCommon):
    """A form reads of the tab what it would read field by field (CON-15)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.empty = cls.env['project.project'].create({'name': "No contract", 'billing_method': 'none'})
        cls.contract = cls.make.contract([1000, 2000], cls.tax_15, project_id=cls.project.id)
        cls.make.plan(cls.contract, '10%', '2026-03-01')

    def _get_specification(self, project):
        """What the form asks for: of links names, of lists a few columns."""
        names = project.get_views([(False, 'form')])['models']['project.project']['fields']
        spec = {}
        for name in names:
            field = project._fields[name]
            spec[name] = {'fields': {'display_name': {}}} if field.relational else {}
        for name, columns in (('progress_line_ids', ('name', 'original_amount')), ('progress_bill_ids', ('amount',))):
            spec[name] = {'fields': dict.fromkeys(columns, {}), 'limit': 1, 'order': 'id desc'}
        return spec

    def _assertSame(self, project):
        """The same values, of the same types, as Odoo reads them."""
        spec = self._get_specification(project)
        self.assertIn('progress_next_step_text', spec)
        self.env.invalidate_all()
        ours = project.web_read(spec)
        self.env.invalidate_all()
        with patch.object(self.env.registry['project.project'], '_get_shown_fields', lambda *_args: {}):
            theirs = project.web_read(spec)
        self.assertEqual(ours, theirs)
        for row, other in zip(ours, theirs, strict=True):
            self.assertEqual({name: type(value) for name, value in row.items()}, {n: type(v) for n, v in other.items()})

    def test_same_values(self):
        for projects in (self.empty, self.project, self.empty | self.project):
            with self.subTest(projects=projects.mapped('name')):
                self._assertSame(projects)

    def test_private_contract(self):
        """Who may not read the contract sees an empty tab, and how many contracts they may read."""
        self.contract.is_private = True
        reader = new_test_user(self.env, 'tab_reader', 'project.group_project_manager,progress_billing.group_readonly')
        project = self.project.with_user(reader)
        self.assertFalse(project.progress_shown_contract_id)
        self._assertSame(project)
        self.make.contract([500], self.tax_15, project_id=self.project.id)
        self.project.progress_contract_id = self.contract
        self._assertSame(project)

    def test_cleared(self):
        """A tab without a contract that was chosen shows the one it would show by itself (CON-6)."""
        other = self.make.contract([500], self.tax_15, project_id=self.project.id)
        self.project.progress_contract_id = self.contract
        self.assertEqual(self.project.progress_contract_id, self.contract)
        for vals in ({'progress_contract_id': False}, {'progress_contract_id': False, 'name': "House"}):
            self.project.write(vals)
            self.assertEqual(self.project.progress_contract_id, other)
        self._assertSame(self.project)
        [row] = self.project.web_read({'progress_contract_count': {}})
        self.assertEqual(row['progress_contract_count'], len(self.project.progress_contract_ids))
        self.empty.progress_contract_id = False
        self.assertFalse(self.empty.progress_contract_id)

    def test_without_rights(self):
        """The form of somebody without billing rights asks for none of it."""
        user = new_test_user(self.env, 'tab_user', 'project.group_project_user')
        names = self.project.with_user(user).get_views([(False, 'form')])['models']['project.project']['fields']
        self.assertFalse([name for name in names if name.startswith('progress_')])
        read = self.project.with_user(user).web_read
        self.assertRefused(lambda: read({'progress_state': {}}), "progress_state", error=AccessError)

    def test_no_contract_costs_no_query(self):
        """A project that is not billed this way takes no query more than without the tab."""
        spec = self._get_specification(self.empty)
        plain = {name: value for name, value in spec.items() if 'progress' not in name and name != 'is_fully_billed'}
        self.empty.web_read(spec)
        asked = [count_queries(self.env, lambda spec=some: self.empty.web_read(spec)) for some in (spec, plain)]
        self.assertEqual(*asked)

    def test_deleted_meanwhile(self):
        gone = self.env['project.project'].create({'name': "Gone"})
        gone.unlink()
        spec = self._get_specification(self.empty)
        self.assertFalse(gone.web_read(spec))

    def test_tasks_of_others(self):
        """A task that no schedule line follows is done without asking for lines."""
        project = self.env['project.project'].create({'name': "Others"})
        tasks = self.env['project.task'].create([{'name': "A", 'project_id': project.id}] * 2)
        task = self.env['project.task'].create({'name': "B", 'project_id': self.project.id})
        self.assertFalse(task.sudo().is_progress_source)
        line = self.contract.line_ids[0]
        line.write({'task_id': task.id, 'progress_source': 'task'})
        self.assertTrue(task.sudo().is_progress_source)
        asked = []
        search = type(line)._search
        self.patch(
            self.env.registry['progress.contract.line'],
            '_search',
            lambda lines, *args, **kwargs: (asked.append(args), search(lines, *args, **kwargs))[1],
        )
        tasks.write({'state': '1_done'})
        self.env.flush_all()
        self.assertFalse(asked)
        task.state = '1_done'
        self.assertEqual(line.completed_percent, 100)
        line.progress_source = 'manual'
        self.assertFalse(task.sudo().is_progress_source)

    def test_written_through_the_tab(self):
        """What is saved with the form comes back with it."""
        found = self.project.web_save(
            {'progress_line_ids': [Command.update(self.contract.line_ids[0].id, {'completed_percent': 50.0})]},
            {'progress_pending_amount': {}, 'progress_line_ids': {'fields': {'completed_percent': {}}}},
        )
        self.assertEqual(found[0]['progress_pending_amount'], 500)
        self.assertEqual([line['completed_percent'] for line in found[0]['progress_line_ids']], [50, 0])
