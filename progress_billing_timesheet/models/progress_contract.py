from odoo import fields, models


class ProgressContract(models.Model):
    """A fixed fee that hours are worked on: what an hour is worth where neither order nor project says so."""

    _inherit = 'progress.contract'

    hourly_rate = fields.Monetary(
        help="Value of an hour of those whose rate neither the project nor its order says. Billed is the fixed fee: "
        "the rate says what the hours are worth.",
    )
