from odoo.tests import tagged

from .mails import LANGUAGES, load_languages, render_mail, show_euros
from .portal_common import PortalCommon

#: notices that name an amount of the bill
WITH_AMOUNT = ('submitted', 'signature', 'approved')
#: what a template that was not rendered leaves behind, and what nobody should read
LEFT_OVER = r'\{\{|<t |\bNone\b|\bFalse\b'


@tagged('post_install', '-at_install')
class TestMailTemplates(PortalCommon):
    """Every e-mail of ours says what every kind of bill asks for, in each language, in the bill's currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_languages(cls.env, 'portal', 'account', 'progress_billing')
        euro = cls.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        cls.bills = cls._make_each_kind(currency_id=euro.id)

    @classmethod
    def _make_each_kind(cls, **vals):
        """What each bill asks for, by its kind."""
        paid, contract = (cls.make.pro_forma([20000], cls.tax_15, retainage_percent=10, **vals) for _each in range(2))
        ending, bills = cls.make.pro_forma([2000], cls.tax_15, **vals), {}
        for one in (paid, contract, ending):
            cls._add_contact(cls.anna, contract=one)
        bills['planned', cls.make.plan(contract, '1234.50', date='2026-12-01', title="Roof")] = 1234.5
        paid.action_create_down_payment(1234.5)
        bills['down payment', paid.bill_ids] = 1234.5
        work = cls.billing.run(contract, 30)
        bills['work', work] = 5400.0
        cls.billing.to_ledger(work)
        credit = cls.billing.run(contract, 25)
        bills['credit', credit] = -900.0
        cls.billing.to_ledger(credit)
        bills['release', cls.billing.release(contract, 123.4, post=False)] = 123.4
        cls.billing.to_ledger(cls.billing.run(ending, 50))
        ending.action_create_final_invoice()
        bills['final', ending.final_bill_id] = 1000.0
        return bills

    def _each(self):
        """Every kind of bill, in every language, with the people who get it speaking it."""
        for (kind, bill), amount in self.bills.items():
            for code in LANGUAGES:
                (self.customer | self.anna).lang = code
                yield kind, bill, code, show_euros(amount, code)

    def test_to_the_customer(self):
        """The pro forma's e-mail, and that of an application for payment where the bill is one."""
        application = self.env.ref('progress_billing.mail_template_progress_application')
        for kind, bill, code, amount in self._each():
            with self.subTest(kind=kind, code=code):
                template = bill._get_mail_template()
                self.assertEqual(template == application, kind in ('work', 'credit', 'release'))
                text = render_mail(template, bill)
                self.assertNotRegex(text, LEFT_OVER)
                self.assertNotIn("Please tell us", text)
                self.assertIn(amount, text)

    def test_to_contacts(self):
        """Each notice of each bill that contacts see."""
        kinds = dict(self.env['progress.notice']._fields['kind'].selection)
        notices = {
            (bill, kind): self.env['progress.notice'].sudo().create(
                {'bill_id': bill.id, 'contact_id': bill.contract_id.contact_ids.id, 'kind': kind, 'occasion': 'x'}
            )
            for _kind, bill in self.bills
            for kind in kinds
        }
        for kind, bill, code, amount in self._each():
            for name in kinds if kind != 'planned' else ():
                with self.subTest(kind=kind, notice=name, code=code):
                    notice = notices[bill, name]
                    text = render_mail(self.env.ref(notice._get_template_xmlid()), notice)
                    self.assertNotRegex(text, LEFT_OVER)
                    self.assertIn(LANGUAGES[code], text)
                    if name in WITH_AMOUNT:
                        self.assertIn(amount, text)

    def test_forwarded(self):
        template = self.env.ref('progress_billing.mail_template_progress_forward')
        for kind, bill, code, _amount in self._each():
            with self.subTest(kind=kind, code=code):
                text = render_mail(template, bill)
                self.assertNotRegex(text, LEFT_OVER)
                self.assertIn(bill.name or bill.title, text)
