from collections import defaultdict
from functools import partial

from odoo import Command, api, models
from odoo.tools import float_round
from odoo.tools.float_utils import float_invert

from ...tools.taxes import PERCENTAGE

#: what the taxes of a mere percentage come from: as long as nobody extends these, they are computed in one pass
PLAIN_METHODS = (
    '_add_tax_details_in_base_line',
    '_add_tax_details_in_base_lines',
    '_distribute_delta_amount_smoothly',
    '_eval_tax_amount_price_excluded',
    '_get_tax_details',
    '_round_base_lines_tax_details',
    '_round_tax_details_base_lines',
    '_round_tax_details_tax_amounts',
)
#: how far from a whole unit an amount may be for nobody to doubt which one it is rounded to
SURELY_ROUNDED = 0.49
ODOO_ENGINE = ('odoo.addons.account.models.account_tax',)


class ProgressTaxEngine(models.AbstractModel):
    """Odoo's own tax engine, called the way progress billing needs it.

    Amounts of a schedule of values are untaxed, whatever the taxes say about prices. Taxes are
    cumulative: a bill takes what the tax of all bills so far comes to, less what the earlier
    ones took (TAX-1), and what was computed is frozen on the invoice line so that a later
    look at the same line gives the same cents (TAX-2).
    """

    _name = 'progress.tax.engine'
    _description = "Progress Billing Tax Engine"

    def _base_line(self, contract, amount, taxes, quantity=0.0, **values):
        """A base line of Odoo's tax engine for an untaxed amount of the contract.

        :param contract: gives company and currency
        :param float amount: untaxed, in the contract's currency
        :param taxes: ``account.tax`` to apply
        :param float quantity: true units of a line billed by quantity, for taxes that count units;
            0 for a line billed by amount, which counts as one unit however often it is billed
        :param values: further base line values (``_key``, ``_bill_line``…); ``_worth`` is ``(untaxed, taxed)`` of
            what the amount is a part of, where that was agreed with tax: the tax is then that part of its tax
        """
        return self._base_lines(contract, [{'amount': amount, 'taxes': taxes, 'quantity': quantity, **values}])[0]

    def _base_lines(self, contract, entries):
        """Base lines of one contract, however many.

        :param list entries: dicts of the arguments of :meth:`_base_line`, without the contract
        """
        blank = self.env['account.tax']._prepare_base_line_for_taxes_computation(
            None, currency_id=contract.currency_id, special_mode='total_excluded'
        )
        lines = []
        for entry in entries:
            amount, quantity = entry['amount'], entry.get('quantity') or 0.0
            lines.append(
                {
                    **blank,
                    **entry,
                    'price_unit': amount / (quantity or 1.0),
                    'quantity': quantity or 1.0,
                    'tax_ids': entry['taxes'],
                    '_net': amount,
                    '_by_quantity': bool(quantity),
                }
            )
        return lines

    def _compute_taxes(self, base_lines, company):
        """Add rounded tax details to the base lines, as an invoice of just these lines would have them."""
        taxes = self.env['account.tax']
        if company.tax_calculation_rounding_method == 'round_globally' and self._are_plain_taxes(base_lines):
            self._compute_plain_taxes(base_lines)
        else:
            taxes._add_tax_details_in_base_lines(base_lines, company)
            taxes._round_base_lines_tax_details(base_lines, company)
        for line in base_lines:
            if line.get('_worth'):
                self._take_part_of_tax(line)
        return base_lines

    @api.model
    def _get_worths(self, base_lines, company, currency, *, taxed=False):
        """What each line of an order is worth, to the cent: together they add up to the order's own total.

        Where the company rounds taxes over the document, a cent that its lines differ by is on one of them.

        :param list base_lines: of all lines of one order
        :param bool taxed: with taxes
        :return dict: amounts by order line
        """
        taxes = self.env['account.tax']
        taxes._add_tax_details_in_base_lines(base_lines, company)
        taxes._round_base_lines_tax_details(base_lines, company)
        worths = {}
        for base_line in base_lines:
            details = base_line['tax_details']
            worth = details['total_excluded_currency'] + details['delta_total_excluded_currency']
            if taxed:
                worth += sum(data['tax_amount_currency'] for data in details['taxes_data'])
            worths[base_line['record']] = currency.round(worth)
        return worths

    def _are_plain_taxes(self, base_lines):
        """Whether these are mere percentages of amounts without tax, and nobody has changed how Odoo computes those."""
        taxes = self.env['account.tax'].concat(*{line['tax_ids']._ids: line['tax_ids'] for line in base_lines}.values())
        methods = (getattr(type(taxes), name) for name in PLAIN_METHODS)
        return all(method.__module__ in ODOO_ENGINE for method in methods) and all(
            tax.amount_type == PERCENTAGE
            and not (tax.price_include or tax.include_base_amount or tax.has_negative_factor)
            for tax in taxes
        )

    def _compute_plain_taxes(self, base_lines):
        """What Odoo's engine comes to for mere percentages rounded over the whole document, in one pass.

        Each line's tax is rounded, and what the rounded sum differs by goes to the largest lines, as Odoo does it;
        only the contract's currency is needed, as a bill keeps no other.
        """
        if not base_lines:
            return
        flat, entries, currency = {}, {}, base_lines[0]['currency_id']
        rounded_to = self._get_rounding(currency)
        for line in base_lines:
            taxes = line['tax_ids']
            if taxes._ids not in flat:
                found = taxes._flatten_taxes_and_sort_them()[0]
                flat[taxes._ids] = [(tax, tax.amount, entries.setdefault(tax, [])) for tax in found]
            raw = line['quantity'] * line['price_unit']
            net, datas = rounded_to(raw), []
            for tax, rate, alike in flat[taxes._ids]:
                amount = raw * rate / 100.0
                data = {
                    'tax': tax,
                    'is_reverse_charge': False,
                    'base_amount_currency': net,
                    'tax_amount_currency': rounded_to(amount),
                    'raw_tax_amount_currency': amount,
                }
                datas.append(data)
                alike.append(data)
            line['tax_details'] = {
                'total_excluded_currency': net,
                'delta_total_excluded_currency': 0.0,
                'taxes_data': datas,
            }
        for datas in entries.values():
            rounded = sum(data['tax_amount_currency'] for data in datas)
            delta = currency.round(sum(data['raw_tax_amount_currency'] for data in datas)) - rounded
            if not currency.is_zero(delta):
                factors = [{'factor': data['raw_tax_amount_currency']} for data in datas]
                shares = self.env['account.tax']._distribute_delta_amount_smoothly(
                    currency.decimal_places, delta, factors
                )
                for data, share in zip(datas, shares, strict=True):
                    data['tax_amount_currency'] += share

    @api.model
    def _get_rounding(self, currency):
        """How amounts of a currency are rounded, for many of them: Odoo is asked where half a unit is near.

        :return: a function of a float
        """
        careful = partial(float_round, precision_rounding=currency.rounding)
        if currency.rounding >= 1:
            return careful
        units = float_invert(currency.rounding)

        def rounded_to(amount):
            scaled = amount * units
            nearest = round(scaled)
            return nearest / units if abs(scaled - nearest) < SURELY_ROUNDED else careful(amount)

        return rounded_to

    def _take_part_of_tax(self, line):
        """Give a computed base line its part of the tax of what it is a part of, to the cent."""
        currency, (untaxed, taxed) = line['currency_id'], line['_worth']
        datas = [data for data in line['tax_details']['taxes_data'] if not data['is_reverse_charge']]
        if datas:
            part = currency.round((taxed - untaxed) * line['_net'] / untaxed)
            now = sum(data['tax_amount_currency'] for data in datas)
            self._distribute_tax_delta(currency, datas, currency.round(part - now))

    def _apply_cumulative_taxes(self, base_lines, earlier, company):
        """Turn the taxes of this bill's base lines into *cumulative less previous*.

        :param base_lines: computed base lines of one bill, each with ``_key``, its schedule line
        :param list earlier: ``(key, taxes, {tax id: (rate, base, tax amount)}, quantity, worth)`` that earlier bills
            of the contract took, a schedule line may appear more than once; ``worth`` as in :meth:`_base_line`
        """
        if not (earlier and base_lines):
            return
        per_line = company.tax_calculation_rounding_method == 'round_per_line'

        def group(key, tax):
            """What is rounded together: a tax of each line's key, or a tax over the whole document."""
            return (key, tax.id) if per_line else tax.id

        bases, taken = self._sum_earlier(base_lines, earlier, group)
        cumulative = self._sum_taxes(self._compute_taxes(list(bases.values()), company), group)
        entries = defaultdict(list)
        for line in base_lines:
            for data in line['tax_details']['taxes_data']:
                if not data['is_reverse_charge']:
                    entries[group(line['_key'], data['tax'])].append(data)
        currency = base_lines[0]['currency_id']
        for key, datas in entries.items():
            if key not in taken:
                continue
            now = sum(data['tax_amount_currency'] for data in datas)
            delta = currency.round(cumulative[key] - taken[key] - now)
            self._distribute_tax_delta(currency, datas, delta)

    def _sum_taxes(self, base_lines, group):
        """Taxes of computed base lines by the level of rounding; a reverse charge's second leg mirrors the first."""
        sums = defaultdict(float)
        for line in base_lines:
            for data in line['tax_details']['taxes_data']:
                if not data['is_reverse_charge']:
                    sums[group(line['_key'], data['tax'])] += data['tax_amount_currency']
        return sums

    def _sum_earlier(self, base_lines, earlier, group):
        """Cumulative base lines, and the tax the earlier bills took, by the level of rounding.

        What was taken under another rate of the same tax starts no sum here: a changed rate
        is another tax (TAX-2).
        """
        bases, taken, flattened = {}, defaultdict(float), {}
        for line in base_lines:
            bases[line['_key'], line['tax_ids']] = self._blank_line(line)
        for key, taxes, amounts, quantity, worth in earlier:
            if taxes not in flattened:
                flattened[taxes] = taxes._flatten_taxes_and_sort_them()[0]
            flat = flattened[taxes]
            if any(amounts.get(tax.id, (None,))[0] != tax.amount for tax in flat):
                continue
            line = bases.get((key, taxes))
            if line is None:
                line = bases[key, taxes] = self._blank_line(
                    base_lines[0],
                    _net=0.0,
                    quantity=0.0 if quantity else 1.0,
                    _by_quantity=bool(quantity),
                    tax_ids=taxes,
                    _key=key,
                    _worth=worth,
                )
            line['_net'] += max((entry[1] for entry in amounts.values()), key=abs, default=0.0)
            line['quantity'] += quantity if line['_by_quantity'] else 0.0
            for tax in flat:
                taken[group(key, tax)] += amounts[tax.id][2]
        for line in bases.values():
            line['quantity'] = line['quantity'] or 1.0
            line['price_unit'] = line['_net'] / line['quantity']
        return bases, taken

    def _blank_line(self, line, **values):
        """A base line like ``line`` that has not been computed yet."""
        return {
            **line,
            'tax_details': None,
            'manual_tax_amounts': None,
            'manual_total_excluded_currency': None,
            'manual_total_excluded': None,
            **values,
        }

    def _distribute_tax_delta(self, currency, datas, delta):
        """Spread a difference of cents over the tax entries it belongs to."""
        if currency.is_zero(delta):
            return
        shares = self.env['account.tax']._distribute_delta_amount_smoothly(
            currency.decimal_places,
            delta,
            [{'factor': abs(data['tax_amount_currency'])} for data in datas],
        )
        for data, share in zip(datas, shares, strict=True):
            data['tax_amount_currency'] = currency.round(data['tax_amount_currency'] + share)

    def _tax_amounts(self, base_line):
        """What a computed base line takes of each tax: ``{tax id: (rate, base, tax amount)}``."""
        base = base_line['currency_id'].round(base_line['_net'])
        return {
            data['tax'].id: (data['tax'].amount, base, data['tax_amount_currency'])
            for data in base_line['tax_details']['taxes_data']
            if not data['is_reverse_charge']
        }

    def _give_kept_taxes(self, base_line, kept):
        """Give a computed base line the taxes that its bill line keeps.

        :param dict kept: see :meth:`_prepare_kept_taxes`
        """
        for data in base_line['tax_details']['taxes_data']:
            taken = kept['amounts'].get(str(data['tax'].id))
            if taken and not data['is_reverse_charge']:
                data['tax_amount_currency'] = taken[2]

    def _prepare_kept_taxes(self, base_line):
        """What a computed base line takes of each tax, as a bill line keeps it for the bills after it."""
        amounts = {str(tax): taken for tax, taken in self._tax_amounts(base_line).items()}
        return {'taxes': base_line['tax_ids'].ids, 'amounts': amounts}

    def _prepare_kept_of(self, base_lines):
        """:meth:`_prepare_kept_taxes` of many computed base lines, of contracts in any currency."""
        roundings, rates, sets, kept = {}, {}, {}, []
        for base_line in base_lines:
            currency, taxes, amounts = base_line['currency_id'], base_line['tax_ids'], {}
            if currency._ids not in roundings:
                roundings[currency._ids] = self._get_rounding(currency)
            base = roundings[currency._ids](base_line['_net'])
            for data in base_line['tax_details']['taxes_data']:
                if not data['is_reverse_charge']:
                    tax = data['tax']
                    if tax._ids not in rates:
                        rates[tax._ids] = str(tax.id), tax.amount
                    key, rate = rates[tax._ids]
                    amounts[key] = rate, base, data['tax_amount_currency']
            if taxes._ids not in sets:
                sets[taxes._ids] = taxes.ids
            kept.append({'taxes': sets[taxes._ids], 'amounts': amounts})
        return kept

    def _prepare_taxes_to_keep(self, taxes, amounts, sign=1):
        """Tax amounts that were reckoned elsewhere, as a bill line keeps them.

        :param taxes: ``account.tax`` of the line
        :param dict amounts: ``(base, tax amount)`` by tax id
        :param int sign: -1 where the line gives them back
        """
        rates = {tax.id: tax.amount for tax in taxes._flatten_taxes_and_sort_them()[0]}
        kept = {
            str(tax): (rates.get(tax), sign * float(base), sign * float(taken))
            for tax, (base, taken) in amounts.items()
        }
        return {'taxes': taxes.ids, 'amounts': kept}

    def _merge(self, base_lines):
        """``(net, {tax id: (base, tax amount)})`` of several computed base lines, in their currency."""
        net, amounts = 0.0, defaultdict(lambda: [0.0, 0.0])
        for line in base_lines:
            details = line['tax_details']
            net += details['total_excluded_currency'] + details['delta_total_excluded_currency']
            for data in details['taxes_data']:
                if not data['is_reverse_charge']:
                    amounts[data['tax'].id][0] += data['base_amount_currency']
                    amounts[data['tax'].id][1] += data['tax_amount_currency']
        return net, dict(amounts)

    def _get_base_tags(self, company, tax_ids, product_id, refund):
        """The tags that Odoo gives to invoice lines.

        :param tuple tax_ids: ids of their taxes
        :param product_id: id of their product, if they have one
        :param bool refund: whether they are on a credit note
        :return: ``account.account.tag``
        """
        # sudo: account.tax - how its report is filled in, for people without accounting rights who may bill
        taxes = self.env['account.tax'].sudo().browse(tax_ids)
        base_line = taxes._prepare_base_line_for_taxes_computation(
            None,
            tax_ids=taxes,
            product_id=taxes.env['product.product'].browse(product_id or ()),
            currency_id=company.currency_id,
            is_refund=refund,
            price_unit=1.0,
            quantity=1.0,
        )
        taxes._add_tax_details_in_base_line(base_line, company)
        taxes._round_base_lines_tax_details([base_line], company)
        taxes._add_accounting_data_in_base_lines_tax_details([base_line], company)
        return base_line['tax_tag_ids']

    def _prepare_frozen_line_vals(self, contract, taxes, net, amounts, *, quantity=1.0, key=''):
        """Values of an invoice line that keeps exactly this net amount and these tax amounts.

        :param float net: untaxed amount of the line, signed as on the invoice
        :param dict amounts: ``{tax id: (base, tax amount)}``, signed like ``net``
        :param float quantity: quantity of the line, signed; the price follows
        :param str key: keeps the rounding of these lines apart from other ones on the invoice
        """
        currency = contract.currency_id
        flat = taxes._flatten_taxes_and_sort_them()[0]
        included = sum(amounts[tax.id][1] for tax in flat if tax.price_include and tax.id in amounts)
        price_unit = currency.round(net + included) / quantity
        vals = {
            'quantity': quantity,
            'price_unit': price_unit,
            'discount': 0.0,
            'tax_ids': [Command.set(taxes.ids)],
        }
        if amounts:
            vals['extra_tax_data'] = {
                'computation_key': key,
                'currency_id': currency.id,
                'price_unit': price_unit,
                'quantity': quantity,
                'discount': 0.0,
                'manual_total_excluded_currency': currency.round(net),
                'manual_tax_amounts': {
                    str(tax_id): {
                        'base_amount_currency': currency.round(base),
                        'tax_amount_currency': currency.round(tax_amount),
                    }
                    for tax_id, (base, tax_amount) in amounts.items()
                },
            }
        return vals
