from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressBillCreateNumber(models.TransientModel):
    """The number of the invoice, where somebody types it."""

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    invoice_number = fields.Char(help="In the journal's own pattern; leave it empty for the next one.")
    accept_number_gap = fields.Boolean(
        string="Leave Numbers Out", help="The number may leave out numbers of the journal."
    )
    number_remark = fields.Char(compute='_compute_number_remark')

    @api.depends('invoice_number', 'accept_number_gap', 'date', 'contract_id')
    def _compute_number_remark(self):
        """What is wrong with the number, while it is typed."""
        for wizard in self:
            wizard.number_remark = False
            if wizard.invoice_number and wizard.contract_id and not wizard.bill_id:
                try:
                    wizard._check_invoice_number(lock=False)
                except UserError as error:
                    wizard.number_remark = str(error)

    def _check_invoice_number(self, *, lock=True):
        """:raises UserError: where the number typed cannot be that of the invoice"""
        self.ensure_one()
        if self.invoice_number:
            today = self.contract_id.company_id._get_progress_today()
            date = min(self.date or today, today)
            self.contract_id._check_invoice_number(self.invoice_number, date, gap=self.accept_number_gap, lock=lock)

    def _check_can_continue(self):
        result = super()._check_can_continue()
        self._check_invoice_number()
        return result

    def _prepare_attached_vals(self):
        return {
            **super()._prepare_attached_vals(),
            'invoice_number': self.invoice_number,
            'accept_number_gap': self.accept_number_gap,
        }
