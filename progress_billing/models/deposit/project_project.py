from odoo import models


class ProjectProject(models.Model):
    """What a project's dashboard shows of its contracts: revenue, and deposits apart."""

    _name = 'project.project'
    _inherit = 'project.project'

    def _get_profitability_labels(self):
        return {
            **super()._get_profitability_labels(),
            'progress_revenue': self.env._("Progress Billing"),
            'progress_deposits': self.env._("Customer Deposits"),
        }

    def _get_profitability_sequence_per_invoice_type(self):
        return {**super()._get_profitability_sequence_per_invoice_type(), 'progress_revenue': 5, 'progress_deposits': 6}

    def action_create_down_payment(self, amount, restricted=False, restricted_to=False):
        """Ask for a down payment on the project's contract.

        :param float amount: untaxed, in the contract's currency, above 0
        :param bool restricted: apply it on bills of that contract only
        :param str restricted_to: one record of that contract that it is kept for
        :return dict: the action that shows the invoice, or the bill to who may not read invoices
        :raises UserError: for an amount that is none, or a contract that cannot be billed
        """
        return self._get_progress_contract().action_create_down_payment(amount, restricted, restricted_to)

    def _get_billed_contracts(self):
        """Customer contracts of these projects, which count as revenue on the dashboard."""
        # sudo: progress.contract - totals only, for everyone who sees the dashboard
        return self.sudo().progress_contract_ids.filtered(
            lambda contract: contract.contract_type == 'customer' and contract.state in ('open', 'closed')
        )

    def _get_shown_contracts(self):
        """Those of them that the dashboard shows to the user; others count nowhere. Extend by ``super()``."""
        return self._get_billed_contracts()

    def _get_profitability_items(self, with_action=True):
        items = super()._get_profitability_items(with_action)
        contracts, sequences = self._get_shown_contracts(), self._get_profitability_sequence_per_invoice_type()
        may_open = with_action and contracts.invoice_ids and self.env['account.move'].has_access('read')
        for section, invoiced, to_invoice in contracts and contracts._get_profitability_sections(self.currency_id):
            row = {'id': section, 'sequence': sequences[section], 'invoiced': invoiced, 'to_invoice': to_invoice}
            if may_open:
                row['action'] = self._get_action_for_profitability_section(contracts.invoice_ids.ids, section)
            items['revenues']['data'].append(row)
            items['revenues']['total']['invoiced'] += invoiced
            items['revenues']['total']['to_invoice'] += to_invoice
        return items

    def _get_already_included_profitability_invoice_line_ids(self):
        """Ours are not counted again among the project's other invoices."""
        lines = self._get_billed_contracts()._get_profitability_move_lines()
        return [*super()._get_already_included_profitability_invoice_line_ids(), *lines.ids]

    def action_profitability_items(self, section_name, domain=None, res_id=False):
        """The invoices behind a row of ours.

        :param str section_name: row of the dashboard
        :param list domain: of the invoices
        :param int res_id: the invoice, where there is just one
        :return dict: an action on ``account.move``
        """
        if section_name not in ('progress_revenue', 'progress_deposits'):
            return super().action_profitability_items(section_name, domain, res_id)
        xmlid = self._get_shown_contracts()[:1]._get_invoice_action_xmlid()
        action = self.env['ir.actions.act_window']._for_xml_id(xmlid)
        action.update(domain=domain or [], context={'create': False})
        if res_id:
            action.update(views=[(False, 'form')], view_mode='form', res_id=res_id)
        return action
