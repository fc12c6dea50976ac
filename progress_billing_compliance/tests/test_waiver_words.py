import hashlib
from functools import partial
from io import BytesIO

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.tests.common import ProgressBillingCommon

WORDS = "{payee} waives {amount} for {bill} of {payer}, {contract}, through {date}."


class WaiverCommon(ProgressBillingCommon):
    """A contract with both kinds of waivers, 10 % held, and its first bill of 5,000."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = cls.env['progress.compliance.type']
        cls.types.search([]).asked_of = 'none'
        vals = {'holds': 'pay', 'policy': 'stop', 'text': WORDS}
        cls.conditional, cls.unconditional = cls.types.create(
            [{'name': kind.title(), 'kind': kind, **vals} for kind in ('conditional', 'unconditional')]
        )
        cls.contract = cls.make.pro_forma(
            [10000], retainage_percent=10, description="House", waiver_type_ids=cls.conditional | cls.unconditional
        )
        cls.bill = cls.billing.run(cls.contract, 50)
        cls.manager = new_test_user(
            cls.env, login='waivers', groups='progress_billing.group_manager', company_id=cls.company.id
        )

    def _of(self, kind, bill=None):
        return (bill or self.bill).waiver_ids.filtered(lambda waiver: waiver.type_id == kind)

    def _paid(self, bill, amount):
        """A bill that is in the ledger, with so much of it paid."""
        if not bill.invoice_id:
            bill.action_release()
            bill.invoice_id.action_post()
        self.billing.pay(bill.invoice_id, amount)

    def _amounts(self, bill):
        return self._of(self.conditional, bill).waiver_amount, self._of(self.unconditional, bill).waiver_amount


@tagged('post_install', '-at_install')
class TestWaiverAmounts(WaiverCommon):
    """What is given up: this payment, or what was paid on the bills before (CMP-5)."""

    def test_of_each_bill(self):
        """Certified less what is held; before it whatever was paid on earlier bills, and on none after."""
        self.assertEqual(self._amounts(self.bill), (4500, 0))
        second = self.billing.run(self.contract, 70)
        third = self.billing.run(self.contract, 90)
        self.assertEqual([self._amounts(bill) for bill in (second, third)], [(1800, 0), (1800, 0)])
        for bill, amount, expected in (
            (self.bill, 1000, [(4500, 0), (1800, 1000), (1800, 1000)]),
            (second, 300.3, [(4500, 0), (1800, 1000), (1800, 1300.3)]),
            (third, 50, [(4500, 0), (1800, 1000), (1800, 1300.3)]),
            (self.bill, 500, [(4500, 0), (1800, 1500), (1800, 1800.3)]),
        ):
            self._paid(bill, amount)
            self.assertEqual([self._amounts(one) for one in (self.bill, second, third)], expected)
        self.bill.invoice_id.line_ids.remove_move_reconcile()
        self.assertEqual(self._amounts(third)[1], 300.3)

    def test_less_is_certified(self):
        """What is cut is not waived."""
        self.bill.action_submit()
        self.assertEqual(self._amounts(self.bill), (4500, 0))
        self.bill.line_ids.certified_amount = 4000
        self.assertEqual(self._amounts(self.bill), (3600, 0))
        self.assertIn("3,600.00", self._of(self.conditional).waiver_text)

    def test_which_bills_ask(self):
        """Those that ask for money: no plan, no opening amounts; each waiver once, also where it is asked for later."""
        plan = self.make.plan(self.contract, '10%', '2026-03-01')
        self.assertFalse(plan.waiver_ids)
        opening = self.billing.run(self.contract, 55)
        opening.waiver_ids.unlink()
        opening._write_protected({'kind': 'opening'})
        (opening | plan)._ask_for_waivers()
        self.assertFalse((opening | plan).waiver_ids)
        later = self.types.create({'name': "Later", 'kind': 'conditional'})
        self.contract.waiver_type_ids |= later
        self.assertFalse(self._of(later))
        self.bill.action_submit()
        self.assertEqual(len(self._of(later)), 1)
        self.bill.action_reject("Again")
        self.bill.action_submit()
        self.assertEqual(len(self.bill.waiver_ids), 3)
        self.contract.waiver_type_ids = False
        self.assertFalse(self.billing.run(self.contract, 60).waiver_ids)

    def test_asked_by_whoever_bills(self):
        """Whoever bills need not keep documents; the waiver is the contract's partner's, in its company."""
        self.contract.line_ids.completed_percent = 60
        before = self.contract.bill_ids
        self.contract.with_user(self.billing_user).action_run_billing()
        waivers = (self.contract.bill_ids - before).waiver_ids
        self.assertEqual(waivers.type_id, self.conditional | self.unconditional)
        self.assertEqual((waivers.partner_id, waivers.company_id), (self.customer, self.company))
        self.assertEqual(set(waivers.mapped('holds') + waivers.mapped('policy')), {'pay', 'stop'})
        with self.assertRaisesRegex(Exception, "bill already|unique"), self.env.cr.savepoint():
            waivers[0].sudo()._create_protected(
                [{'type_id': waivers[0].type_id.id, 'contract_id': self.contract.id, 'bill_id': waivers[0].bill_id.id}]
            )

    def test_through(self):
        """The date of the bill; today where it has none."""
        waiver = self._of(self.conditional)
        for today, day in ((None, '2026-03-15'), (None, '2026-04-30'), ('2026-05-02 12:00:00', '2026-05-02')):
            with self.subTest(day=day), freeze_time(today or '2026-01-01'):
                self.bill._write_protected({'date': False if today else day})
                self.assertEqual(str(waiver.through_date), day)

    def test_foreign_currency(self):
        """In the currency of the contract, to its unit."""
        yen = self.setup_other_currency('JPY', rates=[('2020-01-01', 100.0)])
        contract = self.make.pro_forma(
            [100001], currency_id=yen.id, retainage_percent=10, waiver_type_ids=self.conditional | self.unconditional
        )
        first = self.billing.run(contract, 50)
        waiver = self._of(self.conditional, first)
        self.assertEqual((waiver.currency_id, waiver.waiver_amount), (yen, first.certified_amount))
        self.assertRegex(waiver.waiver_text, r"¥\s?45,00[01] |45,00[01]\s?¥ ")
        self.assertNotIn(".00", waiver.waiver_text)
        self._paid(first, 1001)
        self.assertEqual(self._amounts(self.billing.run(contract, 60))[1], 1001)

    # === WHAT THEY HOLD UP === #

    def test_what_is_missing(self):
        """A waiver of something that is not signed; none of nothing, one not needed, or one that came as a file."""
        second = self.billing.run(self.contract, 70)
        mine = self._of(self.conditional, second)
        not_signed = f"Conditional for {second.name} is not signed."
        self.assertEqual(second._get_compliance_blockers('pay'), [not_signed])
        self.assertEqual(second._get_compliance_blockers('approve'), [])
        self.assertEqual(self.contract._get_compliance_blockers('pay'), [], "of the bill, not of the contract")
        self._paid(self.bill, 100)
        before = f"Unconditional for {second.name} is not signed."
        self.assertEqual(second._get_compliance_blockers('pay'), [not_signed, before])
        mine.policy = 'warn'
        self.assertEqual(second._get_compliance_blockers('pay'), [before])
        self.assertEqual(second._get_compliance_warnings('pay'), [not_signed])
        mine.is_waived = True
        self.assertEqual(second._get_compliance_warnings('pay'), [])
        theirs = self._of(self.unconditional, second)
        theirs.number = "not a signature"
        self.assertEqual(theirs.state, 'missing')
        theirs.attachment_ids = self.env['ir.attachment'].create({'name': "signed.pdf", 'raw': b'x'})
        self.assertEqual(second._get_compliance_blockers('pay'), [])

    def test_on_the_page(self):
        """What the contact signs with the bill: waivers of something, that they sign."""
        document = self.types.create({'name': "Licence", 'text': WORDS})
        self.assertEqual(self.bill._get_page_waivers(), self._of(self.conditional), "nothing was paid before")
        second = self.billing.run(self.contract, 70)
        self._paid(self.bill, 1)
        self.assertEqual(second._get_page_waivers(), second.waiver_ids)
        self.unconditional.signer = 'office'
        self.assertEqual(second._get_page_waivers(), self._of(self.conditional, second))
        lines = self.env['progress.compliance'].sudo()
        lines._create_protected([{'type_id': document.id, 'contract_id': self.contract.id, 'bill_id': second.id}])
        self.assertEqual(len(second.waiver_ids), 3)
        self.assertEqual(second._get_page_waivers(), self._of(self.conditional, second), "no document is signed there")


@tagged('post_install', '-at_install')
class TestWaiverWords(WaiverCommon):
    """What is signed: words with the figures of the bill, that stay once they are signed (CMP-5)."""

    def _sign(self, waiver=None, name="Anna A.", partner=None):
        """As the page does, with the bill."""
        self.bill._write_protected({'signed_on': '2026-03-20 10:00:00'})
        (waiver or self._of(self.conditional))._sign(Actor(partner or self.customer), name)

    def test_filled_in(self):
        """Who is paid gives up: the contact to the company, or the company to the contact."""
        waiver, (name, us, them) = self._of(self.conditional), (self.bill.name, self.company.name, self.customer.name)
        self.bill._write_protected({'date': '2026-03-15'})
        contract = self.contract.display_name
        for signer, text, expected in (
            ('contact', WORDS, f"{them} waives $ 4,500.00 for {name} of {us}, {contract}, through 03/15/2026."),
            ('office', WORDS, f"{us} waives $ 4,500.00 for {name} of {them}, {contract}, through 03/15/2026."),
            ('contact', "{amount} {amount}", "$ 4,500.00 $ 4,500.00"),
            ('contact', "{nothing} {} {Amount} { amount } 100 %", "{nothing} {} {Amount} { amount } 100 %"),
            ('contact', False, ''),
        ):
            with self.subTest(signer=signer, text=text):
                self.conditional.write({'signer': signer, 'text': text})
                self.assertEqual(waiver.waiver_text.replace('\xa0', ' '), expected)

    def test_names_are_no_fields(self):
        """A name is what it is, whatever is in it."""
        self.customer.name = "{amount} & {date} {contract} Ltd"
        self.conditional.text = "{payee} gives up {amount}."
        self.assertEqual(
            self._of(self.conditional).waiver_text.replace('\xa0', ' '),
            "{amount} & {date} {contract} Ltd gives up $ 4,500.00.",
        )

    def test_in_the_readers_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.conditional.with_context(lang='fr_FR').text = "Renonce à {amount} au {date}."
        self.bill._write_protected({'date': '2026-03-15'})
        waiver = self._of(self.conditional)
        self.assertIn("waives", waiver.waiver_text)
        french = waiver.with_context(lang='fr_FR')
        self.assertRegex(french.waiver_text, r"^Renonce à .*4.500,00.* au 15/03/2026\.$")
        self._sign(french)
        for lang in ('en_US', 'fr_FR'):
            self.assertRegex(waiver.with_context(lang=lang).waiver_text, r"^Renonce à", "as it was signed")

    def test_signed(self):
        """Words, figures, who and when are kept; with a fingerprint of the words."""
        waiver = self._of(self.conditional)
        self.assertEqual((waiver.state, waiver.signed_on), ('missing', False))
        words = waiver.waiver_text
        with freeze_time('2026-03-20 10:00:00'):
            self._sign()
        self.assertRecordValues(
            waiver,
            [
                {
                    'signed_amount': 4500,
                    'signed_through': self.bill.date,
                    'signed_text': words,
                    'signed_by': "Anna A.",
                    'signed_by_partner_id': self.customer.id,
                    'signed_fingerprint': hashlib.sha256(words.encode()).hexdigest(),
                    'state': 'valid',
                }
            ],
        )
        self.assertEqual(str(waiver.signed_on), '2026-03-20 10:00:00')
        self.assertFalse(self._of(self.unconditional).signed_on)

    def test_status_follows_at_once(self):
        """Signed, changed and signed anew in one transaction: status and what is held up follow."""
        waiver = self._of(self.conditional)
        blockers = partial(self.bill._get_compliance_blockers, 'pay')
        for act, state in (
            (lambda: None, 'missing'),
            (self._sign, 'valid'),
            (lambda: self.bill._write_protected({'signed_on': False}), 'missing'),
            (self._sign, 'valid'),
            (lambda: self.bill.line_ids.write({'amount': 4000}), 'missing'),
            (self._sign, 'valid'),
            (lambda: setattr(waiver, 'is_waived', True), 'waived'),
        ):
            act()
            self.assertEqual((waiver.state, len(blockers())), (state, int(state == 'missing')))

    def test_what_was_signed_stays(self):
        """Whatever changes afterwards: words, dates, names, and what was paid before."""
        self._paid_first()
        waivers = self.second.waiver_ids
        self.second._write_protected({'signed_on': '2026-03-20 10:00:00'})
        waivers._sign(Actor(self.customer), "Anna A.")
        kept = waivers.mapped(lambda one: (one.waiver_amount, one.through_date, one.waiver_text))
        self.assertEqual([amount for amount, _day, _text in kept], [1800, 700])
        (self.conditional | self.unconditional).text = "Other words {amount}"
        self.customer.name = "Renamed"
        self.second._write_protected({'date': '2026-09-09'})
        self.billing.pay(self.bill.invoice_id, 100)
        self.env.invalidate_all()
        self.assertEqual(waivers.mapped(lambda one: (one.waiver_amount, one.through_date, one.waiver_text)), kept)

    def _paid_first(self):
        self.second = self.billing.run(self.contract, 70)
        self._paid(self.bill, 700)

    def test_another_amount_is_signed_anew(self):
        """A conditional waiver of another amount is none; its words are new ones until it is signed again."""
        waiver = self._of(self.conditional)
        self._sign()
        self.bill.line_ids.amount = 4000
        self.assertEqual((waiver._is_signed(), waiver.waiver_amount, waiver.signed_amount), (False, 3600, 4500))
        self.assertIn("3,600.00", waiver.waiver_text)
        self._sign(name="Bea B.")
        self.assertRecordValues(waiver, [{'signed_amount': 3600, 'signed_by': "Bea B.", 'state': 'valid'}])

    # === WHO MAY === #

    def test_signed_by_the_office(self):
        """An administrator, on waivers that the office signs, once an amount; one refused leaves all unsigned."""
        self._paid_first()
        ours, others = self.second.waiver_ids.with_user(self.manager), self.bill.waiver_ids
        self.assertRefused(ours.action_sign, "is not signed by the office")
        (self.conditional | self.unconditional).signer = 'office'
        document = self.env['progress.compliance'].create(
            {'type_id': self.types.create({'name': "Plan", 'signer': 'office'}).id, 'contract_id': self.contract.id}
        )
        loose = self.env['progress.compliance'].create(
            {'type_id': self.conditional.id, 'partner_id': self.customer.id, 'company_id': self.company.id}
        )
        for bad in (document, loose):
            self.assertRefused((ours | bad).action_sign, bad.display_name, "is not signed by the office")
        self.assertFalse(any(ours.mapped('signed_on')))
        reader = ours.with_user(self.reader)
        self.assertRefused(reader.action_sign, "not allowed to modify", error=AccessError)
        self.assertRefused(
            ours.with_user(self.billing_user).action_sign, "Only Progress Billing administrators", error=AccessError
        )
        self.assertEqual(ours.action_sign(), {'type': 'ir.actions.act_window_close'})
        self.assertRecordValues(ours, [{'signed_by': self.manager.name, 'state': 'valid'}] * 2)
        self.assertEqual(ours.signed_by_partner_id, self.manager.partner_id)
        self.assertRefused(ours[0].action_sign, "Nothing was changed", f"signed already, by {self.manager.name}")
        self.second.line_ids.amount = 1500
        ours.filtered(lambda waiver: waiver.type_id == self.conditional).action_sign()
        self.assertEqual(self._amounts(self.second), (1350, 700))
        self.assertFalse(others.filtered('signed_on'))

    def test_button_of_the_office(self):
        """The button is there as long as there is something to sign."""
        self.conditional.signer = 'office'
        waiver = self._of(self.conditional)
        arch = self.env['progress.compliance'].with_user(self.manager).get_view(view_type='form')['arch']
        [hidden] = [
            node.get('invisible') for node in etree.fromstring(arch).iter('button') if node.get('name') == 'action_sign'
        ]

        def is_shown():
            values = {name: waiver[name] for name in ('signer', 'signed_on', 'state', 'kind')}
            return not safe_eval(hidden, {'bill_id': waiver.bill_id.id, **values})

        self.assertTrue(is_shown())
        waiver.action_sign()
        self.assertFalse(is_shown())
        self.bill.line_ids.amount = 4000
        self.assertTrue(is_shown(), "another amount is signed anew")
        self.conditional.signer = 'contact'
        self.assertFalse(is_shown())

    def test_who_changes_what(self):
        """Type and partner stay; what was signed stays with its bill; an administrator deletes one that was not."""
        waiver, other = self._of(self.conditional), self._of(self.unconditional)
        person = self.env['res.partner'].create({'name': "P", 'parent_id': self.customer.id})
        for user in (self.env.user, self.manager):
            for vals in ({'partner_id': person.id}, {'type_id': self.conditional.copy().id}, {'signed_by': "Me"}):
                with self.subTest(user=user.login, vals=vals):
                    act = partial(waiver.with_user(user).write, vals)
                    self.assertRefused(act, "cannot be set", waiver.display_name, error=AccessError)
        waiver.with_user(self.billing_user).write({'partner_id': self.customer.id, 'note': "Sent"})
        self._sign()
        self.assertRefused((other | waiver).with_user(self.manager).unlink, "is signed: it stays with its bill.")
        other.with_user(self.manager).unlink()
        self.assertEqual(self.bill.waiver_ids, waiver)
        with self.assertRaisesRegex(UserError, "cannot be set"):
            self.bill.with_user(self.manager).write({'waiver_ids': [Command.create({'type_id': self.conditional.id})]})

    # === THE DOCUMENT === #

    def _print(self, waiver):
        report = 'progress_billing_compliance.report_progress_waiver'
        html = self.env['ir.actions.report']._render_qweb_html(report, waiver.ids)[0].decode()
        return ' '.join(html.replace('\xa0', ' ').split())

    def test_printed(self):
        """The words with bill, contract, amount and day, and whether they are signed; by whom, their fingerprint."""
        self.conditional.text = "First line\nand <b>second</b> of {amount}"
        self.bill._write_protected({'date': '2026-03-15'})
        waiver = self._of(self.conditional)
        text = self._print(waiver)
        for word in ("Conditional", self.bill.name, self.contract.display_name, "03/15/2026", "Not signed."):
            self.assertIn(word, text)
        self.assertIn("and &lt;b&gt;second&lt;/b&gt; of $ 4,500.00", text)
        self.assertNotIn("Signed by", text)
        self._sign(name="<i>Anna</i>")
        text = self._print(waiver)
        self.assertNotIn("Not signed.", text)
        for word in ("Signed by", "&lt;i&gt;Anna&lt;/i&gt;", waiver.signed_fingerprint, "Customer</span>)"):
            self.assertIn(word, text)
        self.assertNotIn("revision", text)

    def test_printed_of_each(self):
        """One document a waiver, in their order, each in its partner's language."""
        self.patch(
            type(self.env['ir.actions.report']), '_render_qweb_pdf_prepare_streams', lambda *args: self._streams(*args)
        )
        waivers = self.bill.waiver_ids
        self.assertEqual(waivers._get_waiver_pdfs(), [str(waiver.id).encode() for waiver in waivers])
        self.assertEqual(waivers[::-1]._get_waiver_pdfs(), [str(waiver.id).encode() for waiver in waivers[::-1]])
        self.assertEqual(self.asked, ('progress.compliance', waivers[::-1].ids, True))

    def _streams(self, report, asked, _data, ids):
        self.asked = (asked.model, ids, report.env.su)
        return {number: {'stream': BytesIO(str(number).encode())} for number in sorted(ids)}
