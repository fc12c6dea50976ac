import pathlib
import re
import runpy
import tempfile
import xmlrpc.client
from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import Transport
from odoo.tools import mute_logger

from .common import ProgressBillingCommon

GUIDE = pathlib.Path(__file__).parents[2] / 'docs' / 'API.md'
SERVER_PROXY = xmlrpc.client.ServerProxy


@tagged('post_install', '-at_install')
class TestXmlRpc(ProgressBillingCommon, HttpCase):
    """The whole cycle over the wire, as integrations run it ."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.poster = new_test_user(
            cls.env, login='billing_poster', groups='account.group_account_invoice', company_id=cls.company.id
        )
        cls.product = cls.env['product.product'].create(
            {
                'name': "Work",
                'type': 'service',
                'taxes_id': [Command.set(cls.tax_15.ids)],
                'property_account_income_id': cls.income_account.id,
            }
        )

    def _connect(self, user):
        """A function that calls as ``user`` with a login and a password."""
        uid = self.xmlrpc_common.authenticate(self.env.cr.dbname, user.login, user.login, {})

        def call(model, method, *args, **kwargs):
            return self.xmlrpc_object.execute_kw(self.env.cr.dbname, uid, user.login, model, method, args, kwargs)

        return call

    def assertFault(self, words, call, *args, **kwargs):
        with (
            mute_logger('odoo.http', 'odoo.addons.rpc.controllers.xmlrpc', 'odoo.sql_db'),
            self.assertRaises(xmlrpc.client.Fault) as fault,
        ):
            call(*args, **kwargs)
        self.assertIn(words, fault.exception.faultString)
        self.assertNotIn('Traceback', fault.exception.faultString)

    def _read_guide(self):
        if not GUIDE.exists():
            self.skipTest("the guide is not installed with the addon")
        return GUIDE.read_text(encoding='utf-8')

    def _run_guide(self):
        """The names that the script of docs/API.md defines."""
        script = re.search(r'```python\n(.*?)```', self._read_guide(), re.DOTALL).group(1)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, 'guide.py')
            path.write_text(script, encoding='utf-8')
            return runpy.run_path(str(path), run_name='guide')

    def test_the_guide(self):
        """The script of docs/API.md, word by word."""
        names = self._run_guide()
        self.env.flush_all()
        with patch('xmlrpc.client.ServerProxy', lambda url: SERVER_PROXY(url, transport=Transport(self))):

            def connect(user):
                return names['connect'](self.base_url(), self.env.cr.dbname, user.login, user.login)

            figures = names['bill_a_contract'](
                connect(self.billing_user), connect(self.poster), self.customer.id, self.product.id
            )
        self.env.invalidate_all()
        self.assertEqual(
            figures,
            {
                'id': figures['id'],
                'state': 'closed',
                'revised_amount': 10000,
                'actual_amount': 10000,
                'wip_available': 0,
                'deposit_balance': 0,
            },
        )
        contract = self.env['progress.contract'].browse(figures['id'])
        self.assertEqual(contract.invoice_ids.mapped('amount_untaxed'), [3000, 2500, 4500])
        self.assertEqual(contract.invoice_ids.mapped('amount_tax'), [450, 375, 675])
        self.assertEqual(contract.invoice_ids.mapped('progress_invoice_type'), ['deposit', 'deposit', 'final'])
        ledger = self.books.of(contract.invoice_ids)
        self.assertEqual((ledger[self.income_account][0], ledger[self.receivable_account][0]), (-10000, 11500))
        self.assertDeposits(contract, 0)

    def _make_manager(self):
        user = new_test_user(
            self.env,
            login='billing_manager',
            groups='progress_billing.group_manager,project.group_project_manager',
            company_id=self.company.id,
        )
        return self._connect(user)

    def test_the_month_of_the_guide(self):
        """Its second function: progress, run, review and release, with retainage."""
        names, manager = self._run_guide(), self._make_manager()
        contract = self.make.contract(
            [10000, 5000], revenue_recognition='as_billed', use_pro_forma=True, retainage_percent=10
        )
        first, second = contract.line_ids
        self.env.flush_all()
        for percentages, figures in (
            ({str(first.id): 40, str(second.id): 20}, (5000, 500, 4500)),
            ({str(first.id): 60}, (2000, 700, 1800)),
        ):
            percentages = {int(line): percent for line, percent in percentages.items()}
            [shown] = names['bill_a_month'](manager, contract.id, percentages, '2026-03-31')
            self.assertEqual(
                (shown['invoiced_amount'], shown['retainage_total'], shown['current_payment_due']), figures
            )
        self.env.invalidate_all()
        self.assertEqual(contract.bill_ids.mapped('state'), ['invoiced', 'invoiced'])

    def test_the_short_examples_of_the_guide(self):
        """Every other piece of Python in docs/API.md runs, in its order."""
        vals = {'revenue_recognition': 'as_billed', 'use_pro_forma': True, 'retainage_percent': 10}
        contract = self.make.contract([20000], **vals)
        other = self.make.contract([10000], **vals)
        contract.line_ids.completed_percent = 20
        contract.action_run_billing()
        contract.bill_ids.action_release()
        contract.invoice_ids.action_post()
        contract.line_ids.completed_percent = 50
        other.line_ids.completed_percent = 100
        other.action_run_billing()
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 100})]}
        )
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        names = {
            'call': self._make_manager(),
            'contract': contract.id,
            'line': contract.line_ids.id,
            'change': change.id,
            'bill': other.bill_ids.id,
            'milestone': milestone.id,
        }
        self.env.flush_all()
        examples = re.findall(r'```py\n(.*?)```', self._read_guide(), re.DOTALL)
        self.assertGreater(len(examples), 5)
        for example in examples:
            exec(example, names)  # pylint: disable=exec-used
        self.env.invalidate_all()
        self.assertEqual(contract.change_ids.state, 'approved')
        self.assertEqual(sorted(contract.bill_ids.mapped('state')), ['draft', 'draft', 'draft', 'invoiced', 'invoiced'])
        self.assertEqual(other.bill_ids.certified_amount, 8100)
        self.assertEqual(milestone.billing_approval_note, "By e-mail of 3 May")

    def test_every_answer_can_be_carried(self):
        """BIL-21: public methods return an action, never nothing, called twice too; refusals carry the message."""
        call, post = self._connect(self.billing_user), self._connect(self.poster)
        contract = call(
            'progress.contract',
            'create',
            {
                'partner_id': self.customer.id,
                'use_pro_forma': True,
                'line_ids': [(0, 0, {'product_id': self.product.id, 'original_amount': 1000.0})],
            },
        )
        self.assertFault(
            "choose Start Billing first",
            call,
            'progress.bill',
            'action_create',
            [call('progress.bill', 'create', {'contract_id': contract, 'amt_pct': '5%'})],
        )
        for _call in range(2):
            self.assertEqual(call('progress.contract', 'action_open', [contract])['res_id'], contract)
        self.assertFault("Amt/Pct", call, 'progress.bill', 'create', {'contract_id': contract, 'amt_pct': 'abc'})
        bill = call('progress.bill', 'create', {'contract_id': contract, 'amt_pct': '40%', 'date': '2026-01-31'})
        for _call in range(2):
            self.assertEqual(call('progress.bill', 'action_create', [bill])['res_id'], bill)
        [line] = call('progress.bill', 'read', [bill], ['line_ids'])[0]['line_ids']
        self.assertFault(
            "Invoice amount cannot exceed WIP available to bill.",
            call,
            'progress.bill.line',
            'write',
            [line],
            {'amount': 1000.01},
        )
        call('progress.bill.line', 'write', [line], {'amount': 300.0})
        for method in ('action_release', 'action_release', 'action_view_invoices'):
            self.assertEqual(call('progress.bill', method, [bill])['res_model'], 'progress.bill', method)
        [shown] = post('progress.bill', 'read', [bill], ['invoice_id', 'state', 'amount'])
        self.assertEqual((shown['state'], shown['amount']), ('invoiced', 300))
        self.assertFault("access rights", call, 'account.move', 'action_post', [shown['invoice_id'][0]])
        post('account.move', 'action_post', [shown['invoice_id'][0]])
        self.assertFault("progress.bill", post, 'progress.bill', 'write', [bill], {'title': "x"})
        for method in ('action_create', 'action_release'):
            self.assertIn('type', call('progress.bill', method, [bill]))
        change = call(
            'progress.contract.change',
            'create',
            {'contract_id': contract, 'line_ids': [(0, 0, {'name': "More", 'amount': 100.0})]},
        )
        for method in ('action_approve', 'action_approve', 'action_cancel', 'action_cancel', 'action_draft'):
            self.assertIn('type', call('progress.contract.change', method, [change]), method)
        other = call('progress.bill', 'create', {'contract_id': contract, 'amt_pct': '10%'})
        for method in ('action_cancel', 'action_cancel', 'action_plan_again'):
            self.assertIn('type', call('progress.bill', method, [other]), method)
        for method in (
            'action_view_bills',
            'action_view_lines',
            'action_view_invoices',
            'action_plan_wizard',
            'action_final_wizard',
        ):
            self.assertIn('type', call('progress.contract', method, [contract]), method)
        for _call in range(2):
            self.assertEqual(
                call('progress.contract', 'action_create_final_invoice', [contract])['res_model'], 'progress.bill'
            )
        for method in ('_generate', '_create_invoices', '_cron_generate_progress_invoices'):
            self.assertFault("Private methods", call, 'progress.bill', method, [bill])
        self.assertFault(
            "final invoice",
            call,
            'progress.bill',
            'action_create',
            [call('progress.bill', 'create', {'contract_id': contract, 'amt_pct': '1'})],
        )
        self.env.invalidate_all()
        self.assertRecordValues(
            self.env['progress.contract'].browse(contract),
            [{'actual_amount': 300, 'draft_amount': 700, 'state': 'open'}],
        )

    def test_numbers_that_are_none(self):
        """SEC-7: XML-RPC carries NaN and infinity; neither becomes an amount or a traceback."""
        call = self._connect(self.billing_user)
        contract = self.make.contract([1000])
        for value in (float('nan'), float('inf')):
            for model, ids, vals in (
                ('progress.contract.line', contract.line_ids.ids, {'original_amount': value}),
                ('progress.contract.line', contract.line_ids.ids, {'completed_percent': value}),
                ('progress.contract.line', contract.line_ids.ids, {'pending_amount': value}),
            ):
                with self.subTest(vals=vals):
                    self.assertFault("", call, model, 'write', ids, vals)
        self.env.invalidate_all()
        self.assertRecordValues(
            contract.line_ids, [{'original_amount': 1000, 'completed_percent': 0, 'pending_amount': 0}]
        )

    def test_json2(self):
        """JSON-2 with an API key: the same methods, named arguments, refusals with their status."""
        key = self.env['res.users.apikeys'].with_user(self.billing_user).sudo()._generate(None, "billing", None)
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '40%')
        too_much = self.make.plan(contract, '90%')
        self.env.flush_all()

        def post(model, method, **arguments):
            with mute_logger('odoo.http'):
                return self.url_open(
                    f'/json/2/{model}/{method}',
                    json=arguments,
                    headers={'Authorization': f'bearer {key}'},
                    method='POST',
                )

        for _call in range(2):
            answer = post('progress.bill', 'action_create', ids=bill.ids)
            self.assertEqual((answer.status_code, answer.json()['res_id']), (200, bill.id))
        self.env.invalidate_all()
        self.assertEqual((len(bill.invoice_ids), contract.draft_amount), (1, 400))
        refused = post('progress.bill', 'action_create', ids=too_much.ids)
        self.assertGreaterEqual(refused.status_code, 400)
        self.assertLess(refused.status_code, 500)
        self.assertIn("Invoice amount cannot exceed WIP available to bill.", refused.json()['message'])
        answer = post('progress.bill', '_generate', ids=too_much.ids)
        self.assertIn(answer.status_code, (403, 404))
        answer = post('progress.contract', 'read', ids=contract.ids, fields=['wip_available'])
        self.assertEqual(answer.json()[0]['wip_available'], 600)
