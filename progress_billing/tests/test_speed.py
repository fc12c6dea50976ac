from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base import progress_bulk_mixin
from odoo.addons.progress_billing.models.deposit import progress_bill_plain
from odoo.addons.progress_billing.models.progress import progress_contract, progress_contract_line_run

from .common import ProgressBillingCommon
from .queries import count_queries

#: what a row is known by: it differs between two rows that are the same otherwise
OWN_COLUMNS = {'id', 'bill_id', 'contract_id', 'contract_line_id', 'create_date', 'write_date'}


class SpeedCommon(ProgressBillingCommon):
    """Contracts of many lines, made at once."""

    def _contracts(self, number, lines=1, percent=50.0, **vals):
        """Open contracts with a part of every line pending."""
        schedule = [
            Command.create(
                {
                    'name': f"Line {place}",
                    'original_amount': 1000 + 7 * place,
                    'account_id': self.income_account.id,
                    'tax_ids': [Command.set(self.tax_15.ids)],
                }
            )
            for place in range(lines)
        ]
        contracts = self.env['progress.contract'].create(
            [
                {'partner_id': self.customer.id, 'company_id': self.company.id, 'line_ids': schedule, **vals}
                for _number in range(number)
            ]
        )
        contracts.action_open()
        if percent:
            contracts.line_ids.completed_percent = percent
        return contracts

    @contextmanager
    def _one_by_one(self):
        """The lines of bills are made by the ORM."""
        with patch.object(type(self.env['progress.bill.line']), '_takes_rows', lambda _self, *_args: False):
            yield

    def _read_rows(self, bills):
        """The stored columns of the bills' lines, as the database has them, in the order of the schedule."""
        self.env.flush_all()
        self.env.cr.execute('SELECT * FROM progress_bill_line WHERE bill_id IN %s ORDER BY id', [tuple(bills.ids)])
        names = [column.name for column in self.env.cr.description]
        return [
            {name: value for name, value in zip(names, row, strict=True) if name not in OWN_COLUMNS}
            for row in self.env.cr.fetchall()
        ]


