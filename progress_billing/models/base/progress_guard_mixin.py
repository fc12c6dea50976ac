import math

from odoo import Command, api, models
from odoo.exceptions import AccessError, ValidationError

OUR_MODULES = 'progress_billing'
LARGEST = 1e13  # floats hold cents exactly up to here


class ProgressGuardMixin(models.AbstractModel):
    """What a caller may not send: derived figures, states that actions decide, and numbers that are none.

    A readonly field protects the web client only; RPC reaches ``write`` directly (SPEC §1, §3, §9).
    Models call :meth:`_guard_vals` first thing in ``create`` and ``write``; business methods
    set protected fields by :meth:`_write_protected`, after their own checks.
    """

    _name = 'progress.guard.mixin'
    _description = "Guarded Fields"

    #: fields that are given once, on creation
    _fixed_fields = ()

    def _guard_vals(self, vals):
        """Check the values of one ``create`` or ``write`` call.

        :raises AccessError: for a derived figure or a state
        :raises ValidationError: for a number that is none
        """
        self._check_finite_vals(vals)
        if self.env.su:
            return
        for name, value in vals.items():
            if name in self._get_protected_fields() or (
                name in self._fixed_fields and self and self._differs(name, value)
            ):
                raise AccessError(
                    self.env._(
                        "%(field)s of %(record)s cannot be set: it follows from what is billed, or is set by a button.",
                        field=self._fields[name]._description_string(self.env),
                        record=self[:1].display_name or self._description,
                    )
                )

    @api.model
    def default_get(self, fields):
        """Protected fields take no default from the caller's context either."""
        defaults = super().default_get(fields)
        if not self.env.su:
            for name in self._get_protected_fields() & defaults.keys():
                if f'default_{name}' in self.env.context:
                    default = self._fields[name].default
                    defaults.pop(name)
                    if default:
                        defaults[name] = default(self)
        return defaults

    def _get_protected_fields(self):
        """Names of our stored fields that only our own code sets."""
        return {
            name
            for name, field in self._fields.items()
            if field.store and field.readonly and any(module.startswith(OUR_MODULES) for module in field._modules)
        }

    def _differs(self, name, value):
        field = self._fields[name]
        return any(field.convert_to_write(record[name], record) != value for record in self)

    def _write_protected(self, vals):
        """Set fields that callers may not, as the user who acts."""
        # sudo: the guarded model - its own business methods decide these fields, after their checks
        return self.sudo().write(vals)

    # === NUMBERS === #

    def _check_finite_vals(self, vals):
        """Check ``vals``, and those of the lines written along with it, before the ORM rounds them.

        :raises ValidationError: naming the field and the record whose value is no number
        """
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is None:
                continue
            if field.type == 'one2many':
                self._check_finite_commands(field, value)
            elif field.type in ('float', 'monetary') and value:
                self._check_number(field, value, vals)

    def _check_number(self, field, value, vals):
        """A number within what can be reckoned to the cent."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number) and abs(number) < LARGEST:
            return
        values = {
            'field': field._description_string(self.env),
            'record': self[:1].display_name or vals.get('name') or self._description,
        }
        if math.isnan(number):
            raise ValidationError(self.env._("%(field)s of %(record)s is not a number.", **values))
        raise ValidationError(self.env._("%(field)s of %(record)s is too large.", **values))

    def _check_finite_commands(self, field, commands):
        lines = self.env[field.comodel_name]
        if not hasattr(lines, '_check_finite_vals'):
            return
        for command in commands or []:
            if isinstance(command, (list, tuple)) and command[0] in (Command.CREATE, Command.UPDATE):
                lines.browse(command[1] or [])._check_finite_vals(command[2])
