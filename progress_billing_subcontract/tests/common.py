from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon


class SubcontractCommon(ProgressBillingCommon):
    """Purchase orders with their subcontracts, and the ledger of the vendors' side."""

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.env.ref('progress_billing.group_subcontract_manager')
            | cls.env.ref('purchase.group_purchase_manager')
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._set_up_progress_vendor_accounts()  # where the company is a prepared one
        cls.advance_account = cls.company.progress_vendor_deposit_account_id
        cls.payable_retainage_account = cls.company.progress_retainage_payable_account_id
        cls.expense_account = cls.company_data['default_account_expense']
        cls.payable_account = cls.company_data['default_account_payable']
        cls.input_tax_account = cls.company_data['default_account_tax_purchase']
        cls.input_tax = cls._make_input_tax("Input 10 %", 10.0)
        cls.vendor = cls.env['res.partner'].create({'name': "Bricklayer", 'is_company': True})
        cls.mason = cls.env['res.partner'].create(
            {'name': "Mia Mason", 'email': 'mia@example.com', 'parent_id': cls.vendor.id}
        )
        cls.works = cls._make_works("Masonry")
        cls.standard_user = cls._make_user('sub_standard', 'progress_billing.group_subcontract_user')
        cls.sub_reader = cls._make_user('sub_reader', 'progress_billing.group_subcontract_readonly')
        cls.sub_manager = cls._make_user('sub_manager', 'progress_billing.group_subcontract_manager')

    @classmethod
    def _make_user(cls, login, groups):
        return new_test_user(cls.env, login=login, groups=groups, company_id=cls.company.id)

    @classmethod
    def _make_input_tax(cls, name, amount, **vals):
        tax = cls.make.tax(name, amount, type_tax_use='purchase', **vals)
        parts = tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids
        parts.filtered(lambda part: part.repartition_type == 'tax').account_id = cls.input_tax_account
        return tax

    @classmethod
    def _make_works(cls, name, **vals):
        return cls.env['product.product'].create(
            {
                'name': name,
                'type': 'service',
                'purchase_method': 'purchase',
                'supplier_taxes_id': False,
                'property_account_expense_id': cls.expense_account.id,
                **vals,
            }
        )

    @classmethod
    def _make_purchase(cls, amounts, taxes=None, *, confirm=True, line_vals=None, **vals):
        """A purchase order with one line of one unit for each amount."""
        order = cls.env['purchase.order'].create(
            {
                'partner_id': cls.vendor.id,
                'company_id': cls.company.id,
                'project_id': cls.project.id,
                'order_line': [
                    Command.create(
                        {
                            'product_id': cls.works.id,
                            'name': f"Works {number}",
                            'product_qty': 1,
                            'price_unit': amount,
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
            order.button_confirm()
        return order

    @classmethod
    def _subcontract(cls, amounts, taxes=None, *, purchase_vals=None, **vals):
        """A subcontract set up from a purchase order, with values set on it before it is billed."""
        order = cls._make_purchase(amounts, taxes, **(purchase_vals or {}))
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        rates = {name: vals.pop(name) for name in ('retainage_percent', 'stored_retainage_percent') if name in vals}
        if vals:
            contract.write(vals)
        if rates:
            contract.action_set_retainage(
                rates.get('retainage_percent', 0.0), rates.get('stored_retainage_percent'), all_lines=True
            )
        return contract

    @classmethod
    def _claim(cls, contract, *amounts, post=False, **vals):
        """A claim in the subcontractor's name: an amount for each schedule line, submitted and approved."""
        before = contract.bill_ids
        lines = contract._get_billable_lines()
        contract.action_create_bill(
            'lines',
            {
                'lines': [
                    {'contract_line_id': line.id, 'amount': amount}
                    for line, amount in zip(lines, amounts, strict=False)
                    if amount
                ],
                **vals,
            },
        )
        bill = contract.bill_ids - before
        bill.action_submit()
        bill.action_approve()
        if post:
            bill.invoice_id.action_post()
        return bill

    # === CHECKS === #

    def assertRetained(self, contract, held, holdback=0.0, msg=None):
        """What is retained from a vendor is a liability: the ledger holds what the contract says."""
        figures = (
            round(contract.retainage_balance, 4),
            -self.books.of_contract(contract, self.payable_retainage_account, types=['retainage']),
        )
        self.assertEqual(figures, (held, held), msg)

    def assertOrder(self, order, quantity, status):
        """Odoo's own figures of the first line of an order, and of the order."""
        self.env.flush_all()
        self.env.invalidate_all()
        line = order.order_line[0]
        figures = (round(line.qty_invoiced, 2), round(line.qty_to_invoice, 2), order.invoice_status)
        self.assertEqual(figures, (quantity, round(line.product_qty - quantity, 2), status))
