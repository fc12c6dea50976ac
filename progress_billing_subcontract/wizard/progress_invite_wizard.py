from odoo import api, fields, models


class ProgressInviteWizard(models.TransientModel):
    """Asks what subcontractors may claim, and says who cannot be invited, and who is late."""

    _name = 'progress.invite.wizard'
    _description = "Invite to Bill"
    _inherit = 'progress.wizard.mixin'

    contract_ids = fields.Many2many('progress.contract', string="Subcontracts", required=True)
    invitation_type = fields.Selection(
        selection=lambda self: self.env['progress.bill']._fields['invitation_type']._description_selection(self.env),
        default='all',
        required=True,
    )
    warning = fields.Text(compute='_compute_warning')

    @api.depends('contract_ids')
    def _compute_warning(self):
        for wizard in self:
            wizard.warning = '\n'.join(wizard._get_warnings())

    def _get_warnings(self):
        """Who cannot be invited and why; whose period is past its due date."""
        warnings = []
        periods = self.env['progress.billing.period']._find_current(self.contract_ids.project_id)
        for contract in self.contract_ids:
            reasons = contract._get_invitation_blockers()
            if reasons:
                warnings.append(f'{contract.display_name}: {" ".join(reasons)}')
            period = periods.filtered(lambda period, contract=contract: period.project_id == contract.project_id)
            if period.date_due and period.date_due < contract.company_id._get_progress_today():
                warnings.append(
                    self.env._(
                        "%(contract)s: the due date of %(period)s has passed.",
                        contract=contract.display_name,
                        period=period.name,
                    )
                )
        return warnings

    def action_confirm(self):
        """Invite those who can be invited.

        :return dict: a notification
        """
        ready = self.contract_ids.filtered(lambda contract: not contract._get_invitation_blockers())
        return (ready or self.contract_ids).action_invite(self.invitation_type)
