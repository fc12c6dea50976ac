from datetime import date

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestBillFields(ProgressBillingCommon):
    """A bill by itself: its names, its number, its place among others, and what its invoice says of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([1000, 500])
        cls.bills = cls.env['progress.bill']

    # === NAMES AND NUMBERS === #

    def test_display_names(self):
        """Number, else title, else the planned day; with its contract while it has no number."""
        name = self.contract.name
        for vals, shown in (
            ({'date': '2026-01-31'}, f"Planned 01/31/2026 ({name})"),
            ({'date': '2026-01-31', 'title': "Roof"}, f"Roof ({name})"),
            ({'date': False, 'trigger': 'manual'}, f"Planned ({name})"),
        ):
            with self.subTest(vals=vals):
                bill = self.bills.create({'contract_id': self.contract.id, 'amt_pct': '5', **vals})
                self.assertEqual(bill.display_name, shown)
        billed = self.billing.bill(self.contract, '5', title="Roof")
        self.assertEqual(billed.display_name, billed.name)
        self.assertEqual(billed.calendar_title, "House: Roof")
        alone = self.make.plan(self.make.as_billed([5], project=self.env['project.project']), '5')
        self.assertEqual(alone.calendar_title, f"{alone.contract_id.name}: {alone.display_name}")
        self.assertIn((billed.id, billed.name), self.bills.name_search(billed.name))
        planned = self.make.plan(self.contract, '5', title="Chimney")
        for word in ("chimney", self.contract.name):
            self.assertIn((planned.id, planned.display_name), self.bills.name_search(word))

    def test_numbers(self):
        """A bill is numbered when it leaves the plan, once; drawn together or one by one, none twice."""
        planned = self.make.plan(self.contract, '10')
        self.assertFalse(planned.name)
        planned.action_create()
        name = planned.name
        self.assertRegex(name, r'\d+$')
        planned.invoice_id.unlink()
        planned.action_create()
        self.assertEqual(planned.name, name)
        companies = [self.company] * 3
        for implementation in ('standard', 'no_gap'):
            sequence = self.env['ir.sequence'].search(
                [('code', '=', 'progress.bill'), ('company_id', 'in', (self.company.id, False))],
                order='company_id',
                limit=1,
            )
            sequence.implementation = implementation
            with self.subTest(implementation=implementation):
                drawn = self.bills._next_names(companies, [date(2026, 1, 31)] * 3)
                numbers = [int(text.rsplit('/', 1)[-1]) for text in drawn]
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))
                [after] = self.bills._next_names([self.company], [date(2026, 1, 31)])
                self.assertEqual(int(after.rsplit('/', 1)[-1]), numbers[-1] + 1)

    def test_numbers_by_date(self):
        """A series by year gives each bill the number of its own year, in the order of the bills."""
        sequence = self.env['ir.sequence'].search(
            [('code', '=', 'progress.bill'), ('company_id', 'in', (self.company.id, False))],
            order='company_id',
            limit=1,
        )
        sequence.write({'use_date_range': True, 'prefix': '%(range_year)s-', 'padding': 3})
        days = [date(2025, 12, 31), date(2026, 1, 1), date(2025, 12, 31)]
        self.assertEqual(self.bills._next_names([self.company] * 3, days), ['2025-001', '2026-001', '2025-002'])
        self.assertEqual(self.bills._next_names([], []), [])

    # === ORDER === #

    def test_order(self):
        """Opening amounts first, then by date, then by number; an undated bill by the day it was made."""
        with freeze_time('2026-02-15'):
            late, early, same, undated = (
                self.make.plan(self.contract, '1', day, trigger='manual')
                for day in ('2026-03-01', '2026-01-01', '2026-03-01', False)
            )
        opening = self.bills.create(
            {
                'contract_id': self.contract.id,
                'kind': 'opening',
                'date': '2026-12-31',
                'line_ids': [Command.create({'contract_line_id': self.contract.line_ids[0].id, 'amount': 5})],
            }
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE progress_bill SET create_date = '2026-02-15' WHERE id = ANY(%s)", [undated.ids])
        undated.invalidate_recordset(['create_date'])
        found = (late | early | same | undated | opening).sorted(lambda bill: bill._get_order_key())
        self.assertEqual(list(found), [opening, early, undated, late, same])

    def test_waves(self):
        """Bills of different contracts go together, those of one contract one after the other."""
        other = self.make.as_billed([100])
        second, first, third = (
            self.make.plan(self.contract, '1', day) for day in ('2026-02-01', '2026-01-01', '2026-03-01')
        )
        theirs = self.make.plan(other, '1', '2026-05-01')
        waves = (second | first | third | theirs)._split_by_contract()
        self.assertEqual([set(wave) for wave in waves], [{first, theirs}, {second}, {third}])
        self.assertEqual(self.bills._split_by_contract(), [])

    # === KINDS AND STATES === #

    def test_kinds_by_hand(self):
        """Progress and opening bills are made by anybody who bills, the others by their buttons."""
        for kind, label in (('final', "Final"), ('retainage', "Retainage"), ('down_payment', "Down Payment")):
            with self.subTest(kind=kind):
                self.assertRefused(
                    lambda kind=kind: self.bills.create({'contract_id': self.contract.id, 'kind': kind}),
                    f"A bill of kind {label} is made by its own button only.",
                    error=AccessError,
                )
        for kind in ('progress', 'opening'):
            self.assertEqual(self.bills.create({'contract_id': self.contract.id, 'kind': kind}).kind, kind)

    def test_invoice_types(self):
        """What kind of invoice a bill makes, from its kind and the contract (BIL-20)."""
        deposits = self.make.contract([1000])
        for contract, kind, expected in (
            (self.contract, 'progress', 'progress'),
            (self.contract, 'final', 'final'),
            (self.contract, 'retainage', 'retainage'),
            (self.contract, 'down_payment', 'deposit'),
            (deposits, 'progress', 'deposit'),
            (deposits, 'final', 'final'),
            (deposits, 'retainage', 'retainage'),
            (deposits, 'down_payment', 'deposit'),
        ):
            with self.subTest(contract=contract.revenue_recognition, kind=kind):
                bill = self.bills.new({'contract_id': contract.id, 'kind': kind})
                self.assertEqual(bill._get_invoice_type(), expected)

    def test_what_the_invoice_says(self):
        """Name, status and number of documents, from none to credited."""
        bill = self.make.plan(self.contract, '100')

        def shown():
            return (bill.state, bill.bucket, bill.invoice_state, bill.payment_state, bill.invoice_count)

        self.assertEqual(shown(), ('planned', False, False, False, 0))
        self.assertFalse(bill.invoice_name)
        bill.action_create()
        self.assertEqual(shown(), ('invoiced', 'draft', 'draft', False, 1))
        bill.invoice_id.action_post()
        self.assertEqual(shown(), ('invoiced', 'actual', 'posted', "Not Paid", 1))
        self.assertEqual(bill.invoice_name, bill.invoice_id.name)
        refund = self.billing.credit(bill.invoice_id)
        self.assertEqual(shown()[:2], ('planned', False))
        self.assertEqual(
            (bill.is_credited, bill.invoice_count, bill.invoice_ids), (True, 2, bill.move_ids.sorted('id'))
        )
        refund.button_draft()
        self.assertEqual((bill.is_credited, *shown()[:2]), (False, 'invoiced', 'actual'))

    def test_customer_follows_the_contract(self):
        """A planned bill is for the contract's customer and location; a billed one for whom it was billed."""
        other = self.env['res.partner'].create({'name': "Other"})
        planned = self.make.plan(self.contract, '10')
        self.contract.write({'partner_id': other.id, 'partner_shipping_id': other.id})
        self.assertEqual((planned.partner_id, planned.partner_shipping_id), (other, other))
        planned.action_create()
        self.contract.partner_shipping_id = False
        self.assertEqual((planned.partner_id, planned.partner_shipping_id), (other, other))

    def test_deleted_or_not(self):
        """Which states go, and what is said of those that stay (BIL-19)."""
        for prepare, goes in (
            (lambda bill: None, True),
            (lambda bill: bill.action_cancel(), True),
            (lambda bill: bill.action_create(), True),
            (lambda bill: (bill.action_create(), bill.action_submit()), False),
            (lambda bill: (bill.action_create(), bill.action_submit(), bill.action_approve()), False),
            (lambda bill: (bill.action_create(), bill.action_submit(), bill.action_reject("No")), True),
            (lambda bill: (bill.action_create(), bill.action_release()), False),
        ):
            bill = self.make.plan(self.make.pro_forma([1000]), '10')
            prepare(bill)
            with self.subTest(state=bill.state):
                if goes:
                    bill.unlink()
                    self.assertFalse(bill.exists())
                else:
                    self.assertRefused(
                        bill.unlink, f"{bill.display_name} cannot be deleted: it has invoices or was approved."
                    )

    def test_cancelled_or_not(self):
        """What an invoice stands for is not cancelled; the sentence names the invoice."""
        bill = self.billing.bill(self.contract, '100')
        self.assertRefused(
            bill.action_cancel,
            f"{bill.name} is invoiced. Delete or credit its invoice {bill.invoice_name} instead.",
        )
        planned = self.make.plan(self.contract, '10')
        for _call in range(2):
            action = planned.action_cancel()
            self.assertEqual((planned.state, action['res_id']), ('cancelled', planned.id))
        self.assertRefused(
            planned.action_create,
            f"{planned.display_name} cannot be billed: its status is “Cancelled”. Plan it again before you bill it.",
        )
        self.assertRefused(planned.action_release, "Plan it again before you bill it.")
        self.assertRefused((planned | bill).action_cancel, "is invoiced")

    def test_copy(self):
        """A copy is planned anew, without number, invoice, lines or history (SEC-3)."""
        bill = self.billing.bill(self.contract, '25%', title="Roof", item_description="Text")
        copy = bill.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    'state': 'planned',
                    'name': False,
                    'invoice_id': False,
                    'line_ids': [],
                    'amount': 0,
                    'generated_on': False,
                    'revision': 0,
                    'title': "Roof",
                    'item_description': "Text",
                    'planned_percent': 25,
                }
            ],
        )
        self.assertEqual(self.contract.actual_amount, 375)

    def test_import(self):
        """Planned records come in from a file; what was billed does not."""
        loaded = self.bills.load(
            ['contract_id', 'title', 'amt_pct', 'date'],
            [[self.contract.name, "First", '25%', '2026-01-31'], [self.contract.name, "Second", '50.5', '2026-02-28']],
        )
        self.assertFalse(loaded['messages'])
        self.assertEqual(self.bills.browse(loaded['ids']).mapped('planned_amount'), [375, 50.5])
        for column, value, sentence in (
            ('state', "Invoiced", "cannot be set"),
            ('amt_pct', 'abc', "is not a number"),
            ('kind', "Final", "is made by its own button only"),
        ):
            with self.subTest(column=column):
                refused = self.bills.load(['contract_id', column], [[self.contract.name, value]])
                self.assertFalse(refused['ids'])
                self.assertIn(sentence, str(refused['messages']))

    # === CLAIMS === #

    def test_percent_of_a_line(self):
        """A percentage typed on a claim is of all bills of the line; the other bills stay as they are."""
        contract = self.make.pro_forma([1000, 300])
        first, second = self.billing.draw(contract, 30, 0), self.billing.draw(contract, 50, 10)
        line = second.line_ids.filtered(lambda line: line.contract_line_id == contract.line_ids[0])
        self.assertAlmostEqual(line.total_completed_percent, 50, 6)
        for percent, amount in ((60, 300), (30, 0), (33.3333, 33.33)):
            line.total_completed_percent = percent
            self.assertEqual((round(line.amount, 2), first.amount), (amount, 300))
        line.write({'amount': 150, 'total_completed_percent': 99})  # a form sends both: the amount counts
        self.assertEqual(line.amount, 150)
        self.assertAlmostEqual(line.total_completed_percent, 45, 6)
        second.action_cancel()
        self.assertAlmostEqual(line.total_completed_percent, 30, 6)

    def test_lines_of_other_contracts(self):
        """A claim is on a line of the bill's own contract that carries amounts, once."""
        bill = self.make.plan(self.contract, False)
        section = self.env['progress.contract.line'].create(
            {'contract_id': self.contract.id, 'display_type': 'line_section', 'name': "House"}
        )
        other = self.make.as_billed([5]).line_ids
        for scheduled, name in ((section, "House"), (other, "1 Line 1"), (other.browse(), "Nothing")):
            with self.subTest(line=name):
                self.assertRefused(
                    lambda scheduled=scheduled: bill.write(
                        {'line_ids': [Command.create({'contract_line_id': scheduled.id, 'amount': 1})]}
                    ),
                    f"{name} is no schedule line of {self.contract.name}.",
                )

    def test_lines_of_a_record_with_an_amount(self):
        """A record has an amount for the contract or lines of its own, not both."""
        bill = self.make.plan(self.contract, '10%')
        line = {'contract_line_id': self.contract.line_ids[0].id, 'amount': 5}
        self.assertRefused(
            lambda: bill.write({'line_ids': [Command.create(line)]}),
            f"{bill.display_name} has an Amt/Pct, which is spread over the lines when it is billed. Clear it to enter",
        )
        bill.amt_pct = False
        bill.line_ids = [Command.create(line)]
        bill.action_create()
        self.assertEqual(bill.amount, 5)
        self.assertRefused(
            lambda: bill.line_ids.write({'amount': 6}),
            f"The lines of {bill.display_name} cannot change: its status is “Invoiced”.",
        )

    def test_nothing_left(self):
        """An amount finds no line to stand on where all is billed."""
        self.company.progress_overbilling_policy = 'warn'
        contract = self.make.contract([1000])
        self.billing.bill(contract, '100%')
        self.assertRefused(
            lambda: self.billing.bill(contract, '5'),
            f"{contract.name} has nothing left to bill. Add a change order, or create the final invoice.",
        )

    def test_hints_of_a_deduction(self):
        """Billed above its worth because of a deduction that is not billed yet: the error says which (BIL-6)."""
        contract = self.make.as_billed([1000, -100, -50])
        first, deduction, _other = contract.line_ids
        for amounts, missing in (
            ({first: 1000}, "Not billed yet: the deduction 2 Line 2, 3 Line 3."),
            ({first: 1000, deduction: -100}, "Not billed yet: the deduction 3 Line 3."),
        ):
            bill = self.bills.create(
                {
                    'contract_id': contract.id,
                    'line_ids': [
                        Command.create({'contract_line_id': line.id, 'amount': amount})
                        for line, amount in amounts.items()
                    ],
                }
            )
            self.assertRefused(bill.action_create, "Invoice amount cannot exceed WIP available to bill.", missing)

    def test_asked_for_too_much(self):
        """The error says what was asked for and what is there, and names the contract once."""
        planned = self.make.plan(self.contract, '1500.01')
        message = self.assertRefused(
            planned.action_create,
            "Invoice amount cannot exceed WIP available to bill.\n",
            "1,500.01, ",
            "1,500.00 is available. Lower the amount, or add a change order.",
        )
        self.assertEqual(message.count(self.contract.name), 1)
        self.assertRefused(
            lambda: self.contract._check_wip_available(1500.01, self.contract), f"{self.contract.name} asks for"
        )
        self.contract._check_wip_available(1500, planned)
        self.company.progress_overbilling_policy = 'warn'
        self.contract._check_wip_available(1500.01, planned)


