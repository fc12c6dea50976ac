from odoo import api, models


class ProgressGuardedMixin(models.AbstractModel):
    """The guard for models that have nothing else to do on ``create`` and ``write``."""

    _name = 'progress.guarded.mixin'
    _inherit = 'progress.guard.mixin'
    _description = "Guarded Model"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard_vals(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._guard_vals(vals)
        return super().write(vals)
