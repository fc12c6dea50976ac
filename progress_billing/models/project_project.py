from odoo import api, fields, models
from odoo.exceptions import UserError

#: fields of the Billing tab that live on the contract shown there
TAB_FIELDS = {
    'progress_line_ids': 'line_ids',
    'progress_bill_ids': 'bill_ids',
    'progress_partner_id': 'partner_id',
    'progress_revenue_recognition': 'revenue_recognition',
    'progress_deposit_account_id': 'deposit_account_id',
    'progress_use_pro_forma': 'use_pro_forma',
}


class ProjectProject(models.Model):
    """How a project is billed, and its Billing tab: the progress billing portal of 001 (SPEC §2)."""
    _inherit = 'project.project'

    billing_method = fields.Selection(
        [('fixed_fee', "Fixed Fee"), ('time_materials', "Time & Materials"), ('none', "Not Billed")],
        default='none', required=True, tracking=True,
        help="Progress billing is for fixed-fee projects.")
    bill_time = fields.Selection(
        [('billable', "Billable"), ('not_billable', "Not Billable")], string="Bill Time?", default='billable', required=True)
    progress_contract_ids = fields.One2many('progress.contract', 'project_id', string="Billing Contracts")
    progress_contract_count = fields.Integer(compute='_compute_progress_contract_count')
    progress_contract_id = fields.Many2one(
        'progress.contract', string="Billing Contract", compute='_compute_progress_contract_id', store=True, readonly=False,
        copy=False, help="The contract that the Billing tab shows.")
    is_fully_billed = fields.Boolean(compute='_compute_is_fully_billed', help="The last open contract has been closed.")

    # === THE TAB === #
    progress_line_ids = fields.One2many(related='progress_contract_id.line_ids', readonly=False)
    progress_bill_ids = fields.One2many(related='progress_contract_id.bill_ids', readonly=False)
    progress_partner_id = fields.Many2one(tracking=False, related='progress_contract_id.partner_id', readonly=False, string="Billed Customer")
    progress_revenue_recognition = fields.Selection(tracking=False, related='progress_contract_id.revenue_recognition', readonly=False)
    progress_deposit_account_id = fields.Many2one(tracking=False, related='progress_contract_id.deposit_account_id', readonly=False)
    progress_use_pro_forma = fields.Boolean(tracking=False, related='progress_contract_id.use_pro_forma', readonly=False)
    progress_currency_id = fields.Many2one(related='progress_contract_id.currency_id', string="Contract Currency")
    progress_state = fields.Selection(tracking=False, related='progress_contract_id.state', string="Contract Status")
    progress_original_amount = fields.Monetary(
        related='progress_contract_id.original_amount', currency_field='progress_currency_id')
    progress_change_amount = fields.Monetary(related='progress_contract_id.change_amount', currency_field='progress_currency_id')
    progress_revised_amount = fields.Monetary(related='progress_contract_id.revised_amount', currency_field='progress_currency_id')
    progress_draft_amount = fields.Monetary(related='progress_contract_id.draft_amount', currency_field='progress_currency_id')
    progress_actual_amount = fields.Monetary(related='progress_contract_id.actual_amount', currency_field='progress_currency_id')
    progress_wip_available = fields.Monetary(related='progress_contract_id.wip_available', currency_field='progress_currency_id')
    progress_deposit_balance = fields.Monetary(
        related='progress_contract_id.deposit_balance', currency_field='progress_currency_id')
    progress_planned_amount = fields.Monetary(
        related='progress_contract_id.planned_amount', currency_field='progress_currency_id')
    progress_unplanned_amount = fields.Monetary(
        related='progress_contract_id.unplanned_amount', currency_field='progress_currency_id')
    progress_billed_percent = fields.Float(related='progress_contract_id.billed_percent')
    progress_completed_percent = fields.Float(related='progress_contract_id.completed_percent')
    progress_blockers = fields.Text(related='progress_contract_id.blockers')
    progress_is_overplanned = fields.Boolean(related='progress_contract_id.is_overplanned')
    progress_is_overbilled = fields.Boolean(related='progress_contract_id.is_overbilled')

    # === COMPUTE === #

    @api.depends('progress_contract_ids')
    def _compute_progress_contract_count(self):
        for project in self:
            project.progress_contract_count = len(project.progress_contract_ids)

    @api.depends('progress_contract_ids.state')
    def _compute_progress_contract_id(self):
        """The newest open contract, else the newest (RULES 1.24); what a person chose stays while it is open."""
        for project in self:
            contracts = project.progress_contract_ids.filtered(
                lambda contract: contract.contract_type == 'customer').sorted('id', reverse=True)
            live = contracts.filtered(lambda contract: contract.state in ('open', 'draft'))
            shown = project.progress_contract_id
            if shown not in live:
                shown = live.filtered(lambda contract: contract.state == 'open')[:1] or live[:1] or contracts[:1]
            project.progress_contract_id = shown

    @api.depends('progress_contract_ids.state')
    def _compute_is_fully_billed(self):
        for project in self:
            states = set(project.progress_contract_ids.mapped('state')) - {'cancelled'}
            project.is_fully_billed = states == {'closed'}

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make the contract before what was entered in the Billing tab is written to it, so nothing is lost."""
        tab_list = [self._pop_tab_vals(vals, filled_only=True) for vals in vals_list]
        projects = super().create(vals_list)
        for project, tab in zip(projects, tab_list, strict=True):
            if tab or project.billing_method == 'fixed_fee' and not project.is_template:
                project._ensure_progress_contract().write(tab)
        return projects

    def write(self, vals):
        vals = dict(vals)
        tab = self._pop_tab_vals(vals, filled_only=not all(project.progress_contract_id for project in self))
        result = super().write(vals) if vals else True
        if tab or vals.get('billing_method') == 'fixed_fee':
            contracts = self._ensure_progress_contract()
            if tab:
                contracts.write(tab)
        return result

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
            raise UserError(self.env._(
                "Progress billing is for fixed-fee projects. Set Billing Method of %s to Fixed Fee first.",
                ', '.join(wrong.mapped('display_name'))))
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
