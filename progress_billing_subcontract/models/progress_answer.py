from odoo import fields, models


class ProgressAnswer(models.Model):
    _inherit = 'progress.answer'

    kind = fields.Selection(
        selection_add=[
            ('accept', "Accepted the invitation"),
            ('decline', "Declined the invitation"),
            ('claim', "Saved a draft"),
            ('submit', "Submitted the claim"),
            ('schedule', "Proposed a schedule"),
        ],
        ondelete=dict.fromkeys(('accept', 'decline', 'claim', 'submit', 'schedule'), 'cascade'),
    )
