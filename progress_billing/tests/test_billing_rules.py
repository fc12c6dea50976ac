from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestBillingRules(ProgressBillingCommon):
    """Rules: what they refuse, what they say, whose they are (PRG-5, PRG-6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env['progress.billing.rule'].create({'name': "Works"})
        cls.default = cls.env.ref('progress_billing.progress_billing_rule_default')

    # === TEXT OF THE INVOICE LINE === #

    def test_texts(self):
        """Every placeholder, filled in; blanks around the text are none of it."""
        task = self.env['project.task'].create({'name': "Masonry", 'project_id': self.project.id})
        contract = self.make.as_billed([1000], billing_rule_id=self.rule.id)
        contract.line_ids.task_id = task
        bill = self.make.plan(contract, '25%', '2026-01-31', title="January")
        bill.action_create()
        line = contract.line_ids
        for template, text in (
            ("{item}", "1"),
            ("{description}", "Line 1"),
            ("{percent}", "25 %"),
            ("{bill}", bill.name),
            ("{title}", "January"),
            ("{date}", "01/31/2026"),
            ("{contract}", contract.name),
            ("{task}", "Masonry"),
            ("  {item} - {description} ", "1 - Line 1"),
            ("Works {{net}}", "Works {net}"),
            ("No braces", "No braces"),
            (False, "1 Line 1"),
        ):
            with self.subTest(template):
                self.rule.description_template = template
                self.assertEqual(line._get_bill_line_label(bill.line_ids), text)

    def test_texts_of_nothing(self):
        """What a line does not have is left out of its text."""
        self.rule.description_template = "[{item}|{title}|{task}]"
        contract = self.make.as_billed([1000], billing_rule_id=self.rule.id, line_vals={'item_number': False})
        bill = self.billing.run(contract, 10)
        self.assertEqual(bill.invoice_id.invoice_line_ids.name, "[||]")

    def test_percent_is_to_date(self):
        """{percent} counts what was billed before and this bill, to two decimals, in the customer's notation."""
        self.rule.description_template = "{percent}"
        contract = self.make.as_billed([300], billing_rule_id=self.rule.id)
        texts = []
        for percent in (10, 33.3333, 100):
            bill = self.billing.draw(contract, percent)
            texts.append(bill.invoice_id.invoice_line_ids.name)
        self.assertEqual(texts, ["10 %", "33.33 %", "100 %"])
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        bill = self.billing.run(self.make.as_billed([300], billing_rule_id=self.rule.id), 12.5)
        self.assertEqual(bill.invoice_id.invoice_line_ids.name, "12,5 %")

    def test_texts_refused(self):
        """Names in braces of the list only: no attributes, no formats, no positions; the message lists them."""
        for template in ('{}', '{0}', '{name}', '{item.id}', '{item[0]}', '{item!s}', '{item:>9}', '{', '}', '{{item}'):
            with self.subTest(template):
                self.assertRefused(
                    lambda template=template: self.rule.write({'description_template': template}),
                    "The invoice line text of the billing rule Works may use {item}, {description}, {percent}, {bill}, "
                    "{title}, {date}, {contract}, {task} only.",
                    error=ValidationError,
                )
        self.assertFalse(self.rule.description_template)

    # === ACCOUNTS === #

    def test_account_needed(self):
        """The account of the rule has to be there where it is to be taken, whichever changes."""
        sentence = "Choose the income account of the billing rule Works."
        self.assertRefused(lambda: self.rule.write({'account_source': 'rule'}), sentence, error=ValidationError)
        self.rule.write({'account_source': 'rule', 'account_id': self.income_account.id})
        self.assertRefused(lambda: self.rule.write({'account_id': False}), sentence, error=ValidationError)
        self.rule.write({'account_source': 'line', 'account_id': False})
        self.assertEqual(self.rule.account_source, 'line')

    def test_account_sources(self):
        """Where the income account comes from: of line, product and journal the first that the rule lets speak."""
        of_line, of_product, of_rule = (
            self.income_account.copy({'code': f'40{number}', 'name': f"Income {number}"}) for number in (871, 872, 873)
        )
        product = self.env['product.product'].create(
            {'name': "Roof", 'type': 'service', 'taxes_id': False, 'property_account_income_id': of_product.id}
        )
        self.rule.account_id = of_rule
        journal_account = self.company_data['default_journal_sale'].default_account_id
        cases = {
            ('line', of_line, product): of_line,
            ('line', False, product): of_product,
            ('line', False, False): journal_account,
            ('product', of_line, product): of_product,
            ('product', of_line, False): journal_account,
            ('journal', of_line, product): journal_account,
            ('rule', of_line, product): of_rule,
        }
        for (source, account, what), expected in cases.items():
            with self.subTest(source=source, account=account and account.name, product=bool(what)):
                self.rule.account_source = source
                contract = self.make.as_billed(
                    [100],
                    billing_rule_id=self.rule.id,
                    line_vals={'account_id': account and account.id, 'product_id': what and what.id},
                )
                bill = self.billing.run(contract, 10)
                self.assertEqual(bill.invoice_id.invoice_line_ids.account_id, expected)

    def test_deposit_account(self):
        """Deposits of lines under a rule are on its account, those of other lines on the company's."""
        advances = self.deposit_account.copy({'code': '299872', 'name': "Advances"})
        self.rule.deposit_account_id = advances
        contract = self.make.contract([600, 400])
        contract.line_ids[1].billing_rule_id = self.rule
        bill = self.billing.bill(contract, '50%')
        sums = {account: balance for account, (balance, _amount) in self.books.of(bill.invoice_id).items()}
        self.assertEqual((sums[self.deposit_account], sums[advances]), (-300, -200))
        self.billing.final(contract)
        self.assertEqual((self.books.balance(advances), self.books.balance(self.deposit_account, contract)), (0, 0))

    def test_deposit_account_of_the_contract_first(self):
        """What the contract says of its deposits stands before its lines' rules."""
        advances, own = (
            self.deposit_account.copy({'code': f'29987{number}', 'name': f"Advances {number}"}) for number in (3, 4)
        )
        self.rule.deposit_account_id = advances
        contract = self.make.contract([600], billing_rule_id=self.rule.id, deposit_account_id=own.id)
        bill = self.billing.bill(contract, '50%')
        self.assertIn(own, self.books.of(bill.invoice_id))

    def test_deposit_account_refused(self):
        """An account that cannot hold deposits is refused by name, on the rule as on a contract."""
        plain = self.deposit_account.copy({'code': '299875', 'name': "Plain", 'reconcile': False})
        for account in (self.income_account, plain):
            with self.subTest(account.name):
                self.assertRefused(
                    lambda account=account: self.rule.write({'deposit_account_id': account.id}),
                    account.display_name,
                    "cannot hold deposits",
                    error=ValidationError,
                )
        self.assertFalse(self.rule.deposit_account_id)

    # === WHOSE === #

    def test_default(self):
        """The shipped rule; archived, the first one of the company or of all, never one of another company."""
        rules = self.env['progress.billing.rule']
        other = self.env['res.company'].create({'name': "Other Builders"})
        foreign = rules.create({'name': "Theirs", 'company_id': other.id, 'sequence': 1})
        own = rules.create({'name': "Ours", 'company_id': self.company.id, 'sequence': 2})
        self.assertEqual(rules._get_default_rule(self.company), self.default)
        self.default.active = False
        self.assertEqual(rules._get_default_rule(self.company), own)
        self.assertEqual(rules._get_default_rule(other), foreign)
        own.active = False
        self.rule.sequence = 3
        self.assertEqual(rules._get_default_rule(self.company), self.rule)

    def test_tasks(self):
        """How many tasks a rule has, for readers too, and the list of them."""
        tasks = self.env['project.task'].create(
            [{'name': name, 'project_id': self.project.id, 'billing_rule_id': self.rule.id} for name in "AB"]
        )
        self.env['project.task'].create({'name': "C", 'project_id': self.project.id})
        rules = self.rule | self.default
        self.assertEqual(rules.with_user(self.reader).mapped('task_count'), [2, 0])
        action = self.rule.action_view_tasks()
        self.assertEqual((action['res_model'], action['view_mode']), ('project.task', 'list,form'))
        self.assertEqual(self.env['project.task'].search(action['domain'], order='id'), tasks)

    def test_rule_of_another_company_on_a_task(self):
        """Named with both companies; a shared rule and a task of no company are fine."""
        other = self.env['res.company'].create({'name': "Other Builders"})
        rule = self.env['progress.billing.rule'].create({'name': "Theirs", 'company_id': other.id})
        task = self.env['project.task'].create({'name': "Walls", 'project_id': self.project.id})
        self.assertRefused(lambda: task.write({'billing_rule_id': rule.id}), "Theirs", error=UserError)
        task.billing_rule_id = self.rule
        shared = self.make.project(company_id=False)
        loose = self.env['project.task'].create({'name': "Loose", 'project_id': shared.id, 'billing_rule_id': rule.id})
        self.assertEqual(loose.billing_rule_id, rule)

    # === TASKS === #

    def test_run_of_tasks(self):
        """Tasks bill their own lines, and say so where they have none."""
        tasks = self.env['project.task'].create(
            [{'name': name, 'project_id': self.project.id} for name in ("Walls", "Roof", "Loose")]
        )
        contract = self.make.as_billed([1000, 500])
        for line, task in zip(contract.line_ids, tasks, strict=False):
            line.task_id = task
        contract.line_ids.completed_percent = 50
        self.assertRefused(
            (tasks[2]).action_run_billing, "No schedule line is tied to Loose: nothing to bill.", error=UserError
        )
        action = tasks[0].action_run_billing()
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [500, 0])
        self.assertEqual(action['res_id'], contract.invoice_ids.id)
        wizard = tasks[1].action_run_billing_wizard()
        self.assertEqual(wizard['context']['default_task_ids'], tasks[1].ids)
        self.assertEqual(wizard['context']['default_contract_ids'], contract.ids)
        new = self.env['project.task'].new({'name': "New"})
        self.assertRefused(new.action_run_billing, "No schedule line is tied to New")

    def test_percent_of_tasks(self):
        """Done is all; else the mean of the sub-tasks that are not cancelled, however deep."""
        make = self.env['project.task'].create
        task = make({'name': "House", 'project_id': self.project.id})
        self.assertEqual(task._get_progress_percent(), 0)
        parts = make([{'name': name, 'project_id': self.project.id, 'parent_id': task.id} for name in "ABC"])
        self.assertEqual(task._get_progress_percent(), 0)
        parts[0].state = '1_done'
        parts[1].state = '1_canceled'
        self.assertEqual(task._get_progress_percent(), 50)
        make(
            [
                {'name': n, 'project_id': self.project.id, 'parent_id': parts[2].id, 'state': s}
                for n, s in (("D", '1_done'), ("E", '01_in_progress'), ("F", '1_done'), ("G", '1_done'))
            ]
        )
        self.assertEqual(parts[2]._get_progress_percent(), 75)
        self.assertEqual(task._get_progress_percent(), 87.5)
        parts.state = '1_canceled'
        self.assertEqual(task._get_progress_percent(), 0, "nothing is left to be done, and nothing was")
        task.state = '1_done'
        self.assertEqual(task._get_progress_percent(), 100)

    def test_tasks_on_the_move(self):
        """A task that leaves its project leaves the schedule with its sub-tasks; what was entered stays."""
        make = self.env['project.task'].create
        task, typed = make([{'name': name, 'project_id': self.project.id} for name in ("House", "Typed")])
        part = make({'name': "Part", 'project_id': self.project.id, 'parent_id': task.id})
        contract = self.make.as_billed([1000, 500, 200])
        for line, own, source in zip(contract.line_ids, (task, part, typed), ('task', 'task', 'manual'), strict=True):
            line.write({'task_id': own.id, 'progress_source': source})
        part.state = '1_done'
        self.assertEqual(contract.line_ids.mapped('completed_percent'), [100, 100, 0])
        other = self.make.project(name="Elsewhere")
        task.project_id = self.project  # where it is already
        self.assertEqual(contract.line_ids[0].task_id, task)
        (task | typed).write({'project_id': other.id})
        self.assertFalse(contract.line_ids.task_id)
        self.assertEqual(contract.line_ids.mapped('progress_source'), ['manual'] * 3)
        self.assertEqual(contract.line_ids.mapped('completed_percent'), [100, 100, 0])

    def test_copied_tasks(self):
        """A copy is billed as its original, sub-tasks included, whoever makes it."""
        site = self.env['res.partner'].create({'name': "Site"})
        vals = {'billing_rule_id': self.rule.id, 'bill_separately': True, 'partner_shipping_id': site.id}
        task = self.env['project.task'].create({'name': "House", 'project_id': self.project.id, **vals})
        self.env['project.task'].create(
            {'name': "Part", 'project_id': self.project.id, 'parent_id': task.id, 'bill_separately': True}
        )
        for maker in (self.env.user, self.billing_user):
            with self.subTest(maker.login):
                copied = task.with_user(maker).sudo(maker == self.billing_user).copy()
                self.assertRecordValues(copied.sudo(), [vals])
                self.assertEqual(copied.sudo().child_ids.mapped('bill_separately'), [True])

    # === BILLING DATES === #

    @freeze_time('2026-03-20 12:00:00')
    def test_first_dates(self):
        """The end of the period at hand, until somebody chooses another day; none on demand."""
        for policy, day in (
            ('week', '2026-03-22'),
            ('month', '2026-03-31'),
            ('quarter', '2026-03-31'),
            ('year', '2026-12-31'),
            ('on_demand', False),
        ):
            with self.subTest(policy):
                contract = self.make.contract([1000], period_policy=policy)
                self.assertEqual(contract.next_billing_date, fields.Date.to_date(day) or False)
        chosen = self.make.contract([1000], period_policy='month', next_billing_date='2026-04-15')
        self.assertEqual(str(chosen.next_billing_date), '2026-04-15')
        chosen.period_policy = 'quarter'
        self.assertEqual(str(chosen.next_billing_date), '2026-04-15')
        chosen.period_policy = 'on_demand'
        self.assertFalse(chosen.next_billing_date)

    @freeze_time('2026-03-20 12:00:00')
    def test_advancing(self):
        """Behind the day that is billed, by whole periods; a date that lies ahead already stays."""
        for policy, next_date, done, expected in (
            ('month', '2026-01-31', '2026-01-31', '2026-02-28'),
            ('month', '2026-01-31', '2026-01-30', '2026-01-31'),
            ('month', '2026-01-31', '2026-03-31', '2026-04-30'),
            ('week', '2026-03-22', '2026-03-22', '2026-03-29'),
            ('quarter', '2026-03-31', '2026-03-31', '2026-06-30'),
            ('year', '2026-12-31', '2026-12-31', '2027-12-31'),
        ):
            with self.subTest(policy=policy, done=done):
                contract = self.make.contract([1000], period_policy=policy, next_billing_date=next_date)
                contract._advance_billing_date(fields.Date.to_date(done))
                self.assertEqual(str(contract.next_billing_date), expected)
        contract = self.make.contract([1000])
        contract._advance_billing_date(fields.Date.to_date('2026-03-31'))
        self.assertFalse(contract.next_billing_date)

    def test_slips_of_the_finger(self):
        """A next billing date lies within fifty years of today, before and after."""
        contract = self.make.contract([1000], period_policy='month')
        for day in ('0206-01-01', '2206-01-01'):
            self.assertRefused(
                lambda day=day: contract.write({'next_billing_date': day}),
                f"{contract.display_name}: the next billing date",
                "is not within 50 years of today.",
                error=ValidationError,
            )

    # === FIGURES OF THE CONTRACT === #

    def test_completed(self):
        """Weighted by worth, sections apart; a contract worth nothing is not begun; unsaved lines count."""
        contract = self.make.as_billed(
            [],
            line_ids=[
                Command.create({'display_type': 'line_section', 'name': "Shell"}),
                *(
                    Command.create(
                        {'name': str(amount), 'original_amount': amount, 'account_id': self.income_account.id}
                    )
                    for amount in (3000, 1000)
                ),
            ],
        )
        contract._get_billable_lines()[0].completed_percent = 50
        self.assertEqual((contract.completed_percent, contract.pending_amount), (37.5, 1500))
        self.assertEqual(self.make.contract([0], do_open=False).completed_percent, 0)
        unsaved = self.env['progress.contract'].new(
            {
                'company_id': self.company.id,
                'currency_id': self.company.currency_id.id,
                'line_ids': [
                    Command.create({'name': "One", 'original_amount': 300, 'completed_percent': 50}),
                    Command.create({'name': "Two", 'original_amount': 100}),
                ],
            }
        )
        self.assertEqual(unsaved.completed_percent, 37.5)

    def test_recalculated(self):
        """Pending by the formula again, on lines with a percentage only; readers may not."""
        contract = self.make.as_billed([1000, 500])
        contract.line_ids[0].completed_percent = 60
        contract.line_ids[1].pending_amount = 100
        self.billing.to_ledger(self.billing.run(contract))
        self.billing.credit(contract.bill_ids.invoice_id)
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [0, 0])
        action = contract.action_recalculate_pending()
        self.assertEqual((action['res_model'], action['res_id']), ('progress.contract', contract.id))
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [600, 100])
        fresh = self.make.as_billed([1000])
        self.billing.bill(fresh, '10%')
        fresh.action_recalculate_pending()
        self.assertEqual(fresh.line_ids.pending_amount, 0, "nothing was entered")
