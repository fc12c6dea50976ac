import string

from odoo import api, fields, models
from odoo.exceptions import ValidationError

PLACEHOLDERS = ('item', 'description', 'percent', 'bill', 'title', 'date', 'contract', 'task')


class ProgressBillingRule(models.Model):
    """How schedule lines become invoice lines, and on which invoice (PRG-5).

    Assigned to tasks; the contract's rule is the default, and a shipped one stands behind it.
    """

    _name = 'progress.billing.rule'
    _description = "Billing Rule"
    _inherit = 'progress.guard.mixin'
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one('res.company', help="Leave empty to share the rule between companies.")
    invoice_group = fields.Char(
        help="Lines under rules of one group come on one invoice; each other group gets an invoice of its own."
    )
    create_zero_lines = fields.Boolean(
        string="Create Lines with Zero Amount and Quantity",
        help="Put every line under this rule on each bill, also lines with nothing to bill, finished ones too.",
    )
    description_template = fields.Char(
        string="Invoice Line Text",
        translate=True,
        help="Text of the invoice line, with {item}, {description}, {percent} (completed in total), {bill}, {title}, "
        "{date}, {contract} and {task} filled in. Leave empty for item number and description.",
    )
    account_source = fields.Selection(
        [
            ('line', "Line, product or journal"),
            ('product', "Product or journal"),
            ('journal', "Journal"),
            ('rule', "Account of this rule"),
        ],
        string="Income Account From",
        default='line',
        required=True,
        help="Where the income account of the invoice lines comes from; the first that has one.",
    )
    account_id = fields.Many2one(
        'account.account',
        string="Income Account",
        check_company=True,
        domain="[('account_type', 'in', ('income', 'income_other'))]",
    )
    deposit_account_id = fields.Many2one(
        'account.account',
        check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        help="Deposits of lines under this rule, where the contract has no account of its own.",
    )
    task_count = fields.Integer(compute='_compute_task_count')

    def _compute_task_count(self):
        # sudo: project.task - a number only, for a configuration page
        tasks = self.env['project.task'].sudo()
        counts = dict(tasks._read_group([('billing_rule_id', 'in', self.ids)], ['billing_rule_id'], ['__count']))
        for rule in self:
            rule.task_count = counts.get(rule, 0)

    @api.constrains('account_source', 'account_id')
    def _check_account(self):
        for rule in self:
            if rule.account_source == 'rule' and not rule.account_id:
                raise ValidationError(self.env._("Choose the income account of the billing rule %s.", rule.name))

    @api.constrains('deposit_account_id')
    def _check_deposit_account(self):
        for rule in self.filtered('deposit_account_id'):
            reason = self.env['progress.contract']._get_deposit_account_blocker(rule.deposit_account_id)
            if reason:
                raise ValidationError(reason)

    @api.constrains('description_template')
    def _check_description_template(self):
        """Plain names in braces only: a template is filled in, never evaluated."""
        for rule in self.filtered('description_template'):
            try:
                names = [
                    (name, spec, conv)
                    for _text, name, spec, conv in string.Formatter().parse(rule.description_template)
                    if name is not None
                ]
            except ValueError:
                names = [('', '', '')]
            if any(name not in PLACEHOLDERS or spec or conv for name, spec, conv in names):
                raise ValidationError(
                    self.env._(
                        "The invoice line text of the billing rule %(rule)s may use %(names)s only.",
                        rule=rule.name,
                        names=', '.join(f'{{{name}}}' for name in PLACEHOLDERS),
                    )
                )

    @api.model
    def _get_default_rule(self, company):
        """The rule of lines for which none is chosen: the shipped one, else the first of the company."""
        shipped = self.env.ref('progress_billing.progress_billing_rule_default', raise_if_not_found=False)
        if shipped and shipped.active:
            return shipped
        return self.search([('company_id', 'in', (False, company.id))], limit=1)

    def _format_line_text(self, values):
        """The text of an invoice line.

        :param dict values: a text for each placeholder
        """
        self.ensure_one()
        return string.Formatter().vformat(self.description_template, (), values).strip()

    def action_view_tasks(self):
        """Tasks that are billed under these rules.

        :return dict: an action on ``project.task``
        """
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Tasks"),
            'res_model': 'project.task',
            'view_mode': 'list,form',
            'domain': [('billing_rule_id', 'in', self.ids)],
        }
