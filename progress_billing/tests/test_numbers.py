import psycopg2

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon

#: actions that cannot be called without a value
GIVEN = {
    'action_forward',
    'action_create_bill',
    'action_create_down_payment',
    'action_set_retainage',
    'action_profitability_items',
}
NO_NUMBERS = ('1e5', '\u0661\u0662', 'abc', '1,5', ' 5', '0x10', '1_000', float('nan'), True, [], {}, '12 %')


@tagged('post_install', '-at_install')
class TestNumbers(ProgressBillingCommon):
    """One reading of numbers and texts at every door, one sentence for each that is refused."""

    def _call(self, records, method, *args, **kwargs):
        result = call_kw(records.browse(), method, [records.ids, *args], kwargs)
        self.env.flush_all()
        return result

    def test_schedule_lines(self):
        contract = self.make.contract([1000])
        line = contract.line_ids
        for name in ('pending_amount', 'stored_amount', 'completed_percent', 'original_amount', 'unit_price'):
            for value in NO_NUMBERS:
                with self.subTest(name=name, value=value):
                    self.assertRefused(
                        lambda name=name, value=value: self._call(line, 'write', {name: value}),
                        "Line 1 is not a number",
                        error=ValidationError,
                    )
            self.assertRefused(
                lambda name=name: self._call(line, 'write', {name: float('inf')}), "is too large", error=ValidationError
            )
        self._call(line, 'write', {'completed_percent': '12.5'})
        self.assertEqual(line.pending_amount, 125)

    def test_forms(self):
        """What a form sends before it is saved is read in the same way."""
        contract = self.make.contract([1000])
        line, spec = contract.line_ids, {'pending_amount': {}, 'completed_percent': {}}
        for value in (float('inf'), float('nan'), '1e5'):
            with self.subTest(value=value):
                self.assertRefused(
                    lambda value=value: self._call(
                        line, 'onchange', {'completed_percent': value}, ['completed_percent'], spec
                    ),
                    regex="is not a number|is too large",
                    error=ValidationError,
                )
                self.assertRefused(
                    lambda value=value: self._call(
                        contract,
                        'onchange',
                        {'line_ids': [[1, line.id, {'completed_percent': value}]]},
                        ['line_ids'],
                        {'line_ids': {'fields': spec}},
                    ),
                    regex="is not a number|is too large",
                    error=ValidationError,
                )

    def test_amounts_given_to_actions(self):
        contract = self.make.as_billed([1000], retainage_percent=10)
        self.billing.draw(contract, 50)
        for value in (*NO_NUMBERS, float('inf'), -float('inf')):
            for method, args in (
                ('action_release_retainage', [value]),
                ('action_set_retainage', [value]),
                ('action_create_bill', ['percent', {'percent': value}]),
                (
                    'action_create_bill',
                    ['lines', {'lines': [{'contract_line_id': contract.line_ids.id, 'amount': value}]}],
                ),
                (
                    'action_create_bill',
                    ['lines', {'lines': [{'contract_line_id': contract.line_ids.id, 'percent': value}]}],
                ),
            ):
                with self.subTest(method=method, value=value):
                    self.assertRefused(
                        lambda method=method, args=args: self._call(contract, method, *args),
                        regex="is not a number|is too large",
                    )
        self.assertRetained(contract, 50)
        self._call(contract, 'action_release_retainage', '20.00')
        self.assertEqual(contract.bill_ids.mapped('retainage_amount'), [50, -20])

    def test_dialogs(self):
        contract = self.make.as_billed([1000], retainage_percent=10)
        self.billing.draw(contract, 50)
        release = self.env['progress.release.wizard'].create({'contract_id': contract.id, 'mode': 'lines'})
        claim = self.env['progress.claim.wizard'].create({'contract_id': contract.id, 'mode': 'lines'})
        plan = self.env['progress.retainage.wizard'].create({'contract_id': contract.id})
        for dialog, names in (
            (release, ['amount']),
            (release.line_ids, ['amount']),
            (claim, ['percent']),
            (claim.line_ids, ['amount', 'percent', 'quantity']),
            (plan, ['retainage_percent', 'stored_retainage_percent']),
        ):
            for name in names:
                for value in ('1e5', float('nan'), float('inf'), True, '\u0661'):
                    with self.subTest(model=dialog._name, name=name, value=value):
                        self.assertRefused(
                            lambda dialog=dialog, name=name, value=value: self._call(dialog, 'write', {name: value}),
                            regex="is not a number|is too large",
                            error=ValidationError,
                        )

    def test_notes_given_to_actions(self):
        """Who approves says how, in words."""
        milestone = self.env['project.milestone'].create(
            {'name': "Roof", 'project_id': self.project.id, 'is_reached': True}
        )
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        bill.action_submit()
        for value in (True, 5, ['x'], {'a': 1}):
            with self.subTest(value=value):
                self.assertRefused(
                    lambda value=value: self._call(milestone, 'action_approve_billing', note=value), "not a text"
                )
                self.assertRefused(lambda value=value: self._call(bill, 'action_reject', value), "not a text")
        self.assertRefused(lambda: self._call(bill, 'action_reject', 'x' * 100000), "too long")

    def test_characters_that_are_none(self):
        """The database takes no character zero: a sentence says so, at fields and actions alike."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        for record, vals in ((contract, {'description': 'a\x00b'}), (contract.line_ids, {'name': '\x00'})):
            self.assertRefused(
                lambda record=record, vals=vals: self._call(record, 'write', vals), "a character", error=ValidationError
            )
        self.assertRefused(lambda: self._call(bill, 'action_dispute', 'x\x00'), "not a text")

    def test_what_nobody_can_mean(self):
        """Dates beyond a working life, periods of no project, approval that nobody can give."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '10%')
        for record, name in ((bill, 'date'), (contract, 'next_billing_date')):
            for day in ('9999-12-31', '0001-01-01'):
                self.assertRefused(
                    lambda record=record, name=name, day=day: self._call(record, 'write', {name: day}),
                    "within 50 years",
                    error=ValidationError,
                )
        dialogs = self.env['progress.period.wizard']
        self.assertRefused(lambda: call_kw(dialogs, 'action_confirm', [[False]], {}), "Choose a project")
        step = {'contract_id': contract.id, 'name': "Boss"}
        other = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(self.env, login='stranger', company_id=other.id, company_ids=[Command.set(other.ids)])
        for vals, word in (
            ({'user_id': self.env.uid, 'above_amount': -1}, "negative"),
            ({'user_id': stranger.id}, "cannot approve"),
        ):
            self.assertRefused(
                lambda vals=vals: self.env['progress.approval.step'].create({**step, **vals}),
                word,
                error=ValidationError,
            )

    def test_nothing_given(self):
        """Empty calls are refused in words; calls on no record do nothing, or say so."""
        for model in (
            'progress.bill.line',
            'progress.bill',
            'progress.contract.line',
            'progress.contract.change.line',
            'progress.contract.change',
            'progress.retainage.step',
            'progress.billing.period',
        ):
            with self.subTest(model=model):
                try:
                    with self.env.cr.savepoint():
                        with mute_logger('odoo.sql_db'):
                            call_kw(self.env[model], 'create', [{}], {})
                        self.env.flush_all()
                except (UserError, psycopg2.IntegrityError):  # Odoo says which field is missing
                    continue
        for model in ('project.project', 'project.task', 'progress.contract', 'progress.bill', 'project.milestone'):
            methods = [name for name in dir(type(self.env[model])) if name.startswith('action_')]
            for name in methods:
                method = getattr(type(self.env[model]), name)
                if 'progress_billing' not in method.__module__ or name in GIVEN:
                    continue
                with self.subTest(model=model, method=name):
                    try:
                        with self.env.cr.savepoint():
                            call_kw(self.env[model], name, [[False]], {})
                            self.env.flush_all()
                    except UserError:
                        continue

    def test_long_texts(self):
        contract = self.make.contract([1000])
        for record, name in (
            (contract, 'description'),
            (contract.line_ids, 'name'),
            (contract.line_ids, 'item_number'),
            (self.make.plan(contract, '10%'), 'title'),
        ):
            with self.subTest(record=record, name=name):
                self.assertRefused(
                    lambda record=record, name=name: self._call(record, 'write', {name: 'x' * 1000000}),
                    "too long",
                    error=ValidationError,
                )

    def test_lines_need_a_name(self):
        contract = self.make.contract([1000])
        for name in ('', ' ', '\n'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: contract.write(
                        {'line_ids': [Command.create({'name': name, 'original_amount': 5})]}
                    ),
                    "description",
                    error=ValidationError,
                )
                self.assertRefused(
                    lambda name=name: contract.line_ids.write({'name': name}), "Every line of", error=ValidationError
                )
