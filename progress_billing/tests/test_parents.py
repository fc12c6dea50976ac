from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon

#: by rights, by the rules of companies, or because a parent is given once
REFUSED = (
    "You are not allowed to|top-secret records|company inconsistencies|is given once|is approved|stays with"
    "|invalid companies"
)


class TwoCompaniesCommon(ProgressBillingCommon):
    """A contract of one company, and people of another who know its ids."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_data = cls.setup_other_company(name="Other Builders")
        cls.other = cls.other_data['company']
        company = {'company_id': cls.other.id, 'company_ids': [Command.set(cls.other.ids)]}
        cls.stranger = new_test_user(cls.env, login='stranger', groups='progress_billing.group_user', **company)
        cls.other_manager = new_test_user(
            cls.env,
            login='other_manager',
            groups='progress_billing.group_manager,project.group_project_manager',
            **company,
        )
        cls.contract = cls.make.contract([10010])
        cls.theirs = cls.env['progress.contract'].create(
            {
                'partner_id': cls.customer.id,
                'company_id': cls.other.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': "Work",
                            'original_amount': 1000,
                            'tax_ids': False,
                            'account_id': cls.other_data['default_account_revenue'].id,
                        }
                    )
                ],
            }
        )
        cls.theirs.action_open()
        cls.env.invalidate_all()

    def _rpc(self, user, records, method, *args, **kwargs):
        """Call a public method as another program does."""
        model = self.env(user=user, context={'allowed_company_ids': user.company_ids.ids})[records._name]
        result = call_kw(model, method, [*([records.ids] if records else []), *args], kwargs)
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def assertDenied(self, act, error=AccessError, regex=REFUSED):
        """``act`` is refused and leaves nothing behind."""
        noisy = ('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule', 'odoo.sql_db')
        with mute_logger(*noisy), self.assertRaisesRegex(error, regex), self.env.cr.savepoint():
            act()
        self.env.invalidate_all()

    def assertShut(self, user, records, vals, regex=REFUSED):
        """Writing ``vals`` is refused, to people and to code with all rights alike."""
        self.assertDenied(lambda: self._rpc(user, records, 'write', vals), UserError, regex)


@tagged('post_install', '-at_install')
class TestParents(TwoCompaniesCommon):
    """What belongs to a record stays with it; what may move is checked where it goes to."""

    def _change(self, contract, amount=100.0, user=None):
        changes = self.env['progress.contract.change']
        return (changes.with_user(user) if user else changes).create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': amount})],
            }
        )

    def test_change_line_to_an_approved_order(self):
        """A draft line of one's own is not put into an approved order of another company, whichever way."""
        approved = self._change(self.contract)
        approved.action_approve()
        draft = self._change(self.theirs, user=self.stranger)
        vals = {'change_id': approved.id, 'contract_line_id': self.contract.line_ids.id, 'amount': 5000}
        self.assertShut(self.stranger, draft.line_ids, vals)
        self.assertShut(self.stranger, draft, {'line_ids': [Command.update(draft.line_ids.id, vals)]})
        mine = self._change(self.contract)  # nor by whoever may write both orders
        self.assertShut(self.billing_user, mine.line_ids, {'change_id': approved.id, 'amount': -9000}, "given once")
        self.assertShut(self.billing_user, approved, {'line_ids': [Command.link(mine.line_ids.id)]})
        self.assertShut(self.billing_user, mine, {'line_ids': [Command.link(approved.line_ids.id)]})
        with self.assertRaisesRegex(UserError, "is given once"):
            mine.sudo().line_ids.change_id = approved
        self.assertEqual(self.contract.revised_amount, 10110)

    def test_adding_to_a_parent_of_others(self):
        """A new line is refused where its parent cannot be written."""
        approved = self._change(self.contract)
        template = self.env['progress.plan.template'].create(
            {'name': "Thirds", 'company_id': self.company.id, 'line_ids': [Command.create({'percent': 30})]}
        )
        planned = self.make.plan(self.contract, '10%')
        for model, vals in (
            ('progress.contract.line', {'contract_id': self.contract.id, 'name': "x", 'original_amount': 1}),
            ('progress.contract.change', {'contract_id': self.contract.id}),
            ('progress.contract.change.line', {'change_id': approved.id, 'name': "x", 'amount': 1}),
            ('progress.bill', {'contract_id': self.contract.id}),
            (
                'progress.bill.line',
                {'bill_id': planned.id, 'contract_line_id': self.contract.line_ids.id, 'amount': 1},
            ),
            ('progress.retainage.step', {'contract_id': self.contract.id, 'completed_percent': 50}),
            ('progress.plan.template.line', {'template_id': template.id, 'percent': 1}),
            (
                'progress.billing.period',
                {'project_id': self.project.id, 'date_start': '2026-01-01', 'date_end': '2026-01-31'},
            ),
        ):
            with self.subTest(model=model):
                self.assertDenied(
                    lambda model=model, vals=vals: self._rpc(self.other_manager, self.env[model], 'create', [vals])
                )

    def test_moving_to_a_parent_of_others(self):
        """A line of one's own stays where it was made."""
        template = self.env['progress.plan.template'].create(
            {'name': "Thirds", 'company_id': self.company.id, 'line_ids': [Command.create({'percent': 30})]}
        )
        own_template = self.env['progress.plan.template'].create(
            {'name': "Own", 'company_id': self.other.id, 'line_ids': [Command.create({'percent': 30})]}
        )
        step = self.env['progress.retainage.step'].create(
            {'contract_id': self.theirs.id, 'completed_percent': 50, 'retainage_percent': 99}
        )
        bill = self.make.plan(self.theirs, '10%')
        change = self._change(self.theirs)
        for record, vals in (
            (self.theirs.line_ids, {'contract_id': self.contract.id}),
            (step, {'contract_id': self.contract.id}),
            (own_template.line_ids, {'template_id': template.id}),
            (bill, {'contract_id': self.contract.id}),
            (change, {'contract_id': self.contract.id}),
            (self.theirs, {'line_ids': [Command.update(self.theirs.line_ids.id, {'contract_id': self.contract.id})]}),
            (self.theirs, {'bill_ids': [Command.update(bill.id, {'contract_id': self.contract.id})]}),
        ):
            with self.subTest(record=record, vals=vals):
                self.assertShut(self.other_manager, record, vals)
                with self.assertRaisesRegex(UserError, "is given once"), self.env.cr.savepoint():
                    record.sudo().write(vals)
        self.assertFalse(self.contract.retainage_step_ids)

    def test_contract_of_another_company(self):
        """A contract is not moved into the books of a company, not by way of a project, and never once it is open."""
        self.make.plan(self.theirs, '50%', '2026-01-01')
        draft = self.env['progress.contract'].create({'partner_id': self.customer.id, 'company_id': self.other.id})
        for contract in (self.theirs, draft):
            for vals in ({'company_id': self.company.id}, {'project_id': self.project.id}):
                with self.subTest(contract=contract.state, vals=vals):
                    self.assertShut(self.other_manager, contract, vals)
        both = new_test_user(
            self.env,
            login='both',
            groups='progress_billing.group_manager,project.group_project_manager',
            company_id=self.other.id,
            company_ids=[Command.set((self.other + self.company).ids)],
        )
        for vals in ({'company_id': self.company.id}, {'project_id': self.project.id}):
            self.assertShut(both, self.theirs, vals, "is open")
            with self.assertRaisesRegex(UserError, "is open"), self.env.cr.savepoint():
                self.theirs.sudo().write(vals)
        self._rpc(both, draft, 'write', {'company_id': self.company.id})
        self.assertEqual(draft.company_id, self.company)
        self.assertEqual(self.theirs.company_id, self.other)

    def test_shared_records_of_a_company(self):
        """A template or rule is not given to a company its user is not in."""
        template = self.env['progress.plan.template'].create({'name': "Own", 'company_id': self.other.id})
        rule = self.env['progress.billing.rule'].create({'name': "Own", 'company_id': self.other.id})
        for record in (template, rule):
            self.assertShut(self.other_manager, record, {'company_id': self.company.id})

    def test_milestone_moves_to_another_project(self):
        """What a milestone makes due stays in its project."""
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        self.make.plan(self.contract, '10%', milestone_id=milestone.id)
        elsewhere = self.make.project(name="Barn")
        with self.assertRaisesRegex(UserError, "Roof"):
            milestone.project_id = elsewhere
        self.assertEqual(milestone.project_id, self.project)

    def test_task_moves_to_another_project(self):
        """Whoever moves a task takes it off the schedule, which keeps what was entered."""
        task = self.env['project.task'].create({'name': "Roof", 'project_id': self.project.id})
        line = self.contract.line_ids
        line.write({'task_id': task.id, 'progress_source': 'task'})
        task.state = '1_done'
        self.assertEqual(line.completed_percent, 100)
        task.project_id = self.make.project(name="Barn")
        self.assertRecordValues(line, [{'task_id': False, 'progress_source': 'manual', 'completed_percent': 100}])
        self.assertEqual(line.pending_amount, 10010)


