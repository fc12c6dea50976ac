import random
from collections import defaultdict

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.progress_billing_timesheet.tests.common import ProgressTimesheetCommon

DATES = ('2026-01-15', '2026-03-15', '2026-07-15', '2026-09-15')


@tagged('post_install', '-at_install')
class TestMixedWalk(ProgressTimesheetCommon):
    """Lives drawn at random in which progress, hours, expenses, shipments, down payments, change orders, retainage,
    corrections and credit notes meet: no money is billed twice or lost, and bills, ledger and orders agree.
    """

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('hr_expense.group_hr_expense_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.downpayment_account_id = cls.deposit_account
        cls.company.anglo_saxon_accounting = False
        cls.hotel = cls.orders.product(
            "Hotel", expense_policy='cost', invoice_policy='delivery', can_be_expensed=True, supplier_taxes_id=False
        )
        cls.taxed_hotel = cls.hotel.copy(
            {'name': "Taxed hotel", 'taxes_id': [Command.set(cls.tax_15.ids)], 'can_be_expensed': True}
        )
        seven = cls.make.tax("7 %", 7)
        included = cls.make.tax("21 % included", 21, price_include_override='tax_included')
        cls.tax_sets = [seven.browse(), cls.tax_15, cls.tax_15 + seven, included]
        rates = [('2025-01-01', 2.0), ('2026-03-01', 1.6), ('2026-08-01', 1.25)]
        own = cls.company.currency_id
        cls.currencies = [own, own, own, *(cls.setup_other_currency(name, rates=rates) for name in ('EUR', 'JPY'))]
        dinar = cls.setup_other_currency('KWD', rates=rates)
        dinar.rounding = 0.001
        cls.currencies.append(dinar)
        cls.ships = 'progress_invoice_on_shipment' in cls.company._fields
        if cls.ships:
            cls._set_up_yard()

    @classmethod
    def _set_up_yard(cls):
        """A warehouse full of windows, whose deliveries make invoices."""
        cls.company.progress_invoice_on_shipment = True
        cls.goods = cls.orders.product("Windows", type='consu', is_storable=True, invoice_policy='delivery')
        warehouse = cls.env['stock.warehouse'].search([('company_id', '=', cls.company.id)], limit=1)
        warehouse = warehouse or warehouse.create({'name': "Yard", 'code': "YARD", 'company_id': cls.company.id})
        cls.env['stock.quant']._update_available_quantity(cls.goods, warehouse.lot_stock_id, 10000)

    # === THE BEGINNING === #

    def _begin(self, seed):
        self.dice, self.log, self.loose = random.Random(seed), [], 0
        dice = self.dice
        self.payer = self.env['res.partner'].create({'name': f"Payer {seed}"})
        self.money = dice.choice(self.currencies)
        pricelist = self.env['product.pricelist'].create({'name': self.money.name, 'currency_id': self.money.id})
        self.site = self.make.project(name=f"Site {seed}", partner_id=self.payer.id)
        taxes = dice.choice(self.tax_sets)
        self.company.progress_retainage_tax = dice.choice(('now', 'now', 'release'))
        self.order = self.orders.order(
            [self._amount(3000, 20000), self._amount(100, 3000)],
            taxes,
            confirm=False,
            partner_id=self.payer.id,
            project_id=self.site.id,
            pricelist_id=pricelist.id,
        )
        if self.ships and dice.random() < 0.6:
            self._order_line(self.goods, self._amount(20, 300), 10, dice.choice((taxes, self.tax_15)))
        self.order.action_confirm()
        if dice.random() < 0.2:
            self.orders.down_payment(self.order, percent=dice.choice((10, 25)))
        self.contract = self.orders.set_up(self.order, dice.choice(('deposit', 'as_billed')))
        self.contract.write(self._draw_terms())
        if self.contract.state == 'draft':
            self.contract.action_open()
        self.contract.action_set_retainage(dice.choice((0, 0, 5, 10)), dice.choice((0, 5)), all_lines=True)
        self.other = self.make.contract(
            [self._amount(500, 5000), self._amount(500, 5000)],
            dice.choice(self.tax_sets),
            project=self.make.project(name=f"Other {seed}", partner_id=self.payer.id),
            partner_id=self.payer.id,
            currency_id=self.money.id,
            revenue_recognition=dice.choice(('deposit', 'as_billed')),
            retainage_percent=dice.choice((0, 10)),
            do_open=False,
            **self._draw_terms(),
        )
        self._turn_to_units(self.other.line_ids[1])
        if self.other.revenue_recognition == 'as_billed' and dice.random() < 0.4:
            self.other.line_ids[0].partner_id = self.env['res.partner'].create({'name': "Third"})
        self.other.action_open()
        self.contracts = self.contract | self.other
        self.contracts.hourly_rate = 100
        self.log.append((self.money.name, taxes.mapped('name'), [self._show_terms(one) for one in self.contracts]))

    def _show_terms(self, contract):
        names = ('revenue_recognition', 'use_pro_forma', 'retainage_percent', 'down_payment_absorption')
        return (contract.id, *(contract[name] for name in names))

    def _draw_terms(self):
        return {
            'use_pro_forma': self.dice.random() < 0.5,
            'down_payment_absorption': self.dice.choice(('pro_rata', 'pro_rata', 'last')),
        }

    def _turn_to_units(self, line):
        if self.dice.random() < 0.5:
            price = self._amount(10, 99)
            line.write({'billing_base': 'quantity', 'original_quantity': 12, 'unit_price': price})

    def _order_line(self, product, price, quantity, taxes):
        return self.env['sale.order.line'].create(
            {
                'order_id': self.order.id,
                'product_id': product.id,
                'product_uom_qty': quantity,
                'price_unit': price,
                'technical_price_unit': 0,
                'tax_ids': [Command.set(taxes.ids)],
            }
        )

    def _amount(self, low, high):
        return self.money.round(self.dice.uniform(low, high))

    # === WHAT PEOPLE DO === #

    def _pick(self, records):
        if not records:
            raise UserError(self.env._("Nothing to pick"))
        return self.dice.choice(list(records))

    def _pick_contract(self):
        return self.dice.choice((self.contract, self.contract, self.other))

    def _bills(self, *states):
        return self.contracts.bill_ids.filtered(lambda bill: not states or bill.state in states)

    def _moves(self, state, is_credit=False):
        moves = self.contracts.bill_ids.move_ids
        return moves.filtered(lambda move: move.state == state and bool(move.reversed_entry_id) == is_credit)

    def _do_progress(self):
        line = self._pick(self._pick_contract()._get_billable_lines())
        if line.billing_base == 'quantity':
            line.pending_quantity = self.dice.choice((1, 2.5, 3, -1))
        elif self.dice.random() < 0.7:
            line.completed_percent = self.dice.choice((10, 25, 100 / 3, 50, 66.67, 90, 100))
        elif self.dice.random() < 0.5:
            line.pending_amount = self._amount(-100, 500)
        else:
            line.stored_amount = self.dice.choice((0, self._amount(0, 300)))

    def _do_run(self):
        for _time in range(self.dice.randrange(4)):
            self._do_progress()
        self._run()

    def _run(self):
        self._pick_contract().action_run_billing(date=self.dice.choice(DATES))

    def _do_claim(self):
        contract = self._pick_contract()
        values = {'date': self.dice.choice(DATES), 'percent': self.dice.choice((5, 10, 33.3333))}
        mode = self.dice.choice(('percent', 'lines', 'lines', 'remaining'))
        if mode == 'lines':
            lines = contract._get_billable_lines().filtered(lambda line: line.billing_base == 'amount')
            values['lines'] = [
                {'contract_line_id': line.id, 'amount': self._amount(-50, max(line.amount_left, 1) / 2)}
                for line in lines
            ]
        contract.action_create_bill(mode, values)

    def _do_plan(self):
        amount = self.dice.choice(('10%', '25%', '33.33%', f'{self._amount(50, 800)}'))
        self.make.plan(self._pick_contract(), amount, date=self.dice.choice(DATES)).action_create()

    def _do_screen(self):
        contract = self._pick_contract()
        final = self.dice.random() < 0.04
        amount = 0 if final else self._amount(0, max(contract.wip_available, 0) / 2)
        wizard = self._open(contract, None, amount, date=self.dice.choice(DATES), is_final=final)
        wizard.attach_time = self.dice.random() < 0.7
        wizard.charge_adjustments_to_company = self.dice.random() < 0.3
        wizard.tick_entries(True, ids=[entry.id for entry in self._entries() if self.dice.random() < 0.6])
        for kind in ('expense', 'product'):
            lines = contract._get_order_lines_to_bill(kind)
            wizard.tick_order_lines(kind, True, [line.id for line in lines if self.dice.random() < 0.7])
        if self.dice.random() < 0.2:
            wizard.lower_down_payment = True
            wizard.down_payment_most = self.money.round(wizard.down_payment_most * self.dice.random())
        wizard.action_continue()

    def _entries(self):
        return self.env['account.analytic.line'].search(
            [('project_id', '=', self.site.id), ('progress_bill_id', '=', False)]
        )

    def _do_log_hours(self):
        hours = self.dice.choice((0.75, 2, 7.5))
        self._make_entry(hours, self.dice.choice((self.ann, self.bob)), project_id=self.site.id)

    def _do_spend(self):
        expense = self.env['hr.expense'].create(
            {
                'name': "Night in town",
                'employee_id': self.ann.id,
                'company_id': self.company.id,
                'product_id': self.dice.choice((self.hotel, self.taxed_hotel)).id,
                'total_amount_currency': self.dice.choice((80.0, 61.37)),
                'date': '2026-01-10',
                'payment_mode': 'own_account',
                'tax_ids': [Command.clear()],
                'sale_order_id': self.order.id,
                'analytic_distribution': {str(self.site.account_id.id): 100},
            }
        )
        expense.action_submit()
        expense._do_approve()
        expense._post_without_wizard()

    def _do_take_an_expense_back(self):
        expenses = self.env['hr.expense'].search([('sale_order_id', '=', self.order.id), ('state', '=', 'posted')])
        self._pick(expenses).account_move_id.button_draft()

    def _do_pay_down(self):
        contract = self._pick_contract()
        restricted_to = False
        if self.dice.random() < 0.3:
            restricted_to = f'progress.contract.line,{self._pick(contract._get_billable_lines()).id}'
        contract.action_create_down_payment(self._amount(50, 900), self.dice.random() < 0.3, restricted_to)

    def _do_apply_less(self):
        use = self._pick(self._bills('draft').down_payment_use_ids)
        use.amount = self.money.round(use.amount * self.dice.random())

    def _do_edit(self):
        bill = self._pick(self._bills('draft', 'rejected').filtered('line_ids'))
        line = self._pick(bill.line_ids)
        what = self.dice.random()
        if what < 0.5 and line.billing_base == 'amount' and bill.kind == 'progress':
            line.amount = self.money.round(line.amount * self.dice.choice((0, 0.5, 0.9, 1.1)))
        elif what < 0.6:
            line.retainage_amount = self.money.round(line.retainage_amount * self.dice.random())
        elif what < 0.7:
            line.certified_amount = self.money.round(line.amount * self.dice.random())
        elif what < 0.8:
            line.unlink()
        elif bill.current_payment_due > 0:
            bill.certified_amount = self.money.round(bill.current_payment_due * self.dice.random())

    def _do_review(self):
        bill = self._pick(self._bills('draft', 'submitted', 'approved', 'rejected'))
        act = self.dice.choice(('action_submit', 'action_approve', 'action_reject'))
        bill.action_reject("No") if act == 'action_reject' else getattr(bill, act)()

    def _do_release(self):
        self._pick(self._bills('draft', 'approved').filtered(lambda bill: not bill.invoice_id)).action_release()

    def _do_post(self):
        self._pick(self._moves('draft')).action_post()

    def _do_post_credit(self):
        self._pick(self._moves('draft', is_credit=True)).action_post()

    def _do_undo(self):
        bill = self._pick(self.contracts.bill_ids.filtered('bucket'))
        self._undo(bill)

    def _undo(self, bill):
        move = bill.invoice_id
        if not move:
            bill.unlink() if self.dice.random() < 0.5 else bill.action_cancel()
            return
        if move.state == 'posted':
            move.button_draft()
        if self.dice.random() < 0.4:
            move.unlink()
        elif self.dice.random() < 0.6:
            move.button_cancel()

    def _do_credit(self):
        move = self._pick(self._moves('posted') | self._moves('posted', is_credit=self.dice.random() < 0.3))
        refund = move._reverse_moves([{'invoice_date': '2026-09-30', 'date': '2026-09-30'}])
        if self.dice.random() < 0.5:
            for line in refund.invoice_line_ids.filtered(lambda line: line.display_type == 'product'):
                if self.dice.random() < 0.6:
                    line.price_unit = self.money.round(line.price_unit * self.dice.random())
            self.loose += 1
        if self.dice.random() < 0.8:
            refund.action_post()

    def _do_undo_credit(self):
        move = self._pick(self._moves('posted', True) | self._moves('draft', True))
        if move.state == 'posted':
            move.button_draft()
        if self.dice.random() < 0.7:
            move.unlink()

    def _do_correct(self):
        self._pick(self._bills('invoiced')).action_correct()

    def _do_change(self):
        contract = self._pick_contract()
        line = self._pick(contract._get_billable_lines())
        vals = {'contract_line_id': line.id}
        if line.billing_base == 'quantity':
            vals['quantity'] = self.dice.choice((2, -1, -3))
        elif self.dice.random() < 0.25:
            vals = {'name': "New", 'amount': self._amount(-200, 900)}
            vals['tax_ids'] = [Command.set(line.tax_ids.ids)]
        else:
            vals['amount'] = self._amount(-600, 900)
        self.make.change(contract, vals, credit=self.dice.random() < 0.6)

    def _do_cancel_change(self):
        self._pick(self.contracts.change_ids.filtered(lambda change: change.state != 'cancelled')).action_cancel()

    def _do_decide(self):
        change = self._pick(self.contracts.change_ids.filtered(lambda change: change.state == 'draft'))
        change.action_approve(credit=True) if self.dice.random() < 0.8 else change.action_cancel()

    def _do_rate(self):
        self._pick_contract().action_set_retainage(self.dice.choice((0, 5, 10)), all_lines=True)

    def _do_release_retainage(self):
        contract = self._pick_contract()
        amount = self.money.round(contract.retainage_balance * self.dice.choice((0.3, 0.5, 1)))
        contract.action_release_retainage(amount)

    def _do_pay(self):
        move = self._pick(self._moves('posted').filtered(lambda move: move.amount_residual > 0))
        self.billing.pay(move, self.money.round(move.amount_residual * self.dice.choice((0.4, 1))) or None)

    def _do_final(self):
        if self.dice.random() < 0.5:
            self._pick_contract().action_create_final_invoice()

    def _do_undo_final(self):
        final = self._pick(self._bills('invoiced').filtered(lambda bill: bill.kind == 'final'))
        if final.invoice_id.state == 'posted' and self.dice.random() < 0.5:
            final.invoice_id._reverse_moves([{'invoice_date': '2026-09-30', 'date': '2026-09-30'}], cancel=True)
        else:
            self._undo(final)

    def _do_ship(self):
        pickings = self.order.picking_ids if self.ships else []
        picking = self._pick([one for one in pickings if one.state not in ('done', 'cancel')])
        picking.action_assign()
        picking.move_ids.write({'quantity': self.dice.choice((1, 3, 4)), 'picked': True})
        picking.with_context(skip_backorder=True).button_validate()

    def _do_take_goods_back(self):
        pickings = self.order.picking_ids if self.ships else []
        picking = self._pick([one for one in pickings if one.state == 'done' and not one.return_id])
        wizard = self.env['stock.return.picking'].create({'picking_id': picking.id})
        wizard.product_return_moves.write({'quantity': 1, 'to_refund': True})
        back = wizard._create_return()
        back.move_ids.write({'quantity': 1, 'picked': True})
        back.button_validate()

    def _do_odoos_own(self):
        """Odoo's own invoices of the order: made, posted, taken back, credited."""
        natives = self.order.invoice_ids.filtered(lambda move: not move.progress_bill_id)
        what = self.dice.random()
        if what < 0.2:
            self.order._create_invoices(final=self.dice.random() < 0.5)
        elif what < 0.6:
            self._pick(natives.filtered(lambda move: move.state == 'draft')).action_post()
        elif what < 0.8:
            move = self._pick(natives.filtered(lambda move: move.state == 'posted'))
            move._reverse_moves([{'invoice_date': '2026-09-30', 'date': '2026-09-30'}], cancel=self.dice.random() < 0.5)
        else:
            move = self._pick(natives.filtered(lambda move: move.state in ('draft', 'posted')))
            if move.state == 'posted':
                move.button_draft()
            move.unlink()

    def _do_change_the_order(self):
        line = self._pick(self.order.order_line.filtered(lambda line: not line.is_expense and not line.is_downpayment))
        if line.product_uom_qty > 1 and self.dice.random() < 0.5:
            line.product_uom_qty += self.dice.choice((-1, 2))
        elif self.dice.random() < 0.3:
            self._order_line(self.service, self._amount(10, 400), 1, line.tax_ids)
        else:
            line.price_unit = self.money.round(line.price_unit * self.dice.choice((0.9, 1.05)))

    # === THE LIFE === #

    def _live(self, seed, steps=30):
        self._begin(seed)
        acts = [name for name in dir(self) if name.startswith('_do_')]
        likely = ['_do_run', '_do_screen', '_do_post', '_do_post', '_do_release'] * 4
        likely += ['_do_pay_down', '_do_spend'] * 2
        self._check()
        for _step in range(steps):
            name = self.dice.choice(acts + likely)
            try:
                with self.env.cr.savepoint():
                    getattr(self, name)()
                    self.env.flush_all()
                self.log.append(name)
            except UserError as error:
                self.log.append(f'{name}: {str(error)[:150]}')
            self.env.invalidate_all()
            self._check()
            if self.dice.random() < 0.15:
                self._there_and_back()
        self._check_computed()
        self._settle()

    def _there_and_back(self):
        """A bill that is made and undone at once leaves nothing behind."""
        before, known = self._snapshot(), self.contracts.bill_ids
        name = self.dice.choice(('_run', '_do_screen', '_do_claim', '_do_plan', '_do_pay_down'))
        try:
            with self.env.cr.savepoint():
                getattr(self, name)()
                self.env.flush_all()
                bills = self.contracts.bill_ids - known
                drafts_only = self._take_back(bills)
                self.env.flush_all()
        except UserError as error:
            self.log.append(f'there and back {name}: {str(error)[:150]}')
            self.env.invalidate_all()
            return
        self.log.append(f'there and back {name}, {drafts_only}')
        self.env.invalidate_all()
        self._check()
        self._check_same(before, pending=drafts_only)

    def _take_back(self, bills):
        """Undo bills in one of the ways there are; whether that was before anything was posted."""
        way = self.dice.choice(('draft', 'reset', 'credit'))
        for bill in bills.sorted('id', reverse=True):
            if way != 'draft' and not bill.invoice_id:
                bill.action_release()
            move = bill.invoice_id
            if way != 'draft':
                move.action_post()
            if way == 'credit':
                move._reverse_moves([{'invoice_date': '2026-09-30', 'date': '2026-09-30'}], cancel=True)
                continue
            if move.state == 'posted':
                move.button_draft()
            move.unlink()
            if bill.bucket:  # a pro forma again (BIL-3)
                bill.action_cancel()
        return way != 'credit'

    def _check_same(self, before, pending=True):
        """Nothing is left of what was undone; crediting leaves pending as it is (REV-2)."""
        other, after = {}, self._snapshot()
        for key in before.keys() | after.keys():
            was, now = before.get(key, 0.0), after.get(key, 0.0)
            same = self.money.is_zero(was - now) if isinstance(was, float) else was == now
            if not same and (pending or key[0] != 'pending'):
                other[key] = was, now
        self.assertFalse(other, self._msg())

    def _snapshot(self):
        """All that a bill moves: what is billed, held and free, on contracts, orders, entries and the ledger."""
        found = {}
        for contract in self.contracts:
            for name in ('draft_amount', 'actual_amount', 'deposit_balance', 'retainage_balance', 'state'):
                found[contract.id, name] = contract[name]
            for line in contract.line_ids:
                for name in ('draft_amount', 'actual_amount', 'draft_quantity', 'actual_quantity', 'revised_amount'):
                    found['line', line.id, name] = line[name]
                found['line', line.id, 'stored'] = line.billed_stored_amount
                found['line', line.id, 'held'] = line.retainage_balance
                for name in ('pending_amount', 'pending_quantity'):
                    found['pending', line.id, name] = line[name]
        for bill in self.contracts.bill_ids.filtered(lambda bill: bill.kind == 'down_payment' and bill.bucket):
            found['paid', bill.id] = bill.down_payment_left
            found['paid held', bill.id] = bill.down_payment_held
        names = ('qty_invoiced', 'qty_to_invoice', 'qty_delivered', 'untaxed_amount_invoiced', 'amount_to_invoice')
        for line in self.order.order_line:
            found.update({('order', line.id, name): line[name] for name in (*names, 'invoice_status')})
        for entry in self.env['account.analytic.line'].search([('project_id', '=', self.site.id)]):
            found['entry', entry.id] = entry.progress_bill_id
            found['entry invoice', entry.id] = entry.timesheet_invoice_id
        for account, amount in self._get_balances().items():
            found['account', account.code] = amount
        return found

    def _get_balances(self):
        sums = defaultdict(float)
        for item in self._posted_items():
            sums[item.account_id] += item.amount_currency
        return {account: amount for account, amount in sums.items() if not self.money.is_zero(amount)}

    def _posted_items(self):
        moves = self.contracts.bill_ids.move_ids | self.order.invoice_ids
        return moves.filtered(lambda move: move.state == 'posted').line_ids

    # === WHAT HOLDS === #

    def _msg(self, *more):
        return '\n'.join(map(str, ('', *self.log, *more)))

    def assertMoney(self, found, expected, *more):
        if not self.money.is_zero(found - expected):
            self.fail(f'{found} is not {expected}{self._msg(*more)}')

    def _check(self):
        for contract in self.contracts:
            self._check_worth(contract)
            self._check_contract_ledger(contract)
            for bill in contract.bill_ids:
                self._check_bill(bill)
        self._check_deposits()
        self._check_entries()
        self._check_order()
        for move in self.contracts.bill_ids.move_ids | self.order.invoice_ids:
            self.assertFalse(self.company.currency_id.round(sum(move.line_ids.mapped('balance'))), self._msg(move))
            self.assertMoney(sum(move.line_ids.mapped('amount_currency')), 0.0, move)

    def _check_worth(self, contract):
        for one in (contract, *contract.line_ids):
            billed, worth = one.draft_amount + one.actual_amount, one.revised_amount
            low, high = min(worth, 0), max(worth, 0)
            if not self.money.is_zero(max(low - billed, billed - high, 0)) and not self._is_excused(contract):
                self.fail(f'{one} {one.display_name}: {billed} of {worth}{self._msg()}')
        self.assertMoney(sum(contract.line_ids.mapped('draft_amount')), contract.draft_amount)
        self.assertMoney(sum(contract.line_ids.mapped('actual_amount')), contract.actual_amount)
        left = contract.revised_amount - contract.draft_amount - contract.actual_amount
        self.assertMoney(left, contract.wip_available)

    def _is_excused(self, contract):
        """A draft credit waits for what was taken away from billed work; Odoo's own credit notes come as they come."""
        credits = contract.bill_ids.filtered(lambda bill: bill.bucket == 'draft' and bill.invoiced_amount < 0)
        return bool(credits) or any(contract.line_ids.mapped('sale_draft_amount'))

    def _check_contract_ledger(self, contract):
        posted = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted').line_ids
        native = sum(contract.line_ids.mapped('sale_actual_amount'))
        sums = {kind: self._figure(posted, kind) for kind in ('revenue', 'deposit', 'deposit_reversal', 'retainage')}
        own_money = contract.bill_ids.filtered(lambda bill: bill.is_sale_down_payment and bill.kind == 'down_payment')
        sums['deposit'] -= self._figure(posted & own_money.move_ids.line_ids, 'deposit')
        finals = contract.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket == 'actual')
        if contract.revenue_recognition == 'as_billed':
            self.assertMoney(sums['revenue'], contract.actual_amount - native, contract, 'income')
        elif finals:
            self.assertMoney(sums['revenue'], contract.revised_amount - native, contract, 'income')
            self.assertMoney(sums['deposit'] + sums['deposit_reversal'], 0.0, contract, 'deposits')
        else:
            self.assertMoney(sums['revenue'], 0.0, contract, 'income')
            self.assertMoney(sums['deposit'], contract.actual_amount - native, contract, 'deposits')
        self.assertMoney(sums['retainage'], contract.retainage_balance, contract, 'retainage')
        drafts = sum(
            bill.retainage_amount - bill.credited_retainage_amount
            for bill in contract.bill_ids
            if bill.bucket == 'draft'
        )
        kept = sum(contract.line_ids.mapped('retainage_balance'))
        self.assertMoney(kept, contract.retainage_balance + drafts, contract, 'retainage by line')
        for line in contract.line_ids:
            held = line.retainage_balance * (-1 if line.revised_amount < 0 else 1)
            self.assertFalse(self.money.compare_amounts(held, 0) < 0, self._msg(line, held))

    def _figure(self, items, *kinds):
        return items.filtered(lambda item: item.progress_line_type in kinds)._get_progress_figure()

    def _check_bill(self, bill):
        live = bill.invoice_id
        if not live or bill.is_sale_down_payment:
            return
        kind = {'retainage': None, 'down_payment': None}.get(bill.kind, 'work')
        deposit = bill.contract_id.revenue_recognition == 'deposit'
        for sign, moves in ((1, live), (-1, bill._get_reversals())):
            items = moves.line_ids
            figures = {
                'sourced_amount': ('sourced', 'down_payment', 'down_payment_use'),
                'retainage_amount': ('retainage',),
                'holdback_amount': ('holdback',),
            }
            if kind and not (deposit and bill.kind == 'final'):
                figures['invoiced_amount'] = ('deposit',) if deposit else ('revenue',)
            for name, types in figures.items():
                own = bill[name if sign > 0 else self._credited(name)]
                self.assertMoney(sign * self._figure(items, *types), own, bill, name, sign)

    def _credited(self, name):
        return 'credited_amount' if name == 'invoiced_amount' else f'credited_{name}'

    def _check_deposits(self):
        items = self._posted_items().filtered(lambda item: item.account_id == self.deposit_account)
        balance = -sum(items.mapped('amount_currency'))
        self.assertMoney(sum(self.contracts.mapped('deposit_balance')), balance, 'deposit balance')
        for bill in self.contracts.bill_ids.filtered(lambda bill: bill.kind == 'down_payment'):
            self.assertFalse(self.money.compare_amounts(bill.down_payment_left, 0) < 0, self._msg(bill))
            if not bill.is_sale_down_payment:
                mine = items.filtered(lambda item, bill=bill: item.progress_deposit_bill_id == bill)
                self.assertMoney(-sum(mine.mapped('amount_currency')), bill.down_payment_held, bill)
                if mine:
                    residual = -sum(mine.mapped('amount_residual_currency'))
                    self.assertMoney(residual, bill.down_payment_held, bill, 'residual')

    def _check_entries(self):
        rows = self.contracts.bill_ids.entry_ids
        for entry in self.env['account.analytic.line'].search([('project_id', '=', self.site.id)]):
            live = rows.filtered(lambda row, entry=entry: row.analytic_line_id == entry and row.bill_id.bucket)
            self.assertLessEqual(len(live), 1, self._msg(entry))
            self.assertEqual(entry.progress_bill_id, live.bill_id, self._msg(entry))
            self.assertEqual(entry.timesheet_invoice_id, live.bill_id.invoice_id, self._msg(entry))
        for bill in self.contracts.bill_ids:
            times = bill.entry_ids.filtered(lambda row: row.kind == 'time')
            if times:
                fee = bill.invoiced_amount - bill.credited_amount
                self.assertMoney(sum(times.mapped('value')) + bill.entry_adjustment, fee, bill, 'realisation')

    def _check_order(self):
        """What an expense or product beside the schedule is billed by Odoo, by a bill, or to be billed: once."""
        for line in self.order.order_line.filtered('is_expense'):
            bills = line.progress_entry_ids.filtered(lambda row: row.bill_id.bucket)
            native = line.invoice_lines.filtered(
                lambda item: not item.progress_line_type and item.parent_state != 'cancel'
            )
            own = sum(item._get_quantity_for_order(line) for item in native)
            total = own + sum(bills.mapped('quantity')) + line.qty_to_invoice
            if not any(bill.credited_sourced_amount for bill in bills.bill_id):
                self.assertAlmostEqual(total, line.qty_delivered, 3, self._msg(line))

    def _check_computed(self):
        """Computed anew, every stored figure is what it is."""
        records = [
            self.contracts,
            self.contracts.line_ids,
            self.contracts.bill_ids,
            self.contracts.bill_ids.line_ids | self.contracts.bill_ids.sourced_line_ids,
            self.contracts.bill_ids.entry_ids,
            self.contracts.bill_ids.down_payment_use_ids | self.contracts.bill_ids.down_payment_used_ids,
            self.contracts.change_ids,
            self.contracts.change_ids.line_ids,
            self.order,
            self.order.order_line,
            self.env['account.analytic.line'].search([('project_id', '=', self.site.id)]),
        ]
        for model in records:
            names = [
                name
                for name, field in model._fields.items()
                if field.store and field.compute and field.readonly and (model._name != 'sale.order' or field.manual)
            ]
            before = {name: [one[name] for one in model] for name in names}
            for name in names:
                self.env.add_to_compute(model._fields[name], model)
            self.env.flush_all()
            self.env.invalidate_all()
            for name in names:
                for one, was in zip(model, before[name], strict=True):
                    now = one[name]
                    if now != was and not (isinstance(now, float) and abs(now - was) < 1e-6):
                        self.fail(f'{one}.{name}: stored {was}, computed {now}{self._msg()}')

    # === THE END === #

    def _try(self, act):
        try:
            with self.env.cr.savepoint():
                act()
                self.env.flush_all()
                return True
        except UserError as error:
            self.log.append(f'settle: {str(error)[:150]}')
            self.env.invalidate_all()
            return False

    def _settle(self):
        """Everything is decided, billed and posted; after the finals nothing is held but retainage, then nothing."""
        for credit in self._moves('draft', is_credit=True):
            self._try(credit.action_post) or credit.unlink()
        for change in self._proposals():
            self._try(change.action_approve) or change.action_cancel()
        self._bills('submitted', 'rejected').action_cancel()
        self._settle_bills()
        for change in self._proposals():
            change.action_approve(credit=True) if self.dice.random() < 0.5 else change.action_cancel()
        for move in self._moves('draft'):
            move.action_post()
        for bill in self._bills('draft'):
            self.billing.to_ledger(bill)
        self._check()
        for contract in self.contracts.filtered(lambda contract: contract.state == 'open'):
            self._end(contract)
        self._check()
        self._check_ended()

    def _proposals(self):
        return self.contracts.change_ids.filtered(lambda change: change.state == 'draft')

    def _settle_bills(self):
        """What can be billed and posted is, in its order; the rest goes. Odoo's own invoices too."""
        for bill in self.contracts.bill_ids.sorted(lambda bill: bill._get_order_key()):
            if bill.bucket == 'draft' and not bill.invoice_id:
                self._try(bill.action_release) or bill.action_cancel()
        moves = self._moves('draft').sorted(lambda move: move.progress_bill_id._get_order_key())
        own = self.order.invoice_ids.filtered(lambda move: move.state == 'draft' and not move.progress_bill_id)
        for move in [*moves, *own]:
            if move.exists():
                self._try(move.action_post) or self._try(move.unlink)

    def _end(self, contract):
        """The final invoice, undone, and made again."""
        before = self._snapshot()
        for way in ('draft', 'reset', 'credit', None):
            contract.action_create_final_invoice()
            finals = contract.final_invoice_ids
            if way != 'draft':
                finals.action_post()
                self._check()
            if way == 'credit':
                for final in finals:
                    final._reverse_moves([{'invoice_date': '2026-09-30', 'date': '2026-09-30'}], cancel=True)
            elif way:
                if way == 'reset':
                    finals.button_draft()
                finals.unlink()
            if way:
                self.log.append(f'final of {contract.id} undone: {way}')
                self.env.flush_all()
                self.env.invalidate_all()
                self._check()
                self._check_same(before, pending=way != 'credit')
        self.assertEqual(contract.state, 'closed', self._msg())

    def _check_ended(self):
        items = self._posted_items()
        for contract in self.contracts:
            self.assertMoney(contract.actual_amount, contract.revised_amount, contract)
            self.assertMoney(contract.deposit_balance, 0.0, contract)
            if contract.retainage_balance:
                self.billing.release(contract)
            self.assertMoney(contract.retainage_balance, 0.0, contract)
        items = self._posted_items()
        partials = items.matched_debit_ids | items.matched_credit_ids
        items |= partials.exchange_move_id.line_ids
        for account in (self.deposit_account, self.retainage_account):
            mine = items.filtered(lambda item, account=account: item.account_id == account)
            for name in ('amount_currency', 'balance', 'amount_residual', 'amount_residual_currency'):
                total = round(sum(mine.mapped(name)), 4)
                self.assertFalse(total, self._msg(account.name, name, mine.mapped(name)))
            self.assertTrue(all(item.reconciled for item in mine if item.balance), self._msg(account.name))

    def test_random_lives(self):
        for seed in (203, 204):
            with self.subTest(seed=seed), self.env.cr.savepoint():
                self._live(seed, steps=10)
                self.env.invalidate_all()
