from odoo import api, fields, models

USES = [
    ('auto', "With retainage, stored materials or change orders"),
    ('always', "Always"),
    ('never', "Never"),
]
PAPERS = [('a4', "A4"), ('letter', "Letter")]
COLUMN_USES = [('auto', "When it is used"), ('show', "Always"), ('hide', "Never")]
#: settings of a contract that its company answers where they are empty: contract field, company field
SETTINGS = {
    'use': ('application_use', 'progress_application_use'),
    'paper': ('application_paper', 'progress_application_paper'),
    'stored': ('application_stored_column', 'progress_application_stored_column'),
    'retainage': ('application_retainage_column', 'progress_application_retainage_column'),
    'statement': ('application_statement', 'progress_application_statement'),
    'certificate': ('application_certificate', 'progress_application_certificate'),
    'terms': ('application_terms', 'progress_application_terms'),
    'signatures': ('application_signatures', 'progress_application_signatures'),
}


class ProgressContractApplication(models.Model):
    """How the contract's applications for payment are printed (APP-7); the company answers what is empty."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    application_use = fields.Selection(
        USES,
        string="Application for Payment",
        help="Bills are sent as applications for payment: summary and continuation sheet, as PDF and spreadsheet. "
        "Empty: as the company says.",
    )
    application_paper = fields.Selection(PAPERS, string="Paper")
    application_stored_column = fields.Selection(COLUMN_USES, string="Column Stored Materials")
    application_retainage_column = fields.Selection(COLUMN_USES, string="Column Retainage")
    application_statement = fields.Text(string="Contractor's Statement")
    application_certificate = fields.Text(string="Certificate Text")
    application_terms = fields.Text(string="Terms of the Application")
    application_signatures = fields.Text(
        string="Signature Blocks",
        help="One line for each block: who signs, a colon, and the name. The first block signs the contractor's "
        "statement, the others the certificate.",
    )
    may_edit_document = fields.Boolean(compute='_compute_may_edit_document')

    @api.depends_context('uid')
    def _compute_may_edit_document(self):
        for contract in self:
            contract.may_edit_document = contract._may_do('edit_document')

    @api.model_create_multi
    def create(self, vals_list):
        """A new contract is printed as the company says, unless an administrator says otherwise: by no default either.

        A copy keeps what the contract it comes from says.
        """
        contracts = super().create(vals_list)
        names = {own for own, _inherited in SETTINGS.values()} - self._get_own_names()
        contracts.filtered(lambda contract: any(contract[name] for name in names))._check_may_edit_document()
        return contracts

    def write(self, vals):
        if self._get_typed(vals) & {own for own, _inherited in SETTINGS.values()}:
            self._check_may_edit_document()
        return super().write(vals)

    def copy(self, default=None):
        names = {own for own, _inherited in SETTINGS.values()} - (default or {}).keys()
        with self._setting_own([dict.fromkeys(names)]):
            return super().copy(default)

    def _check_may_edit_document(self):
        """:raises AccessError: for users who may not change how the application for payment is printed"""
        if self:
            self._check_may_do(
                'edit_document',
                self.env._("Only administrators change how applications for payment are printed. Ask one of them."),
            )

    def _get_application_setting(self, key):
        """A setting of the application for payment: the contract's, else the company's, else our own.

        :param str key: of ``SETTINGS``
        """
        self.ensure_one()
        own, inherited = SETTINGS[key]
        company = self.company_id.with_context(lang=self.env.lang)
        return self[own] or company[inherited] or company._get_application_default(key)

    def _uses_application(self):
        """Whether bills of this contract are sent as applications for payment."""
        self.ensure_one()
        use = self._get_application_setting('use')
        if use != 'auto':
            return use == 'always'
        return (
            self._has_retainage()
            or any(line.stored_amount or line.previous_stored_amount for line in self.bill_ids.line_ids)
            or any(line.stored_amount for line in self.line_ids)
            or any(change.state == 'approved' for change in self.change_ids)
        )
