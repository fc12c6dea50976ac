from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from ...tools import money


class ProgressContractBilling(models.Model):
    """The deposits of a contract, and its final bill (SPEC §3, §4).

    Hooks: :meth:`_find_deposit_account`, :meth:`_get_recognised_amounts`, :meth:`_prepare_final_bill_vals`.
    """

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    # === DEPOSITS === #

    def _find_deposit_account(self, rule=None):
        """Deposit account of contract, rule or company, in that order; may be empty. Glue addons add fallbacks.

        :param rule: the billing rule of the lines the deposit is for
        """
        self.ensure_one()
        own = self.deposit_account_id or (rule.deposit_account_id if rule else self.deposit_account_id)
        return own or self.company_id.progress_deposit_account_id

    def _get_deposit_account(self, rule=None):
        """The account deposits are booked on.

        :param rule: the billing rule of the lines the deposit is for
        :raises UserError: when there is none, or one that is no reconcilable current liability (SPEC §4)
        """
        self.ensure_one()
        reasons = self._get_deposit_blockers(rule)
        if reasons:
            self._raise_blockers({self: reasons})
        return self._find_deposit_account(rule)

    def _find_deposit_product(self):
        """The product with code DEPOSIT (SPEC §4); may be empty."""
        product = self.env.ref('progress_billing.product_deposit', raise_if_not_found=False)
        if product and product.active and product.default_code == 'DEPOSIT':
            return product
        # sudo: product.product - the DEPOSIT product is the same for everyone who bills
        products = self.env['product.product'].sudo()
        return products.search(
            [('default_code', '=', 'DEPOSIT'), ('company_id', 'in', (False, self.company_id.id))], limit=1
        )

    def _get_open_deposits(self):
        """What is left of each posted deposit, from the posted invoices and credit notes themselves.

        :return list: dicts with ``bill``, ``account``, ``taxes``, ``net`` and ``amounts``
            (``{tax id: (base, tax amount)}``), in the contract's currency, by date
        """
        self.ensure_one()
        engine = self.env['progress.tax.engine']
        bills = self.bill_ids.filtered(lambda bill: bill.bucket == 'actual' and bill.kind not in ('final', 'retainage'))
        deposits = []
        for bill in bills.sorted(lambda bill: bill._get_order_key()):
            groups = defaultdict(list)
            # sudo: account.move - a project manager may make the final invoice without reading the ledger
            moves = bill.sudo()._get_current_moves().filtered(lambda move: move.state == 'posted')
            for move in moves:
                sign = 1 if move.move_type in ('out_invoice', 'in_invoice') else -1
                for base_line in move._get_rounded_base_and_tax_lines()[0]:
                    aml = base_line['record']
                    if aml.progress_line_type == 'deposit':
                        net, amounts = engine._merge([base_line])
                        groups[aml.account_id, aml.tax_ids].append((sign, net, amounts))
            for (account, taxes), parts in groups.items():
                deposit = self._sum_deposit(bill, account, taxes, parts)
                if deposit:
                    deposits.append(deposit)
            deposits += self._get_opening_deposits(bill)
        return deposits

    def _sum_deposit(self, bill, account, taxes, parts):
        """One deposit less its credit notes; nothing where nothing is left."""
        net, totals = 0.0, defaultdict(lambda: [0.0, 0.0])
        for sign, part, amounts in parts:
            net += sign * part
            for tax, (base, tax_amount) in amounts.items():
                totals[tax][0] += sign * base
                totals[tax][1] += sign * tax_amount
        zero = self.currency_id.is_zero
        if zero(net) and all(zero(tax_amount) for _base, tax_amount in totals.values()):
            return None
        return {'bill': bill, 'account': account, 'taxes': taxes, 'net': net, 'amounts': dict(totals)}

    def _get_default_income_account(self):
        """Income account of the contract's journal, else of the company's sales journal or the company."""
        self.ensure_one()
        # sudo: account.journal - a project manager may bill without reading journals
        journal = self.journal_id.sudo() or self.env['account.journal'].sudo().search(
            [
                *self.env['account.journal']._check_company_domain(self.company_id),
                ('type', '=', 'sale'),
            ],
            limit=1,
        )
        return journal.default_account_id or self.company_id.sudo().income_account_id  # sudo: res.company - as above

    def _get_opening_deposits(self, bill):
        """Deposits taken before the contract was entered, with the taxes of the lines they stand for (RULES A13)."""
        if not bill.opening_deposit_amount:
            return []
        engine, unit = self.env['progress.tax.engine'], self.currency_id.rounding
        # sudo: account.move.line - a project manager may make the final invoice without reading the ledger
        bill = bill.sudo()
        accounts = bill.opening_deposit_line_ids.account_id
        by_account = [
            -sum(
                bill.opening_deposit_line_ids.filtered(lambda aml, a=account: aml.account_id == a).mapped(
                    'amount_currency'
                )
            )
            for account in accounts
        ]
        lines = bill.line_ids.filtered('amount')
        deposits = []
        for account, held in zip(accounts, by_account, strict=True):
            shares = money.spread(held, lines.mapped('amount'), unit)
            base_lines = engine._compute_taxes(
                [
                    engine._base_line(
                        self,
                        float(share),
                        line.contract_line_id.tax_ids,
                        line.contract_line_id._get_units_of(float(share)),
                    )
                    for line, share in zip(lines, shares, strict=True)
                ],
                self.company_id,
            )
            groups = defaultdict(list)
            for base_line in base_lines:
                groups[base_line['tax_ids']].append(base_line)
            for taxes, group in groups.items():
                net, amounts = engine._merge(group)
                deposits.append({'bill': bill, 'account': account, 'taxes': taxes, 'net': net, 'amounts': amounts})
        return deposits

    def _get_recognised_amounts(self):
        """What was income before the final invoice, by schedule line id: opening amounts not held as deposits."""
        self.ensure_one()
        recognised = defaultdict(float)
        for bill in self.bill_ids.filtered(lambda bill: bill.kind == 'opening' and bill.bucket == 'actual'):
            lines = bill.line_ids.filtered('amount')
            rest = self.currency_id.round(bill.amount - bill.opening_deposit_amount)
            shares = money.spread(rest, lines.mapped('amount'), self.currency_id.rounding)
            for line, share in zip(lines, shares, strict=True):
                recognised[line.contract_line_id.id] += float(share)
        return recognised

    def _check_openings(self):
        """Opening amounts come before anything else is billed.

        :raises UserError: when the contract has been billed already, or is closed
        """
        for contract in self:
            billed = contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening')
            if billed or contract.state in ('closed', 'cancelled'):
                raise UserError(
                    self.env._(
                        "%(contract)s takes no opening amounts any more: it has been billed, or is no longer open.",
                        contract=contract.display_name,
                    )
                )

    # === FINAL BILL === #

    def _create_final_bills(self):
        """The final bills of these contracts, with their draft invoices; those that exist are returned.

        :return: ``progress.bill`` of kind final
        :raises UserError: naming what stands in the way
        """
        existing = self.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket)
        todo = self.filtered(lambda contract: contract.state == 'closed' or contract._get_lines_without_final(existing))
        todo._raise_blockers({contract: contract._get_billing_blockers(for_final=True) for contract in todo})
        todo._check_no_drafts(but=existing)
        todo._check_opening_deposits_stand()
        # sudo: progress.bill - callers may not make final bills but by this method
        bills = self.env['progress.bill'].sudo()
        finals = bills.create(
            [
                contract._prepare_final_bill_vals(partner, location, lines)
                for contract in todo
                for (partner, location), lines in contract._get_final_groups(existing).items()
            ]
        )
        finals = finals.with_env(self.env)
        finals.line_ids._take_pending()
        finals._draw_names()
        todo.bill_ids.filtered(lambda bill: bill.state == 'planned')._write_protected({'review_state': 'cancelled'})
        finals._create_invoices()
        finals._write_protected({'review_state': 'cancelled'})  # what it falls back to when its invoice is deleted
        return existing.filtered(lambda bill: bill.bucket == 'draft') | finals

    def _get_final_groups(self, finals):
        """Schedule lines by customer and location of their final invoice (RULES C23).

        Deposits are held for one customer, so there is one final invoice; billed as billed, each
        customer and location has its own.

        :param finals: final bills that exist, whose lines are done
        :return dict: schedule lines by ``(partner, location)``
        """
        self.ensure_one()
        lines = self._get_lines_without_final(finals)
        if self.revenue_recognition == 'deposit':
            return {(self.partner_id, self.partner_shipping_id): lines}
        return lines.grouped(lambda line: (line.partner_id or self.partner_id, line.partner_shipping_id))

    def _prepare_final_bill_vals(self, partner, location, lines):
        """Values of a final bill: it claims what is left on every line, negative where too much was billed.

        :param partner: the customer
        :param location: their location
        :param lines: the schedule lines it ends
        """
        self.ensure_one()
        return {
            'contract_id': self.id,
            'partner_id': partner.id,
            'partner_shipping_id': location.id,
            'kind': 'final',
            'trigger': 'manual',
            'title': self.env._("Final Invoice"),
            'date': self.company_id._get_progress_today(),
            'review_state': 'draft',
            'line_ids': [(0, 0, claim) for claim in lines._prepare_claims_of_rest().values()],
        }

    def _check_final_is_current(self, final):
        """Before the final invoice is posted: its reversals are what is left of each deposit now (ENGINE A2).

        A credit note may have been posted, or a deposit changed, while the final was a draft.

        :param final: the final bill
        :raises UserError: to delete the draft and create it again
        """
        self.ensure_one()
        self._check_no_drafts(but=self.bill_ids.filtered(lambda bill: bill.kind == 'final'))
        self._check_opening_deposits_stand()
        if not self._settles_deposits():
            return
        key = ('bill', 'account', 'taxes')
        expected = {tuple(deposit[name] for name in key): deposit['net'] for deposit in self._get_open_deposits()}
        found = {
            (line.progress_deposit_bill_id, line.account_id, line.tax_ids): line.amount_currency
            for line in final.invoice_id.invoice_line_ids
            if line.progress_line_type == 'deposit_reversal'
        }
        same = self.currency_id.compare_amounts
        if expected.keys() != found.keys() or any(same(found[key], net) for key, net in expected.items()):
            raise UserError(
                self.env._(
                    "The deposits of %(contract)s have changed since the final invoice was made. Delete the "
                    "draft and create it again.",
                    contract=self.display_name,
                )
            )

    def _settles_deposits(self):
        """Whether the final invoice reverses deposits. Glue addons add deposits of other contracts."""
        self.ensure_one()
        return self.revenue_recognition == 'deposit'

    def _check_opening_deposits_stand(self):
        """Items chosen as deposits held before must still be open when the final invoice reverses them (RULES A13)."""
        # sudo: account.move.line - whether an item is open does not depend on who asks
        for bill in self.sudo().bill_ids.filtered(lambda bill: bill.kind == 'opening' and bill.bucket == 'actual'):
            gone = bill.opening_deposit_line_ids.filtered(
                lambda item, bill=bill: not bill._can_be_opening_deposit(item)
            )
            if gone:
                raise UserError(
                    self.env._(
                        "%(items)s stood for deposits held before on %(bill)s of %(contract)s, but is no longer "
                        "posted and open.",
                        items=', '.join(gone.mapped('display_name')),
                        bill=bill.display_name,
                        contract=bill.contract_id.display_name,
                    )
                )

    def _check_no_drafts(self, but=None):
        """Draft progress invoices and pro formas must be posted or deleted before the final (SPEC §4).

        :param but: bills that do not count, the final itself
        """
        for contract in self:
            bills = contract.bill_ids - but if but else contract.bill_ids
            # sudo: account.move - names of draft credit notes, for users without accounting rights
            credits = bills.sudo().move_ids.filtered(lambda move: move.state == 'draft' and move.reversed_entry_id)
            drafts = [*bills.filtered(lambda bill: bill.bucket == 'draft'), *credits]
            if drafts:
                raise UserError(
                    self.env._(
                        "%(contract)s: post, invoice or delete these drafts before the final invoice: %(drafts)s.",
                        contract=contract.display_name,
                        drafts=', '.join(draft.display_name for draft in drafts),
                    )
                )

    def _reconcile_deposits(self):
        """Match deposits with their reversals, so that the deposit account is zero in both currencies (ENGINE B2).

        All lines of the contract on the deposit accounts take part, taxes booked there included.
        Each deposit is matched with its own reversal first, which keeps exchange entries few.
        """
        for contract in self:
            moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
            reversals = moves.line_ids.filtered(lambda line: line.progress_line_type == 'deposit_reversal')
            accounts = reversals.account_id | contract.bill_ids.opening_deposit_line_ids.account_id
            accounts = accounts.filtered('reconcile')  # a deposit taken over by a glue addon may be on another one
            lines = moves.line_ids | contract.bill_ids.opening_deposit_line_ids
            for account in accounts:
                mine = lines.filtered(lambda line, account=account: line.account_id == account and not line.reconciled)
                groups = mine.filtered('progress_deposit_bill_id').grouped('progress_deposit_bill_id').values()
                pairs = [group for group in groups if len(set(group.mapped(lambda line: line.balance > 0))) > 1]
                mine._reconcile_plan([*pairs, mine] if pairs else [mine])
