from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProgressRetainageStep(models.Model):
    """From how far complete the contract another retainage rate holds (RET-5)."""

    _name = 'progress.retainage.step'
    _description = "Retainage Step"
    _inherit = 'progress.guard.mixin'
    _parent_field = 'contract_id'
    _order = 'contract_id, completed_percent'
    _rec_name = 'completed_percent'

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, guarded=True)
    completed_percent = fields.Float(
        string="From Completed and Stored (%)",
        required=True,
        digits=(16, 4),
        help="Completed and stored, of the revised sum.",
    )
    retainage_percent = fields.Float(string="Retainage (%)", digits=(16, 4))

    _start_once = models.UniqueIndex(
        '(contract_id, completed_percent)', "A contract has one retainage step for each percentage."
    )

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        if not self._is_own({name: True for vals in vals_list for name in vals}):
            steps.contract_id._check_may_set_retainage()
        return steps

    def write(self, vals):
        if not self._is_own(vals):
            self.contract_id._check_may_set_retainage()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self.contract_id._check_may_set_retainage()

    @api.constrains('completed_percent', 'retainage_percent')
    def _check_percent(self):
        for step in self:
            if not 0 < step.completed_percent <= 100 or not 0 <= step.retainage_percent <= 100:
                raise ValidationError(
                    self.env._(
                        "A retainage step of %(contract)s starts above 0 %% and at most at 100 %% complete, with a "
                        "rate between 0 and 100 %%.",
                        contract=step.contract_id.display_name,
                    )
                )