@tagged('post_install', '-at_install')
class TestSameRows(SpeedCommon):
    """Lines made in one statement are what the ORM makes of the same values, column by column."""

    def _assert_same(self, prepare, bill):
        """Bill two contracts that are alike, one each way, and compare lines, bills, schedules and ledgers.

        :param prepare: makes a contract
        :param bill: bills it, returns its bills
        """
        contract = prepare()
        bills = bill(contract)
        with self._one_by_one():
            other = prepare()
            slow = bill(other)
        self.assertTrue(bills.line_ids)
        self.assertEqual(self._read_rows(bills), self._read_rows(slow))
        names = ('amount', 'invoiced_amount', 'draft_amount', 'actual_amount', 'retainage_amount', 'state', 'bucket')
        self.assertEqual(
            [[one[name] for name in names] for one in bills], [[one[name] for name in names] for one in slow]
        )
        figures = ('pending_amount', 'draft_amount', 'actual_amount', 'draft_quantity', 'actual_quantity')
        self.assertEqual(
            [[line[name] for name in figures] for line in contract.line_ids],
            [[line[name] for name in figures] for line in other.line_ids],
        )
        self.assertEqual(self.books.of(bills.invoice_id), self.books.of(slow.invoice_id))

    def _run(self, contract):
        contract.action_run_billing()
        return contract.bill_ids

    def test_run(self):
        """Amounts, as billed and as deposits."""
        for recognition in ('as_billed', 'deposit'):
            with self.subTest(recognition):
                self._assert_same(lambda r=recognition: self._contracts(1, 3, 33.33, revenue_recognition=r), self._run)

    def test_posted_at_once(self):
        self.company.progress_post_invoices = True
        self._assert_same(lambda: self._contracts(1, 3, 33.33), self._run)

    def test_pro_forma(self):
        """Draft from the first moment, with retainage withheld."""
        self._assert_same(lambda: self._contracts(1, 3, 33.33, use_pro_forma=True, retainage_percent=10.0), self._run)

    def test_quantities(self):
        def prepare():
            contract = self._contracts(1, 1, 0.0)
            contract.line_ids.write({'billing_base': 'quantity', 'original_quantity': 3, 'unit_price': 33.335})
            contract.line_ids.pending_quantity = 1.7
            return contract

        self._assert_same(prepare, self._run)

    def test_stored_materials(self):
        """Stored on the first bill, worked in on the second."""

        def bill(contract):
            contract.line_ids.stored_amount = 100
            contract.action_run_billing()
            contract.line_ids.stored_amount = 40
            contract.action_run_billing()
            return contract.bill_ids

        self._assert_same(lambda: self._contracts(1, 2, 20.0, use_pro_forma=True), bill)

    def test_planned_record(self):
        """An amount spread over the lines; the claim says nothing of what is stored."""

        def bill(contract):
            record = self.env['progress.bill'].create(
                {'contract_id': contract.id, 'amt_pct': '33.33%', 'date': '2026-01-31'}
            )
            record.action_create()
            return record

        self._assert_same(lambda: self._contracts(1, 3, 0.0), bill)

    def test_final(self):
        self.company.progress_post_invoices = True

        def bill(contract):
            contract.action_run_billing()
            contract.action_create_final_invoice()
            return contract.bill_ids

        self._assert_same(lambda: self._contracts(1, 3, 33.33), bill)

    def test_straight_from_the_schedule(self):
        """A run names the lines, what is pending on them goes from row to row; a record of the plan says amounts."""
        lines, given = self.env.registry['progress.bill.line'], []
        insert = lines._insert_rows

        def noted(records, values, *args):
            given.append(set(values))
            return insert(records, values, *args)

        contract = self._contracts(1, 3, 33.33)
        with patch.object(lines, '_insert_rows', noted):
            contract.action_run_billing()
            self.make.plan(contract, '10%').action_create()
        self.assertEqual(given[0], {'bill_id', 'contract_line_id'})
        self.assertIn('amount', given[1])
        self.assertEqual(contract.bill_ids[0].line_ids, contract.bill_ids[0].every_line_ids)

    def test_kept_in_memory(self):
        """What is known of a few new rows without reading them is what stands in them; of many it is read."""
        lines, known = self.env.registry['progress.bill.line'], []
        insert = lines._insert_rows

        def noted(records, *args):
            made = insert(records, *args)
            names = ('invoiced_amount', 'stored_amount', 'retainage_percent', 'retainage_amount')
            caches = [made._fields[name]._get_cache(made.env) for name in names]
            before = [[cache.get(id_, 'unknown') or 0.0 for cache in caches] for id_ in made.ids]
            made.invalidate_recordset(names)
            known.append((before, [[line[name] for name in names] for line in made]))
            return made

        for few in (400, 0):
            contract = self._contracts(1, 3, 33.33, use_pro_forma=True, retainage_percent=10.0)
            contract.line_ids[0].stored_amount = 40
            with patch.object(lines, '_insert_rows', noted), patch.object(progress_bulk_mixin, 'FEW_ROWS', few):
                contract.action_run_billing()
            self.assertEqual(contract.bill_ids.retainage_amount, 100.69, "of the work, not of what is stored")
        (before, after), (unknown, read) = known
        self.assertEqual(before, after)
        self.assertEqual(unknown, [['unknown'] * 4] * 3)
        self.assertEqual(read, after)

    def test_somebody_else_has_a_say(self):
        """Where another addon adds a computed column, lines are made by the ORM, so that it is filled."""
        lines = self.env['progress.bill.line']
        with patch.object(type(lines), '_knows_columns', lambda _self, _derived: False):
            contract = self._contracts(1, 2)
            with patch.object(type(lines), '_insert_rows', side_effect=AssertionError):
                contract.action_run_billing()
        self.assertEqual(len(contract.bill_ids.line_ids), 2)

    def test_user_rights(self):
        """Who may not bill makes no lines that way either."""
        contract = self._contracts(1, 2)
        contract.with_user(self.billing_user).action_run_billing()
        self.assertEqual(contract.bill_ids.line_ids.create_uid, self.billing_user)


