from odoo.tests import tagged

from odoo.addons.progress_billing.tests.mails import LANGUAGES, load_languages, render_mail, show_euros

from .claim_common import ClaimCommon

WITH_AMOUNT = ('approved', 'released')


@tagged('post_install', '-at_install')
class TestMailTemplates(ClaimCommon):
    """Every e-mail to subcontractors says what their claim comes to, in their language, in its currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_languages(cls.env, 'progress_billing', 'progress_billing_subcontract')
        euro = cls.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        vals = {'retainage_percent': 10, 'purchase_vals': {'currency_id': euro.id}}
        paid, done = (cls._subcontract([20000], **vals) for _each in range(2))
        for contract in (paid, done):
            cls._add_invoice_contact(contract, cls.mason)
        paid.action_create_down_payment(1234.5)
        work = cls._claim(done, 6000, post=True)
        done.action_release_retainage(123.4)
        release = done.bill_ids - work
        cls.bills = {('advance', paid.bill_ids): 1234.5, ('work', work): 5400.0, ('release', release): 123.4}

    def test_each_claim(self):
        find = self.env['ir.model.data']._xmlid_to_res_id
        kinds = [
            kind
            for kind in dict(self.env['progress.notice']._fields['kind'].selection)
            if find(f'progress_billing_subcontract.mail_template_progress_notice_{kind}', raise_if_not_found=False)
        ]
        for (kind, bill), amount in self.bills.items():
            notices = {
                name: self.env['progress.notice'].sudo().create(
                    {'bill_id': bill.id, 'contact_id': bill.contract_id.contact_ids.id, 'kind': name, 'occasion': 'x'}
                )
                for name in kinds
            }
            for code, sentence in LANGUAGES.items():
                (self.vendor | self.mason).lang = code
                with self.subTest(kind=kind, code=code):
                    text = render_mail(bill._get_mail_template(), bill)
                    self.assertIn(show_euros(amount, code), text)
                    self.assertNotIn("attached you find", text)
                for name, notice in notices.items():
                    with self.subTest(kind=kind, notice=name, code=code):
                        text = render_mail(self.env.ref(notice._get_template_xmlid()), notice)
                        self.assertIn(sentence, text)
                        if name in WITH_AMOUNT:
                            self.assertIn(show_euros(amount, code), text)
