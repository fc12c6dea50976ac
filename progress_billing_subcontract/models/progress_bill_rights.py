from odoo import models


class ProgressBillRights(models.Model):
    """What takes an administrator on a claim, whichever way it is asked for (SUB-16)."""

    _name = 'progress.bill'
    _inherit = ['progress.bill', 'progress.claim.export.mixin']

    def _get_claims(self):
        """Those of these bills that are claims of subcontractors."""
        return self.filtered(lambda bill: bill.contract_id._is_subcontract())

    def _check_claims_may(self, task, refusal):
        """:raises AccessError: for users without the level that a task on claims takes; see ``_check_may_do``"""
        self.contract_id._check_subcontracts_may(task, refusal)

    # === VENDOR BILLS === #

    def _create_invoices(self, actor=None):
        """No vendor bill without an administrator: not of a draft, a down payment or what is billed at once."""
        self._check_claims_may(
            'make_vendor_bill',
            self.env._(
                "Only administrators of Subcontract Billing make vendor bills. Submit the claim: they review it, and "
                "the vendor bill follows."
            ),
        )
        return super()._create_invoices(actor)

    def action_correct(self):
        """As for customers; of claims by administrators.

        :return dict: the action that shows the bills
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_undo_claims()
        return super().action_correct()

    def action_undo(self):
        """As for customers; of claims by administrators.

        :return dict: reloads the bill
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_undo_claims()
        return super().action_undo()

    def _check_may_undo_claims(self):
        self._check_claims_may(
            'undo_vendor_bill',
            self.env._(
                "Only administrators of Subcontract Billing take vendor bills of claims back, or claims that were "
                "cancelled. Ask one of them."
            ),
        )

    def action_plan_again(self):
        """As for customers; a claim that administrators cancelled is an invitation again by them.

        :return dict: the action that shows the bills
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_undo_claims()
        return super().action_plan_again()

    # === OPENING AMOUNTS === #

    def _check_openings(self):
        """Opening amounts count as billed at once, without a review."""
        self._check_may_enter()
        return super()._check_openings()

    def _check_may_enter(self):
        """:raises AccessError: for opening amounts and claims that were sent back, for who may not change those"""
        self.filtered(lambda bill: bill.kind == 'opening').contract_id._check_may_keep_subcontracts()
        self._check_may_revise()

    # === REVISE AND RESUBMIT === #

    def action_submit(self):
        """As for customers; what was sent back is handed in again by its contacts, or by administrators.

        :return dict: the action that shows the bills
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_revise()
        return super().action_submit()

    def _check_may_revise(self):
        """:raises AccessError: for claims that were sent back, for who is neither contact nor administrator"""
        rejected = self._get_claims().filtered(lambda bill: bill.state == 'rejected')
        rejected.filtered(lambda bill: not bill._is_contact(self.env.user.partner_id))._check_claims_may(
            'revise',
            self.env._(
                "What was sent back is revised by the subcontractor's contacts, or by administrators of Subcontract "
                "Billing in their name."
            ),
        )

    def _is_contact(self, partner):
        """Whether a person is a contact of this claim who answers."""
        self.ensure_one()
        contacts = self.sudo().contract_id.contact_ids  # sudo: progress.contact - whether somebody is one
        return partner in contacts.filtered(lambda contact: contact._may_talk()).partner_id

    # === EXPORT === #

    def _get_exported_contracts(self):
        return self._get_claims().contract_id

    def _check_download(self):
        self._get_exported_contracts()._check_may_export()
        return super()._check_download()
