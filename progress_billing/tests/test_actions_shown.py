import json

from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestActionsShown(ProgressBillingCommon):
    """What buttons open: the model, which of its records, with which defaults; as a caller by RPC gets it (BIL-21)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([1000, 500], cls.tax_15)
        cls.contract.action_show_in_project()
        cls.other = cls.make.contract([50], project=cls.make.project(name="Barn"))
        cls.planned = cls.make.plan(cls.contract, '100')
        cls.bill = cls.billing.bill(cls.contract, '400')
        cls.refund = cls.billing.credit(cls.bill.invoice_id, 100)
        cls.none = cls.env['progress.contract']

    def assertShows(self, action, model, records=None, **expected):
        """The action can be carried, opens, shows these records, and says what is expected of it."""
        self.assertEqual(json.loads(json.dumps(action, default=str))['type'], 'ir.actions.act_window')
        self.assertEqual(action['res_model'], model)
        self.assertTrue(self.env[model].get_views([view for view in action['views'] if view[1] != 'search']))
        if records is not None:
            if action.get('res_id'):
                self.assertEqual(action['res_id'], records.id)
                self.assertEqual((action['views'], action['view_mode']), ([(False, 'form')], 'form'))
            else:
                self.assertEqual(set(self.env[model].search(action['domain']).ids), set(records.ids))
        for name, value in expected.items():
            self.assertEqual(action[name], value, name)

    # === CONTRACTS === #

    def test_contracts(self):
        """One record in its form, several or none in a list."""
        both = self.contract | self.other
        self.assertShows(self.contract._get_contract_action(), 'progress.contract', self.contract)
        self.assertShows(both._get_contract_action(), 'progress.contract', both)
        self.assertShows(self.none._get_contract_action(), 'progress.contract', self.none)
        for act in (both.action_open, self.none.action_open):
            self.assertShows(act(), 'progress.contract', both if act.__self__ else self.none)

    def test_lines(self):
        """The schedule as a list of its own, in which a new line has its contract and default taxes."""
        self.company.account_sale_tax_id = self.tax_15
        self.contract.invalidate_recordset()
        for act in (self.contract.action_view_lines, self.project.action_view_progress_lines):
            self.assertShows(
                act(),
                'progress.contract.line',
                self.contract.line_ids,
                display_name=f"Schedule of Values of {self.contract.display_name}",
                context={'default_contract_id': self.contract.id, 'default_tax_ids': self.tax_15.ids},
            )
        line = self.env['progress.contract.line'].with_context(**self.contract.action_view_lines()['context'])
        self.assertEqual(line.create({'name': "More"}).tax_ids, self.tax_15)

    def test_bills(self):
        """All bills of the contracts; of one contract, a new one is of it."""
        mine = self.contract.bill_ids
        for act in (self.contract.action_view_bills, self.project.action_view_progress_bills):
            self.assertShows(act(), 'progress.bill', mine, context={'default_contract_id': self.contract.id})
        theirs = self.make.plan(self.other, '5')
        self.assertShows((self.contract | self.other).action_view_bills(), 'progress.bill', mine | theirs, context={})
        self.assertShows(self.bill._get_bill_action(), 'progress.bill', self.bill)
        self.assertShows((self.bill | self.planned)._get_bill_action(), 'progress.bill', self.bill | self.planned)
        self.assertShows(self.bill.invoice_id.action_view_progress_bill(), 'progress.bill', self.bill)
        self.assertShows(self.refund.action_view_progress_bill(), 'progress.bill', self.bill)
        plain = self.make.project(name="Plain", billing_method='none')
        self.assertShows(plain.action_view_progress_bills(), 'progress.bill', self.env['progress.bill'])

    def test_invoices(self):
        """Invoices and credit notes, for who may read them; else the bills that they are of (BIL-18)."""
        moves = self.bill.invoice_id | self.refund
        for act in (
            self.bill.action_view_invoices,
            self.contract.action_view_invoices,
            self.project.action_view_progress_invoices,
        ):
            self.assertShows(act(), 'account.move', moves, context={'create': False})
        self.assertShows(self.bill._get_result_action(), 'account.move', self.bill.invoice_id)
        self.assertShows(self.planned.action_view_invoices(), 'progress.bill', self.planned)
        for user in (self.billing_user, self.reader):
            with self.subTest(user=user.login):
                self.assertShows(self.bill.with_user(user).action_view_invoices(), 'progress.bill', self.bill)
                self.assertShows(self.bill.with_user(user)._get_result_action(), 'progress.bill', self.bill)
        self.assertShows(self.bill.with_user(self.accountant).action_view_invoices(), 'account.move', moves)

    # === PROJECTS, CUSTOMERS, MILESTONES === #

    def test_projects(self):
        """A project's contracts; a new one is of it."""
        barn = self.other.project_id
        start = barn.progress_contract_ids - self.other
        self.assertShows(
            barn.action_view_progress_contracts(),
            'progress.contract',
            self.other | start,
            context={'default_project_id': barn.id},
        )
        both = barn | self.project
        self.assertShows(
            both.action_view_progress_contracts(),
            'progress.contract',
            both.progress_contract_ids,
            context={'default_project_id': False},
        )
        self.assertShows(self.project.action_view_progress_contract(), 'progress.contract', self.contract)

    def test_dashboard_rows(self):
        """The invoices behind a row of the project's dashboard: in a list, or the one there is."""
        moves = self.contract.invoice_ids
        domain = [('id', 'in', moves.ids)]
        for section in ('progress_revenue', 'progress_deposits'):
            action = self.project.action_profitability_items(section, domain)
            self.assertShows(action, 'account.move', moves, context={'create': False})
            one = self.project.action_profitability_items(section, domain, self.refund.id)
            self.assertShows(one, 'account.move', self.refund)
        self.assertEqual(self.project.action_profitability_items('progress_revenue')['domain'], [])
        labels = self.project._get_profitability_labels()
        self.assertEqual(
            (labels['progress_revenue'], labels['progress_deposits']), ("Progress Billing", "Customer Deposits")
        )
        order = self.project._get_profitability_sequence_per_invoice_type()
        self.assertLess(order['progress_revenue'], order['progress_deposits'])

    def test_customers(self):
        """The down payments of a customer, contacts included, and a new one on their newest open contract."""
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        self.contract.action_create_down_payment(100)
        paid = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        for partner in (self.customer, contact):
            self.assertShows(partner.action_view_down_payments(), 'progress.bill', paid)
            self.assertShows(
                partner.action_down_payment_wizard(),
                'progress.down.payment.wizard',
                context={'default_partner_id': partner.id, 'default_contract_id': self.other.id},
            )
        stranger = self.env['res.partner'].create({'name': "Nobody"})
        self.assertShows(stranger.action_view_down_payments(), 'progress.bill', self.env['progress.bill'])
        self.assertEqual(stranger.action_down_payment_wizard()['context']['default_contract_id'], False)

    def test_dialogs(self):
        """Dialogs open on what they were called on, from the contract and from its tab."""
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        mine = {'default_contract_id': self.contract.id}
        for act, model, context in (
            (self.contract.action_plan_wizard, 'progress.plan.wizard', mine),
            (self.project.action_plan_progress_billing, 'progress.plan.wizard', mine),
            (self.contract.action_shift_plan, 'progress.shift.wizard', {'default_bill_ids': self.planned.ids}),
            (self.project.action_shift_progress_plan, 'progress.shift.wizard', {'default_bill_ids': self.planned.ids}),
            (self.contract.action_final_wizard, 'progress.final.wizard', mine),
            (self.project.action_create_final_invoice, 'progress.final.wizard', mine),
            (
                self.contract.action_down_payment_wizard,
                'progress.down.payment.wizard',
                {**mine, 'default_partner_id': self.customer.id},
            ),
            (
                self.project.action_down_payment_wizard,
                'progress.down.payment.wizard',
                {**mine, 'default_partner_id': self.customer.id},
            ),
            (
                self.contract.action_import_schedule,
                'progress.import.wizard',
                {**mine, 'dialog_size': 'extra-large'},
            ),
            (
                self.project.action_import_progress_schedule,
                'progress.import.wizard',
                {**mine, 'dialog_size': 'extra-large'},
            ),
            (
                milestone.action_approve_billing_wizard,
                'progress.approval.wizard',
                {'default_milestone_ids': milestone.ids},
            ),
        ):
            with self.subTest(action=act.__name__, of=act.__self__._name):
                self.assertShows(act(), model, context=context, target='new')

    # === SEARCHES === #

    def test_searches(self):
        """Contracts and bills are found by their invoices, and by having none."""
        for model, mine in (('progress.contract', self.contract), ('progress.bill', self.bill)):
            with self.subTest(model=model):
                records = self.env[model]
                for move in (self.bill.invoice_id, self.refund):
                    self.assertEqual(records.search([('invoice_ids', '=', move.id)]), mine)
                    self.assertEqual(records.search([('invoice_ids', 'in', move.ids)]), mine)
        bills = self.contract.bill_ids
        for operator, found in (('=', self.planned), ('!=', self.bill)):
            self.assertEqual(bills.search([('invoice_ids', operator, False), ('id', 'in', bills.ids)]), found)
        self.assertEqual(self.contract.invoice_ids, self.bill.invoice_id | self.refund)
        self.assertEqual((self.contract.invoice_count, self.contract.bill_count), (2, 2))

    def test_found_without_rights_to_invoices(self):
        """Who may not read invoices finds by them all the same, and sees how many there are."""
        user = new_test_user(
            self.env, login='shown_user', groups='progress_billing.group_user', company_id=self.company.id
        )
        bill = self.bill.with_user(user)
        self.assertEqual(
            (bill.invoice_count, bill.invoice_name, bill.invoice_state), (2, self.bill.invoice_id.name, 'posted')
        )
        self.assertEqual(self.contract.with_user(user).invoice_count, 2)

    def test_read_as_json(self):
        """Every field of our models can be carried to a caller."""
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        self.planned.milestone_id = milestone
        change = self.make.extra(self.contract, 10)
        template = self.env['progress.plan.template'].create(
            {'name': "House", 'line_ids': [Command.create({'percent': 50})]}
        )
        for records in (
            self.contract,
            self.contract.line_ids,
            self.contract.bill_ids,
            self.contract.bill_ids.line_ids,
            change,
            change.line_ids,
            template,
            template.line_ids,
            self.env['progress.plan.wizard'].create({'contract_id': self.contract.id}),
        ):
            with self.subTest(model=records._name):
                self.assertTrue(json.dumps(records.read(load='_classic_read'), default=str))
