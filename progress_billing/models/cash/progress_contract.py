import babel.dates

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.misc import babel_locale_parse

from ...tools import money


class ProgressContractForecast(models.Model):
    """What is expected of a contract: its cost at completion, and the tax on what is planned."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    company_currency_id = fields.Many2one(related='company_id.currency_id', string="Company Currency")
    estimated_cost = fields.Monetary(
        currency_field='company_currency_id',
        tracking=True,
        copy=False,
        help="What the work of this contract will have cost when it is done, in the company's currency. "
        "The WIP schedule measures progress against it.",
    )
    expected_tax_percent = fields.Float(
        string="Expected Tax (%)",
        compute='_compute_expected_tax_percent',
        store=True,
        digits=(16, 6),
        aggregator=None,
        guarded=True,
        help="Taxes of the schedule of values: what payments of planned bills are expected to carry on top.",
    )
    billed_amount = fields.Monetary(
        string="Billed",
        compute='_compute_billed_amount',
        store=True,
        help="Untaxed: draft and invoiced, on any bill that stands.",
        guarded=True,
    )
    next_step = fields.Selection(
        [
            ('show', "Go on with a draft"),
            ('create', "Bill the next planned record"),
            ('run', "Bill what is pending"),
            ('claim', "Create a bill"),
            ('final', "Create the final invoice"),
            ('release', "Release retainage"),
        ],
        compute='_compute_next_step',
    )
    next_step_text = fields.Char(string="Next", compute='_compute_next_step')
    next_bill_id = fields.Many2one('progress.bill', compute='_compute_next_step')

    @api.depends('line_ids.tax_ids', 'line_ids.revised_amount', 'line_ids.display_type', 'currency_id')
    def _compute_expected_tax_percent(self):
        amounts = self._sum_by_taxes()
        for contract in self:
            tax = contract._estimate_tax(amounts[contract])
            contract.expected_tax_percent = float(money.ratio_percent(tax, sum(amounts[contract].values())))

    def _sum_by_taxes(self):
        """What the schedule lines are worth by their taxes: one query for the saved contracts, however many lines.

        :return dict: untaxed amounts by ``account.tax`` recordset, by contract
        """
        saved, lines = self.filtered('id'), self.env['progress.contract.line']
        taxes, sums = lines._fields['tax_ids'], {contract: {} for contract in self}
        lines.flush_model(['contract_id', 'revised_amount', 'display_type', 'tax_ids'])
        rows = self.env.execute_query(
            SQL(
                "SELECT contract_id, taxes, SUM(revised_amount) FROM progress_contract_line AS line"
                " CROSS JOIN LATERAL (SELECT array_agg(%(tax)s ORDER BY %(tax)s) AS taxes FROM %(relation)s"
                " WHERE %(line)s = line.id) AS taxed WHERE contract_id = ANY(%(ids)s) AND display_type IS NULL"
                " GROUP BY contract_id, taxes",
                tax=SQL.identifier(taxes.column2),
                line=SQL.identifier(taxes.column1),
                relation=SQL.identifier(taxes.relation),
                ids=saved.ids,
            )
        )
        for contract_id, tax_ids, amount in rows:
            sums[self.browse(contract_id)][self.env['account.tax'].browse(tax_ids)] = amount or 0.0
        for contract in self - saved:
            for line in contract._get_billable_lines():
                sums[contract][line.tax_ids] = sums[contract].get(line.tax_ids, 0.0) + line.revised_amount
        return sums

    def _estimate_tax(self, amounts):
        """Tax on the whole schedule, as one invoice of it would have.

        :param dict amounts: untaxed, by ``account.tax`` recordset
        """
        # sudo: progress.tax.engine - an estimate, for users without accounting rights
        engine = self.env['progress.tax.engine'].sudo()
        # sudo: account.tax - as above
        base_lines = [engine._base_line(self, amount, taxes.sudo()) for taxes, amount in amounts.items() if taxes]
        if not base_lines or not self.currency_id:
            return 0.0
        engine._compute_taxes(base_lines, self.company_id)
        _net, taxes = engine._merge(base_lines)
        return sum(tax_amount for _base, tax_amount in taxes.values())

    @api.constrains('estimated_cost')
    def _check_estimated_cost(self):
        for contract in self:
            if contract.estimated_cost < 0:
                raise ValidationError(self.env._("Estimated Cost of %s cannot be negative.", contract.display_name))

    # === WHAT COMES NEXT === #

    @api.depends('draft_amount', 'actual_amount')
    def _compute_billed_amount(self):
        for contract in self:
            contract.billed_amount = contract.draft_amount + contract.actual_amount

    @api.depends(
        'state',
        'pending_amount',
        'wip_available',
        'completed_percent',
        'retainage_balance',
        'may_release_retainage',
        'final_bill_id',
        'bill_ids.bucket',
        'bill_ids.state',
        'bill_ids.kind',
        'bill_ids.date',
        'bill_ids.title',
        'bill_ids.name',
        'bill_ids.planned_amount',
        'bill_ids.draft_amount',
    )
    @api.depends_context('lang', 'uid')
    def _compute_next_step(self):
        for contract in self:
            contract.next_step, contract.next_bill_id = contract._get_next_step()
            contract.next_step_text = contract._get_next_step_text() if contract.next_step else False

    def _get_next_step(self):
        """What comes next, and the bill it is about.

        What is begun comes before what is new, so that pressing the button twice bills nothing twice.
        """
        self.ensure_one()
        none = self.env['progress.bill']
        if self.state not in ('open', 'closed'):
            return False, none
        by_date = self.bill_ids.sorted(lambda bill: (not bill.date, bill.date or fields.Date.today(), bill.id))
        drafts = by_date.filtered(lambda bill: bill.bucket == 'draft')
        if drafts:
            return 'show', drafts[0]
        if self.state == 'closed' or self.final_bill_id:
            return ('release' if self.retainage_balance > 0 and self.may_release_retainage else False), none
        planned = by_date.filtered(lambda bill: bill.state == 'planned' and bill.kind in ('progress', 'down_payment'))
        today = self.company_id._get_progress_today()
        due = planned[:1] if planned[:1].date and planned[:1].date <= today else none
        zero = self.currency_id.is_zero
        if due or (planned and zero(self.pending_amount)):
            return 'create', due or planned[:1]
        if not zero(self.pending_amount):
            return 'run', none
        if zero(self.wip_available) or self.completed_percent >= 100:
            return 'final', none
        return 'claim', none

    def _get_next_step_text(self):
        """The step in the reader's words."""
        self.ensure_one()
        if self.next_step == 'create':
            return self._get_next_record_text()
        if self.next_step == 'show':
            return self._get_next_draft_text()
        if self.next_step == 'run':
            return self.env._("Next: Bill what is pending, %s", self._show_amount(self.pending_amount))
        if self.next_step == 'release':
            return self.env._("Next: Release retainage, %s", self._show_amount(self.retainage_balance))
        if self.next_step == 'claim':
            return self.env._("Next: Create a bill")
        if self.currency_id.is_zero(self.wip_available):
            return self.env._("Next: Final invoice")
        return self.env._("Next: Final invoice, %s", self._show_amount(self.wip_available))

    def _get_next_record_text(self):
        bill = self.next_bill_id
        amount, title = self._show_amount(bill.planned_amount), bill.title or self.env._("Planned record")
        if not bill.date:
            return self.env._("Next: %(title)s, %(amount)s", title=title, amount=amount)
        return self.env._(
            "Next: %(title)s, %(date)s, %(amount)s", title=title, date=self._show_day(bill.date), amount=amount
        )

    def _get_next_draft_text(self):
        bill = self.next_bill_id
        values = {'bill': bill.name or bill.title, 'amount': self._show_amount(bill.draft_amount)}
        if bill.state == 'submitted':
            return self.env._("Next: Approve %(bill)s, %(amount)s", **values)
        if bill.state == 'rejected':
            return self.env._("Next: Revise %(bill)s, %(amount)s", **values)
        if bill.state in ('draft', 'approved'):
            return self.env._("Next: Invoice pro forma %(bill)s, %(amount)s", **values)
        return self.env._("Next: Post invoice of %(bill)s, %(amount)s", **values)

    def _show_day(self, date):
        """A date as short as it can be said in the user's language; the year only where it is not this one."""
        lang = self.env['res.lang']._get_progress_lang()
        skeleton = 'MMMd' if date.year == fields.Date.today().year else 'yMMMd'
        return babel.dates.format_skeleton(skeleton, date, locale=babel_locale_parse(lang.code))

    def action_next_step(self):
        """Do what :attr:`next_step_text` says; the active record of the context is the bill the reader saw there.

        Where somebody else has billed that one meanwhile, what became of it is shown and nothing is billed.

        :return dict: the bill or invoice made, a dialog, or the bill to go on with
        :raises UserError: when it cannot be billed
        """
        self.ensure_one()
        self.check_access('write')
        seen = self.env['progress.bill']
        if self.env.context.get('active_model') == 'progress.bill':
            seen = seen.browse(self.env.context.get('active_id') or []) & self.bill_ids
        if seen and (seen != self.next_bill_id or self.next_step == 'show'):
            return seen._get_bill_action()
        if self.next_step == 'create':
            return self.next_bill_id.action_create()
        if self.next_step == 'show':
            return self.next_bill_id._get_bill_action()
        actions = {
            'run': self.action_run_billing_wizard,
            'claim': self.action_create_bill_wizard,
            'final': self.action_final_wizard,
            'release': self.action_release_retainage_wizard,
        }
        return actions[self.next_step]() if self.next_step else self._get_contract_action()
