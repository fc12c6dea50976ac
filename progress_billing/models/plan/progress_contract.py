from odoo import api, models

#: what makes a planned record more than an empty row of a form
PLANNED_CONTENT = {
    'title',
    'amt_pct',
    'planned_amount',
    'planned_percent',
    'milestone_id',
    'description',
    'item_description',
    'line_ids',
}


class ProgressContract(models.Model):
    """The billing plan as it is typed into the contract."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._without_empty_bills(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._without_empty_bills(vals))

    def _without_empty_bills(self, vals):
        """``vals`` without the rows of the plan that somebody added and left empty: nothing could ever be billed."""
        if not vals.get('bill_ids'):
            return vals
        return {**vals, 'bill_ids': [command for command in vals['bill_ids'] if not self._is_empty_bill(command)]}

    def _is_empty_bill(self, command):
        """Whether a command creates a planned record of which nothing but the date is known."""
        if command[0] != 0:
            return False
        new = command[2]
        return new.get('kind', 'progress') == 'progress' and not any(new.get(name) for name in PLANNED_CONTENT)
