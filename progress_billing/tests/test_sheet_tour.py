from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestSheetTour(ProgressBillingCommon, HttpCase):
    """Schedule of values and plan as they are typed into, in a real browser."""

    def test_sheet(self):
        user = self.env.ref('base.user_admin')
        user.write({'company_ids': [(4, self.company.id)], 'company_id': self.company.id})
        contract = self.make.as_billed([1000, 500], self.tax_15)
        walls, roof = contract.line_ids
        task = self.env['project.task'].create({'name': "Chimney", 'project_id': self.project.id})
        (walls | roof).product_id = False
        walls.write({'name': "Walls", 'sequence': 20})
        roof.write({'name': "Roof", 'sequence': 40})
        by_quantity = {'billing_base': 'quantity', 'original_quantity': 100, 'unit_price': 50, 'original_amount': 5000}
        contract.line_ids = [
            Command.create({'name': "Ground floor", 'display_type': 'line_section', 'sequence': 10}),
            Command.create({'name': "Top floor", 'display_type': 'line_section', 'sequence': 30}),
            Command.create({'name': "Chimney", 'original_amount': 300, 'task_id': task.id, 'sequence': 50}),
            Command.create({'name': "Tiles", 'sequence': 60, **by_quantity}),
        ]
        contract.line_ids.filtered('task_id').progress_source = 'task'
        contract.bill_ids = [Command.create({'title': "Start", 'planned_amount': 100})]
        self.start_tour(
            f'/odoo/action-progress_billing.action_progress_contract/{contract.id}',
            'progress_billing_sheet',
            login='admin',
            timeout=180,
        )
        done = {line.name: line.completed_percent for line in contract.line_ids if not line.display_type}
        self.assertEqual(done, {'Walls': 25, 'Roof': 30, 'Chimney': 0, 'Tiles': 40})
        self.assertEqual(contract.bill_ids.mapped('title'), ["Start"])

    def test_empty_record_is_not_stored(self):
        """A row of the plan that was added and left empty is dropped, whoever saves the form."""
        contract = self.make.as_billed([1000])
        empty = {'date': '2026-05-01', 'title': False, 'amt_pct': False, 'milestone_id': False}
        contract.write({'bill_ids': [Command.create(empty), Command.create({**empty, 'amt_pct': '25%'})]})
        self.project.write({'progress_bill_ids': [Command.create(empty)]})
        self.assertEqual(contract.bill_ids.mapped('amt_pct'), ['25%'])
        filled = [Command.create(empty), Command.create({'title': "Start", 'planned_amount': 10})]
        new = self.env['progress.contract'].create({'project_id': self.project.id, 'bill_ids': filled})
        self.assertEqual(new.bill_ids.mapped('title'), ["Start"])
