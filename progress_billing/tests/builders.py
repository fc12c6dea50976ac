"""What tests are made of: objects that a test case holds, each for one thing, none of which knows the test.

A glue addon's tests hold the same ones, and its own beside them.
"""

from odoo import Command, fields


def make_tax(company, account, name, amount, **vals):
    """A sales tax of so many percent, whose lines are on ``account``."""
    tax = company.env['account.tax'].create(
        {
            'name': name,
            'amount': amount,
            'amount_type': 'percent',
            'type_tax_use': 'sale',
            'company_id': company.id,
            'country_id': company.account_fiscal_country_id.id,
            **vals,
        }
    )
    parts = tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids
    parts.filtered(lambda part: part.repartition_type == 'tax').account_id = account
    return tax


def make_project(company, customer, **vals):
    """A fixed-fee project."""
    return company.env['project.project'].create(
        {
            'name': "House",
            'partner_id': customer.id,
            'company_id': company.id,
            'billing_method': 'fixed_fee',
            'bill_time': 'billable',
            **vals,
        }
    )


class Make:
    """Makes what a test is about, in one company: ``self.make.contract([1000, 500], self.tax_15)``."""

    def __init__(self, env, *, company, customer, house, income_account, tax_account):
        self.env, self.company, self.customer, self.house = env, company, customer, house
        self.income_account, self.tax_account = income_account, tax_account

    def tax(self, name, amount, **vals):
        return make_tax(self.company, self.tax_account, name, amount, **vals)

    def project(self, **vals):
        return make_project(self.company, self.customer, **vals)

    # === CONTRACTS === #

    def contract(self, amounts, taxes=None, *, project=None, do_open=True, line_vals=None, **vals):
        """A contract with one line for each amount."""
        contract = self.env['progress.contract'].create(
            {
                'project_id': (self.house if project is None else project).id,
                'partner_id': self.customer.id,
                'company_id': self.company.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': f"Line {number}",
                            'item_number': str(number),
                            'original_amount': amount,
                            'account_id': self.income_account.id,
                            'tax_ids': [Command.set((taxes or self.env['account.tax']).ids)],
                            **(line_vals or {}),
                        }
                    )
                    for number, amount in enumerate(amounts, 1)
                ],
                **vals,
            }
        )
        if do_open:
            contract.action_open()
        return contract

    def as_billed(self, amounts, taxes=None, **vals):
        return self.contract(amounts, taxes, **{'revenue_recognition': 'as_billed', **vals})

    def pro_forma(self, amounts, taxes=None, **vals):
        return self.as_billed(amounts, taxes, **{'use_pro_forma': True, **vals})

    def by_quantity(self, quantity, price, taxes=None, **vals):
        """A contract with one line billed by quantity."""
        line = {'billing_base': 'quantity', 'original_quantity': quantity, 'unit_price': price}
        return self.as_billed([0], taxes, line_vals={**line, 'original_amount': quantity * price}, **vals)

    # === WHAT IS ON THEM === #

    def plan(self, contract, amt_pct, date='2026-01-31', **vals):
        """A planned record."""
        return self.env['progress.bill'].create({'contract_id': contract.id, 'amt_pct': amt_pct, 'date': date, **vals})

    def change(self, contract, *lines, approve=True, credit=False):
        """A change order of these lines."""
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create(vals) for vals in lines]}
        )
        if approve:
            change.action_approve(credit=credit)
        return change

    def extra(self, contract, amount, **vals):
        """A change order of one line: to the first schedule line unless it is a new one."""
        target = {} if 'name' in vals else {'contract_line_id': contract._get_billable_lines()[0].id}
        return self.change(contract, {'amount': amount, **target, **vals})


