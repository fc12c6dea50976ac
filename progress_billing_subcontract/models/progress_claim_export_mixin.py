from odoo import models

#: columns that tell which claim it is, not what is claimed
NAMES = ('id', '.id', 'display_name')


class ProgressClaimExportMixin(models.AbstractModel):
    """Figures of claims leave the house by administrators, as columns of another model's export too (SUB-16)."""

    _name = 'progress.claim.export.mixin'
    _description = "Export of Claims"

    def _get_exported_contracts(self):
        """The subcontracts whose claims these records tell of."""
        return self.bill_id._get_claims().contract_id

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        if _is_toplevel_call or any(path and path[0] not in NAMES for path in fields):
            self._get_exported_contracts()._check_may_export()
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
