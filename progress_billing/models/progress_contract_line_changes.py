from odoo import models


class ProgressContractLineChanges(models.AbstractModel):
    """What was billed on the changes of a schedule line, and on which bills (SPEC §2, RULES A12)."""

    _name = 'progress.contract.line.changes'
    _description = "Changes of a Schedule of Values Line"

    def _get_billed_on_changes(self):
        """What was billed on each approved change of this line: the original first, then by approval (RULES A12).

        Deductions lower what the original stands for.

        :return dict: amounts by id of the change order line
        """
        self.ensure_one()
        return self._share_on_changes(self.draft_amount + self.actual_amount)

    def _share_on_changes(self, billed):
        """How an amount billed on this line goes to its approved changes; see :meth:`_get_billed_on_changes`."""
        approved = self.change_line_ids.filtered(lambda change: change.state == 'approved')
        ordered = approved.sorted(lambda change: (change.change_id.approved_on, change.change_id.id, change.id))
        mirrored = -1 if self.revised_amount < 0 else 1
        rest = mirrored * billed
        deducted = sum(change.amount for change in approved if mirrored * change.amount < 0)
        rest -= mirrored * (self.original_amount + deducted)
        shares = {}
        for change in ordered.filtered(lambda change: mirrored * change.amount > 0):
            taken = min(max(rest, 0.0), mirrored * change.amount)
            shares[change.id] = self.currency_id.round(mirrored * taken)
            rest -= taken
        return shares

    def _get_bills_of_changes(self):
        """On which bills each change of this line was billed, walking them in their order (RULES A12).

        :return dict: ``progress.bill`` by id of the change order line
        """
        self.ensure_one()
        bills, billed, shares = {}, 0.0, {}
        for line in self.bill_line_ids.filtered('bucket').sorted(lambda line: line.bill_id._get_order_key()):
            billed += line.invoiced_amount - line.credited_amount
            after = self._share_on_changes(billed)
            for change, amount in after.items():
                if self.currency_id.compare_amounts(amount, shares.get(change, 0.0)):
                    bills[change] = bills.get(change, line.bill_id.browse()) | line.bill_id
            shares = after
        return bills
