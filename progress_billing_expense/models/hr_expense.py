from odoo import models
from odoo.exceptions import UserError

#: what has come to an order, if it ever does
POSTED = ('posted', 'in_payment', 'paid')


class HrExpense(models.Model):
    """What an employee spent, charged on to an order, and billed beside a fixed fee."""

    _inherit = 'hr.expense'

    def action_progress_bill(self):
        """Actions > Progress Bill on expenses: the screen for the contracts of their orders, with these ticked.

        :return dict: the screen
        :raises UserError: naming an expense that cannot be billed, and why
        """
        self.check_access('read')
        # sudo: sale.order.line - whether something is left to bill; the screen asks for the rights to see it
        for expense in self.sudo():
            expense._check_can_progress_bill()
        return self.sudo().sale_order_line_id.with_env(self.env).action_progress_bill()  # sudo: as above

    def _check_can_progress_bill(self):
        """:raises UserError: where an expense is on no order, or has been billed (HRS-14)"""
        self.ensure_one()
        names = {'expense': self.name, 'employee': self.employee_id.name}
        line = self.sale_order_line_id
        if self.state not in POSTED:
            raise UserError(
                self.env._(
                    "“%(expense)s” of %(employee)s is not posted: it comes to the customer's order when it is.", **names
                )
            )
        if not line:
            raise UserError(
                self.env._(
                    "“%(expense)s” of %(employee)s is on no customer's order. It needs a category that is re-invoiced "
                    "and a Customer to Reinvoice when it is posted.",
                    **names,
                )
            )
        if line.qty_to_invoice <= 0:
            bill, order = line.progress_entry_ids.filtered('is_live').bill_id[:1], line.order_id.display_name
            if not bill and not line.qty_invoiced:
                raise UserError(
                    self.env._(
                        "“%(expense)s” of %(employee)s is on %(order)s, which has nothing to invoice of it.",
                        order=order,
                        **names,
                    )
                )
            raise UserError(
                self.env._(
                    "“%(expense)s” of %(employee)s has been billed on %(bill)s already.",
                    bill=bill._get_billed_name() if bill else order,
                    **names,
                )
            )
