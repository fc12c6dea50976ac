from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

#: what is said once for all contracts of a customer
SHARED_FIELDS = ('date', 'is_final', 'attach_time', 'charge_adjustments_to_company')
SUMS = (
    'total_hours',
    'selected_hours',
    'remaining_hours',
    'total_time_amount',
    'selected_time_amount',
    'remaining_time_amount',
    'remaining_fixed',
    'wip_available',
    'expense_amount',
    'product_amount',
    'agreement_applied',
    'down_payment_applied',
    'net_amount',
)


class ProgressBillCreate(models.TransientModel):
    """Create Progress Bill: hours, expenses and products of a contract with a fixed fee, and what they come to.

    One record is about one contract and makes one bill. For a customer there is a record above one for each of their
    contracts: it shows the sums. What is ticked is kept in the database and never sent with a form: there may be
    thousands of entries.
    """

    _name = 'progress.bill.create'
    _inherit = 'progress.wizard.mixin'
    _description = "Create Progress Bill"
    _transient_max_hours = 24.0  # a person may leave the screen for lunch

    contract_id = fields.Many2one('progress.contract', domain=[('state', '=', 'open')])
    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_partner_id', store=True, readonly=False
    )
    parent_id = fields.Many2one('progress.bill.create', readonly=True, guarded=True, ondelete='cascade', index=True)
    child_ids = fields.One2many('progress.bill.create', 'parent_id', string="Contracts")
    bill_id = fields.Many2one('progress.bill', readonly=True, guarded=True)
    project_id = fields.Many2one(related='contract_id.project_id')
    company_id = fields.Many2one('res.company', compute='_compute_company_id')
    currency_id = fields.Many2one('res.currency', compute='_compute_company_id')

    date = fields.Date(
        string="Invoice Date",
        required=True,
        default=lambda self: self.env.company._get_progress_today(),  # default
    )
    is_final = fields.Boolean(
        string="Final Invoice", help="Bills all that remains of the fixed fee and closes the contract when posted."
    )
    attach_time = fields.Boolean(
        string="Attach time records to this invoice",
        default=True,
        help="The hours ticked are linked to the invoice and come free when it goes.",
    )
    charge_adjustments_to_company = fields.Boolean(
        string="Charge adjustments to the Internal Company",
        help="Instead of to each employee in proportion, where the fee is not what the hours are worth.",
    )

    # === WHAT IS TICKED === #
    time_line_ids = fields.Many2many(
        'account.analytic.line', 'progress_bill_create_time_rel', 'wizard_id', 'entry_id', string="Time"
    )
    expense_line_ids = fields.Many2many(
        'sale.order.line', 'progress_bill_create_expense_rel', 'wizard_id', 'line_id', string="Expenses"
    )
    product_line_ids = fields.Many2many(
        'sale.order.line', 'progress_bill_create_product_rel', 'wizard_id', 'line_id', string="Products"
    )

    # === HOURS RECONCILIATION === #
    total_hours = fields.Float(string="Total (Hours)", compute='_compute_time', help="Of all entries up to the date.")
    selected_hours = fields.Float(string="Selected Billable (Hours)", compute='_compute_time')
    remaining_hours = fields.Float(string="Remaining (Hours)", compute='_compute_time')
    total_time_amount = fields.Monetary(string="Total (Amount)", compute='_compute_time', help="Rate × hours.")
    selected_time_amount = fields.Monetary(string="Selected Billable (Amount)", compute='_compute_time')
    remaining_time_amount = fields.Monetary(string="Remaining (Amount)", compute='_compute_time')

    # === INVOICE RECONCILIATION === #
    remaining_fixed = fields.Monetary(compute='_compute_wip_available', help="Of the fixed fee, before this bill.")
    wip_available = fields.Monetary(
        string="WIP Available to Bill", compute='_compute_wip_available', help="The most this bill can ask for."
    )
    wip_bill_amount = fields.Monetary(
        string="WIP Bill Amount",
        compute='_compute_wip_bill_amount',
        store=True,
        readonly=False,
        recursive=True,
        help="Of the fixed fee, untaxed: what to bill now.",
    )
    expense_amount = fields.Monetary(string="Expenses Selected", compute='_compute_order_amounts')
    product_amount = fields.Monetary(string="Products Selected", compute='_compute_order_amounts')
    agreement_applied = fields.Monetary(compute='_compute_agreement_applied', recursive=True)
    down_payment_applied = fields.Monetary(compute='_compute_net_amount', recursive=True)
    net_amount = fields.Monetary(
        string="Net Amount of Invoice",
        compute='_compute_net_amount',
        recursive=True,
        help="WIP bill amount + expenses + products − agreement − down payment, untaxed.",
    )

    # === COMPUTE === #

    @api.depends('contract_id')
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard.contract_id.partner_id or wizard.partner_id

    @api.depends('contract_id', 'child_ids.contract_id')
    def _compute_company_id(self):
        """Sums over contracts in several currencies are in the company's."""
        for wizard in self:
            contracts = wizard.contract_id or wizard.child_ids.contract_id
            wizard.company_id = contracts.company_id[:1] or self.env.company  # default
            currencies = contracts.currency_id
            wizard.currency_id = currencies if len(currencies) == 1 else wizard.company_id.currency_id

    @api.depends('contract_id', 'partner_id')
    def _compute_display_name(self):
        for wizard in self:
            name = wizard.contract_id.display_name or wizard.partner_id.display_name
            wizard.display_name = self.env._("Progress bill of %s", name) if name else self._description

    @api.depends('contract_id', 'date', 'time_line_ids', 'child_ids')
    def _compute_time(self):
        for wizard in self._sum_children(*SUMS[:6]):
            domain = wizard._get_time_domain()
            hours, amount = wizard._sum_time(domain)
            selected_hours, selected = wizard._sum_time(domain & wizard._get_ticked_domain())
            wizard.update(
                {
                    'total_hours': hours,
                    'selected_hours': selected_hours,
                    'remaining_hours': hours - selected_hours,
                    'total_time_amount': amount,
                    'selected_time_amount': selected,
                    'remaining_time_amount': wizard.currency_id.round(amount - selected),
                }
            )

    @api.depends('contract_id.wip_available', 'child_ids.contract_id')
    def _compute_wip_available(self):
        for wizard in self._sum_children('remaining_fixed', 'wip_available'):
            wizard.remaining_fixed = wizard.wip_available = wizard.contract_id.wip_available

    @api.depends('is_final', 'contract_id', 'child_ids.wip_bill_amount')
    def _compute_wip_bill_amount(self):
        """A final invoice takes all that remains; otherwise what was typed stands."""
        for wizard in self._sum_children('wip_bill_amount'):
            typed = wizard.wip_bill_amount or 0.0
            wizard.wip_bill_amount = wizard.contract_id.wip_available if wizard.is_final else typed

    @api.depends('contract_id', 'expense_line_ids', 'product_line_ids', 'child_ids')
    def _compute_order_amounts(self):
        for wizard in self._sum_children('expense_amount', 'product_amount'):
            for kind in ('expense', 'product'):
                wizard[f'{kind}_amount'] = sum(figures[1] for _kind, _line, figures in wizard._get_order_figures(kind))

    @api.depends(
        'wip_bill_amount',
        'expense_amount',
        'product_amount',
        'time_line_ids',
        'attach_time',
        'is_final',
        'date',
        'child_ids.agreement_applied',
    )
    def _compute_agreement_applied(self):
        for wizard in self._sum_children('agreement_applied'):
            wizard.agreement_applied = wizard._get_agreement_applied()

    @api.depends('agreement_applied', 'child_ids.net_amount')
    def _compute_net_amount(self):
        for wizard in self._sum_children('down_payment_applied', 'net_amount'):
            used = sum(vals['amount'] for vals in wizard._prepare_down_payment_use_vals())
            wizard.down_payment_applied = wizard.currency_id.round(used)
            wizard.net_amount = wizard.currency_id.round(wizard._get_net_before() - used)

    def _sum_children(self, *names):
        """Set figures of the records above to the sums over their contracts.

        :return: the others, each about one contract
        """
        singles = self.filtered('contract_id')
        for wizard in self - singles:
            for name in names:
                field, total = self._fields[name], 0.0
                for child in wizard.child_ids:
                    amount = child[name]
                    if field.type == 'monetary' and child.currency_id != wizard.currency_id:
                        amount = child.currency_id._convert(
                            amount, wizard.currency_id, wizard.company_id, wizard.date or fields.Date.today()
                        )
                    total += amount
                wizard[name] = total
        return singles

    # === CONSTRAINTS === #

    @api.constrains('wip_bill_amount')
    def _check_wip_bill_amount(self):
        for wizard in self:
            if wizard.contract_id and not wizard.is_final and wizard.wip_bill_amount < 0:
                raise ValidationError(
                    self.env._(
                        "WIP Bill Amount of %(contract)s may not be negative: credit an invoice to give something "
                        "back.",
                        contract=wizard.contract_id.display_name,
                    )
                )

    @api.constrains('time_line_ids')
    def _check_time_lines(self):
        """What is ticked from outside the screen can be billed: this project's, billable, free and up to the date."""
        for wizard in self.filtered('contract_id'):
            # sudo: account.analytic.line - whether an entry is billed does not depend on who asks
            entries = wizard.sudo().time_line_ids
            good = entries.filtered_domain(wizard._get_billable_domain())
            for entry in entries - good:
                wizard._raise_not_billable(entry)

    def _raise_not_billable(self, entry):
        """:raises ValidationError: saying why a time entry cannot be on this bill"""
        date = format_date(self.env, entry.date)
        values = {'entry': entry.name, 'date': date, 'contract': self.contract_id.display_name}
        if entry.project_id != self.contract_id.project_id:
            raise ValidationError(
                self.env._("“%(entry)s” of %(date)s is no time entry of the project of %(contract)s.", **values)
            )
        if not entry.is_progress_billable:
            raise ValidationError(
                self.env._("“%(entry)s” of %(date)s is non-billable and cannot be on a bill of %(contract)s.", **values)
            )
        if entry.date > self.date:
            raise ValidationError(
                self.env._("“%(entry)s” of %(date)s is after the invoice date of %(contract)s.", **values)
            )
        bill, first = entry.progress_bill_id, self._get_before()[:1]
        if first and entry._is_free_for_progress():
            raise ValidationError(
                self.env._(
                    "“%(entry)s” of %(date)s is on this screen with %(other)s, the first contract of its project.",
                    other=first.contract_id.display_name,
                    **values,
                )
            )
        raise ValidationError(
            self.env._(
                "“%(entry)s” of %(date)s has been billed on %(bill)s already.",
                bill=bill._get_billed_name() if bill else entry.timesheet_invoice_id.display_name,
                **values,
            )
        )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards._take_what_remains()
        for wizard in wizards:
            if wizard.contract_id:
                wizard.contract_id._find_missing_rates(wizard.date)
            elif wizard.partner_id:
                wizard._add_contracts()
        return wizards

    def write(self, vals):
        if vals.get('wip_bill_amount') and self.child_ids and 'wip_bill_amount' in self._get_typed(vals):
            raise UserError(self.env._("Enter the WIP Bill Amount for each contract."))
        result = super().write(vals)
        if 'wip_bill_amount' in vals:
            self._take_what_remains()
        shared = {name: vals[name] for name in SHARED_FIELDS if name in vals}
        if shared and self.child_ids:
            self.child_ids.write(shared)
        return result

    def _take_what_remains(self):
        """A final invoice takes all that remains, whatever a form or caller sends along."""
        self.env.add_to_compute(self._fields['wip_bill_amount'], self.filtered('is_final'))

    def _check_links(self, names):
        """What is ticked must be readable, each single entry: sums tell of what one ticks."""
        for name in self._get_link_fields().intersection(names):
            # sudo: progress.bill.create - all that is linked, then asked for with the user's own rights
            linked = self.sudo()[name].with_env(self.env)
            if linked:
                linked.check_access('read')

    def _add_contracts(self):
        """A record for each contract of the customer that can be billed.

        :raises UserError: where there is none
        """
        self.ensure_one()
        contracts = self.partner_id._get_contracts_to_bill()
        if not contracts:
            raise UserError(
                self.env._(
                    "%s has no open contract with a fixed fee. Set up progress billing on a project or an order first.",
                    self.partner_id.display_name,
                )
            )
        shared = {name: self[name] for name in SHARED_FIELDS}
        self._create_protected([{'contract_id': contract.id, 'parent_id': self.id, **shared} for contract in contracts])
        if self.time_line_ids:
            self._share_time_lines()

    def _share_time_lines(self):
        """What was ticked for a customer is ticked for the contract of its project.

        :raises UserError: naming an entry that is none of this customer's
        """
        rest = self.time_line_ids
        for child in self.child_ids:
            mine = rest.filtered_domain(child._get_time_domain())
            child.time_line_ids = mine
            rest -= mine
        if rest:
            self.child_ids[0]._raise_not_billable(rest[0].sudo())  # sudo: account.analytic.line - names the bill

    def _get_earlier(self):
        """Records of the same customer that come first."""
        return self.parent_id.child_ids.filtered(lambda other: other._origin.id < self._origin.id)

    def _get_before(self):
        """Those of them that are about the same project."""
        return self._get_earlier().filtered(lambda other: other.project_id == self.project_id)

    # === TIME === #

    def _get_time_domain(self):
        """All time entries that count on this bill's hours reconciliation; each once, on the project's first contract.

        :return Domain: on ``account.analytic.line``
        """
        self.ensure_one()
        if self._get_before():
            return Domain.FALSE
        return self.contract_id._get_time_domain(self.date or fields.Date.today())

    def _get_billable_domain(self):
        """Those of them that can be ticked."""
        return self._get_time_domain() & Domain('is_progress_billable', '=', True)

    def _get_ticked_domain(self):
        """Those that are ticked and still can be: a statement in the database, whatever their number."""
        ticked = SQL("SELECT entry_id FROM progress_bill_create_time_rel WHERE wizard_id = %s", self._origin.id or 0)
        return Domain('id', 'in', ticked) & Domain('is_progress_billable', '=', True)

    def _sum_time(self, domain):
        """Hours and value of time entries: the same for every user, whatever entries they see.

        :param Domain domain: on ``account.analytic.line``
        :return tuple: hours, and amount in the contract's currency
        """
        self.ensure_one()
        # sudo: account.analytic.line - the sums are the project's, for every user the same
        lines, hours, amount = self.env['account.analytic.line'].sudo(), 0.0, 0.0
        for currency, part_hours, value in lines._read_group(
            domain, ['progress_currency_id'], ['unit_amount:sum', 'progress_value:sum']
        ):
            hours += part_hours
            if currency and currency != self.currency_id:
                entries = lines.search(domain & Domain('progress_currency_id', '=', currency.id))
                value = sum(entry._get_value_in(self.currency_id) for entry in entries)
            amount += value
        return hours, self.currency_id.round(amount)

    def _get_time_lines(self):
        """The time entries that this bill takes, as superuser."""
        self.ensure_one()
        # sudo: account.analytic.line - what was ticked is billed, its ticking checked who may
        lines = self.env['account.analytic.line'].sudo()
        return lines.search(self._get_time_domain() & self._get_ticked_domain(), order='date, id')

    # === ORDER LINES === #

    def _get_order_lines(self, kind):
        """Order lines ticked that can be billed now, as superuser.

        :param str kind: ``expense`` or ``product``
        """
        self.ensure_one()
        # sudo: sale.order.line - what was ticked is billed, its ticking checked who may
        ticked = self.sudo()[f'{kind}_line_ids']
        return ticked._origin & self._get_order_lines_to_tick(kind) if ticked else ticked

    def _get_order_lines_to_tick(self, kind):
        """Order lines that can be billed now; each once, on the customer's first contract that can bill it.

        An order can stand behind two projects.

        :param str kind: ``expense`` or ``product``
        :return: ``sale.order.line`` as superuser
        """
        self.ensure_one()
        lines = self.contract_id._get_order_lines_to_bill(kind)
        earlier = self._get_earlier().filtered(lambda other: not other.bill_id)
        for contracts in earlier.contract_id.grouped('currency_id').values() if lines else ():
            lines -= contracts._get_order_lines_to_bill(kind)
        return lines

    def _get_order_figures(self, *kinds):
        """What is ticked of order lines, and what of each can be billed now.

        :param str kinds: ``expense`` or ``product``, both unless given
        :return list: kind, ``sale.order.line`` as superuser, and its quantity, untaxed and taxed amount
        """
        return [
            (kind, line, figures)
            for kind in kinds or ('expense', 'product')
            for line, figures in self._get_order_lines(kind)._get_progress_amounts_to_invoice().items()
        ]

    # === FOR OTHERS TO FILL === #

    def _prepare_agreement_line_vals(self):
        """What service agreements cover of the hours on this bill. Extend by ``super()``; writes nothing.

        :return list: values of lines beside the schedule, see ``progress.bill.line._prepare_sourced_vals``; their
            ``source`` is ``agreement`` and their ``amount``, which is needed, negative
        """
        self.ensure_one()
        return []

    def _get_covered_order_lines(self):
        """What service agreements cover of the expenses and products on this bill. Extend by ``super()``.

        :return dict: untaxed amount by ``sale.order.line``: it comes off the line on the bill, to 0.00 where all of
            it is covered
        """
        self.ensure_one()
        return {}

    def _get_agreement_applied(self):
        """What service agreements cover of this bill, untaxed."""
        covered = -sum(vals['amount'] for vals in self._prepare_agreement_line_vals())
        return self.currency_id.round(covered + sum(self._get_covered_order_lines().values()))

    def _get_net_before(self):
        """What the bill asks for before down payments, untaxed."""
        billed = self.wip_bill_amount + self.expense_amount + self.product_amount
        return self.currency_id.round(billed - self.agreement_applied)
