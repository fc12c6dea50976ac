from odoo import Command

from .run_common import RunCommon


class RetainageCommon(RunCommon):
    """Helpers to draw, release and change contracts with retainage, and to read what the ledger holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retainage_account = cls.company.progress_retainage_account_id

    @classmethod
    def _draw(cls, contract, *percents, post=True, date=None):
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

    @classmethod
    def _to_ledger(cls, bill):
        """Release and post."""
        if not bill.invoice_id:
            bill.action_release()
        bill.invoice_id.action_post()
        return bill.invoice_id

    @classmethod
    def _release(cls, contract, amount=None, post=True):
        before = contract.bill_ids
        contract.action_release_retainage(amount)
        bill = contract.bill_ids - before
        for one in bill if post else ():
            cls._to_ledger(one)
        return bill

    @classmethod
    def _change(cls, contract, *lines, approve=True, credit=False):
        change = cls.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create(vals) for vals in lines]}
        )
        if approve:
            change.action_approve(credit=credit)
        return change

    @classmethod
    def _extra(cls, contract, amount, **vals):
        """A change order of one line: to the first schedule line unless it is a new one."""
        target = {} if 'name' in vals else {'contract_line_id': contract._get_billable_lines()[0].id}
        return cls._change(contract, {'amount': amount, **target, **vals})

    def _account(self, contract, account=None, field='balance', types=None):
        """What the posted moves of a contract hold on an account, exchange entries included."""
        account = account or self.retainage_account
        moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
        items = moves.line_ids.filtered(lambda item: item.account_id == account)
        if types:
            items = items.filtered(lambda item: item.progress_line_type in types)
        else:
            partials = items.matched_debit_ids | items.matched_credit_ids
            items |= partials.exchange_move_id.line_ids.filtered(lambda item: item.account_id == account)
        return round(sum(items.mapped(field)), 4)

    def assertRetained(self, contract, held, holdback=0.0, msg=None):
        """The ledger holds what the contract says, and both hold ``held``."""
        figures = (
            round(contract.retainage_balance, 4),
            self._account(contract, types=['retainage']),
            self._account(contract, types=['holdback']),
        )
        self.assertEqual(figures, (held, held, holdback), msg)

    def assertLedger(self, moves, **sums):
        """Balances by account, in company currency: ``receivable=900, retainage=100, income=-1000``."""
        found = {account: round(balance[0], 4) for account, balance in self._ledger(moves).items() if balance[0]}
        names = {getattr(self, f'{name}_account'): amount for name, amount in sums.items() if amount}
        self.assertEqual(
            {key.display_name: v for key, v in found.items()}, {k.display_name: v for k, v in names.items()}
        )
