from odoo import models


class ProgressContractProfitability(models.Model):
    """What a project's dashboard shows of its contracts: what was earned, and deposits apart.

    As with Odoo's own down payments, a deposit counts as invoiced until the final invoice
    turns it into revenue; the two rows together are what has been invoiced, and what is left.
    """

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _get_profitability_sections(self, currency):
        """Rows of the dashboard for these contracts.

        :param currency: the project's
        :return list: ``(section, invoiced, to invoice)``
        """
        lines = self._get_profitability_move_lines()

        def booked(**wanted):
            """Balance of the items that ``_filter_progress`` finds, in the project's currency."""
            items = lines._filter_progress(**wanted).grouped('company_id')
            return sum(
                company.currency_id._convert(mine._get_progress_figure('balance'), currency, company)
                for company, mine in items.items()
            )

        earned, held = booked(section='progress_revenue'), booked(section='progress_deposits')
        of_schedule = booked(section='progress_revenue', scheduled=True)
        revised = sum(
            contract.currency_id._convert(contract.revised_amount, currency, contract.company_id) for contract in self
        )
        sections = [('progress_revenue', earned, revised - of_schedule)]
        if not currency.is_zero(held):
            sections.append(('progress_deposits', held, -held))
        return sections

    def _get_profitability_move_lines(self):
        """Posted journal items of the contracts' invoices that stand for revenue or deposits."""
        # sudo: account.move.line - sums only, for everyone who sees the dashboard
        items = self.env['account.move.line'].sudo()
        return items.search(
            [
                ('move_id.progress_contract_id', 'in', self.ids),
                ('parent_state', '=', 'posted'),
                ('progress_line_type', '!=', False),
            ]
        )
