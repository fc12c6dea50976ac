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
    leaves_numbers_out = fields.Boolean(
        compute='_compute_number_remark', help="Whether it would be that of the invoice if it may leave numbers out."
    )

    @api.depends('invoice_number', 'accept_number_gap', 'date', 'contract_id')
    def _compute_number_remark(self):
        """What is wrong with the number, while it is typed."""
        for wizard in self:
            wizard.number_remark = wizard.leaves_numbers_out = False
            if wizard.contract_id and not wizard.bill_id:
                try:
                    wizard._check_invoice_number(lock=False)
                except UserError as error:
                    wizard.number_remark = str(error)
                    wizard.leaves_numbers_out = wizard._is_gap_alone()

    def _is_gap_alone(self):
        """Whether nothing but the numbers left out keeps the number typed from being that of the invoice."""
        try:
            self._check_invoice_number(lock=False, gap=True)
        except UserError:
            return False
        return True

    def _get_typed_number(self):
        """The number, without the blanks around it; false where none is typed."""
        return (self.invoice_number or '').strip() or False

    def _check_invoice_number(self, *, lock=True, gap=None):
        """Check the number typed.

        :param bool lock: whether the journal is locked meanwhile
        :param bool gap: whether numbers may be left out; as ticked unless given
        :raises UserError: where it cannot be that of the invoice
        """
        self.ensure_one()
        number = self._get_typed_number()
        if number:
            today = self.contract_id.company_id._get_progress_today()
            date = min(self.date or today, today)
            gap = self.accept_number_gap if gap is None else gap
            self.contract_id._check_invoice_number(number, date, gap=gap, lock=lock)

    def _check_can_continue(self):
        result = super()._check_can_continue()
        self._check_invoice_number()
        return result

    def _prepare_attached_vals(self):
        return {
            **super()._prepare_attached_vals(),
            'invoice_number': self._get_typed_number(),
            'accept_number_gap': self.accept_number_gap,
        }