@tagged('post_install', '-at_install')
class TestInvoiceOfABill(ProgressBillingCommon):
    """What a bill's invoice has from bill and contract, and what stays as it is on it (BIL-13)."""

    def test_header(self):
        """Partner, terms, texts and journal are the contract's and the bill's."""
        site = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        term = self.env['account.payment.term'].create({'name': "30 days"})
        position = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        journal = self.company_data['default_journal_sale'].copy({'code': 'PBH'})
        contract = self.make.contract(
            [1000],
            partner_shipping_id=site.id,
            payment_term_id=term.id,
            fiscal_position_id=position.id,
            journal_id=journal.id,
            user_id=self.billing_user.id,
        )
        bill = self.billing.bill(
            contract, '400', '2026-01-31', post=False, title="January", description="Two\nlines <b>"
        )
        self.assertRecordValues(
            bill.invoice_id,
            [
                {
                    'move_type': 'out_invoice',
                    'partner_id': self.customer.id,
                    'partner_shipping_id': site.id,
                    'invoice_payment_term_id': term.id,
                    'fiscal_position_id': position.id,
                    'journal_id': journal.id,
                    'invoice_user_id': self.billing_user.id,
                    'invoice_origin': f'{contract.name} / {bill.name}',
                    'ref': "January",
                    'invoice_date': date(2026, 1, 31),
                    'progress_revision': bill.revision,
                }
            ],
        )
        self.assertIn("Two", bill.invoice_id.narration)
        self.assertIn("&lt;b&gt;", bill.invoice_id.narration)
        plain = self.billing.bill(self.make.contract([1000]), '400', post=False).invoice_id
        self.assertEqual((plain.ref, plain.journal_id), (False, self.company_data['default_journal_sale']))

    @freeze_time('2026-03-15 12:00:00')
    def test_date(self):
        """As planned, never in the future, today where nothing was planned (PLN-5)."""
        contract = self.make.contract([1000])
        for planned, invoiced in (
            ('2026-03-14', '2026-03-14'),
            ('2026-03-15', '2026-03-15'),
            ('2026-03-16', '2026-03-15'),
            (False, '2026-03-15'),
        ):
            with self.subTest(planned=planned):
                bill = self.billing.bill(contract, '10', planned, post=False, trigger='manual')
                self.assertEqual(str(bill.invoice_id.invoice_date), invoiced)

    def test_fixed(self):
        """What the bill decides stays, by field; the same value is no change."""
        euro = self.setup_other_currency('EUR')
        bill = self.billing.bill(self.make.contract([1000]), '400', post=False)
        move = bill.invoice_id
        for name, value, label in (
            ('partner_id', self.partner_a.id, "Partner"),
            ('currency_id', euro.id, "Currency"),
            ('move_type', 'out_refund', "Type"),
        ):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name, value=value: move.write({name: value}),
                    f"{label} of ",
                    f"is decided by the progress bill {bill.display_name}. Change it on the contract and bill again.",
                )
        move.write({'partner_id': self.customer.id, 'currency_id': move.currency_id.id})
        for often in ('monthly', 'quarterly', 'yearly'):
            self.assertRefused(
                lambda often=often: move.write({'auto_post': often}),
                "is made from a progress bill and cannot recur: plan further records on its contract instead.",
            )
        move.write({'auto_post': 'at_date', 'ref': "Mine", 'narration': "Hello"})
        others = self.init_invoice('out_invoice', partner=self.customer, amounts=[70])
        others.write({'partner_id': self.partner_a.id, 'auto_post': 'monthly'})

    def test_left_as_a_draft(self):
        """Where the company posts at once, the invoice says why it was not (BIL-18)."""
        self.company.progress_post_invoices = True
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '100')
        bill.with_user(self.billing_user).action_create()
        self.assertEqual(bill.invoice_id.state, 'draft')
        bodies = ' '.join(str(body) for body in bill.invoice_id.message_ids.mapped('body'))
        self.assertIn(f"Left as a draft: {self.billing_user.name} may not post invoices.", bodies)
        posted = self.make.plan(contract, '100')
        posted.with_user(self.accountant).action_create()
        self.assertEqual(posted.invoice_id.state, 'posted')
        bodies = ' '.join(str(body) for body in posted.invoice_id.message_ids.mapped('body'))
        self.assertNotIn("Left as a draft", bodies)
        self.company.progress_post_invoices = False
        draft = self.make.plan(contract, '100')
        draft.with_user(self.accountant).action_create()
        self.assertEqual(draft.invoice_id.state, 'draft')

    def test_sections(self):
        """Lines stand under the titles of the schedule, each title once and only above lines that are billed."""
        contract = self.make.as_billed([100, 200, 300])
        first, second, third = contract.line_ids
        title = self.env['progress.contract.line']
        for kind, name, sequence in (
            ('line_section', "House", 1),
            ('line_subsection', "Ground", 2),
            ('line_subsection', "Upper", 4),
            ('line_section', "Garden", 6),
            ('line_subsection', "Fence", 7),
            ('line_note', "As agreed", 8),
        ):
            title.create({'contract_id': contract.id, 'display_type': kind, 'name': name, 'sequence': sequence})
        first.sequence, second.sequence, third.sequence = 3, 5, 9
        contract.invalidate_recordset(['line_ids'])
        for percents, expected in (
            ((10, 10, 10), ["House", "Ground", "1 Line 1", "Upper", "2 Line 2", "Garden", "Fence", "3 Line 3"]),
            ((10, 20, 10), ["House", "Upper", "2 Line 2"]),
            ((10, 20, 20), ["Garden", "Fence", "3 Line 3"]),
        ):
            bill = self.billing.draw(contract, *percents)
            items = bill.invoice_id.invoice_line_ids.sorted('sequence')
            self.assertEqual(items.mapped('name'), expected)

    def test_lines_of_products(self):
        """A service stands on the line; goods do not, for they are not delivered by it; a lump sum has no unit."""
        service, goods = self.env['product.product'].create(
            [{'name': "Work", 'type': 'service'}, {'name': "Window", 'type': 'consu'}]
        )
        contract = self.make.as_billed([100, 100, 100])
        contract.line_ids[0].product_id = service
        contract.line_ids[1].product_id = goods
        items = self.billing.run(contract, 50).invoice_id.invoice_line_ids
        self.assertEqual(items.mapped('product_id'), service)
        self.assertFalse(items.product_uom_id)
        self.assertEqual(items.mapped('quantity'), [1, 1, 1])

    def test_credit_note_in_positive_figures(self):
        """Less than nothing is a credit note that counts what it gives back (BIL-24)."""
        contract = self.make.as_billed([1000, 500], self.tax_15)
        self.billing.draw(contract, 50, 0)
        bill = self.billing.draw(contract, 40, 10)
        refund = bill.invoice_id
        self.assertEqual((refund.move_type, refund.amount_untaxed, refund.amount_tax), ('out_refund', 50, 7.5))
        self.assertEqual([(item.quantity, item.price_unit) for item in refund.invoice_line_ids], [(1, 100), (-1, 50)])
        self.assertEqual((bill.amount, contract.actual_amount), (-50, 450))

    def test_line_types(self):
        """The table of line types, by what is asked of it."""
        items = self.env['account.move.line']
        for wanted, names in (
            ({'account': 'deposit'}, {'deposit', 'deposit_reversal', 'down_payment', 'down_payment_use'}),
            ({'account': 'retainage'}, {'retainage', 'holdback'}),
            ({'account': 'result'}, {'revenue', 'sourced'}),
            ({'account': 'result', 'scheduled': True}, {'revenue'}),
            ({'sign': -1}, {'retainage', 'holdback'}),
            ({'scheduled': True}, {'revenue', 'deposit', 'deposit_reversal'}),
            ({'claims': True}, {'revenue', 'deposit', 'sourced', 'down_payment', 'down_payment_use'}),
            ({'expected': 'total'}, {'deposit', 'retainage', 'holdback'}),
            ({'analytic': True}, {'revenue', 'sourced'}),
            ({'section': 'progress_revenue'}, {'revenue', 'sourced'}),
        ):
            with self.subTest(wanted=wanted):
                self.assertEqual(set(items._get_progress_types(**wanted)), names)

    def test_electronic_invoices(self):
        """Deposits are down payments to electronic invoicing, and the final names those it takes off."""
        contract = self.make.contract([1000], self.tax_15)
        deposit = self.billing.bill(contract, '400').invoice_id
        final = self.billing.final(contract)
        income = self.billing.bill(self.make.as_billed([1000]), '400').invoice_id
        self.assertEqual([move._is_downpayment() for move in (deposit, final, income)], [True, False, False])
        reversal = final.invoice_line_ids.filtered(lambda item: item.progress_line_type == 'deposit_reversal')
        self.assertEqual(reversal._get_downpayment_lines(), deposit.invoice_line_ids)
        self.assertFalse((final.invoice_line_ids - reversal)._get_downpayment_lines())

    def test_terms_under_a_description(self):
        """The company's terms are printed where the narration is the bill's text, in the customer's language."""
        move = self.billing.bill(self.make.contract([1000]), '400', post=False).invoice_id
        self.company.invoice_terms = "Pay soon"
        parameters = self.env['ir.config_parameter'].sudo()
        parameters.set_param('account.use_invoice_terms', False)
        self.assertFalse(move._get_progress_terms())
        parameters.set_param('account.use_invoice_terms', True)
        self.assertIn("Pay soon", move._get_progress_terms())

    def test_beside_the_schedule(self):
        """Billed beside the schedule: due with the bill, under a title of its own, refused where it cannot stand."""
        contract = self.make.pro_forma([100, 200])
        contract.line_ids = [Command.create({'display_type': 'line_section', 'name': "House", 'sequence': 1})]
        bill = self.billing.run(contract, 50)
        travel = {'source': 'expense', 'name': "Travel", 'account_id': self.income_account.id, 'tax_ids': []}
        bill._add_sourced_lines(
            [{**travel, 'amount': 30}, {**travel, 'unit_price': 2.505, 'quantity': 4, 'name': "Km"}]
        )
        self.assertRecordValues(bill, [{'amount': 150, 'sourced_amount': 40.02, 'amount_due': 190.02}])
        bill.action_release()
        self.assertEqual(
            bill.invoice_id.invoice_line_ids.sorted('sequence').mapped('name'),
            ["House", "1 Line 1", "2 Line 2", "Further items", "Travel", "Km"],
        )
        self.assertRefused(lambda: bill._add_sourced_lines([{**travel, 'amount': 1}]), "cannot change")
        opening = self.env['progress.bill'].create({'contract_id': self.make.contract([5]).id, 'kind': 'opening'})
        self.assertRefused(
            lambda: opening._add_sourced_lines([{**travel, 'amount': 1}]),
            f"{opening.display_name} takes nothing beside the schedule of values: bill it on a bill of its own.",
        )

    def test_what_a_bill_asks_for(self):
        """One field says it to lists, cards and pages: work, none, or what is beside the schedule alone (PAG-17)."""
        contract = self.make.pro_forma([1000], retainage_percent=10)
        planned, other = self.make.plan(contract, '10%'), self.make.pro_forma([1000])
        other.action_create_down_payment(50)
        paid = other.bill_ids
        work = self.billing.run(contract, 50)
        travel = {'source': 'expense', 'name': "Travel", 'account_id': self.income_account.id, 'tax_ids': []}
        work._add_sourced_lines([{**travel, 'amount': 30}])
        self.billing.to_ledger(work)
        release = self.billing.release(contract, post=False)
        for bill, asked in ((planned, 'work'), (paid, 'beside'), (work, 'work'), (release, 'no_work')):
            with self.subTest(bill=bill.display_name):
                self.assertEqual(bill.asks_for, asked)

    def test_what_is_under_a_product(self):
        """A line beside the schedule takes text, account, taxes and price from its product where it has none."""
        contract = self.make.pro_forma([100])
        account = self.income_account.copy({'code': 'BESIDE', 'name': "Beside"})
        product = self.env['product.product'].create(
            {
                'name': "Crane",
                'type': 'service',
                'taxes_id': [Command.set(self.tax_15.ids)],
                'property_account_income_id': account.id,
            }
        )
        lines = self.env['progress.bill.line']
        for vals, expected in (
            (
                {'amount': 10.005},
                {'name': "Crane", 'account_id': account.id, 'amount': 10.01, 'quantity': 1.0, 'taxes': self.tax_15.ids},
            ),
            ({'unit_price': 3, 'quantity': 2.5}, {'amount': 7.5, 'quantity': 2.5}),
            (
                {'amount': 0, 'name': "Mine", 'account_id': self.income_account.id, 'tax_ids': []},
                {'name': "Mine", 'account_id': self.income_account.id, 'amount': 0, 'taxes': []},
            ),
            ({'amount': -5}, {'amount': -5, 'analytic_distribution': False}),
        ):
            with self.subTest(vals=vals):
                found = lines._prepare_sourced_vals(contract, {'source': 'product', 'product_id': product.id, **vals})
                found['taxes'] = found.pop('tax_ids')[0][2]
                self.assertEqual({name: found[name] for name in expected}, expected)

    def test_posted_is_what_was_billed(self):
        """A draft whose entry no longer says what the bill says is not posted (BIL-13)."""
        bill = self.billing.bill(self.make.contract([1000], self.tax_15), '400', post=False)
        move = bill.invoice_id
        item = move.invoice_line_ids
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET amount_currency = -399 WHERE id = %s", item.ids)
        item.invalidate_recordset()
        self.assertRefused(
            move.action_post,
            f"are not those of its progress bill {bill.display_name} any more. Delete the draft and create it again.",
        )
        self.assertEqual((move.state, fields.Date.to_string(move.invoice_date)), ('draft', '2026-01-31'))