@tagged('post_install', '-at_install')
class TestWizardRights(TwoCompaniesCommon):
    """A dialog is no way to read what its user may not."""

    def _dialogs(self):
        """``(model, values, group)`` of every dialog with the records of another company."""
        contract, line = self.contract, self.contract.line_ids
        bill = self.make.plan(contract, '10%')
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        return [
            ('progress.final.wizard', {'contract_id': contract.id}),
            ('progress.claim.wizard', {'contract_id': contract.id}),
            (
                'progress.claim.wizard',
                {'contract_id': self.theirs.id, 'line_ids': [Command.create({'contract_line_id': line.id})]},
            ),
            ('progress.plan.wizard', {'contract_id': contract.id, 'start_date': fields.Date.today()}),
            ('progress.release.wizard', {'contract_id': contract.id}),
            (
                'progress.release.wizard',
                {'contract_id': self.theirs.id, 'line_ids': [Command.create({'contract_line_id': line.id})]},
            ),
            ('progress.retainage.wizard', {'contract_id': contract.id}),
            ('progress.run.wizard', {'contract_ids': [Command.set(contract.ids)]}),
            ('progress.run.wizard', {'contract_ids': [Command.link(contract.id)]}),
            ('progress.reject.wizard', {'bill_ids': [Command.set(bill.ids)], 'reason': "x"}),
            ('progress.approval.wizard', {'milestone_ids': [Command.set(milestone.ids)], 'note': "x"}),
            ('progress.period.wizard', {'project_id': self.project.id}),
            ('progress.deposit.wizard', {'company_id': self.company.id}),
            ('progress.wip.wizard', {'company_id': self.company.id}),
        ]

    def test_created_for_foreign_records(self):
        for model, vals in self._dialogs():
            with self.subTest(model=model):
                self._check_shut(self.env[model], vals)

    def _check_shut(self, dialogs, vals):
        """Neither values nor defaults, stored or in a form, open a dialog on records of others."""
        user, spec = self.other_manager, {name: {} for name in dialogs._fields}
        context = {f'default_{name}': value for name, value in vals.items()}
        self.assertDenied(lambda: self._rpc(user, dialogs, 'create', [vals]))
        self.assertDenied(lambda: self._rpc(user, dialogs, 'onchange', [], vals, list(vals), spec))
        self.assertDenied(lambda: self._rpc(user, dialogs, 'create', [{}], context=context))
        self.assertDenied(lambda: self._rpc(user, dialogs, 'onchange', [], {}, [], spec, context=context))

    def test_companies_of_the_context(self):
        """Companies that the context claims are not those of the user."""
        for model in ('progress.deposit.wizard', 'progress.wip.wizard'):
            dialogs = self.env(
                user=self.other_manager, context={'allowed_company_ids': (self.other + self.company).ids}
            )[model]
            self.assertDenied(lambda dialogs=dialogs: dialogs.create({'company_id': self.company.id}))

    def test_written_to_foreign_records(self):
        for model, vals in self._dialogs():
            if 'contract_id' not in vals:
                continue
            with self.subTest(model=model):
                made = self.env[model].with_user(self.stranger).create({'contract_id': self.theirs.id})
                self.assertShut(self.stranger, made, vals)
                self.assertShut(self.stranger, made, {'contract_id': self.contract.id})
                if 'line_ids' in made._fields and 'contract_line_id' in made.line_ids._fields and made.line_ids:
                    self.assertShut(
                        self.stranger,
                        made.line_ids[0],
                        {'contract_line_id': self.contract.line_ids.id},
                    )

    def test_forms_of_bills_and_orders(self):
        """A form that is not saved shows no figures of another company's contract either."""
        line = self.contract.line_ids
        for model, values, spec in (
            ('progress.bill', {'contract_id': self.contract.id, 'planned_percent': 100.0}, {'planned_amount': {}}),
            (
                'progress.contract.change.line',
                {'contract_line_id': line.id, 'amount': 5.0},
                {'name': {}, 'unit_price': {}},
            ),
            (
                'progress.bill',
                {
                    'contract_id': self.theirs.id,
                    'line_ids': [[0, 'virtual_1', {'contract_line_id': line.id}]],
                },
                {'line_ids': {'fields': {'revised_amount': {}}}},
            ),
        ):
            with self.subTest(model=model, values=values):
                self.assertDenied(
                    lambda model=model, values=values, spec=spec: self._rpc(
                        self.stranger, self.env[model], 'onchange', [], values, list(values), spec
                    )
                )
