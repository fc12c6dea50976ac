from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import money
from ..contract.progress_contract_side import OPPOSITE_TYPE


class ProgressContractDeposits(models.Model):
    """The deposits of a contract: their account, what is held, and what was held before it was entered."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    deposit_account_id = fields.Many2one(
        'account.account',
        check_company=True,
        tracking=True,
        domain="[('account_type', '=', deposit_account_type), ('reconcile', '=', True)]",
        help="Only where it differs from the company's customer deposit account.",
    )
    deposit_balance = fields.Monetary(
        string="Deposits Held",
        compute='_compute_deposit_balance',
        store=True,
        guarded=True,
        help="Posted deposits that the final invoice has not reversed yet, untaxed.",
    )

    # === BLOCKERS === #

    @api.depends(
        'revenue_recognition',
        'company_id.progress_deposit_account_id',
        'deposit_account_id.account_type',
        'deposit_account_id.reconcile',
        'deposit_account_id.active',
    )
    def _compute_blockers(self):
        return super()._compute_blockers()

    def _get_opening_blockers(self):
        reasons = super()._get_opening_blockers()
        if self.revenue_recognition == 'deposit':
            reasons += self._get_deposit_blockers() + self._get_customer_blockers()
        return reasons

    # === DEPOSITS === #

    def _find_deposit_account(self, rule=None):
        """Deposit account of contract, rule or company, in that order; may be empty. Glue addons add fallbacks.

        :param rule: the billing rule of the lines the deposit is for
        """
        self.ensure_one()
        own = self.deposit_account_id or (rule.deposit_account_id if rule else self.deposit_account_id)
        return own or self._get_company_deposit_account()

    def _get_company_deposit_account(self):
        """The company's account for deposits of the contract's side; may be empty."""
        return self.company_id.progress_deposit_account_id

    def _get_deposit_account(self, rule=None):
        """The account deposits are booked on.

        :param rule: the billing rule of the lines the deposit is for
        :raises UserError: when there is none, or one that is no reconcilable current liability
        """
        self.ensure_one()
        reasons = self._get_deposit_blockers(rule)
        if reasons:
            self._raise_blockers({self: reasons})
        return self._find_deposit_account(rule)

    def _find_deposit_product(self):
        """The product with code DEPOSIT; may be empty."""
        # sudo: product.product - the DEPOSIT product is the same for everyone who bills
        products = self.env['product.product'].sudo()
        # its id alone, which is cached: a bill needs it several times
        shipped = self.env['ir.model.data']._xmlid_to_res_id('progress_billing.product_deposit')
        product = self.env['product.product'].browse(shipped)
        if product and product.active and product.default_code == 'DEPOSIT':
            return product
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
                sign = 1 if move.move_type in OPPOSITE_TYPE else -1
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

    def _fetch_deposits(self):
        """Read the entries of all these contracts at once, which :meth:`_get_open_deposits` asks one by one."""
        # sudo: account.move - as there
        self.sudo().bill_ids.move_ids.line_ids.fetch(['tax_ids', 'tax_tag_ids'])

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

    def _get_opening_deposits(self, bill):
        """Deposits taken before the contract was entered, with the taxes of the lines they stand for (DEP-16)."""
        if not bill.opening_deposit_amount:
            return []
        engine, unit = self.env['progress.tax.engine'], self.currency_id.rounding
        # sudo: account.move.line - a project manager may make the final invoice without reading the ledger
        bill = bill.sudo()
        sign, by_account = self._get_ledger_sign(), bill.opening_deposit_line_ids.grouped('account_id')
        lines = bill.line_ids.filtered('amount')
        deposits = []
        for account, items in by_account.items():
            held = sign * sum(items.mapped('amount_currency'))
            shares = money.spread(held, lines.mapped('amount'), unit)
            base_lines = engine._compute_taxes(
                [
                    engine._base_line(
                        self,
                        float(share),
                        line.contract_line_id.tax_ids,
                        line.contract_line_id._get_units_of(float(share)),
                        _worth=line.contract_line_id._get_tax_worth(),
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

    # === FINAL BILL === #

    def _settles_deposits(self):
        """Whether the final invoice reverses deposits. Glue addons add deposits of other contracts."""
        self.ensure_one()
        return self.revenue_recognition == 'deposit'

    def _check_deposits_unmatched(self):
        """Deposits are matched with their own credit notes and the final invoice, with nothing else.

        :raises UserError: naming the entry a deposit was matched with by hand
        """
        # sudo: account.move.line - what deposits are matched with does not depend on who asks
        contracts = self.sudo()
        moves = contracts.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')  # of all of them in one go
        deposits = moves.line_ids.filtered(lambda item: item.progress_line_type == 'deposit')
        self.env['progress.bulk.mixin']._note_empty(deposits, ('matched_debit_ids', 'matched_credit_ids'))
        for contract in contracts:
            moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
            deposits = moves.line_ids.filtered(lambda item: item.progress_line_type == 'deposit')
            partials = deposits.matched_debit_ids | deposits.matched_credit_ids
            matched = (partials.debit_move_id | partials.credit_move_id).move_id - moves
            # what Odoo itself made when it matched items of a foreign currency
            exchanges = partials.search([('exchange_move_id', 'in', matched.ids)]).exchange_move_id
            others = matched - exchanges
            if others:
                raise UserError(
                    self.env._(
                        "Deposits of %(contract)s are matched with %(entries)s: undo that first, as the final invoice "
                        "reverses them.",
                        contract=contract.display_name,
                        entries=', '.join(others.mapped('display_name')),
                    )
                )

    def _check_opening_deposits_stand(self):
        """Items chosen as deposits held before must still be open when the final invoice reverses them (DEP-17)."""
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

    def _reconcile_deposits(self):
        """Match deposits with their reversals, so that the deposit account is zero in both currencies (DEP-7).

        All lines of the contract on the deposit accounts take part, taxes booked there included.
        Each deposit is matched with its own reversal first, which keeps exchange entries few.
        """
        items = self.env['account.move.line']
        plan = [group for contract in self for group in contract._get_deposit_plan()]
        if plan:
            items._reconcile_plan(plan)

    def _get_deposit_plan(self):
        """What is matched with what on this contract's deposit accounts, in that order.

        :return list: journal items, each group of them to be matched
        """
        self.ensure_one()
        plan = []
        moves = self.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
        reversals = moves.line_ids.filtered(lambda line: line.progress_line_type == 'deposit_reversal')
        accounts = reversals.account_id | self.bill_ids.opening_deposit_line_ids.account_id
        lines = moves.line_ids | self.bill_ids.opening_deposit_line_ids
        # a deposit taken over by a glue addon may be on another account, which is not matched
        for account in accounts.filtered('reconcile'):
            mine = lines.filtered(lambda line, account=account: line.account_id == account and not line.reconciled)
            groups = mine.filtered('progress_deposit_bill_id').grouped('progress_deposit_bill_id').values()
            plan += [group for group in groups if len(set(group.mapped(lambda line: line.balance > 0))) > 1]
            if mine not in plan:  # one deposit and its reversal may be all there is
                plan.append(mine)
        return plan

    @api.constrains('deposit_account_id')
    def _check_deposit_account(self):
        for contract in self.filtered('deposit_account_id'):
            reason = contract._get_deposit_account_blocker(contract.deposit_account_id)
            if reason:
                raise ValidationError(reason)

    @api.depends(
        'revenue_recognition',
        'bill_ids.bucket',
        'bill_ids.kind',
        'bill_ids.invoiced_amount',
        'bill_ids.credited_amount',
        'bill_ids.opening_deposit_amount',
        'bill_ids.down_payment_held',
    )
    def _compute_deposit_balance(self):
        """Posted deposits and what was held before, until a final invoice is posted, and down payments, whatever the
        recognition. Extend by ``super()``.
        """
        for contract in self:
            actual = contract.bill_ids.filtered(lambda bill: bill.bucket == 'actual')
            balance = 0.0
            if 'final' not in actual.mapped('kind'):
                balance = sum(actual.mapped('opening_deposit_amount'))
                if contract.revenue_recognition == 'deposit':
                    balance += sum(
                        bill.invoiced_amount - bill.credited_amount for bill in actual if bill.kind == 'progress'
                    )
            contract.deposit_balance = balance + sum(contract.bill_ids.mapped('down_payment_held'))

    def _get_deposit_blockers(self, rule=None):
        account, reasons = self._find_deposit_account(rule), []
        if not account:
            reasons.append(
                self.env._(
                    "No customer deposit account is set: choose it on the contract, or in the Progress Billing "
                    "settings of %s.",
                    self.company_id.display_name,
                )
            )
        else:
            reasons += filter(
                None, (self._get_deposit_account_blocker(account), self._get_account_currency_blocker(account))
            )
        if not self._find_deposit_product():
            reasons.append(
                self.env._("There is no active product with the internal reference DEPOSIT: create or unarchive it.")
            )
        return reasons

    def _get_customer_blockers(self):
        """Deposits are held for one customer a contract (DEP-12)."""
        customer = self.partner_id.commercial_partner_id
        lines = self._get_billable_lines()
        if not (customer and lines._get_linked('partner_id').commercial_partner_id - customer):
            return []
        others = lines.filtered(lambda line: line.partner_id.commercial_partner_id not in (customer, customer.browse()))
        return [
            self.env._(
                "Deposits are held for one customer, %(customer)s, but these lines are for others: %(lines)s. Give "
                "them a contract of their own, or recognise revenue as billed.",
                customer=customer.display_name,
                lines=', '.join(others.mapped('display_name')),
            )
        ]

    def _get_deposit_account_blocker(self, account):
        if not self._is_open_account(account, self._get_deposit_account_type()):
            return self.env._(
                "%(account)s cannot hold deposits: it must be an active account of type %(type)s that allows "
                "reconciliation. Choose another one on the contract or in the Progress Billing settings, or correct "
                "the account.",
                account=account.display_name,
                type=self._get_account_type_label(self._get_deposit_account_type()),
            )
        return False

    def _get_account_currency_blocker(self, account):
        if account.currency_id and account.currency_id != self.currency_id:
            return self.env._(
                "The deposit account %(account)s is kept in %(currency)s: choose one without a currency of its own.",
                account=account.display_name,
                currency=account.currency_id.name,
            )
        return False
