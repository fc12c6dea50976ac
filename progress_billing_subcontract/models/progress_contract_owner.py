from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html


class ProgressContractOwner(models.Model):
    """Pay when paid, seen: claims beside what the owner is billed, and the end of a job (SUB-13, SUB-14)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    has_payments_tab = fields.Boolean(
        string="Payments Tab", default=True, help="Claims show what was paid on them, and what is open."
    )

    @api.constrains('project_id')
    def _check_owner_lines_stay(self):
        """Subcontracts and the owner's contract that they are billed on are of one project."""
        # sudo: progress.contract.line - links between contracts, whichever of them the user sees
        lines = self.sudo().line_ids
        for line in lines.filtered('owner_line_id') | lines.subcontract_line_ids:
            owner = line.owner_line_id
            if owner.project_id != line.project_id:
                raise UserError(
                    self.env._(
                        "%(line)s of %(subcontract)s is billed to the owner on %(contract)s, which has to be of the "
                        "same project. Clear Billed to the Owner On of the line first.",
                        line=line.display_name,
                        subcontract=line.contract_id.display_name,
                        contract=owner.contract_id.display_name,
                    )
                )

    # === RETAINAGE === #

    def action_release_all_retainage(self):
        """Claim back all that is retained on these subcontracts, in the subcontractors' names.

        Subcontracts on which nothing is held are left alone.

        :return dict: the action that shows the claims
        :raises UserError: where nothing is held on any
        """
        self.check_access('write')
        held = self.filtered(lambda contract: any(contract._get_retainage_held().values()))
        if not held:
            raise UserError(self.env._("No retainage is held on %s.", ', '.join(self.mapped('display_name'))))
        before = held.bill_ids
        held.action_release_retainage()
        return (held.bill_ids - before)._get_bill_action()

    def action_reject_schedule_wizard(self):
        """The Send Back button of the proposed schedule: asks for the reason.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_schedule_reject_wizard'
        )
        return dict(action, context={'default_contract_ids': self.ids})

    # === THE OWNER'S BILL === #

    def _get_owner_draft(self):
        """The owner's bill that approved claims go on: the last pro forma that nobody submitted; may be empty."""
        self.ensure_one()
        return self.bill_ids.filtered(
            lambda bill: bill.kind == 'progress' and bill.state == 'draft' and not bill.invoice_id
        )[-1:]

    def _fill_owner_bill(self, claims):
        """Bill the owner what these claims come to, line by line: on a pro forma, or a record that is billed by Create.

        :param dict claims: by schedule line of this contract: values with ``amount``, ``stored_amount`` and
            ``retainage_amount``
        :return: ``progress.bill``
        """
        self.ensure_one()
        self._lock_for_billing()
        self._check_can_bill()
        bill = self._get_owner_draft() or self._make_owner_bill()
        left_out = []
        # in the order of the schedule, in whichever order the claims came
        for scheduled, vals in sorted(claims.items(), key=lambda item: (item[0].sequence, item[0].id)):
            # looked up each time: what is written on one line may add another, whose retainage changes
            line = bill.line_ids.filtered(lambda own, scheduled=scheduled: own.contract_line_id == scheduled)
            line = line or bill.line_ids._create_protected(
                [{'bill_id': bill.id, 'contract_line_id': scheduled.id, 'amount': 0.0}]
            )
            line._add_claim(vals)
            left_out.append(line._get_claim_left_out(vals))
        bill._settle_claims()
        if any(left_out):
            bill.message_post(body=plaintext2html('\n'.join(filter(None, left_out))))
        return bill

    def _make_owner_bill(self):
        """A pro forma where the contract uses them, else a planned record that waits for Create."""
        today = self.company_id._get_progress_today()
        vals = {
            'contract_id': self.id,
            'date': today,
            'trigger': 'manual',
            'title': self.env._("Work of subcontractors"),
            'review_state': 'draft' if self.use_pro_forma else 'planned',
        }
        bill = self.bill_ids._create_protected([vals])
        if self.use_pro_forma:
            bill._draw_names()
            bill._write_protected({'generated_on': fields.Datetime.now()})
        return bill
