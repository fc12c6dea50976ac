from odoo import Command
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.concurrency_common import ConcurrencyCommon


@tagged('post_install', '-at_install')
class TestNumberAtOnce(ConcurrencyCommon):
    """Two sessions type the same invoice number at the same moment: one has it, the other a sentence (HRS-11)."""

    NUMBER = 'PBCON/2026/00001'

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            env['progress.bill'].browse(self.bill_ids).unlink()
            line = {'name': "Work", 'original_amount': 1000, 'account_id': self.income_id, 'tax_ids': False}
            other = env['progress.contract'].create({**self.vals, 'line_ids': [Command.create(line)]})
            other.action_open()
            self.other_id = other.id
            self.bill_ids = []

    def _make_screens(self, **vals):
        with self.registry.cursor() as cr:
            wizards = self._env(cr)['progress.bill.create'].create(
                [
                    {
                        'contract_id': contract,
                        'date': '2026-01-31',
                        'wip_bill_amount': 100,
                        'invoice_number': self.NUMBER,
                        **vals,
                    }
                    for contract in (self.contract_id, self.other_id)
                ]
            )
            return wizards.ids

    def _delete_contract(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            env['progress.bill.create'].search([('contract_id', 'in', (self.contract_id, self.other_id))]).unlink()
            other = env['progress.contract'].browse(self.other_id)
            other.invoice_ids.filtered(lambda move: move.state == 'posted').button_draft()
            other.invoice_ids.unlink()
            other.bill_ids.unlink()
            other.unlink()
        return super()._delete_contract()

    def test_continue_at_once(self):
        ids = self._make_screens()
        results = self._at_once(
            *(lambda env, number=number: env['progress.bill.create'].browse(number).action_continue() for number in ids)
        )
        errors = [result for result in results if isinstance(result, Exception)]
        self.assertEqual(len(errors), 1, results)
        self.assertRegex(str(errors[0]), f"The number {self.NUMBER} is taken. The next one of .* is PBCON/2026/00002")
        with self.registry.cursor() as cr:
            bills = self._env(cr)['progress.bill'].search([('contract_id', 'in', (self.contract_id, self.other_id))])
            self.assertEqual(bills.mapped('invoice_id.name'), [self.NUMBER])

    def test_release_at_once(self):
        """Two pro formas with the same number: one becomes the invoice, the other waits for another number."""
        with self.registry.cursor() as cr:
            contracts = self._env(cr)['progress.contract'].browse((self.contract_id, self.other_id))
            contracts.use_pro_forma = True
        ids = self._make_screens()
        with self.registry.cursor() as cr:
            wizards = self._env(cr)['progress.bill.create'].browse(ids)
            for wizard in wizards:
                wizard.action_continue()
            bills = wizards.bill_id
            self.assertEqual(bills.mapped('state'), ['draft', 'draft'])
        results = self._at_once(
            *(lambda env, number=number: env['progress.bill'].browse(number).action_release() for number in bills.ids)
        )
        errors = [result for result in results if isinstance(result, Exception)]
        self.assertEqual(len(errors), 1, results)
        self.assertRegex(str(errors[0]), f"The number {self.NUMBER} is taken")
        with self.registry.cursor() as cr:
            bills = self._env(cr)['progress.bill'].browse(bills.ids)
            self.assertEqual(sorted(bills.mapped('state')), ['draft', 'invoiced'])
            self.assertEqual(bills.invoice_id.name, self.NUMBER)
