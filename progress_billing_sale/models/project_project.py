from odoo import models
from odoo.fields import Domain


class ProjectProject(models.Model):
    """The dashboard counts what a contract bills once: with the contract."""

    _inherit = 'project.project'

    def _set_up_fixed_fee(self):
        """A project billed for a fixed fee is billable to Sales too: orders can be put on it."""
        self.filtered(
            lambda project: project.billing_method == 'fixed_fee' and not project.allow_billable
        ).allow_billable = True
        return super()._set_up_fixed_fee()

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
