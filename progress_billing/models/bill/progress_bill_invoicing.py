from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_is_zero, float_round, plaintext2html

from ...tools import money
from ..base.progress_actor import Actor
from ..base.progress_bulk_mixin import int_array
from ..base.progress_plain_taxes import PlainTaxes
from ..contract.progress_contract_side import OPPOSITE_TYPE

#: what the journal of an invoice comes from, and whose they are
JOURNAL_METHODS = ('_compute_journal_id', '_get_valid_journal_types', '_search_default_journal')
ODOO_MOVE = 'odoo.addons.account.models.account_move'


class ProgressBillInvoicing(models.Model):
    """From a progress bill to its invoice: the only way an invoice is made.

    The hooks: :meth:`_prepare_invoice_vals` for the header, a ``_prepare_…_line_list`` for the lines of
    each invoice type, :meth:`_prepare_invoice_line_list` for those of any.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    # === MAKING INVOICES === #

    def _create_invoices(self, actor=None):
        """Make one draft invoice for each of these bills, in one go, and post them where the company says so.

        :param Actor actor: who makes them, the user unless given
        :return: the invoices, as superuser
        :raises UserError: when the contract's accounts do not allow it
        """
        # sudo: account.move - a project manager may bill without accounting rights; only posting needs them
        moves = self.env['account.move'].sudo()
        for wave in self._split_by_contract():
            wave._before_invoices()
            wave._on_claims_settled(invoicing=True)
            wave._fetch_to_invoice()
            wave._write_revisions({bill: bill._prepare_invoiced_vals() for bill in wave})
            taxes = {bill: bill._get_invoice_taxes() for bill in wave}
            for kinds, bills in wave.grouped(lambda bill, taxes=taxes: tuple(taxes[bill])).items():
                bills._keep_taxes({kind: PlainTaxes.concat([taxes[bill][kind] for bill in bills]) for kind in kinds})
            vals_list = [bill._prepare_invoice_vals(taxes[bill]) for bill in wave]
            self._fill_in_distributions([command[2] for vals in vals_list for command in vals['invoice_line_ids']])
            self._fill_in_items(vals_list)
            self._fill_in_journals(vals_list)
            moves |= moves._create_protected(vals_list)
        self._post_invoices_at_once(moves, actor or Actor.of(self.env.user))
        return moves

    def _fetch_to_invoice(self):
        """Read what the invoices of these bills ask of lines, for all of them and no more: there may be many."""
        self.line_ids.fetch(self._get_invoiced_line_fields())
        self.line_ids.contract_line_id._fetch_to_bill()
        earlier = self.contract_id.bill_ids - self
        earlier.line_ids.fetch([*self._get_invoiced_line_fields(), *self._get_earlier_line_fields()])

    @api.model
    def _get_invoiced_line_fields(self):
        """Names of the fields of bill lines that are read where their invoices are made. Extend by ``super()``."""
        return ['contract_line_id', 'invoiced_amount', 'invoiced_quantity']

    @api.model
    def _get_earlier_line_fields(self):
        """Those that are read of the lines of earlier bills too. Extend by ``super()``."""
        return ['tax_amounts', 'credited_amount', 'credited_quantity']

    def _before_invoices(self):
        """These bills, of different contracts, are about to be invoiced: what follows from their claims is settled now.

        Extend by ``super()``.
        """

    def _prepare_invoiced_vals(self):
        """What a bill keeps from the moment its invoice is made. Extend it by ``super()`` and update the dict.

        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        return {'revision': self.revision + 1}

    def _post_invoices_at_once(self, moves, actor):
        """Post the invoices of the companies that ask for it, if whoever acts may post (BIL-18).

        :param moves: the invoices
        :param Actor actor: who acts: code with all rights posts nothing by itself
        """
        to_post = moves.filtered(lambda move: move.company_id.progress_post_invoices)
        held = to_post.filtered(lambda move: move._is_progress_held())
        held._message_log_batch(
            bodies={move.id: self.env._("Left as a draft: it has to be approved first.") for move in held}
        )
        to_post -= held
        if not to_post:
            return
        if actor.may_post():
            to_post._post(soft=False)
        else:
            note = self.env._("Left as a draft: %(user)s may not post invoices.", user=actor.name)
            to_post._message_log_batch(bodies={move.id: note for move in to_post})

    def _get_move_type(self):
        """Direction of a bill that asks for money: its contract's."""
        self.ensure_one()
        return self.contract_id._get_move_type()

    def _prepare_invoice_vals(self, taxes):
        """Header and lines of the bill's invoice. Extend it by ``super()`` and update the dict.

        :param dict taxes: of the bill, see :meth:`_get_invoice_taxes`
        :return dict: values of one ``account.move``; a bill that comes to less than nothing is a
            credit note with its signs turned round
        """
        self.ensure_one()
        contract, partner = self.contract_id, self.partner_id
        lines = self._prepare_invoice_line_list(taxes)
        move_type, sign = self._get_move_type(), 1
        if self._is_negative(lines):
            move_type, sign = OPPOSITE_TYPE[move_type], -1
        vals = {
            'move_type': move_type,
            'partner_id': partner.id,
            'company_id': contract.company_id.id,
            'currency_id': contract.currency_id.id,
            'invoice_date': self._get_invoice_date(),
            'fiscal_position_id': contract.fiscal_position_id.id,
            'invoice_payment_term_id': contract.payment_term_id.id,
            'invoice_user_id': contract.user_id.id,
            'invoice_origin': f'{contract.name} / {self.name}',
            'ref': self.title or False,
            'progress_bill_id': self.id,
            'progress_revision': self.revision,
            'invoice_line_ids': [Command.create(self._turn_round(line, sign)) for line in lines],
        }
        if self.partner_shipping_id:
            vals['partner_shipping_id'] = self.partner_shipping_id.id
        if contract.journal_id:
            vals['journal_id'] = contract.journal_id.id
        if self.description:
            vals['narration'] = plaintext2html(self.description)
        return vals

    def _get_item_net(self, line):
        """What the ledger takes of an invoice line, where its values say so.

        :param dict line: values of ``account.move.line``
        :return: an amount without sign of the ledger; ``None`` where Odoo has to find it out
        """
        plain = not line.get('display_type') and line.keys().isdisjoint(('amount_currency', 'balance', 'tax_tag_ids'))
        if not plain or any(command[0] != Command.SET for command in line.get('tax_ids') or ()):
            return None
        if line.get('extra_tax_data'):
            return line['extra_tax_data']['manual_total_excluded_currency']
        if self._get_set_taxes(line) or line.get('discount'):
            return None
        return line['quantity'] * line['price_unit']

    def _get_set_taxes(self, line):
        """Ids of the taxes that values of an invoice line set."""
        return tuple(id_ for command in line.get('tax_ids') or () for id_ in command[2])

    def _fill_in_distributions(self, lines):
        """Say that lines have no analytic distribution where no model could give them one: Odoo asks for each line."""
        # sudo: account.analytic.distribution.model - whether there are any does not depend on who asks
        models_exist = self.env['account.analytic.distribution.model'].sudo().search_count([], limit=1)
        for line in lines:
            if not models_exist and not line.get('display_type'):
                line.setdefault('analytic_distribution', False)

    def _fill_in_items(self, vals_list):
        """Say what the ledger takes of the lines of these invoices: Odoo would write it to one item after the other.

        It still works the amounts and tags out, and writes those that differ from these. Where an invoice has no taxes
        it takes what is given as the whole: all lines are given or none is, and what the document rounds as one is not.
        """
        tags, outbound = {}, self.env['account.move'].get_outbound_types()
        for vals in vals_list:
            company = self.env['res.company'].browse(vals['company_id'])
            currency = self.env['res.currency'].browse(vals['currency_id'])
            sign, refund = 1 if vals['move_type'] in outbound else -1, vals['move_type'].endswith('refund')
            lines = [line for _command, _id, line in vals['invoice_line_ids'] if not self._is_text(line)]
            nets = [self._get_item_net(line) for line in lines]
            is_foreign = currency != company.currency_id
            if None in nets or (is_foreign and not any(self._get_set_taxes(line) for line in lines)):
                continue
            amounts = ('amount_currency',) if is_foreign else ('amount_currency', 'balance')
            for line, net in zip(lines, nets, strict=True):
                key = (company, self._get_set_taxes(line), line.get('product_id'), refund)
                if key not in tags:
                    tags[key] = self.env['progress.tax.engine']._get_base_tags(*key).ids
                line.update(dict.fromkeys(amounts, sign * currency.round(net)), tax_tag_ids=[Command.set(tags[key])])

    def _is_text(self, line):
        """Whether values of an invoice line are those of a section or a note."""
        return line.get('display_type') in ('line_section', 'line_subsection', 'line_note')

    def _fill_in_journals(self, vals_list):
        """Look the default journal up once for invoices that are alike, where nobody has changed how Odoo chooses it.

        :param list vals_list: of ``account.move``
        """
        moves, journals = self.env['account.move'].sudo(), {}  # sudo: account.move - as whoever makes the invoices
        choosers = (getattr(type(moves), name).__module__ for name in JOURNAL_METHODS)
        if any(module != ODOO_MOVE for module in choosers):
            return
        for vals in (vals for vals in vals_list if 'journal_id' not in vals):
            given = {name: vals[name] for name in ('move_type', 'company_id', 'currency_id')}
            key = tuple(given.values())
            if key not in journals:
                told = 'journal_id' in moves.with_company(vals['company_id']).default_get(['journal_id'])
                journals[key] = moves.journal_id if told else moves.new(given)._search_default_journal()
            # its own currency would become the invoice's
            if journals[key] and journals[key].currency_id.id in (False, vals['currency_id']):
                vals['journal_id'] = journals[key].id

    def _get_invoice_date(self):
        """The planned date, but never in the future (PLN-5)."""
        self.ensure_one()
        today = self.company_id._get_progress_today()
        return min(self.date or today, today)

    def _is_negative(self, lines):
        """Whether the lines come to less than nothing, tax included."""
        return self.currency_id.compare_amounts(self._sum_invoice_lines(lines)[1], 0.0) < 0

    def _sum_invoice_lines(self, lines):
        """What invoice lines come to.

        :param list lines: dicts of ``account.move.line`` values, see :meth:`_prepare_invoice_line_list`
        :return tuple: untaxed and taxed, in the contract's currency
        """
        net = tax = 0.0
        for line in lines:
            if line.get('display_type'):
                continue
            frozen = line.get('extra_tax_data')
            if frozen:
                net += frozen['manual_total_excluded_currency']
                tax += sum(taken['tax_amount_currency'] for taken in frozen['manual_tax_amounts'].values())
            else:
                net += line['quantity'] * line['price_unit']
        return self.currency_id.round(net), self.currency_id.round(net + tax)

    def _turn_round(self, line, sign):
        """The line as it stands on the document: a credit note counts what it gives back as positive."""
        if sign > 0 or line.get('display_type'):
            return line
        turned = dict(line, quantity=-line['quantity'])
        if line.get('extra_tax_data'):
            turned['extra_tax_data'] = self.env['account.tax']._reverse_quantity_base_line_extra_tax_data(
                line['extra_tax_data']
            )
        if line['price_unit'] < 0 < line['quantity']:  # 1 × 200.00 rather than -1 × -200.00
            for values in filter(None, (turned, turned.get('extra_tax_data'))):
                values.update(quantity=line['quantity'], price_unit=-line['price_unit'])
        return turned

    # === INVOICE LINES === #

    def _prepare_invoice_line_list(self, taxes):
        """Values of the invoice lines of this bill, by its invoice type.

        The type says which method makes them: ``_prepare_deposit_line_list``, ``_prepare_progress_line_list``,
        ``_prepare_final_line_list``, ``_prepare_retainage_line_list``; an addon with a type of its own adds one.

        :param dict taxes: of the bill, see :meth:`_get_invoice_taxes`
        :return list: dicts of ``account.move.line`` values, in the order they are printed
        """
        self.ensure_one()
        return getattr(self, f'_prepare_{self._get_invoice_type()}_line_list')(taxes)

    def _get_expected_amounts(self):
        """What the ledger must take when the bill's invoice is posted, untaxed. Extend it by ``super()``.

        :return dict: amounts by bill line id, or by ``progress_line_type`` where its lines are checked in one sum
            (see ``account.move.line._get_progress_line_types``)
        """
        self.ensure_one()
        if self._get_invoice_type() == 'deposit':
            return {'deposit': self.invoiced_amount}
        return {line.id: line.invoiced_amount for line in self.line_ids}

    def _get_invoice_taxes(self):
        """What the bill's invoice takes of each tax; nothing is kept yet, see :meth:`_keep_taxes`.

        :return dict: computed base lines of the tax engine by what they are of: ``work``, and what addons add
        """
        self.ensure_one()
        return {'work': self._get_line_taxes()} if self._takes_line_taxes() else {}

    def _takes_line_taxes(self):
        """Whether the invoice takes the taxes of the bill's claims, line by line. Extend by ``super()``."""
        return True

    def _keep_taxes(self, taxes):
        """Remember on each line of these bills what it took of each tax, for the bills after them.

        :param dict taxes: of the bills, see :meth:`_get_invoice_taxes`
        """
        self._keep_on_lines('tax_amounts', taxes.get('work', ()))

    def _keep_on_lines(self, name, base_lines):
        """Keep the taxes of computed base lines on their bill lines, in one statement.

        :param str name: field of the bill lines
        """
        engine = self.env['progress.tax.engine']
        taken = engine._read_taken(base_lines)
        ids, kept = [one.line for one in taken], f'[{", ".join(engine._format_kept_taxes(taken))}]'
        self.env['progress.bill.line'].browse(ids)._set_columns(
            {name: SQL("kept.taxes")},
            SQL(
                "ROWS FROM (unnest(%s), jsonb_array_elements(%s::jsonb)) AS kept(id, taxes) WHERE kept.id = own.id",
                int_array(ids),
                kept,
            ),
        )

    def _get_line_taxes(self):
        """Taxes of this bill by bill line, cumulative over the contract's bills (TAX-1).

        :return list: computed base lines, ``_key`` is the schedule line's id
        """
        engine, contract = self.env['progress.tax.engine'], self.contract_id
        base_lines = engine._base_lines(contract, self._prepare_tax_entries())
        engine._compute_taxes(base_lines, contract.company_id)
        engine._apply_cumulative_taxes(base_lines, self._get_earlier_taxes(), contract.company_id)
        return base_lines

    def _prepare_tax_entries(self):
        """What the tax engine needs to know of this bill's claims, which may be many.

        :return list: dicts, see ``progress.tax.engine._base_lines``
        """
        lines, entries, taxes = self.line_ids, [], {}
        claims = lines._get_columns('invoiced_amount', 'invoiced_quantity')
        worths = lines.contract_line_id._get_columns('tax_ids', 'billing_base', 'taxed_amount')
        for line, scheduled, (amount, quantity), (tax_ids, base, taxed) in zip(
            lines, lines.contract_line_id, claims, worths, strict=True
        ):
            if tax_ids not in taxes:
                taxes[tax_ids] = scheduled.tax_ids
            entries.append(
                {
                    'amount': amount or 0.0,
                    'taxes': taxes[tax_ids],
                    'quantity': quantity if base == 'quantity' else 0.0,
                    '_key': scheduled.id,
                    '_worth': scheduled._get_tax_worth() if taxed else (),
                    '_bill_line': line,
                    '_scheduled': scheduled,
                }
            )
        return entries

    def _get_earlier_taxes(self, prefix='', bills=None):
        """What the contract's other live bills took of each tax, for the engine.

        :param str prefix: ``retainage`` for the taxes of what was held back
        :param bills: only what these took
        :return list: ``(schedule line id, taxes, {tax id: (rate, base, tax amount)}, quantity, worth)``
        """
        earlier = bills
        if earlier is None:
            earlier = self.contract_id.bill_ids.filtered(lambda bill: bill.bucket and bill != self)
        result, taxes = [], self.env['account.tax']
        for line in earlier.line_ids:
            taken = line[f'{prefix}_tax_amounts' if prefix else 'tax_amounts'] or {}
            kept = 1.0
            if line.invoiced_amount and line.credited_amount:
                kept = 1.0 - line.credited_amount / line.invoiced_amount
            amounts = {
                int(tax): (rate, base * kept, tax_amount * kept)
                for tax, (rate, base, tax_amount) in taken.get('amounts', {}).items()
            }
            if amounts:
                scheduled = line.contract_line_id
                by_quantity = scheduled.billing_base == 'quantity'
                quantity = line.invoiced_quantity - line.credited_quantity if by_quantity else 0.0
                taken_of = taxes.browse(taken['taxes'])
                result.append((scheduled.id, taken_of, amounts, quantity, scheduled._get_tax_worth()))
        return result

    def _prepare_progress_line_list(self, taxes):
        """Income at once: a line for each bill line, under its section (recognition *as billed*).

        :param dict taxes: of the bill, see :meth:`_get_invoice_taxes`
        """
        engine, values = self.env['progress.tax.engine'], {}
        for base_line in taxes['work']:
            line = base_line['_bill_line']
            net, amounts = engine._merge([base_line])
            quantity = line.invoiced_quantity if line.contract_line_id.billing_base == 'quantity' else 1.0
            values[line.contract_line_id] = self._prepare_revenue_vals(line, net, amounts, quantity)
        return self._add_sections(values)

    def _prepare_revenue_vals(self, line, net, amounts, quantity):
        """Values of an income line.

        :param line: the bill line it stands for
        :param float net: untaxed amount, in the contract's currency
        :param dict amounts: frozen tax amounts, see the engine
        :param float quantity: in the schedule line's unit; 1 for lines billed by amount
        """
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        quantity = float_round(quantity, precision_digits=digits)
        if float_is_zero(quantity, precision_digits=digits) or self.currency_id.is_zero(net):
            return self._prepare_zero_vals(line, net, amounts)
        return self._prepare_income_vals(line, net, amounts, quantity)

    def _prepare_zero_vals(self, line, net, amounts):
        """An income line without a quantity, or worth nothing: *Create Lines with Zero Amount and Quantity*."""
        vals = self._prepare_income_vals(line, net, amounts, 1.0)
        scheduled = line.contract_line_id
        if scheduled.billing_base == 'quantity' and not line.invoiced_quantity and self.currency_id.is_zero(net):
            vals.update(quantity=0.0, price_unit=scheduled.unit_price)
            vals.pop('extra_tax_data', None)
        return vals

    def _prepare_income_vals(self, line, net, amounts, quantity):
        """Values of an income line; see :meth:`_prepare_revenue_vals`."""
        scheduled = line.contract_line_id
        vals = {
            'name': scheduled._get_bill_line_label(line),
            'account_id': scheduled._get_result_account().id,
            'progress_line_type': 'revenue',
            'progress_bill_line_id': line.id,
            **self.env['progress.tax.engine']._prepare_frozen_line_vals(
                self.contract_id,
                scheduled.tax_ids,
                net,
                amounts,
                quantity=quantity,
                key=f'progress,{self.id}',
            ),
        }
        if scheduled.product_id.type == 'service':
            vals['product_id'] = scheduled.product_id.id
        # a lump sum has no unit, whatever its product is sold by
        vals['product_uom_id'] = scheduled.product_uom_id.id if scheduled.billing_base == 'quantity' else False
        if scheduled.analytic_distribution:
            vals['analytic_distribution'] = scheduled.analytic_distribution
        return vals

    def _add_sections(self, values):
        """Put the income lines in the order of the schedule, under its section titles.

        :param dict values: line values by schedule line
        """
        result, titles = [], []
        for scheduled in self.contract_id.line_ids.sorted(lambda line: (line.sequence, line.id)):
            if scheduled.display_type == 'line_section':
                titles = [scheduled]
            elif scheduled.display_type == 'line_subsection':
                titles = [title for title in titles if title.display_type == 'line_section'] + [scheduled]
            elif scheduled in values:
                result += [{'display_type': title.display_type, 'name': title.name} for title in titles]
                titles = []
                result.append(values[scheduled])
        return result

    # === BILL LINES === #

    def _spread_over_lines(self, amount):
        """Values of bill lines for an amount that says nothing of lines: by what is left on each (BIL-11).

        :param float amount: untaxed, in the contract's currency
        :return list: dicts of ``progress.bill.line`` values
        :raises UserError: when nothing is left to bill
        """
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        lines = self.contract_id._get_billable_lines().filtered(
            lambda line: (line.partner_id or customer).commercial_partner_id == customer
        )
        lines = lines.sorted(lambda line: (line.sequence, line.id))
        unit = money.to_decimal(self.currency_id.rounding)
        rest = [money.to_decimal(line._get_amount_left()) for line in lines]
        try:
            shares = money.spread(money.round_to(amount, unit), rest, unit)
        except ZeroDivisionError:
            raise UserError(
                self.env._(
                    "%(contract)s has nothing left to bill. Add a change order, or create the final invoice.",
                    contract=self.contract_id.display_name,
                )
            ) from None
        return [
            {'contract_line_id': line.id, 'amount': float(share), 'quantity': line._get_quantity_for(float(share))}
            for line, share in zip(lines, shares, strict=True)
            if share
        ]
