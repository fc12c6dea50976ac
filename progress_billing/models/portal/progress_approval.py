from odoo import fields, models


class ProgressApproval(models.Model):
    """That a step was approved: by whom, when, and on which figures. Nobody writes it by hand."""

    _name = 'progress.approval'
    _description = "Approval"
    _order = 'id'
    _rec_name = 'step_id'

    bill_id = fields.Many2one('progress.bill', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True)
    step_id = fields.Many2one('progress.approval.step', required=True, index=True, ondelete='cascade')
    user_id = fields.Many2one('res.users', string="Approved By", required=True, ondelete='restrict')
    fingerprint = fields.Char(required=True, help="SHA-256 of the figures that were approved.")
