"""Each hook is extended here as an addon would: it is called when its docstring says, and its answer counts."""

import ast
import re
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import ProgressBillingCommon

ADDON = Path(__file__).resolve().parent.parent


class HooksCommon(ProgressBillingCommon):
    """Helpers that extend a method of a model for as long as a test needs it."""

    @contextmanager
    def _extended(self, model, name, answer=None):
        """Extend a method by ``super()``.

        :param answer: called with the result, the records and the arguments; what it returns is the new result
        :return list: the calls that were about anything, each the records and the arguments
        """
        registry_class = self.env.registry[model]
        original, calls = getattr(registry_class, name), []

        def extension(records, *args, **kwargs):
            result = original(records, *args, **kwargs)
            if records:
                calls.append((records, *args, *kwargs.values()))
            return result if answer is None else answer(result, records, *args, **kwargs)

        with patch.object(registry_class, name, extension):
            yield calls

    def _refused(self, model, name, act, sentence="Not before noon."):
        """Extend a list of blockers by a sentence, and see it refuse what it is about."""
        with (
            self._extended(model, name, lambda result, *args, **kwargs: [*result, sentence]),
            self.assertRaisesRegex(UserError, re.escape(sentence)),
            self.env.cr.savepoint(),
        ):
            act()


@tagged('post_install', '-at_install')
class TestHooksOfContracts(HooksCommon):
    """What a contract, its schedule and its change orders announce and ask."""

    def test_worth_changed(self):
        contract = self.make.as_billed([100, 200])
        with self._extended('progress.contract', '_on_worth_changed') as calls:
            contract.line_ids[0].original_amount = 150
            self.assertEqual(calls, [(contract,)])
            contract.write({'line_ids': [Command.create({'name': "More", 'original_amount': 10})]})
            self.assertIn((contract,), calls[1:])
            del calls[:]
            contract.line_ids[-1].unlink()
            self.assertEqual(calls, [(contract,)])

    def test_change_orders(self):
        contract = self.make.as_billed([100, 200])
        line = contract.line_ids[0]
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'contract_line_id': line.id, 'amount': 50})]}
        )
        with (
            self._extended('progress.contract', '_on_worth_changed') as worth,
            self._extended('progress.contract.change', '_on_approved') as approved,
            self._extended('progress.contract.change', '_on_cancelled') as cancelled,
        ):
            change.action_approve(credit=True)
            self.assertEqual((worth, cancelled), ([(contract, line)], []))
            self.assertEqual([(order, credit) for order, _actor, credit in approved], [(change, True)])
            change.action_cancel()
            self.assertEqual((worth[1:], cancelled), ([(contract, line)], [(change,)]))

    def test_life_of_contract(self):
        contract = self.make.as_billed([100], do_open=False)
        self._refused('progress.contract', '_get_opening_blockers', contract.action_open)
        with (
            self._extended('progress.contract', '_on_opened') as opened,
            self._extended('progress.contract', '_on_cancelled') as cancelled,
        ):
            contract.action_open()
            self._refused('progress.contract', '_get_undo_blockers', contract.action_draft)
            self._refused('progress.contract', '_get_undo_blockers', contract.action_cancel)
            self.assertEqual((opened, cancelled), ([(contract,)], []))
            contract.action_cancel()
            self.assertEqual(cancelled, [(contract,)])
        says_no = {'cancelled': "No."}
        with self._extended('progress.contract', '_get_state_sentences', lambda result, _: {**result, **says_no}):
            self.assertEqual(contract._get_billing_blockers()[0], "No.")

    def test_billing_blockers(self):
        contract = self.make.as_billed([100])
        contract.line_ids.completed_percent = 10
        self._refused('progress.contract', '_get_billing_blockers', contract.action_run_billing)

    def test_used_lines_stay(self):
        line = self.make.as_billed([100, 200]).line_ids[0]
        with (
            self._extended('progress.contract.line', '_is_used', lambda result, _: True),
            self.assertRaisesRegex(UserError, "cannot be deleted"),
        ):
            line.unlink()

    def test_final_asked_for(self):
        contract = self.make.as_billed([100])
        contract.line_ids.completed_percent = 100
        self.assertFalse(contract._is_final_early())
        with self._extended('progress.contract', '_is_final_early', lambda result, _: True):
            self.assertEqual(contract.action_final_wizard()['res_model'], 'progress.final.wizard')

    def test_company_accounts(self):
        company = self.env['res.company'].create({'name': "Other"})
        with self._extended('res.company', '_set_up_progress_accounts') as calls:
            self.env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
        self.assertEqual(calls, [(company,)])


