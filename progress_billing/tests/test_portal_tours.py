from odoo.tests import tagged

from .portal_common import PortalCommon
from .test_portal_files import make_pdf


@tagged('post_install', '-at_install')
class TestPortalTours(PortalCommon):
    """Each answer in a real browser, on a desk."""

    def setUp(self):
        super().setUp()
        self.bill.action_submit()

    def _tour(self, name, record=None):
        address = self._url(record or self.bill, contact=self.contact)
        self.start_tour(address, f'progress_portal_{name}', login=None, timeout=120)

    def test_certify(self):
        self._tour('certify')
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [2500, 6000])

    def test_certify_in_sum(self):
        self._tour('certify_sum')
        self.assertEqual(self.bill.certified_amount, 8000)

    def test_upload(self):
        self._tour('upload')
        self.assertEqual(self.bill._get_uploads().mapped('name'), ['roof.png'])

    def test_comment(self):
        self._tour('comment')
        self.assertEqual(self.bill.message_ids[0].author_id, self.anna)
        self.assertIn("When is the roof done?", self.bill.message_ids[0].body)

    def test_milestone(self):
        milestone = self.env['project.milestone'].create({'name': "Roof on", 'project_id': self.project.id})
        self.env['progress.bill'].create(
            {
                'contract_id': self.contract.id,
                'trigger': 'milestone',
                'milestone_id': milestone.id,
                'requires_approval': True,
                'amt_pct': '10%',
            }
        )
        milestone.is_reached = True
        self._tour('milestone', self.contract)
        self.assertEqual(milestone.billing_approved_partner_id, self.anna)
        self.assertEqual(milestone.billing_approval_note, "I saw it")

    def test_invoice(self):
        self.bill.action_approve()
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        self._tour('invoice')

    def test_reject(self):
        self._tour('reject')
        self.assertEqual(self.bill.state, 'rejected')

    def test_dispute_and_approve(self):
        self._tour('dispute')
        self.assertEqual(self.bill.state, 'approved')

    def test_sign(self):
        for name in ('_get_portal_pdf', '_get_signature_page'):
            self.patch(type(self.env['progress.bill']), name, lambda bill: make_pdf())
        self._tour('sign')
        self.assertEqual(self.bill.signed_by, "Anna Approver")


@tagged('post_install', '-at_install')
class TestPortalToursPhone(TestPortalTours):
    """The same on a phone of 390 pixels."""

    browser_size = '390x844'
    touch_enabled = True
