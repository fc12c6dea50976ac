from odoo import Command, api, fields, models

from ..tools import money


class ProgressReleaseWizard(models.TransientModel):
    """Release retainage: all of it, an amount spread over the lines, or line by line."""

    _name = 'progress.release.wizard'
    _description = "Release Retainage"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True, readonly=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    mode = fields.Selection(
        [('all', "All that is held"), ('amount', "An amount"), ('lines', "Line by line")], default='all', required=True
    )
    amount = fields.Monetary(help="Untaxed: spread over the lines by what they hold.")
    # of its own: what is computed with lines is not computed any more once the form has sent them
    held_amount = fields.Monetary(compute='_compute_held_amount', string="Held")
    line_ids = fields.One2many(
        'progress.release.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )

    @api.depends('contract_id')
    def _compute_held_amount(self):
        for wizard in self:
            wizard.held_amount = float(sum(wizard.contract_id._get_retainage_held().values(), money.ZERO))

    @api.depends('contract_id')
    def _compute_line_ids(self):
        for wizard in self:
            held = {line: kept for line, kept in wizard.contract_id._get_retainage_held().items() if kept}
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create({'contract_line_id': line.id, 'held_amount': float(kept)})
                    for line, kept in held.items()
                ),
            ]

    def action_confirm(self):
        """Make the bill that releases what was chosen.

        :return dict: the action that shows the invoice or bill
        :raises UserError: for nothing, or more than is held
        """
        self.ensure_one()
        contract = self.contract_id
        if self.mode != 'lines':
            return contract.action_release_retainage(self.amount if self.mode == 'amount' else None)
        contract._check_may_release_retainage()
        contract._lock_for_billing()
        by_line = {
            line.contract_line_id: money.round_to(line.amount, contract.currency_id.rounding) for line in self.line_ids
        }
        bills = self.env['progress.bill']._make_bills(contract._prepare_release_bills(by_line=by_line))
        return bills._get_result_action()
