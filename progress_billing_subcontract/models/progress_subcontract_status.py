from odoo import fields, models
from odoo.tools import SQL

from .progress_bill_status import REVIEWED_STATES

#: more than a project has billing periods: ids of rows without a claim stay below 2^31, as far as XML-RPC counts, for
#: half a million contracts
PERIODS = 2048


class ProgressSubcontractStatus(models.Model):
    """Every subcontract in every billing period of its project: status, what blocks it, what is due (SUB-11)."""

    _name = 'progress.subcontract.status'
    _inherit = ['progress.claim.export.mixin']
    _description = "Subcontracts of a Period"
    _auto = False
    _rec_name = 'contract_id'
    _order = 'date_start desc, contract_id, id'
    _depends = {
        'progress.contract': ['contract_type', 'state', 'project_id', 'partner_id', 'company_id', 'user_id'],
        'progress.billing.period': ['project_id', 'date_start', 'date_end', 'date_due', 'state'],
        'progress.bill': [
            'contract_id',
            'period_id',
            'claim_status',
            'state',
            'kind',
            'claimed_amount',
            'invoiced_amount',
        ],
    }

    contract_id = fields.Many2one('progress.contract', string="Subcontract", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Subcontractor", readonly=True)
    project_id = fields.Many2one('project.project', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    user_id = fields.Many2one('res.users', string="Responsible", readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    period_id = fields.Many2one('progress.billing.period', readonly=True)
    period_state = fields.Selection([('open', "Open"), ('closed', "Closed")], string="Period Status", readonly=True)
    date_start = fields.Date(string="From", readonly=True)
    date_due = fields.Date(string="Due Date", readonly=True)
    bill_id = fields.Many2one('progress.bill', string="Claim", readonly=True)
    claim_status = fields.Selection(
        selection=lambda self: self.env['progress.bill']._fields['claim_status']._description_selection(self.env),
        string="Status",
        readonly=True,
    )
    claimed_amount = fields.Monetary(string="Claimed", readonly=True)
    certified_amount = fields.Monetary(string="Certified", readonly=True)
    amount_due = fields.Monetary(related='bill_id.amount_due')
    vendor_reference = fields.Char(related='bill_id.vendor_reference')
    blockers = fields.Text(compute='_compute_blockers', help="What keeps the subcontract from being invited.")

    def _compute_blockers(self):
        for row in self:
            waiting = row.claim_status in ('not_invited', 'invited') and row.period_state == 'open'
            reasons = row.contract_id._get_invitation_blockers() if waiting else []
            row.blockers = '\n'.join(reasons) or False

    @property
    def _table_query(self):
        """Rows without a claim are named by their subcontract and the number of the period in its project."""
        return SQL(
            """
            SELECT CASE WHEN bill.id IS NULL THEN (contract.id::bigint * %(periods)s + period.number) * 2 + 1
                        ELSE bill.id::bigint * 2 END AS id,
                   contract.id AS contract_id,
                   contract.partner_id,
                   contract.project_id,
                   contract.company_id,
                   contract.user_id,
                   contract.currency_id,
                   period.id AS period_id,
                   period.state AS period_state,
                   period.date_start,
                   period.date_due,
                   bill.id AS bill_id,
                   COALESCE(bill.claim_status, 'not_invited') AS claim_status,
                   bill.claimed_amount,
                   CASE WHEN bill.state IN %(reviewed)s THEN bill.invoiced_amount END AS certified_amount
              FROM progress_contract contract
              JOIN (SELECT *, ROW_NUMBER() OVER (PARTITION BY project_id ORDER BY id) AS number
                      FROM progress_billing_period) period ON period.project_id = contract.project_id
         LEFT JOIN progress_bill bill ON bill.contract_id = contract.id AND bill.period_id = period.id
                                     AND bill.state != 'cancelled' AND bill.kind != 'opening'
             WHERE contract.contract_type = 'subcontract' AND contract.state IN ('open', 'closed')
               AND (bill.id IS NOT NULL OR contract.state = 'open')
            """,
            periods=PERIODS,
            reviewed=REVIEWED_STATES,
        )

    # === RIGHTS === #

    def _get_exported_contracts(self):
        return self.contract_id

    # === ACTIONS === #

    def action_invite(self):
        """Invite these subcontracts to bill.

        :return dict: the dialog
        """
        return self.contract_id.action_invite_wizard()

    def action_remind(self):
        """Remind who was invited and has not handed in.

        :return dict: a notification
        """
        return self.bill_id.action_remind()

    def action_open_claim(self):
        """The claim, or the subcontract where there is none.

        :return dict: an action
        """
        return self.bill_id._get_bill_action() if self.bill_id else self.contract_id._get_contract_action()
