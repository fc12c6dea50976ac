from odoo.tools import format_date, formatLang


class OrderPlan:
    """The billing plan of an order as its customer reads it: what was agreed, and once billed what was billed.

    :param order: ``sale.order``, in the reader's language
    """

    def __init__(self, order):
        self.order, self.env, self.currency = order, order.env, order.currency_id
        # sudo: progress.contract, progress.bill - what was billed of an order, for whoever may read the order
        contract = order.sudo().progress_contract_id
        self.contract = contract.filtered(lambda contract: contract.state != 'cancelled')

    def get_rows(self):
        """The instalments; what they leave comes with the final invoice.

        :return list: dicts with ``title``, ``due``, ``percent`` (a text, may be empty) and ``amount`` (untaxed)
        """
        plans = self.order.progress_plan_ids
        bills = plans.sudo().bill_id  # sudo: as above
        if self.contract and bills:
            rows, worth = self._get_billed_rows(plans), self._get_worth()
        else:
            rows, worth = [self._prepare_row(plan, plan.amount) for plan in plans], self.order.amount_untaxed
        rest = self.currency.round(worth - sum(row['amount'] for row in rows))
        if not self.currency.is_zero(rest):
            share = 100.0 * rest / worth if worth and bills else 100.0 - sum(plans.mapped('percent'))
            rows.append(
                {
                    'title': self.env._("Final invoice"),
                    'due': self.env._("On completion"),
                    'percent': self._show_percent(share),
                    'amount': rest,
                }
            )
        return rows

    def _get_worth(self):
        """What the contract bills of the order: without changes that nobody approved yet."""
        lines = self.contract.line_ids.filtered(lambda line: line.sale_line_id.order_id == self.order)
        return sum(lines.mapped('revised_amount')) if self._is_shared() else self.contract.revised_amount

    def _is_shared(self):
        """Whether other orders are billed on the contract too: then its bills are not of this order alone."""
        return self.contract.sale_order_ids != self.order.sudo()  # sudo: as above

    def _get_billed_rows(self, plans):
        """Instalments as their records say, in the plan's order, and what was billed beside them."""
        rows = []
        for plan in plans.sudo():  # sudo: as above
            bill = plan.bill_id
            if bill.bucket:
                rows.append(self._prepare_row(plan, bill.invoiced_amount, bill))
            elif bill.state == 'planned':
                rows.append(self._prepare_row(plan, bill.planned_amount))
        others = self.contract._get_live_bills() - plans.sudo().bill_id  # sudo: as above
        for bill in others if not self._is_shared() else ():
            if not self.currency.is_zero(bill.invoiced_amount):
                title = self.env._("Final invoice") if bill.kind == 'final' else bill.title or bill.name or ''
                rows.append(
                    {'title': title, 'due': self._get_billed_text(bill), 'percent': '', 'amount': bill.invoiced_amount}
                )
        return rows

    def _prepare_row(self, plan, amount, bill=None):
        due = self._get_billed_text(bill) if bill else plan._get_due_text()
        return {'title': plan.title, 'due': due, 'percent': self._show_percent(plan.percent), 'amount': amount}

    def _get_billed_text(self, bill):
        """When a bill was made."""
        if not bill.date:
            return self.env._("Billed")
        return self.env._("Billed on %(date)s", date=format_date(self.env, bill.date))

    def _show_percent(self, percent):
        return formatLang(self.env, percent, digits=0 if round(percent, 4).is_integer() else 2)
