import functools

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestChangeOrderFields(ProgressBillingCommon):
    """An order from draft to approved and back: what it is called, what it adds, what it leaves alone (CON-9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([1000, 500], cls.tax_15)
        cls.first, cls.second = cls.contract.line_ids
        cls.product = cls.env['product.product'].create(
            {'name': "Window", 'type': 'service', 'lst_price': 80.0, 'taxes_id': [Command.set(cls.tax_15.ids)]}
        )

    def _draft(self, *lines, contract=None, **vals):
        change = self.make.change(contract or self.contract, *lines, approve=False)
        change.write(vals)
        return change

    # === THE ORDER === #

    def test_number_and_amount(self):
        """Numbers are drawn; the amount is additions less deductions, nothing while there are no lines."""
        first, second = self._draft(), self._draft({'name': "x", 'amount': 200}, {'name': "y", 'amount': -50.01})
        self.assertNotEqual(first.name, second.name)
        self.assertNotIn('/', (first.name, second.name))
        self.assertEqual((first.amount, second.amount), (0, 149.99))
        self.assertEqual((second.currency_id, second.company_id), (self.contract.currency_id, self.company))
        self.assertRefused(lambda: first.write({'name': "CO/0"}), regex="cannot be set")

    def test_states(self):
        """Each button does its step and no other, and shows the contract."""
        change = self._draft({'name': "More", 'amount': 50})
        for method, state, revised in (
            ('action_draft', 'draft', 1500),
            ('action_approve', 'approved', 1550),
            ('action_approve', 'approved', 1550),
            ('action_draft', 'approved', 1550),
            ('action_cancel', 'cancelled', 1500),
            ('action_cancel', 'cancelled', 1500),
            ('action_approve', 'cancelled', 1500),
            ('action_draft', 'draft', 1500),
            ('action_cancel', 'cancelled', 1500),
            ('action_draft', 'draft', 1500),
            ('action_approve_with_credit', 'approved', 1550),
        ):
            action = getattr(change, method)()
            self.assertEqual((action['res_model'], action['res_id']), ('progress.contract', self.contract.id))
            self.assertEqual((change.state, self.contract.revised_amount), (state, revised), method)
        self.assertEqual(len(self.contract.line_ids), 3)

    def test_who_approved(self):
        change = self._draft({'name': "More", 'amount': 50}).with_user(self.billing_user)
        change.action_approve()
        self.assertRecordValues(
            change,
            [{'approved_by_id': self.billing_user.id, 'approved_by_partner_id': self.billing_user.partner_id.id}],
        )
        self.assertTrue(change.approved_on)
        copy = change.copy()
        self.assertRecordValues(copy, [{'state': 'draft', 'approved_by_id': False, 'approved_on': False, 'amount': 50}])
        self.assertEqual((copy.line_ids.is_new_line, change.line_ids.is_new_line), (False, True))

    def test_delete(self):
        """Drafts and cancelled orders are deleted, approved ones are cancelled before."""
        change = self._draft({'contract_line_id': self.first.id, 'amount': 50})
        self._draft({'name': "x", 'amount': 5}).unlink()
        change.action_approve()
        self.assertRefused(
            change.unlink, f"Change order {change.display_name} is approved. Cancel it before you delete it."
        )
        change.action_cancel()
        change.unlink()
        self.assertEqual(self.contract.revised_amount, 1500)

    def test_approved_stays(self):
        """Worth and target of an approved line stay; words may be mended."""
        change = self.make.change(self.contract, {'contract_line_id': self.first.id, 'amount': 50})
        line = change.line_ids
        sentence = f"Change order {change.display_name} is approved and cannot change. Cancel it, or add another one."
        for act in (
            lambda: line.write({'amount': 60}),
            lambda: line.write({'quantity': 2}),
            lambda: line.write({'unit_price': 2}),
            lambda: line.write({'contract_line_id': self.second.id}),
            line.unlink,
            lambda: change.write({'line_ids': [Command.create({'name': "x", 'amount': 5})]}),
        ):
            self.assertRefused(act, sentence)
        line.name = "As agreed on site"
        change.description = "Phone call"
        self.assertEqual((change.amount, self.first.revised_amount), (50, 1050))

    def test_ended_contracts(self):
        """While a final invoice exists, and on a cancelled contract, the worth stays (CON-10)."""
        for end in ('final', 'cancelled'):
            contract = self.make.as_billed([1000])
            draft, approved = self._draft({'name': "x", 'amount': 5}, contract=contract), self.make.extra(contract, 7)
            if end == 'final':
                self.billing.final(contract, post=False)
            else:
                contract.action_cancel()
            for change, act in ((draft, draft.action_approve), (approved, approved.action_cancel)):
                with self.subTest(end=end, change=change.state):
                    self.assertRefused(
                        act,
                        f"Change order {change.display_name}: {contract.name} has a final invoice, or is cancelled. "
                        "Its worth cannot change any more.",
                    )
            self.assertEqual((draft.state, approved.state, contract.revised_amount), ('draft', 'approved', 1007))
            approved.action_approve()  # it is: nothing to do
        self.assertRefused(self._draft().action_approve, regex=r"Change order CO.* has no lines\. Add what changes\.")

    # === ITS LINES === #

    def test_from_a_schedule_line(self):
        """Name, base and price are those of the schedule line; what was typed stays."""
        by_quantity = self.make.by_quantity(10, 12.5)
        scheduled = by_quantity.line_ids
        scheduled.name = "Windows"
        for vals, expected in (
            ({'quantity': 2}, {'name': "Windows", 'billing_base': 'quantity', 'unit_price': 12.5, 'amount': 25}),
            ({'quantity': -1, 'name': "Less"}, {'name': "Less", 'amount': -12.5}),
            ({}, {'amount': 0, 'quantity': 0}),
        ):
            with self.subTest(vals=vals):
                change = self._draft({'contract_line_id': scheduled.id, **vals}, contract=by_quantity)
                self.assertRecordValues(change.line_ids, [expected])
        change = self._draft({'contract_line_id': self.first.id, 'amount': 12.345})
        self.assertRecordValues(change.line_ids, [{'name': "Line 1", 'billing_base': 'amount', 'amount': 12.35}])

    def test_amount_by_quantity(self):
        """What is billed by quantity changes by quantity: an amount of its own would change nothing when approved."""
        scheduled = self.make.by_quantity(10, 12.5).line_ids
        for vals in ({'amount': -50}, {'quantity': -1, 'amount': -50}):
            with self.subTest(vals=vals):
                vals = {'contract_line_id': scheduled.id, **vals}
                act = functools.partial(self._draft, vals, contract=scheduled.contract_id)
                self.assertRefused(act, "is billed by quantity")
        change = self._draft({'contract_line_id': scheduled.id, 'quantity': -4}, contract=scheduled.contract_id)
        self.assertRefused(lambda: change.line_ids.write({'amount': 5}), "is billed by quantity")
        change.action_approve()
        self.assertEqual((change.amount, scheduled.revised_amount), (-50, 75))

    def test_taxes_of_a_typed_line(self):
        """A new line typed into an order starts with the taxes that a line typed into the schedule starts with."""
        self.company.account_sale_tax_id = self.tax_15
        self.assertEqual(self.contract.default_tax_ids, self.tax_15)
        form = Form(self.env['progress.contract.change'].with_context(default_contract_id=self.contract.id))
        with form.line_ids.new() as line:
            line.name, line.amount = "Garage", 300
        change = form.save()
        self.assertEqual(change.line_ids.tax_ids, self.tax_15)
        change.action_approve()
        self.assertEqual(change.line_ids.contract_line_id.tax_ids, self.tax_15)

    def test_from_a_product(self):
        """A new line of a product: its name, its price untaxed, its taxes mapped."""
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        exempt = self.make.tax(
            "Exempt",
            0.0,
            fiscal_position_ids=[Command.set(export.ids)],
            original_tax_ids=[Command.set(self.tax_15.ids)],
        )
        change = self._draft({'product_id': self.product.id, 'billing_base': 'quantity', 'quantity': 3})
        self.assertRecordValues(
            change.line_ids, [{'name': "Window", 'unit_price': 80, 'amount': 240, 'tax_ids': self.tax_15.ids}]
        )
        self.contract.fiscal_position_id = export
        change = self._draft({'product_id': self.product.id, 'name': "Own", 'unit_price': 7})
        self.assertRecordValues(change.line_ids, [{'name': "Own", 'unit_price': 7, 'amount': 0, 'tax_ids': exempt.ids}])
        plain = self._draft({'name': "Plain", 'amount': 5, 'tax_ids': [Command.set(self.tax_15.ids)]})
        self.assertEqual(plain.line_ids.tax_ids, self.tax_15)

    def test_new_lines(self):
        """Approved, a new line stands at the end of the schedule, worth just what the order says."""
        self.second.sequence = 40
        change = self.make.change(
            self.contract,
            {'name': "Garage", 'item_number': "3", 'amount': 300, 'unit_price': 9, 'tax_ids': [Command.set([])]},
            {'product_id': self.product.id, 'billing_base': 'quantity', 'quantity': 2},
        )
        garage, windows = change.line_ids.contract_line_id
        self.assertRecordValues(
            garage | windows,
            [
                {
                    'name': "Garage",
                    'display_name': "3 Garage",
                    'billing_base': 'amount',
                    'unit_price': 0,
                    'original_amount': 0,
                    'change_amount': 300,
                    'revised_amount': 300,
                    'tax_ids': [],
                },
                {
                    'name': "Window",
                    'display_name': "Window",
                    'billing_base': 'quantity',
                    'unit_price': 80,
                    'original_amount': 0,
                    'change_amount': 160,
                    'revised_amount': 160,
                    'tax_ids': self.tax_15.ids,
                },
            ],
        )
        self.assertRecordValues(windows, [{'original_quantity': 0, 'change_quantity': 2, 'revised_quantity': 2}])
        self.assertEqual(self.contract.line_ids[-2:], garage | windows)
        self.assertGreater(min((garage | windows).mapped('sequence')), 40)
        change.action_cancel()
        self.assertEqual((garage | windows).mapped('revised_amount'), [0, 0])

    def test_section_of_an_order(self):
        """Where the schedule has sections, an order that adds lines has one of its own, once."""
        self.contract.line_ids = [Command.create({'display_type': 'line_section', 'name': "House", 'sequence': 1})]
        orders = self._draft({'name': "Garage", 'amount': 300}, description="Request of 3 May")
        orders |= self._draft({'contract_line_id': self.first.id, 'amount': 10})
        orders |= self._draft({'name': "Fence", 'amount': 20})
        orders.action_approve()
        self.assertEqual(
            [(line.display_type, line.name) for line in self.contract.line_ids.sorted(lambda line: line.id)[3:]],
            [
                ('line_section', f"Change order {orders[0].name}: Request of 3 May"),
                ('line_section', f"Change order {orders[2].name}"),
                (False, "Garage"),
                (False, "Fence"),
            ],
        )
        orders.action_cancel()
        orders.action_draft()
        orders.action_approve()
        self.assertEqual(len(self.contract.line_ids), 7)
        plain = self.make.as_billed([10])
        self.make.change(plain, {'name': "Garage", 'amount': 5})
        self.assertFalse(plain.line_ids.filtered('display_type'))

    def test_what_a_line_needs(self):
        """A schedule line of this contract that carries amounts, or a description."""
        other = self.make.as_billed([5])
        section = self.env['progress.contract.line'].create(
            {'contract_id': self.contract.id, 'display_type': 'line_section', 'name': "House"}
        )
        for scheduled in (other.line_ids, section):
            self.assertRefused(
                lambda scheduled=scheduled: self._draft({'contract_line_id': scheduled.id, 'amount': 5}),
                f"{scheduled.display_name} is no schedule line of {self.contract.name}.",
                error=ValidationError,
            )
        for name in ('', ' ', False):
            self.assertRefused(
                lambda name=name: self._draft({'name': name, 'amount': 5}),
                "A new line of change order",
                "needs a description.",
                error=ValidationError,
            )

    # === BILLED === #

    def test_most_that_can_be_taken(self):
        """The refusal of a deduction says how much is billed and how much can go (CON-10)."""
        self.billing.bill(self.contract, '1200')  # 800 and 400
        for amounts in ((-200.01,), (-1000,), (-1100,), (-600, -600), (50, -300)):
            with self.subTest(amounts=amounts):
                change = self._draft(*({'contract_line_id': self.first.id, 'amount': amount} for amount in amounts))
                message = self.assertRefused(
                    change.action_approve,
                    "Invoice amount cannot exceed WIP available to bill.",
                    f"{change.display_name} takes 1 Line 1 below the",
                    "800.00 billed on it: at most",
                    "Take less away, or approve it with the credit.",
                )
                self.assertIn("$\xa0-200.00. Take", message)
        self.company.progress_overbilling_policy = 'warn'
        change.action_approve()
        self.assertEqual((change.state, self.first.revised_amount), ('approved', 750))

    def test_credit_waits_for_drafts(self):
        """Approve and Credit: a draft on the line may still change, so it is posted or deleted before (CON-11)."""
        bill = self.billing.bill(self.contract, '1200', post=False)
        change = self._draft({'contract_line_id': self.first.id, 'amount': -500})
        self.assertRefused(
            change.action_approve_with_credit,
            f"{change.display_name}: post or delete these drafts before a credit: {bill.display_name}.",
        )
        self.assertEqual((change.state, self.first.revised_amount), ('draft', 1000))
        fits = self._draft({'contract_line_id': self.first.id, 'amount': -200})
        fits.action_approve_with_credit()
        self.assertFalse(fits.credit_bill_ids)
        bill.invoice_id.action_post()
        change.action_approve_with_credit()
        credit = change.credit_bill_ids
        self.assertRecordValues(
            credit,
            [{'amount': -500, 'title': f"Credit of change order {change.name}", 'partner_id': self.customer.id}],
        )
        self.assertEqual((credit.invoice_id.move_type, self.first.revised_amount), ('out_refund', 300))

    def test_billed_on_it(self):
        """What an order adds is billed last, and a deduction is never billed (CON-12)."""
        more, less = self.make.extra(self.contract, 200), self.make.extra(self.contract, -100)
        later = self.make.extra(self.contract, 50)
        for percent, billed in ((0, (0, 0, 0)), (78, (0, 0, 0)), (90, (135, 0, 0)), (100, (200, 0, 50))):
            if percent:
                self.billing.draw(self.contract, percent)
            self.env.invalidate_all()
            with self.subTest(percent=percent):
                orders = more | less | later
                self.assertEqual(tuple(orders.mapped('billed_amount')), billed)
                self.assertEqual(more.left_amount, 200 - billed[0])
        self.assertEqual((len(more.bill_ids), len(less.bill_ids), len(later.bill_ids)), (2, 0, 1))
        with self.assertRaisesRegex(UserError, "would be billed of"):
            later.action_cancel()