@tagged('post_install', '-at_install')
class TestHooksOfBills(HooksCommon):
    """What a bill announces and asks on its way from claim to ledger and back."""

    def test_claimed(self):
        contract = self.make.pro_forma([1000])
        with self._extended('progress.bill', '_on_claimed') as calls:
            bill = self.billing.run(contract, 10)
            self.assertEqual(calls, [(bill, True)])
            del calls[:]
            planned = self.billing.bill(contract, '10%', post=False)
            self.assertEqual(calls, [(planned, True)])
            del calls[:]
            bill.line_ids.with_user(self.billing_user).amount = 50
            self.assertEqual([call[0] for call in calls], [bill])
            self.assertNotIn(True, calls[0][1:])

    def test_final_is_claimed(self):
        contract = self.make.as_billed([1000])
        with self._extended('progress.bill', '_on_claimed') as calls:
            self.billing.final(contract, post=False)
        self.assertEqual(calls, [(contract.final_bill_id, True)])

    def test_unbilled(self):
        contract = self.make.pro_forma([1000])
        first, second = self.billing.run(contract, 10), self.billing.run(contract, 20)
        with self._extended('progress.bill', '_on_unbilled') as calls:
            second.action_cancel()
            self.assertEqual(calls, [(second,)])
            first.unlink()
            self.assertEqual(len(calls), 2)
        direct = self.make.as_billed([1000])
        bill = self.billing.run(direct, 10)
        with self._extended('progress.bill', '_on_unbilled') as calls:
            bill.invoice_id.unlink()
            self.assertEqual(calls, [(bill,)])
        bill = self.billing.run(direct, 30)
        bill.invoice_id.action_post()
        with self._extended('progress.bill', '_on_unbilled') as calls:
            self.billing.credit(bill.invoice_id)
            self.assertFalse(calls, "what was credited is not asked for again")

    def test_blockers(self):
        bill = self.billing.run(self.make.pro_forma([1000]), 10)
        for act in (bill.action_cancel, bill.unlink):
            self._refused('progress.bill', '_get_undo_blockers', act)
        self._refused('progress.bill', '_get_release_blockers', bill.action_release)
        with self._extended('progress.bill', '_get_release_blockers') as calls:
            bill.action_release()
        self.assertEqual(calls, [(bill, bill)])
        self._refused('progress.bill', '_get_posting_blockers', bill.invoice_id.action_post)

    def test_held_invoices(self):
        """What another addon wants approved first stays a draft: posted at once, and as a correction."""
        self.company.progress_post_invoices = True
        bill = self.billing.run(self.make.pro_forma([1000]), 10)
        moves = self.env.registry['account.move']
        with patch.object(moves, '_is_progress_held', lambda move: True):
            bill.action_release()
        invoice = bill.invoice_id
        self.assertEqual(invoice.state, 'draft')
        self.assertTrue(invoice.message_ids.filtered(lambda note: "has to be approved first" in note.body))
        invoice.action_post()
        with patch.object(moves, '_is_progress_held', lambda move: True):
            bill.action_correct()
        credit = bill.move_ids - invoice
        self.assertRecordValues(credit, [{'state': 'draft', 'reversed_entry_id': invoice.id}])
        with self.assertRaisesRegex(UserError, "Post the credit note of"):
            bill.action_release()
        credit.action_post()
        bill.action_release()
        self.assertEqual(bill.invoice_id.state, 'posted')

    def test_order_of_life(self):
        contract = self.make.as_billed([1000])
        bill = self.billing.run(contract, 10)
        bill.invoice_id.action_post()
        self.billing.final(contract, post=False)
        with self.assertRaisesRegex(UserError, "comes before the final invoice"):
            bill._check_order_of_life()
        with self._extended('progress.bill', '_comes_before_final', lambda result, *args: False):
            bill._check_order_of_life()

    def test_invoiced_amount(self):
        """A line counts as what the hook says, on bill, schedule and invoice alike."""
        contract = self.make.as_billed([1000])
        with self._extended('progress.bill.line', '_get_invoiced_amount', lambda result, _: result / 2):
            bill = self.billing.run(contract, 20)
        self.assertEqual((bill.amount, bill.invoiced_amount, bill.invoice_id.amount_untaxed), (200, 100, 100))
        self.assertEqual(contract.draft_amount, 100)

    def test_invoiced_quantity(self):
        contract = self.make.by_quantity(10, 100)
        with self._extended('progress.bill.line', '_get_invoiced_quantity', lambda result, _: result / 2):
            bill = self.billing.run(contract, pending_quantity=4)
        self.assertEqual(bill.line_ids.invoiced_quantity, 2)

    def test_entry_of_claims(self):
        bill = self.billing.run(self.make.pro_forma([1000]), 10)
        line = bill.line_ids.with_user(self.billing_user)
        with self._extended('progress.bill.line', '_complete_claim') as calls:
            line.amount = 60
        self.assertIn((line, {'amount'}), [(call[0], set(call[1])) for call in calls])
        bill.action_submit()
        with self.assertRaisesRegex(UserError, "cannot change"):
            bill.line_ids.retainage_percent = 5
        rate = {'retainage_percent'}
        with self._extended('progress.bill.line', '_get_claim_fields', lambda result, _: result - rate):
            bill.line_ids.retainage_percent = 5

    def test_empty_claims(self):
        contract = self.make.as_billed([1000])
        bill = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'date': '2026-01-31',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 10})],
            }
        )
        with (
            self._extended('progress.bill.line', '_is_empty', lambda result, _: True),
            self.assertRaisesRegex(UserError, "enter an amount"),
        ):
            bill.action_create()
        bill.action_create()
        self.assertEqual(bill.invoice_id.amount_untaxed, 10)

    def test_correction(self):
        bill = self.billing.run(self.make.as_billed([1000]), 10)
        bill.invoice_id.action_post()
        title = {'title': "Corrected"}
        with self._extended('progress.bill', '_prepare_correction_vals', lambda result, _: {**result, **title}):
            bill.action_correct()
        self.assertEqual((bill.title, bill.correction_number), ("Corrected", 1))


