from odoo import api, fields, models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    """The subcontracts of a project, and its costs by what they billed."""

    _inherit = 'project.project'

    subcontract_ids = fields.One2many(
        'progress.contract',
        'project_id',
        string="Subcontracts",
        domain=[('contract_type', '=', 'subcontract')],
        groups='progress_billing.group_subcontract_readonly',
    )
    subcontract_count = fields.Integer(
        compute='_compute_subcontract_count', groups='progress_billing.group_subcontract_readonly'
    )

    @api.depends('subcontract_ids')
    def _compute_subcontract_count(self):
        for project in self:
            project.subcontract_count = len(project.subcontract_ids)

    def unlink(self):
        """A project takes subcontracts with it on which nothing was billed."""
        # sudo: progress.contract - whoever may delete the project deletes its unused contracts; others refuse
        self.sudo().subcontract_ids.unlink()
        return super().unlink()

    def action_view_subcontracts(self):
        """The project's subcontracts.

        :return dict: an action on ``progress.contract``
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_subcontract'
        )
        return dict(
            action,
            domain=[('project_id', 'in', self.ids), ('contract_type', '=', 'subcontract')],
            context={
                'default_project_id': self.id if len(self) == 1 else False,
                'default_contract_type': 'subcontract',
            },
        )

    # === COSTS === #

    def _get_profitability_items(self, with_action=True):
        """Purchase orders count by amounts: Odoo takes each claim for a whole unit (SUB-2)."""
        items = super()._get_profitability_items(with_action)
        missing = self._get_missing_subcontract_costs() if self.account_id else 0.0
        for row in items['costs']['data'] if missing else ():
            if row['id'] == 'purchase_order':
                row['to_bill'] -= missing
                items['costs']['total']['to_bill'] -= missing
        return items

    def _get_missing_subcontract_costs(self):
        """What Odoo, counting bills and not amounts, does not see is to be billed, in the project's currency."""
        # sudo: purchase.order.line - sums only, as Odoo's own figures of the dashboard
        lines = self.env['purchase.order.line'].sudo()
        missing = 0.0
        for line in lines.search(
            [
                ('analytic_distribution', 'in', self.account_id.ids),
                ('state', '=', 'purchase'),
                ('is_progress_billed', '=', True),
            ]
        ):
            share = sum(
                percent
                for accounts, percent in line.analytic_distribution.items()
                if str(self.account_id.id) in accounts.split(',')
            )
            left = line.price_subtotal - line.progress_billed_amount - line._get_odoo_amount_left(self.account_id)
            missing += line.currency_id._convert(left * share / 100.0, self.currency_id, self.company_id)
        return missing

    # === INVITATIONS === #

    def action_invite_subcontracts(self, invitation_type='all'):
        """Invite all open subcontracts of these projects to bill the current period.

        Who has answered already, and who declined, is left alone; who cannot be invited is named.

        :param str invitation_type: see ``progress.contract`` ``action_invite``
        :return dict: a notification
        :raises UserError: where nobody can be invited, saying why
        """
        contracts = self.subcontract_ids.filtered(lambda contract: contract.state == 'open')
        contracts._check_may_keep_subcontracts()
        blocked = {contract: reasons for contract in contracts if (reasons := contract._get_invitation_blockers())}
        ready = contracts.filtered(lambda contract: contract not in blocked and not contract._has_declined())
        if not contracts:
            raise UserError(
                self.env._("%s has no open subcontract.", ', '.join(self.mapped('display_name')) or self._description)
            )
        if not ready and blocked:
            contracts._raise_blockers(blocked)
        action = (
            ready._invite_to_bill(invitation_type)
            if ready
            else contracts._get_answered_notification(contracts.bill_ids)
        )
        if blocked:
            names = ', '.join(contract.display_name for contract in blocked)
            action['params']['type'] = 'warning'
            action['params']['message'] = self.env._(
                "%(message)s Not invited: %(names)s.", message=action['params']['message'], names=names
            )
        return action

    def action_invite_subcontracts_wizard(self):
        """The Invite to Bill button of the project.

        :return dict: the dialog
        """
        contracts = self.subcontract_ids.filtered(lambda contract: contract.state == 'open')
        return contracts.action_invite_wizard()

    # === THE OWNER === #

    def action_bill_owner_from_claims(self):
        """Fill the owner's bill from approved claims: work, stored materials and retainage, line by line.

        Of each claim what no bill of theirs has yet, or what is to be given back. The bill is a pro forma where their
        contract uses them, else a planned record with these lines.

        :return dict: the action that shows the owner's bills
        :raises UserError: where no claim is approved, or none of its lines says on which line the owner is billed
        """
        self.env['progress.bill'].check_access('create')
        claims, shares = self.subcontract_ids.bill_ids._get_claims_for_owner()
        if not claims:
            raise UserError(
                self.env._(
                    "%s: no approved claim waits to be billed to the owner.", ', '.join(self.mapped('display_name'))
                )
            )
        if not shares:
            raise UserError(
                self.env._(
                    "No line of %s says on which line the owner is billed. Set Billed to the Owner On in the schedules "
                    "of the subcontracts.",
                    ', '.join(claims.contract_id.mapped('display_name')),
                )
            )
        bills, sums = self.env['progress.bill'], claims.line_ids._sum_for_owner(shares)
        for contract in self.env['progress.contract.line'].concat(*sums).contract_id:
            own = {line: vals for line, vals in sums.items() if line.contract_id == contract}
            bill = contract._fill_owner_bill(own)
            ids = {line.id for line in own}
            bill._take_owner_shares([share for share in shares if share['owner_line_id'] in ids])
            bills |= bill
        return bills._get_bill_action()

    def action_view_margin(self):
        """Owner and subcontractors of the current period side by side.

        :return dict: the dialog
        """
        self.ensure_one()
        period = self.env['progress.billing.period']._find_current(self)
        return self.env['progress.margin.wizard']._open(self, period)
