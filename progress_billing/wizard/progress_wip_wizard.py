from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools import money


class ProgressWipWizard(models.TransientModel):
    """The WIP schedule at a date: progress by cost against what is billed, project by project.

    Cost is known by project, from its analytic account, so a project with several contracts is one row.
    """

    _name = 'progress.wip.wizard'
    _description = "WIP Schedule"
    _inherit = 'progress.wizard.mixin'

    date = fields.Date(string="At", required=True, default=fields.Date.context_today)
    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    include_closed = fields.Boolean(
        string="With Closed Contracts", help="Contracts whose final invoice was posted by then are finished."
    )
    line_ids = fields.One2many('progress.wip.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True)

    @api.depends('date', 'company_id', 'include_closed')
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard._prepare_lines() if wizard.date and wizard.company_id else []
            wizard.line_ids = [fields.Command.clear(), *(fields.Command.create(vals) for vals in lines)]

    # === THE FIGURES === #

    def _prepare_lines(self):
        """One row for each project, and for each contract without one.

        :return list: values of the report's lines, in the company's currency
        """
        self.ensure_one()
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You cannot see the work in progress of %s.", self.company_id.display_name))
        contracts = self._get_contracts()
        costs, billed = self._get_costs(contracts.project_id), self._get_billed(contracts)
        groups = contracts.grouped(lambda contract: contract.project_id or contract)
        lines = []
        for mine in groups.values():
            vals = self._prepare_line(mine, costs.get(mine.project_id, 0.0), billed)
            if self._is_begun(mine, vals):
                lines.append(vals)
        return sorted(lines, key=lambda vals: vals['name'])

    def _get_contracts(self):
        """Customer contracts that were open at the date, and closed ones where they are asked for.

        Those that the user sees, for the lines are computed with all rights.
        """
        domain = [
            ('company_id', '=', self.company_id.id),
            ('contract_type', '=', 'customer'),
            ('state', 'in', ('open', 'closed')),
        ]
        contracts = self.env['progress.contract'].sudo(False).search(domain).with_env(self.env)
        if self.include_closed:
            return contracts

        def is_open(contract):
            # sudo: account.move - its date only
            final = contract.final_invoice_id.sudo()
            return contract.state == 'open' or bool(final.invoice_date and final.invoice_date > self.date)

        return contracts.filtered(is_open)

    def _is_begun(self, contracts, vals):
        """Leave out work that was neither entered, billed nor paid for at the date."""
        entered = min(fields.Date.to_date(contract.create_date) for contract in contracts)
        return entered <= self.date or vals['cost_to_date'] or vals['billed_amount']

    def _prepare_line(self, contracts, cost, billed):
        """Values of one row, from the contracts of one project."""
        currency, unit = self.company_id.currency_id, self.company_id.currency_id.rounding
        revised = sum(self._to_company(contract, self._get_revised(contract)) for contract in contracts)
        amount = currency.round(sum(self._to_company(contract, billed.get(contract, 0.0)) for contract in contracts))
        estimated = sum(contracts.mapped('estimated_cost'))
        percent = min(max(money.ratio_percent(cost, estimated), money.ZERO), money.HUNDRED)
        earned = float(money.percent_of(percent, revised, unit))
        over = currency.round(amount - earned)
        return {
            # sudo: project.project - its name, for who sees the contract but not the project
            'name': contracts.project_id.sudo().display_name or contracts.display_name,
            'project_id': contracts.project_id.id,
            'contract_id': contracts.id if len(contracts) == 1 else False,
            'partner_id': contracts.partner_id.id if len(contracts.partner_id) == 1 else False,
            'contract_names': ', '.join(contracts.mapped('name')),
            'revised_amount': revised,
            'estimated_cost': estimated,
            'estimated_profit': currency.round(revised - estimated) if estimated else 0.0,
            'cost_to_date': currency.round(cost),
            'percent_complete': float(percent),
            'earned_revenue': earned,
            'billed_amount': amount,
            'overbilled_amount': max(over, 0.0),
            'underbilled_amount': max(-over, 0.0),
            'profit_to_date': currency.round(earned - cost),
            'backlog_amount': currency.round(revised - earned),
            'is_estimate_missing': not estimated,
        }

    def _to_company(self, contract, amount):
        """An amount of a contract in the company's currency, at the rate of the date."""
        return contract.currency_id._convert(amount, self.company_id.currency_id, self.company_id, self.date)

    def _get_revised(self, contract):
        """The contract sum at the date: without change orders of later."""
        later = contract.change_ids.filtered(lambda change: change.state == 'approved' and change.date > self.date)
        return contract.currency_id.round(contract.revised_amount - sum(later.mapped('amount')))

    def _get_billed(self, contracts):
        """Untaxed, by contract in its currency: posted invoices less credit notes by their dates, opening amounts."""
        # sudo: account.move.line - sums only, for managers without accounting rights
        items = self.env['account.move.line'].sudo()
        groups = items._read_group(
            [
                ('move_id.progress_contract_id', 'in', contracts.ids),
                ('move_id.invoice_date', '<=', self.date),
                ('parent_state', '=', 'posted'),
                ('progress_line_type', 'in', items._get_progress_types(scheduled=True)),
            ],
            ['move_id'],
            ['amount_currency:sum'],
        )
        billed = dict.fromkeys(contracts, 0.0)
        for move, amount in groups:
            contract = move.progress_contract_id.with_env(self.env)
            billed[contract] += contract._get_ledger_sign() * amount
        for bill in contracts.bill_ids.filtered(lambda bill: bill.kind == 'opening' and bill.bucket == 'actual'):
            if not bill.date or bill.date <= self.date:
                billed[bill.contract_id] += bill.invoiced_amount
        return billed

    def _get_costs(self, projects):
        """Cost to date of each project in the company's currency: posted costs on its analytic account, less refunds.

        Income does not count, nor what is entered by hand as a gain.
        """
        costs = {}
        # sudo: project.project - the account only
        by_plan = projects.sudo().filtered('account_id').grouped(lambda project: project.account_id.plan_id)
        for plan, mine in by_plan.items():
            column = plan._column_name()
            # sudo: account.analytic.line - sums only, for managers without accounting rights
            lines = self.env['account.analytic.line'].sudo()
            groups = lines._read_group(
                Domain(column, 'in', mine.account_id.ids)
                & Domain('date', '<=', self.date)
                & Domain('company_id', '=', self.company_id.id)
                & self._get_cost_domain(),
                [column],
                ['amount:sum'],
            )
            by_account = {account.id: -amount for account, amount in groups}
            for project in mine:
                costs[project.with_env(self.env)] = by_account.get(project.account_id.id, 0.0)
        return costs

    @api.model
    def _get_cost_domain(self):
        """Analytic lines that are costs: of expense accounts whatever their sign, and other negative ones but income.

        :return Domain: on ``account.analytic.line``
        """
        kinds = [kind for kind, _label in self.env['account.account']._fields['account_type'].selection]
        of_kind = {prefix: [kind for kind in kinds if kind.startswith(prefix)] for prefix in ('expense', 'income')}
        return Domain('general_account_id.account_type', 'in', of_kind['expense']) | (
            Domain('amount', '<', 0)
            & (
                Domain('general_account_id', '=', False)
                | Domain('general_account_id.account_type', 'not in', of_kind['income'])
            )
        )

    # === ACTIONS === #

    def action_print_list(self):
        """Show the WIP schedule as a list to group, filter, chart and export.

        :return dict: an action on the report's lines
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_wip_wizard_line')
        return dict(
            action,
            domain=[('wizard_id', '=', self.id)],
            display_name=self.env._("WIP Schedule at %s", format_date(self.env, self.date)),
        )

    def action_print_xlsx(self):
        """The WIP schedule as a spreadsheet with live formulas.

        :return dict: an action that downloads it
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url',
            'url': f'/progress_billing/wip_schedule/{self.id}.xlsx',
            'target': 'download',
        }
