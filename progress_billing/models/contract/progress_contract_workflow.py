from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressContractWorkflow(models.Model):
    """What people do with a billing contract: open, cancel, set back to draft; and what keeps it from being billed."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    blockers = fields.Text(string="Cannot Be Billed Because", compute='_compute_blockers')

    @api.depends(
        'state',
        'revenue_recognition',
        'revised_amount',
        'partner_id',
        'currency_id.active',
        'journal_id.active',
        'final_bill_id',
        'line_ids.display_type',
        'line_ids.product_id.active',
        'project_id.billing_method',
        'project_id.bill_time',
    )
    def _compute_blockers(self):
        """Every reason, as a form shows them. Extend what it depends on where you extend the reasons."""
        for contract in self:
            reasons = (
                contract._get_opening_blockers() if contract.state == 'draft' else contract._get_billing_blockers()
            )
            contract.blockers = '\n'.join(reasons)

    # === ACTIONS === #

    def action_open(self):
        """Draft → open, after checking that the contract can be billed.

        :return dict: the action that shows the contracts
        :raises UserError: with every reason why a contract cannot be billed
        """
        self.check_access('write')
        drafts = self.filtered(lambda contract: contract.state == 'draft')
        self._raise_blockers(
            {
                contract: contract._get_opening_blockers() + contract._get_state_blockers(('draft', 'open'))
                for contract in self
            }
        )
        drafts._write_protected({'base_state': 'open'})
        drafts._on_opened()
        return self._get_contract_action()

    def action_cancel(self):
        """→ cancelled; planned records are cancelled with the contract.

        :return dict: the action that shows the contracts
        :raises UserError: while the contract has pro formas or invoices that stand
        """
        self.check_access('write')
        self._lock_for_billing()
        self._check_can_undo('cancelled')
        self._write_protected({'base_state': 'cancelled'})
        self._on_cancelled()
        return self._get_contract_action()

    def action_draft(self):
        """Cancelled or open, never billed → draft.

        :return dict: the action that shows the contracts
        :raises UserError: when something has been billed
        """
        self.check_access('write')
        self._check_can_undo('draft')
        self._write_protected({'base_state': 'draft'})
        self._on_drafted()
        return self._get_contract_action()

    def action_view_lines(self):
        """The schedule of values as a list of its own: to edit, filter and import into.

        :return dict: an action on ``progress.contract.line``
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract_line')
        return dict(
            action,
            display_name=self.env._("Schedule of Values of %s", self.display_name),
            domain=[('contract_id', '=', self.id)],
            context={'default_contract_id': self.id, 'default_tax_ids': self.default_tax_ids.ids},
        )

    def action_import_schedule(self):
        """Bring in the schedule of values from a spreadsheet, after a look at its rows.

        :return dict: the import dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_import_wizard')
        return dict(action, context={'default_contract_id': self.id, 'dialog_size': 'extra-large'})

    def action_show_in_project(self):
        """Choose this contract for the Billing tab of its project (CON-6).

        :return dict: reloads the project
        """
        self.ensure_one()
        self.project_id.progress_contract_id = self
        return {'type': 'ir.actions.act_window_close'}

    def _get_contract_action(self):
        """The action that shows these contracts. Extend by ``super()``, for those of another list.

        :return dict: the action
        """
        shown = 'progress_billing.action_progress_contract'
        return self.env['ir.actions.act_window']._for_progress_records(shown, self)

    # === BLOCKERS === #

    def _get_opening_blockers(self):
        """Reasons why this contract could not be billed even if it were open.

        :return list: sentences that say where to set what is missing
        """
        self.ensure_one()
        reasons = self._get_project_blockers()
        if not self.partner_id:
            reasons.append(self.env._("Set the customer."))
        lines = self._get_billable_lines()
        if not lines:
            reasons.append(self.env._("Enter at least one line in the schedule of values."))
        elif self.currency_id.is_zero(self.revised_amount):
            reasons.append(self.env._("The contract is worth nothing: enter amounts in the schedule of values."))
        archived = lines._get_linked('product_id').filtered(lambda product: not product.active)
        if archived:
            reasons.append(
                self.env._("Replace or unarchive these products: %s.", ', '.join(archived.mapped('display_name')))
            )
        journal = self.journal_id.sudo()  # sudo: account.journal - whether it is in use, for who does not read journals
        if journal and not journal.active:
            reasons.append(
                self.env._("The journal %s is archived: choose another one, or unarchive it.", journal.display_name)
            )
        return reasons + self._get_currency_blockers()

    def _get_project_blockers(self):
        """Progress billing is for fixed-fee, billable projects only (CON-2)."""
        project, reasons = self.project_id, []
        if project and project.billing_method != 'fixed_fee':
            reasons.append(self.env._("Set Billing Method of the project %s to Fixed Fee.", project.display_name))
        if project and project.bill_time != 'billable':
            reasons.append(self.env._("Set Bill Time? of the project %s to Billable.", project.display_name))
        return reasons

    def _get_currency_blockers(self):
        """A foreign currency without any exchange rate would be booked at 1:1."""
        if not self.currency_id.active:
            return [self.env._("The currency %s is archived: activate it.", self.currency_id.name)]
        company = self.company_id
        if self.currency_id == company.currency_id:
            return []
        # sudo: res.currency.rate - whether a rate exists does not depend on who asks
        rates = self.env['res.currency.rate'].sudo()
        rate = rates.search_count(
            [
                ('currency_id', '=', self.currency_id.id),
                ('company_id', 'in', (False, company.root_id.id)),
                ('name', '<=', company._get_progress_today()),
            ],
            limit=1,
        )
        if rate:
            return []
        return [
            self.env._(
                "There is no exchange rate of %s: enter one under Accounting, Currencies.", self.currency_id.name
            )
        ]

    def _get_state_blockers(self, allowed=('open',)):
        self.ensure_one()
        return [] if self.state in allowed else [self._get_state_sentences()[self.state]]

    def _get_state_sentences(self):
        """What a contract's state keeps it from, and the way out, by state."""
        return {
            'draft': self.env._("It is a draft: choose Start Billing first."),
            'open': self.env._("It is open already."),
            'cancelled': self.env._("It is cancelled: set it back to draft first."),
        }

    def _get_billing_blockers(self, for_final=False):
        """Reasons why this contract cannot be billed now.

        :param bool for_final: for a further final invoice, beside those that exist
        :return list: sentences; empty when it can
        """
        self.ensure_one()
        return self._get_state_blockers() + self._get_opening_blockers()

    def _get_undo_blockers(self, state):
        """Reasons why this contract cannot be taken back.

        :param str state: where it is to go, ``draft`` or ``cancelled``
        :return list: sentences that say what to undo before
        """
        self.ensure_one()
        return []

    def _check_can_undo(self, state):
        """:raises UserError: with every reason why one of these contracts cannot go back to ``state``"""
        reasons = [reason for contract in self for reason in contract._get_undo_blockers(state)]
        if reasons:
            raise UserError('\n'.join(reasons))

    def _check_can_bill(self):
        """:raises UserError: with every reason why one of these contracts cannot be billed"""
        self._raise_blockers({contract: contract._get_billing_blockers() for contract in self})

    def _raise_blockers(self, reasons_by_contract):
        blocked = {contract: reasons for contract, reasons in reasons_by_contract.items() if reasons}
        if blocked:
            raise UserError(
                '\n\n'.join(
                    self.env._("%(contract)s cannot be billed:", contract=contract.display_name)
                    + ''.join(f'\n- {reason}' for reason in reasons)
                    for contract, reasons in blocked.items()
                )
            )