@tagged('post_install', '-at_install')
class TestSameItems(SpeedCommon):
    """What Odoo is told of an invoice's items is what it would write to them: the entries are the same without it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = 'round_globally'
        tags = cls.env['account.account.tag'].create(
            [{'name': name, 'applicability': 'taxes'} for name in ("Base", "Base of credit notes", "Product")]
        )
        cls.included = cls.make.tax("Included", 10.0, price_include_override='tax_included')
        cls.company.tax_exigibility = True
        cls.paid = cls.make.tax(
            "When paid", 5.0, tax_exigibility='on_payment', cash_basis_transition_account_id=cls.deposit_account.id
        )
        for tax in cls.tax_15 | cls.included | cls.paid:
            for parts, tag in ((tax.invoice_repartition_line_ids, tags[0]), (tax.refund_repartition_line_ids, tags[1])):
                parts.filtered(lambda part: part.repartition_type == 'base').tag_ids = tag
        cls.product = cls.env['product.product'].create(
            {'name': "Work", 'type': 'service', 'account_tag_ids': [Command.set(tags[2].ids)]}
        )

    def _read_items(self, moves):
        """Stored columns of the journal items as the database has them, tags included, in their order."""
        self.env.flush_all()
        self.env.cr.execute(
            'SELECT *, (SELECT array_agg(account_account_tag_id ORDER BY account_account_tag_id)'
            ' FROM account_account_tag_account_move_line_rel'
            ' WHERE account_move_line_id = account_move_line.id) AS tags'
            ' FROM account_move_line WHERE move_id IN %s ORDER BY move_id, id',
            [tuple(moves.ids)],
        )
        own = OWN_COLUMNS | {
            *('move_id', 'move_name', 'progress_bill_line_id', 'progress_deposit_bill_id', 'extra_tax_data'),
            *('full_reconcile_id', 'matching_number', 'ref', 'name'),
        }
        names = [column.name for column in self.env.cr.description]
        return [
            {name: value for name, value in zip(names, row, strict=True) if name not in own}
            for row in self.env.cr.fetchall()
        ]

    def _bill(self, taxes=None, **vals):
        """Bill a contract of odd cents twice, the second time less than nothing, and end it."""
        taxes = taxes or [self.tax_15, self.tax_15 | self.paid, self.included, self.env['account.tax']]
        contract = self._contracts(1, 5, 0.0, **vals)
        for place, line in enumerate(contract.line_ids):
            line.tax_ids = taxes[place % len(taxes)]
            line.product_id = self.product if place % 2 else False
        contract.line_ids.completed_percent = 33.33
        contract.action_run_billing()
        contract.line_ids.completed_percent = 11.11
        contract.action_run_billing()
        contract.action_create_final_invoice()
        self.assertEqual(set(contract.invoice_ids.mapped('move_type')), {'out_invoice', 'out_refund'})
        return self._read_items(contract.invoice_ids.sorted('id'))

    def test_same(self):
        self.company.progress_post_invoices = True
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 3.0)])
        exempt = {'revenue_recognition': 'as_billed', 'taxes': [self.env['account.tax']]}
        for name, vals in {
            'as billed': {'revenue_recognition': 'as_billed'},
            'deposits': {'revenue_recognition': 'deposit'},
            'retainage': {'revenue_recognition': 'as_billed', 'retainage_percent': 10.0},
            'another currency': {'revenue_recognition': 'as_billed', 'currency_id': euro.id},
            'exempt': exempt,
            'exempt, another currency': {**exempt, 'currency_id': euro.id},
        }.items():
            with self.subTest(name):
                self._check_same(**vals)

    def _check_same(self, **vals):
        told = self._bill(**vals)
        with patch.object(type(self.env['progress.bill']), '_fill_in_items', lambda *_args: None):
            self.assertEqual(self._bill(**vals), told)

    def test_lines_of_others(self):
        """Lines of an addon that Odoo has to work out itself, on an invoice without taxes too: the entry is Odoo's."""
        self.company.progress_post_invoices = True
        bills = type(self.env['progress.bill'])
        prepare = bills._prepare_invoice_line_list
        extra = {'name': "Extra", 'quantity': 1.0, 'price_unit': 100.0, 'discount': 10.0}
        for taxes in ([Command.clear()], [Command.set(self.tax_15.ids)], False):
            line = {**extra, 'tax_ids': taxes}
            with (
                self.subTest(taxes=taxes),
                patch.object(bills, '_prepare_invoice_line_list', lambda *args, own=line: [*prepare(*args), {**own}]),
            ):
                self._check_same(revenue_recognition='as_billed', taxes=[self.env['account.tax']])

    def test_nothing_is_written_again(self):
        """Odoo finds every line as it would write it."""
        contract = self._contracts(1, 3, 33.33, revenue_recognition='as_billed')
        items = self.env['account.move.line']
        with patch.object(type(items), '_check_progress_amounts', side_effect=AssertionError):
            contract.action_run_billing()
        self.assertEqual(contract.invoice_ids.invoice_line_ids.tax_tag_ids.mapped('name'), ["Base"])


