from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestProjectTab(ProgressBillingCommon):
    """A project and the contract that its Billing tab shows (CON-6, CON-7, CON-8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls.env['project.project'].create({'name': "Plain", 'partner_id': cls.customer.id})
        cls.project_manager = new_test_user(
            cls.env, login='tab_manager', groups='project.group_project_manager', company_id=cls.company.id
        )

    def _contracts(self, *states):
        """A project with a contract in each of these states, the oldest first."""
        project = self.make.project(name="Several")
        project.progress_contract_ids.unlink()
        contracts = self.env['progress.contract']
        for state in states:
            contract = self.make.contract([100], project=project, do_open=state != 'draft')
            if state == 'closed':
                self.billing.final(contract)
            elif state == 'cancelled':
                contract.action_cancel()
            contracts |= contract
        return project, contracts

    # === WHICH ONE === #

    def test_which_is_shown(self):
        """The newest open one, else the draft that was shown, else the newest draft, else the newest of all."""
        for states, place in (
            ((), None),
            (('draft',), 0),
            (('draft', 'open', 'draft'), 1),
            (('open', 'draft'), 0),
            (('closed', 'draft'), 1),
            (('cancelled', 'closed'), 1),
            (('closed', 'cancelled'), 1),
            (('closed', 'open'), 1),
        ):
            with self.subTest(states=states):
                project, contracts = self._contracts(*states)
                shown = contracts[place] if place is not None else contracts
                self.assertEqual(project.progress_contract_id, shown)
                self.assertEqual(project.progress_contract_count, len(contracts))

    def test_fully_billed(self):
        """When the last open one has been closed; one that was cancelled was never billed (CON-7)."""
        for states, fully in (
            ((), False),
            (('draft',), False),
            (('open',), False),
            (('closed',), True),
            (('cancelled',), False),
            (('closed', 'cancelled'), True),
            (('closed', 'draft'), True),
            (('closed', 'open'), False),
        ):
            with self.subTest(states=states):
                project, _contracts = self._contracts(*states)
                self.assertEqual(project.is_fully_billed, fully)

    def test_chosen(self):
        """What a person chose stays while it is open, and belongs to the project."""
        project, (first, second, draft) = self._contracts('open', 'open', 'draft')
        second.action_show_in_project()
        self.assertEqual(project.progress_contract_id, second)
        draft.action_open()
        self.assertEqual(project.progress_contract_id, second)
        second.action_cancel()
        self.assertEqual(project.progress_contract_id, draft)
        elsewhere = self.make.contract([5], project=self.make.project(name="Else"))
        self.assertRefused(
            lambda: project.write({'progress_contract_id': elsewhere.id}),
            "Choose a billing contract of the project Several.",
            error=ValidationError,
        )
        self.assertEqual(first.state, 'open')

    def test_search_by_the_contract(self):
        project, contracts = self._contracts('open')
        projects = self.env['project.project']
        self.assertEqual(projects.search([('progress_shown_contract_id', '=', contracts.id)]), project)
        self.assertIn(self.plain, projects.search([('progress_shown_contract_id', '=', False)]))
        self.assertNotIn(project, projects.search([('progress_shown_contract_id', '=', False)]))

    # === SET UP === #

    def test_made_with_a_fixed_fee(self):
        """A fixed-fee project has its contract at once, where its maker bills; templates and others have none."""
        project = self.make.project(user_id=self.billing_user.id)
        self.assertRecordValues(
            project.progress_contract_id,
            [{'partner_id': self.customer.id, 'company_id': self.company.id, 'user_id': self.billing_user.id}],
        )
        self.assertEqual(project.progress_contract_id.state, 'draft')
        self.assertEqual(self.make.project(user_id=False).progress_contract_id.user_id, self.env.user)
        for vals in ({'billing_method': 'none'}, {'billing_method': 'time_materials'}, {'is_template': True}):
            with self.subTest(vals=vals):
                self.assertFalse(self.make.project(**vals).progress_contract_id)
        theirs = self.env['project.project'].with_user(self.project_manager)
        made = theirs.create({'name': "Theirs", 'billing_method': 'fixed_fee'})
        self.assertEqual(made.billing_method, 'fixed_fee')
        self.plain.billing_method = 'fixed_fee'
        contract = self.plain.progress_contract_id
        self.assertTrue(contract)
        self.plain.billing_method = 'fixed_fee'
        self.assertEqual(self.plain.progress_contract_ids, contract)

    def test_set_up(self):
        """The button makes one contract, shows it again, and refuses work that is billed by the hour."""
        for _call in range(2):
            action = self.plain.action_set_up_progress_billing()
            self.assertEqual(self.plain.billing_method, 'fixed_fee')
            self.assertEqual(
                (action['res_model'], action['res_id']), ('progress.contract', self.plain.progress_contract_id.id)
            )
        self.assertEqual(self.plain.progress_contract_count, 1)
        hours = self.make.project(name="Hours", billing_method='time_materials')
        for act in (
            hours.action_set_up_progress_billing,
            hours.action_set_up_progress_tab,
            hours.action_open_progress_contract,
            hours.action_view_progress_lines,
        ):
            self.assertRefused(
                act, "Progress billing is for fixed-fee projects. Set Billing Method of Hours to Fixed Fee first."
            )
        self.assertFalse(hours.progress_contract_ids)
        other = self.make.project(name="Other", billing_method='none')
        self.assertEqual(other.action_set_up_progress_tab(), {'type': 'ir.actions.act_window_close'})
        self.assertTrue(other.progress_contract_id)

    def test_set_up_many(self):
        """One call sets up many; one that cannot be keeps all as they were."""
        first, second, hours = (
            self.make.project(name=name, billing_method=method)
            for name, method in (("A", 'none'), ("B", 'none'), ("C", 'time_materials'))
        )
        self.assertRefused((first | second | hours).action_set_up_progress_billing, "Set Billing Method of C")
        self.assertEqual((first | second).mapped('billing_method'), ['none', 'none'])
        action = (first | second).action_set_up_progress_billing()
        self.assertEqual(
            self.env['progress.contract'].search(action['domain']),
            (second | first).progress_contract_id.sorted('id', True),
        )

    def test_a_further_contract(self):
        """A second phase: a draft of its own, which the tab shows."""
        project, first = self._contracts('open')
        project.user_id = self.billing_user
        self.assertEqual(project.action_add_progress_contract(), {'type': 'ir.actions.act_window_close'})
        second = project.progress_contract_ids - first
        self.assertEqual(
            (project.progress_contract_id, second.state, second.user_id), (second, 'draft', self.billing_user)
        )
        self.assertRefused(
            project.with_user(self.reader).action_add_progress_contract, regex="not allowed", error=UserError
        )

    # === WHAT IS TYPED === #

    def test_typed_on_the_tab(self):
        """Values of the tab go to the contract; empty ones make none, and clear what one has (CON-8)."""
        other = self.env['res.partner'].create({'name': "Other"})
        self.plain.write({'progress_partner_id': False, 'progress_use_pro_forma': False, 'progress_line_ids': []})
        self.assertFalse(self.plain.progress_contract_id)
        self.plain.write({'name': "Named", 'billing_method': 'fixed_fee', 'progress_use_pro_forma': True})
        contract = self.plain.progress_contract_id
        self.assertEqual((self.plain.name, contract.use_pro_forma), ("Named", True))
        self.plain.write({'progress_use_pro_forma': False, 'progress_partner_id': other.id, 'progress_line_ids': []})
        self.assertRecordValues(contract, [{'use_pro_forma': False, 'partner_id': other.id}])
        self.plain.progress_revenue_recognition = 'as_billed'
        self.assertEqual(contract.revenue_recognition, 'as_billed')

    def test_typed_in_the_form(self):
        """A new project with lines in its tab, as a person types it."""
        with Form(self.env['project.project'].with_user(self.env.user)) as form:
            form.name = "Barn"
            form.partner_id = self.customer
            form.billing_method = 'fixed_fee'
        project = form.record
        self.assertEqual(project.progress_contract_id.partner_id, self.customer)
        self.assertEqual(project.progress_state, 'draft')

    def test_not_saved_yet(self):
        """What is not stored is not billed."""
        new = self.env['project.project'].new({'name': "New", 'billing_method': 'fixed_fee'})
        for method in (
            'action_open_progress_contract',
            'action_view_progress_contract',
            'action_plan_progress_billing',
        ):
            with self.subTest(method=method):
                self.assertRefused(getattr(new, method), "Save the record before you bill it.")

    def test_figures_of_the_tab(self):
        """The tab shows the contract's figures, to readers; nothing where there is no contract."""
        contract = self.make.contract([1000])
        contract.action_show_in_project()
        self.make.extra(contract, 200)
        self.make.plan(contract, '300')
        self.billing.bill(contract, '400')
        self.billing.bill(contract, '100', post=False)
        self.assertRecordValues(
            self.project.with_user(self.reader),
            [
                {
                    'progress_original_amount': 1000,
                    'progress_change_amount': 200,
                    'progress_revised_amount': 1200,
                    'progress_draft_amount': 100,
                    'progress_actual_amount': 400,
                    'progress_wip_available': 700,
                    'progress_planned_amount': 300,
                    'progress_unplanned_amount': 400,
                    'progress_deposit_balance': 400,
                    'progress_is_overbilled': False,
                    'progress_is_overplanned': False,
                    'progress_state': 'open',
                    'progress_currency_id': self.company.currency_id.id,
                }
            ],
        )
        self.assertAlmostEqual(self.project.progress_billed_percent, 500 / 12, 6)
        self.assertFalse(self.plain.progress_revised_amount or self.plain.progress_state)

    def test_open_on_the_tab(self):
        contract = self.make.contract([1000], do_open=False)
        contract.action_show_in_project()
        self.assertEqual(self.project.action_open_progress_contract(), {'type': 'ir.actions.act_window_close'})
        self.assertEqual(contract.state, 'open')

    # === RUNS, COPIES, DELETION === #

    def test_contracts_of_a_run(self):
        """A run over projects: those that can be billed, else those that are done; never cancelled ones."""
        for states, wanted in (
            (('open', 'closed'), [0]),
            (('draft', 'closed', 'cancelled'), [0]),
            (('closed', 'closed'), [0, 1]),
            (('open', 'open'), [0, 1]),
        ):
            with self.subTest(states=states):
                project, contracts = self._contracts(*states)
                found = project._get_contracts_to_run()
                self.assertEqual(found, self.env['progress.contract'].concat(*(contracts[at] for at in wanted)))
        cancelled, _contracts = self._contracts('cancelled')
        self.assertRefused(
            (cancelled | self.plain)._get_contracts_to_run,
            "Several, Plain has no billing contract. Set up progress billing first.",
        )

    def test_copy(self):
        """A copy starts without the other's contract, with an empty one where it is billed (SEC-3)."""
        contract = self.make.contract([1000])
        contract.action_show_in_project()
        copy = self.project.copy()
        self.assertNotEqual(copy.progress_contract_id, contract)
        self.assertEqual(copy.progress_contract_id.line_ids.ids, [])
        self.assertEqual(self.project.progress_contract_id, contract)
        self.assertFalse(self.plain.copy().progress_contract_ids)

    def test_delete(self):
        """A project takes contracts with it on which nothing was billed, and stays where something was."""
        project, contracts = self._contracts('open', 'draft')
        self.make.plan(contracts[0], '10%')
        project.with_user(self.project_manager).unlink()
        self.assertFalse(contracts.exists())
        project, contracts = self._contracts('open', 'draft')
        self.billing.bill(contracts[0], '10%')
        self.assertRefused(project.unlink, "has been billed and cannot be deleted")
        self.assertTrue(contracts.exists() == contracts and project.exists())

    def test_import(self):
        """Projects come in by name of the method, and are billable unless the file says no."""
        loaded = self.env['project.project'].load(
            ['name', 'billing_method', 'bill_time', 'partner_id'],
            [
                ["Barn", "Fixed Fee", "Billable", "Builder's Customer"],
                ["Hours", "Time & Materials", "Not Billable", ""],
            ],
        )
        self.assertFalse(loaded['messages'])
        barn, hours = self.env['project.project'].browse(loaded['ids'])
        self.assertEqual((barn.progress_contract_id.partner_id, hours.progress_contract_count), (self.customer, 0))
        self.assertEqual((hours.billing_method, hours.bill_time), ('time_materials', 'not_billable'))

    def test_lines_by_command(self):
        """Lines are added, changed and taken out on the tab, on the contract that it shows."""
        contract = self.make.contract([1000, 500], do_open=False)
        contract.action_show_in_project()
        first, second = contract.line_ids
        self.project.progress_line_ids = [
            Command.update(first.id, {'original_amount': 700}),
            Command.delete(second.id),
            Command.create({'name': "Roof", 'original_amount': 300}),
        ]
        self.assertEqual(contract.line_ids.mapped('original_amount'), [700, 300])
        self.assertEqual(self.project.progress_revised_amount, 1000)
