import json
from collections import defaultdict
from functools import partial

from odoo import Command, api, models
from odoo.tools import float_round
from odoo.tools.float_utils import float_invert

from ...tools.taxes import PERCENTAGE
from .progress_plain_taxes import PlainTaxes, Taken

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
        sets = {line['tax_ids']._ids: line['tax_ids'] for line in base_lines}
        return self._are_plain(self.env['account.tax'].concat(*sets.values()))

    @api.model
    def _are_plain(self, taxes):
        """See :meth:`_are_plain_taxes`."""
        methods = (getattr(type(taxes), name) for name in PLAIN_METHODS)
        return all(method.__module__ in ODOO_ENGINE for method in methods) and all(
            tax.amount_type == PERCENTAGE
            and not (tax.price_include or tax.include_base_amount or tax.has_negative_factor)
            for tax in taxes
        )

    def _compute_plain_taxes(self, base_lines):
        """What Odoo's engine comes to for mere percentages rounded over the whole document, in one pass.

        Only the contract's currency is needed, as a bill keeps no other.
        """
        if not base_lines:
            return
        sets = {line['tax_ids']._ids: line['tax_ids'] for line in base_lines}
        entries = [(line['tax_ids']._ids, line['quantity'] * line['price_unit']) for line in base_lines]
        nets, turns = self._compute_plain_amounts(base_lines[0]['currency_id'], entries, sets)
        for line, net in zip(base_lines, nets, strict=True):
            line['tax_details'] = {
                'total_excluded_currency': net,
                'delta_total_excluded_currency': 0.0,
                'taxes_data': [
                    {
                        'tax': tax,
                        'is_reverse_charge': False,
                        'base_amount_currency': net,
                        'tax_amount_currency': next(amounts),
                    }
                    for tax, amounts in turns[line['tax_ids']._ids]
                ],
            }

    @api.model
    def _compute_plain_amounts(self, currency, entries, sets):
        """Untaxed amounts and taxes of the lines of one document.

        Each line's tax is rounded, and what the rounded sum differs by goes to the largest lines, as Odoo does it.

        :param list entries: a key of its taxes and an amount that is not rounded yet, for each line
        :param dict sets: taxes by that key
        :return tuple: untaxed amounts of the lines; by key a list of single taxes, each with its amounts, which lines
            that have it take one after the other
        """
        columns = {}
        single = {key: list(taxes._flatten_taxes_and_sort_them()[0]) for key, taxes in sets.items()}
        rates = {key: [(tax.amount, columns.setdefault(tax, [])) for tax in taxes] for key, taxes in single.items()}
        for key, raw in entries:
            for rate, column in rates[key]:
                column.append(raw * rate / 100.0)
        amounts = {tax: iter(self._spread_delta(currency, raws)) for tax, raws in columns.items()}
        nets = self._round_all(currency, [raw for _key, raw in entries])
        return nets, {key: [(tax, amounts[tax]) for tax in taxes] for key, taxes in single.items()}

    @api.model
    def _take_plain_claims(self, currency, rows, sets):
        """What claims take that are rows of the database; see :meth:`_compute_plain_taxes`.

        :param list rows: of ids of a claim and of its schedule line, amount, quantity (0 for one billed by amount), the
            key of its taxes, and whatever else
        :param dict sets: taxes by that key
        :return list: of :class:`Taken`
        """
        entries = [
            (key, quantity * (amount / quantity) if quantity else amount)
            for _line, _scheduled, amount, quantity, key, *_rest in rows
        ]
        nets, turns = self._compute_plain_amounts(currency, entries, sets)
        turns = {key: [(tax.id, tax.amount, amounts) for tax, amounts in mine] for key, mine in turns.items()}
        result = []
        for row, (key, raw), net in zip(rows, entries, nets, strict=True):
            base = net if raw == row[2] else self._round_all(currency, [row[2]])[0]
            taken = [(tax, rate, net, next(amounts)) for tax, rate, amounts in turns[key]]
            result.append(Taken(row[0], row[1], sets[key], net, base, taken))
        return result

    @api.model
    def _spread_delta(self, currency, raws):
        """What the rounded amounts of a tax differ by from its rounded sum goes to the largest ones, as in Odoo.

        :param list raws: amounts before they were rounded
        :return list: the rounded ones, with their share of the difference
        """
        taken = self._round_all(currency, raws)
        delta = currency.round(sum(raws)) - sum(taken)
        if currency.is_zero(delta):
            return taken
        factors = [{'factor': raw} for raw in raws]
        shares = self.env['account.tax']._distribute_delta_amount_smoothly(currency.decimal_places, delta, factors)
        return [amount + share for amount, share in zip(taken, shares, strict=True)]

    @api.model
    def _round_all(self, currency, amounts):
        """Amounts as the currency rounds them, of many at once: Odoo is asked where half a unit is near.

        :param list amounts: floats
        :return list: the rounded ones
        """
        careful = partial(float_round, precision_rounding=currency.rounding)
        if currency.rounding >= 1:
            return list(map(careful, amounts))
        units = float_invert(currency.rounding)
        scaled = [amount * units for amount in amounts]
        return [
            nearest / units if abs(near - nearest) < SURELY_ROUNDED else careful(amount)
            for amount, near, nearest in zip(amounts, scaled, map(round, scaled), strict=True)
        ]

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

    def _read_taken(self, base_lines):
        """What computed base lines take, of contracts in any currency.

        :return list: of :class:`Taken`
        """
        if isinstance(base_lines, PlainTaxes):
            return base_lines.taken
        result = []
        for line in base_lines:
            currency, details, claim = line['currency_id'], line['tax_details'], line.get('_bill_line')
            result.append(
                Taken(
                    claim.id if claim else False,
                    line.get('_key'),
                    line['tax_ids'],
                    details['total_excluded_currency'] + details['delta_total_excluded_currency'],
                    self._round_all(currency, [line['_net']])[0] if '_net' in line else 0.0,
                    [
                        (data['tax'].id, data['tax'].amount, data['base_amount_currency'], data['tax_amount_currency'])
                        for data in details['taxes_data']
                        if not data['is_reverse_charge']
                    ],
                )
            )
        return result

    def _give_kept_taxes(self, base_line, kept):
        """Give a computed base line the taxes that its bill line keeps.

        :param dict kept: see the field ``tax_amounts`` of bill lines
        """
        for data in base_line['tax_details']['taxes_data']:
            taken = kept['amounts'].get(str(data['tax'].id))
            if taken and not data['is_reverse_charge']:
                data['tax_amount_currency'] = taken[2]

    @api.model
    def _format_kept_taxes(self, taken):
        """What claims take of each tax, as their bill lines keep it for the bills after them.

        :param list taken: of :class:`Taken`
        :return list: JSON, see the field ``tax_amounts``; as texts, for there may be thousands
        """
        starts, result = {}, []
        for one in taken:
            if one.taxes._ids not in starts:
                starts[one.taxes._ids] = f'{{"taxes": {json.dumps(one.taxes.ids)}, "amounts": {{'
            amounts = [f'"{tax}": [{rate!r}, {one.base!r}, {amount!r}]' for tax, rate, _base, amount in one.amounts]
            result.append(f'{starts[one.taxes._ids]}{", ".join(amounts)}}}}}')
        return result

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
        """``(net, {tax id: [base, tax amount]})`` of several computed base lines, in their currency."""
        return self._sum_taken(self._read_taken(base_lines))

    @api.model
    def _sum_taken(self, taken):
        """The same of what was read of them.

        :param list taken: of :class:`Taken`
        """
        net, amounts = 0.0, defaultdict(lambda: [0.0, 0.0])
        for one in taken:
            net += one.net
            for tax, _rate, base, amount in one.amounts:
                amounts[tax][0] += base
                amounts[tax][1] += amount
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