@tagged('post_install', '-at_install')
class TestHooksOfProgress(HooksCommon):
    """What the billing run and the milestones ask."""

    def test_reached_amount(self):
        line = self.make.as_billed([1000]).line_ids
        with self._extended('progress.contract.line', '_get_reached_amount', lambda result, *args: result + 5):
            line.completed_percent = 10
            self.assertEqual(line.pending_amount, 105)
        with self._extended('progress.contract.line', '_get_percent_reached', lambda result, *args: result / 2):
            line.pending_amount = 500
            self.assertEqual(line.completed_percent, 25)

    def test_claim_of_run(self):
        contract = self.make.as_billed([1000])
        half = self._extended(
            'progress.contract.line',
            '_prepare_run_bill_line_vals',
            lambda result, _: {**result, 'amount': result['amount'] / 2},
        )
        with half:
            bill = self.billing.run(contract, 20)
        self.assertEqual(bill.amount, 100)

    def test_lines_of_run(self):
        contract = self.make.as_billed([1000, 1000])
        first, second = contract.line_ids
        contract.line_ids.completed_percent = 20
        with self._extended('progress.contract.line', '_is_on_run', lambda result, line: result and line == first):
            bill = self.billing.run(contract)
        self.assertEqual(bill.line_ids.contract_line_id, first)
        first.completed_percent = 30
        with self._extended('progress.contract.line', '_get_run_key', lambda result, line: (*result, line.id)):
            bills = self.billing.run(contract)
        self.assertEqual(bills.line_ids.contract_line_id, first | second)
        self.assertEqual(len(bills), 2)

    def test_run_plans_once(self):
        """What a run bills and what it says of the rest is one look at the contracts, after their lock."""
        contracts = self.make.as_billed([1000]) | self.make.as_billed([1000])
        contracts[0].line_ids.completed_percent = 10
        with self._extended('progress.contract', '_get_run_plan') as calls:
            action = contracts.action_run_billing()
        self.assertEqual(len(calls), 1)
        self.assertEqual([name for name, _reason in action['params']['skipped']], [contracts[1].display_name])

    def test_long_run(self):
        """More contracts than one call takes, and what is due, can be billed elsewhere."""
        contracts = self.env['progress.contract'].concat(*[self.make.as_billed([1000]) for _number in range(21)])
        wizard = self.env['progress.run.wizard'].create({'contract_ids': contracts.ids})
        with self._extended('progress.run.wizard', '_get_long_run_action', lambda *_args: {'tag': 'elsewhere'}):
            self.assertEqual(wizard.action_run(), {'tag': 'elsewhere'})
        self.assertEqual(wizard.action_run()['tag'], 'progress_billing.run')
        elsewhere = []
        for name, cron in (
            ('progress.contract', 'ir_cron_run_billing'),
            ('progress.bill', 'ir_cron_generate_progress_invoices'),
        ):
            with patch.object(self.env.registry[name], '_run_due_records', lambda model: elsewhere.append(model._name)):
                self.env.ref(f'progress_billing.{cron}').method_direct_trigger()
        self.assertEqual(elsewhere, ['progress.contract', 'progress.bill'])

    def test_claims_of_rest(self):
        contract = self.make.as_billed([1000])

        def keep_something(claims, _lines):
            return {line: {**claim, 'amount': claim['amount'] - 100} for line, claim in claims.items()}

        with self._extended('progress.contract.line', '_prepare_claims_of_rest', keep_something):
            contract.action_create_bill('remaining')
        self.assertEqual(contract.bill_ids.amount, 900)

    def test_invoice_line(self):
        contract = self.make.as_billed([1000])
        account = self.income_account.copy()
        with (
            self._extended('progress.contract.line', '_get_bill_line_label', lambda result, *args: f'{result}!'),
            self._extended('progress.contract.line', '_find_result_account', lambda result, _: account),
        ):
            bill = self.billing.run(contract, 10)
        item = bill.invoice_id.invoice_line_ids
        self.assertEqual((item.name, item.account_id), ("1 Line 1!", account))
        with self._extended('progress.contract.line', '_get_account_sources', lambda result, _: ()):
            self.assertFalse(contract.line_ids._find_result_account())

    def test_headers_of_run(self):
        contract = self.make.as_billed([1000])
        title = {'title': "A"}
        with self._extended('progress.contract', '_prepare_run_bill_vals', lambda result, *args: {**result, **title}):
            bill = self.billing.run(contract, 10)
        self.assertEqual((bill.title, bill.trigger), ("A", 'manual'))
        with self._extended('progress.contract', '_on_billed') as calls:
            contract.action_create_bill('percent', {'percent': 10})
        self.assertEqual([call[0] for call in calls], [contract])

    def test_milestones(self):
        contract = self.make.as_billed([1000])
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        amounts = [(contract.currency_id, 5.0)]
        with self._extended('project.milestone', '_get_progress_amounts', lambda result, _: result + amounts):
            self.assertEqual(milestone.progress_amount, 5)
        with self._extended('project.milestone', '_on_progress_trigger') as calls:
            milestone.is_reached = True
        self.assertEqual(calls, [(milestone,)])
        lines = contract.line_ids
        with (
            self._extended('project.milestone', '_get_progress_records', lambda result, _: [*result, lines]),
            self.assertRaisesRegex(UserError, "it makes these due"),
        ):
            milestone.unlink()


