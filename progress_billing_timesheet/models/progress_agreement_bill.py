from odoo import Command, api, fields, models


class ProgressBillAgreement(models.Model):
    """Bills on which agreements were used: what is used counts as long as the bill stands (AGR-2)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    agreement_use_ids = fields.One2many('progress.agreement.use', 'bill_id', string="Agreements")
    agreement_applied = fields.Monetary(
        compute='_compute_agreement_applied',
        store=True,
        guarded=True,
        help="Untaxed: what service agreements cover of this bill.",
    )

    @api.depends('agreement_use_ids.amount')
    def _compute_agreement_applied(self):
        for bill in self:
            bill.agreement_applied = sum(bill.agreement_use_ids.mapped('amount'))

    def _create_invoices(self, actor=None):
        moves = super()._create_invoices(actor)
        # sudo: progress.agreement - the limit holds for everyone
        self.sudo().agreement_use_ids.agreement_id._check_limits()
        return moves

    @api.model
    def _prepare_agreement_vals(self, contract, shares, scheduled=None):
        """Values of a bill on which agreements are used: rows of usage, and lines that take off the time they cover.

        Expenses and products that are covered stand on their own lines, at what is not covered.

        :param contract: ``progress.contract``
        :param list shares: see ``progress.agreement._allocate``
        :param dict scheduled: untaxed amounts of the fee by schedule line, for accounts and taxes
        :return dict: ``agreement_use_ids`` and ``sourced_line_ids`` as commands
        """
        agreements = self.env['progress.agreement']
        lines = self.env['progress.bill.line']
        return {
            'agreement_use_ids': [Command.create(vals) for vals in agreements._prepare_uses(shares)],
            'sourced_line_ids': [
                Command.create(lines._prepare_sourced_vals(contract, vals))
                for vals in contract._prepare_covered_time(shares, scheduled)
            ],
        }
