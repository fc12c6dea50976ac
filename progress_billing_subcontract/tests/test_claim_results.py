from datetime import date

from odoo.tests import tagged

from .claim_common import AcceptedClaimCommon


@tagged('post_install', '-at_install')
class TestClaimResults(AcceptedClaimCommon):
    """What a claim becomes: its vendor bill, document and screens; in which order, and what can be deleted."""

    # === VENDOR BILLS === #

    def test_bill_of_a_claim(self):
        """Dated by the claim, with its number, the order it comes from, and the order line on each of its lines."""
        order = self.contract.purchase_order_ids
        self.bill.date = '2026-03-11'
        self._send('submit', vendor_reference='R-7', **self._work(self.bill, '1000', '500'))
        self.bill.action_approve()
        move = self.bill.invoice_id
        self.assertRecordValues(
            move,
            [
                {
                    'move_type': 'in_invoice',
                    'ref': 'R-7',
                    'invoice_date': date(2026, 3, 11),
                    'partner_id': self.vendor.id,
                }
            ],
        )
        self.assertIn(order.name, move.invoice_origin)
        lines = move.invoice_line_ids.filtered('purchase_line_id')
        self.assertEqual(lines.purchase_line_id, order.order_line)
        self.assertEqual(lines.mapped('price_subtotal'), [1000, 500])

    def test_document_of_a_claim(self):
        """The application is the subcontractor's, to us: parties and signatures stand the other way round."""
        report = self.env['report.progress_billing.report_progress_application']
        facts, texts = report._get_facts(self.bill), report._get_texts(self.bill)
        self.assertEqual((facts['customer'][0], facts['contractor'][0]), ("To", "Subcontractor"))
        self.assertIn("Bricklayer", facts['contractor'][1])
        self.assertIn(self.company.name, facts['customer'][1])
        self.assertEqual(texts['statement_blocks'], [("Subcontractor", "Bricklayer")])
        self.assertEqual(texts['certificate_blocks'], [("Certified by", ''), (self.company.name, '')])
        self.contract.application_signatures = "Mason: Mia"
        self.assertEqual(report._get_texts(self.bill)['statement_blocks'], [("Mason", "Mia")])
        owner = self.make.as_billed([100])
        self.assertIn("Contractor", owner._get_application_setting('signatures'))

    def test_screens(self):
        """Claims open in screens of their own, bills of customers in theirs."""
        claims = self.env.ref('progress_billing_subcontract.action_progress_subcontract_bill')
        contracts = self.env.ref('progress_billing_subcontract.action_progress_subcontract')
        one, none = self.bill._get_bill_action(), self.bill.browse()._get_bill_action()
        self.assertEqual((one['id'], one['res_id'], one['view_mode']), (claims.id, self.bill.id, 'form'))
        self.assertNotEqual(none.get('id'), claims.id)
        action = self.contract._get_contract_action()
        self.assertEqual((action['id'], action['res_id']), (contracts.id, self.contract.id))
        order = self.contract.action_view_purchase_orders()
        self.assertEqual((order['res_model'], order['res_id']), ('purchase.order', self.contract.purchase_order_ids.id))
        status = self.period.action_view_subcontracts()
        self.assertEqual(status['domain'], [('period_id', 'in', self.period.ids)])
        project = self.project.action_view_subcontracts()
        self.assertEqual(
            project['domain'], [('project_id', 'in', self.project.ids), ('contract_type', '=', 'subcontract')]
        )
        self.assertEqual(self.project.subcontract_count, 1)

    # === DELETION === #

    def test_what_can_be_deleted(self):
        """Draft, sent back, declined and cancelled claims go; what is under review, approved or billed stays."""
        for steps, deletable in (
            ([], True),
            (['submit'], False),
            (['submit', 'reject'], True),
            (['decline'], True),
            (['submit', 'approve'], False),
            (['submit', 'approve', 'post'], False),
            (['submit', 'cancel'], True),
        ):
            with self.subTest(steps=steps), self.env.cr.savepoint() as savepoint:
                self.first.amount = 100
                for step in steps:
                    if step == 'post':
                        self.bill.invoice_id.action_post()
                    else:
                        getattr(self.bill, f'action_{step}')(*(["Less"] if step == 'reject' else []))
                if deletable:
                    self.bill.unlink()
                    self.assertFalse(self.bill.exists())
                else:
                    self.assertRefused(self.bill.unlink, "cannot be deleted")
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_order_of_life(self):
        """The older claim is billed first: one of the same subcontractor waits until then."""
        self._send('submit', **self._work(self.bill, '100'))
        later = self._claim_after('2026-03-25')
        self.assertRefused(later.action_approve, self.bill.name)
        self.bill.action_approve()
        later.action_approve()
        self.assertEqual(later.claim_status, 'approved')

    def _claim_after(self, day):
        before = self.contract.bill_ids
        line = {'contract_line_id': self.contract.line_ids[1].id, 'amount': 50}
        self.contract.action_create_bill('lines', {'lines': [line], 'date': day})
        later = self.contract.bill_ids - before
        later.action_submit()
        return later