@tagged('post_install', '-at_install')
class TestHooksOfInvoices(HooksCommon):
    """What the gate of invoices announces."""

    def test_states(self):
        move = self.billing.run(self.make.as_billed([1000]), 10).invoice_id
        with (
            self._extended('account.move', '_before_progress_state') as before,
            self._extended('account.move', '_after_progress_state') as after,
            self._extended('account.move', '_on_progress_posted') as posted,
        ):
            move.action_post()
            self.assertEqual((before, after, posted), ([(move, 'posted')], [(move,)], [(move,)]))
            move.button_draft()
            self.assertEqual((before[1:], after[1:], posted[1:]), ([(move, 'draft')], [(move,)], []))

    def test_other_invoices_are_left_alone(self):
        move = self.init_invoice('out_invoice', partner=self.customer, amounts=[10])
        with self._extended('account.move', '_on_progress_posted') as calls:
            move.action_post()
        self.assertFalse(calls)

    def test_reversed(self):
        move = self.billing.run(self.make.as_billed([1000]), 10).invoice_id
        move.action_post()
        with self._extended('account.move', '_on_progress_reversed') as calls:
            credit = move._reverse_moves(cancel=True)
        self.assertEqual(calls, [(credit,)])
        self.assertEqual(credit.state, 'posted')

    def test_posting_checks(self):
        move = self.billing.run(self.make.as_billed([1000]), 10).invoice_id

        def refuse(_result, moves):
            raise UserError(moves.env._("Not yet"))

        with (
            self._extended('account.move', '_check_progress_posting', refuse),
            self.assertRaisesRegex(UserError, "Not "),
        ):
            move.action_post()


