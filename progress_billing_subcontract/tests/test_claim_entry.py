from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor

from .claim_common import AcceptedClaimCommon


@tagged('post_install', '-at_install')
class TestClaimEntry(AcceptedClaimCommon):
    """What a claim takes: numbers, units, invoice numbers, releases; and who handed it in."""

    # === NUMBERS === #

    def test_numbers(self):
        """Grouped, with blanks, signed or empty; what is no number changes nothing of the claim."""
        self._send(**self._work(self.bill, '1000', '500'))
        for text, amount in (
            ('2,500.00', 2500),
            (' 2500 ', 2500),
            ('0.005', 0.01),
            ('', 0),
            ('-0', 0),
            ('60,000', 60000),
        ):
            with self.subTest(text=text):
                self._send(**self._work(self.bill, text))
                self.assertEqual(self.first.amount, amount)
        self._send(**self._work(self.bill, '1000', '500'))
        for text, words in (
            ('1e3', "is no number. Write it like 1,234.5"),
            ('1e999', "is no number"),
            ('inf', "is no number"),
            ('1.2.3', "is no number"),
            ('12,5', "is no number"),
            ('--5', "is no number"),
            ('1' * 40, "is no number"),
            ('60,000.01', "cannot exceed"),
            ('-0.01', "cannot"),
        ):
            with self.subTest(text=text):
                self.assertRefused(lambda text=text: self._send(**self._work(self.bill, text, '700')), words)
                self.assertEqual((self.first.amount, self.second.amount), (1000, 500))

    def test_names_of_others_are_no_fields(self):
        """A form that names lines of other claims, or fields it has not, changes nothing of them."""
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        theirs = self._accepted(other)
        self._send(**self._work(self.bill, '1000'), **{f'work_{theirs.line_ids.id}': '77', 'certified_amount': '5'})
        self.assertEqual((theirs.line_ids.amount, self.first.amount), (0, 1000))

    def test_percent_is_to_date(self):
        """25 % of 60,000, then 40 % to date are 9,000 more; below what is claimed before it is negative work."""
        self._send('submit', **self._work(self.bill, '25%', unit='percent'))
        self.assertEqual(self.first.amount, 15000)
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.period.action_close()
        self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-04-01', 'date_end': '2026-04-30'}
        )
        with freeze_time('2026-04-10'):
            bill = self._accepted()
            line = bill.line_ids[0]
            for text, amount in (('40', 9000), ('25', 0), ('10', -9000), ('100', 45000), ('0', -15000)):
                with self.subTest(text=text):
                    self._answer(bill, 'claim', **self._work(bill, text, unit='percent'))
                    self.assertEqual(line.amount, amount)
            for text in ('-1', '100.01'):
                with self.subTest(text=text):
                    self.assertRefused(
                        lambda text=text: self._answer(bill, 'claim', **self._work(bill, text, unit='percent')),
                        "a percentage lies between 0 and 100",
                    )

    def test_percent_sign_says_so(self):
        """12 % is no 12 dollars, whatever unit stands beside it; money that is stored or released has no percentage."""
        for text, unit in (('12 %', 'amount'), ('12%', 'percent')):
            with self.subTest(text=text, unit=unit):
                self._send(**self._work(self.bill, text, unit=unit))
                self.assertEqual(self.first.amount, 7200)
        self.assertRefused(
            lambda: self._send(**{**self._work(self.bill, '500'), f'stored_{self.first.id}': '12 %'}), "is no number"
        )
        self.assertEqual((self.first.amount, self.first.stored_amount), (7200, 0))

    def test_units_of_an_amount(self):
        """0.333 of 60,000 by amount are 19,980; without a unit price there is no quantity."""
        self._send(**self._work(self.bill, '0.333', unit='quantity'))
        self.assertEqual(self.first.amount, 19980)
        self.contract.line_ids[1].with_context(tracking_disable=True)._write_protected({'unit_price': 0})
        given = {f'work_{self.second.id}': '1', f'unit_{self.second.id}': 'quantity'}
        self.assertRefused(lambda: self._send(**given), "has no unit price: enter an amount")

    def test_stored_comes_before_percent(self):
        """50 % to date with 5,000 stored: what is stored counts as done, the work is the rest."""
        given = {**self._work(self.bill, '50', unit='percent'), f'stored_{self.first.id}': '5000'}
        self._send(**given)
        self.assertEqual((self.first.stored_amount, self.first.amount + self.first.stored_amount), (5000, 30000))

    def test_negative_stored_and_released(self):
        for name in ('stored', 'release'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: self._send(**{f'{name}_{self.first.id}': '-1'}), "cannot be negative"
                )

    # === WHAT THE INVITATION TAKES === #

    def test_what_stands_is_not_asked_for(self):
        """A form sends all its fields: the rate and the materials that stand are no wish for others."""
        self.bill._write_protected({'invitation_type': 'work'})
        same = {f'rate_{self.first.id}': '10.00', f'stored_{self.first.id}': '0', f'release_{self.first.id}': ''}
        self._send(**self._work(self.bill, '1000'), **same)
        self.assertEqual(self.first.amount, 1000)
        for name, value, words in (
            ('rate', '10.01', "is set by the office"),
            ('rate', '0', "is set by the office"),
            ('release', '0.01', "takes no claims of retainage"),
        ):
            with self.subTest(name=name, value=value):
                self.assertRefused(lambda n=name, v=value: self._send(**{f'{n}_{self.first.id}': v}), words)
        self.bill._write_protected({'invitation_type': 'retainage'})
        for name in ('work', 'stored'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: self._send(**{f'{name}_{self.first.id}': '5'}), "takes claims of retainage only"
                )

    def test_before_it_is_accepted(self):
        bill = self._invite(self._other())
        given = {'version': bill._get_version()}
        contact = bill.contract_id.contact_ids.sudo()
        self.assertRefused(
            lambda: bill.sudo()._take_answer('claim', Actor(self.mason), contact, given), "Accept the invitation first"
        )

    def test_whoever_reads_claims_nothing(self):
        self.contact.role = 'reader'
        for kind in ('accept', 'decline', 'claim', 'submit', 'dispute', 'withdraw', 'forward'):
            with self.subTest(kind=kind):
                self.assertRefused(
                    lambda kind=kind: self._send(kind, reason="x", email='a@b.co'),
                    "others claim for the firm",
                    error=AccessError,
                )

    def test_customers_answers_are_none_here(self):
        self.assertEqual(
            set(self.bill._get_answer_takers()),
            {'accept', 'decline', 'claim', 'submit', 'dispute', 'withdraw', 'forward'},
        )
        self.assertFalse(self.bill._is_waiting())

    def test_preview_keeps_nothing(self):
        """What would be due is shown as typed; nothing is written, the invoice number neither."""
        shown = self.bill.sudo()._preview_certificate(
            Actor(self.mason), {**self._work(self.bill, '1000', '500'), 'vendor_reference': 'X-1'}
        )
        self.assertRegex(shown['difference'], "1,500.00")
        self.assertRegex(shown['less'], "150.00")
        self.assertRegex(shown['due'], "1,350.00")
        self.assertRecordValues(self.bill, [{'amount': 0, 'vendor_reference': False}])
        self.assertEqual(self.first.amount, 0)

    def test_shown_as_typed(self):
        """Quantities and rates keep their decimals in the fields of the form, in whatever currency."""
        for number, text in ((12.5, '12.5'), (7.1255, '7.1255'), (1234.0, '1,234'), (0.0, '0'), (-0.25, '-0.25')):
            with self.subTest(number=number):
                self.assertEqual(self.bill._show_typed_number(number), text)

    # === INVOICE NUMBERS === #

    def test_numbers_of_invoices(self):
        """Compared without blanks, by firm and company, with what stands; its own number is not another's."""
        self.bill.vendor_reference = ' R-1 '
        self.assertEqual(self.bill.vendor_reference, 'R-1')
        self.bill.vendor_reference = 'R-1'
        other = self._other().action_invite() and self.env['progress.bill'].search([], order='id desc', limit=1)
        self.assertRefused(lambda: other.write({'vendor_reference': 'R-1'}), "R-1", "is on", error=ValidationError)
        strange = self._subcontract([5], purchase_vals={'partner_id': self.customer.id})
        self._add_invoice_contact(strange, self.mason)
        theirs = self._invite(strange)
        theirs.vendor_reference = 'R-1'
        self.assertRefused(
            lambda: (self.bill | other).write({'vendor_reference': 'R-5'}), "that of one claim", error=ValidationError
        )
        self.bill.action_cancel()
        other.vendor_reference = 'R-1'
        other.vendor_reference = '  '
        self.assertFalse(other.vendor_reference)

    def test_numbers_of_odoos_own_bills(self):
        """A vendor bill's reference is taken, while it stands; a refund's, and another vendor's, are not."""
        move = self.init_invoice('in_invoice', partner=self.mason, amounts=[5])
        move.ref = 'R-2'
        refund = self.init_invoice('in_refund', partner=self.vendor, amounts=[5])
        refund.ref = 'R-3'
        other = self.init_invoice('in_invoice', partner=self.customer, amounts=[5])
        other.ref = 'R-4'
        self.assertRefused(
            lambda: self.bill.write({'vendor_reference': 'R-2'}),
            "Enter the number of this claim",
            error=ValidationError,
        )
        for free in ('R-3', 'R-4'):
            self.bill.vendor_reference = free
        move.button_cancel()
        self.bill.vendor_reference = 'R-2'

    def test_number_of_a_claim_that_was_handed_in(self):
        """It stays with what was handed in; the same number written again is none of a change."""
        self.bill.vendor_reference = 'R-1'
        self._send('submit', **self._work(self.bill, '100'))
        self.bill.write({'vendor_reference': 'R-1'})
        self.assertRefused(lambda: self.bill.write({'vendor_reference': 'R-2'}), "cannot change", "Submitted")
        self.bill.action_reject("Wrong number")
        self._send(vendor_reference='R-2')
        self.assertEqual(self.bill.vendor_reference, 'R-2')

    def test_number_of_a_new_claim(self):
        bill = self.bill.create({'contract_id': self.contract.id, 'date': '2026-03-20', 'vendor_reference': ' N-1 '})
        self.assertEqual(bill.vendor_reference, 'N-1')
        self.assertFalse(bill.copy().vendor_reference)
        vals = {'contract_id': self.contract.id, 'date': '2026-03-20', 'vendor_reference': 'N-1'}
        self.assertRefused(lambda: self.bill.create(vals), "is on", error=ValidationError)

    # === RELEASES === #

    def test_release_and_withhold(self):
        """Of 1,000 held: released with new work, taken back, released without work; never more than is held."""
        self._held()
        for work, release, retained, due in (
            ('2000', '400', -200, 2200),
            ('2000', '0', 200, 1800),
            ('2000', '', 200, 1800),
            ('', '1000', -1000, 1000),
            ('2000', '1200', -1000, 3000),
        ):
            with self.subTest(work=work, release=release):
                self._send(**self._work(self.bill, work), **{f'release_{self.first.id}': release})
                self.assertEqual((self.first.retainage_amount, self.bill.current_payment_due), (retained, due))
        self.assertRefused(
            lambda: self._send(**self._work(self.bill, '2000'), **{f'release_{self.first.id}': '1200.01'}),
            "cannot be released",
        )
        self.assertRefused(lambda: self._send(**{f'release_{self.second.id}': '1'}), "cannot be released")

    def test_ledger_of_a_release(self):
        self._held()
        self._send('submit', **self._work(self.bill, '2000'), **{f'release_{self.first.id}': '700'})
        self.assertTrue(self.bill.releases_retainage)
        self.assertEqual(self.bill.released_retainage_amount, 500)
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.assertLedger(self.bill.invoice_id, expense=2000, input_tax=200, payable_retainage=500, payable=-2700)
        self.assertRetained(self.contract, 500)

    # === HANDED IN === #

    def test_submitted_by_the_office_or_the_contact(self):
        """What the history says of who handed in, and in whose name."""
        self._send('submit', **self._work(self.bill, '100'))
        self.assertRegex(str(self.bill.message_ids.mapped('body')), "Submitted by Mia Mason")
        self.bill.action_reject("Less")
        self.bill.action_submit()
        self.assertTrue(self.bill.is_on_behalf)
        self.assertRegex(str(self.bill.message_ids.mapped('body')), "Claim 2: .* in the name of Bricklayer")
        self.assertEqual(self.bill.submitted_on, fields.Datetime.to_datetime('2026-03-20'))
