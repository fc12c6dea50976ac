from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestPayments(ProgressBillingCommon):
    """Payments per bill, from Odoo's own reconciliation (CSH-1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env['account.payment.term'].create(
            {
                'name': "30 % now, 70 % in 30 days",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 0}),
                    Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 30}),
                ],
            }
        )

        cls.immediate = cls.env['account.payment.term'].create(
            {'name': "At once", 'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 0})]}
        )

    def _pay(self, moves, amount=None, day='2026-03-20', **vals):
        wizard = (
            self.env['account.payment.register']
            .with_context(active_model='account.move', active_ids=moves.ids)
            .create({'payment_date': day, **({'amount': amount} if amount is not None else {}), **vals})
        )
        payments = wizard._create_payments()
        self.env.invalidate_all()
        return payments

    def test_life(self):
        """Invoice of 500 + 15 %: open, paid in part, paid in full, undone."""
        contract = self.make.contract([1000], self.tax_15, payment_term_id=self.immediate.id)
        bill = self.make.plan(contract, '50%', '2026-03-01')
        self.assertRecordValues(
            bill, [{'total_amount': 0, 'paid_amount': 0, 'residual_amount': 0, 'date_due': False, 'is_unpaid': False}]
        )
        bill.action_create()
        self.assertEqual((bill.residual_amount, bill.is_unpaid), (0, False))  # a draft is not owed
        bill.invoice_id.action_post()
        self.assertRecordValues(
            bill,
            [
                {
                    'total_amount': 575,
                    'paid_amount': 0,
                    'residual_amount': 575,
                    'date_due': date(2026, 3, 1),
                    'days_late': 19,
                    'is_unpaid': True,
                    'is_overdue': True,
                }
            ],
        )
        first = self._pay(bill.invoice_id, 200)
        self.assertRecordValues(bill, [{'paid_amount': 200, 'residual_amount': 375, 'is_unpaid': True}])
        second = self._pay(bill.invoice_id, day='2026-03-25')
        self.assertRecordValues(
            bill,
            [
                {
                    'paid_amount': 575,
                    'residual_amount': 0,
                    'days_late': 0,
                    'is_unpaid': False,
                    'is_overdue': False,
                    'date_due': date(2026, 3, 1),
                }
            ],
        )
        self.assertRecordValues(
            bill.payment_ids.sorted('date'),
            [
                {
                    'amount': 200,
                    'kind': 'payment',
                    'date': date(2026, 3, 20),
                    'name': first.move_id.name,
                    'invoice_name': bill.invoice_name,
                    'contract_id': contract.id,
                    'partner_id': self.customer.id,
                },
                {
                    'amount': 375,
                    'kind': 'payment',
                    'date': date(2026, 3, 25),
                    'name': second.move_id.name,
                    'invoice_name': bill.invoice_name,
                    'contract_id': contract.id,
                    'partner_id': self.customer.id,
                },
            ],
        )
        first.action_cancel()  # reset to draft keeps the match, in Odoo 19
        self.env.invalidate_all()
        self.assertRecordValues(bill, [{'paid_amount': 375, 'residual_amount': 200}])

    def test_instalments(self):
        """The due date is that of the first open instalment."""
        contract = self.make.contract([1000], payment_term_id=self.term.id)
        bill = self.billing.bill(contract, '100%', '2026-03-01')
        self.assertRecordValues(bill, [{'date_due': date(2026, 3, 1), 'days_late': 19, 'residual_amount': 1000}])
        self._pay(bill.invoice_id, 300)
        self.assertRecordValues(
            bill,
            [
                {
                    'date_due': date(2026, 3, 31),
                    'days_late': 0,
                    'is_overdue': False,
                    'is_unpaid': True,
                    'residual_amount': 700,
                    'paid_amount': 300,
                }
            ],
        )
        with freeze_time('2026-04-01 12:00:00'):
            self.env.invalidate_all()
            self.assertRecordValues(bill, [{'days_late': 1, 'is_overdue': True}])

    def test_credit_notes_are_no_payments(self):
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        refund = self.billing.credit(bill.invoice_id, 100, '2026-03-10')
        self.env.invalidate_all()
        self.assertRecordValues(bill, [{'total_amount': 400, 'residual_amount': 400, 'paid_amount': 0}])
        lines = (bill.invoice_id + refund).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        )
        if not any(lines.mapped('reconciled')):
            lines.reconcile()
            self.env.invalidate_all()
        self.assertRecordValues(bill, [{'total_amount': 400, 'residual_amount': 400, 'paid_amount': 0}])
        # one row, from the side of the invoice that it made smaller
        self.assertRecordValues(
            bill.payment_ids,
            [{'kind': 'credit', 'name': refund.name, 'invoice_name': bill.invoice_id.name, 'amount': 100}],
        )
        self._pay(bill.invoice_id)
        self.assertRecordValues(bill, [{'residual_amount': 0, 'paid_amount': 400}])

    def test_other_credit_notes_are_no_payments(self):
        """A credit note that somebody wrote by hand and matched leaves less open, and pays nothing."""
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        refund = self.env['account.move'].create(
            {
                'move_type': 'out_refund',
                'partner_id': self.customer.id,
                'invoice_date': '2026-03-10',
                'invoice_line_ids': [
                    Command.create(
                        {'name': "Goodwill", 'price_unit': 50, 'account_id': self.income_account.id, 'tax_ids': False}
                    )
                ],
            }
        )
        refund.action_post()
        (bill.invoice_id + refund).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        ).reconcile()
        self.env.invalidate_all()
        self.assertRecordValues(bill, [{'total_amount': 500, 'residual_amount': 450, 'paid_amount': 0}])
        self.assertEqual(bill.payment_ids.mapped('kind'), ['credit'])

    def test_paid_in_advance(self):
        """Money that was there before the invoice counts when it is matched, on its own date."""
        payment = self.env['account.payment'].create(
            {
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'partner_id': self.customer.id,
                'amount': 300,
                'date': '2026-01-10',
                'journal_id': self.company_data['default_journal_bank'].id,
            }
        )
        payment.action_post()
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        self.assertEqual(bill.paid_amount, 0)
        (bill.invoice_id + payment.move_id).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        ).reconcile()
        self.env.invalidate_all()
        self.assertRecordValues(bill, [{'paid_amount': 300, 'residual_amount': 200}])
        self.assertEqual(bill.payment_ids.date, date(2026, 1, 10))

    def test_foreign_currency(self):
        """Paid at another rate: the bill is paid in full in its own currency; exchange differences are no payment."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-15', 4.0)])
        contract = self.make.contract([1000], currency_id=euro.id, payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        self._pay(bill.invoice_id, day='2026-03-20')
        self.assertRecordValues(bill, [{'paid_amount': 500, 'residual_amount': 0, 'currency_id': euro.id}])
        self.assertRecordValues(bill.payment_ids, [{'amount': 500, 'amount_company': 125, 'kind': 'payment'}])

    def test_search(self):
        contract = self.make.contract([1000], payment_term_id=self.term.id)
        late, open_, paid, draft = (
            self.billing.bill(contract, '10%', '2026-03-01'),
            self.billing.bill(contract, '10%', '2026-03-20'),
            self.billing.bill(contract, '10%', '2026-03-01'),
            self.billing.bill(contract, '10%', '2026-03-01', post=False),
        )
        self._pay(paid.invoice_id, 100)
        bills = late + open_ + paid + draft
        search = self.env['progress.bill'].with_user(self.reader).search
        for name, expected in (('is_unpaid', late + open_), ('is_overdue', late)):
            found = search([(name, '=', True), ('id', 'in', bills.ids)])
            self.assertEqual(found.sudo(), expected.sorted(lambda bill: (bill.date, bill.id)))
            self.assertEqual(
                search([(name, '=', False), ('id', 'in', bills.ids)]).sudo(),
                (bills - expected).sorted(lambda bill: (bill.date, bill.id)),
            )
            self.assertEqual(bills.filtered(name), expected)

    def test_register_payment(self):
        """Odoo's own dialog, for administrators who are accountants too, on what is posted and open."""
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01', post=False)
        with self.assertRaisesRegex(UserError, "no posted invoice is open"):
            bill.action_register_payment()
        bill.invoice_id.action_post()
        for user in (self.reader, self.billing_user):
            with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
                bill.with_user(user).action_register_payment()
        self.assertRefused(
            bill.with_user(self.accountant).action_register_payment, "Only administrators enter", error=AccessError
        )
        self.accountant.group_ids += self.env.ref('progress_billing.group_manager')
        action = bill.with_user(self.accountant).action_register_payment()
        self.assertEqual(action['res_model'], 'account.payment.register')
        register = self.env['account.payment.register'].with_user(self.accountant)
        wizard = register.with_context(**action['context']).create({})
        self.assertEqual(wizard.amount, 500)
        wizard._create_payments()
        self.env.invalidate_all()
        self.assertEqual(bill.residual_amount, 0)
        with self.assertRaisesRegex(UserError, "nothing to pay"):
            bill.action_register_payment()

    def test_button_for_who_may(self):
        """The list has the button for those who enter payments in Odoo: who manages bills alone is not led astray."""
        manager = new_test_user(self.env, 'bills_manager', 'progress_billing.group_manager', company_id=self.company.id)
        view = self.env.ref('progress_billing.progress_bill_view_list')
        for user, seen in ((manager, False), (self.billing_user, False), (self.accountant, True)):
            with self.subTest(user=user.login):
                arch = self.env['progress.bill'].with_user(user).get_view(view.id, 'list')['arch']
                self.assertEqual('action_register_payment' in arch, seen)

    def test_readable_without_accounting(self):
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        self._pay(bill.invoice_id, 200)
        for user in (self.reader, self.billing_user):
            own = bill.with_user(user)
            self.env.invalidate_all()
            [values] = own.read(['paid_amount', 'residual_amount', 'date_due', 'days_late', 'is_overdue'])
            self.assertEqual((values['paid_amount'], values['residual_amount'], values['days_late']), (200, 300, 19))
            self.assertEqual(own.payment_ids.read(['name', 'amount', 'memo', 'bill_id'])[0]['amount'], 200)
            with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
                own.payment_ids.read(['payment_move_id'])
        payments = self.env['progress.bill.payment'].with_user(self.reader)
        self.assertEqual(payments.search_count([('bill_id', '=', bill.id)]), 1)

    def test_multi_company(self):
        other = self.setup_other_company()['company']
        stranger = new_test_user(
            self.env, login='stranger', groups='progress_billing.group_manager', company_id=other.id
        )
        contract = self.make.contract([1000], payment_term_id=self.immediate.id)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        self._pay(bill.invoice_id, 200)
        domain = [('contract_id', '=', contract.id)]
        self.assertFalse(self.env['progress.bill.payment'].with_user(stranger).search(domain))
        self.assertFalse(self.env['progress.payment.schedule'].with_user(stranger).search(domain))
