from odoo import models
from odoo.fields import Domain


class ProjectProject(models.Model):
    """The dashboard counts what a contract bills once: with the contract (SPEC §4)."""

    _inherit = 'project.project'

    def _get_profitability_sale_order_items_domain(self, domain=None):
        """Without the order lines that the project's contracts stand for."""
        contracts = self._get_billed_contracts()
        result = super()._get_profitability_sale_order_items_domain(domain)
        if not contracts:
            return result
        billed = Domain('is_progress_billed', '=', True) & Domain('order_id.progress_contract_id', 'in', contracts.ids)
        return Domain(result) & ~billed

    def _get_already_included_profitability_invoice_line_ids(self):
        """Odoo's own invoices on the schedule are in the contract's row."""
        items = self._get_billed_contracts()._get_native_items()
        return [*super()._get_already_included_profitability_invoice_line_ids(), *items.ids]
