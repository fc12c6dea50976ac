from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from ..models.base.progress_actor import Actor
from .common import ProgressBillingCommon
from .queries import FEW, MANY, SOME, QueryAssertions, ShownLists, count_queries


@tagged('post_install', '-at_install')
class TestListQueries(ShownLists, ProgressBillingCommon):
    """Reading: a page of three times the rows takes the same queries, whatever it lists."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = 'customer@example.com'
        cls.contracts = cls.env['progress.contract'].concat(*map(cls._contract, range(cls.rows)))
        cls.contracts.line_ids.completed_percent = 40
        cls.contracts.action_run_billing()
        cls.contracts.bill_ids.filtered(lambda bill: bill.state == 'draft').action_release()
        moves = cls.contracts.invoice_ids
        moves.action_post()
        register = cls.env['account.payment.register'].with_context(active_model='account.move', active_ids=moves.ids)
        register.create({'group_payment': False})._create_payments()
        cls.contracts.line_ids.completed_percent = 60
        cls.contracts.action_run_billing()
        cls.env['progress.billing.rule'].create([{'name': f"Rule {number}"} for number in range(cls.rows)])
        cls.env['progress.plan.template'].create(
            [
                {'name': f"Plan {number}", 'line_ids': [Command.create({'percent': 100})]}
                for number in range(cls.rows)
            ]
        )

    @classmethod
    def _contract(cls, number):
        """A contract with all that lists show of one: task, milestone, plan, change order, down payment, contact."""
        project = cls.make.project(name=f"Site {number}")
        task = cls.env['project.task'].create({'name': f"Task {number}", 'project_id': project.id})
        milestone = cls.env['project.milestone'].create({'name': f"Stage {number}", 'project_id': project.id})
        contract = cls.make.pro_forma([1000, 500], cls.tax_15, project=project, period_policy='month')
        contract.line_ids[0].task_id = task
        cls.make.plan(contract, '10%', milestone_id=milestone.id)
        cls.make.extra(contract, 10, name="More")
        contract.action_create_down_payment(100)
        cls.env['progress.contact'].create(
            {'contract_id': contract.id, 'partner_id': cls.customer.id, 'role': 'approver'}
        )
        return contract

    def test_every_list(self):
        self.assertShownListsFlat()


@tagged('post_install', '-at_install')
class TestActionQueries(QueryAssertions, ProgressBillingCommon):
    """What bills many records at once: a record of 25 takes the queries of one of 5, a line of a bill none."""

    def _contracts(self, number, **vals):
        """Contracts with progress entered, to be billed as billed."""
        contracts = self.env['progress.contract'].concat(
            *(self.make.as_billed([1000, 500], self.tax_15, **vals) for _number in range(number))
        )
        contracts.line_ids.completed_percent = 40
        return contracts

    def _plans(self, number):
        return self.env['progress.bill'].concat(
            *(self.make.plan(self.make.contract([1000, 500], self.tax_15), '10%') for _number in range(number))
        )

    # === BY RECORD === #

    def _assert_flat_steps(self, prepare, *names, most=80):
        """Steps of people, one after the other: each is flat.

        :param prepare: takes a number of contracts, returns a function for each of ``names``
        """
        costs = {}
        for number in (2, FEW, SOME):  # the first fills the registry's caches
            costs[number] = [count_queries(self.env, act) / number for act in prepare(number)]
        for name, few, many in zip(names, costs[FEW], costs[SOME], strict=True):
            with self.subTest(name):
                self.assertLessEqual(many, few * 1.1, f"{few:.1f} queries each of {FEW}, {many:.1f} of {SOME}")
                self.assertLessEqual(many, most)

    def test_run_and_invoice(self):
        def prepare(number):
            contracts = self._contracts(number, use_pro_forma=True)
            return (
                contracts.action_run_billing,
                lambda: contracts.bill_ids.action_release(),
                lambda: contracts.invoice_ids.action_post(),
                lambda: contracts.bill_ids.action_correct(),
            )

        self._assert_flat_steps(prepare, 'run', 'release', 'post', 'correct', most=160)

    def test_run_to_invoices(self):
        self.assertFlat(lambda number: count_queries(self.env, self._contracts(number).action_run_billing), most=80)

    def test_where_retainage_is_booked(self):
        """The account is asked for all contracts of a run at once and of a release, and follows what was booked."""
        contracts = self._contracts(FEW, retainage_percent=10)
        model, asked = type(contracts), []
        compute = model._compute_booked_retainage_account_id

        def count(contracts):
            asked.append(len(contracts))
            return compute(contracts)

        self.patch(model, '_compute_booked_retainage_account_id', count)
        self.env.flush_all()
        self.env.invalidate_all()
        contracts.action_run_billing()
        self.assertIn(asked, ([FEW], [FEW] * 2))  # before there are invoices, and with them
        contracts.invoice_ids.action_post()
        other = self.retainage_account.copy({'code': 'HELD2'})
        contracts.retainage_account_id = other
        self.env.flush_all()
        self.env.invalidate_all()
        asked.clear()
        contracts.action_release_retainage()
        self.assertIn(asked, ([FEW], [FEW] * 2))
        releases = contracts.bill_ids.filtered(lambda bill: bill.kind == 'retainage').invoice_id
        accounts = releases.invoice_line_ids.account_id
        self.assertIn(self.retainage_account, accounts, "Released from where it was booked.")
        self.assertNotIn(other, accounts)

    def test_plan_to_final(self):
        def prepare(number):
            plans = self._plans(number)
            return (
                plans.action_create,
                lambda: plans.invoice_id.action_post(),
                plans.contract_id.action_create_final_invoice,
                lambda: plans.contract_id.final_invoice_id.action_post(),
            )

        self._assert_flat_steps(prepare, 'create', 'post', 'final', 'post the final', most=150)

    def test_reviewed_together(self):
        """Approved step by step and sent back: the history of all of them is written at once."""

        def prepare(number):
            contracts = self._contracts(number, use_pro_forma=True)
            steps = [
                {'contract_id': contract.id, 'name': "Check", 'user_id': self.env.uid, 'sequence': sequence}
                for contract in contracts
                for sequence in range(2)
            ]
            self.env['progress.approval.step'].create(steps)
            contracts.action_run_billing()
            bills = contracts.bill_ids.browse(contracts.bill_ids.ids)
            yield bills.action_approve_step
            yield bills.action_submit
            yield lambda: bills.action_reject("Not yet")
            self.assertEqual(bills.approval_ids.mapped('step_id.sequence'), [0] * number)
            self.assertEqual([bill.activity_ids.mapped('summary') for bill in bills], [["Check"]] * number)
            texts = ["".join(bill.message_ids.mapped('body')) for bill in bills]
            self.assertTrue(all("Check: approved." in text and "Rejected: Not yet" in text for text in texts))

        self.assertEach(prepare, approve=1, submit=1, reject=1)

    def test_create_with_a_history(self):
        """A bill costs the same after many earlier ones of its contract."""

        def create(earlier):
            contract = self.make.contract([100000], self.tax_15)
            for number in range(earlier):
                self.billing.bill(contract, '100', f'2026-01-{number + 1:02}', post=False)
            return count_queries(self.env, self.make.plan(contract, '100').action_create)

        create(1)
        few, many = create(2), create(12)
        self.assertLessEqual(many, few * 1.05, f"{few} queries after 2 bills, {many} after 12")

    # === BY LINE === #

    def _line_contract(self, number):
        contract = self.make.as_billed([100] * number, self.tax_15)
        contract.line_ids.completed_percent = 40
        return contract

    def test_preview(self):
        """The preview of a run reads, however many contracts there are."""

        def preview(number):
            contracts = self._contracts(number)

            def show():
                action = contracts.action_run_billing_wizard()
                wizards = self.env[action['res_model']].with_context(**action['context'])
                wizards.new(wizards.default_get(['contract_ids', 'date'])).line_ids.mapped('amount')

            return count_queries(self.env, show)

        self.assertRowsFree(preview, most=150)

    def test_lines_of_a_run(self):
        self.assertRowsFree(
            lambda number: count_queries(self.env, self._line_contract(number).action_run_billing), most=250
        )

    def test_lines_of_create_post_and_final(self):
        def steps(number):
            plan = self.make.plan(self.make.contract([100] * number, self.tax_15), '10%')
            yield plan.action_create
            yield lambda: plan.invoice_id.action_post()
            yield plan.contract_id.action_create_final_invoice
            yield lambda: plan.contract_id.final_invoice_id.action_post()

        counts = {}
        for number in (2, FEW, MANY):
            counts[number] = [count_queries(self.env, act) for act in steps(number)]
        for name, few, many in zip(('create', 'post', 'final', 'post'), counts[FEW], counts[MANY], strict=True):
            with self.subTest(name):
                self.assertLessEqual(many, few + 4, f"{few} queries for {FEW} lines, {many} for {MANY}")
                self.assertLessEqual(many, 350)

    def test_lines_certified(self):
        """Each line for an amount of its own."""

        def certify(number):
            contract = self.make.pro_forma([100] * number, self.tax_15)
            contract.line_ids.completed_percent = 40
            contract.action_run_billing()
            bill = contract.bill_ids
            amounts = {line: 10 + place for place, line in enumerate(bill.line_ids)}
            cost = count_queries(self.env, lambda: bill._certify_lines(Actor.of(self.env.user), amounts))
            self.assertEqual(bill.line_ids.mapped('invoiced_amount'), list(amounts.values()))
            self.assertEqual(contract.line_ids.mapped('draft_amount'), list(amounts.values()))
            return cost

        self.assertRowsFree(certify, most=80)

    def test_billing_tab(self):
        """The project's form, with a schedule and a plan of many rows."""

        def show(number):
            project = self.make.project(name=f"House of {number}")
            contract = self.make.contract([100] * number, self.tax_15, project=project)
            for day in range(number):
                self.make.plan(contract, '1%', f'2026-03-{day + 1:02}')
            return count_queries(self.env, lambda: Form(project))

        self.assertRowsFree(show, most=400)

    # === SCHEDULED ACTIONS === #

    def _trigger(self, xmlid):
        cron = self.env.ref(f'progress_billing.{xmlid}')
        with self.enter_registry_test_mode():
            return count_queries(self.env, cron.method_direct_trigger)

    @freeze_time('2026-03-15 12:00:00')
    def test_create_what_is_due(self):
        self.env['progress.bill'].search([('state', '=', 'planned')]).unlink()

        def run(number):
            self._plans(number)
            return self._trigger('ir_cron_generate_progress_invoices')

        self.assertFlat(run, most=80)

    @freeze_time('2026-03-15 12:00:00')
    def test_run_on_billing_date(self):
        self.env['progress.contract'].search([('next_billing_date', '!=', False)]).write({'period_policy': 'on_demand'})

        def run(number):
            contracts = self._contracts(number, period_policy='month')
            contracts.next_billing_date = '2026-03-01'
            cost = self._trigger('ir_cron_run_billing')
            self.assertEqual(len(contracts.bill_ids), number)
            contracts.period_policy = 'on_demand'
            return cost

        self.assertFlat(run, most=80)

    @freeze_time('2026-03-15 12:00:00')
    def test_next_periods(self):
        scheduled = self.env['progress.contract'].search([('period_policy', '!=', 'on_demand')])
        scheduled.period_policy = 'on_demand'

        def run(number):
            projects = [self.make.project(name=f"Site {number}.{index}") for index in range(number)]
            contracts = self.env['progress.contract'].concat(
                *(self.make.contract([100], project=project, period_policy='month') for project in projects)
            )
            cost = self._trigger('ir_cron_make_billing_periods')
            made = self.env['progress.billing.period'].search([('project_id', 'in', contracts.project_id.ids)])
            self.assertEqual(made.project_id, contracts.project_id)
            contracts.period_policy = 'on_demand'
            return cost

        self.assertFlat(run, most=60)

    @freeze_time('2026-03-15 12:00:00')
    def test_reminders(self):
        self.customer.email = 'customer@example.com'

        def run(number):
            project = self.make.project(name=f"Site of {number}")
            contracts = self.env['progress.contract'].concat(
                *(self.make.pro_forma([100], self.tax_15, project=project) for _index in range(number))
            )
            self.env['progress.contact'].create(
                [{'contract_id': c.id, 'partner_id': self.customer.id, 'role': 'approver'} for c in contracts]
            )
            period = self.env['progress.billing.period'].create(
                {
                    'project_id': project.id,
                    'date_start': '2026-03-01',
                    'date_end': '2026-03-31',
                    'date_due': '2026-03-16',
                }
            )
            contracts.line_ids.completed_percent = 40
            contracts.action_run_billing()
            contracts.bill_ids.period_id = period
            contracts.bill_ids.action_submit()
            cost = self._trigger('ir_cron_remind_contacts')
            notices = contracts.bill_ids.sudo().notice_ids
            self.assertEqual(len(notices.filtered(lambda notice: notice.kind == 'reminder')), number)
            contracts.bill_ids.action_approve()
            return cost

        self.assertFlat(run, most=120)