@tagged('post_install', '-at_install')
class TestPlainTaxes(SpeedCommon):
    """Mere percentages in one pass come to what Odoo's engine comes to, to the cent."""

    def _amounts(self, entries, contract, *, plain):
        engine = self.env['progress.tax.engine']
        with patch.object(type(engine), '_are_plain_taxes', lambda _self, _lines: plain):
            lines = engine._compute_taxes(engine._base_lines(contract, entries), self.company)
        return [engine._merge([line]) for line in lines]

    def test_same_cents(self):
        self.company.tax_calculation_rounding_method = 'round_globally'
        taxes = [self.tax_15, self.make.tax("2.5 %", 2.5), self.make.tax("None", 0.0)]
        contract = self._contracts(1)
        amounts = [0.03, 33.33, 66.67, -12.34, 0.0, 1.01, 999999.99] + [7.77 * place for place in range(1, 40)]
        entries = [
            {
                'amount': round(amount, 2),
                'taxes': self.env['account.tax'].concat(*taxes[: 1 + place % 3]),
                'quantity': 3.0 if place % 5 == 0 else 0.0,
            }
            for place, amount in enumerate(amounts)
        ]
        self.assertEqual(self._amounts(entries, contract, plain=True), self._amounts(entries, contract, plain=False))

    def test_one_run_in_two_currencies(self):
        """Yen first, then dollars: each bill keeps what was taxed in its own currency, and the next one's tax fits."""
        self.company.tax_calculation_rounding_method = 'round_globally'
        yen = self.setup_other_currency('JPY', rounding=1.0, rates=[('2020-01-01', 100.0)])
        contracts = self.env['progress.contract']
        for currency in (yen, self.company.currency_id):
            contracts |= self._contracts(1, percent=0.0, currency_id=currency.id, revenue_recognition='as_billed')
        for percent in (10.05, 20.1):
            contracts.line_ids.completed_percent = percent
            contracts.action_run_billing()
        first, second = contracts[1].invoice_ids.sorted('id')
        self.assertRecordValues(
            first | second,
            [{'amount_untaxed': 100.5, 'amount_tax': 15.08}, {'amount_untaxed': 100.5, 'amount_tax': 15.07}],
        )

    def test_what_is_not_plain(self):
        engine, contract = self.env['progress.tax.engine'], self._contracts(1)

        def is_plain(tax):
            return engine._are_plain_taxes(engine._base_lines(contract, [{'amount': 100.0, 'taxes': tax}]))

        self.assertTrue(is_plain(self.tax_15))
        self.assertFalse(is_plain(self.make.tax("Included", 15.0, price_include_override='tax_included')))
        self.assertFalse(is_plain(self.make.tax("On top", 15.0, include_base_amount=True)))
        self.assertFalse(is_plain(self.make.tax("Each", 2.0, amount_type='fixed')))


@tagged('post_install', '-at_install')
class TestPlainDeposits(SpeedCommon):
    """Taxes of a deposit's claims are the same as columns and as base lines."""

    def test_first_deposit(self):
        """Kept and invoiced to the cent, with several sets of taxes and a difference to spread."""
        self.company.tax_calculation_rounding_method = 'round_globally'
        other, results = self.make.tax("Other", 7.7), []
        for many in (2, 10**6):
            contract = self._contracts(1, 30, 33.37)
            for lines, taxes in ((contract.line_ids[::3], other), (contract.line_ids[1::3], other | self.tax_15)):
                lines.tax_ids = taxes
            with patch.object(progress_bill_plain, 'MANY_CLAIMS', many):
                contract.action_run_billing()
            bill = contract.bill_ids
            items = bill.invoice_id.line_ids.sorted('id')
            taxes = items.mapped(lambda item: item.tax_ids.ids)
            results.append((bill.line_ids.mapped('tax_amounts'), items.mapped('balance'), taxes))
        self.assertEqual(*results)
        self.assertEqual(len(results[0][0]), 30)

    def test_asked_claim_by_claim(self):
        """A later deposit goes on from the one before it, and a line that was agreed with its tax takes its part."""
        self.company.tax_calculation_rounding_method = 'round_globally'
        thirds, agreed = self._contracts(2, 3, 0.0)
        thirds.line_ids.original_amount = 1
        agreed.line_ids[0]._write_protected({'taxed_amount': 1190})
        with patch.object(progress_bill_plain, 'MANY_CLAIMS', 2):
            for percent in (50, 100):
                self.billing.run(thirds, percent)
            self.billing.run(agreed, 50)
        self.assertEqual(thirds.bill_ids.sorted('id').invoice_id.mapped('amount_tax'), [0.23, 0.22])
        self.assertEqual(agreed.bill_ids.invoice_id.amount_tax, 246.58)  # 95.00 + 75.53 + 76.05


