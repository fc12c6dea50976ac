from odoo import fields, models

from .progress_contract import COLUMN_USES, PAPERS, USES


class ProgressCompanyApplication(models.Model):
    """How a company's applications for payment are printed (APP-7); contracts may say otherwise."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_application_use = fields.Selection(
        USES,
        string="Application for Payment",
        default='auto',
        required=True,
        help="Bills are sent as applications for payment: summary and continuation sheet, as PDF and spreadsheet.",
    )
    progress_application_paper = fields.Selection(
        PAPERS, string="Paper of Applications", help="Empty: as the company's other documents."
    )
    progress_application_stored_column = fields.Selection(
        COLUMN_USES, string="Column Stored Materials", default='auto', required=True
    )
    progress_application_retainage_column = fields.Selection(
        COLUMN_USES, string="Column Retainage", default='auto', required=True
    )
    progress_application_statement = fields.Text(string="Contractor's Statement", translate=True)
    progress_application_certificate = fields.Text(string="Certificate Text", translate=True)
    progress_application_terms = fields.Text(string="Terms of the Application", translate=True)
    progress_application_signatures = fields.Text(
        string="Signature Blocks",
        translate=True,
        help="One line for each block: who signs, a colon, and the name. The first block signs the contractor's "
        "statement, the others the certificate.",
    )

    def _get_application_default(self, key):
        """What an application for payment says where neither contract nor company do.

        :param str key: of ``SETTINGS`` in ``progress_contract.py``
        """
        self.ensure_one()
        defaults = {
            'use': lambda: 'auto',
            'paper': lambda: 'letter' if self.paperformat_id.format == 'Letter' else 'a4',
            'stored': lambda: 'auto',
            'retainage': lambda: 'auto',
            'statement': lambda: self.env._(
                "We declare that the work and the stored materials listed on the continuation sheet were carried out "
                "or delivered as the contract asks, that we have settled what we owe for work covered by earlier "
                "payments, and that the current payment due shown here is owed to us."
            ),
            'certificate': lambda: self.env._(
                "We have looked at the work and at this application. The work stands where the application says, and "
                "the contractor is to be paid the amount certified below."
            ),
            'terms': lambda: '',
            'signatures': lambda: self.env._("Contractor: %s\nCertified by:\nOwner:", self.name),
        }
        return defaults[key]()
