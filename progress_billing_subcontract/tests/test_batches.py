from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestMixedBatches(ClaimCommon):
    """Customers' contracts and subcontracts chosen together: each as on its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.make.pro_forma([80000])
        cls.owner.line_ids.pending_amount = 1000
        cls.owner.action_run_billing()
        cls.owner_bill = cls.owner.bill_ids
        cls.claim = cls._accepted()
        cls.claim.line_ids[0].amount = 500
        cls.both = cls.owner_bill | cls.claim
        cls.mixed = cls._make_user('mixed', 'progress_billing.group_user,progress_billing.group_subcontract_manager')
        cls.standard_of_both = cls._make_user(
            'standard_of_both', 'progress_billing.group_user,progress_billing.group_subcontract_user'
        )

    def _submitted(self):
        self.both.action_submit()
        return self.both

    def test_screens(self):
        """Several of one kind in their list; a mixed choice, and none, in the customers'."""
        claims = self.env.ref('progress_billing_subcontract.action_progress_subcontract_bill').id
        contracts = self.env.ref('progress_billing_subcontract.action_progress_subcontract').id
        other = self._subcontract([100])
        invited = self.claim | self._claim(other, 10)
        action = invited._get_bill_action()
        self.assertEqual((action['id'], action['domain']), (claims, [('id', 'in', invited.ids)]))
        self.assertIn('list', [kind for _view, kind in action['views']])
        self.assertNotEqual(self.both._get_bill_action()['id'], claims)
        both = self.owner | self.contract
        action = (self.contract | other)._get_contract_action()
        self.assertEqual((action['id'], action['domain']), (contracts, [('id', 'in', (self.contract | other).ids)]))
        self.assertFalse(action.get('res_id'))
        self.assertNotEqual(both._get_contract_action()['id'], contracts)
        self.assertNotEqual(both.browse()._get_contract_action()['id'], contracts)
        self.assertNotEqual(both.action_view_bills()['id'], claims)
        self.assertEqual((self.contract | other).action_view_bills()['id'], claims)
        view = self.env.ref('progress_billing_subcontract.progress_subcontract_bill_view_form')
        self.assertEqual(self.claim._get_bill_action()['views'], [(view.id, 'form')])

    def test_mail_templates(self):
        """A claim's e-mail says whose it is; one of both kinds at once is the customers'."""
        own = self.env.ref('progress_billing_subcontract.mail_template_progress_claim')
        self.assertEqual(self.claim._get_mail_template(), own)
        for bills in (self.owner_bill, self.both, self.claim.browse()):
            self.assertNotEqual(bills._get_mail_template(), own)
        own.unlink()
        self.assertTrue(self.claim._get_mail_template(), "Without its own it goes with the others'.")

    def test_who_writes_what(self):
        """Standard on the customers' side and administrator of subcontracts: each alone, and both at once."""
        both = (self.owner | self.contract).with_user(self.mixed)
        both.write({'description': "Together"})
        self.assertEqual((self.owner | self.contract).mapped('description'), ["Together"] * 2)
        refused = (self.owner | self.contract).with_user(self.standard_of_both)
        self.assertRefused(
            lambda: refused.write({'description': "No"}), "Only administrators of Subcontract", error=AccessError
        )
        refused[0].write({'description': "Alone"})
        self.assertEqual((self.owner | self.contract).mapped('description'), ["Alone", "Together"])

    def test_change_orders_of_both(self):
        """A change order of the customer's and one of the subcontract's, by whoever keeps each."""
        changes = self.make.change(self.owner, {'name': "More", 'amount': 10}, approve=False)
        changes |= self.make.change(self.contract, {'name': "More", 'amount': 10}, approve=False)
        changes.with_user(self.mixed).write({'description': "Both"})
        self.assertEqual(changes.mapped('description'), ["Both", "Both"])
        mine = changes.with_user(self.standard_of_both)
        for act in (
            lambda: mine.write({'description': "No"}),
            lambda: mine.line_ids.write({'name': "No"}),
            mine.action_approve,
            mine.action_cancel,
            mine.unlink,
            mine.line_ids.unlink,
        ):
            self.assertRefused(act, "Only administrators of Subcontract", error=AccessError)
        mine[0].write({'description': "Alone"})
        self.assertEqual(changes.mapped('description'), ["Alone", "Both"])

    def test_submitted_together(self):
        """Both are handed in; only the claim says in whose name, and loses its empty lines."""
        self._submitted()
        self.assertEqual(self.both.mapped('state'), ['submitted', 'submitted'])
        self.assertRecordValues(
            self.both,
            [
                {'is_on_behalf': False, 'submitted_by_partner_id': False, 'claim_status': False},
                {
                    'is_on_behalf': True,
                    'submitted_by_partner_id': self.env.user.partner_id.id,
                    'claim_status': 'under_review',
                },
            ],
        )
        self.assertEqual(self.claim.line_ids.contract_line_id, self.contract.line_ids[0])
        self.assertFalse(self.owner_bill.activity_ids)

    def test_approved_together(self):
        """The claim becomes its vendor bill, the customer's pro forma waits for its release."""
        self._submitted().action_approve()
        self.assertEqual(self.claim.invoice_id.move_type, 'in_invoice')
        self.assertRecordValues(self.owner_bill, [{'state': 'approved', 'invoice_id': False}])
        self.owner_bill.action_release()
        self.assertEqual(self.owner_bill.invoice_id.move_type, 'out_invoice')

    def test_approved_with_a_rejected_line(self):
        """One line rejected keeps both where they are."""
        self._submitted()
        self.claim.line_ids.action_reject("No")
        self.assertRefused(self.both.action_approve, self.claim.display_name, "Works 1 is rejected")
        self.assertEqual(self.both.mapped('state'), ['submitted', 'submitted'])
        self.assertFalse(self.claim.invoice_id)

    def test_sent_back_together(self):
        """Without a reason notes are enough for the claim, not for the customer's; with one both get it."""
        self._submitted()
        self.claim.line_ids.action_reject("Not there")
        self.assertRefused(self.both.action_reject, "Say why")
        self.assertEqual(self.both.mapped('state'), ['submitted', 'submitted'])
        self.both.action_reject("Both of them")
        self.assertEqual(self.both.mapped('reject_reason'), ["Both of them", "Both of them"])
        self.assertEqual(len(self.claim.line_ids), 2, "All lines can be claimed again.")
        self.assertEqual(len(self.owner_bill.line_ids), 1)

    def test_cancelled_together(self):
        """Standard users cancel a customer's pro forma; a claim among them keeps both."""
        for bills in (self.both, self.claim | self.owner_bill, self.claim):
            self.assertRefused(
                bills.with_user(self.standard_of_both).action_cancel,
                "Only administrators of Subcontract Billing cancel or delete claims",
                error=AccessError,
            )
            self.assertRefused(
                bills.with_user(self.standard_of_both).unlink,
                "Only administrators of Subcontract Billing cancel or delete claims",
                error=AccessError,
            )
        self.owner_bill.with_user(self.standard_of_both).action_cancel()
        self.assertEqual(self.both.mapped('state'), ['cancelled', 'draft'])

    def test_vendor_bills_of_both(self):
        """Creating invoices of a mixed choice takes the rights of both sides."""
        mine = self.both.with_user(self.standard_of_both)
        self.assertRefused(
            mine.action_release, "Only administrators of Subcontract Billing make vendor bills", error=AccessError
        )
        mine[0].action_release()
        self.assertEqual(self.both.mapped('state'), ['invoiced', 'draft'])

    def test_exports_of_both(self):
        """Lists with a claim in them leave the house by administrators."""
        self.standard_of_both.group_ids += self.env.ref('base.group_allow_export')
        mine = self.both.with_user(self.standard_of_both)
        self.assertTrue(mine[0].export_data(['name'])['datas'])
        words = "Only administrators of Subcontract Billing export claims"
        for act in (
            lambda: mine.export_data(['name']),
            lambda: mine.line_ids.export_data(['amount']),
            lambda: mine[1].export_data(['name']),
        ):
            self.assertRefused(act, words, error=AccessError)
        self.assertTrue(mine[0].line_ids.export_data(['amount'])['datas'])

    def test_rates_of_both(self):
        """A customer's rates are Standard's as ever; of a claim they are administrators'."""
        lines = (self.owner_bill.line_ids | self.claim.line_ids).with_user(self.standard_of_both)
        for name in ('retainage_percent', 'stored_retainage_percent'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: lines.write({name: 3}), "set the retainage of a claim", error=AccessError
                )
        self.assertEqual(self.claim.line_ids.mapped('retainage_percent'), [10, 10])
        lines.with_user(self.sub_manager)[1:].write({'retainage_percent': 3})
        self.assertEqual(self.claim.line_ids.mapped('retainage_percent'), [3, 3])

    def test_invited_by_standard(self):
        self._add_invoice_contact(self.owner, self.mason, 'approver')
        mine = self.contract.with_user(self.standard_of_both)
        self.assertRefused(mine.action_invite, "Only administrators", error=AccessError)
        both = (self.owner | self.contract).with_user(self.standard_of_both)
        self.assertRefused(both.action_invite, regex="Only administrators|not allowed", error=AccessError)
        self.assertEqual(self.contract.bill_ids, self.claim)

    def test_reminders_of_both(self):
        """Customers' bills are not reminded of by the office's button for claims."""
        self.owner_bill.action_submit()
        self._add_invoice_contact(self.owner, self.mason, 'approver')
        self.both.action_remind()
        self.assertNotIn('reminder', self.owner_bill.notice_ids.mapped('kind'))
        self.assertIn('reminder', self.claim.notice_ids.mapped('kind'))
        self.assertRefused(self.owner_bill.action_remind, "There is nobody to remind")


