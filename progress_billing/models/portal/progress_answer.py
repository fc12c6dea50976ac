from odoo import fields, models


class ProgressAnswer(models.Model):
    """What somebody answered on the page: who, when, from where, and on which figures. Nobody writes it by hand."""

    _name = 'progress.answer'
    _description = "Answer"
    _order = 'id desc'
    _rec_name = 'kind'

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    bill_id = fields.Many2one('progress.bill', index='btree_not_null', ondelete='cascade')
    milestone_id = fields.Many2one('project.milestone', index='btree_not_null', ondelete='set null')
    contact_id = fields.Many2one('progress.contact', index='btree_not_null', ondelete='set null')
    partner_id = fields.Many2one('res.partner', string="Person", required=True, ondelete='restrict')
    user_id = fields.Many2one('res.users', string="Logged In As", ondelete='set null')
    kind = fields.Selection(
        [
            ('approve', "Approved"),
            ('certify', "Approved less than claimed"),
            ('reject', "Rejected"),
            ('dispute', "Disputed"),
            ('withdraw', "Withdrew the dispute"),
            ('milestone', "Approved the milestone"),
            ('sign', "Signed"),
            ('upload', "Uploaded"),
            ('forward', "Forwarded"),
        ],
        string="Answer",
        required=True,
    )
    address = fields.Char(string="From", help="The network address the answer came from.")
    note = fields.Text()
    attachment_ids = fields.Many2many('ir.attachment', 'progress_answer_attachment_rel', string="Files")
    revision = fields.Integer(aggregator=None)
    fingerprint = fields.Char(string="Fingerprint of the Figures", help="SHA-256 of what the page showed.")

    def _get_label(self):
        """The answer in the reader's language."""
        self.ensure_one()
        return dict(self._fields['kind']._description_selection(self.env))[self.kind]
