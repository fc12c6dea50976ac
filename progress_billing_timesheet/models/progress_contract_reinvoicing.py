from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL, formatLang


class ProgressContractReinvoicing(models.Model):
    """What Odoo did not pass on to the customer's order, said before it is forgotten (HRS-10)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _get_reinvoicing_warnings(self):
        """What was not passed on to the orders of these contracts. Extend by ``super()``.

        :return list: sentences
        """
        sentences = []
        # sudo: progress.contract - costs and order lines are told of, whoever bills
        for contract in self.sudo():
            sentences += contract._get_foreign_orders()
        for contract in self.sudo().filtered('project_id.account_id'):  # sudo: as above
            account = contract.project_id.account_id
            items = contract._get_reinvoiceable_items(account)
            sentences += contract._get_lost_costs(account, items)
            sentences += contract._get_refunds(items)
            sentences += contract._get_posted_again()
        return sentences

    def _get_foreign_orders(self):
        """Orders in another currency: what they have to invoice is not on the screen."""
        orders = self._get_orders_to_bill().filtered(lambda order: order.currency_id != self.currency_id)
        left = orders.order_line.filtered(
            lambda line: (
                not line.display_type
                and not line.is_downpayment
                and not line.is_progress_billed
                and line._is_billed_beside(self)
            )
        )
        if not left:
            return []
        return [
            self.env._(
                "Not on this screen, for they are in another currency than %(contract)s (%(currency)s): %(orders)s. "
                "Bill them by Create Invoice on the order.",
                contract=self.display_name,
                currency=self.currency_id.name,
                orders=', '.join(f'{order.display_name} ({order.currency_id.name})' for order in left.order_id),
            )
        ]

    def _get_reinvoiceable_items(self, account):
        """Posted vendor bill and refund lines on the project's account whose products are charged on.

        Of companies that are shown: as superuser no rule says so.

        :param account: ``account.analytic.account`` of the project
        :return: ``account.move.line``
        """
        items = self.env['account.move.line']
        items.flush_model(['analytic_distribution', 'parent_state', 'product_id'])
        column = account.plan_id._column_name()
        self.env['account.analytic.line'].flush_model(['move_line_id', column])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT line.move_line_id FROM account_analytic_line line WHERE %s = %s
                   AND line.move_line_id IS NOT NULL""",
                SQL.identifier('line', column),
                account.id,
            )
        )
        found = items.browse([row[0] for row in rows])
        return found.filtered(
            lambda item: (
                item.parent_state == 'posted'
                and item.company_id in self.env.companies
                and item.move_id.move_type in ('in_invoice', 'in_refund', 'in_receipt')
                and item.product_id.expense_policy not in (False, 'no')
            )
        )

    def _get_lost_costs(self, account, items):
        """Costs to be charged on that came to no order line."""
        lost = items.filtered(lambda item: item.move_id.move_type != 'in_refund' and not item.analytic_line_ids.so_line)
        if not lost:
            return []
        others = self.env['project.project'].search([('account_id', '=', account.id), ('id', '!=', self.project_id.id)])
        values = {'items': self._name_items(lost), 'project': self.project_id.display_name}
        if others:
            return [
                self.env._(
                    "Not charged on: %(items)s. %(project)s shares its analytic account with %(others)s, so that Odoo "
                    "does not know which order to add them to. Add them to the order by hand.",
                    others=', '.join(others.mapped('display_name')),
                    **values,
                )
            ]
        return [
            self.env._(
                "Not charged on: %(items)s. No confirmed order of %(project)s was there when they were posted. Add "
                "them to the order by hand.",
                **values,
            )
        ]

    def _get_refunds(self, items):
        """Vendors' refunds of costs that were charged on: the customer's order keeps what it has."""
        refunds = items.filtered(lambda item: item.move_id.move_type == 'in_refund')
        passed_on = refunds.filtered(
            lambda item: (
                not item.move_id.reversed_entry_id or item.move_id.reversed_entry_id.line_ids.analytic_line_ids.so_line
            )
        )
        if not passed_on:
            return []
        return [
            self.env._(
                "Refunded by the vendor and not given back to the customer: %s. Lower the order, or bill less, by "
                "hand.",
                self._name_items(passed_on),
            )
        ]

    def _get_posted_again(self):
        """Vendor bills that were reset and posted again once their costs had been billed: on a second order line."""
        lines = self.env['sale.order.line'].search(self._get_order_line_domain() & Domain('is_expense', '=', True))
        again = lines.filtered(lambda line: line.qty_to_invoice < 0)
        if not again:
            return []
        return [
            self.env._(
                "Billed, and its vendor bill or expense was reset since: %s. Where that was posted again, the cost is "
                "on a second order line: do not bill it twice.",
                self._name_readable(again, lambda line: f'{line.order_id.name}: {line.name.splitlines()[0]}'),
            )
        ]

    def _name_readable(self, records, name):
        """What the user may read of these records by name, and how many there are beside: names tell of people.

        :param name: function that names one
        """
        seen = records.sudo(False)._filtered_access('read').sudo()  # sudo: what else its name is made of
        texts = [name(record) for record in seen]
        if records - seen:
            texts.append(self.env._("%s that you may not read", len(records - seen)))
        return ', '.join(texts)

    def _name_items(self, items):
        """Costs by their bills, as people know them."""
        texts = []
        for item in items:
            amount = formatLang(self.env, abs(item.balance), currency_obj=item.company_currency_id)
            texts.append(f'{item.move_id.name} {item.product_id.display_name} {amount}')
        return ', '.join(texts)
