import base64

from odoo import fields, models
from odoo.exceptions import UserError

XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
REPORT = 'progress_billing.action_report_progress_application'


class ProgressBillFiles(models.Model):
    """The files of an application for payment: made, sent, and kept as they were issued."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    #: ``{revision: {'pdf': SHA1, 'xlsx': SHA1}}``: files are found by what they contain, not by a name anybody can use
    issued_checksums = fields.Json(
        readonly=True, copy=False, guarded=True, help="Checksums of the files issued, by revision and kind of file."
    )

    def _check_application(self):
        """Nothing is applied for by records that are planned, and by opening amounts.

        :raises UserError: naming the bill
        """
        for bill in self:
            if bill.kind == 'opening' or bill.state == 'planned':
                raise UserError(
                    self.env._("%(bill)s is no application for payment: create the bill first.", bill=bill.display_name)
                )

    def _check_download(self):
        """What the spreadsheet of these bills takes, by button and by address. Extend by ``super()``.

        :raises UserError: naming the bill
        """
        self._check_application()

    def action_application_xlsx(self):
        """The application for payment as a spreadsheet; several come as an archive.

        :return dict: the action that downloads it
        :raises UserError: for planned records
        """
        self._check_download()
        ids = ','.join(map(str, self.ids))
        return {'type': 'ir.actions.act_url', 'url': f'/progress_billing/application/{ids}', 'target': 'download'}

    def _get_application_file_name(self):
        """Number of the application, bill and revision; without the ending."""
        bill = self._in_customer_language()
        name = bill.env._(
            "Application for Payment %(number)s - %(bill)s - Rev %(revision)s",
            number=bill._get_bill_position(),
            bill=bill.name or bill.contract_id.name,
            revision=bill.correction_number,
        )
        return name.replace('/', '-')

    def _is_application_issued(self):
        """Whether the figures stand: the invoice is posted."""
        self.ensure_one()
        return self.bucket == 'actual'

    def _get_issued_file(self, kind):
        """The file as it was issued with this revision.

        :param str kind: pdf or xlsx
        :return: an attachment as superuser; empty where none was issued, or the bill is a draft again
        """
        self.ensure_one()
        # sudo: ir.attachment - a file of this bill, which the user may read
        attachments = self.env['ir.attachment'].sudo()
        checksum = (self.issued_checksums or {}).get(str(self.revision), {}).get(kind)
        if not checksum or self.bucket == 'draft':
            return attachments
        domain = [('res_model', '=', self._name), ('res_id', '=', self.id), ('checksum', '=', checksum)]
        return attachments.search(domain, order='id', limit=1)

    def _get_issued_checksums(self):
        """Checksums of all files this bill issued, of whatever revision."""
        self.ensure_one()
        return {checksum for files in (self.issued_checksums or {}).values() for checksum in files.values()}

    def _get_application_paperformat(self):
        """The paper of the application, as contract and company say."""
        paper = self.contract_id._get_application_setting('paper')
        # sudo: report.paperformat - the paper of a document that may be printed
        return self.env.ref(f'progress_billing.paperformat_application_{paper}').sudo()

    def _issue_application(self, pdf):
        """Keep a PDF just made and the spreadsheet that belongs to it, where the bill's figures stand.

        :param bytes pdf: as it goes to the customer
        :return: the PDF's attachment as superuser; empty where nothing is issued yet
        """
        self.ensure_one()
        # sudo: ir.attachment - whoever may print an application issues it
        attachments = self.env['ir.attachment'].sudo()
        if not self._is_application_issued():
            return attachments
        issued = self._get_issued_file('pdf')
        if issued:
            return issued
        name = self._get_application_file_name()
        files = attachments.create(
            [
                {
                    'name': f'{name}.{kind}',
                    'raw': content,
                    'res_model': self._name,
                    'res_id': self.id,
                    'mimetype': mimetype,
                }
                for kind, content, mimetype in (
                    ('pdf', pdf, 'application/pdf'),
                    ('xlsx', self._build_application_xlsx(), XLSX_TYPE),
                )
            ]
        )
        checksums = dict(zip(('pdf', 'xlsx'), files.mapped('checksum'), strict=True))
        # sudo: progress.bill - what was issued, whoever printed it
        bill = self.sudo()
        bill._write_protected({'issued_checksums': {**(self.issued_checksums or {}), str(self.revision): checksums}})
        return files[0]

    def _build_application_xlsx(self):
        """The spreadsheet as the figures are now, in the customer's language.

        :return bytes: a file in the format of Excel
        """
        report = self.env['report.progress_billing.report_progress_application']
        return report._of(self)._build_xlsx(self)

    def _get_application_pdf(self):
        """The PDF: as issued, else made now."""
        self.ensure_one()
        return self.env['ir.actions.report']._render_qweb_pdf(REPORT, self.ids)[0]

    def _get_application_xlsx(self):
        """The spreadsheet: as issued; else it is made now, with the PDF where that makes it issued."""
        self.ensure_one()
        self.check_access('read')
        issued = self._get_issued_file('xlsx')
        reports = self.env['ir.actions.report']
        if not issued and self._is_application_issued() and reports.get_wkhtmltopdf_state() != 'install':
            self._get_application_pdf()
            issued = self._get_issued_file('xlsx')
        return issued.raw or self._build_application_xlsx()

    def _get_mail_template(self):
        """Applications for payment have an e-mail of their own."""
        if self and all(bill._uses_application() for bill in self):
            template = self.env.ref('progress_billing.mail_template_progress_application', raise_if_not_found=False)
            if template:
                return template
        return super()._get_mail_template()

    def _uses_application(self):
        """Whether this bill goes out as an application for payment."""
        self.ensure_one()
        asks_for_work = self.kind not in ('opening', 'down_payment') and self.state != 'planned'
        return asks_for_work and self.contract_id._uses_application()

    def _process_attachments_for_template_post(self, mail_template):
        """The spreadsheet goes along with the PDF."""
        result = super()._process_attachments_for_template_post(mail_template)
        if self.env.ref(REPORT) in mail_template.report_template_ids:
            for bill in self:
                file = f'{bill._get_application_file_name()}.xlsx', base64.b64encode(bill._get_application_xlsx())
                result.setdefault(bill.id, {}).setdefault('attachments', []).append(file)
        return result
