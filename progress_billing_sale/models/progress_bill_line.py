from odoo import models


class ProgressBillLine(models.Model):
    _inherit = 'progress.bill.line'

    def _get_invoiced_total(self):
        """What is invoiced by this line and not credited, taxes included."""
        self.ensure_one()
        taxes = sum(amounts[2] for amounts in (self.tax_amounts or {}).get('amounts', {}).values())
        net = self.invoiced_amount - self.credited_amount
        if self.credited_amount and self.invoiced_amount:
            taxes = self.currency_id.round(taxes * net / self.invoiced_amount)
        return net + taxes
