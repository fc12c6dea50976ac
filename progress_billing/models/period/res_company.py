from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_DUE_DAYS = 3660


class ResCompany(models.Model):
    """When the bills of a billing period are to be handed in, where nobody says otherwise."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_period_due_days = fields.Integer(
        string="Bills Due After the Period (Days)",
        help="Days from the end of a billing period to the day by which its bills are to be handed in.",
    )

    @api.constrains('progress_period_due_days')
    def _check_progress_period_due_days(self):
        for company in self:
            if abs(company.progress_period_due_days) > MAX_DUE_DAYS:
                raise ValidationError(
                    self.env._(
                        "%(company)s: the bills of a period are due at most %(days)s days from its end.",
                        company=company.display_name,
                        days=MAX_DUE_DAYS,
                    )
                )

    def _get_progress_period_due(self, end):
        """The day by which the bills of a period that ends on ``end`` are to be handed in."""
        self.ensure_one()
        return end + timedelta(days=self.progress_period_due_days)