class Billing:
    """Does what people do with a contract: ``self.billing.run(contract, 30)``."""

    def __init__(self, make):
        self.make, self.env = make, make.env

    def bill(self, contract, amt_pct, date='2026-01-31', post=True, **vals):
        """Plan, create and post a progress bill."""
        bill = self.make.plan(contract, amt_pct, date, **vals)
        bill.action_create()
        if post:
            bill.invoice_id.action_post()
        return bill

    def run(self, contract, percent=None, **vals):
        """Enter Completed (%) on every line, or the given values, and run; returns the new bills."""
        before = contract.bill_ids
        if percent is not None:
            vals['completed_percent'] = percent
        if vals:
            contract.line_ids.write(vals)
        contract.action_run_billing()
        return contract.bill_ids - before

    def draw(self, contract, *percents, post=True, date=None):
        """Enter Completed (%) on the lines in their order, run, and post what needs no release; returns the bills."""
        for line, percent in zip(contract._get_billable_lines(), percents, strict=False):
            line.completed_percent = percent
        before = contract.bill_ids
        contract.action_run_billing(date=date)
        bills = contract.bill_ids - before
        if post:
            for bill in bills.filtered('invoice_id'):
                bill.invoice_id.action_post()
        return bills

    def to_ledger(self, bill):
        """Release and post."""
        if not bill.invoice_id:
            bill.action_release()
        bill.invoice_id.action_post()
        return bill.invoice_id

    def release(self, contract, amount=None, post=True):
        """Release retainage."""
        before = contract.bill_ids
        contract.action_release_retainage(amount)
        bill = contract.bill_ids - before
        for one in bill if post else ():
            self.to_ledger(one)
        return bill

    def final(self, contract, date=None, post=True):
        """The final invoice."""
        contract.action_create_final_invoice()
        move = contract.final_invoice_id
        if date:
            move.invoice_date = date
        if post:
            move.action_post()
        return move

    def credit(self, move, amount=None, date='2026-02-15'):
        """A posted credit note, in full or of a net amount of its first line."""
        refund = move._reverse_moves([{'invoice_date': fields.Date.to_date(date), 'date': fields.Date.to_date(date)}])
        if amount is not None:
            refund.invoice_line_ids[:1].write({'price_unit': amount})
        refund.action_post()
        return refund

    def pay(self, move, amount=None):
        values = {'payment_date': move.invoice_date, **({'amount': amount} if amount else {})}
        wizard = self.env['account.payment.register'].with_context(active_model='account.move', active_ids=move.ids)
        return wizard.create(values)._create_payments()


class Books:
    """Reads the ledger: ``self.books.balance(account)``."""

    def __init__(self, env, retainage_account):
        self.env, self.retainage_account = env, retainage_account

    def of(self, moves):
        """``{account: (debit less credit in company currency, in document currency)}`` of the moves, without zeros."""
        result = {}
        for line in moves.line_ids:
            if line.account_id:
                balance, amount = result.get(line.account_id, (0.0, 0.0))
                result[line.account_id] = (round(balance + line.balance, 6), round(amount + line.amount_currency, 6))
        return {account: sums for account, sums in result.items() if sums != (0.0, 0.0)}

    def balance(self, account, contract=None):
        """Posted balance of an account in company currency, exchange entries included."""
        domain = [('account_id', '=', account.id), ('parent_state', '=', 'posted')]
        if contract:
            domain.append(('partner_id', 'child_of', contract.partner_id.commercial_partner_id.id))
        return round(sum(self.env['account.move.line'].search(domain).mapped('balance')), 6)

    def of_contract(self, contract, account=None, field='balance', types=None):
        """What the posted moves of a contract hold on an account (that of retainage), exchange entries included."""
        account = account or self.retainage_account
        moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
        items = moves.line_ids.filtered(lambda item: item.account_id == account)
        if types:
            items = items.filtered(lambda item: item.progress_line_type in types)
        else:
            partials = items.matched_debit_ids | items.matched_credit_ids
            items |= partials.exchange_move_id.line_ids.filtered(lambda item: item.account_id == account)
        return round(sum(items.mapped(field)), 4)
