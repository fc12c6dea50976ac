from odoo import Command
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestReinvoicing(ProgressTimesheetCommon):
    """What Odoo did not pass on to an order, and what is said of it on the screen (HRS-10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.anglo_saxon_accounting = False
        cls.travel = cls.orders.product("Travel", expense_policy='cost', invoice_policy='delivery')
        cls.paper = cls.orders.product("Paper", expense_policy='no')
        cls.order = cls.orders.order([30000], project_id=cls.project.id)
        cls.contract = cls.orders.set_up(cls.order, 'as_billed')
        cls.contract.action_open()
        cls.vendor = cls.env['res.partner'].create({'name': "Railway"})
        # a project whose order nobody confirmed: what is bought for it comes to no order
        cls.barn = cls.make.project(name="Barn")
        cls.barn_contract = cls.make.as_billed([5000], project=cls.barn)

    @classmethod
    def _buy(cls, project, product=None, amount=80.0, post=True, **vals):
        """A vendor bill of one line on a project's account."""
        move = cls.env['account.move'].create(
            {
                'move_type': 'in_invoice',
                'partner_id': cls.vendor.id,
                'invoice_date': '2026-01-10',
                'invoice_line_ids': [
                    Command.create(
                        {
                            'product_id': (product or cls.travel).id,
                            'name': "Train",
                            'price_unit': amount,
                            'tax_ids': [Command.clear()],
                            'analytic_distribution': {str(project.account_id.id): 100} if project else False,
                        }
                    )
                ],
                **vals,
            }
        )
        if post:
            move.action_post()
        return move

    def _refund(self, move):
        return move._reverse_moves([{'invoice_date': '2026-01-20', 'date': '2026-01-20'}], cancel=True)

    def _said(self, *contracts):
        self.env.flush_all()
        contracts = self.env['progress.contract'].concat(*(contracts or (self.barn_contract,)))
        return contracts._get_reinvoicing_warnings()

    # === LOST === #

    def test_what_is_lost(self):
        """Posted bills and receipts of what is charged on; nothing else is told of."""
        shop = self.make.project(name="Shop")
        for name, act, told in (
            ("bill", lambda: self._buy(self.barn), True),
            ("receipt", lambda: self._buy(self.barn, move_type='in_receipt'), True),
            ("draft", lambda: self._buy(self.barn, post=False), False),
            ("reset", lambda: self._buy(self.barn).button_draft(), False),
            ("not charged on", lambda: self._buy(self.barn, self.paper), False),
            ("another project", lambda: self._buy(shop), False),
            ("no project", lambda: self._buy(None), False),
            ("refund alone", lambda: self._buy(self.barn, move_type='in_refund'), False),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                act()
                lost = [sentence for sentence in self._said() if sentence.startswith("Not charged on: ")]
                self.assertEqual(len(lost), int(told))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_sentence(self):
        """Number, product and amount of each, and why: no order was there, or two projects share an account."""
        first, second = self._buy(self.barn), self._buy(self.barn, amount=1234.5)
        [sentence] = self._said()
        names = [f"{first.name} Travel $\xa080.00", f"{second.name} Travel $\xa01,234.50"]
        self.assertIn(', '.join(names), sentence)
        self.assertIn("No confirmed order of Barn was there", sentence)
        self.make.project(name="Stable", account_id=self.barn.account_id.id)
        [sentence] = self._said()
        self.assertIn(', '.join(names), sentence)
        self.assertIn("Barn shares its analytic account with Stable", sentence)

    def test_passed_on(self):
        """What came to the order is no loss; on the order it is offered."""
        self._buy(self.project)
        self.assertFalse(self._said(self.contract))
        self.assertEqual(self.contract._get_order_lines_to_bill('expense').price_unit, 80)

    def test_several_contracts(self):
        """Each contract's own, in one go; one without a project or account has none."""
        loose = self.make.contract([100], project=self.env['project.project'])
        shop = self.make.project(name="Shop")
        third = self.make.as_billed([5000], project=shop)
        self._buy(self.barn)
        self._buy(shop, amount=30)
        self.assertEqual(len(self._said(self.contract, loose, self.barn_contract, third)), 2)
        self.assertFalse(self._said(self.contract, loose))
        self.assertIn("30.00", self._said(third)[0])
        shop.account_id = False
        self.assertFalse(self._said(third))

    def test_on_the_screen(self):
        """Said for all contracts of a customer at once, to who bills and sees no vendor bills."""
        self._buy(self.barn)
        wizard = self.env(user=self.billing_user)['progress.bill.create'].create({'partner_id': self.customer.id})
        self.assertEqual(wizard.child_ids.sudo().contract_id, self.contract | self.barn_contract)
        self.assertEqual(wizard.warning_text.count("Not charged on"), 1)
        self.assertEqual([bool(child.warning_text) for child in wizard.child_ids.sorted('id')], [False, True])

    # === REFUNDED === #

    def test_refunds(self):
        """Told where the cost was charged on, or nobody knows; not where it was never charged on."""
        for name, project, act, said in (
            (
                "charged on",
                self.project,
                lambda move: self._refund(move),
                ["Refunded by the vendor and not given back to the customer"],
            ),
            ("not charged on", self.barn, lambda move: self._refund(move), ["Not charged on"]),
            (
                "of nothing",
                self.project,
                lambda move: self._buy(self.project, move_type='in_refund'),
                ["Refunded by the vendor and not given back to the customer"],
            ),
            ("draft", self.project, lambda move: move._reverse_moves([{}]), []),
            (
                "not charged on at all",
                self.project,
                lambda move: self._buy(self.project, self.paper, move_type='in_refund'),
                [],
            ),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                act(self._buy(project))
                found = self._said(self.contract if project == self.project else self.barn_contract)
                self.assertEqual([sentence.split(':')[0] for sentence in found], said)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_refund_names_it(self):
        refund = self._refund(self._buy(self.project))
        [sentence] = self._said(self.contract)
        self.assertIn(f"{refund.name} Travel $\xa080.00", sentence)
        self.assertIn("Lower the order, or bill less, by hand", sentence)

    # === POSTED AGAIN === #

    def test_posted_again(self):
        """Once it is billed and reset, posting again makes a second line; told until that is put right."""
        bill = self._buy(self.project)
        line = self.order.order_line.filtered('is_expense')
        billed = self._create_bill(self.contract, None, 0, expense_line_ids=[Command.set(line.ids)])
        self.assertFalse(self._said(self.contract))
        bill.button_draft()
        [sentence] = self._said(self.contract)
        self.assertIn(f"{self.order.name}: Train", sentence)
        self.assertIn("do not bill it twice", sentence)
        billed.invoice_id.unlink()
        self.assertFalse(self._said(self.contract), "given back")

    # === OTHER COMPANIES === #

    def test_companies_that_are_not_shown(self):
        """What another company bought on a shared account is told to who works in it."""
        other = self.setup_other_company(name="Other Builders")['company']
        account = self.barn.account_id
        account.company_id = False
        move = (
            self.env['account.move']
            .with_company(other)
            .create(
                {
                    'move_type': 'in_invoice',
                    'partner_id': self.vendor.id,
                    'invoice_date': '2026-01-10',
                    'invoice_line_ids': [
                        Command.create(
                            {
                                'product_id': self.travel.id,
                                'price_unit': 55,
                                'tax_ids': [Command.clear()],
                                'analytic_distribution': {str(account.id): 100},
                            }
                        )
                    ],
                }
            )
        )
        move.action_post()
        here = self.barn_contract.with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(here._get_reinvoicing_warnings())
        both = self.barn_contract.with_context(allowed_company_ids=(self.company | other).ids)
        self.assertIn("55.00", both._get_reinvoicing_warnings()[0])
