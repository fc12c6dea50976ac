from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo import Command
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalPayment(PortalCommon):
    """From the page of a bill to its payment, by Odoo's own payment page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['ir.config_parameter'].sudo().set_param('account_payment.enable_portal_payment', True)
        method = cls.env.ref('payment.payment_method_unknown')
        cls.provider = (
            cls.env['payment.provider']
            .sudo()
            .create(
                {
                    'name': "Test Bank",
                    'code': 'none',
                    'state': 'test',
                    'is_published': True,
                    'company_id': cls.company.id,
                    'payment_method_ids': [Command.set(method.ids)],
                }
            )
        )
        method.sudo().active = True
        cls._create_dummy_payment_method_for_provider(
            provider=cls.provider, journal=cls.company_data['default_journal_bank']
        )
        cls.method = method
        cls.bill.action_release()
        cls.invoice = cls.bill.invoice_id
        cls.invoice.action_post()

    def _pay_on_page(self, amount=None):
        """Click Pay on the bill's page, fill in Odoo's form as its script does, and let the bank confirm."""
        page = html.fromstring(self._get(self.bill, contact=self.contact).text)
        [pay] = page.xpath("//a[@name='pay']")
        self.assertIn("Pay", pay.text_content())
        self.assertNotIn("To Pay", pay.text_content())
        landed = self.url_open(pay.get('href'), timeout=60)
        self.assertEqual(landed.status_code, 200)
        self.assertIn(f'/my/invoices/{self.invoice.id}', landed.url)
        [form] = html.fromstring(landed.text).xpath("//form[@id='o_payment_form']")
        self.assertEqual(form.get('data-transaction-route'), f'/invoice/transaction/{self.invoice.id}')
        token = parse_qs(urlsplit(landed.url).query)['access_token'][0]
        self.make_jsonrpc_request(
            form.get('data-transaction-route'),
            {
                'provider_id': self.provider.id,
                'payment_method_id': self.method.id,
                'token_id': None,
                'amount': amount or float(form.get('data-amount')),
                'flow': 'direct',
                'tokenization_requested': False,
                'landing_route': form.get('data-landing-route'),
                'access_token': token,
            },
            timeout=60,
        )
        payment = self.env['payment.transaction'].sudo().search([('invoice_ids', 'in', self.invoice.ids)], limit=1)
        payment._set_done()
        payment._post_process()
        return payment

    def test_pay(self):
        self._pay_on_page()
        self.assertIn(self.invoice.payment_state, ('paid', 'in_payment'))
        self.assertFalse(self.bill.is_unpaid)
        self.assertEqual(self.bill.residual_amount, 0)
        page = self._get(self.bill, contact=self.contact)
        self.assertNotIn('name="pay"', page.text)
        self.assertEqual(self.bill.notice_ids.filtered(lambda notice: notice.kind == 'paid').contact_id, self.contact)

    def test_pay_in_parts(self):
        """A part of it is a payment too: the page goes on asking for the rest."""
        total = self.bill.residual_amount
        self._pay_on_page(1000)
        self.assertEqual(self.invoice.payment_state, 'partial')
        self.assertAlmostEqual(self.bill.residual_amount, total - 1000)
        self.assertEqual(self.bill.paid_amount, 1000)
        self.assertFalse(self.bill.notice_ids.filtered(lambda notice: notice.kind == 'paid'))
        statement = html.fromstring(self._get(self.contract, contact=self.contact).text)
        [paid] = statement.xpath("//*[@data-key='paid']")
        self.assertIn("1,000.00", paid.text_content())
        self._pay_on_page(total - 1000)
        self.assertFalse(self.bill.is_unpaid)

    def test_no_online_payment(self):
        """Without the payment app's switch the page says what is to be paid, and leads to the invoice."""
        self.env['ir.config_parameter'].sudo().set_param('account_payment.enable_portal_payment', False)
        page = html.fromstring(self._get(self.bill, contact=self.contact).text)
        [pay] = page.xpath("//a[@name='pay']")
        self.assertIn("To Pay", pay.text_content())
