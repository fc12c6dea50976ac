from odoo import models


class Base(models.AbstractModel):
    """A field says ``guarded=True`` where our own code alone sets it: see ``progress.guard.mixin``."""

    _inherit = 'base'

    def _valid_field_parameter(self, field, name):
        return name == 'guarded' or super()._valid_field_parameter(field, name)
