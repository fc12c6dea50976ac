from types import SimpleNamespace

from odoo.fields import Domain
from odoo.tests import tagged

from ..models.base.progress_actor import Actor
from .test_hooks import HooksCommon


@tagged('post_install', '-at_install')
class TestHooksOfPages(HooksCommon):
    """What the page of a bill and the lines of an order leave to addons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([1000])
        cls.customer.email = 'customer@example.com'
        cls.contact = cls.env['progress.contact'].create(
            {'contract_id': cls.contract.id, 'partner_id': cls.customer.id, 'role': 'approver'}
        )
        cls.claim = cls.billing.run(cls.contract, 50)

    def test_answers(self):
        taken = []

        def extend(result, *_args):
            return {**result, 'dispute': lambda actor, given: taken.append((actor.partner, given['reason']))}

        bill = self.claim.sudo()
        with self._extended('progress.bill', '_get_answer_takers', extend):
            given = {'version': bill._get_version(), 'reason': "No"}
            bill._take_answer('dispute', Actor(self.customer), self.contact.sudo(), given)
        self.assertEqual((taken, bill.is_disputed), ([(self.customer, "No")], False))

    def test_template_of_a_notice(self):
        mails = self.env['mail.mail'].sudo()
        before = mails.search_count([])
        with self._extended('progress.notice', '_get_template_xmlid', lambda *_args: 'progress_billing.none'):
            self.claim.action_submit()
        self.assertEqual(mails.search_count([]), before)

    def test_reminded(self):
        period = self.env['progress.billing.period'].create(
            {
                'project_id': self.project.id,
                'date_start': self.claim.date,
                'date_end': self.claim.date,
                'date_due': self.company._get_progress_today(),
            }
        )
        self.claim.period_id = period
        self.claim.action_submit()
        with self._extended('progress.bill', '_get_reminder_domain', lambda *_args: Domain.FALSE):
            self.env['progress.bill']._cron_remind_contacts()
        self.assertNotIn('reminder', self.claim.notice_ids.mapped('kind'))
        self.env['progress.bill']._cron_remind_contacts()
        self.assertIn('reminder', self.claim.notice_ids.mapped('kind'))

    def test_lines_of_orders(self):
        """What an order decides changes nowhere else, in the words of whoever knows the order."""
        line = self.contract.line_ids
        order_line = SimpleNamespace(order_id=SimpleNamespace(display_name="O-1"))
        with self._extended('progress.contract.line', '_get_order_line', lambda *_args: order_line):
            self.assertRefused(lambda: line.write({'original_amount': 1}), "follows from the order O-1")
            with self._extended('progress.contract.line', '_get_order_sentence', lambda *_args, **_values: "Ask O-1."):
                self.assertRefused(lambda: line.write({'original_amount': 1}), "Ask O-1.")

    def test_level_of_a_task(self):
        """An addon for another side of contracts says who sends."""
        mine = self.claim.with_user(self.billing_user)
        self.assertFalse(mine.may_send)
        with self._extended('progress.contract', '_get_task_level', lambda *_args: 'user'):
            self.env.invalidate_all()
            self.assertTrue(mine.may_send)
            mine.action_send()
