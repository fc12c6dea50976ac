from odoo.tests import tagged

from .portal_common import PortalCommon
from .test_portal_files import make_pdf


@tagged('post_install', '-at_install')
class TestPortalTours(PortalCommon):
    """Each answer in a real browser, on a desk."""

    def setUp(self):
        super().setUp()
        self.bill.action_submit()

    def _tour(self, name):
        self.start_tour(self._url(self.bill, contact=self.contact), f'progress_portal_{name}', login=None, timeout=120)

    def test_certify(self):
        self._tour('certify')
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [2500, 6000])

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
