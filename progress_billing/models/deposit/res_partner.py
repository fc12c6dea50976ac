from odoo import fields, models
from odoo.exceptions import UserError

from ..contract.progress_tab_mixin import READERS


class ResPartner(models.Model):
    """What a customer has paid down and was not applied on any bill yet."""

    _name = 'res.partner'
    _inherit = 'res.partner'

    progress_down_payment_count = fields.Integer(compute='_compute_progress_down_payments', groups=READERS)
    progress_down_payment_balance = fields.Monetary(
        string="Down Payments Left",
        compute='_compute_progress_down_payments',
        groups=READERS,
        help="Untaxed: down payments of all contracts that are posted and not applied yet, in company currency.",
    )

    def _compute_progress_down_payments(self):
        domain = self._get_progress_down_payment_domain()
        company = self.env.company  # default: a customer is of no company, and the sum is for who looks at it
        totals, counts = {}, {}
        for partner, currency, left, count in self.env['progress.bill']._read_group(
            domain, ['partner_id', 'currency_id'], ['down_payment_left:sum', '__count']
        ):
            customer = partner.commercial_partner_id
            amount = currency._convert(left, company.currency_id, company, fields.Date.context_today(self))
            totals[customer] = totals.get(customer, 0.0) + amount
            counts[customer] = counts.get(customer, 0) + count
        for partner in self:
            partner.progress_down_payment_balance = totals.get(partner.commercial_partner_id, 0.0)
            partner.progress_down_payment_count = counts.get(partner.commercial_partner_id, 0)

    def _get_progress_down_payment_domain(self):
        return [
            ('kind', '=', 'down_payment'),
            ('contract_id.contract_type', '=', 'customer'),
            ('partner_id.commercial_partner_id', 'in', self.commercial_partner_id.ids),
            ('state', '!=', 'cancelled'),
        ]

    def _get_progress_contracts_to_bill(self):
        """Open contracts of these customers that a down payment can be for."""
        return self.env['progress.contract'].search(
            [
                ('contract_type', '=', 'customer'),
                ('partner_id.commercial_partner_id', 'in', self.commercial_partner_id.ids),
                ('state', '=', 'open'),
                ('final_bill_id', '=', False),
            ],
            order='id desc',
        )

    def action_create_down_payment(self, amount, restricted=False, restricted_to=False):
        """Ask a customer with one open contract for a down payment.

        :param float amount: untaxed, in the contract's currency, above 0
        :param bool restricted: apply it on bills of that contract only
        :param str restricted_to: one record of that contract that it is kept for
        :return dict: the action that shows the invoice, or the bill to who may not read invoices
        :raises UserError: where there is no open contract, or more than one
        """
        self.ensure_one()
        contracts = self._get_progress_contracts_to_bill()
        if len(contracts) != 1:
            raise UserError(
                self.env._(
                    "%(customer)s has several open contracts: create the down payment on one of %(contracts)s.",
                    customer=self.display_name,
                    contracts=', '.join(contracts.mapped('display_name')),
                )
                if contracts
                else self.env._("%s has no open contract that a down payment could be for.", self.display_name)
            )
        return contracts.action_create_down_payment(amount, restricted, restricted_to)

    def action_down_payment_wizard(self):
        """Ask for a down payment on one of the customer's contracts.

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_down_payment_wizard')
        contracts = self._get_progress_contracts_to_bill()
        return dict(action, context={'default_partner_id': self.id, 'default_contract_id': contracts[:1].id})

    def action_view_down_payments(self):
        """The down payments of these customers.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_down_payment')
        return dict(action, domain=self._get_progress_down_payment_domain())
