from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.bill.progress_bill import ENDED_STATES

from .progress_bill_status import REVIEWED_STATES


class ProgressBillLineShare(models.Model):
    """What the owner is billed for a line of a claim: all of it, less what their live bills have (SUB-14)."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    owner_share_ids = fields.One2many(
        'progress.bill.line.owner',
        'claim_line_id',
        string="Billed to the Owner",
        guarded=True,
        readonly=True,
        copy=False,
        groups='progress_billing.group_readonly',
    )

    # === DELETED === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed_to_owner(self):
        self._check_not_billed_to_owner()

    def unlink(self):
        """What a line of the owner's bill has of claims waits again once that line is gone."""
        if self:
            # sudo: progress.bill.line.owner - as the line itself, by whoever may delete it
            rows = self.env['progress.bill.line.owner'].sudo()
            taken = {(line.bill_id, line.contract_line_id) for line in self}
            of_bills = rows.search([('bill_id', 'in', self.bill_id.ids)])
            of_bills.filtered(lambda row: (row.bill_id, row.owner_line_id) in taken).unlink()
        return super().unlink()

    def _check_not_billed_to_owner(self):
        """What says that the owner was billed goes with the line, and nothing would be given back.

        :raises UserError: for lines of claims that a live bill of the owner has
        """
        line = self._get_owner_shares().claim_line_id[:1]
        if line:
            raise UserError(
                self.env._(
                    "The owner was billed for %(line)s of %(claim)s: it cannot be deleted. Enter 0 on the line, or "
                    "cancel the claim, and Fill the Owner's Bill from Claims gives it back.",
                    line=line.contract_line_id.display_name,
                    claim=line.bill_id.display_name,
                )
            )

    # === WHAT IS TO BE BILLED === #

    def _get_owner_shares(self):
        """What live bills of the owner have of these lines, on whichever contract."""
        # sudo: progress.bill.line.owner - what was billed once is not billed again, whoever asks
        return self.sudo().owner_share_ids.filtered(lambda share: share.bill_id.state not in ENDED_STATES)

    def _filter_not_billed_to_owner(self):
        """Those of these lines that no live bill of the owner has anything of."""
        return self - self._get_owner_shares().claim_line_id

    def _get_shares_to_bill(self):
        """What is still to be billed to the owner of these lines, or given back.

        :return list: values of ``progress.bill.line.owner``, without the bill
        """
        return [vals for line in self if (vals := line._prepare_owner_share_vals())]

    def _prepare_owner_share_vals(self):
        """What is still to be billed to the owner of this line, or to be given back; empty while it is being revised.

        On the line where the owner was billed for it before. What another contract of theirs has been billed counts,
        and is not given back on this one.

        :return dict: of ``progress.bill.line.owner``, without the bill
        """
        self.ensure_one()
        owner = self.contract_line_id.owner_line_id
        if not owner or self.state not in (*REVIEWED_STATES, *ENDED_STATES):
            return {}
        shares = self._get_owner_shares()
        if self.kind == 'opening' and not shares:  # from before: the owner's opening amounts have it
            return {}
        here = shares.filtered(lambda share: share.bill_id.contract_id == owner.contract_id)
        owner = here[-1:].owner_line_id.sudo(False) or owner
        vals = {}
        for name, due in self._get_due_from_owner().items():
            elsewhere = sum((shares - here).mapped(name))
            due = 0.0 if (due - elsewhere) * elsewhere < 0 else due - elsewhere
            vals[name] = self.currency_id.round(due - sum(here.mapped(name)))
            if name != 'stored_amount':  # a state of things, of which the owner is billed all parts together
                billed = sum(here.mapped(f'owner_{name}'))
                vals[f'owner_{name}'] = owner.currency_id.round(self._convert_for_owner(due, owner) - billed)
        if all(self.currency_id.is_zero(vals[name]) for name in ('amount', 'stored_amount', 'retainage_amount')):
            return {}
        return {'claim_line_id': self.id, 'owner_line_id': owner.id, **vals}

    def _get_due_from_owner(self):
        """What the owner is to be billed of this line in all: what is approved, less what was credited or undone.

        :return dict: amounts by name
        """
        self.ensure_one()
        if self.state not in REVIEWED_STATES:
            return dict.fromkeys(('amount', 'stored_amount', 'retainage_amount'), 0.0)
        return {
            # credited of materials too: what is stored is a state of things, money that went back comes off the work
            'amount': self.currency_id.round(self.certified_amount - self.credited_amount),
            'stored_amount': self.stored_amount,
            'retainage_amount': self.retainage_amount - self.credited_retainage_amount,
        }

    @api.model
    def _sum_for_owner(self, shares):
        """What is to be billed on each line of the owner, in that line's currency.

        :param list shares: values of ``progress.bill.line.owner``
        :return dict: values of a claim by schedule line of the owner
        """
        sums = {}
        for share in shares:
            owner = self.env['progress.contract.line'].browse(share['owner_line_id'])
            vals = sums.setdefault(owner, {'amount': 0.0, 'retainage_amount': 0.0})
            vals['amount'] += share['owner_amount']
            vals['retainage_amount'] += share['owner_retainage_amount']
        for owner, vals in sums.items():
            # sudo: progress.contract.line - all that is stored, also on subcontracts that the user may not see
            parts = owner.sudo().subcontract_line_ids
            vals['stored_amount'] = sum(part._convert_stored_for_owner(owner) for part in parts)
        return sums

    def _get_stored_for_owner(self):
        """Materials stored as this line left them: as approved, or as the owner was billed while it is revised."""
        self.ensure_one()
        if self.state in REVIEWED_STATES:
            return self.stored_amount
        return sum(self._get_owner_shares().mapped('stored_amount'))

    def _convert_for_owner(self, amount, owner):
        """An amount of this line in the currency of the owner's line, at the rate of the claim's date.

        By the rates of the company that bills the owner, which need not be that of the subcontract.
        """
        self.ensure_one()
        date = self.date or self.company_id._get_progress_today()
        return self.currency_id._convert(amount, owner.currency_id, owner.company_id, date)
