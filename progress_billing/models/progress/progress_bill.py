from odoo import models

from ...tools import money


class ProgressBill(models.Model):
    """Percentages of plan and claim are one series: each takes the step after what was asked for before."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _add_claims(self, claims):
        """Schedule lines stand for what a run bills of them."""
        lines = self.env['progress.contract.line']
        if not all(isinstance(mine, type(lines)) for mine in claims):
            return super()._add_claims(claims)
        scheduled, bill_ids = (
            lines.concat(*claims),
            [bill for bill, mine in zip(self._ids, claims, strict=True) for _line in mine._ids],
        )
        if self.env['progress.bill.line']._make_run_claims(bill_ids, scheduled):
            return None
        values = scheduled._prepare_run_claims()
        return super()._add_claims([[values[line] for line in mine._ids] for mine in claims])

    def _on_claimed(self, *, new=False):
        """What is billed is no longer pending."""
        super()._on_claimed(new=new)
        if new:
            self.line_ids._take_pending()

    def _on_unbilled(self):
        """What was billed is pending again."""
        super()._on_unbilled()
        self.line_ids._give_back_pending()

    def _get_deposit_accounts(self, lines):
        """A rule with a deposit account decides where lines under it are booked, if the contract does not."""
        rules = lines._get_linked('billing_rule_id').filtered('deposit_account_id')
        ruled = lines.filtered(lambda line: line.billing_rule_id in rules) if rules else lines.browse()
        accounts = super()._get_deposit_accounts(lines - ruled if ruled else lines)
        for rule, mine in ruled.grouped('billing_rule_id').items():
            accounts |= dict.fromkeys(mine._ids, self.contract_id._get_deposit_account(rule))
        return accounts

    def _get_percent_taken(self):
        taken = super()._get_percent_taken()
        percents = set(self.line_ids.mapped('claimed_percent'))
        if not taken and len(percents) == 1 and self._claims_whole_schedule():
            return money.to_decimal(percents.pop())
        return taken

    def _claims_whole_schedule(self):
        """Whether every schedule line that is worth something is on this bill, with what was claimed of it."""
        self.ensure_one()
        lines = self.contract_id._get_billable_lines().filtered('revised_amount')
        untouched = all(line._get_percent_billed() == money.to_decimal(line.claimed_percent) for line in self.line_ids)
        return untouched and not lines - self.line_ids.contract_line_id

    def _spread_over_lines(self, amount):
        """A share that is the record's percentage of its line, to the cent, goes on as that percentage."""
        vals_list = super()._spread_over_lines(amount)
        percent = money.to_decimal(self.planned_percent)
        lines = {line.id: line for line in self.contract_id.line_ids}
        for vals in vals_list if percent else ():
            step = lines[vals['contract_line_id']]._get_step_of_percent(percent)
            if abs(step - money.to_decimal(vals['amount'])) <= money.to_decimal(self.currency_id.rounding):
                vals['claimed_percent'] = self.planned_percent
        return vals_list
