from unittest import SkipTest

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.tests import TransactionCase, tagged

DEMO_CONTRACTS = {
    'contract_house_miller_demo': 'open',
    'contract_office_hansen_demo': 'open',
    'contract_garage_weber_demo': 'closed',
    'contract_webshop_northlight_demo': 'draft',
    'contract_community_center_demo': 'open',
    'contract_shop_olsen_demo': 'open',
}


@tagged('post_install', '-at_install')
class TestDemoCycle(TransactionCase):
    """Projects that nobody wrote for us are billed from the first line to the final invoice.

    The projects and tasks are those of Odoo's own demo data, so the schedules come out as
    they come: one line or twenty, with and without tax, by amount and by quantity.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env.ref('project.project_project_1', raise_if_not_found=False):
            raise SkipTest("made for a database with demo data")
        cls.company = cls.env.ref('base.main_company')
        cls.customer = cls.env['res.partner'].create({'name': "Customer of a Demo Project"})
        cls.tax = cls.company.account_sale_tax_id
        cls.today = fields.Date.today()

    def assertSame(self, contract, amount, expected):
        """Both amounts are the same to the contract's last decimal."""
        difference = contract.currency_id.compare_amounts(amount, expected)
        self.assertFalse(difference, f"{contract.display_name}: {amount} is not {expected}")

    # === READING THE LEDGER === #

    def _posted_items(self, contract):
        return contract.invoice_ids.filtered(lambda move: move.state == 'posted').line_ids

    def _balance(self, items, account):
        """Balance of an account, credit positive, in company and in contract currency."""
        mine = items.filtered(lambda item: item.account_id == account)
        currency = self.company.currency_id
        return tuple(currency.round(-sum(mine.mapped(name))) for name in ('balance', 'amount_currency'))

    # === ODOO'S DEMO PROJECTS === #

    def _demo_projects(self):
        data = self.env['ir.model.data'].search([('module', '=', 'project'), ('model', '=', 'project.project')])
        projects = self.env['project.project'].browse(data.mapped('res_id')).exists()
        return projects.filtered(lambda project: not project.is_template)

    def _schedule(self, project):
        """A line for each task, at least two; worth what its title and place happen to give."""
        tasks = (
            self.env['project.task']
            .with_context(active_test=False)
            .search([('project_id', '=', project.id)], order='id')
        )
        titles = [(task.name, task.id) for task in tasks] or [("Fee", False), ("Expenses", False)]
        commands = []
        for place, (title, task) in enumerate(titles, 1):
            vals = {
                'sequence': place * 10,
                'item_number': str(place),
                'name': title,
                'task_id': task,
                'tax_ids': [Command.set(self.tax.ids if place % 4 else [])],
            }
            if place % 3:
                vals['original_amount'] = len(title) * 101.37 + place * 0.03
            else:
                vals.update(
                    {
                        'billing_base': 'quantity',
                        'original_quantity': place * 1.25,
                        'unit_price': len(title) * 9.99,
                    }
                )
            commands.append(Command.create(vals))
        return commands

    def _set_up(self, project):
        project.action_set_up_progress_billing()
        contract = project.progress_contract_id
        contract.partner_id = contract.partner_id or self.customer
        project.progress_line_ids = self._schedule(project)
        project.action_open_progress_contract()
        self.assertEqual(contract.state, 'open')
        return contract

    def _plan(self, contract, count):
        """``count`` monthly instalments of all that is left, the first one a few months ago."""
        wizard = self.env['progress.plan.wizard'].create(
            {
                'contract_id': contract.id,
                'count': count,
                'start_date': self.today - relativedelta(months=count),
            }
        )
        wizard.action_confirm()
        self.assertEqual(len(contract.bill_ids), count)
        self.assertSame(contract, contract.planned_amount, contract.revised_amount)

    def _bill(self, bill):
        bill.action_create()
        self.assertEqual((bill.state, bill.bucket), ('invoiced', 'draft'))
        bill.invoice_id.action_post()
        self.assertEqual(bill.bucket, 'actual')

    def _credit(self, bill):
        """Credit the bill's invoice the way an accountant does."""
        wizard = (
            self.env['account.move.reversal']
            .with_context(
                active_model='account.move',
                active_ids=bill.invoice_id.ids,
            )
            .create({'journal_id': bill.invoice_id.journal_id.id, 'date': self.today})
        )
        wizard.reverse_moves()
        wizard.new_move_ids.filtered(lambda move: move.state == 'draft').action_post()
        self.assertEqual((bill.state, bill.bucket), ('planned', False))

    def _assert_deposits(self, contract, bills):
        expected = sum(bills.mapped('amount'))
        balances = self._balance(self._posted_items(contract), contract._get_deposit_account())
        for amount in (contract.deposit_balance, contract.actual_amount, *balances):
            self.assertSame(contract, amount, expected)

    def _tax_of_one_invoice(self, contract):
        """What Odoo itself takes as tax of the whole schedule on one invoice."""
        move = self.env['account.move'].create(
            {
                'move_type': 'out_invoice',
                'partner_id': contract.partner_id.id,
                'invoice_line_ids': [
                    Command.create(
                        {
                            'name': line.name,
                            'price_unit': line.revised_amount,
                            'tax_ids': [Command.set(line.tax_ids.ids)],
                        }
                    )
                    for line in contract.line_ids
                ],
            }
        )
        return move.amount_tax

    def test_demo_projects_are_billed_to_the_end(self):
        projects = self._demo_projects()
        self.assertGreaterEqual(len(projects), 4)
        for project in projects:
            with self.subTest(project=project.name):
                self._bill_to_the_end(project)

    def _bill_to_the_end(self, project):
        contract = self._set_up(project)
        self._plan(contract, 4)
        first, second, third, last = contract.bill_ids.sorted('date')
        self._bill(first)
        self._bill(second)
        self._assert_deposits(contract, first | second)
        self._credit(second)
        self._assert_deposits(contract, first)
        self._bill(third)
        self._assert_deposits(contract, first | third)

        contract.action_create_final_invoice()
        self.assertEqual(last.state, 'cancelled')
        contract.final_invoice_id.action_post()
        self._assert_closed(contract)

    def _assert_closed(self, contract):
        """After the final invoice: everything billed, everything earned, no deposit held."""
        self.assertEqual(contract.state, 'closed')
        self.assertTrue(contract.project_id.is_fully_billed)
        self.assertSame(contract, contract.actual_amount, contract.revised_amount)
        for name in ('draft_amount', 'wip_available', 'deposit_balance'):
            self.assertSame(contract, contract[name], 0.0)
        for line in contract.line_ids:
            self.assertSame(contract, line.actual_amount, line.revised_amount)
        items = self._posted_items(contract)
        account = contract._get_deposit_account()
        self.assertEqual(self._balance(items, account), (0, 0))
        deposits = items.filtered(lambda item: item.account_id == account)
        self.assertTrue(all(deposits.mapped('reconciled')))
        income = items.filtered(lambda item: item.account_id.internal_group == 'income')
        self.assertSame(contract, -sum(income.mapped('balance')), contract.revised_amount)
        taxes = items.filtered('tax_line_id')
        self.assertSame(contract, -sum(taxes.mapped('balance')), self._tax_of_one_invoice(contract))

    # === OUR OWN DEMO DATA === #

    def _own_contracts(self):
        return self.env['progress.contract'].union(
            *(self.env.ref(f'progress_billing.{name}') for name in DEMO_CONTRACTS)
        )

    def test_own_contracts(self):
        for name, state in DEMO_CONTRACTS.items():
            contract = self.env.ref(f'progress_billing.{name}')
            self.assertEqual(contract.state, state, name)
            if contract.project_id:
                self.assertEqual(contract.project_id.progress_contract_ids, contract, name)
                self.assertEqual(contract.project_id.progress_contract_id, contract, name)
            self.assertFalse(contract.is_overbilled, name)
            self.assertFalse(contract.is_overplanned, name)

    def test_house_miller(self):
        contract = self.env.ref('progress_billing.contract_house_miller_demo')
        lines = contract.line_ids.filtered(lambda line: not line.display_type)
        self.assertRecordValues(
            contract, [{'original_amount': 412000, 'change_amount': 17760, 'revised_amount': 429760}]
        )
        self.assertEqual(len(lines - lines.filtered('change_line_ids.is_new_line')), 40)
        self.assertTrue(all(line.tax_ids for line in lines))
        bills, changes = contract.bill_ids.sorted('date'), contract.change_ids.sorted('date')
        self.assertEqual(bills.mapped('state'), ['invoiced'] * 4 + ['planned'] * 3)
        self.assertEqual(changes.mapped('state'), ['approved', 'draft'])
        paid = bills.filtered(lambda bill: bill.invoice_id.payment_state in ('paid', 'in_payment'))
        self.assertEqual(paid.mapped('title'), ['Signing', 'Foundations done'])

    def test_community_center(self):
        """Applications with retainage and stored materials: two invoiced, one submitted, and what is pending."""
        contract = self.env.ref('progress_billing.contract_community_center_demo')
        self.assertRecordValues(contract, [{'revised_amount': 1640800, 'retainage_balance': 35880}])
        *applications, record = contract.bill_ids.sorted('date')
        self.assertEqual([bill.state for bill in applications], ['invoiced', 'invoiced', 'submitted'])
        self.assertEqual([bill.current_payment_due for bill in applications], [188275, 177645, 179796.5])
        self.assertEqual([bill.less_previous_certificates for bill in applications], [0, 188275, 365920])
        self.assertEqual([bill.invoice_id.amount_untaxed for bill in applications], [188275, 177645, 0])
        self.assertEqual([sum(bill.line_ids.mapped('stored_amount')) for bill in applications], [80000, 86000, 30000])
        self.assertEqual((record.state, record.is_due), ('planned', False))
        self.assertEqual(record.milestone_id.billing_approval, 'wanted')
        groups, reasons = contract._get_run_plan()
        self.assertFalse(reasons)
        self.assertEqual(
            [sum(lines.mapped('pending_amount')) for _contract, _key, lines in groups], [32305, 12000, 9625]
        )

    def test_retainage_of_own_contracts(self):
        """What is held is on the retainage account, to the cent."""
        contract = self.env.ref('progress_billing.contract_community_center_demo')
        account = contract._get_retainage_account()
        for balance in self._balance(self._posted_items(contract), account):
            self.assertSame(contract, -balance, contract.retainage_balance)

    def test_ledger_of_own_contracts(self):
        for contract in self._own_contracts():
            account = contract._get_deposit_account()
            for balance in self._balance(self._posted_items(contract), account):
                self.assertSame(contract, balance, contract.deposit_balance)
        self._assert_closed(self.env.ref('progress_billing.contract_garage_weber_demo'))

    def test_nothing_failed_or_waits_for_the_automatic_run(self):
        bills = self._own_contracts().bill_ids
        self.assertFalse(bills.filtered('run_state'))
        planned = bills.filtered(lambda bill: bill.state == 'planned')
        self.assertTrue(planned)
        made = bills.filtered('generated_on')
        self.assertGreater(min(planned.mapped('date')), max(made.mapped('date')))

    def test_templates_plan_the_whole_contract(self):
        for name in ('30_60_10', 'four_quarters', 'house'):
            template = self.env.ref(f'progress_billing.plan_template_{name}_demo')
            self.assertEqual(template.percent, 100, name)
