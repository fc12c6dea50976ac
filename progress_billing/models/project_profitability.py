from odoo import models

SECTIONS = ('progress_revenue', 'progress_deposits')


class ProjectProject(models.Model):
    """What the project's dashboard shows of progress billing: what was earned, and deposits apart (SPEC §4).

    As with Odoo's own down payments, a deposit counts as invoiced until the final invoice
    turns it into revenue; the two rows together are what has been invoiced, and what is left.
    """

    _inherit = 'project.project'

    def _get_profitability_labels(self):
        return {
            **super()._get_profitability_labels(),
            'progress_revenue': self.env._("Progress Billing"),
            'progress_deposits': self.env._("Customer Deposits"),
        }

    def _get_profitability_sequence_per_invoice_type(self):
        return {**super()._get_profitability_sequence_per_invoice_type(), 'progress_revenue': 5, 'progress_deposits': 6}

    def _get_profitability_items(self, with_action=True):
        items = super()._get_profitability_items(with_action)
        # sudo: progress.contract - totals of the project's contracts, for everyone who sees its dashboard
        contracts = self.sudo().progress_contract_ids.filtered(lambda contract: contract.state in ('open', 'closed'))
        if not contracts:
            return items
        sequences = self._get_profitability_sequence_per_invoice_type()
        for section, invoiced, to_invoice in self._get_progress_sections(contracts):
            row = {'id': section, 'sequence': sequences[section], 'invoiced': invoiced, 'to_invoice': to_invoice}
            moves = contracts.invoice_ids
            if with_action and moves and self.env['account.move'].has_access('read'):
                row['action'] = self._get_action_for_profitability_section(moves.ids, section)
            items['revenues']['data'].append(row)
            items['revenues']['total']['invoiced'] += invoiced
            items['revenues']['total']['to_invoice'] += to_invoice
        return items

    def _get_progress_sections(self, contracts):
        """Rows of the dashboard, in the project's currency.

        :param contracts: open and closed contracts of this project
        :return list: ``(section, invoiced, to invoice)``
        """
        self.ensure_one()
        lines = self._get_progress_move_lines()
        company_currency = (self.company_id or contracts[0].company_id).currency_id

        def convert(amount, currency, company):
            return currency._convert(amount, self.currency_id, company)

        def booked(kinds):
            return -sum(lines.filtered(lambda line: line.progress_line_type in kinds).mapped('balance'))

        company = contracts[0].company_id
        earned = convert(booked(('revenue',)), company_currency, company)
        held = convert(booked(('deposit', 'deposit_reversal')), company_currency, company)
        revised = sum(
            convert(contract.revised_amount, contract.currency_id, contract.company_id) for contract in contracts
        )
        sections = [('progress_revenue', earned, revised - earned)]
        if not self.currency_id.is_zero(held):
            sections.append(('progress_deposits', held, -held))
        return sections

    def _get_progress_move_lines(self):
        """Posted journal items of the project's progress invoices that stand for revenue or deposits."""
        # sudo: account.move.line - sums only, for everyone who sees the dashboard
        return (
            self.env['account.move.line']
            .sudo()
            .search(
                [
                    ('move_id.progress_contract_id.project_id', 'in', self.ids),
                    ('parent_state', '=', 'posted'),
                    ('progress_line_type', '!=', False),
                ]
            )
        )

    def _get_already_included_profitability_invoice_line_ids(self):
        """Ours are not counted again among the project's other invoices."""
        return [*super()._get_already_included_profitability_invoice_line_ids(), *self._get_progress_move_lines().ids]

    def action_profitability_items(self, section_name, domain=None, res_id=False):
        """The invoices behind a row of ours.

        :param str section_name: row of the dashboard
        :param list domain: of the invoices
        :param int res_id: the invoice, where there is just one
        :return dict: an action on ``account.move``
        """
        if section_name not in SECTIONS:
            return super().action_profitability_items(section_name, domain, res_id)
        action = self.env['ir.actions.act_window']._for_xml_id('account.action_move_out_invoice_type')
        action.update(domain=domain or [], context={'create': False})
        if res_id:
            action.update(views=[(False, 'form')], view_mode='form', res_id=res_id)
        return action