@tagged('post_install', '-at_install')
class TestHooksAreListed(TransactionCase):
    """``readme/DEVELOP.md`` lists what other addons extend."""

    def test_hooks_exist(self):
        """Each hook of the table is a method of its model, with a docstring that is its contract."""
        for model, name in self._get_listed():
            method = getattr(self.env.registry.get(model), name, None)
            self.assertTrue(method, f"{model} has no {name}")
            documented = [vars(cls)[name].__doc__ for cls in self.env.registry[model].__mro__ if name in vars(cls)]
            self.assertTrue(any(documented), f"{model}.{name} says nothing of what it promises")

    def test_what_glue_extends_is_listed(self):
        """Every method of the core that an addon of ours extends is in the table."""
        listed = {name for _model, name in self._get_listed()}
        for path in sorted(ADDON.parent.glob('progress_billing_*/models/*.py')):
            for model, names in self._get_extended(path):
                ours = {name for name in names if self._is_ours(model, name)}
                self.assertEqual(ours - listed, set(), f"{path.name} extends these of {model}")

    def _get_listed(self):
        """``(model, method)`` pairs of the second column; a method alone goes with the model before it."""
        pairs, of_table = [], ''
        for row in re.findall(r'^\|.*\|$', (ADDON / 'readme/DEVELOP.md').read_text(), re.M):
            model = of_table
            for word in re.findall(r'`([\w.]+)`', row.split('|')[2]):
                if word in self.env.registry:  # the head of a table that is about one model
                    of_table = word
                    continue
                model, name = word.rpartition('.')[::2] if '.' in word else (model, word)
                pairs.append((model, name))
        return pairs

    def _get_extended(self, path):
        for cls in ast.parse(path.read_text()).body:
            if not isinstance(cls, ast.ClassDef):
                continue
            names = {node.name for node in cls.body if isinstance(node, ast.FunctionDef)}
            for node in cls.body:
                if isinstance(node, ast.Assign) and node.targets[0].id == '_inherit':
                    models = ast.literal_eval(node.value)
                    yield from ((model, names) for model in ([models] if isinstance(models, str) else models))

    def _is_ours(self, model, name):
        """Whether the core was first to define a method of a model."""
        classes = self.env.registry[model].__mro__ if model in self.env.registry else ()
        modules = {cls.__module__.removeprefix('odoo.addons.').split('.')[0] for cls in classes if name in vars(cls)}
        return 'progress_billing' in modules and all(module.startswith('progress_billing') for module in modules)
