from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.progress_billing.models.contract.progress_tab_mixin import READERS

#: what an entry on a bill was billed for
LOCKED_FIELDS = {'unit_amount', 'employee_id', 'project_id', 'task_id', 'so_line', 'date'}
#: what its rate follows from
RATE_FIELDS = {'project_id', 'task_id', 'employee_id'}


class AccountAnalyticLine(models.Model):
    """A time entry on a project with a fixed fee: what it is worth, and the bill it is on."""

    _name = 'account.analytic.line'
    _inherit = ['account.analytic.line', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_entry_ids = fields.One2many('progress.bill.entry', 'analytic_line_id', groups=READERS)
    progress_bill_id = fields.Many2one(
        'progress.bill',
        compute='_compute_progress_bill_id',
        store=True,
        compute_sudo=True,
        index='btree_not_null',
        copy=False,
        guarded=True,
        groups='base.group_user',
        help="The live bill that this entry is attached to.",
    )
    progress_currency_id = fields.Many2one(
        'res.currency', string="Currency of the Rate", readonly=True, copy=False, guarded=True
    )
    progress_rate = fields.Float(
        string="Rate",
        readonly=True,
        digits=(16, 6),
        aggregator='avg',
        copy=False,
        guarded=True,
        groups=READERS,
        help="Value of an hour. It stays as it was found until Update Rates.",
    )
    progress_rate_source = fields.Selection(
        [
            ('employee', "Employee's line of the project"),
            ('task', "Order line of the task"),
            ('project', "Order line of the project"),
            ('contract', "Hourly rate of the contract"),
            ('none', "No rate"),
        ],
        string="Rate From",
        readonly=True,
        copy=False,
        guarded=True,
        groups=READERS,
    )
    progress_value = fields.Monetary(
        string="Value",
        currency_field='progress_currency_id',
        compute='_compute_progress_value',
        store=True,
        compute_sudo=True,
        guarded=True,
        groups=READERS,
        help="Rate × hours.",
    )
    is_progress_billable = fields.Boolean(
        string="Covered by the Fee",
        compute='_compute_is_progress_billable',
        store=True,
        compute_sudo=True,
        guarded=True,
        help="Entries that somebody took off the project's order line are shown and never billed.",
    )

    # === COMPUTE === #

    @api.depends('progress_entry_ids.is_live')
    def _compute_progress_bill_id(self):
        for entry in self:
            entry.progress_bill_id = entry.progress_entry_ids.filtered('is_live').bill_id[:1]

    @api.depends('progress_rate', 'unit_amount', 'progress_currency_id')
    def _compute_progress_value(self):
        for entry in self:
            currency, value = entry.progress_currency_id, entry.progress_rate * entry.unit_amount
            entry.progress_value = currency.round(value) if currency else 0.0

    @api.depends('project_id.sale_line_id', 'so_line', 'is_so_line_edited')
    def _compute_is_progress_billable(self):
        """As Odoo has it: an entry without an order line, where there is one to have, is not billable."""
        for entry in self:
            taken_off = entry.is_so_line_edited or entry.project_id.sale_line_id
            entry.is_progress_billable = bool(entry.project_id and (entry.so_line or not taken_off))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._take_progress_rates()
        return entries

    def write(self, vals):
        result = super().write(vals)
        if RATE_FIELDS & vals.keys():
            self._take_progress_rates()
        return result

    # === RATES === #

    def _take_progress_rates(self):
        """Look for the rates of entries as they were entered: prices that change later change nothing here (HRS-2)."""
        # sudo: project.project - how it is billed decides what an entry is worth, whoever enters it
        entries = self.sudo().filtered('project_id')
        timed = entries.filtered(lambda entry: entry.project_id.billing_method == 'fixed_fee')
        for project, mine in timed.grouped('project_id').items():
            mine._update_progress_rates(project.progress_contract_id)
        others = (entries - timed).filtered('progress_rate_source')
        if others:
            names = ('progress_rate', 'progress_rate_source', 'progress_currency_id')
            others._write_protected(dict.fromkeys(names, False))

    def _get_progress_rates(self, contract):
        """Rates of these entries of one project, as prices are now.

        :param contract: ``progress.contract`` whose hourly rate and currency count
        :return dict: values of the fields of the rate by entry
        """
        currency = contract.currency_id or self.company_id[:1].currency_id
        found, result = {}, {}
        for entry in self:
            key = (entry.employee_id, entry.task_id, entry.date)
            if key not in found:
                rate, source = entry._get_progress_rate(contract, currency)
                found[key] = {
                    'progress_rate': rate,
                    'progress_rate_source': source,
                    'progress_currency_id': currency.id,
                }
            result[entry] = found[key]
        return result

    def _get_progress_rate(self, contract, currency):
        """What an hour of this entry is worth (HRS-1).

        :param contract: ``progress.contract`` whose own hourly rate is the last resort
        :param currency: of the result
        :return tuple: rate, not rounded, and where it comes from
        """
        self.ensure_one()
        mapped = self.project_id.sale_line_employee_ids.filtered(lambda row: row.employee_id == self.employee_id)
        sources = (
            ('employee', mapped.sale_line_id[:1]),
            ('task', self.task_id.sale_line_id),
            ('project', self.project_id.sale_line_id),
        )
        for source, line in sources:
            price = line._get_hourly_price() if line.state != 'cancel' else None
            if price is not None:
                if line.currency_id != currency:
                    price = line.currency_id._convert(price, currency, self.company_id, self.date, round=False)
                return price, source
        if contract.hourly_rate:
            return contract.hourly_rate, 'contract'
        return 0.0, 'none'

    def _update_progress_rates(self, contract):
        """Set the rate of these entries of one project as prices are now; those on a bill keep theirs (HRS-2).

        :param contract: that they are billed on
        """
        # sudo: account.analytic.line - a rate follows from prices, whatever its reader may write
        entries = self.sudo().filtered(lambda entry: entry._is_free_for_progress())
        rates = entries._get_progress_rates(contract.sudo())  # sudo: as above
        by_vals = {}
        for entry, vals in rates.items():
            if any(entry._differs(name, value) for name, value in vals.items()):
                by_vals.setdefault(tuple(vals.items()), []).append(entry.id)
        for vals, ids in by_vals.items():
            entries.browse(ids)._write_protected(dict(vals))

    def _get_rate_remark(self):
        """Why an entry is worth nothing, or cannot be billed: a sentence, empty where all is well."""
        self.ensure_one()
        if not self.is_progress_billable:
            return self.env._("Non-billable.")
        if self.progress_rate_source == 'none':
            return self.env._(
                "No rate: neither the project's employee lines nor the order lines of task and project are sold in "
                "time, and the contract has no hourly rate."
            )
        return ''

    def _get_value_in(self, currency):
        """Value of an entry in the currency of the bill, at the entry's date."""
        self.ensure_one()
        own = self.progress_currency_id
        if not own or own == currency:
            return self.progress_value
        return own._convert(self.progress_value, currency, self.company_id, self.date)

    def _prepare_progress_entry_vals(self, currency):
        """Values of the row of a bill that this entry is attached to.

        :param currency: of the contract
        :return dict: of ``progress.bill.entry``
        """
        self.ensure_one()
        return {
            'kind': 'time',
            'analytic_line_id': self.id,
            'employee_id': self.employee_id.id,
            'task_id': self.task_id.id,
            'date': self.date,
            'name': self.name,
            'hours': self.unit_amount,
            'value': self._get_value_in(currency),
        }

    # === BILLED OR NOT === #

    @api.model
    def _get_progress_free_domain(self):
        """Time entries that are on no live bill or invoice."""
        gone = Domain('state', '=', 'cancel') & Domain('payment_state', '!=', 'invoicing_legacy')
        gone |= Domain('payment_state', '=', 'reversed')
        # with all rights: whether an entry is billed does not depend on which invoices one may read
        free = Domain('timesheet_invoice_id', '=', False) | Domain('timesheet_invoice_id', 'any!', gone)
        return Domain('project_id', '!=', False) & Domain('progress_bill_id', '=', False) & free

    def _is_free_for_progress(self):
        """Whether an entry is on no live bill or invoice; see :meth:`_get_progress_free_domain`."""
        self.ensure_one()
        # sudo: account.analytic.line - whether an entry is billed does not depend on who asks
        entry = self.sudo()
        return entry._is_not_billed() or (
            not entry.progress_bill_id and entry.timesheet_invoice_id.payment_state == 'reversed'
        )

    def _lock_for_progress(self):
        """Take the rows of these entries, in one order: nobody attaches or edits them meanwhile (HRS-5).

        Whoever waited here with an older snapshot fails with a serialization error, and Odoo runs the call again.
        """
        if self.ids:
            self.env.execute_query(
                SQL("SELECT id FROM account_analytic_line WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", self.ids)
            )

    def _is_not_billed(self):
        # sudo: account.analytic.line - whether an entry is on a bill does not depend on who asks
        return super()._is_not_billed() and not self.sudo().progress_bill_id

    def _check_can_write(self, values):
        # Odoo's own code links and frees entries with all rights
        if LOCKED_FIELDS & values.keys() or 'timesheet_invoice_id' in values and not self.env.su:
            self._check_not_attached()
        return super()._check_can_write(values)

    def _check_not_attached(self):
        """:raises UserError: naming the bill that an entry is attached to (HRS-4)"""
        # sudo: account.analytic.line - as above; only names of bills are told
        for entry in self.sudo().filtered('progress_bill_id'):
            raise UserError(
                self.env._(
                    "“%(entry)s” of %(date)s is attached to %(bill)s and cannot change. Delete, cancel or credit that "
                    "first.",
                    entry=entry.name,
                    date=entry.date,
                    bill=entry.progress_bill_id._get_billed_name(),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_attached(self):
        self._check_not_attached()

    @api.model
    def _timesheet_get_sale_domain(self, order_lines_ids, invoice_ids):
        """On the customer's page of our invoices: what is attached, where the contract says so (HRS-12)."""
        ours = invoice_ids.filtered('progress_bill_id')
        if not ours:
            return super()._timesheet_get_sale_domain(order_lines_ids, invoice_ids)
        # sudo: progress.contract - whether hours are shown, to the customer too
        shown = ours.filtered(lambda move: move.sudo().progress_contract_id.show_hours)
        domain = Domain('timesheet_invoice_id', 'in', shown.ids)
        if invoice_ids - ours:
            domain |= Domain(super()._timesheet_get_sale_domain(order_lines_ids, invoice_ids - ours))
        return list(domain)

    # === SCREEN === #

    def action_progress_bill(self):
        """Actions > Progress Bill on time entries: the screen for their contracts, with these ticked.

        :return dict: the screen
        :raises UserError: where they are of no project with an open contract, or of several customers
        """
        contracts = self.project_id.progress_contract_id
        strangers = self.project_id.filtered(lambda project: not project.progress_contract_id)
        if strangers or not contracts:
            raise UserError(
                self.env._(
                    "Progress billing is for projects with a fixed fee and an open contract. These have none: %s.",
                    ', '.join(strangers.mapped('display_name')) or self.env._("no project"),
                )
            )
        wizard = contracts._open_progress_bill()
        wizard.tick_entries(True, ids=self.ids)
        return wizard._get_screen_action()
