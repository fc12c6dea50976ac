from odoo import fields, models

#: what a document may hold up, in the order of life: what holds up one step holds up those after it
STEPS = [('invite', "Inviting"), ('approve', "Approval"), ('pay', "Payment")]
POLICIES = [('warn', "Warn"), ('stop', "Stop")]
#: types of document that whoever is paid signs with a bill
WAIVERS = ('conditional', 'unconditional')


class ProgressComplianceType(models.Model):
    """A kind of document: what it holds up while it is missing or expired, and of whom it is asked for."""

    _name = 'progress.compliance.type'
    _description = "Compliance Document Type"
    _inherit = ['progress.guard.mixin']
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', index=True, help="Empty: for all companies.")
    kind = fields.Selection(
        [
            ('document', "Document"),
            ('conditional', "Conditional Waiver"),
            ('unconditional', "Unconditional Waiver"),
        ],
        default='document',
        required=True,
        help="Document: a file with dates, of a partner or a contract.\n"
        "Conditional Waiver: signed with each bill, in force once its payment is received.\n"
        "Unconditional Waiver: signed with each bill, for what was paid on the bills before it.",
    )
    holds = fields.Selection(
        STEPS, string="Holds Up", default='pay', required=True, help="From which step on: those after it as well."
    )
    policy = fields.Selection(POLICIES, default='stop', required=True)
    asked_of = fields.Selection(
        [('none', "Nobody by Itself"), ('partner', "Each Partner"), ('contract', "Each Contract")],
        default='none',
        required=True,
        help="For whom it is asked when a contract is opened. Waivers are asked with each bill of such contracts.",
    )
    side = fields.Selection(
        [('all', "All Contracts"), ('customer', "Customers' Contracts"), ('vendor', "Subcontracts")],
        string="On",
        default='all',
        required=True,
    )
    reminder_days = fields.Integer(
        string="Remind Before (Days)", default=30, help="Days before it expires that an activity says so; once."
    )
    signer = fields.Selection(
        [('contact', "Contact, with the Bill"), ('office', "The Office")],
        string="Signed By",
        default='contact',
        required=True,
        help="Contact: on the bill's page, by the same signature. The Office: by a button on the document.",
    )
    text = fields.Text(
        translate=True,
        help="Words of the waiver. {payer}, {payee}, {contract}, {bill}, {amount} and {date} are filled in.",
    )

    _reminder_can_be_meant = models.Constraint(
        'CHECK(reminder_days BETWEEN 0 AND 3660)', "Remind at most 3660 days before a document expires."
    )

    def _get_for(self, contract):
        """The types that are asked for on a contract by themselves.

        :param contract: ``progress.contract``
        """
        side = 'customer' if contract.contract_type == 'customer' else 'vendor'
        # sudo: progress.compliance.type - what is asked for does not depend on who opens the contract
        return self.sudo().search(
            [
                ('asked_of', '!=', 'none'),
                ('side', 'in', ('all', side)),
                ('company_id', 'in', [False, contract.company_id.id]),
            ]
        )
