from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestNextStep(ProgressBillingCommon):
    """The one button: what it says, and what it does."""

    def _see(self, contract):
        """The contract as a person who has just loaded the form presses its button."""
        contract.invalidate_recordset()
        return contract.with_context(active_model='progress.bill', active_id=contract.next_bill_id.id)

    def test_plan_then_final(self):
        contract = self.make.contract([1000], self.tax_15)
        self.assertRecordValues(contract, [{'next_step': 'claim', 'next_step_text': "Next: Create a bill"}])
        year = fields.Date.today().year + 1
        first, second = (
            self.env['progress.bill'].create(
                {'contract_id': contract.id, 'title': f"Instalment {number}", 'amt_pct': '50%', 'date': date}
            )
            for number, date in ((1, f'{year}-03-01'), (2, f'{year}-12-25'))
        )
        self.assertEqual(contract.next_bill_id, first)
        self.assertEqual(contract.next_step_text, f"Next: Instalment 1, Mar 1, {year}, $\xa0500.00")
        seen = self._see(contract)
        action = seen.action_next_step()
        self.assertEqual(action['res_id'], first.invoice_id.id)
        self.assertEqual((first.state, second.state), ('invoiced', 'planned'))
        # pressed again before the page is loaded anew, or by a colleague: nothing more is billed
        action = seen.action_next_step()
        self.assertEqual((action['res_model'], action['res_id']), ('progress.bill', first.id))
        self.assertEqual(second.state, 'planned')
        self.assertEqual(contract.next_step, 'show')
        self.assertEqual(contract.next_step_text, f"Next: Post invoice of {first.name}, $\xa0500.00")
        first.action_post_invoice()
        self.assertEqual(first.invoice_state, 'posted')
        action = seen.action_next_step()
        self.assertEqual((action['res_model'], action['res_id'], second.state), ('progress.bill', first.id, 'planned'))
        self._see(contract).action_next_step()
        self.assertEqual(second.state, 'invoiced')
        second.action_post_invoice()
        self.assertRecordValues(contract, [{'next_step': 'final', 'next_step_text': "Next: Final invoice"}])
        contract.line_ids.completed_percent = 100
        contract.action_next_step()
        self.assertTrue(contract.final_bill_id)
        contract.final_bill_id.action_post_invoice()
        self.assertRecordValues(contract, [{'state': 'closed', 'next_step': False, 'next_step_text': False}])
        self.assertEqual(contract.billed_amount, 1000)

    def test_undated_bills_come_last(self):
        """Newest first or oldest first: what waits for a milestone is below."""
        contract = self.make.contract([1000])
        dates = ('2026-01-31', False, '2026-03-31')
        early, undated, late = (self.make.plan(contract, '10%', date) for date in dates)
        ours = [('contract_id', '=', contract.id)]
        self.assertEqual(early.search(ours, order='date desc, id desc'), late + early + undated)
        self.assertEqual(early.search(ours, order='date, id'), early + late + undated)
        self.assertEqual(early.search(ours, order='date desc nulls first'), undated + late + early)

    def test_run_and_pro_forma(self):
        contract = self.make.pro_forma([1000], self.tax_15)
        contract.line_ids.completed_percent = 30
        self.assertEqual(contract.next_step_text, "Next: Bill what is pending, $\xa0300.00")
        self.assertEqual(contract.action_next_step()['res_model'], 'progress.run.wizard')
        bill = self.billing.run(contract)
        self.assertEqual(contract.next_step_text, f"Next: Invoice pro forma {bill.name}, $\xa0300.00")
        bill.action_submit()
        self.assertEqual(contract.next_step_text, f"Next: Approve {bill.name}, $\xa0300.00")
        # looking at a draft never changes it, however often the button is pressed
        self.assertEqual(self._see(contract).action_next_step()['res_id'], bill.id)
        self.assertEqual(bill.state, 'submitted')

    def test_readers_may_not(self):
        contract = self.make.contract([1000])
        self.env['progress.bill'].create({'contract_id': contract.id, 'amt_pct': '50%'})
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            contract.with_user(self.reader).action_next_step()

    def test_undo_draft_invoice(self):
        """Undo on the bill deletes its draft invoice: planned again; what was posted is credited instead."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.env['progress.bill'].create({'contract_id': contract.id, 'title': "Start", 'amt_pct': '40%'})
        bill.action_create()
        invoicer = new_test_user(
            self.env,
            login='screen_invoicer',
            name="A. Invoice",
            groups='account.group_account_invoice,progress_billing.group_user',
            company_id=self.company.id,
        )
        self.assertRegex(bill.poster_names, r"^A\. Invoice\b")
        self.assertEqual((bill.draft_amount, bill.actual_amount), (400, 0))
        bill.with_user(invoicer).action_undo()
        self.assertRecordValues(bill, [{'state': 'planned', 'invoice_id': False, 'draft_amount': 0}])
        self.assertEqual(contract.wip_available, 1000)
        bill.action_create()
        bill.with_user(invoicer).action_post_invoice()
        self.assertEqual((bill.draft_amount, bill.actual_amount), (0, 400))
        self.assertFalse(bill.poster_names)
        with self.assertRaisesRegex(UserError, "has no draft invoice to undo"):
            bill.with_user(invoicer).action_undo()

    def test_sums_leave_cancelled_out(self):
        """In a list of bills, Planned, Draft and Invoiced add up to the contract's own figures."""
        contract = self.make.contract([1000], self.tax_15)
        bills = self.env['progress.bill'].create(
            [{'contract_id': contract.id, 'amt_pct': amount} for amount in ('300.00', '200.00', '100.00')]
        )
        bills[0].action_cancel()
        bills[1].action_create()
        self.assertEqual(bills.mapped('standing_planned_amount'), [0, 200, 100])
        self.assertEqual(bills[0].planned_amount, 300, "what was planned is kept for Plan Again")
        self.assertEqual(sum(bills.mapped('draft_amount')), contract.draft_amount)
        bills[1].action_post_invoice()
        self.assertEqual(sum(bills.mapped('actual_amount')), contract.actual_amount)
        self.assertEqual(sum(bills.line_ids.mapped('actual_amount')), 200)

    def test_customer_of_the_tab(self):
        """Who is chosen on the tab becomes the project's customer where it has none, and never replaces one."""
        project = self.make.project(partner_id=False)
        other = self.env['res.partner'].create({'name': "Another"})
        project.progress_partner_id = self.customer
        self.assertEqual((project.partner_id, project.progress_contract_id.partner_id), (self.customer,) * 2)
        project.progress_partner_id = other
        self.assertEqual(project.partner_id, self.customer)

    def test_columns_of_the_kanban(self):
        """Draft, Open, Closed: in the order of a contract's life, also where one is empty."""
        self.make.contract([1000])
        groups = (
            self.env['progress.contract']
            .with_context(read_group_expand=True)
            .formatted_read_group([('company_id', '=', self.company.id)], ['state'], ['__count'])
        )
        self.assertEqual([group['state'] for group in groups], ['draft', 'open', 'closed'])

    def test_calendar_says_project_and_title(self):
        contract = self.make.contract([1000])
        bill = self.env['progress.bill'].create({'contract_id': contract.id, 'title': "Roof", 'amt_pct': '5%'})
        self.assertEqual(bill.calendar_title, "House: Roof")
        self.assertEqual(self.env['progress.payment.schedule'].search([]).mapped('calendar_title'), ["House: Roof"])
        self.assertIn('calendar_title', self.env['progress.bill'].get_view(view_type='calendar')['arch'])

    def test_empty_row_of_the_plan_is_invalid(self):
        """A row that is added and left alone is dropped by the form, as it asks for a title."""
        contract = self.make.contract([1000])
        with Form(contract) as form, self.assertRaises(AssertionError), form.bill_ids.new():
            pass
        self.assertFalse(contract.bill_ids)
