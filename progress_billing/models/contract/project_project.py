from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

READERS = 'progress_billing.group_readonly'

#: fields of the Billing tab that live on the contract shown there
TAB_FIELDS = {
    'progress_line_ids': 'line_ids',
    'progress_bill_ids': 'bill_ids',
    'progress_partner_id': 'partner_id',
    'progress_revenue_recognition': 'revenue_recognition',
    'progress_deposit_account_id': 'deposit_account_id',
    'progress_use_pro_forma': 'use_pro_forma',
    'progress_period_policy': 'period_policy',
    'progress_next_billing_date': 'next_billing_date',
}


def _of_contract(field_type, name, **attributes):
    """A field of the contract as the Billing tab shows it, to who may read contracts."""
    if field_type is fields.Monetary:
        attributes['currency_field'] = 'progress_currency_id'
    return field_type(related=f'progress_contract_id.{name}', tracking=False, groups=READERS, **attributes)


class ProjectProject(models.Model):
    """How a project is billed, and its Billing tab: the progress billing portal of 001 (SPEC §2)."""

    _name = 'project.project'
    _inherit = 'project.project'

    billing_method = fields.Selection(
        [('fixed_fee', "Fixed Fee"), ('time_materials', "Time & Materials"), ('none', "Not Billed")],
        default='none',
        required=True,
        tracking=True,
        help="Progress billing is for fixed-fee projects.",
    )
    bill_time = fields.Selection(
        [('billable', "Billable"), ('not_billable', "Not Billable")],
        string="Bill Time?",
        default='billable',
        required=True,
    )
    progress_contract_ids = fields.One2many(
        'progress.contract', 'project_id', string="Billing Contracts", groups=READERS
    )
    progress_contract_count = fields.Integer(compute='_compute_progress_contract_count', groups=READERS)
    progress_contract_id = fields.Many2one(
        'progress.contract',
        string="Billing Contract",
        compute='_compute_progress_contract_id',
        store=True,
        readonly=False,
        copy=False,
        help="The contract that the Billing tab shows.",
        groups=READERS,
    )
    is_fully_billed = fields.Boolean(
        compute='_compute_is_fully_billed', help="The last open contract has been closed.", groups=READERS
    )

    # === THE TAB === #
    progress_line_ids = _of_contract(fields.One2many, 'line_ids', readonly=False)
    progress_bill_ids = _of_contract(fields.One2many, 'bill_ids', readonly=False)
    progress_partner_id = _of_contract(fields.Many2one, 'partner_id', readonly=False, string="Billed Customer")
    progress_revenue_recognition = _of_contract(fields.Selection, 'revenue_recognition', readonly=False)
    progress_deposit_account_id = _of_contract(fields.Many2one, 'deposit_account_id', readonly=False)
    progress_use_pro_forma = _of_contract(fields.Boolean, 'use_pro_forma', readonly=False)
    progress_period_policy = _of_contract(fields.Selection, 'period_policy', readonly=False)
    progress_next_billing_date = _of_contract(fields.Date, 'next_billing_date', readonly=False)
    progress_default_tax_ids = _of_contract(fields.Many2many, 'default_tax_ids')
    progress_currency_id = _of_contract(fields.Many2one, 'currency_id', string="Contract Currency")
    progress_state = _of_contract(fields.Selection, 'state', string="Contract Status")
    progress_original_amount = _of_contract(fields.Monetary, 'original_amount')
    progress_change_amount = _of_contract(fields.Monetary, 'change_amount')
    progress_revised_amount = _of_contract(fields.Monetary, 'revised_amount')
    progress_draft_amount = _of_contract(fields.Monetary, 'draft_amount')
    progress_actual_amount = _of_contract(fields.Monetary, 'actual_amount')
    progress_wip_available = _of_contract(fields.Monetary, 'wip_available')
    progress_deposit_balance = _of_contract(fields.Monetary, 'deposit_balance')
    progress_pending_amount = _of_contract(fields.Monetary, 'pending_amount')
    progress_retainage_balance = _of_contract(fields.Monetary, 'retainage_balance')
    progress_planned_amount = _of_contract(fields.Monetary, 'planned_amount')
    progress_overplanned_amount = _of_contract(fields.Monetary, 'overplanned_amount')
    progress_unplanned_amount = _of_contract(fields.Monetary, 'unplanned_amount')
    progress_billed_percent = _of_contract(fields.Float, 'billed_percent')
    progress_completed_percent = _of_contract(fields.Float, 'completed_percent')
    progress_blockers = _of_contract(fields.Text, 'blockers')
    progress_is_overplanned = _of_contract(fields.Boolean, 'is_overplanned')
    progress_is_overbilled = _of_contract(fields.Boolean, 'is_overbilled')

    # === COMPUTE === #

    @api.depends('progress_contract_ids')
    def _compute_progress_contract_count(self):
        for project in self:
            project.progress_contract_count = len(project.progress_contract_ids)

    @api.depends('progress_contract_ids.state')
    def _compute_progress_contract_id(self):
        """The newest open contract first (RULES 1.24); what a person chose stays while it is open."""
        for project in self:
            contracts = project.progress_contract_ids.filtered(
                lambda contract: contract.contract_type == 'customer'
            ).sorted('id', reverse=True)
            shown = project.progress_contract_id
            if shown not in contracts or shown.state != 'open':
                by_state = contracts.grouped('state')
                drafts = by_state.get('draft', contracts.browse())
                shown = by_state.get('open', contracts.browse())[:1] or (shown & drafts) or drafts[:1] or contracts[:1]
            project.progress_contract_id = shown

    @api.constrains('progress_contract_id')
    def _check_progress_contract(self):
        for project in self.sudo():  # sudo: project.project - the check holds for every user
            if project.progress_contract_id and project.progress_contract_id.project_id != project:
                raise ValidationError(
                    self.env._(
                        "%(contract)s is no contract of the project %(project)s.",
                        contract=project.progress_contract_id.display_name,
                        project=project.display_name,
                    )
                )

    @api.depends('progress_contract_ids.state')
    def _compute_is_fully_billed(self):
        for project in self:
            states = set(project.progress_contract_ids.mapped('state')) - {'cancelled'}
            project.is_fully_billed = 'closed' in states and 'open' not in states

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make the contract before what was entered in the Billing tab is written to it, so nothing is lost."""
        tab_list = [self._pop_tab_vals(vals, filled_only=True) for vals in vals_list]
        projects = super().create(vals_list)
        for project, tab in zip(projects, tab_list, strict=True):
            if tab:
                project._ensure_progress_contract().write(tab)
        projects._set_up_fixed_fee()
        return projects

    def write(self, vals):
        vals = dict(vals)
        # sudo: project.project - whether there is a contract, for users who may not see it
        tab = self._pop_tab_vals(vals, filled_only=not all(project.progress_contract_id for project in self.sudo()))
        result = super().write(vals) if vals else True
        if tab:
            self._ensure_progress_contract().write(tab)
        if vals.get('billing_method') == 'fixed_fee':
            self._set_up_fixed_fee()
        return result

    def unlink(self):
        """A project takes contracts with it on which nothing was billed."""
        # sudo: progress.contract - whoever may delete the project deletes its unused contracts; others refuse
        self.sudo().progress_contract_ids.unlink()
        return super().unlink()

    def _set_up_fixed_fee(self):
        """Make the contract of fixed-fee projects at once where the user bills; else whoever bills sets it up."""
        if self.env['progress.contract'].has_access('create'):
            self.filtered(
                lambda project: project.billing_method == 'fixed_fee' and not project.is_template
            )._ensure_progress_contract()

    def _pop_tab_vals(self, vals, filled_only):
        """Take the fields of the Billing tab out of ``vals``, named as on the contract.

        :param bool filled_only: leave out empty values: what a form sends for fields nobody
            touched, while there is no contract yet
        """
        tab = {TAB_FIELDS[name]: vals.pop(name) for name in list(vals) if name in TAB_FIELDS}
        return {name: value for name, value in tab.items() if value or not (filled_only or value == [])}

    def _ensure_progress_contract(self):
        """The contract that the tab of each of these projects shows; made where there is none.

        :raises UserError: when the project is not billed for a fixed fee
        """
        missing = self.filtered(lambda project: not project.progress_contract_id)
        wrong = missing.filtered(lambda project: project.billing_method != 'fixed_fee')
        if wrong:
            raise UserError(
                self.env._(
                    "Progress billing is for fixed-fee projects. Set Billing Method of %s to Fixed Fee first.",
                    ', '.join(wrong.mapped('display_name')),
                )
            )
        self.env['progress.contract'].create([project._prepare_progress_contract_vals() for project in missing])
        return self.progress_contract_id

    def _prepare_progress_contract_vals(self):
        """Values of the contract of a project; partner, company and currency follow from it."""
        self.ensure_one()
        return {'project_id': self.id, 'user_id': self.user_id.id or self.env.user.id}

    # === ACTIONS === #

    def action_set_up_progress_billing(self):
        """Make the project a fixed-fee one with a contract to enter the schedule of values in (RULES 1.24).

        Called again it shows the contract.

        :return dict: the action that shows the contracts
        :raises UserError: when the project bills its time and materials
        """
        self.check_access('write')
        self.filtered(lambda project: project.billing_method == 'none').billing_method = 'fixed_fee'
        return self._ensure_progress_contract()._get_contract_action()

    def action_set_up_progress_tab(self):
        """Set Up Progress Billing on the tab: the same, and the tab stays on screen.

        :return dict: reloads the project
        """
        self.action_set_up_progress_billing()
        return {'type': 'ir.actions.act_window_close'}

    def action_add_progress_contract(self):
        """A further contract of the project, for another customer or phase; the tab shows it.

        :return dict: reloads the project
        """
        self.ensure_one()
        self.check_access('write')
        contract = self.env['progress.contract'].create(self._prepare_progress_contract_vals())
        return contract.action_show_in_project()

    def action_open_progress_contract(self):
        """Draft → open for the contract of the tab; see ``progress.contract`` ``action_open``.

        :return dict: reloads the project
        """
        self._ensure_progress_contract().action_open()
        return {'type': 'ir.actions.act_window_close'}

    def action_create_final_invoice(self):
        """Create Final Invoice of the tab; asks first where something is not complete.

        :return dict: the question, or the action that shows the final invoice
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_final_wizard()

    def action_run_billing(self):
        """Bill what is pending on the contracts of these projects (SPEC §3).

        :return dict: the action that shows the invoices or bills made
        :raises UserError: when none of them has anything to bill, saying why
        """
        return self._get_contracts_to_run().action_run_billing()

    def action_run_billing_wizard(self):
        """Run Project Billing of the tab and of a list of projects: shows first what will be made.

        :return dict: the preview
        """
        return self._get_contracts_to_run().action_run_billing_wizard()

    def _get_contracts_to_run(self):
        """Customer contracts that a run over these projects is about.

        :raises UserError: where there is none
        """
        contracts = self.progress_contract_ids.filtered(
            lambda contract: contract.contract_type == 'customer' and contract.state != 'cancelled'
        )
        if not contracts:
            raise UserError(
                self.env._(
                    "%s has no billing contract. Set up progress billing first.",
                    ', '.join(self.mapped('display_name')),
                )
            )
        # contracts that are done are no news, where others can be billed
        return contracts.filtered(lambda contract: contract.state != 'closed') or contracts

    def action_create_progress_bill(self):
        """Create Bill of the tab: all that remains, one percentage, or line by line.

        :return dict: the dialog
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_create_bill_wizard()

    def action_plan_progress_billing(self):
        """Lay out the billing plan of the contract of the tab.

        :return dict: the plan wizard
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_plan_wizard()

    def action_view_progress_contracts(self):
        """The project's billing contracts.

        :return dict: an action on ``progress.contract``
        """
        action = self.progress_contract_ids._get_contract_action()
        return dict(action, context={'default_project_id': self.id if len(self) == 1 else False})

    def action_view_progress_bills(self):
        """The progress bills of the contract of the tab.

        :return dict: an action on ``progress.bill``
        """
        return self.progress_contract_id.action_view_bills()

    def action_view_progress_invoices(self):
        """The invoices of the contract of the tab.

        :return dict: an action on ``account.move``
        """
        return self.progress_contract_id.action_view_invoices()

    def action_view_progress_lines(self):
        """The schedule of values as a list of its own: to import into, filter and sort.

        :return dict: an action on ``progress.contract.line``
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_view_lines()

    def action_view_progress_contract(self):
        """The contract of the tab, whole.

        :return dict: an action on ``progress.contract``
        """
        self.ensure_one()
        return self._ensure_progress_contract()._get_contract_action()

    # === DASHBOARD === #