@tagged('post_install', '-at_install')
class TestCosts(SpeedCommon):
    """What is billed costs what its invoice costs, however many lines there are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.progress_post_invoices = True

    def _spend(self, act):
        """Queries of the second time: the first one fills the registry's caches."""
        savepoint = self.env.cr.savepoint()
        act()
        self.env.flush_all()
        savepoint.rollback()
        queries = count_queries(self.env, act)
        savepoint.rollback()
        savepoint.close(rollback=False)
        return queries

    def assertNoMore(self, many, few, slack=2):
        """Much takes no more queries than little.

        :return int: the queries
        """
        self._spend(few)  # what Odoo finds out once, whatever is measured first
        little, much = self._spend(few), self._spend(many)
        self.assertLessEqual(much, little + slack)
        return much

    def test_lines_of_a_deposit_are_free(self):
        few, many = self._contracts(1, 5), self._contracts(1, 150)
        self.assertNoMore(many.action_run_billing, few.action_run_billing)

    def test_run_against_bare_invoices(self):
        """A contract more takes few queries more than the invoice it makes."""
        few, many = self._contracts(5), self._contracts(20)

        def by_hand(contracts):
            return self._by_hand(contracts.action_run_billing, lambda: contracts.bill_ids.invoice_id)

        ours = (self._spend(many.action_run_billing) - self._spend(few.action_run_billing)) / 15
        theirs = (self._spend(by_hand(many)) - self._spend(by_hand(few))) / 15
        self.assertLessEqual(ours, theirs + 6, f"{ours:.1f} queries a contract more, {theirs:.1f} an invoice")

    def _by_hand(self, act, read):
        """The invoices that an action makes, as anybody would create and post them.

        :param act: the action, which is undone again
        :param read: returns the invoices it made
        """
        savepoint = self.env.cr.savepoint()
        act()
        vals_list = [
            {
                'move_type': move.move_type,
                'partner_id': move.partner_id.id,
                'invoice_date': move.invoice_date,
                'invoice_line_ids': [
                    Command.create(
                        {
                            'name': line.name,
                            'display_type': line.display_type,
                            'account_id': line.account_id.id,
                            'price_unit': line.price_unit,
                            'quantity': line.quantity,
                            'tax_ids': [Command.set(line.tax_ids.ids)],
                        }
                    )
                    for line in move.invoice_line_ids
                ],
            }
            for move in read()
        ]
        savepoint.rollback()
        savepoint.close(rollback=False)
        return lambda: self.env['account.move'].create(vals_list)._post(soft=False)

    def assertLittleMore(self, act, read, most):
        """An action takes few queries more than the invoice it makes."""
        ours, theirs = self._spend(act), self._spend(self._by_hand(act, read))
        self.assertLessEqual(ours, theirs + most, f"{ours} queries, {theirs} of them an invoice by hand")

    def test_create_against_a_bare_invoice(self):
        contract = self._contracts(1, 10, 0.0)
        bill = self.env['progress.bill'].create({'contract_id': contract.id, 'amt_pct': '10%', 'date': '2026-01-31'})
        self.assertLittleMore(bill.action_create, lambda: bill.invoice_id, most=45)

    def test_final_against_a_bare_invoice(self):
        """With its deposits matched, which Odoo takes 25 queries for."""
        contract = self._contracts(1, 10)
        contract.action_run_billing()
        self.assertLittleMore(contract.action_create_final_invoice, lambda: contract.final_invoice_id, most=70)

    def test_saving_one_percentage(self):
        few, many = self._contracts(1, 20, 0.0), self._contracts(1, 2000, 0.0)

        def save(contract):
            command = Command.update(contract.line_ids[0].id, {'completed_percent': 30})
            return lambda: contract.write({'line_ids': [command]})

        self.assertNoMore(save(many), save(few))

    def test_preview(self):
        few, many = self._contracts(10), self._contracts(60)

        def preview(contracts):
            def show():
                wizard = self.env['progress.run.wizard'].create({'contract_ids': [Command.set(contracts.ids)]})
                self.assertEqual(wizard.bill_count, len(contracts))

            return show

        self.assertLessEqual(self.assertNoMore(preview(many), preview(few)), 40)

    def test_create(self):
        """Create takes no query a schedule line."""
        few, many = self._contracts(1, 5, 0.0), self._contracts(1, 150, 0.0)

        def create(contract):
            bill = self.env['progress.bill'].create(
                {'contract_id': contract.id, 'amt_pct': '10%', 'date': '2026-01-31'}
            )
            return lambda: bill.action_create()

        self.assertNoMore(create(many), create(few))

    def test_post_deposit(self):
        """Neither does posting."""
        self.company.progress_post_invoices = False
        few, many = self._contracts(1, 5), self._contracts(1, 150)
        (few | many).action_run_billing()
        self.assertNoMore(many.invoice_ids.action_post, few.invoice_ids.action_post)

    def test_final(self):
        """A final invoice more takes few queries: all of them are matched with their deposits together."""
        few, many = self._contracts(2), self._contracts(12)
        (few | many).action_run_billing()
        self._spend(few.action_create_final_invoice)
        each = (self._spend(many.action_create_final_invoice) - self._spend(few.action_create_final_invoice)) / 10
        self.assertLessEqual(each, 5)

    def test_numbers_in_one_go(self):
        """Each bill has its own, and a sequence without gaps draws one by one."""
        sequence = self.env.ref('progress_billing.sequence_progress_bill')
        for implementation in ('standard', 'no_gap'):
            with self.subTest(implementation):
                sequence.implementation = implementation
                contracts = self._contracts(4)
                contracts.action_run_billing()
                numbers = [int(name.rpartition('/')[2]) for name in contracts.bill_ids.sorted('id').mapped('name')]
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 4)))

    def test_run_in_batches(self):
        """One call bills batch by batch, in one transaction; what is known of a batch is forgotten after it."""
        contracts = self._contracts(5)
        contracts[1].line_ids.pending_amount = 0
        known = []
        model = type(contracts)
        original = model._bill_batch

        def bill_batch(batch, *args):
            known.append(len(set(contracts.ids) & set(batch._fields['name']._get_cache(batch.env))))
            return original(batch, *args)

        with (
            patch.object(progress_contract, 'RUN_BATCH', 2),
            patch.object(model, '_bill_batch', bill_batch),
        ):
            action = contracts.action_run_billing()
        self.assertEqual(len(known), 3)
        self.assertFalse(any(known[1:]))
        self.assertEqual(contracts.mapped('bill_count'), [1, 0, 1, 1, 1])
        self.assertEqual([entry[0] for entry in action['params']['skipped']], [contracts[1].display_name])
        self.assertEqual(set(contracts.invoice_ids.mapped('state')), {'posted'})


