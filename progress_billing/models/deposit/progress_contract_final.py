from odoo import api, fields, models
from odoo.exceptions import UserError

from ..base.progress_actor import Actor


class ProgressContractFinal(models.Model):
    """The final invoice, which ends a contract: income of every line, and every deposit reversed."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    final_invoice_ids = fields.Many2many(
        'account.move', string="Final Invoices", compute='_compute_final_invoice_ids', compute_sudo=True
    )

    # === COMPUTE === #

    @api.depends('bill_ids.kind', 'bill_ids.bucket', 'bill_ids.invoice_id')
    def _compute_state(self):
        """An open contract is closed once posted final invoices cover all of its lines."""
        result = super()._compute_state()
        for contract in self:
            finals = contract._get_final_bills()
            posted = finals.filtered(lambda bill: bill.bucket == 'actual')
            contract.final_bill_id = final = posted[:1] or finals[:1]
            contract.final_invoice_id = final.invoice_id
            if contract.base_state == 'open' and posted and not contract._get_lines_without_final(posted):
                contract.state = 'closed'
        return result

    @api.depends('bill_ids.kind', 'bill_ids.bucket', 'bill_ids.invoice_id')
    def _compute_final_invoice_ids(self):
        for contract in self:
            contract.final_invoice_ids = contract._get_final_bills().invoice_id

    def _get_final_bills(self):
        """Final bills of these contracts that count."""
        return self.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket)

    def _get_lines_without_final(self, finals):
        """Schedule lines that none of these final bills covers: billed as billed, each customer has one (DEP-12)."""
        self.ensure_one()
        lines = self._get_billable_lines() - finals.line_ids.contract_line_id
        return lines.with_prefetch(self.line_ids._prefetch_ids)  # what is asked of one is found out for all contracts

    # === BLOCKERS === #

    def _get_state_sentences(self):
        return {
            **super()._get_state_sentences(),
            'closed': self.env._("It is closed: its final invoice %s is posted.", self.final_bill_id.invoice_name),
        }

    def _get_billing_blockers(self, for_final=False):
        reasons = super()._get_billing_blockers(for_final)
        if not self.final_bill_id or for_final or self._get_state_blockers():
            return reasons
        return [
            self.env._(
                "Its final invoice %s exists: delete it first.",
                self.final_bill_id._get_document_name(),
            ),
            *reasons,
        ]

    # === ACTIONS === #

    def action_create_final_invoice(self):
        """The final bill and its draft invoice: revenue of every line, every deposit reversed.

        Called again while that invoice is a draft, it shows it.

        :return dict: the action that shows the final invoice, or the bill to who may not read invoices
        :raises UserError: when drafts are left, the contract is closed, or cannot be billed
        """
        self.check_access('write')
        with self._locked_for_billing():
            finals = self._create_final_bills(actor=Actor.of(self.env.user))
        return finals._get_result_action()

    def action_final_wizard(self):
        """The button: asks first where work is not complete, or records or change orders still wait (DEP-13).

        :return dict: the question, or the final invoice
        """
        self.ensure_one()
        if self.final_bill_id or not self._is_final_early():
            return self.action_create_final_invoice()
        self._check_no_drafts()  # nobody is asked what is refused then
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_final_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def _is_final_early(self):
        """Whether something is left that a final invoice would cut short, so that it is asked for twice.

        Extend by ``super()``.
        """
        self.ensure_one()
        return bool(self.bill_ids.filtered(lambda bill: bill.state == 'planned') or self._get_waiting_changes())

    def _get_waiting_changes(self):
        """Change orders that are drafts: once there is a final invoice nobody can approve them."""
        return self.change_ids.filtered(lambda change: change.state == 'draft')

    # === BUSINESS === #

    def _create_final_bills(self, extra=None, actor=None):
        """The final bills of these contracts, with their draft invoices; those that exist are returned.

        :param dict extra: further values of the bill by contract, for what is billed beside the schedule of values: of
            the contract's customer, where several have a final bill
        :param Actor actor: who ends the contracts, the user unless given
        :return: ``progress.bill`` of kind final
        :raises UserError: naming what stands in the way
        """
        self._note_empty_lists()
        self.bill_ids._note_empty_lists()
        self.line_ids.fetch()  # all of it is asked for, by one after the other
        existing = self._get_final_bills()
        todo = self.filtered(
            lambda contract: (
                contract.state == 'closed'
                or contract._get_lines_without_final(existing)
                or not contract.bill_ids & existing
            )
        )
        todo._raise_blockers({contract: contract._get_billing_blockers(for_final=True) for contract in todo})
        todo._check_no_drafts(but=existing)
        todo._check_opening_deposits_stand()
        todo._check_deposits_unmatched()
        finals = self.env['progress.bill']._create_with_claims(
            [
                vals
                for contract in todo
                for vals in contract._prepare_final_bill_list(existing, (extra or {}).get(contract))
            ]
        )
        finals._settle_claims(new=True)
        finals._draw_names()
        todo._on_finished()
        finals._create_invoices(actor)
        finals._check_if_not_posted()
        finals._set_fallback('cancelled')
        return existing.filtered(lambda bill: bill.bucket == 'draft') | finals

    def _prepare_final_bill_list(self, existing, extra=None):
        """Values of the final bills of one contract.

        :param existing: final bills that exist
        :param dict extra: see :meth:`_create_final_bills`
        :return list: dicts of ``progress.bill`` with their ``claims``
        """
        self.ensure_one()
        vals_list = [
            self._prepare_final_bill_vals(partner, location, lines)
            for (partner, location), lines in self._get_final_groups(existing).items()
        ]
        if extra and vals_list:
            own = [vals for vals in vals_list if vals['partner_id'] == self.partner_id.id]
            (own or vals_list)[0].update(extra)
        return vals_list

    def _on_finished(self):
        """These contracts have just got final bills: what waits on them ends. Extend by ``super()``."""

    def _get_final_groups(self, finals):
        """Schedule lines by customer and location of their final invoice (DEP-12).

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
        """Values of a final bill and its ``claims``: what is left on every line, negative where too much was billed.

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
            'title': self.env._("Final Invoice"),
            'date': self.company_id._get_progress_today(),
            'review_state': 'draft',
            'claims': list(lines._prepare_claims_of_rest().values()),
        }

    def _check_final_is_current(self, final):
        """Before the final invoice is posted: its reversals are what is left of each deposit now (DEP-9).

        A credit note may have been posted, or a deposit changed, while the final was a draft.

        :param final: the final bill
        :raises UserError: to delete the draft and create it again
        """
        self.ensure_one()
        self._check_no_drafts(but=self.bill_ids.filtered(lambda bill: bill.kind == 'final'))
        self._check_opening_deposits_stand()
        self._check_deposits_unmatched()
        if not self._settles_deposits():
            return
        key = ('bill', 'account', 'taxes')
        expected = {tuple(deposit[name] for name in key): deposit['net'] for deposit in self._get_open_deposits()}
        found = {
            (line.progress_deposit_bill_id, line.account_id, line.tax_ids): -line._get_progress_figure()
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

    def _check_no_drafts(self, but=None):
        """Draft progress invoices and pro formas must be posted or deleted before the final (DEP-14).

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
