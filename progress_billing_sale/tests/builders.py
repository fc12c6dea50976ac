from odoo import Command


class Orders:
    """Makes sales orders and what Odoo itself bills of them, beside ``make`` of the core's tests."""

    def __init__(self, make):
        self.make, self.env = make, make.env
        self.service = self.product("Building works")

    def product(self, name, **vals):
        return self.env['product.product'].create(
            {
                'name': name,
                'type': 'service',
                'invoice_policy': 'order',
                'taxes_id': False,
                'property_account_income_id': self.make.income_account.id,
                **vals,
            }
        )

    def order(self, amounts, taxes=None, *, confirm=True, line_vals=None, **vals):
        """An order with one line of one unit for each amount."""
        order = self.env['sale.order'].create(
            {
                'partner_id': self.make.customer.id,
                'company_id': self.make.company.id,
                'order_line': [
                    Command.create(
                        {
                            'product_id': self.service.id,
                            'name': f"Works {number}",
                            'product_uom_qty': 1,
                            'price_unit': amount,
                            'technical_price_unit': 0,  # typed, not from the product
                            'tax_ids': [Command.set((taxes or self.env['account.tax']).ids)],
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

    def set_up(self, order, recognition='deposit'):
        """The order's billing contract."""
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        contract.revenue_recognition = recognition
        return contract

    def invoice(self, order, post=True, final=False):
        """Odoo's own invoice."""
        move = order._create_invoices(final=final)
        if post:
            move.action_post()
        return move

    def down_payment(self, order, percent=None, amount=None, post=True):
        """Odoo's own down payment; ``amount`` includes taxes, as Odoo's does."""
        wizard = self.env['sale.advance.payment.inv'].create(
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
