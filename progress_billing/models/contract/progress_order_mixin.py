from odoo import fields, models
from odoo.exceptions import AccessError


class ProgressOrderMixin(models.AbstractModel):
    """An order that becomes a contract by one button.

    Models say what of them can be set up, and how: :meth:`_check_can_set_up`, :meth:`_set_up_progress_billing`.
    """

    _name = 'progress.order.mixin'
    _description = "Order Billed in Stages"
    _inherit = ['progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_contract_id = fields.Many2one(
        'progress.contract',
        string="Billing Contract",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        guarded=True,
        help="What bills this order in stages.",
    )

    def action_set_up_progress_billing(self):
        """Make a contract whose schedule of values is these orders' lines. Called again it shows the contract.

        :return dict: the action that shows the contracts
        :raises UserError: when an order is not there to be billed in stages
        """
        self.check_access('write')
        self.env['progress.contract'].check_access('create')
        todo = self.filtered(lambda order: order.progress_contract_id.state in (False, 'cancelled'))
        todo._check_can_set_up()
        for order in todo:
            order._set_up_progress_billing()
        return self.progress_contract_id._get_contract_action()

    def action_set_up_progress_tab(self):
        """Set Up Progress Billing on the tab: the same, and the tab stays on screen.

        :return dict: reloads the order
        """
        self.action_set_up_progress_billing()
        return {'type': 'ir.actions.act_window_close'}

    def _create_schedule_lines(self, contract):
        """Add the lines of this order to the schedule of values, after those it has.

        :param contract: that bills them
        """
        self.ensure_one()
        lines = self.order_line.sorted(lambda line: (line.sequence, line.id))._get_schedulable_lines()
        start, worths = contract._get_last_sequence(), lines._get_progress_worths()
        created = contract.line_ids._create_protected(
            [
                line._prepare_progress_line_vals(contract, worths[line], start + number)
                for number, line in enumerate(lines, 1)
            ]
        )
        created._check_order_lines_free(lines._fields['progress_line_ids'].inverse_name)

    # === HOOKS === #

    def _check_can_set_up(self):
        """Called before contracts are made of these orders.

        :raises UserError: for one that cannot be billed in stages, saying what to do
        """

    def _set_up_progress_billing(self):
        """Make the contract of one order, with all that comes from the order."""

    def _raise_protected(self, name):
        if self.progress_contract_id:
            raise AccessError(self.env._("Cancel the billing contract to bill the order otherwise."))
        raise AccessError(self.env._("Choose Set Up Progress Billing to bill an order on a contract."))
