from contextlib import suppress
from copy import deepcopy

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon

MODELS = (
    'progress.contract',
    'progress.contract.line',
    'progress.contract.change',
    'progress.contract.change.line',
    'progress.bill',
    'progress.bill.line',
    'progress.plan.template',
    'progress.plan.template.line',
)

#: what a write through another record must leave alone
LOOKED_AT = {
    'account.move.line': (
        'move_id',
        'price_unit',
        'quantity',
        'discount',
        'tax_ids',
        'account_id',
        'balance',
        'amount_currency',
        'price_subtotal',
        'extra_tax_data',
        'display_type',
        'product_id',
        'currency_id',
        'progress_line_type',
        'progress_deposit_bill_id',
        'progress_bill_line_id',
    ),
    'progress.bill': ('amount', 'state', 'bucket'),
    'progress.contract': ('revised_amount', 'actual_amount', 'draft_amount'),
}


#: how Odoo, or one of our gates, says that a user may not
NO_RIGHT = "^(You are not allowed to|You don't have the access rights|Private methods .* cannot be called remotely)"


class RolledBack(Exception):
    """Takes back what a test tried."""


@tagged('post_install', '-at_install')
class TestRights(ProgressBillingCommon):
    """What a role may not do it cannot do by RPC either."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = {'company_id': cls.company.id}
        cls.manager = new_test_user(
            cls.env, login='billing_pm', groups='progress_billing.group_user,project.group_project_manager', **company
        )
        cls.internal = new_test_user(cls.env, login='billing_internal', groups='base.group_user', **company)
        cls.project_user = new_test_user(
            cls.env, login='billing_project', groups='project.group_project_user', **company
        )
        cls.portal = new_test_user(cls.env, login='billing_portal', groups='base.group_portal', **company)
        cls.bookkeeper = new_test_user(cls.env, login='billing_books', groups='account.group_account_user', **company)

    # === RPC === #

    def _rpc(self, user, records, method, *args, **kwargs):
        """Call a public method as XML-RPC does: checks the name, no context but the caller's, result must exist."""
        model = self.env(user=user, context={})[records._name]
        result = call_kw(model, method, [records.ids, *args], kwargs)
        self.env.flush_all()
        if records._name.startswith('progress.'):
            self.assertIsNotNone(result, f"{method} returns nothing: XML-RPC cannot carry it")
        return result

    def _create(self, user, model, vals, **context):
        made = call_kw(self.env(user=user, context={})[model], 'create', [vals], {'context': context})
        self.env.flush_all()
        return self.env[model].browse(made)

    def assertShut(self, user, record, vals, watch=None, **context):
        """Writing ``vals`` is refused, or changes nothing; whatever happens, it is rolled back.

        :param watch: records on which the values are looked at, where ``vals`` are commands
        """
        watch = record if watch is None else watch
        wanted = vals if watch == record else LOOKED_AT.get(watch._name, ())
        names = [name for name in wanted if name in watch._fields]

        def look():
            watch.invalidate_recordset()
            return watch.exists().read(names)

        before = look()
        try:
            with mute_logger('odoo.sql_db', 'odoo.models'), self.env.cr.savepoint():
                self._rpc(user, record, 'write', deepcopy(vals), context=context)
                after = look()
                raise RolledBack
        except (UserError, psycopg2.IntegrityError):
            return
        except RolledBack:
            self.assertEqual(after, before, f"{user.login} wrote {vals} on {record}")

    def assertDenied(self, act, sentence=NO_RIGHT, error=AccessError):
        noisy = ('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
        with mute_logger(*noisy), self.assertRaisesRegex(error, sentence):
            act()
            self.env.flush_all()

    def assertStays(self, act):
        """``act`` is refused by the addon, by Odoo or by the database."""
        try:
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                act()
                self.env.flush_all()
                raise RolledBack
        except (UserError, psycopg2.IntegrityError):
            return
        except RolledBack:
            self.fail("nothing stood in the way")

    def assertNotPosted(self, move, act):
        """``act`` is refused, or posting is refused after it, or the invoice is posted with its bill's amounts."""
        before = self.books.of(move)
        try:
            with mute_logger('odoo.sql_db', 'odoo.models'), self.env.cr.savepoint():
                act()
                self.env.invalidate_all()
                self._rpc(self.accountant, move, 'action_post')
                after = self.books.of(move)
                raise RolledBack
        except (UserError, psycopg2.IntegrityError):
            return
        except RolledBack:
            self.assertEqual(after, before, "posted with other amounts than its bill's")

    # === WHO MAY WHAT === #

    def test_project_manager_makes_drafts(self):
        """BIL-18: makes draft invoices, gets the bill's action back, and cannot post."""
        contract = self.make.contract([1000], self.tax_15, do_open=False)
        action = self._rpc(self.manager, contract, 'action_open')
        self.assertEqual(action['res_model'], 'progress.contract')
        bill = self._create(self.manager, 'progress.bill', {'contract_id': contract.id, 'amt_pct': '40%'})
        action = self._rpc(self.manager, bill, 'action_create')
        self.assertEqual((action['res_model'], action['res_id']), ('progress.bill', bill.id))
        self.assertEqual((bill.invoice_id.state, bill.invoice_id.amount_total), ('draft', 460))
        self.assertDenied(lambda: self._rpc(self.manager, bill.invoice_id, 'action_post'))
        self.assertDenied(lambda: self._rpc(self.manager, bill.invoice_id, 'read', ['name']))
        self.assertDenied(lambda: self._rpc(self.manager, bill.invoice_id, 'write', {'state': 'posted'}))
        shown = self._rpc(
            self.manager, bill, 'read', ['invoice_name', 'invoice_state', 'payment_state', 'invoice_count', 'amount']
        )
        self.assertEqual((shown[0]['invoice_state'], shown[0]['invoice_count'], shown[0]['amount']), ('draft', 1, 400))
        for method in ('action_view_invoices',):
            self.assertEqual(self._rpc(self.manager, bill, method)['res_model'], 'progress.bill')
        bill.invoice_id.action_post()
        action = self._rpc(self.manager, contract, 'action_create_final_invoice')
        self.assertEqual((action['res_model'], action['res_id']), ('progress.bill', contract.final_bill_id.id))
        self.assertEqual((contract.final_invoice_id.amount_untaxed, contract.final_invoice_id.state), (600, 'draft'))

    def test_invoice_action_for_accountants(self):
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '40%')
        action = self._rpc(self.accountant, bill, 'action_create')
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', bill.invoice_id.id))
        self._rpc(self.accountant, bill.invoice_id, 'action_post')
        self.assertEqual(contract.actual_amount, 400)

    def test_bookkeeper_posts(self):
        """An accountant without billing rights posts, resets and deletes what project managers made."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%', post=False)
        self.assertDenied(lambda: self._rpc(self.bookkeeper, bill, 'action_create'))
        self._rpc(self.bookkeeper, bill.invoice_id, 'action_post')
        self.assertDeposits(contract, 400)
        contract.action_create_final_invoice()
        self._rpc(self.bookkeeper, contract.final_invoice_id, 'action_post')
        self.assertEqual(contract.state, 'closed')
        self.assertDeposits(contract, 0)
        move = contract.final_invoice_id
        self._rpc(self.bookkeeper, move, 'button_draft')
        self.assertEqual(contract.state, 'open')
        self._rpc(self.bookkeeper, move, 'unlink')
        self._rpc(self.bookkeeper, bill.invoice_id, 'button_draft')
        self._rpc(self.bookkeeper, bill.invoice_id, 'unlink')
        self.assertRecordValues(contract, [{'actual_amount': 0, 'draft_amount': 0, 'deposit_balance': 0}])

    def test_post_at_once(self):
        """BIL-18: posted only where whoever acts may post; else a draft that says so. The final too."""
        self.company.progress_post_invoices = True
        contract = self.make.contract([1000], self.tax_15)
        by_manager = self.make.plan(contract, '10%')
        self._rpc(self.manager, by_manager, 'action_create')
        self.assertEqual(by_manager.invoice_id.state, 'draft')
        self.assertIn(self.manager.name, ''.join(by_manager.invoice_id.message_ids.mapped('body')))
        by_accountant = self.make.plan(contract, '10%')
        self._rpc(self.accountant, by_accountant, 'action_create')
        self.assertEqual(by_accountant.invoice_id.state, 'posted')
        by_manager.invoice_id.action_post()
        self._rpc(self.accountant, contract, 'action_create_final_invoice')
        self.assertRecordValues(contract, [{'state': 'closed', 'actual_amount': 1000}])
        self.assertEqual(contract.final_invoice_id.state, 'posted')
        self.assertDeposits(contract, 0)
        other = self.make.contract([1000])
        self._rpc(self.manager, other, 'action_create_final_invoice')
        self.assertEqual((other.state, other.final_invoice_id.state), ('open', 'draft'))

    def test_reader_deletes_no_plan(self):
        """SEC-1: what goes with a contract stays where the contract does, for a caller that goes on after it too."""
        contract = self.make.contract([1000], do_open=False)
        planned = self.make.plan(contract, '10%')
        with suppress(AccessError):
            contract.with_user(self.reader).unlink()
        self.assertTrue(planned.exists())

    def test_reader_changes_nothing(self):
        """SEC-1: read only reads, whatever the method."""
        contract = self.make.contract([1000])
        draft = self.make.contract([1000], do_open=False)
        planned = self.make.plan(contract, '10%')
        contract.use_pro_forma = True
        pro_forma = self.make.plan(contract, '10%')
        pro_forma.action_create()
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 5})]}
        )
        self.assertEqual(self._rpc(self.reader, contract, 'read', ['revised_amount'])[0]['revised_amount'], 1000)
        for record, methods in (
            (draft, ('action_open', 'action_cancel', 'action_draft', 'unlink', 'action_show_in_project', 'copy')),
            (contract, ('action_create_final_invoice', 'action_cancel', 'action_draft', 'action_show_in_project')),
            (planned, ('action_create', 'action_cancel', 'action_plan_again', 'unlink', 'copy')),
            (pro_forma, ('action_release', 'action_cancel', 'unlink')),
            (change, ('action_approve', 'action_cancel', 'action_draft', 'unlink')),
            (contract.line_ids, ('unlink',)),
            (pro_forma.line_ids, ('unlink',)),
        ):
            for method in methods:
                with self.subTest(record=record, method=method):
                    self.assertDenied(lambda record=record, method=method: self._rpc(self.reader, record, method))
        for record, vals in (
            (contract, {'description': "x"}),
            (contract.line_ids, {'completed_percent': 10}),
            (planned, {'amt_pct': '5%'}),
            (pro_forma.line_ids, {'amount': 5}),
            (change, {'description': "x"}),
            (change.line_ids, {'amount': 6}),
            (self.project, {'billing_method': 'none'}),
            (self.project, {'progress_use_pro_forma': True}),
        ):
            with self.subTest(record=record):
                self.assertDenied(lambda record=record, vals=vals: self._rpc(self.reader, record, 'write', vals))
        for model, vals in (
            ('progress.contract', {'partner_id': self.customer.id}),
            ('progress.bill', {'contract_id': contract.id}),
            ('progress.bill.line', {'bill_id': planned.id, 'contract_line_id': contract.line_ids.id, 'amount': 1}),
            ('progress.contract.change', {'contract_id': contract.id}),
            ('progress.plan.template', {'name': "x"}),
            ('progress.plan.wizard', {'contract_id': contract.id}),
            ('progress.final.wizard', {'contract_id': contract.id}),
            ('progress.automation', {}),
        ):
            with self.subTest(model=model):
                self.assertDenied(lambda model=model, vals=vals: self._create(self.reader, model, vals))
        self.assertEqual((planned.state, pro_forma.state, draft.state), ('planned', 'draft', 'draft'))

    def test_outsiders_see_nothing(self):
        """Portal users and internal users without a billing group read no billing record."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        for user in (self.internal, self.project_user, self.portal):
            for model in MODELS:
                with self.subTest(user=user.login, model=model):
                    self.assertDenied(
                        lambda user=user, model=model: call_kw(
                            self.env(user=user, context={})[model], 'search_read', [[]], {}
                        )
                    )
            for method in ('action_open', 'action_create_final_invoice', 'action_cancel', 'action_draft'):
                with self.subTest(user=user.login, method=method):
                    self.assertDenied(lambda user=user, method=method: self._rpc(user, contract, method))

    def test_outsiders_see_no_figures_on_the_project(self):
        """The Billing tab lives on the project, which more people read than the contract."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        self.project.privacy_visibility = 'portal'
        self.project.message_subscribe(partner_ids=self.portal.partner_id.ids)
        names = [name for name in self.project._fields if name.startswith('progress_') or name == 'is_fully_billed']
        for user in (self.internal, self.project_user, self.portal):
            for name in names:
                with self.subTest(user=user.login, field=name):
                    try:
                        with mute_logger('odoo.models'), self.env.cr.savepoint():
                            value = self._rpc(user, self.project, 'read', [name])[0].get(name)
                    except AccessError:
                        value = False
                    self.assertFalse(value, f"{user.login} reads {name} of the project")
            self.assertShut(user, self.project, {'progress_use_pro_forma': True})

    def test_project_managers_bill(self):
        """Who runs the projects bills them without accounting rights, but does not post."""
        user = new_test_user(
            self.env, login='only_pm', groups='project.group_project_manager', company_id=self.company.id
        )
        project = self.project.with_user(user)
        self.assertTrue(project.copy())
        self.assertTrue(project.get_views([(False, 'form'), (False, 'kanban')]))
        contract = self.make.contract([1000], self.tax_15, user_id=user.id)
        bill = self.make.plan(contract, '40%')
        action = bill.with_user(user).action_create()
        self.assertEqual((action['res_model'], bill.invoice_id.state), ('progress.bill', 'draft'))
        self.assertDenied(lambda: self._rpc(user, bill.invoice_id, 'action_post'))
        bill.invoice_id.action_post()
        action = contract.with_user(user).action_create_final_invoice()
        self.assertEqual((action['res_model'], contract.final_invoice_id.amount_untaxed), ('progress.bill', 600))

    def test_templates_and_automation_are_for_managers(self):
        self.assertDenied(lambda: self._create(self.billing_user, 'progress.plan.template', {'name': "x"}))
        self.assertDenied(lambda: self._create(self.billing_user, 'progress.automation', {}))
        admin = new_test_user(
            self.env, login='billing_admin', groups='progress_billing.group_manager', company_id=self.company.id
        )
        automation = self._create(admin, 'progress.automation', {})
        self._rpc(admin, automation, 'action_apply')
        with self.assertRaisesRegex(
            AccessError, "Only Progress Billing administrators may change the automatic billing"
        ):
            self._rpc(self.billing_user, automation, 'action_apply')

    def test_private_by_name(self):
        """SEC-1: what starts with an underscore cannot be called."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        for record, method in (
            (bill, '_generate'),
            (bill, '_create_invoices'),
            (bill, '_cron_generate_progress_invoices'),
            (contract.line_ids, '_write_progress'),
            (contract, '_lock_for_billing'),
        ):
            self.assertDenied(lambda record=record, method=method: self._rpc(self.accountant, record, method))

    def test_reading_everything(self):
        """An integration that asks for no fields gets those the user may read, not an error, on every model."""
        contract = self.make.contract([1000], self.tax_15)
        self.billing.bill(contract, '40%')
        self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 5})]}
        )
        for user in (self.billing_user, self.reader, self.bookkeeper, self.accountant):
            for model in MODELS:
                with self.subTest(user=user.login, model=model):
                    rows = call_kw(self.env(user=user, context={})[model], 'search_read', [[]], {})
                    self.assertTrue(rows or 'template' in model)

    # === STATES AND FIGURES CANNOT BE WRITTEN === #

    def test_contract_figures_are_derived(self):
        """CON-1: totals come from bill lines and invoices; no caller writes them, nor the state."""
        contract = self.make.contract([1000])
        other = self.make.contract([500])
        self.billing.bill(contract, '40%')
        for vals in (
            {'state': 'closed'},
            {'state': 'draft'},
            {'base_state': 'cancelled'},
            {'base_state': 'draft'},
            {'draft_amount': 7},
            {'actual_amount': 0},
            {'wip_available': 5000},
            {'revised_amount': 5000},
            {'original_amount': 5000},
            {'deposit_balance': 0},
            {'final_bill_id': other.bill_ids.id or False},
            {'is_overbilled': True},
            {'final_invoice_id': contract.bill_ids.invoice_id.id},
            {'billed_percent': 0},
            {'name': 'PC/0'},
            {'currency_id': self.env.ref('base.CHF').id},
            {'partner_id': self.partner_a.id},
            {'revenue_recognition': 'as_billed'},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.billing_user, contract, vals)
        draft = self.make.contract([], do_open=False)
        for state in ('open', 'closed'):
            self.assertShut(self.billing_user, draft, {'state': state})
        self.assertShut(self.billing_user, draft, {'base_state': 'open'})
        for vals in ({'base_state': 'open'}, {'state': 'open'}, {'name': 'PC/HACK'}):
            with self.subTest(vals=vals):
                try:
                    with self.env.cr.savepoint():
                        made = self._create(
                            self.billing_user, 'progress.contract', {'partner_id': self.customer.id, **vals}
                        )
                except UserError:
                    continue
                self.assertEqual((made.state, made.base_state, made.name == 'PC/HACK'), ('draft', 'draft', False))

    def test_line_figures_are_derived(self):
        contract = self.make.contract([1000, 500])
        other = self.make.contract([500])
        self.billing.bill(contract, '600')
        line = contract.line_ids[0]
        for vals in (
            {'draft_amount': 7},
            {'actual_amount': 0},
            {'revised_amount': 5000},
            {'change_amount': 5000},
            {'contract_id': other.id},
            {'original_amount': 399.99},
            {'display_type': 'line_note'},
            {'display_type': 'line_section', 'original_amount': 0},
            {'company_id': self.env.company.search([('id', '!=', self.company.id)], limit=1).id},
            {'actual_quantity': 1},
            {'contract_state': 'closed'},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.billing_user, line, vals)
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [400, 200])
        self.assertRecordValues(contract, [{'revised_amount': 1500, 'actual_amount': 600}])

    def test_bill_states_are_derived(self):
        """BIL-2: the state of a bill follows from decisions and invoices, not from a write."""
        contract, other = self.make.contract([1000]), self.make.contract([1000])
        invoiced = self.billing.bill(contract, '40%')
        planned = self.make.plan(contract, '10%')
        contract.use_pro_forma = True
        pro_forma = self.make.plan(contract, '10%')
        pro_forma.action_create()
        lined = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 100})],
            }
        )
        for bill, doors in (
            (
                invoiced,
                (
                    {'state': 'planned'},
                    {'bucket': False},
                    {'review_state': 'cancelled'},
                    {'review_state': 'draft'},
                    {'kind': 'opening'},
                    {'kind': 'final'},
                    {'amount': 0},
                    {'credited_amount': 400},
                    {'is_credited': True},
                    {'revision': 7},
                    {'invoice_id': False},
                    {'generated_on': False},
                    {'name': 'PB/0'},
                    {'contract_id': other.id},
                    {'planned_amount': 1},
                    {'planned_percent': 1},
                    {'amt_pct': '1%'},
                    {'partner_id': self.partner_a.id},
                    {'company_id': False},
                    {'currency_id': self.env.ref('base.CHF').id},
                ),
            ),
            (
                planned,
                (
                    {'state': 'invoiced'},
                    {'review_state': 'approved'},
                    {'review_state': 'draft'},
                    {'review_state': 'invoiced'},
                    {'bucket': 'actual'},
                    {'generated_on': '2026-01-01 00:00:00'},
                    {'invoice_id': invoiced.invoice_id.id},
                    {'revision': 3},
                    {'kind': 'final'},
                    {'kind': 'opening'},
                ),
            ),
            (lined, ({'kind': 'opening'}, {'review_state': 'approved'})),
            (
                pro_forma,
                (
                    {'review_state': 'approved'},
                    {'review_state': 'planned'},
                    {'state': 'approved'},
                    {'contract_id': other.id},
                    {'kind': 'opening'},
                    {'kind': 'final'},
                    {'partner_id': self.partner_a.id},
                ),
            ),
        ):
            for vals in doors:
                with self.subTest(bill=bill.display_name, vals=vals):
                    self.assertShut(self.billing_user, bill, vals)
        for vals in (
            {'review_state': 'approved'},
            {'state': 'invoiced'},
            {'kind': 'final'},
            {'kind': 'opening'},
            {'revision': 2},
            {'bucket': 'actual'},
            {'kind': 'final', 'review_state': 'draft'},
        ):
            with self.subTest(create=vals):
                with suppress(UserError), self.env.cr.savepoint():
                    self._create(
                        self.billing_user,
                        'progress.bill',
                        {
                            'contract_id': contract.id,
                            'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 100})],
                            **vals,
                        },
                    )
                self.assertRecordValues(
                    contract, [{'actual_amount': 400, 'draft_amount': 100, 'final_bill_id': False, 'state': 'open'}]
                )

    def test_bill_lines_of_an_invoice_stay(self):
        """What was invoiced is the bill's; no door changes its lines afterwards."""
        contract = self.make.contract([1000, 500])
        invoiced = self.billing.bill(contract, '600')
        line, free = invoiced.line_ids[0], self.make.plan(contract, '10%')
        for vals in (
            {'amount': 1},
            {'quantity': 5},
            {'contract_line_id': contract.line_ids[1].id},
            {'bill_id': free.id},
            {'credited_amount': 400},
            {'tax_amounts': {}},
            {'bucket': 'draft'},
            {'kind': 'opening'},
            {'contract_id': self.make.contract([5]).id},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.billing_user, line, vals)
        self.assertDenied(
            lambda: self._rpc(self.billing_user, line, 'unlink'), "The lines of .* cannot change", UserError
        )
        contract.use_pro_forma = True
        pro_forma = self.make.plan(contract, '10%')
        pro_forma.action_create()
        extra = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'name': "Third", 'original_amount': 300}
        )
        mine = self._create(
            self.billing_user,
            'progress.bill.line',
            {'bill_id': pro_forma.id, 'contract_line_id': extra.id, 'amount': 5},
        )
        self.assertShut(self.billing_user, mine, {'bill_id': invoiced.id})
        for vals, context in (
            ({'bill_id': invoiced.id, 'contract_line_id': extra.id, 'amount': 5}, {}),
            ({'contract_line_id': extra.id, 'amount': 5}, {'default_bill_id': invoiced.id}),
        ):
            with self.subTest(context=context), self.assertRaisesRegex(UserError, "The lines of"):
                self._create(self.billing_user, 'progress.bill.line', vals, **context)
        self.assertShut(
            self.billing_user,
            extra,
            {'bill_line_ids': [Command.create({'bill_id': invoiced.id, 'amount': 5})]},
            watch=invoiced,
        )
        self.assertEqual((invoiced.amount, contract.actual_amount), (600, 600))

    def test_change_orders_are_approved_not_written(self):
        contract = self.make.contract([1000])
        self.billing.bill(contract, '800')
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': -500})],
            }
        )
        for record, vals in (
            (change, {'state': 'approved'}),
            (change, {'name': 'CO/0'}),
            (change, {'approved_by_id': self.manager.id}),
            (change.line_ids, {'state': 'approved'}),
            (change.line_ids, {'contract_id': False}),
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.billing_user, record, vals)
        approved = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 100})],
            }
        )
        approved.action_approve()
        self.assertEqual(contract.revised_amount, 1100)
        other = self.make.contract([70])
        for vals in (
            {'amount': 50},
            {'contract_line_id': False},
            {'change_id': change.id},
            {'state': 'draft'},
            {'quantity': 3},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.billing_user, approved.line_ids, vals)
        self.assertShut(self.billing_user, approved, {'contract_id': other.id})
        self.assertShut(self.billing_user, approved, {'state': 'draft'})
        for vals, context in (({'change_id': approved.id}, {}), ({}, {'default_change_id': approved.id})):
            with self.subTest(context=context), self.assertRaisesRegex(UserError, "Change order"):
                self._create(
                    self.billing_user,
                    'progress.contract.change.line',
                    {'contract_line_id': contract.line_ids.id, 'amount': -900, **vals},
                    **context,
                )
        self.assertShut(
            self.billing_user,
            contract.line_ids,
            {'change_line_ids': [Command.create({'change_id': approved.id, 'amount': -900})]},
            watch=contract,
        )
        self.assertDenied(lambda: self._rpc(self.billing_user, approved, 'unlink'), "is approved", UserError)
        self.assertDenied(lambda: self._rpc(self.billing_user, approved.line_ids, 'unlink'), "is approved", UserError)
        self.assertEqual(contract.revised_amount, 1100)

    # === THE LEDGER'S DOORS === #

    def test_links_of_invoices_are_ours(self):
        """BIL-1: only a progress bill makes its invoice; accountants neither attach nor detach one."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%')
        planned = self.make.plan(contract, '10%')
        move = bill.invoice_id
        by_hand = self.init_invoice('out_invoice', partner=self.customer, amounts=[70])
        for user in (self.accountant, self.bookkeeper):
            for record, vals in (
                (by_hand, {'progress_bill_id': planned.id}),
                (by_hand, {'progress_revision': 1}),
                (by_hand, {'progress_contract_id': contract.id}),
                (by_hand, {'progress_invoice_type': 'final'}),
                (move, {'progress_bill_id': False}),
                (move, {'progress_bill_id': planned.id}),
                (move, {'progress_revision': 0}),
                (move, {'progress_contract_id': False}),
                (move, {'progress_invoice_type': False}),
                (move, {'reversed_entry_id': by_hand.id}),
                (by_hand, {'reversed_entry_id': move.id}),
            ):
                with self.subTest(user=user.login, vals=vals):
                    self.assertShut(user, record, vals)
            for name, value in (
                ('progress_bill_id', planned.id),
                ('progress_revision', 1),
                ('progress_contract_id', contract.id),
                ('progress_invoice_type', 'final'),
                ('reversed_entry_id', move.id),
            ):
                for by_context in (False, True):
                    with self.subTest(user=user.login, name=name, by_context=by_context):
                        vals = {
                            'move_type': 'out_refund' if name == 'reversed_entry_id' else 'out_invoice',
                            'partner_id': self.customer.id,
                        }
                        context = {f'default_{name}': value} if by_context else {}
                        try:
                            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                                made = self._create(
                                    user, 'account.move', vals if by_context else {**vals, name: value}, **context
                                )
                        except (UserError, psycopg2.IntegrityError):
                            continue
                        if name != 'reversed_entry_id':
                            self.assertFalse(made[name])
                        self.assertFalse(made.progress_bill_id)
                        self.assertEqual(bill.invoice_ids, move)
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 400}])

    def test_links_of_invoice_lines_are_ours(self):
        contract = self.make.contract([1000, 500], self.tax_15)
        bill = self.billing.bill(contract, '40%', post=False)
        move, line = bill.invoice_id, bill.invoice_id.invoice_line_ids
        by_hand = self.init_invoice('out_invoice', partner=self.customer, amounts=[70])
        links = {
            'progress_bill_line_id': bill.line_ids[0].id,
            'progress_line_type': 'deposit_reversal',
            'progress_deposit_bill_id': bill.id,
        }
        for user in (self.accountant, self.bookkeeper):
            for name, value in links.items():
                with self.subTest(user=user.login, name=name):
                    self.assertShut(user, by_hand.invoice_line_ids, {name: value})
                    self.assertShut(user, line, {name: False})
                    self.assertShut(
                        user, move, {'invoice_line_ids': [Command.update(line.id, {name: False})]}, watch=line
                    )
                    for by_context in (False, True):
                        vals = {
                            'move_id': by_hand.id,
                            'name': "x",
                            'price_unit': 5,
                            'account_id': self.deposit_account.id,
                        }
                        context = {f'default_{name}': value} if by_context else {}
                        try:
                            with self.env.cr.savepoint():
                                made = self._create(
                                    user, 'account.move.line', vals if by_context else {**vals, name: value}, **context
                                )
                        except UserError:
                            continue
                        self.assertFalse(made[name], f"{user.login} creates {name}, by context: {by_context}")
                with self.subTest(user=user.login, nested=name):
                    vals = {
                        'move_type': 'out_invoice',
                        'partner_id': self.customer.id,
                        'invoice_line_ids': [
                            Command.create(
                                {'name': "x", 'price_unit': 5, 'account_id': self.deposit_account.id, name: value}
                            )
                        ],
                    }
                    try:
                        with self.env.cr.savepoint():
                            made = self._create(user, 'account.move', vals)
                    except UserError:
                        continue
                    self.assertFalse(made.invoice_line_ids[name])

    def test_amounts_of_invoice_lines_are_the_bills(self):
        """BIL-13: amount, account, tax, quantity of linked lines are locked; texts, dates, further lines are free."""
        contract = self.make.contract([1000], self.tax_15)
        move = self.billing.bill(contract, '40%', post=False).invoice_id
        line = move.invoice_line_ids
        other = self.init_invoice('out_invoice', partner=self.customer, amounts=[70])
        for vals in (
            {'price_unit': 399},
            {'quantity': 2},
            {'discount': 5},
            {'tax_ids': [Command.clear()]},
            {'account_id': self.income_account.id},
            {'move_id': other.id},
            {'extra_tax_data': False},
            {'display_type': 'line_note'},
            {'product_id': self.product_a.id},
            {'currency_id': self.env.ref('base.CHF').id},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.accountant, line, vals)
                self.assertShut(
                    self.accountant, move, {'invoice_line_ids': [Command.update(line.id, vals)]}, watch=line
                )
        # what Odoo's own synchronisation writes too: at the latest, posting refuses
        for vals in (
            {'balance': -399},
            {'amount_currency': -399},
            {'debit': 0, 'credit': 399},
            {'credit': 399},
            {'price_subtotal': 399},
            {'tax_line_id': self.tax_15.id},
        ):
            with self.subTest(vals=vals):
                self.assertNotPosted(move, lambda vals=vals: self._rpc(self.accountant, line, 'write', vals))
        for flag in ('dynamic_unlink', 'force_delete'):
            with self.subTest(flag=flag):
                self.assertNotPosted(
                    move, lambda flag=flag: self._rpc(self.accountant, line, 'unlink', context={flag: True})
                )
        for act in (
            lambda: self._rpc(self.accountant, line, 'unlink'),
            lambda: self._rpc(self.accountant, move, 'write', {'invoice_line_ids': [Command.delete(line.id)]}),
            lambda: self._rpc(self.accountant, move, 'write', {'invoice_line_ids': [Command.clear()]}),
            lambda: self._rpc(self.accountant, move, 'write', {'line_ids': [Command.clear()]}),
            lambda: self._rpc(self.accountant, move, 'write', {'line_ids': [Command.unlink(line.id)]}),
            lambda: self._rpc(self.accountant, move, 'action_switch_move_type'),
        ):
            self.assertDenied(
                act, "stands for the progress bill|cannot delete a tax line|is decided by the progress bill", UserError
            )
        for vals in (
            {'partner_id': self.partner_a.id},
            {'currency_id': self.env.ref('base.CHF').id},
            {'move_type': 'out_refund'},
        ):
            with self.subTest(vals=vals):
                self.assertShut(self.accountant, move, vals)
        self._rpc(
            self.accountant,
            move,
            'write',
            {
                'invoice_line_ids': [Command.update(line.id, {'name': "Deposit on the house"})],
                'ref': "Your order",
                'invoice_date': '2026-02-01',
                'invoice_date_due': '2026-03-01',
                'narration': "Thank you",
            },
        )
        self.assertRecordValues(move, [{'amount_untaxed': 400, 'amount_tax': 60, 'ref': "Your order"}])
        move.action_post()
        self.assertDeposits(contract, 400)

    def test_fiscal_position_of_a_draft(self):
        """BIL-13: Odoo's *Update taxes and accounts* does not move a deposit off its account."""
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        self.make.tax(
            "Exempt",
            0.0,
            fiscal_position_ids=[Command.set(export.ids)],
            original_tax_ids=[Command.set(self.tax_15.ids)],
        )
        contract = self.make.contract([1000], self.tax_15)
        move = self.billing.bill(contract, '40%', post=False).invoice_id
        with suppress(UserError), self.env.cr.savepoint():
            move.fiscal_position_id = export
            move.action_update_fpos_values()
        self.assertEqual(move.invoice_line_ids.account_id, self.deposit_account)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (400, 60))

    def test_write_state_is_the_same_gate(self):
        """BIL-16: ``write({'state': …})`` passes the order of life as the buttons do."""
        contract = self.make.contract([1000], self.tax_15)
        first = self.billing.bill(contract, '40%').invoice_id
        second = self.billing.bill(contract, '20%', post=False).invoice_id
        self._rpc(self.accountant, first, 'write', {'state': 'draft'})
        self.assertRecordValues(contract, [{'draft_amount': 600, 'actual_amount': 0}])
        self._rpc(self.accountant, first, 'action_post')
        self._rpc(self.accountant, second, 'write', {'state': 'cancel'})
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 400}])
        final = self.billing.final(contract)
        for state in ('draft', 'cancel'):
            with self.assertRaisesRegex(UserError, "comes before the final invoice"):
                self._rpc(self.accountant, first, 'write', {'state': state})
        self._rpc(self.accountant, final, 'write', {'state': 'draft'})
        self.assertRecordValues(contract, [{'state': 'open', 'actual_amount': 400, 'deposit_balance': 400}])
        with self.assertRaisesRegex(UserError, "comes before the final invoice"):
            self._rpc(self.accountant, first, 'write', {'state': 'draft'})
        with self.assertRaisesRegex(UserError, "reset the journal entry to draft before deleting it"):
            self._rpc(self.accountant, first, 'unlink')

    def test_defaults_in_the_context(self):
        """SEC-2: a context that brings defaults sets no state, figure or link either, nor does a copy that asks."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '40%')
        line = {'contract_line_id': contract.line_ids.id, 'amount': 100}
        before = contract.read(['state', 'actual_amount', 'draft_amount', 'revised_amount', 'final_bill_id'])
        attempts = (
            (
                'progress.bill',
                {'contract_id': contract.id, 'line_ids': [Command.create(line)]},
                (
                    {'review_state': 'approved'},
                    {'review_state': 'draft'},
                    {'state': 'invoiced'},
                    {'bucket': 'actual'},
                    {'kind': 'final', 'review_state': 'draft'},
                    {'kind': 'opening'},
                    {'generated_on': '2026-01-01 00:00:00'},
                    {'revision': 4},
                    {'invoice_id': bill.invoice_id.id},
                ),
            ),
            (
                'progress.contract.change',
                {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 5})]},
                ({'state': 'approved'},),
            ),
            (
                'progress.contract',
                {'partner_id': self.customer.id},
                ({'base_state': 'open'}, {'state': 'closed'}, {'actual_amount': 5}, {'name': 'PC/HACK'}),
            ),
        )
        for model, vals, defaults in attempts:
            for default in defaults:
                with self.subTest(model=model, default=default):
                    context = {f'default_{name}': value for name, value in default.items()}
                    try:
                        with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                            made = self._create(self.billing_user, model, deepcopy(vals), **context)
                            self.env.invalidate_all()
                            got = {name: made._fields[name].convert_to_write(made[name], made) for name in default}
                            self.assertFalse(
                                {name for name in default if name != 'kind' and got[name] == default[name]},
                                "taken over",
                            )
                            self.assertEqual(contract.read(list(before[0])), before)
                            raise RolledBack
                    except (UserError, psycopg2.IntegrityError, RolledBack):
                        continue
        for record, default in (
            (bill, {'review_state': 'approved'}),
            (bill, {'kind': 'opening'}),
            (contract, {'base_state': 'open'}),
        ):
            with self.subTest(copy=default):
                try:
                    with self.env.cr.savepoint():
                        self._rpc(self.billing_user, record, 'copy', default)
                        self.env.invalidate_all()
                        self.assertEqual(contract.read(list(before[0])), before)
                        raise RolledBack
                except (UserError, RolledBack):
                    continue
        self.env.invalidate_all()
        self.assertEqual(contract.read(list(before[0])), before)

    def test_links_by_nested_defaults(self):
        """Lines of an invoice written by hand take no link from the context of the invoice."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%')
        for name, value in (
            ('progress_line_type', 'deposit'),
            ('progress_deposit_bill_id', bill.id),
            ('progress_bill_line_id', bill.line_ids.id),
        ):
            with self.subTest(name=name), suppress(UserError), self.env.cr.savepoint():
                made = self._create(
                    self.bookkeeper,
                    'account.move',
                    {
                        'move_type': 'out_invoice',
                        'partner_id': self.customer.id,
                        'invoice_line_ids': [
                            Command.create({'name': "x", 'price_unit': 5, 'account_id': self.deposit_account.id})
                        ],
                    },
                    **{f'default_{name}': value},
                )
                self.assertFalse(any(made.line_ids.mapped(name)))

    # === DELETING === #

    def test_deleting(self):
        """DEP-10, BIL-19: what was billed stays; what leads to it cannot be pulled from under it."""
        contract = self.make.contract([1000, 500], self.tax_15)
        first = self.billing.bill(contract, '40%')
        second = self.billing.bill(contract, '10%')
        doors = [
            contract.unlink,
            first.unlink,
            contract.line_ids[0].unlink,
            contract.line_ids.unlink,
            first.line_ids[0].unlink,
            lambda: contract.write({'line_ids': [Command.clear()]}),
            lambda: contract.write({'bill_ids': [Command.clear()]}),
            lambda: first.write({'line_ids': [Command.clear()]}),
            self.deposit_account.unlink,
            self.tax_15.unlink,
            first.invoice_id.unlink,
            self.customer.unlink,
            self.project.unlink,
            self.income_account.unlink,
            self.env.ref('progress_billing.product_deposit').unlink,
        ]
        for number, door in enumerate(doors):
            with self.subTest(door=number):
                self.assertStays(door)
        final = self.billing.final(contract, post=False)
        second.invoice_id.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "reset the journal entry to draft before deleting it"):
            second.invoice_id.unlink()
        final.unlink()
        self.assertRecordValues(contract, [{'actual_amount': 750, 'final_bill_id': False, 'state': 'open'}])

    def test_deleting_a_draft_deposit_while_a_final_draft_exists(self):
        """DEP-10: a final draft blocks everything earlier, whatever the button."""
        contract = self.make.contract([1000])
        first = self.billing.bill(contract, '40%')
        self.billing.final(contract, post=False)
        for act in (
            first.invoice_id.button_draft,
            first.invoice_id.button_cancel,
            first.invoice_id.unlink,
            first.action_cancel,
            first.unlink,
            lambda: first.invoice_id.write({'state': 'draft'}),
        ):
            with self.assertRaisesRegex(
                UserError, "comes before the final invoice|reset the journal entry to draft before deleting it"
            ):
                act()
        self.assertRecordValues(contract, [{'actual_amount': 400, 'draft_amount': 600}])

    def test_deleting_a_reset_deposit(self):
        """BIL-3: a planned record goes back to planned; nothing bills it by itself again."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%')
        bill.invoice_id.button_draft()
        bill.invoice_id.unlink()
        self.assertRecordValues(bill, [{'state': 'planned', 'bucket': False}])
        self.assertRecordValues(
            contract, [{'actual_amount': 0, 'draft_amount': 0, 'wip_available': 1000, 'deposit_balance': 0}]
        )
        self.assertTrue(bill.generated_on)
        contract.use_pro_forma = True
        pro_forma = self.make.plan(contract, '10%')
        pro_forma.action_create()
        pro_forma.action_release()
        pro_forma.invoice_id.unlink()
        self.assertRecordValues(pro_forma, [{'state': 'draft', 'bucket': 'draft'}])
        self.assertEqual(contract.draft_amount, 100)

    # === COPIES === #

    def test_copies_carry_no_figures(self):
        """A copy of an invoice, a bill, a contract or a project is not billed and not linked."""
        contract = self.make.contract([1000], self.tax_15)
        contract.line_ids.completed_percent = 60
        bill = self.billing.bill(contract, '40%')
        move = bill.invoice_id.copy()
        self.assertFalse(
            move.progress_bill_id or move.progress_contract_id or move.progress_invoice_type or move.progress_revision
        )
        for name in ('progress_bill_line_id', 'progress_line_type', 'progress_deposit_bill_id'):
            self.assertFalse(any(move.line_ids.mapped(name)))
        self.assertEqual((bill.invoice_ids, contract.draft_amount), (bill.invoice_id, 0))
        move.unlink()
        copy = contract.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    'state': 'draft',
                    'original_amount': 1000,
                    'actual_amount': 0,
                    'draft_amount': 0,
                    'pending_amount': 0,
                    'completed_percent': 0,
                    'wip_available': 1000,
                    'deposit_balance': 0,
                    'final_bill_id': False,
                }
            ],
        )
        self.assertFalse(copy.bill_ids or copy.invoice_ids)
        self.assertNotEqual(copy.name, contract.name)
        self.assertRecordValues(
            copy.line_ids, [{'original_amount': 1000, 'tax_ids': self.tax_15.ids, 'completed_percent': 0}]
        )
        planned = bill.copy()
        self.assertRecordValues(
            planned, [{'state': 'planned', 'name': False, 'generated_on': False, 'invoice_id': False, 'bucket': False}]
        )
        self.assertEqual(contract.actual_amount, 400)
        project = self.project.copy()
        self.assertNotEqual(project.progress_contract_id, contract)
        self.assertFalse(project.progress_contract_ids & contract)
        self.assertFalse(project.progress_bill_ids or project.progress_actual_amount)

    def test_reversal_wizard(self):
        """Odoo's *Reverse* makes a draft credit note of the bill; posted, it lowers actual."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%')
        wizard = (
            self.env['account.move.reversal']
            .with_user(self.accountant)
            .with_context(active_model='account.move', active_ids=bill.invoice_id.ids)
            .create({'reason': "wrong", 'journal_id': bill.invoice_id.journal_id.id})
        )
        wizard.refund_moves()
        credit = wizard.new_move_ids
        self.assertRecordValues(
            credit, [{'state': 'draft', 'progress_bill_id': bill.id, 'progress_invoice_type': 'deposit'}]
        )
        self.assertEqual(contract.actual_amount, 400)
        credit.action_post()
        self.assertRecordValues(contract, [{'actual_amount': 0, 'deposit_balance': 0, 'draft_amount': 0}])
        self.assertEqual(bill.state, 'planned')

    def test_reverse_and_modify(self):
        """Odoo's *Reverse and Create Invoice*: no loose duplicate that escapes the figures remains (BIL-1)."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '40%')
        wizard = (
            self.env['account.move.reversal']
            .with_user(self.accountant)
            .with_context(active_model='account.move', active_ids=bill.invoice_id.ids)
            .create({'reason': "wrong", 'journal_id': bill.invoice_id.journal_id.id})
        )
        before = self.env['account.move'].search([('partner_id', '=', self.customer.id)])
        try:
            with self.env.cr.savepoint():
                wizard.modify_moves()
        except UserError:
            self.assertRecordValues(contract, [{'actual_amount': 400, 'draft_amount': 0}])
            return
        made = self.env['account.move'].search([('partner_id', '=', self.customer.id)]) - before
        loose = made.filtered(lambda move: not move.progress_bill_id)
        self.assertFalse(loose, "a copy of the deposit invoice belongs to no bill")
        made.filtered(lambda move: move.state == 'draft').action_post()
        self.assertDeposits(contract, contract.actual_amount)

    def test_recurring_copies(self):
        """An invoice that Odoo would repeat each month is not repeated as a deposit without a bill (BIL-1)."""
        move = self.billing.bill(self.make.contract([1000]), '40%', post=False).invoice_id
        for rhythm in ('monthly', 'quarterly', 'yearly'):
            self.assertRefused(
                lambda rhythm=rhythm: move.write({'auto_post': rhythm, 'auto_post_until': '2027-01-01'}),
                "is made from a progress bill and cannot recur: plan further records on its contract instead.",
            )
