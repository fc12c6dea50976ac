from odoo import Command
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestContinue(ProgressTimesheetCommon):
    """One screen over several contracts of a customer: a bill each, all or none, one at a time if asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.make.contract([10000], cls.tax_15, hourly_rate=100)
        cls.barn = cls.make.project(name="Barn")
        cls.second = cls.make.as_billed([4000], project=cls.barn, hourly_rate=50)
        cls.house_entry = cls._make_entry(6)
        cls.barn_entry = cls._make_entry(5, project_id=cls.barn.id, task_id=cls._make_task(cls.barn).id)

    def _customer_screen(self, **vals):
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31', **vals})
        wizard.tick_entries(True)
        return wizard, *wizard.child_ids.sorted(lambda child: child.contract_id.id)

    # === ONE AT A TIME === #

    def test_one_record_by_itself(self):
        """A caller continues one contract's record: the other is billed with the record above, or not at all."""
        wizard, first, second = self._customer_screen()
        first.wip_bill_amount, second.wip_bill_amount = 700, 300
        action = first.action_continue()
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', first.bill_id.invoice_id.id))
        self.assertEqual((first.bill_id.amount, self.second.bill_ids.ids, wizard.bill_id.ids), (700, [], []))
        self.assertTrue(self.house_entry.progress_bill_id)
        self.assertFalse(self.barn_entry.progress_bill_id)
        action = wizard.action_continue()
        self.assertEqual(second.bill_id.amount, 300)
        self.assertEqual(set(action['domain'][0][2]), set((first | second).bill_id.invoice_id.ids))
        self.assertEqual((len(self.first.bill_ids), len(self.second.bill_ids)), (1, 1))
        self.assertTrue(wizard.bill_id)
        for again in (wizard, first, second):
            again.action_continue()
        self.assertEqual((len(self.first.bill_ids), len(self.second.bill_ids)), (1, 1))

    def test_nothing_on_one_of_them(self):
        """A contract without an amount gets no bill, now or when it is called again."""
        wizard, first, second = self._customer_screen()
        second.wip_bill_amount = 300
        wizard.action_continue()
        self.assertEqual((second.bill_id.amount, first.bill_id.ids), (300, []))
        self.assertFalse(self.house_entry.progress_bill_id)
        self.assertEqual(wizard.action_continue()['res_id'], second.bill_id.invoice_id.id)
        self.assertFalse(self.first.bill_ids)
        self.assertRefused(first.action_continue, "There is nothing to bill on", self.first.display_name)

    def test_all_or_none(self):
        """One that cannot be billed stops all, and is named."""
        wizard, first, second = self._customer_screen()
        first.wip_bill_amount, second.wip_bill_amount = 700, 4000.01
        self.assertRefused(wizard.action_continue, "cannot exceed WIP available", self.second.display_name)
        self.assertFalse((self.first | self.second).bill_ids)
        self.assertFalse((first | second | wizard).bill_id)
        self.assertFalse((self.house_entry | self.barn_entry).progress_bill_id)

    # === THE FINAL === #

    def test_final_of_several_contracts(self):
        """All that remains of each on a final of its own; both are closed, the ledger of both jobs is whole."""
        self._create_bill(self.first, None, 2500).invoice_id.action_post()
        self._create_bill(self.second, None, 1000).invoice_id.action_post()
        wizard, first, second = self._customer_screen(is_final=True)
        self.assertEqual((first.is_final, second.is_final), (True, True))
        self.assertEqual((first.wip_bill_amount, second.wip_bill_amount, wizard.net_amount), (7500, 3000, 10500))
        wizard.action_continue()
        finals = (first | second).bill_id
        self.assertEqual(finals.mapped('kind'), ['final', 'final'])
        self.assertEqual(
            (first.bill_id.invoice_id.amount_untaxed, second.bill_id.invoice_id.amount_untaxed), (7500, 3000)
        )
        self.assertEqual(self.house_entry.timesheet_invoice_id, first.bill_id.invoice_id)
        self.assertEqual(self.barn_entry.timesheet_invoice_id, second.bill_id.invoice_id)
        finals.invoice_id.action_post()
        self.assertLedgerLines(first.bill_id.invoice_id, self.income_account, -10000)
        self.assertLedgerLines(first.bill_id.invoice_id, self.deposit_account, 2500)
        self.assertLedgerLines(second.bill_id.invoice_id, self.income_account, -3000)
        self.assertEqual((self.first | self.second).mapped('state'), ['closed', 'closed'])
        self.assertDeposits(self.first, 0)
        self.assertRefused(self.customer.action_progress_bill, "has no open contract with a fixed fee")

    def test_final_stopped_by_one(self):
        """A draft on one contract: no final for either."""
        self._create_bill(self.second, None, 1000)
        wizard, _first, _second = self._customer_screen(is_final=True)
        self.assertRefused(wizard.action_continue, self.second.display_name)
        self.assertFalse((self.first | self.second).final_bill_id)

    def test_what_is_left_out_is_said(self):
        """A contract of the customer that cannot be billed now is not on the screen, which says so and why."""
        self.assertFalse(self._customer_screen()[0].blockers)
        self.second.action_create_final_invoice()
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        self.assertEqual(wizard.child_ids.contract_id, self.first)
        self.assertRegex(wizard.blockers, f"^Not on this screen: {self.second.display_name}. .*final")
        self.assertFalse(wizard.child_ids.blockers)

    def test_final_of_a_contract_for_several_customers(self):
        """Billed as billed each customer of the schedule has a final: hours and products are on the contract's own."""
        tenant = self.env['res.partner'].create({'name': "Tenant"})
        shop = self.make.project(name="Shop")
        contract = self.make.as_billed([600, 400], project=shop, hourly_rate=100)
        contract.line_ids[1].partner_id = tenant
        entry = self._make_entry(2, project_id=shop.id, task_id=self._make_task(shop).id)
        wizard = self._open(contract, entry, is_final=True)
        self.assertEqual(wizard.net_amount, 1000)
        wizard.action_continue()
        finals = contract.bill_ids
        own = finals.filtered(lambda bill: bill.partner_id == self.customer)
        self.assertEqual((len(finals), own.amount, (finals - own).amount), (2, 600, 400))
        self.assertEqual((wizard.bill_id, own.entry_ids.analytic_line_id), (own, entry))
        self.assertFalse((finals - own).entry_ids)
        finals.invoice_id.action_post()
        self.assertEqual(contract.state, 'closed')

    def test_progress_of_a_contract_for_several_customers(self):
        """The screen bills the contract's own customer, and no more than their lines have left."""
        tenant = self.env['res.partner'].create({'name': "Tenant"})
        contract = self.make.as_billed([600, 400], project=self.make.project(name="Shop"))
        contract.line_ids[1].partner_id = tenant
        wizard = self._open(contract, None, 600)
        wizard.action_continue()
        self.assertEqual((wizard.bill_id.partner_id, wizard.bill_id.line_ids.mapped('amount')), (self.customer, [600]))
        self.assertRefused(self._open(contract, None, 100).action_continue, contract.display_name)
        self.assertEqual(len(contract.bill_ids), 1)

    # === WHAT A CALLER SENDS === #

    def test_by_a_caller(self):
        """Public names with plain values; entries of several contracts go to the record of their project."""
        wizard = self.env['progress.bill.create'].create(
            {
                'partner_id': self.customer.id,
                'date': '2026-01-31',
                'time_line_ids': [Command.set((self.house_entry | self.barn_entry).ids)],
            }
        )
        figures = wizard.read(['total_hours', 'selected_hours', 'selected_time_amount', 'wip_available'])[0]
        self.assertEqual(
            {name: value for name, value in figures.items() if name != 'id'},
            {'total_hours': 11, 'selected_hours': 11, 'selected_time_amount': 850, 'wip_available': 14000},
        )
        wizard.action_bill_selected()
        self.assertEqual(sorted(wizard.child_ids.mapped('wip_bill_amount')), [250, 600])
        wizard.action_bill_remaining()
        self.assertEqual(sorted(wizard.child_ids.mapped('wip_bill_amount')), [4000, 10000])
        stranger = self._make_entry(1, project_id=self.make.project(name="Elsewhere").id)
        self.assertRefused(
            lambda: self.env['progress.bill.create'].create(
                {
                    'partner_id': self.customer.id,
                    'date': '2026-01-31',
                    'time_line_ids': [Command.set(stranger.ids)],
                }
            ),
            "is no time entry of the project of",
            error=Exception,
        )
