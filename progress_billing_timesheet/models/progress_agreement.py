from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, float_round

from odoo.addons.progress_billing.tools import money

HOUR_UNIT = '0.01'
FIXED_ONCE_USED = ('partner_id', 'company_id', 'currency_id')
#: what an agreement covers, by the kind of what is billed
COVERS = {'time': 'covers_time', 'expense': 'covers_expenses', 'product': 'covers_products'}


class ProgressAgreement(models.Model):
    """What a customer has agreed on in advance: hours, expenses and products that are covered, up to a limit (AGR-1).

    What is used are rows (``progress.agreement.use``) on bills; a bill that is gone gives them back by itself.
    """

    _name = 'progress.agreement'
    _description = "Service Agreement"
    _inherit = [
        'progress.guard.mixin',
        'mail.thread',
        'mail.activity.mixin',
    ]
    _order = 'date_start desc, id desc'
    _check_company_auto = True
    _placing_fields = ('company_id',)

    name = fields.Char(required=True, tracking=True, index='trigram')
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, index=True, check_company=True, tracking=True
    )
    company_id = fields.Many2one('res.company', required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id, tracking=True
    )
    user_id = fields.Many2one(
        'res.users', string="Responsible", default=lambda self: self.env.user, domain="[('share', '=', False)]"
    )
    project_ids = fields.Many2many(
        'project.project',
        string="Projects",
        check_company=True,
        help="What the agreement is for; all projects of the customer where none is given.",
    )
    date_start = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    date_end = fields.Date(tracking=True, help="Last day; open where none is given.")
    covers_time = fields.Boolean(string="Time", default=True, tracking=True)
    covers_expenses = fields.Boolean(string="Expenses", tracking=True)
    covers_products = fields.Boolean(string="Products", tracking=True)
    limit_hours = fields.Float(tracking=True, digits=(16, 2), help="Hours that are covered; 0: no limit in hours.")
    limit_amount = fields.Monetary(tracking=True, help="Untaxed, all that is covered; 0: no limit in amount.")
    note = fields.Text(help="For the office; not printed.")

    use_ids = fields.One2many('progress.agreement.use', 'agreement_id', string="Usage")
    used_hours = fields.Float(compute='_compute_usage', store=True, digits=(16, 2), guarded=True)
    used_amount = fields.Monetary(compute='_compute_usage', store=True, guarded=True)
    left_hours = fields.Float(compute='_compute_usage', store=True, digits=(16, 2), guarded=True)
    left_amount = fields.Monetary(compute='_compute_usage', store=True, guarded=True)
    used_percent = fields.Float(
        string="Used (%)",
        compute='_compute_usage',
        store=True,
        aggregator='avg',
        guarded=True,
        help="Of the limit that is nearer to its end.",
    )
    usage_version = fields.Integer(readonly=True, copy=False, default=0, guarded=True)
    bill_count = fields.Integer(compute='_compute_bill_count')

    # === USED AND LEFT === #

    @api.depends('use_ids.live_hours', 'use_ids.live_amount', 'limit_hours', 'limit_amount')
    def _compute_usage(self):
        for agreement in self:
            agreement.update(agreement._get_usage(agreement.use_ids))

    def _get_usage(self, uses):
        """Used and left of an agreement.

        :param uses: the rows that count
        :return dict: values of the figures
        """
        self.ensure_one()
        hours = float_round(sum(uses.mapped('live_hours')), precision_digits=2)
        amount = self.currency_id.round(sum(uses.mapped('live_amount')))
        percents = [
            money.ratio_percent(used, limit)
            for used, limit in ((hours, self.limit_hours), (amount, self.limit_amount))
            if limit
        ]
        return {
            'used_hours': hours,
            'used_amount': amount,
            'left_hours': float_round(self.limit_hours - hours, precision_digits=2) if self.limit_hours else 0.0,
            'left_amount': self.currency_id.round(self.limit_amount - amount) if self.limit_amount else 0.0,
            'used_percent': float(max(percents, default=money.ZERO)),
        }

    def get_balance(self, date=None):
        """Used and left at a date: what stands on drafts and invoices of bills dated up to it (AGR-2).

        :param date: a date, or a text as programs write one; today unless given
        :return dict: ``date``, ``used_hours``, ``used_amount``, ``left_hours``, ``left_amount``, ``used_percent``
        :raises UserError: for a date that is none
        """
        self.ensure_one()
        self.check_access('read')
        try:
            day = fields.Date.to_date(date) if date else fields.Date.context_today(self)
        except (ValueError, TypeError, KeyError):
            raise UserError(self.env._("“%s” is not a date.", str(date)[:80])) from None
        # sudo: progress.agreement.use - the sum is the same for everyone who sees the agreement
        uses = self.sudo().use_ids.filtered(lambda use: use.date and use.date <= day)
        return {'date': fields.Date.to_string(day), **self._get_usage(uses)}

    @api.depends('use_ids.bill_id')
    def _compute_bill_count(self):
        for agreement in self:
            agreement.bill_count = len(agreement.use_ids.bill_id)

    # === CRUD === #

    def write(self, vals):
        for agreement in self._get_used():
            for name in FIXED_ONCE_USED:
                if name in vals and agreement._differs(name, vals[name]):
                    raise UserError(
                        self.env._(
                            "%(field)s of %(agreement)s cannot change any more: it has been used.",
                            field=self._fields[name]._description_string(self.env),
                            agreement=agreement.display_name,
                        )
                    )
        return super().write(vals)

    def _get_used(self):
        """Those that stand on a bill."""
        # sudo: progress.agreement.use - whether it is used does not depend on which bills one may see
        return self.filtered(lambda agreement: agreement.sudo().use_ids.filtered('bucket'))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self._get_used()[:1]
        if used:
            raise UserError(
                self.env._("%s has been used and cannot be deleted. Archive it instead.", used.display_name)
            )

    @api.constrains('date_start', 'date_end', 'limit_hours', 'limit_amount')
    def _check_terms(self):
        for agreement in self:
            if agreement.date_end and agreement.date_end < agreement.date_start:
                raise ValidationError(
                    self.env._("%s ends before it starts: correct its dates.", agreement.display_name)
                )
            if agreement.limit_hours < 0 or agreement.limit_amount < 0:
                raise ValidationError(self.env._("A limit of %s is negative.", agreement.display_name))
        self._check_limits()

    def _check_limits(self):
        """Never more is used than agreed on (AGR-2).

        :raises ValidationError: naming the agreement, what is used and the limit
        """
        # sudo: progress.agreement - what is used does not depend on who asks
        for agreement in self.sudo():
            uses = agreement.use_ids.filtered('bucket')
            over_hours = agreement.limit_hours and agreement.left_hours < 0
            over_amount = agreement.limit_amount and agreement.left_amount < 0
            unlimited = not agreement.limit_hours and not agreement.limit_amount and uses
            if over_hours or over_amount or unlimited:
                raise ValidationError(
                    self.env._(
                        "%(agreement)s covers %(limit_hours)s hours and %(limit_amount)s: %(used_hours)s hours and "
                        "%(used_amount)s would be used, on %(bills)s.",
                        agreement=agreement.display_name,
                        limit_hours=agreement.limit_hours,
                        limit_amount=agreement.currency_id.format(agreement.limit_amount),
                        used_hours=agreement.used_hours,
                        used_amount=agreement.currency_id.format(agreement.used_amount),
                        bills=', '.join(uses.bill_id.mapped('display_name')) or '-',
                    )
                )

    def _lock_for_use(self):
        """Take the agreements' rows before what is left is read: whoever waited here starts over on fresh figures."""
        if not self.ids:
            return
        self.flush_recordset(['usage_version'])
        self.env.execute_query(
            SQL("SELECT id FROM progress_agreement WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", self.ids)
        )
        self.env.execute_query(
            SQL(
                "UPDATE progress_agreement SET usage_version = COALESCE(usage_version, 0) + 1 WHERE id = ANY(%s) "
                "RETURNING id",
                self.ids,
            )
        )
        self.invalidate_recordset(['usage_version'], flush=False)

    # === WHAT IS COVERED === #

    @api.model
    def _find_for(self, contract):
        """Agreements that may cover what a contract bills, in the order in which they do (AGR-1).

        Those of its project first, then those that end first.

        :param contract: ``progress.contract``
        :return: ``progress.agreement``
        """
        customer = contract.partner_id.commercial_partner_id
        # sudo: progress.agreement - what a customer agreed on counts for everyone who bills them
        found = self.sudo().search(
            [
                ('partner_id.commercial_partner_id', '=', customer.id),
                ('company_id', '=', contract.company_id.id),
                ('currency_id', '=', contract.currency_id.id),
                '|',
                ('project_ids', '=', False),
                ('project_ids', 'in', contract.project_id.ids),
                '|',
                ('limit_hours', '>', 0),
                ('limit_amount', '>', 0),
            ]
        )
        return found.sorted(
            lambda agreement: (
                not agreement.project_ids,
                agreement.date_end or fields.Date.to_date('9999-12-31'),
                agreement.id,
            )
        )

    def _covers(self, item, day):
        """Whether an agreement covers something of what is billed, by kind and day.

        :param dict item: see :meth:`_allocate`
        :param day: of the bill, for what has no day of its own
        """
        self.ensure_one()
        day = item.get('date') or day
        within = self.date_start <= day and (not self.date_end or day <= self.date_end)
        return self[COVERS[item['kind']]] and within

    @api.model
    def _allocate(self, contract, items, fee=0.0, *, date=None):
        """What agreements cover of a bill; nothing is written (AGR-1).

        Time is covered by hours × rate, of all hours at most the fee of the bill; expenses and products in full, up to
        the limit. A limit in hours is for time alone; without a limit in amount neither expenses nor products are
        covered.

        :param contract: ``progress.contract``
        :param list items: what is billed, in the order in which it is covered: dicts with ``kind`` (``time``,
            ``expense``, ``product``), ``key`` (anything the caller knows it by), ``amount`` (untaxed value, contract
            currency), ``hours`` of time, and ``date`` where it has one
        :param float fee: untaxed: what the bill bills of the fixed fee
        :param date: of the bill, today unless given
        :return list: dicts with ``agreement`` (record), ``kind``, ``key``, ``hours`` and ``amount`` (decimals)
        """
        day = date or contract.company_id._get_progress_today()
        unit, fee_left = contract.currency_id.rounding, money.to_decimal(fee)
        rest = [[money.to_decimal(item['amount']), money.to_decimal(item.get('hours'))] for item in items]
        result = []
        for agreement in self._find_for(contract):
            left = agreement._get_left()
            for item, open_part in zip(items, rest, strict=True):
                if open_part[0] <= 0 or not agreement._covers(item, day):
                    continue
                bound = fee_left if item['kind'] == 'time' else None
                amount, hours = self._take(item['kind'], open_part, left, bound, unit)
                if not amount:
                    continue
                for values in (open_part, left):
                    values[0] = values[0] - amount if values[0] is not None else None
                    values[1] = values[1] - hours if values[1] is not None else None
                if item['kind'] == 'time':
                    fee_left -= amount
                result.append(
                    {
                        'agreement': agreement,
                        'kind': item['kind'],
                        'key': item.get('key'),
                        'hours': hours,
                        'amount': amount,
                    }
                )
        return result

    def _get_left(self):
        """What is left of an agreement: ``[amount, hours]``, decimals; none where there is no such limit."""
        self.ensure_one()
        return [
            money.to_decimal(self.left_amount) if self.limit_amount else None,
            money.to_decimal(self.left_hours) if self.limit_hours else None,
        ]

    @api.model
    def _take(self, kind, open_part, left, fee_left, unit):
        """How much of one thing an agreement covers.

        :param list open_part: ``[amount, hours]`` that are not covered yet, decimals
        :param list left: the same of the agreement; none where there is no such limit
        :param fee_left: what is left of the fee, for time
        :return tuple: amount and hours
        """
        amount, hours = open_part
        if kind != 'time':
            return (min(amount, max(left[0], money.ZERO)), money.ZERO) if left[0] is not None else (money.ZERO,) * 2
        if hours <= 0:
            return money.ZERO, money.ZERO
        rate, applied = amount / hours, hours
        if left[1] is not None:
            applied = max(min(applied, left[1]), money.ZERO)
        covered = amount if applied == hours else money.round_to(applied * rate, unit)
        bound = min(bound for bound in (covered, left[0], fee_left) if bound is not None)
        if bound < covered:
            covered = max(bound, money.ZERO)
            applied = min(applied, money.round_to(covered / rate, HOUR_UNIT))
        return covered, applied if covered else money.ZERO

    @api.model
    def _prepare_uses(self, shares):
        """Rows of usage for what was allocated: one for each agreement and kind.

        :param list shares: see :meth:`_allocate`
        :return list: values of ``progress.agreement.use`` without the bill
        """
        sums = {}
        for share in shares:
            key = (share['agreement'].id, share['kind'])
            hours, amount = sums.get(key, (money.ZERO, money.ZERO))
            sums[key] = (hours + share['hours'], amount + share['amount'])
        return [
            {'agreement_id': agreement, 'kind': kind, 'hours': float(hours), 'amount': float(amount)}
            for (agreement, kind), (hours, amount) in sums.items()
        ]

    # === ACTIONS === #

    def action_view_bills(self):
        """The bills on which the agreement was used.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        return dict(action, domain=[('id', 'in', self.use_ids.bill_id.ids)], context={'create': False})
