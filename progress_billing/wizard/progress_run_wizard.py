from odoo import Command, api, fields, models

STEP = 20  # contracts a call: a page that shows the progress of a long run asks for so many at a time


class ProgressRunWizard(models.TransientModel):
    """What a billing run will make, before it is made, and what is not billable with its reason (PRG-8)."""

    _name = 'progress.run.wizard'
    _description = "Run Project Billing"
    _inherit = 'progress.wizard.mixin'

    contract_ids = fields.Many2many('progress.contract', string="Contracts", required=True)
    task_ids = fields.Many2many('project.task', help="Bill the lines of these tasks only.")
    date = fields.Date(
        string="Invoice Date",
        required=True,
        default=lambda self: self.env.company._get_progress_today(),  # default
    )
    line_ids = fields.One2many('progress.run.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True)
    bill_count = fields.Integer(compute='_compute_counts')
    skipped_count = fields.Integer(compute='_compute_counts')
    summary = fields.Char(compute='_compute_counts')

    @api.depends('contract_ids', 'task_ids')
    def _compute_line_ids(self):
        for wizard in self:
            contracts = wizard.contract_ids._origin
            groups, reasons = contracts._get_run_plan(wizard._get_lines())
            values = [
                {
                    'contract_id': contract.id,
                    'partner_id': key[0].id,
                    'title': contract._prepare_run_bill_vals(key)['title'] or key[2],
                    'line_count': len(lines),
                    'amount': sum(lines.mapped('pending_amount')),
                    'outcome': wizard._get_outcome(contract, lines),
                }
                for contract, key, lines in groups
            ]
            values += [
                {'contract_id': contract.id, 'partner_id': contract.partner_id.id, 'reason': '\n'.join(sentences)}
                for contract, sentences in reasons.items()
            ]
            wizard.line_ids = [Command.clear(), *map(Command.create, values)]

    @api.depends('line_ids')
    def _compute_counts(self):
        for wizard in self:
            wizard.skipped_count = len(wizard.line_ids.filtered('reason'))
            wizard.bill_count = len(wizard.line_ids) - wizard.skipped_count
            wizard.summary = self.env._("Documents to be made: %s.", wizard.bill_count)
            if wizard.skipped_count:
                wizard.summary += ' ' + self.env._("Contracts that cannot be billed: %s.", wizard.skipped_count)

    def _get_lines(self):
        return self.task_ids._origin.progress_line_ids if self.task_ids else None

    def _get_outcome(self, contract, lines):
        if contract.use_pro_forma:
            return 'pro_forma'
        negative = contract.currency_id.compare_amounts(sum(lines.mapped('pending_amount')), 0.0) < 0
        return 'credit_note' if negative else 'invoice'

    def action_run(self):
        """Make what the preview shows; long runs show their progress.

        :return dict: the action that shows the result
        :raises UserError: when nothing can be billed
        """
        self.ensure_one()
        if self.task_ids or len(self.contract_ids) <= STEP:
            bills, _reasons = self.contract_ids._run_billing(lines=self._get_lines(), date=self.date)
            return bills._get_result_action()
        return self._get_long_run_action()

    def _get_long_run_action(self):
        """How more contracts are billed than one call takes: step by step, by a page that shows the progress.

        :return dict: the action that runs it
        """
        return {
            'type': 'ir.actions.client',
            'tag': 'progress_billing.run',
            'name': self.env._("Run Project Billing"),
            'target': 'new',
            'params': {'contract_ids': self.contract_ids.ids, 'date': fields.Date.to_string(self.date), 'step': STEP},
        }
