from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestReviewTable(ProgressBillingCommon):
    """Review and correction, state by state (REV-4 to REV-10)."""

    def _bill_in(self, state):
        """A bill of 500 of 1,000 in a state."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '50%')
        if state == 'planned':
            return bill
        bill.action_create()
        steps = {
            'draft': (),
            'submitted': ('action_submit',),
            'approved': ('action_approve',),
            'invoiced': ('action_release',),
            'cancelled': ('action_cancel',),
        }
        if state == 'rejected':
            bill.action_submit()
            bill.action_reject("Roof")
        for name in steps.get(state, ()):
            getattr(bill, name)()
        self.assertEqual(bill.state, state)
        return bill

    def test_steps(self):
        """From which state each step can be taken, where it leads, and the sentence of the others."""
        states = ('planned', 'draft', 'submitted', 'approved', 'rejected', 'invoiced', 'cancelled')
        for step, possible, word, result in (
            ('action_submit', ('draft', 'submitted', 'rejected'), "submitted", 'submitted'),
            ('action_approve', ('draft', 'submitted', 'approved'), "approved", 'approved'),
            ('action_reject', ('submitted', 'approved', 'rejected'), "rejected", 'rejected'),
        ):
            for state in states:
                with self.subTest(step=step, state=state):
                    bill = self._bill_in(state)
                    values = ("No",) if step == 'action_reject' else ()
                    if state in possible:
                        action = getattr(bill, step)(*values)
                        self.assertEqual((bill.state, action['res_id']), (result, bill.id))
                        continue
                    self.assertRefused(
                        lambda bill=bill, step=step, values=values: getattr(bill, step)(*values),
                        f"{bill.display_name} cannot be {word}: its status is “{bill._get_state_label()}”.",
                    )
                    self.assertEqual(bill.state, state)

    def test_all_or_none(self):
        """One bill that cannot take a step leaves the others where they are."""
        good, bad = self._bill_in('draft'), self._bill_in('invoiced')
        for step in ('action_submit', 'action_approve'):
            self.assertRefused(getattr(good | bad, step), bad.display_name)
        submitted = self._bill_in('submitted')
        self.assertRefused(lambda: (submitted | bad).action_reject("No"), bad.display_name)
        self.assertEqual((good | submitted).mapped('state'), ['draft', 'submitted'])

    def test_who_approved(self):
        """Approval keeps who and when; a rejection takes it off and keeps why, until the claim is handed in again."""
        bill = self._bill_in('approved')
        self.assertRecordValues(
            bill,
            [
                {
                    'approved_by_id': self.env.user.id,
                    'approved_by_partner_id': self.env.user.partner_id.id,
                    'reject_reason': False,
                }
            ],
        )
        self.assertTrue(bill.approved_on)
        bill.action_reject("  Roof  ")
        self.assertRecordValues(
            bill,
            [
                {
                    'approved_by_id': False,
                    'approved_by_partner_id': False,
                    'approved_on': False,
                    'reject_reason': "Roof",
                }
            ],
        )
        self.assertTrue(bill.message_ids.filtered(lambda message: "Rejected: Roof" in message.body))
        bill.action_submit()
        self.assertFalse(bill.reject_reason)

    def test_said_twice(self):
        """A step taken again changes nothing: neither the reason nor who approved."""
        bill = self._bill_in('rejected')
        messages = bill.message_ids
        bill.action_reject("Other reason")
        self.assertEqual((bill.reject_reason, bill.message_ids), ("Roof", messages))

    def test_reasons(self):
        """A rejection says why, in words."""
        bill = self._bill_in('submitted')
        for reason in (False, None, '', '  \n '):
            self.assertRefused(
                lambda reason=reason: bill.action_reject(reason), "Say why, so that the bill can be revised."
            )
        for reason in (True, 17, ['Roof'], 'a\x00b'):
            self.assertRefused(lambda reason=reason: bill.action_reject(reason), "is not a text")
        self.assertEqual((bill.state, bill.reject_reason), ('submitted', False))

    def test_silent_approval(self):
        """Approval without a word leaves no message of words."""
        bill = self._bill_in('approved')
        self.assertFalse(bill.message_ids.filtered(lambda message: "Approved:" in (message.body or '')))

    def test_dialogs(self):
        """Reject asks for the reason of all; Send is Odoo's composer: one bill as a comment, several as a mailing."""
        one, two = self._bill_in('submitted'), self._bill_in('submitted')
        action = (one | two).action_reject_wizard()
        self.assertEqual(
            (action['res_model'], action['context']), ('progress.reject.wizard', {'default_bill_ids': (one | two).ids})
        )
        template = self.env.ref('progress_billing.mail_template_progress_bill')
        for bills, mode in ((one, 'comment'), (one | two, 'mass_mail')):
            context = bills.action_send()['context']
            self.assertEqual(
                (context['default_res_ids'], context['default_composition_mode'], context['default_template_id']),
                (bills.ids, mode, template.id),
            )
            self.assertEqual(context['default_model'], 'progress.bill')
        self.assertRefused(one.with_user(self.reader).action_send, "not allowed to modify", error=AccessError)

    # === ORDER OF RELEASE === #

    def test_oldest_first(self):
        """An older pro forma of the customer and location goes first; others, later and released ones do not matter."""
        other = self.env['res.partner'].create({'name': "Other"})
        site = self.env['res.partner'].create({'name': "Site"})
        contract = self.make.pro_forma([1000])
        dates = ('2026-01-31', '2026-02-28', '2026-02-28', '2026-03-31')
        bills = [self.make.plan(contract, '10%', day) for day in dates]
        for bill in bills:
            bill.action_create()
        first, second, third, last = bills
        sentence = f"Invoice {first.display_name} first: it comes before {third.display_name}. The oldest pro forma"
        self.assertRefused(third.action_release, sentence)
        first._write_protected({'partner_id': other.id})
        self.assertRefused(third.action_release, f"Invoice {second.display_name} first")
        first._write_protected({'partner_id': self.customer.id, 'partner_shipping_id': site.id})
        self.assertRefused(third.action_release, f"Invoice {second.display_name} first")
        second._write_protected({'partner_id': other.id})
        third.action_release()
        self.assertEqual((first | second | third | last).mapped('state'), ['draft', 'draft', 'invoiced', 'draft'])
        first._write_protected({'partner_shipping_id': False})
        self.assertRefused(last.action_release, f"Invoice {first.display_name} first")
        (first | last).action_release()
        self.assertEqual((first | last).mapped('state'), ['invoiced', 'invoiced'])

    # === CORRECTION === #

    def test_correctable(self):
        """Only what has a posted invoice that nobody credited is corrected; each refusal says what to do."""
        nothing = "has no posted invoice to correct. Change the bill, or delete its draft invoice first."
        for state in ('planned', 'draft', 'submitted', 'approved', 'rejected', 'invoiced', 'cancelled'):
            with self.subTest(state):
                bill = self._bill_in(state)
                self.assertRefused(bill.action_correct, f"{bill.display_name} {nothing}")
                self.assertEqual((bill.state, bill.correction_number), (state, 0))

    def test_credited_is_not_corrected(self):
        """A draft credit note is decided on first; what was credited in part is credited in full."""
        bill = self._bill_in('invoiced')
        bill.invoice_id.action_post()
        refund = bill.invoice_id._reverse_moves([{}])
        self.assertRefused(
            bill.action_correct,
            f"{bill.display_name}: post or delete the draft credit note {refund.display_name} of its invoice first.",
        )
        refund.invoice_line_ids[:1].price_unit = 100
        refund.action_post()
        self.assertRefused(
            bill.action_correct,
            f"{bill.display_name} was credited in part. Credit the rest of {bill.invoice_id.name} and bill again.",
        )
        self.assertEqual((bill.state, bill.correction_number), ('invoiced', 0))

    def test_corrected(self):
        """The credit note: full, of today, with its reason; the bill: a pro forma of the next revision."""
        bill = self._bill_in('invoiced')
        invoice = bill.invoice_id
        invoice.action_post()
        before = bill.revision
        bill.action_correct()
        self.assertEqual(bill.revision, before + 1)
        credit = invoice.reversal_move_ids
        today = self.company._get_progress_today()
        self.assertRecordValues(
            credit,
            [
                {
                    'state': 'posted',
                    'amount_total': invoice.amount_total,
                    'invoice_date': today,
                    'date': today,
                    'ref': f"Correction of {invoice.name}",
                }
            ],
        )
        self.assertRecordValues(
            bill, [{'state': 'draft', 'correction_number': 1, 'approved_on': False, 'invoice_id': False}]
        )
        self.assertEqual(bill.contract_id.draft_amount, 500)

    def test_many_corrected(self):
        """Several in one call, each with a credit note of its own; one that cannot be leaves all as they were."""
        bills = self._bill_in('invoiced') | self._bill_in('invoiced')
        bills.invoice_id.action_post()
        bad = self._bill_in('draft')
        self.assertRefused((bills | bad).action_correct, bad.display_name)
        self.assertEqual(bills.mapped('state'), ['invoiced', 'invoiced'])
        invoices = bills.invoice_id
        bills.action_correct()
        self.assertEqual([len(invoice.reversal_move_ids) for invoice in invoices], [1, 1])
        self.assertEqual(invoices.reversal_move_ids.mapped('ref'), [f"Correction of {move.name}" for move in invoices])

    def test_rights(self):
        """Readers take no step; billing users submit and correct, and neither approve nor reject."""
        bill = self._bill_in('draft')
        for name, values in (
            ('action_submit', ()),
            ('action_approve', ()),
            ('action_reject', ("No",)),
            ('action_correct', ()),
        ):
            act = getattr(bill.with_user(self.reader), name)
            self.assertRefused(lambda act=act, values=values: act(*values), "not allowed to modify", error=AccessError)
        bill.with_user(self.billing_user).action_submit()
        for name, values in (('action_approve', ()), ('action_reject', ("No",))):
            act = getattr(bill.with_user(self.billing_user), name)
            self.assertRefused(
                lambda act=act, values=values: act(*values),
                "Only Progress Billing administrators approve, reject or certify on the customer's behalf.",
                error=AccessError,
            )
        self.assertEqual(bill.state, 'submitted')

    def test_under_a_final(self):
        """While a final invoice exists no step is taken, correction included."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '50%')
        bill.action_create()
        self.billing.to_ledger(bill)
        self.billing.final(contract, post=False)
        self.assertRefused(bill.action_correct, "final invoice", error=UserError)
        self.assertEqual((bill.state, bill.correction_number), ('invoiced', 0))
