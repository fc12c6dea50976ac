from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProgressRetainageMixin(models.AbstractModel):
    """The retainage rates of a contract, a schedule line or a bill line: copied downwards at creation (RET-1)."""

    _name = 'progress.retainage.mixin'
    _description = "Retainage Rates"

    retainage_percent = fields.Float(
        string="Retainage (%)",
        compute='_compute_retainage_percent',
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 4),
        aggregator='avg',
        help="Of the work done. 0: nothing is held.",
    )
    stored_retainage_percent = fields.Float(
        string="Retainage on Stored (%)",
        compute='_compute_retainage_percent',
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 4),
        aggregator='avg',
        help="Of the materials stored. 0: nothing is held.",
    )

    def _get_retainage_parent(self):
        """The record whose rates a new one starts with; empty where there is none."""
        return self.browse()

    def _compute_retainage_percent(self):
        for record in self:
            parent = record._get_retainage_parent()
            for name in ('retainage_percent', 'stored_retainage_percent'):
                record[name] = record[name] or (parent[name] if parent else 0.0)

    @api.constrains('retainage_percent', 'stored_retainage_percent')
    def _check_retainage_percent(self):
        for record in self:
            for name in ('retainage_percent', 'stored_retainage_percent'):
                if not 0 <= record[name] <= 100:
                    raise ValidationError(
                        self.env._(
                            "%(field)s of %(record)s would be %(percent)s. It must be between 0 and 100.",
                            field=self._fields[name]._description_string(self.env),
                            record=record.display_name,
                            percent=record[name],
                        )
                    )
