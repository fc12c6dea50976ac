from odoo import Command, models
from odoo.exceptions import UserError


class ProgressBillCreateBill(models.TransientModel):
    """From the screen to the bill: Continue."""

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    # === ACTIONS === #

    def action_continue(self):
        """Make the bills: one for each contract that something is billed on. Called again it shows them; called on
        one of a customer's records it bills that one, and the rest when it is called on the record above.

        :return dict: the action that shows the invoices, the pro formas where they are used, or the bills to who may
            not read invoices
        :raises UserError: for more than is available to bill, an entry that was billed meanwhile, or nothing to bill
        """
        self.ensure_one()
        wizards = self.child_ids or self
        rest = wizards.filtered(lambda wizard: not wizard.bill_id)
        if not wizards.bill_id or any(wizard._has_something_to_bill() for wizard in rest):
            rest._make_bills()
            if self.child_ids:
                self._write_protected({'bill_id': wizards.bill_id[:1].id})
        return wizards.bill_id._get_result_action()

    def action_update_rates(self):
        """Update Rates: what hours are worth by the prices of today, on entries that are on no bill.

        :return dict: reloads the screen
        """
        for wizard in self.child_ids or self:
            wizard.contract_id.check_access('write')
            # sudo: account.analytic.line - a rate follows from prices, whatever its reader may write
            entries = self.env['account.analytic.line'].sudo().search(wizard._get_time_domain())
            entries._update_progress_rates(wizard.contract_id)
        (self | self.child_ids).invalidate_recordset()
        return {'type': 'ir.actions.act_window_close'}

    def action_bill_selected(self):
        """Bill the value of the hours ticked, as far as the fee goes.

        :return dict: reloads the screen
        """
        for wizard in self.child_ids or self:
            wizard.wip_bill_amount = max(0.0, min(wizard.selected_time_amount, wizard.wip_available))
        return {'type': 'ir.actions.act_window_close'}

    def action_bill_remaining(self):
        """Bill all that remains of the fee.

        :return dict: reloads the screen
        """
        for wizard in self.child_ids or self:
            wizard.wip_bill_amount = max(0.0, wizard.wip_available)
        return {'type': 'ir.actions.act_window_close'}

    def action_start(self):
        """The screen, for the customer or contract that was chosen.

        :return dict: the screen
        :raises UserError: where nothing was chosen, or the contract cannot be billed
        """
        self.ensure_one()
        if not (self.contract_id or self.child_ids):
            if not self.partner_id:
                raise UserError(self.env._("Choose a customer or a contract to bill."))
            self._add_contracts()
        if self.contract_id:
            self.contract_id._check_can_bill()
        return self._get_screen_action()

    def _get_screen_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing_timesheet.action_progress_bill_create')
        return dict(action, res_id=self.id)

    # === THE BILLS === #

    def _make_bills(self):
        """Bill what is on these records, each on a bill of its own, all or none.

        :raises UserError: where nothing is to be billed at all, or something cannot be
        """
        contracts = self.contract_id
        if len(contracts) < len(self):
            raise UserError(self.env._("Choose a customer or a contract to bill."))
        contracts.check_access('write')
        contracts._lock_for_billing()
        self.invalidate_recordset()
        todo = self.filtered(lambda wizard: wizard._has_something_to_bill())
        if not todo:
            raise UserError(
                self.env._(
                    "There is nothing to bill on %s: enter a WIP Bill Amount, or tick expenses or products.",
                    ', '.join(contracts.mapped('display_name')),
                )
            )
        todo.contract_id._check_can_bill()
        for wizard in todo:
            wizard._check_can_continue()
            bills = wizard._make_bill()  # billed as billed, each customer has a final one: ours is the contract's
            own = bills.filtered(lambda bill, wizard=wizard: bill.partner_id == wizard.contract_id.partner_id)
            wizard._write_protected({'bill_id': (own or bills)[:1].id})
        for date, wizards in todo.grouped('date').items():
            wizards.contract_id._on_billed(date)

    def _has_something_to_bill(self):
        self.ensure_one()
        beside = self._get_order_lines('expense') or self._get_order_lines('product')
        return bool(self.is_final or self.wip_bill_amount or beside)

    def _check_can_continue(self):
        """What was ticked is still there to be billed, and the amount within what is available.

        :raises UserError: naming what is in the way
        """
        self.ensure_one()
        self.contract_id._check_wip_available(self.wip_bill_amount, self)
        if not self.attach_time:
            return
        # sudo: account.analytic.line - whether an entry is billed does not depend on who asks
        lines = self.env['account.analytic.line'].sudo()
        ticked = lines.search(self._get_ticked_domain())
        ticked._lock_for_progress()
        ticked.invalidate_recordset()
        for entry in ticked.filtered(lambda entry: not entry._is_free_for_progress()):
            self._raise_not_billable(entry)

    def _make_bill(self):
        """Make the bill of this record's contract: a final one where that was asked for.

        :return: ``progress.bill``, with its invoice where the contract uses no pro formas; several final ones where
            the contract bills several customers
        """
        self.ensure_one()
        contract = self.contract_id
        if self.is_final:
            return contract._create_final_bills({contract: self._prepare_attached_vals()})
        return self.env['progress.bill']._make_bills([self._prepare_bill_vals()])

    def _prepare_bill_vals(self):
        """Values of the bill, for ``progress.bill._make_bills``. Extend by ``super()``."""
        self.ensure_one()
        contract = self.contract_id
        return {
            **contract._prepare_run_bill_vals((contract.partner_id, contract.partner_shipping_id), self.date),
            'claims': self._prepare_claims(),
            **self._prepare_attached_vals(),
        }

    def _prepare_claims(self):
        """Values of the bill's lines: the amount over the schedule, by what is left on each line."""
        if self.currency_id.is_zero(self.wip_bill_amount):
            return []
        contract = self.contract_id
        bill = self.env['progress.bill'].new({'contract_id': contract.id, 'partner_id': contract.partner_id.id})
        return bill._spread_over_lines(self.currency_id.round(self.wip_bill_amount))

    def _prepare_attached_vals(self):
        """Values that a bill or final bill is made with, beside its claims. Extend by ``super()``.

        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        return {
            'date': self.date,
            'sourced_line_ids': [Command.create(line) for line in self._prepare_sourced_lines()],
            'entry_ids': [Command.create(row) for row in self._prepare_entries()],
            'charge_adjustments_to_company': self.charge_adjustments_to_company,
        }

    def _prepare_sourced_lines(self):
        """Values of the lines beside the schedule: expenses, products, what agreements cover of the hours."""
        lines, covered = self.env['progress.bill.line'], self._get_covered_order_lines()
        result = [
            line._prepare_progress_sourced_vals(kind, figures, covered.get(line, 0.0))
            for kind, line, figures in self._get_order_figures()
        ]
        result += self._prepare_agreement_line_vals()
        return [lines._prepare_sourced_vals(self.contract_id, vals) for vals in result]

    def _prepare_entries(self):
        """Values of the rows that say what the bill was made of. Extend by ``super()``.

        :return list: of ``progress.bill.entry``
        """
        rows = []
        if self.attach_time:
            rows = [entry._prepare_progress_entry_vals(self.currency_id) for entry in self._get_time_lines()]
            if rows and self.charge_adjustments_to_company:
                name = self.contract_id.company_id.name
                rows.append({'kind': 'adjustment', 'name': name, 'date': self.date})
        covered = self._get_covered_order_lines()
        return rows + [
            {
                'kind': kind,
                'order_line_id': line.id,
                'name': line.name,
                'date': self.date,
                'quantity': figures[0],
                'value': figures[1],
                'covered_amount': covered.get(line, 0.0),
            }
            for kind, line, figures in self._get_order_figures()
        ]
