from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon


class ProgressSaleCommon(ProgressBillingCommon):
    """Orders with their contracts, and Odoo's own figures of both."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('sales_team.group_sale_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls._make_product("Building works")
        cls.salesman = new_test_user(
            cls.env,
            login='order_salesman',
            groups='sales_team.group_sale_salesman_all_leads',
            company_id=cls.company.id,
        )

    # === FIXTURES === #

    @classmethod
    def _make_product(cls, name, **vals):
        return cls.env['product.product'].create(
            {
                'name': name,
                'type': 'service',
                'invoice_policy': 'order',
                'taxes_id': False,
                'property_account_income_id': cls.income_account.id,
                **vals,
            }
        )

    @classmethod
    def _make_order(cls, amounts, taxes=None, *, confirm=True, line_vals=None, **vals):
        """An order with one line of one unit for each amount."""
        order = cls.env['sale.order'].create(
            {
                'partner_id': cls.customer.id,
                'company_id': cls.company.id,
                'order_line': [
                    Command.create(
                        {
                            'product_id': cls.service.id,
                            'name': f"Works {number}",
                            'product_uom_qty': 1,
                            'price_unit': amount,
                            'technical_price_unit': 0,  # typed, not from the product
                            'tax_ids': [Command.set((taxes or cls.env['account.tax']).ids)],
                            **(line_vals or {}),
                        }
                    )
                    for number, amount in enumerate(amounts, 1)
                ],
                **vals,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _set_up(cls, order, recognition='deposit'):
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        contract.revenue_recognition = recognition
        return contract

    @classmethod
    def _native_invoice(cls, order, post=True, final=False):
        move = order._create_invoices(final=final)
        if post:
            move.action_post()
        return move

    @classmethod
    def _down_payment(cls, order, percent=None, amount=None, post=True):
        """Odoo's own down payment; ``amount`` includes taxes, as Odoo's does."""
        wizard = cls.env['sale.advance.payment.inv'].create(
            {
                'sale_order_ids': [Command.set(order.ids)],
                'advance_payment_method': 'percentage' if percent else 'fixed',
                **({'amount': percent} if percent else {'fixed_amount': amount}),
            }
        )
        move = wizard._create_invoices(order)
        if post:
            move.action_post()
        return move

    # === CHECKS === #

    def assertFigures(self, order, invoiced, to_invoice, status, count=None):
        """Odoo's own figures of an order, taxes included, and that its lines add up to them."""
        self.env.flush_all()
        self.env.invalidate_all()
        figures = (round(order.amount_invoiced, 6), round(order.amount_to_invoice, 6), order.invoice_status)
        self.assertEqual(figures, (invoiced, to_invoice, status))
        if count is not None:
            self.assertEqual(order.invoice_count, count)

    def assertLineFigures(self, line, qty, qty_to, untaxed, untaxed_to):
        """Odoo's own figures of an order line, untaxed."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertRecordValues(
            line,
            [
                {
                    'qty_invoiced': qty,
                    'qty_to_invoice': qty_to,
                    'untaxed_amount_invoiced': untaxed,
                    'untaxed_amount_to_invoice': untaxed_to,
                }
            ],
        )
