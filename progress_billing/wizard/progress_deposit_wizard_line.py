from odoo import api, fields, models

BUCKETS = [('0', "0–30 days"), ('30', "31–60 days"), ('60', "61–90 days"), ('90', "Over 90 days")]


class ProgressDepositWizardLine(models.TransientModel):
    """What one deposit still held at the date of the report."""

    _name = 'progress.deposit.wizard.line'
    _description = "Open Customer Deposit"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'
    _order = 'date, id'

    wizard_id = fields.Many2one('progress.deposit.wizard', required=True, ondelete='cascade')
    bill_id = fields.Many2one('progress.bill', string="Progress Bill", required=True, ondelete='cascade')
    contract_id = fields.Many2one(related='bill_id.contract_id', store=True)
    partner_id = fields.Many2one(related='bill_id.partner_id', store=True)
    project_id = fields.Many2one(related='bill_id.project_id', store=True)
    invoice_name = fields.Char(related='bill_id.invoice_name')
    account_id = fields.Many2one('account.account', required=True)
    company_currency_id = fields.Many2one(related='wizard_id.company_id.currency_id', string="Company Currency")
    currency_id = fields.Many2one('res.currency', required=True)
    date = fields.Date(required=True)
    date_due = fields.Date(string="Due Date", help="When retainage is expected to be released.")
    age = fields.Integer(string="Days", aggregator=None)
    age_bucket = fields.Selection(BUCKETS, string="Age", compute='_compute_age_bucket', store=True)
    amount = fields.Monetary(string="Held", currency_field='company_currency_id', help="In the company's currency.")
    amount_currency = fields.Monetary(string="Held in Currency", aggregator=None)

    @api.depends('age')
    def _compute_age_bucket(self):
        for line in self:
            line.age_bucket = '90' if line.age > 90 else '60' if line.age > 60 else '30' if line.age > 30 else '0'
