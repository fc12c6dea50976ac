from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestCallersValues(ProgressBillingCommon):
    """What the guard lets through, to the last character and number, and what it takes from nobody (SEC-2, SEC-7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([1000], do_open=False)
        cls.line = cls.contract.line_ids

    # === LIMITS === #

    def test_longest_texts(self):
        for record, name, limit in ((self.contract, 'description', 1000), (self.line, 'name', 50000)):
            with self.subTest(field=name):
                record[name] = 'x' * limit
                self.assertEqual(len(record[name]), limit)
                self.assertRefused(
                    lambda record=record, name=name, limit=limit: record.write({name: 'x' * (limit + 1)}),
                    f"is too long: at most {limit} characters",
                    error=ValidationError,
                )
                self.assertEqual(len(record[name]), limit)

    def test_largest_numbers(self):
        for name, most, beyond in (
            ('sequence', 2**31 - 1, 2**31),
            ('sequence', 1 - 2**31, -(2**31)),
            ('original_amount', 1e12, 1e13),
            ('original_amount', -1e12, -1e13),
        ):
            with self.subTest(field=name, beyond=beyond):
                self.line[name] = most
                self.assertEqual(self.line[name], most)
                self.assertRefused(
                    lambda name=name, beyond=beyond: self.line.write({name: beyond}),
                    "is too large",
                    error=ValidationError,
                )
                self.assertEqual(self.line[name], most)

    def test_nothing_is_no_number_that_is_wrong(self):
        """An empty number is what Odoo sends for a field that was cleared."""
        for value in (False, None):
            with self.subTest(value=value):
                self.line.unit_price = 5
                self.line.write({'unit_price': value})
                self.assertEqual(self.line.unit_price, 0)

    def test_who_is_named(self):
        """The record, or what a new one is called, or what it would be; never more of it than fits a sentence."""
        lines = self.env['progress.contract.line']
        vals = {'contract_id': self.contract.id, 'original_amount': 'abc'}
        for act, name in (
            (lambda: self.line.write({'original_amount': 'abc'}), "of 1 Line 1"),
            (lambda: lines.create({**vals, 'name': "Roof"}), "of Roof is not a number"),
            (lambda: lines.create(vals), "of Schedule of Values Line is not a number"),
            (lambda: lines.create({**vals, 'name': "\x00Roof"}), "of Roof"),
            (lambda: lines.create({**vals, 'name': "R" * 200}), f"of {'R' * 80} is"),
        ):
            with self.subTest(name=name):
                self.assertRefused(act, name, error=ValidationError)

    def test_lines_of_lines(self):
        """Values of lines are read as those of the record itself, in every command that carries some."""
        for command in (
            Command.create({'name': "x", 'original_amount': 'abc'}),
            Command.update(self.line.id, {'original_amount': 'abc'}),
            (1, self.line.id, {'original_amount': 'abc'}),
            [1, self.line.id, {'original_amount': 'abc'}],
        ):
            with self.subTest(command=command):
                self.assertRefused(
                    lambda command=command: self.contract.write({'line_ids': [command]}),
                    "is not a number",
                    error=ValidationError,
                )
        self.contract.write({'line_ids': [Command.update(self.line.id, {'original_amount': 900})]})
        self.assertEqual(self.contract.original_amount, 900)

    # === WHAT METHODS ARE GIVEN === #

    def test_read_number(self):
        for value, number in ((5, 5), ('5', 5), ('-12.50', -12.5), (0, 0), (0.1, 0.1), (Decimal('1.5'), 1.5)):
            with self.subTest(value=value):
                self.assertEqual(self.contract._read_number(value), number)
        for value, sentence in (
            (None, "“None” is not a number."),
            (False, "“False” is not a number."),
            (True, "“True” is not a number."),
            ('5,0', "“5,0” is not a number."),
            (1e13, "“10000000000000.0” is too large."),
            ('x' * 100, f"“{'x' * 80}” is not a number."),
            ('9' * 100, f"“{'9' * 80}” is too large."),
        ):
            with self.subTest(value=value):
                message = self.assertRefused(lambda value=value: self.contract._read_number(value), sentence)
                self.assertEqual(message, sentence)

    def test_read_text(self):
        for value, text in (
            (None, ''),
            (False, ''),
            ('', ''),
            ('  by e-mail\n', 'by e-mail'),
            ('x' * 50000, 'x' * 50000),
            (f' {"x" * 50000} ', 'x' * 50000),
        ):
            with self.subTest(value=str(value)[:20]):
                self.assertEqual(self.contract._read_text(value), text)
        for value, sentence in (
            (True, "“True” is not a text."),
            (5, "“5” is not a text."),
            (['x'], "“['x']” is not a text."),
            ('a\x00b', "“ab” is not a text."),
            ('x' * 50001, "The text is too long: at most 50000 characters."),
        ):
            with self.subTest(value=str(value)[:20]):
                message = self.assertRefused(lambda value=value: self.contract._read_text(value), sentence)
                self.assertEqual(message, sentence)

    # === GUARDED FIELDS === #

    def test_defaults_of_the_context(self):
        """A guarded field takes its own default, not the caller's; what anybody may enter takes the caller's."""
        context = {
            'default_name': "PC/0",
            'default_base_state': 'open',
            'default_billing_version': 9,
            'default_revised_amount': 5.0,
            'default_description': "Barn",
        }
        contracts = self.env['progress.contract'].with_context(**context)
        names = [key.removeprefix('default_') for key in context]
        self.assertEqual(
            contracts.default_get(names),
            {'name': '/', 'base_state': 'draft', 'billing_version': 0, 'description': "Barn"},
        )
        contract = contracts.create({'partner_id': self.customer.id, 'company_id': self.company.id})
        self.assertRecordValues(
            contract,
            [{'state': 'draft', 'billing_version': 0, 'revised_amount': 0, 'description': "Barn"}],
        )
        self.assertNotIn(contract.name, ('/', "PC/0"))

    def test_sentences(self):
        """What may not be set, and a parent that is given once, are different answers."""
        bill = self.make.plan(self.contract, '10%')
        other = self.make.contract([5], do_open=False)
        for act, sentence in (
            (lambda: bill.write({'state': 'invoiced'}), "follows from what is billed, or is set by a button"),
            (lambda: bill.write({'contract_id': other.id}), "is given once: add a new one there, and delete this"),
            (lambda: bill.write({'kind': 'opening'}), "follows from what is billed, or is set by a button"),
            (lambda: self.line.write({'display_type': 'line_note'}), "cannot be set"),
        ):
            with self.subTest(sentence=sentence):
                self.assertRefused(act, sentence, error=AccessError)
        self.assertRecordValues(bill, [{'state': 'planned', 'contract_id': self.contract.id, 'kind': 'progress'}])

    def test_same_parent_again(self):
        """A form sends back what it shows: the same parent and kind are no change."""
        bill = self.make.plan(self.contract, '10%')
        bill.write({'contract_id': self.contract.id, 'kind': 'progress', 'title': "Roof"})
        self.line.write({'contract_id': self.contract.id, 'display_type': False, 'name': "Roof"})
        self.assertEqual((bill.title, self.line.name), ("Roof", "Roof"))

    def test_typed_and_own(self):
        """A value is typed unless our own code says it sets it; nothing at all is a caller's."""
        vals = {'title': "Roof", 'date': '2026-01-31'}
        bills = self.env['progress.bill']
        self.assertEqual((bills._get_typed(vals), bills._is_own(vals)), ({'title', 'date'}, False))
        with bills._setting_own([{'title': "x"}]):
            self.assertEqual((bills._get_typed(vals), bills._is_own({'title': "y"})), ({'date'}, True))
            self.assertFalse(bills._is_own({}))
            with bills._setting_own([{'date': False}]):
                self.assertTrue(bills._is_own(vals))
                self.assertFalse(self.contract._is_own({'name': "x"}))
            self.assertEqual(bills._get_typed(vals), {'date'})
        self.assertEqual(bills._get_typed(vals), {'title', 'date'})

    def test_own_values_of_lines(self):
        """Lines that are made or changed along are noted, with the link to their record; other commands are not."""
        bills, lines = self.env['progress.bill'], self.env['progress.bill.line']
        for commands, own in (
            ([Command.create({'amount': 5})], {'amount', 'bill_id'}),
            ([Command.update(1, {'quantity': 5})], {'quantity', 'bill_id'}),
            ([Command.link(1)], set()),
            ([Command.clear()], set()),
            (False, set()),
        ):
            with self.subTest(commands=commands), bills._setting_own([{'line_ids': commands}]):
                self.assertEqual(lines._get_own_names(), own)
        self.assertFalse(lines._get_own_names())

    def test_written_together(self):
        """Records that get the same value get it in one write; one, true and a list are not the same."""
        bills = self.env['progress.bill'].concat(*(self.make.plan(self.contract, '1') for _number in range(3)))
        first, second, third = bills
        calls = []
        self.patch(type(bills), '_write_protected', lambda records, vals: calls.append((records, vals)))
        for values, expected in (
            (
                {first: {'revision': 1}, second: {'revision': 2}, third: {'revision': 1}},
                [(first | third, {'revision': 1}), (second, {'revision': 2})],
            ),
            (
                {bill: {'title': "x", 'revision': bill.id} for bill in bills},
                [(bills, {'title': "x"}), *((bill, {'revision': bill.id}) for bill in bills)],
            ),
            (
                {bill: {'title': "x", 'revision': 3} for bill in bills},
                [(bills, {'title': "x", 'revision': 3})],
            ),
            (
                {first: {'revision': 1}, second: {'revision': True}},
                [(first, {'revision': 1}), (second, {'revision': 1})],
            ),
            (
                {first: {'down_payment_limits': {}}, second: {'down_payment_limits': {}}},
                [(first, {'down_payment_limits': {}}), (second, {'down_payment_limits': {}})],
            ),
            ({}, []),
        ):
            with self.subTest(expected=expected):
                del calls[:]
                bills._write_together(values)
                self.assertEqual(calls, expected)


