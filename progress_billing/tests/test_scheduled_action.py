from datetime import date
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.progress_billing.models.base import progress_scheduling_mixin

from .common import ProgressBillingCommon

CRON = 'progress_billing.ir_cron_generate_progress_invoices'
ACTIVITY = 'progress_billing.mail_activity_billing_failed'


@tagged('post_install', '-at_install')
class TestScheduledAction(ProgressBillingCommon):
    """*Auto-Generate Progress Billing Invoices* (PLN-3, BIL-3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref(CRON)
        cls.env['progress.bill'].search([('state', '=', 'planned')]).unlink()

    def _run(self):
        """Run the job as the scheduler does, with its user and its own cursor."""
        with self.enter_registry_test_mode(), self.assertNoLogs('odoo.addons.base.models.ir_cron', 'ERROR'):
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    @freeze_time('2026-03-15 12:00:00')
    def test_due_and_not_due(self):
        """Today or earlier, by date, planned, on an open contract without final; nothing else."""
        contract = self.make.contract([1000], self.tax_15)
        draft = self.make.contract([1000], do_open=False)
        closed = self.make.contract([1000])
        cancelled = self.make.contract([1000])
        finishing = self.make.contract([1000])
        past = self.make.plan(contract, '10%', '2026-01-31')
        today = self.make.plan(contract, '10%', '2026-03-15')
        future = self.make.plan(contract, '10%', '2026-03-16')
        by_hand = self.make.plan(contract, '10%', '2026-01-31', trigger='manual')
        undated = self.make.plan(contract, '10%', False)
        gone = self.make.plan(contract, '10%', '2026-01-31')
        gone.action_cancel()
        others = [self.make.plan(draft, '10%'), self.make.plan(cancelled, '10%')]
        cancelled.action_cancel()
        late, waiting = self.make.plan(closed, '10%'), self.make.plan(finishing, '10%')
        self.billing.final(closed)
        self.billing.final(finishing, post=False)
        self._run()
        self.assertEqual((past + today).mapped('state'), ['invoiced', 'invoiced'])
        self.assertEqual((future + by_hand + undated).mapped('state'), ['planned'] * 3)
        self.assertEqual([bill.state for bill in (*others, gone, late, waiting)], ['planned'] + ['cancelled'] * 4)
        self.assertRecordValues(
            (past + today).invoice_id,
            [
                {'invoice_date': date(2026, 1, 31), 'amount_untaxed': 100, 'amount_tax': 15, 'state': 'draft'},
                {'invoice_date': date(2026, 3, 15), 'amount_untaxed': 100, 'amount_tax': 15, 'state': 'draft'},
            ],
        )
        self.assertEqual(contract.draft_amount, 200)
        self.assertFalse(any((late + waiting + undated).mapped('run_error')))
        with freeze_time('2026-03-16 12:00:00'):
            self._run()
        self.assertEqual(future.state, 'invoiced')

    def test_time_zones(self):
        """PLN-3: today is today where the company is; the invoice is never dated in its future."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%', '2026-03-16')
        self.company.partner_id.tz = 'Pacific/Pago_Pago'  # UTC-11
        with freeze_time('2026-03-16 10:00:00'):  # still the 15th there
            self._run()
            self.assertEqual(bill.state, 'planned')
        with freeze_time('2026-03-16 11:30:00'):
            self._run()
            self.assertEqual((bill.state, bill.invoice_id.invoice_date), ('invoiced', date(2026, 3, 16)))
        self.company.partner_id.tz = 'Pacific/Auckland'  # UTC+13 in March
        early = self.make.plan(contract, '10%', '2026-04-01')
        with freeze_time('2026-03-31 10:00:00'):
            self._run()
            self.assertEqual(early.state, 'planned')
        with freeze_time('2026-03-31 12:00:00'):  # the 1st there
            self._run()
            self.assertEqual((early.state, early.invoice_id.invoice_date), ('invoiced', date(2026, 4, 1)))

    @freeze_time('2026-03-15 12:00:00')
    def test_invoice_date_never_in_the_future(self):
        """PLN-5: Create before the planned date makes an invoice of today."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%', '2026-05-31')
        bill.action_create()
        self.assertEqual(bill.invoice_id.invoice_date, date(2026, 3, 15))
        past = self.billing.bill(contract, '10%', '2026-02-28')
        self.assertEqual(past.invoice_id.invoice_date, date(2026, 2, 28))

    @freeze_time('2026-03-15 12:00:00')
    def test_never_twice(self):
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        self._run()
        self._run()
        self.assertEqual(len(bill.invoice_ids), 1)
        self.assertTrue(bill.generated_on)
        bill.invoice_id.action_post()
        self._run()
        self.assertRecordValues(contract, [{'actual_amount': 100, 'draft_amount': 0}])

    @freeze_time('2026-03-15 12:00:00')
    def test_deleted_and_credited_are_left_to_people(self):
        """BIL-3: what a person deleted, cancelled or credited is not made again overnight; a person may."""
        contract = self.make.contract([1000])
        deleted, cancelled, credited = (self.make.plan(contract, '10%', f'2026-01-0{day}') for day in (1, 2, 3))
        self._run()
        deleted.invoice_id.unlink()
        cancelled.invoice_id.button_cancel()
        credited.invoice_id.action_post()
        self.billing.credit(credited.invoice_id)
        bills = deleted + cancelled + credited
        self.assertEqual(bills.mapped('state'), ['planned'] * 3)
        self._run()
        self.assertEqual(bills.mapped('state'), ['planned'] * 3)
        self.assertRecordValues(contract, [{'actual_amount': 0, 'draft_amount': 0}])
        bills.action_create()
        self.assertEqual(bills.mapped('state'), ['invoiced'] * 3)
        self.assertEqual(contract.draft_amount, 300)

    @freeze_time('2026-03-15 12:00:00')
    def test_bad_record(self):
        """PLN-4: a bad record keeps its error and one activity, the rest go on, and success clears both."""
        good, bad = self.make.contract([1000]), self.make.contract([1000])
        before, after = self.make.plan(good, '10%', '2026-01-01'), self.make.plan(good, '10%', '2026-02-01')
        wrong = self.make.plan(bad, '1000.01', '2026-01-15')
        fine = self.make.plan(bad, '10%', '2026-01-20')
        self._run()
        self.assertEqual((before + after + fine).mapped('state'), ['invoiced'] * 3)
        self.assertRecordValues(
            wrong,
            [
                {
                    'state': 'planned',
                    'run_state': 'failed',
                    'run_date': fields.Datetime.now(),
                    'amount': 0,
                    'name': False,
                    'generated_on': False,
                }
            ],
        )
        self.assertIn("Invoice amount cannot exceed WIP available to bill.", wrong.run_error)
        self.assertFalse(wrong.line_ids or wrong.invoice_ids)
        activities = self.env['mail.activity'].search([('res_model', '=', 'progress.bill'), ('res_id', '=', wrong.id)])
        self.assertEqual((len(activities), activities.activity_type_id), (1, self.env.ref(ACTIVITY)))
        self.assertEqual(activities.user_id, bad.user_id)
        with freeze_time('2026-03-16 12:00:00'):
            self._run()
            self.assertEqual(wrong.run_date, fields.Datetime.now())
        self.assertEqual(
            self.env['mail.activity'].search_count([('res_model', '=', 'progress.bill'), ('res_id', '=', wrong.id)]), 1
        )
        wrong.amt_pct = '20%'
        self._run()
        self.assertRecordValues(wrong, [{'state': 'invoiced', 'run_state': False, 'run_error': False}])
        self.assertFalse(
            self.env['mail.activity'].search_count([('res_model', '=', 'progress.bill'), ('res_id', '=', wrong.id)])
        )
        self.assertEqual(bad.draft_amount, 300)
        self.assertIn("0 failed", self.company.progress_last_run_result)

    @freeze_time('2026-03-15 12:00:00')
    def test_every_kind_of_bad_record(self):
        """Whatever is wrong with one record, the others are billed."""
        good = self.make.contract([1000])
        archived = self.env['product.product'].create({'name': "Roof", 'type': 'service'})
        product = self.make.contract([1000], line_vals={'product_id': archived.id})
        project = self.make.contract([1000], project=self.make.project(name="Hours"))
        partner = self.make.contract([1000])
        empty = self.make.contract([1000])
        bad = (
            self.make.plan(product, '10%')
            + self.make.plan(project, '10%')
            + self.make.plan(partner, '10%')
            + self.env['progress.bill'].create({'contract_id': empty.id, 'date': '2026-01-31'})
        )
        fine = self.make.plan(good, '10%')
        archived.active = False
        project.project_id.billing_method = 'none'
        partner.partner_id = False
        self._run()
        self.assertEqual(fine.state, 'invoiced')
        self.assertEqual(bad.mapped('state'), ['planned'] * 4)
        self.assertEqual(bad.mapped('run_state'), ['failed'] * 4)
        for bill, word in zip(bad, ("Roof", "Billing Method", "customer", "Amt/Pct"), strict=True):
            self.assertIn(word, bill.run_error)

    @freeze_time('2026-03-15 12:00:00')
    def test_unexpected_failure(self):
        """PLN-4: it survives a bad record, also one that fails for a reason nobody thought of."""
        good, bad = self.make.contract([1000]), self.make.contract([1000])
        fine, wrong = self.make.plan(good, '10%', '2026-02-01'), self.make.plan(bad, '10%', '2026-01-01')
        original = type(self.env['progress.bill'])._spread_over_lines

        def spread(bill, amount):
            if bill.id == wrong.id:
                raise ValueError("a bug in an extension")
            return original(bill, amount)

        with (
            patch.object(type(self.env['progress.bill']), '_spread_over_lines', spread),
            mute_logger('odoo.addons.progress_billing.models.base.progress_scheduling_mixin'),
        ):
            self._run()
        self.assertEqual((fine.state, wrong.state, wrong.run_state), ('invoiced', 'planned', 'failed'))

    @freeze_time('2026-03-15 12:00:00')
    def test_batches(self):
        """More records than a batch: all are billed, the bad ones isolated in their batches."""
        contracts = [self.make.contract([100]) for _number in range(5)]
        plan = [self.make.plan(contract, '10%', f'2026-02-{day:02}') for contract in contracts for day in (1, 2)]
        wrong = [self.make.plan(contract, '100.01', '2026-02-03') for contract in contracts[:2]]
        with patch.object(progress_scheduling_mixin, 'BATCH_SIZE', 3):
            self._run()
        self.assertEqual([bill.state for bill in plan], ['invoiced'] * 10)
        self.assertEqual([bill.run_state for bill in wrong], ['failed', 'failed'])
        self.assertEqual([contract.draft_amount for contract in contracts], [20] * 5)
        self.assertIn("2 failed", self.company.progress_last_run_result)

    @freeze_time('2026-03-15 12:00:00')
    def test_pro_forma(self):
        """REV-1: with pro formas the scheduled action stops there too."""
        contract = self.make.contract([10000], use_pro_forma=True)
        bill = self.make.plan(contract, '25%')
        self._run()
        self.assertRecordValues(bill, [{'state': 'draft', 'amount': 2500, 'invoice_id': False}])
        self.assertEqual(contract.draft_amount, 2500)
        self._run()
        self.assertEqual(bill.state, 'draft')
        bill.action_release()
        bill.invoice_id.action_post()
        final = self.billing.final(contract)
        self.assertEqual(final.amount_untaxed, 7500)

    @freeze_time('2026-03-15 12:00:00')
    def test_posts_at_once(self):
        """BIL-18: the job's user may post, so the company's wish is done."""
        self.company.progress_post_invoices = True
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        self._run()
        self.assertEqual((bill.invoice_id.state, contract.actual_amount), ('posted', 100))

    @freeze_time('2026-03-15 12:00:00')
    def test_job_user_without_accounting(self):
        """BIL-18: a job that runs as someone who may not post leaves drafts."""
        self.company.progress_post_invoices = True
        self.cron.user_id = self.billing_user
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        self._run()
        self.assertEqual((bill.state, bill.invoice_id.state), ('invoiced', 'draft'))

    @freeze_time('2026-03-15 12:00:00')
    def test_rounding_in_a_batch(self):
        """A whole plan that fell due bills the contract to the cent, as one by one."""
        contract = self.make.contract([100.01])
        plan = [self.make.plan(contract, '25%', f'2026-01-0{day}') for day in (1, 2, 3, 4)]
        self._run()
        self.assertEqual([bill.amount for bill in plan], [25.00, 25.01, 25.00, 25.00])
        self.assertEqual(contract.wip_available, 0)

    @freeze_time('2026-03-15 12:00:00')
    def test_over_the_plan(self):
        """A plan of 120 %: what fits is billed in its order, the rest keeps its error."""
        contract = self.make.contract([1000])
        plan = [self.make.plan(contract, '40%', f'2026-01-0{day}') for day in (1, 2, 3)]
        self._run()
        self.assertEqual([bill.state for bill in plan], ['invoiced', 'invoiced', 'planned'])
        self.assertEqual(plan[2].run_state, 'failed')
        self.assertEqual(contract.draft_amount, 800)

    @freeze_time('2026-03-15 12:00:00')
    def test_in_another_company(self):
        """The job bills every company by its own date and accounts."""
        data = self.setup_other_company(name="Far Away Builders")
        company = data['company']
        company.partner_id.tz = 'Pacific/Kiritimati'
        contract = self.env['progress.contract'].create(
            {
                'partner_id': self.customer.id,
                'company_id': company.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': "Work",
                            'original_amount': 100,
                            'account_id': data['default_account_revenue'].id,
                            'tax_ids': False,
                        }
                    )
                ],
            }
        )
        contract.action_open()
        bill = self.make.plan(contract, '10%', '2026-03-16')
        ours = self.make.plan(self.make.contract([100]), '10%', '2026-03-16')
        self._run()
        self.assertEqual((bill.state, ours.state), ('invoiced', 'planned'))
        self.assertEqual(bill.invoice_id.company_id, company)
        self.assertEqual(bill.invoice_id.invoice_line_ids.account_id, company.progress_deposit_account_id)

    @freeze_time('2026-03-15 12:00:00')
    def test_as_a_person(self):
        """SEC-1: the scheduled action is called by the scheduler; by RPC it is private."""
        with self.assertRaisesRegex(UserError, "cannot be called remotely"):
            call_kw(self.env['progress.bill'], '_cron_generate_progress_invoices', [], {})
