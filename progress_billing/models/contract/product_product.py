from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = 'product.product'

    def _get_progress_unit_price(self, contract):
        """The product's list price as a schedule of values counts it: untaxed, in the contract's currency (CON-5).

        :param contract: gives company, currency and fiscal position
        :return float: unrounded
        """
        self.ensure_one()
        company = contract.company_id or self.env.company  # default before saving
        product = self.with_company(company)
        taxes = product.taxes_id._filter_taxes_by_company(company)
        price = (
            taxes.with_context(round_base=False).compute_all(
                product.lst_price, product.currency_id, 1.0, product=product
            )['total_excluded']
            if taxes
            else product.lst_price
        )
        return product.currency_id._convert(
            price, contract.currency_id or product.currency_id, company, fields.Date.today(), round=False
        )