@tagged('post_install', '-at_install')
class TestEditCount(ProgressBillingCommon):
    """A form says which edit it has seen."""

    def test_seen(self):
        line = self.make.contract([1000, 500]).line_ids
        first, second = line
        self.assertEqual(first.edit_count, 0)
        first.write({'edit_seen': 1, 'original_amount': 900})
        self.assertEqual((first.edit_count, second.edit_count), (1, 0))
        for seen in (1, 3, -1):
            with self.subTest(seen=seen):
                self.assertRefused(
                    lambda seen=seen: first.write({'edit_seen': seen, 'original_amount': 800}),
                    "1 Line 1 was changed by somebody else since you opened it",
                )
        self.assertEqual((first.original_amount, first.edit_count), (900, 1))
        first.write({'edit_seen': 0, 'original_amount': 800})
        line.write({'edit_seen': 1, 'original_amount': 700})  # a list that changes many is not asked
        self.assertEqual(line.mapped('original_amount'), [700, 700])
        self.assertEqual(line.mapped('edit_count'), [3, 1])

    def test_what_is_no_edit(self):
        """Texts change nothing that somebody else could be reckoning with."""
        line = self.make.contract([1000]).line_ids
        line.write({'edit_seen': 1, 'name': "Roof"})
        line.write({'edit_seen': 1, 'item_number': "A"})
        self.assertEqual(line.edit_count, 0)
        with self.assertRaisesRegex(UserError, "was changed by somebody else"):
            line.write({'edit_seen': 2, 'name': "Walls"})
