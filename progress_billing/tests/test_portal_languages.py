import html
import io

import openpyxl

from odoo.tests import tagged
from odoo.tools import html2plaintext

from .portal_common import PortalCommon

REPORT = 'progress_billing.report_progress_application'
PRO_FORMA = 'progress_billing.report_progress_bill'
#: what is asked for in each language: pages, refusals, e-mails, documents, and numbers as they are written there
LANGUAGES = {
    'de_DE': {
        'statement': ("Ursprünglicher Auftrag", "Abschlagsrechnungen", "30.000,00"),
        'bill': ("Geben Sie diese Abschlagsrechnung frei?", "Freizugeben", "Auftragswert", "9.000,00"),
        'refused': "ist kein Betrag. Schreiben Sie ihn wie 1.234,50",
        'mail': ("Bitte geben Sie", "wartet auf Ihre Freigabe", "8.100,00"),
        'print': ("Zahlungsanforderung", "Ursprüngliche Auftragssumme", "Fällige Zahlung", "8.100,00"),
        'pro_forma': ("Proforma-Rechnung", "Dies ist keine Rechnung"),
        'sheet': "Leistungsaufstellung",
        'invoice': ("Abschlagsrechnung Nr. 1", "Stand des Vertrags"),
        'gone': "Hier gibt es für Sie nichts zu sehen.",
    },
    'fr_FR': {
        'statement': ("Marché initial", "Situations"),
        'bill': ("Approuvez-vous cette situation ?", "À approuver", "Montant du marché"),
        'refused': "n'est pas un montant. Écrivez-le comme",
        'mail': ("Veuillez approuver", "attend votre approbation"),
        'print': ("Demande de paiement", "Montant initial du marché", "Paiement dû"),
        'pro_forma': ("Facture pro forma", "Ceci n'est pas une facture"),
        'sheet': "État détaillé",
        'invoice': ("Situation de travaux n° 1", "Où en est le contrat"),
        'gone': "Il n'y a rien à voir ici pour vous.",
    },
    'es_ES': {
        'statement': ("Contrato original", "Certificaciones"),
        'bill': ("¿Aprueba esta certificación?", "Por aprobar", "Valor contratado"),
        'refused': "no es un importe. Escríbalo como",
        'mail': ("Apruebe", "espera su aprobación"),
        'print': ("Solicitud de pago", "Importe original del contrato", "Pago debido"),
        'pro_forma': ("Factura proforma", "Esto no es una factura"),
        'sheet': "Relación valorada",
        'invoice': ("Certificación de obra n.º 1", "Situación del contrato"),
        'gone': "Aquí no hay nada que pueda ver.",
    },
    'nl_NL': {
        'statement': ("Oorspronkelijk contract", "Termijnfacturen", "30.000,00"),
        'bill': ("Keurt u deze termijnfactuur goed?", "Goed te keuren", "Aanneemsom", "9.000,00"),
        'refused': "is geen bedrag. Schrijf het als 1.234,50",
        'mail': ("goed, a.u.b.", "wacht op uw goedkeuring"),
        'print': ("Betaalverzoek", "Oorspronkelijke aanneemsom", "Te betalen"),
        'pro_forma': ("Pro-formafactuur", "Dit is geen factuur"),
        'sheet': "Termijnstaat",
        'invoice': ("Termijnfactuur nr. 1", "Stand van het contract"),
        'gone': "Hier is voor u niets te zien.",
    },
}


@tagged('post_install', '-at_install')
class TestPortalLanguages(PortalCommon):
    """Whoever is outside the office reads and is answered in their own language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in LANGUAGES:
            cls.env['res.lang']._activate_lang(code)
        modules = ['base', 'portal', 'account', 'progress_billing']
        cls.env['ir.module.module']._load_module_terms(modules, list(LANGUAGES))

    def _each(self, check):
        """Every language, with the customer and their people reading it; undone after each."""
        for code, words in LANGUAGES.items():
            with self.subTest(code):
                self.env.flush_all()
                self.env.cr.execute('SAVEPOINT language')
                try:
                    (self.customer | self.anna | self.colleague).lang = code
                    check(code, words)
                finally:
                    self.env.flush_all()
                    self.env.cr.execute('ROLLBACK TO SAVEPOINT language')
                    self.env.invalidate_all(flush=False)

    def assertSays(self, text, *words):
        text = html.unescape(text).replace('\xa0', ' ').replace('\u202f', ' ')
        for word in words:
            self.assertIn(word, text)

    def test_pages(self):
        self.bill.action_submit()

        def check(code, words):
            page = self._get(self.contract, contact=self.contact).text
            self.assertSays(page, *words['statement'], f'lang="{code.replace("_", "-")}"')
            self.assertSays(self._get(self.bill, contact=self.contact).text, *words['bill'])

        self._each(check)

    def test_refusals(self):
        self.bill.action_submit()

        def check(_code, words):
            line = self.bill.line_ids[0]
            given = {f'line_{line.id}': 'nan', 'version': self.bill._get_version(), 'answer': 'certify'}
            answer = self._post(self.bill, '/answer', self.contact, **given)
            self.assertEqual(answer.status_code, 200)
            self.assertSays(answer.text, words['refused'])

        self._each(check)

    def test_nothing_to_see(self):
        """Whoever is logged in is told in their language that there is nothing."""

        def check(_code, words):
            self.authenticate(self.colleague_user.login, self.colleague_user.login)
            self.assertSays(html2plaintext(self._get(self.bill).text), words['gone'])

        self._each(check)

    def test_mails(self):
        def check(_code, words):
            self.bill.action_submit()
            mail = self.env['mail.mail'].sudo().search([('model', '=', 'progress.notice')], order='id desc', limit=1)
            self.assertEqual(mail.recipient_ids, self.anna)
            self.assertSays(f'{mail.subject} {html2plaintext(mail.body_html)}', *words['mail'])

        self._each(check)

    def test_documents(self):
        """Application, pro forma and spreadsheet, as the customer reads them."""
        reports = self.env['ir.actions.report']

        def check(_code, words):
            text = html2plaintext(reports._render_qweb_html(REPORT, self.bill.ids)[0].decode())
            self.assertSays(text, *words['print'])
            text = html2plaintext(reports._render_qweb_html(PRO_FORMA, self.bill.ids)[0].decode())
            self.assertSays(text, *words['pro_forma'])
            book = openpyxl.load_workbook(io.BytesIO(self.bill._build_application_xlsx()))
            self.assertIn(words['sheet'], book.sheetnames)

        self._each(check)

    def test_invoices(self):
        reports = self.env['ir.actions.report']

        def check(_code, words):
            self.bill.action_release()
            text = reports._render_qweb_html('account.report_invoice', self.bill.invoice_id.ids)[0].decode()
            self.assertSays(html2plaintext(text), *words['invoice'])

        self._each(check)
