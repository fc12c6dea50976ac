from odoo import models


class Base(models.AbstractModel):
    """What our fields may say of themselves.

    ``guarded=True``: our own code alone sets it, see ``progress.guard.mixin``. ``often_empty=True``: a list on which
    most records have nothing when they are billed, see ``progress.bulk.mixin``.
    """

    _inherit = 'base'

    def _valid_field_parameter(self, field, name):
        return name in ('guarded', 'often_empty') or super()._valid_field_parameter(field, name)
