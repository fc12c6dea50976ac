from odoo import Command, api, fields, models


class ProgressClaimWizard(models.TransientModel):
    """Create on an open contract, three ways: all that remains, one percentage, or line by line (PRG-9)."""

    _name = 'progress.claim.wizard'
    _description = "Create Bill"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True, readonly=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    wip_available = fields.Monetary(related='contract_id.wip_available')
    mode = fields.Selection(
        [
            ('remaining', "All that remains"),
            ('percent', "One percentage of every line"),
            ('lines', "An own amount or percentage for each line"),
        ],
        default='percent',
        required=True,
    )
    percent = fields.Float(string="Percentage", digits=(16, 4))
    date = fields.Date(
        string="Invoice Date",
        required=True,
        default=lambda self: self.env.company._get_progress_today(),  # default
    )
    title = fields.Char()
    line_ids = fields.One2many(
        'progress.claim.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )
    amount = fields.Monetary(string="Amount to Invoice", compute='_compute_amount', help="Untaxed.")

    @api.depends('contract_id')
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.contract_id._get_billable_lines().sorted(lambda line: (line.sequence, line.id))
            wizard.line_ids = [
                Command.clear(),
                *(Command.create({'contract_line_id': line.id}) for line in lines),
            ]

    @api.depends('mode', 'percent', 'line_ids.amount', 'contract_id')
    def _compute_amount(self):
        for wizard in self:
            if wizard.mode == 'lines':
                wizard.amount = sum(wizard.line_ids.mapped('amount'))
            elif wizard.mode == 'percent' and not 0 < wizard.percent <= 100:
                wizard.amount = 0.0
            else:
                claims = wizard.contract_id._prepare_claims(wizard.mode, {'percent': wizard.percent})
                wizard.amount = sum(claim['amount'] for _line, claim in claims)

    def action_confirm(self):
        """Make the bill.

        :return dict: the action that shows the invoice or bill
        :raises UserError: for a percentage that is none, or more than is left
        """
        self.ensure_one()
        claims = [line._prepare_claim() for line in self.line_ids if line.amount or line.quantity]
        return self.contract_id.action_create_bill(
            self.mode, {'percent': self.percent, 'lines': claims, 'date': self.date, 'title': self.title}
        )
