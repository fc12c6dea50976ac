from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.test_portal_files import make_pdf
from odoo.addons.progress_billing_subcontract.tests.claim_common import TODAY, ClaimCommon

STEPS = ('invite', 'approve', 'pay')
#: what a document holds up, the state of it, and the first step that is refused
HOLDS = (
    ('invite', 'missing', 'invite'),
    ('approve', 'missing', 'approve'),
    ('pay', 'missing', 'pay'),
    ('invite', 'expired', 'invite'),
    ('approve', 'expired', 'approve'),
    ('pay', 'future', 'pay'),
    ('invite', 'expiring', None),
    ('invite', 'valid', None),
    ('invite', 'waived', None),
)


@tagged('post_install', '-at_install')
class TestHolds(ClaimCommon):
    """What a document holds up on a subcontract, step by step, as somebody takes the steps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.compliance.type'].search([]).asked_of = 'none'
        cls.insurance = cls.env['progress.compliance.type'].create(
            {'name': "Insurance", 'holds': 'invite', 'policy': 'stop', 'reminder_days': 30}
        )

    def _document(self, state='missing', **vals):
        day = {
            'missing': {},
            'expired': {'valid_until': TODAY - timedelta(days=1)},
            'future': {'number': "P", 'valid_from': TODAY + timedelta(days=1)},
            'expiring': {'valid_until': TODAY},
            'valid': {'number': "P", 'valid_until': TODAY + timedelta(days=31)},
            'waived': {'is_waived': True},
        }[state]
        document = self.env['progress.compliance'].create(
            {'type_id': self.insurance.id, 'contract_id': self.contract.id, **day, **vals}
        )
        self.assertEqual(document.state, state)
        return document

    def _take(self, step):
        bill = self.contract.bill_ids
        if step == 'invite':
            self.contract.action_invite()
        elif step == 'approve':
            bill.action_accept()
            bill.line_ids[0].amount = 1000
            bill.action_submit()
            bill.action_approve()
        else:
            bill.invoice_id.action_post()
            self.billing.pay(bill.invoice_id)

    def test_steps(self):
        for holds, state, refused in HOLDS:
            for policy in ('stop', 'warn'):
                with self.subTest(holds=holds, state=state, policy=policy), self.env.cr.savepoint() as savepoint:
                    self._document(state, holds=holds, policy=policy)
                    for step in STEPS:
                        if step == refused and policy == 'stop':
                            self.assertRefused(lambda step=step: self._take(step), f"Insurance of {self.vendor.name}")
                            break
                        self._take(step)
                    else:
                        bill = self.contract.bill_ids
                        self.assertEqual(bill.claim_status, 'paid')
                        told = [body for body in bill.message_ids.mapped('body') if "Insurance of" in (body or '')]
                        steps = STEPS[STEPS.index(refused) :] if refused else ()
                        self.assertEqual(len(told), len(steps), "What merely warns is noted with each step.")
                    savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def test_what_is_refused_changes_nothing(self):
        self._document()
        self.assertRefused(self.contract.action_invite, "is missing")
        self.assertFalse(self.contract.bill_ids)
        self.assertRefused(self.project.action_invite_subcontracts, "Insurance of Bricklayer is missing.")
        self.env.flush_all()
        row = self.env['progress.subcontract.status'].search([('contract_id', '=', self.contract.id)])
        self.assertEqual(row.blockers, "Insurance of Bricklayer is missing.")

    def test_firm_or_subcontract(self):
        """A firm's document holds up all its subcontracts, a subcontract's that one."""
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        mine = self._document()
        self.assertRefused(self.contract.action_invite, "is missing")
        other.action_invite()
        mine.unlink()
        self.env['progress.compliance'].create(
            {'type_id': self.insurance.id, 'partner_id': self.vendor.id, 'company_id': self.company.id}
        )
        third = self._subcontract([100])
        self._add_invoice_contact(third, self.mason)
        for contract in self.contract | third:
            self.assertRefused(contract.action_invite, "is missing")

    def test_expiring_becomes_an_activity(self):
        """For whoever is responsible for the subcontract, on the day it ends, once."""
        self.contract.user_id = self.sub_manager
        document = self._document('expiring', valid_until=TODAY + timedelta(days=30))
        late = self._document('valid')
        for _twice in range(2):
            with self.enter_registry_test_mode():
                self.env.ref('progress_billing_compliance.ir_cron_compliance').method_direct_trigger()
            self.env.invalidate_all()
        self.assertRecordValues(
            document.activity_ids,
            [{'user_id': self.sub_manager.id, 'date_deadline': TODAY + timedelta(days=30)}],
        )
        self.assertEqual(document.activity_ids.summary, "Insurance: ask for a new one")
        self.assertFalse(late.activity_ids)

    def test_refund_is_taken(self):
        """What a subcontractor pays back is taken, whatever is missing; what they are paid is not."""
        bill = self._claim(self.contract, 1000, post=True)
        document = self._document()
        refund = bill.invoice_id._reverse_moves([{'invoice_date': TODAY, 'date': TODAY}])
        refund.action_post()
        refund.line_ids.remove_move_reconcile()  # as one that is settled by itself
        pay = self.env['account.payment.register'].with_context(active_model='account.move')
        for moves, bills in ((bill.invoice_id, bill), (refund, bill.browse()), (bill.invoice_id | refund, bill)):
            with self.subTest(moves=moves):
                dialog = pay.with_context(active_ids=moves.ids).create({})
                self.assertEqual(dialog._get_bills_to_pay(), bills)
        self.assertRefused(lambda: self.billing.pay(bill.invoice_id), "Insurance of Bricklayer is missing.")
        self.billing.pay(refund)
        self.assertNotEqual(refund.payment_state, 'not_paid')
        document.is_waived = True
        self.billing.pay(bill.invoice_id)
        self.assertNotEqual(bill.invoice_id.payment_state, 'not_paid')

    # === WHO SAYS WHAT IS NEEDED === #

    def test_excuses_are_the_administrators(self):
        """A Standard user enters what came in; that it is not needed, or warns only, an administrator says."""
        document = self._document()
        mine = document.with_user(self.standard_user)
        for vals in ({'is_waived': True}, {'policy': 'warn'}, {'holds': 'pay'}):
            with self.subTest(vals=vals):
                self.assertRefused(lambda vals=vals: mine.write(vals), "only administrators say", error=AccessError)
        mine.write({'is_waived': False, 'policy': 'stop', 'holds': 'invite', 'number': "P-1"})
        self.assertEqual(document.state, 'valid')
        lines = self.env['progress.compliance'].with_user(self.standard_user)
        base = {'type_id': self.insurance.id, 'contract_id': self.contract.id}
        self.assertTrue(lines.create(base))
        for vals in ({'is_waived': True}, {'policy': 'warn'}, {'holds': 'pay'}):
            with self.subTest(create=vals):
                self.assertRefused(
                    lambda vals=vals: lines.create({**base, **vals}), "only administrators", error=AccessError
                )
        document.with_user(self.sub_manager).write({'is_waived': True})
        self.assertEqual(document.state, 'waived')

    def test_excuses_of_a_firm(self):
        """A document of a firm is of both sides: an administrator of either excuses it."""
        document = self.env['progress.compliance'].create(
            {'type_id': self.insurance.id, 'partner_id': self.vendor.id, 'company_id': self.company.id}
        )
        for user in (self.standard_user, self.billing_user):
            self.assertRefused(
                lambda user=user: document.with_user(user).write({'is_waived': True}), "only admin", error=AccessError
            )
        document.with_user(self.sub_manager).is_waived = True

    def test_papers_of_a_firm_by_the_side_of_their_type(self):
        """What is asked of subcontractors alone is changed by those who bill them, though it is of no contract."""
        self.insurance.side = 'vendor'
        document = self.env['progress.compliance'].create(
            {'type_id': self.insurance.id, 'partner_id': self.vendor.id, 'company_id': self.company.id}
        )
        vals = {'type_id': self.insurance.id, 'partner_id': self.vendor.id, 'company_id': self.company.id}
        for user in (self.billing_user, self._make_user('owner_admin', 'progress_billing.group_manager')):
            with self.subTest(user=user.login):
                for act in (
                    lambda user=user: document.with_user(user).write({'number': "P-1"}),
                    lambda user=user: document.with_user(user).write({'is_waived': True}),
                    lambda user=user: document.with_user(user).create(vals),
                    lambda user=user: document.with_user(user).unlink(),
                ):
                    self.assertRefused(act, regex="not allowed|access|only administrators", error=AccessError)
                self.assertTrue(document.with_user(user).read(['number']))
        free = self.insurance.copy({'side': 'all'})
        moved = document.with_user(self.billing_user).create({**vals, 'type_id': free.id})
        self.assertRefused(
            lambda: moved.write({'type_id': self.insurance.id}), regex="not allowed|access", error=AccessError
        )
        document.with_user(self.standard_user).number = "P-1"
        self.assertEqual(document.state, 'valid')

    # === BACKUPS === #

    def test_backups_of_claims(self):
        """Administrators compile claims and their files; others are told whose work it is, by every door."""
        self._claim(self.contract, 1000)
        bill = self.contract.bill_ids
        bill.period_id = self.period
        for user in (self.sub_reader, self.standard_user):
            for record in (bill, self.period):
                with self.subTest(user=user.login, record=record):
                    self.assertRefused(
                        record.with_user(user).action_compile_backups, "compile backups of claims", error=AccessError
                    )
        self.assertFalse(self.env['progress.backup'].search([]))
        self.patch(type(bill), '_get_portal_pdf', lambda bill: make_pdf())
        self.patch(type(self.env['progress.backup']), '_render_front', lambda backup, pieces: make_pdf())
        self.period.with_user(self.sub_manager).action_compile_backups()
        backup = self.env['progress.backup'].sudo().search([])
        self.assertRecordValues(backup, [{'bill_ids': bill.ids, 'user_id': self.sub_manager.id, 'state': 'waiting'}])
        backup._compile()
        self.assertRecordValues(backup, [{'state': 'done', 'unreadable_count': 0}])

    # === WAIVERS === #

    def test_waivers_of_claims(self):
        """What a subcontractor gives up: this payment, and what was paid before; retainage released counts too."""
        kinds = self.env['progress.compliance.type'].create(
            [
                {'name': name, 'kind': name, 'holds': 'pay', 'policy': 'stop', 'text': "{payee}: {amount} of {payer}"}
                for name in ('conditional', 'unconditional')
            ]
        )
        self.contract.waiver_type_ids = kinds
        first = self._claim(self.contract, 10000, post=True)
        self.assertEqual(
            {waiver.kind: waiver.waiver_amount for waiver in first.waiver_ids},
            {'conditional': 9000, 'unconditional': 0},
        )
        conditional = first._get_page_waivers()
        self.assertRegex(conditional.waiver_text, f"{self.vendor.name}: .*9,000.00 of {self.company.name}")
        self.assertEqual(conditional.kind, 'conditional')
        self.assertRefused(lambda: self.billing.pay(first.invoice_id), f"for {first.name} is not signed")
        first.waiver_ids.is_waived = True
        self.billing.pay(first.invoice_id, 4000)
        second = self._claim(self.contract, 2000, post=True)
        self.assertEqual(
            {waiver.kind: waiver.waiver_amount for waiver in second.waiver_ids},
            {'conditional': 1800, 'unconditional': 4000},
        )
        with self.assertRaisesRegex(UserError, "is not signed"):
            self.billing.pay(second.invoice_id)
        self.assertEqual(fields.Date.to_string(second.waiver_ids[0].through_date), str(second.date))
