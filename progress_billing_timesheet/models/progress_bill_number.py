from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressBillNumber(models.Model):
    """An invoice number that somebody typed: it continues the journal's own pattern, or is refused (HRS-11).

    A number in another pattern would be continued by everybody's next invoice; one that is taken would be an error of
    the database.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    invoice_number = fields.Char(
        string="Typed Invoice Number",
        copy=False,
        help="Of the invoice to come, in the journal's own pattern; empty: the journal's next one.",
    )
    accept_number_gap = fields.Boolean(
        string="Leave Numbers Out", copy=False, help="The typed number may leave out numbers of the journal."
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._strip_number(vals) for vals in vals_list])

    def write(self, vals):
        if {'invoice_number', 'accept_number_gap'} & self._get_typed(vals):
            for bill in self.filtered('invoice_id'):
                raise UserError(
                    self.env._("%s has an invoice: its number cannot be typed any more.", bill.display_name)
                )
        return super().write(self._strip_number(vals))

    def _strip_number(self, vals):
        """The values with the typed number without the blanks around it."""
        number = vals.get('invoice_number')
        return {**vals, 'invoice_number': str(number).strip()} if number else vals

    def _prepare_correction_vals(self):
        """The number stays with the invoice that is credited."""
        return {**super()._prepare_correction_vals(), 'invoice_number': False, 'accept_number_gap': False}

    def _prepare_invoice_vals(self, taxes):
        vals = super()._prepare_invoice_vals(taxes)
        if self.invoice_number:
            self.contract_id._check_invoice_number(
                self.invoice_number, vals['invoice_date'], vals['move_type'], gap=self.accept_number_gap
            )
            vals['name'] = self.invoice_number
        return vals
