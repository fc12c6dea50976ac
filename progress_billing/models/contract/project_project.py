from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .progress_tab_mixin import READERS


class ProjectProject(models.Model):
    """How a project is billed, and its Billing tab: where all of its progress billing is."""

    _name = 'project.project'
    _inherit = ['project.project', 'progress.tab.mixin']

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
        'progress.contract',
        'project_id',
        string="Billing Contracts",
        domain=[('contract_type', '=', 'customer')],
        groups=READERS,
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

    # === COMPUTE === #

    @api.depends('progress_contract_ids')
    def _compute_progress_contract_count(self):
        for project in self:
            project.progress_contract_count = len(project.progress_contract_ids)

    @api.depends('progress_contract_ids.state')
    def _compute_progress_contract_id(self):
        """The newest open contract first (CON-6); what a person chose stays while it is open."""
        for project in self:
            contracts = project.progress_contract_ids.filtered(
                lambda contract: contract.contract_type == 'customer'
            ).sorted('id', reverse=True)
            shown = project.progress_contract_id
            if shown not in contracts or shown.state != 'open':
                shown = project._choose_contract(contracts, shown)
            project.progress_contract_id = shown

    @api.model
    def _choose_contract(self, contracts, shown):
        """The first of some contracts that is open, else a draft, that which was shown before others."""
        by_state, none = contracts.grouped('state'), contracts.browse()
        drafts = by_state.get('draft', none)
        return by_state.get('open', none)[:1] or (shown & drafts) or drafts[:1] or contracts[:1]

    def _find_shown_contract(self):
        """On a project that companies share: the newest of those that the user may read (CON-6)."""
        found = super()._find_shown_contract()
        # sudo: progress.contract - whose it is: a private one is no reason to show another
        if found or self.sudo().progress_contract_id.company_id in self.env.companies:
            return found
        contracts = self._origin.progress_contract_ids._filtered_access('read').sorted('id', reverse=True)
        return self._choose_contract(contracts, found)

    @api.constrains('progress_contract_id')
    def _check_progress_contract(self):
        for project in self.sudo():  # sudo: project.project - the check holds for every user
            if project.progress_contract_id and project.progress_contract_id.project_id != project:
                raise ValidationError(
                    self.env._("Choose a billing contract of the project %(project)s.", project=project.display_name)
                )

    @api.depends('progress_contract_ids.state')
    def _compute_is_fully_billed(self):
        for project in self:
            states = set(project.progress_contract_ids.mapped('state')) - {'cancelled'}
            project.is_fully_billed = 'closed' in states and 'open' not in states

    @api.model
    def _get_contract_names(self):
        names = {'progress_contract_ids', 'progress_contract_count', 'is_fully_billed'}
        return super()._get_contract_names() | names

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
        if not vals.get('progress_contract_id', True):  # cleared: nothing is chosen any more (CON-6)
            self.env.add_to_compute(self._fields['progress_contract_id'], self)
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
        tab = {self._get_tab_fields()[name]: vals.pop(name) for name in self._get_tab_fields().keys() & vals.keys()}
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
        return self._get_tab_contracts()

    def _get_progress_contract(self):
        self.ensure_one()
        self._check_saved()
        return self._ensure_progress_contract()

    def _prepare_progress_contract_vals(self):
        """Values of the contract of a project; partner, company and currency follow from it."""
        self.ensure_one()
        return {'project_id': self.id, 'user_id': self.user_id.id or self.env.user.id}

    # === ACTIONS === #

    def action_set_up_progress_billing(self):
        """Make the project a fixed-fee one with a contract to enter the schedule of values in (CON-6).

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
        :raises AccessError: for users who may not change the project
        """
        self.ensure_one()
        self.check_access('write')
        contract = self.env['progress.contract'].create(self._prepare_progress_contract_vals())
        return contract.action_show_in_project()

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

    def action_view_progress_contracts(self):
        """The project's billing contracts.

        :return dict: an action on ``progress.contract``
        """
        action = self.progress_contract_ids._get_contract_action()
        return dict(action, context={'default_project_id': self.id if len(self) == 1 else False})