@tagged('post_install', '-at_install')
class TestRunInOneQuery(SpeedCommon):
    """What SQL says of many schedule lines is what the methods that stand behind it say of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zero_rule = cls.env['progress.billing.rule'].create({'name': "Zeros", 'create_zero_lines': True})
        cls.group_rule = cls.env['progress.billing.rule'].create({'name': "Apart", 'invoice_group': "A"})
        cls.other = cls.env['res.partner'].create({'name': "Other customer"})

    def _lines(self):
        """Lines of all kinds: pending or not, in part and too much, of other customers, quantities, sections."""
        contract = self._contracts(1, 12, 0.0, revenue_recognition='as_billed')
        contract.line_ids[:10].completed_percent = 33.33
        contract.action_run_billing()
        lines = contract.line_ids
        lines[0].completed_percent = 70
        lines[1].pending_amount = -10
        lines[2].write({'partner_id': self.other.id, 'completed_percent': 50})
        lines[3].write({'billing_rule_id': self.zero_rule.id})
        lines[4].write({'billing_rule_id': self.group_rule.id, 'completed_percent': 100, 'sequence': 5})
        lines[5].write({'partner_id': contract.partner_id.id, 'completed_percent': 90})
        lines[10].write({'billing_base': 'quantity', 'original_quantity': 3, 'unit_price': 33.335})
        lines[10].pending_quantity = 1.7
        lines[11].write({'partner_shipping_id': self.other.id, 'completed_percent': 10})
        self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'name': "Section", 'display_type': 'line_section'}
        )
        self.company.progress_overbilling_policy = 'warn'
        lines[6].pending_amount = 5000
        self.company.progress_overbilling_policy = 'block'
        return contract.line_ids | self._contracts(1, 2, 20.0).line_ids

    @contextmanager
    def _line_by_line(self):
        with patch.object(progress_contract_line_run, 'knows_methods', lambda _lines, _names: False):
            yield

    def _answers(self, lines):
        self.env.invalidate_all()
        due = lines._filter_on_run()
        return due, due._group_by_run_key(), due._get_pending_blockers(), due._prepare_run_claims()

    def assertSame(self, lines):
        due, groups, blockers, claims = self._answers(lines)
        with self._line_by_line():
            other_due, other_groups, other_blockers, other_claims = self._answers(lines)
        self.assertEqual(due, other_due)
        self.assertEqual(due, lines.filtered(lambda line: line._is_on_run()))
        self.assertEqual(groups, other_groups)
        for contract, mine in groups.items():
            self.assertEqual(list(mine), list(other_groups[contract]))
            self.assertEqual([group.ids for group in mine.values()], [g.ids for g in other_groups[contract].values()])
        self.assertEqual(blockers, other_blockers)
        self.assertEqual(claims, other_claims)
        return due, groups, blockers

    def test_same_answers(self):
        lines = self._lines()
        due, groups, blockers = self.assertSame(lines)
        self.assertEqual(len(due), 11)
        self.assertEqual([len(mine) for mine in groups.values()], [4, 1])
        self.assertEqual([len(reasons) for reasons in blockers.values()], [1])

    def test_stored_materials(self):
        """Lines with stored materials are asked one by one, the others together."""
        contract = self._contracts(1, 3, 20.0)
        contract.line_ids[0].stored_amount = 100
        contract.action_run_billing()
        contract.line_ids[0].write({'stored_amount': 40})
        contract.line_ids[1].stored_amount = 30
        contract.line_ids[2].completed_percent = 30
        self.assertEqual(contract.line_ids._filter_together(('_is_on_run',)), contract.line_ids[2])
        due, _groups, _blockers = self.assertSame(contract.line_ids)
        self.assertEqual(due, contract.line_ids)


@tagged('post_install', '-at_install')
class TestAskedOnce(SpeedCommon):
    """What is found out for several figures, or several steps, at once."""

    def test_sums_of_a_bill(self):
        """Sums that are set along with others are those of the lines, whatever happened to them."""
        contracts = self._contracts(3, 3)
        contracts.action_run_billing()
        contracts.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        self.billing.credit(contracts[0].bill_ids.invoice_id)
        self.billing.credit(contracts[1].bill_ids.invoice_id, 50)
        self.env.flush_all()
        sums = self.env['progress.bill']._get_line_sums()
        found = contracts.bill_ids._read_line_sums(sums)
        self.env.invalidate_all()
        for bill in contracts.bill_ids:
            self.assertEqual({name: bill[name] for name in sums}, found[bill.id])
        self.assertEqual(contracts.bill_ids.mapped('credited_amount'), [1510.5, 50.0, 0.0])
        self.assertEqual(contracts.bill_ids.mapped('actual_amount'), [0.0, 1460.5, 1510.5])

    def test_further_figures(self):
        """Figures of an addon are summed up and set back along with ours, where they are named."""
        contracts = self._contracts(2, 2)
        contracts.action_run_billing()
        bills = contracts.bill_ids
        model, lines = type(self.env['progress.bill']), type(self.env['progress.bill.line'])
        sums = {**self.env['progress.bill']._get_line_sums(), 'planned_amount': ('line_ids', 'amount')}
        bills.line_ids._write_protected({'credited_quantity': 1})
        with (
            patch.object(model, '_get_line_sums', lambda _self: sums),
            patch.object(lines, '_get_credited_fields', lambda _self: ['credited_quantity']),
        ):
            for name in ('planned_amount', 'amount'):
                self.env.add_to_compute(bills._fields[name], bills)
            amounts = bills.mapped('amount')
            self.assertFalse(self.env.records_to_compute(bills._fields['planned_amount']))
            self.assertEqual(bills.mapped('planned_amount'), amounts)
            self.env.add_to_compute(bills.line_ids._fields['credited_quantity'], bills.line_ids)
            bills.line_ids._set_uncredited('credited_amount')
        self.assertEqual(set(bills.line_ids.mapped('credited_quantity')), {0.0})

    def test_empty_lists(self):
        """Only lists with nothing on them are known without being read; what comes later is on them."""
        contracts = self._contracts(2)
        contracts[0].retainage_step_ids = [Command.create({'completed_percent': 50, 'retainage_percent': 5})]
        self.env.flush_all()
        self.env.invalidate_all()
        contracts._note_empty_lists()
        known = self.env['progress.contract']._fields['retainage_step_ids']._get_cache(self.env)
        self.assertEqual(
            {contract: known.get(contract.id) for contract in contracts}, dict(zip(contracts, (None, ()), strict=True))
        )
        self.assertEqual(contracts.mapped(lambda contract: len(contract.retainage_step_ids)), [1, 0])
        contracts[1].retainage_step_ids = [Command.create({'completed_percent': 50, 'retainage_percent': 5})]
        self.assertEqual(len(contracts[1].retainage_step_ids), 1)

    def test_computed_lists_are_left_alone(self):
        """A list that is computed is read when somebody asks for it, whatever else is found out with it."""
        contract = self._contracts(1)
        contract.action_run_billing()
        self.env.flush_all()
        self.env.invalidate_all()
        for names in (('invoice_ids',), ('invoice_ids', 'default_tax_ids', 'retainage_step_ids')):
            contract._note_empty(contract, names)
        self.assertEqual(len(contract.invoice_ids), 1)
        self.assertIn(contract.id, contract._fields['retainage_step_ids']._get_cache(self.env))

    def test_fallback_of_a_final(self):
        """What a final bill falls back to is set past what depends on it: all of that is as if it had been written."""
        model = type(self.env['progress.bill'])

        def read(final):
            self.env.flush_all()
            self.env.invalidate_all()
            contract = final.contract_id
            figures = (final.review_state, final.state, final.bucket, final.amount, final.draft_amount)
            return *figures, contract.state, contract.final_bill_id == final, contract.draft_amount

        results = []
        for fallback in (model._set_fallback, lambda bills, state: bills._write_protected({'review_state': state})):
            contract = self._contracts(1, 2)
            self.billing.run(contract).invoice_id.filtered(lambda move: move.state == 'draft').action_post()
            planned = self.make.plan(contract, '10%')
            with patch.object(model, '_set_fallback', fallback):
                contract.action_create_final_invoice()
            final = contract.final_bill_id
            results.append([read(final), planned.state])
            final.invoice_id.unlink()
            results[-1] += [read(final), planned.state]
        self.assertEqual(*results)
        self.assertEqual(results[0][0][:3], ('cancelled', 'invoiced', 'draft'))
        self.assertEqual(results[0][2][:3], ('cancelled', 'cancelled', False))
        self.assertEqual([results[0][1], results[0][3]], ['cancelled', 'planned'])

    def test_one_lock_a_call(self):
        """While a call has taken the rows of its contracts, the gate does not again; after it, it does."""
        mine, other = self._contracts(2)
        with self.assertRaises(ZeroDivisionError), mine._locked_for_billing():
            self.assertFalse(mine._filter_unlocked())
            with other._locked_for_billing():
                self.assertFalse((mine | other)._filter_unlocked())
            self.assertEqual((mine | other)._filter_unlocked(), other)
            raise ZeroDivisionError
        self.assertEqual((mine | other)._filter_unlocked(), mine | other)

    def test_lock_is_not_known_past_its_transaction(self):
        """A way back to before it gives the rows free, a commit too: nothing is known of them any more."""
        [mine] = self._contracts(1)
        with mine._locked_for_billing():
            with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
                raise ZeroDivisionError
            self.assertEqual(mine._filter_unlocked(), mine)
            with mine._locked_for_billing():
                self.assertFalse(mine._filter_unlocked())
        self.assertEqual(mine._filter_unlocked(), mine)
