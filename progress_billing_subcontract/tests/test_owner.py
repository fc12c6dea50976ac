from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwner(ClaimCommon):
    """Pay when paid, seen: owner and subcontractors side by side, the owner's bill from approved claims."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.make.pro_forma([80000, 50000], cls.tax_15, retainage_percent=10)
        for sub, owner in zip(cls.contract.line_ids, cls.owner.line_ids, strict=True):
            sub.owner_line_id = owner

    def _approved(self, work, stored='0'):
        bill = self._accepted()
        line = bill.line_ids[0]
        line.stored_retainage_percent = 10
        self._answer(bill, 'submit', **{**self._work(bill, work, '2000'), f'stored_{line.id}': stored})
        bill.action_approve()
        return bill

    def test_fill_the_owners_bill(self):
        """Work 10,000 and 2,000, 1,000 stored, 1,300 retained: the owner's pro forma says the same, once."""
        claim = self._approved('10000', '1000')
        self.project.action_bill_owner_from_claims()
        bill = self.owner.bill_ids
        self.assertRecordValues(
            bill.line_ids,
            [
                {'amount': 10000, 'stored_amount': 1000, 'retainage_amount': 1100},
                {'amount': 2000, 'stored_amount': 0, 'retainage_amount': 200},
            ],
        )
        self.assertEqual((bill.state, claim.owner_bill_id), ('draft', bill))
        with self.assertRaisesRegex(UserError, "no approved claim waits"):
            self.project.action_bill_owner_from_claims()
        bill.action_cancel()
        self.project.action_bill_owner_from_claims()
        self.assertEqual(claim.owner_bill_id, self.owner.bill_ids - bill)

    def test_lines_without_an_owner(self):
        self.contract.line_ids.owner_line_id = False
        self._approved('1000')
        with self.assertRaisesRegex(UserError, "says on which line the owner is billed"):
            self.project.action_bill_owner_from_claims()

    def test_side_by_side(self):
        """15,000 claimed from the owner, 11,000 claimed by subs and certified: a margin of 4,000 on the first line."""
        self.owner.line_ids[0].pending_amount = 15000
        self.owner.action_run_billing()
        self._approved('11000')
        wizard = self.env['progress.margin.wizard'].browse(self.period.action_view_margin()['res_id'])
        first = wizard.line_ids.filtered(lambda row: row.contract_line_id == self.owner.line_ids[0])
        self.assertRecordValues(
            first,
            [{'owner_amount': 15000, 'claimed_amount': 11000, 'certified_amount': 11000, 'margin_amount': 4000}],
        )
        self.assertEqual((wizard.certified_amount, wizard.margin_amount), (13000, 2000))

    def test_owners_side_is_closed(self):
        """Who sees the subcontracts alone gets no figure of the owner's by the dialog."""
        self.owner.line_ids[0].pending_amount = 15000
        self.owner.action_run_billing()
        self._approved('11000')
        values = {'project_id': self.project.id, 'period_id': self.period.id}
        wizard = self.env['progress.margin.wizard'].with_user(self.sub_reader).create(values)
        self.assertEqual((wizard.owner_amount, sum(wizard.line_ids.mapped('owner_amount'))), (0, 0))
        self.assertEqual(wizard.certified_amount, 13000)

    def test_names_of_this_project_alone(self):
        """The dialog names the owner's lines of its project: a caller does not read those of others by it."""
        secret = self.make.contract([100], project=self.make.project(name="Secret"))
        secret.line_ids.name = "Confidential works"
        rows = self.env['progress.margin.wizard.line'].with_user(self.sub_reader)
        wizard = rows.env['progress.margin.wizard'].create({'project_id': self.project.id})
        self.assertRefused(
            lambda: rows.create({'wizard_id': wizard.id, 'contract_line_id': secret.line_ids.id}),
            "cannot be set",
            error=AccessError,
        )
        self.assertRefused(
            lambda: wizard.write({'line_ids': [Command.create({'contract_line_id': secret.line_ids.id})]}),
            "cannot be set",
            error=AccessError,
        )

    def test_payments_and_schedule(self):
        claim = self._approved('10000')
        claim.invoice_id.action_post()
        self.env.flush_all()
        rows = self.env['progress.payment.schedule'].search([('contract_id', '=', self.contract.id)])
        self.assertEqual(sum(rows.mapped('amount')), -12000)
        self.billing.pay(claim.invoice_id, 5000)
        self.assertEqual((claim.paid_amount, claim.residual_amount, claim.claim_status), (5000, 7000, 'billed'))

    # === RETAINAGE === #

    def test_bulk_release(self):
        second = self._subcontract([5000], retainage_percent=20)
        for contract in (self.contract, second):
            self._claim(contract, 5000, post=True)
        (self.contract | second).action_release_all_retainage()
        releases = (self.contract | second).bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        self.assertEqual(sorted(releases.mapped('released_retainage_amount')), [500, 1000])
        self.assertEqual(set(releases.mapped('claim_status')), {'draft'})
        releases.action_submit()
        releases.action_approve()
        releases.invoice_id.action_post()
        self.assertRetained(self.contract, 0)
        self.assertLedger(releases.invoice_id, payable_retainage=1500, payable=-1500)
        self.assertRefused((self.contract | second).action_release_all_retainage, "No retainage is held")

    def test_release_on_the_page(self):
        """Of 1,000 held, 400 are claimed back with new work of 2,000: 200 withheld, 400 released."""
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._accepted()
        line = bill.line_ids[0]
        given = {**self._work(bill, '2000'), f'release_{line.id}': '400'}
        self._answer(bill, 'claim', **given)
        self.assertEqual((line.retainage_amount, line.release_amount, bill.releases_retainage), (-200, 400, True))
        self._answer(bill, 'submit', **given)
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        wizard.line_ids.release_amount = 300
        wizard.action_approve()
        self.assertEqual((bill.claim_status, bill.retainage_amount), ('approved_as_noted', -100))
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=2000, input_tax=200, payable_retainage=100, payable=-2300)
        self.assertRetained(self.contract, 900)

    def test_release_only(self):
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._accepted(invitation_type='retainage')
        with self.assertRaisesRegex(UserError, "cannot be released"):
            self._answer(bill, 'claim', **{f'release_{bill.line_ids.id}': '1001'})
        self._answer(bill, 'submit', **{f'release_{bill.line_ids.id}': '600'})
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, payable_retainage=600, payable=-600)

    def test_rates_are_the_administrators(self):
        bill = self._accepted()
        with self.assertRaisesRegex(Exception, "Only administrators of Subcontract Billing set the retainage"):
            bill.line_ids[0].with_user(self.standard_user).retainage_percent = 1
