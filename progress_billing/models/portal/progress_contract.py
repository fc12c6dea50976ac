from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError


class ProgressContractContacts(models.Model):
    """The contract's people outside the office, and the statement they read."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    contact_ids = fields.One2many(
        'progress.contact', 'contract_id', string="Contacts", copy=False, often_empty=True
    )
    answer_ids = fields.One2many(
        'progress.answer', 'contract_id', string="Answers", readonly=True, guarded=True, copy=False
    )

    is_private = fields.Boolean(
        string="Private", tracking=True, copy=False, help="Only who is listed, its contacts and administrators see it."
    )
    private_user_ids = fields.Many2many(
        'res.users',
        'progress_contract_private_user_rel',
        'contract_id',
        'user_id',
        string="Shown To",
        domain="[('share', '=', False)]",
        copy=False,
    )
    approval_step_ids = fields.One2many(
        'progress.approval.step', 'contract_id', string="Approval Steps", copy=True, often_empty=True
    )

    # === CONSTRAINTS === #

    @api.constrains('approval_step_ids', 'use_pro_forma')
    def _check_approval_steps(self):
        for contract in self:
            if contract.approval_step_ids and not contract.use_pro_forma:
                raise ValidationError(
                    self.env._(
                        "%s: steps of approval need pro formas, for an invoice made at once waits for nobody. Set "
                        "Create Pro Forma Invoice on Billing, or remove the steps.",
                        contract.display_name,
                    )
                )

    # === ACTIONS === #

    def action_invite(self):
        """Send the contacts of these contracts the link to their page.

        :return dict: a notification
        :raises RedirectWarning: for a contract without contacts
        :raises UserError: for one that is not saved
        """
        self.check_access('write')
        if not all(contract.id for contract in self):
            raise UserError(self.env._("Save the contract before you send its link."))
        self._check_has_contacts()
        return self.contact_ids.action_send_link()

    # === BUSINESS === #

    def _get_portal_path(self):
        """Where the contract's statement is, without the host."""
        self.ensure_one()
        return f'/my/progress/contract/{self.id}'

    def _is_on_portal(self):
        """Whether there is anything to see yet."""
        self.ensure_one()
        return self.state in ('open', 'closed')

    def _get_portal_firms(self):
        """The customers billed by this contract, as firms."""
        self.ensure_one()
        return (self.partner_id | self.bill_ids.partner_id | self.line_ids.partner_id).commercial_partner_id

    def _get_portal_statement(self, bills):
        """The figures of the statement, untaxed in the contract's currency but what is paid and open.

        :param bills: those the reader sees
        :return list: dicts with ``key``, ``label``, ``amount`` and ``strong``
        """
        self.ensure_one()
        whole = len(self._get_portal_firms()) == 1
        rows = [
            ('original', self.env._("Original Contract"), self.original_amount, False, whole),
            ('change', self.env._("Change Orders"), self.change_amount, False, whole),
            ('revised', self.env._("Revised Contract"), self.revised_amount, True, whole),
            ('billed', self.env._("Invoiced"), self._get_portal_billed(bills, whole), False, True),
            ('available', self.env._("Not Invoiced Yet"), self.revised_amount - self.actual_amount, False, whole),
            ('paid', self.env._("Paid, With Tax"), sum(bills.mapped('paid_amount')), False, True),
            ('due', self.env._("Amount Due, With Tax"), sum(bills.mapped('residual_amount')), True, True),
            ('deposits', self.env._("Deposits Held"), self.deposit_balance, False, whole and self.deposit_balance),
            (
                'retainage',
                self.env._("Retainage Held"),
                self.retainage_balance,
                False,
                whole and self.retainage_balance,
            ),
        ]
        return [
            {'key': key, 'label': label, 'amount': amount, 'strong': strong}
            for key, label, amount, strong, shown in rows
            if shown
        ]

    def _get_portal_billed(self, bills, whole):
        """What posted invoices billed, untaxed; of the whole contract with what was billed before it was entered."""
        if whole:
            return self.actual_amount
        standing = bills.filtered(lambda bill: bill.bucket == 'actual')
        return sum(bill.invoiced_amount - bill.credited_amount for bill in standing)

    def _get_portal_plan(self):
        """What comes next: records that are planned and not billed yet, in their order."""
        self.ensure_one()
        return self.bill_ids.filtered(lambda bill: bill.state == 'planned').sorted(
            lambda bill: (not bill.date, bill.date or fields.Date.today(), bill.id)
        )

    def _get_portal_milestones(self):
        """Milestones that wait for the customer's approval, and those approved, as superuser."""
        self.ensure_one()
        # sudo: project.milestone - those of a contract that its contact sees
        milestones = self.sudo().project_id.milestone_ids.filtered('is_reached')
        return milestones.filtered(
            lambda milestone: any(
                record.requires_approval and record.contract_id == self
                for records in milestone._get_progress_records()
                for record in records
            )
        )

    def _check_has_contacts(self):
        """:raises RedirectWarning: for a contract without contacts: the way out adds one"""
        for contract in self:
            if contract.contact_ids:
                continue
            action = self.env.ref('progress_billing.action_progress_contact_add')
            raise RedirectWarning(
                self.env._(
                    "%(contract)s has no contacts, so nobody would get it. Add whoever is to read and answer.",
                    contract=contract.display_name,
                ),
                action.id,
                self.env._("Add Contact"),
                contract._get_contact_context(),
            )

    def _get_contact_context(self):
        """What a contact that is added to this contract starts with, as a context. Extend by ``super()``."""
        self.ensure_one()
        return {'default_contract_id': self.id}
