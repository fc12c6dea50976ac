from datetime import date
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon

ENTRIES = ('account.move', 'account.move.line', 'account.partial.reconcile', 'account.payment')


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestEntries(ProgressBillingCommon):
    """Bills follow their entries, and everybody else's entries do not pay for it (BIL-31)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([1000], cls.tax_15)
        cls.bill = cls.make.plan(cls.contract, '50%', '2026-03-01')
        cls.bill.action_create()

    def _pay(self, amount):
        register = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.bill.invoice_id.ids
        )
        return register.create({'payment_date': '2026-03-20', 'amount': amount})._create_payments()

    def _figures(self):
        return self.bill.paid_amount, self.bill.residual_amount, self.bill.is_unpaid, self.bill.payment_state

    def test_nothing_hangs_on_entries(self):
        """What Odoo looks through at each write of an entry holds nothing of bills and contracts."""
        for model in ENTRIES:
            for field in self.env[model]._fields.values():
                self.assertFalse(
                    self._get_links(self.env.registry.get_field_trigger_tree(field)), f"{field} leads there"
                )

    def _get_links(self, tree):
        """Links of our models to entries that Odoo follows when an entry is written."""
        found = [link for link in tree if link.model_name.startswith('progress.') and link.comodel_name in ENTRIES]
        return found + [link for branch in tree.values() for link in self._get_links(branch)]

    def test_nothing_stored_is_forgotten(self):
        """What is forgotten is not written again."""
        forgotten = self.env['progress.bill']._get_forgotten_fields()
        self.assertIn('payment_state', dict(forgotten)['progress.bill'])
        for model, names in forgotten:
            self.assertFalse([name for name in names if self.env[model]._fields[name].store])

    def _get_tracked_invoice(self):
        """The invoice as users have it: tests of the ledger switch tracking off."""
        return self.bill.invoice_id.with_context(tracking_disable=False)

    def test_marks_are_not_described(self):
        """Odoo describes every field of an item to note a mark of its own; on invoices of bills it need not."""
        described = []
        with patch.object(self.env.registry['account.move.line'], 'fields_get', lambda *_args: described.append(1)):
            self._get_tracked_invoice().invoice_line_ids.epd_dirty = False
        self.assertFalse(described)

    def test_items_are_tracked(self):
        """What is noted of entries stays as Odoo has it: a label changed after posting is told in the chatter."""
        invoice = self._get_tracked_invoice()
        invoice.action_post()
        invoice.button_draft()
        before = invoice.message_ids
        invoice.invoice_line_ids.name = "Said anew"
        told = (invoice.message_ids - before).tracking_value_ids
        self.assertEqual(told.mapped('new_value_char'), ["Said anew"])

    def test_what_is_computed_keeps_its_value(self):
        """An entry that is written while a figure is computed takes nothing from the records that have theirs."""
        bill, field = self.bill, self.bill._fields['paid_amount']
        self.assertEqual(bill.paid_amount, 0)
        with self.env.protecting([field], bill):
            bill._forget_entries()
            self.assertIn(bill.id, field._get_all_cache_ids(self.env))
        bill._forget_entries()
        self.assertNotIn(bill.id, field._get_all_cache_ids(self.env))

    def test_payments_in_one_transaction(self):
        """Nothing is remembered of a payment that was made, taken back or cancelled since it was read."""
        bill, invoice = self.bill, self.bill.invoice_id
        self.assertEqual(
            (bill.invoice_name, bill.invoice_state, *self._figures()), ("Draft", 'draft', 0, 0, False, False)
        )
        invoice.action_post()
        self.assertEqual((bill.invoice_name, bill.invoice_state), (invoice.name, 'posted'))
        self.assertEqual(self._figures(), (0, 575, True, "Not Paid"))
        payment = self._pay(200)
        self.assertEqual(self._figures(), (200, 375, True, "Partially Paid"))
        rest = self._pay(375)
        self.assertEqual(self._figures()[:3], (575, 0, False))
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._figures(), (0, 575, True, "Not Paid"))
        receivable = (invoice | payment.move_id).line_ids.filtered(lambda line: line.account_type == 'asset_receivable')
        receivable.reconcile()
        self.assertEqual(self._figures(), (200, 375, True, "Partially Paid"))
        (payment | rest).action_cancel()
        self.assertEqual(self._figures(), (0, 575, True, "Not Paid"))
        self.assertEqual((bill.date_due, bill.days_late), (date(2026, 3, 20), 0))
        receivable.filtered(lambda line: line.move_id == invoice).date_maturity = '2026-03-19'
        self.assertEqual((bill.date_due, bill.days_late), (date(2026, 3, 19), 1))
        invoice.name = 'OTHER/1'
        self.assertEqual(bill.invoice_name, 'OTHER/1')

    def test_state_in_one_transaction(self):
        """State, bucket and sums follow posting, credit, cancelling and deletion without being asked to."""
        bill, invoice, line = self.bill, self.bill.invoice_id, self.bill.line_ids
        self.assertEqual(
            (bill.state, bill.bucket, bill.invoice_ids, bill.invoice_count), ('invoiced', 'draft', invoice, 1)
        )
        invoice.action_post()
        self.assertEqual((bill.bucket, self.contract.actual_amount), ('actual', 500))
        credit = invoice._reverse_moves(cancel=True)
        self.assertEqual((bill.is_credited, line.credited_amount, bill.bucket), (True, 500, False))
        self.assertEqual((bill.invoice_ids, self.contract.invoice_ids), (invoice | credit,) * 2)
        credit.button_draft()
        self.assertEqual((bill.is_credited, line.credited_amount, bill.bucket), (False, 0, 'actual'))
        credit.unlink()
        self.assertEqual((bill.invoice_ids, bill.invoice_count), (invoice, 1))
        invoice.button_draft()
        self.assertEqual((bill.bucket, self.contract.draft_amount, self.contract.actual_amount), ('draft', 500, 0))
        invoice.unlink()
        self.assertEqual(
            (bill.state, bill.bucket, bill.invoice_id.id, self.contract.draft_amount), ('planned', False, False, 0)
        )

    def test_told_of_a_blocked_payment(self):
        """A payment that is blocked by hand, and released again, is told like one that is made."""
        bill, invoice = self.bill, self.bill.invoice_id
        invoice.action_post()
        self.assertEqual(bill.payment_state, "Not Paid")
        told, tell = [], type(bill)._on_payments_changed
        self.patch(
            self.env.registry['progress.bill'],
            '_on_payments_changed',
            lambda bills: (told.extend(bills), tell(bills))[1],
        )
        invoice.action_toggle_block_payment()
        self.assertEqual((set(told), bill.payment_state), ({bill}, "Blocked"))
        invoice.action_toggle_block_payment()
        self.assertEqual(bill.payment_state, "Not Paid")

    def test_payment_without_an_entry(self):
        """A payment that has no entry is matched with nothing: what became of it is told by itself, and at once."""
        bill = self.bill
        bill.invoice_id.action_post()
        self.env['account.payment.method.line'].search([]).payment_account_id = False
        # as where bank statements are imported: only then Odoo makes payments without an entry
        self.patch(self.env.registry['account.move'], '_get_invoice_in_payment_state', lambda _move: 'in_payment')
        self.assertEqual(bill.payment_state, "Not Paid")
        payment = self._pay(575)
        self.assertFalse(payment.move_id)
        self.assertEqual(bill.payment_state, "In Payment")
        told, tell = [], type(bill)._on_payments_changed
        self.patch(
            self.env.registry['progress.bill'],
            '_on_payments_changed',
            lambda bills: (told.extend(bills), tell(bills))[1],
        )
        payment.state = 'canceled'
        self.assertEqual((set(told), bill.payment_state), ({bill}, "Not Paid"))

    def test_told_of_every_figure(self):
        """What is stored and depends on any figure that is read of entries follows a payment, and its undoing."""
        bill, told = self.bill, []
        bill.invoice_id.action_post()
        modified = type(bill).modified
        self.patch(
            self.env.registry['progress.bill'],
            'modified',
            lambda bills, names, **kwargs: (told.append((bills, set(names))), modified(bills, names, **kwargs))[1],
        )
        for act in (lambda: self._pay(200), lambda: bill.invoice_id.line_ids.remove_move_reconcile()):
            told.clear()
            act()
            known = [names for bills, names in told if bill in bills]
            self.assertTrue(any(bill._get_fields_of_entries() <= names for names in known))

    def test_words_in_the_readers_language(self):
        """What was read in one language is not shown in another."""
        self.bill.invoice_id.action_post()
        self.env['res.lang']._activate_lang('fr_FR')
        label = self.env['ir.model.fields.selection'].search(
            [
                ('field_id.model', '=', 'account.move'),
                ('field_id.name', '=', 'payment_state'),
                ('value', '=', 'not_paid'),
            ]
        )
        label.with_context(lang='fr_FR').name = "Rien de payé"
        self.assertEqual(self.bill.payment_state, "Not Paid")
        self.assertEqual(self.bill.with_context(lang='fr_FR').payment_state, "Rien de payé")

    def test_told_once_it_matters(self):
        """Bills are told of what concerns them, and of nobody else's entries."""
        told, tell = [], type(self.bill)._on_moves_changed
        self.patch(
            self.env.registry['progress.bill'],
            '_on_moves_changed',
            lambda bills, before=False: (told.extend(bills), tell(bills, before))[1],
        )
        self.init_invoice('out_invoice', amounts=[100], post=True)
        self.assertFalse(told)
        self.bill.invoice_id.action_post()
        self.assertEqual(set(told), {self.bill})
