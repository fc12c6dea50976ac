from odoo import Command, api, fields, models

from ..models.progress_bill_status import REVIEWED_STATES


class ProgressMarginWizard(models.TransientModel):
    """Owner and subcontractors of a period side by side: claimed, certified, the margin (SUB-13)."""

    _name = 'progress.margin.wizard'
    _description = "Owner and Subcontractors"
    _inherit = ['progress.wizard.mixin', 'progress.claim.export.mixin']

    project_id = fields.Many2one('project.project', required=True)
    period_id = fields.Many2one('progress.billing.period', domain="[('project_id', '=', project_id)]")
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    line_ids = fields.One2many(
        'progress.margin.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, string="By Schedule Line"
    )
    owner_amount = fields.Monetary(string="Claimed from the Owner", compute='_compute_totals')
    claimed_amount = fields.Monetary(string="Claimed by Subcontractors", compute='_compute_totals')
    certified_amount = fields.Monetary(string="Certified to Subcontractors", compute='_compute_totals')
    margin_amount = fields.Monetary(string="Margin", compute='_compute_totals')
    owner_paid_amount = fields.Monetary(string="Paid by the Owner, With Tax", compute='_compute_totals')
    subcontract_paid_amount = fields.Monetary(string="Paid to Subcontractors, With Tax", compute='_compute_totals')

    @api.model
    def _open(self, project, period):
        """The dialog for a project and a period; all periods where none is given."""
        self.env['progress.contract'].check_access('read')
        wizard = self.create({'project_id': project.id, 'period_id': period.id})
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_margin_wizard'
        )
        return dict(action, res_id=wizard.id)

    @api.depends('project_id')
    def _compute_currency_id(self):
        for wizard in self:
            company = wizard.project_id.company_id or self.env.company  # default of a project that companies share
            wizard.currency_id = company.currency_id

    def _get_bills(self, contract_type):
        """Live bills of one side in the period, as the user may see them."""
        self.ensure_one()
        domain = [
            ('project_id', '=', self.project_id.id),
            ('contract_id.contract_type', '=', contract_type),
            ('bucket', '!=', False),
            ('kind', '!=', 'opening'),
        ]
        if self.period_id:
            domain.append(('period_id', '=', self.period_id.id))
        # rows that are stored are reckoned with all rights: not so what they are reckoned from
        return self.env['progress.bill'].sudo(False).search(domain).with_env(self.env)

    @api.depends('project_id', 'period_id')
    def _compute_line_ids(self):
        for wizard in self:
            rows = wizard._get_rows()
            commands = [
                Command.clear(),
                *(
                    Command.create({'contract_line_id': line.id, **amounts})
                    for line, amounts in rows.items()
                    if any(amounts.values())
                ),
            ]
            with wizard._setting_own([{'line_ids': commands}]):
                wizard.line_ids = commands

    def _get_rows(self):
        """Amounts by the owner's schedule line; an empty line stands for work that the owner has no line for."""
        rows = {}

        def add(line, name, amount, source):
            row = rows.setdefault(line, {'owner_amount': 0.0, 'claimed_amount': 0.0, 'certified_amount': 0.0})
            row[name] += source.currency_id._convert(
                amount, self.currency_id, source.company_id, source.date or source.company_id._get_progress_today()
            )

        for bill_line in self._get_bills('customer').line_ids:
            add(
                bill_line.contract_line_id,
                'owner_amount',
                bill_line.invoiced_amount - bill_line.credited_amount,
                bill_line,
            )
        for bill_line in self._get_bills('subcontract').line_ids:
            # sudo: progress.contract.line - the owner's line by its name, for who sees the subcontract's side
            owner = bill_line.contract_line_id.sudo().owner_line_id.sudo(False)
            stored = bill_line.stored_amount - bill_line.previous_stored_amount
            add(owner, 'claimed_amount', bill_line.amount + stored, bill_line)
            if bill_line.state in REVIEWED_STATES:
                add(owner, 'certified_amount', bill_line.invoiced_amount - bill_line.credited_amount, bill_line)
        # sudo: progress.contract.line - the order of the owner's schedule
        known = {line: line.sudo() for line in rows}
        places = {line: (not line, own.contract_id.id, own.sequence, line.id) for line, own in known.items()}
        return dict(sorted(rows.items(), key=lambda row: places[row[0]]))

    @api.depends('line_ids', 'project_id', 'period_id')
    def _compute_totals(self):
        for wizard in self:
            for name in ('owner_amount', 'claimed_amount', 'certified_amount'):
                wizard[name] = sum(wizard.line_ids.mapped(name))
            wizard.margin_amount = wizard.owner_amount - wizard.certified_amount
            wizard.owner_paid_amount = wizard._sum_paid('customer')
            wizard.subcontract_paid_amount = wizard._sum_paid('subcontract')

    def _sum_paid(self, contract_type):
        today = fields.Date.context_today(self)
        return sum(
            bill.currency_id._convert(bill.paid_amount, self.currency_id, bill.company_id, bill.date or today)
            for bill in self._get_bills(contract_type)
        )

    def _get_exported_contracts(self):
        # sudo: project.project - whether there are claims among the sums, whoever asks
        return self.sudo().project_id.subcontract_ids.sudo(False)

    def action_bill_owner(self):
        """Fill the owner's bill from approved claims.

        :return dict: the action that shows the owner's bills
        """
        return self.project_id.action_bill_owner_from_claims()
