from odoo import api, models


class ProgressWizardMixin(models.AbstractModel):
    """A dialog shows nothing that its user may not read.

    Its related and computed fields are read with all rights; so the records it is about are checked where
    they are given: at creation, by a default, in a form and at every write.
    """

    _name = 'progress.wizard.mixin'
    _inherit = 'progress.guard.mixin'
    _description = "Dialog on Billing Records"

    _parent_access = 'read'
    _placing_fields = ()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su:
            records._check_links(self._fields)  # defaults too
        return records

    @api.model
    def default_get(self, fields):
        """What a caller's context brings as defaults is checked as what is typed."""
        defaults = super().default_get(fields)
        self._guard_form(defaults)
        return defaults

    @api.model
    def _is_guarded_link(self, field):
        return True
