import math

from odoo import Command, api, models
from odoo.exceptions import ValidationError


class ProgressFiniteMixin(models.AbstractModel):
    """Refuses what is no number before the ORM rounds it: RPC can carry NaN and infinity (SPEC §9)."""
    _name = 'progress.finite.mixin'
    _description = "Finite Numbers Only"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_finite_vals(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_finite_vals(vals)
        return super().write(vals)

    def _check_finite_vals(self, vals):
        """Check ``vals``, and those of the lines written along with it.

        :raises ValidationError: naming the field and the record whose value is no number
        """
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is None:
                continue
            if field.type == 'one2many':
                self._check_finite_commands(field, value)
            elif field.type in ('float', 'monetary') and isinstance(value, float) and not math.isfinite(value):
                raise ValidationError(self.env._(
                    "%(field)s of %(record)s is not a number.",
                    field=field._description_string(self.env),
                    record=self[:1].display_name or vals.get('name') or self._description))

    def _check_finite_commands(self, field, commands):
        lines = self.env[field.comodel_name]
        if not hasattr(lines, '_check_finite_vals'):
            return
        for command in commands or []:
            if isinstance(command, (list, tuple)) and command[0] in (Command.CREATE, Command.UPDATE):
                lines.browse(command[1] or [])._check_finite_vals(command[2])
