from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import instalments


class ProgressShiftWizard(models.TransientModel):
    """Move the dates of planned records: a job that starts later, or a season."""

    _name = 'progress.shift.wizard'
    _description = "Move Planned Dates"
    _inherit = 'progress.wizard.mixin'

    days = fields.Integer(string="Move By (Days)", default=7, help="Days later; earlier where negative.")
    bill_ids = fields.Many2many('progress.bill', string="Planned Records", required=True)
    line_ids = fields.One2many(
        'progress.shift.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )
    shift_error = fields.Char(compute='_compute_shift_error')

    @api.depends('bill_ids')
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                fields.Command.clear(),
                *(fields.Command.create({'bill_id': bill.id}) for bill in wizard.bill_ids._origin),
            ]

    @api.depends('days', 'bill_ids')
    def _compute_shift_error(self):
        for wizard in self:
            wizard.shift_error = False if wizard._is_within() else wizard._get_shift_error()

    def _get_shift_error(self):
        return self.env._("The dates must stay within 50 years of today: move them by fewer days.")

    def _is_within(self):
        """Whether all dates can be meant after the move."""
        days = self.days
        if abs(days) > instalments.MAX_DAYS:
            return False
        moved = [fields.Date.add(bill.date, days=days) for bill in self.bill_ids if bill.date]
        return all(instalments.is_within(day, 0, 'days') for day in moved)

    @api.model
    def _get_action(self, bills):
        """The dialog for those of these bills that are planned.

        :raises UserError: where none of them is
        """
        planned = bills.filtered(lambda bill: bill.state == 'planned' and bill.date)
        if not planned:
            raise UserError(self.env._("No planned record with a date is among these: only their dates can move."))
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_shift_wizard')
        return dict(action, context={'default_bill_ids': planned.ids})

    def action_confirm(self):
        """Move the records.

        :return dict: closes the dialog
        :raises UserError: when a record is not planned any more, or a date cannot be meant
        """
        self.ensure_one()
        self.bill_ids.contract_id._lock_for_billing()
        if not self._is_within():
            raise UserError(self._get_shift_error())
        gone = self.bill_ids.filtered(lambda bill: bill.state != 'planned')[:1]
        if gone:
            raise UserError(
                self.env._(
                    "%(bill)s is not planned any more: its status is “%(state)s”.",
                    bill=gone.display_name,
                    state=gone._get_state_label(),
                )
            )
        for day, bills in self.bill_ids.filtered('date').grouped('date').items():
            bills.write({'date': fields.Date.add(day, days=self.days)})
        return {'type': 'ir.actions.act_window_close'}
