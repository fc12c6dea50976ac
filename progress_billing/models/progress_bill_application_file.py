import base64

from odoo import fields, models

XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
REPORT = 'progress_billing.action_report_progress_application'


class ProgressBillApplicationFile(models.AbstractModel):
    """The application for payment as files: printed, sent, and kept as issued (RULES 1.15, 1.16, C16).

    Until its invoice is posted a bill is printed as it stands. From then on PDF and spreadsheet are
    kept when first made, and every later print shows them: corrections of earlier bills do not reach
    them. A correction of the bill itself is a new revision with files of its own.
    """

    _name = 'progress.bill.application.file'
    _description = "Files of an Application for Payment"

    application_files = fields.Json(
        readonly=True, copy=False, help="Ids of the attachments issued, by revision and kind of file."
    )

    # === ACTIONS === #

    def action_application_xlsx(self):
        """The application for payment as a spreadsheet; several come as an archive.

        :return dict: the action that downloads it
        :raises UserError: for planned records
        """
        self._check_application()
        ids = ','.join(map(str, self.ids))
        return {'type': 'ir.actions.act_url', 'url': f'/progress_billing/application/{ids}', 'target': 'download'}

    # === NAMES === #

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

    # === ISSUED === #

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
        if self.bucket == 'draft':
            return attachments
        ids = (self.application_files or {}).get(str(self.revision), {})
        found = attachments.browse(ids.get(kind)).exists()
        return found.filtered(lambda file: (file.res_model, file.res_id) == (self._name, self.id))

    def _issue_application(self, pdf):
        """Keep a PDF just made and the spreadsheet that belongs to it, where the bill's figures stand.

        :param bytes pdf: as it goes to the customer
        """
        self.ensure_one()
        if not self._is_application_issued():
            return
        name = self._get_application_file_name()
        # sudo: ir.attachment - whoever may print an application issues it
        attachments = self.env['ir.attachment'].sudo()
        made = {
            kind: attachments.create(
                {
                    'name': f'{name}.{kind}',
                    'raw': content,
                    'res_model': self._name,
                    'res_id': self.id,
                    'mimetype': mimetype,
                }
            ).id
            for kind, content, mimetype in (
                ('pdf', pdf, 'application/pdf'),
                ('xlsx', self._build_application_xlsx(), XLSX_TYPE),
            )
        }
        self._write_protected({'application_files': {**(self.application_files or {}), str(self.revision): made}})

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

    # === SENDING === #

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
        return self.kind != 'opening' and self.state != 'planned' and self.contract_id._uses_application()

    def _process_attachments_for_template_post(self, mail_template):
        """The spreadsheet goes along with the PDF."""
        result = super()._process_attachments_for_template_post(mail_template)
        if self.env.ref(REPORT) in mail_template.report_template_ids:
            for bill in self:
                file = f'{bill._get_application_file_name()}.xlsx', base64.b64encode(bill._get_application_xlsx())
                result.setdefault(bill.id, {}).setdefault('attachments', []).append(file)
        return result