@tagged('post_install', '-at_install')
class TestManyClaims(ClaimCommon):
    """Many subcontracts of a project at once: invited, accepted, handed in, approved, each as if alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = cls.contract
        for number in range(3):
            contract = cls._subcontract([1000 * (number + 1)], cls.input_tax, retainage_percent=5 * number)
            cls._add_invoice_contact(contract, cls.mason)
            cls.many |= contract

    def test_one_after_the_other(self):
        bills = self._invite(self.many)
        self.assertEqual(bills.contract_id, self.many)
        self.assertEqual(len(bills), 4)
        bills.action_accept()
        self.assertEqual(len(set(bills.mapped('name'))), 4, "Each its own number.")
        self.assertEqual(bills.mapped('line_ids.contract_line_id'), self.many.line_ids)
        for number, contract in enumerate(self.many, 1):
            contract.bill_ids.line_ids[0].amount = 100 * number
        bills.action_submit()
        self.assertEqual(set(bills.mapped('claim_status')), {'under_review'})
        bills.action_approve()
        for number, (contract, rate) in enumerate(zip(self.many, (10, 0, 5, 10), strict=True), 1):
            move = contract.bill_ids.invoice_id
            with self.subTest(contract=contract.name):
                self.assertEqual(move.partner_id, contract.partner_id)
                self.assertEqual(move.amount_untaxed, 100 * number * (1 - rate / 100))
        bills.invoice_id.action_post()
        self.assertLedger(bills.invoice_id, expense=1000, input_tax=100, payable_retainage=-65, payable=-1035)

    def test_one_with_nothing_on_it(self):
        """Handed in together, one is empty: it is named, and none is handed in."""
        bills = self._invite(self.many)
        bills.action_accept()
        for bill in bills[1:]:
            bill.line_ids[0].amount = 5
        self.assertRefused(bills.action_submit, "Nothing is claimed on", bills[0].display_name)
        self.assertEqual(set(bills.mapped('claim_status')), {'draft'})

    def test_declined_in_one_go(self):
        bills = self._invite(self.many)
        bills[0].action_accept()
        bills[0].line_ids[0].amount = 5
        bills.action_decline("Holidays")
        self.assertEqual(set(bills.mapped('claim_status')), {'declined'})
        self.assertEqual(set(bills.mapped('decline_reason')), {"Holidays"})
        self.assertFalse(bills.line_ids)
        self.assertTrue(all(bills.mapped('answered_on')))
        action = self.project.action_invite_subcontracts()
        self.assertIn("Answered already", action['params']['message'])
        self.assertIn("Declined", action['params']['message'])
        again = self._invite(self.many)
        self.assertFalse(again, "No second claim of the period.")
        self.assertRecordValues(bills, [{'claim_status': 'invited', 'decline_reason': False, 'answered_on': False}] * 4)

    def test_a_number_of_many(self):
        """Written to several at once it is refused, an empty one too much is none; on one it is kept."""
        bills = self._invite(self.many)
        self.assertRefused(lambda: bills.write({'vendor_reference': 'R-1'}), "that of one claim", error=ValidationError)
        bills.write({'vendor_reference': ' '})
        self.assertEqual(set(bills.mapped('vendor_reference')), {False})

    def test_a_number_taken_while_declined(self):
        """The number of a declined claim is free; invited again it does not come back beside its new owner."""
        first, second = self._invite(self.many[:2]).sorted('id')
        first.vendor_reference = 'R-1'
        first.action_decline("No")
        second.vendor_reference = 'R-1'
        self.assertRefused(first.action_invite, "R-1", "is on", error=ValidationError)
        self.assertEqual(first.claim_status, 'declined')
        second.vendor_reference = 'R-2'
        first.action_invite()
        self.assertRecordValues(first | second, [{'vendor_reference': 'R-1'}, {'vendor_reference': 'R-2'}])

    def test_a_number_taken_for_good(self):
        """Where the other claim keeps the number, the declined one gets another and is invited again."""
        first, second = self._invite(self.many[:2]).sorted('id')
        first.vendor_reference = 'R-1'
        first.action_decline("No")
        second.vendor_reference = 'R-1'
        second._write_protected({'review_state': 'submitted'})
        self.assertRefused(first.action_invite, "R-1", "is on", error=ValidationError)
        first.vendor_reference = 'R-3'
        first.action_invite()
        self.assertRecordValues(first, [{'vendor_reference': 'R-3', 'claim_status': 'invited'}])

    def test_created_with_numbers(self):
        """Two claims created at once with their own numbers keep them apart."""
        vals = {'date': '2026-03-20'}
        bills = self.env['progress.bill'].create(
            [
                {**vals, 'contract_id': self.many[0].id, 'vendor_reference': 'A'},
                {**vals, 'contract_id': self.many[1].id},
                {**vals, 'contract_id': self.many[2].id, 'vendor_reference': ' B'},
            ]
        )
        self.assertEqual(bills.mapped('vendor_reference'), ['A', False, 'B'])
        twins = [{**vals, 'contract_id': contract.id, 'vendor_reference': 'C'} for contract in self.many[:2]]
        self.assertRefused(lambda: self.env['progress.bill'].create(twins), "C", "is on", error=ValidationError)

    def test_released_for_many(self):
        """Retainage of all that hold some, each in a claim of its own; who holds none is left alone."""
        for contract in self.many:
            self._claim(contract, 1000, post=True, date='2026-02-15')
        before = self.many.bill_ids
        action = self.many.action_release_all_retainage()
        releases = self.many.bill_ids - before
        self.assertEqual(releases.contract_id, self.many - self.many[1])
        self.assertEqual(sorted(releases.mapped('released_retainage_amount')), [50, 100, 100])
        self.assertEqual(action['domain'], [('id', 'in', releases.ids)])
        names = self.many[1].display_name
        self.assertRefused(self.many[1].action_release_all_retainage, "No retainage is held on", names)

    def test_orders_follow_many_changes(self):
        """A change order on each of two lines, and a new one: the order has what the subcontract has."""
        contract = self._subcontract([1000, 500], self.input_tax)
        order = contract.purchase_order_ids
        first, second = contract.line_ids
        self.make.change(
            contract,
            {'contract_line_id': first.id, 'amount': 100},
            {'contract_line_id': second.id, 'amount': -50},
            {'name': "Chimney", 'amount': 75, 'tax_ids': [Command.set(self.input_tax.ids)]},
        )
        self.assertEqual(order.order_line.mapped('price_subtotal'), [1100, 450, 75])
        self.assertRecordValues(
            order.order_line[2],
            [
                {
                    'name': "Chimney",
                    'product_qty': 1,
                    'product_id': self.works.id,
                    'tax_ids': self.input_tax.ids,
                    'is_progress_billed': True,
                    'progress_billed_amount': 0,
                }
            ],
        )
        self.assertEqual((order.amount_untaxed, order.amount_total), (1625, 1787.5))
        self.assertGreater(order.order_line[2].sequence, max(order.order_line[:2].mapped('sequence')))
