from odoo.tests import new_test_user

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon

from .builders import Orders


class ProgressSaleCommon(ProgressBillingCommon):
    """``orders`` makes orders; and Odoo's own figures of them and their contracts."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('sales_team.group_sale_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.orders = Orders(cls.make)
        cls.service = cls.orders.service
        cls.salesman = new_test_user(
            cls.env,
            login='order_salesman',
            groups='sales_team.group_sale_salesman_all_leads',
            company_id=cls.company.id,
        )

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
